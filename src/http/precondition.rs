//! Preconditions of writes (RFC 9110 §13). They are looked at after an answer that is kept for a retry was looked for: its first
//! attempt has changed what they name.

use crate::base::error::{Refused, Result, refuse};
use crate::base::text;
use crate::base::time::{self, SECOND, Timestamp};
use crate::http::{Request, etag};
use chrono::NaiveDateTime;
use serde_json::Value;

/// The forms of an HTTP date that old clients write (RFC 9110 §5.6.7); the usual one is [`time::parse_http`]'s.
const OLD_DATES: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// Refuses unless every precondition holds for what is there: its current representation, made only if one is named.
///
/// # Errors
/// [`Refused::Stale`].
pub fn require(request: &Request<'_>, current: impl FnOnce() -> Vec<u8>) -> Result<()> {
    let fields = ["IF_MATCH", "IF_UNMODIFIED_SINCE", "IF_NONE_MATCH"];
    if fields.iter().all(|field| request.header(field).is_none()) {
        return Ok(());
    }
    let current = current();
    require_unchanged(request, version(&current), || current.clone())?;
    let known = |value: &str| etag::names(value, &etag::of(&current));
    if request.header("IF_NONE_MATCH").is_some_and(known) { refuse(Refused::Stale, &text::EXISTS) } else { Ok(()) }
}

/// Refuses when what is there is not what the client read: by `If-Match`, or else by `If-Unmodified-Since`. `If-Match` may also name
/// what is written by its version, `"v7"`: its parts have theirs, so that holds though a part has changed.
///
/// # Errors
/// [`Refused::Stale`].
pub fn require_unchanged(request: &Request<'_>, version: Option<i64>, current: impl FnOnce() -> Vec<u8>) -> Result<()> {
    let (named, since) = (request.header("IF_MATCH"), request.header("IF_UNMODIFIED_SINCE"));
    if named.or(since).is_none() {
        return Ok(());
    }
    let current = current();
    let tags = [Some(etag::of(&current)), version.map(etag::of_version)];
    if named.is_some_and(|value| !tags.iter().flatten().any(|tag| etag::names(value, tag))) {
        return refuse(Refused::Stale, &text::STALE);
    }
    changed_at(&current).map_or(Ok(()), |at| require_unmodified(request, at))
}

/// Refuses when what is there was changed after `If-Unmodified-Since`. Where there is an `If-Match`, that counts alone.
///
/// # Errors
/// [`Refused::Stale`].
pub fn require_unmodified(request: &Request<'_>, changed: Timestamp) -> Result<()> {
    let end = request.header("IF_UNMODIFIED_SINCE").filter(|_| request.header("IF_MATCH").is_none()).and_then(end_of);
    if end.is_some_and(|end| changed > end) { refuse(Refused::Stale, &text::STALE) } else { Ok(()) }
}

/// Refuses when the request is for something new only: what it would write is there.
///
/// # Errors
/// [`Refused::Stale`].
pub fn require_absent(request: &Request<'_>) -> Result<()> {
    let only_new = request.header("IF_NONE_MATCH").is_some_and(|value| value.trim() == etag::ANYTHING);
    if only_new { refuse(Refused::Stale, &text::EXISTS) } else { Ok(()) }
}

/// Refuses when the request names something that it read: there is nothing, and nothing matches that, not even `*` (RFC 9110 §13.1.1).
///
/// # Errors
/// [`Refused::Stale`].
pub fn require_unread(request: &Request<'_>) -> Result<()> {
    if request.header("IF_MATCH").is_some() { refuse(Refused::Stale, &text::STALE) } else { Ok(()) }
}

/// The last instant that a date names: an HTTP date is a whole second, `updated_at` as we write it a millisecond. What is
/// neither is no precondition (RFC 9110 §13.1.4).
fn end_of(text: &str) -> Option<Timestamp> {
    let old = || OLD_DATES.iter().find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok());
    let second = time::parse_http(text).or_else(|| Some(Timestamp(old()?.and_utc().timestamp_millis())));
    second.map(|at| at.plus(SECOND - 1)).or_else(|| Timestamp::parse(text))
}

