//! Messages to devices: who is told what, who is not, and that nobody is told of their own.

use super::conflicts::{item, late, one, set};
use super::devices::{again, refresh};
use super::expect::{Things, problem, refused};
use super::feed::now;
use super::mobile::driver::DRIVERS;
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a poll brings messages where it asks for them, and none twice", polls),
    ("an edit that waits for somebody alerts its sender and whose version it met", alerts),
    ("an upload tells each who should know once, however many conflicts it met", one_alert),
    ("a new policy, who joins and who leaves have devices poll", triggers),
    ("where a policy settles, its parties and who decides are told, and nobody where it is not to notify", settled),
    ("signing in beside another session and a new password are told", accounts),
    ("a session that is ended from elsewhere is told to those who go on", ended),
    ("every change bears its device, and what nobody sent as it is bears none", authors),
    ("members send to their own devices, who runs a team to anybody in it", sending),
    ("a user sends ten messages a minute", limited),
    ("both faces show the same messages", faces),
];

/// What a poll with messages brings.
#[track_caller]
pub fn told(phone: &Phone, since: &str) -> Vec<Value> {
    let poll = phone.get(&format!("/sync/changes/?include=messages&since={since}")).expect(200).json();
    poll["messages"].as_array().unwrap().clone()
}

pub fn types(messages: &[Value]) -> Vec<String> {
    let word = |message: &Value| {
        let data = &message["data"];
        let what = data["reason"].as_str().or(data["code"].as_str()).unwrap_or_default();
        format!("{} {what}", message["type"].as_str().unwrap()).trim_end().to_owned()
    };
    messages.iter().map(word).collect()
}

pub fn send(phone: &Phone, to: Value) -> Value {
    phone.post("/push/send/", &json!({"to": to, "type": "sync_trigger"})).expect(201).json()
}

fn polls(server: &Server) {
    let team = Phone::team(server, &["admin", "member"]);
    let since = now(&team[1]);
    let quiet = team[1].get(&format!("/sync/changes/?since={since}")).expect(200).json();
    assert_eq!(quiet.get("messages"), None, "version 1 keeps its shape");
    assert_eq!(told(&team[1], &since), [] as [Value; 0]);
    let sent = send(&team[0], json!("all"));
    let poll = team[1].get(&format!("/sync/changes/?include=messages,objects&since={since}")).expect(200).json();
    assert_eq!(poll["messages"], json!([sent]));
    assert_eq!((&sent["data"], &sent["priority"]), (&json!({"reason": "manual", "domains": []}), &json!("normal")));
    assert_eq!(told(&team[1], poll["server_time"].as_str().unwrap()), [] as [Value; 0]);
    assert_eq!(told(&team[0], &since), [] as [Value; 0], "nobody is told of their own");
    let anew = team[1].get("/sync/changes/?include=messages&since=2020-01-01T00:00:00Z&epoch=another").expect(200).json();
    assert_eq!((&anew["reset"], anew["messages"].as_array().unwrap().last()), (&json!(true), Some(&sent)));
    team[1].make("/goals/", &json!({"title": "one"}));
    let ready = team[1].get(&format!("/sync/changes/?include=messages&after=start&since={since}")).expect(200).json();
    assert_eq!(
        (&ready["reset"], &ready["messages"]),
        (&json!(false), &json!([sent])),
        "ready for a new start, where none is due"
    );
    let page = team[1].get("/sync/changes/?include=messages&after=start&limit=1").expect(200).json();
    assert_eq!(page["messages"].as_array().unwrap().last(), Some(&sent));
    let next = format!("/sync/changes/?include=messages&limit=1&since={}&after={}", since, page["next"].as_str().unwrap());
    assert_eq!(team[1].get(&next).expect(200).json()["messages"], json!([]), "the first page had them");
}

