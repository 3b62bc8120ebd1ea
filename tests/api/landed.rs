//! What a device is told of an edit that did not come out as it was sent: in the answer, and in the feed again.

use super::conflicts::with;
use super::expect::{is_instant, problem};
use super::phone::fresh_name;
use super::records::{delete, entry, fresh, one, send, shown, status};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("an edit that nothing was written of is told in the feed again", told_again),
    ("an edit that came out as it was sent is not told again", not_told),
    ("a device that started from what the server mended since is told so", mended),
    ("an answer that is given again tells of what its device may have passed", replayed),
    ("items carry the record where it is not what was sent, through both faces", objects),
    ("an answer has room for so much, and says what it leaves out", room),
    ("previous_stamp is the clock before the upload", previous),
    ("a large upload comes to what its items come to in small ones", large),
    ("one record is read by its domain and its id", single),
    ("errors have a word, a field and say whether to try again, in every version and face", words),
];

/// The record's row in both feeds since a cursor, and the cursor after them.
fn news(phone: &Phone, since: &str, id: &str) -> (Vec<Value>, String) {
    let page = phone.get(&format!("/sync/helpdesk/changes/?since={since}")).expect(200).json();
    let feed = phone.get(&format!("/sync/changes/?kinds=tickets&since={since}")).expect(200).json();
    let rows =
        |rows: &Value, name: &str| rows.as_array().unwrap().iter().filter(|row| row[name] == id).cloned().collect::<Vec<_>>();
    let (own, shared) = (rows(&page["items"], "mobile_id"), rows(&feed["changes"]["tickets"], "id"));
    let stamps = |rows: &[Value]| rows.iter().map(|row| (row["updated_at"].clone(), row["deleted"] == true)).collect::<Vec<_>>();
    assert_eq!(stamps(&own), stamps(&shared), "both say the same");
    (own, page["next_timestamp"].as_str().unwrap().to_owned())
}

/// A ticket that is at version 2, and the cursor of a device that has polled past it.
fn ticket(phone: &Phone) -> (String, String) {
    let id = fresh();
    one(phone, "helpdesk", entry(&id, 0, json!({"ticketdesc": "ten letter", "comments": "one"})));
    one(phone, "helpdesk", entry(&id, 1, json!({"comments": "two"})));
    let (_, since) = news(phone, "1970-01-02", &id);
    (id, since)
}

fn policy(phone: &Phone, policy: &str) {
    let body = json!({"resolution_policy": policy, "auto_resolve": policy != "manual"});
    phone.put("/sync/policies/helpdesk/", &body).expect(200);
}

fn told_again(server: &Server) {
    let phone = Phone::single(server);
    for kept in ["server_wins", "manual"] {
        policy(&phone, kept);
        let (id, mut since) = ticket(&phone);
        let late = [
            ("conflict", entry(&id, 1, json!({"comments": "late"}))),
            ("conflict", delete(&id, 1)),
            ("unchanged", entry(&id, 1, json!({"comments": "two"}))),
        ];
        for (word, late) in late {
            assert_eq!(one(&phone, "helpdesk", late.clone()), status(word, 2), "{late}");
            let (told, next) = news(&phone, &since, &id);
            assert_eq!((told.len(), &told[0]["version"], &told[0]["comments"]), (1, &json!(2), &json!("two")), "{kept}: {late}");
            assert_eq!(news(&phone, &next, &id).0, Vec::<Value>::new(), "once");
            since = next;
        }
        one(&phone, "helpdesk", delete(&id, 2));
        let (_, since) = news(&phone, &since, &id);
        one(&phone, "helpdesk", entry(&id, 2, json!({"comments": "of what is gone"})));
        let told = news(&phone, &since, &id).0;
        assert_eq!((&told[0]["version"], &told[0]["deleted"]), (&json!(3), &json!(true)), "{kept}: a tombstone too");
    }
    // What is refused of a record that is deleted, whatever its device says it has seen.
    let (id, since) = ticket(&phone);
    one(&phone, "helpdesk", delete(&id, 2));
    let (_, since) = news(&phone, &since, &id);
    let said = send(&phone, "helpdesk", json!([entry(&id, 3, json!({"comments": "of what is gone"}))]));
    assert_eq!((&said["errors"][0]["reason"], news(&phone, &since, &id).0.len()), (&json!("required"), 1), "{said}");
    // What is refused is told to whom has not seen what the server has.
    let (id, since) = ticket(&phone);
    for (version, times) in [(2, 0), (1, 1)] {
        let said = send(&phone, "helpdesk", json!([entry(&id, version, json!({"status": "NOWHERE"}))]));
        assert_eq!(said["errors"].as_array().unwrap().len(), 1, "{said}");
        assert_eq!(news(&phone, &since, &id).0.len(), times, "seen {version}");
    }
}

