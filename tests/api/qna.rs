//! Questions and answers (couples API, 4).

use super::check::{NOBODY, conditional, field_error, korean, refuses, strangers};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

const QUESTIONS: &str = "/qna/questions/";

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a question needs only its text", a_question_needs_only_its_text),
    ("a question's fields have limits", fields_have_limits),
    ("a question's text is kept as it came, its theme is trimmed", white_space),
    ("only who asked may change a question", only_the_asker_changes),
    ("either partner may delete a question", either_deletes),
    ("PUT leaves a theme that is missing as it is", put_leaves_what_is_missing),
    ("questions are listed newest change first, as each stands alone", newest_change_first),
    ("questions come in pages", pages),
    ("questions of another couple do not exist", another_couple),
    ("questions honour conditional requests", conditional_requests),
    ("an answer has defaults", an_answer_has_defaults),
    ("an answer's fields have limits", answers_have_limits),
    ("each user has one answer, which a second POST changes", one_answer_each),
    ("an answer changes neither its question's stamp nor its place", an_answer_leaves_the_question),
    ("a question shows its answers in the order in which they were given", answers_in_order),
    ("If-Match on an answer names its question", answer_with_if_match),
];

fn path(id: &str) -> String {
    format!("{QUESTIONS}{id}/")
}

fn ask(phone: &Phone, text: &str) -> String {
    phone.make(QUESTIONS, &json!({ "text": text }))
}

