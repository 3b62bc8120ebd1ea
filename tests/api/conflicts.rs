//! Conflicts: what is merged, what is kept of both sides, and who sees it.

use super::expect::{is_id, is_instant, problem, refused};
use super::mobile::driver::{DRIVERS, Driver, Operation, Upload};
use super::records::{PATHS, fresh, shown};
use super::resolutions::{choice, resolve, usual};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("what only one side changed is merged and is no conflict", merges),
    ("what both sides changed is kept with the conflict", both_sides),
    ("a conflict that breaks the rules waits for a person", unsound),
    ("conflicts are listed newest first, and by status, domain and instant", list),
    ("deletions are conflicts like others", deletions),
    ("conflicts stand in the feed where the tenant wants it, and always in the export", feed),
    ("a settled conflict is forgotten after 90 days", forgotten),
    ("settled conflicts go with their record; what waits shows its side to who sent it alone, for 30 days", of_deleted),
    ("an account takes its sides of conflicts along", of_who_is_gone),
];

/// One item of a batch.
pub fn item(domain: &str, id: &str, version: i64, data: Value) -> Value {
    json!({"domain": domain, "mobile_id": id, "operation": "UPDATE", "version": version, "data": data})
}

pub fn with(mut item: Value, more: Value) -> Value {
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    item
}

/// Sends items through a face; what is answered of the records.
#[track_caller]
pub fn upload(driver: &dyn Driver, phone: &Phone, items: &[Value]) -> Value {
    let said = driver.upload(phone, &Upload::new(Operation::Batch, &json!({ "records": items }))).answer();
    assert_eq!(said["records_sync_result"]["errors"], json!([]), "{said}");
    said["records_sync_result"].clone()
}

/// Sends one item; its status and the server's version.
#[track_caller]
pub fn one(driver: &dyn Driver, phone: &Phone, item: Value) -> (String, i64) {
    let said = upload(driver, phone, &[item])["items"][0].clone();
    (said["status"].as_str().unwrap().to_owned(), said["server_version"].as_i64().unwrap())
}

/// The newest conflict.
#[track_caller]
pub fn newest(phone: &Phone) -> Value {
    phone.get("/sync/conflicts/").expect(200).json()["conflicts"][0].clone()
}

/// A record of which one edit was taken: version 2 has `server`, and the device that comes late has seen version 1.
#[track_caller]
pub fn late(driver: &dyn Driver, phone: &Phone, domain: &str, first: Value, server: Value) -> String {
    let id = fresh();
    assert_eq!(one(driver, phone, with(item(domain, &id, 0, first), json!({"client_timestamp": "2026-01-01T10:00:00Z"}))).1, 1);
    assert_eq!(one(driver, phone, with(item(domain, &id, 1, server), json!({"client_timestamp": "2026-01-01T11:00:00Z"}))).1, 2);
    id
}

/// The path of a domain's routes.
pub fn path(domain: &str) -> &'static str {
    PATHS.iter().find(|(name, _)| *name == domain).unwrap().1
}

/// A first version, the server's edit and the device's, in one field.
pub fn contest(domain: &str) -> (&'static str, [Value; 3]) {
    let field = match domain {
        "journal" => "title",
        "attendance" => "deviceid",
        "task" => "jobdesc",
        "ticket" => "ticketdesc",
        _ => "description",
    };
    (field, ["the first one", "the server's", "the device's"].map(|text| json!({ field: text })))
}

fn merges(server: &Server) {
    for driver in DRIVERS {
        let (phone, other) = Phone::couple(server);
        let first = json!({"title": "t", "content": "c", "mood": "m", "extra": 1.1});
        let id = late(*driver, &phone, "journal", first.clone(), json!({"content": "the server's", "tags": ["s"]}));
        let base = json!({ "base_data": first });
        let sent = with(item("journal", &id, 1, json!({"title": "t", "content": "c", "mood": null, "extra": 2.2})), base.clone());
        let said = upload(*driver, &other, std::slice::from_ref(&sent));
        assert_eq!((&said["conflicts"], &said["items"][0]["status"]), (&json!([]), &json!("merged")), "{said}");
        let record = shown(&phone, "journal", &id);
        let now = ["title", "content", "mood", "tags", "extra", "version"].map(|name| record[name].clone());
        assert_eq!(now, [json!("t"), json!("the server's"), Value::Null, json!(["s"]), json!(2.2), json!(3)]);
        assert_eq!(one(*driver, &other, sent), ("unchanged".to_owned(), 3), "sent again, it is there already");
        // Both sides changed it to the same.
        let same = with(item("journal", &id, 1, json!({"content": "the server's", "title": "u"})), base);
        assert_eq!(one(*driver, &other, same), ("merged".to_owned(), 4));
        assert_eq!(phone.get("/sync/conflicts/").expect(200).json()["total"], 0);
    }
}

