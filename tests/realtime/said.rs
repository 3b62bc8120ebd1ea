//! What clients say on a socket, and what they are answered.

use super::engine::last;
use super::{Socket, closes, site, talking, uploads};
use crate::api::Phone;
use crate::api::devices::again;
use crate::servers::Engine;
use serde_json::{Value, json};

/// A record of an upload.
fn record(title: &str) -> Value {
    let data = json!({"jobdesc": title});
    json!({"domain": "task", "mobile_id": uuid::Uuid::new_v4().to_string(), "operation": "CREATE", "version": 0, "data": data})
}

fn entry() -> Value {
    json!({"mobile_id": uuid::Uuid::new_v4().to_string(), "title": "a day", "content": "…"})
}

#[test]
fn what_has_to_wait_is_named_by_what_it_is_about() {
    let server = talking(Engine::Sqlite, "2/60");
    let (a, _) = Phone::couple(&server);
    let mut socket = Socket::of(&server, &a, "one");
    socket.open();
    (0..2).for_each(|_| drop(socket.say(&json!({"type": "heartbeat"}))));
    let long = "r".repeat(9_000);
    let upload = json!({
        "type": "sync_data", "sync_id": "s", "request_id": long, "idempotency_key": "a key of an upload", "data": {"records": []},
    });
    let said = last(&socket.say(&upload));
    assert_eq!((&said["error_code"], &said["retryable"]), (&json!("RATE_LIMIT_EXCEEDED"), &json!(true)));
    assert_eq!((&said["sync_id"], &said["idempotency_key"]), (&json!("s"), &json!("a key of an upload")));
    assert!(said["retry_after"].as_u64() >= Some(1) && said["request_id"].is_null(), "{said}");
}

#[test]
fn whatever_a_client_causes_counts() {
    let server = talking(Engine::Sqlite, "3/60");
    let (a, _) = Phone::couple(&server);
    let mut socket = Socket::of(&server, &a, "one");
    socket.open();
    assert_eq!(socket.ask("PING 2\r\nhi\r\n").text(), "PONG 2\r\nhi\r\n");
    assert!(socket.ask("BINARY 2\r\nhi\r\n").text().contains("INVALID_MESSAGE"));
    assert!(socket.ask("PONG\r\n").body.is_empty());
    assert!(socket.ask("PING\r\n").text().contains("RATE_LIMIT_EXCEEDED"));
    assert!(socket.ask("BINARY 2\r\nhi\r\n").text().contains("RATE_LIMIT_EXCEEDED"));
    assert!(closes(&socket.ask("PING\r\n"), 4429));
}

#[test]
fn a_key_is_the_same_member_in_every_version() {
    let server = talking(Engine::Sqlite, "100/60");
    let (a, _) = Phone::couple(&server);
    let a = again(&server, &a, &json!({"device_id": "phone"}));
    let mut socket = Socket { path: "/api/v2/ws/mobile/sync/?device_id=phone", ..Socket::of(&server, &a, "one") };
    socket.open();
    for key in ["a-key-of-an-upload", "one-with-\"-and-\\-in-it"] {
        let upload = json!({"type": "sync_data", "sync_id": "s", "idempotency_key": key, "data": {"records": [record("one")]}});
        let said = socket.say(&upload);
        assert!(said.contains("sync_complete"), "{said}");
        assert!(socket.say(&upload).contains("sync_complete"), "sent again");
    }
}

