//! A new device that another one lets in: section 6 of the contract.

use super::devices::again;
use super::expect::{problem, refused, unauthenticated};
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::client::{Answer, Request, request};
use crate::servers::{Engine, Kind, Options, Server};
use serde_json::{Value, json};
use std::thread;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a new device is let in by a signed-in one, as a sign-in and as OAuth has it", let_in),
    ("what is shown of a new device, and to whom", shown),
    ("wrong digits are told once, and deny the second time", digits),
    ("a session that gave no password for ten minutes gives it, and so does another network", password),
    ("who was let in changes nothing that could keep the owner out, for a day", newcomer),
    ("what a session allowed ends with it, but not by its own signing out", ended),
    ("polls that come too early wait longer, and unknown codes are told as OAuth has it", polls),
    ("of two that take the same tokens at once one is let in", at_once),
    ("a device that is to be wiped is not let in before it was", wiping),
    ("nothing of a link is in the store to be read, and nothing stays of who deletes their account", kept),
];

/// What OAuth clients say that they ask for.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn post(port: u16, path: &str, body: &Value) -> Answer {
    request("POST", &format!("/api/auth/device/{path}/")).json(body).send(port)
}

/// The codes of a new device.
#[track_caller]
pub fn codes(server: &Server, device: &Value) -> Value {
    post(server.port, "code", &json!({ "device": device })).expect(200).json()
}

/// What lets a device in.
pub fn decision(codes: &Value) -> Value {
    json!({"user_code": codes["user_code"], "allow": true, "match": codes["match"]})
}

/// The codes of a device that was let in and has not come yet.
#[track_caller]
pub fn allowed(server: &Server, phone: &Phone, device: &Value) -> Value {
    let codes = codes(server, device);
    decide(phone, &codes, json!({})).expect(200);
    codes
}

#[track_caller]
fn decide(phone: &Phone, codes: &Value, more: Value) -> Answer {
    let mut body = decision(codes);
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    phone.post("/auth/device/approve/", &body)
}

fn poll(port: u16, codes: &Value) -> Answer {
    post(port, "token", &json!({"device_code": codes["device_code"]}))
}

/// A poll that is given no tokens, and why.
#[track_caller]
fn not_yet(server: &Server, codes: &Value, error: &str) {
    let said = problem(poll(server.port, codes), 400);
    assert_eq!(said["error"], error, "{said}");
}

/// A new device that was let in.
#[track_caller]
fn linked(server: &Server, phone: &Phone, device: &Value) -> Phone {
    let codes = allowed(server, phone, device);
    let answer = poll(server.port, &codes).expect(200).json();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    Phone { access: text("access"), refresh: text("refresh"), ..phone.clone() }
}

/// Makes so many minutes pass for a user's sessions.
fn age(server: &Server, phone: &Phone, minutes: i64) {
    let sql = "UPDATE sessions SET created_at = created_at - ?, proved_at = proved_at - ? WHERE user_id = ?";
    let passed = minutes * 60_000;
    assert!(server.alter(sql, params![passed, passed, phone.id]) > 0);
}

