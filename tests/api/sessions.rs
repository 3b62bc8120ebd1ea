//! Section 2 of the contract: signing in, refreshing, signing out.

use super::expect::{problem, refused, unauthenticated};
use super::phone::{PASSWORD, fresh_name};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::{Answer, request};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a user signs in by email or by name, whatever the case", names),
    ("a failed login is 400 and never tells which", failures),
    ("a login needs a name and a password", missing),
    ("an unknown account takes as long as a wrong password", timing),
    ("a refresh answers new tokens that work", refreshes),
    ("a client that keeps its first refresh token is served for ever", first_token),
    ("a lost answer gets the same successor", lost_answer),
    ("a retired refresh token ends the session", reuse),
    ("a stolen current refresh token is not served beside its owner's in turn", taking_turns),
    ("a refresh without a sound token is refused", bad_refreshes),
    ("a session that has ended lets nobody in", ended),
    ("a disabled account lets nobody in", disabled),
    ("logging out ends one session", logout),
    ("logging out everywhere ends every session", logout_all),
];

#[track_caller]
fn post(server: &Server, path: &str, body: &Value) -> Answer {
    request("POST", &format!("/api/auth/{path}/")).json(body).send(server.port)
}

#[track_caller]
fn refresh(server: &Server, token: &Value) -> Answer {
    post(server, "refresh", &json!({ "refresh": token }))
}

#[track_caller]
fn me(server: &Server, access: &Value) -> Answer {
    request("GET", "/api/auth/me/").bearer(access.as_str().unwrap()).send(server.port)
}

/// Signs the phone's user in once more: access and refresh token.
#[track_caller]
fn login(server: &Server, phone: &Phone) -> (Value, Value) {
    let body = post(server, "login", &json!({"username": phone.username, "password": PASSWORD})).expect(200).json();
    (body["access"].clone(), body["refresh"].clone())
}

/// Makes so many seconds pass for the sessions of a user; how many there are.
fn aged(server: &Server, phone: &Phone, seconds: i64) -> u64 {
    let sql = "UPDATE sessions SET rotated_at = rotated_at - ?, successor_at = successor_at - ? WHERE user_id = ?";
    server.alter(sql, params![seconds * 1_000, seconds * 1_000, phone.id])
}

/// Makes so many seconds pass for every refresh token of a user.
fn age(server: &Server, phone: &Phone, seconds: i64) {
    assert!(aged(server, phone, seconds) > 0);
}

fn names(server: &Server) {
    let email = format!("{}@Example.org", fresh_name("Ém"));
    let phone = Phone::register_with(server, json!({ "email": email }));
    let upper = phone.username.to_uppercase();
    for body in [
        json!({"email": email}),
        json!({"email": email.to_lowercase()}),
        json!({"email": email.to_uppercase()}),
        json!({"email": format!(" {email} ")}),
        json!({"username": phone.username}),
        json!({"username": upper}),
        json!({"email": phone.username}),
        json!({"email": upper}),
        json!({"email": "", "username": phone.username}),
        json!({"email": null, "username": phone.username}),
        json!({"email": "nobody@example.org", "username": phone.username}),
    ] {
        let mut body = body;
        body["password"] = json!(PASSWORD);
        let answer = post(server, "login", &body).expect(200).json();
        assert_eq!(answer["user"]["id"], phone.id, "{body}");
        assert_eq!(answer.as_object().unwrap().len(), 3, "user, access and refresh: {answer}");
        assert_eq!(me(server, &answer["access"]).expect(200).json()["user"], answer["user"]);
    }
    let form = request("POST", "/api/auth/login/").header("Content-Type", "application/x-www-form-urlencoded");
    form.body(format!("username={}&password={}", phone.username, PASSWORD.replace(' ', "+"))).send(server.port).expect(200);
}

fn failures(server: &Server) {
    let phone = Phone::register_with(server, json!({"email": format!("{}@b.fr", fresh_name("f"))}));
    let answers: Vec<Value> = [
        json!({"username": phone.username, "password": "wrong horse"}),
        json!({"username": fresh_name("nobody"), "password": PASSWORD}),
        json!({"email": "nobody@example.org", "password": PASSWORD}),
        json!({"username": phone.username, "password": format!("{PASSWORD} ")}),
        json!({"username": phone.username, "password": PASSWORD.to_uppercase()}),
        json!({"username": "deleted:1", "password": "!"}),
    ]
    .iter()
    .map(|body| refused(post(server, "login", body), "non_field_errors"))
    .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "the same words for each: {answers:?}");
}

