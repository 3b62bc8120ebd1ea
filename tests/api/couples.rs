//! Section 3 of the contract: pairing.

use super::expect::{is_instant, problem, refused};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a couple starts with one partner", create),
    ("nobody starts a second couple", already_in_one),
    ("an invitation has the contract's shape and lifetime", invite),
    ("an invitation's lifetime is one minute to a week", lifetimes),
    ("only partner A of a couple that is not complete invites", who_invites),
    ("a code joins two users", join),
    ("a code has six digits", code_form),
    ("a code that is unknown, used or expired is 400", dead_codes),
    ("a user in a couple joins no other", joining_from_a_couple),
    ("a couple has ten live codes; one more ends the oldest", ten_codes),
    ("pairing ends every code", pairing_ends_codes),
    ("of two joins at the same moment exactly one wins", at_once),
    ("of two couples started at the same moment one is", created_at_once),
    ("who stays keeps everything and can invite anew", leave),
    ("the last one to leave deletes the couple", last_leaves),
    ("joining and leaving show in the feed", feed),
];

#[track_caller]
fn code(phone: &Phone) -> String {
    phone.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].as_str().unwrap().to_owned()
}

#[track_caller]
fn couple(phone: &Phone) -> Value {
    phone.get("/couple/").expect(200).json()["couple"].clone()
}

/// A user as their partner sees them.
fn partner(phone: &Phone) -> Value {
    json!({"id": phone.id, "username": phone.username, "language": "fr", "timezone": "UTC"})
}

fn create(server: &Server) {
    let phone = Phone::register(server);
    let answer = phone.post("/couple/create/", &json!({})).expect(201).json();
    let made = &answer["couple"];
    let expected = json!({
        "id": made["id"], "partner_a": partner(&phone), "partner_b": null, "created_at": made["created_at"], "updated_at": made["updated_at"],
    });
    assert_eq!(answer, json!({ "couple": expected }));
    assert!(super::expect::is_id(&made["id"]) && is_instant(&made["created_at"]) && is_instant(&made["updated_at"]), "{made}");
    assert_eq!(couple(&phone), *made);
}

fn already_in_one(server: &Server) {
    let (a, b) = Phone::couple(server);
    for phone in [&a, &b, &Phone::single(server)] {
        let before = couple(phone);
        problem(phone.post("/couple/create/", &json!({})), 400);
        assert_eq!(couple(phone), before);
    }
}

fn milliseconds(instant: &Value) -> i64 {
    tandem::base::time::Timestamp::parse(instant.as_str().unwrap()).unwrap().0
}

fn invite(server: &Server) {
    let phone = Phone::single(server);
    let answer = phone.post("/couple/invite/", &json!({})).expect(200).json();
    let invite = &answer["invite"];
    assert_eq!(
        invite.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(),
        BTreeSet::from(["code", "created_at", "expires_at", "used_at"])
    );
    assert!(is_instant(&invite["created_at"]) && invite["used_at"].is_null(), "{invite}");
    assert!(invite["code"].as_str().is_some_and(|c| c.len() == 6 && c.bytes().all(|b| b.is_ascii_digit())), "{invite}");
    assert_eq!(milliseconds(&invite["expires_at"]) - milliseconds(&invite["created_at"]), 60 * 60_000);
}

fn lifetimes(server: &Server) {
    let phone = Phone::single(server);
    let send = |ttl: &Value| phone.post("/couple/invite/", &json!({ "ttl_minutes": ttl }));
    for (ttl, minutes) in [(json!(1), 1), (json!(10_080), 10_080), (json!("30"), 30)] {
        let invite = send(&ttl).expect(200).json()["invite"].clone();
        assert_eq!(milliseconds(&invite["expires_at"]) - milliseconds(&invite["created_at"]), minutes * 60_000);
    }
    for bad in
        [json!(0), json!(-1), json!(10_081), json!(1.5), json!("x"), json!(""), json!(null), json!([1]), json!(true), json!(1e30)]
    {
        refused(send(&bad), "ttl_minutes");
    }
}

