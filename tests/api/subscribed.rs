//! What follows from subscriptions: who knows that a device is woken, how often it polls, and how all that ends.

use super::devices::again;
use super::expect::problem;
use super::phone::PASSWORD;
use super::subscriptions::{LIST, all, awake, code, endpoint, keys, path, pushes, subscribe, verify, wakes, wanted};
use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};
use tandem::params;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("what a tenant knows of who is awake follows whatever happens to them", counted),
    ("an idle device that is woken polls less, and one that saves its battery still less", polls),
    ("a subscription ends with its device's last session", ended),
    ("a wake-up to try it is sent once a minute", tried),
    ("subscriptions are in the export, and go with the account and with their time", exported),
    ("GraphQL subscribes, shows, changes, verifies and ends the same", graphql),
];

fn counted(server: &Server) {
    let team = Phone::team(server, &["admin", "member"]);
    let [admin, member] = [&team[0], &team[1]];
    assert_eq!(pushes(server, admin), 0);
    let first = awake(server, admin, &wanted("desk", &endpoint()));
    let second = awake(server, member, &wanted("phone", &endpoint()));
    assert_eq!(pushes(server, admin), 2);
    member.delete(&path(&second)).expect(204);
    assert_eq!(pushes(server, admin), 1);
    awake(server, member, &wanted("phone", &endpoint()));
    member.post("/couple/leave/", &json!({})).expect(204);
    assert_eq!(pushes(server, admin), 1, "who left is not woken by them");
    let invite = admin.post("/couple/invite/", &json!({"role": "member"})).expect(200).json();
    member.post("/couple/join/", &json!({"code": invite["invite"]["code"]})).expect(200);
    assert_eq!(pushes(server, admin), 2);
    member.ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(member.port).expect(204);
    assert_eq!(pushes(server, admin), 1);
    admin.post(LIST, &wanted("desk", &endpoint())).expect(200);
    assert_eq!(pushes(server, admin), 0, "another endpoint is proved first");
    problem(admin.get(&path(&first)), 404);
}

fn polls(server: &Server) {
    let phone = Phone::single(server);
    let after = |state: &str| phone.get(&format!("/sync/changes/?{state}")).expect(200).json()["poll_after"].as_u64().unwrap();
    // A machine with much to do asks for twice or four times as much.
    let polls = |usual: [u64; 2]| {
        // This server has no courier, which would take away the mark that it is due.
        let _ = std::fs::remove_file(server.data_dir.join("next-courier"));
        let both = [after(""), after("state=idle")];
        let is_usual = |n: usize| [1, 2, 4].contains(&(both[n] / usual[n])) && both[n].is_multiple_of(usual[n]);
        assert!(is_usual(0) && is_usual(1), "{both:?} in the place of {usual:?}");
    };
    polls([5, 30]);
    let pending = subscribe(&phone, &wanted("phone", &endpoint()));
    // Nobody has shown that it arrives.
    polls([5, 30]);
    let active = verify(&phone, &pending, &code(server, &pending)).expect(200).json();
    polls([5, 300]);
    let change = |body: Value| phone.patch(&path(&active), &body).expect(200);
    change(json!({"battery_saver": true}));
    polls([15, 900]);
    change(json!({"battery_saver": false, "domains": ["goals"]}));
    // Other changes do not wake it.
    polls([5, 30]);
    change(json!({"domains": ["all"], "priority_filter": "critical"}));
    polls([5, 30]);
    change(json!({"priority_filter": "all", "visible": true}));
    polls([5, 30]);
    let hour = |ahead: u64| {
        let minute = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 60 + 60 * ahead;
        format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
    };
    change(json!({"visible": false, "quiet_from": hour(23), "quiet_to": hour(1)}));
    polls([5, 30]);
    change(json!({"quiet_from": null, "quiet_to": null}));
    polls([5, 300]);
    // Another session on the device follows once its app has sent the subscription, and one on another device does not.
    let other = again(server, &phone, &json!({"device_id": "other"}));
    let its = other.get("/sync/changes/?state=idle").expect(200).json()["poll_after"].as_u64().unwrap();
    assert!([30, 60, 120].contains(&its), "{its}");
    // What an app is told that moves to another device is not the former one's.
    phone.put("/devices/other/", &json!({})).expect(200);
    polls([5, 30]);
}

fn ended(server: &Server) {
    let phone = Phone::single(server);
    let [one, two] = [(); 2].map(|()| again(server, &phone, &json!({"device_id": "desk"})));
    let made = awake(server, &one, &wanted("desk", &endpoint()));
    assert!(wakes(server, &phone, "desk").iter().all(|wake| *wake != 0));
    one.post("/auth/logout/", &json!({"refresh": one.refresh})).expect(204);
    assert_eq!(all(&phone), [made], "the other session goes on");
    two.post("/auth/logout/", &json!({"refresh": two.refresh})).expect(204);
    assert_eq!((all(&phone), pushes(server, &phone)), (Vec::new(), 0));
    let anew = |device: &str| {
        let on = again(server, &phone, &json!({"device_id": device, "can_wipe": true}));
        awake(server, &on, &wanted(device, &endpoint()));
    };
    for end in ["revoke", "wipe", "end-others"] {
        anew(end);
        assert_eq!(pushes(server, &phone), 1, "{end}");
        match end {
            "revoke" => phone.delete("/devices/revoke/").expect(200),
            "wipe" => phone.post("/devices/wipe/wipe/", &json!({"password": PASSWORD})).expect(202),
            _ => phone.post("/auth/sessions/end-others/", &json!({})).expect(200),
        };
        assert_eq!((all(&phone), pushes(server, &phone)), (Vec::new(), 0), "{end}");
    }
}

