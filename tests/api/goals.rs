//! Section 4 of the contract: goals and their actions.

use super::expect::{add_action, is_id, is_instant, problem, refused};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::db::Mode;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a goal has the contract's shape and defaults", defaults),
    ("every field of a goal is kept", every_field),
    ("a title is required and at most 255 characters", titles),
    ("the other fields of a goal have rules", rules),
    ("the owner of a goal is one of the two or nobody", owners),
    ("PUT leaves the optional fields that are missing", put),
    ("PATCH changes what is sent", patch),
    ("both partners read, change and delete", both),
    ("goals are listed newest change first, with their actions", order),
    ("an action has the contract's shape and defaults", action_defaults),
    ("the fields of an action have rules", action_rules),
    ("an action is changed and deleted", action_changes),
    ("what is deleted is 404 and in the feed", deletion),
    ("a goal that is gone takes no more actions", gone),
    ("a goal takes 500 actions", many_actions),
    ("the actions of all goals are one list", all_actions),
];

#[track_caller]
fn new(phone: &Phone, body: &Value) -> Value {
    phone.post("/goals/", body).expect(201).json()
}

fn path(goal: &Value) -> String {
    format!("/goals/{}/", goal["id"].as_str().unwrap())
}

#[track_caller]
fn cursor(phone: &Phone) -> String {
    phone.poll("")["server_time"].as_str().unwrap().to_owned()
}

fn defaults(server: &Server) {
    let phone = Phone::single(server);
    let goal = new(&phone, &json!({"title": "Walk"}));
    let expected = json!({
        "id": goal["id"], "title": "Walk", "why_for_us": "", "status": "ACTIVE", "target_date": null, "owner": null, "actions": [], "version": 1,
        "created_by_id": phone.id, "created_at": goal["created_at"], "updated_at": goal["updated_at"],
    });
    assert_eq!(goal, expected);
    assert!(is_id(&goal["id"]) && is_instant(&goal["created_at"]) && is_instant(&goal["updated_at"]), "{goal}");
    assert_eq!(phone.get(&path(&goal)).expect(200).json(), goal);
    let upper = path(&goal).to_uppercase().replace("/GOALS/", "/goals/");
    assert_eq!(phone.get(&upper).expect(200).json(), goal, "an id is the same in capitals");
}

fn every_field(server: &Server) {
    let (a, b) = Phone::couple(server);
    for status in ["ACTIVE", "DONE", "PAUSED"] {
        let sent = json!({"title": "산책 🚶", "why_for_us": "  because\n", "status": status, "target_date": "2028-02-29", "owner": b.id});
        let goal = new(&a, &sent);
        for (field, value) in sent.as_object().unwrap() {
            assert_eq!(goal[field], *value);
        }
        assert_eq!(b.get(&path(&goal)).expect(200).json(), goal);
    }
}

fn titles(server: &Server) {
    let phone = Phone::single(server);
    let goal = new(&phone, &json!({"title": "x".repeat(255)}));
    assert_eq!(new(&phone, &json!({"title": 7}))["title"], "7", "a number stands for its digits");
    for bad in [json!(""), json!(" \n"), json!(null), json!("x".repeat(256)), json!([]), json!({}), json!(true)] {
        refused(phone.post("/goals/", &json!({ "title": bad })), "title");
        refused(phone.put(&path(&goal), &json!({ "title": bad })), "title");
        refused(phone.patch(&path(&goal), &json!({ "title": bad })), "title");
    }
    refused(phone.post("/goals/", &json!({})), "title");
    refused(phone.put(&path(&goal), &json!({"status": "DONE"})), "title");
    assert_eq!(phone.get(&path(&goal)).expect(200).json(), goal, "a refusal changes nothing");
}

