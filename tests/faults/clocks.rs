//! The wall clock set back by a year while the program runs, and put right again.

use super::{assert_kept, limited, made, options, unwell};
use crate::api::Phone;
use crate::clock::libfaketime;
use crate::servers::client::{Answer, request};
use crate::servers::{Kind, Server};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tandem::base::time::Timestamp;
use tempfile::TempDir;

/// Shows a program a wall clock that a file sets, at any time.
fn adjustable(file: &Path) -> String {
    format!(
        "export LD_PRELOAD='{}' FAKETIME_TIMESTAMP_FILE='{}' FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1\n\
         export NO_FAKE_STAT=1 FAKETIME_DISABLE_SHM=1",
        libfaketime().display(),
        file.display()
    )
}

/// The most codes of a couple that are good at once: one more ends the oldest.
const LIVE: usize = 10;

fn code(host: &Phone) -> String {
    host.post("/couple/invite/", &json!({})).expect(200).json()["invite"]["code"].as_str().unwrap().to_owned()
}

fn join(guest: &Phone, code: &str) -> Answer {
    guest.post("/couple/join/", &json!({ "code": code }))
}

/// What a phone does with its refresh token.
fn refreshed(phone: &Phone) -> Answer {
    request("POST", "/api/auth/refresh/").json(&json!({"refresh": phone.refresh})).send(phone.port)
}

#[test]
fn what_a_clock_that_was_years_ahead_has_made_is_bounded_from_now_on_and_told() {
    let folder = TempDir::new().unwrap();
    let clock = folder.path().join("clock");
    let set = |offset: &str| fs::write(&clock, offset).unwrap();
    set("+0d");
    let server = Server::start(Kind::LighttpdFastcgi, &limited(&options(2, None), folder.path(), &adjustable(&clock)));
    let state = || clock_state(&server);
    assert_eq!(state(), "ok");
    set("+1500d");
    let [ahead, other] = [(), ()].map(|()| Phone::single(&server));
    let [kept, good] = [(), ()].map(|()| Phone::register(&server));
    let (early, late) = (code(&ahead), code(&other));
    set("+0d");
    // Requests did a night's work at once; where cron does it, nothing did until the clock was right.
    server.alter("DELETE FROM facts WHERE name = 'maintained_at'", &[]);
    assert_eq!(state(), "warn", "told before the night has bounded it");
    let report: Value = serde_json::from_slice(&server.operator(&["doctor", "--json"]).output().unwrap().stdout).unwrap();
    assert!(report.to_string().contains("a clock was ahead"), "{report}");
    // Nobody is shut out while nobody has noticed; a refresh dates its session anew, and ends the tokens of then.
    ahead.get("/auth/me/").expect(200);
    kept.get("/auth/me/").expect(200);
    let new = refreshed(&ahead).expect(200).json();
    ahead.get("/auth/me/").expect(401);
    let ahead = Phone { access: new["access"].as_str().unwrap().to_owned(), ..ahead };
    ahead.get("/auth/me/").expect(200);
    server.tandem(&["maintain"]);
    assert_eq!(state(), "ok");
    kept.get("/auth/me/").expect(401);
    let couple = ahead.get("/couple/").expect(200).json()["couple"].clone();
    let made = Timestamp::parse(couple["created_at"].as_str().unwrap()).unwrap();
    assert!(made <= Timestamp::now(), "{couple}");
    // Each is good for its own length, counted from that night.
    join(&Phone::register(&server), &early).expect(200);
    set("+2h");
    join(&Phone::register(&server), &late).expect(400);
    set("+29d");
    refreshed(&good).expect(200);
    set("+31d");
    refreshed(&kept).expect(401);
}

/// What monitors are told of the clock.
fn clock_state(server: &Server) -> String {
    let health = request("GET", "/api/health/").send(server.port).expect(200).json();
    health["checks"]["clock"].as_str().unwrap().to_owned()
}

#[test]
fn a_clock_set_back_by_a_year_loses_nothing_and_locks_nobody_out() {
    let folder = TempDir::new().unwrap();
    let clock = folder.path().join("clock");
    let set = |offset: &str| fs::write(&clock, offset).unwrap();
    set("+0d");
    let server = Server::start(Kind::LighttpdFastcgi, &limited(&options(2, None), folder.path(), &adjustable(&clock)));
    let (phone, partner) = Phone::couple(&server);
    let (mut all, mut cursor) = (vec![made(&phone)], String::new());
    let mut follow = |all: &[String], wanted: usize| {
        let news = partner.poll(&cursor);
        cursor = news["server_time"].as_str().unwrap().to_owned();
        let goals: Vec<&str> =
            news["changes"]["goals"].as_array().unwrap().iter().map(|goal| goal["id"].as_str().unwrap()).collect();
        assert_eq!(goals, all[all.len() - wanted..], "{news}");
    };
    follow(&all, 1);
    let host = Phone::single(&server);
    let codes: Vec<String> = (0..LIVE).map(|_| code(&host)).collect();
    set("-365d");
    for _ in 0..3 {
        all.push(made(&phone));
    }
    follow(&all, 3);
    unwell(&phone, "clock");
    Phone::single(&server).get("/couple/").expect(200);
    let later = [code(&host), code(&host)];
    for ended in &codes[..2] {
        join(&Phone::register(&server), ended).expect(400);
    }
    join(&Phone::register(&server), &later[0]).expect(200);
    set("+0d");
    all.push(made(&phone));
    follow(&all, 1);
    phone.get("/health/").expect(200);
    assert_kept(&server.data_dir, &all);
}
