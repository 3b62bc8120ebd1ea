//! The couple's nouns through the batch: what devices edit without a connection lands as edits of records do, and as their own routes write.

use super::expect::problem;
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::base::time::Timestamp;
use uuid::Uuid;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every noun is made, edited and deleted in the batch, as its own routes do", every_noun),
    ("edits of different fields are merged, and of the same the later stays and both sides are kept", merged),
    ("an edit of what the partner deleted is kept with both sides", deleted),
    ("an object that is deleted takes what its conflicts hold of it along", taken_along),
    ("who deletes what landed on another's leaves the other's", twin_stays),
    ("a row that is told again was edited when it was", told_again_is_no_edit),
    ("no claim of a version takes an object beyond what others can claim", claimed),
    ("an answer, a check-in and a letter under a new id are edits of the one that is there", twins),
    ("what was deleted comes back only where there is no other by now", back),
    ("what is another's to edit is refused, and no conflict", forbidden),
    ("a noun's rules hold for an item alone", rules),
    ("a child waits for its parent, and comes behind it in one upload", parents),
    ("a conflict of a goal is settled by a person", settled),
    ("GraphQL takes the nouns, too", graphql),
    ("a repeated upload does nothing twice, and a POST knows what an upload made", repeated),
];

pub fn fresh() -> String {
    Uuid::new_v4().to_string()
}

pub fn item(domain: &str, id: &str, version: i64, data: Value) -> Value {
    json!({"domain": domain, "mobile_id": id, "operation": "update", "version": version, "data": data})
}

pub fn delete(domain: &str, id: &str, version: i64) -> Value {
    json!({"domain": domain, "mobile_id": id, "operation": "delete", "version": version})
}

#[track_caller]
fn send(phone: &Phone, records: Value) -> Value {
    let batch = json!({"device_id": "phone", "client_timestamp": "2026-01-16T12:00:00Z", "records": records});
    phone.post("/sync/batch/", &batch).expect(200).json()["records_sync_result"].clone()
}

#[track_caller]
fn one(phone: &Phone, record: Value) -> Value {
    let said = send(phone, json!([record]));
    assert_eq!(said["errors"], json!([]), "{said}");
    said["items"][0].clone()
}

#[track_caller]
fn error(phone: &Phone, record: Value) -> Value {
    let said = send(phone, json!([record]));
    assert_eq!((said["success"].as_bool(), said["items"].as_array().unwrap().len()), (Some(false), 0), "{said}");
    said["errors"][0].clone()
}

/// Each noun: where its objects are, its list of the feed, a new one, an edit.
fn nouns(phone: &Phone) -> Vec<(&'static str, &'static str, &'static str, Value, Value)> {
    let goal = phone.make("/goals/", &json!({"title": "Walk"}));
    let question = phone.make("/qna/questions/", &json!({"text": "?"}));
    vec![
        (
            "goal",
            "/goals/",
            "goals",
            json!({"title": "Run", "target_date": "2026-05-01"}),
            json!({"status": "DONE", "target_date": null}),
        ),
        ("goal_action", "/goals/actions/", "goal_actions", json!({"goal": goal, "text": "shoes"}), json!({"done": true})),
        ("question", "/qna/questions/", "qna_questions", json!({"text": "why?"}), json!({"theme": "us"})),
        ("answer", "", "qna_answers", json!({"question": question, "text": "yes"}), json!({"status": "CLARIFY"})),
        ("checkin", "/checkins/", "checkins", json!({"date": "2026-01-05", "note": "n"}), json!({"mood": 9})),
        ("letter", "/letters/", "letters", json!({"month": "2026-01", "content": "Dear"}), json!({"content": "Dearest"})),
    ]
}

/// The newest row of the feed of an object.
fn row(phone: &Phone, list: &str, id: &str) -> Value {
    let rows = phone.get(&format!("/sync/changes/?include=objects&kinds={list}")).expect(200).json();
    rows["changes"][list].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone()
}

