//! Wake-ups, through a web server, the courier, and a push service of the tests' own: sent when they are due, to whom they are for, and
//! no message lost, whatever the push service says and whenever a courier is killed.

mod device;
mod hosts;
mod service;
pub mod site;
mod turns;

use crate::api::Phone;
use crate::api::devices::again;
use crate::servers::Engine;
use device::subscribe;
use serde_json::{Value, json};
use service::Says;
use site::{Site, ask};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tandem::params;

/// From a subscription to a wake-up that its device reads.
fn whole_way(engine: Engine) {
    let site = Site::new(engine, true);
    let (a, b) = Phone::couple(&site.server);
    let phone = again(&site.server, &a, &json!({"device_id": "a"}));
    let (mut device, id) = subscribe(&phone, "a", &site.service, "a", &json!({}));
    let code = device.read(&site.sent("a", 1)[0]);
    assert_eq!((&code["type"], code["subscription"].as_str()), (&"verify".into(), Some(id.as_str())));
    phone.post(&format!("/push/subscriptions/{id}/verify/"), &json!({"code": code["code"]})).expect(200);
    assert_eq!(site.word("a", "state"), "active");
    let (b, mut other) = site.wake(&b, "b", &json!({}));
    ask(&b);
    let sent = site.sent("a", 2)[1].clone();
    // The code that would have verified the other one may have been sent before it was awake.
    let codes = site.service.sent("b").len();
    assert!(codes <= 1, "who asked is not told of it");
    let field = |name: &str| sent.fields[name].as_str();
    assert_eq!((field("ttl"), field("urgency"), field("content-encoding")), ("86400", "normal", "aes128gcm"));
    assert_eq!(field("topic").len(), 32);
    let authorization = field("authorization");
    assert!(authorization.starts_with("vapid t=") && authorization.contains(",k=") && !authorization.contains(", "));
    assert_eq!((sent.body.len() - 86 - 16) % 128, 0);
    ask(&a);
    let told = other.read(site.sent("b", codes + 1).last().unwrap());
    assert_eq!(
        (&told["type"], &told["priority"], &told["domains"]["qna_questions"]),
        (&"changes".into(), &"high".into(), &1.into())
    );
    let poll = b.poll("2020-01-01T00:00:00Z");
    assert_eq!((&told["clock"], &told["epoch"]), (&poll["server_time"], &poll["epoch"]));
    let shown = phone.get(&format!("/push/subscriptions/{id}/")).expect(200).json();
    assert_eq!((&shown["last_status"], &shown["failed"]), (&"2xx".into(), &0.into()));
}

#[test]
fn a_device_is_woken_of_what_others_do() {
    whole_way(Engine::Sqlite);
}

#[test]
fn a_device_is_woken_of_what_others_do_over_mariadb() {
    whole_way(Engine::Mariadb);
}

#[test]
fn each_answer_of_a_push_service_has_its_consequence() {
    let site = Site::new(Engine::Sqlite, false);
    let cases: [(&str, Says, &str, &str); 9] = [
        ("taken", Says::Status(201, ""), "active", "2xx"),
        ("lost", Says::Status(404, ""), "gone", "4xx"),
        ("gone", Says::Status(410, ""), "gone", "4xx"),
        ("barred", Says::Status(403, ""), "suspended", "4xx"),
        ("long", Says::Status(413, ""), "active", "4xx"),
        ("busy", Says::Status(429, "Retry-After: 600\r\n"), "active", "4xx"),
        ("broken", Says::Status(500, ""), "active", "5xx"),
        ("moved", Says::Status(302, "Location: /stolen\r\n"), "active", "refused"),
        ("endless", Says::Gigabyte, "active", "2xx"),
    ];
    let mut partners = Vec::new();
    for (name, says, ..) in &cases {
        site.service.says(name, says.clone());
        let (_, b) = site.awake(name, &json!({}));
        partners.push(b);
    }
    partners.iter().for_each(ask);
    site.deliver();
    for (name, _, state, status) in &cases {
        assert_eq!(site.sent(name, 1).len(), 1, "{name}");
        assert_eq!((site.word(name, "state").as_str(), site.word(name, "last_status").as_str()), (*state, *status), "{name}");
    }
    assert!(site.service.sent("stolen").is_empty(), "a redirect is not followed");
    let wait = |name: &str| (site.number(name, "due_at").unwrap() - site.service.sent(name)[0].ms) / 1_000;
    assert!((595..=601).contains(&wait("busy")), "{}", wait("busy"));
    assert!((23..=37).contains(&wait("broken")) && (23..=37).contains(&wait("moved")), "{}", wait("broken"));
    for settled in ["taken", "long", "endless"] {
        assert_eq!(site.number(settled, "due_at"), None, "{settled}");
    }
    assert_eq!((site.number("taken", "sent"), site.number("broken", "failed")), (Some(1), Some(1)));
    assert_eq!(site.server.log().matches("localhost refuses this site").count(), 1, "{}", site.server.log());
    // What failed is tried four times more, then waits for the next change; what was not told by then is told with that.
    for _ in 0..6 {
        site.hurry("broken");
        site.deliver();
    }
    assert_eq!((site.service.sent("broken").len(), site.number("broken", "due_at")), (5, None));
    site.service.says("broken", Says::Status(201, ""));
    site.server.alter("UPDATE push_subscriptions SET not_before = 0 WHERE device_id = ?", params!["broken"]);
    ask(&partners[6]);
    site.deliver();
    assert_eq!((site.service.sent("broken").len(), site.number("broken", "tries")), (6, Some(0)));
}