fn let_in(server: &Server) {
    let old = again(server, &Phone::single(server), &json!({"device_id": "old", "name": "Old phone"}));
    let since = old.poll("2020-01-01T00:00:00Z")["server_time"].as_str().unwrap().to_owned();
    let codes = codes(server, &json!({"device_id": "new", "name": "New phone", "type": "phone"}));
    let shown = codes["user_code"].as_str().unwrap();
    assert!(shown.len() == 9 && shown.as_bytes()[4] == b'-', "{shown}");
    assert_eq!((&codes["expires_in"], &codes["interval"]), (&json!(600), &json!(5)));
    let page = "http://localhost/api/pages/link/";
    assert_eq!(codes["verification_uri"], page);
    assert_eq!(codes["verification_uri_complete"], format!("{page}#code={shown}"));
    request("GET", "/api/pages/link/").send(server.port).expect(200);
    not_yet(server, &codes, "authorization_pending");
    // People type small letters, and blanks.
    let typed = json!({"user_code": format!(" {} ", shown.to_lowercase().replace('-', " "))});
    assert_eq!(decide(&old, &codes, typed).expect(200).json(), json!({"status": "allowed"}));
    refused(decide(&old, &codes, json!({})), "user_code");
    let form = request("POST", "/api/auth/device/token/").header("Content-Type", "application/x-www-form-urlencoded");
    let body = format!("grant_type={GRANT}&client_id=a&device_code={}", codes["device_code"].as_str().unwrap());
    let answer = form.body(body).send(server.port).expect(200).json();
    assert_eq!((&answer["access_token"], &answer["refresh_token"]), (&answer["access"], &answer["refresh"]));
    assert_eq!((&answer["token_type"], &answer["user"]["id"]), (&json!("Bearer"), &json!(old.id)));
    assert!(answer["expires_in"].as_i64().unwrap() > 0);
    not_yet(server, &codes, "invalid_grant");
    let told = old.get(&format!("/sync/changes/?include=messages&since={since}")).expect(200).json();
    assert_eq!(told["messages"][0]["data"]["code"], "sign_in", "the others are told: {told}");
    let new = Phone { access: answer["access"].as_str().unwrap().into(), ..old.clone() };
    let sessions = new.get("/auth/sessions/").expect(200).json();
    let of = |current: bool| sessions["results"].as_array().unwrap().iter().find(|one| one["current"] == current).unwrap();
    assert_eq!((&of(true)["device_id"], &of(true)["name"]), (&json!("new"), &json!("New phone")));
    assert_eq!(of(true)["let_in_by"], json!({"device_id": "old", "name": "Old phone"}));
    assert_eq!(of(false)["let_in_by"], Value::Null);
    let asked = json!({"query": "{ mySessions { current letInBy { deviceId name } } }"});
    let shown = new.post("/graphql/", &asked).expect(200).json();
    let told: Vec<&Value> =
        shown["data"]["mySessions"].as_array().unwrap().iter().map(|one| &one["letInBy"]["deviceId"]).collect();
    assert!(told.contains(&&json!("old")) && told.contains(&&Value::Null), "{shown}");
    let exported = new.get("/auth/export/").expect(200).json();
    assert!(exported["data"]["own_sessions"].as_array().unwrap().iter().any(|one| one["let_in_by"]["device_id"] == "old"));
}

fn shown(server: &Server) {
    let phone = Phone::register(server);
    let codes = codes(server, &json!({"device_id": "tv", "name": "Screen", "type": "other"}));
    let path = format!("/auth/device/{}/", codes["user_code"].as_str().unwrap().to_lowercase());
    let seen = phone.get(&path).expect(200).json();
    assert_eq!((&seen["name"], &seen["type"], &seen["same_network"]), (&json!("Screen"), &json!("other"), &json!(true)));
    assert!(seen["seconds_ago"].as_i64().is_some_and(|seconds| seconds < 60) && seen["password_required"] == false, "{seen}");
    assert!(!seen.to_string().contains("tv") && seen.get("match").is_none(), "{seen}");
    age(server, &phone, 11);
    assert_eq!(phone.get(&path).expect(200).json()["password_required"], true);
    unauthenticated(request("GET", &format!("/api{path}")).send(server.port), "not_authenticated");
    unauthenticated(post(server.port, "approve", &json!({})), "not_authenticated");
    problem(phone.get("/auth/device/BBBB-BBBB/"), 404);
    // What a device does not say of itself is nothing.
    let plain = post(server.port, "code", &json!({"client_id": "x"})).expect(200).json();
    let seen = phone.get(&format!("/auth/device/{}/", plain["user_code"].as_str().unwrap())).expect(200).json();
    assert_eq!((&seen["name"], &seen["type"]), (&json!(""), &json!("other")));
    for bad in [json!({"device_id": "wiped"}), json!({}), json!({"device_id": "x", "type": "fridge"})] {
        refused(post(server.port, "code", &json!({ "device": bad })), "device");
    }
    // Once it was decided, nobody is shown it.
    decide(&phone, &codes, json!({"allow": false})).expect(200);
    problem(phone.get(&path), 404);
    not_yet(server, &codes, "access_denied");
    not_yet(server, &codes, "access_denied");
}

