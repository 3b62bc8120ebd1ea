//! One record as a device sends it.

use super::fields::{DATA, Fields, overlay, value};
use super::tables::Table;
use crate::base::error::{Refusal, Result};
use crate::base::id;
use crate::base::json;
use crate::base::text::{self, Message};
use crate::base::time::Timestamp;
use crate::domain::mobile::domains;
use crate::domain::mobile::sender::Batch;
use crate::domain::mobile::texts;
use crate::feature::{Feature, version};
use crate::http::input::{Extent, Field, Input, Shape, held};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The longest word of the envelope, in characters: a UUID in braces, an operation, a domain.
const MAX_WORD: usize = 50;

const WORD: Shape = Shape::Text { min: 1, max: MAX_WORD, trim: true, blank: false };

/// What an item holds beside its fields.
pub const ENVELOPE: &[Field] = &[
    Field::new("domain", WORD).required(),
    Field::new("mobile_id", WORD).required().about("A UUID that the device made."),
    Field::new("operation", WORD).nullable().about("`delete` deletes; the others write what is sent."),
    Field::new("version", Shape::Int(0, version::HIGHEST)).nullable().about("The version that the device last saw; 0 is none."),
    Field::new("base_data", Shape::Json)
        .nullable()
        .about("The fields that the device started from: what makes a three-way merge."),
    Field::new("client_timestamp", Shape::Instant).nullable().about("When it was edited, by the device's clock."),
];

/// What may be done. To create, to update and to sync are one: a record that is there is updated, another is created.
const OPERATIONS: &[&str] = &["create", "update", "delete", "sync"];

/// One edit of one record.
#[derive(Debug, Clone)]
pub struct Item {
    /// The rules of its domain.
    pub table: &'static Table,
    /// The record.
    pub id: String,
    /// The same as its device wrote it.
    pub sent_id: String,
    /// Shall it be deleted?
    pub delete: bool,
    /// The version that the device last saw.
    pub version: i64,
    /// What the device started from, if it says so.
    pub base: Option<Fields>,
    /// The fields that it sends; null clears one.
    pub edit: Fields,
    /// Are these the fields that the device holds, to the letter, its own and what it started from? Else some were mended: white
    /// space, the form of an instant.
    pub exact: bool,
    /// When it was edited, by the device's clock but not in the future.
    pub at: Option<Timestamp>,
}

impl Item {
    /// Reads an item.
    pub fn read(features: &[&'static Feature], json: &Value, batch: &Batch, now: Timestamp) -> Result<Item> {
        let empty = Map::new();
        let sent = json.as_object().unwrap_or(&empty);
        let local = batch.local.settled(sent.get("client_timestamp").and_then(Value::as_str));
        let mut input = Input::at(sent, ENVELOPE, Extent::Whole, local);
        let table = domains::edited(features, &word(&input, "domain"));
        if table.is_none() && input.text("domain").is_some() {
            input.error("domain", Message::with(&texts::UNKNOWN_DOMAIN, &[&domains::known(features)]));
        }
        let id = id::parse(&word(&input, "mobile_id"));
        input.check(id.is_some() || input.text("mobile_id").is_none(), "mobile_id", &text::NOT_UUID);
        let operation = word(&input, "operation");
        let known = operation.is_empty() || OPERATIONS.contains(&operation.as_str());
        input.check(known, "operation", &texts::UNKNOWN_OPERATION);
        let text = sent.get(DATA).filter(|data| data.is_string()).map(held);
        let data = part(&mut input, text.as_ref().or(sent.get(DATA)), DATA);
        let base = input.json("base_data").cloned();
        let base = part(&mut input, base.as_ref(), "base_data");
        input.finish()?;
        let (Some(table), Some(id)) = (table, id) else { return Err(Refusal::fields(Vec::new()).into()) };
        let (data, base) = (table.placed(data.unwrap_or_default()), base.map(|base| table.placed(base)));
        let edit = table.read(&data, local)?;
        let read = base.as_ref().map(|base| table.read_base(base, local));
        Ok(Item {
            table,
            id,
            sent_id: sent.get("mobile_id").and_then(json::string).unwrap_or_default().to_owned(),
            delete: operation == "delete",
            version: input.int("version").unwrap_or_default(),
            exact: is_exact(table, &data, &edit)
                && base.as_ref().zip(read.as_ref()).is_none_or(|(base, read)| is_exact(table, base, read)),
            base: read,
            edit,
            at: input.instant("client_timestamp").or(batch.client_at).map(|at| at.min(now)),
        })
    }

    /// The record as the device has it, as far as it told.
    pub fn view(&self) -> Fields {
        let mut view = overlay(self.base.as_ref().unwrap_or(&Fields::new()), &self.edit);
        self.table.fill(&mut view);
        view
    }

    /// What the device sent, as a conflict keeps it: null when it wanted to delete.
    pub fn sent(&self) -> Value {
        if self.delete { Value::Null } else { Value::Object(self.edit.clone()) }
    }
}

/// Were fields read to the letter?
fn is_exact(table: &Table, sent: &Fields, read: &Fields) -> bool {
    sent.iter().all(|(name, sent)| table.ignores(name) || json::same(value(read, name), sent))
}

/// A word in small letters: GraphQL's enumerations are in capitals.
fn word(input: &Input, name: &str) -> String {
    input.text(name).unwrap_or_default().to_ascii_lowercase()
}

/// An object of fields; what is no object is wrong.
fn part<'j>(input: &mut Input, json: Option<&'j Value>, name: &'static str) -> Option<Cow<'j, Fields>> {
    match json {
        Some(Value::Object(fields)) => Some(Cow::Borrowed(fields)),
        None | Some(Value::Null) => None,
        Some(_) => {
            input.error(name, Message::plain(&text::NOT_OBJECT));
            None
        }
    }
}
