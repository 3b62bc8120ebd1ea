//! What uploads of telemetry come to, as a table: what is sent one after the other, and what each is answered.

use super::driver::{DRIVERS, Operation, Operation::Batch, Operation::Voice, Outcome, SENT_AT, Upload};
use crate::api::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::base::time::{MINUTE, Timestamp};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every upload of the table comes to what it says, through every face alike", table),
    ("what is kept is what was sent", kept),
];

/// One row: uploads of one device, and what each is answered at least.
struct Row {
    says: &'static str,
    sends: Vec<(Operation, Value, Value)>,
}

fn row(says: &'static str, sends: Vec<(Operation, Value, Value)>) -> Row {
    Row { says, sends }
}

/// A voice item.
fn voice(id: &str, more: &Value) -> Value {
    let mut item = json!({"verification_id": id, "timestamp": SENT_AT, "verified": true});
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    item
}

fn many(count: usize) -> Value {
    (0..count).map(|n| voice(&format!("v{n}"), &json!({}))).collect()
}

/// So many were taken, none refused.
fn taken(count: usize) -> Value {
    json!({"success": true, "synced_items": count, "failed_items": 0, "errors": [], "conflicts": [],
        "metrics": {"total_items": count, "synced_items": count, "failed_items": 0, "conflicts_detected": 0}})
}

/// One of so many was refused, for this field.
fn one_bad(count: usize, field: &str, item_id: &str) -> Value {
    json!({"success": false, "synced_items": count - 1, "failed_items": 1,
        "errors": [{"code": "SYNC_ERROR", "field": field, "item_id": item_id}]})
}

fn refused_list(count: usize) -> Value {
    json!({"success": false, "synced_items": 0, "failed_items": count, "errors": [{"code": "VALIDATION_ERROR", "item_id": null}]})
}

fn in_minutes(minutes: i64) -> String {
    Timestamp::now().plus(minutes * MINUTE).to_string()
}

