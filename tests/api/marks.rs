//! Bounds of marks: whose devices they are of, how many there are, what room they take, and when they end by themselves.

use super::devices::again;
use super::edits::{made, mark, task};
use super::expect::problem;
use super::graphql::data;
use super::records::{entry, fresh};
use super::room::{ENGINES, assert_exact, goal, server as roomy};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a mark is of a device that its user has not lost, and in version 2 of the session's", own),
    ("the name of a device is read alike by REST and by GraphQL: within its bounds, without blanks around it", named),
    ("of two who edit the same, who began first goes on, also when either renews", first),
    ("a user has a hundred marks at once, on however many devices", hundred),
    ("what moves nothing in the feed leaves the tenant's clock where it is", still),
    ("marks end with the sessions of their device, at once", ended),
    ("a mark's beginning tells it from one of another device of its user's", since),
    ("who left is not named for what the history does not know", left),
    ("a refusal says which of several records it is about", which),
    ("a mark is remembered as it was shown: until it ended by the clock, quiet as long as it was", shown),
    ("a revoked device's marks end, though another session is on no device", revoked),
    ("who has not seen what nobody remembers is behind", forgotten),
];

fn own(server: &Server) {
    let (a, _) = Phone::couple(server);
    let id = made(&a);
    let lost = again(server, &a, &json!({"device_id": "lost"}));
    let here = again(server, &a, &json!({"device_id": "here"}));
    let put = |phone: &Phone, version: &str, device: &str| {
        let path = format!("/api{version}/sync/edits/task/{id}/");
        let sent = json!({"device_id": device, "version": 1});
        crate::servers::client::request("PUT", &path).bearer(&phone.access).json(&sent).send(phone.port)
    };
    put(&lost, "", "lost").expect(200);
    let code = |answer| problem(answer, 409)["code"].as_str().unwrap().to_owned();
    put(&here, "/v2", "here").expect(200);
    assert_eq!(code(put(&here, "/v2", "lost")), "device-mismatch");
    assert_eq!(code(put(&here, "/v2", "nobody's")), "device-unknown");
    here.delete("/devices/lost/").expect(200);
    assert!(code(put(&here, "", "lost")).contains("device"), "what was lost edits nothing");
    put(&here, "", "nobody's").expect(200);
    let begin = "mutation($d: ID!, $r: RiskInput!) { markEdit(deviceId: $d, edit: $r) { until } }";
    let body = json!({"query": begin, "variables": {"d": "lost", "r": {"kind": "task", "id": id}}});
    let said = here.post("/graphql/", &body).expect(200).json();
    assert_eq!(said["errors"][0]["extensions"]["code"], "DEVICE_UNKNOWN", "{said}");
}

fn named(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    let edit = json!({"kind": "task", "id": id, "version": 1});
    let documents = [
        "mutation($d: ID!, $r: RiskInput!, $i: ID!) { markEdit(deviceId: $d, edit: $r) { until } unused: endEdit(deviceId: \"a\", kind: \"task\", id: $i) }",
        "mutation($d: ID!, $i: ID!) { endEdit(deviceId: $d, kind: \"task\", id: $i) }",
        "query($d: ID!, $r: RiskInput!) { conflictRisk(deviceId: $d, records: [$r]) { recommendation } }",
        "mutation($d: ID!) { updateDevice(deviceId: $d, device: {name: \"x\"}) { deviceId } }",
        "mutation($d: String!) { syncVoiceData(deviceId: $d, idempotencyKey: \"k\", data: []) { success } }",
    ];
    for (document, name) in documents
        .iter()
        .flat_map(|document| ["", " ", &"x".repeat(256), &"z".repeat(100_000)].map(|name| (*document, name.to_owned())))
    {
        let variables = json!({"d": name, "r": edit, "i": id});
        let said = a.post("/graphql/", &json!({"query": document, "variables": variables})).json();
        assert!(said["errors"].is_array(), "{} characters: {document}: {said}", name.len());
    }
    assert_eq!(live(server, a.id), 0);
    for document in &documents[..3] {
        data(&a, document, json!({"d": "phone one", "r": edit, "i": id}));
    }
    let begin = "mutation($d: ID!, $r: RiskInput!) { markEdit(deviceId: $d, edit: $r) { advice { recommendation } } }";
    mark(&a, "task", &id, json!({"device_id": "phone one", "version": 1, "fields": ["remarks"]}));
    let again = data(&a, begin, json!({"d": " phone one ", "r": edit}));
    assert_eq!((&again["markEdit"]["advice"]["recommendation"], live(server, a.id)), (&json!("go_on"), 1), "no other editor");
    assert_eq!(live(server, b.id), 0);
}

