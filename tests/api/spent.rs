//! Traces of keys: what is told of a request whose answer was forgotten (mobile sync, 5).

use super::feed::{ago, now, text};
use super::{Case, Phone};
use crate::servers::client::{Answer, request};
use crate::servers::{Kind, Options, Server};
use serde_json::{Value, json};
use tandem::app::guard::spent;
use tandem::base::time::Timestamp;
use tandem::db::{Mode, within};
use tandem::feature::Settings;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a request whose answer was forgotten is 409 already_done, and done no second time", forgotten),
    ("what did not land of an upload is told when its answer is forgotten", not_done),
    ("another request under a key whose answer was forgotten is done", another_request),
    ("an answer that is given again names the stamps of then", named_again),
    ("where an id was sent its rule comes before the trace of the key", ids_first),
    ("an id that named nothing does not take the place of the trace", ids_of_nothing),
    ("what is no tenant's leaves no trace, and an ended account none", without_trace),
    ("the night forgets traces that are older than tombstones", night),
];

const KEY: &str = "0123456789abcdef";

/// A server of its own: traces are found by their stamps, which another couple's may share. Web servers make no difference here.
fn alone(server: &Server) -> Option<Server> {
    let options = Options { engine: server.engine, workers: 1, ..Options::default() };
    (server.kind == Kind::LighttpdFastcgi).then(|| Server::start(server.kind, &options))
}

fn stamp(answer: &Answer) -> String {
    answer.header("Sync-Stamp").unwrap_or_default().to_owned()
}

/// Forgets the answer to what was written under this stamp.
#[track_caller]
fn forget(server: &Server, stamp: &str) {
    let sql = "DELETE FROM idempotency WHERE scope IN (SELECT scope FROM spent WHERE stamps = ?)";
    assert_eq!(server.alter(sql, params![stamp]), 1);
}

fn traces(server: &Server, stamp: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM spent WHERE stamps = ?";
    server.store().one(sql, params![stamp], |row| row.get(0)).unwrap().unwrap()
}

fn send(phone: &Phone, method: &str, path: &str, body: &Value) -> Answer {
    phone.ask(method, path).header("Idempotency-Key", KEY).json(body).send(phone.port)
}

fn forgotten(server: &Server) {
    let Some(server) = &alone(server) else { return };
    let (a, b) = Phone::couple(server);
    let goal = a.make("/goals/", &json!({"title": "first"}));
    let path = format!("/goals/{goal}/");
    for (method, path, body) in
        [("POST", "/goals/", json!({"title": "x"})), ("PATCH", &path, json!({"title": "mine"})), ("DELETE", &path, Value::Null)]
    {
        let done = send(&a, method, path, &body);
        assert!((200..300).contains(&done.status), "{method}: {}", done.text());
        forget(server, &stamp(&done));
        let before = now(&b);
        let told = send(&a, method, path, &body).expect(409).json();
        assert_eq!(
            (&told["code"], &told["stamps"], &told["not_done"]),
            (&json!("already_done"), &json!([stamp(&done)]), &json!([]))
        );
        assert_eq!(now(&b), before, "{method} was done twice");
        send(&b, method, path, &body).expect_one_of(&[200, 201, 204, 404]);
    }
    let newer = a.ask("POST", "/v2/goals/").header("Idempotency-Key", "\"fedcba9876543210\"").json(&json!({"title": "x"}));
    let done = newer.send(a.port).expect(201);
    forget(server, &stamp(&done));
    let again = a.ask("POST", "/v2/goals/").header("Idempotency-Key", "\"fedcba9876543210\"").json(&json!({"title": "x"}));
    assert_eq!(again.send(a.port).expect(409).json()["code"], "already-done");
}

