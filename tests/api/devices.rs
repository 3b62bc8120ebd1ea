//! Devices and sessions: who is signed in where, and how that ends.

use super::expect::{problem, refused, unauthenticated};
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::{Answer, request};
use serde_json::{Value, json};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a device is registered, shown, renamed and ended by its user", registry),
    ("a device's id can stand in a path, and its fields have bounds", bounds),
    ("a sign-in brings its device", sign_in),
    ("a user sees where they are signed in, and ends it", sessions),
    ("equal ids of two users are two devices, in a couple and in two", apart),
    ("GraphQL shows the same devices and sessions, and ends them", graphql),
    ("who runs a team sees its devices and ends their sessions", team),
    ("uploads of version 1 register their device, and its session is on it", uploads),
    ("a user has fifty devices at most, and can sign in all the same", fifty),
    ("devices are forgotten in their time, and ended sessions too", forgotten),
    ("devices and sessions are in the export, and go with the account", exported),
];

/// What a device says of itself.
fn desk() -> Value {
    json!({"name": "Desk", "type": "desktop", "os": "linux", "os_version": "6", "app": "Us", "app_version": "1.2", "can_wipe": true})
}

#[track_caller]
pub fn login(server: &Server, phone: &Phone, device: &Value) -> Answer {
    let body = json!({"username": phone.username, "password": PASSWORD, "device": device});
    request("POST", "/api/auth/login/").json(&body).send(server.port)
}

/// The same user, signed in once more.
#[track_caller]
pub fn again(server: &Server, phone: &Phone, device: &Value) -> Phone {
    let answer = login(server, phone, device).expect(200).json();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    Phone { access: text("access"), refresh: text("refresh"), ..phone.clone() }
}

#[track_caller]
pub fn refresh(phone: &Phone) -> Answer {
    request("POST", "/api/auth/refresh/").json(&json!({"refresh": phone.refresh})).send(phone.port)
}

/// What each of a list's objects has under a name.
#[track_caller]
fn each(phone: &Phone, path: &str, name: &str) -> Vec<Value> {
    let list = phone.get(path).expect(200).json();
    let values: Vec<Value> = list["results"].as_array().unwrap().iter().map(|one| one[name].clone()).collect();
    assert_eq!(list["count"], values.len());
    values
}

fn registry(server: &Server) {
    let phone = Phone::single(server);
    assert_eq!(each(&phone, "/devices/", "device_id"), Vec::<Value>::new());
    let made = phone.put("/devices/desk%20%C3%BC/", &desk()).expect(201).json();
    assert_eq!((&made["status"], &made["device_id"], &made["priority"]), (&json!("registered"), &json!("desk ü"), &json!(100)));
    assert_eq!((&made["current"], &made["state"], &made["sessions"]), (&json!(true), &json!("active"), &json!(1)));
    assert_eq!((&made["health"], &made["last_sync_at"], &made["can_wipe"]), (&json!(100.0), &Value::Null, &json!(true)));
    let known = phone.put("/devices/desk%20%C3%BC/", &json!({"app_version": "1.3"})).expect(200).json();
    assert_eq!((&known["status"], &known["name"], &known["app_version"]), (&json!("updated"), &json!("Desk"), &json!("1.3")));
    let brief = phone.post("/devices/register/", &json!({"device_id": "tab", "type": "tablet"})).expect(200).json();
    assert_eq!(brief, json!({"device_id": "tab", "priority": 60, "status": "registered"}));
    assert_eq!(each(&phone, "/devices/", "device_id"), ["tab", "desk ü"]);
    assert_eq!(each(&phone, "/devices/", "current"), [json!(true), json!(false)], "the session is on one device");
    let second = phone.get("/devices/?page_size=1").expect(200).json()["next"].as_str().unwrap().to_owned();
    let second = second.split_once("/api").unwrap().1.to_owned();
    assert_eq!(phone.get(&second).expect(200).json()["results"][0]["device_id"], "desk ü");
    let changed = phone.patch("/devices/tab/", &json!({"name": "Sofa", "priority": 7})).expect(200).json();
    assert_eq!((&changed["name"], &changed["priority"], &changed["type"]), (&json!("Sofa"), &json!(7), &json!("tablet")));
    assert_eq!(phone.get("/devices/tab/").expect(200).json(), changed);
    let usual = phone.patch("/devices/tab/", &json!({"priority": null})).expect(200).json();
    assert_eq!(usual["priority"], 60);
    let ended = phone.delete("/devices/desk%20%C3%BC/").expect(200).json();
    assert_eq!(ended, json!({"device_id": "desk ü", "deactivated": true}));
    assert_eq!(phone.delete("/devices/desk%20%C3%BC/").expect(200).json(), ended);
    assert_eq!(phone.get("/devices/desk%20%C3%BC/").expect(200).json()["state"], "revoked");
    phone.get("/goals/").expect(200);
    phone.delete("/devices/tab/").expect(200);
    unauthenticated(phone.get("/goals/"), "token_not_valid");
}

