//! The content of a request: limits are checked before it is read.

use super::pace::{self, Claim, Paced, Stop};
use super::texts;
use super::{Request, bounds};
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::json::{self, Fault};
use crate::base::memory;
use crate::base::text::{self, Message, Text};
use serde_json::{Map, Value};
use std::io::{self, ErrorKind, Read};

/// What a body may have beside its fields' texts: their names, what the server ignores, and white space.
pub const MIN_BODY: u64 = 16 * 1024;
/// The most bytes of a character: an escaped surrogate pair of JSON (`\ud83d\ude42`), or four bytes of a form (`%F0%9F%99%82`).
pub const PER_CHARACTER: u64 = 12;
/// The largest body: a week of a phone's uploads with room to spare, and small beside a shared account's memory.
pub const MAX_BODY: u64 = 10 * 1024 * 1024;

/// Reads the whole body, which may have this many bytes; one that is slow asks for a place to be waited for.
///
/// # Errors
/// When it is larger, takes too long, ends before its declared length, or finds no memory.
pub fn read(request: &mut Request<'_>, from: &mut dyn Read, most: u64, claim: Claim<'_>) -> Result<()> {
    let declared = request.vars.text("CONTENT_LENGTH").trim().parse::<u64>().unwrap_or(0);
    if declared > most {
        return Err(too_large(most));
    }
    let room = usize::try_from(declared).unwrap_or(0);
    request.body.try_reserve_exact(room).map_err(|_| memory::missing(room))?;
    let mut paced = Paced::new(from, declared, claim);
    if let Err(error) = (&mut paced).take(most + 1).read_to_end(&mut request.body) {
        return Err(unread(&error, paced.into_stop(), &request.body));
    }
    if request.body.len() as u64 > most { Err(too_large(most)) } else { Ok(()) }
}

/// Why a body was not read. One of unknown length asks for its memory as it comes.
fn unread(error: &io::Error, stop: Option<Stop>, part: &[u8]) -> Error {
    match (stop, error.kind()) {
        (Some(Stop::Late(took)), _) => pace::too_slow(took, part).into(),
        (Some(Stop::Crowded(refusal)), _) => refusal.into(),
        (None, ErrorKind::OutOfMemory) => memory::missing(MAX_BODY as usize),
        (None, _) => Refusal::new(Refused::Invalid, &texts::INCOMPLETE).into(),
    }
}

fn too_large(most: u64) -> Error {
    Refusal::with(Refused::TooLarge, Message::with(&texts::TOO_LARGE, &[&most])).into()
}

/// The body as an object: JSON, or a form whose values are texts. A missing body is `{}`.
///
/// # Errors
/// When it is of another media type, malformed, too deep or too dense, or not an object; when it holds what cannot be kept.
pub fn object(request: &Request<'_>) -> Result<Map<String, Value>> {
    read_as(request, json)
}

/// The body as an object with these lists of items. What cannot be kept of an item stands in it under the seal of
/// `base::json`, for the item alone to be refused; elsewhere the whole body is.
///
/// # Errors
/// As [`object`].
pub fn lists(request: &Request<'_>, lists: &[&str]) -> Result<Map<String, Value>> {
    /// The levels above an item: the body and a list.
    const ABOVE: usize = 2;
    let object = read_as(request, |body| items(body, ABOVE, 1))?;
    sound(object.iter().filter(|(name, _)| !lists.contains(&name.as_str())))?;
    Ok(object)
}

fn read_as(request: &Request<'_>, json: impl Fn(&[u8]) -> Result<Map<String, Value>>) -> Result<Map<String, Value>> {
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
    bounds::utf8(body)?;
    let fields = url::form_urlencoded::parse(body);
    Ok(fields.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect())
}

/// JSON that is an object.
///
/// # Errors
/// When it is malformed, too deep or too dense, or not an object; when it holds what cannot be kept.
pub fn json(body: &[u8]) -> Result<Map<String, Value>> {
    bounds::json(body)?;
    let sifted = json::sift(body, usize::MAX)?;
    sifted.fault.map_or_else(|| parse(&sifted.text), |fault| Err(unkept(fault)))
}

/// JSON that is an object with items so many levels below it. What cannot be kept of it stands under the seal of `base::json`,
/// and so does what nests more than [`json::MAX_DEPTH`] levels below an item.
///
/// # Errors
/// When it is malformed or too dense to be held so many times at once, or not an object.
pub fn items(body: &[u8], above: usize, times: usize) -> Result<Map<String, Value>> {
    bounds::values(body, times)?;
    parse(&json::sift(body, json::MAX_DEPTH + above)?.text)
}

/// Holds members to what can be kept.
///
/// # Errors
/// When something cannot, in a name or a value.
pub fn sound<'m>(mut members: impl Iterator<Item = (&'m String, &'m Value)>) -> Result<()> {
    let fault = members.find_map(|(name, value)| json::of_text(name).or_else(|| json::fault(value)));
    fault.map_or(Ok(()), |fault| Err(unkept(fault)))
}

fn parse(body: &[u8]) -> Result<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => refuse_whole(&text::NOT_OBJECT),
        Err(error) => Err(bounds::malformed(&place(&error))),
    }
}

fn unkept(fault: Fault) -> Error {
    Refusal::with(Refused::Invalid, fault.message()).into()
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
