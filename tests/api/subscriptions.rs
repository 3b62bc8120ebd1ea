//! Subscriptions: which device is woken, by what and where; how that is proved, and how it ends.

use super::devices::again;
use super::expect::{problem, refused};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::Answer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tandem::base::token::derive;
use tandem::db::Row;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("an app learns the key that it subscribes with, and it is the same for everybody", key),
    ("a device subscribes, is shown, changed and ended; its endpoint and keys are never shown", lifecycle),
    ("a subscription is verified by the code that its device was sent", verified),
    ("a code is guessed five times, sent four times, and ten an hour", codes),
    ("an app that starts sends its subscription again, and nothing is sent to it", renewed),
    ("an endpoint is whose device proved it last, and nobody's who only names it", taken),
    ("a user has twenty subscriptions, and one that is gone gives way", twenty),
    ("endpoints, keys, times and names that are not sound are refused by their field", unsound),
    ("lists and domains are named by either vocabulary, and the lists are told", filters),
    ("without an endpoint a subscription holds preferences", preferences),
    ("each device subscribes itself: its session is on it", own_device),
];

/// The keys of a device (RFC 8291, appendix A).
const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
pub const LIST: &str = "/push/subscriptions/";

pub fn keys() -> Value {
    json!({"p256dh": P256DH, "auth": AUTH})
}

pub fn endpoint() -> String {
    format!("https://push.example.org/{}", uuid::Uuid::new_v4())
}

/// What a device sends to be woken at an endpoint.
pub fn wanted(device: &str, endpoint: &str) -> Value {
    json!({"device_id": device, "endpoint": endpoint, "keys": keys()})
}

#[track_caller]
pub fn subscribe(phone: &Phone, body: &Value) -> Value {
    let answer = phone.post(LIST, body);
    assert!(matches!(answer.status, 200 | 201), "{} {}", answer.status, answer.text());
    answer.json()
}

pub fn path(subscription: &Value) -> String {
    format!("{LIST}{}/", subscription["id"].as_str().unwrap())
}

/// The code that a subscription's device is sent: it is made of what stands in the store and the site's secret.
#[track_caller]
pub fn code(server: &Server, subscription: &Value) -> String {
    let id = subscription["id"].as_str().unwrap();
    let sql = "SELECT endpoint, state_at, codes FROM push_subscriptions WHERE id = ?";
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?));
    let (endpoint, since, codes) = server.store().one(sql, params![id], read).unwrap().expect("the subscription's row");
    let secret = std::fs::read(server.data_dir.join("secret")).unwrap();
    let parts = [id, &endpoint, &since.to_string(), &codes.to_string()];
    let begun = Sha256::new().chain_update(derive(&secret, "push codes"));
    let hash = parts.iter().fold(begun, |hash, part| hash.chain_update(part).chain_update([0])).finalize();
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
pub fn verify(phone: &Phone, subscription: &Value, code: &str) -> Answer {
    phone.post(&format!("{}verify/", path(subscription)), &json!({"code": code}))
}

/// Subscribes a device that is woken from then on.
#[track_caller]
pub fn awake(server: &Server, phone: &Phone, body: &Value) -> Value {
    let pending = subscribe(phone, body);
    verify(phone, &pending, &code(server, &pending)).expect(200).json()
}

#[track_caller]
pub fn all(phone: &Phone) -> Vec<Value> {
    let list = phone.get(LIST).expect(200).json();
    let results = list["results"].as_array().unwrap().clone();
    assert_eq!(list["count"], results.len());
    results
}

/// How many subscriptions are awake where somebody is, as their tenant's row says.
pub fn pushes(server: &Server, phone: &Phone) -> i64 {
    let sql = "SELECT t.pushes FROM tenants t JOIN members m ON m.tenant = t.id WHERE m.user_id = ?";
    server.store().one(sql, params![phone.id], |row| row.get(0)).unwrap().unwrap()
}

/// The mark of the sessions on a user's device.
pub fn wakes(server: &Server, phone: &Phone, device: &str) -> Vec<i64> {
    let sql = "SELECT wake FROM sessions WHERE user_id = ? AND device = ?";
    server.store().all(sql, params![phone.id, device], |row| row.get(0)).unwrap()
}

