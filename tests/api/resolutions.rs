//! Conflicts: what a person chooses.

use super::conflicts::{contest, item, late, newest, one, set, upload, with};
use super::expect::{problem, refused};
use super::mobile::driver::DRIVERS;
use super::records::{fresh, shown};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a person chooses the device's side, the server's, or something of both", choices),
    ("a choice that is no choice changes nothing", bad_choices),
    ("who resolves a conflict again is answered as the first time", twice),
    ("a choice never overwrites what has changed since", moved_on),
    ("conflicts of one couple are nobody else's", strangers),
];

/// A conflict that waits for a person: the couple's policy of the journal is manual. Its id and its record's.
#[track_caller]
fn waiting(phone: &Phone, first: Value, server: Value, edit: Value) -> (String, String) {
    set(phone, "journal", json!({"resolution_policy": "manual"}));
    let id = late(DRIVERS[0], phone, "journal", first.clone(), server);
    upload(DRIVERS[0], phone, &[with(item("journal", &id, 1, edit), json!({ "base_data": first }))]);
    (newest(phone)["conflict_id"].as_str().unwrap().to_owned(), id)
}

/// One where both changed the title, the server also the mood, the device also the content.
#[track_caller]
pub fn usual(phone: &Phone) -> (String, String) {
    let first = json!({"title": "first", "mood": "m", "content": "c"});
    waiting(phone, first, json!({"title": "the server's", "mood": "s"}), json!({"title": "the device's", "content": "d"}))
}

/// A choice.
pub fn choice(strategy: &str, chosen: &str, merge: Value) -> Value {
    json!({"resolution_strategy": strategy, "chosen_version": chosen, "merge_data": merge, "notes": "looked at both"})
}

/// Chooses.
#[track_caller]
pub fn resolve(phone: &Phone, conflict: &str, choice: &Value) -> crate::servers::client::Answer {
    phone.post(&format!("/sync/conflicts/{conflict}/resolve/"), choice)
}

fn choices(server: &Server) {
    let (phone, other) = Phone::couple(server);
    let cases = [
        ("client_wins", "client", Value::Null, ["the device's", "s", "d"]),
        ("manual", "client", Value::Null, ["the device's", "s", "d"]),
        ("CLIENT_WINS", "CLIENT", Value::Null, ["the device's", "s", "d"]),
        ("server_wins", "server", Value::Null, ["the server's", "s", "c"]),
        ("manual", "server", json!({"title": "not looked at"}), ["the server's", "s", "c"]),
        ("manual", "merged", json!({"title": "both", "content": "d"}), ["both", "s", "d"]),
        ("merge", "merged", json!({"title": "the server's", "mood": "n"}), ["the server's", "n", "c"]),
        ("server_wins", "merged", Value::Null, ["the server's", "s", "d"]),
        ("client_wins", "merged", Value::Null, ["the device's", "s", "d"]),
    ];
    for (strategy, chosen, merge, [title, mood, content]) in cases {
        let (conflict, id) = usual(&phone);
        let said = resolve(&other, &conflict, &choice(strategy, chosen, merge)).expect(200).json();
        let winner = chosen.to_lowercase();
        assert_eq!(
            (&said["success"], &said["resolution_result"], &said["error"]),
            (&json!(true), &json!("resolved"), &Value::Null)
        );
        assert_eq!((&said["conflict_id"], &said["winning_version"]), (&json!(conflict), &json!(winner)));
        assert!(said["message"].is_string() && said["merge_details"]["client"].is_array(), "{said}");
        let record = shown(&phone, "journal", &id);
        let now = ["title", "mood", "content"].map(|name| record[name].clone());
        assert_eq!(now, [title, mood, content].map(Value::from), "{strategy} {chosen}");
        assert_eq!((&record["version"], &record["updated_by"]), (&json!(3), &json!(other.id)), "a new version, whoever won");
        let kept = newest(&phone);
        assert_eq!((&kept["resolution_strategy"], &kept["winning_version"]), (&json!(strategy.to_lowercase()), &json!(winner)));
        assert_eq!((&kept["resolved_by"], &kept["notes"]), (&json!(other.id), &json!("looked at both")));
        assert_eq!(kept["resolved_at"], record["updated_at"]);
        let feed = phone.get("/v2/sync/changes/?since=1970-01-02&include=objects").expect(200).json();
        assert_eq!(feed["changes"]["journal"].as_array().unwrap().last().unwrap()["object"], record);
    }
    let (conflict, _) = usual(&phone);
    let said =
        resolve(&phone, &conflict, &choice("manual", "merged", json!({"title": "both", "content": "d"}))).expect(200).json();
    assert_eq!(said["merge_details"], json!({"client": ["content"], "server": [], "merged": ["title"]}));
}

