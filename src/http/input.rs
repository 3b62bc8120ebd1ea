//! Reading a body by a table of fields: every field's rule is data, every error is told at once.

use super::{Request, body};
use crate::base::error::{Refusal, Result};
use crate::base::text::{self, Message};
use crate::base::time;
use serde_json::{Map, Value as Json};

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// True or false; a form says `true`, `false`, `1`, `0`, `on` or `off`.
    Bool,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM`.
    Month,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// One field of a body.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// What it may hold.
    pub shape: Shape,
    /// Must it be there, unless the body is a part (PATCH)?
    pub required: bool,
    /// May it be null?
    pub nullable: bool,
    /// What its name does not say, for the API's description; empty when it says all.
    pub about: &'static str,
}

impl Field {
    /// An optional field that may not be null.
    pub const fn new(name: &'static str, shape: Shape) -> Field {
        Field { name, shape, required: false, nullable: false, about: "" }
    }

    /// Text of at most `max` characters, kept as it came; empty is allowed.
    pub const fn text(name: &'static str, max: usize) -> Field {
        Field::new(name, Shape::Text { min: 0, max, trim: false, blank: true })
    }

    /// A name, a title or a code: at most `max` characters, outer white space stripped, empty is allowed.
    pub const fn name(name: &'static str, max: usize) -> Field {
        Field::new(name, Shape::Text { min: 0, max, trim: true, blank: true })
    }

    /// A parameter that is never refused: what cannot be read is as good as missing.
    pub const fn lenient(name: &'static str) -> Field {
        Field::text(name, usize::MAX)
    }

    /// Says what the name does not.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Field {
        self.about = about;
        self
    }

    /// Must be there, and text must not be blank.
    #[must_use]
    pub const fn required(mut self) -> Field {
        self.required = true;
        if let Shape::Text { min, max, trim, .. } = self.shape {
            self.shape = Shape::Text { min, max, trim, blank: false };
        }
        self
    }

    /// May be null.
    #[must_use]
    pub const fn nullable(mut self) -> Field {
        self.nullable = true;
        self
    }
}

/// How much of an object a body carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it: required fields must be there (POST, PUT).
    Whole,
    /// A part: what is missing stays as it is (PATCH).
    Part,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// null
    Null,
    /// Text, a date, a month, or a choice.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
}

/// The fields that were sent and are sound, and the errors of those that are not.
#[derive(Debug, Default)]
pub struct Input {
    values: Vec<(&'static str, Value)>,
    errors: Vec<(&'static str, Message)>,
}

impl Input {
    /// Reads the request's body by a table of fields. Unknown fields are ignored.
    ///
    /// # Errors
    /// When the body cannot be read at all; errors of fields wait for [`Input::finish`].
    pub fn read(request: &Request<'_>, fields: &[Field], extent: Extent) -> Result<Input> {
        Ok(Input::of(&body::object(request)?, fields, extent))
    }

    /// Reads the query string by a table of fields; an empty parameter is as good as missing.
    ///
    /// # Errors
    /// Every error at once.
    pub fn query(request: &Request<'_>, fields: &[Field]) -> Result<Input> {
        let sent = |field: &Field| request.query.get(field.name).filter(|value| !value.is_empty());
        let pair = |field: &Field| sent(field).map(|value| (field.name.to_owned(), Json::from(value)));
        let mut input = Input::of(&fields.iter().filter_map(pair).collect(), fields, Extent::Part);
        input.finish().map(|()| input)
    }

    /// Reads an object by a table of fields.
    pub fn of(object: &Map<String, Json>, fields: &[Field], extent: Extent) -> Input {
        let mut input = Input::default();
        for field in fields {
            match object.get(field.name) {
                None if field.required && extent == Extent::Whole => input.error(field.name, Message::plain(&text::REQUIRED)),
                None => {}
                Some(json) => match field.read(json) {
                    Ok(value) => input.values.push((field.name, value)),
                    Err(message) => input.error(field.name, message),
                },
            }
        }
        input
    }

    /// Adds an error of a field.
    pub fn error(&mut self, field: &'static str, message: Message) {
        self.errors.push((field, message));
    }

    /// Adds an error unless the condition holds.
    pub fn check(&mut self, holds: bool, field: &'static str, text: &'static text::Text) {
        if !holds {
            self.error(field, Message::plain(text));
        }
    }

    /// Refuses when any field had an error.
    ///
    /// # Errors
    /// Every error at once.
    pub fn finish(&mut self) -> Result<()> {
        if self.errors.is_empty() { Ok(()) } else { Err(Refusal::fields(std::mem::take(&mut self.errors)).into()) }
    }

    /// The value of a field that was sent and is sound.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|v| v.0 == name).map(|v| &v.1)
    }

    /// The text that was sent; `None` when it was not, or null was.
    pub fn text(&self, name: &str) -> Option<&str> {
        if let Some(Value::Text(text)) = self.value(name) { Some(text) } else { None }
    }

    /// The number that was sent; `None` when it was not, or null was.
    pub fn int(&self, name: &str) -> Option<i64> {
        if let Some(Value::Int(n)) = self.value(name) { Some(*n) } else { None }
    }

    /// Replaces the target by what was sent, if anything was.
    pub fn set<T: Settable>(&self, name: &str, target: &mut T) {
        if let Some(value) = self.value(name) {
            target.set(value);
        }
    }
}

/// What a sent value can replace.
pub trait Settable {
    /// Takes the value; one of another type changes nothing (the table of fields rules it out).
    fn set(&mut self, value: &Value);
}

impl Settable for String {
    fn set(&mut self, value: &Value) {
        if let Value::Text(text) = value {
            self.clone_from(text);
        }
    }
}

impl Settable for i64 {
    fn set(&mut self, value: &Value) {
        if let Value::Int(n) = value {
            *self = *n;
        }
    }
}

impl Settable for bool {
    fn set(&mut self, value: &Value) {
        if let Value::Bool(b) = value {
            *self = *b;
        }
    }
}

impl<T: Settable + Default> Settable for Option<T> {
    fn set(&mut self, value: &Value) {
        *self = (*value != Value::Null).then(|| {
            let mut inner = T::default();
            inner.set(value);
            inner
        });
    }
}

type Read = std::result::Result<Value, Message>;

impl Field {
    fn read(&self, json: &Json) -> Read {
        if json.is_null() {
            return if self.nullable { Ok(Value::Null) } else { Err(Message::plain(&text::NULL)) };
        }
        match self.shape {
            Shape::Text { min, max, trim, blank } => read_text(json, min, max, trim, blank),
            // A form has no null: an empty value of a nullable field is one.
            _ if self.nullable && json.as_str() == Some("") => Ok(Value::Null),
            Shape::Int(from, to) => read_int(json, from, to),
            Shape::Bool => read_bool(json),
            Shape::Date => read_shaped(json, &text::NOT_DATE, |s| time::date(s).is_some()),
            Shape::Month => read_shaped(json, &text::NOT_MONTH, time::is_month),
            Shape::Choice(words) => read_choice(json, words),
        }
    }
}

/// A number stands for its digits, as existing servers of the contract have it.
fn read_text(json: &Json, min: usize, max: usize, trim: bool, blank: bool) -> Read {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        _ => return Err(Message::plain(&text::NOT_TEXT)),
    };
    let text = if trim { text.trim().to_owned() } else { text };
    let length = text.chars().count();
    match () {
        () if text.contains('\0') => Err(Message::plain(&text::NUL)),
        () if !blank && text.trim().is_empty() => Err(Message::plain(&text::BLANK)),
        () if length > max => Err(Message::with(&text::TOO_LONG, &[&max])),
        () if length < min => Err(Message::with(&text::TOO_SHORT, &[&min])),
        () => Ok(Value::Text(text)),
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
    match json.as_str().map(str::trim) {
        Some(text) if sound(text) => Ok(Value::Text(text.to_owned())),
        _ => Err(Message::plain(message)),
    }
}

/// The most characters of a wrong choice that its message repeats.
const SHOWN: usize = 40;

fn read_choice(json: &Json, words: &[&str]) -> Read {
    match json.as_str() {
        Some(word) if words.contains(&word) => Ok(Value::Text(word.to_owned())),
        Some(word) => Err(Message::with(&text::NOT_CHOICE, &[&word.chars().take(SHOWN).collect::<String>()])),
        None => Err(Message::plain(&text::NOT_TEXT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIELDS: &[Field] = &[
        Field::name("title", 5).required(),
        Field::text("note", 10),
        Field::new("mood", Shape::Int(0, 10)),
        Field::new("done", Shape::Bool),
        Field::new("day", Shape::Date).nullable(),
        Field::new("status", Shape::Choice(&["A", "B"])),
    ];

    fn read(json: Json, extent: Extent) -> Input {
        Input::of(json.as_object().unwrap(), FIELDS, extent)
    }

    fn errors(json: Json) -> Vec<&'static str> {
        read(json, Extent::Whole).errors.iter().map(|e| e.0).collect()
    }

    #[test]
    fn sound_fields_are_read_and_unknown_ones_ignored() {
        let input =
            read(json!({"title": " ab ", "note": " x ", "mood": "7", "done": "on", "day": null, "more": 1}), Extent::Whole);
        assert_eq!(input.text("title"), Some("ab"));
        assert_eq!(input.text("note"), Some(" x "));
        assert_eq!(input.int("mood"), Some(7));
        assert_eq!(input.value("done"), Some(&Value::Bool(true)));
        assert_eq!(input.value("day"), Some(&Value::Null));
        assert!(input.errors.is_empty());
    }

    #[test]
    fn every_error_is_told_at_once() {
        let bad = json!({"title": "  ", "note": "a\u{0}", "mood": 11, "done": "maybe", "day": "2026-02-30", "status": "C"});
        assert_eq!(errors(bad), ["title", "note", "mood", "done", "day", "status"]);
        assert_eq!(errors(json!({"mood": 1.5, "title": []})), ["title", "mood"]);
        assert_eq!(errors(json!({})), ["title"]);
        assert_eq!(errors(json!({"title": "é한🙂ab"})), [""; 0]);
        assert_eq!(errors(json!({"title": "é한🙂abc"})), ["title"]);
    }

    #[test]
    fn a_part_leaves_out_what_it_likes() {
        let mut title = "old".to_owned();
        let input = read(json!({"mood": 3}), Extent::Part);
        input.set("title", &mut title);
        assert_eq!(title, "old");
        assert!(input.errors.is_empty());
    }

    #[test]
    fn a_query_string_is_read_by_the_same_tables() {
        let read = |query: &str| {
            let vars = crate::http::Vars::from_iter([("REQUEST_URI", &*format!("/api/goals/?{query}"))]);
            Input::query(&Request::new(&vars, String::new()), FIELDS)
        };
        let input = read("day=2026-01-05&status=&other=1").unwrap();
        assert_eq!((input.text("day"), input.value("status")), (Some("2026-01-05"), None));
        assert!(read("day=2026-02-30").is_err());
    }
}