fn bounds(server: &Server) {
    let phone = Phone::register(server);
    for id in ["register", "handoff", "wiped", "a\nb", &"x".repeat(256)] {
        // The first three have routes of their own.
        if !["register", "handoff", "wiped"].contains(&id) {
            refused(phone.put(&format!("/devices/{}/", id.replace('\n', "%0A")), &json!({})), "device_id");
        }
        refused(phone.post("/devices/register/", &json!({"device_id": id})), "device_id");
        refused(login(server, &phone, &json!({"device_id": id})), "device");
    }
    assert_eq!(phone.put("/devices/register/", &json!({})).status, 405);
    refused(phone.post("/devices/register/", &json!({})), "device_id");
    for (name, value) in
        [("type", json!("watch")), ("priority", json!(101)), ("name", json!("x".repeat(101))), ("os", json!("x".repeat(51)))]
    {
        let told = problem(phone.put("/devices/d/", &json!({ name: value })), 400);
        assert!(told["errors"][name].is_array(), "{told}");
        refused(login(server, &phone, &json!({"device_id": "d", name: value})), "device");
    }
    for none in [json!("d"), json!(["d"]), json!({})] {
        refused(login(server, &phone, &none), "device");
    }
    problem(phone.get("/devices/d/"), 404);
    problem(phone.get("/devices/?after=nonsense"), 400);
    problem(phone.patch("/devices/d/", &json!({})), 404);
    problem(phone.delete("/devices/d/"), 404);
    problem(request("GET", "/api/devices/").send(server.port), 401);
}

fn sign_in(server: &Server) {
    let mut device = desk();
    device["device_id"] = "desk".into();
    let phone = Phone::register_with(server, json!({ "device": device }));
    assert_eq!(phone.get("/devices/desk/").expect(200).json()["current"], true);
    let other = again(server, &phone, &json!({"device_id": "tab", "type": "tablet"}));
    assert_eq!(each(&other, "/auth/sessions/", "device_id"), ["tab", "desk"]);
    assert_eq!(each(&other, "/auth/sessions/", "name"), ["", "Desk"]);
    let plain = again(server, &phone, &Value::Null);
    assert_eq!(each(&plain, "/auth/sessions/", "device_id"), [Value::Null, json!("tab"), json!("desk")]);
    assert_eq!(each(&plain, "/devices/", "sessions"), [1, 1]);
}

