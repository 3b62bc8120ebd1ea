//! The policy `device_priority`: whose device counts more.

use super::conflicts::{item, newest, set, upload, with};
use super::devices::again;
use super::expect::problem;
use super::mobile::driver::DRIVERS;
use super::phone::PASSWORD;
use super::records::shown;
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::json;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("the device that counts more wins as a whole, and between equals the later edit", wins),
    ("where a device is not known the later edit wins", unknown),
    ("in a team a device counts as its type, unless who runs it says more", team),
    ("a person may let the devices' priority choose, and what an older program reads is a policy that it knows", chosen),
];

const EARLIER: &str = "2026-01-01T10:00:00Z";
const LATER: &str = "2026-01-01T11:00:00Z";

/// The same user on a device of this type.
fn on(server: &Server, phone: &Phone, kind: &str) -> Phone {
    again(server, phone, &json!({"device_id": kind, "type": kind}))
}

/// Sends an edit of a journal's entry from a device.
#[track_caller]
fn edit(phone: &Phone, device: &str, id: &str, version: i64, title: &str, at: &str) {
    let entry = json!({"mobile_id": id, "version": version, "title": title, "client_timestamp": at});
    phone.post("/sync/journal/sync/", &json!({"client_id": device, "entries": [entry]})).expect(200);
}

/// A device edits what another has edited meanwhile, from what was before that: whose edit stays.
#[track_caller]
fn contest(server: (&Phone, &str, &str), client: (&Phone, &str, &str)) -> String {
    let id = uuid::Uuid::new_v4().to_string();
    edit(server.0, server.1, &id, 0, "first", "2026-01-01T09:00:00Z");
    edit(server.0, server.1, &id, 1, "server", server.2);
    edit(client.0, client.1, &id, 1, "client", client.2);
    let kept = newest(client.0);
    let winner = shown(client.0, "journal", &id)["title"].as_str().unwrap().to_owned();
    assert_eq!((&kept["resolution_strategy"], &kept["winning_version"]), (&json!("device_priority"), &json!(winner)));
    winner
}

fn by_priority(phone: &Phone) {
    let policy = json!({"resolution_policy": "device_priority", "auto_resolve": true, "notify_on_conflict": true});
    assert_eq!(set(phone, "journal", json!({"resolution_policy": "device_priority"})), policy);
    assert_eq!(phone.get("/sync/policies/journal/").expect(200).json(), policy);
}

fn wins(server: &Server) {
    let phone = Phone::single(server);
    by_priority(&phone);
    let [desk, hand] = ["desktop", "phone"].map(|kind| on(server, &phone, kind));
    assert_eq!(contest((&desk, "desktop", EARLIER), (&hand, "phone", LATER)), "server");
    assert_eq!(contest((&hand, "phone", LATER), (&desk, "desktop", EARLIER)), "client");
    desk.patch("/devices/desktop/", &json!({"priority": 40})).expect(200);
    assert_eq!(contest((&desk, "desktop", EARLIER), (&hand, "phone", LATER)), "client");
    assert_eq!(contest((&desk, "desktop", LATER), (&hand, "phone", EARLIER)), "server");
    assert_eq!(contest((&desk, "desktop", LATER), (&hand, "phone", LATER)), "server", "a tie goes to the server");
    // A late edit of one's own device meets its own.
    assert_eq!(contest((&desk, "desktop", EARLIER), (&desk, "desktop", LATER)), "client");
    // What a device alone has changed is merged first, whatever it counts.
    desk.patch("/devices/desktop/", &json!({"priority": 100})).expect(200);
    let id = uuid::Uuid::new_v4().to_string();
    edit(&desk, "desktop", &id, 0, "first", EARLIER);
    edit(&desk, "desktop", &id, 1, "server", EARLIER);
    let base = json!({"title": "first"});
    let entry = json!({"mobile_id": id, "version": 1, "mood": "clean", "base_data": base, "client_timestamp": LATER});
    hand.post("/sync/journal/sync/", &json!({"client_id": "phone", "entries": [entry]})).expect(200);
    let record = shown(&phone, "journal", &id);
    assert_eq!((&record["title"], &record["mood"]), (&json!("server"), &json!("clean")));
}

fn unknown(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    by_priority(&phone);
    let [desk, hand] = ["desktop", "phone"].map(|kind| on(server, &phone, kind));
    // A partner's device of the same id is another device.
    let other = again(server, &partner, &json!({"device_id": "desktop", "type": "phone", "priority": 1}));
    assert_eq!(contest((&other, "desktop", LATER), (&hand, "phone", EARLIER)), "client");
    // An older program writes a version and does not say from where.
    let id = uuid::Uuid::new_v4().to_string();
    edit(&desk, "desktop", &id, 0, "first", EARLIER);
    let older = "UPDATE records SET version = version + 1 WHERE id = ?";
    assert_eq!(server.alter(older, params![&id]), 1);
    edit(&hand, "phone", &id, 1, "client", LATER);
    assert_eq!(shown(&phone, "journal", &id)["title"], "client");
    // Nor do the couple's own routes.
    set(&phone, "goals", json!({"resolution_policy": "device_priority"}));
    let goal = desk.make("/goals/", &json!({"title": "first"}));
    desk.patch(&format!("/goals/{goal}/"), &json!({"title": "server"})).expect(200);
    let late = with(item("goals", &goal, 1, json!({"title": "client"})), json!({"client_timestamp": "2020-01-01T00:00:00Z"}));
    upload(DRIVERS[0], &hand, &[late]);
    let kept = newest(&phone);
    assert_eq!((&kept["domain"], &kept["winning_version"]), (&json!("goal"), &json!("server")));
    // From whose device an edit came goes with its account.
    let rows = |user: i64| {
        let sql = "SELECT COUNT(*) FROM records WHERE updated_by = ? AND device <> ''";
        server.store().one(sql, params![user], |row| row.get::<i64>(0)).unwrap().unwrap()
    };
    edit(&other, "desktop", &uuid::Uuid::new_v4().to_string(), 0, "theirs", LATER);
    assert!(rows(partner.id) > 0);
    other.ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(server.port).expect(204);
    assert_eq!(rows(partner.id), 0);
}

