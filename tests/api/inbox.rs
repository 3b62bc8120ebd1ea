//! Messages that wait for who is told: shown to whom they are for, acknowledged, bounded, and gone in time.

use super::devices::again;
use super::expect::refused;
use super::feed::now;
use super::push::{send, told, types};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("what is for one device is shown there alone, and is gone when it has seen it", one_device),
    ("an acknowledgement never goes back, nor beyond what there is", acknowledged),
    ("an addressee has fifty messages, and the least urgent go", bounded),
    ("who sends many messages hides no sign-in", flooded),
    ("a thief who signs in as the owner's device is told of to that device", posing),
    ("who joins reads nothing of before", joining),
    ("what has expired is not shown, and goes in the night", expired),
    ("messages to a user are in their export, and go when they leave", exported),
];

fn flooded(server: &Server) {
    let phone = Phone::single(server);
    let since = now(&phone);
    let thief = again(server, &phone, &json!({"device_id": "another"}));
    let sent = json!({"to": {"user_id": phone.id}, "type": "sync_trigger", "priority": "critical"});
    let first = thief.post("/push/send/", &sent).expect(201).json()["id"].as_str().unwrap().to_owned();
    let copy = "INSERT INTO push_messages (tenant, stamp, id, type, priority, user_id, device, author, data, expires_at) \
         SELECT tenant, stamp, ?, type, priority, user_id, device, author, data, expires_at FROM push_messages WHERE id = ?";
    for _ in 0..48 {
        server.alter(copy, params![&uuid::Uuid::new_v4().to_string(), &first]);
    }
    thief.post("/push/send/", &sent).expect(201);
    let seen = told(&phone, &since);
    assert_eq!((seen.len(), types(&seen)[0].as_str()), (50, "system sign_in"));
}

fn posing(server: &Server) {
    let first = Phone::single(server);
    let owner = again(server, &first, &json!({"device_id": "phone"}));
    let since = now(&owner);
    again(server, &first, &json!({"device_id": "phone"}));
    assert_eq!(types(&told(&owner, &since)), ["system sign_in"]);
}

fn one_device(server: &Server) {
    let phone = Phone::single(server);
    let on = |device: &str| again(server, &phone, &json!({"device_id": device}));
    let (a, b) = (on("a"), on("b"));
    let since = now(&a);
    let sent = send(&a, json!({"device_id": "b"}));
    let twin = on("b");
    for one in [&b, &twin] {
        assert_eq!(told(one, &since)[0], sent, "any session of it");
    }
    let unread = |phone: &Phone| phone.get("/push/messages/").expect(200).json()["unread"].as_i64().unwrap();
    assert!(told(&a, &since).iter().chain(&told(&phone, &since)).all(|message| message["id"] != sent["id"]));
    let before = (unread(&b), unread(&twin), unread(&phone));
    assert_eq!(before.0, before.1);
    b.post("/push/ack/", &json!({"up_to": now(&b)})).expect(204);
    assert_eq!((unread(&b), unread(&twin), unread(&phone)), (0, 0, before.2), "a device has seen it, not a session");
    assert!(told(&b, &since).iter().all(|message| message["id"] != sent["id"]));
    a.delete("/devices/b/").expect(200);
    refused(a.post("/push/send/", &json!({"to": {"device_id": "b"}, "type": "sync_trigger"})), "to");
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

fn expired(server: &Server) {
    let team = Phone::team(server, &["admin", "member"]);
    let since = now(&team[1]);
    let gone = send(&team[0], json!("all"));
    let kept = send(&team[0], json!("all"));
    let sql = "UPDATE push_messages SET expires_at = 1 WHERE id = ?";
    server.alter(sql, params![gone["id"].as_str().unwrap()]);
    assert_eq!(told(&team[1], &since), [kept]);
    assert!(
        team[1].get("/push/messages/").expect(200).json()["messages"].as_array().unwrap().iter().all(|m| m["id"] != gone["id"])
    );
    server.tandem(&["maintain"]);
    let sql = "SELECT COUNT(*) FROM push_messages WHERE id = ?";
    let left = server.store().one(sql, params![gone["id"].as_str().unwrap()], |row| row.get::<i64>(0)).unwrap();
    assert_eq!(left, Some(0));
}

fn exported(server: &Server) {
    let team = Phone::team(server, &["admin", "member"]);
    let text = json!({"to": {"user_id": team[1].id}, "type": "system", "text": "Call me"});
    let sent = team[0].post("/push/send/", &text).expect(201).json();
    again(server, &team[1], &json!({"device_id": "desk"}));
    let to_desk = send(&team[0], json!({"user_id": team[1].id, "device_id": "desk"}));
    server.tandem(&["push", "send", "upgrade_required", "--user", &team[1].username]);
    let held = |phone: &Phone| phone.get("/auth/export/").expect(200).json()["data"]["messages"].as_array().unwrap().clone();
    let own = held(&team[1]);
    assert!(own.contains(&sent) && own.contains(&to_desk) && !held(&team[0]).contains(&sent));
    assert_eq!(types(&own).last().unwrap(), "system upgrade_required");
    team[1].post("/couple/leave/", &json!({})).expect(204);
    let sql = "SELECT COUNT(*) FROM push_messages WHERE id = ?";
    let left = server.store().one(sql, params![sent["id"].as_str().unwrap()], |row| row.get::<i64>(0)).unwrap();
    assert_eq!(left, Some(0));
}
