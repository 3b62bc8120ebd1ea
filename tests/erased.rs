//! Deleted is erased: after deleting and `tandem maintain` no marked text is in SQLite's files, nor in MariaDB's tables.

use crate::api::phone::{PASSWORD, Phone};
use crate::servers::client::request;
use crate::servers::{Engine, Kind, Options, Server};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tandem::base::id;
use tandem::db::Value as Stored;

/// What stands in every text that is deleted, and in nothing else.
const MARK: &str = "Zx7-erased-mark";

fn start(kind: Kind, engine: Engine) -> Server {
    let limits = ["AUTH", "REQUESTS", "UPLOADS", "BURST", "COST"];
    let env = limits.map(|name| (format!("TANDEM_LIMITS_{name}"), "off".to_owned())).to_vec();
    Server::start(kind, &Options { engine, workers: 2, env, ..Options::default() })
}

/// A text with the mark in it, as long as it is said.
fn marked(length: usize) -> String {
    format!("{MARK} {}", format!("{MARK} ").repeat(length / (MARK.len() + 1)))
}

/// Sends a version of a record from a device; answers what came of it.
fn record(phone: &Phone, domain: &str, device: &str, entry: &Value) -> Value {
    let body = json!({"entries": [entry], "client_id": device});
    phone
        .ask("POST", &format!("/sync/{domain}/sync/"))
        .header("Idempotency-Key", id::object())
        .json(&body)
        .send(phone.port)
        .expect(200)
        .json()
}

/// A conflict over a record: an edit that had not seen the second version.
fn contest(phone: &Phone, other: &Phone, record_id: &str, device: &str) {
    for (who, version, title) in [(phone, 0, "first"), (phone, 1, "second"), (other, 1, "late")] {
        let entry =
            json!({"mobile_id": record_id, "version": version, "title": format!("{MARK} {title}"), "content": marked(9_000)});
        record(who, "journal", device, &entry);
    }
}

/// Whatever a user can write, in places between what stays.
fn write(phone: &Phone) -> Vec<String> {
    let mut made = Vec::new();
    for n in 0..40 {
        let mark = if n % 3 == 0 { format!("{MARK} {n}") } else { format!("stays {n}") };
        let goal = phone.make("/goals/", &json!({"title": mark, "why_for_us": format!("{mark} {}", "why ".repeat(n * 20))}));
        phone.post(&format!("/goals/{goal}/actions/"), &json!({"text": mark})).expect(201);
        let question = phone.make("/qna/questions/", &json!({"text": mark, "theme": mark}));
        let answer = json!({"text": format!("{mark} {}", "answer ".repeat(n * 9))});
        phone.post(&format!("/qna/questions/{question}/answer/"), &answer).expect(200);
        let day = format!("20{:02}-01-05", 10 + n);
        let checkin = phone.make("/checkins/", &json!({"date": day, "note": format!("{mark} note")}));
        let letter = json!({"month": &day[..7], "content": format!("{mark} {}", "letter ".repeat(n * 100))});
        let letter = phone.post("/letters/", &letter).expect(201).json()["letter"]["id"].as_str().unwrap().to_owned();
        if n % 3 == 0 {
            made.extend([format!("/goals/{goal}/"), format!("/qna/questions/{question}/"), format!("/checkins/{checkin}/")]);
            made.push(format!("/letters/{letter}/"));
        }
    }
    made
}

