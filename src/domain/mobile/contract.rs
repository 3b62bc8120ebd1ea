//! What uploads look like, for the API's description: made from the tables that they are read by.

use super::batch::{Content, KEY, Operation, contents};
use super::domains::DOMAINS;
use super::records;
use crate::feature::Schemas;

use crate::http::input::{Extent, Field, Shape};
use crate::http::{key, schema};
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

/// The fields of a record.
const FIELDS: Field = Field::new("data", Shape::Json).nullable();

/// Of voice.
pub fn voice(_: &mut Schemas) -> Schema {
    list("voice")
}

/// Of behaviour.
pub fn behavioral(_: &mut Schemas) -> Schema {
    list("behavioral")
}

/// Of sessions.
pub fn session(_: &mut Schemas) -> Schema {
    list("session")
}

/// Of metrics.
pub fn metrics(_: &mut Schemas) -> Schema {
    list("metrics")
}

/// Of a batch.
pub fn batch(_: &mut Schemas) -> Schema {
    upload(Operation::Batch, contents())
}

fn list(domain: &str) -> Schema {
    let domain = DOMAINS.iter().find(|known| known.name == domain);
    domain.map_or_else(Schema::default, |domain| upload(Operation::List(domain), Content::of(domain).into_iter()))
}

/// The upload's own fields, its key by the rule of all keys, and in its lists the items'. That an item breaks its rules is no error of the upload.
fn upload(operation: Operation, lists: impl Iterator<Item = Content>) -> Schema {
    let mut upload = schema::object(operation.fields(), Extent::Whole);
    let of =
        |content| (operation.member(content).to_owned(), json_schema!({ "type": "array", "items": item(content) }).to_value());
    let lists: Map<String, Value> = lists.map(of).collect();
    if let Some(Value::Object(members)) = upload.get_mut("properties") {
        members.extend(lists);
        members.insert(KEY.to_owned(), json!({"oneOf": [key::schema(), {"type": "null"}]}));
    }
    upload
}

fn item(content: Content) -> Schema {
    match content {
        Content::Telemetry(rules) => schema::object(rules.fields, Extent::Whole),
        Content::Records => schema::object(&[records::ENVELOPE, &[FIELDS]].concat(), Extent::Whole),
    }
}