fn who_invites(server: &Server) {
    let (a, b) = Phone::couple(server);
    problem(a.post("/couple/invite/", &json!({})), 400);
    problem(b.post("/couple/invite/", &json!({})), 403);
    let said = problem(Phone::register(server).post("/couple/invite/", &json!({})), 404);
    assert_eq!(said["detail"], "No couple found.");
}

fn join(server: &Server) {
    let (a, b) = (Phone::single(server), Phone::register(server));
    let before = couple(&a);
    let answer = b.post("/couple/join/", &json!({ "code": code(&a) })).expect(200).json();
    assert_eq!((&answer["couple"]["partner_a"], &answer["couple"]["partner_b"]), (&partner(&a), &partner(&b)));
    assert_eq!((couple(&a), couple(&b)), (answer["couple"].clone(), answer["couple"].clone()));
    assert_eq!((&before["id"], &before["created_at"]), (&couple(&a)["id"], &couple(&a)["created_at"]));
    assert!(milliseconds(&couple(&a)["updated_at"]) > milliseconds(&before["updated_at"]));
    // White space around a code that was pasted does not count; a form works as JSON does.
    let (c, d) = (Phone::single(server), Phone::register(server));
    let form = d.ask("POST", "/couple/join/").header("Content-Type", "application/x-www-form-urlencoded");
    form.body(format!("code=+{}+", code(&c))).send(server.port).expect(200);
}

fn code_form(server: &Server) {
    let phone = Phone::register(server);
    for bad in [
        json!(""),
        json!("12345"),
        json!("1234567"),
        json!("12345a"),
        json!("１２３４５６"),
        json!("12 456"),
        json!("-12345"),
        json!(null),
        json!([]),
        json!("x".repeat(99)),
    ] {
        refused(phone.post("/couple/join/", &json!({ "code": bad })), "code");
    }
    refused(phone.post("/couple/join/", &json!({})), "code");
}

/// A code that no live invitation has.
fn unknown_code(codes: &[String]) -> String {
    (0..).map(|n| format!("{n:06}")).find(|code| !codes.contains(code)).unwrap()
}

fn expire(server: &Server, code: &str) {
    assert_eq!(server.alter("UPDATE invites SET expires_at = 1 WHERE code = ?", params![code]), 1);
}

/// A join that is refused with a detail and no field.
#[track_caller]
fn refused_join(phone: &Phone, code: &str) -> String {
    let said = problem(phone.post("/couple/join/", &json!({ "code": code })), 400);
    assert!(said.get("code").is_none(), "{said}");
    said["detail"].as_str().unwrap().to_owned()
}

fn dead_codes(server: &Server) {
    let (a, b, late) = (Phone::single(server), Phone::register(server), Phone::register(server));
    let expired = code(&a);
    expire(server, &expired);
    let used = code(&a);
    let mut said = vec![refused_join(&b, &unknown_code(&[expired.clone(), used.clone()])), refused_join(&b, &expired)];
    b.post("/couple/join/", &json!({ "code": used })).expect(200);
    said.push(refused_join(&late, &used));
    assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), 3, "each reason has its words: {said:?}");
    problem(late.get("/couple/"), 404);
}

fn joining_from_a_couple(server: &Server) {
    let (a, b) = Phone::couple(server);
    let host = Phone::single(server);
    let code = code(&host);
    for phone in [&a, &b, &host, &Phone::single(server)] {
        refused_join(phone, &code);
    }
    // None of these tries used it up.
    Phone::register(server).post("/couple/join/", &json!({ "code": code })).expect(200);
}

fn ten_codes(server: &Server) {
    let host = Phone::single(server);
    let codes: Vec<String> = (0..11).map(|_| code(&host)).collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 11, "no two alike: {codes:?}");
    let guest = Phone::register(server);
    refused_join(&guest, &codes[0]);
    guest.post("/couple/join/", &json!({ "code": codes[1] })).expect(200);
}

