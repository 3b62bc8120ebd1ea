//! The description of the API. That answers are as described is seen with every request of every case.

use super::Case;
use super::routes::routes;
use crate::servers::Server;
use crate::servers::client::request;
use serde_json::Value;
use std::collections::BTreeSet;
use tandem::feature::Face;

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