fn team(server: &Server) {
    let members = Phone::team(server, &["admin", "member"]);
    by_priority(&members[0]);
    let admin = on(server, &members[0], "laptop");
    // Whatever a member says when they sign in, a tablet counts 60 here.
    let member = again(server, &members[1], &json!({"device_id": "tablet", "type": "tablet", "priority": 95}));
    let counts = || member.get("/devices/tablet/").expect(200).json()["priority"].clone();
    assert_eq!(counts(), 60);
    let listed = server.tandem(&["device", "list", "--user", &member.username, "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["priority"], 60, "the operator is told the same");
    assert_eq!(contest((&admin, "laptop", EARLIER), (&member, "tablet", LATER)), "server");
    let path = format!("/devices/tablet/?user_id={}", member.id);
    admin.patch(&path, &json!({"priority": 90})).expect(200);
    assert_eq!((counts(), contest((&admin, "laptop", EARLIER), (&member, "tablet", EARLIER)).as_str()), (json!(90), "client"));
    // What was granted is no licence for more, at a sign-in neither; and less is a member's to say.
    problem(member.patch("/devices/tablet/", &json!({"priority": 91})), 403);
    member.patch("/devices/tablet/", &json!({"priority": 85})).expect(200);
    assert_eq!(counts(), 85);
    let member = again(server, &member, &json!({"device_id": "tablet", "type": "tablet", "priority": 99}));
    assert_eq!(member.get("/devices/tablet/").expect(200).json()["priority"], 60);
    // Who runs the team says it of their own by registering it.
    admin.put("/devices/laptop/", &json!({"priority": 97})).expect(200);
    assert_eq!(admin.get("/devices/laptop/").expect(200).json()["priority"], 97);
    // What counts more elsewhere counts as its type here, and may be called otherwise all the same.
    let alone = Phone::register(server);
    let tablet = again(server, &alone, &json!({"device_id": "tablet", "type": "tablet", "priority": 95}));
    let code = admin.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].as_str().unwrap().to_owned();
    tablet.post("/couple/join/", &json!({"code": code})).expect(200);
    tablet.patch("/devices/tablet/", &json!({"name": "the old one", "can_wipe": true})).expect(200);
    assert_eq!(tablet.put("/devices/tablet/", &json!({"type": "tablet"})).expect(200).json()["priority"], 60);
    problem(tablet.patch("/devices/tablet/", &json!({"priority": 95})), 403);
    // Who runs the team no more counts as everybody does; so does who comes back.
    let role =
        |by: &Phone, of: &Phone, role: &str| by.patch(&format!("/couple/members/{}/", of.id), &json!({"role": role})).expect(200);
    let laptop = || admin.get("/devices/laptop/").expect(200).json()["priority"].clone();
    role(&admin, &members[1], "admin");
    assert_eq!(laptop(), 97);
    role(&members[1], &members[0], "member");
    assert_eq!(laptop(), 80);
    role(&members[1], &members[0], "admin");
    assert_eq!(laptop(), 80, "they say it anew");
    // In a couple of one's own a device counts as it was set.
    let free = Phone::single(server);
    let tablet = again(server, &free, &json!({"device_id": "tablet", "type": "tablet", "priority": 95}));
    assert_eq!(tablet.get("/devices/tablet/").expect(200).json()["priority"], 95);
}

fn chosen(server: &Server) {
    let phone = Phone::single(server);
    by_priority(&phone);
    let sql = "SELECT policy FROM policies p JOIN members m ON m.tenant = p.tenant WHERE m.user_id = ? AND p.domain = 'journal'";
    let stored = server.store().one(sql, params![phone.id], |row| row.get::<String>(0)).unwrap();
    assert_eq!(stored.as_deref(), Some("most_recent_wins"));
    set(&phone, "journal", json!({"resolution_policy": "manual"}));
    let [desk, hand] = ["desktop", "phone"].map(|kind| on(server, &phone, kind));
    let id = uuid::Uuid::new_v4().to_string();
    edit(&hand, "phone", &id, 0, "first", EARLIER);
    edit(&hand, "phone", &id, 1, "server", LATER);
    edit(&desk, "desktop", &id, 1, "client", EARLIER);
    let conflict = newest(&phone)["conflict_id"].clone();
    let mutation = "mutation($c: ID!) { resolveConflict(resolution: {conflictId: $c, resolutionStrategy: DEVICE_PRIORITY, chosenVersion: \
                    \"merged\"}) { success winningVersion } }";
    let said = phone.post("/graphql/", &json!({"query": mutation, "variables": {"c": conflict}})).expect(200).json();
    assert_eq!(said["data"]["resolveConflict"]["success"], true, "{said}");
    assert_eq!(shown(&phone, "journal", &id)["title"], "client", "the desktop counts more");
    assert_eq!(newest(&phone)["resolution_strategy"], "device_priority");
}