fn first(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    let same = |device: &str| json!({"device_id": device, "version": 1, "fields": ["remarks"]});
    let begun = |phone: &Phone, device: &str| mark(phone, "task", &id, same(device))["advice"]["recommendation"].clone();
    a.get("/sync/changes/").expect(200);
    assert_eq!(begun(&a, "one"), "go_on");
    assert_eq!(begun(&b, "two"), "wait");
    assert_eq!(begun(&a, "one"), "go_on", "a renewal of who began first");
    assert_eq!(begun(&b, "two"), "wait", "a renewal of who came later");
    a.delete(&format!("/sync/edits/task/{id}/?device_id=one")).expect(204);
    assert_eq!(begun(&b, "two"), "go_on", "nobody is before");
    assert_eq!(begun(&a, "one"), "wait", "who begins again comes later");
}

/// How many marks of a user hold.
fn live(server: &Server, user: i64) -> i64 {
    let sql = "SELECT COUNT(*) FROM marks WHERE live = 1 AND user_id = ?";
    server.store().one(sql, params![user], |row| row.get(0)).unwrap().unwrap()
}

fn hundred(server: &Server) {
    let phone = Phone::single(server);
    let id = made(&phone);
    let sql = "INSERT INTO marks (tenant, live, id, kind, user_id, device, began_at, name, until_at, moved_at, quiet, fields, cursor_at, ended_at, told) \
               SELECT tenant, 1, ?, 'task', user_id, ?, ?, 'many', 9000000000000, 1, 1, '', NULL, NULL, '{}' FROM members WHERE user_id = ?";
    for n in 0..120_i64 {
        server.alter(sql, params![&fresh(), n / 10, n, phone.id]);
    }
    mark(&phone, "task", &id, json!({"device_id": "phone one", "version": 1}));
    assert_eq!(live(server, phone.id), 100);
    let oldest = "SELECT MIN(began_at) FROM marks WHERE live = 1 AND user_id = ?";
    assert_eq!(server.store().one(oldest, params![phone.id], |row| row.get::<i64>(0)).unwrap(), Some(21), "the oldest ended");
}

fn clock(phone: &Phone) -> Value {
    phone.get("/sync/changes/?kinds=edits").expect(200).json()["server_time"].clone()
}

fn still(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (id, goal) = (made(&a), a.make("/goals/", &json!({"title": "a goal"})));
    let sent = json!({"device_id": "phone one", "version": 1});
    mark(&a, "task", &id, sent.clone());
    let before = clock(&b);
    let answer = a.put(&format!("/sync/edits/task/{id}/"), &sent).expect(200);
    assert_eq!(answer.header("Sync-Stamp"), None, "a renewal within a minute");
    mark(&a, "goals", &goal, json!({"device_id": "phone one", "quiet": true}));
    mark(&a, "task", &fresh(), sent.clone());
    for (kind, id) in [("goals", &goal), ("task", &fresh()), ("task", &"nonsense".to_owned())] {
        a.delete(&format!("/sync/edits/{kind}/{id}/?device_id=phone%20one")).expect(204);
    }
    b.delete(&format!("/sync/edits/task/{id}/?device_id=phone%20one")).expect(204);
    let end = "mutation($id: ID!) { endEdit(deviceId: \"phone one\", kind: \"task\", id: $id) }";
    assert_eq!(data(&b, end, json!({ "id": id }))["endEdit"], true);
    assert_eq!(clock(&b), before);
    let ended = a.delete(&format!("/sync/edits/task/{id}/?device_id=phone%20one")).expect(204);
    assert!(ended.header("Sync-Stamp").is_some() && clock(&b) != before, "what ends is told");
}