fn digits(server: &Server) {
    let phone = Phone::register(server);
    let wrong = |codes: &Value| format!("{:02}", (codes["match"].as_str().unwrap().parse::<u8>().unwrap() + 1) % 100);
    let slip = codes(server, &json!({"device_id": "slip"}));
    refused(decide(&phone, &slip, json!({ "match": wrong(&slip) })), "match");
    decide(&phone, &slip, json!({})).expect(200);
    let guessed = codes(server, &json!({"device_id": "guessed"}));
    refused(decide(&phone, &guessed, json!({"match": null})), "match");
    for _ in 0..2 {
        refused(decide(&phone, &guessed, json!({ "match": wrong(&guessed) })), "match");
    }
    refused(decide(&phone, &guessed, json!({})), "user_code");
    not_yet(server, &guessed, "access_denied");
}

fn password(server: &Server) {
    let phone = Phone::register(server);
    age(server, &phone, 11);
    let first = codes(server, &json!({"device_id": "first"}));
    refused(decide(&phone, &first, json!({})), "password");
    refused(decide(&phone, &first, json!({"password": "wrong horse"})), "password");
    decide(&phone, &first, json!({"password": PASSWORD})).expect(200);
    // It counts for a while, and only in the session that it was given in.
    decide(&phone, &codes(server, &json!({"device_id": "second"})), json!({})).expect(200);
    age(server, &phone, 11);
    refused(decide(&phone, &codes(server, &json!({"device_id": "third"})), json!({})), "password");
    // To say no takes none.
    decide(&phone, &first, json!({"allow": false})).expect_one_of(&[400]);
    decide(&phone, &codes(server, &json!({"device_id": "fourth"})), json!({"allow": false})).expect(200);
}

fn newcomer(server: &Server) {
    let phone = Phone::register_with(server, json!({"email": "owner@newcomer.example"}));
    again(server, &phone, &json!({"device_id": "lost", "can_wipe": true}));
    let new = linked(server, &phone, &json!({"device_id": "new"}));
    let change = json!({"old_password": PASSWORD, "new_password": "another horse battery"});
    let own = json!({"password": PASSWORD});
    let asks = |phone: &Phone| {
        let next = codes(server, &json!({"device_id": "next"}));
        [
            phone.patch("/auth/me/", &json!({"email": "thief@newcomer.example"})),
            phone.post("/devices/lost/wipe/", &own),
            decide(phone, &next, own.clone()),
            phone.post("/auth/password/", &change),
        ]
    };
    for answer in asks(&new) {
        let said = problem(answer, 403);
        assert!(said["until"].is_string(), "{said}");
    }
    // The rest of the account is theirs to change, and their address as it is.
    new.patch("/auth/me/", &json!({"email": "Owner@newcomer.example", "language": "ko"})).expect(200);
    age(server, &phone, 24 * 60 + 1);
    assert!(asks(&new).iter().all(|answer| answer.status < 300));
}

