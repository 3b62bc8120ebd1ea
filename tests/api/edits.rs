//! Who edits what now: marks, what the feed tells of them, and how they end.

use super::expect::{is_instant, problem, refused};
use super::graphql::data;
use super::phone::PASSWORD;
use super::records::{entry, fresh};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::base::time::{MINUTE, Timestamp};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a mark is begun, renewed, shown and ended, and the feed tells of each", life),
    ("an upload ends its device's mark of what it brought, and no other", uploads),
    ("a phone that died is shown no longer, and the night buries its mark", died),
    ("a device has twenty marks at once, and a user begins sixty in five minutes", bounds),
    ("a quiet mark, and one of what the server does not know, are shown to nobody", unseen),
    ("what others have marked is not there, and may be marked by the same id", strangers),
    ("marks of who leaves, or whose account ends, end and name nobody", leaving),
    ("what was known at a mark's begin is what training makes of it later, bit for bit", skew),
    ("GraphQL begins, shows and ends marks", graphql),
    ("a mark that ended and began again within a millisecond can be ended, and left behind", instant),
    ("the feed tells of an editor as long as one of two lists with the same id has one", twice),
    ("a mark with wrong fields is refused, and one of an unknown kind is not found", wrong),
];

/// Sends an entry of a task from a device.
#[track_caller]
pub fn task(phone: &Phone, device: &str, entry: Value) -> Value {
    let said = phone.post("/sync/activity/sync/", &json!({"entries": [entry], "client_id": device})).expect(200).json();
    assert_eq!(said["errors"], json!([]), "{said}");
    said["synced_items"][0].clone()
}

/// A new task.
#[track_caller]
pub fn made(phone: &Phone) -> String {
    let id = fresh();
    task(phone, "phone one", entry(&id, 0, json!({"jobdesc": "a job"})));
    id
}

/// Begins or renews a mark; what is answered.
#[track_caller]
pub fn mark(phone: &Phone, kind: &str, id: &str, sent: Value) -> Value {
    phone.put(&format!("/sync/edits/{kind}/{id}/"), &sent).expect(200).json()
}

fn unmark(phone: &Phone, id: &str, device: &str) {
    phone.delete(&format!("/sync/edits/task/{id}/?device_id={}", device.replace(' ', "%20"))).expect(204);
}

/// The users who edit a record, as a list of marks shows it.
fn editors(marks: &Value, id: &str) -> Vec<i64> {
    let of = marks["results"].as_array().unwrap().iter().find(|edits| edits["id"] == id);
    let users =
        of.map(|edits| edits["editors"].as_array().unwrap().iter().map(|editor| editor["user_id"].as_i64().unwrap()).collect());
    users.unwrap_or_default()
}

#[track_caller]
fn listed(phone: &Phone, id: &str) -> Vec<i64> {
    editors(&phone.get("/sync/edits/?page_size=200").expect(200).json(), id)
}

/// What the feed tells of edits since a cursor, and the next cursor.
#[track_caller]
fn told(phone: &Phone, since: &str) -> (Vec<Value>, String) {
    let poll = phone.get(&format!("/sync/changes/?kinds=edits&include=objects&since={since}")).expect(200).json();
    (poll["changes"]["edits"].as_array().unwrap().clone(), poll["server_time"].as_str().unwrap().to_owned())
}

#[track_caller]
fn now(phone: &Phone) -> String {
    told(phone, "").1
}

/// Lets time pass for the marks of a record.
fn age(server: &Server, id: &str, milliseconds: i64) {
    let sql =
        "UPDATE marks SET until_at = until_at - ?, moved_at = moved_at - ?, began_at = began_at - ? WHERE id = ? AND live = 1";
    server.alter(sql, params![milliseconds, milliseconds, milliseconds, id]);
}