fn every_noun(server: &Server) {
    let (a, b) = Phone::couple(server);
    for (domain, path, list, new, edit) in nouns(&a) {
        let id = fresh();
        let made = one(&a, item(domain, &id, 0, new.clone()));
        assert_eq!((&made["status"], &made["version"], &made["domain"]), (&json!("created"), &json!(1), &json!(domain)));
        let shown = row(&b, list, &id);
        assert_eq!((&shown["version"], &shown["object"]["version"], &shown["object"]["id"]), (&json!(1), &json!(1), &json!(id)));
        if made["as_sent"] == false {
            assert_eq!(made["object"], shown["object"], "{domain}: its defaults are the server's");
        }
        for (name, value) in new.as_object().unwrap() {
            let name = if ["goal", "question"].contains(&name.as_str()) { format!("{name}_id") } else { name.clone() };
            assert_eq!(shown["object"][&name], *value, "{domain} {name}");
        }
        let edited = one(&a, item(domain, &id, 1, edit.clone()));
        assert_eq!(
            (&edited["status"], &edited["version"], &edited["as_sent"]),
            (&json!("updated"), &json!(2), &json!(true)),
            "{domain}"
        );
        let shown = row(&b, list, &id);
        assert!(edit.as_object().unwrap().iter().all(|(name, value)| shown["object"][name] == *value), "{domain}: {shown}");
        assert_eq!(one(&a, item(domain, &id, 2, edit))["status"], "unchanged", "{domain}");
        if !path.is_empty() {
            assert_eq!(a.get(&format!("{path}{id}/")).expect(200).json(), shown["object"], "{domain}");
        }
        let gone = one(&a, delete(domain, &id, 2));
        assert_eq!((&gone["status"], &gone["version"]), (&json!("deleted"), &json!(3)), "{domain}");
        let buried = row(&b, list, &id);
        assert_eq!((&buried["version"], &buried["deleted"]), (&json!(3), &json!(true)), "{domain}");
        assert_eq!(one(&a, delete(domain, &id, 2))["status"], "unchanged", "{domain}");
    }
}

fn merged(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = a.make("/goals/", &json!({"title": "Walk", "why_for_us": "w"}));
    let base = json!({"title": "Walk", "why_for_us": "w", "status": "ACTIVE"});
    b.patch(&format!("/goals/{id}/"), &json!({"status": "DONE"})).expect(200);
    let mut late = item("goal", &id, 1, json!({"title": "Run"}));
    late["base_data"] = base.clone();
    let said = one(&a, late);
    assert_eq!((&said["status"], &said["version"]), (&json!("merged"), &json!(3)));
    assert_eq!((&said["object"]["title"], &said["object"]["status"]), (&json!("Run"), &json!("DONE")));
    // Both change the title: who changed it later, by the devices' clocks, stays.
    for (at, winner, title) in [("2020-01-01T00:00:00Z", "server", "Run"), ("2100-01-01T00:00:00Z", "client", "Swim")] {
        let mut late = item("goal", &id, 1, json!({"title": "Swim"}));
        (late["base_data"], late["client_timestamp"]) = (base.clone(), json!(at));
        let said = send(&a, json!([late]));
        let (item, conflict) = (&said["items"][0], &said["conflicts"][0]);
        assert_eq!((&item["status"], &conflict["winning_version"]), (&json!("conflict"), &json!(winner)), "{said}");
        assert_eq!((&conflict["server_data"]["title"], &conflict["client_data"]["title"]), (&json!("Run"), &json!("Swim")));
        assert_eq!(a.get(&format!("/goals/{id}/")).expect(200).json()["title"], title);
    }
}

fn deleted(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = a.make("/goals/", &json!({"title": "Walk"}));
    b.delete(&format!("/goals/{id}/")).expect(204);
    let mut late = item("goal", &id, 1, json!({"title": "Run"}));
    late["client_timestamp"] = json!("2020-01-01T00:00:00Z");
    let said = send(&a, json!([late]));
    assert_eq!((&said["items"][0]["status"], &said["items"][0]["object"]), (&json!("conflict"), &Value::Null), "{said}");
    let conflict = &said["conflicts"][0];
    assert_eq!((&conflict["server_data"], &conflict["client_data"]["title"]), (&Value::Null, &json!("Run")));
    assert_eq!(a.get("/sync/conflicts/?domain=goal").expect(200).json()["total"], 1);
    // A later edit brings it back, as one version more.
    let mut later = item("goal", &id, 1, json!({"title": "Run"}));
    later["client_timestamp"] = json!("2100-01-01T00:00:00Z");
    assert_eq!(one(&a, later)["version"], 3);
    assert_eq!(b.get(&format!("/goals/{id}/")).expect(200).json()["version"], 3);
}

