//! Room: what a couple or team takes is counted to the byte, and what goes beyond is refused and told.

use super::conflicts::{item, late, set};
use super::mobile::driver::DRIVERS;
use super::records::fresh;
use super::{Phone, expect::problem};
use crate::servers::client::{Answer, request};
use crate::servers::{Engine, Kind, Options, Server};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};
use tandem::app::FEATURES;
use tandem::base::id::hex;
use tandem::base::token::derive;
use tandem::db::Mode;
use tandem::feature::room::{recount, rules::Growth, store};
use tandem::params;

const MIB: i64 = 1 << 20;
const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Mariadb];

fn server(engine: Engine, settings: &[(&str, &str)]) -> Server {
    let off = ["AUTH", "REQUESTS", "UPLOADS", "BURST", "COST"].map(|name| (name, "off"));
    let env = off.iter().chain(settings).map(|(name, value)| (format!("TANDEM_LIMITS_{name}"), (*value).to_owned())).collect();
    Server::start(Kind::LighttpdFastcgi, &Options { engine, env, ..Options::default() })
}

fn tenants(server: &Server) -> Vec<i64> {
    server.store().all("SELECT id FROM tenants ORDER BY id", &[], |row| row.get(0)).unwrap()
}

/// The sums that stand there, and what they should be.
fn sums(server: &Server, tenant: i64) -> (Vec<(String, Growth)>, Vec<(String, Growth)>) {
    let mut db = server.store();
    let should = recount::should(&mut db, &FEATURES, tenant).unwrap();
    let named = should.into_iter().map(|(kind, sum)| (kind.to_owned(), sum));
    let something = |sums: Vec<(String, Growth)>| {
        let mut sums: Vec<_> = sums.into_iter().filter(|(_, sum)| *sum != Growth::default()).collect();
        sums.sort_by(|one, other| one.0.cmp(&other.0));
        sums
    };
    (something(store::sums(&mut db, tenant).unwrap()), something(named.collect()))
}

/// After whatever was written: the sums are what a recount says, and what each object weighs is what it weighs.
#[track_caller]
pub fn assert_exact(server: &Server) {
    for tenant in tenants(server) {
        let (is, should) = sums(server, tenant);
        assert_eq!(is, should, "tenant {tenant} on {:?}", server.engine);
        let mut db = server.store();
        let measured = FEATURES.iter().flat_map(|feature| feature.kinds).filter_map(|kind| Some((kind, kind.measure?)));
        for (kind, measure) in measured {
            assert_eq!(store::weighed_wrong(&mut db, tenant, kind.name, &measure).unwrap(), [], "{}", kind.name);
        }
    }
}

fn bytes(server: &Server, tenant: i64) -> i64 {
    sums(server, tenant).0.iter().map(|(_, sum)| sum.bytes).sum()
}

fn goal(phone: &Phone, length: usize) -> Answer {
    phone.post("/goals/", &json!({"title": "g", "why_for_us": "w".repeat(length)}))
}

/// Makes goals until one is refused; the id of the last one that was taken, and the problem.
fn fill(phone: &Phone) -> (String, Value) {
    let mut last = String::new();
    for _ in 0..1_000 {
        let answer = goal(phone, 9_999);
        if answer.status != 201 {
            assert_eq!(answer.header("Retry-After"), Some("3600"));
            return (last, problem(answer, 507));
        }
        last = answer.json()["id"].as_str().unwrap().to_owned();
    }
    panic!("ten megabytes were taken");
}

fn batch(phone: &Phone, lists: Value) -> Value {
    let mut body = json!({"device_id": "d", "client_timestamp": "2026-01-16T14:30:45Z"});
    body.as_object_mut().unwrap().extend(lists.as_object().unwrap().clone());
    phone.post("/sync/batch/", &body).expect(200).json()
}

fn metric(at: usize, tags: usize) -> Value {
    json!({"metric_type": "m", "value": 1, "timestamp": format!("2026-01-16T{:02}:{:02}:00Z", at / 60, at % 60), "tags": {"x": "x".repeat(tags)}})
}