fn tried(server: &Server) {
    let phone = Phone::single(server);
    let pending = subscribe(&phone, &wanted("phone", &endpoint()));
    let test = || phone.post(&format!("{}test/", path(&pending)), &json!({}));
    problem(test(), 409);
    verify(&phone, &pending, &code(server, &pending)).expect(200);
    test().expect(202);
    let sql = "SELECT test FROM push_subscriptions WHERE id = ? AND due_at <= test_at";
    let waits = server.store().one(sql, params![pending["id"].as_str().unwrap()], |row| row.get::<i64>(0)).unwrap();
    assert_eq!(waits, Some(1));
    let over = test();
    assert!(over.header("Retry-After").is_some());
    problem(over, 429);
}

fn exported(server: &Server) {
    let phone = Phone::single(server);
    let made = awake(server, &phone, &wanted("phone", &endpoint()));
    let kept = phone.get("/auth/export/").expect(200).json();
    let kept = &kept["data"]["push_subscriptions"];
    assert_eq!((&kept[0]["id"], &kept[0]["device_id"], &kept[0]["state"]), (&made["id"], &json!("phone"), &json!("active")));
    let count = |sql: &str| server.store().one(sql, params![phone.id], |row| row.get::<i64>(0)).unwrap().unwrap();
    let rows = || count("SELECT COUNT(*) FROM push_subscriptions WHERE user_id = ?");
    server.alter("UPDATE push_subscriptions SET expires_at = 1 WHERE user_id = ?", params![phone.id]);
    assert_eq!((all(&phone), rows()), (Vec::new(), 1));
    server.tandem(&["maintain"]);
    assert_eq!((rows(), pushes(server, &phone), wakes(server, &phone, "phone")), (0, 0, vec![0]));
    // A program of before ends sessions and knows of no subscription.
    let tablet = again(server, &phone, &json!({"device_id": "tablet"}));
    awake(server, &tablet, &wanted("tablet", &endpoint()));
    server.alter("DELETE FROM sessions WHERE user_id = ? AND device = 'tablet'", params![phone.id]);
    server.tandem(&["maintain"]);
    assert_eq!((rows(), pushes(server, &phone)), (0, 0));
    awake(server, &phone, &wanted("phone", &endpoint()));
    phone.ask("DELETE", "/auth/me/").json(&json!({"password": PASSWORD})).send(phone.port).expect(204);
    assert_eq!(rows(), 0);
}

fn graphql(server: &Server) {
    let phone = Phone::single(server);
    let ask = |query: &str, variables: Value| {
        phone.post("/graphql/", &json!({"query": query, "variables": variables})).expect(200).json()
    };
    let rest = phone.get("/push/").expect(200).json();
    let about = ask("{ pushKey { applicationServerKey contact webpush socket stream } }", json!({}));
    assert_eq!(about["data"]["pushKey"]["applicationServerKey"], rest["application_server_key"]);
    let fields = "id deviceId host domains priorityFilter batterySaver quietFrom quietTo visible state createdAt verifiedAt expiresAt \
                  sent failed lastStatus lastSentAt";
    let make = format!("mutation($input: PushSubscriptionInput!) {{ subscribePush(input: $input) {{ {fields} }} }}");
    let input = json!({"deviceId": "phone", "endpoint": endpoint(), "keys": keys(), "domains": ["task"], "priorityFilter": "HIGH",
        "quietFrom": "22:00", "quietTo": "07:00"});
    let made = ask(&make, json!({"input": input}))["data"]["subscribePush"].clone();
    assert_eq!(
        (&made["state"], &made["priorityFilter"], &made["domains"]),
        (&json!("PENDING"), &json!("HIGH"), &json!(["tasks"]))
    );
    let listed = ask(&format!("{{ pushSubscriptions {{ {fields} }} }}"), json!({}));
    assert_eq!(listed["data"]["pushSubscriptions"], json!([made]));
    let change = "mutation($id: ID!, $input: PushPreferencesInput!) { updatePushSubscription(id: $id, input: $input) { quietFrom visible } }";
    let changed = ask(change, json!({"id": made["id"], "input": {"quietFrom": "", "quietTo": "", "visible": true}}));
    assert_eq!(changed["data"]["updatePushSubscription"], json!({"quietFrom": null, "visible": true}));
    let prove = "mutation($id: ID!, $code: String!) { verifyPushSubscription(id: $id, code: $code) { state } }";
    let wrong = ask(prove, json!({"id": made["id"], "code": "x"}));
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "VALIDATION_ERROR", "{wrong}");
    let sql = "SELECT wrong FROM push_subscriptions WHERE id = ?";
    let guessed = server.store().one(sql, params![made["id"].as_str().unwrap()], |row| row.get::<i64>(0)).unwrap();
    assert_eq!(guessed, Some(1), "that it was guessed is kept");
    let good = ask(prove, json!({"id": made["id"], "code": code(server, &made)}));
    assert_eq!(good["data"]["verifyPushSubscription"]["state"], "ACTIVE", "{good}");
    let end = "mutation($id: ID!) { removePushSubscription(id: $id) }";
    assert_eq!(ask(end, json!({"id": made["id"]}))["data"]["removePushSubscription"], true);
    assert_eq!(ask(end, json!({"id": made["id"]}))["errors"][0]["extensions"]["code"], "NOT_FOUND");
    assert_eq!(all(&phone), [] as [Value; 0]);
}