#[test]
fn an_upload_goes_on_where_its_socket_ended() {
    let server = talking(Engine::Sqlite, "100/60");
    let (a, _) = Phone::couple(&server);
    let mut socket = Socket::of(&server, &a, "one");
    socket.open();
    socket.say(&json!({"type": "start_sync", "sync_id": "s", "domain": "journal"}));
    let mut after = Socket::of(&server, &a, "two");
    after.open();
    let said = uploads(&mut after, &json!({"data": {"records": [record("one")]}}));
    assert!(said.contains("sync_complete"), "{said}");
    let said = uploads(&mut after, &json!({"domain": "journal", "payload": {"entries": [entry()]}}));
    assert!(said.contains("sync_complete"), "{said}");
    // What only the other one knew is asked for again; nothing is lost by that.
    let said = last(&uploads(&mut after, &json!({"payload": {"entries": [entry()]}})));
    assert_eq!(
        (&said["error_code"], &said["retryable"], &said["sync_id"]),
        (&json!("SYNC_NOT_BEGUN"), &json!(true), &json!("s"))
    );
    after.say(&json!({"type": "start_sync", "sync_id": "s", "domain": "journal"}));
    let said = uploads(&mut after, &json!({"payload": {"entries": [entry()]}}));
    assert!(said.contains("sync_complete"), "{said}");
    for none in [json!(null), json!(""), json!("\u{1}"), json!("s".repeat(65))] {
        let said = uploads(&mut after, &json!({"sync_id": none, "data": {"records": []}}));
        assert!(said.contains("VALIDATION_ERROR"), "{said}");
    }
}

#[test]
fn a_refusal_tells_what_an_app_goes_by() {
    let server = site(Engine::Sqlite, &[("TANDEM_LIMITS_UPLOADS", "1/60")]);
    let (a, _) = Phone::couple(&server);
    let mut socket = Socket::of(&server, &a, "one");
    let epoch = last(&socket.open())["epoch"].clone();
    let said = last(&uploads(&mut socket, &json!({"data": {"records": [], "epoch": "00000000-0000-8000-8000-000000000000"}})));
    assert_eq!((&said["error_code"], &said["epoch"]), (&json!("EPOCH_CHANGED"), &epoch), "{said}");
    let refused = (0..3).map(|_| last(&uploads(&mut socket, &json!({"data": {"records": [record("one")]}}))));
    let said = refused.into_iter().find(|said| said["type"] == "error").unwrap();
    assert!(said["retry_after"].as_u64() >= Some(1) && said["reason"].is_string() && said["retryable"] == true, "{said}");
}

#[test]
fn objects_are_asked_for_by_each_name_of_their_domain() {
    let server = talking(Engine::Sqlite, "100/60");
    let (a, _) = Phone::couple(&server);
    let question = a.make("/qna/questions/", &json!({"text": "What made you smile today?"}));
    let mut socket = Socket::of(&server, &a, "one");
    socket.open();
    let task = record("one");
    uploads(&mut socket, &json!({"data": {"records": [task]}}));
    let questions = ["question", "questions", "qna_questions"].map(|word| (word, json!(question)));
    let tasks = ["task", "activity", "tasks"].map(|word| (word, task["mobile_id"].clone()));
    for (word, id) in questions.into_iter().chain(tasks) {
        let said = last(&socket.say(&json!({"type": "request_server_data", "domain": word, "entity_ids": [id]})));
        assert_eq!(said["data"][word].as_array().map(Vec::len), Some(1), "{word}: {said}");
        let since = json!({"type": "request_server_data", "domain": word, "since_timestamp": "2020-01-01T00:00:00Z"});
        assert!(last(&socket.say(&since)).to_string().contains(id.as_str().unwrap()), "{word}");
    }
    for (word, ids) in [("nonsense", json!([question])), ("couple", json!([question])), ("question", json!("all"))] {
        let said = last(&socket.say(&json!({"type": "request_server_data", "domain": word, "entity_ids": ids, "request_id": 7})));
        assert!(said["error_code"] == "VALIDATION_ERROR" && said["request_id"] == 7, "{word}: {said}");
    }
}

#[test]
fn what_is_no_instant_is_refused() {
    let server = talking(Engine::Sqlite, "100/60");
    let (a, _) = Phone::couple(&server);
    let mut socket = Socket::of(&server, &a, "one");
    socket.open();
    for word in ["request_server_data", "server_data_request", "start_sync"] {
        for wrong in [json!("yesterday"), json!(""), json!(1_764_547_200), json!({})] {
            let said = last(&socket.say(&json!({"type": word, "since_timestamp": wrong, "sync_id": "s"})));
            assert_eq!((&said["error_code"], &said["sync_id"]), (&json!("VALIDATION_ERROR"), &json!("s")), "{word}: {wrong}");
        }
        for good in [json!(null), json!("2026-01-16T10:00:00Z")] {
            let said = last(&socket.say(&json!({"type": word, "since_timestamp": good, "sync_id": "s", "full_sync": true})));
            assert_ne!(said["type"], "error", "{word}: {said}");
        }
    }
}