/// Who edits a record, as a partner sees it.
fn editors(phone: &Phone, id: &str) -> usize {
    let listed = phone.get("/sync/edits/?page_size=200").expect(200).json();
    let of = listed["results"].as_array().unwrap().iter().find(|edits| edits["id"] == id);
    of.map_or(0, |edits| edits["editors"].as_array().unwrap().len())
}

/// How sessions of a device are ended, which is handed in.
type End<'e> = &'e dyn Fn(&Phone);

fn ended(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    // Its own session is on the device of its upload.
    let stays = again(server, &a, &json!({"device_id": "phone one"}));
    let ends: [(&str, End<'_>); 3] = [
        ("revoked", &|_| drop(stays.delete("/devices/second/").expect(200))),
        ("signed out", &|second| drop(second.post("/auth/logout/", &json!({"refresh": second.refresh})).expect(204))),
        ("others ended", &|_| drop(stays.post("/auth/sessions/end-others/", &json!({})).expect(200))),
    ];
    for (how, end) in &ends {
        let second = again(server, &a, &json!({"device_id": "second"}));
        mark(&second, "task", &id, json!({"device_id": "second", "version": 1}));
        mark(&stays, "task", &id, json!({"device_id": "phone one", "version": 1}));
        assert_eq!(editors(&b, &id), 2, "{how}");
        let before = clock(&b);
        end(&second);
        assert_eq!(editors(&b, &id), 1, "{how}");
        assert_ne!(clock(&b), before, "{how}: the feed tells");
    }
}

fn shown(server: &Server) {
    let (a, _) = Phone::couple(server);
    let (id, other) = (made(&a), made(&a));
    mark(&a, "task", &id, json!({"device_id": "phone one", "version": 1}));
    server.alter("UPDATE marks SET began_at = began_at - 900000, until_at = until_at - 600000 WHERE id = ?", params![&id]);
    mark(&a, "task", &other, json!({"device_id": "phone one", "version": 1, "quiet": true}));
    let sql = "SELECT ended_at - until_at, live FROM marks WHERE id = ?";
    let lapsed = server.store().one(sql, params![&id], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))).unwrap();
    assert_eq!(lapsed, Some((0, 0)), "nobody was shown it afterwards");
    // Time passes: of two under one millisecond one is kept.
    std::thread::sleep(std::time::Duration::from_millis(2));
    mark(&a, "task", &other, json!({"device_id": "phone one", "version": 1, "quiet": false}));
    let sql = "SELECT live, quiet FROM marks WHERE id = ? ORDER BY live";
    let both = server.store().all(sql, params![&other], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))).unwrap();
    assert_eq!(both, [(0, 1), (1, 0)], "it was quiet then, and is not now");
}

fn revoked(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    let second = again(server, &a, &json!({"device_id": "second"}));
    server.alter("UPDATE sessions SET device = '' WHERE device = 'phone one' AND user_id = ?", params![a.id]);
    mark(&second, "task", &id, json!({"device_id": "second", "version": 1}));
    assert_eq!(editors(&b, &id), 1);
    a.delete("/devices/second/").expect(200);
    assert_eq!(editors(&b, &id), 0);
}

fn forgotten(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    task(&b, "theirs", entry(&id, 1, json!({"jobdesc": "theirs"})));
    task(&a, "phone one", entry(&id, 2, json!({"remarks": "mine"})));
    let ask = || {
        let asked = json!({"device_id": "phone one", "records": [{"kind": "task", "id": id, "version": 1}]});
        a.post("/sync/risk/", &asked).expect(200).json()["results"][0]["facts"]["behind"].clone()
    };
    assert_eq!(ask(), true);
    assert_eq!(server.alter("UPDATE history SET version = 0 WHERE id = ? AND version = 2", params![&id]), 1);
    assert_eq!(ask(), true, "it was somebody else's");
}

