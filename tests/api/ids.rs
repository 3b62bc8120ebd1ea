//! Ids that phones make: what is sent again is answered with what it made, whatever became of that, and never makes a second.

use super::expect::problem;
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::params;
use uuid::Uuid;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("what a phone makes has the id that it chose, and sending it again makes no second", again),
    ("an id of other content, or of the partner, is 409 with the object", taken),
    ("an id whose object was deleted is 410", deleted),
    ("another couple's equal id does not exist", strangers),
    ("an answer and a letter under their own id are edited, and a repeated first POST undoes nothing", upserts),
    ("an id in another form is the same, and one that is none is made anew", forms),
    ("an object that was made without an id is its maker's to name", named),
];

fn fresh() -> String {
    Uuid::new_v4().to_string()
}

/// What a POST is answered: the object, whatever stands around it.
fn inner(answer: Value) -> Value {
    ["action", "answer", "letter"].into_iter().find_map(|name| answer.get(name).cloned()).unwrap_or(answer)
}

/// Each POST that makes something, a body for it, an edit of what it made, and where that is.
fn posts(phone: &Phone) -> Vec<(String, Value, Value, &'static str)> {
    let goal = phone.make("/goals/", &json!({"title": "Walk"}));
    vec![
        ("/goals/".into(), json!({"title": "Run"}), json!({"title": "Swim"}), "/goals/"),
        (format!("/goals/{goal}/actions/"), json!({"text": "shoes"}), json!({"text": "boots"}), "/goals/actions/"),
        ("/qna/questions/".into(), json!({"text": "?"}), json!({"text": "??"}), "/qna/questions/"),
        ("/checkins/".into(), json!({"date": "2026-01-05", "mood": 7}), json!({"mood": 1}), "/checkins/"),
        ("/letters/".into(), json!({"month": "2026-01", "content": "Dear"}), json!({"content": "Dearest"}), "/letters/"),
    ]
}

fn with_id(body: &Value, id: &str) -> Value {
    let mut body = body.clone();
    body["id"] = json!(id);
    body
}

fn again(server: &Server) {
    let (a, b) = Phone::couple(server);
    for (post, body, edit, path) in posts(&a) {
        let (id, count) = (fresh(), |phone: &Phone| phone.get(path).expect(200).json()["count"].clone());
        let made = inner(a.post(&post, &with_id(&body, &id)).expect(201).json());
        assert_eq!((&made["id"], &made["version"]), (&json!(id), &json!(1)), "{post}");
        let (before, since) = (count(&a), a.poll("")["server_time"].as_str().unwrap().to_owned());
        assert_eq!(inner(a.post(&post, &with_id(&body, &id)).expect(200).json()), made, "{post}");
        let told = a.poll(&since)["changes"].clone();
        assert!(told.as_object().unwrap().values().all(|list| list == &json!([])), "{post}: nothing has changed: {told}");
        a.patch(&format!("{path}{id}/"), &edit).expect(200);
        // A week later, under no key: what became of it since stays.
        let now = inner(a.post(&post, &with_id(&body, &id)).expect(200).json());
        assert_eq!((&now["version"], now["updated_at"] == made["updated_at"]), (&json!(2), false), "{post}");
        assert_eq!(now, a.get(&format!("{path}{id}/")).expect(200).json(), "{post}");
        assert_eq!(count(&a), before, "{post}");
        assert_eq!(b.get(&format!("{path}{id}/")).expect(200).json(), now, "{post}");
    }
}

fn taken(server: &Server) {
    let (a, b) = Phone::couple(server);
    for (post, body, mut edit, path) in posts(&a) {
        let id = fresh();
        let made = inner(a.post(&post, &with_id(&body, &id)).expect(201).json());
        for field in ["date", "month"] {
            // A letter of the same month would be an edit of it.
            if body.get(field).is_some() {
                edit[field] = json!(if field == "date" { "2026-01-06" } else { "2026-02" });
            }
        }
        for (who, sent) in [(&a, &edit), (&b, if path == "/letters/" { &edit } else { &body })] {
            let refused = problem(who.post(&post, &with_id(sent, &id)), 409);
            assert_eq!(refused["code"], "id-taken", "{post}");
            assert_eq!(refused["object"], a.get(&format!("{path}{id}/")).expect(200).json(), "{post}");
        }
        assert_eq!(a.get(&format!("{path}{id}/")).expect(200).json()["version"], made["version"], "{post}");
    }
}

fn deleted(server: &Server) {
    let phone = Phone::single(server);
    for (post, body, _, path) in posts(&phone) {
        let id = fresh();
        phone.post(&post, &with_id(&body, &id)).expect(201);
        phone.delete(&format!("{path}{id}/")).expect(204);
        for sent in [&body, &with_id(&body, &id)] {
            let refused = problem(phone.post(&post, &with_id(sent, &id)), 410);
            assert_eq!(refused["code"], "deleted", "{post}");
        }
        phone.get(&format!("{path}{id}/")).expect(404);
    }
}

