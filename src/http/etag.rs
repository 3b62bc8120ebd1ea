//! Entity tags (RFC 9110 §8.8.3): strong, made from the representation itself, so that they cannot be wrong.

use crate::base::id;
use crate::http::Response;
use sha2::{Digest, Sha256};

/// The bytes of the hash that a tag shows: 128 bits do not collide.
const TAG_BYTES: usize = 16;

/// The tag of a representation.
pub fn of(content: &[u8]) -> String {
    let mut tagger = Tagger::default();
    tagger.add(content);
    tagger.tag()
}

/// The tag of a representation that comes in pieces.
#[derive(Default)]
pub struct Tagger(Sha256);

impl Tagger {
    /// The next piece.
    pub fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The tag of all of them.
    pub fn tag(self) -> String {
        format!("\"{}\"", id::hex(&self.0.finalize()[..TAG_BYTES]))
    }
}

/// What names an object by its version, where its representation is not to hand.
pub fn of_version(version: i64) -> String {
    format!("\"v{version}\"")
}

/// An answer that shows an object as its own GET would: it carries the object's tag.
pub fn tagged(response: Response) -> Response {
    let tag = of(&response.body);
    response.with("ETag", tag)
}

/// Does an `If-Match` or `If-None-Match` value name this tag, or anything?
pub fn names(value: &str, tag: &str) -> bool {
    value.split(',').map(str::trim).any(|item| item == ANYTHING || is_same(item, tag))
}

/// What names every tag.
pub const ANYTHING: &str = "*";

/// Is it this tag, as servers on the way and clients hand it on? A server that compresses makes it weak (`W/"…"`, nginx) or puts
/// the coding behind it (`"…-gzip"`, Apache; `"…;gz"`, LiteSpeed), and a client may lose the quotation marks. The content is
/// the same: the hash says so, whatever stands around it.
fn is_same(item: &str, tag: &str) -> bool {
    let item = item.strip_prefix("W/").or_else(|| item.strip_prefix("w/")).unwrap_or(item);
    let rest = item.trim_start_matches('"').strip_prefix(tag.trim_matches('"'));
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_whatever_servers_and_clients_make_of_it() {
        let (tag, other) = (of(b"x"), of(b"y"));
        let (hash, stranger) = (tag.trim_matches('"'), other.trim_matches('"'));
        let forms = |hash: &str| {
            let around = |before: &str, after: &str| format!("{before}{hash}{after}");
            let made = [
                around("\"", "\""),
                around("W/\"", "\""),
                around("w/\"", "\""),
                around("\"", "-gzip\""),
                around("\"", "--gzip\""),
                around("\"", "-br\""),
                around("\"", "-deflate\""),
                around("\"", "-zstd\""),
                around("\"", ";gzip\""),
                around("\"", ";gz\""),
                around("\"", ";br\""),
                around("\"", ":br\""),
                around("\"", "\"-gzip"),
                around("W/\"", "-gzip\""),
                around("", ""),
                around("W/", ""),
                around("", "-gzip"),
                around("\"a\", \"", "\" , \"b\""),
            ];
            made.to_vec()
        };
        for form in forms(hash) {
            assert!(names(&form, &tag), "{form}");
        }
        for form in forms(stranger).into_iter().chain(forms(&hash[1..])).chain(forms(&format!("{hash}0"))) {
            assert!(!names(&form, &tag), "{form}");
        }
        assert!(names("*", &tag) && !names("", &tag) && !names("\"*\"", &tag));
    }
}
