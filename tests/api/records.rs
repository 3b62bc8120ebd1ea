//! Records: their fields and rules, versions, states, tombstones, the feed, and pages of changes.

use super::expect::{is_instant, problem, refused};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a record is created, updated, and unchanged when nothing differs", versions),
    ("what is not sent stays, null clears, and what a newer app sends is kept", parts),
    ("every field of every domain is kept, in canonical form", every_field),
    ("every rule of every domain fails its entry alone", rules),
    ("an entry's envelope has rules", envelope),
    ("a new record may begin in any state, and goes on as its machine says", states),
    ("a later entry of one upload builds on the earlier", one_upload),
    ("a deleted record leaves a tombstone, and comes back to whoever has seen it", tombstones),
    ("records stand in the feed under their own kinds, and in the export", feed),
    ("pages of changes are exact, whatever their size", pages),
    ("pages of changes can be filtered", filters),
    ("an upload of entries has rules of its own", uploads),
    ("records of one couple are nobody else's", strangers),
    ("a batch of records comes to the same as entries", batch),
];

/// Where each domain's records are sent.
pub const PATHS: [(&str, &str); 5] = [
    ("journal", "journal"),
    ("attendance", "attendance"),
    ("task", "activity"),
    ("ticket", "helpdesk"),
    ("work_order", "work-orders"),
];

/// A new record's id.
pub fn fresh() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Sends entries of the domain with this path; what is answered.
#[track_caller]
pub fn send(phone: &Phone, path: &str, entries: Value) -> Value {
    phone.post(&format!("/sync/{path}/sync/"), &json!({"entries": entries, "client_id": "phone-1"})).expect(200).json()
}

/// Sends one entry; its status and the server's version.
#[track_caller]
pub fn one(phone: &Phone, path: &str, entry: Value) -> (String, i64) {
    let said = send(phone, path, json!([entry]));
    let item = &said["synced_items"][0];
    let status = item["status"].as_str().unwrap_or_else(|| panic!("{said}"));
    assert_eq!((&item["mobile_id"], &said["errors"]), (&entry["mobile_id"], &json!([])), "{said}");
    (status.to_owned(), item["server_version"].as_i64().unwrap())
}

/// The record as its changes show it.
#[track_caller]
pub fn shown(phone: &Phone, path: &str, id: &str) -> Value {
    let page = phone.get(&format!("/sync/{path}/changes/?since=1970-01-02&limit=1000")).expect(200).json();
    let items = page["items"].as_array().unwrap();
    items.iter().find(|item| item["mobile_id"] == id).unwrap_or_else(|| panic!("no {id} in {page}")).clone()
}

/// An entry whose fields are these.
pub fn entry(id: &str, version: i64, fields: Value) -> Value {
    let mut entry = json!({"mobile_id": id, "version": version});
    entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    entry
}

/// The least that a record of each domain needs.
fn least(path: &str) -> Value {
    match path {
        "journal" => json!({"title": "t"}),
        "attendance" => json!({"deviceid": "dev-1"}),
        "activity" => json!({"jobdesc": "job"}),
        "helpdesk" => json!({"ticketdesc": "ten letter"}),
        _ => json!({"description": "works"}),
    }
}

fn status(status: &str, version: i64) -> (String, i64) {
    (status.to_owned(), version)
}

fn versions(server: &Server) {
    let phone = Phone::single(server);
    for (_, path) in PATHS {
        let id = fresh();
        let said = send(&phone, path, json!([entry(&id, 0, least(path))]));
        let item = json!({"mobile_id": id, "status": "created", "server_version": 1});
        assert_eq!(said, json!({"synced_items": [item], "conflicts": [], "errors": [], "timestamp": said["timestamp"]}));
        assert!(is_instant(&said["timestamp"]));
        let record = shown(&phone, path, &id);
        assert_eq!((&record["version"], &record["updated_at"]), (&json!(1), &said["timestamp"]));
        assert_eq!((&record["created_by"], &record["updated_by"]), (&json!(phone.id), &json!(phone.id)));
        assert_eq!(one(&phone, path, entry(&id, 1, least(path))), status("unchanged", 1));
        assert_eq!(shown(&phone, path, &id), record, "what is unchanged is not touched");
        assert_eq!(one(&phone, path, entry(&id, 1, json!({"of_the_app": 1}))), status("updated", 2));
        assert_eq!(one(&phone, path, entry(&id, 1, json!({"of_the_app": 1}))), status("unchanged", 2), "sent again");
        assert_eq!(one(&phone, path, entry(&id, 7, json!({"of_the_app": 2}))), status("updated", 8), "never back");
        assert_eq!(shown(&phone, path, &id)["version"], 8);
    }
}

