//! Lists that are loaded page by page while others write: what was not changed meanwhile is on exactly one page, and what was is
//! in the feed. Every list of the registry is walked so, along its own `next`.

use super::conflicts::newest;
use super::edits::{made, mark};
use super::expect::{add_action, refused};
use super::resolutions::{choice, resolve, usual};
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::request;
use serde_json::{Value, json};
use tandem::app::FEATURES;
use tandem::base::time::{HOUR, Timestamp};
use tandem::domain::devices::snapshots::{figures::Figures, store as snapshots};
use tandem::feature::store::tenant_of;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every list of the registry is walked while others write", every_list),
    ("goals: what is changed or deleted between pages hides nothing", goals),
    ("actions: what is changed or deleted between pages hides nothing", actions),
    ("questions: what is changed or deleted between pages hides nothing", questions),
    ("check-ins: what is changed or deleted between pages hides nothing", checkins),
    ("letters: what is changed or deleted between pages hides nothing", letters),
    ("members: who leaves or changes between pages hides nobody", members),
    ("conflicts: what is settled between pages hides nothing", conflicts),
    ("devices: what is sent or forgotten between pages hides nothing", devices),
    ("edited records: what begins and ends between pages hides nothing", edited),
    ("figures of hours: what is added or deleted between pages hides nothing", hours),
    ("a next page is there whatever became of the list, and a key that no list gave is refused", next_is_never_404),
];

/// The lists that the cases above walk.
const WALKED: &[&str] = &[
    "/checkins/",
    "/couple/members/",
    "/goals/",
    "/goals/actions/",
    "/goals/{id}/actions/",
    "/letters/",
    "/qna/questions/",
    "/sync/conflicts/",
    "/sync/devices/",
    "/sync/edits/",
    "/sync/health/snapshots/",
];

/// Lists that none walks, and why.
const APART: &[(&str, &str)] = &[
    ("/auth/sessions/", "a person has fifty at most, and nobody else changes them"),
    ("/couple/archives/", "a person has few, and nobody else changes them"),
    ("/devices/", "a person has fifty at most, and nobody else changes them"),
    ("/push/subscriptions/", "a person has twenty at most, and nobody else changes them"),
];

fn every_list(_: &Server) {
    let routes = FEATURES.iter().flat_map(|feature| feature.routes).filter(|route| route.contract.paged);
    let paged = routes.map(|route| route.path).filter(|path| APART.iter().all(|(apart, _)| apart != path));
    let mut paged: Vec<&str> = paged.collect();
    paged.sort_unstable();
    assert_eq!(paged, WALKED, "a list that no case walks while others write");
}

/// What somebody does between two pages: the object's id in the list, its id in the feed (nothing where no feed tells of such
/// objects), and the deed.
type Deed<'s> = (String, Option<String>, Box<dyn Fn() + 's>);

/// A list, and what happens to it while it is loaded.
struct Scene<'s> {
    /// Who loads it.
    phone: &'s Phone,
    path: String,
    /// The members of an answer that hold the objects, and an object's id.
    members: (&'static str, &'static str),
    /// What is done after the first page, after the second, and so on.
    deeds: Vec<Deed<'s>>,
}

fn deed<'s>(id: &str, told: bool, done: impl Fn() + 's) -> Deed<'s> {
    (id.to_owned(), told.then(|| id.to_owned()), Box::new(done))
}

/// An id as text, whatever it is.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Scene<'_> {
    fn page(&self, path: &str) -> (Vec<String>, Option<String>) {
        let page = self.phone.get(path).expect(200).json();
        let ids = page[self.members.0].as_array().unwrap().iter().map(|object| text(&object[self.members.1])).collect();
        (ids, page["next"].as_str().map(|next| next.split_once("/api").unwrap().1.to_owned()))
    }

    /// With a parameter more.
    fn with(&self, parameter: &str) -> String {
        format!("{}{}{parameter}", self.path, if self.path.contains('?') { '&' } else { '?' })
    }

    /// The ids in the feed since a cursor, in every list of it.
    fn told(&self, cursor: &str) -> Vec<String> {
        let path = format!("/v2/sync/changes/?since={cursor}");
        let feed = self.phone.get(&path).expect(200).json();
        feed["changes"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|list| list.as_array().unwrap())
            .map(|row| text(&row["id"]))
            .collect()
    }

    /// Loads the list two objects at a time, as the documents say: the poll comes first.
    #[track_caller]
    fn walk(self) {
        let cursor = text(&self.phone.get("/v2/sync/changes/?since=9999-01-01").expect(200).json()["server_time"]);
        let before = self.page(&self.with("page_size=200")).0;
        assert!(before.len() >= 6, "too short to be walked: {before:?}");
        let (mut seen, mut next) = (Vec::new(), Some(self.with("page_size=2")));
        let mut deeds = self.deeds.iter();
        while let Some(path) = next {
            let (ids, following) = self.page(&path);
            seen.extend(ids);
            if let Some((_, _, done)) = deeds.next() {
                done();
            }
            next = following;
        }
        assert!(deeds.next().is_none(), "the walk ended before everything was done");
        let told = self.told(&cursor);
        for (id, in_feed, _) in &self.deeds {
            assert!(
                in_feed.as_ref().is_none_or(|id| told.contains(id)),
                "{}: {id} was written and is not in the feed",
                self.path
            );
        }
        for id in before.iter().filter(|id| self.deeds.iter().all(|(written, ..)| written != *id)) {
            let times = seen.iter().filter(|shown| *shown == id).count();
            assert_eq!(times, 1, "{}: {id} was not written, and is on {times} pages of {seen:?}", self.path);
        }
    }
}