/// Every text of the store in which the mark stands, by where it does.
fn found(server: &Server) -> Vec<String> {
    let mut found = Vec::new();
    let mut db = server.store();
    for table in db.tables().unwrap() {
        let columns = db.columns(&table).unwrap();
        let sql = format!("SELECT * FROM {table}");
        let rows = db.all(&sql, &[], |row| (0..columns.len()).map(|n| row.get::<Stored>(n)).collect::<Result<Vec<_>, _>>());
        for (row, column) in rows.unwrap().iter().flat_map(|row| row.iter().zip(&columns)) {
            if format!("{row:?}").contains(MARK) {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    drop(db);
    search(&server.data_dir, &mut found);
    found
}

fn search(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, found);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let count = bytes.windows(MARK.len()).filter(|window| *window == MARK.as_bytes()).count();
        found.extend((0..count).map(|_| path.display().to_string()));
    }
}

fn erase_everything(kind: Kind, engine: Engine) {
    let server = start(kind, engine);
    let (a, b) = Phone::couple(&server);
    let body = json!({"first_name": MARK, "last_name": MARK, "email": format!("{MARK}@example.org")});
    a.patch("/auth/me/", &body).expect(200);
    let made = write(&b);
    b.make("/checkins/", &json!({"date": "2026-01-06", "note": "stays"}));
    // A's: what goes with the account.
    a.make("/checkins/", &json!({"date": "2026-01-06", "note": marked(5_000)}));
    let voice = json!({"verification_id": MARK, "timestamp": "2026-01-06T10:00:00Z", "verified": true, "confidence_score": 0.9});
    let upload = json!({"device_id": format!("{MARK} device"), "data": [voice]});
    let said = a.post("/sync/voice/", &upload).expect(200).json();
    assert_eq!(said["synced_items"], 1, "{said}");
    let own = id::object();
    contest(&a, &a, &own, &format!("{MARK} device"));
    // B's, with conflicts that both have met: settled, and open.
    let (settled, open) = (id::object(), id::object());
    contest(&b, &a, &settled, "a phone");
    b.put("/sync/policies/journal/", &json!({"resolution_policy": "manual", "auto_resolve": false})).expect(200);
    contest(&b, &a, &open, "a phone");
    contest(&a, &b, &open, "a phone");
    let before = found(&server);
    for table in ["goals", "questions", "answers", "checkins", "letters", "goal_actions", "records", "conflicts", "telemetry"] {
        assert!(before.iter().any(|place| place.starts_with(&format!("{table}."))), "{table} has no mark: {before:?}");
    }
    let in_files = before.iter().any(|place| place.starts_with('/'));
    assert_eq!(in_files, engine == Engine::Sqlite, "the search sees what is there");
    // Text that is replaced goes, too.
    for path in &made {
        if path.starts_with("/letters/") {
            b.patch(path, &json!({"content": "another text"})).expect(200);
        }
    }
    for path in made.iter().filter(|path| !path.starts_with("/letters/")) {
        b.delete(path).expect(204);
    }
    for record_id in [&settled, &open] {
        let all = b.get("/sync/journal/changes/").expect(200).json();
        let known = all["items"].as_array().unwrap().iter().find(|item| item["mobile_id"] == **record_id).unwrap().clone();
        record(&b, "journal", "phone", &json!({"mobile_id": record_id, "operation": "DELETE", "version": known["version"]}));
    }
    // What waits shows its own side to who sent it alone, until it is settled.
    let waits = b.get("/sync/conflicts/?status=manual_required").expect(200).json()["conflicts"].clone();
    for conflict in waits.as_array().unwrap() {
        assert_eq!((&conflict["user_id"], &conflict["server_data"]), (&json!(b.id), &Value::Null), "{conflict}");
        let path = format!("/sync/conflicts/{}/resolve/", conflict["conflict_id"].as_str().unwrap());
        let choice = json!({"resolution_strategy": "manual", "chosen_version": "server", "notes": MARK});
        b.post(&path, &choice).expect(200);
    }
    let end = request("DELETE", "/api/auth/me/").bearer(&a.access).json(&json!({ "password": PASSWORD }));
    end.send(server.port).expect(204);
    assert!(!b.get("/auth/export/").expect(200).text().contains(MARK), "nor does the partner's export tell of who is gone");
    server.tandem(&["maintain"]);
    assert_eq!(found(&server), Vec::<String>::new(), "{engine:?}");
    assert!(b.get("/goals/").expect(200).text().contains("stays"));
}

#[test]
fn nothing_deleted_is_left_in_the_files_of_sqlite_under_fastcgi() {
    erase_everything(Kind::LighttpdFastcgi, Engine::Sqlite);
}

/// With a rollback journal in the place of a write-ahead log.
#[test]
fn nothing_deleted_is_left_in_the_files_of_sqlite_under_cgi() {
    erase_everything(Kind::LighttpdCgi, Engine::Sqlite);
}

#[test]
fn nothing_deleted_is_left_in_the_tables_of_mariadb() {
    erase_everything(Kind::LighttpdFastcgi, Engine::Mariadb);
}