fn parts(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    let all = json!({"title": "t", "content": "c", "tags": ["a"], "rating": {"stars": 4.1}, "of_the_app": "x"});
    one(&phone, "journal", entry(&id, 0, all));
    one(&phone, "journal", entry(&id, 1, json!({"content": null, "of_the_app": null, "title": " u "})));
    let record = shown(&phone, "journal", &id);
    assert_eq!((&record["title"], &record["tags"], &record["rating"]), (&json!("u"), &json!(["a"]), &json!({"stars": 4.1})));
    assert_eq!((record.get("content"), record.get("of_the_app")), (Some(&Value::Null), None));
    // A device sends back what it was shown, with what the server told beside it.
    assert_eq!(one(&phone, "journal", record.clone()), status("unchanged", 2));
    let mut edited = record;
    edited["mood"] = json!("calm");
    assert_eq!(one(&phone, "journal", edited), status("updated", 3));
    let said = send(&phone, "journal", json!([entry(&id, 3, json!({"title": null}))]));
    assert_eq!(said["errors"][0]["field"], "title", "what must be there cannot be cleared: {said}");
}

fn every_field(server: &Server) {
    let phone = Phone::single(server);
    let at = "2026-01-16T14:30:45.000Z";
    let full = [
        (
            "journal",
            json!({"title": "산책", "entry_type": "note", "timestamp": at, "content": "é\n", "mood": "7", "tags": ["a", 1]}),
        ),
        (
            "attendance",
            json!({"deviceid": "dev-1", "gpslocation": {"lat": 1.5}, "receiveddate": at, "transportmode": "TRAIN", "reference": "r",
            "identifier": "SITEVISIT", "status": "VERIFIED"}),
        ),
        (
            "activity",
            json!({"jobdesc": "job", "gracetime": 0, "priority": "HIGH", "jobstatus": "STANDBY", "plandatetime": at, "expirydatetime": at,
            "starttime": at, "endtime": at, "gpslocation": "POINT(1 2)", "remarks": "r"}),
        ),
        (
            "helpdesk",
            json!({"ticketdesc": "ten letter", "status": "OPEN", "priority": "URGENT", "identifier": "REQUEST", "comments": "c",
            "escalation_level": 2, "escalated_at": at, "escalated_by": "ana"}),
        ),
        (
            "work-orders",
            json!({"description": "works", "status": "paused", "priority": "low", "scheduled_start": at, "scheduled_end": at,
            "actual_start": at, "actual_end": at, "estimated_hours": 1.5, "actual_hours": 0.1}),
        ),
    ];
    for (path, fields) in full {
        let id = fresh();
        assert_eq!(one(&phone, path, entry(&id, 0, fields.clone())), status("created", 1));
        let record = shown(&phone, path, &id);
        for (name, value) in fields.as_object().unwrap() {
            assert_eq!(record[name], *value, "{path}: {name}");
        }
    }
    let id = fresh();
    one(&phone, "attendance", entry(&id, 0, json!({"deviceid": 12345, "receiveddate": "2026-01-16T15:30:45+01:00"})));
    let record = shown(&phone, "attendance", &id);
    let kept =
        ["deviceid", "receiveddate", "transportmode", "identifier", "status", "reference"].map(|name| record[name].clone());
    assert_eq!(kept, [json!("12345"), json!(at), json!("WALK"), json!("TRACKING"), json!("PENDING"), Value::Null]);
}

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
    assert_eq!(said["synced_items"], json!([{"mobile_id": good, "status": "created", "server_version": 1}]), "{fields}");
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

