//! One message of a client, with what is needed to answer it.

use super::hold::Held;
use super::reply::{Reply, about};
use super::state::State;
use super::within::{self, Answered};
use crate::base::error::Result;
use crate::base::json;
use crate::base::text::Message;
use crate::base::token::Claims;
use crate::feature::Ctx;
use crate::http::problems;
use serde_json::{Map, Value};

/// The code of what is wrong with a message itself.
const INVALID: &str = "VALIDATION_ERROR";
/// The members of a problem that apps go by.
const TOLD: [&str; 18] = [
    "epoch",
    "couple",
    "server_time",
    "poll_after",
    "reason",
    "quota",
    "max_items",
    "errors",
    "existing_id",
    "minimum",
    "url",
    "sunset",
    "successor",
    "drain_until",
    "stamps",
    "not_done_omitted",
    "object",
    "not_done",
];
/// The most bytes of them together, of the 16 KiB of a message.
const MAX_TOLD: usize = 8 * 1024;

/// One message of a client, and what is needed to answer it.
pub struct Talk<'t, 'c> {
    /// The engine's request.
    pub ctx: &'t mut Ctx<'c>,
    /// What the socket remembers.
    pub state: &'t mut State,
    /// Its session's claims.
    pub claims: &'t Claims,
    /// What it hears.
    pub held: &'t Held,
    /// The message.
    pub message: &'t Map<String, Value>,
    /// The answer.
    pub reply: &'t mut Reply,
}

impl Talk<'_, '_> {
    /// A text of the message.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.message.get(name).and_then(json::string)
    }

    /// Asks the API for the socket's session.
    pub fn ask(&mut self, method: &str, path: &str, body: Option<&Value>, key: Option<&str>) -> Result<Answered> {
        within::ask_for(self.ctx, self.claims, (method, path), body, key)
    }

    /// What is wrong with the message itself.
    pub fn invalid(&mut self, message: &Message) -> Result<()> {
        let message = message.render(self.ctx.request.language);
        self.refuse(INVALID, &message, false, &[])
    }

    /// Tells what the API refused.
    pub fn refused(&mut self, answered: &Answered) -> Result<()> {
        let text = |member: &str| answered.value[member].as_str().unwrap_or_default();
        // As the same refusal is told over HTTP.
        let usual = || problems::called(text("code")).map_or(answered.status >= 500, |kind| kind.retryable);
        let retryable = answered.value["retryable"].as_bool().unwrap_or_else(usual);
        let code = text("code").to_ascii_uppercase().replace('-', "_");
        let code = if code.is_empty() { INVALID } else { &code };
        let wait = answered.retry_after.map(Value::from);
        let told: Vec<_> = wait.iter().map(|wait| ("retry_after", wait)).chain(told(&answered.value)).collect();
        self.refuse(code, text("detail"), retryable, &told)
    }

    /// Says what is wrong with the message, and what else its client goes by.
    pub fn refuse(&mut self, code: &str, message: &str, retryable: bool, told: &[(&str, &Value)]) -> Result<()> {
        let about = about(self.message);
        self.reply.fail_by(code, message, retryable, &[told, about.as_slice()].concat())
    }
}

/// What of a problem is passed on: all that an app goes by, as far as there is room. What a person reads is its `detail`.
fn told(problem: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let mut room = MAX_TOLD;
    TOLD.into_iter().filter_map(move |name| {
        let value = problem.get(name)?;
        room = room.checked_sub(json::size(value))?;
        Some((name, value))
    })
}
