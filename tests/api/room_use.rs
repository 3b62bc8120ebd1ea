//! Room in use: by many at once, by who only wants to fill the disk, and by people in an ordinary month.

use super::conflicts::{item, late, set};
use super::mobile::driver::DRIVERS;
use super::records::fresh;
use super::room::{ENGINES, MIB, assert_exact, batch, bytes, goal, metric, server, tenants};
use super::{Phone, expect::problem};
use crate::servers::Engine;
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};
use tandem::db::Mode;

/// Everything that a phone writes, in an order of its own.
fn mix(phone: &Phone, seed: usize) {
    let mut goals = Vec::new();
    for n in (0..24).map(|n| n * 7 + seed) {
        let text = "t".repeat(1 + n * 13 % 90);
        match n % 8 {
            0 | 5 => goals.push(phone.make("/goals/", &json!({"title": text, "why_for_us": text}))),
            1 => drop(batch(
                phone,
                json!({"metrics_data": [metric(n % 9, n % 5)], "session_data": [{"session_id": "s", "start_time": "2026-01-16T10:00:00Z", "screens_visited": n}]}),
            )),
            2 => drop(phone.post("/checkins/", &json!({"date": format!("2026-01-{:02}", 1 + n % 28), "note": text}))),
            3 => {
                let records = json!([
                    item("task", &fresh(), 0, json!({"jobdesc": text})),
                    item("journal", &fresh(), 0, json!({"title": text}))
                ]);
                batch(phone, json!({ "records": records }));
            }
            4 => goals.iter().take(1).for_each(|id| drop(phone.patch(&format!("/goals/{id}/"), &json!({"title": text})))),
            6 => goals.pop().into_iter().for_each(|id| drop(phone.delete(&format!("/goals/{id}/")))),
            _ => {
                let id = fresh();
                let edit = |version: i64, word: &str| item("journal", &id, version, json!({"title": format!("{word} {text}")}));
                let delete = json!({"domain": "journal", "mobile_id": id, "operation": "DELETE", "version": 2});
                batch(phone, json!({"records": [edit(0, "a"), edit(1, "b")]}));
                batch(phone, json!({"records": [edit(1, "c")]}));
                batch(phone, json!({"records": [delete, edit(1, "d")]}));
            }
        }
    }
}

#[test]
fn processes_that_write_at_once_keep_the_sums_exact() {
    for engine in ENGINES {
        let server = server(engine, &[]);
        let (a, b) = Phone::couple(&server);
        set(&a, "journal", json!({"resolution_policy": "server_wins"}));
        thread::scope(|scope| {
            for (n, phone) in [&a, &b, &a, &b].into_iter().enumerate() {
                scope.spawn(move || mix(phone, n));
            }
        });
        assert_exact(&server);
        // Deletions that are forgotten, and an account that ends, take their rows along.
        let old = "UPDATE changes SET stamp = 1 WHERE deleted = 1";
        let mut db = server.store();
        db.begin(Mode::Write).unwrap();
        db.run(old, &[]).unwrap();
        db.commit().unwrap();
        drop(db);
        server.tandem(&["maintain", "--quiet"]);
        assert_exact(&server);
        mix(&a, 3);
        server.tandem(&["user", "delete", &b.username, "--yes"]);
        assert_exact(&server);
    }
}

/// One account that only wants to fill the disk.
fn attack(phone: &Phone, until: Instant) -> usize {
    let mut refused = 0;
    let stale = late(DRIVERS[0], phone, "journal", json!({"title": "a"}), json!({"title": "b"}));
    for n in 0.. {
        if Instant::now() > until {
            break;
        }
        let records: Vec<Value> =
            (0..8).map(|_| item("journal", &fresh(), 0, json!({"title": "t", "notes": "x".repeat(60_000)}))).collect();
        let edits: Vec<Value> =
            (0..8).map(|n| item("journal", &stale, 1, json!({"title": format!("{n}"), "notes": "y".repeat(60_000)}))).collect();
        let metrics: Vec<Value> = (0..8).map(|m| metric((n * 8 + m) % 1_440, 50_000)).collect();
        for lists in [json!({ "records": records }), json!({ "records": edits }), json!({ "metrics_data": metrics })] {
            let body = json!({"device_id": "x".repeat(1 + n % 255), "client_timestamp": "2026-01-16T14:30:45Z"});
            let mut body = body.as_object().unwrap().clone();
            body.extend(lists.as_object().unwrap().clone());
            let key = format!("a-key-that-is-never-used-again-{}-{}", phone.id, fresh());
            let answer = phone
                .ask("POST", "/sync/batch/")
                .header("Idempotency-Key", &key)
                .json(&Value::Object(body))
                .send(phone.port)
                .expect(200)
                .json();
            refused += answer.to_string().matches("\"quota\"").count();
        }
        let letter =
            phone.post("/letters/", &json!({"month": format!("{:04}-01", 1_000 + n % 9_000), "content": "z".repeat(20_000)}));
        match letter.status {
            201 | 400 | 413 => {}
            _ => assert_eq!(problem(letter, 507)["quota"]["whose"], "couple"),
        }
        refused += usize::from(goal(phone, 9_999).status == 507);
    }
    refused
}

