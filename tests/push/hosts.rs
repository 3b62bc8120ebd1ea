//! Wake-ups under every way in which hosts run the program, and where cron alone may start something.

use super::service::Says;
use super::site::{PATIENCE, Site, ask};
use crate::courier::{EVERY, GONE, PROMPT, couriers, until, zombies};
use crate::servers::client::request;
use crate::servers::{Engine, Kind};
use serde_json::json;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

/// One device is woken, then the push service hangs over another's wake-up: nobody waits for it, and no process stays.
fn is_woken_on(kind: Kind) {
    let site = Site::on(kind, Engine::Sqlite, true, &[]);
    let server = &site.server;
    let [(_, partner), (_, delayed)] = ["woken", "hangs"].map(|name| site.awake(name, &json!({})));
    let is_over = |what: &str| {
        until(what, server, GONE, || couriers(server).is_empty());
        until("waited for", server, PATIENCE, || zombies(server).is_empty());
    };
    // Of the codes that would have verified them some may have been sent before they were awake.
    is_over("gone after the codes");
    let [woken, hanging] = ["woken", "hangs"].map(|name| site.service.sent(name).len());
    ask(&partner);
    site.sent("woken", woken + 1);
    is_over("gone after the wake-up");
    site.service.says("hangs", Says::Nothing);
    ask(&delayed);
    site.sent("hangs", hanging + 1);
    let asked = Instant::now();
    for _ in 0..5 {
        let asked = Instant::now();
        request("GET", "/api/").send(server.port).expect(200);
        ask(&delayed);
        assert!(asked.elapsed() < PROMPT, "{kind:?}: {:?}", asked.elapsed());
        until("alone", server, PROMPT, || couriers(server).len() == 1);
    }
    is_over("gone after a push service that hangs");
    assert!(asked.elapsed() < GONE, "{kind:?}: {:?}", asked.elapsed());
    assert!(!server.log().contains("cannot be started"), "{}", server.log());
}

#[test]
fn a_device_is_woken_on_every_host_and_a_push_service_that_hangs_delays_no_request() {
    scope(|scope| {
        for kind in EVERY {
            scope.spawn(move || is_woken_on(kind));
        }
    });
}

#[test]
fn cron_alone_hands_wake_ups_over() {
    let site = Site::new(Engine::Sqlite, false);
    let (_, partner) = site.awake("a", &json!({}));
    ask(&partner);
    sleep(Duration::from_millis(2_100));
    request("GET", "/api/").send(site.server.port).expect(200);
    assert!(couriers(&site.server).is_empty() && site.service.sent("a").is_empty());
    let mut cron = site.server.operator(&["maintain", "--quiet"]);
    let output = cron.envs(site.env.iter().map(|(name, value)| (name, value))).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(site.service.sent("a").len(), 1);
    assert!(couriers(&site.server).is_empty());
}