/// By its own route and in a batch, with its parent, too.
fn taken_along(server: &Server) {
    let (a, b) = Phone::couple(server);
    let total = |phone: &Phone| phone.get("/sync/conflicts/").expect(200).json()["total"].as_i64().unwrap();
    let clash = |domain: &str, id: &str, field: &str| {
        one(&b, item(domain, id, 1, json!({ field: "theirs" })));
        assert_eq!(one(&a, item(domain, id, 1, json!({ field: "mine" })))["status"], "conflict");
    };
    let goal = || a.make("/goals/", &json!({"title": "Walk"}));
    let (first, second, third) = (goal(), goal(), goal());
    let action = fresh();
    one(&a, item("goal_action", &action, 0, json!({"goal": third, "text": "shoes"})));
    clash("goal", &first, "title");
    clash("goal", &second, "title");
    clash("goal_action", &action, "text");
    assert_eq!((total(&a), total(&b)), (3, 3));
    a.delete(&format!("/goals/{first}/")).expect(204);
    one(&b, delete("goal", &second, 2));
    a.delete(&format!("/goals/{third}/")).expect(204);
    assert_eq!((total(&a), total(&b)), (0, 0));
}

fn twin_stays(server: &Server) {
    let (a, b) = Phone::couple(server);
    let letter =
        b.post("/letters/", &json!({"month": "2026-05", "content": "theirs"})).expect(201).json()["letter"]["id"].clone();
    let id = fresh();
    let mut draft = item("letter", &id, 0, json!({"month": "2026-05", "content": "mine"}));
    draft["client_timestamp"] = json!("2020-01-01T00:00:00Z");
    let said = send(&a, json!([draft, delete("letter", &id, 0)]));
    assert_eq!(said["items"][0]["existing_id"], letter, "{said}");
    let shown = b.get(&format!("/letters/{}/", letter.as_str().unwrap())).expect(200).json();
    assert_eq!(shown["content"], "theirs");
}

fn told_again_is_no_edit(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = a.make("/goals/", &json!({"title": "Walk"}));
    b.patch(&format!("/goals/{id}/"), &json!({"title": "Run"})).expect(200);
    let edited = Timestamp::now().plus(1).to_string();
    std::thread::sleep(std::time::Duration::from_millis(5));
    let same = one(&b, item("goal", &id, 0, json!({"status": "ACTIVE"})));
    assert_eq!((&same["status"], &same["version"]), (&json!("unchanged"), &json!(2)));
    let mut later = item("goal", &id, 1, json!({"title": "Swim"}));
    later["client_timestamp"] = json!(edited);
    let said = send(&a, json!([later]));
    assert_eq!(said["conflicts"][0]["winning_version"], "client", "{said}");
}

fn claimed(server: &Server) {
    let phone = Phone::single(server);
    let id = phone.make("/goals/", &json!({"title": "Walk"}));
    let version = one(&phone, item("goal", &id, 1_000_000_000, json!({"title": "Run"})))["version"].as_i64().unwrap();
    assert!(version <= 10_002, "{version}");
    assert_eq!(one(&phone, item("goal", &id, version, json!({"title": "Swim"})))["status"], "updated");
}

fn twins(server: &Server) {
    let (a, b) = Phone::couple(server);
    let question = a.make("/qna/questions/", &json!({"text": "?"}));
    let answer = a.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": "one"})).expect(200).json();
    let letter = b.post("/letters/", &json!({"month": "2026-01", "content": "ours"})).expect(201).json();
    let there = [
        ("answer", "qna_answers", answer["answer"]["id"].clone(), json!({"question_id": question, "text": "two"})),
        (
            "checkin",
            "checkins",
            json!(a.make("/checkins/", &json!({"date": "2026-01-05"}))),
            json!({"date": "2026-01-05", "mood": 1}),
        ),
        ("letter", "letters", letter["letter"]["id"].clone(), json!({"month": "2026-01", "content": "mine"})),
    ];
    for (domain, list, existing, data) in there {
        let id = fresh();
        let mut late = item(domain, &id, 0, data);
        late["client_timestamp"] = json!("2100-01-01T00:00:00Z");
        // A second item of the same upload is of the same object.
        let said = send(&a, json!([late, delete(domain, &id, 2)]));
        let (edit, gone) = (&said["items"][0], &said["items"][1]);
        assert_eq!((&edit["mobile_id"], &edit["existing_id"], &edit["version"]), (&json!(id), &existing, &json!(2)), "{said}");
        assert_eq!((&gone["status"], &gone["existing_id"]), (&json!("deleted"), &existing), "{said}");
        assert_eq!(row(&a, list, existing.as_str().unwrap())["deleted"], true);
    }
}

