//! A draft that one device hands to another: section 7 of the contract.

use super::devices::again;
use super::expect::{problem, refused};
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::Answer;
use serde_json::{Value, json};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a draft is handed from one device to another, which erases it", handed),
    ("a draft has its bounds", bounds),
    ("who replaces a draft, or erases it, says which", named),
    ("a draft is its user's alone, sealed, in no export, and goes in its time and with the account", kept),
];

const PATH: &str = "/devices/handoff/";

fn draft() -> Value {
    json!({"kind": "letter", "id": "2026-11", "title": "November", "data": {"text": "Dear you", "cursor": 7, "π": 3.5}})
}

/// PUT or DELETE, with the tag of the draft that is there.
fn write(phone: &Phone, method: &str, tag: Option<&str>, body: &Value) -> Answer {
    let ask = phone.ask(method, PATH).json(body);
    tag.map_or_else(|| ask.clone(), |tag| ask.clone().header("If-Match", tag)).send(phone.port)
}

fn handed(server: &Server) {
    let phone = again(server, &Phone::register(server), &json!({"device_id": "phone"}));
    let desk = again(server, &phone, &json!({"device_id": "desk"}));
    problem(desk.get(PATH), 404);
    problem(write(&desk, "DELETE", None, &json!({})), 404);
    let mut sent = draft();
    sent["to_device"] = json!("desk");
    let put = write(&phone, "PUT", None, &sent).expect(201);
    let told = put.json();
    assert_eq!((&told["from_device"], &told["to_device"], told.get("data")), (&json!("phone"), &json!("desk"), None));
    let got = desk.get(PATH).expect(200);
    assert_eq!(got.header("ETag"), put.header("ETag"), "the tag is the draft's");
    assert_eq!(got.json()["data"], draft()["data"]);
    let [shown, said] = [got.json(), told].map(|mut draft| {
        draft.as_object_mut().unwrap().remove("data");
        draft
    });
    assert_eq!(shown, said);
    assert!(said["expires_at"].as_str().is_some_and(|at| at > "2026"), "{said}");
    assert!(write(&desk, "DELETE", got.header("ETag"), &json!({})).expect(204).body.is_empty());
    problem(phone.get(PATH), 404);
    // Without a title and for any device; from a session without one.
    let plain = Phone::register(server);
    let told = write(&plain, "PUT", None, &json!({"kind": "journal", "data": {}})).expect(201).json();
    let named = ["id", "title", "from_device", "to_device"].map(|name| told[name].clone());
    assert_eq!(named, [Value::Null, json!(""), Value::Null, Value::Null]);
}

fn bounds(server: &Server) {
    let phone = Phone::register(server);
    let with = |field: &str, value: Value| {
        let mut body = draft();
        body[field] = value;
        write(&phone, "PUT", None, &body)
    };
    for (field, bad) in [
        ("kind", json!("")),
        ("kind", json!("x".repeat(51))),
        ("id", json!("x".repeat(51))),
        ("title", json!("x".repeat(101))),
        ("data", json!([1])),
        ("data", json!("text")),
        ("data", json!(null)),
        ("data", json!({"text": "x".repeat(64 * 1024)})),
        ("to_device", json!("nobody's")),
    ] {
        refused(with(field, bad), field);
    }
    refused(write(&phone, "PUT", None, &json!({})), "kind");
    problem(phone.get(PATH), 404);
    // `{"text":""}` has eleven bytes.
    let largest = json!({"text": "x".repeat(64 * 1024 - 11)});
    assert_eq!(with("data", largest.clone()).expect(201).status, 201);
    assert_eq!(phone.get(PATH).expect(200).json()["data"], largest);
}

fn named(server: &Server) {
    let phone = Phone::register(server);
    assert_eq!(write(&phone, "PUT", Some("\"x\""), &draft()).status, 412, "there is nothing that it could name");
    let first = write(&phone, "PUT", None, &draft()).expect(201).header("ETag").unwrap().to_owned();
    assert_eq!(problem(write(&phone, "PUT", None, &draft()), 428)["code"], "precondition-required");
    problem(write(&phone, "DELETE", None, &json!({})), 428);
    problem(write(&phone, "PUT", Some("\"other\""), &draft()), 412);
    let mut next = draft();
    next["data"] = json!({"text": "Dear you, again"});
    let second = write(&phone, "PUT", Some(&first), &next).expect(200);
    assert_eq!(phone.get(PATH).expect(200).json()["data"], next["data"]);
    problem(write(&phone, "DELETE", Some(&first), &json!({})), 412);
    write(&phone, "PUT", Some("*"), &draft()).expect(200);
    problem(write(&phone, "DELETE", second.header("ETag"), &json!({})), 412);
    write(&phone, "DELETE", Some("*"), &json!({})).expect(204);
}

fn kept(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    let since = phone.poll("2020-01-01T00:00:00Z")["server_time"].clone();
    write(&phone, "PUT", None, &draft()).expect(201);
    problem(partner.get(PATH), 404);
    problem(write(&partner, "DELETE", Some("*"), &json!({})), 404);
    assert_eq!(phone.poll(since.as_str().unwrap())["server_time"], since, "nothing moves in the feed");
    for path in ["/auth/export/", "/couple/export/"] {
        assert!(!phone.get(path).expect(200).text().contains("Dear you"), "{path}");
    }
    let rows = || {
        let sql = "SELECT mail FROM codes WHERE kind = 'draft' AND owner = ?";
        server.store().all(sql, params![phone.id], |row| row.get::<Vec<u8>>(0)).unwrap()
    };
    let sealed = rows();
    assert!(sealed.len() == 1 && !String::from_utf8_lossy(&sealed[0]).contains("Dear"));
    // A day later it is as good as gone, and the next takes its place without a word.
    let late = "UPDATE codes SET expires_at = 1 WHERE kind = 'draft' AND owner = ?";
    assert_eq!(server.alter(late, params![phone.id]), 1);
    problem(phone.get(PATH), 404);
    write(&phone, "PUT", None, &draft()).expect(201);
    assert_eq!(rows().len(), 1);
    // Verifying an address, or another password, leaves it; the account's end does not.
    let change = json!({"old_password": PASSWORD, "new_password": "another horse battery"});
    phone.post("/auth/password/", &change).expect(204);
    phone.get(PATH).expect(200);
    phone.ask("DELETE", "/auth/me/").json(&json!({"password": "another horse battery"})).send(server.port).expect(204);
    assert!(rows().is_empty());
}
