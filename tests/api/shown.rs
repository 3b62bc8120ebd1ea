//! Objects that show another's state: whatever an account or a member does, each object that looks different after it is in the
//! feed with a new tag. Every kind of the feed and every GET of members is looked at before and after.

use super::expect::add_action;
use super::phone::PASSWORD;
use super::resolutions::usual;
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tandem::app::FEATURES;
use tandem::feature::{Access, Face};
use tandem::http::Method;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every GET of members is looked at, or it is said why not", every_read),
    ("what a partner's account changes moves what shows it", partner_changes),
    ("what shows a partner who leaves moves", partner_leaves),
    ("what shows a partner whose account ends moves", partner_ends),
    ("what shows the name of who left long ago moves when their account ends", former_partner_ends),
    ("what shows a member of a team moves with role, leaving, removal and the account's end", team),
    ("a goal whose owner left has none, and is written as it is shown", goal_without_owner),
    (
        "a goal whose owner the operator took out has none, and where an older program did it, is written as it is shown",
        goal_of_a_stranger,
    ),
];

/// GETs of one object, whose id is in the feed.
const OBJECTS: &[(&str, &str)] = &[
    ("/goals/{id}/", "goals"),
    ("/goals/actions/{id}/", "goal_actions"),
    ("/qna/questions/{id}/", "qna_questions"),
    ("/checkins/{id}/", "checkins"),
    ("/letters/{id}/", "letters"),
];

/// GETs that show the couple or team: its object moves for all of them. A letter's PDF names it at its head.
const OF_THE_COUPLE: &[&str] = &["/couple/", "/couple/members/", "/couple/members/{id}/", "/letters/{id}/pdf/"];

/// The others, with the reason why they are not looked at.
const OTHERS: &[(&str, &str)] = &[
    ("/goals/", "its objects are looked at one by one"),
    ("/goals/{id}/actions/", "its objects are looked at one by one"),
    ("/goals/actions/", "its objects are looked at one by one"),
    ("/couple/export/", "everything at once, whose objects are kinds of the feed"),
    ("/sync/attendance/{id}/", "a kind of the feed"),
    ("/sync/helpdesk/{id}/", "a kind of the feed"),
    ("/sync/journal/{id}/", "a kind of the feed"),
    ("/sync/activity/{id}/", "a kind of the feed"),
    ("/sync/work-orders/{id}/", "a kind of the feed"),
    ("/sync/goals/{id}/", "an object that its own route shows, too"),
    ("/sync/goal_actions/{id}/", "an object that its own route shows, too"),
    ("/sync/questions/{id}/", "an object that its own route shows, too"),
    ("/sync/answers/{id}/", "an object that its own route shows, too"),
    ("/sync/checkins/{id}/", "an object that its own route shows, too"),
    ("/sync/letters/{id}/", "an object that its own route shows, too"),
    ("/qna/questions/", "its objects are looked at one by one"),
    ("/checkins/", "its objects are looked at one by one"),
    ("/letters/", "its objects are looked at one by one"),
    ("/sync/edits/", "its objects are a kind of the feed"),
    ("/sync/conflicts/", "its objects are a kind of the feed"),
    ("/sync/changes/", "it is the feed"),
    ("/sync/attendance/changes/", "its objects are a kind of the feed"),
    ("/sync/helpdesk/changes/", "its objects are a kind of the feed"),
    ("/sync/journal/changes/", "its objects are a kind of the feed"),
    ("/sync/activity/changes/", "its objects are a kind of the feed"),
    ("/sync/work-orders/changes/", "its objects are a kind of the feed"),
    ("/sync/policies/{domain}/", "it shows nobody"),
    ("/sync/domains/", "it shows nobody"),
    ("/push/messages/", "messages, which polls bring"),
    ("/push/stream/", "what the feed tells, where an engine holds it"),
    ("/sync/devices/", "figures about uploads, in no feed"),
    ("/sync/devices/{id}/health/", "figures about uploads, in no feed"),
    ("/sync/health/", "figures about uploads, in no feed"),
    ("/sync/health/snapshots/", "figures about uploads, in no feed"),
];

fn every_read(_: &Server) {
    let member = |access: Access| matches!(access, Access::Member(_));
    let routes = FEATURES.iter().flat_map(|feature| feature.routes);
    let reads = routes.filter(|route| route.method == Method::Get && route.face == Face::Rest && member(route.access));
    let reads: BTreeSet<&str> = reads.map(|route| route.path).collect();
    let known =
        OBJECTS.iter().map(|object| object.0).chain(OF_THE_COUPLE.iter().copied()).chain(OTHERS.iter().map(|other| other.0));
    assert_eq!(known.collect::<BTreeSet<_>>(), reads);
}

/// What somebody sees: each object by its list in the feed and its id, and each answer with the object that moves for it.
struct Seen {
    objects: BTreeMap<(String, String), Value>,
    answers: BTreeMap<String, (Vec<u8>, String)>,
    cursor: String,
}