fn missing(server: &Server) {
    refused(post(server, "login", &json!({"username": "x"})), "password");
    refused(post(server, "login", &json!({"username": "x", "password": ""})), "password");
    refused(post(server, "login", &json!({"username": "x", "password": null})), "password");
    refused(post(server, "login", &json!({"password": PASSWORD})), "non_field_errors");
    refused(post(server, "login", &json!({"password": PASSWORD, "email": "", "username": null})), "non_field_errors");
    refused(post(server, "login", &json!({"password": PASSWORD, "username": ["x"]})), "username");
    refused(post(server, "login", &json!({"password": [PASSWORD], "username": "x"})), "password");
}

fn timing(server: &Server) {
    /// Tries before the fastest is looked at, and the most of them: other cases run beside this one.
    const TRIES: (u32, u32) = (8, 200);
    let phone = Phone::register(server);
    let attempt = |name: &str| {
        let start = Instant::now();
        post(server, "login", &json!({"username": name, "password": "wrong horse"})).expect(400);
        start.elapsed()
    };
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for n in 0..TRIES.1 {
        known = known.min(attempt(&phone.username));
        unknown = unknown.min(attempt("nobody-at-all"));
        // What is to be seen is whether a hash was computed at all.
        if n >= TRIES.0 && unknown < known * 2 && known < unknown * 2 {
            return;
        }
    }
    panic!("a wrong password takes {known:?}, an unknown account {unknown:?}");
}

fn refreshes(server: &Server) {
    let phone = Phone::register(server);
    let answer = refresh(server, &json!(phone.refresh)).expect(200).json();
    assert_eq!(answer.as_object().unwrap().len(), 2, "access and refresh: {answer}");
    assert_ne!(answer["refresh"], json!(phone.refresh));
    me(server, &answer["access"]).expect(200);
    me(server, &json!(phone.access)).expect(200);
    let next = refresh(server, &answer["refresh"]).expect(200).json();
    me(server, &next["access"]).expect(200);
    refresh(server, &next["refresh"]).expect(200);
}

fn first_token(server: &Server) {
    let phone = Phone::register(server);
    for _ in 0..4 {
        let answer = refresh(server, &json!(phone.refresh)).expect(200).json();
        me(server, &answer["access"]).expect(200);
        age(server, &phone, 3_600);
    }
}

fn lost_answer(server: &Server) {
    let phone = Phone::register(server);
    let first = refresh(server, &json!(phone.refresh)).expect(200).json()["refresh"].clone();
    assert_eq!(refresh(server, &json!(phone.refresh)).expect(200).json()["refresh"], first, "within 60 s");
    let second = refresh(server, &first).expect(200).json()["refresh"].clone();
    // Two requests crossed: the one that comes late gets what the first got.
    assert_eq!(refresh(server, &json!(phone.refresh)).expect(200).json()["refresh"], first);
    assert_eq!(refresh(server, &first).expect(200).json()["refresh"], second);
    refresh(server, &second).expect(200);
}

fn reuse(server: &Server) {
    let phone = Phone::register(server);
    let (other_access, other_refresh) = login(server, &phone);
    let first = refresh(server, &json!(phone.refresh)).expect(200).json();
    let second = refresh(server, &first["refresh"]).expect(200).json();
    age(server, &phone, 61);
    unauthenticated(refresh(server, &json!(phone.refresh)), "token_not_valid");
    for token in [&json!(phone.refresh), &first["refresh"], &second["refresh"]] {
        unauthenticated(refresh(server, token), "token_not_valid");
    }
    for access in [&json!(phone.access), &first["access"], &second["access"]] {
        unauthenticated(me(server, access), "token_not_valid");
    }
    me(server, &other_access).expect(200);
    refresh(server, &other_refresh).expect(200);
    // A successor of a successor, never shown before the theft, is as dead.
    let (_, token) = login(server, &phone);
    let one = refresh(server, &token).expect(200).json();
    let later = refresh(server, &one["refresh"]).expect(200).json();
    let last = refresh(server, &later["refresh"]).expect(200).json();
    unauthenticated(refresh(server, &token), "token_not_valid");
    unauthenticated(refresh(server, &last["refresh"]), "token_not_valid");
}

/// One of two who hold the same token, at another time than the other: the new token, or nothing when the session has ended.
#[track_caller]
fn turn(server: &Server, phone: &Phone, token: &mut Value) -> bool {
    aged(server, phone, 3_600);
    let answer = refresh(server, token);
    if answer.status == 200 {
        *token = answer.json()["refresh"].clone();
    }
    answer.status == 200
}

