//! The couple's nouns through the batch: whose a side of a conflict is, who may bring back what, and what of an object others' queues do
//! not change.

use super::expect::problem;
use super::offline::{delete, fresh, item};
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("whoever lost to a late deletion is shown what they lost, and nobody who has no part in it", lost),
    ("what its author alone may edit comes back by the author alone", comes_back),
    ("in a team who edited a noun last settles what is about their version", last_editor),
    ("of an account that ended no text stays in others' conflicts of nouns", ended),
    ("the export of who left holds their own side of a conflict", left),
    ("what is sent as null and what is not sent make the same object", nulls),
    ("from version 2 on what is there already is `exists`", exists),
    ("what is told again is what it was, for whoever holds its tag", tag),
    ("a choice that came too late is no poison", moved_on),
    ("one object of a noun is shown as the batch shows it, through both faces", shown),
];

/// Made later than anything.
fn later(item: Value) -> Value {
    let mut item = item;
    item["client_timestamp"] = json!("2100-01-01T00:00:00Z");
    item
}

#[track_caller]
fn send(phone: &Phone, record: Value) -> Value {
    // Where no item says when it was made, it is not known to be late.
    let batch = json!({"device_id": "phone", "client_timestamp": "2100-01-01T00:00:00Z", "records": [record]});
    phone.post("/sync/batch/", &batch).expect(200).json()["records_sync_result"].clone()
}

