//! `tandem push`, and what other commands tell devices. They move the clocks of all tenants: each test has a server of its own.

use crate::api::Phone;
use crate::api::devices::again;
use crate::api::feed::now;
use crate::api::push::{told, types};
use crate::api::subscriptions::{awake, endpoint, wanted};
use crate::servers::{Kind, Options, Server};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::time::{Duration, SystemTime};
use tandem::params;

#[test]
fn the_operator_tells_everybody_or_one_user() {
    let server = &Server::start(Kind::LighttpdFastcgi, &Options::default());
    let (a, b) = Phone::couple(server);
    let since = now(&a);
    let said = server.tandem(&["push", "send", "upgrade_required", "--user", &a.username, "--priority", "high"]);
    assert!(said.contains(&a.username), "{said}");
    assert_eq!(types(&told(&a, &since)), ["system upgrade_required"]);
    assert_eq!(told(&b, &since), [] as [Value; 0]);
    let said = server.tandem(&["push", "send", "maintenance", "--text", "Back at noon"]);
    assert!(said.contains("told 1 couple or team"), "{said}");
    let all = told(&b, &since);
    assert_eq!(all.last().unwrap()["data"], json!({"code": "maintenance", "text": "Back at noon"}));
}

#[test]
fn what_the_operator_does_to_an_account_is_told_to_its_devices() {
    let server = &Server::start(Kind::LighttpdFastcgi, &Options::default());
    let phone = Phone::single(server);
    again(server, &phone, &json!({"device_id": "lost"}));
    let since = now(&phone);
    server.tandem(&["device", "revoke", "--user", &phone.username, "lost"]);
    assert_eq!(types(&told(&phone, &since)), ["system session_ended"]);
    let name = crate::api::phone::fresh_name("team");
    server.tandem(&["tenant", "create", "--kind", "team", "--name", &name]);
    let [first, second] = [(); 2].map(|()| Phone::register(server));
    server.tandem(&["tenant", "add", &name, &first.username, "--role", "admin"]);
    let since = now(&first);
    server.tandem(&["tenant", "add", &name, &second.username]);
    assert_eq!(types(&told(&first, &since)), ["sync_trigger member"]);
    assert_eq!(told(&second, "2020-01-01T00:00:00Z"), [] as [Value; 0], "who joins knows");
    let since = now(&first);
    server.tandem(&["tenant", "remove", &name, &second.username]);
    assert_eq!(types(&told(&first, &since)), ["sync_trigger member"]);
}

const CONTACT: (&str, &str) = ("TANDEM_PUSH_CONTACT", "mailto:ops@example.org");
const LIST: &str = "/push/subscriptions/";

fn server(settings: &[(&str, &str)]) -> Server {
    let env = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Server::start(Kind::LighttpdFastcgi, &Options { env, ..Options::default() })
}

/// How many seconds from now the courier is due, as the mark says.
fn due_in(server: &Server) -> Option<f64> {
    let at = fs::metadata(server.data_dir.join("next-courier")).ok()?.modified().unwrap();
    let now = SystemTime::now();
    Some(at.duration_since(now).map_or_else(|before| -before.duration().as_secs_f64(), |ahead| ahead.as_secs_f64()))
}

#[test]
fn a_write_notes_when_whoever_it_wakes_is_to_be_woken() {
    let server = &server(&[CONTACT]);
    let (a, b) = Phone::couple(server);
    a.make("/goals/", &json!({"title": "nobody is awake"}));
    assert_eq!(due_in(server), None);
    awake(server, &b, &wanted("phone", &endpoint()));
    fs::remove_file(server.data_dir.join("next-courier")).unwrap();
    let goal = a.make("/goals/", &json!({"title": "when it suits"}));
    let calm = due_in(server).unwrap();
    assert!((4.0..=10.0).contains(&calm), "{calm}");
    let question = a.make("/qna/questions/", &json!({"text": "soon"}));
    let soon = due_in(server).unwrap();
    assert!(soon <= 2.0, "{soon}");
    a.post("/push/send/", &json!({"to": {"user_id": a.id}, "type": "sync_trigger", "priority": "critical"})).expect(201);
    assert!(due_in(server).unwrap() <= 0.0);
    fs::remove_file(server.data_dir.join("next-courier")).unwrap();
    b.get(&format!("/qna/questions/{question}/")).expect(200);
    b.get("/sync/changes/?include=objects").expect(200);
    a.put(&format!("/sync/edits/goals/{goal}/"), &json!({"device_id": "desk"})).expect(200);
    assert_eq!(due_in(server), None, "reads and marks of edits wake nobody");
}