/// A list of objects that REST makes, changes and deletes. The last that was made is the first of the list unless the list is
/// `oldest_first`.
fn objects(phone: &Phone, list: &str, object: &str, ids: &[String], change: &dyn Fn(usize) -> Value, oldest_first: bool) {
    let order: Vec<&String> = if oldest_first { ids.iter().collect() } else { ids.iter().rev().collect() };
    let path = |id: &str| format!("{object}{id}/");
    let delete = |id: &String| {
        let path = path(id);
        deed(id, true, move || drop(phone.delete(&path).expect(204)))
    };
    let alter = |id: &String, n: usize| {
        let path = path(id);
        deed(id, true, move || drop(phone.patch(&path, &change(n)).expect(200)))
    };
    let deeds = vec![delete(order[0]), alter(order[6], 0), delete(order[5]), alter(order[1], 1)];
    Scene { phone, path: list.to_owned(), members: ("results", "id"), deeds }.walk();
}

fn goals(server: &Server) {
    let phone = Phone::single(server);
    let ids: Vec<String> = (0..9).map(|n| phone.make("/goals/", &json!({"title": n.to_string()}))).collect();
    objects(&phone, "/goals/", "/goals/", &ids, &|n| json!({"title": format!("changed {n}")}), false);
}

fn actions(server: &Server) {
    for of_all in [false, true] {
        let phone = Phone::single(server);
        let goal = phone.make("/goals/", &json!({"title": "x"}));
        let ids: Vec<String> = (0..9).map(|n| add_action(&phone, &goal, &n.to_string())).collect();
        let list = if of_all { "/goals/actions/".to_owned() } else { format!("/goals/{goal}/actions/") };
        objects(&phone, &list, "/goals/actions/", &ids, &|_| json!({"done": true}), true);
    }
}

fn questions(server: &Server) {
    let phone = Phone::single(server);
    let ids: Vec<String> = (0..9).map(|n| phone.make("/qna/questions/", &json!({"text": n.to_string()}))).collect();
    objects(&phone, "/qna/questions/", "/qna/questions/", &ids, &|n| json!({"text": format!("changed {n}")}), false);
}

fn checkins(server: &Server) {
    let phone = Phone::single(server);
    let ids: Vec<String> = (1..10).map(|n| phone.make("/checkins/", &json!({"date": format!("2026-01-{n:02}")}))).collect();
    let change = |n: usize| json!({"date": format!("2026-02-{:02}", n + 1)});
    objects(&phone, "/checkins/?from=2026-01-01", "/checkins/", &ids, &change, false);
}

fn letters(server: &Server) {
    let phone = Phone::single(server);
    let letter =
        |n: usize| phone.post("/letters/", &json!({"month": format!("2025-{n:02}")})).expect(201).json()["letter"]["id"].clone();
    let ids: Vec<String> = (1..10).map(|n| text(&letter(n))).collect();
    objects(&phone, "/letters/", "/letters/", &ids, &|n| json!({"month": format!("2026-{:02}", n + 1)}), false);
}

fn edited(server: &Server) {
    let phone = &Phone::single(server);
    let mut ids: Vec<String> = (0..10).map(|_| made(phone)).collect();
    ids.sort_unstable();
    let begin = |id: &str| drop(mark(phone, "task", id, json!({"device_id": "phone one"})));
    ids[1..].iter().for_each(|id| begin(id));
    let end = |id: &String| {
        let path = format!("/sync/edits/task/{id}/?device_id=phone%20one");
        deed(id, true, move || drop(phone.delete(&path).expect(204)))
    };
    let begins = deed(&ids[0], true, || begin(&ids[0]));
    let deeds = vec![end(&ids[1]), begins, end(&ids[5]), end(&ids[2])];
    Scene { phone, path: "/sync/edits/".to_owned(), members: ("results", "id"), deeds }.walk();
}

