//! Another tenant's things can be neither seen nor changed by their ids: every route × the ids of others.
//!
//! [`PATHS`], [`PLAIN`], [`MEMBERS`], [`USERS`], [`ECHOES`] and [`UPLOADS`] know every place where a route of the registry takes something from its caller. A
//! new one fails [`all_known`] until it is entered, and is then walked with the others.

use super::domains::least;
use super::expect::{Things, problem, refused};
use super::plain::PLAIN;
use super::routes::{filled, routes};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::Answer;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tandem::db::{Row, Value as Stored};
use tandem::domain::mobile::domains::RECORDS;
use tandem::domain::mobile::records::tables::Table;
use tandem::feature::contract::Takes;
use tandem::feature::{Access, Route};
use tandem::http::Method;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every route and every field is in the table of what may name another's things", all_known),
    ("a couple's things do not exist for a team's admin", couple_and_admin),
    ("a team's things do not exist for a couple", team_and_couple),
    ("things do not exist for a user without a tenant", couple_and_loner),
    ("what another has is nothing in a body", foreign_fields),
    ("nobody of another tenant is sent a message, by whichever of their ids", foreign_addressees),
    ("what devices name alike in two tenants are two things, their keys too", uploads),
];

/// What the segment `{…}` of a path is.
enum Segment {
    /// The id of a thing: 404 to others, whatever the verb.
    Thing,
    /// The id of a thing that members are told of in the answer's `error`: `NOT_FOUND`.
    Told,
    /// A name under which each user has a thing of their own: `devices` asks for another's, by every verb.
    Own,
    /// A word under which every tenant has a thing of its own.
    Word(&'static str),
}

/// Every path with a segment `{…}`, but for those of single records: each domain has one.
const PATHS: &[(&str, Segment)] = &[
    ("/auth/sessions/{id}/", Segment::Thing),
    ("/auth/device/{user_code}/", Segment::Thing),
    ("/devices/{device_id}/", Segment::Own),
    ("/devices/{device_id}/sync-state/", Segment::Thing),
    ("/devices/{device_id}/wipe/", Segment::Thing),
    ("/push/subscriptions/{id}/", Segment::Thing),
    ("/push/subscriptions/{id}/verify/", Segment::Thing),
    ("/push/subscriptions/{id}/test/", Segment::Thing),
    ("/couple/archives/{id}/", Segment::Thing),
    ("/couple/archives/{id}/export/", Segment::Thing),
    ("/couple/members/{id}/", Segment::Thing),
    ("/qna/questions/{id}/", Segment::Thing),
    ("/qna/questions/{id}/answer/", Segment::Thing),
    ("/goals/{id}/", Segment::Thing),
    ("/goals/{id}/actions/", Segment::Thing),
    ("/goals/actions/{id}/", Segment::Thing),
    ("/checkins/{id}/", Segment::Thing),
    ("/letters/{id}/", Segment::Thing),
    ("/letters/{id}/pdf/", Segment::Thing),
    ("/sync/goals/{id}/", Segment::Thing),
    ("/sync/goal_actions/{id}/", Segment::Thing),
    ("/sync/questions/{id}/", Segment::Thing),
    ("/sync/answers/{id}/", Segment::Thing),
    ("/sync/checkins/{id}/", Segment::Thing),
    ("/sync/letters/{id}/", Segment::Thing),
    ("/sync/conflicts/{id}/resolve/", Segment::Told),
    ("/sync/edits/{kind}/{id}/", Segment::Thing),
    ("/sync/policies/{domain}/", Segment::Word("journal")),
    ("/problems/{name}/", Segment::Word("invalid")),
    ("/sync/devices/{id}/health/", Segment::Thing),
];

/// What the segment of a path is, if it has one that is known.
fn segment(path: &str) -> Option<&'static Segment> {
    let records = RECORDS.iter().any(|table| path == format!("/sync/{}/{{id}}/", table.entry.names.path));
    let told = PATHS.iter().find(|(known, _)| *known == path).map(|(_, segment)| segment);
    told.or(records.then_some(&Segment::Thing))
}

/// Fields that name a member of the caller's tenant by their user id.
const MEMBERS: &[&str] = &["owner"];

/// Parameters that name another user: `devices` asks with everybody's.
const USERS: &[&str] = &["user_id"];

/// Fields that repeat the segment of the path: another value contradicts it.
const ECHOES: &[&str] = &["conflict_id"];

type Body = fn() -> Value;

/// The one name that every tenant's devices use for everything.
const NAME: &str = "01890000-0000-7000-8000-00000000cafe";

