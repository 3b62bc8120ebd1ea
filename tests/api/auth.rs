//! Section 2 of the contract: the account.

use super::expect::{Things, problem, refused, unauthenticated};
use super::phone::{PASSWORD, fresh_name};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::{Answer, request};
use serde_json::{Value, json};
use tandem::db::Param;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a new account has the contract's shape and defaults", defaults),
    ("every field of an account is kept", every_field),
    ("user names have a form and a length", usernames),
    ("user names and addresses are unique whatever the case", unique),
    ("passwords have rules", passwords),
    ("a password's confirmation is optional and must be equal", confirmation),
    ("addresses have a form and may be missing", emails),
    ("names, languages and time zones have rules", other_fields),
    ("two registrations of one name at once make one account", at_once),
    ("an account is changed by its owner", change),
    ("a change of account shows in the couple and in the feed", change_is_shown),
    ("a changed password ends every other session", change_password),
    ("a password is changed only by who knows the old one", refused_passwords),
    ("an account is deleted only with its password", delete),
    ("the partner of a deleted account keeps everything", partner_keeps),
    ("nobody can stand in the way of a deletion", deletion_is_free),
    ("the last account of a couple takes everything along", last_deletes),
    ("an export holds everything", export),
];

#[track_caller]
pub fn register(server: &Server, more: Value) -> Answer {
    let mut body = json!({"username": fresh_name("reg"), "password": PASSWORD});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request("POST", "/api/auth/register/").json(&body).send(server.port)
}

fn defaults(server: &Server) {
    let name = fresh_name("plain");
    let body = register(server, json!({ "username": name })).expect(201).json();
    let id = &body["user"]["id"];
    let user = json!({"id": id, "username": name, "email": "", "email_verified": false, "first_name": "", "last_name": "", "language": "fr", "timezone": "UTC"});
    assert_eq!(body["user"], user);
    assert!(id.as_i64().is_some_and(|id| id > 0 && id < 1 << 48), "{id}");
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>().len(), 3, "user, access and refresh: {body}");
    let access = body["access"].as_str().unwrap();
    assert_eq!(request("GET", "/api/auth/me/").bearer(access).send(server.port).expect(200).json(), json!({ "user": user }));
}

fn every_field(server: &Server) {
    let sent = json!({
        "email": format!("{}@example.org", fresh_name("E")), "first_name": " Zoé ", "last_name": "김", "language": "ko", "timezone": "Asia/Seoul",
    });
    let user = register(server, sent.clone()).expect(201).json()["user"].clone();
    for field in ["email", "last_name", "language", "timezone"] {
        assert_eq!(user[field], sent[field]);
    }
    assert_eq!(user["first_name"], "Zoé");
}

fn usernames(server: &Server) {
    for good in [fresh_name("Ünï-한글"), fresh_name("a@b.c+d_e"), format!("  {}  ", fresh_name("trim"))] {
        let user = register(server, json!({ "username": good })).expect(201).json()["user"].clone();
        assert_eq!(user["username"], good.trim());
    }
    let longest = format!("{:x<150}", fresh_name("long"));
    register(server, json!({ "username": longest })).expect(201);
    for bad in [
        json!(""),
        json!("  "),
        json!(null),
        json!("a b"),
        json!("a/b"),
        json!("a:b"),
        json!("<a>"),
        json!("a\u{1f600}"),
        json!(longest + "x"),
        json!([1]),
    ] {
        refused(register(server, json!({ "username": bad })), "username");
    }
    refused(request("POST", "/api/auth/register/").json(&json!({"password": PASSWORD})).send(server.port), "username");
}

fn unique(server: &Server) {
    let (name, mail) = (fresh_name("Éva"), format!("{}@É.fr", fresh_name("Mail")));
    register(server, json!({"username": name, "email": mail})).expect(201);
    for same in [name.clone(), name.to_uppercase(), name.to_lowercase(), format!(" {name}")] {
        refused(register(server, json!({ "username": same })), "username");
    }
    for same in [mail.clone(), mail.to_uppercase(), mail.to_lowercase()] {
        let said = refused(register(server, json!({ "email": same })), "email");
        assert!(said.get("username").is_none(), "{said}");
    }
    let both = refused(register(server, json!({"username": name, "email": mail})), "email");
    assert!(both["username"][0].is_string(), "{both}");
}

