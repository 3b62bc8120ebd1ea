//! `tandem api`: what is announced holds, whatever happens to the file that says so.

use super::Home;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

/// One call of the API as CGI: the head of its answer.
fn head(home: &Home, uri: &str) -> String {
    let mut command = home.command(env!("CARGO_BIN_EXE_api"));
    command.env("REQUEST_METHOD", "GET").env("REQUEST_URI", uri).env("REMOTE_ADDR", "192.0.2.1");
    let answer = String::from_utf8(command.stdin(Stdio::null()).output().unwrap().stdout).unwrap();
    answer.split_once("\r\n\r\n").unwrap().0.to_owned()
}

const VERSION: &str = "api deprecate version:1 --since 2026-01-01 --sunset 2026-06-30 --successor version:2 --now";

#[test]
fn what_is_announced_is_in_every_answer_until_it_is_taken_back() {
    let home = Home::new();
    home.ok("migrate");
    let plain = head(&home, "/api/goals/");
    assert!(plain.starts_with("Status: 401") && !plain.contains("Sunset"), "{plain}");
    home.ok(VERSION);
    let gone = head(&home, "/api/goals/");
    assert!(gone.starts_with("Status: 410 Gone\r\n"), "{gone}");
    for field in [
        "Deprecation: @1767225600\r\n",
        "Sunset: Tue, 30 Jun 2026 23:59:59 GMT\r\n",
        "</api/v2/goals/>; rel=\"successor-version\"",
    ] {
        assert!(gone.contains(field), "{field}: {gone}");
    }
    assert!(head(&home, "/api/v2/goals/").starts_with("Status: 401"));
    let file = home.data().join("lifecycle.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let report = home.json("api report --json");
    assert_eq!(
        (&report[0]["target"], &report[0]["state"], &report[0]["source"]),
        (&json!("version:1"), &json!("gone"), &json!("operator"))
    );
    assert!(home.ok("api report --csv").lines().nth(1).unwrap().starts_with("version:1,gone,2026-01-01 00:00,"));
    home.ok("api restore version:1");
    assert_eq!(home.json("api report --json"), json!([]));
    assert!(head(&home, "/api/goals/").starts_with("Status: 401"));
    assert_eq!(home.run("api restore version:1").code, 1);
}

#[test]
fn what_cannot_be_is_refused_and_nothing_written() {
    let home = Home::new();
    let long = "--since 2030-01-01 --sunset 2032-01-01";
    for line in [
        format!("api deprecate version:7 {long}"),
        format!("api deprecate graphql:Goal.nonsense {long}"),
        format!("api deprecate goals {long}"),
        format!("api deprecate version:1 {long} --successor version:9"),
        format!("api deprecate version:1 {long} --link javascript:x"),
        "api deprecate version:1 --since 2030-01-01 --sunset 2030-06-30".to_owned(),
        "api deprecate graphql:Goal.whyForUs --since 2030-01-01 --sunset 2030-02-01".to_owned(),
        "api deprecate version:1 --since 2030-01-01 --sunset 2029-01-01 --now".to_owned(),
        "api deprecate version:1 --since soon --sunset 2032-01-01".to_owned(),
        "api client Tandem".to_owned(),
        "api client Tandem --soft 1.0 --hard 2.0 --from 2030-01-01".to_owned(),
    ] {
        let ran = home.run(&line);
        assert!(ran.code == 1 && !ran.err.is_empty(), "{line}: {ran:?}");
    }
    assert!(!home.data().join("lifecycle.json").exists());
    home.ok("migrate");
    home.ok("api deprecate graphql:Goal.whyForUs --since 2030-01-01 --sunset 2030-06-30 --reason Unused.");
    home.ok("api client Tandem --soft 2.0 --url https://example.org/app");
    let both = fs::read_to_string(home.data().join("lifecycle.json")).unwrap();
    let both: Value = serde_json::from_str(&both).unwrap();
    assert_eq!((&both["deprecations"][0]["reason"], &both["clients"][0]["soft"]), (&json!("Unused."), &json!("2.0")));
    home.ok("api client Tandem --remove");
}

#[test]
fn the_minimums_of_apps_are_listed_with_who_falls_below() {
    let home = Home::new();
    home.ok("migrate");
    home.ok("api client Tandem --soft 2.0 --hard 1.5 --from 2026-01-01 --url https://example.org/app");
    let report = home.ok("api report");
    assert!(report.starts_with("Nothing is to go.\n"), "{report}");
    let line = report.lines().find(|line| line.starts_with("Tandem ")).unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells, ["Tandem", "2.0", "1.5", "2026-01-01", "00:00", "https://example.org/app"]);
    assert_eq!(home.json("api report --json"), json!([]), "a list of what is to go");
    let today = tandem::feature::usage::day_of(tandem::base::time::Timestamp::now());
    for (client, requests) in [("Tandem/1.4", 16), ("Tandem/1.9", 32), ("Tandem/2.0", 48), ("Dart/3", 64)] {
        home.sql(&format!("INSERT INTO api_usage VALUES ({today}, 'version:1', 1, '{client}', {requests}, 0, 0)"));
    }
    let calls = home.json("api clients --json");
    let stand = |client: &str| calls.as_array().unwrap().iter().find(|one| one["client"] == client).unwrap().clone();
    for (client, standing) in [("Tandem/1.4", "hard"), ("Tandem/1.9", "soft"), ("Tandem/2.0", "ok"), ("Dart/3", "ok")] {
        assert_eq!(stand(client)["standing"], standing, "{calls}");
    }
    assert_eq!((&stand("Tandem/1.4")["minimum"], &stand("Dart/3")["minimum"]), (&json!("2.0"), &Value::Null));
    let table = home.ok("api clients");
    let has = |client: &str, word: &str| table.lines().any(|line| line.starts_with(client) && line.ends_with(word));
    assert!(has("Tandem/1.4", "refused") && has("Tandem/1.9", "reminded") && has("Tandem/2.0", "48"), "{table}");
    assert!(table.contains("Estimated from one in 16") && table.contains("https://example.org/app"), "{table}");
}