fn since(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    mark(&a, "task", &id, json!({"device_id": "phone two", "version": 1}));
    let cursor = clock(&a);
    std::thread::sleep(std::time::Duration::from_millis(2));
    let sent = json!({"device_id": "phone one", "version": 1});
    let begun = mark(&a, "task", &id, sent.clone());
    let renewed = mark(&a, "task", &id, sent);
    assert_eq!(renewed["since"], begun["since"], "a renewal begins nothing");
    let poll =
        b.get(&format!("/sync/changes/?kinds=edits&include=objects&since={}", cursor.as_str().unwrap())).expect(200).json();
    let shown = poll["changes"]["edits"][0]["object"]["editors"].as_array().unwrap().clone();
    let mine: Vec<&Value> = shown.iter().filter(|editor| editor["since"] == begun["since"]).collect();
    assert_eq!((shown.len(), mine.len(), &mine[0]["until"]), (2, 1, &renewed["until"]), "{shown:?}");
}

fn left(server: &Server) {
    let team = Phone::team(server, &["admin", "member", "member"]);
    let id = made(&team[1]);
    task(&team[1], "phone one", entry(&id, 1, json!({"remarks": "r"})));
    server.alter("UPDATE history SET version = 0 WHERE id = ?", params![&id]);
    let asked = json!({"device_id": "phone two", "records": [{"kind": "task", "id": id, "version": 1}]});
    let facts = || team[2].post("/sync/risk/", &asked).expect(200).json()["results"][0]["facts"].clone();
    assert_eq!((&facts()["behind"], &facts()["changed_by"]), (&json!(true), &json!(team[1].id)));
    team[1].post("/couple/leave/", &json!({})).expect(204);
    assert_eq!((&facts()["behind"], &facts()["changed_by"]), (&json!(true), &Value::Null));
}

fn which(server: &Server) {
    let phone = Phone::single(server);
    let sound = || json!({"kind": "task", "id": fresh(), "version": 1});
    let asked =
        |wrong: Value| phone.post("/sync/risk/", &json!({"device_id": "phone one", "records": [sound(), sound(), wrong]}));
    for (status, wrong) in [
        (400, json!({"kind": "task", "id": fresh(), "version": "x"})),
        (400, json!({"kind": "task", "id": "x"})),
        (400, json!({"kind": "task"})),
        (404, json!({"kind": "x", "id": fresh()})),
    ] {
        assert_eq!(problem(asked(wrong), status)["record"], 2);
    }
}

#[test]
fn marks_that_ended_take_room_and_are_forgotten_where_there_is_none() {
    for engine in ENGINES {
        let server = roomy(engine, &[("NEW_COUPLE", "1")]);
        let phone = Phone::single(&server);
        let id = made(&phone);
        let begin = || drop(mark(&phone, "task", &id, json!({"device_id": "phone one", "version": 1, "fields": ["remarks"]})));
        let finish = || drop(phone.delete(&format!("/sync/edits/task/{id}/?device_id=phone%20one")).expect(204));
        let kept = || server.store().one("SELECT COUNT(*) FROM marks", &[], |row| row.get::<i64>(0)).unwrap().unwrap();
        for _ in 0..3 {
            begin();
            finish();
        }
        let counted = "SELECT objects, bytes FROM room WHERE kind = 'marks'";
        let counted = || server.store().one(counted, &[], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))).unwrap().unwrap();
        assert!(kept() == 3 && counted().0 == 3 && counted().1 > 300, "{:?}", counted());
        assert_exact(&server);
        while goal(&phone, 9_999).status == 201 {}
        while goal(&phone, 1).status == 201 {}
        begin();
        assert_eq!(kept(), 4, "a mark holds all the same");
        finish();
        assert_eq!((kept(), counted().0), (3, 3), "and is forgotten");
        assert_exact(&server);
        // What ended by the clock is counted by the night, and what is too old goes.
        begin();
        server.alter("UPDATE marks SET until_at = 1 WHERE live = 1", &[]);
        server.tandem(&["maintain", "--quiet"]);
        assert_exact(&server);
        server.alter("UPDATE marks SET began_at = began_at - 8640000000", &[]);
        server.tandem(&["maintain", "--quiet"]);
        assert_eq!(kept(), 0);
        assert_exact(&server);
    }
}
