//! The content of a request: limits are checked before it is read.

use super::texts;
use super::{Request, bounds};
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::memory;
use crate::base::text::{self, Message, Text};
use serde_json::{Map, Value};
use std::io::{self, ErrorKind, Read};

/// The largest body: a week of a phone's uploads with room to spare, and small beside a shared account's memory.
pub const MAX_BODY: u64 = 10 * 1024 * 1024;

/// Reads the whole body.
///
/// # Errors
/// When it is larger than [`MAX_BODY`], ends before its declared length, or finds no memory.
pub fn read(request: &mut Request<'_>, from: &mut dyn Read) -> Result<()> {
    let declared = request.vars.text("CONTENT_LENGTH").trim().parse::<u64>().unwrap_or(0);
    if declared > MAX_BODY {
        return Err(too_large());
    }
    let declared = usize::try_from(declared).unwrap_or(0);
    request.body.try_reserve_exact(declared).map_err(|_| memory::missing(declared))?;
    from.take(MAX_BODY + 1).read_to_end(&mut request.body).map_err(|error| unread(&error))?;
    if request.body.len() as u64 > MAX_BODY {
        return Err(too_large());
    }
    Ok(())
}

/// One of unknown length asks for its memory as it comes.
fn unread(error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::OutOfMemory => memory::missing(MAX_BODY as usize),
        _ => Refusal::new(Refused::Invalid, &texts::INCOMPLETE).into(),
    }
}

fn too_large() -> Error {
    let detail = Message::with(&texts::TOO_LARGE, &[&MAX_BODY]);
    Refusal::with(Refused::TooLarge, detail).into()
}

/// The body as an object: JSON, or a form whose values are texts. A missing body is `{}`.
///
/// # Errors
/// When it is of another media type, malformed, too deep or too dense, or not an object.
pub fn object(request: &Request<'_>) -> Result<Map<String, Value>> {
    if request.body.is_empty() {
        return Ok(Map::new());
    }
    let declared = request.vars.text("CONTENT_TYPE");
    let media = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media.as_str() {
        "application/x-www-form-urlencoded" => form(&request.body),
        "" => json(&request.body),
        m if m == "application/json" || (m.starts_with("application/") && m.ends_with("+json")) => json(&request.body),
        _ => refuse(Refused::MediaType, &texts::MEDIA_TYPE),
    }
}

fn form(body: &[u8]) -> Result<Map<String, Value>> {
    bounds::form(body)?;
    let fields = url::form_urlencoded::parse(body);
    Ok(fields.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect())
}

/// JSON that is an object.
///
/// # Errors
/// When it is malformed, too deep or too dense, or not an object.
pub fn json(body: &[u8]) -> Result<Map<String, Value>> {
    bounds::json(body)?;
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => refuse_whole(&text::NOT_OBJECT),
        Err(error) => Err(bounds::malformed(&place(&error))),
    }
}

/// Where the parser stopped, without what it saw there.
fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

fn refuse_whole<T>(text: &'static Text) -> Result<T> {
    Err(Refusal::field("non_field_errors", Message::plain(text)).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Vars;

    fn parsed(media: &str, body: &[u8]) -> Result<Map<String, Value>> {
        let vars = Vars::from_iter([("CONTENT_TYPE", media)]);
        let mut request = Request::new(&vars, String::new());
        request.body = body.to_vec();
        object(&request)
    }

    #[test]
    fn a_form_and_json_say_the_same() {
        let json = parsed("application/json; charset=utf-8", br#"{"a":"1 2"}"#).unwrap();
        assert_eq!(json, parsed("application/x-www-form-urlencoded", b"a=1+2").unwrap());
        assert!(parsed("text/plain", b"").unwrap().is_empty());
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for body in [&b"[]"[..], b"1", b"null", b"{", b"\xff", b"{\"a\":1e999}", b"\"\\ud800\""] {
            assert!(parsed("application/json", body).is_err());
        }
        assert!(parsed("text/plain", b"{}").is_err());
    }

    #[test]
    fn nesting_is_limited() {
        let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n)).into_bytes();
        assert!(parsed("application/json", &deep(63)).is_ok());
        assert!(parsed("application/json", &deep(64)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = parsed("application/json", &body);
            let _ = parsed("application/x-www-form-urlencoded", &body);
        }
    }
}