fn bad_choices(server: &Server) {
    let phone = Phone::single(server);
    let (conflict, id) = usual(&phone);
    let bad = [
        ("resolution_strategy", json!({"resolution_strategy": "newest", "chosen_version": "client"})),
        ("resolution_strategy", json!({"chosen_version": "client"})),
        ("chosen_version", json!({"resolution_strategy": "manual", "chosen_version": "mine"})),
        ("chosen_version", json!({"resolution_strategy": "manual"})),
        ("chosen_version", choice("client_wins", "server", Value::Null)),
        ("chosen_version", choice("server_wins", "client", Value::Null)),
        ("merge_data", json!({"resolution_strategy": "manual", "chosen_version": "merged", "merge_data": []})),
        ("merge_data", choice("merge", "merged", Value::Null)),
        ("merge_data", choice("manual", "merged", Value::Null)),
        ("title", choice("manual", "merged", json!({"title": ""}))),
        ("notes", json!({"resolution_strategy": "manual", "chosen_version": "client", "notes": "x".repeat(2_001)})),
        ("conflict_id", with(choice("manual", "client", Value::Null), json!({"conflict_id": fresh()}))),
    ];
    for (field, body) in bad {
        refused(resolve(&phone, &conflict, &body), field);
    }
    let said = refused(resolve(&phone, &conflict, &choice("manual", "merged", json!({"title": null}))), "title");
    let error = json!([said["success"], said["resolution_result"], said["error"]["code"], said["error"]["field"]]);
    assert_eq!(error, json!([false, "failed", "SYNC_ERROR", "title"]));
    assert_eq!(
        (shown(&phone, "journal", &id)["version"].clone(), newest(&phone)["resolution_required"].clone()),
        (json!(2), json!(true))
    );
    set(&phone, "ticket", json!({"resolution_policy": "manual"}));
    let id =
        late(DRIVERS[0], &phone, "ticket", json!({"ticketdesc": "ten letter", "status": "OPEN"}), json!({"status": "CANCELLED"}));
    upload(DRIVERS[0], &phone, &[item("ticket", &id, 1, json!({"status": "RESOLVED"}))]);
    let conflict = newest(&phone)["conflict_id"].as_str().unwrap().to_owned();
    let said = refused(resolve(&phone, &conflict, &choice("manual", "client", Value::Null)), "status");
    assert_eq!(said["error"]["field"], "status", "a person is held to the machine too");
    resolve(&phone, &conflict, &choice("manual", "server", Value::Null)).expect(200);
}

fn twice(server: &Server) {
    let phone = Phone::single(server);
    let (conflict, id) = usual(&phone);
    let answer = resolve(&phone, &conflict, &choice("manual", "client", Value::Null)).expect(200).text();
    for again in [choice("manual", "server", Value::Null), choice("manual", "client", Value::Null)] {
        assert_eq!(resolve(&phone, &conflict, &again).expect(200).text(), answer);
    }
    assert_eq!(shown(&phone, "journal", &id)["version"], 3);
    // One that its policy settled was settled first by that.
    let (_, [first, servers, devices]) = contest("attendance");
    let id = late(DRIVERS[0], &phone, "attendance", first, servers);
    upload(DRIVERS[0], &phone, &[item("attendance", &id, 1, devices)]);
    let settled = newest(&phone)["conflict_id"].as_str().unwrap().to_owned();
    let said = resolve(&phone, &settled, &choice("manual", "client", Value::Null)).expect(200).json();
    assert_eq!((&said["success"], &said["winning_version"]), (&json!(true), &json!("server")));
    assert_eq!(shown(&phone, "attendance", &id)["version"], 2);
    let (conflict, id) = usual(&phone);
    let (key, body) = (fresh(), choice("manual", "client", Value::Null));
    let send = |body: &Value| {
        let ask = phone.ask("POST", &format!("/sync/conflicts/{conflict}/resolve/")).header("Idempotency-Key", &key);
        ask.json(body).send(server.port)
    };
    let answer = send(&body).expect(200).text();
    assert_eq!(send(&body).expect(200).text(), answer);
    problem(send(&choice("manual", "server", Value::Null)), 422);
    assert_eq!(shown(&phone, "journal", &id)["version"], 3);
}