fn passwords(server: &Server) {
    let name = fresh_name("Secretive");
    let rules = [
        "",
        "short12",
        "        ",
        "12345678",
        "98123471239847",
        "password",
        "PASSWORD1",
        "iloveyou",
        name.as_str(),
        &name.to_lowercase(),
        "a\0bcdefgh",
        &"x".repeat(129),
    ];
    for bad in rules {
        refused(register(server, json!({"username": name, "password": bad})), "password");
    }
    for bad in [json!(null), json!(["long enough"]), json!(true)] {
        refused(register(server, json!({ "password": bad })), "password");
    }
    refused(request("POST", "/api/auth/register/").json(&json!({"username": name})).send(server.port), "password");
    for good in ["hörse b8", &"Xy".repeat(64), " blanks stay ", "한국어비밀번호요"] {
        let name = fresh_name("good");
        register(server, json!({"username": name, "password": good})).expect(201);
        let login = |password: &str| {
            request("POST", "/api/auth/login/").json(&json!({"username": name, "password": password})).send(server.port)
        };
        login(good).expect(200);
        if good.trim() != good {
            login(good.trim()).expect(400);
        }
    }
}

fn confirmation(server: &Server) {
    register(server, json!({"password_confirm": PASSWORD})).expect(201);
    for other in ["", "another", &PASSWORD.to_uppercase(), &format!("{PASSWORD} ")] {
        let said = refused(register(server, json!({"password_confirm": other})), "password");
        assert!(said.get("password_confirm").is_none(), "{said}");
    }
}

fn emails(server: &Server) {
    for none in [json!(null), json!(""), json!("  ")] {
        assert_eq!(register(server, json!({ "email": none })).expect(201).json()["user"]["email"], "");
    }
    let host = format!("{}.fr", "b".repeat(60));
    let long = |length: usize| format!("{:a<1$}@{host}", fresh_name("m"), length - host.len() - 1);
    assert_eq!(register(server, json!({"email": long(254)})).expect(201).json()["user"]["email"].as_str().unwrap().len(), 254);
    for bad in [
        json!("a"),
        json!("a@b"),
        json!("@b.fr"),
        json!("a b@c.fr"),
        json!("a@b@c.fr"),
        json!("a@.fr"),
        json!(long(255)),
        json!(1),
        json!([]),
    ] {
        refused(register(server, json!({ "email": bad })), "email");
    }
}

fn other_fields(server: &Server) {
    for field in ["first_name", "last_name"] {
        register(server, json!({ field: "é".repeat(150) })).expect(201);
        for bad in [json!("é".repeat(151)), json!(null), json!({})] {
            refused(register(server, json!({ field: bad })), field);
        }
    }
    for bad in [json!("de"), json!("FR"), json!(""), json!(null), json!(1)] {
        refused(register(server, json!({ "language": bad })), "language");
    }
    for good in ["Europe/Paris", "Asia/Seoul", "UTC", "America/Argentina/Buenos_Aires"] {
        assert_eq!(register(server, json!({ "timezone": good })).expect(201).json()["user"]["timezone"], good);
    }
    for bad in [json!("Mars/Olympus"), json!(""), json!("+02:00"), json!(null), json!("x".repeat(100))] {
        refused(register(server, json!({ "timezone": bad })), "timezone");
    }
}

fn at_once(server: &Server) {
    let body = json!({"username": fresh_name("race"), "password": PASSWORD});
    let send = || request("POST", "/api/auth/register/").json(&body).send(server.port);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..4).map(|_| scope.spawn(send)).collect();
        running.into_iter().map(|one| one.join().unwrap().status).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 3, "{statuses:?}");
}

