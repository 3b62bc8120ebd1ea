//! Another tenant's things can be neither seen nor changed by their ids: every route × the ids of others.
//!
//! [`PATHS`], [`PLAIN`], [`MEMBERS`] and [`UPLOADS`] know every place where a route of the registry takes something from its caller. A
//! new one fails [`all_known`] until it is entered, and is then walked with the others.

use super::expect::{Things, problem, refused};
use super::routes::{filled, routes};
use super::{Case, Phone};
use crate::servers::Server;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tandem::feature::contract::Takes;
use tandem::feature::{Access, Route};
use tandem::http::Method;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every route and every field is in the table of what may name another's things", all_known),
    ("a couple's things do not exist for a team's admin", couple_and_admin),
    ("a team's things do not exist for a couple", team_and_couple),
    ("things do not exist for a user without a tenant", couple_and_loner),
    ("a user of another tenant is nobody in a body", foreign_members),
    ("what devices name alike in two tenants are two things, their keys too", uploads),
];

/// What the segment `{…}` of a path is.
enum Segment {
    /// The id of a thing: 404 to others, whatever the verb.
    Thing,
}

/// Every path with a segment `{…}`.
const PATHS: &[(&str, Segment)] = &[
    ("/couple/members/{id}/", Segment::Thing),
    ("/qna/questions/{id}/", Segment::Thing),
    ("/qna/questions/{id}/answer/", Segment::Thing),
    ("/goals/{id}/", Segment::Thing),
    ("/goals/{id}/actions/", Segment::Thing),
    ("/goals/actions/{id}/", Segment::Thing),
    ("/checkins/{id}/", Segment::Thing),
    ("/letters/{id}/", Segment::Thing),
    ("/letters/{id}/pdf/", Segment::Thing),
];

/// Fields of bodies and queries that name nobody's things, or are secrets that are meant to be passed on.
const PLAIN: &[&str] = &[
    "code",
    "content",
    "date",
    "done",
    "email",
    "energy",
    "epoch",
    "first_name",
    "from",
    "include",
    "kinds",
    "language",
    "last_name",
    "limit",
    "month",
    "mood",
    "new_password",
    "note",
    "old_password",
    "password",
    "password_confirm",
    "refresh",
    "role",
    "since",
    "state",
    "status",
    "stress",
    "target_date",
    "text",
    "theme",
    "timezone",
    "title",
    "to",
    "ttl_minutes",
    "user",
    "username",
    "why_for_us",
];

/// Fields that name a member of the caller's tenant by their user id.
const MEMBERS: &[&str] = &["owner"];

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
            "device_id": NAME, "idempotency_key": format!("{NAME}-batch"), "client_timestamp": AT,
            "voice_data": [voice()], "behavioral_data": [behavioral()], "session_data": [session()], "metrics_data": [metrics()],
        })
    }),
];

const AT: &str = "2026-01-16T12:00:00Z";

fn list(item: Value) -> Value {
    json!({"device_id": NAME, "idempotency_key": format!("{NAME}-list"), "data": [item]})
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
    assert_eq!(paths, PATHS.iter().map(|(path, _)| *path).collect(), "enter the paths that are missing, take out what is gone");
    let names: BTreeSet<&str> = routes().flat_map(fields).collect();
    assert_eq!(names, PLAIN.iter().chain(MEMBERS).copied().collect(), "enter the fields that are missing, take out what is gone");
    let shapeless: BTreeSet<&str> =
        routes().filter(|route| matches!(route.contract.takes, Takes::Json(_))).map(|route| route.path).collect();
    assert_eq!(shapeless, UPLOADS.iter().map(|(path, _)| *path).collect(), "enter the bodies that are missing");
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
        Owner { phone, ids }
    }

    /// Everything that can be read with these ids.
    fn reads(&self) -> Vec<(String, String)> {
        let mut reads = Vec::new();
        for route in routes().filter(|route| route.method == Method::Get && route.access != Access::Public) {
            let ids: &[String] = if route.path.contains('{') { &self.ids } else { &[String::new()] };
            for id in ids {
                let path = format!("{}?since=2000-01-01", filled(route.path, id));
                reads.push((path.clone(), self.phone.get(&path).text()));
            }
        }
        assert!(reads.len() > 20, "{reads:?}");
        reads
    }
}