/// Two edits of one version that a person must choose between.
fn clash(first: &Phone, second: &Phone) -> String {
    let driver = DRIVERS[0];
    first
        .put("/sync/policies/task/", &json!({"resolution_policy": "manual", "auto_resolve": false, "notify_on_conflict": false}))
        .expect(200);
    let id = late(driver, first, "task", json!({"jobdesc": "first"}), json!({"jobdesc": "second"}));
    assert_eq!(one(driver, second, item("task", &id, 1, json!({"jobdesc": "third"}))).0, "conflict");
    id
}

fn alerts(server: &Server) {
    let team = Phone::team(server, &["admin", "member", "member"]);
    let since = now(&team[0]);
    let id = clash(&team[0], &team[1]);
    for phone in &team[..2] {
        let alerts: Vec<Value> = told(phone, &since).into_iter().filter(|m| m["type"] == "conflict_alert").collect();
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        let data = &alerts[0]["data"];
        assert_eq!((&data["domain"], &data["mobile_id"], &data["action_required"]), (&json!("task"), &json!(id), &json!(true)));
        assert_eq!((&data["count"], &alerts[0]["priority"]), (&json!(1), &json!("critical")));
        let conflicts = team[0].get("/sync/conflicts/").expect(200).json();
        assert_eq!(data["conflict_id"], conflicts["conflicts"][0]["conflict_id"]);
        assert!(!alerts[0].to_string().contains("third"), "no content");
    }
    assert!(told(&team[2], &since).iter().all(|m| m["type"] != "conflict_alert"));
}

fn one_alert(server: &Server) {
    let (a, b) = Phone::couple(server);
    let driver = DRIVERS[0];
    let since = now(&a);
    let ids: Vec<String> =
        (0..25).map(|_| late(driver, &a, "task", json!({"jobdesc": "first"}), json!({"jobdesc": "second"}))).collect();
    let items: Vec<Value> = ids.iter().map(|id| item("task", id, 1, json!({"jobdesc": "third"}))).collect();
    set(&a, "task", json!({"resolution_policy": "server_wins"}));
    super::conflicts::upload(driver, &b, &items);
    for phone in [&a, &b] {
        let alerts: Vec<Value> = told(phone, &since).into_iter().filter(|m| m["type"] == "conflict_alert").collect();
        assert_eq!(alerts.len(), 1);
        let data = &alerts[0]["data"];
        assert_eq!((&data["count"], data["conflict_ids"].as_array().unwrap().len()), (&json!(25), 20));
        assert_eq!((&data["action_required"], &alerts[0]["priority"]), (&json!(false), &json!("high")));
    }
}

/// The alerts that a phone is told of.
fn alerted(phone: &Phone, since: &str) -> Vec<Value> {
    told(phone, since).into_iter().filter(|m| m["type"] == "conflict_alert").collect()
}

fn settled(server: &Server) {
    let team = Phone::team(server, &["admin", "member", "member", "member"]);
    let meet = |notify: bool| {
        set(&team[0], "task", json!({"resolution_policy": "server_wins", "notify_on_conflict": notify}));
        let since = now(&team[0]);
        let id = late(DRIVERS[0], &team[1], "task", json!({"jobdesc": "first"}), json!({"jobdesc": "second"}));
        assert_eq!(one(DRIVERS[0], &team[2], item("task", &id, 1, json!({"jobdesc": "third"}))).0, "conflict");
        team.iter().map(|phone| alerted(phone, &since).len()).collect::<Vec<_>>()
    };
    assert_eq!(meet(false), [0, 0, 0, 0]);
    assert_eq!(meet(true), [1, 1, 1, 0], "who decides, whose version it met, who sent it");
}

