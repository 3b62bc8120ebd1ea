//! Entity tags (RFC 9110 §8.8.3): strong, made from the representation itself, so that they cannot be wrong.

use crate::base::error::{Refused, Result, refuse};
use crate::base::{id, text};
use crate::http::{Request, Response};
use sha2::{Digest, Sha256};

/// The bytes of the hash that a tag shows: 128 bits do not collide.
const TAG_BYTES: usize = 16;

/// The tag of a representation.
pub fn of(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    format!("\"{}\"", id::hex(&hash[..TAG_BYTES]))
}

/// An answer that shows an object as its own GET would: it carries the object's tag.
pub fn tagged(response: Response) -> Response {
    let tag = of(&response.body);
    response.with("ETag", tag)
}

/// Does an `If-Match` or `If-None-Match` value name this tag? A weak tag matches only where `weak` is allowed.
pub fn names(value: &str, tag: &str, weak: bool) -> bool {
    value.split(',').map(str::trim).any(|item| item == "*" || item == tag || (weak && item.strip_prefix("W/") == Some(tag)))
}

/// Refuses when the request carries `If-Match` and it does not name the current representation (RFC 9110 §13.1.1).
///
/// # Errors
/// [`Refused::Stale`].
pub fn require_match(request: &Request<'_>, current: impl FnOnce() -> Vec<u8>) -> Result<()> {
    match request.header("IF_MATCH") {
        Some(value) if !names(value, &of(&current()), false) => refuse(Refused::Stale, &text::STALE),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_tags_match_only_on_reads() {
        let tag = of(b"x");
        assert!(names(&format!("\"a\", W/{tag}"), &tag, true));
        assert!(!names(&format!("W/{tag}"), &tag, false));
        assert!(names("*", &tag, false));
        assert_ne!(of(b"x"), of(b"y"));
    }
}
