//! Section 1 of the contract: `Idempotency-Key` on every write.

use super::expect::{problem, refused};
use super::phone::{PASSWORD, fresh_name};
use super::{Case, Phone, linking, routes, subscriptions, ways_in};
use crate::servers::Server;
use crate::servers::client::{Answer, request};
use serde_json::{Value, json};
use std::thread;
use tandem::http::Method;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every POST of the contract is in this table", all_there),
    ("a key gives the same answer byte for byte and applies once", replays),
    ("a key that answered another body is 422 with SYNC_003", reused),
    ("a bad key is 400 and applies nothing", bad_keys),
    ("a key is its user's and its route's", scopes),
    ("eight requests at once under one key apply once", at_once),
    ("a refusal is not kept under its key", refusals),
    ("a body that only looks different is the same", canonical),
    ("PUT, PATCH and DELETE under a key are done once, and a repeated one is answered as the first", other_methods),
    ("a key of another method than POST that is unsound, or came before, counts as none in version 1", lenient),
    ("the moment of sending makes no other request", moments),
];

/// A POST route, what is sent there and which status answers.
struct Post {
    path: String,
    phone: Option<Phone>,
    body: Value,
    status: u16,
}

impl Post {
    fn send(&self, server: &Server, key: impl AsRef<[u8]>, body: &Value) -> Answer {
        let ask = request("POST", &format!("/api{}", self.path)).header("Idempotency-Key", key).json(body);
        self.phone.iter().fold(ask, |ask, phone| ask.bearer(&phone.access)).send(server.port)
    }
}

fn key() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn code(phone: &Phone) -> Value {
    phone.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].clone()
}

/// Every POST of the contract, each on users of its own where one would disturb another.
fn posts(server: &Server) -> Vec<(&'static str, Post)> {
    let post = |phone: &Phone, path: &str, status: u16, body: Value| Post {
        path: path.into(),
        phone: Some(phone.clone()),
        body,
        status,
    };
    let public = |path: &str, status: u16, body: Value| Post { path: path.into(), phone: None, body, status };
    let [lone, login, refresh, out, all_out, secret, forgetful] = std::array::from_fn(|_| Phone::register(server));
    let (phone, host, leaver) = (Phone::single(server), Phone::single(server), Phone::single(server));
    let joiner = Phone::register(server);
    let verified = ways_in::verified(server);
    let goal = phone.make("/goals/", &json!({"title": "x"}));
    let question = phone.make("/qna/questions/", &json!({"text": "x"}));
    let device = json!({"device_id": "new"});
    let (pushed, subscription) = (Phone::single(server), subscriptions::wanted("phone", &subscriptions::endpoint()));
    let awake = subscriptions::path(&subscriptions::awake(server, &pushed, &subscription));
    let passwords = json!({"old_password": PASSWORD, "new_password": "a new horse battery"});
    vec![
        ("/auth/register/", public("/auth/register/", 201, json!({"username": fresh_name("key"), "password": PASSWORD}))),
        ("/auth/login/", public("/auth/login/", 200, json!({"username": login.username, "password": PASSWORD}))),
        ("/auth/refresh/", public("/auth/refresh/", 200, json!({"refresh": refresh.refresh}))),
        ("/auth/logout/", public("/auth/logout/", 204, json!({"refresh": out.refresh}))),
        ("/auth/logout-all/", public("/auth/logout-all/", 204, json!({"refresh": all_out.refresh}))),
        ("/auth/password/", post(&secret, "/auth/password/", 204, passwords)),
        (
            "/auth/password/reset/",
            public(
                "/auth/password/reset/",
                204,
                json!({"token": ways_in::link(server, &forgetful), "password": "a new horse battery"}),
            ),
        ),
        ("/auth/sessions/end-others/", post(&lone, "/auth/sessions/end-others/", 200, json!({}))),
        ("/auth/device/code/", public("/auth/device/code/", 200, json!({"device": {"device_id": "once"}}))),
        ("/auth/device/approve/", post(&lone, "/auth/device/approve/", 200, linking::decision(&linking::codes(server, &device)))),
        (
            "/auth/device/token/",
            public("/auth/device/token/", 200, json!({"device_code": linking::allowed(server, &phone, &device)["device_code"]})),
        ),
        ("/auth/email/verify/", post(&verified, "/auth/email/verify/", 200, json!({}))),
        ("/couple/create/", post(&lone, "/couple/create/", 201, json!({}))),
        ("/couple/invite/", post(&phone, "/couple/invite/", 200, json!({"ttl_minutes": 5}))),
        ("/couple/join/", post(&joiner, "/couple/join/", 200, json!({"code": code(&host)}))),
        ("/couple/leave/", post(&leaver, "/couple/leave/", 204, json!({}))),
        ("/goals/", post(&phone, "/goals/", 201, json!({"title": "once"}))),
        ("/goals/{id}/actions/", post(&phone, &format!("/goals/{goal}/actions/"), 201, json!({"text": "once"}))),
        ("/qna/questions/", post(&phone, "/qna/questions/", 201, json!({"text": "once"}))),
        (
            "/qna/questions/{id}/answer/",
            post(&phone, &format!("/qna/questions/{question}/answer/"), 200, json!({"text": "once"})),
        ),
        ("/checkins/", post(&phone, "/checkins/", 201, json!({"date": "2026-04-01"}))),
        ("/push/send/", post(&phone, "/push/send/", 201, json!({"to": {"user_id": phone.id}, "type": "sync_trigger"}))),
        ("/push/ack/", post(&phone, "/push/ack/", 204, json!({"up_to": "2026-04-01T00:00:00Z"}))),
        ("/push/subscriptions/", post(&pushed, "/push/subscriptions/", 200, subscription.clone())),
        ("/push/subscriptions/{id}/verify/", post(&pushed, &format!("{awake}verify/"), 200, json!({"code": "known"}))),
        ("/push/subscriptions/{id}/test/", post(&pushed, &format!("{awake}test/"), 202, json!({}))),
        ("/letters/", post(&phone, "/letters/", 201, json!({"month": "2026-04", "content": "once"}))),
    ]
}

