//! Teams: tenants of many, made by the operator, joined by codes; and the couple's nouns in them.

use super::expect::{is_id, is_instant, problem, refused};
use super::letters::text_of;
use super::{Case, Phone, feed};
use crate::servers::Server;
use crate::servers::client::Answer;
use serde_json::{Value, json};
use std::thread;
use tandem::db::Mode;
use tandem::domain::couples::rules::MAX_SEATS;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a team shows its name and its members with their roles, and no partners", shape),
    ("a team's code takes in everybody until it expires", one_code_for_many),
    ("staff and admins of a team invite, members do not", who_invites),
    ("an admin's code may give any role, and then once; staff's give the role member alone", codes_of_roles),
    ("codes that give a role end when their maker is no admin any more", codes_of_former_admins),
    ("a team has so many seats and no more", seats),
    ("of many who join at once as many get in as there are seats", at_once),
    ("who is in a team starts and joins nothing else", one_tenant_each),
    ("joining, leaving and roles show in the feed of a team", feed_of_a_team),
    ("everybody in a team answers a question, each once", answers),
    ("a question with the answers of a team is deleted by its asker and by staff", deleting_questions),
    ("a goal of a team may be anybody's in it", owners),
    ("check-ins of a team are one's own, everybody else's or all", checkins),
    ("a letter of a team is signed by the team", letters),
    ("everything in a team reaches everybody in it and nobody else", shared),
];

#[track_caller]
pub fn team(phone: &Phone) -> Value {
    phone.get("/couple/").expect(200).json()["team"].clone()
}

#[track_caller]
pub fn code(phone: &Phone) -> String {
    phone.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].as_str().unwrap().to_owned()
}

#[track_caller]
pub fn join(phone: &Phone, code: &str) -> u16 {
    phone.post("/couple/join/", &json!({ "code": code })).status
}

/// The ids of a team's members.
#[track_caller]
pub fn ids(phone: &Phone) -> Vec<i64> {
    team(phone)["members"].as_array().unwrap().iter().map(|member| member["id"].as_i64().unwrap()).collect()
}

fn shape(server: &Server) {
    let phones = Phone::team(server, &["admin", "member"]);
    let answer = phones[1].get("/couple/").expect(200).json();
    let shown = &answer["team"];
    let member = |n: usize, role: &str| {
        let joined = &shown["members"][n]["joined_at"];
        assert!(is_instant(joined), "{joined}");
        let (id, username) = (phones[n].id, &phones[n].username);
        json!({"id": id, "username": username, "language": "fr", "timezone": "UTC", "role": role, "joined_at": joined})
    };
    let expected = json!({
        "id": shown["id"], "kind": "team", "name": shown["name"], "members": [member(0, "admin"), member(1, "member")],
        "created_at": shown["created_at"], "updated_at": shown["updated_at"],
    });
    assert_eq!(answer, json!({ "team": expected }));
    assert!(is_id(&shown["id"]) && is_instant(&shown["created_at"]) && shown["name"].as_str().unwrap().starts_with("team"));
    assert_eq!(team(&phones[0]), *shown);
    assert_eq!(phones[0].get("/couple/").header("ETag"), phones[1].get("/couple/").header("ETag"));
}

fn one_code_for_many(server: &Server) {
    let phones = Phone::team(server, &["admin"]);
    let code = code(&phones[0]);
    let mut expected = vec![phones[0].id];
    for _ in 0..3 {
        let phone = Phone::register(server);
        let answer = phone.post("/couple/join/", &json!({ "code": code })).expect(200).json();
        expected.push(phone.id);
        assert_eq!(answer["team"]["members"].as_array().unwrap().last().unwrap()["role"], "member");
        assert_eq!(answer["team"], team(&phones[0]));
        assert_eq!(ids(&phone), expected, "who came first is first");
    }
    assert_eq!(server.alter("UPDATE invites SET expires_at = 1 WHERE code = ?", params![&code]), 1);
    assert_eq!(join(&Phone::register(server), &code), 400);
}

fn who_invites(server: &Server) {
    let phones = Phone::team(server, &["admin", "staff", "member"]);
    for phone in &phones[..2] {
        assert_eq!(join(&Phone::register(server), &code(phone)), 200);
    }
    problem(phones[2].post("/couple/invite/", &json!({})), 403);
    assert_eq!(ids(&phones[0]).len(), 5);
}

fn code_for(phone: &Phone, role: &str) -> Answer {
    phone.post("/couple/invite/", &json!({ "role": role }))
}