fn strangers(server: &Server) {
    let (one, other) = (Phone::single(server), Phone::single(server));
    let id = fresh();
    for (mine, theirs) in posts(&one).into_iter().zip(posts(&other)) {
        let (post, body, edit, path) = mine;
        let made = inner(one.post(&post, &with_id(&body, &id)).expect(201).json());
        assert_eq!(inner(other.post(&theirs.0, &with_id(&theirs.1, &id)).expect(201).json())["id"], json!(id), "{post}");
        other.patch(&format!("{path}{id}/"), &edit).expect(200);
        assert_eq!(one.get(&format!("{path}{id}/")).expect(200).json(), made, "{post}");
        other.delete(&format!("{path}{id}/")).expect(204);
        assert_eq!(one.get(&format!("{path}{id}/")).expect(200).json(), made, "{post}");
    }
    // Children of equal ids stay with their own parents.
    let (goal, question) = (fresh(), fresh());
    for phone in [&one, &other] {
        phone.post("/goals/", &json!({"id": goal, "title": "x"})).expect(201);
        phone.post("/qna/questions/", &json!({"id": question, "text": "?"})).expect(201);
        phone.post(&format!("/goals/{goal}/actions/"), &json!({"text": phone.username})).expect(201);
        phone.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": phone.username})).expect(200);
    }
    other.delete(&format!("/goals/{goal}/")).expect(204);
    other.delete(&format!("/qna/questions/{question}/")).expect(204);
    let texts = |list: &Value| list.as_array().unwrap().iter().map(|child| child["text"].clone()).collect::<Vec<_>>();
    assert_eq!(texts(&one.get(&format!("/goals/{goal}/")).expect(200).json()["actions"]), [json!(one.username)]);
    assert_eq!(texts(&one.get("/qna/questions/").expect(200).json()["results"][0]["answers"]), [json!(one.username)]);
    assert_eq!(one.get("/goals/actions/").expect(200).json()["count"], 2, "one more, of the first goal");
}

fn upserts(server: &Server) {
    let (a, b) = Phone::couple(server);
    let question = a.make("/qna/questions/", &json!({"text": "?"}));
    let (answer, letter) = (format!("/qna/questions/{question}/answer/"), "/letters/".to_owned());
    let body = |path: &str, text: &str| {
        if path == "/letters/" { json!({"month": "2026-03", "content": text}) } else { json!({ "text": text }) }
    };
    for path in [answer.clone(), letter] {
        let (id, other) = (fresh(), fresh());
        let send = |id: &str, text: &str| inner(a.post(&path, &with_id(&body(&path, text), id)).json());
        assert_eq!((&send(&id, "one")["id"], send(&id, "two")["version"].clone()), (&json!(id), json!(2)));
        assert_eq!(send(&id, "one")["version"], 2, "it was made so: nothing is undone");
        let edited = send(&other, "three");
        assert_eq!((&edited["id"], &edited["version"]), (&json!(id), &json!(3)), "there is one already: it is edited");
    }
    let own = inner(b.post(&answer, &json!({"text": "b"})).expect(200).json())["id"].as_str().unwrap().to_owned();
    let refused = problem(a.post(&answer, &json!({"text": "a", "id": own})), 409);
    assert_eq!(refused["object"]["id"], json!(own));
}

fn forms(server: &Server) {
    let phone = Phone::single(server);
    let id = fresh();
    let body = |id: Value| json!({"title": "x", "id": id});
    phone.post("/goals/", &body(json!(id.to_uppercase()))).expect(201);
    phone.post("/goals/", &body(json!(format!("{{{id}}}")))).expect(200);
    for none in [json!(null), json!(""), json!("mine"), json!(7), json!({"a": [id]})] {
        let made = phone.post("/goals/", &body(none)).expect(201).json();
        assert!(super::expect::is_id(&made["id"]) && made["id"] != id, "{made}");
    }
    phone.post("/v2/goals/", &body(json!(null))).expect(201);
    for none in [json!(""), json!("mine"), json!(7), json!([])] {
        problem(phone.post("/v2/goals/", &body(none)), 400);
    }
}

fn named(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = a.make("/goals/", &json!({"title": "x"}));
    a.post("/goals/", &json!({"title": "x", "id": id})).expect(200);
    problem(a.post("/goals/", &json!({"title": "y", "id": id})), 409);
    problem(b.post("/goals/", &json!({"title": "x", "id": id})), 409);
    // As an older program wrote it.
    server.alter("UPDATE goals SET made = NULL WHERE id = ?", params![&id]);
    a.post("/goals/", &json!({"title": "y", "id": id})).expect(200);
    problem(b.post("/goals/", &json!({"title": "x", "id": id})), 409);
}