fn ended(server: &Server) {
    let mut phone = Phone::register(server);
    let allowed = |phone: &Phone| allowed(server, phone, &json!({"device_id": "new"}));
    // The API's page signs in, lets in and signs out.
    let page = again(server, &phone, &Value::Null);
    let kept = allowed(&page);
    request("POST", "/api/auth/logout/").json(&json!({"refresh": page.refresh})).send(server.port).expect(204);
    poll(server.port, &kept).expect(200);
    let other = again(server, &phone, &Value::Null);
    let revoked = allowed(&other);
    phone.post("/auth/sessions/end-others/", &json!({})).expect(200);
    not_yet(server, &revoked, "access_denied");
    let everywhere = allowed(&phone);
    request("POST", "/api/auth/logout-all/").json(&json!({"refresh": phone.refresh})).send(server.port).expect(204);
    not_yet(server, &everywhere, "invalid_grant");
    phone = again(server, &phone, &Value::Null);
    let changed = allowed(&phone);
    let body = json!({"old_password": PASSWORD, "new_password": "another horse battery"});
    phone.post("/auth/password/", &body).expect(204);
    not_yet(server, &changed, "access_denied");
    let disabled = allowed(&phone);
    server.tandem(&["user", "disable", &phone.username]);
    not_yet(server, &disabled, "access_denied");
}

fn polls(server: &Server) {
    let first = codes(server, &json!({"device_id": "first"}));
    not_yet(server, &first, "authorization_pending");
    not_yet(server, &first, "slow_down");
    not_yet(server, &first, "slow_down");
    for version in ["v1", "v2"] {
        let unknown = json!({"device_code": "0".repeat(64), "grant_type": GRANT});
        let answer = request("POST", &format!("/api/{version}/auth/device/token/")).json(&unknown).send(server.port);
        let said = problem(answer, 400);
        assert_eq!((&said["error"], &said["code"]), (&json!("invalid_grant"), &json!("invalid-grant")));
    }
    refused(post(server.port, "token", &json!({})), "device_code");
    refused(post(server.port, "token", &json!({"device_code": "x", "grant_type": "password"})), "grant_type");
}

