//! Messages to devices: who is told what, who is not, and that nobody is told of their own.

use super::conflicts::{item, late, one, set};
use super::expect::{problem, refused};
use super::feed::now;
use super::mobile::driver::DRIVERS;
use super::phone::PASSWORD;
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a poll brings messages where it asks for them, and none twice", polls),
    ("an edit that waits for somebody alerts its sender and whose version it met", alerts),
    ("an upload tells each who should know once, however many conflicts it met", one_alert),
    ("a new policy, who joins and who leaves have devices poll", triggers),
    ("signing in beside another session and a new password are told", accounts),
    ("members send to their own devices, who runs a team to anybody in it", sending),
    ("an acknowledgement never goes back, nor beyond what there is", acknowledged),
    ("an addressee has fifty messages, and the least urgent go", bounded),
    ("who joins reads nothing of before", joining),
    ("the operator tells everybody, or one user", operator),
    ("both faces show the same messages", faces),
];

/// What a poll with messages brings.
#[track_caller]
fn told(phone: &Phone, since: &str) -> Vec<Value> {
    let poll = phone.get(&format!("/sync/changes/?include=messages&since={since}")).expect(200).json();
    poll["messages"].as_array().unwrap().clone()
}

fn types(messages: &[Value]) -> Vec<String> {
    let word = |message: &Value| {
        let data = &message["data"];
        let what = data["reason"].as_str().or(data["code"].as_str()).unwrap_or_default();
        format!("{} {what}", message["type"].as_str().unwrap()).trim_end().to_owned()
    };
    messages.iter().map(word).collect()
}

fn send(phone: &Phone, to: Value) -> Value {
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
    // In version 1 the error of a field called `type` stands where the problem's type would.
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
}

fn acknowledged(server: &Server) {
    let team = Phone::team(server, &["admin", "member"]);
    let stamps: Vec<String> = (0..3).map(|_| send(&team[0], json!("all"))["stamp"].as_str().unwrap().to_owned()).collect();
    let unread = || team[1].get("/push/messages/").expect(200).json()["unread"].as_i64().unwrap();
    let ack = |up_to: &str| team[1].post("/push/ack/", &json!({ "up_to": up_to })).expect(204);
    let all = unread();
    assert!(all >= 3);
    let clock = now(&team[0]);
    ack(&stamps[1]);
    assert_eq!((unread(), now(&team[0])), (1, clock), "and no clock moves");
    ack(&stamps[0]);
    assert_eq!(unread(), 1, "it never goes back");
    ack("9999-12-31T00:00:00Z");
    assert_eq!(unread(), 0);
    send(&team[0], json!("all"));
    assert_eq!(unread(), 1, "nor beyond what there is");
    refused(team[1].post("/push/ack/", &json!({"up_to": "soon"})), "up_to");
    Phone::register(server).post("/push/ack/", &json!({"up_to": "2026-01-01T00:00:00Z"})).expect(204);
}

fn bounded(server: &Server) {
    let team = Phone::team(server, &["admin", "member"]);
    let since = now(&team[1]);
    // Others than the sender's limit: policies make messages for all.
    for n in 0..55 {
        let policy = if n % 2 == 0 { "server_wins" } else { "client_wins" };
        team[0].put("/sync/policies/task/", &json!({ "resolution_policy": policy })).expect(200);
        if n == 3 {
            send(&team[0], json!("all"));
        }
    }
    let seen = told(&team[1], &since);
    assert_eq!(seen.len(), 50);
    assert!(types(&seen).iter().all(|kind| kind == "sync_trigger policy"), "the one that could wait went first");
    let page = team[1].get(&format!("/push/messages/?since={since}&limit=20")).expect(200).json();
    assert_eq!((&page["has_more"], page["messages"].as_array().unwrap().len()), (&json!(true), 20));
    let rest = format!("/push/messages/?since={}", page["server_time"].as_str().unwrap());
    let rest = team[1].get(&rest).expect(200).json();
    assert_eq!((&rest["has_more"], rest["messages"].as_array().unwrap().len()), (&json!(false), 30));
}

fn joining(server: &Server) {
    let team = Phone::team(server, &["admin", "member"]);
    send(&team[0], json!("all"));
    let late = Phone::register(server);
    let code = super::teams::code(&team[0]);
    assert_eq!(super::teams::join(&late, &code), 200);
    assert_eq!(told(&late, "2020-01-01T00:00:00Z"), [] as [Value; 0]);
    let sent = send(&team[0], json!("all"));
    assert_eq!(told(&late, "2020-01-01T00:00:00Z"), [sent]);
}

fn operator(server: &Server) {
    let (a, b) = Phone::couple(server);
    let since = now(&a);
    let said = server.tandem(&["push", "send", "upgrade_required", "--user", &a.username, "--priority", "high"]);
    assert!(said.contains(&a.username), "{said}");
    assert_eq!(types(&told(&a, &since)), ["system upgrade_required"]);
    assert_eq!(told(&b, &since), [] as [Value; 0]);
    server.tandem(&["push", "send", "maintenance", "--text", "Back at noon"]);
    let all = told(&b, &since);
    assert_eq!(all.last().unwrap()["data"], json!({"code": "maintenance", "text": "Back at noon"}));
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
    let input = format!("{{to: {{user_id: {}}}, type: SYSTEM, text: \"hello\", priority: HIGH}}", team[1].id);
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