fn rules(server: &Server) {
    let phone = Phone::single(server);
    let goal = new(&phone, &json!({"title": "x", "why_for_us": "é".repeat(10_000)}));
    let bad = [
        ("why_for_us", vec![json!("é".repeat(10_001)), json!(null), json!([])]),
        ("status", vec![json!("active"), json!("LATE"), json!(""), json!(null), json!(1), json!(["DONE"])]),
        (
            "target_date",
            ["2026-02-29", "2026-13-01", "0000-01-01", "2026-1-1", "20260101", "2026-01-01T00:00:00Z", "01/02/2026", "x"]
                .map(Value::from)
                .into(),
        ),
        ("target_date", vec![json!(20_260_101), json!([]), json!(true)]),
        (
            "owner",
            vec![json!(0), json!(-1), json!(1), json!(1.5), json!("x"), json!([]), json!(true), json!(1_u64 << 60), json!(1e300)],
        ),
    ];
    for (field, values) in bad {
        for value in values {
            refused(phone.post("/goals/", &json!({"title": "x", field: value})), field);
            refused(phone.patch(&path(&goal), &json!({ field: value })), field);
        }
    }
    assert_eq!(phone.get("/goals/").expect(200).json()["count"], 1);
    assert_eq!(phone.get(&path(&goal)).expect(200).json(), goal);
    for date in ["0001-01-01", "9999-12-31", "2024-02-29"] {
        assert_eq!(new(&phone, &json!({"title": "x", "target_date": date}))["target_date"], date);
    }
}

fn owners(server: &Server) {
    let (a, b) = Phone::couple(server);
    let stranger = Phone::single(server);
    let goal = path(&new(&a, &json!({"title": "x"})));
    for owner in [json!(a.id), json!(b.id), json!(null), json!(a.id.to_string())] {
        let shown = a.patch(&goal, &json!({ "owner": owner })).expect(200).json()["owner"].clone();
        assert_eq!(shown.as_i64(), owner.as_i64().or_else(|| owner.as_str().map(|_| a.id)));
    }
    refused(a.patch(&goal, &json!({"owner": stranger.id})), "owner");
    refused(a.put(&goal, &json!({"title": "x", "owner": stranger.id})), "owner");
    // Alone, only oneself.
    refused(stranger.post("/goals/", &json!({"title": "x", "owner": a.id})), "owner");
    new(&stranger, &json!({"title": "x", "owner": stranger.id}));
}

fn put(server: &Server) {
    let phone = Phone::single(server);
    let sent = json!({"title": "x", "why_for_us": "w", "status": "PAUSED", "target_date": "2026-05-01", "owner": phone.id});
    let goal = new(&phone, &sent);
    let mut expected = goal.clone();
    let put = phone.put(&path(&goal), &json!({"title": "y"})).expect(200).json();
    (expected["title"], expected["updated_at"], expected["version"]) = (json!("y"), put["updated_at"].clone(), json!(2));
    assert_eq!(put, expected);
    assert_ne!(put["updated_at"], goal["updated_at"]);
    let cleared =
        phone.put(&path(&goal), &json!({"title": "y", "owner": null, "target_date": null, "why_for_us": ""})).expect(200).json();
    assert_eq!(
        (&cleared["owner"], &cleared["target_date"], &cleared["why_for_us"], &cleared["status"]),
        (&Value::Null, &Value::Null, &json!(""), &json!("PAUSED"))
    );
}

fn patch(server: &Server) {
    let phone = Phone::single(server);
    let goal = new(&phone, &json!({"title": "x"}));
    let fields = [
        ("title", json!("y")),
        ("why_for_us", json!("w")),
        ("status", json!("DONE")),
        ("target_date", json!("2026-05-01")),
        ("owner", json!(phone.id)),
    ];
    let mut expected = goal.clone();
    for ((field, value), version) in fields.into_iter().zip(2..) {
        let shown = phone.patch(&path(&goal), &json!({ field: value })).expect(200).json();
        (expected[field], expected["updated_at"], expected["version"]) = (value, shown["updated_at"].clone(), json!(version));
        assert_eq!(shown, expected);
    }
    assert_eq!(phone.get(&path(&goal)).expect(200).json(), expected);
}

fn both(server: &Server) {
    let (a, b) = Phone::couple(server);
    let goal = new(&a, &json!({"title": "x"}));
    let action = add_action(&b, goal["id"].as_str().unwrap(), "step");
    assert_eq!(b.patch(&path(&goal), &json!({"title": "y"})).expect(200).json()["created_by_id"], a.id);
    a.patch(&format!("/goals/actions/{action}/"), &json!({"done": true})).expect(200);
    assert_eq!(a.get("/goals/").expect(200).json(), b.get("/goals/").expect(200).json());
    b.delete(&path(&goal)).expect(204);
    problem(a.get(&path(&goal)), 404);
}