fn answer(phone: &Phone, question: &str, body: &Value) -> Value {
    phone.post(&format!("{QUESTIONS}{question}/answer/"), body).expect(200).json()["answer"].clone()
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn a_question_needs_only_its_text(server: &Server) {
    let (a, b) = Phone::couple(server);
    let made = a.post(QUESTIONS, &json!({"text": "Où vivre ? 어디서 살까? 🏡", "unknown": 1})).expect(201);
    let question = made.json();
    let expected =
        ["answers", "created_at", "created_by_id", "created_by_username", "id", "text", "theme", "updated_at", "version"];
    assert_eq!(keys(&question), expected);
    assert_eq!(question["text"], "Où vivre ? 어디서 살까? 🏡");
    assert_eq!((&question["theme"], &question["answers"]), (&json!(""), &json!([])));
    assert_eq!((&question["created_by_id"], &question["created_by_username"]), (&json!(a.id), &json!(a.username)));
    assert_eq!(question["created_at"], question["updated_at"]);
    let id = question["id"].as_str().unwrap();
    for phone in [&a, &b] {
        let seen = phone.get(&path(id)).expect(200);
        assert_eq!((seen.json(), seen.header("ETag")), (question.clone(), made.header("ETag")));
    }
}

fn fields_have_limits(server: &Server) {
    let a = Phone::single(server);
    let longest = json!({"text": korean(10_000), "theme": korean(64)});
    let made = a.post(QUESTIONS, &longest).expect(201).json();
    assert_eq!((&made["text"], &made["theme"]), (&longest["text"], &longest["theme"]));
    let emoji = a.post(QUESTIONS, &json!({"text": "🏡".repeat(10_000)})).expect(201).json();
    assert_eq!(emoji["text"].as_str().unwrap().chars().count(), 10_000);
    let texts = [
        json!({}),
        json!({"text": ""}),
        json!({"text": " \n\t"}),
        json!({"text": null}),
        json!({"text": []}),
        json!({"text": true}),
        json!({"text": "a\u{0}b"}),
        json!({"text": korean(10_001)}),
    ];
    let themes = [json!(korean(65)), json!("a\u{0}b"), json!(null), json!({}), json!([])]
        .map(|theme| json!({"text": "x", "theme": theme}));
    let one = path(made["id"].as_str().unwrap());
    refuses(&a, "POST", QUESTIONS, "text", &texts);
    refuses(&a, "PUT", &one, "text", &texts);
    refuses(&a, "PATCH", &one, "text", &texts[1..]);
    for (method, path) in [("POST", QUESTIONS), ("PUT", one.as_str()), ("PATCH", one.as_str())] {
        refuses(&a, method, path, "theme", &themes);
    }
    let both = a.post(QUESTIONS, &json!({"text": "", "theme": korean(65)}));
    field_error(both.clone(), "text");
    field_error(both, "theme");
}

fn white_space(server: &Server) {
    let a = Phone::single(server);
    let made = a.post(QUESTIONS, &json!({"text": "  two \n ", "theme": "\t home \n"})).expect(201).json();
    assert_eq!((&made["text"], &made["theme"]), (&json!("  two \n "), &json!("home")));
    // White space does not count where it is stripped.
    let theme = format!(" {} ", korean(64));
    assert_eq!(a.post(QUESTIONS, &json!({"text": "x", "theme": theme})).expect(201).json()["theme"], korean(64));
}

fn only_the_asker_changes(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = ask(&b, "Whose turn is it?");
    let before = a.get(&path(&id)).expect(200).json();
    for method in ["PUT", "PATCH"] {
        let said = a.ask(method, &path(&id)).json(&json!({"text": "Mine!"})).send(a.port).expect(403).json();
        assert!(said["detail"].is_string(), "{said}");
    }
    assert_eq!(a.get(&path(&id)).expect(200).json(), before);
    let changed = b.patch(&path(&id), &json!({"text": "Mine?"})).expect(200).json();
    assert_eq!(changed["text"], "Mine?");
    assert_eq!(changed["created_at"], before["created_at"]);
    assert!(changed["updated_at"].as_str() > before["updated_at"].as_str(), "{changed}");
}

fn either_deletes(server: &Server) {
    let (a, b) = Phone::couple(server);
    for (asker, deleter) in [(&a, &a), (&a, &b), (&b, &a)] {
        let id = ask(asker, "To go or to stay?");
        answer(&a, &id, &json!({}));
        assert_eq!(deleter.delete(&path(&id)).expect(204).body, b"");
        a.get(&path(&id)).expect(404);
        b.delete(&path(&id)).expect(404);
        b.post(&format!("{}answer/", path(&id)), &json!({})).expect(404);
    }
}

fn put_leaves_what_is_missing(server: &Server) {
    let a = Phone::single(server);
    let id = a.make(QUESTIONS, &json!({"text": "one", "theme": "home"}));
    let put = a.put(&path(&id), &json!({"text": "two"})).expect(200).json();
    assert_eq!((&put["text"], &put["theme"]), (&json!("two"), &json!("home")));
    let patch = a.patch(&path(&id), &json!({"theme": ""})).expect(200).json();
    assert_eq!((&patch["text"], &patch["theme"]), (&json!("two"), &json!("")));
    let same = a.patch(&path(&id), &json!({"id": NOBODY, "created_by_id": 1, "created_at": "2020-01-01T00:00:00Z"}));
    let same = same.expect(200).json();
    assert_eq!((&same["id"], &same["created_by_id"]), (&json!(id), &json!(a.id)));
    assert_eq!(same["created_at"], patch["created_at"]);
}

fn newest_change_first(server: &Server) {
    let (a, b) = Phone::couple(server);
    let ids: Vec<String> = (0..3).map(|n| ask(&a, &format!("question {n}"))).collect();
    answer(&b, &ids[1], &json!({"text": "one"}));
    a.patch(&path(&ids[0]), &json!({"theme": "t"})).expect(200);
    let list = b.get(QUESTIONS).expect(200).json();
    assert_eq!((&list["count"], &list["next"], &list["previous"]), (&json!(3), &Value::Null, &Value::Null));
    let listed: Vec<&str> = list["results"].as_array().unwrap().iter().map(|q| q["id"].as_str().unwrap()).collect();
    assert_eq!(listed, [&ids[0], &ids[2], &ids[1]]);
    for item in list["results"].as_array().unwrap() {
        assert_eq!(*item, b.get(&path(item["id"].as_str().unwrap())).expect(200).json());
    }
    assert_eq!(list["results"][2]["answers"].as_array().unwrap().len(), 1);
}

fn pages(server: &Server) {
    let a = Phone::single(server);
    let ids: Vec<String> = (0..5).map(|n| ask(&a, &n.to_string())).collect();
    for (page, shown) in [("1", [4, 3]), ("2", [2, 1])] {
        let list = a.get(&format!("{QUESTIONS}?page_size=2&page={page}")).expect(200).json();
        assert_eq!(list["count"], 5);
        let expected: Vec<&String> = shown.iter().map(|n| &ids[*n]).collect();
        let found: Vec<&str> = list["results"].as_array().unwrap().iter().map(|q| q["id"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "page {page}");
        assert!(list["next"].is_string());
    }
    let last = a.get(&format!("{QUESTIONS}?page_size=2&page=last")).expect(200).json();
    assert_eq!((last["results"].as_array().unwrap().len(), &last["next"]), (1, &Value::Null));
    a.get(&format!("{QUESTIONS}?page_size=2&page=4")).expect(404);
}

fn another_couple(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = ask(&a, "Ours?");
    strangers(server, QUESTIONS, &id, &json!({"text": "x"}));
    let stranger = Phone::single(server);
    for question in [&id, NOBODY, "x"] {
        stranger.post(&format!("{QUESTIONS}{question}/answer/"), &json!({})).expect(404);
    }
    Phone::register(server).post(&format!("{QUESTIONS}{id}/answer/"), &json!({})).expect(404);
    assert_eq!(b.get(&path(&id)).expect(200).json()["answers"], json!([]));
}

fn conditional_requests(server: &Server) {
    let a = Phone::single(server);
    let id = ask(&a, "Still?");
    conditional(&a, &path(&id), &json!({"text": "Now?"}));
}

fn an_answer_has_defaults(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = ask(&a, "Tea?");
    let given = answer(&b, &id, &json!({}));
    assert_eq!(keys(&given), ["id", "status", "text", "updated_at", "user_id", "username", "version"]);
    assert_eq!((&given["status"], &given["text"]), (&json!("ANSWERED"), &json!("")));
    assert_eq!((&given["user_id"], &given["username"]), (&json!(b.id), &json!(b.username)));
    assert_eq!(a.get(&path(&id)).expect(200).json()["answers"], json!([given]));
}

fn answers_have_limits(server: &Server) {
    let a = Phone::single(server);
    let id = ask(&a, "Long?");
    let to = format!("{QUESTIONS}{id}/answer/");
    for status in ["NEEDS_TIME", "CLARIFY", "ANSWERED"] {
        assert_eq!(answer(&a, &id, &json!({ "status": status }))["status"], status);
    }
    assert_eq!(answer(&a, &id, &json!({"text": korean(20_000)}))["text"], korean(20_000));
    let before = a.get(&path(&id)).expect(200).json();
    for status in [json!("DONE"), json!("answered"), json!(""), json!(null), json!(1), json!([])] {
        field_error(a.post(&to, &json!({"status": status, "text": "x"})), "status");
    }
    for text in [json!(korean(20_001)), json!("a\u{0}"), json!(null), json!({})] {
        field_error(a.post(&to, &json!({ "text": text })), "text");
    }
    assert_eq!(a.get(&path(&id)).expect(200).json(), before);
    assert_eq!(answer(&a, &id, &json!({"text": " \n kept "}))["text"], " \n kept ");
    assert_eq!(answer(&a, &id, &json!({"text": ""}))["text"], "");
}

fn one_answer_each(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = ask(&a, "Where to?");
    let first = answer(&a, &id, &json!({"status": "NEEDS_TIME", "text": "Hm"}));
    let theirs = answer(&b, &id, &json!({"text": "The sea"}));
    let second = answer(&a, &id, &json!({"status": "ANSWERED"}));
    assert_ne!(first["id"], theirs["id"]);
    assert_eq!(first["id"], second["id"]);
    assert_eq!((&second["status"], &second["text"]), (&json!("ANSWERED"), &json!("Hm")), "what is missing stays");
    assert!(second["updated_at"].as_str() > theirs["updated_at"].as_str());
    assert_eq!(b.get(&path(&id)).expect(200).json()["answers"], json!([second, theirs]));
}

fn an_answer_leaves_the_question(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (old, new) = (ask(&a, "old"), ask(&a, "new"));
    let before = a.get(&path(&old)).expect(200).json();
    answer(&b, &old, &json!({"text": "yes"}));
    let after = a.get(&path(&old)).expect(200).json();
    assert_eq!(after["updated_at"], before["updated_at"]);
    assert_eq!(a.get(QUESTIONS).expect(200).json()["results"][0]["id"], json!(new));
}

fn answers_in_order(server: &Server) {
    let (a, b) = Phone::couple(server);
    for (first, second) in [(&a, &b), (&b, &a)] {
        let id = ask(&a, "Who first?");
        answer(first, &id, &json!({"text": "me"}));
        answer(second, &id, &json!({"text": "me too"}));
        answer(first, &id, &json!({"text": "me, still"}));
        let shown = a.get(&path(&id)).expect(200).json();
        assert_eq!((&shown["answers"][0]["user_id"], &shown["answers"][1]["user_id"]), (&json!(first.id), &json!(second.id)));
        assert_eq!(a.get(QUESTIONS).expect(200).json()["results"][0]["answers"], shown["answers"]);
    }
}

fn answer_with_if_match(server: &Server) {
    let a = Phone::single(server);
    let id = ask(&a, "Sure?");
    let tag = a.get(&path(&id)).expect(200).header("ETag").unwrap().to_owned();
    let post = || a.ask("POST", &format!("{QUESTIONS}{id}/answer/")).header("If-Match", &tag);
    let given = post().json(&json!({"text": "yes"})).send(a.port).expect(200).json()["answer"].clone();
    post().json(&json!({"text": "no"})).send(a.port).expect(412);
    assert_eq!(a.get(&path(&id)).expect(200).json()["answers"], json!([given]));
}
