//! Preconditions as the world sends them: tags that servers and clients rewrote, `If-None-Match: *` on writes,
//! `If-Unmodified-Since`, and retries.

use super::expect::{Things, add_action, problem};
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::Answer;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("weak, suffixed and unquoted tags name the same content", rewritten_tags),
    ("If-None-Match: * lets nothing be written that is there", nothing_that_is_there),
    ("If-None-Match: * lets what is not there be made", what_is_not_there),
    ("a partner's letter is not overwritten by what shall be a new one", letters),
    ("an answer that is kept comes before preconditions", retries),
    ("If-Unmodified-Since guards what was changed later", unmodified_since),
];

/// What servers that compress and careless clients make of a tag.
fn rewritten(tag: &str) -> Vec<String> {
    let hash = tag.trim_matches('"');
    let forms = [
        "W/\"{}\"",
        "\"{}-gzip\"",
        "\"{}--gzip\"",
        "\"{};gzip\"",
        "\"{};gz\"",
        "\"{}-br\"",
        "W/\"{}-gzip\"",
        "\"{}\"-gzip",
        "{}",
        "W/{}",
    ];
    let alone = forms.map(|form| form.replace("{}", hash));
    alone.iter().cloned().chain([format!("\"x\" ,{}", alone[1])]).collect()
}

/// The tag of something else.
const OTHER: &str = "\"0123456789abcdef0123456789abcdef\"";

/// Each object with a change of it.
fn objects(phone: &Phone) -> Vec<(String, Value)> {
    let [goal, action, question, checkin, letter] = Things::of(phone).paths();
    let changes = [
        // Before its goal, which takes it along.
        (action, json!({"text": "Buy fins"})),
        (goal, json!({"title": "Swim"})),
        (question, json!({"text": "Where from?"})),
        (checkin, json!({"date": "2026-01-17", "mood": 9})),
        (letter, json!({"month": "2026-01", "content": "Dearest"})),
        ("/auth/me/".to_owned(), json!({"first_name": "Ana"})),
        ("/sync/policies/task/".to_owned(), json!({"resolution_policy": "merge"})),
    ];
    changes.to_vec()
}

/// The methods that write an object.
fn methods(path: &str) -> &'static [&'static str] {
    match path {
        "/auth/me/" => &["PATCH"],
        "/sync/policies/task/" => &["PUT"],
        _ => &["PATCH", "PUT", "DELETE"],
    }
}

fn rewritten_tags(server: &Server) {
    let phone = Phone::single(server);
    for (path, change) in objects(&phone) {
        let write = |tag: &str| phone.ask(methods(&path)[0], &path).header("If-Match", tag).json(&change).send(server.port);
        for n in 0..rewritten(OTHER).len() {
            let tag = phone.get(&path).expect(200).header("ETag").unwrap().to_owned();
            let form = &rewritten(&tag)[n];
            phone.ask("GET", &path).header("If-None-Match", form).send(server.port).expect(304);
            phone.ask("HEAD", &path).header("If-None-Match", form).send(server.port).expect(304);
            problem(write(&rewritten(OTHER)[n]), 412);
            write(form).expect(200);
        }
    }
}

fn send(phone: &Phone, method: &str, path: &str, body: &Value) -> Answer {
    phone.ask(method, path).header("If-None-Match", "*").json(body).send(phone.port)
}

fn nothing_that_is_there(server: &Server) {
    let phone = Phone::single(server);
    for (path, change) in objects(&phone) {
        let (before, cursor) = (phone.get(&path).expect(200), phone.poll("")["server_time"].clone());
        let tag = before.header("ETag").unwrap();
        for method in methods(&path) {
            problem(send(&phone, method, &path, &change), 412);
            for named in rewritten(tag) {
                problem(phone.ask(method, &path).header("If-None-Match", named).json(&change).send(server.port), 412);
            }
        }
        assert_eq!(phone.get(&path).expect(200).body, before.body, "{path}");
        assert_eq!(phone.poll(cursor.as_str().unwrap())["server_time"], cursor, "not even the clock: {path}");
        phone.ask(methods(&path)[0], &path).header("If-None-Match", "\"x\"").json(&change).send(server.port).expect(200);
    }
    problem(send(&phone, "DELETE", "/auth/me/", &json!({"password": PASSWORD})), 412);
    let question = phone.make("/qna/questions/", &json!({"text": "?"}));
    let answer = |text: &str| send(&phone, "POST", &format!("/qna/questions/{question}/answer/"), &json!({"text": text}));
    answer("first").expect(200);
    problem(answer("second"), 412);
    let shown = phone.get(&format!("/qna/questions/{question}/")).expect(200).json();
    assert_eq!(shown["answers"][0]["text"], "first");
    send(&phone, "POST", "/checkins/", &json!({"date": "2026-02-01", "note": "first"})).expect(201);
    problem(send(&phone, "POST", "/checkins/", &json!({"date": "2026-02-01", "note": "second"})), 412);
    let list = phone.get("/checkins/?from=2026-02-01&to=2026-02-01").expect(200).json();
    assert_eq!((&list["count"], &list["results"][0]["note"]), (&json!(1), &json!("first")));
}

