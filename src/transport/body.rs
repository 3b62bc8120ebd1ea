//! A request's body, measured against the length that the request announced.

use crate::http::Vars;
use std::io::{self, ErrorKind, Read};

/// What the variable `CONTENT_LENGTH` says (RFC 3875 §4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Nothing: the body ends where its source ends.
    Unknown,
    /// This many bytes.
    Exactly(u64),
    /// Something that is no length.
    Malformed,
}

impl Length {
    /// Reads it from the variables; the empty value that nginx sends without a body says nothing.
    pub fn of(vars: &Vars) -> Length {
        match vars.get("CONTENT_LENGTH") {
            None | Some(b"") => Length::Unknown,
            Some(digits) => decimal(digits).map_or(Length::Malformed, Length::Exactly),
        }
    }
}

/// Digits and nothing else, as a number.
fn decimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Yields exactly the announced length: never more of the source, and an error when the source ends before.
#[derive(Debug)]
pub struct Body<R> {
    source: R,
    left: Length,
}

impl<R: Read> Body<R> {
    /// The body that `source` yields.
    pub fn new(source: R, length: Length) -> Self {
        Body { source, left: length }
    }

    fn read_at_most(&mut self, left: u64, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.source.read(&mut into[..most])?;
        if read == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, "the body is shorter than its Content-Length"));
        }
        self.left = Length::Exactly(left.saturating_sub(read as u64));
        Ok(read)
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.left {
            Length::Unknown => self.source.read(into),
            Length::Exactly(left) => self.read_at_most(left, into),
            Length::Malformed => Err(io::Error::new(ErrorKind::InvalidData, "the Content-Length is no length")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(announced: &str, source: &[u8]) -> io::Result<Vec<u8>> {
        let vars = Vars::from_iter([("CONTENT_LENGTH", announced)]);
        let mut all = Vec::new();
        Body::new(source, Length::of(&vars)).read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn a_body_is_as_long_as_announced() {
        assert_eq!(read("3", b"abcdef").unwrap(), b"abc");
        assert_eq!(read("0", b"abcdef").unwrap(), b"");
        assert_eq!(read("6", b"abcdef").unwrap(), b"abcdef");
        assert_eq!(read("", b"abcdef").unwrap(), b"abcdef");
        assert_eq!(read("7", b"abcdef").unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_no_length_is_an_error_on_reading() {
        for odd in ["-1", "+1", " 1", "1 ", "0x1", "1,1", "one", "18446744073709551616", "\u{661}"] {
            assert_eq!(read(odd, b"abcdef").unwrap_err().kind(), ErrorKind::InvalidData, "{odd}");
        }
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
    }
}