fn life(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    let cursor = now(&b);
    let sent = json!({"device_id": "phone one", "version": 1, "fields": ["jobdesc", "remarks"]});
    let begun = mark(&a, "task", &id, sent.clone());
    assert!(is_instant(&begun["until"]) && begun["renew_after"] == 240, "{begun}");
    let left = Timestamp::parse(begun["until"].as_str().unwrap()).unwrap().0 - Timestamp::now().0;
    assert!((290_000..=300_000).contains(&left), "{begun}");
    assert_eq!((&begun["advice"]["recommendation"], &begun["advice"]["facts"]["editors"]), (&json!("go_on"), &json!([])));
    let (rows, cursor) = told(&b, &cursor);
    let editor = &rows[0]["object"]["editors"][0];
    let wanted = json!({"user_id": a.id, "device_name": null, "since": editor["since"], "until": begun["until"], "fields": ["jobdesc", "remarks"]});
    assert_eq!((&rows[0]["object"], rows.len()), (&json!({"id": id, "kind": "task", "editors": [wanted]}), 1));
    // Within a minute a renewal is known by its end alone; after it, the feed tells.
    age(server, &id, MINUTE / 2);
    mark(&a, "tasks", &id, sent.clone());
    let (rows, cursor) = told(&b, &cursor);
    assert_eq!(rows, [] as [Value; 0]);
    age(server, &id, MINUTE);
    mark(&a, "activity", &id, json!({"device_id": "phone one"}));
    let (rows, cursor) = told(&b, &cursor);
    assert_eq!(rows[0]["object"]["editors"][0]["fields"], json!([]), "{rows:?}");
    mark(&b, "task", &id, json!({"device_id": "phone two", "version": 1}));
    assert_eq!((listed(&a, &id), listed(&b, &id)), (vec![a.id, b.id], vec![a.id, b.id]));
    assert_eq!(editors(&a.get("/sync/edits/?kind=tasks").expect(200).json(), &id).len(), 2);
    assert_eq!(editors(&a.get("/sync/edits/?kind=goals").expect(200).json(), &id), [] as [i64; 0]);
    unmark(&a, &id, "phone one");
    assert_eq!(listed(&a, &id), [b.id]);
    unmark(&a, &id, "phone one");
    unmark(&b, &id, "phone one");
    let (rows, cursor) = told(&b, &cursor);
    assert_eq!((&rows[0]["object"]["editors"][0]["user_id"], rows.len()), (&json!(b.id), 1));
    unmark(&b, &id, "phone two");
    let (rows, _) = told(&b, &cursor);
    assert_eq!((&rows[0]["id"], &rows[0]["deleted"]), (&json!(id), &json!(true)));
    assert_eq!(listed(&b, &id), [] as [i64; 0]);
    let goal = a.make("/goals/", &json!({"title": "a goal"}));
    assert_eq!(mark(&a, "goals", &goal, json!({"device_id": "phone one", "version": 1}))["advice"]["kind"], "goals");
    assert_eq!(editors(&b.get("/sync/edits/?kind=goals").expect(200).json(), &goal), [a.id]);
}

fn uploads(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (id, other) = (made(&a), made(&a));
    let goal = a.make("/goals/", &json!({"title": "a goal"}));
    let begin = |phone: &Phone, device: &str| {
        mark(phone, "task", &id, json!({ "device_id": device }));
        mark(phone, "task", &other, json!({ "device_id": device }));
    };
    [("phone one", &a), ("phone two", &a), ("phone one", &b)].iter().for_each(|(device, phone)| begin(phone, device));
    mark(&a, "goals", &goal, json!({"device_id": "phone one"}));
    task(&a, "phone one", entry(&id, 1, json!({"remarks": "r"})));
    assert_eq!((listed(&b, &id), listed(&b, &other).len()), (vec![a.id, b.id], 3));
    let item = json!({"domain": "goal", "mobile_id": goal, "operation": "update", "version": 1, "data": {"title": "another"}});
    let batch = json!({"device_id": "phone one", "client_timestamp": "2026-01-05T00:00:00Z", "records": [item]});
    assert_eq!(a.post("/sync/batch/", &batch).expect(200).json()["success"], true);
    assert_eq!(listed(&b, &goal), [] as [i64; 0]);
    task(&b, "phone one", entry(&id, 1, json!({"jobdesc": "b's"})));
    assert_eq!(listed(&b, &id), [a.id], "a conflict ends a mark, too");
}

