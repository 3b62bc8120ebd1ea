//! Section 7 of the contract: leaving, and what each of the two may do with what they had.

use super::expect::{is_instant, problem, refused};
use super::graphql::send;
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::Answer;
use serde_json::{Value, json};
use tandem::base::time::{DAY, Timestamp};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("who comes later does not read who went", later),
    ("a couple that somebody left takes nobody but them back", takes_back),
    ("who stays begins anew, and keeps an archive", begins_anew),
    ("who stays joins another couple or leaves, and keeps an archive", joins_and_leaves),
    ("a code that is refused makes no archive", refused_codes),
    ("who left exports what they wrote, for thirty days", who_left_exports),
    ("who left erases what is theirs alone", who_left_erases),
    ("an archive goes with its last claim", last_claim),
    ("an archive goes with the account of who kept it", account_ends),
    ("joining a team says that what one writes stays with it", team_says),
    ("GraphQL shows, exports and deletes archives", graphql),
];

#[track_caller]
fn code(phone: &Phone) -> String {
    phone.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].as_str().unwrap().to_owned()
}

fn join(phone: &Phone, code: &str) -> Answer {
    phone.post("/couple/join/", &json!({ "code": code }))
}

fn leave(phone: &Phone) {
    phone.post("/couple/leave/", &json!({})).expect(204);
}

#[track_caller]
fn archives(phone: &Phone) -> Vec<Value> {
    phone.get("/couple/archives/").expect(200).json()["results"].as_array().unwrap().clone()
}

/// The id of the one archive that somebody has.
#[track_caller]
fn one(phone: &Phone) -> String {
    let archives = archives(phone);
    assert_eq!(archives.len(), 1, "{archives:?}");
    archives[0]["id"].as_str().unwrap().to_owned()
}

fn export(phone: &Phone, id: &str) -> Answer {
    phone.get(&format!("/couple/archives/{id}/export/"))
}

fn delete(phone: &Phone, id: &str) -> Answer {
    phone.ask("DELETE", &format!("/couple/archives/{id}/")).json(&json!({ "password": PASSWORD })).send(phone.port)
}

/// What an answer holds, as text.
fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// A journal entry.
fn journal(phone: &Phone, title: &str) -> String {
    let id = tandem::base::id::object();
    let entry = json!({"mobile_id": id, "operation": "SYNC", "title": title});
    phone.post("/sync/journal/sync/", &json!({"entries": [entry], "client_id": "phone-1"})).expect(200);
    id
}

/// Each writes of everything, with their own mark in it.
fn write(phone: &Phone, mark: &str) {
    let question = phone.make("/qna/questions/", &json!({"text": format!("{mark} question")}));
    phone.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": format!("{mark} answer")})).expect(200);
    let goal = phone.make("/goals/", &json!({"title": format!("{mark} goal"), "owner": phone.id}));
    phone.post(&format!("/goals/{goal}/actions/"), &json!({"text": format!("{mark} action")})).expect(201);
    phone.make("/checkins/", &json!({"date": "2026-01-05", "note": format!("{mark} note")}));
    let month = format!("20{}-01", 10 + mark.len());
    phone.post("/letters/", &json!({"month": month, "content": format!("{mark} letter")})).expect(201);
    journal(phone, &format!("{mark} journal"));
}

const KINDS: [&str; 6] = ["question", "answer", "goal", "note", "letter", "journal"];

/// A couple that B left, in which both have written.
fn parted(server: &Server) -> (Phone, Phone) {
    let (a, b) = Phone::couple(server);
    write(&a, "stays");
    write(&b, "goes");
    leave(&b);
    (a, b)
}

fn later(server: &Server) {
    let (a, b) = parted(server);
    let c = Phone::register(server);
    assert_eq!(join(&c, &code(&a)).expect(400).json()["code"], Value::Null);
    // A begins anew, and C comes there.
    let new = a.post("/couple/create/", &json!({})).expect(201).json()["couple"]["id"].clone();
    join(&c, &code(&a)).expect(200);
    for phone in [&a, &c] {
        assert_eq!(phone.get("/couple/").expect(200).json()["couple"]["id"], new);
        let all = [
            phone.get("/auth/export/"),
            phone.get("/couple/export/"),
            phone.get("/v2/sync/changes/?since=2020-01-01&include=objects"),
            phone.get("/qna/questions/"),
            phone.get("/goals/"),
            phone.get("/checkins/?from=2020-01-01&user=all"),
            phone.get("/letters/"),
            phone.get("/sync/journal/changes/"),
        ];
        for answer in all {
            let shown = text(&answer.expect(200));
            assert!(!shown.contains("goes ") && !shown.contains("stays "), "{shown}");
        }
    }
    assert!(archives(&c).is_empty());
    for id in [one(&a), one(&b)] {
        problem(export(&c, &id), 404);
        problem(delete(&c, &id), 404);
    }
}

