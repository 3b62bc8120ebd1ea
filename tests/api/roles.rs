//! What each role of a team may do, and both partners of a couple: every route of members × every role, and the objects whose
//! owners only the nouns know.

use super::conflicts::{item, late, newest, one, set, upload, with};
use super::expect::{Things, problem};
use super::mobile::driver::DRIVERS;
use super::phone::PASSWORD;
use super::resolutions::{choice, resolve};
use super::routes::{filled, routes};
use super::teams::{code, join};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tandem::feature::{Access, Face, Reach, Role, TenantKind};
use tandem::http::Method;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("every route of members is refused to exactly the roles that may not call it", every_route),
    ("a plain member settles only the conflicts of their own uploads and versions", settling),
    ("a plain member does not export the team, and an admin does", exporting),
    ("whoever loses a role has lost what it gave at the next request", lost_roles),
    ("codes end with what entitled their maker", codes),
];

/// The routes that are not for everybody in a team, and the roles that are refused.
const REFUSED: &[(&str, &str, &[&str])] = &[
    ("POST", "/couple/invite/", &["member"]),
    ("PUT", "/sync/policies/{domain}/", &["member"]),
    ("GET", "/couple/export/", &["member", "staff"]),
];

fn every_route(server: &Server) {
    let roles = ["member", "staff", "admin"];
    let phones = Phone::team(server, &roles);
    let (partner, other) = Phone::couple(server);
    let callers = roles.iter().copied().zip(&phones).chain([("partner", &partner)]);
    for (role, phone) in callers {
        let mut refused = BTreeSet::new();
        for route in routes().filter(|route| matches!(route.access, Access::Member(_)) && route.face == Face::Rest) {
            let id = if route.path.contains("{domain}") { "journal" } else { "0b6c8f6e-7d1c-7000-8000-000000000000" };
            let (method, path) = (route.method.name(), filled(route.path, id));
            let ask = phone.ask(method, &path);
            let ask = if route.method == Method::Get { ask } else { ask.json(&json!({})) };
            if ask.send(server.port).status == 403 {
                refused.insert((method, route.path));
            }
        }
        let expected = REFUSED.iter().filter(|(_, _, roles)| roles.contains(&role)).map(|(method, path, _)| (*method, *path));
        assert_eq!(refused, expected.collect(), "{role}");
    }
    problem(other.post("/couple/invite/", &json!({})), 403);
    // The table and the routes tell the same.
    for route in routes() {
        let refused = REFUSED.iter().any(|(method, path, _)| (*method, *path) == (route.method.name(), route.path));
        let named = route.right.is_some_and(|right| right.reach(TenantKind::Team, Role::Member) == Reach::Nothing);
        assert_eq!(named, refused, "{}", route.path);
    }
}

/// A conflict that one member's late upload met against another's version: its id.
#[track_caller]
fn met(server: &Phone, late_one: &Phone) -> String {
    let id = late(DRIVERS[0], server, "journal", json!({"title": "first"}), json!({"title": "the server's"}));
    assert_eq!(one(DRIVERS[0], late_one, item("journal", &id, 1, json!({"title": "late"}))).0, "conflict");
    newest(late_one)["conflict_id"].as_str().unwrap().to_owned()
}