fn states(server: &Server) {
    let phone = Phone::single(server);
    for state in ["NEW", "OPEN", "INPROGRESS", "ONHOLD", "RESOLVED", "CLOSED", "CANCELLED"] {
        let id = fresh();
        one(&phone, "helpdesk", entry(&id, 0, json!({"ticketdesc": "ten letter", "status": state})));
        assert_eq!(one(&phone, "helpdesk", entry(&id, 1, json!({"status": state, "comments": "c"}))), status("updated", 2));
    }
    let id = fresh();
    one(&phone, "activity", entry(&id, 0, json!({"jobdesc": "job"})));
    for (version, state) in [(1, "INPROGRESS"), (2, "PARTIALLYCOMPLETED"), (3, "COMPLETED"), (4, "STANDBY"), (5, "ASSIGNED")] {
        assert_eq!(one(&phone, "activity", entry(&id, version, json!({"jobstatus": state}))), status("updated", version + 1));
    }
    for to in ["COMPLETED", "PARTIALLYCOMPLETED", "NOWHERE"] {
        let said = send(&phone, "activity", json!([entry(&id, 6, json!({"jobstatus": to}))]));
        let message = said["errors"][0]["error_message"].as_str().unwrap();
        assert!(["jobstatus", "ASSIGNED", to].iter().all(|word| message.contains(word)), "{message}");
        assert_eq!(said["errors"][0]["field"], "jobstatus");
    }
    assert_eq!(shown(&phone, "activity", &id)["version"], 6);
}

