//! Who uses what is to go: counted by many processes at once, and without counting people.

use crate::cli::Home;
use crate::lifecycle::{Place, bearer, entry, send, signed_in};
use crate::servers::client::request;
use crate::servers::{Engine, Kind, Options, Server};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs};
use tandem::base::time::{DAY, Timestamp};
use tandem::db::migrate::migrate;
use tandem::db::{Db, Journal, Mode, within};
use tandem::feature::usage::store::{self, Day};
use tandem::feature::usage::{Usage, day_of, fold};

/// Processes that call at once, and how often each does.
const PROCESSES: usize = 8;
const CALLS: usize = 10_000;
/// One of so many calls is a user's.
const SIGNED_IN: usize = 10;
/// Of a hundred calls so many must be counted.
const LEAST: usize = 95;
/// What tells a process its part: its number, and the data folder.
const PART: &str = "USAGE_PART";
const FOLDER: &str = "USAGE_FOLDER";
/// What must be found nowhere.
const ADDRESS: &str = "203.0.113.77";
const DEVICE: &str = "annas-own-phone";

const TOKEN: &str = "USAGE_TOKEN";

/// The part of one process: half its calls as the app that all have, half as its own.
#[test]
#[ignore = "is started by another test as a program of its own"]
fn caller() {
    let (Ok(part), Ok(folder), Ok(token)) = (env::var(PART), env::var(FOLDER), env::var(TOKEN)) else { return };
    let mut app = Place::at(Path::new(&folder), vec![entry("GET /goals/", -30, Some(400))], Vec::new());
    let own = format!("Phone/1.{part}");
    for call in 0..CALLS {
        let client = if call % 2 == 0 { "Phone/1.0" } else { own.as_str() };
        // Counted before anybody is known; who is costs a look into the store.
        let (sent, status) = if call % SIGNED_IN == 0 { (token.as_str(), 200) } else { ("", 401) };
        let fields = [("HTTP_X_CLIENT_VERSION", client), ("REMOTE_ADDR", ADDRESS), ("HTTP_AUTHORIZATION", sent)];
        let answer = send(&mut app, "GET", &format!("/api/goals/?page_size=1&device_id={DEVICE}"), &fields, &Value::Null);
        assert_eq!(answer.status, status);
    }
}

/// What might tell of somebody and stands nowhere: the address, the device, a user's id as text.
fn words(user: i64) -> Vec<Vec<u8>> {
    vec![ADDRESS.into(), DEVICE.into(), user.to_string().into_bytes(), format!("{user:x}").into_bytes()]
}

/// A user's id as a number, in both orders of its 48 bits: the store has that, of its users.
fn numbers(user: i64) -> [Vec<u8>; 2] {
    [user.to_be_bytes()[2..].to_vec(), user.to_le_bytes()[..6].to_vec()]
}

#[test]
fn many_processes_count_nearly_everything_and_nobody() {
    let place = Place::new();
    let database = place.path().join("tandem.db");
    let mut db = Db::sqlite_create(&database, Journal::Rollback).unwrap();
    migrate(&mut db, &mut |_| {}).unwrap();
    let who = signed_in(&mut Place::at(place.path(), Vec::new(), Vec::new()));
    let start = |part: usize| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "usage::caller"]).env(PART, (part + 1).to_string()).env(FOLDER, place.path());
        command.env(TOKEN, bearer(&who)).stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let started: Vec<_> = (0..PROCESSES).map(start).collect();
    started.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    let today = day_of(Timestamp::now());
    within(&mut db, Mode::Write, |db| fold(db, &mut Usage::default(), place.path(), today, false)).unwrap();
    let all: Vec<Day> = store::since(&mut db, today - 1).unwrap();
    // What is estimated stands beside what is counted.
    let rows: Vec<&Day> = all.iter().filter(|row| row.target == "GET /goals/").collect();
    let counted: i64 = rows.iter().map(|row| row.requests).sum();
    println!("{counted} of {} calls were counted", PROCESSES * CALLS);
    let least = i64::try_from(PROCESSES * CALLS * LEAST / 100).unwrap();
    assert!((least..=i64::try_from(PROCESSES * CALLS).unwrap()).contains(&counted), "{counted}");
    for part in 0..=PROCESSES {
        assert!(rows.iter().any(|row| row.client == format!("Phone/1.{part}")), "{part}: {rows:?}");
    }
    drop(db);
    let table = format!("{all:?}").into_bytes();
    let file = |name: &str| fs::read(place.path().join(name)).unwrap();
    let has = |bytes: &[u8], trace: &[u8]| bytes.windows(trace.len()).any(|part| part == trace);
    let user = who["user"]["id"].as_i64().unwrap();
    for name in ["usage", "tandem.db"] {
        for trace in words(user) {
            assert!(!has(&file(name), &trace), "{name} tells {}", String::from_utf8_lossy(&trace));
        }
    }
    for trace in words(user).iter().chain(&numbers(user)) {
        assert!(!has(&table, trace) && !has(&file("usage"), trace), "{trace:?}");
    }
    assert!(has(&file("tandem.db"), &numbers(user)[0]), "this would be found");
    assert!(has(&file("usage"), b"GET /goals/") && has(&file("tandem.db"), b"GET /goals/"));
}