fn at_once(server: &Server) {
    let phone = Phone::register(server);
    let codes = codes(server, &json!({"device_id": "new"}));
    decide(&phone, &codes, json!({})).expect(200);
    let answers: Vec<u16> = thread::scope(|scope| {
        let polls: Vec<_> = (0..4).map(|_| scope.spawn(|| poll(server.port, &codes).status)).collect();
        polls.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(phone.get("/auth/sessions/").expect(200).json()["count"], 2);
}

fn wiping(server: &Server) {
    let phone = Phone::register(server);
    let lost = again(server, &phone, &json!({"device_id": "lost", "can_wipe": true}));
    phone.post("/devices/lost/wipe/", &json!({"password": PASSWORD})).expect(202);
    let codes = codes(server, &json!({"device_id": "lost"}));
    decide(&phone, &codes, json!({})).expect(200);
    let said = problem(poll(server.port, &codes), 400);
    assert_eq!((&said["wipe"], &said["error"]), (&json!(true), &json!("access_denied")), "a client of RFC 8628 reads `error`");
    request("POST", "/api/devices/wiped/").json(&json!({"refresh": lost.refresh})).send(server.port).expect(204);
    poll(server.port, &codes).expect(200);
    assert_eq!(phone.get("/devices/lost/").expect(200).json()["state"], "active");
}

fn kept(server: &Server) {
    let phone = Phone::register(server);
    let codes = codes(server, &json!({"device_id": "kept", "name": "Kept by nobody"}));
    decide(&phone, &codes, json!({})).expect(200);
    let rows = |owner: i64| {
        let sql = "SELECT id, code, mail FROM codes WHERE kind = 'link' AND owner = ?";
        let read = |row: &tandem::db::Row<'_>| {
            Ok(format!("{}{}{:?}", row.get::<String>(0)?, row.get::<String>(1)?, row.get::<Vec<u8>>(2)?))
        };
        server.store().all(sql, params![owner], read).unwrap()
    };
    let whole = rows(phone.id).concat();
    assert!(!whole.is_empty());
    for code in ["device_code", "user_code"].map(|name| codes[name].as_str().unwrap().replace('-', "")) {
        assert!(!whole.contains(&code));
    }
    phone.ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(phone.port).expect(204);
    assert!(rows(phone.id).is_empty());
    not_yet(server, &codes, "invalid_grant");
}

/// A server whose limits are on, and which believes that its clients come through a proxy.
fn limited(engine: Engine) -> Server {
    let env = [("TANDEM_TRUSTED_PROXIES", "127.0.0.1"), ("TANDEM_APP_URL", "https://app.example.org")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Server::start(Kind::LighttpdFastcgi, &Options { engine, workers: 2, env, ..Options::default() })
}

fn from(request: Request, n: u32) -> Request {
    request.header("X-Forwarded-For", format!("198.51.100.{n}"))
}

fn codes_from(server: &Server, n: u32) -> Answer {
    from(request("POST", "/api/auth/device/code/").json(&json!({})), n).send(server.port)
}

fn guesses_and_codes_are_counted(engine: Engine) {
    let server = limited(engine);
    let phone = Phone::register(&server);
    let decide = |codes: &Value, more: Value, n: u32| {
        let mut body = json!({"user_code": codes["user_code"], "match": codes["match"], "allow": true});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        from(phone.ask("POST", "/auth/device/approve/").json(&body), n).send(server.port)
    };
    // Five wait at once at an address, and one makes room when it was decided; ten an hour.
    let open: Vec<Value> = (0..5).map(|_| codes_from(&server, 1).expect(200).json()).collect();
    assert_eq!(open[0]["verification_uri"], "https://app.example.org/link");
    problem(codes_from(&server, 1), 429);
    codes_from(&server, 2).expect(200);
    decide(&open[0], json!({"allow": false}), 1).expect(200);
    codes_from(&server, 1).expect(200);
    problem(codes_from(&server, 1), 429);
    // Another network wants the password, however fresh the session is; then it is let in, and makes room, too.
    refused(decide(&open[1], json!({}), 3), "password");
    decide(&open[1], json!({"password": PASSWORD}), 3).expect(200);
    poll(server.port, &open[1]).expect(200);
    decide(&open[2], json!({}), 1).expect(200);
    poll(server.port, &open[2]).expect(200);
    for _ in 0..3 {
        decide(&codes_from(&server, 1).expect(200).json(), json!({"allow": false}), 1).expect(200);
    }
    codes_from(&server, 1).expect(200);
    problem(codes_from(&server, 1), 429);
    // A user's guesses are counted from wherever they come, by either route, and so are an address's; a right one is not tried then.
    let right = codes_from(&server, 9).expect(200).json();
    let look = |phone: &Phone, code: &str, n: u32| from(phone.ask("GET", &format!("/auth/device/{code}/")), n).send(server.port);
    for n in 0..5 {
        problem(look(&phone, "BBBB-BBBB", 20 + n), 404);
        refused(decide(&json!({"user_code": "BBBB-BBBC", "match": "00"}), json!({}), 30 + n), "user_code");
    }
    problem(look(&phone, right["user_code"].as_str().unwrap(), 40), 429);
    problem(decide(&right, json!({}), 41), 429);
    let others: Vec<Phone> = (0..3).map(|_| Phone::register(&server)).collect();
    for n in 0..10 {
        problem(look(&others[n % 2], "BBBB-BBBB", 50), 404);
    }
    problem(look(&others[2], right["user_code"].as_str().unwrap(), 50), 429);
    look(&others[2], right["user_code"].as_str().unwrap(), 51).expect(200);
    // Ten minutes later.
    assert!(server.alter("UPDATE codes SET expires_at = 1 WHERE kind = 'link'", &[]) > 0);
    problem(look(&others[2], right["user_code"].as_str().unwrap(), 52), 404);
    not_yet(&server, &right, "expired_token");
    server.tandem(&["maintain"]);
    not_yet(&server, &right, "invalid_grant");
}

#[test]
fn guesses_and_codes_are_counted_on_sqlite() {
    guesses_and_codes_are_counted(Engine::Sqlite);
}

#[test]
fn guesses_and_codes_are_counted_on_mariadb() {
    guesses_and_codes_are_counted(Engine::Mariadb);
}
