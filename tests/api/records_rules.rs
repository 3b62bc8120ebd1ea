//! Records: what an entry and an upload of entries may look like.

use super::expect::{problem, refused};
use super::records::{PATHS, brief, entry, fresh, least, one, send, status};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every rule of every domain fails its entry alone", rules),
    ("an entry's envelope has rules", envelope),
    ("an upload of entries has rules of its own", uploads),
];

/// Fields that break a rule: path, field, values.
fn broken() -> Vec<(&'static str, &'static str, Vec<Value>)> {
    let long = |count: usize| json!("x".repeat(count));
    let instants = || vec![json!("yesterday"), json!(5), json!([]), json!("2026-02-30T00:00:00Z")];
    vec![
        ("journal", "title", vec![json!(""), json!("  "), json!(null), long(201), json!([])]),
        ("journal", "timestamp", instants()),
        ("journal", "tags", vec![json!("no list"), json!({"a": 1}), json!(1)]),
        ("journal", "content", vec![long(20_001), json!(["x"])]),
        ("attendance", "deviceid", vec![json!("four"), json!(""), json!(null), long(201)]),
        ("attendance", "transportmode", vec![json!("walk"), json!("PLANE"), json!(""), json!(null), json!(1)]),
        ("attendance", "identifier", vec![json!("HOME"), json!(null)]),
        ("attendance", "status", vec![json!("pending"), json!("DONE"), json!(null)]),
        ("attendance", "receiveddate", instants()),
        ("activity", "jobdesc", vec![json!("ab"), json!(null), long(201)]),
        ("activity", "gracetime", vec![json!(-1), json!(1.5), json!("x")]),
        ("activity", "priority", vec![json!("URGENT"), json!("high")]),
        ("activity", "jobstatus", vec![json!("DONE"), json!("assigned")]),
        ("helpdesk", "ticketdesc", vec![json!("too short"), json!(null)]),
        ("helpdesk", "identifier", vec![json!("OTHER")]),
        ("helpdesk", "escalation_level", vec![json!(-1), json!(101), json!("high")]),
        ("helpdesk", "status", vec![json!("DONE"), json!("new")]),
        ("work-orders", "description", vec![json!("four"), json!(null)]),
        ("work-orders", "estimated_hours", vec![json!(-0.1), json!(1e9), json!("many")]),
        ("work-orders", "status", vec![json!("DRAFT"), json!("done")]),
    ]
}

/// Pairs of instants: the second is not before the first.
const ORDERS: [(&str, &str, &str); 4] = [
    ("activity", "plandatetime", "expirydatetime"),
    ("activity", "starttime", "endtime"),
    ("work-orders", "scheduled_start", "scheduled_end"),
    ("work-orders", "actual_start", "actual_end"),
];

#[track_caller]
fn fails(phone: &Phone, path: &str, field: &str, fields: &Value) {
    let (bad, good) = (fresh(), fresh());
    let mut whole = least(path);
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let said = send(phone, path, json!([entry(&bad, 0, whole), entry(&good, 0, least(path))]));
    let error = &said["errors"][0];
    assert_eq!(
        (&error["mobile_id"], &error["status"], &error["field"]),
        (&json!(bad), &json!("error"), &json!(field)),
        "{fields}"
    );
    assert!(error["error_message"].as_str().is_some_and(|text| !text.is_empty()), "{said}");
    assert_eq!(brief(&said["synced_items"]), json!([{"mobile_id": good, "status": "created", "server_version": 1}]), "{fields}");
}

fn rules(server: &Server) {
    let phone = Phone::single(server);
    for (path, field, values) in broken() {
        for value in values {
            fails(&phone, path, field, &json!({ field: value }));
        }
    }
    for (path, start, end) in ORDERS {
        fails(&phone, path, end, &json!({start: "2026-01-02T00:00:00Z", end: "2026-01-01T23:59:59Z"}));
        // Of the whole record, not only of what is sent.
        let id = fresh();
        one(&phone, path, entry(&id, 0, least(path)));
        one(&phone, path, entry(&id, 1, json!({start: "2026-01-02T01:00:00+01:00"})));
        let said = send(&phone, path, json!([entry(&id, 2, json!({end: "2026-01-01T00:00:00Z"}))]));
        assert_eq!(said["errors"][0]["field"], end, "{said}");
        assert_eq!(one(&phone, path, entry(&id, 2, json!({end: "2026-01-02T00:00:00Z"}))), status("updated", 3));
    }
    for (_, path) in PATHS {
        let said = send(&phone, path, json!([entry(&fresh(), 0, json!({}))]));
        let essence = least(path).as_object().unwrap().keys().next().unwrap().clone();
        assert_eq!((&said["errors"][0]["field"], &said["synced_items"]), (&json!(essence), &json!([])));
    }
}