fn codes_of_roles(server: &Server) {
    let phones = Phone::team(server, &["admin", "staff", "member"]);
    assert_eq!(phones[1].post("/couple/invite/", &json!({})).expect(200).json()["invite"]["role"], "member");
    for role in ["staff", "admin"] {
        problem(code_for(&phones[1], role), 403);
        problem(code_for(&phones[2], role), 403);
        let invite = code_for(&phones[0], role).expect(200).json()["invite"].clone();
        assert_eq!(invite["role"], role);
        let guest = Phone::register(server);
        let joined = guest.post("/couple/join/", &json!({"code": invite["code"]})).expect(200).json();
        assert_eq!(joined["team"]["members"].as_array().unwrap().last().unwrap()["role"], role);
        assert_eq!(join(&Phone::register(server), invite["code"].as_str().unwrap()), 400, "it was for one");
        code_for(&guest, "member").expect(200);
        assert_eq!(code_for(&guest, "admin").status, if role == "admin" { 200 } else { 403 });
    }
    refused(code_for(&phones[0], "owner"), "role");
    let single = Phone::single(server);
    problem(code_for(&single, "admin"), 400);
    assert!(code_for(&single, "member").expect(200).json()["invite"].get("role").is_none(), "a couple has no roles");
}

fn codes_of_former_admins(server: &Server) {
    let phones = Phone::team(server, &["admin", "admin"]);
    let made = |role: &str| code_for(&phones[1], role).expect(200).json()["invite"]["code"].as_str().unwrap().to_owned();
    let (higher, plain) = (made("admin"), made("member"));
    let give =
        |role: &str| drop(phones[0].patch(&format!("/couple/members/{}/", phones[1].id), &json!({ "role": role })).expect(200));
    give("staff");
    give("admin");
    assert_eq!(join(&Phone::register(server), &higher), 400);
    assert_eq!(join(&Phone::register(server), &plain), 200, "staff make these, too");
    let last = made("staff");
    give("member");
    assert_eq!(join(&Phone::register(server), &last), 400);
}

/// Fills a team's seats but for so many.
fn fill(server: &Server, phone: &Phone, free: i64) {
    let mut db = server.store();
    db.begin(Mode::Write).unwrap();
    let mut one = |sql, n: i64| db.one(sql, params![n], |row| row.get::<i64>(0)).unwrap().unwrap();
    let tenant = one("SELECT tenant FROM members WHERE user_id = ?", phone.id);
    let taken = one("SELECT COUNT(*) FROM members WHERE tenant = ?", tenant);
    for seat in taken..MAX_SEATS - free {
        let (user, name) = (tenant + seat, format!("filler:{tenant}:{seat}"));
        let sql = "INSERT INTO users (id, username, username_key, password, first_name, last_name, language, timezone, disabled, created_at, updated_at) \
             VALUES (?, ?, ?, '!', '', '', 'fr', 'UTC', 1, 1, 1)";
        db.run(sql, params![user, &name, &name]).unwrap();
        let sql = "INSERT INTO members (user_id, tenant, seat, role, joined_at) VALUES (?, ?, ?, 'member', 1)";
        db.run(sql, params![user, tenant, seat]).unwrap();
    }
    db.commit().unwrap();
}

fn seats(server: &Server) {
    let phones = Phone::team(server, &["admin"]);
    let code = code(&phones[0]);
    fill(server, &phones[0], 1);
    assert_eq!(join(&Phone::register(server), &code), 200);
    let late = Phone::register(server);
    let said = problem(late.post("/couple/join/", &json!({ "code": code })), 400);
    assert!(said["detail"].as_str().unwrap().contains(&MAX_SEATS.to_string()), "{said}");
    problem(phones[0].post("/couple/invite/", &json!({})), 400);
    problem(late.get("/couple/"), 404);
    assert_eq!(i64::try_from(ids(&phones[0]).len()).unwrap(), MAX_SEATS);
    // A seat that becomes free is given again.
    phones[0].delete(&format!("/couple/members/{}/", ids(&phones[0])[1])).expect(204);
    assert_eq!(join(&late, &super::teams::code(&phones[0])), 200);
}

fn at_once(server: &Server) {
    let phones = Phone::team(server, &["admin"]);
    let code = code(&phones[0]);
    fill(server, &phones[0], 3);
    let guests: Vec<Phone> = (0..6).map(|_| Phone::register(server)).collect();
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let running: Vec<_> = guests.iter().map(|guest| scope.spawn(|| join(guest, &code))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 400, 400, 400]);
}

fn one_tenant_each(server: &Server) {
    let (one, two) = (Phone::team(server, &["admin", "member"]), Phone::team(server, &["admin"]));
    let (couple, single) = (Phone::couple(server).0, Phone::single(server));
    let (team_code, couple_code) = (code(&two[0]), code(&single));
    for phone in &one {
        problem(phone.post("/couple/create/", &json!({})), 400);
        assert_eq!((join(phone, &team_code), join(phone, &couple_code)), (400, 400));
    }
    assert_eq!((join(&couple, &team_code), join(&single, &team_code)), (400, 400));
    assert_eq!((ids(&one[0]).len(), ids(&two[0]).len()), (2, 1));
}