fn taking_turns(server: &Server) {
    for thief_first in [false, true] {
        let phone = Phone::register(server);
        let (mut owner, mut thief) = (json!(phone.refresh), json!(phone.refresh));
        let mut served = [0, 0];
        for n in 0..40 {
            let who = usize::from((n % 2 == 0) == thief_first);
            served[who] += usize::from(turn(server, &phone, if who == 0 { &mut owner } else { &mut thief }));
        }
        assert!(served.iter().sum::<usize>() <= 3, "{served:?}");
        unauthenticated(refresh(server, &owner), "token_not_valid");
        unauthenticated(phone.get("/auth/me/"), "token_not_valid");
    }
    // A thief who keeps the stolen token, beside an owner who takes the new ones.
    let phone = Phone::register(server);
    let (mut owner, stolen) = (json!(phone.refresh), json!(phone.refresh));
    assert!(turn(server, &phone, &mut owner) && turn(server, &phone, &mut stolen.clone()) && turn(server, &phone, &mut owner));
    assert!(!turn(server, &phone, &mut stolen.clone()), "the successor was used: what was before is worth nothing");
    // The other direction: who keeps the first token goes on, and who changes from one to the other, too.
    let phone = Phone::register(server);
    let mut held = json!(phone.refresh);
    for n in 0..40 {
        let mut answer = held.clone();
        assert!(turn(server, &phone, &mut answer), "{n}");
        if n > 20 && n % 3 == 0 {
            held = answer;
        }
    }
}

fn bad_refreshes(server: &Server) {
    for body in [
        json!({}),
        json!({"refresh": ""}),
        json!({"refresh": null}),
        json!({"refresh": ["x"]}),
        json!({"refresh": "x".repeat(5_000)}),
    ] {
        refused(post(server, "refresh", &body), "refresh");
    }
    for token in ["x", "a.b.c", "1", "é"] {
        unauthenticated(refresh(server, &json!(token)), "token_not_valid");
    }
}

fn ended(server: &Server) {
    let phone = Phone::register(server);
    server.alter("UPDATE sessions SET expires_at = 1 WHERE user_id = ?", params![phone.id]);
    unauthenticated(phone.get("/auth/me/"), "token_not_valid");
    unauthenticated(refresh(server, &json!(phone.refresh)), "token_not_valid");
    login(server, &phone);
}

fn disabled(server: &Server) {
    let phone = Phone::register(server);
    server.alter("UPDATE users SET disabled = 1 WHERE id = ?", params![phone.id]);
    unauthenticated(phone.get("/auth/me/"), "user_not_found");
    unauthenticated(refresh(server, &json!(phone.refresh)), "token_not_valid");
    let body = json!({"username": phone.username, "password": PASSWORD});
    refused(post(server, "login", &body), "non_field_errors");
    refused(post(server, "register", &body), "username");
}

fn logout(server: &Server) {
    let phone = Phone::register(server);
    let (other, _) = login(server, &phone);
    let answer = post(server, "logout", &json!({"refresh": phone.refresh})).expect(204);
    assert!(answer.body.is_empty());
    unauthenticated(phone.get("/auth/me/"), "token_not_valid");
    unauthenticated(phone.post("/couple/create/", &json!({})), "token_not_valid");
    unauthenticated(refresh(server, &json!(phone.refresh)), "token_not_valid");
    me(server, &other).expect(200);
    refused(post(server, "logout", &json!({})), "refresh");
    unauthenticated(post(server, "logout", &json!({"refresh": "x"})), "token_not_valid");
    unauthenticated(post(server, "logout", &json!({"refresh": phone.access})), "token_not_valid");
}

fn logout_all(server: &Server) {
    let (phone, stranger) = (Phone::register(server), Phone::register(server));
    let (access, token) = login(server, &phone);
    post(server, "logout-all", &json!({ "refresh": token })).expect(204);
    unauthenticated(phone.get("/auth/me/"), "token_not_valid");
    unauthenticated(me(server, &access), "token_not_valid");
    unauthenticated(refresh(server, &json!(phone.refresh)), "token_not_valid");
    problem(post(server, "logout-all", &json!({ "refresh": token })), 401);
    refused(post(server, "logout-all", &json!({})), "refresh");
    stranger.get("/auth/me/").expect(200);
    login(server, &phone);
}
