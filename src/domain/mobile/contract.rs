//! What uploads look like, for the API's description: made from the tables that they are read by.

use super::batch::{Content, KEY, Operation};
use super::{domains, records};
use crate::feature::Schemas;
use crate::http::input::{Extent, Field, Shape};
use crate::http::{key, schema};
use schemars::{Schema, json_schema};
use serde_json::{Value, json};

/// Of the domain whose route is described.
pub fn list(schemas: &mut Schemas) -> Schema {
    let domain = domains::of_path(schemas.subject);
    domain.map_or_else(|_| Schema::default(), |domain| upload(Operation::List(domain), schemas))
}

/// Of a batch.
pub fn batch(schemas: &mut Schemas) -> Schema {
    upload(Operation::Batch, schemas)
}

/// The upload's own fields, its key by the rule of all keys, and in its lists the items'. That an item breaks its rules is no
/// error of the upload.
fn upload(operation: Operation, schemas: &mut Schemas) -> Schema {
    let contents = operation.contents();
    let member = |content: &Content| {
        let list = Field::new(operation.member(*content), Shape::List);
        if operation.needs_list() { list.required() } else { list }
    };
    let fields: Vec<Field> = operation.fields().iter().copied().chain(contents.iter().map(member)).collect();
    let mut upload = schema::object(&fields, Extent::Whole);
    if let Some(Value::Object(members)) = upload.get_mut("properties") {
        for content in contents {
            let list = json_schema!({ "type": "array", "items": item(content, schemas) });
            members.insert(operation.member(content).to_owned(), list.to_value());
        }
        members.insert(KEY.to_owned(), json!({"oneOf": [key::schema(), {"type": "null"}]}));
    }
    upload
}

fn item(content: Content, schemas: &mut Schemas) -> Schema {
    match content {
        Content::Telemetry(rules) => schema::object(rules.fields, Extent::Whole),
        Content::Records => {
            let mut item = schema::object(records::ENVELOPE, Extent::Whole);
            if let Some(Value::Object(members)) = item.get_mut("properties") {
                members.insert("data".to_owned(), records::describe_data(schemas).to_value());
            }
            item
        }
    }
}
