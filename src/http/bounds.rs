//! What a body would take to be held, found in its text before it is parsed: eight bytes of JSON become 800 in memory.

use super::texts;
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::json::{ELEMENT, Extent, MAX_DEPTH, MEMBER, QUOTE, extent};
use crate::base::memory;
use crate::base::text::{self, Message};

/// The most memory for what a body holds, in bytes: the largest body may be a list of numbers of three digits. With its text and
/// what the program has besides it is less than the 128 MiB that no request takes more than.
const MAX_HELD: usize = 96 * 1024 * 1024;

/// How often the text of an upload is held besides while it is compared, written and answered, measured.
const COPIES: usize = 6;

/// May this text be parsed as JSON?
///
/// # Errors
/// When it nests too deep or holds too much, and [`memory::check`]'s.
pub fn json(text: &[u8]) -> Result<()> {
    let Extent { depth, held } = extent(text);
    if depth > MAX_DEPTH {
        return Err(malformed(&format!("nested deeper than {MAX_DEPTH} levels")));
    }
    holds(held, text)
}

/// May this text be parsed as JSON, however deep it nests, and its values be held so many times at once?
///
/// # Errors
/// When it holds too much, and [`memory::check`]'s.
pub fn values(text: &[u8], times: usize) -> Result<()> {
    holds(times * extent(text).held, text)
}

/// May this text be parsed as a form?
pub fn form(text: &[u8]) -> Result<()> {
    holds(text.iter().filter(|byte| **byte == b'&').count() * (ELEMENT + MEMBER + 4 * QUOTE), text)
}

/// Is this form or query UTF-8, once it is decoded?
///
/// # Errors
/// When it is not: what nobody wrote must not be kept in the place of what somebody did.
pub fn utf8(text: &[u8]) -> Result<()> {
    let mut parts = text.split(|byte| matches!(byte, b'&' | b'='));
    let is_sound = match text.contains(&b'%') {
        true => parts.all(|part| percent_encoding::percent_decode(part).decode_utf8().is_ok()),
        false => std::str::from_utf8(text).is_ok(),
    };
    if is_sound { Ok(()) } else { refuse(Refused::Invalid, &texts::NOT_UTF8) }
}

fn holds(bytes: usize, body: &[u8]) -> Result<()> {
    if bytes > MAX_HELD { refuse(Refused::TooLarge, &text::TOO_DENSE) } else { memory::check(bytes + COPIES * body.len()) }
}

/// The error of a text that is no JSON, or none that is read.
pub fn malformed(what: &str) -> Error {
    Refusal::with(Refused::Invalid, Message::with(&texts::MALFORMED, &[&what])).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::{LIST, OBJECT};

    #[test]
    fn strings_do_not_nest() {
        assert_eq!(extent(br#"{"a":"[[[[\"[[["}"#).depth, 1);
        assert_eq!(extent(br#"[{"a":[1,2]}]"#), Extent { depth: 3, held: OBJECT + 2 * LIST + ELEMENT + MEMBER + 2 * QUOTE });
    }

    #[test]
    fn a_body_may_be_as_dense_as_any_upload_and_no_denser() {
        let full = |unit: &str| format!("[{}]", vec![unit; 10 * 1024 * 1024 / (unit.len() + 1)].join(","));
        for fair in ["372", r#""words""#, r#""2026-01-16T14:30:45.123Z""#] {
            assert!(json(full(fair).as_bytes()).is_ok(), "{fair}");
        }
        for dense in ["0", "[0]", "{}", r#"{"":0}"#, r#""{}""#] {
            assert!(json(full(dense).as_bytes()).is_err(), "{dense}");
        }
        assert!(form("a=&".repeat(3_000_000).as_bytes()).is_err() && form("a=b&c=d".repeat(99).as_bytes()).is_ok());
    }
}
