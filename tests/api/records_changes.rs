//! Records: in the feed, in the export, and in pages of a domain's changes.

use super::expect::refused;
use super::records::{PATHS, delete, entry, fresh, least, one, send, shown};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::json;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("records stand in the feed under their own kinds, and in the export", feed),
    ("pages of changes are exact, whatever their size", pages),
    ("pages of changes can be filtered", filters),
    ("what leaves a filter is named to whoever may hold it", exits),
];

fn feed(server: &Server) {
    let (phone, other) = Phone::couple(server);
    let kinds = ["journal", "attendance", "tasks", "tickets", "work_orders"];
    for (kind, (_, path)) in kinds.iter().zip(PATHS) {
        let since = phone.poll("")["server_time"].as_str().unwrap().to_owned();
        let id = fresh();
        let at = send(&phone, path, json!([entry(&id, 0, least(path))]))["timestamp"].clone();
        assert!(other.poll(&since)["changes"].get(kind).is_none(), "version 1 has its seven lists");
        let poll = |query: &str| other.get(query).expect(200).json();
        let row = json!([{"id": id, "updated_at": at, "version": 1}]);
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
        let items = page["items"].as_array().unwrap().iter().filter(|item| item["filtered"] != true);
        items.map(|item| item["mobile_id"].clone()).collect::<Vec<_>>()
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

fn exits(server: &Server) {
    let (phone, other) = Phone::couple(server);
    let id = fresh();
    one(&other, "helpdesk", entry(&id, 0, json!({"ticketdesc": "ten letter", "status": "NEW", "priority": "LOW"})));
    let page = |since: &str, query: &str| phone.get(&format!("/sync/helpdesk/changes/?{query}{since}")).expect(200).json();
    for (query, edit) in [("status=NEW", json!({"status": "OPEN"})), ("priority=LOW", json!({"priority": "HIGH"}))] {
        let held = page("", query);
        assert_eq!(held["items"][0]["mobile_id"], json!(id), "{held}");
        let since = format!("&since={}", held["next_timestamp"].as_str().unwrap());
        assert_eq!(page(&since, query)["items"], json!([]), "nothing has changed");
        let version = held["items"][0]["version"].as_i64().unwrap();
        one(&other, "helpdesk", entry(&id, version, edit));
        let told = page(&since, query)["items"].clone();
        let gone = json!({"mobile_id": id, "version": version + 1, "updated_at": told[0]["updated_at"], "filtered": true});
        assert_eq!(told, json!([gone]), "named, without its fields, and not as deleted");
        assert_eq!(page("", query)["items"], json!([]), "who starts anew holds nothing that could leave");
    }
    one(&other, "helpdesk", delete(&id, 3));
    assert_eq!(page("&since=1970-01-02", "status=NEW")["items"][0]["deleted"], true, "what is deleted is that");
}
