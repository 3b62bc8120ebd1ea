//! The doctor finds what is wrong, and nothing where nothing is.

use super::setup::old_store;
use super::{Home, NEVER, read_until, terminal};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A store that has answered a request.
pub fn used() -> Home {
    let home = Home::new();
    assert_eq!(home.call("", "GET", "/api/health/", "").0, "200");
    assert_eq!(home.call("", "POST", "/api/auth/register/", r#"{"username":"anna","password":"correct horse 9"}"#).0, "201");
    home.ok("maintain --quiet");
    home
}

pub fn check(report: &Value, name: &str) -> (String, String) {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap();
    let text = |field: &str| check[field].as_str().unwrap_or_default().to_owned();
    (text("level"), format!("{} {}", text("saw"), text("todo")))
}

/// The doctor says these words about a check, and calls it so.
#[track_caller]
fn tells(home: &Home, name: &str, level: &str, words: &str) {
    let (is, saw) = check(&home.json("doctor --json"), name);
    assert!(is == level && saw.contains(words), "{is}: {saw}");
}

/// The doctor must call this check a problem, and say these words about it.
pub fn finds(home: &Home, name: &str, words: &[&str]) {
    let ran = home.run("doctor --full --json");
    assert_eq!(ran.code, 1, "{name}: {}", ran.out);
    let (level, told) = check(&serde_json::from_str(&ran.out).unwrap(), name);
    assert_eq!(level, "problem", "{name}: {told}");
    for word in words {
        assert!(told.contains(word), "{word:?} is not in {told:?}");
    }
    let plain = home.run("doctor --full");
    assert_eq!(plain.code, 1);
    assert!(plain.out.contains("PROBLEM") && plain.out.contains("why:") && plain.out.contains("do:"), "{}", plain.out);
}

pub fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The courier, where it does not lie as in the bundle.
fn with_courier(mut home: Home, program: &str) -> Home {
    home.env.retain(|(name, _)| *name != COURIER);
    home.env.push((COURIER, program.to_owned()));
    home
}

const COURIER: &str = "TANDEM_COURIER_PROGRAM";

#[test]
fn it_tells_whether_requests_can_start_the_courier() {
    let courier = |home: &Home| {
        let report = home.json("doctor --json");
        let check = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "courier").unwrap().clone();
        (check["level"].as_str().unwrap().to_owned(), check["saw"].as_str().unwrap().to_owned())
    };
    let says = |home: &Home, level: &str, words: &str| {
        let (is, saw) = courier(home);
        assert!(is == level && saw.contains(words), "{is}: {saw}");
    };
    let home = used();
    says(&home, "note", "not where the bundle puts it");
    let home = with_courier(home, "/not/there/tandem");
    says(&home, "note", "requests cannot start /not/there/tandem: ");
    let home = with_courier(home, env!("CARGO_BIN_EXE_tandem"));
    says(&home, "ok", "started by requests");
    fs::write(home.data().join("courier-failing"), "").unwrap();
    says(&home, "note", "cron alone does its work");
    let program = home.path("tandem/bin/tandem");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::write(&program, "as a file manager leaves it").unwrap();
    chmod(&program, 0o644);
    let home = with_courier(home, program.to_str().unwrap());
    says(&home, "problem", "neither requests nor cron can start");
}

#[test]
fn it_tells_why_no_device_is_woken() {
    let mut home = used();
    let says = |home: &Home, level: &str, words: &str| tells(home, "push", level, words);
    says(&home, "note", "push.contact is not set");
    home.env.push(("TANDEM_PUSH_CONTACT", "mailto:ops@example.org".to_owned()));
    home.env.push(("TANDEM_PUSH_PRIVATE", "ntfy.home.example".to_owned()));
    says(&home, "ok", "not public: ntfy.home.example");
    let late = fs::File::create(home.data().join("next-courier")).unwrap();
    late.set_modified(SystemTime::now() - Duration::from_secs(600)).unwrap();
    says(&home, "note", "wake-ups wait since");
    home.ok("push key --new --yes");
    home.env.push(("TANDEM_JWT_SECRET", "another secret of at least 32 characters".to_owned()));
    says(&home, "problem", "sealed by another secret");
    home.env.push(("TANDEM_PUSH_COURIER", "off".to_owned()));
    says(&home, "note", "push.courier is off");
}

#[test]
fn it_tells_whether_what_is_published_is_taken() {
    let mut home = used();
    let says = |home: &Home, level: &str, words: &str| tells(home, "sockets", level, words);
    says(&home, "ok", "apps poll");
    home.env.push(("TANDEM_GRIP_CONTROL_URL", "http://127.0.0.1:1".to_owned()));
    says(&home, "problem", "grip.key is not set");
    home.env.push(("TANDEM_GRIP_KEY", "a key of at least 32 characters, and more".to_owned()));
    says(&home, "problem", "Pushpin does not take what is published at http://127.0.0.1:1");
}

#[test]
fn a_sound_store_has_no_problem() {
    let home = with_courier(used(), env!("CARGO_BIN_EXE_tandem"));
    let report = home.json("doctor --full --json");
    for check in report["checks"].as_array().unwrap() {
        // Nobody has said where the site is, who writes its mails, and who wakes devices.
        let wanted = if ["site", "mail", "push"].iter().any(|name| check["name"] == *name) { "note" } else { "ok" };
        assert_eq!(check["level"], wanted, "{check}");
        assert!(!check["why"].as_str().unwrap().is_empty());
    }
    assert_eq!((&report["ok"], &report["problems"]), (&true.into(), &0.into()));
    let plain = home.ok("doctor");
    assert!(plain.ends_with("no problems\n") && !plain.contains('\u{1b}'), "{plain}");
    assert_eq!(home.ok("doctor --quiet"), "", "cron mails what is printed");
}

#[test]
fn before_the_first_request_nothing_is_wrong_and_nothing_is_made() {
    let home = Home::new();
    assert!(home.ok("doctor").contains("the first request makes it"));
    assert!(!home.path("tandem").exists());
}

#[test]
fn a_wrong_configuration_is_a_problem_not_the_end() {
    let mut home = used();
    let file = home.path("tandem/tandem.toml");
    fs::write(&file, "[limits]\nauht = \"off\"\n").unwrap();
    finds(&home, "configuration", &["did you mean limits.auth?", "tandem config --example"]);
    fs::remove_file(&file).unwrap();
    // A host may set what it likes: that is told, and no problem.
    home.env.push(("TANDEM_LIMITS_AUHT", "off".to_owned()));
    let (level, told) = check(&home.json("doctor --json"), "configuration");
    assert!(level == "note" && told.contains("did you mean TANDEM_LIMITS_AUTH?"), "{level}: {told}");
}

#[test]
fn a_secret_that_others_can_read_is_found() {
    let home = used();
    chmod(&home.data().join("secret"), 0o644);
    finds(&home, "secret", &["644", "chmod 600"]);
}

#[test]
fn a_weak_secret_is_found() {
    let mut home = used();
    fs::write(home.data().join("secret"), "a".repeat(40)).unwrap();
    finds(&home, "secret", &["1 different"]);
    fs::write(home.data().join("secret"), "short").unwrap();
    finds(&home, "secret", &["5 characters"]);
    home.env.push(("TANDEM_JWT_SECRET", "too short".to_owned()));
    finds(&home, "secret", &["9 characters", "jwt_secret"]);
}

#[test]
fn a_configuration_file_with_a_secret_is_private() {
    let home = used();
    let file = home.path("tandem/tandem.toml");
    fs::write(&file, "jwt_secret = \"0123456789abcdefghijklmnopqrstuvwxyz\"\n").unwrap();
    chmod(&file, 0o644);
    finds(&home, "configuration", &["others can read", "chmod 600"]);
    chmod(&file, 0o600);
    home.ok("doctor");
}

#[test]
fn a_data_folder_that_others_can_enter_is_found() {
    let home = used();
    chmod(&home.data(), 0o755);
    finds(&home, "data folder", &["755", "chmod 700"]);
}

#[test]
fn a_database_that_others_can_read_is_found() {
    let home = used();
    chmod(&home.data().join("tandem.db"), 0o640);
    finds(&home, "database", &["640", "chmod 600"]);
}

#[test]
fn data_in_a_web_root_are_found_even_behind_a_link() {
    let mut home = Home::new();
    let data = home.path("public_html/tandem-data");
    home.env.push(("TANDEM_DATA", data.to_str().unwrap().to_owned()));
    let refused = home.run("migrate");
    assert!(refused.code == 1 && refused.err.contains("web root") && !data.exists(), "{}", refused.err);
    finds(&home, "configuration", &["public_html", "web root"]);
    let link = home.path("elsewhere");
    fs::create_dir(home.path("public_html")).unwrap();
    std::os::unix::fs::symlink(home.path("public_html"), &link).unwrap();
    home.env = vec![("TANDEM_DATA", link.join("tandem-data").to_str().unwrap().to_owned())];
    home.ok("migrate");
    finds(&home, "web root", &["public_html", "home folder"]);
}

#[test]
fn a_program_in_the_web_root_is_found() {
    let home = used();
    let program = home.path("public_html/tandem");
    fs::create_dir(home.path("public_html")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_tandem"), &program).unwrap();
    let output = home.command(program.to_str().unwrap()).args(["doctor", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (level, told) = check(&serde_json::from_slice(&output.stdout).unwrap(), "web root");
    assert!(level == "problem" && told.contains("public_html/tandem"), "{told}");
}

#[test]
fn problems_stand_first() {
    let home = used();
    chmod(&home.data().join("secret"), 0o644);
    let ran = home.run("doctor");
    assert!(ran.out.starts_with("PROBLEM  secret"), "{}", ran.out);
    let report = home.json("doctor --json");
    let levels: Vec<&str> = report["checks"].as_array().unwrap().iter().map(|check| check["level"].as_str().unwrap()).collect();
    let last = |level| levels.iter().rposition(|other| *other == level).unwrap();
    assert!(levels[0] == "problem" && last("problem") < last("note") && last("note") < last("ok"), "{levels:?}");
}

#[test]
fn limits_that_are_too_low_are_found() {
    let home = used();
    let mut command = home.command("/bin/sh");
    command.args(["-c", "ulimit -n 32; exec \"$0\" doctor --json", env!("CARGO_BIN_EXE_tandem")]);
    let report: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let (level, told) = check(&report, "limits");
    assert!(level == "problem" && told.contains("too little open files") && told.contains("96"), "{told}");
}

#[test]
fn a_clock_that_was_set_back_is_found() {
    let home = used();
    home.sql("UPDATE migrations SET applied_at = applied_at + 86400000");
    finds(&home, "clock", &["is before", "NTP"]);
}

#[test]
fn quietly_the_doctor_tells_problems_alone() {
    let home = used();
    chmod(&home.data(), 0o755);
    let ran = home.run("doctor --quiet");
    assert!(ran.code == 1 && ran.out.contains("chmod 700") && ran.out.ends_with("1 problem\n"), "{ran:?}");
}

#[test]
fn an_address_that_is_none_is_found() {
    let home = used();
    fs::write(home.path("tandem/tandem.toml"), "site_url = \"example.org\"\n").unwrap();
    chmod(&home.path("tandem/tandem.toml"), 0o600);
    finds(&home, "site", &["example.org", "site_url"]);
    for address in ["ftp://example.org/api", "https://example.org/", "https://anna@example.org/api"] {
        let report = home.json(&format!("doctor --json --url {address}"));
        assert_eq!(check(&report, "site").0, "problem", "{address}");
    }
    let report = home.json("doctor --json --url http://127.0.0.1:1/api");
    let (level, told) = check(&report, "site");
    assert!(level == "problem" && told.contains("refused") && told.contains("Zone Editor"), "{told}");
    assert_eq!(check(&report, "authorization").0, "note");
}

/// What `tandem doctor` shows at a terminal.
fn shown(home: &Home) -> String {
    let (mut outer, inner) = terminal();
    let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
    command.arg("doctor").stdout(inner);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut shown = String::new();
    read_until(&mut outer, &mut shown, NEVER);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    shown
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let mut home = used();
    home.env.push(("TERM", "xterm".to_owned()));
    assert!(shown(&home).contains("\u{1b}[32mok"), "{}", shown(&home));
    home.env.push(("NO_COLOR", "1".to_owned()));
    assert!(!shown(&home).contains('\u{1b}'));
}

#[test]
fn the_schema_is_compared() {
    let home = Home::new();
    old_store(&home);
    finds(&home, "database", &["schema 1", "backup", "tandem migrate"]);
    home.sql("DELETE FROM facts; PRAGMA user_version = 99");
    finds(&home, "database", &["schema 99"]);
}

#[test]
fn damage_is_found() {
    let home = used();
    // An index that lacks a row, which only a full reading shows.
    home.sql(
        "PRAGMA writable_schema = ON; \
         UPDATE sqlite_schema SET sql = 'CREATE INDEX sessions_user ON sessions (created_at)' WHERE name = 'sessions_user'",
    );
    assert_eq!(check(&home.json("doctor --json"), "database").0, "ok", "only --full reads everything");
    finds(&home, "database", &["damaged", "backup"]);
    fs::write(
        home.data().join("tandem.db"),
        "this is no database, whatever its name says, and long enough to be read as one. ".repeat(60),
    )
    .unwrap();
    finds(&home, "database", &["damaged"]);
    assert_eq!(home.run("user list").code, 1);
}

#[test]
fn the_wrong_journal_is_found_and_migrate_mends_it() {
    let home = used();
    home.sql("PRAGMA journal_mode = DELETE");
    home.ok("doctor");
    fs::write(home.path("tandem/tandem.toml"), "journal = \"wal\"\n").unwrap();
    chmod(&home.path("tandem/tandem.toml"), 0o600);
    finds(&home, "journal", &["delete", "tandem migrate"]);
    home.ok("migrate");
    home.ok("doctor");
}

#[test]
fn failures_in_the_log_are_counted() {
    let home = used();
    let now = tandem::base::time::Timestamp::now();
    let line = |at: &dyn std::fmt::Display| format!("{at} [ERROR] request x (GET): no\n");
    fs::write(home.data().join("tandem.log"), format!("{}{}", line(&"2020-01-01T00:00:00Z"), line(&now).repeat(2))).unwrap();
    chmod(&home.data().join("tandem.log"), 0o600);
    let (level, told) = check(&home.json("doctor --json"), "log");
    assert_eq!(level, "note");
    assert!(told.contains("2 failures"), "{told}");
    home.ok("doctor");
}

#[test]
fn what_the_program_logs_is_what_the_doctor_counts() {
    let home = used();
    home.sql("ALTER TABLE users RENAME TO gone");
    assert_eq!(home.call("", "POST", "/api/auth/register/", r#"{"username":"ben","password":"correct horse 9"}"#).0, "503");
    let (_, told) = check(&home.json("doctor --json"), "log");
    assert!(told.contains("1 failure in"), "{told}");
}

#[test]
fn maintenance_that_does_not_run_is_found() {
    let home = used();
    home.sql("UPDATE facts SET value = '2026-01-01T00:00:00.000Z' WHERE name = 'maintained_at'");
    finds(&home, "maintenance", &["days ago", "cron"]);
    home.sql("DELETE FROM facts WHERE name = 'maintained_at'");
    assert_eq!(check(&home.json("doctor --json"), "maintenance").0, "note");
    home.sql("UPDATE migrations SET applied_at = 1000");
    finds(&home, "maintenance", &["has never run"]);
}