fn sessions(server: &Server) {
    let phone = Phone::register(server);
    let body = json!({"username": phone.username, "password": PASSWORD});
    let asked = request("POST", "/api/auth/login/").header("X-Client-Version", "us-ios/1.4.0").json(&body).send(server.port);
    let answer = asked.expect(200).json();
    let other = Phone { access: answer["access"].as_str().unwrap().to_owned(), ..phone.clone() };
    let third = again(server, &phone, &json!({"device_id": "d"}));
    assert_eq!(each(&other, "/auth/sessions/", "current"), [json!(false), json!(true), json!(false)]);
    assert_eq!(each(&other, "/auth/sessions/", "client")[1], "us-ios/1.4.0");
    let ids = each(&other, "/auth/sessions/", "id");
    let path = |id: &Value| format!("/auth/sessions/{}/", id.as_str().unwrap());
    let stranger = Phone::register(server);
    problem(stranger.delete(&path(&ids[0])), 404);
    problem(other.delete("/auth/sessions/nothing/"), 404);
    third.get("/auth/me/").expect(200);
    other.delete(&path(&ids[0])).expect(204);
    unauthenticated(third.get("/auth/me/"), "token_not_valid");
    let told = problem(refresh(&third), 401);
    assert_eq!((&told["code"], &told["wipe"]), (&json!("device_revoked"), &json!(false)), "somebody ended it");
    problem(other.delete(&path(&ids[0])), 404);
    assert_eq!(phone.post("/auth/sessions/end-others/", &json!({})).expect(200).json(), json!({"ended": 1}));
    unauthenticated(other.get("/auth/me/"), "token_not_valid");
    assert_eq!(each(&phone, "/auth/sessions/", "current"), [true]);
    phone.delete(&path(&each(&phone, "/auth/sessions/", "id")[0])).expect(204);
    unauthenticated(refresh(&phone), "token_not_valid");
    stranger.get("/auth/me/").expect(200);
}

fn apart(server: &Server) {
    let (one, other) = Phone::couple(server);
    let stranger = Phone::single(server);
    let owner = again(server, &one, &json!({"device_id": "same", "name": "Secret name", "type": "phone"}));
    let before = one.get("/devices/same/").expect(200).json();
    for phone in [&other, &stranger] {
        for (method, body) in [("GET", None), ("PATCH", Some(json!({"name": "x"}))), ("DELETE", None)] {
            for who in ["", &format!("?user_id={}", one.id)] {
                let ask = phone.ask(method, &format!("/devices/same/{who}"));
                problem(body.iter().fold(ask, |ask, body| ask.json(body)).send(server.port), 404);
            }
        }
        problem(phone.get(&format!("/devices/?user_id={}", one.id)), 404);
        let own = phone.put(&format!("/devices/same/?user_id={}", one.id), &json!({"name": "Mine"})).expect(201).json();
        assert_eq!((&own["name"], &own["type"], &own["sessions"]), (&json!("Mine"), &json!("other"), &json!(1)));
        let list = phone.get("/devices/").expect(200).text();
        assert!(!list.contains("Secret name"), "{list}");
        phone.delete("/devices/same/").expect(200);
        unauthenticated(phone.get("/devices/"), "token_not_valid");
        unauthenticated(refresh(phone), "device_revoked");
    }
    assert_eq!(one.get("/devices/same/").expect(200).json(), before);
    owner.get("/auth/me/").expect(200);
    refresh(&owner).expect(200);
}

fn team(server: &Server) {
    let members = Phone::team(server, &["admin", "staff", "member"]);
    let [admin, staff, member] = &members[..] else { panic!() };
    let stranger = Phone::single(server);
    let seen = again(server, member, &json!({"device_id": "tab", "type": "tablet", "priority": 90}));
    let path = |path: &str, whose: &Phone| format!("{path}?user_id={}", whose.id);
    assert_eq!(each(admin, &path("/devices/", member), "device_id"), ["tab"]);
    for phone in [staff, member] {
        problem(phone.get(&path("/devices/", admin)), 403);
        for method in ["GET", "DELETE"] {
            problem(phone.ask(method, &path("/devices/tab/", admin)).send(server.port), 403);
        }
        problem(phone.patch(&path("/devices/tab/", admin), &json!({"priority": 1})), 403);
    }
    for phone in [admin, staff, member] {
        problem(phone.get(&path("/devices/", &stranger)), 404);
        problem(phone.delete(&path("/devices/tab/", &stranger)), 404);
    }
    // A member lets a device count less, and only who runs the team lets it count more than its type does.
    problem(member.patch("/devices/tab/", &json!({"priority": 95})), 403);
    problem(member.put("/devices/tab/", &json!({"priority": 61})), 403);
    member.patch("/devices/tab/", &json!({"priority": 10})).expect(200);
    problem(member.post("/devices/register/", &json!({"device_id": "tab", "priority": 61})), 403);
    problem(admin.patch(&path("/devices/tab/", member), &json!({"name": "x"})), 403);
    let raised = admin.patch(&path("/devices/tab/", member), &json!({"priority": 99})).expect(200).json();
    assert_eq!((&raised["priority"], &raised["current"]), (&json!(99), &json!(false)));
    member.patch("/devices/tab/", &json!({"name": "Mine"})).expect(200);
    assert_eq!(admin.delete(&path("/devices/tab/", member)).expect(200).json()["deactivated"], true);
    unauthenticated(seen.get("/auth/me/"), "token_not_valid");
    assert_eq!(problem(refresh(&seen), 401)["wipe"], false, "nobody but its user has it wiped");
    member.get("/auth/me/").expect(200);
}