/// How long processes that run may take to see a file that was edited, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until some answers in a row, of any process, announce it or do not.
fn announced(server: &Server, wanted: bool) {
    let ask = || request("GET", "/api/goals/").send(server.port).expect(401).header("Deprecation").is_some();
    let end = Instant::now() + PATIENCE;
    while !(0..10).all(|_| ask() == wanted) {
        assert!(Instant::now() < end, "{}", server.log());
        sleep(Duration::from_millis(100));
    }
}

#[test]
fn processes_that_run_see_what_is_announced_and_count_it_into_mariadb() {
    let options = Options { workers: 2, engine: Engine::Mariadb, ..Options::default() };
    let server = Server::start(Kind::LighttpdFastcgi, &options);
    announced(&server, false);
    server.tandem(&WARNED.split(' ').collect::<Vec<_>>());
    server.hand_over();
    announced(&server, true);
    server.tandem(&["maintain", "--quiet"]);
    let report: Value = serde_json::from_str(&server.tandem(&["api", "report", "--json"])).unwrap();
    let uses = report[0]["uses_30d"].as_i64().unwrap();
    assert!((10..10_000).contains(&uses), "{report}");
    // Folded again, nothing is counted twice.
    server.tandem(&["maintain", "--quiet"]);
    let again: Value = serde_json::from_str(&server.tandem(&["api", "report", "--json"])).unwrap();
    assert_eq!(again[0]["uses_30d"], uses);
    server.tandem(&["api", "restore", "version:1"]);
    server.hand_over();
    announced(&server, false);
}

const WARNED: &str = "api deprecate version:1 --since 2026-01-01 --sunset 2099-06-30";

/// A home in which version 1 is to go, and an app called twice.
fn used() -> Home {
    let home = Home::new();
    home.ok("migrate");
    home.ok(WARNED);
    home.call("", "GET", "/api/goals/", "");
    home.call("", "GET", "/api/v1/goals/", "");
    home
}

#[test]
fn the_operator_sees_who_uses_what_goes() {
    let home = used();
    let report = home.json("api report --json");
    assert_eq!((&report[0]["uses_30d"], &report[0]["clients"]), (&json!(2), &json!([{"client": "unknown", "uses": 2}])));
    assert_eq!(
        home.json("api usage version:1 --by client --json"),
        json!([{"target": "version:1", "by": "unknown", "requests": 2}])
    );
    let calls = json!([{"client": "unknown", "version": 1, "requests": 2, "standing": "ok", "minimum": null}]);
    assert_eq!(home.json("api clients --json"), calls);
    let told = home.ok("api report");
    assert!(told.contains("counted one by one from the announcement on") && told.contains("one in 16"), "{told}");
    // Once more, and once more only.
    home.call("", "GET", "/api/goals/", "");
    home.ok("maintain --quiet");
    assert_eq!(home.json("api report --json")[0]["uses_30d"], 3);
}

#[test]
fn what_was_not_counted_or_was_used_is_not_safe_to_remove() {
    let home = used();
    assert_eq!(home.run("api safe-to-remove version:1").code, 1, "it was counted today alone, and used");
    assert_eq!(home.run("api safe-to-remove version:9").code, 2);
    assert_eq!(home.run("api safe-to-remove graphql:Goal.nonsense").code, 2);
    home.ok("maintain --quiet");
    let today = day_of(Timestamp::now());
    let counted = |days: std::ops::RangeInclusive<i64>| {
        for day in days {
            home.sql(&format!("INSERT INTO api_usage VALUES ({}, 'version:1', 0, '', 0, 0, 0)", today - day));
        }
    };
    counted(2..=7);
    let code = |line: &str| home.run(line).code;
    assert_eq!(code("api safe-to-remove version:1 --days 7 --most 2"), 1, "yesterday was not counted");
    counted(1..=1);
    assert_eq!(code("api safe-to-remove version:1 --days 7"), 1, "it was used");
    assert_eq!(code("api safe-to-remove version:1 --days 7 --most 2"), 0);
    home.sql("DELETE FROM api_usage WHERE client <> ''");
    let soon = Timestamp::now().plus(14 * DAY).to_string();
    home.ok(&format!("api deprecate version:1 --since 2026-01-01 --sunset {soon} --now"));
    let found = |home: &Home| {
        let report = home.json("doctor --json");
        let check = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "lifecycle").unwrap().clone();
        (check["level"].as_str().unwrap().to_owned(), check["saw"].as_str().unwrap().to_owned())
    };
    assert_eq!(found(&home).0, "ok");
    let file = home.data().join("lifecycle.json");
    let written = fs::read(&file).unwrap();
    fs::write(&file, "{}").unwrap();
    let (level, saw) = found(&home);
    assert!(level == "note" && saw.ends_with("is not the one that `tandem api` wrote last"), "{level}: {saw}");
    fs::write(&file, written).unwrap();
    home.call("", "GET", "/api/goals/", "");
    home.ok("maintain --quiet");
    let (level, saw) = found(&home);
    assert!(level == "note" && saw.starts_with("version:1 goes within 30 days"), "{level}: {saw}");
}
