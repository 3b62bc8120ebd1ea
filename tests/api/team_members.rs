//! Who is in a team: roles, removing, leaving, and that a couple knows none of it.

use super::expect::{problem, refused};
use super::teams::{code, ids, join, team};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("the members of a team are listed in pages and shown one by one", listed),
    ("admins give roles, nobody else", roles),
    ("a role that is no role is 400", bad_roles),
    ("admins remove members, everybody themself, nobody else", removing),
    ("who was removed cannot come back by a code they know", removed_codes),
    ("the last admin neither leaves the others nor gives the role up", last_admin),
    ("a team stays when the last member has left", empty_team),
    ("deleting an account leaves the team, even the last admin's", deleted_accounts),
    ("members honour conditional requests", conditional),
    ("members of another team do not exist", strangers),
    ("a couple has members without roles, and neither removes the other", couples),
];

fn path(phone: &Phone) -> String {
    format!("/couple/members/{}/", phone.id)
}

#[track_caller]
fn role(phone: &Phone, of: &Phone) -> Value {
    phone.get(&path(of)).expect(200).json()["role"].clone()
}

fn listed(server: &Server) {
    let phones = Phone::team(server, &["member", "staff", "admin"]);
    let page = phones[0].get("/couple/members/").expect(200).json();
    assert_eq!((&page["count"], &page["next"]), (&json!(3), &Value::Null));
    assert_eq!(page["results"], team(&phones[0])["members"]);
    let second = phones[0].get("/couple/members/?page_size=2&page=2").expect(200).json();
    assert_eq!(second["results"], json!([page["results"][2]]));
    for (n, phone) in phones.iter().enumerate() {
        assert_eq!(phones[0].get(&path(phone)).expect(200).json(), page["results"][n]);
    }
    problem(phones[0].get("/couple/members/?page=2"), 404);
    problem(Phone::register(server).get("/couple/members/"), 404);
}

fn roles(server: &Server) {
    let phones = Phone::team(server, &["admin", "staff", "member"]);
    for phone in &phones[1..] {
        problem(phone.patch(&path(phone), &json!({"role": "admin"})), 403);
        problem(phone.patch(&path(&phones[0]), &json!({"role": "member"})), 403);
    }
    for new in ["staff", "admin", "admin", "member"] {
        let shown = phones[0].patch(&path(&phones[2]), &json!({ "role": new })).expect(200);
        assert_eq!((&shown.json()["role"], role(&phones[2], &phones[2])), (&json!(new), json!(new)));
        assert_eq!(shown.header("ETag"), phones[1].get(&path(&phones[2])).header("ETag"));
    }
    // What the role allows is known at once.
    phones[0].patch(&path(&phones[1]), &json!({"role": "member"})).expect(200);
    problem(phones[1].post("/couple/invite/", &json!({})), 403);
    phones[0].patch(&path(&phones[2]), &json!({"role": "admin"})).expect(200);
    phones[2].patch(&path(&phones[0]), &json!({"role": "member"})).expect(200);
    problem(phones[0].patch(&path(&phones[2]), &json!({"role": "member"})), 403);
}

fn bad_roles(server: &Server) {
    let phones = Phone::team(server, &["admin", "member"]);
    for bad in [json!("owner"), json!("Admin"), json!(""), json!(null), json!(1), json!(["admin"])] {
        refused(phones[0].patch(&path(&phones[1]), &json!({ "role": bad })), "role");
    }
    assert_eq!(phones[0].patch(&path(&phones[1]), &json!({})).expect(200).json()["role"], "member", "a part of nothing");
}

fn removing(server: &Server) {
    let phones = Phone::team(server, &["admin", "staff", "member", "member", "admin"]);
    for phone in &phones[1..3] {
        problem(phone.delete(&path(&phones[3])), 403);
        problem(phone.delete(&path(&phones[0])), 403);
    }
    assert_eq!(ids(&phones[0]).len(), 5);
    let goal = phones[3].make("/goals/", &json!({"title": "x"}));
    phones[0].delete(&path(&phones[3])).expect(204);
    problem(phones[3].get("/couple/"), 404);
    problem(phones[3].get(&format!("/goals/{goal}/")), 404);
    phones[0].get(&format!("/goals/{goal}/")).expect(200);
    problem(phones[0].delete(&path(&phones[3])), 404);
    phones[2].delete(&path(&phones[2])).expect(204);
    phones[0].delete(&path(&phones[4])).expect(204);
    assert_eq!(ids(&phones[1]), [phones[0].id, phones[1].id]);
    // A seat is not given to two.
    assert_eq!(join(&phones[4], &code(&phones[0])), 200);
    assert_eq!(role(&phones[4], &phones[4]), "member", "an old role does not come back");
}