fn graphql(server: &Server) {
    let (phone, other) = (Phone::register(server), Phone::register(server));
    let lost = again(server, &phone, &json!({"device_id": "lost", "name": "Lost"}));
    let ask = |phone: &Phone, query: &str| phone.post("/graphql/", &json!({ "query": query })).json();
    let made = ask(
        &phone,
        r#"mutation { registerDevice(device: {deviceId: "desk", type: "desktop", canWipe: true}) { deviceId priority current canWipe } }"#,
    );
    let desk = json!({"deviceId": "desk", "priority": 100, "current": true, "canWipe": true});
    assert_eq!(made["data"]["registerDevice"], desk, "{made}");
    let changed =
        ask(&phone, r#"mutation { updateDevice(deviceId: "desk", device: {name: "Desk", priority: 3}) { name type priority } }"#);
    assert_eq!(changed["data"]["updateDevice"], json!({"name": "Desk", "type": "desktop", "priority": 3}), "{changed}");
    let shown = ask(&phone, "{ myDevices { deviceId current state sessions } mySessions { id deviceId name current } }");
    let devices = json!([
        {"deviceId": "desk", "current": true, "state": "active", "sessions": 1},
        {"deviceId": "lost", "current": false, "state": "active", "sessions": 1},
    ]);
    assert_eq!(shown["data"]["myDevices"], devices, "{shown}");
    let session = &shown["data"]["mySessions"][0];
    assert_eq!((&session["deviceId"], &session["name"], &session["current"]), (&json!("lost"), &json!("Lost"), &json!(false)));
    let end = format!("mutation {{ endSession(id: {}) }}", session["id"]);
    let revoke = r#"mutation { revokeDevice(deviceId: "desk") { deviceId deactivated } }"#;
    let update = r#"mutation { updateDevice(deviceId: "desk", device: {name: "x"}) { name } }"#;
    for foreign in [end.as_str(), revoke, update] {
        assert_eq!(ask(&other, foreign)["errors"][0]["extensions"]["code"], "NOT_FOUND", "{foreign}");
    }
    assert_eq!(ask(&phone, &end)["data"]["endSession"], true);
    unauthenticated(lost.get("/auth/me/"), "token_not_valid");
    assert_eq!(ask(&phone, revoke)["data"]["revokeDevice"], json!({"deviceId": "desk", "deactivated": true}));
    unauthenticated(phone.get("/auth/me/"), "token_not_valid");
}

/// Sends one measurement from a device.
fn send(phone: &Phone, device: &str) {
    let item = json!({"metric_type": "steps", "value": 1, "timestamp": "2026-01-16T14:30:45Z"});
    phone.post("/v1/sync/metrics/", &json!({"device_id": device, "data": [item]})).expect(200);
}

fn uploads(server: &Server) {
    let phone = Phone::single(server);
    send(&phone, "old app");
    let device = phone.get("/devices/old%20app/").expect(200).json();
    assert_eq!((&device["type"], &device["current"], &device["sessions"]), (&json!("other"), &json!(true), &json!(1)));
    assert!(device["last_sync_at"].is_string(), "{device}");
    send(&phone, "another");
    assert_eq!(each(&phone, "/devices/", "current"), [json!(false), json!(true)], "the session stays where it is");
    send(&phone, "a/b");
    send(&phone, "wiped");
    assert_eq!(each(&phone, "/devices/", "device_id").len(), 2, "no path leads there");
    let other = again(server, &phone, &Value::Null);
    phone.delete("/devices/another/").expect(200);
    send(&other, "another");
    assert_eq!(phone.get("/devices/another/").expect(200).json()["state"], "revoked", "only who signs in brings it back");
    other.put("/devices/another/", &json!({})).expect(200);
    assert_eq!(phone.get("/devices/another/").expect(200).json()["state"], "active");
}

fn fifty(server: &Server) {
    let phone = Phone::single(server);
    for n in 0..50 {
        phone.put(&format!("/devices/d{n}/"), &json!({})).expect(201);
    }
    let sql = "UPDATE installations SET seen_at = seen_at - 1000000 WHERE user_id = ? AND device_id = 'd7'";
    server.alter(sql, params![phone.id]);
    for refusal in [phone.put("/devices/more/", &json!({})), phone.post("/devices/register/", &json!({"device_id": "more"}))] {
        let refusal = problem(refusal, 409);
        assert_eq!((&refusal["code"], &refusal["least_recently_seen"]), (&json!("too-many-devices"), &json!("d7")));
    }
    phone.put("/devices/d9/", &json!({})).expect(200);
    let other = again(server, &phone, &json!({"device_id": "more"}));
    send(&other, "more");
    assert_eq!(each(&other, "/auth/sessions/", "device_id"), [Value::Null, json!("d9")]);
    phone.delete("/devices/d7/").expect(200);
    other.put("/devices/more/", &json!({})).expect(201);
}

fn forgotten(server: &Server) {
    const DAY: i64 = 86_400_000;
    let phone = Phone::register(server);
    let other = again(server, &phone, &json!({"device_id": "revoked"}));
    for device in ["unseen", "used"] {
        again(server, &phone, &json!({"device_id": device}));
    }
    phone.delete("/devices/revoked/").expect(200);
    let gone = again(server, &phone, &json!({"device_id": "unseen"}));
    let ended = request("POST", "/api/auth/logout/").json(&json!({"refresh": gone.refresh})).send(server.port);
    ended.expect(204);
    let mut db = server.store();
    let now = tandem::base::time::Timestamp::now();
    let age = |db: &mut tandem::db::Db, days: i64| {
        db.run("UPDATE installations SET seen_at = ? WHERE user_id = ?", params![now.plus(-days * DAY), phone.id]).unwrap();
        let sql = "UPDATE installations SET state_at = ? WHERE user_id = ? AND state <> 'active'";
        db.run(sql, params![now.plus(-days * DAY), phone.id]).unwrap();
        db.run("UPDATE ended_sessions SET ended_at = ? WHERE user_id = ?", params![now.plus(-days * DAY), phone.id]).unwrap();
    };
    db.run("DELETE FROM sessions WHERE user_id = ? AND device = 'unseen'", params![phone.id]).unwrap();
    let names = || each(&phone, "/devices/", "device_id").len();
    age(&mut db, 29);
    server.tandem(&["maintain"]);
    assert_eq!(names(), 3);
    unauthenticated(refresh(&other), "device_revoked");
    age(&mut db, 31);
    server.tandem(&["maintain"]);
    assert_eq!(names(), 2);
    unauthenticated(refresh(&other), "token_not_valid");
    age(&mut db, 181);
    server.tandem(&["maintain"]);
    assert_eq!(each(&phone, "/devices/", "device_id"), ["used"], "one that is signed in stays");
}

fn exported(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    let other = again(server, &phone, &json!({"device_id": "mine", "name": "Mine"}));
    again(server, &phone, &json!({"device_id": "gone"}));
    phone.delete("/devices/gone/").expect(200);
    let held = |phone: &Phone| phone.get("/auth/export/").expect(200).json()["data"].clone();
    let data = held(&other);
    assert_eq!((data["own_devices"].as_array().unwrap().len(), data["own_sessions"].as_array().unwrap().len()), (2, 2), "{data}");
    assert!(!held(&partner).to_string().contains("Mine"));
    phone.ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(server.port).expect(204);
    for table in ["sessions", "ended_sessions", "installations"] {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE user_id = ?");
        assert_eq!(server.store().one(&sql, params![phone.id], |row| row.get::<i64>(0)).unwrap(), Some(0), "{table}");
    }
}