fn both_sides(server: &Server) {
    for driver in DRIVERS {
        let phone = Phone::single(server);
        let first = json!({"deviceid": "dev-1", "reference": "first", "gpslocation": "here"});
        let id = late(*driver, &phone, "attendance", first.clone(), json!({"reference": "the server's"}));
        let edit = json!({"reference": "the device's", "gpslocation": "there"});
        let more = json!({"base_data": first, "client_timestamp": "2026-01-01T12:00:00+01:00"});
        assert_eq!(one(*driver, &phone, with(item("attendance", &id, 1, edit.clone()), more)), ("conflict".to_owned(), 3));
        let record = shown(&phone, "attendance", &id);
        assert_eq!((&record["reference"], &record["gpslocation"]), (&json!("the server's"), &json!("there")));
        let kept = newest(&phone);
        assert!(is_id(&kept["conflict_id"]) && is_instant(&kept["created_at"]), "{kept}");
        let expected = json!({
            "conflict_id": kept["conflict_id"], "domain": "attendance", "mobile_id": id, "user_id": phone.id, "device_id": "phone-1",
            "server_version": 2, "client_version": 1, "client_at": "2026-01-01T11:00:00.000Z", "server_user_id": phone.id,
            "server_data": {"deviceid": "dev-1", "reference": "the server's", "gpslocation": "here", "transportmode": "WALK",
                "identifier": "TRACKING", "status": "PENDING"},
            "client_data": edit, "base_data": first, "resolution_strategy": "server_wins", "resolution_result": "resolved",
            "resolution_required": false, "winning_version": "merged", "created_at": kept["created_at"],
            "resolved_by": null, "resolved_at": kept["created_at"], "notes": null,
        });
        assert_eq!(kept, expected);
    }
}

#[track_caller]
pub fn set(phone: &Phone, domain: &str, policy: Value) -> Value {
    phone.put(&format!("/sync/policies/{domain}/"), &policy).expect(200).json()
}

fn unsound(server: &Server) {
    for driver in DRIVERS {
        let phone = Phone::single(server);
        set(&phone, "ticket", json!({"resolution_policy": "client_wins"}));
        let id = late(
            *driver,
            &phone,
            "ticket",
            json!({"ticketdesc": "ten letter", "status": "OPEN"}),
            json!({"status": "CANCELLED"}),
        );
        let said = upload(*driver, &phone, &[item("ticket", &id, 1, json!({"status": "RESOLVED", "comments": "done"}))]);
        assert_eq!(said["conflicts"][0]["resolution_required"], true, "{said}");
        let record = shown(&phone, "helpdesk", &id);
        assert_eq!((&record["status"], &record["comments"], &record["version"]), (&json!("CANCELLED"), &Value::Null, &json!(2)));
        // What breaks the rules whatever the server has is the device's own error.
        let base = json!({"base_data": {"ticketdesc": "ten letter", "status": "OPEN"}});
        let sent = with(item("ticket", &id, 1, json!({"status": "CLOSED"})), base);
        let answer = driver.upload(&phone, &Upload::new(Operation::Batch, &json!({ "records": [sent] }))).answer();
        assert_eq!(answer["records_sync_result"]["errors"][0]["field"], "status", "{answer}");
        // The device moved the start, the server the end: each is sound alone.
        let span = |start: &str, end: &str| json!({"jobdesc": "job", "starttime": format!("2026-01-01T{start}:00Z"), "endtime": format!("2026-01-01T{end}:00Z")});
        let id = late(*driver, &phone, "task", span("08:00", "12:00"), span("08:00", "09:00"));
        let sent = with(item("task", &id, 1, span("11:00", "12:00")), json!({"base_data": span("08:00", "12:00")}));
        let said = upload(*driver, &phone, &[sent]);
        assert_eq!(said["conflicts"][0]["resolution_required"], true, "{said}");
        assert_eq!(shown(&phone, "activity", &id)["version"], 2);
    }
}

