//! What uploads through REST alone have: lists of every domain, the key in a header field, problems.

use crate::api::expect::{problem, refused};
use crate::api::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every domain of telemetry has a route", domains),
    ("the key may stand in the header field", header),
    ("two keys, or one that is none, are refused", bad_keys),
    ("a key that comes again with another upload is SYNC_003", reused),
    ("an upload without its own fields is refused before anything is written", frames),
    ("a list of events may be a string that holds one", events),
    ("an item says what is wrong with each of its fields", item_errors),
    ("who is in no couple cannot upload", alone),
    ("a body of more than 10 MiB is 413", too_large),
];

const AT: &str = "2026-01-16T14:30:45Z";

/// An item of each domain, and what is wrong with it without the named field.
fn items() -> [(&'static str, Value, &'static str); 4] {
    [
        ("voice", json!({"verification_id": "v", "timestamp": AT, "verified": true}), "verified"),
        ("behavioral", json!({"session_id": "s", "events": [{"tap": [1, 2]}], "duration_ms": 1}), "events"),
        ("session", json!({"session_id": "s", "start_time": AT}), "start_time"),
        ("metrics", json!({"metric_type": "m", "value": -1.5e300, "timestamp": AT}), "value"),
    ]
}

fn domains(server: &Server) {
    let phone = Phone::single(server);
    for (domain, item, needed) in items() {
        let path = format!("/sync/{domain}/");
        let mut lacking = item.clone();
        lacking.as_object_mut().unwrap().remove(needed);
        let body = json!({"device_id": "d", "data": [item, lacking, "none"]});
        let answer = phone.post(&path, &body).expect(200).json();
        assert_eq!((&answer["success"], &answer["synced_items"]), (&json!(false), &json!(1)), "{answer}");
        let errors = &answer["errors"];
        assert_eq!((&errors[0]["field"], &errors[0]["code"]), (&json!(needed), &json!("SYNC_ERROR")), "{answer}");
        assert_eq!((&errors[1]["field"], &errors[1]["item_id"]), (&Value::Null, &Value::Null), "{answer}");
        assert_eq!(answer["idempotency_key"], Value::Null);
        assert!(phone.poll("")["server_time"].as_str() >= answer["server_timestamp"].as_str());
    }
}

fn header(server: &Server) {
    let phone = Phone::single(server);
    let key = uuid::Uuid::new_v4().to_string();
    let body = json!({"device_id": "d", "data": [items()[0].1]});
    let mut with_key = body.clone();
    with_key["idempotency_key"] = key.clone().into();
    let send = |body: &Value| phone.ask("POST", "/sync/voice/").header("Idempotency-Key", &key).json(body).send(server.port);
    let first = send(&body).expect(200);
    assert_eq!(first.json()["idempotency_key"], key);
    assert_eq!(send(&with_key).expect(200).body, first.body);
    assert_eq!(phone.post("/sync/voice/", &with_key).expect(200).body, first.body);
}

fn bad_keys(server: &Server) {
    let phone = Phone::single(server);
    let body = json!({"device_id": "d", "data": [items()[0].1], "idempotency_key": uuid::Uuid::new_v4().to_string()});
    let ask = phone.ask("POST", "/sync/voice/").header("Idempotency-Key", uuid::Uuid::new_v4().to_string());
    refused(ask.json(&body).send(server.port), "idempotency_key");
    for key in ["short", &"x".repeat(256), "with a blank in it"] {
        let mut body = body.clone();
        body["idempotency_key"] = key.into();
        problem(phone.post("/sync/voice/", &body), 400);
    }
    assert_eq!(phone.get("/sync/devices/").expect(200).json()["count"], 0);
}

fn reused(server: &Server) {
    let phone = Phone::single(server);
    let body = |device: &str| json!({"device_id": device, "data": [items()[0].1], "idempotency_key": "0123456789abcdef"});
    phone.post("/sync/voice/", &body("d")).expect(200);
    assert_eq!(problem(phone.post("/sync/voice/", &body("e")), 422)["code"], "SYNC_003");
    phone
        .post("/sync/batch/", &json!({"device_id": "d", "client_timestamp": AT, "idempotency_key": "0123456789abcdef"}))
        .expect(200);
}

fn frames(server: &Server) {
    let phone = Phone::single(server);
    let item = items()[0].1.clone();
    for (body, field) in [
        (json!({"data": [item]}), "device_id"),
        (json!({"device_id": "", "data": [item]}), "device_id"),
        (json!({"device_id": "x".repeat(256), "data": [item]}), "device_id"),
        (json!({"device_id": "d"}), "data"),
        (json!({"device_id": "d", "data": {}}), "data"),
        (json!({"device_id": "d", "data": [item], "client_timestamp": "noon"}), "client_timestamp"),
    ] {
        refused(phone.post("/sync/voice/", &body), field);
    }
    refused(phone.post("/sync/batch/", &json!({"device_id": "d", "voice_data": [item]})), "client_timestamp");
    refused(phone.post("/sync/batch/", &json!({"device_id": "d", "client_timestamp": AT, "voice_data": 1})), "voice_data");
    assert_eq!(phone.get("/sync/devices/").expect(200).json()["count"], 0);
}

/// GraphQL makes a list of one of whatever stands in a list's place.
fn events(server: &Server) {
    let phone = Phone::single(server);
    let item = |events: Value| json!({"session_id": "s", "events": events, "duration_ms": 1});
    let data = json!([item(json!([{"a": 1}])), item(json!("[{\"a\": 1}]")), item(json!("{}")), item(json!({}))]);
    let answer = phone.post("/sync/behavioral/", &json!({"device_id": "d", "data": data})).expect(200).json();
    assert_eq!((&answer["synced_items"], &answer["metrics"]["repeated_items"]), (&json!(2), &json!(1)), "{answer}");
    assert!(answer["errors"].as_array().unwrap().iter().all(|error| error["field"] == "events"), "{answer}");
}

fn item_errors(server: &Server) {
    let phone = Phone::single(server);
    let item = json!({"verification_id": "v", "timestamp": "noon", "verified": "perhaps"});
    let ask = phone.ask("POST", "/sync/voice/").header("Accept-Language", "fr");
    let answer = ask.json(&json!({"device_id": "d", "data": [item]})).send(server.port).expect(200).json();
    let error = &answer["errors"][0];
    assert_eq!((&error["item_id"], &error["field"], &answer["failed_items"]), (&json!("v"), &json!("timestamp"), &json!(1)));
    assert_eq!(error["details"].as_object().unwrap().keys().collect::<Vec<_>>(), ["timestamp", "verified"]);
    assert!(error["message"].as_str().unwrap().starts_with("Utilisez"), "{error}");
}

fn alone(server: &Server) {
    let phone = Phone::register(server);
    for path in ["/sync/voice/", "/sync/batch/"] {
        problem(phone.post(path, &json!({"device_id": "d", "client_timestamp": AT, "data": [items()[0].1]})), 404);
    }
}

fn too_large(server: &Server) {
    let phone = Phone::single(server);
    let body = json!({"device_id": "d", "data": [items()[0].1], "padding": "x".repeat(10 * 1024 * 1024)});
    // Apache hands a body this large to the plain CGI program; the answer may come before all of it was sent.
    let answer = phone.post("/sync/voice/", &body);
    assert_eq!(answer.status, 413, "{}", answer.text());
}