fn key(server: &Server) {
    let (one, other) = (Phone::register(server), Phone::single(server));
    let about = one.get("/push/").expect(200).json();
    let known = about["application_server_key"].as_str().unwrap();
    assert_eq!((known.len(), known.starts_with('B')), (87, true), "a point of P-256, uncompressed");
    let rest = json!({"application_server_key": known, "contact": "mailto:ops@example.org", "webpush": true, "socket": null, "stream": null});
    assert_eq!(about, rest);
    assert_eq!(other.get("/push/").expect(200).json(), about);
}

fn lifecycle(server: &Server) {
    let phone = Phone::single(server);
    let mut body = wanted("phone", "https://Push.Example.org:443/secret-path");
    body["quiet_from"] = json!("22:30");
    body["quiet_to"] = json!("07:00");
    let made = phone.post(LIST, &body).expect(201);
    assert!(made.header("ETag").is_some());
    let made = made.json();
    let told = |name: &str| made[name].clone();
    assert_eq!((told("state"), told("host"), told("device_id")), (json!("pending"), json!("push.example.org"), json!("phone")));
    assert_eq!((told("domains"), told("priority_filter"), told("battery_saver")), (json!(["all"]), json!("all"), json!(false)));
    assert_eq!((told("quiet_from"), told("quiet_to"), told("visible")), (json!("22:30"), json!("07:00"), json!(false)));
    assert_eq!(
        (told("sent"), told("failed"), told("last_status"), told("verified_at")),
        (json!(0), json!(0), Value::Null, Value::Null)
    );
    let read = phone.get(&path(&made)).expect(200);
    assert_eq!(read.json(), made);
    for shown in [made.to_string(), read.text(), phone.get(LIST).expect(200).text()] {
        assert!(!shown.contains("secret-path") && !shown.contains(P256DH) && !shown.contains(AUTH), "{shown}");
    }
    let tag = read.header("ETag").unwrap().to_owned();
    let change = json!({"quiet_from": null, "quiet_to": null, "priority_filter": "high", "battery_saver": true});
    let changed = phone.patch(&path(&made), &change).expect(200).json();
    assert_eq!(
        (&changed["quiet_from"], &changed["priority_filter"], &changed["battery_saver"]),
        (&Value::Null, &json!("high"), &json!(true))
    );
    assert_eq!((&changed["id"], &changed["state"], &changed["domains"]), (&made["id"], &json!("pending"), &json!(["all"])));
    let stale = phone.ask("PATCH", &path(&made)).header("If-Match", &tag).json(&json!({"visible": true})).send(phone.port);
    problem(stale, 412);
    phone.delete(&path(&made)).expect(204);
    problem(phone.get(&path(&made)), 404);
    assert_eq!(all(&phone), [] as [Value; 0]);
}

fn verified(server: &Server) {
    let phone = Phone::single(server);
    let pending = subscribe(&phone, &wanted("phone", &endpoint()));
    let ends = |s: &Value| s["expires_at"].as_str().unwrap().to_owned();
    refused(verify(&phone, &pending, "0123456789abcdef0123456789abcdef"), "code");
    let active = verify(&phone, &pending, &code(server, &pending)).expect(200).json();
    assert_eq!((&active["state"], &active["id"]), (&json!("active"), &pending["id"]));
    assert!(active["verified_at"].is_string() && ends(&active) > ends(&pending), "a day, then thirty");
    assert_eq!(verify(&phone, &pending, "again").expect(200).json(), active, "an answer was lost");
    let other = Phone::single(server);
    problem(verify(&other, &pending, "x"), 404);
}

fn codes(server: &Server) {
    let phone = Phone::single(server);
    let body = wanted("phone", &endpoint());
    let pending = subscribe(&phone, &body);
    let first = code(server, &pending);
    for _ in 0..5 {
        refused(verify(&phone, &pending, "nonsense"), "code");
    }
    refused(verify(&phone, &pending, &first), "code");
    // A new one is sent, and beyond the fourth none.
    let sent = || {
        server.alter("UPDATE push_subscriptions SET code_sent = 1 WHERE id = ?", params![pending["id"].as_str().unwrap()]);
        subscribe(&phone, &body);
        code(server, &pending)
    };
    let (second, third, fourth) = (sent(), sent(), sent());
    assert!(first != second && second != third && third != fourth);
    assert_eq!(sent(), fourth);
    refused(verify(&phone, &pending, &third), "code");
    verify(&phone, &pending, &fourth).expect(200);
    for n in 4..10 {
        subscribe(&phone, &wanted("phone", &format!("https://push.example.org/{n}")));
    }
    let over = phone.post(LIST, &wanted("phone", "https://push.example.org/over"));
    assert!(over.header("Retry-After").is_some());
    problem(over, 429);
}