fn settling(server: &Server) {
    let phones = Phone::team(server, &["admin", "staff", "member", "member", "member"]);
    let [admin, staff, writer, sender, other] = &phones[..] else { panic!("five") };
    set(staff, "journal", json!({"resolution_policy": "manual"}));
    problem(writer.put("/sync/policies/journal/", &json!({"resolution_policy": "client_wins"})), 403);
    let chosen = choice("manual", "client", Value::Null);
    let conflict = met(writer, sender);
    let body = problem(resolve(other, &conflict, &chosen), 403);
    assert!(body["detail"].as_str().unwrap().contains("staff"), "{body}");
    assert_eq!(newest(other)["resolution_required"], true, "it waits as before");
    let graphql = |phone: &Phone| {
        let choice = json!({"conflictId": conflict, "resolutionStrategy": "MANUAL", "chosenVersion": "client"});
        let query = "mutation($choice: ConflictResolutionInput!) { resolveConflict(resolution: $choice) { success } }";
        phone.post("/graphql/", &json!({"query": query, "variables": {"choice": choice}})).json()
    };
    assert_eq!(graphql(other)["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(graphql(sender)["data"]["resolveConflict"]["success"], true);
    resolve(sender, &conflict, &chosen).expect(200);
    problem(resolve(other, &conflict, &chosen), 403);
    // About one's own version, as long as it stands.
    resolve(writer, &met(writer, sender), &chosen).expect(200);
    let conflict = met(writer, sender);
    let id = newest(sender)["mobile_id"].as_str().unwrap().to_owned();
    upload(DRIVERS[0], other, &[with(item("journal", &id, 2, json!({"mood": "m"})), json!({"base_data": {}}))]);
    problem(resolve(other, &conflict, &chosen), 403);
    resolve(staff, &conflict, &chosen).expect(200);
    resolve(admin, &met(writer, sender), &chosen).expect(200);
    // Both partners of a couple settle what either met.
    let (a, b) = Phone::couple(server);
    set(&b, "journal", json!({"resolution_policy": "manual"}));
    let id = late(DRIVERS[0], &a, "journal", json!({"title": "first"}), json!({"title": "the server's"}));
    one(DRIVERS[0], &a, item("journal", &id, 1, json!({"title": "late"})));
    resolve(&b, newest(&b)["conflict_id"].as_str().unwrap(), &chosen).expect(200);
}

/// The ids of a list of an export.
fn ids(export: &Value, list: &str) -> BTreeSet<String> {
    let objects = export["data"][list].as_array().unwrap_or_else(|| panic!("no {list} in {export}"));
    objects.iter().map(|object| object.get("id").or(object.get("mobile_id")).unwrap().as_str().unwrap().to_owned()).collect()
}

fn exporting(server: &Server) {
    let phones = Phone::team(server, &["admin", "member", "staff"]);
    let [admin, member, staff] = &phones[..] else { panic!("three") };
    let (all, own) = (Things::of(admin), member.make("/goals/", &json!({"title": "the member's"})));
    let record = super::records::fresh();
    one(DRIVERS[0], member, item("journal", &record, 0, json!({"title": "the member's"})));
    let question = member.make("/qna/questions/", &json!({"text": "the member's"}));
    admin.post(&format!("/qna/questions/{question}/answer/"), &json!({"text": "the admin's words"})).expect(200);
    for phone in [member, staff] {
        problem(phone.get("/couple/export/"), 403);
    }
    let export = member.get("/auth/export/").expect(200).json();
    let only = |id: &str| BTreeSet::from([id.to_owned()]);
    assert_eq!((ids(&export, "goals"), ids(&export, "journal")), (only(&own), only(&record)));
    assert_eq!((ids(&export, "qna_questions"), ids(&export, "letters")), (only(&question), BTreeSet::new()));
    assert!(!export.to_string().contains("the admin's words"), "an answer is its writer's");
    assert!(!export.to_string().contains(&admin.username), "{export}");
    // The role gives no more of it; what an admin may is another route.
    assert_eq!(ids(&admin.get("/auth/export/").expect(200).json(), "goals"), only(&all.goal));
    let whole = admin.get("/couple/export/").expect(200).json();
    assert_eq!(ids(&whole, "goals"), BTreeSet::from([own, all.goal.clone()]));
    assert!(whole.to_string().contains("the admin's words") && whole["data"]["couple"][0]["members"].is_array());
    // Both partners of a couple have everything, as ever.
    let (a, b) = Phone::couple(server);
    let things = Things::of(&a);
    for path in ["/auth/export/", "/couple/export/"] {
        assert_eq!(ids(&b.get(path).expect(200).json(), "goals"), only(&things.goal), "{path}");
    }
    problem(Phone::register(server).get("/couple/export/"), 404);
}

fn lost_roles(server: &Server) {
    let phones = Phone::team(server, &["admin", "staff"]);
    let role = |new: &str| phones[0].patch(&format!("/couple/members/{}/", phones[1].id), &json!({ "role": new })).expect(200);
    let invite =
        || phones[1].ask("POST", "/couple/invite/").header("Idempotency-Key", "the-same-key-of-an-invite").json(&json!({}));
    invite().send(server.port).expect(200);
    role("member");
    problem(invite().send(server.port), 403);
    problem(phones[1].post("/couple/invite/", &json!({})), 403);
    role("admin");
    phones[1].get("/couple/export/").expect(200);
}

fn codes(server: &Server) {
    let demote = |admin: &Phone, staff: &Phone| {
        drop(admin.patch(&format!("/couple/members/{}/", staff.id), &json!({"role": "member"})).expect(200))
    };
    let delete = |_: &Phone, staff: &Phone| {
        staff.ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(server.port).expect(204);
    };
    let operator = |words: &[&str], staff: &Phone| drop(server.tandem(&[words, &[&staff.username]].concat()));
    let team = |staff: &Phone| super::teams::team(staff)["id"].as_str().unwrap().to_owned();
    type End<'e> = &'e dyn Fn(&Phone, &Phone);
    let ends: [(&str, End<'_>); 7] = [
        ("demoted", &demote),
        ("left", &|_, staff| drop(staff.post("/couple/leave/", &json!({})).expect(204))),
        ("deleted", &delete),
        ("disabled", &|_, staff| operator(&["user", "disable"], staff)),
        ("demoted by the operator", &|_, staff| {
            drop(server.tandem(&["tenant", "role", &team(staff), &staff.username, "member"]))
        }),
        ("removed by the operator", &|_, staff| drop(server.tandem(&["tenant", "remove", &team(staff), &staff.username]))),
        ("deleted by the operator", &|_, staff| operator(&["user", "delete", "--yes"], staff)),
    ];
    for (how, end) in ends {
        let phones = Phone::team(server, &["admin", "staff"]);
        let (theirs, others) = (code(&phones[1]), code(&phones[0]));
        end(&phones[0], &phones[1]);
        assert_eq!(join(&Phone::register(server), &theirs), 400, "{how}");
        let all = how.starts_with("removed");
        assert_eq!(join(&Phone::register(server), &others), if all { 400 } else { 200 }, "{how}: another's code");
    }
    // What still entitles keeps them: from admin to staff; and who has a seat again has no old codes.
    let phones = Phone::team(server, &["admin", "admin"]);
    let kept = code(&phones[1]);
    phones[0].patch(&format!("/couple/members/{}/", phones[1].id), &json!({"role": "staff"})).expect(200);
    assert_eq!(join(&Phone::register(server), &kept), 200);
    demote(&phones[0], &phones[1]);
    phones[0].patch(&format!("/couple/members/{}/", phones[1].id), &json!({"role": "admin"})).expect(200);
    assert_eq!(join(&Phone::register(server), &kept), 400);
    // Of a couple partner A's, for whoever had it.
    let one = Phone::single(server);
    let known = code(&one);
    one.post("/couple/leave/", &json!({})).expect(204);
    assert_eq!(join(&Phone::register(server), &known), 400);
}
