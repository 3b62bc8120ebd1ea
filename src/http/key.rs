//! What an `Idempotency-Key` looks like, in a header field or in a body (draft-ietf-httpapi-idempotency-key-header).

use super::version::Version;
use super::{Request, texts};
use crate::base::error::{Refusal, Result};
use crate::base::text::Message;
use schemars::{Schema, json_schema};
use std::borrow::Cow;

/// The fewest and the most characters of a key: a UUID passes, a counter does not.
pub const LENGTH: (usize, usize) = (16, 255);

/// Members of a body that say when it was sent, not what it asks: a retry that is written anew differs in them, and is the same
/// request.
pub const WHEN: &[&str] = &["client_timestamp", "last_sync_timestamp"];

/// The version of the API from which on keys are held to the rules of a POST's on every method, uploads need one, and the field is
/// a String in quotes (RFC 9651 §3.3.3). Before, clients sent what they liked.
pub const STRICT_SINCE: u8 = 2;

/// The member of bodies and the field of errors.
const NAME: &str = "idempotency_key";

/// The key in the request's header field.
///
/// # Errors
/// When it is not written as the request's version of the API has it.
pub fn of<'r>(request: &'r Request<'_>) -> Result<Option<Cow<'r, str>>> {
    let Some(value) = request.header("IDEMPOTENCY_KEY") else { return Ok(None) };
    if request.version.number < STRICT_SINCE {
        return Ok(Some(value.into()));
    }
    match quoted(value) {
        Some(key) => Ok(Some(key.into())),
        None => Err(Refusal::field(NAME, Message::plain(&texts::KEY_QUOTED)).into()),
    }
}

/// The text of a String (RFC 9651 §4.2.5); parameters behind it mean nothing here.
fn quoted(value: &str) -> Option<String> {
    let mut rest = value.trim().strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => break,
            '\\' => text.push(rest.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            plain @ ' '..='~' => text.push(plain),
            _ => return None,
        }
    }
    let after = rest.as_str().trim_start();
    (after.is_empty() || after.starts_with(';')).then_some(text)
}

/// Is it long enough, not too long, and of visible ASCII characters alone?
pub fn is_sound(key: &str) -> bool {
    (LENGTH.0..=LENGTH.1).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

/// The schema of a key.
pub fn schema() -> Schema {
    json_schema!({ "type": "string", "minLength": LENGTH.0, "maxLength": LENGTH.1, "pattern": "^[!-~]+$" })
}

/// The schema of the header field in a version of the API. The pattern says the length, too: generators of requests that are given both
/// make texts by one of them alone.
pub fn field_schema(version: &Version) -> Schema {
    if version.number < STRICT_SINCE {
        return schema();
    }
    let (least, most) = LENGTH;
    json_schema!({ "type": "string", "pattern": format!("^\"[!#-\\[\\]-~]{{{least},{most}}}\"$") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_stands_in_quotes() {
        assert_eq!(quoted(r#""a-key";p=1"#).as_deref(), Some("a-key"));
        assert_eq!(quoted(r#" "a\"b\\c" "#).as_deref(), Some(r#"a"b\c"#));
        for wrong in ["a-key", "\"a", "a\"", r#""a\b""#, "\"é\"", "\"a\" b", ""] {
            assert_eq!(quoted(wrong), None, "{wrong}");
        }
    }
}