fn takes_back(server: &Server) {
    let (a, b) = parted(server);
    problem(join(&Phone::register(server), &code(&a)), 400);
    join(&b, &code(&a)).expect(200);
    assert!(archives(&b).is_empty(), "who is back has left nothing");
    leave(&b);
    // Until they are in another couple.
    b.post("/couple/create/", &json!({})).expect(201);
    problem(join(&b, &code(&a)), 400);
    leave(&b);
    problem(join(&b, &code(&a)), 400);
    let stranger = Phone::register(server);
    let added = server.operator(&["tenant", "add", &id_of(&a), &stranger.username]).output().unwrap();
    assert!(!added.status.success(), "nor does the operator seat anybody else there");
}

fn id_of(phone: &Phone) -> String {
    phone.get("/couple/").expect(200).json()["couple"]["id"].as_str().unwrap().to_owned()
}

fn begins_anew(server: &Server) {
    let (a, b) = parted(server);
    let known = code(&a);
    let old = id_of(&a);
    a.post("/couple/create/", &json!({})).expect(201);
    assert_ne!(id_of(&a), old);
    problem(join(&b, &known), 400);
    let kept = &archives(&a)[0];
    assert_eq!((&kept["id"], &kept["claim"], &kept["until"]), (&json!(old), &json!("kept"), &Value::Null));
    assert_eq!(kept["partners"], json!([b.username]));
    assert!(is_instant(&kept["created_at"]) && is_instant(&kept["left_at"]), "{kept}");
    let shown = text(&export(&a, &old).expect(200));
    for (mark, kind) in ["stays", "goes"].into_iter().flat_map(|mark| KINDS.map(|kind| (mark, kind))) {
        assert!(shown.contains(&format!("{mark} {kind}")), "{mark} {kind}: all of it is theirs");
    }
    // A couple that nobody left makes no archive: it takes nobody away from nobody.
    problem(a.post("/couple/create/", &json!({})), 400);
    leave(&a);
    assert_eq!(archives(&a).len(), 1);
}

fn joins_and_leaves(server: &Server) {
    let (a, b) = parted(server);
    let host = Phone::single(server);
    join(&a, &code(&host)).expect(200);
    assert_eq!(id_of(&a), id_of(&host));
    let old = one(&a);
    export(&a, &old).expect(200);
    assert_eq!(one(&b), old, "each has a claim of the one couple");
    let (a, b) = parted(server);
    leave(&a);
    problem(a.get("/couple/"), 404);
    let (kept, left) = (one(&a), one(&b));
    assert_eq!(kept, left);
    assert!(text(&export(&a, &kept).expect(200)).contains("goes letter"));
}

fn refused_codes(server: &Server) {
    let (a, _) = parted(server);
    let (id, own) = (id_of(&a), code(&a));
    problem(join(&a, &own), 400);
    let (full, _) = Phone::couple(server);
    problem(full.post("/couple/invite/", &json!({})), 400);
    let host = Phone::single(server);
    let dead = code(&host);
    leave(&host);
    for code in [own.as_str(), &dead, "x"] {
        assert_eq!(join(&a, code).status, 400);
        assert_eq!(id_of(&a), id);
    }
    assert!(archives(&a).is_empty());
}

fn who_left_exports(server: &Server) {
    let (a, b) = Phone::couple(server);
    let goal = b.make("/goals/", &json!({"title": "goes first"}));
    write(&a, "stays");
    write(&b, "goes");
    leave(&b);
    a.patch(&format!("/goals/{goal}/"), &json!({"title": "stays afterwards"})).expect(200);
    let left = &archives(&b)[0];
    assert_eq!((&left["claim"], &left["partners"]), (&json!("left"), &json!([a.username])));
    let instant = |name: &str| Timestamp::parse(left[name].as_str().unwrap()).unwrap();
    assert_eq!(instant("until").0 - instant("left_at").0, 30 * DAY);
    let id = one(&b);
    let shown = text(&export(&b, &id).expect(200));
    for kind in KINDS {
        assert!(shown.contains(&format!("goes {kind}")), "{kind} in {shown}");
        assert!(!shown.contains(&format!("stays {kind}")), "{kind} in {shown}");
    }
    assert!(!shown.contains("afterwards"), "what was written since is not theirs: {shown}");
    // After thirty days it is over; the couple takes nobody else all the same.
    let long_ago = Timestamp::now().plus(-30 * DAY - 1);
    let sql = "UPDATE departures SET left_at = ? WHERE user_id = ?";
    assert_eq!(server.alter(sql, params![long_ago, b.id]), 1);
    assert!(archives(&b).is_empty());
    problem(export(&b, &id), 404);
    problem(delete(&b, &id), 404);
    server.tandem(&["maintain"]);
    problem(join(&Phone::register(server), &code(&a)), 400);
    assert!(text(&a.get("/letters/").expect(200)).contains("goes letter"));
}