fn moved_on(server: &Server) {
    let phone = Phone::single(server);
    let (conflict, id) = usual(&phone);
    assert_eq!(one(DRIVERS[0], &phone, item("journal", &id, 2, json!({"title": "newer", "tags": ["n"]}))).1, 3);
    let said = resolve(&phone, &conflict, &choice("manual", "client", Value::Null)).expect(200).json();
    assert_eq!((&said["success"], &said["resolution_result"]), (&json!(false), &json!("manual_required")), "{said}");
    assert_eq!(shown(&phone, "journal", &id)["title"], "newer", "nothing was overwritten");
    let kept = newest(&phone);
    assert_eq!(
        (&kept["server_version"], &kept["server_data"]["title"], &kept["resolution_required"]),
        (&json!(3), &json!("newer"), &json!(true))
    );
    resolve(&phone, &conflict, &choice("manual", "client", Value::Null)).expect(200);
    let record = shown(&phone, "journal", &id);
    assert_eq!((&record["title"], &record["tags"], &record["version"]), (&json!("the device's"), &json!(["n"]), &json!(4)));
    // What has changed since elsewhere stays, and is not in the way.
    let (conflict, id) = usual(&phone);
    one(DRIVERS[0], &phone, item("journal", &id, 2, json!({"mood": "newer"})));
    resolve(&phone, &conflict, &choice("manual", "merged", json!({"title": "both"}))).expect(200);
    let record = shown(&phone, "journal", &id);
    assert_eq!((&record["title"], &record["mood"]), (&json!("both"), &json!("newer")));
    // Deleted since.
    let (conflict, id) = usual(&phone);
    one(DRIVERS[0], &phone, json!({"domain": "journal", "mobile_id": id, "operation": "DELETE", "version": 2}));
    assert_eq!(resolve(&phone, &conflict, &choice("manual", "client", Value::Null)).expect(200).json()["success"], false);
    assert_eq!(newest(&phone)["server_data"], Value::Null);
    resolve(&phone, &conflict, &choice("manual", "client", Value::Null)).expect(200);
    let record = shown(&phone, "journal", &id);
    let now = ["title", "content", "mood"].map(|name| record[name].clone());
    assert_eq!(now, [json!("the device's"), json!("d"), json!("m")], "brought back as the device has it");
}

fn strangers(server: &Server) {
    let owner = Phone::single(server);
    let (conflict, id) = usual(&owner);
    let before = owner.get("/sync/conflicts/").expect(200).text();
    for phone in [Phone::single(server), Phone::register(server)] {
        for unknown in [conflict.as_str(), &fresh(), "no-id"] {
            problem(resolve(&phone, unknown, &choice("manual", "client", Value::Null)), 404);
        }
    }
    let said = problem(resolve(&Phone::single(server), &conflict, &choice("manual", "client", Value::Null)), 404);
    let told = json!([said["success"], said["resolution_result"], said["error"]["code"], said["conflict_id"]]);
    assert_eq!(told, json!([false, "failed", "NOT_FOUND", conflict]));
    assert_eq!(owner.get("/sync/conflicts/").expect(200).text(), before);
    assert_eq!(shown(&owner, "journal", &id)["version"], 2);
    problem(Phone::register(server).get("/sync/conflicts/"), 404);
}