#[test]
fn a_file_that_cannot_be_read_is_told_once_and_refuses_nobody() {
    for broken in [None, Some(String::new()), Some("x".repeat(1 << 20)), Some("{\"deprecations\": 7}".to_owned())] {
        let home = Home::new();
        home.ok("migrate");
        let file = home.data().join("lifecycle.json");
        match &broken {
            None => fs::create_dir(&file).unwrap(),
            Some(text) => fs::write(&file, text).unwrap(),
        }
        for _ in 0..3 {
            assert!(head(&home, "/api/goals/").starts_with("Status: 401"));
        }
        let log = fs::read_to_string(home.data().join("tandem.log")).unwrap();
        assert_eq!(log.matches("lifecycle.json is not heeded").count(), 1, "{log}");
        let report = home.json("doctor --json");
        let found = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "lifecycle").unwrap().clone();
        assert_eq!(found["level"], "problem", "{found}");
        assert_eq!(home.run("api report").code, 1);
        assert_eq!(home.run(VERSION).code, 1, "what an operator wrote is not thrown away");
    }
}

#[test]
fn a_command_that_is_killed_leaves_the_file_whole() {
    let home = Home::new();
    home.ok("migrate");
    home.ok(VERSION);
    let file = home.data().join("lifecycle.json");
    let mut killed = 0;
    for n in 0..40_u64 {
        let day = 1 + n % 28;
        let line = format!("api deprecate version:1 --since 2026-01-01 --sunset 2027-06-{day:02} --now");
        let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
        let mut child = command.args(line.split(' ')).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_micros(300 * n));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
        let text = fs::read_to_string(&file).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["deprecations"].as_array().unwrap().len(), 1, "{text}");
    }
    assert!(killed > 5, "{killed}");
}