fn all_there(server: &Server) {
    const NOUNS: [&str; 7] = ["/auth/", "/couple/", "/goals/", "/qna/", "/checkins/", "/letters/", "/push/"];
    // This server has no mailer; `mail.rs` has one.
    const MAILED: &str = "/auth/password/forgot/";
    let posts = posts(server);
    for route in routes::routes().filter(|r| r.method == Method::Post && NOUNS.iter().any(|noun| r.path.starts_with(noun))) {
        let tested = route.path == MAILED || posts.iter().any(|(pattern, _)| *pattern == route.path);
        assert!(tested, "{} is not tested", route.path);
    }
}

fn replays(server: &Server) {
    for (pattern, post) in posts(server) {
        let key = key();
        let first = post.send(server, &key, &post.body).expect(post.status);
        for _ in 0..2 {
            let again = post.send(server, &key, &post.body);
            assert_eq!((again.status, again.text()), (first.status, first.text()), "{pattern}");
            assert_eq!((first.header("Idempotency-Replayed"), again.header("Idempotency-Replayed")), (None, Some("true")));
            assert_eq!(again.header("Content-Type"), first.header("Content-Type"), "{pattern}");
            assert_eq!(again.header("ETag"), first.header("ETag"), "{pattern}");
        }
    }
}

fn reused(server: &Server) {
    let phone = Phone::single(server);
    for (pattern, post) in posts(server) {
        // A change of password, a login and a logout are sound with this body too: the key alone is in the way.
        let mut other = post.body.clone();
        other["more"] = json!("another body");
        let key = key();
        post.send(server, &key, &post.body).expect(post.status);
        let said = problem(post.send(server, &key, &other), 422);
        assert_eq!(said["code"], "SYNC_003", "{pattern}");
    }
    let send = |title: &str| {
        phone
            .ask("POST", "/goals/")
            .header("Idempotency-Key", "0123456789abcdef")
            .json(&json!({ "title": title }))
            .send(server.port)
    };
    send("one").expect(201);
    problem(send("two"), 422);
    assert_eq!(phone.get("/goals/").expect(200).json()["count"], 1);
}