fn not_done(server: &Server) {
    let Some(server) = &alone(server) else { return };
    let (a, _) = Phone::couple(server);
    let id = |n: usize| format!("01890000-0000-7000-8000-{n:012x}");
    let item = |n: usize, data: Value| json!({"domain": "attendance", "mobile_id": id(n), "version": 1, "data": data});
    let batch = |items: &[Value]| json!({"device_id": "phone", "client_timestamp": "2026-01-01T00:00:00Z", "records": items});
    let good = |place: &str| json!({"deviceid": "door-1", "reference": place});
    for place in ["first", "second"] {
        a.post("/sync/batch/", &batch(&[item(1, good(place))])).expect(200);
    }
    // The server wins over an edit of what was not seen; a bad one is refused; a good one lands.
    let items = [
        json!({"domain": "attendance", "mobile_id": id(1), "version": 0, "data": good("late")}),
        item(2, json!({"deviceid": "x"})),
        item(3, good("new")),
    ];
    let done = send(&a, "POST", "/sync/batch/", &batch(&items)).expect(200);
    forget(server, &stamp(&done));
    let later = json!({"device_id": "phone", "client_timestamp": "2026-02-01T00:00:00Z", "records": items});
    let told = send(&a, "POST", "/sync/batch/", &later).expect(409).json();
    assert_eq!(told["stamps"], json!([stamp(&done)]));
    let expected = json!([{"id": id(2), "reason": "too_short"}, {"id": id(1), "reason": "conflict"}]);
    assert_eq!(told["not_done"], expected, "{}", done.text());
    let mutation = format!(
        r#"mutation {{ syncBatch(batch: {{idempotencyKey: "{KEY}", deviceId: "phone", clientTimestamp: "2026-02-01", records: [
            {{domain: ATTENDANCE, mobileId: "{}", operation: SYNC, version: 7, data: {{deviceid: "x"}}}}]}}) {{ success }} }}"#,
        id(9)
    );
    let other = a.post("/graphql/", &json!({ "query": mutation })).expect(200);
    forget(server, &stamp(&other));
    let told = a.post("/graphql/", &json!({ "query": mutation })).expect(200).json()["errors"][0]["extensions"].clone();
    assert_eq!((&told["code"], &told["notDone"]), (&json!("ALREADY_DONE"), &json!([{"id": id(9), "reason": "too_short"}])));
}

fn another_request(server: &Server) {
    let Some(server) = &alone(server) else { return };
    let (a, _) = Phone::couple(server);
    let make = |title: &str| send(&a, "POST", "/goals/", &json!({ "title": title }));
    let first = make("one").expect(201);
    make("two").expect(422);
    forget(server, &stamp(&first));
    let second = make("two").expect(201);
    assert_eq!(make("two").expect(201).body, second.body);
    forget(server, &stamp(&second));
    for title in ["one", "two"] {
        assert_eq!(make(title).expect(409).json()["code"], "already_done", "{title}");
    }
}

fn named_again(server: &Server) {
    let Some(server) = &alone(server) else { return };
    let (a, _) = Phone::couple(server);
    let first = send(&a, "POST", "/goals/", &json!({"title": "x"})).expect(201);
    a.make("/goals/", &json!({"title": "y"}));
    let again = send(&a, "POST", "/goals/", &json!({"title": "x"})).expect(201);
    assert_eq!((again.header("Idempotency-Replayed"), stamp(&again)), (Some("true"), stamp(&first)));
    let mutation = format!(
        r#"mutation {{ syncBatch(batch: {{idempotencyKey: "{KEY}", deviceId: "phone", clientTimestamp: "2026-02-01"}}) {{ success }} }}"#
    );
    let upload = || a.post("/graphql/", &json!({ "query": mutation })).expect(200);
    let first = upload();
    assert_eq!(stamp(&upload()), stamp(&first));
    assert!(!stamp(&first).is_empty());
}

fn ids_first(server: &Server) {
    let Some(server) = &alone(server) else { return };
    let (a, _) = Phone::couple(server);
    let goal = json!({"id": uuid::Uuid::new_v4().to_string(), "title": "x"});
    let first = send(&a, "POST", "/goals/", &goal).expect(201);
    forget(server, &stamp(&first));
    send(&a, "POST", "/goals/", &goal).expect_one_of(&[200, 201]);
}