fn rows() -> Vec<Row> {
    let behaviour = |session: &str, events: Value| json!({"session_id": session, "events": events, "duration_ms": 900});
    let metric = |name: &str, at: &str| json!({"metric_type": name, "value": 1.5, "timestamp": at});
    let session = |end: Value| json!({"session_id": "s", "start_time": "2026-01-16T10:00:00Z", "end_time": end});
    let (a, b) = (voice("a", &json!({})), voice("b", &json!({})));
    let batch_of = |name: &str, result: Value| json!({"success": result["success"], format!("{name}_sync_result"): result});
    let voice_row = |says, items: Value, expected: Value| row(says, vec![(Voice, items, expected)]);
    let bad_voice = |says, more: Value, field: &str| voice_row(says, json!([a, voice("x", &more)]), one_bad(2, field, "x"));
    vec![
        voice_row("an item is taken", json!([a]), taken(1)),
        voice_row(
            "an item with all its fields is taken",
            json!([voice(
                "full",
                &json!({"confidence_score": 0.5, "quality_score": 1, "processing_time_ms": 0, "metadata": {"k": [1]}})
            )]),
            taken(1),
        ),
        voice_row("a thousand items are taken", many(1_000), taken(1_000)),
        voice_row("more are refused as a whole", many(1_001), refused_list(1_001)),
        voice_row("an empty list is refused", json!([]), refused_list(0)),
        row(
            "a repeated item counts as taken",
            vec![
                (Voice, json!([a, a]), json!({"success": true, "synced_items": 2, "metrics": {"cache_hit_rate": 0.5}})),
                (Voice, json!([a, b]), json!({"success": true, "synced_items": 2, "metrics": {"cache_hit_rate": 0.5}})),
            ],
        ),
        bad_voice("an instant that is none fails its item alone", json!({"timestamp": "yesterday"}), "timestamp"),
        bad_voice("more than 5 minutes ahead is the future", json!({"timestamp": in_minutes(7)}), "timestamp"),
        voice_row("less is a clock that is fast", json!([voice("f", &json!({"timestamp": in_minutes(3)}))]), taken(1)),
        bad_voice("a score is at most 1", json!({"confidence_score": 1.01}), "confidence_score"),
        bad_voice("a score is at least 0", json!({"quality_score": -0.01}), "quality_score"),
        bad_voice("time does not run backwards", json!({"processing_time_ms": -1}), "processing_time_ms"),
        voice_row(
            "an id has 255 characters at most",
            json!([a, voice(&"é".repeat(256), &json!({}))]),
            one_bad(2, "verification_id", &"é".repeat(255)),
        ),
        voice_row("an id is not blank", json!([voice(" ", &json!({}))]), one_bad(1, "verification_id", " ")),
        row(
            "a batch of nothing succeeds",
            vec![
                (Batch, json!({}), json!({"success": true, "voice_sync_result": null, "overall_metrics": {"total_items": 0}})),
                (Batch, json!({"voice_data": []}), json!({"success": true, "voice_sync_result": taken(0)})),
            ],
        ),
        row(
            "a list that is too long stops its whole batch",
            vec![(
                Batch,
                json!({"voice_data": many(1_001), "metrics_data": [metric("m", SENT_AT)]}),
                json!({"success": false, "voice_sync_result": refused_list(1_001), "behavioral_sync_result": null,
                "metrics_sync_result": {"success": false, "synced_items": 0, "failed_items": 1, "errors": []},
                "overall_metrics": {"total_items": 1_002, "synced_items": 0, "failed_items": 1_002}}),
            )],
        ),
        row(
            "a batch holds every domain, and one bad item fails alone",
            vec![(
                Batch,
                json!({
                    "voice_data": [a, voice("x", &json!({"timestamp": ""}))], "behavioral_data": [behaviour("s", json!([1]))],
                    "session_data": [session(json!(null))], "metrics_data": [metric("m", SENT_AT)], "metadata": {"app": "1.0"},
                }),
                json!({"success": false, "voice_sync_result": one_bad(2, "timestamp", "x"), "behavioral_sync_result": taken(1),
                "session_sync_result": taken(1), "metrics_sync_result": taken(1), "records_sync_result": null,
                "overall_metrics": {"total_items": 5, "synced_items": 4, "failed_items": 1, "cache_hit_rate": 0.0}, "warnings": []}),
            )],
        ),
        row(
            "behaviour is the same by session, device and events",
            vec![(
                Batch,
                json!({"behavioral_data": [behaviour("s", json!([1])), behaviour("s", json!([1])), behaviour("s", json!([2])),
                behaviour("t", json!([1]))]}),
                json!({"overall_metrics": {"synced_items": 4, "cache_hit_rate": 0.25}}),
            )],
        ),
        row(
            "a metric is the same by type and instant, in whatever zone",
            vec![(
                Batch,
                json!({"metrics_data": [metric("m", SENT_AT), metric("m", "2026-01-16T15:30:45+01:00"), metric("n", SENT_AT)]}),
                json!({"overall_metrics": {"synced_items": 3, "cache_hit_rate": 1.0 / 3.0}}),
            )],
        ),
        row(
            "a session ends when it has begun",
            vec![
                (
                    Batch,
                    json!({"session_data": [session(json!("2026-01-16T09:59:59Z"))]}),
                    batch_of("session", one_bad(1, "end_time", "s")),
                ),
                (Batch, json!({"session_data": [session(json!("2026-01-16T10:00:00Z"))]}), batch_of("session", taken(1))),
            ],
        ),
        row(
            "a session that is there is completed, not repeated",
            vec![
                (Batch, json!({"session_data": [session(json!(null))]}), batch_of("session", taken(1))),
                (
                    Batch,
                    json!({"session_data": [session(json!("2026-01-16T11:00:00Z"))]}),
                    json!({"session_sync_result": {"metrics": {"cache_hit_rate": 0.0}}}),
                ),
                (
                    Batch,
                    json!({"session_data": [session(json!("2026-01-16T11:00:00Z"))]}),
                    json!({"session_sync_result": {"metrics": {"cache_hit_rate": 1.0}}}),
                ),
                (
                    Batch,
                    json!({"session_data": [{"session_id": "s", "start_time": "2026-01-16T12:00:00Z"}]}),
                    batch_of("session", one_bad(1, "end_time", "s")),
                ),
            ],
        ),
    ]
}