/// Ten accounts try to fill the disk, without any limit of their rate.
#[test]
fn ten_accounts_cannot_fill_the_disk() {
    let server = server(Engine::Sqlite, &[("NEW_COUPLE", "1"), ("ANSWERS", "1")]);
    let phones: Vec<Phone> = (0..10).map(|_| Phone::single(&server)).collect();
    let until = Instant::now() + Duration::from_secs(20);
    let refused: Vec<usize> = thread::scope(|scope| {
        phones
            .iter()
            .map(|phone| scope.spawn(move || attack(phone, until)))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .collect()
    });
    assert!(refused.iter().all(|refused| *refused > 0), "{refused:?}");
    assert_exact(&server);
    for tenant in tenants(&server) {
        assert!(bytes(&server, tenant) <= MIB + MIB / 10);
    }
    server.tandem(&["maintain", "--quiet"]);
    let size = server.store().size().unwrap().unwrap() / MIB.unsigned_abs();
    println!("ten accounts with a MiB each and a MiB of kept answers: {size} MiB on the disk, {refused:?} refusals");
    assert!(size < 60, "{size} MiB");
}

/// A month of a couple that uses everything each day: two phones, both write.
fn couples_month(a: &Phone, b: &Phone) {
    for day in 1..=30 {
        for phone in [a, b] {
            phone.post("/checkins/", &json!({"date": format!("2026-01-{day:02}"), "note": "n".repeat(800)})).expect(201);
            let question = phone.make("/qna/questions/", &json!({"text": "q".repeat(300), "theme": "us"}));
            phone.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": "a".repeat(1_500)})).expect(200);
            phone.make("/goals/", &json!({"title": "g".repeat(60), "why_for_us": "w".repeat(600)}));
            let journal: Vec<Value> =
                (0..8).map(|_| item("journal", &fresh(), 0, json!({"title": "t", "notes": "n".repeat(4_000)}))).collect();
            let metrics: Vec<Value> = (0..288).map(|n| with_day(metric(n * 5 % 1_440, 60), day)).collect();
            assert_eq!(batch(phone, json!({"records": journal, "metrics_data": metrics}))["success"], true);
        }
    }
    a.post("/letters/", &json!({"month": "2026-01", "content": "l".repeat(9_000)})).expect(201);
}

fn with_day(mut metric: Value, day: usize) -> Value {
    metric["timestamp"] = json!(metric["timestamp"].as_str().unwrap().replace("-16T", &format!("-{day:02}T")));
    metric
}

#[test]
fn an_ordinary_month_of_a_new_couple_and_of_a_team_fits_many_times() {
    let server = server(Engine::Sqlite, &[]);
    let (a, b) = Phone::couple(&server);
    couples_month(&a, &b);
    let month = bytes(&server, tenants(&server)[0]);
    println!("a couple's month: {month} bytes");
    assert!(month < 8 * MIB, "{month}");
    // A shift of one member of a team; fifty have 22 of them a month.
    let team = Phone::team(&server, &["admin"]);
    let record = |domain: &str, field: &str, length: usize| item(domain, &fresh(), 0, json!({field: "x".repeat(length)}));
    let mut records: Vec<Value> = (0..20).map(|_| record("task", "jobdesc", 150)).collect();
    records.extend((0..5).map(|_| record("ticket", "ticketdesc", 1_500)));
    records.extend((0..3).map(|_| record("work_order", "description", 1_500)));
    let metrics: Vec<Value> = (0..480).map(|n| metric(n, 60)).collect();
    let said = batch(&team[0], json!({"records": records, "metrics_data": metrics}));
    assert_eq!(said["success"], true, "{said}");
    let tenant = *tenants(&server).iter().max_by_key(|tenant| i64::from(bytes(&server, **tenant) < month)).unwrap();
    let shift = bytes(&server, tenant);
    let month = shift * 50 * 22;
    println!("a team's month: {month} bytes, {} tasks", 20 * 50 * 22);
    assert!(month < 4_096 * MIB / 12, "a year of it fits: {month}");
    assert_exact(&server);
}