fn ids_of_nothing(server: &Server) {
    let Some(server) = &alone(server) else { return };
    let (a, b) = Phone::couple(server);
    let made = b.post("/letters/", &json!({"month": "2026-05", "content": "theirs"})).expect(201).json();
    let letter = made["letter"]["id"].as_str().unwrap();
    let landed = json!({"id": "0b6f3c5e-0000-4000-8000-000000000001", "month": "2026-05", "content": "mine"});
    let ignored = json!({"id": "local-5", "title": "Walk"});
    for (path, body) in [("/letters/", landed), ("/goals/", ignored)] {
        forget(server, &stamp(&send(&a, "POST", path, &body)));
        b.patch(&format!("/letters/{letter}/"), &json!({"content": "later"})).expect(200);
        assert_eq!(send(&a, "POST", path, &body).expect(409).json()["code"], "already_done", "{path}");
        assert_eq!(b.get(&format!("/letters/{letter}/")).expect(200).json()["content"], "later");
    }
    assert_eq!(a.get("/goals/").expect(200).json()["count"], 1);
}

fn without_trace(server: &Server) {
    let Some(server) = &alone(server) else { return };
    let a = Phone::register(server);
    let couple = send(&a, "POST", "/couple/create/", &json!({})).expect(201);
    let login = json!({"username": a.username, "password": super::phone::PASSWORD});
    let session = request("POST", "/api/auth/login/").header("Idempotency-Key", KEY).json(&login).send(server.port).expect(200);
    assert_eq!(stamp(&session), "");
    assert_eq!(traces(server, &stamp(&couple)), 0, "starting a couple is no member's write");
    let written = stamp(&send(&a, "POST", "/goals/", &json!({"title": "x"})).expect(201));
    assert_eq!(traces(server, &written), 1);
    a.ask("DELETE", "/auth/me/").json(&json!({"password": super::phone::PASSWORD})).send(a.port).expect(204);
    assert_eq!(traces(server, &written), 0);
}

/// What the night does with traces.
fn purge(server: &Server) {
    let (mut store, settings) = (server.store(), Settings::default());
    while within(&mut store, Mode::Write, |db| spent::purge(db, &settings, Timestamp::now())).unwrap() > 0 {}
}

fn night(server: &Server) {
    let Some(server) = &alone(server) else { return };
    let (a, _) = Phone::couple(server);
    let write =
        |key: &str| stamp(&a.ask("POST", "/goals/").header("Idempotency-Key", key).json(&json!({"title": "x"})).send(a.port));
    let (old, young) = (write(KEY), write("fedcba9876543210"));
    let date = |stamp: &str, minutes: i64| {
        let at = Timestamp::parse(&ago(minutes)).unwrap();
        assert_eq!(server.alter("UPDATE spent SET at = ? WHERE stamps = ?", params![at, stamp]), 1);
    };
    date(&old, 31 * 1_440);
    date(&young, 29 * 1_440);
    purge(server);
    assert_eq!((traces(server, &old), traces(server, &young)), (0, 1));
    // Of one user's the oldest go, beyond 5,000.
    let mut store = server.store();
    let owner = text(&json!(
        store.one("SELECT scope FROM spent WHERE stamps = ?", params![&young], |row| row.get::<String>(0)).unwrap().unwrap()
    ));
    let copy = "INSERT INTO spent (scope, request, stamps, not_done, at) VALUES (?, 'r', 's', '[[],0]', ?)";
    let now = Timestamp::now();
    store.begin(Mode::Write).unwrap();
    for n in 0..5_000 {
        store.run(copy, params![&format!("{}-{n}", &owner[..16]), now]).unwrap();
    }
    store.commit().unwrap();
    assert_eq!(within(&mut store, Mode::Write, |db| spent::trim(db, &owner[..16])).unwrap(), 1);
    assert_eq!(traces(server, &young), 0);
}
