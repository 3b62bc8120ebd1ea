//! A record as the server has it.

use super::fields::Fields;
use super::tables::Table;
use crate::base::time::Timestamp;
use crate::domain::mobile::object::Object;
use crate::feature::Schemas;
use crate::feature::news::EditKey;
use crate::http::input::{Extent, Field, Shape};
use crate::http::schema;
use schemars::Schema;
use serde_json::{Value, json};

/// A record of a domain, alive or deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The UUID that its device made.
    pub id: String,
    /// Grows with each edit.
    pub version: i64,
    /// Its fields; a deleted record has none.
    pub fields: Fields,
    /// How many bytes they take in the store.
    pub bytes: usize,
    /// When it was last edited, by that device's clock.
    pub client_at: Timestamp,
    /// Who made it.
    pub created_by: i64,
    /// Who edited it last.
    pub updated_by: i64,
    /// When the server first saw it.
    pub created_at: Timestamp,
    /// The stamp of its last change.
    pub updated_at: Timestamp,
    /// Is it deleted?
    pub deleted: bool,
    /// Where its last edit is remembered.
    pub edit: EditKey,
    /// It as its noun shows it, where it is one of a noun's.
    pub object: Option<Value>,
}

impl Record {
    /// The record as it is shown: its fields beside what the server tells of it. A field of the domain that is not set is
    /// null, so that a client sees what was cleared.
    pub fn shown(&self, table: &Table) -> Value {
        if let Some(object) = &self.object {
            return object.clone();
        }
        let mut shown: Fields = table.fields.iter().map(|field| (field.name.to_owned(), Value::Null)).collect();
        shown.extend(self.fields.clone());
        shown.extend(self.told().into_iter().map(|(name, value)| (name.to_owned(), value)));
        Value::Object(shown)
    }

    /// The same, as an answer holds it; null when it is deleted.
    pub fn into_object(self, table: &Table) -> Object {
        if self.deleted {
            return Object::Json(Value::Null);
        }
        let told = self.told();
        match self.object {
            Some(object) => Object::Json(object),
            None => Object::of(self.fields, told, table.fields.iter().map(|field| field.name)),
        }
    }

    /// What a list tells of a record that it does not show: it is deleted, or does not pass the filters.
    pub fn gone(&self) -> Value {
        let why = if self.deleted { "deleted" } else { "filtered" };
        json!({"mobile_id": self.id, "version": self.version, "updated_at": self.updated_at, why: true})
    }

    fn told(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("mobile_id", json!(self.id)),
            ("version", json!(self.version)),
            ("created_by", json!(self.created_by)),
            ("created_at", json!(self.created_at)),
            ("updated_by", json!(self.updated_by)),
            ("updated_at", json!(self.updated_at)),
        ]
    }
}

/// What the server tells of every record.
pub const TOLD: &[Field] = &[
    Field::text("mobile_id", 36).required(),
    Field::new("version", Shape::Int(1, u32::MAX as i64)).required(),
    Field::new("created_by", Shape::Int(0, i64::MAX)),
    Field::new("created_at", Shape::Instant),
    Field::new("updated_by", Shape::Int(0, i64::MAX)),
    Field::new("updated_at", Shape::Instant).required(),
    Field::new("deleted", Shape::Bool),
    Field::new("filtered", Shape::Bool).about("It does not pass the filters that were asked for, or no longer: forget it."),
];

/// The schema of [`Record::shown`] and [`Record::gone`]: fields that only a newer app knows are shown as they came.
pub fn describe(table: &Table, schemas: &mut Schemas) -> Schema {
    let mut schema = schema::object(&[TOLD, &fields(table)].concat(), Extent::Whole);
    schema.insert("additionalProperties".to_owned(), true.into());
    schemas.named(format!("{}Record", type_name(table)), schema)
}

/// The schema of what an upload may hold of a record: any part of its fields.
pub fn describe_data(table: &Table, schemas: &mut Schemas) -> Schema {
    let mut schema = schema::object(&fields(table), Extent::Part);
    schema.insert("additionalProperties".to_owned(), true.into());
    schemas.named(format!("{}Data", type_name(table)), schema)
}

/// Any field may be left out, and cleared.
fn fields(table: &Table) -> Vec<Field> {
    table.fields.iter().map(|field| Field { required: false, nullable: true, ..*field }).collect()
}

/// The domain's name as types are called: `WorkOrder`.
fn type_name(table: &Table) -> String {
    let capital =
        |word: &str| word.chars().enumerate().map(|(n, c)| if n == 0 { c.to_ascii_uppercase() } else { c }).collect::<String>();
    table.name().split('_').map(capital).collect()
}