#[test]
fn no_host_is_asked_sooner_than_it_said() {
    let site = Site::new(Engine::Sqlite, false);
    let names = ["busy", "rests", "beside"];
    let partners: Vec<Phone> = names.iter().map(|name| site.awake(name, &json!({})).1).collect();
    site.server.alter("UPDATE push_subscriptions SET host = 7 WHERE device_id <> ?", params!["busy"]);
    site.service.says("busy", Says::Status(429, "Retry-After: 4\r\n"));
    site.service.says("rests", Says::Status(503, "Retry-After: 4\r\n"));
    ask(&partners[0]);
    ask(&partners[1]);
    let mut courier = site.courier().spawn().unwrap();
    ["busy", "rests"].iter().for_each(|name| drop(site.sent(name, 1)));
    ["busy", "rests"].iter().for_each(|name| site.service.says(name, Says::Status(201, "")));
    ask(&partners[2]);
    assert!(courier.wait().unwrap().success());
    site.deliver();
    names.iter().for_each(|name| drop(site.sent(name, 1)));
    let rest = Duration::from_secs(4);
    for name in ["busy", "rests"] {
        let sent = site.service.sent(name);
        assert!(sent.len() == 2 && sent[1].at - sent[0].at >= rest, "{name} was asked {} times", sent.len());
    }
    assert!(site.service.sent("beside")[0].at - site.service.sent("rests")[0].at >= rest, "another endpoint of the host");
}

/// Whoever makes up endpoints must not have others' devices rest.
#[test]
fn endpoints_that_nobody_proved_rest_no_host() {
    let site = Site::new(Engine::Sqlite, false);
    let (_, partner) = site.awake("proved", &json!({}));
    for name in ["made-up-1", "made-up-2", "made-up-3"] {
        let stranger = Phone::single(&site.server);
        site.service.says(name, Says::Status(400, ""));
        let stranger = again(&site.server, &stranger, &json!({"device_id": "phone"}));
        subscribe(&stranger, "phone", &site.service, name, &json!({}));
    }
    site.server.alter("UPDATE push_subscriptions SET host = 7", &[]);
    site.deliver();
    assert_eq!(site.service.sent("made-up-3").len(), 1);
    ask(&partner);
    site.deliver();
    assert_eq!(site.sent("proved", 1).len(), 1);
}

/// What comes after somebody joined is news to their device, the first of it, too.
#[test]
fn who_joins_is_woken_of_the_first_change() {
    let site = Site::new(Engine::Sqlite, false);
    let (owner, joins) = (Phone::single(&site.server), Phone::single(&site.server));
    let (phone, _) = site.wake(&joins, "joins", &json!({}));
    phone.post("/couple/leave/", &json!({})).expect(204);
    let invite = owner.post("/couple/invite/", &json!({})).expect(200).json();
    phone.post("/couple/join/", &json!({"code": invite["invite"]["code"]})).expect(200);
    ask(&owner);
    site.deliver();
    assert_eq!(site.sent("joins", 1).len(), 1);
}

#[test]
fn a_host_that_hangs_is_left_and_keeps_nobody_else_waiting() {
    let site = Site::new(Engine::Sqlite, false);
    let names = ["hangs", "same", "other"];
    let partners: Vec<Phone> = names.iter().map(|name| site.awake(name, &json!({})).1).collect();
    site.server.alter("UPDATE push_subscriptions SET host = 7 WHERE device_id <> ?", params!["other"]);
    ["hangs", "same"].iter().for_each(|name| site.service.says(name, Says::Nothing));
    partners.iter().for_each(ask);
    let started = Instant::now();
    site.deliver();
    assert!(started.elapsed() < Duration::from_secs(16), "{:?}", started.elapsed());
    assert_eq!(site.service.sent("other").len(), 1);
    assert_eq!(site.service.sent("hangs").len() + site.service.sent("same").len(), 1, "one of them is enough");
}