fn pairing_ends_codes(server: &Server) {
    let host = Phone::single(server);
    let codes: Vec<String> = (0..3).map(|_| code(&host)).collect();
    Phone::register(server).post("/couple/join/", &json!({ "code": codes[1] })).expect(200);
    let late = Phone::register(server);
    for code in &codes {
        refused_join(&late, code);
    }
}

fn at_once(server: &Server) {
    let host = Phone::single(server);
    let codes = [code(&host), code(&host)];
    let guests: Vec<Phone> = (0..6).map(|_| Phone::register(server)).collect();
    let statuses: Vec<u16> = thread::scope(|scope| {
        // Some with the same code, some with another of the same couple.
        let join = |(n, guest): (usize, &Phone)| guest.post("/couple/join/", &json!({ "code": codes[n % 2] })).status;
        let running: Vec<_> = guests.iter().enumerate().map(|one| scope.spawn(move || join(one))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 5, "{statuses:?}");
    for (guest, status) in guests.iter().zip(statuses) {
        guest.get("/couple/").expect(if status == 200 { 200 } else { 404 });
    }
}

fn created_at_once(server: &Server) {
    let phone = Phone::register(server);
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let running: Vec<_> = (0..4).map(|_| scope.spawn(|| phone.post("/couple/create/", &json!({})).status)).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400, 400, 400]);
}

fn leave(server: &Server) {
    let (a, b) = Phone::couple(server);
    let goal = a.make("/goals/", &json!({"title": "Ours"}));
    let id = couple(&b)["id"].clone();
    assert!(a.post("/couple/leave/", &json!({})).expect(204).body.is_empty());
    problem(a.get("/couple/"), 404);
    problem(a.get(&format!("/goals/{goal}/")), 404);
    assert_eq!(a.get("/goals/").expect(200).json()["count"], 0);
    let left = couple(&b);
    assert_eq!((&left["id"], &left["partner_a"], &left["partner_b"]), (&id, &partner(&b), &Value::Null));
    b.get(&format!("/goals/{goal}/")).expect(200);
    // Who left can come back.
    a.post("/couple/join/", &json!({ "code": code(&b) })).expect(200);
    assert_eq!(couple(&a)["partner_b"], partner(&a));
    a.get(&format!("/goals/{goal}/")).expect(200);
    problem(a.post("/couple/invite/", &json!({})), 403);
}

fn last_leaves(server: &Server) {
    let (a, b) = Phone::couple(server);
    let goal = a.make("/goals/", &json!({"title": "Ours"}));
    for phone in [&a, &b] {
        phone.post("/couple/leave/", &json!({})).expect(204);
        problem(phone.post("/couple/leave/", &json!({})), 404);
    }
    b.post("/couple/create/", &json!({})).expect(201);
    problem(b.get(&format!("/goals/{goal}/")), 404);
    assert_eq!(b.get("/goals/").expect(200).json()["count"], 0);
    let single = Phone::single(server);
    let dead = code(&single);
    single.post("/couple/leave/", &json!({})).expect(204);
    refused_join(&a, &dead);
}

fn feed(server: &Server) {
    let (a, b) = (Phone::single(server), Phone::register(server));
    let id = couple(&a)["id"].clone();
    let shown = |phone: &Phone, since: &str| phone.poll(since)["changes"]["couple"].clone();
    let cursor = |phone: &Phone| phone.poll("")["server_time"].as_str().unwrap().to_owned();
    let before = cursor(&a);
    assert_eq!(shown(&a, &before), json!([]));
    b.post("/couple/join/", &json!({ "code": code(&a) })).expect(200);
    assert_eq!(shown(&a, &before)[0]["id"], id);
    assert_eq!(shown(&a, &before)[0]["updated_at"], couple(&a)["updated_at"]);
    let joined = cursor(&a);
    b.post("/couple/leave/", &json!({})).expect(204);
    assert_eq!(shown(&a, &joined)[0]["id"], id);
}