/// Every row of a user's tenant, by its table.
fn rows(server: &Server, phone: &Phone) -> BTreeMap<String, Vec<String>> {
    let db = Connection::open_with_flags(server.data_dir.join("tandem.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    db.busy_timeout(Duration::from_secs(10)).unwrap();
    let tenant: i64 = db.query_row("SELECT tenant FROM members WHERE user_id = ?", [phone.id], |row| row.get(0)).unwrap();
    let sql = "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant'";
    let mut tables: Vec<String> = db.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(tables.len() > 10, "{tables:?}");
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    tables.push("tenants".to_owned());
    for table in tables {
        let column = if table == "tenants" { "id" } else { "tenant" };
        let mut statement = db.prepare(&format!("SELECT * FROM {table} WHERE {column} = ?")).unwrap();
        let width = statement.column_count();
        let row =
            |row: &rusqlite::Row<'_>| (0..width).map(|n| row.get::<_, rusqlite::types::Value>(n)).collect::<Result<Vec<_>, _>>();
        let found = statement.query_map([tenant], |one| Ok(format!("{:?}", row(one)?))).unwrap().map(Result::unwrap).collect();
        rows.insert(table, found);
    }
    rows
}

/// A body in which every route finds what it needs.
fn body_for_all() -> Value {
    json!({
        "title": "t", "text": "t", "month": "2026-03", "content": "c", "date": "2026-03-01", "mood": 1, "status": "ACTIVE",
        "role": "member",
    })
}

/// Asks every path with a segment for everything of the owner's, as a stranger.
fn walk(server: &Server, owner: &Owner, stranger: &Phone) {
    let (before, mut asked) = (rows(server, &owner.phone), 0);
    for route in routes().filter(|route| route.path.contains('{')) {
        let Some((_, Segment::Thing)) = PATHS.iter().find(|(path, _)| *path == route.path) else { panic!("{}", route.path) };
        for id in owner.ids.iter().map(String::as_str).chain([uuid::Uuid::new_v4().to_string().as_str(), "nonsense"]) {
            let ask = stranger.ask(route.method.name(), &filled(route.path, id)).header("If-Match", "*");
            let answer = ask.json(&body_for_all()).send(stranger.port);
            assert_eq!(answer.status, 404, "{:?} {} with another's id: {}", route.method, route.path, answer.text());
            let said = problem(answer, 404).to_string();
            assert!(owner.ids.iter().all(|id| !said.contains(id)), "{said}");
            asked += 1;
        }
    }
    assert!(asked > 20 * owner.ids.len(), "{asked}");
    assert_eq!(rows(server, &owner.phone), before, "something of theirs has changed");
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

fn foreign_members(server: &Server) {
    let (owner, stranger) = (Owner::of(Phone::couple(server).0), Owner::of(Phone::couple(server).0));
    let (before, mut asked) = (rows(server, &stranger.phone), 0);
    for route in routes() {
        for field in fields(route).filter(|field| MEMBERS.contains(field)) {
            let mut body = body_for_all();
            body[field] = owner.phone.id.into();
            for id in &stranger.ids {
                let answer = stranger.phone.ask(route.method.name(), &filled(route.path, id)).json(&body).send(server.port);
                if answer.status != 404 || !route.path.contains('{') {
                    refused(answer, field);
                    asked += 1;
                }
            }
        }
    }
    assert!(asked >= 3, "{asked}");
    assert_eq!(rows(server, &stranger.phone), before);
}

fn uploads(server: &Server) {
    let (owner, stranger) = (Phone::couple(server).0, Phone::team(server, &["member"]).remove(0));
    for (path, body) in UPLOADS {
        let send = |phone: &Phone| phone.post(path, &body()).expect(200).text();
        let first = send(&owner);
        assert_eq!(serde_json::from_str::<Value>(&first).unwrap()["success"], true, "{path}: {first}");
        let before = rows(server, &owner);
        let other = send(&stranger);
        assert_ne!(other, first, "{path}: another's answer");
        assert_eq!((send(&owner), send(&stranger)), (first, other), "{path}: each gets their own again");
        assert_eq!(rows(server, &owner), before, "{path}: something of theirs has changed");
        let (theirs, own) = (before, rows(server, &stranger));
        for table in ["telemetry", "records", "conflicts", "devices", "uploads"] {
            assert_eq!(own[table].len(), theirs[table].len(), "{path}: {table} of each");
        }
    }
    assert!(!rows(server, &stranger)["telemetry"].is_empty());
}