/// Couriers are ended wherever they are; in the end everybody was told, and nobody more often than once for each that was killed.
fn killed(engine: Engine) {
    let site = Site::new(engine, false);
    let names: Vec<String> = (0..8).map(|n| format!("device-{n}")).collect();
    let partners: Vec<Phone> = names.iter().map(|name| site.awake(name, &json!({})).1).collect();
    names.iter().for_each(|name| site.service.says(name, Says::Slowly(201, Duration::from_millis(15))));
    partners.iter().for_each(ask);
    sleep(Duration::from_millis(2_100));
    let mut kills = 0;
    for wait in (0..40).map(|n| Duration::from_millis(20 + n * 11)) {
        let mut courier = site.courier().spawn().unwrap();
        sleep(wait);
        let ended = courier.try_wait().unwrap().is_some();
        courier.kill().unwrap();
        courier.wait().unwrap();
        site.forget_lease();
        if ended {
            break;
        }
        kills += 1;
    }
    site.deliver();
    let sent: Vec<usize> = names.iter().map(|name| site.service.sent(name).len()).collect();
    assert!(sent.iter().all(|sent| *sent >= 1), "lost: {sent:?}");
    let doubled: usize = sent.iter().map(|sent| sent - 1).sum();
    assert!(kills > 0 && doubled <= kills, "{sent:?} with {kills} killed");
    eprintln!("{engine:?}: {kills} couriers killed, {doubled} of {} wake-ups doubled, 0 lost", names.len());
}

#[test]
fn a_courier_that_is_killed_loses_nothing() {
    killed(Engine::Sqlite);
}

#[test]
fn a_courier_that_is_killed_loses_nothing_over_mariadb() {
    killed(Engine::Mariadb);
}

#[test]
fn who_polls_is_not_woken_and_who_polled_past_it_never() {
    let site = Site::new(Engine::Sqlite, false);
    let (phone, b) = site.awake("a", &json!({}));
    let before = phone.poll("2020-01-01T00:00:00Z")["server_time"].as_str().unwrap().to_owned();
    phone.poll(&before);
    ask(&b);
    sleep(Duration::from_millis(2_100));
    site.glance();
    assert!(site.service.sent("a").is_empty());
    let ahead = site.number("a", "due_at").unwrap() - tandem::base::time::Timestamp::now().0;
    assert!((10_000..=20_000).contains(&ahead), "looked at again in {ahead} ms");
    let after = phone.poll(&before)["server_time"].as_str().unwrap().to_owned();
    phone.poll(&after);
    site.hurry("a");
    site.deliver();
    assert_eq!((site.service.sent("a").len(), site.number("a", "due_at")), (0, None), "it has seen it");
}

#[test]
fn quiet_hours_filters_and_a_saved_battery_have_things_wait_but_for_what_is_critical() {
    let site = Site::new(Engine::Sqlite, false);
    let quiet = json!({"quiet_from": "00:00", "quiet_to": "23:59"});
    let (quiet_owner, quiets) = site.awake("quiet", &quiet);
    let (_, saves) = site.awake("saves", &json!({"battery_saver": true}));
    let (_, others) = site.awake("filtered", &json!({"domains": ["goals"]}));
    let (urgent_owner, urgent) = site.awake("urgent", &json!({"priority_filter": "critical"}));
    [&quiets, &saves, &others, &urgent].into_iter().for_each(ask);
    sleep(Duration::from_millis(2_100));
    site.deliver();
    for name in ["quiet", "saves", "filtered", "urgent"] {
        assert!(site.service.sent(name).is_empty(), "{name}");
    }
    assert_eq!((site.number("filtered", "due_at"), site.number("urgent", "due_at")), (None, None));
    assert!(site.number("quiet", "due_at").is_some() && site.number("saves", "due_at").is_some());
    for (name, owner) in [("quiet", &quiet_owner), ("urgent", &urgent_owner)] {
        let elsewhere = again(&site.server, owner, &json!({"device_id": "elsewhere"}));
        let to = json!({"to": {"user_id": owner.id}, "type": "sync_trigger", "priority": "critical"});
        elsewhere.post("/push/send/", &to).expect(201);
        site.deliver();
        assert_eq!(site.service.sent(name).len(), 1, "{name}");
        assert_eq!(site.service.sent(name)[0].fields["urgency"], "high");
        // Until its device has acknowledged it, it is told again: after five minutes, half an hour, three hours.
        for (again, minutes) in [5, 30, 180].into_iter().enumerate() {
            let wait = site.number(name, "due_at").unwrap() - site.service.sent(name)[again].ms;
            assert!((wait - minutes * 60_000).abs() < 3_000, "{wait}");
            let past = "UPDATE push_subscriptions SET past = ?, due_at = 1 WHERE device_id = ?";
            let long_ago = format!("c{}", base36(tandem::base::time::Timestamp::now().0 / 1_000 - minutes * 60 - 1));
            site.server.alter(past, params![&long_ago, name]);
            site.deliver();
            assert_eq!(site.service.sent(name).len(), again + 2, "{name}");
        }
        assert_eq!(site.number(name, "due_at"), None, "it rests in the inbox, and held what waited");
    }
}