fn not_told(server: &Server) {
    let phone = Phone::single(server);
    let (id, since) = ticket(&phone);
    let base = json!({"base_data": {"ticketdesc": "ten letter", "comments": "one", "status": "NEW"}});
    let again = [
        entry(&id, 2, json!({"comments": "two"})),
        with(entry(&id, 1, json!({"comments": "two"})), base),
        entry(&id, 0, json!({"ticketdesc": "ten letter", "comments": "two", "status": "NEW"})),
    ];
    for again in again {
        let item = send(&phone, "helpdesk", json!([again]))["synced_items"][0].clone();
        assert_eq!((&item["status"], &item["as_sent"], item.get("object")), (&json!("unchanged"), &json!(true), None), "{item}");
    }
    assert_eq!(news(&phone, &since, &id).0, Vec::<Value>::new());
}

fn mended(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    one(&phone, "helpdesk", entry(&id, 0, json!({"ticketdesc": " ten letter ", "status": "NEW"})));
    // Before it heard that, somebody went on with what they had written.
    let base = json!({"base_data": {"ticketdesc": " ten letter ", "status": "NEW"}});
    let edit = with(entry(&id, 0, json!({"comments": "two"})), base);
    let item = send(&phone, "helpdesk", json!([edit]))["synced_items"][0].clone();
    assert_eq!((&item["status"], &item["as_sent"]), (&json!("merged"), &json!(false)), "{item}");
    assert_eq!((&item["object"]["ticketdesc"], &item["object"]["comments"]), (&json!("ten letter"), &json!("two")), "{item}");
}

fn replayed(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    let id = fresh();
    let record = json!({"domain": "ticket", "mobile_id": id, "operation": "CREATE", "data": {"ticketdesc": "ten letter", "status": "NEW"}});
    let body = json!({"idempotency_key": fresh(), "device_id": "phone-1", "client_timestamp": "2026-01-16T14:30:45Z", "records": [record]});
    let send = || phone.post("/sync/batch/", &body).expect(200);
    let first = send();
    let (_, since) = news(&phone, "1970-01-02", &id);
    assert_eq!(send().text(), first.text());
    assert_eq!(news(&phone, &since, &id).0, Vec::<Value>::new(), "it is what was sent");
    one(&partner, "helpdesk", entry(&id, 1, json!({"comments": "the partner's"})));
    let (_, since) = news(&phone, &since, &id);
    let again = send();
    assert_eq!((again.text(), again.header("Idempotency-Replayed")), (first.text(), Some("true")));
    let told = news(&phone, &since, &id).0;
    assert_eq!((&told[0]["version"], &told[0]["comments"]), (&json!(2), &json!("the partner's")));
}

/// What GraphQL shows of the items of a batch.
const ITEMS: &str = "mutation($b: SyncBatchInput!) { syncBatch(batch: $b) { recordsSyncResult { previousStamp
    items { domain mobileId status version serverVersion stamp asSent object objectOmitted }
    conflicts { domain winningVersion } errors { code domain reason retryable field } } } }";

/// Sends a ticket's edit through GraphQL; what is answered of the records.
fn graphql(phone: &Phone, item: &Value) -> Value {
    let batch =
        json!({"idempotencyKey": fresh(), "deviceId": "phone-1", "clientTimestamp": "2026-01-16T14:30:45Z", "records": [item]});
    let said = phone.post("/graphql/", &json!({"query": ITEMS, "variables": {"b": batch}})).expect(200).json();
    assert_eq!(said.get("errors"), None, "{said}");
    said["data"]["syncBatch"]["recordsSyncResult"].clone()
}

