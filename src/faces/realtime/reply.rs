//! What a socket is answered: messages, orders to the engine, a close.

use super::events::{self, Kind, MEDIA_TYPE};
use super::hold::Held;
use super::state::{self, State};
use super::texts;
use crate::base::error::Result;
use crate::base::json;
use crate::base::text::{Language, Message};
use crate::base::time::Timestamp;
use crate::feature::House;
use crate::feature::signals::End;
use crate::http::Response;
use serde_json::{Map, Value, json};

/// The most bytes of a message, either way: beyond them HTTP is the way.
pub const MAX_MESSAGE: usize = 16 * 1024;
/// The members that say what a message is about.
const ABOUT: [&str; 4] = ["sync_id", "request_id", "conflict_id", "idempotency_key"];
/// The most bytes of one of them, as it is written: a key of 255 characters, with room for what JSON escapes.
const MAX_ABOUT: usize = 600;
/// What begins an order to the engine.
const ORDER: &str = "c:";

/// Why a socket is closed (RFC 6455 §7.4.2: codes of our own).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Its client closes it.
    Answer,
    /// A message is too long, or none.
    Unsound,
    /// Its session has ended.
    SignedOut,
    /// Its user is not any more in the couple or team that it was opened in.
    Elsewhere,
    /// It sends too much.
    TooMany,
    /// The server is not ready.
    Unavailable,
}

impl Close {
    const fn code(self) -> u16 {
        match self {
            Close::Answer => 1000,
            Close::Unsound => 4400,
            Close::SignedOut => End::SignedOut.code(),
            Close::Elsewhere => End::Elsewhere.code(),
            Close::TooMany => 4429,
            Close::Unavailable => 4503,
        }
    }
}

/// An answer that is being put together.
#[derive(Debug, Default)]
pub struct Reply {
    body: Vec<u8>,
    closed: bool,
    language: Language,
}

impl Reply {
    /// An answer whose sentences are in this language.
    pub fn speaking(language: Language) -> Reply {
        Reply { language, ..Reply::default() }
    }

    /// The socket is opened.
    pub fn open(&mut self) {
        events::write(&mut self.body, Kind::Open, b"");
    }

    /// Sends a message. One that is too long tells that HTTP is the way.
    ///
    /// # Errors
    /// When it cannot be written, which is a defect.
    pub fn say(&mut self, message: &Value) -> Result<()> {
        let text = json::write(message)?;
        if text.len() <= MAX_MESSAGE {
            events::write(&mut self.body, Kind::Text, text.as_bytes());
            return Ok(());
        }
        let about = message.as_object().map(about);
        self.fail("MESSAGE_TOO_LARGE", &Message::plain(&texts::TOO_LARGE), false, &about.unwrap_or_default())
    }

    /// Says what is wrong, and what it is about.
    ///
    /// # Errors
    /// As [`say`](Reply::say).
    pub fn fail(&mut self, code: &str, message: &Message, retryable: bool, about: &[(&str, &Value)]) -> Result<()> {
        let message = message.render(self.language);
        self.fail_by(code, &message, retryable, about)
    }

    /// The same in a sentence that was made before.
    ///
    /// # Errors
    /// As [`say`](Reply::say).
    pub fn fail_by(&mut self, code: &str, message: &str, retryable: bool, about: &[(&str, &Value)]) -> Result<()> {
        let mut error = json!({"type": "error", "error_code": code, "message": message, "retryable": retryable});
        for (name, value) in about {
            error[*name] = (*value).clone();
        }
        let text = json::write(&error)?;
        events::write(&mut self.body, Kind::Text, text.as_bytes());
        Ok(())
    }

    /// Answers a ping.
    pub fn pong(&mut self, content: &[u8]) {
        events::write(&mut self.body, Kind::Pong, content);
    }

    /// Closes the socket; what comes after that is not said.
    pub fn close(&mut self, why: Close) {
        if !self.closed {
            events::write(&mut self.body, Kind::Close, &why.code().to_be_bytes());
        }
        self.closed = true;
    }

    /// Is the socket closed?
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Has the engine send something where the socket is silent, and skip what this device does itself.
    ///
    /// # Errors
    /// As [`say`](Reply::say).
    pub fn begin(&mut self, held: &Held) -> Result<()> {
        self.skip(held)?;
        self.keep_alive(held)
    }

    /// Has the engine skip what this device does itself.
    ///
    /// # Errors
    /// As [`say`](Reply::say).
    pub fn skip(&mut self, held: &Held) -> Result<()> {
        self.order(&json!({"type": "set-meta", "name": "user", "value": held.author.to_string()}))
    }

    /// Has the engine send something where the socket is silent.
    ///
    /// # Errors
    /// As [`say`](Reply::say).
    pub fn keep_alive(&mut self, held: &Held) -> Result<()> {
        let content = json!({"type": "server_heartbeat"}).to_string();
        self.order(&json!({"type": "keep-alive", "content": content, "timeout": held.keep_alive()}))
    }

    /// Has the engine pass on what happens on these channels, and on no others that the socket heard before.
    ///
    /// # Errors
    /// As [`say`](Reply::say).
    pub fn hear(&mut self, state: &mut State, held: &Held) -> Result<()> {
        for channel in state.channels.iter().filter(|channel| !held.channels.contains(channel)) {
            self.order(&json!({"type": "unsubscribe", "channel": channel}))?;
        }
        for channel in held.channels.iter().filter(|channel| !state.channels.contains(channel)) {
            self.order(&json!({"type": "subscribe", "channel": channel, "filters": ["skip-self"]}))?;
        }
        state.channels.clone_from(&held.channels);
        Ok(())
    }

    fn order(&mut self, order: &Value) -> Result<()> {
        let text = format!("{ORDER}{}", json::write(order)?);
        events::write(&mut self.body, Kind::Text, text.as_bytes());
        Ok(())
    }

    /// The answer, with what the engine keeps for the next event.
    ///
    /// # Errors
    /// When the state cannot be sealed.
    pub fn answer(self, house: &House, connection: &str, state: &State) -> Result<Response> {
        let answer = Response::bytes(200, MEDIA_TYPE, self.body).with("Sec-WebSocket-Extensions", "grip; message-prefix=\"\"");
        Ok(if self.closed { answer } else { answer.with(state::SET, state.seal(house, connection)?) })
    }

    /// The answer that only closes the socket.
    pub fn closing(why: Close) -> Response {
        let mut reply = Reply::default();
        reply.close(why);
        Response::bytes(200, MEDIA_TYPE, reply.body)
    }
}

/// What a message is about, as far as that is a name: what is longer is none that a client looks for, and would not fit an answer.
pub fn about(message: &Map<String, Value>) -> Vec<(&'static str, &Value)> {
    let named = |name: &'static str| Some((name, message.get(name).filter(|value| json::size(value) <= MAX_ABOUT)?));
    ABOUT.into_iter().filter_map(named).collect()
}

/// What is said first.
pub fn established(state: &State, now: Timestamp, clock: Timestamp, epoch: &str, kinds: &[&str]) -> Value {
    json!({
        "type": "connection_established", "user_id": state.user, "device_id": state.device, "server_time": now, "clock": clock,
        "epoch": epoch, "features": {"max_message_bytes": MAX_MESSAGE, "supported_data_types": kinds},
    })
}
