//! Ways in: one field for names and addresses, and a link for who has forgotten their password.

use super::auth::register;
use super::expect::{problem, refused, unauthenticated};
use super::phone::{PASSWORD, fresh_name};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::{Answer, request};
use serde_json::{Value, json};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("an address that is another's name is refused, and a name that is another's address", one_field),
    ("where a name is another's address already its owner gets in by either field", both_there),
    ("a link sets a new password once, and every session ends", reset_link),
    ("without a mailer nothing is promised: codes are 501, and what needs none works", without_a_mailer),
    ("a link that is wrong, late, or of a password that was changed sets nothing", bad_links),
];

fn one_field(server: &Server) {
    let (name, mail) = (format!("{}@Example.org", fresh_name("Né")), format!("{}@example.org", fresh_name("né")));
    let owner = Phone::register_with(server, json!({"username": name, "email": mail}));
    for same in [name.clone(), name.to_uppercase()] {
        let said = refused(register(server, json!({ "email": same })), "email");
        assert!(said.get("username").is_none(), "{said}");
        refused(Phone::register(server).patch("/auth/me/", &json!({ "email": same })), "email");
    }
    for same in [mail.clone(), mail.to_uppercase()] {
        let said = refused(register(server, json!({ "username": same })), "username");
        assert!(said.get("email").is_none(), "{said}");
    }
    // One's own name is no other's.
    owner.patch("/auth/me/", &json!({ "email": name })).expect(200);
    let login = json!({"email": name, "password": PASSWORD});
    request("POST", "/api/auth/login/").json(&login).send(server.port).expect(200);
}

fn both_there(server: &Server) {
    let both = format!("{}@example.org", fresh_name("both"));
    let named = Phone::register_with(server, json!({ "username": both }));
    let other = Phone::register_with(server, json!({"password": "another horse battery"}));
    let sql = "UPDATE users SET email = ?, email_key = ? WHERE id = ?";
    assert_eq!(server.alter(sql, params![&both, &both, other.id]), 1);
    let login = |field: &str, password: &str| {
        request("POST", "/api/auth/login/").json(&json!({ field: both, "password": password })).send(server.port)
    };
    for field in ["email", "username"] {
        assert_eq!(login(field, PASSWORD).expect(200).json()["user"]["id"], named.id, "{field}");
    }
    assert_eq!(login("email", "another horse battery").expect(200).json()["user"]["id"], other.id);
    for phone in [&named, &other] {
        phone.patch("/auth/me/", &json!({"first_name": "Bo"})).expect(200);
    }
    refused(login("username", "another horse battery"), "non_field_errors");
    refused(login("email", "no horse battery"), "non_field_errors");
}

/// Somebody whose address is verified.
pub fn verified(server: &Server) -> Phone {
    let phone = Phone::register_with(server, json!({"email": format!("{}@example.org", fresh_name("verified"))}));
    server.alter("UPDATE users SET verified = email_key WHERE id = ?", params![phone.id]);
    phone
}

fn without_a_mailer(server: &Server) {
    let forgot = |version: &str, body: Value| {
        request("POST", &format!("/api{version}/auth/password/forgot/")).json(&body).send(server.port)
    };
    for version in ["/v1", "/v2"] {
        assert_eq!(problem(forgot(version, json!({"email": "a@example.org"})), 501)["code"], "mail-unavailable");
    }
    refused(forgot("", json!({})), "email");
    let phone = Phone::register_with(server, json!({"email": format!("{}@example.org", fresh_name("lone"))}));
    let verify = |body: Value| phone.post("/auth/email/verify/", &body);
    problem(verify(json!({})), 501);
    refused(verify(json!({"code": "BCDF-GHJK"})), "code");
    refused(verify(json!({"token": "0".repeat(76)})), "token");
    unauthenticated(request("POST", "/api/auth/email/verify/").json(&json!({})).send(server.port), "not_authenticated");
    let user = verified(server).post("/auth/email/verify/", &json!({})).expect(200).json()["user"].clone();
    assert_eq!(user["email_verified"], true);
    refused(Phone::register(server).post("/auth/email/verify/", &json!({})), "email");
    let reset = |body: Value| request("POST", "/api/auth/password/reset/").json(&body).send(server.port);
    refused(reset(json!({"password": "a new horse battery"})), "token");
    let code = json!({"email": user["email"], "code": "BCDF-GHJK", "password": "a new horse battery"});
    refused(reset(code), "code");
    // Another address than the verified one is not verified.
    let owner = verified(server);
    let change =
        |email: &str| owner.patch("/auth/me/", &json!({ "email": email })).expect(200).json()["user"]["email_verified"].clone();
    let email = owner.get("/auth/me/").expect(200).json()["user"]["email"].as_str().unwrap().to_owned();
    assert_eq!(
        (change(&email.to_uppercase()), change(&format!("x{email}")), change(&email)),
        (true.into(), false.into(), false.into())
    );
}

/// The token of a link that the operator makes.
pub fn link(server: &Server, phone: &Phone) -> String {
    let made: Value = serde_json::from_str(&server.tandem(&["user", "link", &phone.username, "--json"])).unwrap();
    assert!(made["link"].is_null(), "nobody said where this site is: {}", made["link"]);
    made["token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn reset(server: &Server, token: &str, password: &str) -> Answer {
    request("POST", "/api/auth/password/reset/").json(&json!({"token": token, "password": password})).send(server.port)
}

fn reset_link(server: &Server) {
    let phone = Phone::register(server);
    let page = request("GET", "/api/reset/").send(server.port).expect(200);
    assert!(page.header("Content-Security-Policy").unwrap().starts_with("default-src 'none'; script-src 'nonce-"));
    let (token, spare) = (link(server, &phone), link(server, &phone));
    let keyed = |token: &str| {
        let body = json!({"token": token, "password": "another horse battery"});
        let ask = request("POST", "/api/auth/password/reset/").header("Idempotency-Key", format!("reset-{}", phone.username));
        ask.json(&body).send(server.port)
    };
    for bad in ["short", "12345678901", "password123", &phone.username] {
        refused(reset(server, &token, bad), "password");
    }
    phone.get("/auth/me/").expect(200);
    assert!(keyed(&token).expect(204).body.is_empty());
    keyed(&token).expect(204);
    unauthenticated(phone.get("/auth/me/"), "token_not_valid");
    for token in [token, spare] {
        refused(reset(server, &token, "a third horse battery"), "token");
    }
    let login = |password: &str| {
        let body = json!({"username": phone.username, "password": password});
        request("POST", "/api/auth/login/").json(&body).send(server.port).status
    };
    assert_eq!((login(PASSWORD), login("another horse battery")), (400, 200));
}

fn bad_links(server: &Server) {
    let phone = Phone::register(server);
    for wrong in ["x", "a.b.c", &phone.access, &phone.refresh] {
        refused(reset(server, wrong, "another horse battery"), "token");
    }
    refused(reset(server, "", "another horse battery"), "token");
    let token = link(server, &phone);
    let body = json!({"old_password": PASSWORD, "new_password": "another horse battery"});
    phone.post("/auth/password/", &body).expect(204);
    refused(reset(server, &token, "a third horse battery"), "token");
    let token = link(server, &phone);
    server.tandem(&["user", "disable", &phone.username]);
    refused(reset(server, &token, "a third horse battery"), "token");
    // A link lets nobody in by itself.
    unauthenticated(request("GET", "/api/auth/me/").bearer(&token).send(server.port), "token_not_valid");
}