fn bad_keys(server: &Server) {
    let phone = Phone::single(server);
    let send =
        |key: &[u8]| phone.ask("POST", "/goals/").header("Idempotency-Key", key).json(&json!({"title": "x"})).send(server.port);
    let long = "k".repeat(256);
    for key in ["short-15-chars-", &long, "with a blank in the key", "accents-é-in-the-key"] {
        problem(send(key.as_bytes()), 400);
    }
    problem(send(b"latin-1-\xe9-in-the-key"), 400);
    assert_eq!(phone.get("/goals/").expect(200).json()["count"], 0);
    send(&[b'k'; 16]).expect(201);
    send(&[b'k'; 255]).expect(201);
}

fn scopes(server: &Server) {
    let (a, b) = Phone::couple(server);
    let stranger = Phone::single(server);
    let key = key();
    let send = |phone: &Phone, path: &str| {
        let body = json!({"title": "x", "text": "x"});
        phone.ask("POST", path).header("Idempotency-Key", &key).json(&body).send(server.port).expect(201).text()
    };
    let answers = [send(&a, "/goals/"), send(&b, "/goals/"), send(&stranger, "/goals/"), send(&a, "/qna/questions/")];
    for (n, answer) in answers.iter().enumerate() {
        assert!(!answers[..n].contains(answer), "{answer}");
    }
    let (one, other) = (a.make("/goals/", &json!({"title": "1"})), a.make("/goals/", &json!({"title": "2"})));
    assert_ne!(send(&a, &format!("/goals/{one}/actions/")), send(&a, &format!("/goals/{other}/actions/")));
    // With and without the version it is one route.
    let versioned = request("POST", "/api/v1/goals").bearer(&a.access).header("Idempotency-Key", &key);
    assert_eq!(versioned.json(&json!({"title": "x", "text": "x"})).send(server.port).expect(201).text(), answers[0]);
}

fn at_once(server: &Server) {
    let phone = Phone::single(server);
    let (lone, key) = (Phone::register(server), key());
    let goal = || phone.ask("POST", "/goals/").header("Idempotency-Key", &key).json(&json!({"title": "x"})).send(server.port);
    let couple = || lone.ask("POST", "/couple/create/").header("Idempotency-Key", &key).body("").send(server.port);
    let register = json!({"username": fresh_name("once"), "password": PASSWORD});
    let account = || request("POST", "/api/auth/register/").header("Idempotency-Key", &key).json(&register).send(server.port);
    let asks: [&(dyn Fn() -> Answer + Sync); 3] = [&goal, &couple, &account];
    for ask in asks {
        let answers: Vec<Answer> = thread::scope(|scope| {
            let running: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let done: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)), "{answers:?}");
        assert!(!done.is_empty() && done.iter().all(|answer| answer.body == done[0].body), "{answers:?}");
    }
    assert_eq!(phone.get("/goals/").expect(200).json()["count"], 1);
}

fn refusals(server: &Server) {
    let phone = Phone::register(server);
    let key = key();
    let send = |body: Value| phone.ask("POST", "/goals/").header("Idempotency-Key", &key).json(&body).send(server.port);
    problem(send(json!({"title": "x"})), 400);
    phone.post("/couple/create/", &json!({})).expect(201);
    refused(send(json!({})), "title");
    let made = send(json!({"title": "x"})).expect(201).text();
    assert_eq!(send(json!({"title": "x"})).expect(201).text(), made);
}