fn list(server: &Server) {
    let (phone, other) = Phone::couple(server);
    let (first, _) = usual(&phone);
    let since = newest(&phone)["created_at"].as_str().unwrap().to_owned();
    let (_, [one, two, three]) = contest("task");
    let id = late(DRIVERS[0], &phone, "task", one, two);
    upload(DRIVERS[0], &phone, &[item("task", &id, 1, three)]);
    let ids = |query: &str| {
        let list = other.get(&format!("/sync/conflicts/?{query}")).expect(200).json();
        let conflicts = list["conflicts"].as_array().unwrap();
        assert_eq!(list.as_object().unwrap().len(), 5);
        assert!(conflicts.len() as i64 <= list["total"].as_i64().unwrap());
        conflicts.iter().map(|c| c["domain"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(""), ["task", "journal"]);
    assert_eq!(ids("status=resolved"), ["task"]);
    assert_eq!(ids("status=manual_required"), ["journal"]);
    assert_eq!(ids("domain=journal"), ["journal"]);
    assert_eq!(ids("domain=journal&status=resolved"), [""; 0]);
    assert_eq!(ids(&format!("since={since}")), ["task"]);
    assert_eq!(ids("page_size=1&page=2"), ["journal"]);
    refused(phone.get("/sync/conflicts/?status=open"), "status");
    refused(phone.get("/sync/conflicts/?since=x"), "since");
    problem(phone.get("/sync/conflicts/?page=2"), 404);
    // Six items, of which two met a conflict.
    assert_eq!(other.get("/sync/conflicts/?domain=task").expect(200).json()["conflict_rate_pct"], 33.33);
    resolve(&phone, &first, &choice("manual", "server", Value::Null)).expect(200);
    assert_eq!(ids("status=resolved"), ["task", "journal"]);
    assert_eq!(
        Phone::single(server).get("/sync/conflicts/").expect(200).json(),
        json!({"conflicts": [], "total": 0, "next": null, "previous": null, "conflict_rate_pct": 0.0})
    );
}

fn deletions(server: &Server) {
    for driver in DRIVERS {
        let phone = Phone::single(server);
        let delete = |domain: &str, id: &str| json!({"domain": domain, "mobile_id": id, "operation": "DELETE", "version": 1});
        // A late deletion of what was edited: as the policy says.
        for (domain, deleted) in [("journal", true), ("attendance", false), ("ticket", false)] {
            let (field, [first, servers, _]) = contest(domain);
            let id = late(*driver, &phone, domain, first, servers.clone());
            assert_eq!(one(*driver, &phone, delete(domain, &id)).0, "conflict");
            let (record, kept) = (shown(&phone, path(domain), &id), newest(&phone));
            assert_eq!(record["deleted"] == true, deleted, "{record}");
            assert_eq!((&kept["client_data"], &kept["server_data"][field]), (&Value::Null, &servers[field]));
            assert_eq!(kept["resolution_required"], domain == "ticket");
        }
        let kept = newest(&phone);
        let conflict = kept["conflict_id"].as_str().unwrap();
        refused(resolve(&phone, conflict, &choice("client_wins", "merged", Value::Null)), "merge_data");
        assert_eq!(
            resolve(&phone, conflict, &choice("manual", "client", Value::Null)).expect(200).json()["winning_version"],
            "client"
        );
        assert_eq!(shown(&phone, "helpdesk", kept["mobile_id"].as_str().unwrap())["deleted"], true);
        // A late edit of what was deleted.
        let id = late(*driver, &phone, "journal", json!({"title": "t", "mood": "m"}), json!({"title": "u"}));
        assert_eq!(one(*driver, &phone, with(delete("journal", &id), json!({"version": 2}))).0, "deleted");
        let edit = with(item("journal", &id, 1, json!({"title": "v"})), json!({"base_data": {"title": "t", "mood": "m"}}));
        assert_eq!(one(*driver, &phone, edit), ("conflict".to_owned(), 4));
        let record = shown(&phone, "journal", &id);
        assert_eq!((&record["title"], &record["mood"]), (&json!("v"), &json!("m")));
    }
}

fn feed(server: &Server) {
    let (phone, other) = Phone::couple(server);
    let poll =
        |since: &str| other.get(&format!("/sync/changes/?since={since}&kinds=conflicts&include=objects")).expect(200).json();
    let since = poll("")["server_time"].as_str().unwrap().to_owned();
    let (conflict, _) = usual(&phone);
    let met = poll(&since);
    // Which device it was, its own user alone is told.
    let mut to_others = newest(&phone);
    assert_eq!(std::mem::replace(&mut to_others["device_id"], json!("")), "phone-1");
    assert_eq!(newest(&other), to_others);
    let told = &met["changes"]["conflicts"][0];
    assert_eq!((&told["id"], &told["object"]), (&json!(conflict), &to_others));
    let since = met["server_time"].as_str().unwrap().to_owned();
    resolve(&phone, &conflict, &choice("manual", "client", Value::Null)).expect(200);
    assert_eq!(poll(&since)["changes"]["conflicts"][0]["object"]["resolution_required"], false, "its end shows too");
    set(&phone, "journal", json!({"resolution_policy": "manual", "notify_on_conflict": false}));
    let since = poll("")["server_time"].as_str().unwrap().to_owned();
    let quiet = late(DRIVERS[0], &phone, "journal", json!({"title": "a"}), json!({"title": "b"}));
    upload(DRIVERS[0], &phone, &[item("journal", &quiet, 1, json!({"title": "c"}))]);
    assert_eq!(poll(&since)["changes"]["conflicts"], json!([]));
    let held = other.get("/auth/export/").expect(200).json()["data"]["conflicts"].clone();
    assert_eq!((held.as_array().unwrap().len(), &held[1]["client_data"]), (2, &json!({"title": "c"})));
}

fn forgotten(server: &Server) {
    let phone = Phone::single(server);
    let (waits, _) = usual(&phone);
    let (settled, _) = usual(&phone);
    resolve(&phone, &settled, &choice("manual", "client", Value::Null)).expect(200);
    let age = |days: i64| {
        let sql = "UPDATE conflicts SET created_at = created_at - ?, resolved_at = resolved_at - ? WHERE id IN (?, ?)";
        let by = days * 86_400_000;
        server.alter(sql, tandem::params![by, by, &waits, &settled])
    };
    let maintain = || {
        server.tandem(&["maintain"]);
        phone.get("/sync/conflicts/").expect(200).json()["total"].as_i64().unwrap()
    };
    let since = phone.poll("")["server_time"].as_str().unwrap().to_owned();
    assert_eq!((age(89), maintain()), (2, 2));
    assert_eq!((age(2), maintain()), (2, 1), "what waits is not forgotten");
    let gone = phone.get(&format!("/sync/changes/?since={since}&kinds=conflicts")).expect(200).json();
    assert_eq!(
        (&gone["changes"]["conflicts"][0]["id"], &gone["changes"]["conflicts"][0]["deleted"]),
        (&json!(settled), &json!(true))
    );
}

/// Two devices of two users at one record: the conflict that the second's late edit met.
fn contested(a: &Phone, b: &Phone) -> (String, String) {
    let id = late(DRIVERS[0], a, "journal", json!({"title": "first"}), json!({"title": "second"}));
    upload(DRIVERS[0], b, &[item("journal", &id, 1, json!({"title": "late"}))]);
    let conflict = newest(b)["conflict_id"].as_str().unwrap().to_owned();
    (id, conflict)
}

/// The ids of the conflicts that somebody sees, in the list and in the export.
fn seen(phone: &Phone) -> Vec<String> {
    let ids = |list: &Value| {
        let list = list.as_array().unwrap().iter();
        list.map(|one| one["conflict_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut listed = ids(&phone.get("/sync/conflicts/").expect(200).json()["conflicts"]);
    listed.reverse();
    assert_eq!(listed, ids(&phone.get("/auth/export/").expect(200).json()["data"]["conflicts"]), "list and export");
    listed
}

fn delete_newest(phone: &Phone, id: &str) {
    let version = shown(phone, "journal", id)["version"].as_i64().unwrap();
    let delete = json!({"domain": "journal", "mobile_id": id, "operation": "DELETE", "version": version});
    assert_eq!(one(DRIVERS[0], phone, delete).0, "deleted");
}

fn of_deleted(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (settled, _) = contested(&a, &b);
    set(&a, "journal", json!({"resolution_policy": "manual"}));
    let (record, waits) = contested(&a, &b);
    let (revived, other) = contested(&a, &b);
    assert_eq!((seen(&a).len(), seen(&b).len()), (3, 3));
    let since = a.poll("")["server_time"].as_str().unwrap().to_owned();
    [&settled, &record, &revived].into_iter().for_each(|id| delete_newest(&a, id));
    let told = a.get(&format!("/sync/changes/?since={since}&kinds=conflicts")).expect(200).json()["changes"]["conflicts"].clone();
    assert!(told.as_array().unwrap().iter().all(|one| one["deleted"] == true) && told.as_array().unwrap().len() == 3, "{told}");
    assert_eq!(seen(&a), Vec::<String>::new());
    assert_eq!(seen(&b), [waits.clone(), other.clone()]);
    let left = newest(&b);
    assert_eq!(
        (&left["server_data"], &left["base_data"], &left["client_data"]["title"]),
        (&Value::Null, &Value::Null, &json!("late"))
    );
    resolve(&a, &waits, &choice("manual", "server", Value::Null)).expect(404);
    // Settled, nothing of it stays; who asks again is answered the same.
    let said = resolve(&b, &waits, &choice("manual", "server", Value::Null)).expect(200).json();
    assert_eq!(resolve(&b, &waits, &choice("manual", "server", Value::Null)).expect(200).json(), said);
    let sides = "SELECT server_data, client_data FROM conflicts WHERE id = ?";
    let row = |row: &tandem::db::Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?));
    let left = server.store().one(sides, tandem::params![&waits], row).unwrap();
    assert_eq!(left, Some(("null".to_owned(), "null".to_owned())));
    // Thirty days after the deletion what waits is gone, too.
    let age = "UPDATE conflicts SET created_at = created_at - ? WHERE id = ?";
    let days = 31 * 86_400_000_i64;
    server.alter(age, tandem::params![days, &other]);
    server.tandem(&["maintain"]);
    assert!(seen(&b).contains(&other), "the record was deleted today");
    server.alter("UPDATE records SET stamp = stamp - ? WHERE id = ?", tandem::params![days, &revived]);
    server.tandem(&["maintain"]);
    assert!(!seen(&b).contains(&other));
}

fn of_who_is_gone(server: &Server) {
    let (a, b) = Phone::couple(server);
    // B's edit lost or won against A's, and A's against B's.
    let (_, by_b) = contested(&a, &b);
    let (_, by_a) = contested(&b, &a);
    let since = b.poll("")["server_time"].as_str().unwrap().to_owned();
    let end = a.ask("DELETE", "/auth/me/").json(&json!({ "password": super::phone::PASSWORD }));
    let answer = end.send(server.port).expect(204);
    assert_eq!(answer.header("Backups-Keep"), Some("none"));
    let left = b.get("/auth/export/").expect(200).json();
    let conflicts = left["data"]["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    let kept = &conflicts[0];
    assert_eq!(
        (&kept["conflict_id"], &kept["server_data"], &kept["client_data"]["title"]),
        (&json!(by_b), &Value::Null, &json!("late"))
    );
    let told = b.get(&format!("/sync/changes/?since={since}&kinds=conflicts")).expect(200).json()["changes"]["conflicts"].clone();
    let told: Vec<&str> = told.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert!(told.contains(&by_a.as_str()) && told.contains(&by_b.as_str()), "{told:?}");
}
