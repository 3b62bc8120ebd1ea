//! What is kept for later, within bounds: answers for retries, and conflicts of one record.

use super::conflicts::{item, late, one, set, upload, with};
use super::mobile::driver::DRIVERS;
use super::phone::PASSWORD;
use super::resolutions::{choice, resolve};
use super::{Phone, expect::problem};
use crate::servers::client::{Answer, request};
use crate::servers::mariadb::Mariadb;
use crate::servers::{Engine, Kind, Options, Server};
use serde_json::{Value, json};
use tandem::base::time::Timestamp;
use tandem::db::Mode;
use tandem::params;

/// The most bytes of an answer that is kept.
const KEPT: usize = 1 << 20;

fn server(engine: Engine, database: Option<String>, settings: &[(&str, &str)]) -> Server {
    let env = settings.iter().map(|(name, value)| (format!("TANDEM_LIMITS_{name}"), (*value).to_owned())).collect();
    Server::start(Kind::LighttpdFastcgi, &Options { engine, database, env, workers: 2, ..Options::default() })
}

fn batch(phone: &Phone, key: &str, records: &[Value]) -> Answer {
    let at = "2026-01-16T14:30:45Z";
    phone.post("/sync/batch/", &json!({"device_id": "d", "client_timestamp": at, "idempotency_key": key, "records": records}))
}

/// An upload whose answer shows both sides of a dozen large records.
fn large_answer(server: &Server) {
    let phone = Phone::single(server);
    let content = |word: &str| json!({"title": "t", "notes": word.repeat(60_000 / word.len())});
    let records: Vec<String> = (0..12).map(|_| late(DRIVERS[0], &phone, "journal", content("a"), content("b"))).collect();
    let stale: Vec<Value> = records.iter().map(|id| item("journal", id, 1, content("c"))).collect();
    let key = uuid::Uuid::new_v4().to_string();
    let first = batch(&phone, &key, &stale).expect(200);
    assert!(first.body.len() > KEPT, "{}", first.body.len());
    let again = batch(&phone, &key, &stale).expect(200);
    assert!(again.body.len() < 100_000, "{}", again.body.len());
    let (first, again) = (first.json(), again.json());
    assert_eq!(again["records_sync_result"]["items"], first["records_sync_result"]["items"]);
    assert_eq!(again["records_sync_result"]["conflicts"], json!([]));
    assert_eq!((&again["overall_metrics"]["conflicts_detected"], &again["success"]), (&json!(12), &json!(true)));
    let sql = "SELECT COUNT(*) FROM conflicts";
    assert_eq!(server.store().one(sql, &[], |row| row.get::<i64>(0)).unwrap(), Some(12), "nothing is done twice");
}

#[test]
fn an_answer_too_large_to_be_kept_is_kept_short_and_is_no_409() {
    large_answer(&server(Engine::Sqlite, None, &[("BURST", "off"), ("UPLOADS", "off")]));
    large_answer(&server(Engine::Mariadb, None, &[("BURST", "off"), ("UPLOADS", "off")]));
}

#[test]
fn where_max_allowed_packet_is_a_mebibyte_answers_are_kept_and_what_is_too_large_is_told() {
    let mariadb = Mariadb::start(&["--max-allowed-packet=1M".to_owned()]);
    let server = server(Engine::Mariadb, Some(mariadb.database()), &[("BURST", "off"), ("UPLOADS", "off")]);
    large_answer(&server);
    let phone = Phone::single(&server);
    let metric =
        |tags: usize| json!({"metric_type": "m", "value": 1, "timestamp": "2026-01-16", "tags": {"x": "x".repeat(tags)}});
    let send = |key: &str, items: &[Value]| {
        phone.post("/sync/metrics/", &json!({"device_id": "d", "idempotency_key": key, "data": items}))
    };
    let said = problem(send("a-key-of-what-is-too-large", &[metric(10), metric(1 << 20)]), 413);
    assert!(said["detail"].as_str().unwrap().contains("send fewer items"), "{said}");
    send("a-key-of-what-is-not", &[metric(10)]).expect(200);
    let log = std::fs::read_to_string(server.data_dir.join("tandem.log")).unwrap() + &server.log();
    assert!(log.contains("raise max_allowed_packet"), "{log}");
}