fn died(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    mark(&a, "task", &id, json!({"device_id": "phone one"}));
    let cursor = now(&b);
    age(server, &id, 5 * MINUTE + 1);
    // Another case's night may have come meanwhile.
    let buried = |row: &Value| row["deleted"] == true;
    assert!(listed(&b, &id).is_empty() && told(&b, &cursor).0.iter().all(buried), "nobody has written");
    let all = b.get("/sync/changes/?kinds=edits&include=objects&since=2000-01-01").expect(200).json();
    let row = &all["changes"]["edits"][0];
    assert!(buried(row) || row["object"] == json!({"id": id, "kind": "task", "editors": []}), "{row}");
    let advice = mark(&b, "task", &id, json!({"device_id": "phone two", "version": 1, "quiet": true}))["advice"].clone();
    assert_eq!((&advice["facts"]["editors"], &advice["recommendation"]), (&json!([]), &json!("go_on")));
    server.tandem(&["maintain", "--quiet"]);
    let (rows, _) = told(&b, &cursor);
    assert_eq!((&rows[0]["id"], &rows[0]["deleted"]), (&json!(id), &json!(true)));
    let names = "SELECT COUNT(*) FROM marks WHERE id = ? AND live = 0 AND name <> ''";
    assert_eq!(server.store().one(names, params![&id], |row| row.get::<i64>(0)).unwrap(), Some(0));
    mark(&a, "task", &id, json!({"device_id": "phone one"}));
    assert_eq!(listed(&b, &id), [a.id], "it is back");
}

fn bounds(server: &Server) {
    let (a, b) = Phone::couple(server);
    let entries: Vec<(String, Value)> =
        (0..22).map(|_| fresh()).map(|id| (id.clone(), entry(&id, 0, json!({"jobdesc": "a job"})))).collect();
    let sent: Vec<&Value> = entries.iter().map(|(_, entry)| entry).collect();
    a.post("/sync/activity/sync/", &json!({"entries": sent, "client_id": "phone one"})).expect(200);
    for (id, _) in &entries {
        mark(&a, "task", id, json!({"device_id": "phone one"}));
        mark(&b, "task", id, json!({"device_id": "phone two"}));
    }
    let live: Vec<usize> = entries.iter().map(|(id, _)| listed(&b, id).len()).collect();
    assert_eq!(live, [vec![0; 2], vec![2; 20]].concat(), "the oldest ended");
    for (id, _) in &entries {
        mark(&a, "task", id, json!({"device_id": "phone three"}));
    }
    for (id, _) in &entries[..16] {
        mark(&a, "task", id, json!({"device_id": "phone four"}));
    }
    let path = format!("/sync/edits/task/{}/", entries[17].0);
    let said = a.put(&path, &json!({"device_id": "phone four"}));
    let wait: i64 = said.header("retry-after").unwrap().parse().unwrap();
    problem(said, 429);
    assert!((1..=300).contains(&wait));
    mark(&a, "task", &entries[15].0, json!({"device_id": "phone four"}));
    mark(&b, "task", &entries[17].0, json!({"device_id": "phone four"}));
}

fn unseen(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (id, cursor) = (made(&a), now(&b));
    let quiet = json!({"device_id": "phone one", "version": 1, "quiet": true});
    mark(&a, "task", &id, quiet);
    let unknown = fresh();
    let advice = mark(&a, "journal", &unknown, json!({"device_id": "phone one", "version": 0}))["advice"].clone();
    let told_of = [&advice["facts"]["unknown"], &advice["risk_level"], &advice["recommendation"], &advice["probability"]];
    assert_eq!(told_of, [&json!(true), &json!("low"), &json!("go_on"), &json!(0.0)]);
    assert_eq!((listed(&b, &id), told(&b, &cursor).0), (vec![], vec![]));
    let asked = mark(&b, "task", &id, json!({"device_id": "phone two", "version": 1}));
    assert_eq!(asked["advice"]["facts"]["editors"], json!([]));
    // Loud, it is told at once, as begun now: who was told of first goes on. And a record that the server has come to know is shown with its next mark.
    mark(&a, "task", &id, json!({"device_id": "phone one", "version": 1}));
    assert_eq!(listed(&b, &id), [b.id, a.id]);
    let kept = "SELECT COUNT(*) FROM marks WHERE id = ?";
    assert_eq!(server.store().one(kept, params![&unknown], |row| row.get::<i64>(0)).unwrap(), Some(1));
}