fn objects(server: &Server) {
    let phone = Phone::single(server);
    policy(&phone, "server_wins");
    let (id, _) = ticket(&phone);
    let said = send(&phone, "helpdesk", json!([entry(&id, 1, json!({"comments": "late"}))]));
    let (item, record) = (&said["synced_items"][0], shown(&phone, "helpdesk", &id));
    assert_eq!((&item["domain"], &item["version"], &item["as_sent"]), (&json!("ticket"), &json!(2), &json!(false)), "{item}");
    assert_eq!((&item["object"], &item["stamp"]), (&record, &record["updated_at"]));
    assert_eq!((&said["conflicts"][0]["winning_version"], item.get("object_omitted")), (&json!("server"), None));
    let edit = |version: i64, operation: &str, data: Value| json!({"domain": "TICKET", "mobileId": id, "operation": operation, "version": version, "data": data});
    let late = graphql(&phone, &edit(1, "UPDATE", json!({"comments": "late"})));
    let item = &late["items"][0];
    assert_eq!(
        (&item["object"], &item["objectOmitted"], &item["version"]),
        (&shown(&phone, "helpdesk", &id), &json!(false), &json!(2))
    );
    assert_eq!(late["conflicts"][0], json!({"domain": "ticket", "winningVersion": "server"}));
    let gone = graphql(&phone, &edit(2, "DELETE", Value::Null));
    assert_eq!((&gone["items"][0]["asSent"], &gone["items"][0]["object"]), (&json!(true), &Value::Null));
    let said = send(&phone, "helpdesk", json!([entry(&id, 2, json!({"comments": "of what is gone"}))]));
    assert_eq!(said["synced_items"][0].get("object"), Some(&Value::Null), "null is deleted");
    // What is mended or filled in is not what was sent.
    let said = send(&phone, "helpdesk", json!([entry(&fresh(), 0, json!({"ticketdesc": " ten letter "}))]));
    let object = &said["synced_items"][0]["object"];
    assert_eq!((&object["ticketdesc"], &object["status"]), (&json!("ten letter"), &json!("NEW")));
}

fn room(server: &Server) {
    let phone = Phone::single(server);
    let large = json!({"title": "t", "content": "x".repeat(20_000), "more": "y".repeat(70_000)});
    let ids: Vec<String> = (0..60).map(|_| fresh()).collect();
    send(&phone, "journal", ids.iter().map(|id| entry(id, 0, large.clone())).collect());
    // Each is there already, with more than this phone knows.
    let said = send(&phone, "journal", ids.iter().map(|id| entry(id, 0, json!({"title": "t"}))).collect());
    let items = said["synced_items"].as_array().unwrap();
    let told = items.iter().filter(|item| item.get("object").is_some()).count();
    assert!((40..50).contains(&told), "{told} of some 90 kB in 4 MiB");
    let omitted = items.iter().filter(|item| item["object_omitted"] == true && item["as_sent"] == false).count();
    assert_eq!(told + omitted, 60);
}

/// What two uploads come to, whose records the phone names so: items made, edited and refused; edited late, deleted, made again.
fn came_to(phone: &Phone, ids: &[String], at_once: usize) -> Vec<String> {
    let each = |entry: &dyn Fn(&String) -> Value| ids.iter().map(entry).collect::<Vec<Value>>();
    let first = [
        each(&|id| entry(id, 0, json!({"ticketdesc": "ten letter", "comments": "one"}))),
        each(&|id| entry(id, 1, json!({"comments": "two"}))),
        each(&|id| entry(id, 2, json!({"status": "no such state"}))),
    ];
    let second = [
        each(&|id| entry(id, 1, json!({"comments": "late"}))),
        each(&|id| delete(id, 2)),
        each(&|id| entry(id, 3, json!({"comments": "of what is gone"}))),
    ];
    let mut all = Vec::new();
    for list in [first, second] {
        for part in list.concat().chunks(at_once) {
            let said = send(phone, "helpdesk", json!(part));
            let rows = |name: &str| said[name].as_array().unwrap().clone();
            let item = |item: Value| json!([item["status"], item["version"], item["as_sent"], item["object"]["comments"]]);
            all.push(rows("synced_items").into_iter().map(item).collect::<Vec<_>>());
            all.push(rows("errors").into_iter().map(|error| json!([error["field"], error["reason"]])).collect());
            all.push(rows("conflicts").into_iter().map(|met| json!([met["server_version"], met["winning_version"]])).collect());
        }
    }
    let mut sorted: Vec<String> = all.concat().iter().map(Value::to_string).collect();
    sorted
        .extend(ids.iter().map(|id| shown(phone, "helpdesk", id)).map(|row| json!([row["version"], row["deleted"]]).to_string()));
    sorted.sort_unstable();
    sorted
}

fn large(server: &Server) {
    let phone = Phone::single(server);
    policy(&phone, "server_wins");
    let ids = || -> Vec<String> { (0..40).map(|_| fresh()).collect() };
    let (whole, parts) = (came_to(&phone, &ids(), 120), came_to(&phone, &ids(), 40));
    assert_eq!((whole.len(), &whole), (parts.len(), &parts));
}

fn previous(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    let cursor = || phone.get("/sync/journal/changes/").expect(200).json()["next_timestamp"].clone();
    let before = cursor();
    let said = send(&phone, "journal", json!([entry(&fresh(), 0, json!({"title": "t"}))]));
    assert_eq!((&said["previous_stamp"], &said["timestamp"]), (&before, &cursor()));
    assert!(is_instant(&before));
    partner.make("/goals/", &json!({"title": "between"}));
    let voice =
        json!({"device_id": "d", "data": [{"verification_id": "v", "timestamp": "2026-01-16T14:30:45Z", "verified": true}]});
    let (between, answer) = (cursor(), phone.post("/sync/voice/", &voice).expect(200).json());
    assert_eq!(answer["previous_stamp"], between);
    assert_ne!(answer["previous_stamp"], said["timestamp"]);
}

