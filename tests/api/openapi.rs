//! The description of the API. That answers are as described is seen with every request of every case.

use super::routes::routes;
use super::{Case, Phone};
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
    ("what the description shows as an example is taken by the server", taken),
];

/// Examples that name what a developer has to put into them, and are refused as they stand: the path, and why.
const TO_FILL_IN: &[(&str, &str)] = &[
    ("/auth/device/approve/", "the code that another device shows"),
    ("/auth/device/token/", "the code that the device was given"),
    ("/auth/email/verify/", "a code that came by mail"),
    ("/auth/login/", "one's own name and password"),
    ("/auth/me/", "one's own password"),
    ("/auth/password/", "one's own password"),
    ("/auth/password/reset/", "a code that came by mail"),
    ("/couple/invite/", "nothing: it is the couple that is complete"),
    ("/couple/join/", "a code that another was given"),
];

fn taken(server: &Server) {
    let document = request("GET", "/api/openapi.json").send(server.port).expect(200).json();
    let (mut refused, mut asked) = (Vec::new(), 0);
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{kind}", "task");
        if path.contains('{') && !path.starts_with("/sync/edits/") {
            continue;
        }
        for (method, operation) in methods.as_object().unwrap() {
            let Some(example) = operation.pointer("/requestBody/content/application~1json/example") else { continue };
            let phone = Phone::couple(server).0;
            let url = path.replace("{id}", "01890000-0000-7000-8000-000000000001");
            let answer = phone.ask(&method.to_ascii_uppercase(), &url).json(example).send(phone.port);
            let is_to_fill_in = TO_FILL_IN.iter().any(|(known, _)| *known == path);
            if answer.status == 400 && !is_to_fill_in {
                refused.push(format!("{method} {path} {example}: {}", answer.text()));
            }
            asked += 1;
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(asked > 20, "{asked}");
}

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