fn envelope(server: &Server) {
    let phone = Phone::single(server);
    let bad = [
        ("mobile_id", vec![json!("x"), json!(null), json!(7), json!("")]),
        ("version", vec![json!(-1), json!(1.5), json!("x"), json!(1_000_000_001_i64)]),
        ("operation", vec![json!("UPSERT"), json!(1)]),
        ("base_data", vec![json!([]), json!("x"), json!(1)]),
        ("client_timestamp", vec![json!("x"), json!(1)]),
    ];
    for (field, values) in bad {
        for value in values {
            let mut sent = entry(&fresh(), 0, json!({"title": "t"}));
            sent[field] = value.clone();
            let said = send(&phone, "journal", json!([sent]));
            assert_eq!((&said["errors"][0]["field"], &said["synced_items"]), (&json!(field), &json!([])), "{field} = {value}");
        }
    }
    for odd in [json!("x"), json!(null), json!([]), json!(1)] {
        assert_eq!(send(&phone, "journal", json!([odd]))["errors"][0]["field"], "mobile_id", "{odd}");
    }
    let many: serde_json::Map<String, Value> = (0..101).map(|n| (format!("f{n}"), json!(n))).collect();
    for fields in [json!({"x".repeat(65): 1}), Value::Object(many), json!({"big": "x".repeat(100_001)})] {
        let mut fields = fields;
        fields["title"] = json!("t");
        assert_eq!(send(&phone, "journal", json!([entry(&fresh(), 0, fields)]))["errors"][0]["field"], "data");
    }
    let page = phone.get("/sync/journal/changes/").expect(200).json();
    assert_eq!(page["items"], json!([]), "what was refused left nothing");
    for operation in ["CREATE", "UPDATE", "SYNC", "sync"] {
        let sent = entry(&fresh().to_uppercase(), 0, json!({"title": "t", "operation": operation}));
        assert_eq!(send(&phone, "journal", json!([sent]))["synced_items"][0]["status"], "created", "{operation}");
    }
}

fn uploads(server: &Server) {
    let phone = Phone::single(server);
    let post = |body: Value| phone.post("/sync/journal/sync/", &body);
    let entries = |count: usize| (0..count).map(|_| entry(&fresh(), 0, json!({"title": "t"}))).collect::<Value>();
    for bad in [json!([]), json!(null), json!("x"), json!({}), entries(1_001)] {
        refused(post(json!({"entries": bad, "client_id": "phone-1"})), "entries");
    }
    for bad in [json!("four"), json!(null), json!("x".repeat(101)), json!([])] {
        refused(post(json!({"entries": entries(1), "client_id": bad})), "client_id");
    }
    refused(post(json!({"entries": entries(1), "client_id": "phone-1", "last_sync_timestamp": "x"})), "last_sync_timestamp");
    refused(post(json!({})), "entries");
    let most =
        post(json!({"entries": entries(1_000), "client_id": "phone-1", "last_sync_timestamp": "2026-01-01"})).expect(200).json();
    assert_eq!(most["synced_items"].as_array().unwrap().len(), 1_000);
    let (key, body) = (fresh(), json!({"entries": entries(2), "client_id": "phone-1"}));
    let send =
        |body: &Value| phone.ask("POST", "/sync/journal/sync/").header("Idempotency-Key", &key).json(body).send(server.port);
    let answer = send(&body).expect(200).text();
    assert_eq!(send(&body).expect(200).text(), answer);
    problem(send(&json!({"entries": entries(2), "client_id": "phone-1"})), 422);
    let page = phone.get("/sync/journal/changes/?limit=1000").expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1_000, "a page holds what fits, and not part of a stamp");
}