#[track_caller]
fn status(phone: &Phone, record: Value) -> String {
    let said = send(phone, record);
    let word = said["items"][0]["status"].as_str().or_else(|| said["errors"][0]["reason"].as_str());
    word.unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[track_caller]
fn manual(phone: &Phone, domain: &str) {
    phone.put(&format!("/sync/policies/{domain}/"), &json!({"resolution_policy": "manual", "auto_resolve": false})).expect(200);
}

fn conflicts(phone: &Phone) -> Vec<Value> {
    phone.get("/sync/conflicts/").expect(200).json()["conflicts"].as_array().unwrap().clone()
}

fn lost(server: &Server) {
    let phones = Phone::team(server, &["admin", "member", "member"]);
    let [a, b, c] = &phones[..] else { panic!("three") };
    for (domain, field) in [("goal", "title"), ("task", "jobdesc")] {
        let id = fresh();
        send(a, item(domain, &id, 0, json!({ field: "first" })));
        assert_eq!(status(b, item(domain, &id, 1, json!({ field: "lost words" }))), "updated", "{domain}");
        std::thread::sleep(std::time::Duration::from_millis(3));
        assert_eq!(status(a, later(delete(domain, &id, 1))), "conflict", "{domain}");
        let shown = conflicts(b);
        let told = shown.iter().find(|conflict| conflict["mobile_id"] == *id).unwrap_or_else(|| panic!("{domain}: {shown:?}"));
        assert_eq!((&told["server_data"][field], &told["server_user_id"]), (&json!("lost words"), &json!(b.id)), "{domain}");
        assert_eq!((&told["client_data"], &told["winning_version"]), (&Value::Null, &json!("client")), "{domain}");
    }
    assert!(conflicts(c).iter().all(|conflict| conflict["domain"] != "task"), "a deleted record is nobody else's");
}

fn comes_back(server: &Server) {
    let (a, b) = Phone::couple(server);
    let question = fresh();
    send(&a, item("question", &question, 0, json!({"text": "?"})));
    for (domain, id, data, by) in [
        ("checkin", fresh(), json!({"date": "2026-01-05", "note": "mine"}), &a),
        ("answer", fresh(), json!({"question": question, "text": "mine"}), &a),
        ("question", question.clone(), json!({"text": "?"}), &b),
    ] {
        if domain != "question" {
            assert_eq!(status(&a, item(domain, &id, 0, data.clone())), "created", "{domain}");
        }
        assert_eq!(status(by, delete(domain, &id, 1)), "deleted", "{domain}");
        for version in [0, 1, 2, 9] {
            assert_eq!(status(&b, later(item(domain, &id, version, data.clone()))), "forbidden", "{domain} {version}");
        }
        assert_eq!(conflicts(&b).len(), 0, "{domain}: and no conflict of it is kept");
        let said = send(&a, later(item(domain, &id, 2, data)));
        assert_eq!(said["items"][0]["version"], 3, "{domain}: {said}");
    }
}

fn last_editor(server: &Server) {
    let phones = Phone::team(server, &["admin", "member", "member", "member"]);
    let [admin, writer, sender, other] = &phones[..] else { panic!("four") };
    for domain in ["goal", "letter", "goal_action"] {
        manual(admin, domain);
        let id = fresh();
        let (field, mut first) = match domain {
            "goal" => ("title", json!({})),
            "letter" => ("content", json!({"month": "2026-01"})),
            _ => ("text", json!({"goal": admin.make("/goals/", &json!({"title": "Walk"}))})),
        };
        first[field] = json!("first");
        send(admin, item(domain, &id, 0, first));
        assert_eq!(status(writer, item(domain, &id, 1, json!({ field: "the writer's" }))), "updated");
        let met = send(sender, item(domain, &id, 1, json!({ field: "late" })));
        let path = format!("/sync/conflicts/{}/resolve/", met["conflicts"][0]["conflict_id"].as_str().unwrap());
        let choice = json!({"resolution_strategy": "manual", "chosen_version": "server"});
        problem(other.post(&path, &choice), 403);
        writer.post(&path, &choice).expect(200);
    }
}

fn ended(server: &Server) {
    let phones = Phone::team(server, &["admin", "member"]);
    let [admin, writer] = &phones[..] else { panic!("two") };
    let id = admin.make("/goals/", &json!({"title": "Walk"}));
    assert_eq!(status(writer, item("goal", &id, 1, json!({"title": "the writer's words"}))), "updated");
    assert_eq!(status(admin, later(item("goal", &id, 1, json!({"title": "Swim"})))), "conflict");
    let words = || conflicts(admin)[0]["server_data"].to_string();
    assert!(words().contains("the writer's words"));
    writer.ask("DELETE", "/auth/me/").json(&json!({ "password": PASSWORD })).send(server.port).expect(204);
    assert_eq!(words(), "null");
}

fn left(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = a.make("/goals/", &json!({"title": "Walk"}));
    b.patch(&format!("/goals/{id}/"), &json!({"title": "the partner's words"})).expect(200);
    let mut late = item("goal", &id, 1, json!({"title": "own words"}));
    late["base_data"] = json!({"title": "Walk"});
    assert_eq!(status(&a, later(late.clone())), "conflict");
    late["version"] = json!(1);
    late["data"]["title"] = json!("others' words");
    assert_eq!(status(&b, later(late)), "conflict");
    a.post("/couple/leave/", &json!({})).expect(204);
    let archive = a.get("/couple/archives/").expect(200).json()["results"][0]["id"].as_str().unwrap().to_owned();
    let export = a.get(&format!("/couple/archives/{archive}/export/")).expect(200).json();
    let kept = export["data"]["conflicts"].as_array().unwrap();
    assert_eq!(kept.len(), 2, "{kept:?}");
    let text = json!(kept).to_string();
    assert!(text.contains("own words") && !text.contains("the partner's words") && !text.contains("others' words"), "{text}");
}

fn nulls(server: &Server) {
    let phone = Phone::single(server);
    let (id, other) = (fresh(), fresh());
    let (short, whole) = (json!({"title": "Walk"}), json!({"title": "Walk", "target_date": null, "owner": null}));
    for (id, first, again) in [(&id, &short, &whole), (&other, &whole, &short)] {
        assert_eq!(status(&phone, item("goal", id, 0, first.clone())), "created");
        for sent in [first, again] {
            let mut sent = sent.clone();
            sent["id"] = json!(id);
            phone.post("/goals/", &sent).expect(200);
        }
    }
    problem(phone.post("/goals/", &json!({"id": id, "title": "Run"})), 409);
}

fn exists(server: &Server) {
    let phone = Phone::single(server);
    let there = phone.make("/checkins/", &json!({"date": "2026-01-05"}));
    let said = phone.post("/v2/checkins/", &json!({"date": "2026-01-05"}));
    assert_eq!(said.status, 409);
    let said = said.json();
    assert_eq!((&said["code"], &said["existing_id"]), (&json!("exists"), &json!(there)), "{said}");
    assert_eq!((&said["errors"][0]["pointer"], &said["errors"][0]["code"]), (&json!("#/date"), &json!("exists")), "{said}");
    assert_eq!(phone.post("/checkins/", &json!({"date": "2026-01-05"})).status, 400);
}

fn tag(server: &Server) {
    let (a, b) = Phone::couple(server);
    for (domain, path, made, edit) in [
        ("goal", "/goals/", json!({"title": "Walk"}), json!({"title": "Run"})),
        ("checkin", "/checkins/", json!({"date": "2026-01-05"}), json!({"note": "n"})),
        ("question", "/qna/questions/", json!({"text": "?"}), json!({"text": "!"})),
        ("letter", "/letters/", json!({"month": "2026-01"}), json!({"content": "Dear"})),
    ] {
        let made = a.post(path, &made).expect(201).json();
        let id = made["id"].as_str().or_else(|| made["letter"]["id"].as_str()).unwrap().to_owned();
        let path = format!("{path}{id}/");
        let held = b.get(&path).expect(200);
        let since = b.poll("")["server_time"].as_str().unwrap().to_owned();
        assert_eq!(status(&a, item(domain, &id, 0, json!({}))), "unchanged", "{domain}");
        let told = b.poll(&since)["changes"].to_string();
        assert!(told.contains(&id), "{domain}: it is told again");
        assert_eq!(b.get(&path).expect(200).body, held.body, "{domain}");
        let edited = a.ask("PATCH", &path).header("If-Match", held.header("ETag").unwrap()).json(&edit).send(server.port);
        assert_eq!(edited.expect(200).json()["version"], 2, "{domain}");
    }
}

fn moved_on(server: &Server) {
    let phone = Phone::single(server);
    manual(&phone, "goal");
    let id = phone.make("/goals/", &json!({"title": "Walk"}));
    send(&phone, item("goal", &id, 1, json!({"title": "Run"})));
    let met = send(&phone, item("goal", &id, 1, json!({"title": "Swim"})));
    send(&phone, item("goal", &id, 2, json!({"title": "Fly"})));
    let path = format!("/v2/sync/conflicts/{}/resolve/", met["conflicts"][0]["conflict_id"].as_str().unwrap());
    let choice = json!({"resolution_strategy": "manual", "chosen_version": "client"});
    let choose =
        || phone.ask("POST", &path).header("Idempotency-Key", format!("\"{}\"", fresh())).json(&choice).send(server.port);
    let error = choose().expect(200).json()["error"].clone();
    assert_eq!((&error["code"], &error["retryable"], error.get("poison")), (&json!("moved_on"), &json!(false), None), "{error}");
    assert_eq!(choose().expect(200).json()["success"], true, "whoever has looked again may choose the same");
}

fn shown(server: &Server) {
    let (a, b) = Phone::couple(server);
    let [goal, question] = [fresh(), fresh()];
    for (domain, path, id, data) in [
        ("goal", "goals", goal.clone(), json!({"title": "Walk"})),
        ("goal_action", "goal_actions", fresh(), json!({"goal_id": goal, "text": "shoes"})),
        ("question", "questions", question.clone(), json!({"text": "?", "theme": "us"})),
        ("answer", "answers", fresh(), json!({"question_id": question, "text": "yes"})),
        ("checkin", "checkins", fresh(), json!({"date": "2026-01-05", "note": "n"})),
        ("letter", "letters", fresh(), json!({"month": "2026-01", "content": "Dear"})),
    ] {
        assert_eq!(status(&a, item(domain, &id, 0, data.clone())), "created", "{domain}");
        let object = send(&b, item(domain, &id, 0, json!({})))["items"][0]["object"].clone();
        let rest = b.get(&format!("/sync/{path}/{id}/"));
        if !object.is_null() {
            assert_eq!(rest.expect(200).json(), object, "{domain}");
        } else {
            assert_eq!(rest.expect(200).json()["id"], *id, "{domain}: whose it is not is refused an edit");
        }
        let query = format!(
            "{{ record(domain: {}, mobileId: \"{id}\") {{ domain mobileId version data createdBy updatedBy createdAt updatedAt }} }}",
            domain.to_ascii_uppercase()
        );
        let ask =
            |phone: &Phone| phone.post("/graphql/", &json!({ "query": query })).expect(200).json()["data"]["record"].clone();
        let record = ask(&b);
        assert_eq!(
            (&record["mobileId"], &record["version"], &record["domain"]),
            (&json!(id), &json!(1), &json!(domain.to_ascii_uppercase()))
        );
        assert_eq!(record["updatedBy"], a.id.to_string(), "{domain}");
        for (name, value) in data.as_object().unwrap() {
            assert_eq!(record["data"][name], *value, "{domain} {name}: {record}");
        }
        let stranger = Phone::single(server);
        problem(stranger.get(&format!("/sync/{path}/{id}/")), 404);
        assert_eq!(ask(&stranger), Value::Null, "{domain}: another couple's does not exist");
    }
    a.delete(&format!("/goals/{goal}/")).expect(204);
    problem(a.get(&format!("/sync/goals/{goal}/")), 404);
}