#[test]
fn a_full_couple_is_told_whose_room_it_is_and_may_still_delete_and_shorten() {
    for engine in ENGINES {
        let server = server(engine, &[("NEW_COUPLE", "1")]);
        let phone = Phone::single(&server);
        let long = batch(&phone, json!({"metrics_data": [metric(0, 500)]}));
        assert_eq!(long["success"], true, "{long}");
        let (last, said) = fill(&phone);
        assert_eq!(
            (&said["code"], &said["quota"]["whose"], &said["quota"]["unit"]),
            (&json!("quota"), &json!("couple"), &json!("bytes"))
        );
        assert_eq!(said["quota"]["limit"], MIB);
        let used = said["quota"]["used"].as_i64().unwrap();
        assert_eq!(used, bytes(&server, tenants(&server)[0]));
        assert!(used <= MIB && used > MIB - 11_000, "{used}");
        assert!(said["detail"].as_str().unwrap().contains("1 MiB"), "{said}");
        let path = format!("/goals/{last}/");
        phone.patch(&path, &json!({"why_for_us": "w".repeat(9_999)})).expect(200);
        phone.patch(&path, &json!({"why_for_us": "shorter"})).expect(200);
        phone.patch(&path, &json!({"why_for_us": "w".repeat(9_999)})).expect(200);
        phone.patch(&path, &json!({"why_for_us": "é".repeat(9_999)})).expect(507);
        assert_eq!(phone.get(&path).expect(200).json()["why_for_us"], "w".repeat(9_999), "nothing is half done");
        phone.delete(&path).expect(204);
        goal(&phone, 9_999).expect(201);
        goal(&phone, 9_999).expect(507);
        assert_exact(&server);
    }
}

#[test]
fn in_an_upload_each_item_beyond_fails_alone_and_may_come_again() {
    for engine in ENGINES {
        let server = server(engine, &[("NEW_COUPLE", "1")]);
        let phone = Phone::single(&server);
        let notes = |word: &str| json!({"title": "t", "notes": word.repeat(60_000)});
        let ids: Vec<String> = (0..20).map(|_| fresh()).collect();
        let records: Vec<Value> = ids.iter().map(|id| item("journal", id, 0, notes("a"))).collect();
        let said = batch(&phone, json!({"metrics_data": [metric(0, 30_000), metric(1, 1)], "records": records}));
        let errors = said["records_sync_result"]["errors"].as_array().unwrap();
        assert_eq!((said["records_sync_result"]["synced_items"].as_i64(), errors.len()), (Some(16), 4), "{said}");
        for (error, id) in errors.iter().zip(&ids[16..]) {
            let told = json!([error["reason"], error["retryable"], error["retry_after"], error["item_id"]]);
            assert_eq!(told, json!(["quota", true, 3_600, id]));
        }
        let list = json!([metric(0, 30_000), metric(2, 60_000)]);
        let again = batch(&phone, json!({ "metrics_data": list }))["metrics_sync_result"].clone();
        assert_eq!((&again["synced_items"], &again["errors"][0]["reason"]), (&json!(1), &json!("quota")), "{again}");
        assert_eq!(again["metrics"]["repeated_items"], 1, "what is there already needs no room");
        let entry = json!({"mobile_id": ids[19], "version": 0, "title": "t", "notes": "a".repeat(60_000)});
        let own = phone.post("/sync/journal/sync/", &json!({"client_id": "phone-1", "entries": [entry]})).expect(200).json();
        assert_eq!((&own["errors"][0]["reason"], &own["errors"][0]["retry_after"]), (&json!("quota"), &json!(3_600)), "{own}");
        let query = "mutation ($batch: SyncBatchInput!) { syncBatch(batch: $batch) { metricsSyncResult { errors { reason retryable retryAfter } } } }";
        let input = json!({"idempotencyKey": "a-key-of-the-graph", "deviceId": "d", "clientTimestamp": "2026-01-16T14:30:45Z",
            "metricsData": [{"metricType": "m", "value": 1.0, "timestamp": "2026-01-17T00:00:00Z", "tags": {"x": "x".repeat(60_000)}}]});
        let graph = phone.post("/graphql/", &json!({"query": query, "variables": {"batch": input}})).expect(200).json();
        let error = &graph["data"]["syncBatch"]["metricsSyncResult"]["errors"][0];
        assert_eq!(*error, json!({"reason": "QUOTA", "retryable": true, "retryAfter": 3_600}), "{graph}");
        // An edit that does not grow, a deletion, and room for what was refused.
        let delete = json!({"domain": "journal", "mobile_id": ids[0], "operation": "DELETE", "version": 1});
        let said = batch(&phone, json!({"records": [item("journal", &ids[1], 1, notes("b")), delete, records[16]]}));
        assert_eq!((&said["success"], &said["records_sync_result"]["synced_items"]), (&json!(true), &json!(3)), "{said}");
        assert_exact(&server);
    }
}