fn change(server: &Server) {
    let other = Phone::register_with(server, json!({"email": format!("{}@b.fr", fresh_name("taken"))}));
    let taken = other.get("/auth/me/").expect(200).json()["user"]["email"].clone();
    let phone = Phone::register(server);
    let mail = format!("{}@b.fr", fresh_name("new"));
    let sent = json!({"email": mail, "first_name": " A ", "last_name": "B", "language": "en", "timezone": "Asia/Seoul", "username": "other", "id": 1});
    let expected = json!({"id": phone.id, "username": phone.username, "email": mail, "email_verified": false, "first_name": "A", "last_name": "B", "language": "en", "timezone": "Asia/Seoul"});
    assert_eq!(phone.patch("/auth/me/", &sent).expect(200).json(), json!({ "user": expected }));
    assert_eq!(phone.patch("/auth/me/", &json!({})).expect(200).json()["user"], expected);
    let bad = [
        ("email", taken),
        ("email", json!("x")),
        ("language", json!("de")),
        ("timezone", json!("x")),
        ("first_name", json!("x".repeat(151))),
        ("last_name", Value::Null),
    ];
    for (field, value) in bad {
        refused(phone.patch("/auth/me/", &json!({"first_name": "Z", field: value})), field);
    }
    assert_eq!(phone.get("/auth/me/").expect(200).json()["user"], expected, "a refusal changes nothing");
    phone.patch("/auth/me/", &json!({ "email": mail.to_uppercase() })).expect(200);
    assert_eq!(phone.patch("/auth/me/", &json!({"email": null})).expect(200).json()["user"]["email"], "");
}

fn change_is_shown(server: &Server) {
    let (a, b) = Phone::couple(server);
    let before = b.poll("")["server_time"].as_str().unwrap().to_owned();
    a.patch("/auth/me/", &json!({"language": "ko", "timezone": "Asia/Seoul"})).expect(200);
    let couple = b.get("/couple/").expect(200).json()["couple"].clone();
    assert_eq!(couple["partner_a"], json!({"id": a.id, "username": a.username, "language": "ko", "timezone": "Asia/Seoul"}));
    assert_eq!(b.poll(&before)["changes"]["couple"][0]["id"], couple["id"]);
}

fn change_password(server: &Server) {
    let phone = Phone::register(server);
    let login = |password: &str| {
        request("POST", "/api/auth/login/").json(&json!({"username": phone.username, "password": password})).send(server.port)
    };
    let other = login(PASSWORD).expect(200).json();
    let new = "another horse battery";
    phone.post("/auth/password/", &json!({"old_password": PASSWORD, "new_password": new})).expect(204);
    phone.get("/auth/me/").expect(200);
    request("POST", "/api/auth/refresh/").json(&json!({"refresh": phone.refresh})).send(server.port).expect(200);
    unauthenticated(
        request("GET", "/api/auth/me/").bearer(other["access"].as_str().unwrap()).send(server.port),
        "token_not_valid",
    );
    problem(request("POST", "/api/auth/refresh/").json(&json!({"refresh": other["refresh"]})).send(server.port), 401);
    refused(login(PASSWORD), "non_field_errors");
    login(new).expect(200);
}

fn refused_passwords(server: &Server) {
    let phone = Phone::register(server);
    let send = |old: &str, new: &str| phone.post("/auth/password/", &json!({"old_password": old, "new_password": new}));
    refused(send("wrong", "another horse battery"), "old_password");
    for bad in ["short", "12345678901", "password", phone.username.as_str(), "", &"x".repeat(129)] {
        refused(send(PASSWORD, bad), "new_password");
    }
    let both = refused(phone.post("/auth/password/", &json!({})), "old_password");
    assert!(both["new_password"][0].is_string(), "{both}");
    let login = json!({"username": phone.username, "password": PASSWORD});
    request("POST", "/api/auth/login/").json(&login).send(server.port).expect(200);
}

/// Deletes the phone's account.
fn delete_me(phone: &Phone, body: &Value) -> Answer {
    phone.ask("DELETE", "/auth/me/").json(body).send(phone.port)
}