fn back(server: &Server) {
    let phone = Phone::single(server);
    let question = phone.make("/qna/questions/", &json!({"text": "?"}));
    for (domain, data) in [
        ("answer", json!({"question_id": question, "text": "one"})),
        ("checkin", json!({"date": "2026-01-05"})),
        ("letter", json!({"month": "2026-01"})),
    ] {
        let (first, second) = (fresh(), fresh());
        let all = [item(domain, &first, 0, data.clone()), delete(domain, &first, 1), item(domain, &second, 0, data.clone())];
        assert_eq!(send(&phone, json!(all))["synced_items"], 3, "{domain}");
        let mut late = item(domain, &first, 1, data);
        late["client_timestamp"] = json!("2100-01-01T00:00:00Z");
        let said = error(&phone, late);
        assert_eq!((&said["reason"], &said["details"]["existing_id"]), (&json!("exists"), &json!(second)), "{domain}: {said}");
    }
}

fn forbidden(server: &Server) {
    let (a, b) = Phone::couple(server);
    let question = a.make("/qna/questions/", &json!({"text": "?"}));
    let answer = a.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": "one"})).expect(200).json();
    let answer = answer["answer"]["id"].as_str().unwrap();
    let checkin = a.make("/checkins/", &json!({"date": "2026-01-05"}));
    for (domain, id, data) in [
        ("question", question.as_str(), json!({"text": "!"})),
        ("answer", answer, json!({"text": "!"})),
        ("checkin", &checkin, json!({"mood": 0})),
    ] {
        for version in [0, 1] {
            let said = error(&b, item(domain, id, version, data.clone()));
            assert_eq!((&said["reason"], &said["retryable"], &said["item_id"]), (&json!("forbidden"), &json!(false), &json!(id)));
        }
    }
    for (domain, id) in [("answer", answer), ("checkin", &checkin)] {
        assert_eq!(error(&b, delete(domain, id, 1))["reason"], "forbidden", "{domain}");
    }
    assert_eq!(b.get("/sync/conflicts/").expect(200).json()["total"], 0);
    assert_eq!(one(&b, delete("question", &question, 1))["status"], "deleted", "either deletes a question");
    problem(a.get(&format!("/qna/questions/{question}/")), 404);
}

fn rules(server: &Server) {
    let (a, _) = Phone::couple(server);
    let stranger = Phone::single(server);
    let checkin = a.make("/checkins/", &json!({"date": "2026-01-05"}));
    let other = a.make("/checkins/", &json!({"date": "2026-01-06"}));
    let said = error(&a, item("checkin", &checkin, 1, json!({"date": "2026-01-06"})));
    assert_eq!(
        (&said["reason"], &said["field"], &said["details"]["existing_id"]),
        (&json!("exists"), &json!("date"), &json!(other))
    );
    for (data, field, reason) in [
        (json!({"why_for_us": "w"}), "title", "required"),
        (json!({"title": "x".repeat(256)}), "title", "too_long"),
        (json!({"title": "x", "status": "NEVER"}), "status", "not_choice"),
        (json!({"title": "x", "owner": stranger.id}), "owner", "invalid"),
    ] {
        let said = error(&a, item("goal", &fresh(), 0, data));
        assert_eq!((&said["field"], &said["reason"], &said["domain"]), (&json!(field), &json!(reason), &json!("goal")), "{said}");
    }
    let strange = stranger.make("/goals/", &json!({"title": "mine"}));
    assert_eq!(
        one(&a, item("goal", &strange, 1, json!({"title": "ours"})))["status"],
        "created",
        "another couple's does not exist"
    );
    assert_eq!(stranger.get(&format!("/goals/{strange}/")).expect(200).json()["title"], "mine");
}

fn parents(server: &Server) {
    let phone = Phone::single(server);
    let (goal, action, question, answer) = (fresh(), fresh(), fresh(), fresh());
    let (child, reply) = (json!({"goal_id": goal, "text": "shoes"}), json!({"question": question, "text": "!"}));
    for (domain, id, data, field) in [("goal_action", &action, &child, "goal_id"), ("answer", &answer, &reply, "question_id")] {
        let said = error(&phone, item(domain, id, 0, data.clone()));
        assert_eq!((&said["reason"], &said["retryable"], &said["field"]), (&json!("no_parent"), &json!(true), &json!(field)));
    }
    let all = json!([
        item("goal", &goal.to_uppercase(), 0, json!({"title": "Walk"})),
        item("goal_action", &action, 0, child.clone()),
        item("question", &question, 0, json!({"text": "?"})),
        item("answer", &answer, 0, reply),
    ]);
    let said = send(&phone, all);
    assert_eq!((&said["synced_items"], said["success"].as_bool()), (&json!(4), Some(true)), "{said}");
    assert_eq!(phone.get(&format!("/goals/{goal}/")).expect(200).json()["actions"][0]["id"], action);
    let elsewhere = phone.make("/goals/", &json!({"title": "x"}));
    assert_eq!(error(&phone, item("goal_action", &action, 1, json!({"goal": elsewhere})))["reason"], "fixed_parent");
    phone.delete(&format!("/goals/{goal}/")).expect(204);
    let said = error(&phone, item("goal_action", &fresh(), 0, child));
    assert_eq!((&said["reason"], &said["retryable"]), (&json!("deleted"), &json!(false)));
}