/// When an object was last changed: its own `updated_at`, because its parts have theirs; `None` where it has none.
fn changed_at(content: &[u8]) -> Option<Timestamp> {
    let object: Value = serde_json::from_slice(content).ok()?;
    Timestamp::parse(object.get("updated_at")?.as_str()?)
}

/// An object's version, where it has any.
fn version(content: &[u8]) -> Option<i64> {
    let object: Value = serde_json::from_slice(content).ok()?;
    object.get("version")?.as_i64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Vars;

    const CONTENT: &str =
        r#"{"updated_at": "1994-11-06T08:49:38.001Z", "actions": [{"updated_at": "1994-11-06T08:49:39.500Z"}]}"#;

    fn holds(field: &str, value: &str, content: &str) -> bool {
        let vars = Vars::from_iter([("REQUEST_URI", "/api/"), (field, value)]);
        require(&Request::new(&vars, String::new()), || content.as_bytes().to_vec()).is_ok()
    }

    #[test]
    fn what_was_not_changed_since_may_be_written() {
        let since = |value: &str, content: &str| holds("HTTP_IF_UNMODIFIED_SINCE", value, content);
        for early in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "1994-11-06T08:49:38Z",
        ] {
            assert!(!since(early, CONTENT), "{early}");
        }
        for late in [
            "Sun, 06 Nov 1994 08:49:38 GMT",
            "Sunday, 06-Nov-94 08:49:38 GMT",
            "Sun Nov  6 08:49:38 1994",
            "1994-11-06T08:49:38.001Z",
        ] {
            assert!(since(late, CONTENT), "{late}");
        }
        assert!(since("Sun, 06 Nov 1994 08:49:37 GMT", "{}"), "what has no date was never changed");
        assert!(since("yesterday", CONTENT), "what is no date says nothing");
        let (tag, early) = (etag::of(CONTENT.as_bytes()), "Sun, 06 Nov 1994 08:49:37 GMT");
        let fields = [("REQUEST_URI", "/api/"), ("HTTP_IF_UNMODIFIED_SINCE", early), ("HTTP_IF_MATCH", &*tag)];
        let vars = Vars::from_iter(fields);
        assert!(require(&Request::new(&vars, String::new()), || CONTENT.into()).is_ok(), "If-Match counts alone");
    }

    #[test]
    fn an_object_is_named_by_its_version_too() {
        let content = r#"{"version": 7, "actions": [{"version": 8}]}"#;
        for same in ["\"v7\"", "v7", "W/\"v7-gzip\"", "\"other\", \"v7\""] {
            assert!(holds("HTTP_IF_MATCH", same, content), "{same}");
        }
        for other in ["\"v8\"", "\"v71\"", "\"7\""] {
            assert!(!holds("HTTP_IF_MATCH", other, content), "{other}");
        }
        assert!(holds("HTTP_IF_NONE_MATCH", "\"v7\"", content), "a version is not the whole representation");
        assert!(!holds("HTTP_IF_MATCH", "\"v7\"", "{}"));
    }

    #[test]
    fn what_is_there_is_not_written_as_something_new() {
        let tag = etag::of(CONTENT.as_bytes());
        assert!(!holds("HTTP_IF_NONE_MATCH", "*", CONTENT));
        assert!(!holds("HTTP_IF_NONE_MATCH", &format!("W/{tag}"), CONTENT));
        assert!(holds("HTTP_IF_NONE_MATCH", "\"other\"", CONTENT));
        assert!(holds("HTTP_IF_MATCH", "*", CONTENT) && holds("HTTP_IF_MATCH", &tag, CONTENT));
        assert!(!holds("HTTP_IF_MATCH", "\"other\"", CONTENT));
    }
}
