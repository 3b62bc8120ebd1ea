//! Help, usage, configuration, migrations, maintenance.

use super::Home;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use tandem::db::migrate::MIGRATIONS;

#[test]
fn help_teaches_and_goes_to_standard_output() {
    let home = Home::new();
    let help = home.ok("--help");
    for word in ["First steps:", "tandem user create anna", "Setting up:", "doctor", "bench data", "Keeping it running:"] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    assert!(!help.contains('\u{1b}'), "no colour in a pipe");
    assert!(home.ok("user create --help").contains("--password-stdin"));
    assert!(home.ok("help migrate").contains("tandem migrate --dry-run"));
    assert_eq!(home.ok("--version"), format!("tandem {}\n", env!("CARGO_PKG_VERSION")));
    assert!(!home.data().exists(), "help makes nothing");
}

#[test]
fn a_wrong_command_line_is_usage_with_a_suggestion() {
    let home = Home::new();
    for (line, hint) in
        [("migrat", "'migrate'"), ("user crate x", "'create'"), ("doctor --ful", "'--full'"), ("user create", "<NAME>")]
    {
        let ran = home.run(line);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}");
        assert!(ran.err.contains(hint), "{line}: {}", ran.err);
    }
    assert_eq!(home.run("").code, 2);
    assert_eq!(home.run("config --json --example").code, 2);
    assert_eq!(home.run("bench data --changes 3").code, 2);
}

#[test]
fn a_password_is_no_argument() {
    assert_eq!(Home::new().run("user create anna --password secret-horse-9").code, 2);
}

#[test]
fn a_wrong_configuration_names_the_nearest_setting() {
    let mut home = Home::new();
    fs::create_dir(home.path("tandem")).unwrap();
    fs::write(home.path("tandem/tandem.toml"), "pol_idle = 9\n").unwrap();
    for command in ["config", "user list", "maintain", "migrate", "demo"] {
        let ran = home.run(command);
        assert_eq!(ran.code, 1, "{command}");
        assert!(ran.err.contains("there is no setting pol_idle; did you mean poll_idle?"), "{command}: {}", ran.err);
    }
    fs::remove_file(home.path("tandem/tandem.toml")).unwrap();
    home.env.push(("TANDEM_DATABSE_URL", "sqlite:/x".to_owned()));
    let told = home.run("config");
    assert!(told.code == 0 && told.err.contains("did you mean TANDEM_DATABASE_URL?"), "{}", told.err);
}

#[test]
fn config_tells_values_and_sources_and_hides_secrets() {
    let mut home = Home::new();
    fs::create_dir(home.path("tandem")).unwrap();
    let secret = "0123456789abcdefghijklmnopqrstuvwxyz";
    fs::write(home.path("tandem/tandem.toml"), format!("poll_idle = 60\njwt_secret = \"{secret}\"\n[limits]\nauth = \"off\"\n"))
        .unwrap();
    home.env.push(("TANDEM_POLL_ACTIVE", "7".to_owned()));
    let table = home.ok("config");
    assert!(!table.contains(secret));
    let json = home.json("config --json");
    let of = |name: &str| json.as_array().unwrap().iter().find(|s| s["name"] == name).unwrap().clone();
    let told = |name: &str| (of(name)["value"].as_str().unwrap().to_owned(), of(name)["source"].as_str().unwrap().to_owned());
    assert_eq!(told("poll_idle"), ("60".into(), "file".into()));
    assert_eq!(told("poll_active"), ("7".into(), "environment".into()));
    assert_eq!(of("poll_active")["where"], "TANDEM_POLL_ACTIVE");
    assert_eq!(told("access_minutes"), ("60".into(), "default".into()));
    assert_eq!(told("jwt_secret"), ("(hidden)".into(), "file".into()));
    assert_eq!(told("limits.codes"), ("off".into(), "default".into()), "switched off with limits.auth");
    assert_eq!(told("data").0, home.data().to_str().unwrap());
    assert!(!json.to_string().contains(secret));
}

#[test]
fn the_example_is_a_configuration() {
    let home = Home::new();
    let example = home.ok("config --example");
    fs::create_dir(home.path("tandem")).unwrap();
    fs::write(home.path("tandem/tandem.toml"), example.replace("# poll_idle = 30", "poll_idle = 31")).unwrap();
    assert!(home.json("config --json").as_array().unwrap().iter().any(|s| s["name"] == "poll_idle" && s["value"] == "31"));
}

