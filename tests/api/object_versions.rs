//! Every object has a version: it grows with each edit of the object, stands in the feed, and guards a write.

use super::expect::problem;
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a version grows with each edit of the object, and stands in the feed", grow),
    ("a child's change does not move its parent's version", children),
    ("If-Match takes a version", guards),
    ("every write is a version", every_write),
];

/// One object of each of the couple's nouns: where it is, its list of the feed, an edit, its type in GraphQL.
fn objects(phone: &Phone) -> Vec<(String, &'static str, Value, &'static str)> {
    let goal = phone.make("/goals/", &json!({"title": "Walk"}));
    let action = phone.post(&format!("/goals/{goal}/actions/"), &json!({"text": "shoes"})).expect(201).json();
    let letter = phone.post("/letters/", &json!({"month": "2026-01"})).expect(201).json();
    let id = |object: &Value| object["id"].as_str().unwrap().to_owned();
    vec![
        (format!("/goals/actions/{}/", id(&action["action"])), "goal_actions", json!({"done": true}), "goalAction"),
        // Behind its action, which goes with it.
        (format!("/goals/{goal}/"), "goals", json!({"title": "Run"}), "goal"),
        (
            format!("/qna/questions/{}/", phone.make("/qna/questions/", &json!({"text": "?"}))),
            "qna_questions",
            json!({"text": "??"}),
            "question",
        ),
        (
            format!("/checkins/{}/", phone.make("/checkins/", &json!({"date": "2026-01-05"}))),
            "checkins",
            json!({"mood": 1}),
            "checkin",
        ),
        (format!("/letters/{}/", id(&letter["letter"])), "letters", json!({"content": "Dear"}), "letter"),
    ]
}

fn id_of(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap()
}

/// The version that the feed tells of an object, and whether it is gone.
fn told(phone: &Phone, since: &str, list: &str, id: &str) -> (Value, bool) {
    let rows = phone.poll(since)["changes"][list].as_array().unwrap().clone();
    let row = rows.into_iter().find(|row| row["id"] == id).unwrap();
    (row["version"].clone(), row["deleted"] == true)
}

fn now(phone: &Phone) -> String {
    phone.poll("")["server_time"].as_str().unwrap().to_owned()
}

fn grow(server: &Server) {
    let phone = Phone::single(server);
    for (path, list, edit, root) in objects(&phone) {
        let (since, id) = (now(&phone), id_of(&path));
        assert_eq!(phone.get(&path).expect(200).json()["version"], 1, "{path}");
        assert_eq!(phone.patch(&path, &edit).expect(200).json()["version"], 2, "{path}");
        assert_eq!(phone.get(&path).expect(200).json()["version"], 2, "{path}");
        assert_eq!(told(&phone, &since, list, id), (json!(2), false), "{path}");
        let asked = json!({"query": format!(
            "{{ {root}(id: \"{id}\") {{ version }} changes(since: \"{since}\") {{ changes {{ id version }} }} }}"
        )});
        let data = phone.post("/graphql/", &asked).expect(200).json()["data"].clone();
        assert_eq!(data[root]["version"], 2, "{data}");
        let row = json!({"id": id, "version": 2});
        assert!(data["changes"]["changes"].as_array().unwrap().contains(&row), "{data}");
        phone.delete(&path).expect(204);
        assert_eq!(told(&phone, &since, list, id), (json!(3), true), "a deletion makes a version, too: {path}");
    }
}

fn children(server: &Server) {
    let phone = Phone::single(server);
    let goal = phone.make("/goals/", &json!({"title": "Walk"}));
    let version = |path: &str| phone.get(path).expect(200).json()["version"].clone();
    let action = phone.post(&format!("/goals/{goal}/actions/"), &json!({"text": "shoes"})).expect(201).json();
    phone.patch(&format!("/goals/actions/{}/", action["action"]["id"].as_str().unwrap()), &json!({"done": true})).expect(200);
    assert_eq!(version(&format!("/goals/{goal}/")), 1);
    let question = phone.make("/qna/questions/", &json!({"text": "?"}));
    let since = now(&phone);
    for n in 1..3 {
        let answer =
            phone.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": n.to_string()})).expect(200).json();
        assert_eq!(answer["answer"]["version"], n);
        let id = answer["answer"]["id"].as_str().unwrap().to_owned();
        assert_eq!(told(&phone, &since, "qna_answers", &id), (json!(n), false));
    }
    assert_eq!(version(&format!("/qna/questions/{question}/")), 1);
}

fn guards(server: &Server) {
    let phone = Phone::single(server);
    let send = |method: &str, path: &str, tag: &str, body: &Value| {
        phone.ask(method, path).header("If-Match", tag).json(body).send(phone.port)
    };
    for (path, _, edit, _) in objects(&phone) {
        problem(send("PATCH", &path, "\"v2\"", &edit), 412);
        problem(send("DELETE", &path, "\"v2\"", &json!({})), 412);
        send("PATCH", &path, "\"v1\"", &edit).expect(200);
        problem(send("PATCH", &path, "\"v1\"", &edit), 412);
        send("PATCH", &path, "\"v1\", W/\"v2-gzip\"", &edit).expect(200);
        send("DELETE", &path, "v3", &json!({})).expect(204);
    }
    let goal = phone.make("/goals/", &json!({"title": "Walk"}));
    phone.post(&format!("/goals/{goal}/actions/"), &json!({"text": "shoes"})).expect(201);
    send("PATCH", &format!("/goals/{goal}/"), "\"v1\"", &json!({"title": "Run"})).expect(200);
    // A letter and an answer are written by a POST: the version is theirs, not the question's.
    phone.post("/letters/", &json!({"month": "2026-02", "content": "a"})).expect(201);
    send("POST", "/letters/", "\"v1\"", &json!({"month": "2026-02", "content": "b"})).expect(200);
    problem(send("POST", "/letters/", "\"v1\"", &json!({"month": "2026-02", "content": "c"})), 412);
    let question = phone.make("/qna/questions/", &json!({"text": "?"}));
    let answer = format!("/qna/questions/{question}/answer/");
    problem(send("POST", &answer, "\"v1\"", &json!({"text": "a"})), 412);
    phone.post(&answer, &json!({"text": "a"})).expect(200);
    send("POST", &answer, "\"v1\"", &json!({"text": "b"})).expect(200);
    problem(send("POST", &answer, "\"v1\"", &json!({"text": "c"})), 412);
}

fn every_write(server: &Server) {
    let phone = Phone::single(server);
    let path = format!("/goals/{}/", phone.make("/goals/", &json!({"title": "Walk"})));
    for n in 2..5 {
        assert_eq!(phone.put(&path, &json!({"title": n.to_string()})).expect(200).json()["version"], n);
    }
    let same = json!({"title": "4"});
    assert_eq!(phone.patch(&path, &same).expect(200).json()["version"], 5, "each write is one, as each moves in the feed");
}
