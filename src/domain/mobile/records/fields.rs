//! The fields of a record: what a device may send, and what must hold of the whole.
//!
//! A field that is not sent stays as it is; null clears it. So a device may send what it edited, or all of it. Null is
//! never stored: not set and cleared are the same.

use super::tables::Table;
use crate::base::error::{Error, Refusal, Result};
use crate::base::text::{self, Message};
use crate::base::time::Local;
use crate::base::{id, json};
use crate::domain::mobile::texts;
use crate::http::input::{Extent, Input};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Fields by name. In what a device sends, null clears; elsewhere there is none.
pub type Fields = Map<String, Value>;

/// The most bytes of one record's fields as JSON, or of one side of a conflict: a long journal entry in any script, with
/// room to spare, and a thousand of them within a body's limit or near it.
pub const MAX_DATA: usize = 100_000;
/// The most fields of one record.
const MAX_FIELDS: usize = 100;
/// The longest name of a field, in characters.
const MAX_NAME: usize = 64;

/// The envelope of a record, and what the server tells of it beside its fields. A device that sends back what it was shown
/// sends them along; they are the server's to say, and no field is called so.
pub const OWN: &[&str] = &[
    "mobile_id",
    "domain",
    "version",
    "operation",
    "base_data",
    "client_timestamp",
    "created_by",
    "created_at",
    "updated_by",
    "updated_at",
    "deleted",
];

/// The member of an item that holds its fields.
pub const DATA: &str = "data";

fn refused(field: &'static str, message: Message) -> Error {
    Refusal::field(field, message).into()
}

/// Fields as text for the store.
///
/// # Errors
/// When they are more than [`MAX_DATA`].
pub fn text(fields: &Fields) -> Result<String> {
    let text = json::write(fields)?;
    if text.len() > MAX_DATA { Err(refused(DATA, Message::with(&texts::DATA_TOO_LARGE, &[&MAX_DATA]))) } else { Ok(text) }
}

/// What is set of a field: null when nothing is.
pub fn value<'f>(fields: &'f Fields, name: &str) -> &'f Value {
    fields.get(name).unwrap_or(&Value::Null)
}

/// Fields with an edit's put over them.
pub fn overlay(fields: &Fields, edit: &Fields) -> Fields {
    let mut all = fields.clone();
    for (name, value) in edit {
        if value.is_null() {
            all.remove(name);
        } else {
            all.insert(name.clone(), value.clone());
        }
    }
    all
}

impl Table {
    /// Reads what a device sent: each known field by its shape, others as they came.
    pub fn read(&self, sent: &Fields, local: Local) -> Result<Fields> {
        let mut input = Input::at(sent, self.fields, Extent::Part, local);
        let unknown = self.unknown(sent);
        input.check(sent.len() <= MAX_FIELDS, DATA, &texts::TOO_MANY_FIELDS);
        input.check(unknown.keys().all(|name| name.chars().count() <= MAX_NAME), DATA, &texts::FIELD_NAME);
        for fault in unknown.iter().filter_map(|(name, value)| json::of_text(name).or_else(|| json::fault(value))) {
            input.error(DATA, fault.message());
        }
        input.finish()?;
        Ok(unknown.into_iter().chain(input.into_members()).collect())
    }

    /// Reads what a device says it started from, which was the server's once: what cannot be read stands for itself.
    pub fn read_base(&self, sent: &Fields, local: Local) -> Fields {
        let input = Input::at(sent, self.fields, Extent::Part, local);
        let known: Fields = input.into_members().collect();
        let base = sent.iter().filter(|(name, _)| !self.ignores(name)).map(|(name, value)| (name.clone(), value.clone()));
        base.chain(known).filter(|(_, value)| !value.is_null()).collect()
    }

    /// Is a member of what a device sends none of the fields? A noun has no others than its own, and ignores what else its objects show.
    pub fn ignores(&self, name: &str) -> bool {
        OWN.contains(&name) || (self.noun.is_some() && !self.fields.iter().any(|field| field.name == name))
    }

    /// What a device sends with the parent under its one name, and its id in canonical form.
    pub fn placed<'f>(&self, sent: Cow<'f, Fields>) -> Cow<'f, Fields> {
        let Some((field, alias)) = self.noun.and_then(|noun| noun.parent) else { return sent };
        let mut sent = sent.into_owned();
        if let Some(parent) = sent.remove(alias) {
            sent.entry(field).or_insert(parent);
        }
        if let Some(Value::String(id)) = sent.get_mut(field)
            && let Some(canonical) = id::parse(id)
        {
            *id = canonical;
        }
        Cow::Owned(sent)
    }

    fn unknown(&self, sent: &Fields) -> Fields {
        let known = |name: &str| self.ignores(name) || self.fields.iter().any(|field| field.name == name);
        sent.iter().filter(|(name, _)| !known(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Sets what a new record has by default.
    pub fn fill(&self, fields: &mut Fields) {
        for (name, value) in self.defaults {
            fields.entry(*name).or_insert_with(|| Value::from(*value));
        }
    }

    /// Holds a whole record to the rules of its domain; `before` is what it was, if it was.
    pub fn check(&self, before: Option<&Fields>, after: &Fields) -> Result<()> {
        let mut input = Input::default();
        for field in self.fields.iter().filter(|field| field.required && !after.contains_key(field.name)) {
            input.error(field.name, Message::plain(&text::REQUIRED));
        }
        self.check_orders(after, &mut input);
        self.check_state(before, after, &mut input);
        input.finish()
    }

    /// Holds an edit to the rules by itself: what is wrong with it whatever the server has. A base may be a part.
    pub fn check_alone(&self, base: Option<&Fields>, edit: &Fields) -> Result<()> {
        let mut input = Input::default();
        let view = overlay(base.unwrap_or(&Fields::new()), edit);
        let tells = |base: &&Fields| self.machine.as_ref().is_some_and(|machine| base.contains_key(machine.field));
        self.check_orders(&view, &mut input);
        self.check_state(base.filter(tells), &view, &mut input);
        input.finish()
    }

    /// Instants stand in canonical form, which sorts as time does.
    fn check_orders(&self, fields: &Fields, input: &mut Input) {
        for (start, end) in self.orders {
            if let (Some(from), Some(to)) = (value(fields, start).as_str(), value(fields, end).as_str())
                && to < from
            {
                input.error(end, Message::with(&texts::BEFORE, &[start]));
            }
        }
    }

    /// Names both states of a step that is not allowed.
    fn check_state(&self, before: Option<&Fields>, after: &Fields, input: &mut Input) {
        let Some(machine) = &self.machine else { return };
        let state = |fields: &Fields| value(fields, machine.field).as_str().unwrap_or_default().to_owned();
        let to = state(after);
        match before.map(state) {
            Some(from) if !machine.allows(&from, &to) => {
                input.error(machine.field, Message::with(&texts::TRANSITION, &[&machine.field, &from, &to]));
            }
            None if !to.is_empty() && !machine.knows(&to) => {
                input.error(machine.field, text::not_choice(&to, machine.states.iter().map(|(name, _)| *name)));
            }
            _ => {}
        }
    }
}
