//! Conflicts: what decides them, and what a tenant may want.

use super::conflicts::{contest, item, late, newest, one, path, set, upload, with};
use super::expect::{problem, refused};
use super::mobile::driver::DRIVERS;
use super::records::shown;
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("each domain has its policy", policies),
    ("a tenant says how its conflicts are settled", tenants_policies),
    ("what a tenant wants has rules, and is either partner's to say", policy_rules),
    ("in a team, staff and admins say it", admins),
];

fn policies(server: &Server) {
    let wins = [
        ("journal", "client_wins", "client"),
        ("attendance", "server_wins", "server"),
        ("task", "most_recent_wins", "client"),
        ("work_order", "most_recent_wins", "client"),
        ("ticket", "preserve_escalation", "client"),
    ];
    for driver in DRIVERS {
        let phone = Phone::single(server);
        for (domain, policy, winner) in wins {
            let (field, [first, servers, devices]) = contest(domain);
            let id = late(*driver, &phone, domain, first, servers.clone());
            let sent = with(item(domain, &id, 1, devices.clone()), json!({"client_timestamp": "2026-01-01T12:00:00Z"}));
            let said = upload(*driver, &phone, &[sent]);
            let told = &said["conflicts"][0];
            assert_eq!(
                (&said["success"], said["synced_items"].as_i64(), &said["failed_items"]),
                (&json!(true), Some(1), &json!(0))
            );
            assert_eq!((&told["resolution_strategy"], &told["resolution_required"]), (&json!(policy), &json!(false)), "{said}");
            assert_eq!((&told["server_version"], &told["client_version"]), (&json!(2), &json!(1)));
            assert_eq!((&told["server_data"][field], &told["client_data"]), (&servers[field], &devices));
            let version = if winner == "client" { 3 } else { 2 };
            assert_eq!(said["items"], json!([{"mobile_id": id, "status": "conflict", "server_version": version}]), "{domain}");
            let record = shown(&phone, path(domain), &id);
            let won = if winner == "client" { &devices } else { &servers };
            assert_eq!((&record[field], &record["version"]), (&won[field], &json!(version)), "{domain}");
            let kept = newest(&phone);
            assert_eq!((&kept["winning_version"], &kept["resolution_result"]), (&json!(winner), &json!("resolved")));
        }
        let (_, [first, servers, devices]) = contest("task");
        for (at, version) in [("2026-01-01T11:00:00Z", 2), ("2026-01-01T10:59:59Z", 2), ("2026-01-01T11:00:00.001Z", 3)] {
            let id = late(*driver, &phone, "task", first.clone(), servers.clone());
            let sent = with(item("task", &id, 1, devices.clone()), json!({ "client_timestamp": at }));
            assert_eq!(one(*driver, &phone, sent), ("conflict".to_owned(), version), "a tie goes to the server: {at}");
        }
        let first = json!({"ticketdesc": "ten letter", "status": "OPEN"});
        let servers = json!({"status": "ONHOLD", "escalation_level": 2, "escalated_by": "boss", "comments": "server"});
        let id = late(*driver, &phone, "ticket", first, servers);
        let devices = json!({"status": "INPROGRESS", "escalation_level": 0, "escalated_by": null, "comments": "device"});
        assert_eq!(one(*driver, &phone, item("ticket", &id, 1, devices.clone())).1, 3);
        let record = shown(&phone, "helpdesk", &id);
        let kept = ["status", "escalation_level", "escalated_by", "comments"].map(|name| record[name].clone());
        assert_eq!(kept, [json!("ONHOLD"), json!(2), json!("boss"), json!("device")]);
        let kept = newest(&phone);
        assert_eq!((&kept["winning_version"], &kept["client_data"]), (&json!("merged"), &devices));
    }
}