fn delete(server: &Server) {
    let phone = Phone::register(server);
    for body in [json!({}), json!({"password": ""}), json!({"password": "wrong"}), json!({"password": null})] {
        refused(delete_me(&phone, &body), "password");
    }
    phone.get("/auth/me/").expect(200);
    assert!(delete_me(&phone, &json!({"password": PASSWORD})).expect(204).body.is_empty());
    unauthenticated(phone.get("/auth/me/"), "user_not_found");
    problem(request("POST", "/api/auth/refresh/").json(&json!({"refresh": phone.refresh})).send(server.port), 401);
    let login = json!({"username": phone.username, "password": PASSWORD});
    refused(request("POST", "/api/auth/login/").json(&login).send(server.port), "non_field_errors");
    // The name is free again, for another person with another id.
    let again = register(server, json!({ "username": phone.username })).expect(201).json();
    assert_ne!(again["user"]["id"], phone.id);
}

fn partner_keeps(server: &Server) {
    let (a, b) = Phone::couple(server);
    let things = Things::of(&a);
    let before = b.poll("")["server_time"].as_str().unwrap().to_owned();
    delete_me(&a, &json!({"password": PASSWORD})).expect(204);
    for path in things.paths() {
        let text = b.get(&path).expect(200).text();
        assert!(!text.contains(&a.username), "{path} still names who is gone: {text}");
    }
    let couple = b.get("/couple/").expect(200).json()["couple"].clone();
    assert_eq!((&couple["partner_a"]["id"], &couple["partner_b"]), (&json!(b.id), &Value::Null), "{couple}");
    assert_eq!(b.poll(&before)["changes"]["couple"][0]["id"], couple["id"]);
    b.patch(&things.paths()[0], &json!({"title": "On"})).expect(200);
}

fn deletion_is_free(server: &Server) {
    let phone = Phone::register(server);
    register(server, json!({ "username": format!("deleted-{}", phone.id) })).expect(201);
    delete_me(&phone, &json!({"password": PASSWORD})).expect(204);
}

fn last_deletes(server: &Server) {
    let (a, b) = Phone::couple(server);
    let things = Things::of(&a);
    delete_me(&a, &json!({"password": PASSWORD})).expect(204);
    delete_me(&b, &json!({"password": PASSWORD})).expect(204);
    let mut store = server.store();
    let mut count = |sql: &str, bound: &[Param<'_>]| store.one(sql, bound, |row| row.get::<i64>(0)).unwrap();
    for (table, id) in ["goals", "goal_actions", "questions", "checkins", "letters"].iter().zip(things.ids()) {
        assert_eq!(count(&format!("SELECT COUNT(*) FROM {table} WHERE id = ?"), params![id]), Some(0), "{table}");
    }
    let named = count("SELECT COUNT(*) FROM users WHERE username_key IN (?, ?)", params![&a.username, &b.username]);
    assert_eq!(named, Some(0));
}

fn export(server: &Server) {
    let (a, b) = Phone::couple(server);
    let things = Things::of(&a);
    let by_partner = b.make("/checkins/", &json!({"date": "2026-01-16"}));
    let export = b.get("/auth/export/").expect(200).json();
    assert_eq!(export["user"], b.get("/auth/me/").expect(200).json()["user"]);
    let data = &export["data"];
    let lists = [("goals", 0), ("goal_actions", 1), ("qna_questions", 2), ("checkins", 3), ("letters", 4)];
    for (list, n) in lists {
        let shown = b.get(&things.paths()[n]).expect(200).json();
        let held = data[list].as_array().unwrap_or_else(|| panic!("no {list} in {export}"));
        assert!(held.contains(&shown), "{list}: {shown} is not in {held:?}");
    }
    assert!(data["checkins"].to_string().contains(&by_partner));
    assert_eq!(data["qna_answers"][0]["text"], "South");
    assert_eq!(data["couple"][0], b.get("/couple/").expect(200).json()["couple"]);
    assert!(!export.to_string().contains("argon2"));
}