fn feed(phone: &Phone, since: &str) -> Value {
    phone.get(&format!("/v2/sync/changes/?since={since}&include=objects")).expect(200).json()
}

fn rows(feed: &Value) -> Vec<(String, Value)> {
    let lists = feed["changes"].as_object().unwrap();
    lists.iter().flat_map(|(kind, rows)| rows.as_array().unwrap().iter().map(move |row| (kind.clone(), row.clone()))).collect()
}

fn id(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}

fn look(phone: &Phone) -> Seen {
    let all = feed(phone, "1970-01-01");
    let rows = rows(&all);
    let ids = |kind: &str| {
        rows.iter().filter(|row| row.0 == kind && row.1["deleted"] != true).map(|row| id(&row.1)).collect::<Vec<_>>()
    };
    let mut answers = BTreeMap::new();
    let mut get = |path: String, moves: &str| {
        let answer = phone.get(&path).expect(200);
        answers.insert(path, (answer.body, moves.to_owned()));
    };
    for (path, kind) in OBJECTS {
        ids(kind).iter().for_each(|id| get(path.replace("{id}", id), id));
    }
    let couple = ids("couple")[0].clone();
    for path in ["/couple/", "/couple/members/"] {
        get(path.to_owned(), &couple);
    }
    get(format!("/couple/members/{}/", phone.id), &couple);
    ids("letters").iter().for_each(|id| get(format!("/letters/{id}/pdf/"), &couple));
    let objects = rows.iter().map(|(kind, row)| ((kind.clone(), id(row)), row["object"].clone())).collect();
    Seen { objects, answers, cursor: all["server_time"].as_str().unwrap().to_owned() }
}

/// Does the deed; whatever the phone sees otherwise after it is in its feed. Answers the kinds that moved.
#[track_caller]
fn moved(phone: &Phone, deed: &str, done: impl FnOnce()) -> BTreeSet<String> {
    let before = look(phone);
    done();
    let told = rows(&feed(phone, &before.cursor));
    let after = look(phone);
    let is_told = |id: &str| told.iter().any(|(_, row)| row["id"] == id);
    for ((kind, id), object) in &before.objects {
        let now = after.objects.get(&(kind.clone(), id.clone()));
        assert!(now == Some(object) || is_told(id), "{deed}: {kind} {id} changed and did not move:\n{object}\n{now:?}");
        if let Some(now) = now.filter(|now| *now != object && now["updated_at"].is_string()) {
            assert!(object["updated_at"].as_str() < now["updated_at"].as_str(), "{deed}: {kind} {id} changed at no time: {now}");
        }
    }
    for (path, (content, moves)) in &before.answers {
        let changed = after.answers.get(path).is_some_and(|(now, _)| now != content);
        assert!(!changed || is_told(moves), "{deed}: GET {path} changed, and {moves} did not move");
    }
    for (kind, row) in told.iter().filter(|(_, row)| row["object"]["updated_at"].is_string()) {
        assert_eq!(row["updated_at"], row["object"]["updated_at"], "{deed}: {kind}");
    }
    told.into_iter().map(|(kind, _)| kind).collect()
}

/// What both make, each part of it showing the other somewhere.
fn content(a: &Phone, b: &Phone) {
    let (own, theirs) = (a.make("/qna/questions/", &json!({"text": "a?"})), b.make("/qna/questions/", &json!({"text": "b?"})));
    for question in [&own, &theirs] {
        for phone in [a, b] {
            phone.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": "!"})).expect(200);
        }
    }
    for (phone, owner) in [(a, b), (b, b), (b, a)] {
        let goal = phone.make("/goals/", &json!({"title": "together", "owner": owner.id}));
        add_action(phone, &goal, "a step");
    }
    for phone in [a, b] {
        phone.post("/checkins/", &json!({"date": "2026-01-16"})).expect_one_of(&[201, 400]);
    }
    // Of a team its admins alone decide how conflicts are settled.
    usual(a);
    b.post("/letters/", &json!({"month": "2026-01", "content": "Dear"})).expect_one_of(&[200, 201]);
}

fn end(phone: &Phone) {
    phone.ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(phone.port).expect(204);
}

