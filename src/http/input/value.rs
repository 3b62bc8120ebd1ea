//! The values of fields: what each shape takes, and how it is read.

use super::{Extent, Field, Input};
use crate::base::json::{self, decimal::Decimal};
use crate::base::text::{self, Message};
use crate::base::time::{self, Local, Timestamp};
use crate::http::{body, bounds};
use serde_json::Value as Json;

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// Text of so many characters; `trim` strips outer white space first; `blank` allows the empty text.
    Text {
        /// The fewest characters.
        min: usize,
        /// The most characters.
        max: usize,
        /// Strip outer white space?
        trim: bool,
        /// May it be empty?
        blank: bool,
    },
    /// A whole number in a range, both ends included.
    Int(i64, i64),
    /// A finite number in a range, both ends included.
    Float(f64, f64),
    /// True or false; a form says `true`, `false`, `1`, `0`, `on` or `off`.
    Bool,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM`.
    Month,
    /// An instant in ISO 8601; see [`Timestamp::parse`].
    Instant,
    /// Any JSON, or a string that holds JSON: clients exist for both.
    Json,
    /// A list of any JSON, or a string that holds one.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An object with these fields, or a string that holds one. Null fields are kept.
    Object(&'static [Field]),
}

impl Shape {
    /// The most bytes that a value takes in a body; what is short in any case stands in [`body::MIN_BODY`].
    pub const fn most_bytes(&self) -> u64 {
        match self {
            Shape::Text { max, .. } => (*max as u64).saturating_mul(body::PER_CHARACTER),
            Shape::Json | Shape::List => body::MAX_BODY,
            Shape::Object(fields) => {
                let (mut bytes, mut n) = (0_u64, 0);
                while n < fields.len() {
                    bytes = bytes.saturating_add(fields[n].most_bytes);
                    n += 1;
                }
                bytes
            }
            _ => 0,
        }
    }
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// null
    Null,
    /// Text, a date, a month, or a choice.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// An instant.
    Instant(Timestamp),
    /// Any JSON; a number that need not be whole, digit by digit.
    Json(Json),
}

impl Value {
    /// The value in canonical form: an instant in UTC, JSON as it is even where a string held it.
    pub fn into_json(self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Text(text) => Json::String(text),
            Value::Int(n) => Json::from(n),
            Value::Bool(b) => Json::Bool(b),
            Value::Instant(at) => Json::String(at.to_string()),
            Value::Json(json) => json,
        }
    }
}

type Read = std::result::Result<Value, Message>;

/// Reads the value of a field.
pub fn read(field: &Field, json: &Json, local: Local) -> Read {
    if json.is_null() {
        return if field.nullable { Ok(Value::Null) } else { Err(Message::plain(&text::NULL)) };
    }
    if let Some(fault) = json::fault(json) {
        return Err(fault.message());
    }
    match field.shape {
        Shape::Text { min, max, trim, blank } => read_text(json, min, max, trim, blank),
        // A form has no null: an empty value of a nullable field is one.
        _ if field.nullable && json.as_str() == Some("") => Ok(Value::Null),
        Shape::Int(from, to) => read_int(json, from, to),
        Shape::Float(from, to) => read_float(json, from, to),
        Shape::Bool => read_bool(json),
        Shape::Instant => read_instant(json, local),
        Shape::Json => read_json(json),
        Shape::List => read_list(json),
        Shape::Date => read_shaped(json, &text::NOT_DATE, |s| time::date(s).is_some()),
        Shape::Month => read_shaped(json, &text::NOT_MONTH, time::is_month),
        Shape::Choice(words) => read_choice(json, words),
        Shape::Object(fields) => read_object(json, fields, local),
    }
}

/// The first thing that is wrong with a field inside is told of the whole.
fn read_object(json: &Json, fields: &[Field], local: Local) -> Read {
    let held = held(json);
    let Some(object) = held.as_object() else { return Err(Message::plain(&text::NOT_OBJECT)) };
    let input = Input::at(object, fields, Extent::Whole, local);
    match input.errors().first() {
        Some((field, _)) => Err(Message::with(&text::INSIDE, &[field])),
        None => Ok(Value::Json(Json::Object(input.members()))),
    }
}

/// A number stands for its digits, as existing servers of the contract have it.
fn read_text(json: &Json, min: usize, max: usize, trim: bool, blank: bool) -> Read {
    let sent = json::digits(json).or_else(|| json::string(json).map(str::to_owned));
    let Some(text) = sent else { return Err(Message::plain(&text::NOT_TEXT)) };
    let text = if trim { text.trim().to_owned() } else { text };
    let length = text.chars().count();
    if text.contains('\0') {
        Err(Message::plain(&text::NUL))
    } else if !blank && text.trim().is_empty() {
        Err(Message::plain(&text::BLANK))
    } else if length > max {
        Err(Message::with(&text::TOO_LONG, &[&max]))
    } else if length < min {
        Err(Message::with(&text::TOO_SHORT, &[&min]))
    } else {
        Ok(Value::Text(text))
    }
}

fn read_int(json: &Json, from: i64, to: i64) -> Read {
    let whole = |f: f64| (f.fract() == 0.0 && f.abs() < 9e15).then_some(f as i64);
    let number = match json {
        Json::Number(n) => n.as_i64().or_else(|| n.as_f64().and_then(whole)),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(n) if (from..=to).contains(&n) => Ok(Value::Int(n)),
        Some(_) => Err(Message::with(&text::OUT_OF_RANGE, &[&from, &to])),
        None => Err(Message::plain(&text::NOT_INTEGER)),
    }
}

fn read_float(json: &Json, from: f64, to: f64) -> Read {
    let number = if json::digits(json).is_some() { Some(json.clone()) } else { json.as_str().and_then(number) };
    match number.as_ref().and_then(json::double).filter(|n: &f64| n.is_finite()) {
        Some(n) if (from..=to).contains(&n) => {
            let double = Json::from(n);
            Ok(Value::Json(number.filter(|sent| !json::same(sent, &double)).unwrap_or(double)))
        }
        Some(_) => Err(Message::with(&text::OUT_OF_RANGE, &[&from, &to])),
        None => Err(Message::plain(&text::NOT_NUMBER)),
    }
}

/// The number that a string holds, as a form sends it.
fn number(text: &str) -> Option<Json> {
    let text = text.trim();
    let written = text.parse().ok().map(|number: f64| Json::from(number));
    Decimal::parse(text).and_then(|_| json::read(text.as_bytes()).ok()).or(written)
}

fn read_instant(json: &Json, local: Local) -> Read {
    let at = json::string(json).and_then(|text| Timestamp::parse_as(text, local));
    at.map(Value::Instant).ok_or_else(|| Message::plain(&text::NOT_INSTANT))
}

/// JSON, or what a string holds of it; a string that holds none stands for itself.
pub fn held(json: &Json) -> Json {
    json::string(json).and_then(inner).unwrap_or_else(|| json.clone())
}

/// What of it cannot be kept stands under the seal; a number beyond what is kept is a text like any other.
fn inner(text: &str) -> Option<Json> {
    bounds::values(text.as_bytes(), 1).ok()?;
    let sifted = json::sift(text.as_bytes(), json::MAX_DEPTH).ok()?;
    let inner: Json = serde_json::from_slice(&sifted.text).ok()?;
    Some(inner).filter(|inner| inner.as_str().is_none_or(|text| json::of_text(text).is_none()))
}

fn read_json(json: &Json) -> Read {
    let held = held(json);
    json::fault(&held).map_or(Ok(Value::Json(held)), |fault| Err(fault.message()))
}

fn read_list(json: &Json) -> Read {
    match read_json(json)? {
        list @ Value::Json(Json::Array(_)) => Ok(list),
        _ => Err(Message::plain(&text::NOT_LIST)),
    }
}

fn read_bool(json: &Json) -> Read {
    let word = match json {
        Json::Bool(b) => return Ok(Value::Bool(*b)),
        Json::Number(n) => n.to_string(),
        Json::String(text) => text.trim().to_ascii_lowercase(),
        _ => String::new(),
    };
    match word.as_str() {
        "true" | "1" | "on" => Ok(Value::Bool(true)),
        "false" | "0" | "off" => Ok(Value::Bool(false)),
        _ => Err(Message::plain(&text::NOT_BOOLEAN)),
    }
}

fn read_shaped(json: &Json, message: &'static text::Text, sound: impl Fn(&str) -> bool) -> Read {
    match json::string(json).map(str::trim) {
        Some(text) if sound(text) => Ok(Value::Text(text.to_owned())),
        _ => Err(Message::plain(message)),
    }
}

fn read_choice(json: &Json, words: &[&str]) -> Read {
    match json::string(json) {
        Some(word) if words.contains(&word) => Ok(Value::Text(word.to_owned())),
        Some(word) => Err(text::not_choice(word, words.iter().copied())),
        None => Err(Message::plain(&text::NOT_TEXT)),
    }
}
