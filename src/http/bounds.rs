//! What a body would take to be held, found in its text before it is parsed: eight bytes of JSON become 800 in memory.

use super::texts;
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::json::MAX_DEPTH;
use crate::base::memory;
use crate::base::text::{self, Message};

/// The most memory for what a body holds, in bytes: the largest body may be a list of numbers of two digits. It is an
/// eighth of what shared accounts have (1 GiB on CloudLinux), which the densest body of that size would use up.
const MAX_HELD: usize = 128 * 1024 * 1024;

/// What an object takes: a whole node of a tree, though it has one member.
const OBJECT: usize = 700;
/// What a list takes: room for four, though it has one element.
const LIST: usize = 160;
/// What an element takes.
const ELEMENT: usize = 32;
/// What a member takes beside its name and its value.
const MEMBER: usize = 80;
/// What a string takes, for each of its quotation marks.
const QUOTE: usize = 16;

/// How often the text of an upload is held besides while it is compared, written and answered, measured.
const COPIES: usize = 6;

/// What stands in a text of JSON.
#[derive(Debug, Default, PartialEq, Eq)]
struct Extent {
    /// How deep arrays and objects nest, strings skipped.
    depth: usize,
    /// About how many bytes its values take; never much less than they do.
    held: usize,
}

/// Looks a text of JSON over, well-formed or not. Brackets in strings count as well: a field may hold JSON as a text.
fn extent(json: &[u8]) -> Extent {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut found = Extent::default();
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                found.depth = found.depth.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        found.held += match byte {
            b'{' => OBJECT,
            b'[' => LIST,
            b'"' => QUOTE,
            b',' if !in_string => ELEMENT,
            b':' if !in_string => MEMBER,
            _ => 0,
        };
    }
    found
}

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

/// May this text be parsed as JSON, however deep it nests?
///
/// # Errors
/// When it holds too much, and [`memory::check`]'s.
pub fn values(text: &[u8]) -> Result<()> {
    holds(extent(text).held, text)
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
    let parts = text.split(|byte| matches!(byte, b'&' | b'='));
    let sound = |part: &[u8]| percent_encoding::percent_decode(part).decode_utf8().is_ok();
    if parts.into_iter().all(sound) { Ok(()) } else { refuse(Refused::Invalid, &texts::NOT_UTF8) }
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

    #[test]
    fn strings_do_not_nest() {
        assert_eq!(extent(br#"{"a":"[[[[\"[[["}"#).depth, 1);
        assert_eq!(extent(br#"[{"a":[1,2]}]"#), Extent { depth: 3, held: OBJECT + 2 * LIST + ELEMENT + MEMBER + 2 * QUOTE });
    }

    #[test]
    fn a_body_may_be_as_dense_as_any_upload_and_no_denser() {
        let full = |unit: &str| format!("[{}]", vec![unit; 10 * 1024 * 1024 / (unit.len() + 1)].join(","));
        for fair in ["72", r#""word""#, r#""2026-01-16T14:30:45.123Z""#] {
            assert!(json(full(fair).as_bytes()).is_ok(), "{fair}");
        }
        for dense in ["0", "[0]", "{}", r#"{"":0}"#, r#""{}""#] {
            assert!(json(full(dense).as_bytes()).is_err(), "{dense}");
        }
        assert!(form("a=&".repeat(3_000_000).as_bytes()).is_err() && form("a=b&c=d".repeat(99).as_bytes()).is_ok());
    }
}