#[test]
fn a_conflict_is_kept_where_nothing_else_fits_any_more() {
    let server = server(Engine::Sqlite, &[("NEW_COUPLE", "1")]);
    let phone = Phone::single(&server);
    set(&phone, "journal", json!({"resolution_policy": "manual"}));
    let stale = late(DRIVERS[0], &phone, "journal", json!({"title": "a"}), json!({"title": "b"}));
    fill(&phone);
    let edit = |n: usize| item("journal", &stale, 1, json!({"title": format!("edit {n}"), "notes": "n".repeat(9_000)}));
    let said = batch(&phone, json!({"records": (0..20).map(edit).collect::<Vec<_>>()}))["records_sync_result"].clone();
    let kept = said["conflicts"].as_array().unwrap().len();
    assert!((8..20).contains(&kept), "{kept}");
    assert!(said["errors"].as_array().unwrap().iter().all(|error| error["reason"] == "quota"), "{said}");
    let taken = bytes(&server, tenants(&server)[0]);
    assert!(taken > MIB && taken <= MIB + MIB / 10, "{taken}");
    goal(&phone, 1).expect(507);
    assert_exact(&server);
}

#[test]
fn objects_of_a_kind_are_counted_and_a_deletion_makes_room() {
    let server = server(Engine::Sqlite, &[("OBJECTS", "3")]);
    let phone = Phone::single(&server);
    let goals: Vec<String> = (0..3).map(|_| phone.make("/goals/", &json!({"title": "g"}))).collect();
    let said = problem(goal(&phone, 1), 507);
    assert_eq!(said["quota"], json!({"whose": "couple", "unit": "objects", "used": 3, "limit": 3}));
    phone.patch(&format!("/goals/{}/", goals[0]), &json!({"title": "longer than it was"})).expect(200);
    phone.post(&format!("/goals/{}/actions/", goals[0]), &json!({"text": "another kind"})).expect(201);
    let metrics: Vec<Value> = (0..9).map(|n| metric(n, 1)).collect();
    assert_eq!(batch(&phone, json!({ "metrics_data": metrics }))["success"], true, "measurements go by their bytes");
    phone.delete(&format!("/goals/{}/", goals[0])).expect(204);
    goal(&phone, 1).expect(201);
    assert_exact(&server);
    // Deletions stay in the feed for a month, and are rows, too.
    for goal in &goals[1..] {
        phone.delete(&format!("/goals/{goal}/")).expect(204);
    }
    let said = problem(goal(&phone, 1), 507);
    assert!(said["detail"].as_str().unwrap().contains("deletions"), "{said}");
}

#[test]
fn a_users_devices_and_kept_answers_are_bounded() {
    for engine in ENGINES {
        let server = server(engine, &[("DEVICES", "2"), ("ANSWERS", "1")]);
        let phone = Phone::single(&server);
        for device in ["one", "two", "one", "three"] {
            let body = json!({"device_id": device, "data": [metric(0, 1)]});
            phone.post("/sync/metrics/", &body).expect(200);
        }
        let devices = phone.get("/sync/devices/").expect(200).json();
        let names: Vec<&str> = devices["results"].as_array().unwrap().iter().map(|d| d["device_id"].as_str().unwrap()).collect();
        assert_eq!(names, ["three", "one"], "the longest unused gave way");

        let long = |key: usize| {
            let body = json!({"title": format!("g {key}"), "why_for_us": "é".repeat(9_999)});
            phone
                .ask("POST", "/goals/")
                .header("Idempotency-Key", &format!("a-key-of-a-long-goal-{key}"))
                .json(&body)
                .send(phone.port)
                .expect(201)
                .json()["id"]
                .clone()
        };
        let other = Phone::single(&server);
        let login = |phone: &Phone| {
            phone
                .ask("POST", "/goals/")
                .header("Idempotency-Key", "a-key-of-another-user")
                .json(&json!({"title": "o"}))
                .send(phone.port)
                .expect(201)
                .json()["id"]
                .clone()
        };
        let (first, others) = (long(0), login(&other));
        assert_eq!(long(0), first, "it is kept");
        let goals: Vec<Value> = (1..80).map(long).collect();
        assert_eq!(long(79), goals[78], "the newest are kept");
        assert_ne!(long(0), first, "the oldest gave way");
        assert_eq!(login(&other), others, "another user's are not this one's");
        let sql = "SELECT CAST(SUM(OCTET_LENGTH(answer)) AS SIGNED) FROM idempotency";
        let kept = server.store().one(sql, &[], |row| row.get::<i64>(0)).unwrap().unwrap();
        assert!((MIB - 60_000..MIB + 2_000).contains(&kept), "{kept}");
    }
}