fn renewed(server: &Server) {
    let phone = Phone::single(server);
    let mut body = wanted("phone", &endpoint());
    let active = awake(server, &phone, &body);
    body["battery_saver"] = json!(true);
    let again = phone.post(LIST, &body).expect(200).json();
    assert_eq!((&again["id"], &again["state"], &again["verified_at"]), (&active["id"], &json!("active"), &active["verified_at"]));
    assert_eq!(again["battery_saver"], json!(true));
    // A push service that gives another endpoint is proved anew.
    let moved = phone.post(LIST, &wanted("phone", &endpoint())).expect(200).json();
    assert_eq!((&moved["state"], &moved["battery_saver"]), (&json!("pending"), &json!(false)));
    assert_ne!(moved["id"], active["id"]);
    assert_eq!(all(&phone), [moved]);
    // One that was gone is tried again under the same endpoint.
    let body = wanted("phone", &endpoint());
    let pending = subscribe(&phone, &body);
    let old = code(server, &pending);
    let active = verify(&phone, &pending, &old).expect(200).json();
    server.alter("UPDATE push_subscriptions SET state = 'gone' WHERE id = ?", params![active["id"].as_str().unwrap()]);
    assert_eq!(phone.get(&path(&active)).expect(200).json()["state"], "gone");
    let anew = subscribe(&phone, &body);
    assert_eq!((&anew["id"], &anew["state"]), (&active["id"], &json!("pending")));
    // The code of then proves nothing now: somebody else may have the endpoint meanwhile.
    refused(verify(&phone, &anew, &old), "code");
    verify(&phone, &anew, &code(server, &anew)).expect(200);
}

fn taken(server: &Server) {
    let (owner, other) = (Phone::single(server), Phone::single(server));
    let place = endpoint();
    let owned = awake(server, &owner, &wanted("phone", &place));
    assert_eq!((pushes(server, &owner), pushes(server, &other)), (1, 0));
    let claimed = subscribe(&other, &wanted("phone", &place));
    assert_eq!(owner.get(&path(&owned)).expect(200).json()["state"], "active", "who only names it takes nothing");
    let also = again(server, &owner, &json!({"device_id": "tablet"}));
    let on_tablet = subscribe(&also, &wanted("tablet", &place));
    verify(&other, &claimed, &code(server, &claimed)).expect(200);
    problem(owner.get(&path(&owned)), 404);
    assert_eq!((pushes(server, &owner), pushes(server, &other)), (0, 1));
    assert_eq!(wakes(server, &owner, "phone"), [0]);
    verify(&also, &on_tablet, &code(server, &on_tablet)).expect(200);
    problem(other.get(&path(&claimed)), 404);
    // The same endpoint in another spelling.
    let spelled = place.replace("https://push.example.org/", "https://PUSH.example.org:0443/");
    assert_ne!(spelled, place);
    awake(server, &other, &wanted("phone", &spelled));
    problem(also.get(&path(&on_tablet)), 404);
}

fn twenty(server: &Server) {
    let phone = Phone::single(server);
    let device = |n: usize| json!({"device_id": format!("device-{n}")});
    let mut last = Value::Null;
    for n in 0..20 {
        let on = again(server, &phone, &device(n));
        last = subscribe(&on, &device(n));
    }
    let on = again(server, &phone, &device(20));
    let answer = on.post(LIST, &device(20));
    assert!(answer.text().contains("too-many-subscriptions"), "{}", answer.text());
    problem(answer, 409);
    let again_there = again(server, &phone, &device(3));
    again_there.post(LIST, &device(3)).expect(200);
    server.alter("UPDATE push_subscriptions SET state = 'gone' WHERE id = ?", params![last["id"].as_str().unwrap()]);
    on.post(LIST, &device(20)).expect(201);
    assert_eq!(all(&phone).len(), 20);
    let page = phone.get("/push/subscriptions/?page_size=15").expect(200).json();
    assert_eq!((&page["count"], page["results"].as_array().unwrap().len()), (&json!(20), 15));
    let next = page["next"].as_str().unwrap().split_once("/api").unwrap().1.to_owned();
    assert_eq!(phone.get(&next).expect(200).json()["results"].as_array().unwrap().len(), 5);
}

