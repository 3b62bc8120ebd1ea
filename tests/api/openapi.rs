//! The description of the API. That answers are as described is seen with every request of every case.

use super::Case;
use super::routes::routes;
use crate::servers::Server;
use crate::servers::client::request;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tandem::app::FEATURES;
use tandem::faces::openapi::document;
use tandem::feature::Face;
use tandem::http::version::UNNAMED;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("the description is public, and known by its tag", public),
    ("the description names every route, and the server that it came from", whole),
];

fn public(server: &Server) {
    let answer = request("GET", "/api/openapi.json").send(server.port).expect(200);
    let known = request("GET", "/api/v1/openapi.json").header("If-None-Match", answer.header("ETag").unwrap());
    known.send(server.port).expect(304);
    let document = answer.json();
    assert_eq!(document["paths"]["/openapi.json"]["get"]["security"], serde_json::json!([]));
    assert_eq!(document["paths"]["/goals/"]["get"]["security"], Value::Null, "the rule for all holds");
}

fn whole(server: &Server) {
    let document = request("GET", "/api/openapi.json").send(server.port).expect(200).json();
    let base = document["servers"][0]["url"].as_str().unwrap();
    assert_eq!(request("GET", &format!("{base}/")).send(server.port).expect(200).json()["name"], "Tandem");
    let mut names = BTreeSet::new();
    for route in routes().filter(|route| route.face == Face::Rest) {
        let operation = &document["paths"][route.path][route.method.name().to_ascii_lowercase()];
        assert_eq!(operation["summary"], route.summary, "{}", route.path);
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "two operations have one name");
    }
    let types = document["components"]["schemas"].as_object().unwrap();
    let unclear: Vec<&String> = types.keys().filter(|name| name.ends_with(|c: char| c.is_ascii_digit())).collect();
    assert_eq!(unclear, Vec::<&String>::new(), "two types have one name: rename one of them for schemars");
}

/// The places of schemas in a value of the document that generators of clients cannot read.
fn unreadable(place: &str, value: &Value, found: &mut Vec<String>) {
    const SCHEMAS: [&str; 3] = ["properties", "anyOf", "oneOf"];
    const LITERAL: [&str; 4] = ["example", "examples", "enum", "const"];
    if let Value::Object(members) = value {
        let list = |word: &Value| word == "array" || word.as_array().is_some_and(|types| types.contains(&json!("array")));
        if members.get("type").is_some_and(list) && !members.contains_key("items") {
            found.push(format!("{place}: a list of nobody knows what"));
        }
    }
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, item)| (n.to_string(), item)).collect(),
        _ => return,
    };
    let schemas = place.rsplit('/').next().is_some_and(|last| SCHEMAS.contains(&last));
    for (name, member) in members.into_iter().filter(|(name, _)| !LITERAL.contains(&name.as_str())) {
        let place = format!("{place}/{name}");
        if member.is_boolean() && (schemas || matches!(name.as_str(), "items" | "schema")) {
            found.push(format!("{place}: a boolean schema"));
        }
        unreadable(&place, member, found);
    }
}

#[test]
fn generators_of_clients_can_read_the_description() {
    let document = document::of(&FEATURES, "/api", UNNAMED);
    let mut found = Vec::new();
    unreadable("", &document, &mut found);
    assert_eq!(found, Vec::<String>::new());
    let broken = json!({"a": {"type": ["array", "null"]}, "properties": {"b": true, "c": {"anyOf": [{}, true]}}, "items": false});
    unreadable("", &broken, &mut found);
    assert_eq!(found.len(), 4, "the walk does not see what is wrong: {found:?}");
}

#[test]
fn every_operation_is_told_in_a_sentence_and_every_request_shown_by_a_sound_example() {
    let document = document::of(&FEATURES, "/api", UNNAMED);
    let operations = document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let mut examples = 0;
    for operation in operations {
        let name = &operation["operationId"];
        assert!(operation["description"].as_str().is_some_and(|told| told.ends_with('.')), "{name}");
        let Some(content) = operation.pointer("/requestBody/content/application~1json") else { continue };
        let schema = json!({"components": document["components"], "allOf": [content["schema"]]});
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&content["example"]).map(|error| error.to_string()).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{name}: {}", content["example"]);
        examples += 1;
    }
    assert!(examples > 20, "{examples}");
}