fn what_is_not_there(server: &Server) {
    let (a, b) = Phone::couple(server);
    let goal = send(&a, "POST", "/goals/", &json!({"title": "Walk"})).expect(201).json()["id"].as_str().unwrap().to_owned();
    add_action(&a, &goal, "shoes");
    send(&a, "POST", &format!("/goals/{goal}/actions/"), &json!({"text": "socks"})).expect(201);
    let question =
        send(&a, "POST", "/qna/questions/", &json!({"text": "?"})).expect(201).json()["id"].as_str().unwrap().to_owned();
    for phone in [&a, &b] {
        // The partner's are not one's own.
        send(phone, "POST", &format!("/qna/questions/{question}/answer/"), &json!({"text": "!"})).expect(200);
        send(phone, "POST", "/checkins/", &json!({"date": "2026-01-01"})).expect(201);
    }
    send(&a, "POST", "/letters/", &json!({"month": "2026-01"})).expect(201);
    let code = send(&Phone::register(server), "POST", "/couple/create/", &json!({})).expect(201);
    assert!(code.json()["couple"]["id"].is_string());
}

fn letters(server: &Server) {
    let (a, b) = Phone::couple(server);
    let letter = |month: &str, content: &str| json!({"month": month, "content": content});
    let theirs = send(&a, "POST", "/letters/", &letter("2026-01", "theirs")).expect(201).json()["letter"].clone();
    problem(send(&b, "POST", "/letters/", &letter("2026-01", "mine")), 412);
    let path = format!("/letters/{}/", theirs["id"].as_str().unwrap());
    problem(send(&b, "PUT", &path, &letter("2026-01", "mine")), 412);
    assert_eq!(b.get(&path).expect(200).json(), theirs);
    b.post("/letters/", &letter("2026-01", "ours")).expect(200);
}

fn retries(server: &Server) {
    let phone = Phone::single(server);
    let keyed = |key: &str, field: &str, value: &str, content: &str| {
        let ask = phone.ask("POST", "/letters/").header("Idempotency-Key", key).header(field, value);
        ask.json(&json!({"month": "2026-01", "content": content})).send(server.port)
    };
    let made = keyed("preconditions-0001", "If-None-Match", "*", "one").expect(201);
    assert_eq!(keyed("preconditions-0001", "If-None-Match", "*", "one").expect(201).body, made.body);
    problem(keyed("preconditions-0002", "If-None-Match", "*", "two"), 412);
    let path = format!("/letters/{}/", made.json()["letter"]["id"].as_str().unwrap());
    let tag = phone.get(&path).expect(200).header("ETag").unwrap().to_owned();
    let written = keyed("preconditions-0003", "If-Match", &tag, "three").expect(200);
    assert_eq!(keyed("preconditions-0003", "If-Match", &tag, "three").expect(200).body, written.body);
    problem(keyed("preconditions-0004", "If-Match", &tag, "four"), 412);
    let since = "Sun, 06 Nov 1994 08:49:37 GMT";
    problem(keyed("preconditions-0005", "If-Unmodified-Since", since, "five"), 412);
    let at = phone.get(&path).expect(200).json()["updated_at"].as_str().unwrap().to_owned();
    let written = keyed("preconditions-0006", "If-Unmodified-Since", &at, "six").expect(200);
    assert_eq!(keyed("preconditions-0006", "If-Unmodified-Since", &at, "six").expect(200).body, written.body);
}

fn unmodified_since(server: &Server) {
    let phone = Phone::single(server);
    for (path, change) in objects(&phone) {
        let guarded = |method: &str, since: &str| {
            phone.ask(method, &path).header("If-Unmodified-Since", since).json(&change).send(server.port)
        };
        let seen = phone.get(&path).expect(200);
        let (dated, method) = (seen.json()["updated_at"].as_str().map(str::to_owned), methods(&path)[0]);
        if let Some(at) = dated {
            for method in methods(&path) {
                problem(guarded(method, "Sun, 06 Nov 1994 08:49:37 GMT"), 412);
            }
            guarded(method, &at).expect(200);
            problem(guarded(method, &at), 412);
        } else {
            // What has no date was changed at no time that anybody could name.
            guarded(method, "Sun, 06 Nov 1994 08:49:37 GMT").expect(200);
        }
        guarded(method, "Fri, 31 Dec 2100 23:59:59 GMT").expect(200);
        let tagged = phone.get(&path).expect(200).header("ETag").unwrap().to_owned();
        let both =
            phone.ask(method, &path).header("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT").header("If-Match", tagged);
        both.json(&change).send(server.port).expect(200);
    }
    let path = format!("/qna/questions/{}/answer/", phone.make("/qna/questions/", &json!({"text": "?"})));
    let answer =
        |since: &str| phone.ask("POST", &path).header("If-Unmodified-Since", since).json(&json!({"text": "!"})).send(server.port);
    let at = phone.post(&path, &json!({"text": "first"})).expect(200).json()["answer"]["updated_at"].as_str().unwrap().to_owned();
    answer(&at).expect(200);
    problem(answer(&at), 412);
}