#[test]
fn migrate_makes_a_fresh_store_for_its_owner_alone_and_then_has_nothing_to_do() {
    let home = Home::new();
    let names = |verb: &str| MIGRATIONS.iter().map(|m| format!("{verb} {}\n", m.name)).collect::<String>();
    assert_eq!(home.ok("migrate --dry-run"), names("would apply"));
    assert!(!home.data().exists(), "a dry run makes nothing");
    assert_eq!(home.ok("migrate"), names("applied"));
    for (path, wanted) in [(home.data(), 0o700), (home.data().join("tandem.db"), 0o600)] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, wanted, "{}", path.display());
    }
    let mut names: Vec<_> = fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".htaccess", "database-was-made.txt", "tandem.db"], "no draft is left");
    assert!(home.ok("migrate").starts_with("nothing to do"));
    assert!(home.ok("migrate --dry-run").starts_with("nothing to do"));
}

#[test]
fn the_journals_are_as_private_as_the_database() {
    let home = Home::new();
    home.ok("migrate");
    let held = rusqlite::Connection::open(home.data().join("tandem.db")).unwrap();
    held.execute_batch("INSERT INTO facts VALUES ('a', 'b')").unwrap();
    for end in ["-wal", "-shm"] {
        let meta = fs::metadata(home.data().join(format!("tandem.db{end}"))).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o600, "{end}");
    }
}

