//! Examples of requests, made from their schemas: a form that a developer can paste and change.

use serde_json::{Map, Value, json};

/// What texts hold in examples, by the names of their fields. Others are left out, or where they must be there hold their
/// own name.
const TEXTS: &[(&str, &str)] = &[
    ("username", "anna"),
    ("email", "anna@example.org"),
    ("password", "seven purple kites"),
    ("password_confirm", "seven purple kites"),
    ("old_password", "seven purple kites"),
    ("new_password", "nine yellow boats"),
    ("first_name", "Anna"),
    ("last_name", "Berg"),
    ("timezone", "Europe/Berlin"),
    ("title", "Learn to sail"),
    ("why_for_us", "We both love the sea."),
    ("text", "The walk along the shore."),
    ("note", "Slept well."),
    ("content", "What a year this was."),
    ("theme", "Memories"),
    ("refresh", "the token that signing in answered"),
    ("code", "K7QP2M4X"),
    ("device_id", "annas-phone"),
    ("deviceid", "annas-phone"),
    ("client_id", "annas-phone"),
    ("domain", "journal"),
    ("kind", "task"),
    ("to", "all"),
    ("id", "01890000-0000-7000-8000-000000000001"),
    ("mobile_id", "01890000-0000-7000-8000-000000000001"),
    ("conflict_id", "01890000-0000-7000-8000-000000000002"),
    ("idempotency_key", "01890000-0000-7000-8000-000000000003"),
    ("chosen_version", "client"),
    ("resolution_strategy", "client_wins"),
    ("verification_id", "verification-1"),
    ("session_id", "session-1"),
    ("metric_type", "battery_level"),
    ("jobdesc", "Look after the pump"),
    ("ticketdesc", "The pump has a leak"),
    ("description", "Change the filter"),
];

/// Fields that an example holds though they may be null or left out.
const SHOWN: &[&str] = &["username", "title", "data", "idempotency_key"];

/// The deepest schema that is followed: one that holds itself ends there.
const MAX_DEPTH: usize = 8;

/// An example of a schema, whose references lead to these definitions.
pub fn of(schema: &Value, definitions: &Map<String, Value>) -> Value {
    Examples { definitions }.value("", schema, MAX_DEPTH)
}

struct Examples<'d> {
    definitions: &'d Map<String, Value>,
}

impl Examples<'_> {
    /// The value of a member of this name.
    fn value(&self, name: &str, schema: &Value, depth: usize) -> Value {
        if depth == 0 {
            return Value::Null;
        }
        let inner = |schema: &Value| self.value(name, schema, depth - 1);
        let alternative = ["anyOf", "oneOf"].iter().find_map(|word| schema[word].get(0));
        let said = schema.pointer("/examples/0").or_else(|| schema.pointer("/enum/0"));
        if let Some(said) = said {
            said.clone()
        } else if let Some(alternative) = alternative {
            inner(alternative)
        } else if let Some(definition) = self.definition(schema) {
            inner(definition)
        } else {
            self.plain(name, schema, depth)
        }
    }

    fn definition(&self, schema: &Value) -> Option<&Value> {
        self.definitions.get(schema["$ref"].as_str()?.rsplit('/').next()?)
    }

    fn plain(&self, name: &str, schema: &Value, depth: usize) -> Value {
        let kind = schema["type"].as_str().or_else(|| schema.pointer("/type/0")?.as_str());
        match kind {
            Some("object") => self.object(schema, depth),
            Some("array") if schema["items"].get("type").is_some() => json!([self.value(name, &schema["items"], depth - 1)]),
            Some("array") => json!([]),
            Some("string") => text(name).unwrap_or(name).into(),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(true),
            _ => text(name).map_or_else(|| json!({}), Value::from),
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required = |name: &String| schema["required"].as_array().is_some_and(|all| all.iter().any(|word| word == name));
        let shown = |name: &String, member: &Value| {
            required(name) || SHOWN.contains(&name.as_str()) || (member["type"].is_string() && is_telling(name, member))
        };
        let members = schema["properties"].as_object().into_iter().flatten().filter(|(name, member)| shown(name, member));
        members.map(|(name, member)| (name.clone(), self.value(name, member, depth - 1))).collect::<Map<_, _>>().into()
    }
}

fn text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(field, _)| *field == name).map(|(_, text)| *text)
}

/// Is there something to show of a member that may be left out?
fn is_telling(name: &str, member: &Value) -> bool {
    member["type"] != "string" || text(name).is_some() || member.get("enum").is_some() || member.get("examples").is_some()
}