fn unsound(server: &Server) {
    let phone = Phone::single(server);
    let with = |name: &str, value: Value| {
        let mut body = wanted("phone", "https://push.example.org/x");
        body[name] = value;
        body
    };
    let long = format!("https://push.example.org/{}", "x".repeat(1_000));
    for bad in [
        "http://push.example.org/x",
        "https://user@push.example.org/x",
        "https://push.example.org:8443/x",
        "https://192.0.2.1/x",
        "https://[2001:db8::1]/x",
        "push.example.org",
        &long,
    ] {
        refused(phone.post(LIST, &with("endpoint", json!(bad))), "endpoint");
    }
    let none = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw8";
    for bad in
        [json!({"p256dh": P256DH}), json!({"p256dh": none, "auth": AUTH}), json!({"p256dh": P256DH, "auth": "x"}), Value::Null]
    {
        refused(phone.post(LIST, &with("keys", bad)), "keys");
    }
    refused(phone.post(LIST, &with("endpoint", Value::Null)), "endpoint");
    for bad in [json!(["nonsense"]), json!([]), json!("goals"), json!(["all", "goals"])] {
        refused(phone.post(LIST, &with("domains", bad)), "domains");
    }
    for (name, bad, field) in [
        ("quiet_from", json!("25:00"), "quiet_from"),
        ("quiet_from", json!("22:00"), "quiet_to"),
        ("quiet_to", json!("22:00"), "quiet_from"),
        ("priority_filter", json!("normal"), "priority_filter"),
        ("expires_at", json!("2020-01-01T00:00:00Z"), "expires_at"),
        ("device_id", json!("a/b"), "device_id"),
        ("visible", json!("perhaps"), "visible"),
    ] {
        refused(phone.post(LIST, &with(name, bad)), field);
    }
    assert_eq!(all(&phone), [] as [Value; 0]);
    let far = subscribe(&phone, &json!({"device_id": "phone", "expires_at": "2099-01-01T00:00:00Z"}));
    assert!(far["expires_at"].as_str().unwrap() < "2090", "thirty days at most: {far}");
}

fn filters(server: &Server) {
    let phone = Phone::single(server);
    let body = json!({"device_id": "phone", "domains": ["task", "goals", "work-orders", "activity", "qna_answers"]});
    let made = subscribe(&phone, &body);
    assert_eq!(made["domains"], json!(["goals", "qna_answers", "tasks", "work_orders"]));
    let changed = phone.patch(&path(&made), &json!({"domains": ["all"]})).expect(200).json();
    assert_eq!(changed["domains"], json!(["all"]));
    refused(phone.patch(&path(&made), &json!({"domains": ["edit"]})), "domains");
}

fn preferences(server: &Server) {
    let phone = Phone::single(server);
    let body = json!({"device_id": "phone", "battery_saver": true});
    let made = phone.post(LIST, &body).expect(201).json();
    assert_eq!((&made["state"], &made["host"], &made["verified_at"]), (&json!("active"), &Value::Null, &Value::Null));
    assert_eq!(pushes(server, &phone), 0, "nobody is woken");
    let after = phone.get("/sync/changes/?state=idle").expect(200).json()["poll_after"].as_u64().unwrap();
    assert!([120, 240, 480].contains(&after), "{after}");
    problem(phone.post(&format!("{}test/", path(&made)), &json!({})), 409);
    assert_eq!(phone.post(LIST, &body).expect(200).json()["id"], made["id"]);
}

fn own_device(server: &Server) {
    let phone = Phone::single(server);
    let one = again(server, &phone, &json!({"device_id": "one"}));
    again(server, &phone, &json!({"device_id": "two"}));
    for other in ["two", "unknown"] {
        problem(one.post(LIST, &json!({"device_id": other})), 409);
    }
    subscribe(&one, &json!({"device_id": "one"}));
    // A session that is on none is on that device from then on, as by an upload.
    subscribe(&phone, &json!({"device_id": "three"}));
    assert_eq!(phone.get("/devices/three/").expect(200).json()["current"], true);
    // Two sessions of one device have one subscription.
    let also = again(server, &phone, &json!({"device_id": "one"}));
    also.post(LIST, &json!({"device_id": "one"})).expect(200);
    assert_eq!(all(&phone).len(), 2);
}