fn members(server: &Server) {
    let phones = Phone::team(server, &["admin", "member", "member", "member", "member", "member", "member"]);
    let admin = &phones[0];
    let team = text(&admin.get("/couple/").expect(200).json()["team"]["id"]);
    let path = |n: usize| format!("/couple/members/{}/", phones[n].id);
    let deeds: Vec<Deed<'_>> = vec![
        (phones[1].id.to_string(), Some(team.clone()), Box::new(|| drop(admin.delete(&path(1)).expect(204)))),
        (
            phones[6].id.to_string(),
            Some(team.clone()),
            Box::new(|| drop(admin.patch(&path(6), &json!({"role": "staff"})).expect(200))),
        ),
        (
            phones[0].id.to_string(),
            Some(team.clone()),
            Box::new(|| drop(admin.patch("/auth/me/", &json!({"language": "ko"})).expect(200))),
        ),
    ];
    Scene { phone: admin, path: "/couple/members/".to_owned(), members: ("results", "id"), deeds }.walk();
}

fn conflicts(server: &Server) {
    let phone = Phone::single(server);
    let ids: Vec<String> = (0..7)
        .map(|_| {
            usual(&phone);
            text(&newest(&phone)["conflict_id"])
        })
        .collect();
    let settle = |n: usize| {
        let (phone, id) = (&phone, ids[n].clone());
        deed(&id.clone(), true, move || drop(resolve(phone, &id, &choice("manual", "server", Value::Null)).expect(200)))
    };
    let path = "/sync/conflicts/?status=manual_required".to_owned();
    Scene { phone: &phone, path, members: ("conflicts", "conflict_id"), deeds: vec![settle(6), settle(0), settle(3)] }.walk();
}

fn send(phone: &Phone, device: &str, n: usize) {
    let data = json!([{"metric_type": format!("m{n}"), "value": n, "timestamp": "2026-01-16"}]);
    phone.post("/sync/metrics/", &json!({"device_id": device, "data": data})).expect(200);
}

fn devices(server: &Server) {
    let (phone, other) = Phone::couple(server);
    let names = ["a_1", "b", "c_", "_d", "e ü/?&", "f_f_f", "g"];
    send(&other, "theirs", 0);
    names.iter().for_each(|name| send(&phone, name, 1));
    send(&other, "theirs too", 0);
    let erase = || {
        drop(other.ask("DELETE", "/auth/me/").json(&json!({"password": super::phone::PASSWORD})).send(server.port).expect(204))
    };
    let deeds = vec![
        deed("theirs too", false, erase),
        deed("b", false, || send(&phone, "b", 2)),
        deed("theirs", false, || send(&phone, "a new one", 3)),
    ];
    Scene { phone: &phone, path: "/sync/devices/".to_owned(), members: ("results", "device_id"), deeds }.walk();
}

fn hours(server: &Server) {
    let phone = Phone::single(server);
    let tenant = tenant_of(&mut server.store(), phone.id).unwrap().unwrap();
    let hour = |n: i64| Timestamp(1_700_000_000_000 / HOUR * HOUR).plus(n * HOUR);
    let put = |n: i64| snapshots::put(&mut server.store(), hour(n), tenant, &Figures::default()).unwrap();
    (0..7).for_each(put);
    let delete = |n: i64| {
        let sql = "DELETE FROM snapshots WHERE tenant = ? AND hour = ?";
        server.alter(sql, params![tenant, hour(n)]);
    };
    let id = |n: i64| serde_json::to_value(hour(n)).unwrap().as_str().unwrap().to_owned();
    let deeds = vec![deed(&id(6), false, || delete(6)), deed(&id(9), false, || put(9)), deed(&id(0), false, || delete(0))];
    Scene { phone: &phone, path: "/sync/health/snapshots/".to_owned(), members: ("results", "hour"), deeds }.walk();
}

fn next_is_never_404(server: &Server) {
    let phone = Phone::single(server);
    let ids: Vec<String> = (0..5).map(|n| phone.make("/goals/", &json!({"title": n.to_string()}))).collect();
    let first = phone.get("/goals/?page_size=2").expect(200).json();
    let next = first["next"].as_str().unwrap().split_once("/api").unwrap().1.to_owned();
    assert!(next.contains("page=2") && next.contains("after="), "{next}");
    ids.iter().for_each(|id| drop(phone.delete(&format!("/goals/{id}/")).expect(204)));
    let empty = phone.get(&next).expect(200).json();
    assert_eq!((&empty["count"], &empty["next"], &empty["results"]), (&json!(0), &Value::Null, &json!([])));
    let previous = empty["previous"].as_str().unwrap().split_once("/api").unwrap().1.to_owned();
    assert_eq!(phone.get(&previous).expect(200).json()["results"], json!([]));
    phone.post("/couple/leave/", &json!({})).expect(204);
    assert_eq!(phone.get(&next).expect(200).json()["results"], json!([]), "who left meanwhile has an empty list");
    let (member, goal) = (Phone::single(server), "01890000-0000-7000-8000-000000000000");
    let lists = WALKED.iter().filter(|list| !list.contains('{')).map(|list| (*list).to_owned());
    for list in lists {
        refused(member.get(&format!("{list}?after=no-key")), "after");
    }
    request("GET", &format!("/api/goals/?after=1_{goal}")).send(server.port).expect(401);
}