#[test]
fn a_member_that_is_something_else_is_refused() {
    let server = talking(Engine::Sqlite, "100/60");
    let (a, _) = Phone::couple(&server);
    let mut socket = Socket::of(&server, &a, "one");
    socket.open();
    let key = "a key of 16 or more";
    for (odd, named) in [
        (json!({"type": "subscribe_events", "domains": "goals"}), "domains"),
        (json!({"type": "subscribe_events", "event_types": [5]}), "event_types"),
        (json!({"type": "device_status", "battery_saver": "true"}), "battery_saver"),
        (json!({"type": "request_server_data", "domain": ["goals"]}), "domain"),
        (json!({"type": "request_server_data", "domain": "goals", "entity_ids": "all"}), "entity_ids"),
        (json!({"type": "request_server_data", "domain": "goals", "entity_ids": ["all"]}), "entity_ids"),
        (json!({"type": "start_sync", "sync_id": 5}), "sync_id"),
        (json!({"type": "sync_data", "sync_id": "s", "idempotency_key": key, "data": []}), "data"),
        (json!({"type": "conflict_resolution", "conflict_id": 7, "data": {}}), "conflict_id"),
    ] {
        let said = last(&socket.say(&odd));
        let names = said["message"].as_str().unwrap_or_default().contains(named);
        assert!(said["error_code"] == "VALIDATION_ERROR" && names, "{odd}: {said}");
    }
    let said = last(&socket.say(&json!({"type": "subscribe_events", "domains": null, "event_types": []})));
    assert_eq!(said["type"], "subscription_confirmed", "null is as left out: {said}");
}

#[test]
fn what_a_socket_remembers_fits_a_field() {
    let server = talking(Engine::Sqlite, "100/60");
    let (a, _) = Phone::couple(&server);
    let device = "%22".repeat(255);
    let path = format!("/api/ws/mobile/sync/?device_id={device}");
    let mut socket = Socket { path: &path, ..Socket::of(&server, &a, "one") };
    let begun = last(&socket.open());
    let kinds: Vec<Value> = begun["features"]["supported_data_types"].as_array().unwrap().iter().take(16).cloned().collect();
    assert!(socket.say(&json!({"type": "subscribe_events", "domains": kinds})).contains("subscription_confirmed"));
    for n in 0..9 {
        let name = |word: &str| format!("{n}{}", word.repeat(63));
        let said = socket.say(&json!({"type": "start_sync", "sync_id": name("\u{1}")}));
        assert!(said.contains("VALIDATION_ERROR"), "{said}");
        let said = socket.say(&json!({"type": "start_sync", "sync_id": name("\""), "domain": name("\\")}));
        assert!(said.contains("sync_session_started"), "{said}");
    }
    let kept = socket.state.clone().unwrap();
    assert!(kept.len() < 7 * 1024, "{}", kept.len());
}

#[test]
fn the_older_of_two_sockets_may_end() {
    let site = crate::push::site::Site::with(Engine::Sqlite, false, &super::SETTINGS);
    let (phone, partner) = site.awake("phone", &json!({}));
    let mut older = Socket::of(&site.server, &phone, "one");
    let mut newer = Socket::of(&site.server, &phone, "two");
    older.open();
    newer.open();
    older.ask("DISCONNECT\r\n");
    crate::push::site::ask(&partner);
    site.deliver();
    assert!(site.service.sent("phone").is_empty(), "it was told on its other socket");
    newer.ask("DISCONNECT\r\n");
    site.hurry("phone");
    site.deliver();
    assert_eq!(site.sent("phone", 1).len(), 1);
}