#[test]
fn an_idle_device_polls_as_ever_while_the_courier_does_not_come() {
    let server = &server(&[CONTACT]);
    let phone = Phone::single(server);
    awake(server, &phone, &wanted("phone", &endpoint()));
    // A machine with much to do asks for twice or four times as much.
    let polls = |usual: u64| {
        let after = phone.get("/sync/changes/?state=idle").expect(200).json()["poll_after"].as_u64().unwrap();
        assert!([usual, 2 * usual, 4 * usual].contains(&after), "{after} in the place of {usual}");
    };
    let mark = server.data_dir.join("next-courier");
    let set = |ago: u64| {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&mark).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(ago)).unwrap();
    };
    set(30);
    polls(300);
    set(90);
    polls(30);
    fs::remove_file(&mark).unwrap();
    polls(300);
}

#[test]
fn without_a_contact_nobody_is_woken_and_hosts_and_ports_are_the_operator_s() {
    let plain = &server(&[]);
    let phone = Phone::single(plain);
    let about = phone.get("/push/").expect(200).json();
    assert_eq!(
        (&about["webpush"], &about["application_server_key"], &about["contact"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
    let refused = phone.post(LIST, &wanted("phone", &endpoint())).expect(501);
    assert!(refused.text().contains("push-unavailable"), "{}", refused.text());
    phone.post(LIST, &json!({"device_id": "phone", "battery_saver": true})).expect(201);
    let said = plain.operator(&["push", "test", &phone.username]).output().unwrap();
    assert!(String::from_utf8_lossy(&said.stderr).contains("push.contact"), "{said:?}");
    let off = &server(&[CONTACT, ("TANDEM_PUSH_COURIER", "off")]);
    assert_eq!(Phone::single(off).get("/push/").expect(200).json()["webpush"], false);
    let narrow = &server(&[CONTACT, ("TANDEM_PUSH_HOSTS", "push.example.org"), ("TANDEM_PUSH_PORTS", "443,8443")]);
    let phone = Phone::single(narrow);
    for (place, status) in [
        ("https://push.example.net/x", 400),
        ("https://push.example.org:444/x", 400),
        ("https://PUSH.example.org:8443/x", 201),
        ("https://push.example.org/x", 200),
    ] {
        phone.post(LIST, &wanted("phone", place)).expect(status);
    }
}

#[test]
fn the_operator_sees_who_is_woken_and_makes_another_key() {
    let server = &server(&[CONTACT]);
    let phone = Phone::single(server);
    assert!(server.tandem(&["push", "key"]).contains("none yet"));
    let known = phone.get("/push/").expect(200).json()["application_server_key"].as_str().unwrap().to_owned();
    assert_eq!(server.tandem(&["push", "key"]).trim(), known);
    awake(server, &phone, &wanted("phone", &endpoint()));
    let listed = server.tandem(&["push", "list"]);
    assert!([&phone.username, "push.example.org", "active"].iter().all(|word| listed.contains(*word)), "{listed}");
    let listed: Value = serde_json::from_str(&server.tandem(&["push", "list", "--user", &phone.username, "--json"])).unwrap();
    assert_eq!(listed[0]["subscription"]["state"], "active");
    let elsewhere = |words: &[&str]| {
        server.operator(words).env("TANDEM_JWT_SECRET", "another secret of at least 32 characters").output().unwrap()
    };
    let sealed = elsewhere(&["push", "key"]);
    assert!(!sealed.status.success() && String::from_utf8_lossy(&sealed.stderr).contains("--new"), "{sealed:?}");
    assert_eq!(server.tandem(&["push", "key"]).trim(), known, "it is never replaced by itself");
    let said = server.tandem(&["push", "key", "--new", "--yes"]);
    assert!(said.contains("1 ended") && !said.contains(&known), "{said}");
    let anew = phone.get("/push/").expect(200).json()["application_server_key"].as_str().unwrap().to_owned();
    assert!(said.contains(&anew));
    assert_eq!(phone.get(LIST).expect(200).json()["count"], 0);
    let sql = "SELECT t.pushes + s.wake FROM tenants t JOIN members m ON m.tenant = t.id JOIN sessions s ON s.user_id = m.user_id \
               WHERE m.user_id = ?";
    assert_eq!(server.store().one(sql, params![phone.id], |row| row.get::<i64>(0)).unwrap(), Some(0));
}