/// A store as a program with only the first migration left it.
pub fn old_store(home: &Home) {
    fs::create_dir_all(home.data()).unwrap();
    fs::set_permissions(home.data(), fs::Permissions::from_mode(0o700)).unwrap();
    home.sql(MIGRATIONS[0].sql);
    home.sql("INSERT INTO migrations VALUES (1, '0001_core', 1); PRAGMA user_version = 1");
    fs::set_permissions(home.data().join("tandem.db"), fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn an_old_store_is_refused_until_migrate_has_run() {
    let home = Home::new();
    old_store(&home);
    let refused = home.run("user list");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("run `tandem migrate`"), "{}", refused.err);
    let missing = || MIGRATIONS[1..].iter().map(|m| m.name);
    assert_eq!(home.ok("migrate --dry-run"), missing().map(|name| format!("would apply {name}\n")).collect::<String>());
    assert_eq!(home.run("user list").code, 1, "a dry run changes nothing");
    assert_eq!(home.ok("migrate"), missing().map(|name| format!("applied {name}\n")).collect::<String>());
    home.ok("user list");
}

#[test]
fn a_newer_store_is_left_alone() {
    let home = Home::new();
    home.ok("migrate");
    home.sql("DELETE FROM facts; PRAGMA user_version = 99");
    for command in ["migrate", "migrate --dry-run", "maintain"] {
        let ran = home.run(command);
        assert_eq!(ran.code, 1, "{command}");
        assert!(ran.err.contains("the database has schema 99"), "{command}: {}", ran.err);
    }
}

#[test]
fn the_example_that_ships_is_the_one_that_the_program_prints() {
    let shipped = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/tandem.toml.example")).unwrap();
    assert_eq!(Home::new().ok("config --example"), shipped, "run `tandem config --example > deploy/tandem.toml.example`");
}

#[test]
fn of_several_first_processes_one_makes_the_store() {
    let home = Home::new();
    let create = &|n: usize| home.run_with(&format!("user create user-{n} --password-stdin"), "correct horse 9\n");
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6).map(|n| scope.spawn(move || create(n))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for ran in outcomes {
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    assert_eq!(home.json("user list --json").as_array().unwrap().len(), 6, "all wrote to the same store");
    let checks = home.json("doctor --json")["checks"].clone();
    assert!(checks.as_array().unwrap().iter().any(|c| c["name"] == "journal" && c["level"] == "ok"), "{checks}");
}

#[test]
fn maintain_purges_says_so_and_remembers() {
    let home = Home::new();
    home.ok_with("user create anna --password-stdin", "correct horse 9\n");
    let user = home.json("user list --json")[0]["id"].as_i64().unwrap();
    let session = |id: &str, expires: &str| {
        home.sql(&format!("INSERT INTO sessions (id, user_id, generation, generation_at, rotated_at, successor_at, created_at, expires_at) VALUES ('{id}', {user}, 0, 1, 1, 0, 1, {expires})"));
    };
    for (id, expires) in [("a", "5"), ("b", "5"), ("c", "9000000000000")] {
        session(id, expires);
    }
    let told = home.ok("maintain");
    assert!(told.contains("expired sessions: 2\n"), "{told}");
    assert_eq!(home.json("user list --json")[0]["sessions"], 1);
    assert!(home.ok("maintain").contains("expired sessions: 0\n"));
    session("d", "5");
    assert_eq!(home.ok("maintain --quiet"), "");
    assert_eq!(home.json("user list --json")[0]["sessions"], 1);
}

#[test]
fn a_job_that_fails_is_told_and_the_others_run() {
    let home = Home::new();
    home.ok("migrate");
    home.sql("DROP TABLE attempts; INSERT INTO idempotency VALUES ('s', 'r', X'00', 0, 5)");
    let ran = home.run("maintain");
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("old failed attempts: "), "{}", ran.err);
    assert!(ran.out.contains("expired idempotency keys: 1\n"), "{}", ran.out);
}

#[test]
fn the_first_visit_says_what_to_do_until_somebody_has_an_account() {
    let home = Home::new();
    let visit = || home.call("", "GET", "/api/", "");
    let (status, first) = visit();
    assert_eq!((status.as_str(), &first["name"], &first["status"]), ("200", &"Tandem".into(), &"ok".into()));
    assert!(first["setup"].as_str().unwrap().contains("tandem user create"), "{first}");
    let secret = fs::read_to_string(home.data().join("secret")).unwrap();
    let told = first.to_string();
    assert!(!told.contains(secret.trim()) && !told.contains(home.path("").to_str().unwrap()), "{told}");
    home.ok_with("user create anna --password-stdin", "correct horse 9\n");
    assert_eq!(visit().1.get("setup"), None);
}

#[test]
fn monitors_are_told_what_fails_and_what_is_worth_a_look() {
    let home = Home::new();
    let health = || home.call("", "GET", "/api/health/", "");
    assert_eq!(health().1["status"], "ok");
    home.sql("UPDATE migrations SET applied_at = 1000");
    let (status, said) = health();
    assert_eq!((status.as_str(), &said["status"], &said["checks"]["maintenance"]), ("200", &"warn".into(), &"warn".into()));
    home.ok("maintain --quiet");
    assert_eq!(health().1["status"], "ok");
    home.sql("UPDATE facts SET value = '2999-01-01T00:00:00.000Z' WHERE name = 'maintained_at'");
    let (status, said) = health();
    assert_eq!((status.as_str(), &said["status"], &said["failing"][0]), ("503", &503.into(), &"clock".into()));
}

#[test]
fn logs_shows_what_failed_and_follows() {
    let home = Home::new();
    assert_eq!(home.ok("logs"), "nothing has failed yet\n");
    assert_eq!(home.call("", "GET", "/api/health/", "").0, "200");
    home.sql("ALTER TABLE users RENAME TO gone");
    let fail = || assert_eq!(home.call("", "GET", "/api/", "").0, "503");
    fail();
    fail();
    let (all, last) = (home.ok("logs"), home.ok("logs --lines 1"));
    assert_eq!((all.lines().count(), all.lines().last()), (2, last.lines().next()));
    assert!(last.contains("[ERROR] request ") && last.contains("no such table"), "{last}");
    let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
    let mut child = command.args(["logs", "--follow", "--lines", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), last.lines().next());
    // The log is full: the next line goes to a new file.
    fs::rename(home.data().join("tandem.log"), home.data().join("tandem.log.1")).unwrap();
    fail();
    assert_eq!(lines.next().as_deref(), home.ok("logs --lines 1").lines().next());
    drop(lines);
    fail();
    assert!(child.wait().unwrap().success(), "it ends when nobody reads on");
    assert_eq!(home.ok("logs").lines().count(), 4);
}

/// What looks or changes; a command that is here by mistake would show an empty store, as if everything were lost.
const NO_MAKERS: &[&str] = &[
    "doctor",
    "migrate --dry-run",
    "config",
    "maintain --quiet",
    "courier",
    "logs",
    "backup",
    "export --user anna",
    "health",
    "snapshots",
    "user list",
    "user disable anna",
    "tenant list",
    "tenant create --kind team --name T",
    "bench data --changes 1000",
];

#[test]
fn what_looks_or_changes_never_makes_a_store() {
    let home = Home::new();
    for line in NO_MAKERS {
        home.run(line);
        assert!(!home.path("tandem").exists(), "{line}");
    }
    for line in ["user list", "maintain --quiet", "tenant create --kind team --name T", "courier"] {
        let ran = home.run(line);
        assert!(ran.code == 1 && ran.err.contains("there is no store at ") && ran.err.contains("TANDEM_DATA"), "{line}: {ran:?}");
    }
    home.ok("migrate");
    assert!(home.ok("user list").contains("no accounts yet"));
}

#[test]
fn what_may_make_a_store_does() {
    for (line, input) in [("migrate", ""), ("user create anna --password-stdin", "correct horse 9\n"), ("demo", "")] {
        let home = Home::new();
        home.ok_with(line, input);
        assert!(home.data().join("tandem.db").exists(), "{line}");
    }
}