fn strangers(server: &Server) {
    let (owner, stranger) = (Phone::couple(server).0, Phone::couple(server).0);
    let id = made(&owner);
    task(&owner, "phone one", entry(&id, 1, json!({"remarks": "mine"})));
    mark(&owner, "task", &id, json!({"device_id": "phone one"}));
    let sent = json!({"device_id": "phone one", "version": 1, "pending": true});
    let without_id = |mut advice: Value| {
        advice["id"] = Value::Null;
        advice["predicted_at"] = Value::Null;
        advice
    };
    let (theirs, nobodys) = (mark(&stranger, "task", &id, sent.clone()), mark(&stranger, "task", &fresh(), sent));
    assert_eq!(without_id(theirs["advice"].clone()), without_id(nobodys["advice"].clone()));
    let record = |id: &str| json!({"kind": "task", "id": id, "version": 1, "pending": true});
    let asked = json!({"device_id": "phone one", "records": [record(&id), record(&fresh())]});
    let said = stranger.post("/sync/risk/", &asked).expect(200).json();
    assert_eq!(without_id(said["results"][0].clone()), without_id(said["results"][1].clone()));
    unmark(&stranger, &id, "phone one");
    assert_eq!((listed(&owner, &id), listed(&stranger, &id)), (vec![owner.id], vec![]));
}

fn leaving(server: &Server) {
    let team = Phone::team(server, &["admin", "member", "member"]);
    let id = made(&team[0]);
    for phone in &team {
        mark(phone, "task", &id, json!({"device_id": "phone one"}));
    }
    let cursor = now(&team[0]);
    team[1].post("/couple/leave/", &json!({})).expect(204);
    assert_eq!(listed(&team[0], &id), [team[0].id, team[2].id]);
    team[2].ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(team[2].port).expect(204);
    assert_eq!(listed(&team[0], &id), [team[0].id]);
    assert_eq!(told(&team[0], &cursor).0.len(), 1);
    let left = "SELECT COUNT(*) FROM marks WHERE id = ? AND (user_id > 0 OR device > 0 OR name <> '') AND user_id <> ?";
    assert_eq!(server.store().one(left, params![&id, team[0].id], |row| row.get::<i64>(0)).unwrap(), Some(0));
}

