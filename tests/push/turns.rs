//! Who has their turn when: wake-ups that nobody's later request brings about, and those that wait for nobody else's server.

use super::device::subscribe;
use super::service::Says;
use super::site::{PATIENCE, Site, ask};
use crate::api::Phone;
use crate::api::devices::again;
use crate::servers::Engine;
use serde_json::json;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A device that has polled is looked at again this much later.
const POLLED: Duration = Duration::from_secs(20);

/// What others write a moment after a device's last poll is the last thing that anybody does.
#[test]
fn who_has_just_polled_is_woken_though_no_request_follows() {
    let site = Site::new(Engine::Sqlite, true);
    let (phone, partner) = site.awake("a", &json!({}));
    phone.get("/sync/changes/").expect(200);
    let polled = Instant::now();
    ask(&partner);
    sleep(POLLED.saturating_sub(polled.elapsed() + Duration::from_secs(1)));
    assert!(site.service.sent("a").is_empty(), "it fetches by itself what is new");
    assert!(site.sent("a", 1)[0].at - polled < POLLED + PATIENCE);
}

/// Two strangers' endpoints that hang are first in line: one holds up what becomes due meanwhile, both hold up nobody.
#[test]
fn nobody_waits_for_servers_that_nobody_has_proved() {
    let site = Site::new(Engine::Sqlite, false);
    let [(_, partner), (_, later)] = ["proved", "later"].map(|name| site.awake(name, &json!({})));
    let made_up = ["made-up-1", "made-up-2"];
    for name in made_up {
        site.service.says(name, Says::Nothing);
        let stranger = again(&site.server, &Phone::single(&site.server), &json!({"device_id": name}));
        subscribe(&stranger, name, &site.service, name, &json!({}));
    }
    site.server.alter("UPDATE push_subscriptions SET host = user_id", &[]);
    ask(&partner);
    sleep(Duration::from_millis(2_100));
    let mut courier = site.courier().spawn().unwrap();
    let end = Instant::now() + PATIENCE;
    let hangs = |name: &str| !site.service.sent(name).is_empty();
    while !made_up.iter().any(|name| hangs(name)) {
        assert!(Instant::now() < end, "{}", site.server.log());
        sleep(Duration::from_millis(30));
    }
    let first = made_up.iter().position(|name| hangs(name)).unwrap();
    ask(&later);
    assert!(courier.wait().unwrap().success());
    let at = |name: &str| site.sent(name, 1)[0].at;
    assert!(at("proved") < at(made_up[first]), "what is proved comes first");
    assert!(at("later") < at(made_up[1 - first]), "what becomes due meanwhile waits for one call");
}

#[test]
fn a_test_is_sent_though_another_courier_works() {
    let site = Site::new(Engine::Sqlite, false);
    let (phone, partner) = site.awake("a", &json!({}));
    partner.post("/goals/", &json!({"title": "Learn to sail"})).expect(201);
    let mut courier = site.courier().spawn().unwrap();
    // It waits for the goal's wake-up.
    sleep(Duration::from_millis(1_500));
    let mut test = site.server.operator(&["push", "test", &phone.username]);
    let said = test.envs(site.env.iter().map(|(name, value)| (name, value))).output().unwrap();
    assert!(said.status.success() && String::from_utf8_lossy(&said.stdout).contains("2xx"), "{said:?}");
    assert!(courier.wait().unwrap().success());
}

/// Machines that share a database have marks of their own: one that waits for what is due must not keep another from what it knows of.
#[test]
fn a_courier_that_waits_keeps_no_other_machine_waiting() {
    let site = Site::new(Engine::Mariadb, false);
    let [(_, partner), (_, other)] = ["later", "soon"].map(|name| site.awake(name, &json!({})));
    let machine = tempfile::tempdir().unwrap();
    std::fs::copy(site.server.data_dir.join("secret"), machine.path().join("secret")).unwrap();
    partner.post("/goals/", &json!({"title": "Learn to sail"})).expect(201);
    let mut waits = site.courier().env("TANDEM_DATA", machine.path()).spawn().unwrap();
    sleep(Duration::from_millis(1_500));
    ask(&other);
    let mut courier = site.courier().spawn().unwrap();
    let sent = |name| site.sent(name, 1)[0].at;
    assert!(sent("soon") < sent("later"));
    assert!([&mut waits, &mut courier].into_iter().all(|courier| courier.wait().unwrap().success()));
    assert_eq!((site.service.sent("soon").len(), site.service.sent("later").len()), (1, 1), "by one of them alone");
}
