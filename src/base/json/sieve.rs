//! One pass over a text of JSON before it is parsed: what a `serde_json` value cannot hold gets a sealed stand-in.

use super::decimal::{self, Fate};
use super::seal::{self, Fault};
use crate::base::error::{Refused, Result, refuse};
use crate::base::text;
use memchr::memchr2;
use std::borrow::Cow;

/// The most stand-ins of one text: each takes some 150 bytes in all while the text is read, and `1e400` has five.
const MOST: usize = 250_000;

/// A text that `serde_json` can parse, as far as it is JSON at all.
#[derive(Debug)]
pub struct Sifted<'t> {
    /// The text with stand-ins; as it was when there was no need of any.
    pub text: Cow<'t, [u8]>,
    /// The first value that cannot be kept, if there is one.
    pub fault: Option<Fault>,
}

/// Sifts a text. Arrays and objects that nest deeper than so many levels are cut there.
///
/// # Errors
/// When more would be in need of one than memory allows, or the kernel gives no randomness for the seal.
pub fn sift(text: &[u8], levels: usize) -> Result<Sifted<'_>> {
    let mut sieve = Sieve { text, at: 0, depth: 0, levels, copied: 0, out: Vec::new(), count: 0, fault: None };
    while let Some(byte) = text.get(sieve.at) {
        match byte {
            b'"' => sieve.string()?,
            b'-' | b'0'..=b'9' => sieve.number()?,
            b'{' | b'[' => sieve.open()?,
            b'}' | b']' => sieve.pass(|depth| depth.saturating_sub(1)),
            _ => sieve.at += 1,
        }
    }
    Ok(sieve.sifted())
}

struct Sieve<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
    levels: usize,
    /// Up to here the text was copied, or replaced.
    copied: usize,
    out: Vec<u8>,
    /// Stand-ins so far.
    count: usize,
    fault: Option<Fault>,
}

impl<'t> Sieve<'t> {
    fn pass(&mut self, depth: impl Fn(usize) -> usize) {
        self.depth = depth(self.depth);
        self.at += 1;
    }

    fn string(&mut self) -> Result<()> {
        let (end, sound) = string(self.text, self.at);
        if sound { self.skip(end) } else { self.refuse(end, Fault::Half) }
    }

    fn number(&mut self) -> Result<()> {
        let rest = &self.text[self.at..];
        let length =
            rest.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')).unwrap_or(rest.len());
        let (number, end) = (&rest[..length], self.at + length);
        if decimal::is_short(number) {
            return self.skip(end);
        }
        match std::str::from_utf8(number).map_or(Fate::Held, decimal::fate) {
            Fate::Held => self.skip(end),
            Fate::Kept(number) => self.replace(end, &seal::number(&number)?),
            Fate::Beyond => self.refuse(end, Fault::Number),
        }
    }

    fn open(&mut self) -> Result<()> {
        let end = if self.depth == self.levels { nested(self.text, self.at) } else { None };
        match end {
            Some(end) => self.refuse(end, Fault::Deep),
            None => {
                self.pass(|depth| depth + 1);
                Ok(())
            }
        }
    }

    fn skip(&mut self, end: usize) -> Result<()> {
        self.at = end;
        Ok(())
    }

    fn refuse(&mut self, end: usize, fault: Fault) -> Result<()> {
        self.fault.get_or_insert(fault);
        self.replace(end, &seal::fault(fault)?)
    }

    /// Puts a string in the place of what stands here. A seal needs no escapes.
    fn replace(&mut self, end: usize, by: &str) -> Result<()> {
        self.count += 1;
        if self.count > MOST {
            return refuse(Refused::TooLarge, &text::TOO_DENSE);
        }
        self.out.extend_from_slice(&self.text[self.copied..self.at]);
        self.out.push(b'"');
        self.out.extend_from_slice(by.as_bytes());
        self.out.push(b'"');
        (self.at, self.copied) = (end, end);
        Ok(())
    }

    fn sifted(mut self) -> Sifted<'t> {
        if self.copied == 0 {
            return Sifted { text: Cow::Borrowed(self.text), fault: None };
        }
        self.out.extend_from_slice(&self.text[self.copied..]);
        Sifted { text: Cow::Owned(self.out), fault: self.fault }
    }
}

/// Where the string that begins here ends, and whether every escaped surrogate in it has its other half (RFC 8259 §8.2).
fn string(text: &[u8], start: usize) -> (usize, bool) {
    let (mut at, mut sound) = (start + 1, true);
    loop {
        match mark(&text[at..]) {
            None => return (text.len(), sound),
            Some(found) if text[at + found] == b'"' => return (at + found + 1, sound),
            Some(found) => at += found,
        }
        let paired = match unit(text, at) {
            Some(0xD800..=0xDBFF) => matches!(unit(text, at + 6), Some(0xDC00..=0xDFFF)).then_some(12),
            Some(0xDC00..=0xDFFF) => None,
            Some(_) => Some(6),
            None => Some(2),
        };
        sound &= paired.is_some();
        at = (at + paired.unwrap_or(6)).min(text.len());
    }
}

/// Up to here a text is looked at byte by byte, in bytes: `memchr` first asks what the processor can, which a machine that is virtual takes
/// some 30 µs for, in each process of a CGI program.
const FEW: usize = 4 * 1024;

/// Where the first quotation mark or backslash is.
fn mark(text: &[u8]) -> Option<usize> {
    if text.len() > FEW { memchr2(b'"', b'\\', text) } else { text.iter().position(|byte| matches!(byte, b'"' | b'\\')) }
}

/// The code unit of an escape `\uXXXX` that stands here.
fn unit(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

/// Where the array or object that begins here ends.
fn nested(text: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = string(text, at).0;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}