fn tenants_policies(server: &Server) {
    let phone = Phone::single(server);
    let now = "2026-01-01T12:00:00Z";
    let cases = [
        (json!({"resolution_policy": "server_wins"}), "server_wins", Some("server")),
        (json!({"resolution_policy": "client_wins"}), "client_wins", Some("client")),
        (json!({"resolution_policy": "most_recent_wins"}), "most_recent_wins", Some("client")),
        (json!({"resolution_policy": "preserve_escalation"}), "preserve_escalation", Some("client")),
        (json!({"resolution_policy": "merge"}), "merge", None),
        (json!({"resolution_policy": "client_wins", "auto_resolve": false}), "manual", None),
        (json!({"resolution_policy": "manual"}), "manual", None),
    ];
    for (policy, strategy, winner) in cases {
        for domain in ["journal", "task", "work_order"] {
            set(&phone, domain, policy.clone());
            let (field, [first, servers, devices]) = contest(domain);
            let id = late(DRIVERS[0], &phone, domain, first, servers.clone());
            let said =
                upload(DRIVERS[0], &phone, &[with(item(domain, &id, 1, devices.clone()), json!({ "client_timestamp": now }))]);
            let told = &said["conflicts"][0];
            assert_eq!(
                (&told["resolution_strategy"], &told["resolution_required"]),
                (&json!(strategy), &json!(winner.is_none()))
            );
            let record = shown(&phone, path(domain), &id);
            let won = if winner == Some("client") { &devices } else { &servers };
            assert_eq!(record[field], won[field], "{domain} {policy}");
            assert_eq!(newest(&phone)["winning_version"], json!(winner));
            let left = if winner.is_none() { 2 } else { record["version"].as_i64().unwrap() };
            assert_eq!(record["version"], left, "what waits leaves the server's row as it was");
        }
        set(&phone, "journal", json!({"resolution_policy": "client_wins", "auto_resolve": true}));
        set(&phone, "task", json!({"resolution_policy": "client_wins", "auto_resolve": true}));
        set(&phone, "work_order", json!({"resolution_policy": "client_wins", "auto_resolve": true}));
    }
}

fn policy_rules(server: &Server) {
    let (a, b) = Phone::couple(server);
    let usual = |policy: &str| json!({"resolution_policy": policy, "auto_resolve": true, "notify_on_conflict": true});
    assert_eq!(a.get("/sync/policies/attendance/").expect(200).json(), usual("server_wins"));
    assert_eq!(a.get("/sync/policies/work-orders/").expect(200).json(), usual("most_recent_wins"), "as its own routes call it");
    let put = |phone: &Phone, body: Value| phone.put("/sync/policies/attendance/", &body);
    for bad in [json!("newest"), json!("CLIENT_WINS"), json!(null), json!(1)] {
        refused(put(&a, json!({ "resolution_policy": bad })), "resolution_policy");
    }
    refused(put(&a, json!({})), "resolution_policy");
    refused(put(&a, json!({"resolution_policy": "manual", "auto_resolve": true})), "auto_resolve");
    refused(put(&a, json!({"resolution_policy": "merge", "notify_on_conflict": "loudly"})), "notify_on_conflict");
    assert_eq!(a.get("/sync/policies/attendance/").expect(200).json(), usual("server_wins"), "a refusal changes nothing");
    let sent = json!({"resolution_policy": "merge", "auto_resolve": false, "notify_on_conflict": false});
    let tagged = put(&b, sent.clone()).expect(200);
    assert_eq!((tagged.json(), a.get("/sync/policies/attendance/").expect(200).json()), (sent.clone(), sent));
    let manual = put(&a, json!({"resolution_policy": "manual"})).expect(200).json();
    assert_eq!(manual, json!({"resolution_policy": "manual", "auto_resolve": false, "notify_on_conflict": false}));
    let stale = a.ask("PUT", "/sync/policies/attendance/").header("If-Match", tagged.header("ETag").unwrap());
    problem(stale.json(&usual("merge")).send(server.port), 412);
    for nothing in ["voice", "nothing", "Task"] {
        problem(a.get(&format!("/sync/policies/{nothing}/")), 404);
        problem(a.put(&format!("/sync/policies/{nothing}/"), &usual("merge")), 404);
    }
    let stranger = Phone::single(server);
    assert_eq!(stranger.get("/sync/policies/attendance/").expect(200).json(), usual("server_wins"));
    problem(Phone::register(server).get("/sync/policies/attendance/"), 404);
}

fn admins(server: &Server) {
    let policy = json!({"resolution_policy": "merge", "auto_resolve": true, "notify_on_conflict": false});
    let team = Phone::team(server, &["admin", "staff", "member"]);
    problem(team[2].put("/sync/policies/task/", &policy), 403);
    assert_eq!(team[2].get("/sync/policies/task/").expect(200).json()["resolution_policy"], "most_recent_wins");
    for (phone, domain) in team[..2].iter().zip(["task", "journal"]) {
        assert_eq!(set(phone, domain, policy.clone()), policy);
        assert_eq!(team[2].get(&format!("/sync/policies/{domain}/")).expect(200).json(), policy, "it is the team's");
    }
}