fn single(server: &Server) {
    let (phone, stranger) = (Phone::single(server), Phone::single(server));
    let (id, _) = ticket(&phone);
    let record = shown(&phone, "helpdesk", &id);
    let read = phone.get(&format!("/sync/helpdesk/{id}/")).expect(200);
    assert_eq!(read.json(), record);
    let unchanged = phone.ask("GET", &format!("/sync/tickets/{id}/")).header("If-None-Match", read.header("ETag").unwrap());
    unchanged.send(server.port).expect(304);
    let ask = |phone: &Phone| {
        let query =
            json!({"query": format!("{{ record(domain: TICKET, mobileId: \"{id}\") {{ domain mobileId version data }} }}")});
        phone.post("/graphql/", &query).expect(200).json()["data"]["record"].clone()
    };
    let told = ask(&phone);
    assert_eq!((&told["domain"], &told["version"], &told["data"]["comments"]), (&json!("TICKET"), &json!(2), &json!("two")));
    problem(phone.get(&format!("/sync/journal/{id}/")), 404);
    problem(stranger.get(&format!("/sync/helpdesk/{id}/")), 404);
    one(&phone, "helpdesk", delete(&id, 2));
    problem(phone.get(&format!("/sync/helpdesk/{id}/")), 404);
    assert_eq!((ask(&phone), ask(&stranger)), (Value::Null, Value::Null));
}

/// The answer to an upload under a new key, as every version takes it.
fn keyed(phone: &Phone, path: &str, body: &Value) -> Value {
    let key = format!("\"{}\"", fresh_name("key-of-an-upload"));
    phone.ask("POST", path).header("Idempotency-Key", key).json(body).send(phone.port).expect(200).json()
}

fn words(server: &Server) {
    let phone = Phone::single(server);
    let (id, _) = ticket(&phone);
    let bad = [
        (json!({"status": "CLOSED"}), "transition", "status"),
        (json!({"ticketdesc": "short"}), "too_short", "ticketdesc"),
        (json!({"escalation_level": 1_000}), "out_of_range", "escalation_level"),
        (json!({"identifier": "OTHER"}), "not_choice", "identifier"),
        (json!({"escalated_at": "yesterday"}), "not_instant", "escalated_at"),
    ];
    for (fields, word, field) in bad {
        let told =
            json!({"code": "SYNC_ERROR", "domain": "ticket", "reason": word.to_uppercase(), "retryable": false, "field": field});
        let item = json!({"domain": "TICKET", "mobileId": id, "operation": "UPDATE", "version": 2, "data": fields});
        assert_eq!(graphql(&phone, &item)["errors"], json!([told]));
        for (version, code) in [("v1", None), ("v2", Some(word))] {
            let body = json!({"entries": [entry(&id, 2, fields.clone())], "client_id": "phone-1"});
            let said = keyed(&phone, &format!("/{version}/sync/helpdesk/sync/"), &body)["errors"][0].clone();
            let told = json!([said["domain"], said["reason"], said["retryable"], said["field"], said["code"]]);
            assert_eq!(told, json!(["ticket", word, false, field, code]), "{said}");
        }
    }
    // A clock that is ahead is right later.
    let voice =
        json!({"device_id": "d", "data": [{"verification_id": "v", "timestamp": "2199-01-01T00:00:00Z", "verified": true}]});
    phone.put("/devices/d/", &json!({})).expect(201);
    for (version, code) in [("v1", "SYNC_ERROR"), ("v2", "in_future")] {
        let error = keyed(&phone, &format!("/{version}/sync/voice/"), &voice)["errors"][0].clone();
        let told = json!([error["code"], error["domain"], error["reason"], error["retryable"], error["field"]]);
        assert_eq!(told, json!([code, "voice", "in_future", true, "timestamp"]), "{error}");
        let batch = json!({"device_id": "d", "client_timestamp": "2026-01-16T14:30:45Z", "voice_data": voice["data"]});
        let error = keyed(&phone, &format!("/{version}/sync/batch/"), &batch)["voice_sync_result"]["errors"][0].clone();
        assert_eq!((&error["code"], &error["reason"]), (&json!(code), &json!("in_future")));
    }
    let described = phone.get("/openapi.json").expect(200).text();
    assert!(["\"transition\"", "\"in_future\"", "\"too_short\""].iter().all(|word| described.contains(word)));
}