fn settled(server: &Server) {
    let (a, b) = Phone::couple(server);
    // The partner may settle a conflict, and not write what is another's in it.
    a.put("/sync/policies/checkin/", &json!({"resolution_policy": "manual", "auto_resolve": false})).expect(200);
    let checkin = a.make("/checkins/", &json!({"date": "2026-01-05"}));
    a.patch(&format!("/checkins/{checkin}/"), &json!({"mood": 7})).expect(200);
    let said = send(&a, json!([item("checkin", &checkin, 1, json!({"mood": 3}))]));
    let path = format!("/sync/conflicts/{}/resolve/", said["conflicts"][0]["conflict_id"].as_str().unwrap());
    let choice = json!({"resolution_strategy": "merge", "chosen_version": "merged", "merge_data": {"mood": 0}});
    assert_eq!(b.post(&path, &choice).status, 403);
    a.post(&path, &choice).expect(200);
    assert_eq!(b.get(&format!("/checkins/{checkin}/")).expect(200).json()["mood"], 0);
    let manual = json!({"resolution_policy": "manual", "auto_resolve": false});
    a.put("/sync/policies/goal/", &manual).expect(200);
    assert_eq!(b.get("/sync/policies/goals/").expect(200).json()["resolution_policy"], "manual");
    let id = a.make("/goals/", &json!({"title": "Walk"}));
    b.patch(&format!("/goals/{id}/"), &json!({"title": "Run"})).expect(200);
    let said = send(&a, json!([item("goal", &id, 1, json!({"title": "Swim"}))]));
    assert_eq!(said["conflicts"][0]["resolution_required"], true, "{said}");
    let conflict = said["conflicts"][0]["conflict_id"].as_str().unwrap();
    let choice = json!({"resolution_strategy": "client_wins", "chosen_version": "client"});
    let resolved = a.post(&format!("/sync/conflicts/{conflict}/resolve/"), &choice).expect(200).json();
    assert_eq!(resolved["success"], true, "{resolved}");
    let goal = b.get(&format!("/goals/{id}/")).expect(200).json();
    assert_eq!((&goal["title"], &goal["version"]), (&json!("Swim"), &json!(3)));
}

fn graphql(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    let query = "mutation($batch: SyncBatchInput!) { syncBatch(batch: $batch) { success recordsSyncResult { \
         items { mobileId status version domain existingId } errors { reason } } } }";
    let record = json!({"domain": "GOAL", "mobileId": id, "operation": "CREATE", "data": {"title": "Walk"}});
    let batch =
        json!({"idempotencyKey": fresh(), "deviceId": "phone", "clientTimestamp": "2026-01-16T12:00:00Z", "records": [record]});
    let said = phone.post("/graphql/", &json!({"query": query, "variables": {"batch": batch}})).expect(200).json();
    let items = &said["data"]["syncBatch"]["recordsSyncResult"]["items"];
    assert_eq!(
        *items,
        json!([{"mobileId": id, "status": "created", "version": 1, "domain": "goal", "existingId": null}]),
        "{said}"
    );
    assert_eq!(phone.get(&format!("/goals/{id}/")).expect(200).json()["title"], "Walk");
}

fn repeated(server: &Server) {
    let phone = Phone::single(server);
    let (id, key) = (fresh(), fresh());
    let batch = json!({"device_id": "phone", "client_timestamp": "2026-01-16T12:00:00Z",
        "records": [item("goal", &id, 0, json!({"title": "Walk"}))]});
    let send = || phone.ask("POST", "/sync/batch/").header("Idempotency-Key", &*key).json(&batch).send(phone.port).expect(200);
    assert_eq!(send().body, send().body);
    // Without the key, as after a week.
    assert_eq!(one(&phone, item("goal", &id, 0, json!({"title": "Walk"})))["status"], "unchanged");
    phone.post("/goals/", &json!({"id": id, "title": "Walk"})).expect(200);
    problem(phone.post("/goals/", &json!({"id": id, "title": "Run"})), 409);
    assert_eq!(phone.get("/goals/").expect(200).json()["count"], 1);
}