fn skew(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    for version in 1..6 {
        task(&b, "phone two", entry(&id, version, json!({"remarks": version})));
        super::history::age(server, &id, 1);
    }
    mark(&b, "task", &id, json!({"device_id": "phone two", "version": 6}));
    let cursor = now(&a);
    mark(&a, "task", &id, json!({"device_id": "phone one", "version": 6, "cursor": cursor}));
    task(&a, "phone one", entry(&id, 6, json!({"remarks": "a's"})));
    let sql = "SELECT began_at, told FROM marks WHERE id = ? AND live = 0";
    let read = |row: &tandem::db::Row<'_>| Ok((row.get::<i64>(0)?, row.get::<String>(1)?));
    let (began, told) = server.store().one(sql, params![&id], read).unwrap().unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    let told: Vec<f64> = told["row"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    let file = server.data_dir.join(format!("{id}.csv"));
    server.tandem(&["risk", "export", "--out", file.to_str().unwrap()]);
    let csv = std::fs::read_to_string(&file).unwrap();
    let asked = (began as f64 / 1_000.0).to_string();
    let line = csv
        .lines()
        .find(|line| line.split(',').nth(1) == Some(asked.as_str()))
        .unwrap_or_else(|| panic!("{asked} is not in {csv}"));
    let made: Vec<f64> = line.split(',').skip(4).take(11).map(|cell| cell.parse().unwrap()).collect();
    assert_eq!(made, told);
    assert_eq!((made[2], made[5]), (5.0, 1.0), "{made:?}");
    std::fs::remove_file(file).unwrap();
}

fn graphql(server: &Server) {
    let (a, b) = Phone::couple(server);
    let (id, cursor) = (made(&a), now(&b));
    let begin = "mutation($edit: RiskInput!) { markEdit(deviceId: \"phone one\", edit: $edit) { until renewAfter advice { recommendation facts { unknown } } } }";
    let edit = json!({"kind": "task", "id": id, "version": 1, "fields": ["remarks"]});
    let begun = data(&a, begin, json!({ "edit": edit }))["markEdit"].clone();
    assert_eq!((&begun["renewAfter"], &begun["advice"]["recommendation"]), (&json!(240), &json!("go_on")));
    assert_eq!(listed(&b, &id), [a.id]);
    let poll = "query($since: String) { changes(since: $since, kinds: [\"edits\"]) { changes { kind deleted object { ... on Edits { id kind editors { userId fields until } } } } } }";
    let changes = data(&b, poll, json!({ "since": cursor }))["changes"]["changes"].clone();
    let editor = json!({"userId": a.id.to_string(), "fields": ["remarks"], "until": begun["until"]});
    let wanted = json!({"kind": "edits", "deleted": false, "object": {"id": id, "kind": "task", "editors": [editor]}});
    assert_eq!(changes, json!([wanted]));
    let end = "mutation($id: ID!) { endEdit(deviceId: \"phone one\", kind: \"task\", id: $id) }";
    for _ in 0..2 {
        assert_eq!(data(&a, end, json!({ "id": id }))["endEdit"], true);
    }
    assert_eq!(listed(&b, &id), [] as [i64; 0]);
}

fn instant(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    let id = made(&phone);
    let thrice = "mutation($d: ID!, $r: RiskInput!, $i: ID!) { a: markEdit(deviceId: $d, edit: $r) { until } \
         b: endEdit(deviceId: $d, kind: \"task\", id: $i) c: markEdit(deviceId: $d, edit: $r) { until } }";
    for _ in 0..3 {
        data(&phone, thrice, json!({"d": "phone one", "r": {"kind": "task", "id": id}, "i": id}));
        assert_eq!(listed(&partner, &id), [phone.id]);
        unmark(&phone, &id, "phone one");
        assert_eq!(listed(&partner, &id), [] as [i64; 0]);
    }
    data(&phone, thrice, json!({"d": "phone one", "r": {"kind": "task", "id": id}, "i": id}));
    phone.post("/couple/leave/", &json!({})).expect(204);
}

fn twice(server: &Server) {
    let (a, b) = Phone::couple(server);
    let id = made(&a);
    a.post("/goals/", &json!({"id": id, "title": "a goal", "why_for_us": "", "status": "ACTIVE"})).expect(201);
    let cursor = now(&b);
    for kind in ["task", "goals"] {
        mark(&a, kind, &id, json!({"device_id": "phone one"}));
    }
    a.delete(&format!("/sync/edits/goals/{id}/?device_id=phone%20one")).expect(204);
    let (changes, cursor) = told(&b, &cursor);
    let change = changes.iter().find(|change| change["id"] == id.as_str()).unwrap();
    assert_eq!((change.get("deleted"), &change["object"]["kind"]), (None, &json!("task")));
    unmark(&a, &id, "phone one");
    assert_eq!(told(&b, &cursor).0[0]["deleted"], true);
}

fn wrong(server: &Server) {
    let phone = Phone::single(server);
    let id = made(&phone);
    let path = format!("/sync/edits/task/{id}/");
    let with = |name: &str, value: Value| json!({"device_id": "phone one", name: value});
    let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    for (field, sent) in [
        ("device_id", json!({})),
        ("version", with("version", json!("x"))),
        ("version", with("version", json!(-1))),
        ("seen", with("seen", json!("yesterday"))),
        ("fields", with("fields", json!("title"))),
        ("fields", with("fields", json!([1]))),
        ("fields", with("fields", json!(many))),
        ("pending", with("pending", json!("maybe"))),
        ("cursor", with("cursor", json!(true))),
        ("quiet", with("quiet", json!([]))),
    ] {
        refused(phone.put(&path, &sent), field);
    }
    let sent = json!({"device_id": "phone one"});
    let no_id = problem(phone.put("/sync/edits/task/7/", &sent), 404);
    assert!(no_id["detail"].as_str().unwrap().contains("a UUID such as"), "{no_id}");
    for kind in ["nonsense", "edits", "Task"] {
        problem(phone.put(&format!("/sync/edits/{kind}/{id}/"), &sent), 404);
        problem(phone.delete(&format!("/sync/edits/{kind}/{id}/?device_id=x")), 404);
        problem(phone.get(&format!("/sync/edits/?kind={kind}")), 404);
    }
    problem(phone.put("/sync/edits/task/nonsense/", &sent), 404);
    refused(phone.delete(&path), "device_id");
    phone.delete("/sync/edits/task/nonsense/?device_id=x").expect(204);
    let alone = Phone::register(server);
    problem(alone.put(&path, &sent), 404);
    assert_eq!(alone.get("/sync/edits/").expect(200).json()["results"], json!([]));
}