#[test]
fn answers_to_nobody_are_kept_ten_minutes_and_the_oldest_give_way() {
    let server = server(Engine::Sqlite, None, &[("AUTH", "off")]);
    let phone = Phone::register(&server);
    let login = |key: &str| {
        let body = json!({"username": phone.username, "password": PASSWORD});
        request("POST", "/api/auth/login/").header("Idempotency-Key", key).json(&body).send(server.port).expect(200)
    };
    let (first, key) = (login("the-first-key-of-all"), "a-key-that-comes-later");
    let mut store = server.store();
    let expires: i64 = store.one("SELECT expires_at FROM idempotency", &[], |row| row.get(0)).unwrap().unwrap();
    let lifetime = expires - Timestamp::now().0;
    assert!((500_000..=600_000).contains(&lifetime), "{lifetime}");
    let copy = "INSERT INTO idempotency (scope, request, answer, hits, expires_at) VALUES (?, 'r', ?, 0, ?)";
    store.begin(Mode::Write).unwrap();
    for n in 0..999 {
        store.run(copy, params![&format!("~{n}"), &b"sealed"[..], expires + 1]).unwrap();
    }
    store.commit().unwrap();
    assert_eq!(login("the-first-key-of-all").body, first.body);
    login(key);
    assert_ne!(login("the-first-key-of-all").body, first.body, "its answer gave way");
    let all = store.one("SELECT COUNT(*) FROM idempotency", &[], |row| row.get::<i64>(0)).unwrap();
    assert_eq!(all, Some(1_000));
}

#[test]
fn a_statement_that_is_too_large_leaves_its_transaction_whole() {
    let mariadb = Mariadb::start(&["--max-allowed-packet=1M".to_owned()]);
    let server = server(Engine::Mariadb, Some(mariadb.database()), &[]);
    let mut db = server.store();
    db.begin(Mode::Write).unwrap();
    let insert = "INSERT INTO facts (name, value) VALUES (?, ?)";
    db.run(insert, params!["small", "x"]).unwrap();
    let error = db.run(insert, params!["large", &"x".repeat(1 << 20)]).unwrap_err();
    assert!(error.to_string().contains("TooLarge"), "{error}");
    db.commit().unwrap();
    let kept = db.one("SELECT value FROM facts WHERE name = 'small'", &[], |row| row.get::<String>(0)).unwrap();
    assert_eq!(kept.as_deref(), Some("x"));
}

#[test]
fn a_stale_edit_sent_again_and_again_keeps_few_conflicts() {
    for engine in [Engine::Sqlite, Engine::Mariadb] {
        let server = server(engine, None, &[("CONFLICTS", "3"), ("BURST", "off")]);
        let phone = Phone::single(&server);
        let edit = |id: &str, n: usize| item("journal", id, 1, json!({ "title": format!("edit {n}") }));
        let count = |id: &str| {
            let sql = "SELECT COUNT(*) FROM conflicts WHERE mobile_id = ?";
            server.store().one(sql, params![id], |row| row.get::<i64>(0)).unwrap().unwrap()
        };
        set(&phone, "journal", json!({"resolution_policy": "server_wins"}));
        let settled = late(DRIVERS[0], &phone, "journal", json!({"title": "a"}), json!({"title": "b"}));
        upload(DRIVERS[0], &phone, &(0..2).map(|n| edit(&settled, n)).collect::<Vec<_>>());
        upload(DRIVERS[0], &phone, &(2..9).map(|n| edit(&settled, n)).collect::<Vec<_>>());
        assert_eq!(count(&settled), 3);
        let newest = phone.get("/sync/conflicts/").expect(200).json()["conflicts"][0]["client_data"]["title"].clone();
        assert_eq!(newest, "edit 8", "the oldest are forgotten");

        set(&phone, "journal", json!({"resolution_policy": "manual"}));
        let open = late(DRIVERS[0], &phone, "journal", json!({"title": "a"}), json!({"title": "b"}));
        let said = batch(&phone, "a-key-of-many-edits", &(0..5).map(|n| edit(&open, n)).collect::<Vec<_>>()).expect(200).json();
        let errors = said["records_sync_result"]["errors"].as_array().unwrap();
        assert_eq!((errors.len(), count(&open)), (2, 3));
        for error in errors {
            assert_eq!(
                (&error["code"], &error["retryable"], &error["item_id"]),
                (&json!("conflict-open"), &json!(true), &json!(open))
            );
        }
        let entry = json!({"mobile_id": open, "version": 1, "title": "edit 5"});
        let said = phone.post("/sync/journal/sync/", &json!({"client_id": "phone-1", "entries": [entry]})).expect(200).json();
        assert_eq!(
            (&said["errors"][0]["code"], &said["errors"][0]["retryable"]),
            (&json!("conflict-open"), &json!(true)),
            "{said}"
        );
        let first = phone.get("/sync/conflicts/").expect(200).json()["conflicts"][0]["conflict_id"].as_str().unwrap().to_owned();
        resolve(&phone, &first, &choice("server_wins", "server", Value::Null)).expect(200);
        assert_eq!(one(DRIVERS[0], &phone, with(edit(&open, 6), json!({}))).0, "conflict", "settling one makes room");
        assert_eq!(count(&open), 4, "three wait, one is settled");
    }
}
