//! Lost devices: they are out at their next request, and wiped where their user wishes it.

use super::devices::{again, login, refresh};
use super::expect::{problem, refused, unauthenticated};
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::client::{Answer, request};
use crate::servers::{Kind, Options, Server};
use serde_json::json;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a device that was revoked is out at its next request, and its refresh token says so", revoked),
    ("a lost device is wiped by its user alone, in its order", wiped),
    ("a device's revocation that meets a refresh leaves no session alive", races),
];

fn revoked(server: &Server) {
    let phone = Phone::register(server);
    let lost = again(server, &phone, &json!({"device_id": "lost"}));
    lost.get("/auth/me/").expect(200);
    // What a program of before looks for: it knows no other table.
    let older = |table: &str| {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE user_id = ?");
        server.store().one(&sql, params![phone.id], |row| row.get::<i64>(0)).unwrap().unwrap()
    };
    assert_eq!((older("sessions"), older("ended_sessions")), (2, 0));
    phone.delete("/devices/lost/").expect(200);
    assert_eq!((older("sessions"), older("ended_sessions")), (1, 1));
    for _ in 0..4 {
        unauthenticated(lost.get("/auth/me/"), "token_not_valid");
        unauthenticated(lost.post("/couple/create/", &json!({})), "token_not_valid");
    }
    let second = request("POST", "/api/v2/auth/refresh/").json(&json!({"refresh": lost.refresh})).send(server.port);
    let told = problem(second, 401);
    assert_eq!((&told["code"], &told["wipe"]), (&json!("device-revoked"), &json!(false)));
    unauthenticated(refresh(&lost), "device_revoked");
    // Who finds it again signs in, and it is a device as any other.
    let found = again(server, &phone, &json!({"device_id": "lost"}));
    assert_eq!(phone.get("/devices/lost/").expect(200).json()["state"], "active");
    found.get("/auth/me/").expect(200);
    unauthenticated(lost.get("/auth/me/"), "token_not_valid");
    unauthenticated(refresh(&lost), "device_revoked");
}

fn wipe(phone: &Phone, method: &str, device: &str, password: &str) -> Answer {
    phone.ask(method, &format!("/devices/{device}/wipe/")).json(&json!({"password": password})).send(phone.port)
}

fn say_wiped(phone: &Phone) -> Answer {
    request("POST", "/api/devices/wiped/").json(&json!({"refresh": phone.refresh})).send(phone.port)
}

fn wiped(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    let lost = again(server, &phone, &json!({"device_id": "lost", "can_wipe": true}));
    again(server, &phone, &json!({"device_id": "plain"}));
    let state = || phone.get("/devices/lost/").expect(200).json()["state"].clone();
    problem(wipe(&partner, "POST", "lost", PASSWORD), 404);
    problem(wipe(&partner, "DELETE", "lost", PASSWORD), 404);
    assert_eq!(problem(wipe(&phone, "POST", "plain", PASSWORD), 409)["code"], "cannot-wipe");
    refused(wipe(&phone, "POST", "lost", "wrong horse"), "password");
    refused(wipe(&phone, "POST", "lost", ""), "password");
    unauthenticated(say_wiped(&lost), "token_not_valid");
    assert_eq!(state(), "active");
    assert_eq!(wipe(&phone, "POST", "lost", PASSWORD).expect(202).json(), json!({"device_id": "lost", "state": "wipe_pending"}));
    wipe(&phone, "POST", "lost", PASSWORD).expect(202);
    unauthenticated(lost.get("/auth/me/"), "token_not_valid");
    let told = problem(refresh(&lost), 401);
    assert_eq!((&told["code"], &told["wipe"]), (&json!("device_revoked"), &json!(true)));
    phone.delete("/devices/lost/").expect(200);
    assert_eq!(state(), "wipe_pending", "it cannot be deleted before it is wiped");
    refused(wipe(&phone, "DELETE", "lost", "wrong horse"), "password");
    assert_eq!(wipe(&phone, "DELETE", "lost", PASSWORD).expect(200).json()["state"], "revoked");
    assert_eq!(problem(refresh(&lost), 401)["wipe"], false);
    unauthenticated(say_wiped(&lost), "token_not_valid");
    wipe(&phone, "POST", "lost", PASSWORD).expect(202);
    // Only the right password learns anything, and no sign-in comes before the wipe.
    let wrong = json!({"username": phone.username, "password": "wrong horse", "device": {"device_id": "lost"}});
    refused(request("POST", "/api/auth/login/").json(&wrong).send(server.port), "non_field_errors");
    let kept_out = problem(login(server, &phone, &json!({"device_id": "lost"})), 400);
    assert_eq!((&kept_out["code"], &kept_out["wipe"]), (&json!("device-wiping"), &json!(true)));
    problem(phone.put("/devices/lost/", &json!({})), 400);
    // The wish is remembered for longer than the session, and told to a token whose time is over.
    let sql = "UPDATE ended_sessions SET ended_at = 1 WHERE user_id = ?";
    server.alter(sql, params![phone.id]);
    server.tandem(&["maintain"]);
    assert_eq!(problem(refresh(&lost), 401)["wipe"], true);
    say_wiped(&lost).expect(204);
    say_wiped(&lost).expect(204);
    assert_eq!(state(), "wiped");
    assert_eq!(problem(refresh(&lost), 401)["wipe"], false);
    again(server, &phone, &json!({"device_id": "lost"}));
    assert_eq!(state(), "active");
    unauthenticated(say_wiped(&lost), "token_not_valid");
}

/// Rounds on each kind of server and each engine; two hundred are played apart.
const ROUNDS: usize = 5;

/// As CGI each of the two is a process of its own.
#[test]
fn two_hundred_revocations_meet_refreshes_in_two_processes() {
    let server = Server::start(Kind::LighttpdCgi, &Options { workers: 2, env: unlimited(), ..Options::default() });
    meet(&server, 200);
}

fn unlimited() -> Vec<(String, String)> {
    ["AUTH", "REQUESTS"].map(|name| (format!("TANDEM_LIMITS_{name}"), "off".to_owned())).to_vec()
}

fn races(server: &Server) {
    meet(server, ROUNDS);
}

fn meet(server: &Server, rounds: usize) {
    let phone = Phone::register(server);
    for round in 0..rounds {
        let lost = again(server, &phone, &json!({"device_id": "lost"}));
        let (revoked, refreshed) = std::thread::scope(|scope| {
            let revoked = scope.spawn(|| phone.delete("/devices/lost/"));
            let refreshed = scope.spawn(|| refresh(&lost));
            (revoked.join().unwrap(), refreshed.join().unwrap())
        });
        revoked.expect(200);
        unauthenticated(lost.get("/auth/me/"), "token_not_valid");
        unauthenticated(refresh(&lost), "device_revoked");
        if refreshed.status == 200 {
            let access = refreshed.json()["access"].as_str().unwrap().to_owned();
            let after = Phone { access, refresh: refreshed.json()["refresh"].as_str().unwrap().to_owned(), ..phone.clone() };
            unauthenticated(after.get("/auth/me/"), "token_not_valid");
            unauthenticated(refresh(&after), "device_revoked");
        }
        let live = "SELECT COUNT(*) FROM sessions WHERE user_id = ? AND device = 'lost'";
        assert_eq!(server.store().one(live, params![phone.id], |row| row.get::<i64>(0)).unwrap(), Some(0), "round {round}");
    }
}