/// Bodies that no table of fields tells, full of names that devices give. Each tenant has its own things under them.
const UPLOADS: &[(&str, Body)] = &[
    ("/sync/voice/", || list(voice())),
    ("/sync/behavioral/", || list(behavioral())),
    ("/sync/session/", || list(session())),
    ("/sync/metrics/", || list(metrics())),
    ("/sync/batch/", || {
        json!({
            "device_id": NAME, "client_timestamp": AT, "voice_data": [voice()], "behavioral_data": [behavioral()],
            "session_data": [session()], "metrics_data": [metrics()],
            "records": [{"domain": "journal", "mobile_id": NAME, "operation": "SYNC", "data": {"title": "batch"}}],
        })
    }),
];

/// Those bodies, and one of records of each domain, made from its rules.
fn upload_bodies() -> Vec<(String, Value)> {
    let record = |table: &Table| (format!("/sync/{}/sync/", table.entry.names.path), entry(least(table.fields)));
    let told = UPLOADS.iter().map(|(path, body)| ((*path).to_owned(), body()));
    told.chain(RECORDS.iter().map(record)).collect()
}

const AT: &str = "2026-01-16T12:00:00Z";

fn list(item: Value) -> Value {
    json!({"device_id": NAME, "data": [item]})
}

fn entry(mut fields: Value) -> Value {
    fields["mobile_id"] = NAME.into();
    json!({"client_id": NAME, "entries": [fields]})
}

fn voice() -> Value {
    json!({"verification_id": NAME, "timestamp": AT, "verified": true})
}

fn behavioral() -> Value {
    json!({"session_id": NAME, "events": [1], "duration_ms": 1})
}

fn session() -> Value {
    json!({"session_id": NAME, "start_time": AT})
}

fn metrics() -> Value {
    json!({"metric_type": NAME, "value": 1, "timestamp": AT})
}

/// The fields that a route reads, but for the segments of its path.
fn fields(route: &Route) -> impl Iterator<Item = &'static str> {
    let body = if let Takes::Fields(fields) = route.contract.takes { fields } else { &[] };
    let path = route.path;
    body.iter()
        .chain(route.contract.parameters)
        .map(|field| field.name)
        .filter(move |name| !path.contains(&format!("{{{name}}}")))
}

fn all_known(_: &Server) {
    let paths: BTreeSet<&str> = routes().map(|route| route.path).filter(|path| path.contains('{')).collect();
    let unknown: Vec<_> = paths.iter().filter(|path| segment(path).is_none()).collect();
    assert!(unknown.is_empty(), "enter {unknown:?}");
    assert!(PATHS.iter().all(|(path, _)| paths.contains(path)), "take out what is gone");
    let names: BTreeSet<&str> = routes().flat_map(fields).collect();
    assert_eq!(
        names,
        [PLAIN, MEMBERS, ECHOES, USERS].concat().into_iter().collect(),
        "enter the fields that are missing, take out what is gone"
    );
    let shapeless: BTreeSet<&str> =
        routes().filter(|route| matches!(route.contract.takes, Takes::Json(_))).map(|route| route.path).collect();
    let uploads = upload_bodies();
    assert_eq!(shapeless, uploads.iter().map(|(path, _)| path.as_str()).collect(), "enter the bodies that are missing");
}

/// Somebody with one thing of each kind.
struct Owner {
    phone: Phone,
    /// Every id that leads to something of theirs.
    ids: Vec<String>,
}

impl Owner {
    #[track_caller]
    fn of(phone: Phone) -> Owner {
        let things = Things::of(&phone);
        let mut ids: Vec<String> = things.ids().map(str::to_owned).into();
        let question = phone.get(&format!("/qna/questions/{}/", things.question)).expect(200).json();
        let tenant = phone.get("/couple/").expect(200).json();
        let tenant = tenant.as_object().unwrap().values().next().unwrap()["id"].clone();
        ids.extend([&question["answers"][0]["id"], &tenant].map(|id| id.as_str().unwrap().to_owned()));
        ids.push(phone.id.to_string());
        let message = json!({"to": {"user_id": phone.id}, "type": "system", "text": "to myself"});
        ids.push(phone.post("/push/send/", &message).expect(201).json()["id"].as_str().unwrap().to_owned());
        let conflict = conflict(&phone);
        ids.push(phone.make("/push/subscriptions/", &json!({"device_id": conflict[0]})));
        ids.extend(conflict);
        ids.push(phone.get("/auth/sessions/").expect(200).json()["results"][0]["id"].as_str().unwrap().to_owned());
        Owner { phone, ids }
    }

