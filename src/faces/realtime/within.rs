//! What a connection asks for is asked of the API itself: the same routes, limits and keys as if it had come by HTTP.

use crate::base::error::Result;
use crate::base::json;
use crate::base::time::SECOND;
use crate::base::token::{Claims, Purpose};
use crate::feature::{Caller, Ctx};
use crate::http::{Request, Vars};
use serde_json::Value;

/// How long the claims are good by which a connection asks, in seconds: one request. Its session is looked up in any case.
const GOOD: i64 = 60;

/// From which version of the API on the field of a key has quotes.
const QUOTED_SINCE: u8 = 2;

/// What was answered.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The content; null where there is none.
    pub value: Value,
    /// After how many seconds to ask again.
    pub retry_after: Option<u32>,
}

impl Answered {
    /// Was it done?
    pub const fn is_good(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

/// Every list of the feed, as a poll asks for them: version 1 has fewer where none is named.
pub fn every_list(ctx: &Ctx<'_>) -> String {
    ctx.house.kinds().map(|kind| kind.name).collect::<Vec<_>>().join(",")
}

/// Who asks: what an access token of the session would say now.
pub fn claims(ctx: &Ctx<'_>, user: i64, session: &str) -> Claims {
    let iat = ctx.now.0 / SECOND;
    let (jti, user_id, sid) = (String::new(), user.to_string(), session.to_owned());
    Claims { token_type: Purpose::Access, exp: iat + GOOD, iat, jti, user_id, sid, generation: None }
}

/// Asks for the admitted caller.
///
/// # Errors
/// When what is answered is no JSON, which is a defect.
pub fn ask(ctx: &mut Ctx<'_>, method: &str, path: &str, body: Option<&Value>) -> Result<Answered> {
    let Caller { user, session, .. } = ctx.caller()?;
    let claims = claims(ctx, *user, session);
    ask_for(ctx, &claims, (method, path), body, None)
}

/// Asks for the session of these claims, in the version of the API that its connection was asked for; `key` is the upload's.
///
/// # Errors
/// As [`ask`].
pub fn ask_for(
    ctx: &mut Ctx<'_>,
    claims: &Claims,
    (method, path): (&str, &str),
    body: Option<&Value>,
    key: Option<&str>,
) -> Result<Answered> {
    let target = format!("/api/v{}{path}", ctx.request.version.number);
    let mut vars = Vars::default();
    for (name, value) in [("REQUEST_METHOD", method), ("REQUEST_URI", &target), ("CONTENT_TYPE", "application/json")] {
        vars.push(name.as_bytes(), value.as_bytes());
    }
    for name in ["REMOTE_ADDR", "HTTP_ACCEPT_LANGUAGE", "HTTP_X_CLIENT_VERSION", "HTTP_USER_AGENT"] {
        if let Some(value) = ctx.request.vars.get(name) {
            vars.push(name.as_bytes(), value);
        }
    }
    if let Some(key) = key {
        // From version 2 on the field is a text in quotes (RFC 9651 §3.3.3); a message's member never is.
        let quoted = || format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
        let field = if ctx.request.version.number < QUOTED_SINCE { key.to_owned() } else { quoted() };
        vars.push(b"HTTP_IDEMPOTENCY_KEY", field.as_bytes());
    }
    let mut request = Request::new(&vars, ctx.request.id.clone());
    request.address.clone_from(&ctx.request.address);
    request.body = body.map(json::write).transpose()?.unwrap_or_default().into_bytes();
    let answer = (ctx.house.ask)(ctx, &mut request, claims);
    let value = if answer.body.is_empty() { Value::Null } else { json::read(&answer.body)? };
    let retry_after = answer.header("Retry-After").and_then(|seconds| seconds.parse().ok());
    Ok(Answered { status: answer.status, value, retry_after })
}