fn kinds(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Two who have content.
fn pair(server: &Server) -> (Phone, Phone) {
    let (a, b) = Phone::couple(server);
    content(&a, &b);
    (a, b)
}

fn partner_changes(server: &Server) {
    let (a, b) = pair(server);
    for change in
        [json!({"language": "ko"}), json!({"timezone": "Asia/Seoul"}), json!({"email": "", "first_name": "Bo", "last_name": "B"})]
    {
        moved(&a, &change.to_string(), || drop(b.patch("/auth/me/", &change).expect(200)));
        moved(&b, &change.to_string(), || drop(b.patch("/auth/me/", &json!({"language": "en"})).expect(200)));
    }
    let password = json!({"old_password": PASSWORD, "new_password": "another horse 19"});
    assert_eq!(moved(&a, "a password", || drop(b.post("/auth/password/", &password).expect(204))), kinds(&[]));
}

fn partner_leaves(server: &Server) {
    let (a, b) = pair(server);
    let told = moved(&a, "leaving", || drop(b.post("/couple/leave/", &json!({})).expect(204)));
    assert_eq!(told, kinds(&["couple", "goals"]));
    let code = a.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].clone();
    let told = moved(&a, "joining", || drop(b.post("/couple/join/", &json!({"code": code})).expect(200)));
    assert_eq!(told, kinds(&["couple"]));
}

/// What shows a name.
const NAMED: [&str; 3] = ["checkins", "qna_answers", "qna_questions"];

fn partner_ends(server: &Server) {
    let (a, b) = pair(server);
    let told = moved(&a, "the account's end", || end(&b));
    assert_eq!(told, &kinds(&["couple", "goals"]) | &kinds(&NAMED));
    let shown = a.get("/checkins/?from=2026-01-01&user=partner").expect(200).json();
    assert_eq!(shown["results"][0]["username"], format!("deleted:{}", b.id), "they have no name any more");
    // The last one takes all along.
    end(&a);
}

fn former_partner_ends(server: &Server) {
    let (a, b) = pair(server);
    b.post("/couple/leave/", &json!({})).expect(204);
    let (b2, c) = (b, Phone::single(server));
    let code = c.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].clone();
    b2.post("/couple/join/", &json!({"code": code})).expect(200);
    content(&c, &b2);
    let cursor = look(&c).cursor;
    assert_eq!(moved(&a, "the end of who left", || end(&b2)), kinds(&NAMED));
    let told: BTreeSet<String> = rows(&feed(&c, &cursor)).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(told, &kinds(&["couple", "goals"]) | &kinds(&NAMED), "both couples are told");
}

fn team(server: &Server) {
    let phones = Phone::team(server, &["admin", "member", "member", "staff"]);
    let admin = &phones[0];
    phones[1..].iter().for_each(|phone| content(admin, phone));
    let path = |phone: &Phone| format!("/couple/members/{}/", phone.id);
    let told = moved(admin, "a role", || drop(admin.patch(&path(&phones[1]), &json!({"role": "staff"})).expect(200)));
    assert_eq!(told, kinds(&["couple"]));
    moved(admin, "a zone", || drop(phones[1].patch("/auth/me/", &json!({"timezone": "Asia/Seoul"})).expect(200)));
    let told = moved(admin, "removal", || drop(admin.delete(&path(&phones[1])).expect(204)));
    assert_eq!(told, kinds(&["couple", "goals"]));
    moved(admin, "leaving", || drop(phones[2].post("/couple/leave/", &json!({})).expect(204)));
    let told = moved(admin, "the account's end", || end(&phones[3]));
    assert_eq!(told, &kinds(&["couple", "goals"]) | &kinds(&NAMED));
}

fn goal_without_owner(server: &Server) {
    let (a, b) = Phone::couple(server);
    let path = format!("/goals/{}/", a.make("/goals/", &json!({"title": "Walk", "owner": b.id})));
    let tag = a.get(&path).expect(200).header("ETag").unwrap().to_owned();
    b.post("/couple/leave/", &json!({})).expect(204);
    let shown = a.get(&path).expect(200);
    assert_eq!(shown.json()["owner"], Value::Null);
    assert_ne!(shown.header("ETag"), Some(tag.as_str()));
    a.put(&path, &shown.json()).expect(200);
    a.put(&path, &json!({"title": "Walk", "owner": b.id})).expect(400);
}

fn goal_of_a_stranger(server: &Server) {
    let phones = Phone::team(server, &["admin", "member"]);
    let (admin, member) = (&phones[0], &phones[1]);
    let path = format!("/goals/{}/", admin.make("/goals/", &json!({"title": "Walk", "owner": member.id})));
    let team = admin.get("/couple/").expect(200).json()["team"]["id"].as_str().unwrap().to_owned();
    server.tandem(&["tenant", "remove", &team, &member.username]);
    let goal = admin.get(&path).expect(200).json();
    assert_eq!(goal["owner"], Value::Null);
    let sql = "UPDATE goals SET owner = ? WHERE id = ?";
    assert_eq!(server.alter(sql, params![member.id, goal["id"].as_str().unwrap()]), 1);
    let shown = admin.get(&path).expect(200).json();
    assert_eq!(shown["owner"], member.id);
    admin.put(&path, &shown).expect(200);
    admin.patch(&path, &json!({"owner": admin.id})).expect(200);
    admin.patch(&path, &json!({"owner": member.id})).expect(400);
}