    /// Everything that can be read with these ids.
    fn reads(&self) -> Vec<(String, String)> {
        let mut reads = Vec::new();
        for route in routes().filter(|route| route.method == Method::Get && route.access != Access::Public) {
            let ids: &[String] = if route.path.contains('{') { &self.ids } else { &[String::new()] };
            for id in ids {
                let path = format!("{}?since=2000-01-01&include=messages", filled(route.path, id));
                reads.push((path.clone(), self.phone.get(&path).text()));
            }
        }
        assert!(reads.len() > 20, "{reads:?}");
        reads
    }
}

/// A device, a record of it, and a conflict over that: their ids.
#[track_caller]
fn conflict(phone: &Phone) -> [String; 3] {
    let [device, record] = ["device-", ""].map(|kind| format!("{kind}{}", uuid::Uuid::new_v4()));
    for (version, title) in [(0, "first"), (1, "second"), (1, "late")] {
        let entry = json!({"mobile_id": record, "version": version, "title": title});
        phone.post("/sync/journal/sync/", &json!({"client_id": device, "entries": [entry]})).expect(200);
    }
    let known = phone.get("/sync/conflicts/").expect(200).json();
    let conflict = known["conflicts"][0]["conflict_id"].as_str().unwrap_or_else(|| panic!("{known}")).to_owned();
    [device, record, conflict]
}

/// Every row of a user's tenant, by its table.
fn rows(server: &Server, phone: &Phone) -> BTreeMap<String, Vec<String>> {
    let mut db = server.store();
    let found = db.one("SELECT tenant FROM members WHERE user_id = ?", params![phone.id], |row| row.get::<i64>(0)).unwrap();
    let tenant = found.unwrap();
    let mut tables = db.tables().unwrap();
    tables.retain(|table| db.columns(table).unwrap().iter().any(|column| column == "tenant"));
    assert!(tables.len() > 10, "{tables:?}");
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    tables.push("tenants".to_owned());
    for table in tables {
        let column = if table == "tenants" { "id" } else { "tenant" };
        let width = db.columns(&table).unwrap().len();
        let row = |row: &Row<'_>| (0..width).map(|n| row.get::<Stored>(n)).collect::<Result<Vec<_>, _>>();
        let sql = format!("SELECT * FROM {table} WHERE {column} = ?");
        rows.insert(table, db.all(&sql, params![tenant], |one| Ok(format!("{:?}", row(one)?))).unwrap());
    }
    rows
}

/// A body in which every route finds what it needs.
fn body_for_all() -> Value {
    json!({
        "title": "t", "text": "t", "month": "2026-03", "content": "c", "date": "2026-03-01", "mood": 1, "status": "ACTIVE",
        "role": "member", "resolution_policy": "server_wins", "resolution_strategy": "client_wins", "chosen_version": "client",
        "code": "c",
    })
}

/// Asks every path with a segment for everything of the owner's, as a stranger.
fn walk(server: &Server, owner: &Owner, stranger: &Phone) {
    let (before, mut asked) = (rows(server, &owner.phone), 0);
    let made_up = [uuid::Uuid::new_v4().to_string(), "nonsense".to_owned()];
    for route in routes().filter(|route| route.path.contains('{')) {
        let Some(segment) = segment(route.path) else { panic!("{} is not in the table", route.path) };
        let words = if let Segment::Word(word) = segment { vec![(*word).to_owned()] } else { Vec::new() };
        if let Segment::Own = segment {
            continue;
        }
        let things = owner.ids.iter().chain(&made_up).chain(&words);
        for name in things {
            let ask = stranger.ask(route.method.name(), &filled(route.path, name)).header("If-Match", "*");
            let answer = ask.json(&body_for_all()).send(stranger.port);
            hidden(owner, route, segment, name, answer);
            asked += 1;
        }
    }
    assert!(asked > 20 * owner.ids.len(), "{asked}");
    assert_eq!(rows(server, &owner.phone), before, "something of theirs has changed");
}

/// The answer to a name of the owner's tells a stranger nothing.
#[track_caller]
fn hidden(owner: &Owner, route: &Route, segment: &Segment, name: &str, answer: Answer) {
    let (status, said) = (answer.status, answer.text());
    let told = || {
        serde_json::from_str::<Value>(&said).is_ok_and(|said| said["error"]["code"] == "NOT_FOUND" && said["success"] == false)
    };
    let well = match segment {
        _ if status == 404 => true,
        Segment::Thing => false,
        Segment::Own => false,
        Segment::Told => status == 200 && told(),
        Segment::Word(word) => name == *word && status == 200,
    };
    assert!(well, "{:?} {} with {name} of another: {status} {said}", route.method, route.path);
    if status == 404 {
        problem(answer, 404);
    }
    // A problem may say what was asked for, but nothing else.
    assert!(owner.ids.iter().filter(|id| *id != name).all(|id| !said.contains(id.as_str())), "{said}");
}