fn triggers(server: &Server) {
    let team = Phone::team(server, &["admin", "member"]);
    let since = now(&team[1]);
    team[0].put("/sync/policies/task/", &json!({"resolution_policy": "server_wins"})).expect(200);
    assert_eq!(types(&told(&team[1], &since)), ["sync_trigger policy"]);
    let since = now(&team[0]);
    team[1].post("/couple/leave/", &json!({})).expect(204);
    let left = told(&team[0], &since);
    assert_eq!((types(&left), &left[0]["data"]["domains"]), (vec!["sync_trigger member".to_owned()], &json!(["couple"])));
    problem(team[1].get("/push/messages/"), 404);
}

fn accounts(server: &Server) {
    let (phone, partner) = Phone::couple(server);
    let since = now(&phone);
    let login = json!({"username": phone.username, "password": PASSWORD});
    let second = partner.post("/auth/login/", &login).expect(200).json();
    assert_eq!(types(&told(&phone, &since)), ["system sign_in"]);
    let other = Phone { access: second["access"].as_str().unwrap().to_owned(), ..Phone::clone(&phone) };
    assert_eq!(types(&told(&other, &since)), [] as [String; 0], "a new session is not told of itself");
    assert_eq!(types(&told(&partner, &since)), [] as [String; 0]);
    let change = json!({"old_password": PASSWORD, "new_password": "another long passphrase"});
    phone.post("/auth/password/", &change).expect(204);
    let seen = told(&phone, &since);
    assert_eq!(types(&seen), ["system sign_in"], "who changed it knows");
    let sql = "SELECT t.clock FROM tenants t JOIN members m ON m.tenant = t.id WHERE m.user_id = ?";
    let clock = || server.store().one(sql, params![phone.id], |row| row.get::<i64>(0)).unwrap();
    phone.post("/auth/logout/", &json!({"refresh": phone.refresh})).expect(204);
    let before = clock();
    let login = json!({"username": phone.username, "password": "another long passphrase"});
    let third = partner.post("/auth/login/", &login).expect(200).json();
    assert_eq!(clock(), before, "an ordinary sign-in moves no clock");
    let third = Phone { access: third["access"].as_str().unwrap().to_owned(), ..Phone::clone(&phone) };
    let all = told(&third, &since);
    let told = all.iter().find(|message| message["data"]["code"] == "password").unwrap();
    assert_eq!(told["priority"], "critical");
}

fn limited(server: &Server) {
    let phone = Phone::single(server);
    let one = || phone.post("/push/send/", &json!({"to": {"user_id": phone.id}, "type": "sync_trigger"}));
    (0..10).for_each(|_| drop(one().expect(201)));
    let clock = now(&phone);
    assert!(problem(one(), 429)["detail"].is_string() && now(&phone) == clock);
}

/// The codes of what the system told since.
fn codes(phone: &Phone, since: &str) -> Vec<String> {
    types(&told(phone, since))
}

fn ended(server: &Server) {
    let phone = Phone::single(server);
    let on = |device: &str| again(server, &phone, &json!({"device_id": device, "can_wipe": true}));
    let (desk, lost) = (on("desk"), on("lost"));
    let since = now(&phone);
    desk.delete("/devices/lost/").expect(200);
    assert_eq!(codes(&phone, &since), ["system session_ended"]);
    assert_eq!(codes(&desk, &since), [] as [String; 0], "who ended it knows");
    let clock = now(&phone);
    desk.delete("/devices/lost/").expect(200);
    assert_eq!(now(&phone), clock, "nothing ended");
    refresh(&lost).expect(401);

    let (third, since) = (on("third"), now(&phone));
    let sessions = desk.get("/auth/sessions/").expect(200).json();
    let all = sessions["results"].as_array().unwrap();
    let id = |device: &str| all.iter().find(|one| one["device_id"] == device).unwrap()["id"].as_str().unwrap().to_owned();
    let quiet = now(&phone);
    third.delete(&format!("/auth/sessions/{}/", id("third"))).expect(204);
    assert_eq!(now(&phone), quiet, "that was signing out");
    let stolen = on("stolen");
    let (first, second) = (refresh(&stolen).expect(200).json(), refresh(&stolen).expect(200).json());
    assert_eq!(first["refresh"], second["refresh"]);
    let next = |token: &Value| Phone { refresh: token["refresh"].as_str().unwrap().to_owned(), ..stolen.clone() };
    refresh(&next(&first)).expect(200);
    let since_theft = now(&phone);
    let sql = "UPDATE sessions SET rotated_at = rotated_at - 120000, successor_at = successor_at - 120000 WHERE user_id = ?";
    server.alter(sql, params![phone.id]);
    refresh(&stolen).expect(401);
    assert_eq!(codes(&phone, &since_theft), ["system session_ended"], "somebody else had its token");
    desk.post("/auth/sessions/end-others/", &json!({})).expect(200);
    assert_eq!(codes(&desk, &since), ["system sign_in", "system session_ended"], "nobody is left to be told of the others");
}

