//! The operator's program with a database on MariaDB.

use super::Home;
use super::doctor::check;
use crate::clock::libfaketime;
use crate::servers::mariadb;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn home() -> Home {
    let mut home = Home::new();
    home.env.push(("TANDEM_DATABASE_URL", mariadb::database()));
    home
}

#[test]
fn the_commands_work_on_mariadb() {
    let home = home();
    assert!(home.ok("doctor").contains("empty: the first request makes the schema"));
    assert!(home.ok("migrate --dry-run").contains("would apply 0001_core"));
    assert!(home.ok("migrate").contains("applied 0002_couples"));
    assert!(home.ok("migrate").contains("nothing to do"));
    home.ok("demo");
    assert_eq!(home.json("user list --json").as_array().unwrap().len(), 2);
    home.ok("user disable demo-anna");
    home.ok("maintain");
    home.ok("bench data --changes 1000");
    let report = home.json("doctor --full --json");
    // Nobody has set the site's address here, who writes its mails or wakes devices, and no bundle the courier's program.
    let unset = ["site", "mail", "push", "courier"];
    for check in report["checks"].as_array().unwrap().iter().filter(|check| !unset.iter().any(|name| check["name"] == *name)) {
        assert_eq!(check["level"], "ok", "{check}");
    }
    assert!(check(&report, "clock").1.contains("as the database server has it"));
    assert!(report.to_string().contains("MariaDB") && report.to_string().contains("nopad_bin"), "{report}");
    assert!(!home.data().join("tandem.db").exists());
    assert!(home.ok("health").contains("No device has sent anything yet") && home.ok("snapshots --json").starts_with('['));
    assert_eq!(home.json("tenant list --json").as_array().unwrap().len(), 2);
    assert_eq!(home.json("export --user demo-ben")["user"]["username"], "demo-ben");
    assert_eq!(home.call("", "GET", "/api/health/", "").1["checks"]["database"], "ok");
}

#[test]
fn a_database_server_with_another_clock_is_found() {
    let home = home();
    home.ok("migrate");
    let seen = |by: &str| {
        let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
        command.args(["doctor", "--json"]).env("LD_PRELOAD", libfaketime()).env("FAKETIME", by).env("NO_FAKE_STAT", "1");
        check(&serde_json::from_slice(&command.output().unwrap().stdout).unwrap(), "clock")
    };
    let (level, told) = seen("+5m");
    assert!(level == "problem" && told.contains("seconds behind this machine's") && told.contains("NTP"), "{told}");
    assert_eq!(seen("+10s").0, "ok");
}

#[test]
fn the_first_request_makes_the_schema() {
    let home = home();
    assert_eq!(home.call("", "GET", "/api/health/", "").0, "200");
    assert!(home.ok("migrate").contains("nothing to do"));
}

#[test]
fn the_password_is_shown_nowhere() {
    let home = home();
    let shown = home.ok("config") + &home.ok("config --json") + &home.ok("doctor");
    assert!(shown.contains("mysql://tandem@localhost/test_"), "{shown}");
    let mut lost = Home::new();
    lost.env.push(("TANDEM_DATABASE_URL", "mysql://tandem:hush-hush@127.0.0.1:1/x".to_owned()));
    assert_eq!(lost.call("", "GET", "/api/health/", "").0, "503");
    let log = fs::read_to_string(lost.data().join("tandem.log")).unwrap();
    assert!(log.contains("mysql://tandem@127.0.0.1:1/x") && log.contains("see that the database server runs"), "{log}");
    let ran = lost.run("doctor");
    for text in [shown, log, lost.ok("config"), ran.out, ran.err] {
        assert!(!text.contains("hush-hush") && !text.contains("a%20b"), "{text}");
    }
}

#[test]
fn a_configuration_with_a_password_must_be_private() {
    let home = Home::new();
    let file = home.path("tandem/tandem.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, format!("database_url = {:?}\n", mariadb::database())).unwrap();
    for (mode, problem) in [(0o644, true), (0o600, false)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(home.run("doctor").out.contains("others can read its secrets"), problem, "{mode:o}");
    }
}

/// A host's server may take less than an upload at once, and may not wait for its disk.
#[test]
fn the_doctor_tells_of_a_server_that_is_set_up_otherwise() {
    for (option, told) in [
        ("--max-allowed-packet=1M", "at most 1048576 bytes at once"),
        ("--innodb-flush-log-at-trx-commit=2", "synchronous is off"),
    ] {
        let server = mariadb::Mariadb::start(&[option.to_owned()]);
        let mut home = Home::new();
        home.env.push(("TANDEM_DATABASE_URL", server.database()));
        home.ok("migrate");
        let shown = home.ok("doctor");
        assert!(shown.contains(told) && shown.contains("ask the host"), "{shown}");
    }
}

#[test]
fn what_looks_makes_no_schema() {
    let home = home();
    for line in ["user list", "maintain --quiet", "tenant create --kind team --name T"] {
        let ran = home.run(line);
        assert!(ran.code == 1 && ran.err.contains("there is no store at "), "{line}: {ran:?}");
    }
    assert!(home.ok("doctor").contains("empty: the first request makes the schema") && !home.path("tandem").exists());
}

#[test]
fn what_the_server_refuses_is_told_as_that() {
    let url = mariadb::database();
    let (login, place) = url.split_once('@').unwrap();
    let (name, options) = place.strip_prefix("localhost/").unwrap().split_once('?').unwrap();
    let (user, _) = login.rsplit_once(':').unwrap();
    for (url, words) in [
        (format!("{user}:wrong@{place}"), ["refuses this name or password", "Change Password"]),
        (format!("{login}@localhost/not_{name}?{options}"), ["Access denied", "ALL PRIVILEGES"]),
    ] {
        let mut home = Home::new();
        home.env.push(("TANDEM_DATABASE_URL", url));
        let (level, told) = check(&home.json("doctor --json"), "database");
        assert!(level == "problem" && words.iter().all(|word| told.contains(word)) && !told.contains("wrong"), "{level}: {told}");
    }
}