/// Nothing that the stranger reads tells of the owner.
fn nothing_shown(owner: &Owner, stranger: Phone) {
    for (path, read) in Owner::of(stranger).reads() {
        assert!(owner.ids.iter().all(|id| !read.contains(id)), "{path} tells of another: {read}");
    }
}

fn couple_and_admin(server: &Server) {
    let (owner, admin) = (Owner::of(Phone::couple(server).0), Phone::team(server, &["admin"]).remove(0));
    walk(server, &owner, &admin);
    nothing_shown(&owner, admin);
}

fn team_and_couple(server: &Server) {
    let (owner, stranger) = (Owner::of(Phone::team(server, &["admin", "member"]).remove(0)), Phone::couple(server).0);
    walk(server, &owner, &stranger);
    nothing_shown(&owner, stranger);
}

fn couple_and_loner(server: &Server) {
    let (owner, loner) = (Owner::of(Phone::couple(server).0), Phone::register(server));
    walk(server, &owner, &loner);
    for list in ["/goals/", "/qna/questions/", "/checkins/?user=all", "/letters/"] {
        assert_eq!(loner.get(list).expect(200).json()["results"], json!([]), "{list}");
    }
}

fn foreign_addressees(server: &Server) {
    let (owner, admin) = (Owner::of(Phone::couple(server).0), Phone::team(server, &["admin"]).remove(0));
    let before = rows(server, &owner.phone);
    let to = |to: Value| refused(admin.post("/push/send/", &json!({"to": to, "type": "sync_trigger"})), "to");
    for id in &owner.ids {
        for user in [owner.phone.id, admin.id] {
            to(json!({"user_id": user, "device_id": id}));
        }
        to(json!({"device_id": id}));
    }
    to(json!({"user_id": owner.phone.id}));
    assert_eq!(rows(server, &owner.phone), before);
}

fn foreign_fields(server: &Server) {
    let (owner, stranger) = (Owner::of(Phone::couple(server).0), Owner::of(Phone::couple(server).0));
    let (before, mut tried) = (rows(server, &stranger.phone), BTreeSet::new());
    for route in routes() {
        for field in fields(route).filter(|field| [MEMBERS, ECHOES].concat().contains(field)) {
            let mut body = body_for_all();
            body[field] =
                if MEMBERS.contains(&field) { owner.phone.id.into() } else { owner.ids.last().unwrap().as_str().into() };
            for id in &stranger.ids {
                let answer = stranger.phone.ask(route.method.name(), &filled(route.path, id)).json(&body).send(server.port);
                if answer.status != 404 || !route.path.contains('{') {
                    refused(answer, field);
                    tried.insert((route.method.name(), route.path, field));
                }
            }
        }
    }
    assert!(MEMBERS.iter().chain(ECHOES).all(|field| tried.iter().any(|(.., one)| one == field)), "{tried:?}");
    assert_eq!(rows(server, &stranger.phone), before);
}

fn uploads(server: &Server) {
    let (owner, stranger) = (Phone::couple(server).0, Phone::team(server, &["member"]).remove(0));
    for (path, body) in upload_bodies() {
        let ask = |phone: &Phone| phone.ask("POST", &path).header("Idempotency-Key", NAME).json(&body);
        let send = |phone: &Phone| ask(phone).send(server.port).expect(200).text();
        let empty = rows(server, &owner);
        let first = send(&owner);
        assert_eq!(send(&owner), first, "{path}: again, which tells of what did not land as it was sent");
        let theirs = rows(server, &owner);
        assert_ne!(theirs, empty, "{path} wrote nothing: {first}");
        let other = send(&stranger);
        assert_ne!(other, first, "{path}: another's answer");
        assert_eq!(rows(server, &owner), theirs, "{path}: something of theirs has changed");
        assert_eq!((send(&owner), send(&stranger)), (first, other), "{path}: each gets their own again");
        let own = rows(server, &stranger);
        for table in ["telemetry", "records", "conflicts", "devices", "uploads"] {
            assert_eq!(own[table].len(), theirs[table].len(), "{path}: {table} of each");
        }
    }
    let own = rows(server, &stranger);
    assert!(!own["telemetry"].is_empty() && own["records"].len() >= 5, "{own:?}");
}