/// The authors of what a tenant's feed tells, by list.
fn by_list(server: &Server, phone: &Phone) -> Vec<(String, i64)> {
    let sql =
        "SELECT c.kind, c.author FROM changes c JOIN members m ON m.tenant = c.tenant WHERE m.user_id = ? ORDER BY c.kind, c.id";
    server.store().all(sql, params![phone.id], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn authors(server: &Server) {
    let phone = Phone::single(server);
    let on = |device: &str| again(server, &phone, &json!({"device_id": device}));
    let (a, b) = (on("a"), on("b"));
    Things::of(&a);
    let made = by_list(server, &phone);
    let lists: BTreeSet<&str> = made.iter().map(|(kind, _)| kind.as_str()).collect();
    assert!(lists.len() > 5, "{made:?}");
    let own: BTreeSet<i64> = made.iter().filter(|(kind, _)| kind != "couple").map(|(_, author)| *author).collect();
    assert_eq!((own.len(), own.contains(&0)), (1, false), "{made:?}");
    let goal = on("a").make("/goals/", &json!({"title": "of the same device"}));
    let author = |id: &str| {
        let sql = "SELECT author FROM changes WHERE id = ?";
        server.store().one(sql, params![id], |row| row.get::<i64>(0)).unwrap().unwrap()
    };
    assert!(own.contains(&author(&goal)));
    let plain = again(server, &phone, &Value::Null);
    let uploaded = [(); 2].map(|()| late(DRIVERS[0], &plain, "task", json!({"jobdesc": "first"}), json!({"jobdesc": "second"})));
    assert!(
        author(&uploaded[0]) == author(&uploaded[1]) && !own.contains(&author(&uploaded[0])),
        "its first upload is its device's, too"
    );
    b.delete(&format!("/goals/{goal}/")).expect(204);
    assert!(!own.contains(&author(&goal)) && author(&goal) > 0);
    let id = late(DRIVERS[0], &a, "task", json!({"jobdesc": "first"}), json!({"jobdesc": "second"}));
    assert!(author(&id) > 0);
    let mut merged = item("task", &id, 1, json!({"jobdesc": "first", "notes": "mine"}));
    merged["base_data"] = json!({"jobdesc": "first"});
    assert_eq!(one(DRIVERS[0], &b, merged).0, "merged");
    assert_eq!(author(&id), 0, "who sent a part of it lacks the other");
}

fn sending(server: &Server) {
    let team = Phone::team(server, &["admin", "member", "staff"]);
    let (stranger, _) = Phone::couple(server);
    let since = now(&team[1]);
    problem(team[1].post("/push/send/", &json!({"to": "all", "type": "sync_trigger"})), 403);
    problem(team[1].post("/push/send/", &json!({"to": {"user_id": team[0].id}, "type": "sync_trigger"})), 403);
    for unknown in [json!({"user_id": stranger.id}), json!({"user_id": 99_999_999}), json!({"device_id": "nobody's"})] {
        refused(team[0].post("/push/send/", &json!({"to": unknown, "type": "sync_trigger"})), "to");
    }
    for bad in [json!("everybody"), json!({}), json!({"user_id": "x"}), json!([1]), json!({"user_id": 1, "more": 2})] {
        refused(team[0].post("/push/send/", &json!({"to": bad, "type": "sync_trigger"})), "to");
    }
    refused(team[0].post("/push/send/", &json!({"to": "all", "type": "system"})), "text");
    // In version 1 the problem's own type stands where the error of the field would.
    let wrong = team[0].post("/push/send/", &json!({"to": "all", "type": "conflict_alert"})).expect(400).json();
    assert!(wrong["errors"]["type"].is_array(), "{wrong}");
    refused(team[0].post("/push/send/", &json!({"to": "all", "type": "sync_trigger", "domains": ["nothing"]})), "domains");
    let text = json!({"to": {"user_id": team[1].id}, "type": "system", "text": "Call me", "priority": "critical"});
    team[2].post("/push/send/", &text).expect(201);
    let domains = json!({"to": "all", "type": "sync_trigger", "domains": ["task", "tasks", "goals"]});
    team[2].post("/push/send/", &domains).expect(201);
    let seen = told(&team[1], &since);
    assert_eq!(seen[0]["data"], json!({"code": "text", "text": "Call me"}));
    assert_eq!(seen[1]["data"]["domains"], json!(["tasks", "tasks", "goals"]));
    assert_eq!(told(&team[0], &since).len(), 1, "what is for another is not shown");
    send(&team[1], json!({"user_id": team[1].id}));
    let desk = again(server, &team[1], &json!({"device_id": "desk"}));
    let both = send(&team[0], json!({"user_id": team[1].id, "device_id": "desk"}));
    assert!(told(&desk, &since).contains(&both) && !told(&team[1], &since).contains(&both));
    for not_theirs in [json!({"user_id": team[2].id, "device_id": "desk"}), json!({"device_id": "desk"})] {
        refused(team[0].post("/push/send/", &json!({"to": not_theirs, "type": "sync_trigger"})), "to");
    }
}

fn faces(server: &Server) {
    let team = Phone::team(server, &["admin", "member"]);
    let since = now(&team[1]);
    let graphql = |phone: &Phone, query: String| {
        let answer = phone.post("/graphql/", &json!({ "query": query })).expect(200).json();
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"].clone()
    };
    let fields = "id stamp type priority data expiresAt";
    let input = format!("{{to: {{user_id: \"{}\"}}, type: SYSTEM, text: \"hello\", priority: HIGH}}", team[1].id);
    let sent = graphql(&team[0], format!("mutation {{ sendPush(input: {input}) {{ {fields} }} }}"))["sendPush"].clone();
    assert_eq!((&sent["type"], &sent["data"]["text"]), (&json!("SYSTEM"), &json!("hello")));
    let polled = graphql(
        &team[1],
        format!(
            "{{ changes(since: \"{since}\", include: [MESSAGES]) {{ messages {{ {fields} }} }} pushMessages(since: \"{since}\") {{ unread hasMore messages {{ {fields} }} }} }}"
        ),
    );
    assert_eq!(polled["changes"]["messages"], json!([sent]));
    assert_eq!((&polled["pushMessages"]["messages"], &polled["pushMessages"]["hasMore"]), (&json!([sent]), &json!(false)));
    let stamp = sent["stamp"].as_str().unwrap();
    assert_eq!(graphql(&team[1], format!("mutation {{ acknowledgePush(upTo: \"{stamp}\") }}")), json!({"acknowledgePush": true}));
    assert_eq!(graphql(&team[1], "{ pushMessages { unread } changes { messages { id } } }".into())["pushMessages"]["unread"], 0);
    assert_eq!(team[1].get(&format!("/push/messages/?since={since}")).expect(200).json()["messages"][0]["priority"], "high");
}