#[test]
fn a_key_that_an_older_program_kept_is_found() {
    let server = server(Engine::Sqlite, &[]);
    let phone = Phone::single(&server);
    let key = "a-key-of-before-the-upgrade";
    let make =
        || phone.ask("POST", "/goals/").header("Idempotency-Key", key).json(&json!({"title": "g"})).send(phone.port).expect(201);
    let first = make().json();
    // An older program made a scope of one hash: of this the first quarter says whose it is, by another.
    let secret = fs::read(server.data_dir.join("secret")).unwrap();
    let secret = derive(secret.trim_ascii(), "idempotency");
    let operation = format!("{} {} /goals/ ", tenants(&server)[0], phone.id);
    let parts = [operation.as_bytes(), key.as_bytes()];
    let start = Sha256::new().chain_update(secret);
    let hash = parts.iter().fold(start, |hash, part| hash.chain_update((part.len() as u64).to_le_bytes()).chain_update(part));
    let former = hex(&hash.finalize());
    let mut db = server.store();
    db.begin(Mode::Write).unwrap();
    let moved = db.run("UPDATE idempotency SET scope = ? WHERE scope < '~'", params![&former]).unwrap();
    db.commit().unwrap();
    assert_eq!(moved, 1);
    assert_eq!(make().json()["id"], first["id"]);
    let other = phone.ask("POST", "/goals/").header("Idempotency-Key", key).json(&json!({"title": "other"})).send(phone.port);
    problem(other, 422);
}

#[test]
fn the_whole_store_has_a_bound_and_what_is_full_still_lets_people_delete() {
    let server = server(Engine::Sqlite, &[("STORE", "1")]);
    let phone = Phone::single(&server);
    let (last, said) = fill(&phone);
    assert_eq!(said["quota"], json!({"whose": "server", "unit": "bytes", "used": null, "limit": null}));
    phone.delete(&format!("/goals/{last}/")).expect(204);
    let new = json!({"username": "somebody-new", "password": "correct horse battery 9"});
    request("POST", "/api/auth/register/").json(&new).send(server.port).expect(507);
    let report: Value =
        serde_json::from_slice(&server.operator(&["doctor", "--json"]).env("TANDEM_LIMITS_STORE", "1").output().unwrap().stdout)
            .unwrap();
    let room = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "room").unwrap().clone();
    assert!(room["level"] == "problem" && room["saw"].as_str().unwrap().contains("all together"), "{room}");
}

#[test]
fn a_disk_that_is_nearly_full_takes_nothing_that_grows() {
    let all = (u32::MAX / 4).to_string();
    let server = server(Engine::Sqlite, &[("DISK", &all)]);
    let new = json!({"username": "somebody-new", "password": "correct horse battery 9"});
    let said = problem(request("POST", "/api/auth/register/").json(&new).send(server.port), 507);
    assert_eq!((&said["code"], &said["quota"]["whose"]), (&json!("quota"), &json!("server")));
}

#[test]
fn the_night_sets_right_what_programs_wrote_that_count_nothing() {
    for engine in ENGINES {
        let server = server(engine, &[]);
        let (phone, partner) = Phone::couple(&server);
        let id = phone.make("/goals/", &json!({"title": "g", "why_for_us": "because"}));
        partner.post("/letters/", &json!({"month": "2026-01", "content": "dear"})).expect(201);
        batch(&phone, json!({"metrics_data": [metric(0, 9)], "records": [item("journal", &fresh(), 0, json!({"title": "t"}))]}));
        assert_exact(&server);
        let mut db = server.store();
        db.begin(Mode::Write).unwrap();
        let longer = "w".repeat(5_000);
        db.run("UPDATE goals SET why_for_us = ? WHERE id = ?", params![&longer, &id]).unwrap();
        db.run("UPDATE changes SET bytes = 0 WHERE kind = 'letters'", &[]).unwrap();
        db.run("DELETE FROM room WHERE kind = 'metrics'", &[]).unwrap();
        db.run("UPDATE room SET objects = -7, bytes = 7 WHERE kind = 'journal'", &[]).unwrap();
        db.commit().unwrap();
        drop(db);
        server.tandem(&["maintain", "--quiet"]);
        assert_exact(&server);
        assert!(bytes(&server, tenants(&server)[0]) > 5_000);
        let list = server.tandem(&["tenant", "list"]);
        assert!(list.contains("1 of 16 MiB"), "{list}");
        let shown: Value = serde_json::from_str(&server.tandem(&["tenant", "list", "--json"])).unwrap();
        assert_eq!(
            (shown[0]["bytes"].as_i64(), &shown[0]["room"]),
            (Some(bytes(&server, tenants(&server)[0])), &json!(16 * MIB))
        );
    }
}

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