fn canonical(server: &Server) {
    let phone = Phone::single(server);
    let key = key();
    let send = |media: &str, body: &str| {
        let ask = phone.ask("POST", "/goals/").header("Idempotency-Key", &key).header("Content-Type", media);
        ask.body(body).send(server.port).expect(201).text()
    };
    let made = send("application/json", r#"{"title":"é","why_for_us":"w"}"#);
    assert_eq!(send("application/json; charset=utf-8", "{ \"why_for_us\" : \"w\",\n\"title\":\"\\u00e9\" }"), made);
    assert_eq!(phone.get("/goals/").expect(200).json()["count"], 1);
}

/// A goal, and a request about it under a key; in version 2 when it says so.
fn ask(phone: &Phone, method: &str, path: &str, key: &str, more: &[(&str, &str)], body: &Value) -> Answer {
    let ask = phone.ask(method, path).header("Idempotency-Key", key);
    more.iter().fold(ask, |ask, (name, value)| ask.header(name, value)).json(body).send(phone.port)
}

fn other_methods(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    let goal = format!("/goals/{}/", phone.make("/goals/", &json!({"title": "x"})));
    for (method, title) in [("PATCH", "patched"), ("PUT", "put")] {
        let (key, tag) = (key(), phone.get(&goal).expect(200).header("ETag").unwrap().to_owned());
        let send = || ask(&phone, method, &goal, &key, &[("If-Match", &tag)], &json!({ "title": title }));
        let first = send().expect(200);
        partner.patch(&goal, &json!({"title": "the partner's"})).expect(200);
        let again = send().expect(200);
        assert_eq!((again.text(), again.header("ETag")), (first.text(), first.header("ETag")), "not 412: it was one's own");
        assert_eq!(again.header("Idempotency-Replayed"), Some("true"));
        assert_eq!(phone.get(&goal).expect(200).json()["title"], "the partner's", "{method} was not done again");
    }
    let key = key();
    for replayed in [None, Some("true")] {
        let gone = ask(&phone, "DELETE", &goal, &key, &[], &json!({})).expect(204);
        assert_eq!(gone.header("Idempotency-Replayed"), replayed);
    }
    problem(phone.delete(&goal), 404);
}

fn lenient(server: &Server) {
    let phone = Phone::single(server);
    let path = format!("/goals/{}/", phone.make("/goals/", &json!({"title": "x"})));
    let (key, goal) = (key(), path.as_str());
    let send = |version: &str, key: &str, title: &str| {
        ask(&phone, "PATCH", &format!("{version}{goal}"), key, &[], &json!({ "title": title }))
    };
    for title in ["one", "two"] {
        assert_eq!(send("", &key, title).expect(200).json()["title"], title, "as before there were keys here");
        assert_eq!(send("", "short", title).expect(200).json()["title"], title);
    }
    assert_eq!(send("", &key, "one").expect(200).header("Idempotency-Replayed"), Some("true"), "the first is still kept");
    assert_eq!(problem(send("/v2", &format!("\"{key}\""), "three"), 422)["code"], "key-reused");
    problem(send("/v2", "\"short\"", "three"), 400);
    assert_eq!(phone.get(goal).expect(200).json()["title"], "two");
}

fn moments(server: &Server) {
    let phone = Phone::single(server);
    let id = uuid::Uuid::new_v4().to_string();
    let (one, other) = (key(), key());
    let goal = |at: &str| {
        let body = json!({"title": "x", "client_timestamp": at});
        phone.ask("POST", "/goals/").header("Idempotency-Key", &one).json(&body).send(server.port).expect(201).text()
    };
    let batch = |at: &str| {
        let records = json!([{"domain": "journal", "mobile_id": id, "operation": "SYNC", "data": {"title": "t"}}]);
        let body = json!({"idempotency_key": other, "device_id": "phone-1", "client_timestamp": at, "records": records});
        phone.post("/sync/batch/", &body).expect(200).text()
    };
    let [first, later] = ["2026-01-16T14:30:45Z", "2026-01-17T08:00:00Z"];
    assert_eq!((goal(first), batch(first)), (goal(later), batch(later)));
    assert_eq!(phone.get("/goals/").expect(200).json()["count"], 1);
}
