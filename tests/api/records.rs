//! Records: fields, versions, states, tombstones.

use super::expect::{is_instant, problem};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a record is created, updated, and unchanged when nothing differs", versions),
    ("what is not sent stays, null clears, and what a newer app sends is kept", parts),
    ("every field of every domain is kept, in canonical form", every_field),
    ("a new record may begin in any state, and goes on as its machine says", states),
    ("a later entry of one upload builds on the earlier", one_upload),
    ("a deleted record leaves a tombstone, and comes back to whoever has seen it", tombstones),
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
pub fn least(path: &str) -> Value {
    match path {
        "journal" => json!({"title": "t"}),
        "attendance" => json!({"deviceid": "dev-1"}),
        "activity" => json!({"jobdesc": "job"}),
        "helpdesk" => json!({"ticketdesc": "ten letter"}),
        _ => json!({"description": "works"}),
    }
}

/// What items came to, without what the record is.
pub fn brief(items: &Value) -> Value {
    let told = |item: &Value| json!({"mobile_id": item["mobile_id"], "status": item["status"], "server_version": item["server_version"]});
    items.as_array().unwrap().iter().map(told).collect()
}

/// What [`one`] answers.
pub fn status(status: &str, version: i64) -> (String, i64) {
    (status.to_owned(), version)
}

fn versions(server: &Server) {
    let phone = Phone::single(server);
    for (_, path) in PATHS {
        let id = fresh();
        let said = send(&phone, path, json!([entry(&id, 0, least(path))]));
        let item = json!({"mobile_id": id, "status": "created", "server_version": 1});
        assert_eq!((brief(&said["synced_items"]), &said["conflicts"], &said["errors"]), (json!([item]), &json!([]), &json!([])));
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

/// An entry that deletes.
pub fn delete(id: &str, version: i64) -> Value {
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
    assert_eq!((brief(&said["items"]), &said["failed_items"]), (json!(synced), &json!(1)), "{said}");
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
