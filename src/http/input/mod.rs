//! Reading a body by a table of fields: every field's rule is data, every error is told at once.

mod value;

pub use value::{Shape, Value, held};

use super::{Request, body};
use crate::base::error::{Refusal, Result};
use crate::base::text::{self, Message};
use crate::base::time::{Local, Timestamp};
use serde_json::{Map, Value as Json};

/// One field of a body.
#[derive(Debug, Clone, Copy, PartialEq)]
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
    /// The most bytes that it takes in a body.
    pub most_bytes: u64,
    /// Of a list of objects what each of them holds and how many they are, for the API's description.
    pub items: Option<Items>,
}

/// The objects of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Items {
    /// What each of them holds.
    pub fields: &'static [Field],
    /// The fewest, and the most.
    pub number: (usize, usize),
}

impl Field {
    /// An optional field that may not be null.
    pub const fn new(name: &'static str, shape: Shape) -> Field {
        let most_bytes = shape.most_bytes();
        Field { name, shape, required: false, nullable: false, about: "", most_bytes, items: None }
    }

    /// JSON of so many bytes, written as a client may write them: with escapes.
    #[must_use]
    pub const fn of_bytes(self, most: usize) -> Field {
        Field { most_bytes: (most as u64).saturating_mul(body::PER_CHARACTER), ..self }
    }

    /// A list of so many objects with these fields.
    #[must_use]
    pub const fn of_items(self, fields: &'static [Field], number: (usize, usize)) -> Field {
        Field { items: Some(Items { fields, number }), ..self }
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
    pub fn query(request: &Request<'_>, fields: &[Field]) -> Result<Input> {
        Input::query_at(request, fields, Local::Utc)
    }

    /// Reads the query string by a table of fields; a time without an offset is what `local` says.
    pub fn query_at(request: &Request<'_>, fields: &[Field], local: Local) -> Result<Input> {
        let sent = |field: &Field| request.query.get(field.name).filter(|value| !value.is_empty());
        let pair = |field: &Field| sent(field).map(|value| (field.name.to_owned(), Json::from(value)));
        let mut input = Input::at(&fields.iter().filter_map(pair).collect(), fields, Extent::Part, local);
        input.finish().map(|()| input)
    }

    /// Reads an object by a table of fields. A time without an offset is of UTC.
    pub fn of(object: &Map<String, Json>, fields: &[Field], extent: Extent) -> Input {
        Input::at(object, fields, extent, Local::Utc)
    }

    /// Reads an object by a table of fields. A time without an offset is what `local` says.
    pub fn at(object: &Map<String, Json>, fields: &[Field], extent: Extent, local: Local) -> Input {
        let mut input = Input::default();
        for field in fields {
            match object.get(field.name) {
                None if field.required && extent == Extent::Whole => input.error(field.name, Message::plain(&text::REQUIRED)),
                None => {}
                Some(json) => match value::read(field, json, local) {
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

    /// The truth value that was sent; `None` when it was not, or null was.
    pub fn bool(&self, name: &str) -> Option<bool> {
        if let Some(Value::Bool(b)) = self.value(name) { Some(*b) } else { None }
    }

    /// The instant that was sent; `None` when it was not, or null was.
    pub fn instant(&self, name: &str) -> Option<Timestamp> {
        if let Some(Value::Instant(at)) = self.value(name) { Some(*at) } else { None }
    }

    /// The JSON that was sent; `None` when it was not, or null was.
    pub fn json(&self, name: &str) -> Option<&Json> {
        if let Some(Value::Json(json)) = self.value(name) { Some(json) } else { None }
    }

    /// What was sent, in canonical form; null is as good as not sent.
    pub fn into_object(self) -> Map<String, Json> {
        self.into_members().filter(|(_, value)| !value.is_null()).collect()
    }

    /// What was sent, in canonical form, nulls too; the input stays.
    pub fn members(&self) -> Map<String, Json> {
        self.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_json())).collect()
    }

    /// What was sent, in canonical form, nulls too.
    pub fn into_members(self) -> impl Iterator<Item = (String, Json)> {
        self.values.into_iter().map(|(name, value)| (name.to_owned(), value.into_json()))
    }

    /// The errors of fields, in the order they were found.
    pub fn errors(&self) -> &[(&'static str, Message)] {
        &self.errors
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

#[cfg(test)]
mod tests;