fn feed_of_a_team(server: &Server) {
    let phones = Phone::team(server, &["admin", "member"]);
    let id = team(&phones[0])["id"].clone();
    let shown = |since: &str| {
        let poll = phones[0].get(&format!("/sync/changes/?since={since}&include=objects")).expect(200).json();
        let row = poll["changes"]["couple"][0].clone();
        assert_eq!((&row["id"], &row["object"]), (&id, &team(&phones[0])), "{poll}");
        feed::text(&poll["server_time"])
    };
    let mut since = shown(&feed::ago(60));
    let guest = Phone::register(server);
    assert_eq!(join(&guest, &code(&phones[0])), 200);
    since = shown(&since);
    phones[0].patch(&format!("/couple/members/{}/", guest.id), &json!({"role": "staff"})).expect(200);
    since = shown(&since);
    guest.post("/couple/leave/", &json!({})).expect(204);
    since = shown(&since);
    server.tandem(&["tenant", "add", id.as_str().unwrap(), &guest.username]);
    since = shown(&since);
    server.tandem(&["tenant", "remove", id.as_str().unwrap(), &guest.username]);
    shown(&since);
}

fn answers(server: &Server) {
    let phones = Phone::team(server, &["admin", "member", "member"]);
    let question = phones[1].make("/qna/questions/", &json!({"text": "When?"}));
    for phone in phones.iter().chain(&phones) {
        phone.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": phone.username})).expect(200);
    }
    let shown = phones[2].get(&format!("/qna/questions/{question}/")).expect(200).json();
    let given: Vec<(i64, &str)> = shown["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| (answer["user_id"].as_i64().unwrap(), answer["text"].as_str().unwrap()))
        .collect();
    assert_eq!(given, phones.iter().map(|phone| (phone.id, phone.username.as_str())).collect::<Vec<_>>());
    problem(phones[0].patch(&format!("/qna/questions/{question}/"), &json!({"text": "x"})), 403);
}

fn deleting_questions(server: &Server) {
    let phones = Phone::team(server, &["admin", "staff", "member", "member"]);
    let ask = |phone: &Phone| format!("/qna/questions/{}/", phone.make("/qna/questions/", &json!({"text": "?"})));
    let path = ask(&phones[3]);
    phones[2].post(&format!("{path}answer/"), &json!({"text": "a"})).expect(200);
    problem(phones[2].delete(&path), 403);
    phones[3].get(&path).expect(200);
    phones[3].delete(&path).expect(204);
    for phone in &phones[..2] {
        phone.delete(&ask(&phones[3])).expect(204);
    }
    problem(phones[3].delete(&ask(&phones[0])), 403);
}

fn owners(server: &Server) {
    let phones = Phone::team(server, &["admin", "member", "member"]);
    let goal = phones[0].make("/goals/", &json!({"title": "Ship", "owner": phones[2].id}));
    let path = format!("/goals/{goal}/");
    assert_eq!(phones[1].patch(&path, &json!({"owner": phones[1].id})).expect(200).json()["owner"], phones[1].id);
    refused(phones[1].patch(&path, &json!({"owner": Phone::register(server).id})), "owner");
    phones[2].post(&format!("{path}actions/"), &json!({"text": "Test"})).expect(201);
    assert_eq!(phones[0].get(&path).expect(200).json()["actions"][0]["text"], "Test");
}

fn checkins(server: &Server) {
    let phones = Phone::team(server, &["admin", "member", "member"]);
    let made: Vec<String> = phones.iter().map(|phone| phone.make("/checkins/", &json!({"date": "2026-01-16"}))).collect();
    let list = |user: &str| {
        let page = phones[1].get(&format!("/checkins/?from=2026-01-16&user={user}")).expect(200).json();
        let mut ids: Vec<String> = page["results"].as_array().unwrap().iter().map(|one| feed::text(&one["id"])).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(list("me"), made[1..2]);
    assert_eq!(list("partner"), [made[0].clone(), made[2].clone()]);
    assert_eq!(list("all"), made);
    // Not even an admin changes what another has felt.
    problem(phones[0].patch(&format!("/checkins/{}/", made[1]), &json!({"mood": 1})), 403);
}

fn letters(server: &Server) {
    let phones = Phone::team(server, &["admin", "member", "member"]);
    let letter = |phone: &Phone, text: &str| phone.post("/letters/", &json!({"month": "2026-01", "content": text}));
    let id = feed::text(&letter(&phones[2], "Dear all").expect(201).json()["letter"]["id"]);
    letter(&phones[1], "Dearest").expect(200);
    let pdf = text_of(&phones[0].get(&format!("/letters/{id}/pdf/")).expect(200));
    let name: String = team(&phones[0])["name"].as_str().unwrap().split_whitespace().collect();
    assert!(pdf.contains("Dearest") && pdf.contains(&name), "{pdf}");
    assert!(phones.iter().all(|phone| !pdf.contains(&phone.username)), "{pdf}");
}

fn shared(server: &Server) {
    let (phones, other) = (Phone::team(server, &["member", "member", "admin"]), Phone::team(server, &["admin"]));
    let since = feed::now(&phones[1]);
    let strangers = feed::now(&other[0]);
    let made = feed::objects(&phones[0]);
    let seen = feed::rows(&phones[1].poll(&since));
    assert_eq!(seen.len(), made.len());
    assert_eq!(feed::rows(&phones[2].poll(&since)), seen);
    assert_eq!(feed::rows(&other[0].poll(&strangers)), []);
    for object in &made {
        assert_eq!(object.alone(&phones[2]), object.alone(&phones[0]), "{}", object.list);
    }
}