fn who_left_erases(server: &Server) {
    let (a, b) = parted(server);
    let id = one(&b);
    let cursor = a.poll("")["server_time"].as_str().unwrap().to_owned();
    let wrong = json!({"password": "not the password"});
    refused(b.ask("DELETE", &format!("/couple/archives/{id}/")).json(&wrong).send(b.port), "password");
    assert!(text(&export(&b, &id).expect(200)).contains("goes note"));
    delete(&b, &id).expect(204);
    problem(delete(&b, &id), 404);
    problem(export(&b, &id), 404);
    assert!(archives(&b).is_empty());
    let shown = text(&a.get("/couple/export/").expect(200));
    for kind in KINDS {
        let gone = ["note", "journal"].contains(&kind);
        assert_eq!(!gone, shown.contains(&format!("goes {kind}")), "{kind}");
        assert!(shown.contains(&format!("stays {kind}")), "{kind}");
    }
    let told = a.get(&format!("/sync/changes/?since={cursor}&kinds=checkins,journal")).expect(200).json()["changes"].clone();
    assert_eq!((told["checkins"].as_array().unwrap().len(), &told["journal"][0]["deleted"]), (1, &json!(true)), "{told}");
    problem(join(&Phone::register(server), &code(&a)), 400);
}

fn tenants(server: &Server, id: &str) -> i64 {
    server.store().one("SELECT COUNT(*) FROM tenants WHERE public_id = ?", params![id], |row| row.get(0)).unwrap().unwrap()
}

fn last_claim(server: &Server) {
    // Who stayed deletes first: it is over when who left has no claim any more.
    let (a, b) = parted(server);
    a.post("/couple/create/", &json!({})).expect(201);
    let id = one(&a);
    delete(&a, &id).expect(204);
    assert!(archives(&a).is_empty());
    let theirs = text(&export(&b, &id).expect(200));
    assert!(theirs.contains("goes note") && !theirs.contains("stays"), "{theirs}");
    assert_eq!(tenants(server, &id), 1);
    server.alter("UPDATE departures SET left_at = 1 WHERE user_id = ?", params![b.id]);
    server.tandem(&["maintain"]);
    assert_eq!(tenants(server, &id), 0);
    // Who left gave it up before: it goes at once.
    let (a, b) = parted(server);
    let id = one(&b);
    delete(&b, &id).expect(204);
    leave(&a);
    delete(&a, &id).expect(204);
    assert_eq!(tenants(server, &id), 0);
}

fn account_ends(server: &Server) {
    let end = |phone: &Phone| {
        phone.ask("DELETE", "/auth/me/").json(&json!({ "password": PASSWORD })).send(server.port).expect(204);
    };
    let (a, b) = parted(server);
    let id = one(&b);
    end(&a);
    assert!(text(&export(&b, &id).expect(200)).contains("goes letter"), "who left has their time");
    end(&b);
    assert_eq!(tenants(server, &id), 0);
    let (a, b) = parted(server);
    end(&b);
    assert!(text(&a.get("/letters/").expect(200)).contains("goes letter"));
    problem(join(&Phone::register(server), &code(&a)), 400);
    a.post("/couple/create/", &json!({})).expect(201);
    let id = one(&a);
    end(&a);
    assert_eq!(tenants(server, &id), 0);
}

fn team_says(server: &Server) {
    let phones = Phone::team(server, &["admin"]);
    let (a, _) = parted(server);
    for (phone, language, word) in [(Phone::register(server), "en", "stays with the team"), (a, "fr", "reste à l'équipe")] {
        let body = json!({ "code": code(&phones[0]) });
        let said = phone.ask("POST", "/couple/join/").header("Accept-Language", language).json(&body).send(server.port);
        let said = said.expect(200).json();
        assert!(said["team"]["id"].is_string() && said["notice"].as_str().unwrap().contains(word), "{said}");
    }
    let said = join(&Phone::register(server), &code(&Phone::single(server))).expect(200).json();
    assert_eq!(said.get("notice"), None);
}

fn graphql(server: &Server) {
    let ask = |phone: &Phone, query: &str, variables: Value| send(phone, query, variables).json();
    let (a, b) = parted(server);
    let list = "{ archives { nodes { id claim partners createdAt leftAt until } pageInfo { hasNextPage } totalCount } }";
    let shown = ask(&b, list, json!({}));
    let archive = &shown["data"]["archives"]["nodes"][0];
    assert_eq!((&archive["claim"], &shown["data"]["archives"]["totalCount"]), (&json!("left"), &json!(1)), "{shown}");
    let id = json!({ "id": archive["id"] });
    let export = "query Q($id: ID!) { archiveExport(id: $id) { exportedAt data } }";
    let data = ask(&b, export, id.clone())["data"]["archiveExport"]["data"].clone();
    assert_eq!(data["letters"][0]["content"], "goes letter", "{data}");
    assert_eq!(ask(&a, export, id)["data"]["archiveExport"], Value::Null);
    let delete = "mutation M($id: ID!, $password: String!) { deleteArchive(id: $id, password: $password) { id } }";
    let wrong = ask(&b, delete, json!({"id": archive["id"], "password": "no"}));
    assert!(wrong["errors"][0].is_object(), "{wrong}");
    let done = ask(&b, delete, json!({"id": archive["id"], "password": PASSWORD}));
    assert_eq!(done["data"]["deleteArchive"]["id"], archive["id"], "{done}");
    assert_eq!(ask(&b, list, json!({}))["data"]["archives"]["nodes"], json!([]));
}
