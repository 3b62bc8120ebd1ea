//! JSON of the clients' own, kept without loss.
//!
//! `serde_json` holds a number in 64 bits. What they cannot hold stands in a [`Value`] as a string under a seal that nobody
//! outside this process knows, and so does what cannot be kept at all, so that it is refused where it is read rather than
//! with everything around it. So every text of JSON is read and written here, and nowhere else is any number lost.

mod canonical;
pub mod decimal;
mod extent;
mod seal;
mod sieve;
#[cfg(test)]
mod tests;

pub use canonical::Canonical;
pub use extent::{ELEMENT, Extent, LIST, MEMBER, OBJECT, QUOTE, extent};
pub use seal::{Fault, renew};
pub use sieve::{Sifted, sift};

use super::error::{Error, Result};
use super::memory;
use super::text::{self, Message};
use decimal::{Decimal, Fate};
use seal::Sealed;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The deepest nesting of JSON: no request of the contract needs more than a few levels, and a parser's stack is finite.
pub const MAX_DEPTH: usize = 64;

/// Reads JSON that the store, or an answer of ours, holds.
///
/// # Errors
/// When it is none, and [`memory::hold`]'s.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T> {
    memory::hold(|| text.len() + extent(text).held)?;
    serde_json::from_slice(&sift(text, usize::MAX)?.text).map_err(Error::internal)
}

/// Writes JSON.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn write(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map(seal::open).map_err(Error::internal)
}

/// Writes JSON for people to read.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn pretty(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map(seal::open).map_err(Error::internal)
}

/// How many bytes the text has that [`write()`] makes.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn length(value: &impl Serialize) -> Result<usize> {
    if seal::is_used() {
        // What stands under the seal is longer than what it stands for.
        return write(value).map(|text| text.len());
    }
    let mut counted = Counted(0);
    serde_json::to_writer(&mut counted, value).map_err(Error::internal)?;
    Ok(counted.0)
}

/// Counts what is written.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// About how many bytes a value has as JSON, without writing it; hardly ever fewer than it has.
pub fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => "false".len(),
        Value::Number(_) => LONG_NUMBER,
        Value::String(text) => quoted(text),
        Value::Array(elements) => 2 + elements.iter().map(|element| size(element) + 1).sum::<usize>(),
        Value::Object(members) => size_of(members.iter().map(|(name, member)| (name.as_str(), member))),
    }
}

/// The same of an object with these members.
pub fn size_of<'m>(members: impl Iterator<Item = (&'m str, &'m Value)>) -> usize {
    2 + members.map(|(name, member)| quoted(name) + size(member) + 2).sum::<usize>()
}

/// Bytes of an ordinary number that is as long as such are.
const LONG_NUMBER: usize = 20;

fn quoted(text: &str) -> usize {
    2 + text.bytes().map(|byte| if byte < b' ' || matches!(byte, b'"' | b'\\') { 2 } else { 1 }).sum::<usize>()
}

/// The digits of a number, as they were written where they were more than a double has; `None` when it is no number.
pub fn digits(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => match seal::look(text)? {
            Sealed::Number(number) => Some(number.to_owned()),
            Sealed::Fault(_) => None,
        },
        _ => None,
    }
}

/// The nearest double of a number; `None` when it is no number.
pub fn double(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| digits(value)?.parse().ok())
}

/// The text of a string, which a number or a value that cannot be kept is not.
pub fn string(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| seal::look(text).is_none())
}

/// Does anything in it stand under the seal?
pub fn is_sealed(value: &Value) -> bool {
    stand(value) != Stand::Itself
}

/// What a value stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Itself.
    Itself,
    /// A number that a `serde_json` number cannot hold.
    Number,
    /// A value that cannot be kept.
    Fault,
}

/// What a value stands for.
pub fn stand(value: &Value) -> Stand {
    match value.as_str().and_then(seal::look) {
        None => Stand::Itself,
        Some(Sealed::Number(_)) => Stand::Number,
        Some(Sealed::Fault(_)) => Stand::Fault,
    }
}

/// The stand-in of a number that stands in a text; `None` when it needs none.
///
/// # Errors
/// When the kernel gives no randomness for the seal.
pub fn stand_in(number: &str) -> Result<Option<String>> {
    match decimal::fate(number) {
        Fate::Held => Ok(None),
        Fate::Kept(number) => seal::number(&number).map(Some),
        Fate::Beyond => seal::fault(Fault::Number).map(Some),
    }
}

/// What cannot be kept of a value, names of members included.
pub fn fault(value: &Value) -> Option<Fault> {
    if seal::is_used() { find(value) } else { None }
}

fn find(value: &Value) -> Option<Fault> {
    match value {
        Value::String(text) => of_text(text),
        Value::Array(items) => items.iter().find_map(find),
        Value::Object(members) => members.iter().find_map(|(name, value)| of_text(name).or_else(|| find(value))),
        _ => None,
    }
}

/// What cannot be kept of a text.
pub fn of_text(text: &str) -> Option<Fault> {
    match seal::look(text) {
        Some(Sealed::Fault(fault)) => Some(fault),
        _ => None,
    }
}

impl Fault {
    /// What the client is told.
    pub fn message(self) -> Message {
        match self {
            Fault::Number => Message::with(&text::NUMBER_BEYOND, &[&decimal::MAX_DIGITS, &decimal::MAX_EXPONENT]),
            Fault::Half => Message::plain(&text::HALF_CHARACTER),
            Fault::Deep => Message::with(&text::TOO_DEEP, &[&MAX_DEPTH]),
        }
    }
}

/// Have two values the same value? `1.0` is `1`.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b)),
        (Value::Object(one), Value::Object(other)) => same_members(one, other),
        _ => one == other || same_number(one, other),
    }
}

/// Have two objects the same members?
pub fn same_members(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|((a, one), (b, other))| a == b && same(one, other))
}

fn same_number(one: &Value, other: &Value) -> bool {
    let decimal = |value| digits(value).and_then(|digits| Decimal::parse(&digits));
    matches!((decimal(one), decimal(other)), (Some(one), Some(other)) if one == other)
}