fn order(server: &Server) {
    let phone = Phone::single(server);
    let made: Vec<Value> = ["1", "2", "3"].iter().map(|title| new(&phone, &json!({ "title": title }))).collect();
    let titles = || {
        let list = phone.get("/goals/").expect(200).json();
        list["results"].as_array().unwrap().iter().map(|goal| goal["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles(), ["3", "2", "1"]);
    phone.patch(&path(&made[0]), &json!({"status": "DONE"})).expect(200);
    assert_eq!(titles(), ["1", "3", "2"]);
    add_action(&phone, made[1]["id"].as_str().unwrap(), "a");
    add_action(&phone, made[1]["id"].as_str().unwrap(), "b");
    let list = phone.get("/goals/").expect(200).json();
    let shown = list["results"].as_array().unwrap().iter().find(|goal| goal["title"] == "2").unwrap();
    assert_eq!(*shown, phone.get(&path(&made[1])).expect(200).json(), "a list item is the object");
    assert_eq!((&shown["actions"][0]["text"], &shown["actions"][1]["text"]), (&json!("a"), &json!("b")), "oldest first");
}

fn action_defaults(server: &Server) {
    let phone = Phone::single(server);
    let goal = new(&phone, &json!({"title": "x"}));
    let answer = phone.post(&format!("{}actions/", path(&goal)), &json!({"text": " step "})).expect(201).json();
    let action = &answer["action"];
    let expected = json!({
        "id": action["id"], "goal_id": goal["id"], "text": "step", "done": false, "version": 1, "created_at": action["created_at"], "updated_at": action["updated_at"],
    });
    assert_eq!(answer, json!({ "action": expected }));
    assert!(is_id(&action["id"]) && is_instant(&action["created_at"]) && is_instant(&action["updated_at"]), "{action}");
    let id = action["id"].as_str().unwrap();
    assert_eq!(phone.get(&format!("/goals/actions/{id}/")).expect(200).json(), *action);
    let list = phone.get(&format!("{}actions/", path(&goal))).expect(200).json();
    assert_eq!(list, json!({"count": 1, "next": null, "previous": null, "results": [action]}));
    assert_eq!(phone.get(&path(&goal)).expect(200).json()["actions"], json!([action]));
}

fn action_rules(server: &Server) {
    let phone = Phone::single(server);
    let goal = new(&phone, &json!({"title": "x"}));
    let actions = format!("{}actions/", path(&goal));
    let one = format!("/goals/actions/{}/", add_action(&phone, goal["id"].as_str().unwrap(), &"é".repeat(255)));
    for bad in [json!(""), json!("  "), json!(null), json!("é".repeat(256)), json!([]), json!("a\0")] {
        refused(phone.post(&actions, &json!({ "text": bad })), "text");
        refused(phone.put(&one, &json!({ "text": bad })), "text");
        refused(phone.patch(&one, &json!({ "text": bad })), "text");
    }
    refused(phone.post(&actions, &json!({"done": true})), "text");
    for bad in [json!(null), json!("maybe"), json!(2), json!([]), json!("")] {
        refused(phone.post(&actions, &json!({"text": "x", "done": bad})), "done");
        refused(phone.patch(&one, &json!({ "done": bad })), "done");
    }
    assert_eq!(phone.get(&actions).expect(200).json()["count"], 1);
}

fn action_changes(server: &Server) {
    let phone = Phone::single(server);
    let goal = new(&phone, &json!({"title": "x"}));
    let id = add_action(&phone, goal["id"].as_str().unwrap(), "a");
    let one = format!("/goals/actions/{id}/");
    assert_eq!(phone.patch(&one, &json!({"done": true})).expect(200).json()["text"], "a");
    let put = phone.put(&one, &json!({"text": "b"})).expect(200).json();
    assert_eq!((&put["text"], &put["done"]), (&json!("b"), &json!(true)), "PUT leaves what is missing");
    refused(phone.put(&one, &json!({"done": false})), "text");
    let since = cursor(&phone);
    phone.delete(&one).expect(204);
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        problem(phone.ask(method, &one).json(&json!({"text": "c"})).send(server.port), 404);
    }
    let changes = phone.poll(&since)["changes"].clone();
    assert_eq!((&changes["goal_actions"][0]["id"], &changes["goal_actions"][0]["deleted"]), (&json!(id), &json!(true)));
    assert_eq!(changes["goals"], json!([]));
    assert_eq!(phone.get(&path(&goal)).expect(200).json()["actions"], json!([]));
}

fn all_actions(server: &Server) {
    let ((a, b), other) = (Phone::couple(server), Phone::single(server));
    let list = |phone: &Phone, query: &str| phone.get(&format!("/goals/actions/{query}")).expect(200).json();
    assert_eq!(list(&a, ""), json!({"count": 0, "next": null, "previous": null, "results": []}));
    let goals = [new(&a, &json!({"title": "x"})), new(&b, &json!({"title": "y"}))];
    let ids: Vec<String> = (0..3).map(|n| add_action(&a, goals[n % 2]["id"].as_str().unwrap(), &n.to_string())).collect();
    add_action(&other, new(&other, &json!({"title": "z"}))["id"].as_str().unwrap(), "another couple's");
    a.patch(&format!("/goals/actions/{}/", ids[0]), &json!({"done": true})).expect(200);
    let shown = |page: &Value| {
        page["results"].as_array().unwrap().iter().map(|action| action["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = list(&b, "");
    assert_eq!((shown(&all), &all["count"]), (ids.clone(), &json!(3)), "oldest first");
    assert_eq!(all["results"][0], a.get(&format!("/goals/actions/{}/", ids[0])).expect(200).json());
    assert_eq!(shown(&list(&a, "?page_size=2&page=2")), ids[2..]);
    problem(a.get("/goals/actions/?page=2"), 404);
    problem(a.ask("DELETE", "/goals/actions/").send(server.port), 405);
}

fn deletion(server: &Server) {
    let (a, b) = Phone::couple(server);
    let goal = new(&a, &json!({"title": "x"}));
    let mut ids: Vec<String> = (0..3).map(|n| add_action(&a, goal["id"].as_str().unwrap(), &n.to_string())).collect();
    let since = cursor(&b);
    assert!(a.delete(&path(&goal)).expect(204).body.is_empty());
    for id in &ids {
        problem(b.get(&format!("/goals/actions/{id}/")), 404);
    }
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        problem(a.ask(method, &path(&goal)).json(&json!({"title": "y"})).send(server.port), 404);
    }
    let poll = b.poll(&since);
    let changes = &poll["changes"];
    assert_eq!(changes["goals"], json!([{"id": goal["id"], "updated_at": poll["server_time"], "version": 2, "deleted": true}]));
    let mut buried: Vec<String> = Vec::new();
    for item in changes["goal_actions"].as_array().unwrap() {
        assert_eq!((&item["deleted"], &item["updated_at"]), (&json!(true), &poll["server_time"]));
        buried.push(item["id"].as_str().unwrap().to_owned());
    }
    ids.sort();
    buried.sort();
    assert_eq!(ids, buried);
}

fn gone(server: &Server) {
    let phone = Phone::single(server);
    let goal = new(&phone, &json!({"title": "x"}));
    phone.delete(&path(&goal)).expect(204);
    for id in [goal["id"].as_str().unwrap(), &uuid::Uuid::new_v4().to_string(), "x"] {
        problem(phone.post(&format!("/goals/{id}/actions/"), &json!({"text": "x"})), 404);
        problem(phone.get(&format!("/goals/{id}/actions/")), 404);
    }
}

fn many_actions(server: &Server) {
    let phone = Phone::single(server);
    let goal = new(&phone, &json!({"title": "x"}));
    let first = add_action(&phone, goal["id"].as_str().unwrap(), "x");
    // 498 more by hand: nothing but the number matters here.
    let sql = "INSERT INTO goal_actions (id, tenant, goal, text, done, created_at, stamp) \
         SELECT ?, tenant, goal, text, done, created_at, stamp FROM goal_actions WHERE id = ?";
    let mut store = server.store();
    store.begin(Mode::Write).unwrap();
    for n in 0..498 {
        assert_eq!(store.run(sql, params![&format!("by-hand-{n}-{}", &first[..8]), &first]).unwrap(), 1);
    }
    store.commit().unwrap();
    add_action(&phone, goal["id"].as_str().unwrap(), "the last");
    refused(phone.post(&format!("{}actions/", path(&goal)), &json!({"text": "x"})), "non_field_errors");
}
