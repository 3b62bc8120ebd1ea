//! Names, addresses and passwords, however a keyboard writes them.

use super::Case;
use super::expect::refused;
use super::phone::{PASSWORD, fresh_name};
use crate::servers::Server;
use crate::servers::client::{Answer, request};
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("one name in several forms is one account", one_name),
    ("an account signs in by any form of its name or address", any_form),
    ("nobody has a name that is not seen", unseen),
    ("a name that grows as it is composed or folded is refused, not cut", too_long),
    ("a password is the same however it is written", passwords),
];

fn register(server: &Server, name: &str, password: &str, email: Option<&str>) -> Answer {
    let body = json!({"username": name, "password": password, "email": email});
    request("POST", "/api/auth/register/").json(&body).send(server.port)
}

fn login(server: &Server, field: &str, name: &str, password: &str) -> Answer {
    let mut body = json!({ "password": password });
    body[field] = Value::from(name);
    request("POST", "/api/auth/login/").json(&body).send(server.port)
}

fn one_name(server: &Server) {
    for (first, second) in [
        ("가나", "\u{1100}\u{1161}\u{1102}\u{1161}"),
        ("josé", "JOSE\u{301}"),
        ("straße", "STRASSE"),
        ("ana", "\u{ff41}\u{ff2e}a"),
    ] {
        let unique = fresh_name("");
        register(server, &format!("{first}{unique}"), PASSWORD, None).expect(201);
        refused(register(server, &format!("{second}{unique}"), PASSWORD, None), "username");
        let (one, other) = (format!("{first}{unique}@x.fr"), format!("{second}{unique}@X.FR"));
        register(server, &fresh_name("u"), PASSWORD, Some(&one)).expect(201);
        refused(register(server, &fresh_name("u"), PASSWORD, Some(&other)), "email");
    }
}

fn any_form(server: &Server) {
    let unique = fresh_name("");
    let apart = format!("Jose\u{301}{unique}");
    let user = register(server, &apart, PASSWORD, Some(&format!("{apart}@x.fr"))).expect(201).json()["user"].clone();
    assert_eq!(user["username"], format!("José{unique}"), "shown composed");
    for name in [format!("josé{unique}"), format!("JOSE\u{301}{unique}"), format!(" jos\u{e9}{unique}\u{200b}")] {
        for (field, name) in
            [("username", name.clone()), ("email", name.clone()), ("email", format!("{name}@x.fr").replace('\u{200b}', ""))]
        {
            assert_eq!(login(server, field, &name, PASSWORD).expect(200).json()["user"]["id"], user["id"], "{field} {name:?}");
        }
    }
}

fn unseen(server: &Server) {
    for hidden in ["\u{3164}", "\u{115f}\u{1160}", "ana\u{200b}", "ana\u{202e}", "a\u{ad}na", "ana\u{feff}x", "\u{ffa0}"] {
        refused(register(server, &format!("{hidden}{}", fresh_name("h")), PASSWORD, None), "username");
        refused(register(server, &fresh_name("h"), PASSWORD, Some(&format!("a{hidden}b@x.fr"))), "email");
    }
}

fn too_long(server: &Server) {
    for (letter, count) in [("ß", 150), ("\u{fdfa}", 20), ("\u{1f80}", 150), ("ŉ", 100)] {
        let answer = register(server, &letter.repeat(count), PASSWORD, None);
        assert!([201, 400].contains(&answer.status), "{letter}: {}", answer.text());
    }
    refused(register(server, &"ß".repeat(80), PASSWORD, None), "username");
    refused(register(server, &fresh_name("l"), PASSWORD, Some(&format!("{}@x.fr", "ß".repeat(130)))), "email");
    let name = format!("{}{}", "\u{1112}\u{1161}\u{11ab}".repeat(60), fresh_name(""));
    register(server, &name, PASSWORD, None).expect(201);
}

fn passwords(server: &Server) {
    let (composed, apart) = ("caf\u{e9} secret 7", "cafe\u{301} secret 7");
    for (chosen, typed) in [(composed, apart), (apart, composed)] {
        let name = fresh_name("p");
        let phone = register(server, &name, chosen, None).expect(201).json();
        login(server, "username", &name, typed).expect(200);
        login(server, "username", &name, chosen).expect(200);
        assert_eq!(login(server, "username", &name, "cafe secret 7").status, 400);
        let change = json!({"old_password": typed, "new_password": "another one 8"});
        let access = phone["access"].as_str().unwrap();
        request("POST", "/api/auth/password/").bearer(access).json(&change).send(server.port).expect(204);
    }
    refused(register(server, &fresh_name("p"), "\u{1100}\u{1161}".repeat(5).as_str(), None), "password");
}
