//! JSON Schemas (2020-12) of tables of fields: what is checked and what is described is one text.
//!
//! A schema tells the plain form of a field. Clients of old are read more generously ([`super::input`]): a number stands
//! for its digits in a text, digits stand for a number, words for a truth value, and a form says all of it in text.

use super::input::{Extent, Field, Items, Shape};
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

/// `YYYY-MM` from the year 1 on.
const MONTH: &str = "^([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-(0[1-9]|1[0-2])$";
/// Something that is not white space.
const NOT_BLANK: &str = "\\S";

/// The schema of an object with these fields; a part of it has none that must be there.
pub fn object(fields: &[Field], extent: Extent) -> Schema {
    let properties: Map<String, Value> = fields.iter().map(|f| (f.name.to_owned(), of(f).to_value())).collect();
    let required: Vec<&str> = fields.iter().filter(|f| f.required && extent == Extent::Whole).map(|f| f.name).collect();
    let mut schema = json_schema!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema
}

/// The schema of a field's value.
pub fn of(field: &Field) -> Schema {
    let mut schema = field.items.map_or_else(|| shape(field.shape), list);
    if field.nullable {
        allow_null(&mut schema);
    }
    if !field.about.is_empty() {
        schema.insert("description".to_owned(), json!(field.about));
    }
    schema
}

fn list(Items { fields, number: (fewest, most) }: Items) -> Schema {
    json_schema!({ "type": "array", "items": object(fields, Extent::Whole), "minItems": fewest, "maxItems": most })
}

fn shape(shape: Shape) -> Schema {
    match shape {
        Shape::Text { min, max, blank, .. } => text(min, max, blank),
        Shape::Int(from, to) => json_schema!({ "type": "integer", "minimum": from, "maximum": to }),
        Shape::Float(from, to) => float(from, to),
        Shape::Bool => json_schema!({ "type": "boolean" }),
        Shape::Date => json_schema!({ "type": "string", "format": "date", "examples": ["2026-01-16"] }),
        Shape::Month => json_schema!({ "type": "string", "pattern": MONTH, "examples": ["2026-01"] }),
        Shape::Instant => json_schema!({
            "type": "string", "format": "date-time", "description": "From 1970 to 9999.", "examples": ["2026-01-16T14:30:45.123Z"]
        }),
        Shape::Json => json_schema!({}),
        Shape::List => json_schema!({ "type": "array", "items": {} }),
        Shape::Choice(words) => json_schema!({ "type": "string", "enum": words }),
        Shape::Object(fields) => object(fields, Extent::Whole),
    }
}

/// A bound that every number keeps is not told.
fn float(from: f64, to: f64) -> Schema {
    let mut schema = json_schema!({ "type": "number" });
    let told = [("minimum", from, f64::MIN), ("maximum", to, f64::MAX)].into_iter().filter(|(_, bound, any)| bound != any);
    told.for_each(|(name, bound, _)| drop(schema.insert(name.to_owned(), json!(bound))));
    schema
}

fn text(min: usize, max: usize, blank: bool) -> Schema {
    let mut schema = json_schema!({ "type": "string" });
    let min = if blank { min } else { min.max(1) };
    if min > 0 {
        schema.insert("minLength".to_owned(), json!(min));
    }
    if max < usize::MAX {
        schema.insert("maxLength".to_owned(), json!(max));
    }
    if !blank {
        schema.insert("pattern".to_owned(), json!(NOT_BLANK));
    }
    schema
}

fn allow_null(schema: &mut Schema) {
    if let Some(plain) = schema.remove("type") {
        schema.insert("type".to_owned(), json!([plain, "null"]));
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field::name("title", 5).required(),
        Field::text("note", 10).about("A few words."),
        Field::new("status", Shape::Choice(&["A", "B"])).nullable(),
        Field::lenient("since"),
    ];

    #[test]
    fn a_table_of_fields_is_a_schema() {
        let whole = object(FIELDS, Extent::Whole).to_value();
        let properties = json!({
            "title": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "\\S"},
            "note": {"type": "string", "maxLength": 10, "description": "A few words."},
            "status": {"type": ["string", "null"], "enum": ["A", "B", null]},
            "since": {"type": "string"},
        });
        assert_eq!(whole, json!({"type": "object", "properties": properties, "required": ["title"]}));
        assert_eq!(object(FIELDS, Extent::Part).get("required"), None);
    }
}