fn one_upload(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    let edits = [json!({"title": "a", "mood": "m"}), json!({"title": "b"}), json!({"content": "c"}), json!({"title": "b"})];
    let said = send(&phone, "journal", edits.iter().map(|edit| entry(&id, 0, edit.clone())).collect());
    let told: Vec<(&str, i64)> = said["synced_items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["status"].as_str().unwrap(), item["server_version"].as_i64().unwrap()))
        .collect();
    assert_eq!(told, [("created", 1), ("updated", 2), ("updated", 3), ("unchanged", 3)]);
    let record = shown(&phone, "journal", &id);
    assert_eq!((&record["title"], &record["content"], &record["mood"]), (&json!("b"), &json!("c"), &json!("m")));
    // What the upload has not seen is met all the same.
    let said =
        send(&phone, "journal", json!([entry(&id, 1, json!({"title": "late"})), entry(&id, 1, json!({"title": "later"}))]));
    assert_eq!(said["conflicts"].as_array().unwrap().len(), 2, "{said}");
}

fn delete(id: &str, version: i64) -> Value {
    json!({"mobile_id": id, "version": version, "operation": "DELETE"})
}

fn tombstones(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    one(&phone, "journal", entry(&id, 0, json!({"title": "t", "content": "secret"})));
    assert_eq!(one(&phone, "journal", delete(&id, 1)), status("deleted", 2));
    assert_eq!(one(&phone, "journal", delete(&id, 1)), status("unchanged", 2));
    let gone = shown(&phone, "journal", &id);
    assert_eq!(gone, json!({"mobile_id": id, "version": 2, "deleted": true, "updated_at": gone["updated_at"]}));
    assert_eq!(
        phone.get("/sync/journal/changes/").expect(200).json()["items"],
        json!([]),
        "who starts anew has nothing to delete"
    );
    assert!(!phone.get("/auth/export/").expect(200).text().contains("secret"), "what was deleted is not kept");
    assert_eq!(one(&phone, "journal", entry(&id, 2, json!({"title": "back"}))), status("updated", 3));
    let record = shown(&phone, "journal", &id);
    assert_eq!((&record["title"], &record["content"]), (&json!("back"), &Value::Null));
    let unknown = fresh();
    assert_eq!(one(&phone, "journal", delete(&unknown, 0)), status("deleted", 1), "one that never came");
    let said = send(&phone, "journal", json!([entry(&unknown, 0, json!({"title": "too late"}))]));
    assert_eq!(
        (said["synced_items"][0]["status"].as_str(), said["conflicts"][0]["server_data"].clone()),
        (Some("conflict"), Value::Null)
    );
}

fn feed(server: &Server) {
    let (phone, other) = Phone::couple(server);
    let kinds = ["journal", "attendance", "tasks", "tickets", "work_orders"];
    for (kind, (_, path)) in kinds.iter().zip(PATHS) {
        let since = phone.poll("")["server_time"].as_str().unwrap().to_owned();
        let id = fresh();
        let at = send(&phone, path, json!([entry(&id, 0, least(path))]))["timestamp"].clone();
        assert!(other.poll(&since)["changes"].get(kind).is_none(), "version 1 has its seven lists");
        let poll = |query: &str| other.get(query).expect(200).json();
        let row = json!([{"id": id, "updated_at": at}]);
        assert_eq!(poll(&format!("/v2/sync/changes/?since={since}"))["changes"][kind], row);
        let asked = poll(&format!("/sync/changes/?since={since}&kinds={kind}&include=objects"));
        assert_eq!(asked["changes"][kind][0]["object"], shown(&other, path, &id));
        assert_eq!(other.get("/auth/export/").expect(200).json()["data"][kind], json!([shown(&other, path, &id)]));
        one(&phone, path, delete(&id, 1));
        let buried = poll(&format!("/sync/changes/?since={since}&kinds={kind}"))["changes"][kind][0].clone();
        assert_eq!((&buried["id"], &buried["deleted"]), (&json!(id), &json!(true)));
        assert_eq!(other.get("/auth/export/").expect(200).json()["data"][kind], json!([]));
    }
}

/// Every record that pages of this size bring, oldest first.
#[track_caller]
fn walk(phone: &Phone, limit: usize) -> Vec<(String, i64)> {
    let (mut since, mut all) = ("1970-01-02".to_owned(), Vec::new());
    loop {
        let page = phone.get(&format!("/sync/activity/changes/?since={since}&limit={limit}")).expect(200).json();
        let items = page["items"].as_array().unwrap();
        let stamps: Vec<&str> = items.iter().map(|item| item["updated_at"].as_str().unwrap()).collect();
        assert!(stamps.is_sorted() && stamps.first().is_none_or(|first| *first > since.as_str()), "{stamps:?} after {since}");
        all.extend(items.iter().map(|i| (i["mobile_id"].as_str().unwrap().to_owned(), i["version"].as_i64().unwrap())));
        since = page["next_timestamp"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            assert_eq!(phone.get(&format!("/sync/activity/changes/?since={since}")).expect(200).json()["items"], json!([]));
            return all;
        }
        assert_eq!(stamps.last(), Some(&since.as_str()));
    }
}

fn pages(server: &Server) {
    let phone = Phone::single(server);
    assert_eq!(walk(&phone, 1), []);
    let groups: Vec<Vec<String>> = [1, 3, 1, 2, 4].iter().map(|count| (0..*count).map(|_| fresh()).collect()).collect();
    for ids in &groups {
        send(&phone, "activity", ids.iter().map(|id| entry(id, 0, json!({"jobdesc": "job"}))).collect());
        phone.post("/goals/", &json!({"title": "something else"})).expect(201);
    }
    one(&phone, "activity", delete(&groups[1][0], 1));
    one(&phone, "activity", entry(&groups[0][0], 1, json!({"remarks": "r"})));
    let all = walk(&phone, 1_000);
    assert_eq!((all.len(), &all[10]), (11, &(groups[0][0].clone(), 2)), "each record once, at its newest change");
    for limit in 1..6 {
        assert_eq!(walk(&phone, limit), all, "{limit}");
    }
    let whole = phone.get("/sync/activity/changes/?limit=1").expect(200).json();
    assert_eq!(whole["items"].as_array().unwrap().len(), 2, "a stamp is given whole, but for its tombstones");
    let later = phone.get("/sync/activity/changes/?since=9999-01-01").expect(200).json();
    assert_eq!((&later["items"], &later["has_more"]), (&json!([]), &json!(false)));
    assert!(later["next_timestamp"].as_str().unwrap() < "9999", "{later}");
    let epoch = whole["epoch"].as_str().unwrap();
    let again = |epoch: &str| {
        let since = later["next_timestamp"].as_str().unwrap();
        phone.get(&format!("/sync/activity/changes/?since={since}&epoch={epoch}")).expect(200).json()
    };
    assert_eq!((&again(epoch)["items"], &again(epoch)["reset"]), (&json!([]), &json!(false)));
    let anew = again("another");
    assert_eq!((anew["items"].as_array().unwrap().len(), &anew["reset"]), (10, &json!(true)), "everything alive");
    for bad in ["limit=0", "limit=1001", "limit=x", "since=x", "date_from=x"] {
        let field = bad.split('=').next().unwrap();
        refused(phone.get(&format!("/sync/activity/changes/?{bad}")), field);
    }
}

fn filters(server: &Server) {
    let phone = Phone::single(server);
    let (old, new, gone) = (fresh(), fresh(), fresh());
    let at = |at: &str, priority: &str, state: &str| json!({"jobdesc": "job", "plandatetime": at, "priority": priority, "jobstatus": state});
    one(&phone, "activity", entry(&old, 0, at("2026-01-01", "LOW", "ASSIGNED")));
    one(&phone, "activity", entry(&new, 0, at("2026-03-01", "HIGH", "STANDBY")));
    one(&phone, "activity", entry(&gone, 0, at("2026-03-01", "HIGH", "STANDBY")));
    let since = send(&phone, "activity", json!([delete(&gone, 1)]))["timestamp"].as_str().unwrap().to_owned();
    let ids = |query: &str| {
        let page = phone.get(&format!("/sync/activity/changes/?since=1970-01-02&{query}")).expect(200).json();
        assert_eq!(page["next_timestamp"], since.as_str());
        page["items"].as_array().unwrap().iter().map(|item| item["mobile_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(""), [json!(old), json!(new), json!(gone)]);
    assert_eq!(ids("status=STANDBY"), [json!(new), json!(gone)], "who held it learns that it is gone");
    assert_eq!(ids("priority=LOW"), [json!(old), json!(gone)]);
    assert_eq!(ids("date_from=2026-02-01"), [json!(new), json!(gone)]);
    assert_eq!(ids("date_from=2026-01-01&status=ASSIGNED&priority=LOW"), [json!(old), json!(gone)]);
    assert_eq!(ids("status=NOWHERE"), [json!(gone)]);
    // A ticket has no date of its own: it is as old as its row.
    one(&phone, "helpdesk", entry(&fresh(), 0, json!({"ticketdesc": "ten letter"})));
    let count = |from: &str| {
        let page = phone.get(&format!("/sync/helpdesk/changes/?date_from={from}")).expect(200).json();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((count("2026-01-01"), count("9999-01-01")), (1, 0));
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

fn strangers(server: &Server) {
    let (owner, partner) = Phone::couple(server);
    let (stranger, alone) = (Phone::single(server), Phone::register(server));
    let id = fresh();
    one(&owner, "journal", entry(&id, 0, json!({"title": "ours"})));
    assert_eq!(one(&stranger, "journal", entry(&id, 0, json!({"title": "theirs"}))), status("created", 1));
    assert_eq!(one(&partner, "journal", entry(&id, 1, json!({"mood": "m"}))), status("updated", 2));
    let record = shown(&owner, "journal", &id);
    assert_eq!(
        (&record["title"], &record["created_by"], &record["updated_by"]),
        (&json!("ours"), &json!(owner.id), &json!(partner.id))
    );
    assert_eq!(
        (&shown(&stranger, "journal", &id)["title"], shown(&stranger, "journal", &id)["version"].as_i64()),
        (&json!("theirs"), Some(1))
    );
    for (_, path) in PATHS {
        problem(alone.get(&format!("/sync/{path}/changes/")), 404);
        problem(alone.post(&format!("/sync/{path}/sync/"), &json!({"entries": [{}], "client_id": "phone-1"})), 404);
    }
}

fn batch(server: &Server) {
    let (entries, items) = (Phone::single(server), Phone::single(server));
    let ids: Vec<String> = PATHS.iter().map(|_| fresh()).collect();
    let mut records = Vec::new();
    for ((domain, path), id) in PATHS.iter().zip(&ids) {
        one(&entries, path, entry(id, 0, least(path)));
        records.push(json!({"domain": domain, "mobile_id": id, "operation": "CREATE", "data": least(path)}));
    }
    records.push(json!({"domain": "voice", "mobile_id": fresh(), "operation": "SYNC", "data": {}}));
    let body = json!({"device_id": "phone-1", "client_timestamp": "2026-01-16T14:30:45Z", "records": records});
    let said = items.post("/sync/batch/", &body).expect(200).json()["records_sync_result"].clone();
    let synced: Vec<Value> = ids.iter().map(|id| json!({"mobile_id": id, "status": "created", "server_version": 1})).collect();
    assert_eq!((&said["items"], &said["failed_items"]), (&json!(synced), &json!(1)), "{said}");
    assert_eq!((&said["errors"][0]["code"], &said["errors"][0]["field"]), (&json!("SYNC_ERROR"), &json!("domain")));
    for ((_, path), id) in PATHS.iter().zip(&ids) {
        let bare = |phone: &Phone| {
            let mut record = shown(phone, path, id);
            for name in ["created_by", "updated_by", "created_at", "updated_at"] {
                record[name] = Value::Null;
            }
            record
        };
        assert_eq!(bare(&entries), bare(&items));
    }
}