/// Does a value hold all that is expected of it? Lists must have the same length.
fn holds(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().all(|(name, value)| holds(actual.get(name).unwrap_or(&Value::Null), value))
        }
        (Value::Array(actual), Value::Array(expected)) => {
            actual.len() == expected.len() && actual.iter().zip(expected).all(|(a, e)| holds(a, e))
        }
        (Value::Number(actual), Value::Number(expected)) => actual.as_f64() == expected.as_f64(),
        _ => actual == expected,
    }
}

fn table(server: &Server) {
    let phones: Vec<Phone> = DRIVERS.iter().map(|_| Phone::single(server)).collect();
    for Row { says, sends } in rows() {
        for phone in &phones {
            // In a new couple nothing was sent yet.
            phone.post("/couple/leave/", &json!({})).expect(204);
            phone.post("/couple/create/", &json!({})).expect(201);
        }
        for (operation, items, expected) in &sends {
            let upload = Upload::new(*operation, items);
            let outcomes: Vec<Outcome> =
                DRIVERS.iter().zip(&phones).map(|(driver, phone)| driver.upload(phone, &upload)).collect();
            for (driver, outcome) in DRIVERS.iter().zip(&outcomes) {
                let Outcome::Answered(answer) = outcome else { panic!("{says} ({}): {outcome:?}", driver.name()) };
                assert!(holds(answer, expected), "{says} ({}):\n{answer:#}\nis not\n{expected:#}", driver.name());
                assert_eq!(outcome, &outcomes[0], "{says}: {} differs", driver.name());
            }
        }
    }
}

fn kept(server: &Server) {
    for driver in DRIVERS {
        let phone = Phone::single(server);
        let first = voice("v", &json!({"confidence_score": 0.5, "metadata": "{\"a\":[1,null]}"}));
        let again = voice("v", &json!({"confidence_score": 0.9}));
        driver.upload(&phone, &Upload::new(Voice, &json!([first]))).answer();
        driver.upload(&phone, &Upload::new(Voice, &json!([again]))).answer();
        let begun = json!({"session_id": "s", "start_time": "2026-01-16T10:00:00+01:00", "metadata": {"a": 1}});
        let ended = json!({"session_id": "s", "start_time": "2026-01-16T09:00:00Z", "end_time": "2026-01-16T09:30:00Z"});
        let acts = json!({"session_id": "s", "events": [{"tap": 1}], "duration_ms": 5});
        driver.upload(&phone, &Upload::new(Batch, &json!({"session_data": [begun], "behavioral_data": [acts]}))).answer();
        driver.upload(&phone, &Upload::new(Batch, &json!({"session_data": [ended]}))).answer();
        let held = phone.get("/auth/export/").expect(200).json()["data"]["telemetry"].clone();
        let expected = json!([
            {"domain": "voice", "device_id": "phone-1", "at": "2026-01-16T14:30:45.000Z", "data": {"verification_id": "v",
                "timestamp": "2026-01-16T14:30:45.000Z", "verified": true, "confidence_score": 0.5, "metadata": {"a": [1, null]}}},
            {"domain": "behavioral", "device_id": "phone-1", "at": "2026-01-16T14:30:45.000Z",
                "data": {"session_id": "s", "events": [{"tap": 1}], "duration_ms": 5}},
            {"domain": "session", "device_id": "phone-1", "at": "2026-01-16T09:00:00.000Z", "data": {"session_id": "s",
                "start_time": "2026-01-16T09:00:00.000Z", "end_time": "2026-01-16T09:30:00.000Z", "metadata": {"a": 1}}},
        ]);
        assert_eq!(held, expected, "{}", driver.name());
    }
}