/// A number in six digits of base 36.
fn base36(mut number: i64) -> String {
    let mut digits = [' '; 6];
    for digit in digits.iter_mut().rev() {
        *digit = char::from_digit(u32::try_from(number % 36).unwrap(), 36).unwrap();
        number /= 36;
    }
    digits.iter().collect()
}

#[test]
fn what_is_acknowledged_is_not_told_again() {
    let site = Site::new(Engine::Sqlite, false);
    let (phone, _) = site.awake("a", &json!({}));
    let elsewhere = again(&site.server, &phone, &json!({"device_id": "elsewhere"}));
    let to = json!({"to": {"user_id": phone.id}, "type": "sync_trigger", "priority": "critical"});
    elsewhere.post("/push/send/", &to).expect(201);
    site.deliver();
    assert_eq!(site.service.sent("a").len(), 1);
    phone.post("/push/ack/", &json!({"up_to": "9999-01-01T00:00:00Z"})).expect(204);
    site.hurry("a");
    site.deliver();
    assert_eq!((site.service.sent("a").len(), site.number("a", "critical")), (1, Some(0)));
}

#[test]
fn a_change_is_handed_over_within_seconds() {
    let site = Site::new(Engine::Sqlite, true);
    let names: Vec<String> = (0..10).map(|n| format!("phone-{n}")).collect();
    let partners: Vec<Phone> = names.iter().map(|name| site.awake(name, &json!({})).1).collect();
    let mut waits = Vec::new();
    for (name, partner) in names.iter().zip(&partners) {
        // The code that would have verified it may have been sent before it was awake.
        let before = site.service.sent(name).len();
        let asked = Instant::now();
        ask(partner);
        waits.push(site.sent(name, before + 1).last().unwrap().at - asked);
    }
    waits.sort();
    eprintln!("change to wake-up handed over: median {:?}, longest of ten {:?}", waits[5], waits[9]);
    // Two seconds of them are waited on purpose, for what follows at once.
    assert!(waits[0] >= Duration::from_millis(1_900) && waits[8] <= Duration::from_secs(8), "{waits:?}");
}

/// What the doctor says of one thing: how bad it is, and what it saw.
fn check(site: &Site, name: &str) -> (String, String) {
    let mut doctor = site.server.operator(&["doctor", "--json"]);
    let output = doctor.envs(site.env.iter().map(|(name, value)| (name, value))).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let check = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("nothing about {name}: {report}"));
    (check["level"].as_str().unwrap().to_owned(), check["saw"].as_str().unwrap().to_owned())
}

#[test]
fn the_doctor_tells_who_is_not_woken_and_why() {
    let mut site = Site::new(Engine::Sqlite, false);
    let (_, b) = site.awake("a", &json!({}));
    let says = |site: &Site, name: &str, level: &str, words: &str| {
        let (is, saw) = check(site, name);
        assert!(is == level && saw.contains(words), "{is}: {saw}");
    };
    ask(&b);
    site.deliver();
    says(&site, "push", "ok", "at addresses that are not public: localhost");
    says(&site, "push services", "ok", "https://localhost:");
    site.server.alter("UPDATE push_subscriptions SET due_at = ? WHERE device_id = ?", params![1_i64, "a"]);
    says(&site, "push", "note", "wake-ups wait since 1970-01-01");
    site.server.alter("UPDATE push_subscriptions SET due_at = NULL", &[]);
    site.server.alter("UPDATE facts SET value = ? WHERE name = ?", params!["2026-11-30T12:00:00.000Z 420000", "push_late"]);
    says(&site, "push", "note", "went 7 minutes after they were due");
    site.env.retain(|(name, _)| name != "TANDEM_PUSH_PRIVATE");
    says(&site, "push services", "problem", "no way out to https://localhost:");
}
