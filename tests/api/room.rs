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
use tandem::app::FEATURES;
use tandem::base::id::hex;
use tandem::base::token::derive;
use tandem::db::Mode;
use tandem::feature::room::{recount, rules::Growth, store};
use tandem::params;

pub const MIB: i64 = 1 << 20;
pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Mariadb];

pub fn server(engine: Engine, settings: &[(&str, &str)]) -> Server {
    let off = ["AUTH", "REQUESTS", "UPLOADS", "BURST", "COST"].map(|name| (name, "off"));
    let env = off.iter().chain(settings).map(|(name, value)| (format!("TANDEM_LIMITS_{name}"), (*value).to_owned())).collect();
    Server::start(Kind::LighttpdFastcgi, &Options { engine, env, ..Options::default() })
}

pub fn tenants(server: &Server) -> Vec<i64> {
    server.store().all("SELECT id FROM tenants ORDER BY id", &[], |row| row.get(0)).unwrap()
}

/// Sums by kind.
type Sums = Vec<(String, Growth)>;

/// The sums that stand there, and what they should be.
fn sums(server: &Server, tenant: i64) -> (Sums, Sums) {
    let mut db = server.store();
    let should = recount::should(&mut db, &FEATURES, tenant).unwrap();
    let named = should.into_iter().map(|(kind, sum)| (kind.to_owned(), sum));
    let something = |sums: Sums| {
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

pub fn bytes(server: &Server, tenant: i64) -> i64 {
    sums(server, tenant).0.iter().map(|(_, sum)| sum.bytes).sum()
}

pub fn goal(phone: &Phone, length: usize) -> Answer {
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

pub fn batch(phone: &Phone, lists: Value) -> Value {
    let mut body = json!({"device_id": "d", "client_timestamp": "2026-01-16T14:30:45Z"});
    body.as_object_mut().unwrap().extend(lists.as_object().unwrap().clone());
    phone.post("/sync/batch/", &body).expect(200).json()
}

pub fn metric(at: usize, tags: usize) -> Value {
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
    let room = doctors(&server, ("TANDEM_LIMITS_NEW_COUPLE", "1"));
    assert!(room["level"] == "note" && room["todo"].as_str().unwrap().contains("limits.new_couple"), "{room}");
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

        let send = |key: usize| {
            let body = json!({"title": format!("g {key}"), "why_for_us": "é".repeat(9_999)});
            phone
                .ask("POST", "/goals/")
                .header("Idempotency-Key", format!("a-key-of-a-long-goal-{key}"))
                .json(&body)
                .send(phone.port)
        };
        let long = |key: usize| send(key).expect(201).json()["id"].clone();
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
        // The oldest gave way; what it answered is known to be done all the same.
        assert_eq!(problem(send(0), 409)["code"], "already_done");
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
    let room = doctors(&server, ("TANDEM_LIMITS_STORE", "1"));
    assert!(room["level"] == "problem" && room["saw"].as_str().unwrap().contains("all together"), "{room}");
    let room = doctors(&server, ("TANDEM_LIMITS_STORE", "1000"));
    assert!(room["level"] == "ok" && room["saw"].as_str().unwrap().contains("of 16 MiB"), "{room}");
}

/// What the doctor says of room under a setting.
fn doctors(server: &Server, setting: (&str, &str)) -> Value {
    let output = server.operator(&["doctor", "--json"]).envs([setting]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "room").unwrap().clone()
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