fn removed_codes(server: &Server) {
    let phones = Phone::team(server, &["admin", "staff"]);
    let codes = [code(&phones[0]), code(&phones[1])];
    phones[0].delete(&path(&phones[1])).expect(204);
    for code in &codes {
        assert_eq!(join(&phones[1], code), 400);
    }
    // Who left by themself may come back.
    assert_eq!(join(&phones[1], &code(&phones[0])), 200);
    let known = code(&phones[0]);
    phones[1].post("/couple/leave/", &json!({})).expect(204);
    assert_eq!(join(&phones[1], &known), 200);
}

fn last_admin(server: &Server) {
    let phones = Phone::team(server, &["admin", "member"]);
    let before = team(&phones[0]);
    problem(phones[0].post("/couple/leave/", &json!({})), 400);
    problem(phones[0].delete(&path(&phones[0])), 400);
    problem(phones[0].patch(&path(&phones[0]), &json!({"role": "staff"})), 400);
    assert_eq!(team(&phones[1]), before, "what was refused changed nothing");
    phones[0].patch(&path(&phones[1]), &json!({"role": "admin"})).expect(200);
    phones[0].post("/couple/leave/", &json!({})).expect(204);
    assert_eq!(ids(&phones[1]), [phones[1].id]);
    problem(phones[1].patch(&path(&phones[1]), &json!({"role": "member"})), 400);
}

fn empty_team(server: &Server) {
    let phones = Phone::team(server, &["admin"]);
    let id = team(&phones[0])["id"].as_str().unwrap().to_owned();
    let goal = phones[0].make("/goals/", &json!({"title": "x"}));
    phones[0].post("/couple/leave/", &json!({})).expect(204);
    problem(phones[0].get("/couple/"), 404);
    problem(phones[0].post("/couple/leave/", &json!({})), 404);
    server.tandem(&["tenant", "add", &id, &phones[0].username]);
    phones[0].get(&format!("/goals/{goal}/")).expect(200);
}

fn deleted_accounts(server: &Server) {
    let phones = Phone::team(server, &["admin", "member"]);
    let delete = |phone: &Phone| {
        phone.ask("DELETE", "/auth/me/").json(&json!({"password": super::phone::PASSWORD})).send(server.port).expect(204)
    };
    delete(&phones[0]);
    assert_eq!(ids(&phones[1]), [phones[1].id]);
    // Nobody was made an admin; nobody is kept from leaving either.
    assert_eq!(role(&phones[1], &phones[1]), "member");
    phones[1].post("/couple/leave/", &json!({})).expect(204);
}

fn conditional(server: &Server) {
    let phones = Phone::team(server, &["admin", "member"]);
    let tag = phones[0].get(&path(&phones[1])).header("ETag").unwrap().to_owned();
    let send = |method: &str, tag: &str| {
        phones[0].ask(method, &path(&phones[1])).header("If-Match", tag).json(&json!({"role": "staff"})).send(server.port)
    };
    send("PATCH", &tag).expect(200);
    for method in ["PATCH", "DELETE"] {
        problem(send(method, &tag), 412);
    }
    assert_eq!(role(&phones[1], &phones[1]), "staff");
    phones[0].ask("GET", &path(&phones[1])).header("If-None-Match", "*").send(server.port).expect(304);
    send("DELETE", "*").expect(204);
}

fn strangers(server: &Server) {
    let (phones, others) = (Phone::team(server, &["admin", "member"]), Phone::team(server, &["admin", "member"]));
    let before = team(&others[0]);
    for id in
        [others[1].id.to_string(), Phone::register(server).id.to_string(), "0".into(), "-1".into(), "x".into(), "9".repeat(30)]
    {
        for method in ["GET", "PATCH", "DELETE"] {
            let ask = phones[0].ask(method, &format!("/couple/members/{id}/")).json(&json!({"role": "member"}));
            problem(ask.send(server.port), 404);
        }
    }
    assert_eq!(team(&others[0]), before);
}

fn couples(server: &Server) {
    let (a, b) = Phone::couple(server);
    let page = a.get("/couple/members/").expect(200).json();
    let shown: Vec<(&Value, &Value)> =
        page["results"].as_array().unwrap().iter().map(|member| (&member["id"], &member["role"])).collect();
    assert_eq!(shown, [(&json!(a.id), &json!("member")), (&json!(b.id), &json!("member"))]);
    for (own, other) in [(&a, &b), (&b, &a)] {
        problem(own.delete(&path(other)), 403);
        problem(own.patch(&path(other), &json!({"role": "admin"})), 403);
        problem(own.patch(&path(own), &json!({"role": "admin"})), 403);
    }
    a.delete(&path(&a)).expect(204);
    assert_eq!(b.get("/couple/").expect(200).json()["couple"]["partner_a"]["id"], b.id, "who stays is partner A");
    b.delete(&path(&b)).expect(204);
    problem(b.get("/couple/"), 404);
}
