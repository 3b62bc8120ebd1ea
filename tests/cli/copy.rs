//! `tandem copy`: everything arrives, both ways, and a copy that is not whole is never worked with.

use super::Home;
use crate::api::Phone;
use crate::api::phone::fresh_name;
use crate::servers::{Engine, Kind, Options, Server, mariadb};
use serde_json::{Value, json};
use std::fs;
use std::thread::sleep;
use std::time::Duration;
use tandem::db::{Address, Db};

const URL: &str = "TANDEM_DATABASE_URL";

/// A couple with a month of content, after an upload and a deletion; Anna's access token.
fn demo() -> (Home, String) {
    let home = Home::new();
    let couple = home.json("demo --json");
    let token = couple[0]["access"].as_str().unwrap().to_owned();
    let goals = home.call(&token, "GET", "/api/goals/", "").1;
    let path = format!("/api/goals/{}/", goals["results"][0]["id"].as_str().unwrap());
    assert_eq!(home.call(&token, "DELETE", &path, "").0, "204");
    assert_eq!(home.call(&token, "POST", "/api/goals/", r#"{"title": "é 가 😀 '\"\\ "}"#).0, "201");
    (home, token)
}

/// What a phone holds after it loaded everything, and what it is told from here on.
fn held(home: &Home, token: &str) -> (Value, String) {
    let (status, all) = home.call(token, "GET", "/api/sync/changes/?since=1970-01-01T00:00:00Z&include=objects", "");
    assert_eq!(status, "200", "{all}");
    let since = all["server_time"].as_str().unwrap().to_owned();
    (json!([all["changes"], all["epoch"], all["server_time"]]), since)
}

fn work_with(home: &mut Home, url: &str) {
    home.env.retain(|(name, _)| *name != URL);
    home.env.push((URL, url.to_owned()));
}

fn open(url: &str) -> Db {
    Db::open(&Address::parse(url).unwrap()).unwrap()
}

#[test]
fn everything_moves_and_the_feed_goes_on() {
    let (mut home, token) = demo();
    let (before, since) = held(&home, &token);
    let (mysql, back) = (mariadb::database(), format!("sqlite:{}", home.path("back.db").display()));
    for (to, from) in [(&mysql, "from the one in use"), (&back, "and back")] {
        let said = home.ok(&format!("copy --to {to}"));
        assert!(said.contains("both are the same") && !said.contains("a%20b"), "{from}: {said}");
        work_with(&mut home, to);
        assert_eq!(held(&home, &token).0, before, "{from}");
        let poll = home.call(&token, "GET", &format!("/api/sync/changes/?since={since}"), "").1;
        assert_eq!((&poll["reset"], &poll["server_time"]), (&json!(false), &json!(since)), "{from}");
        assert_eq!(home.run("doctor --full").code, 0, "{}", home.run("doctor --full").out);
    }
    assert_eq!(home.call(&token, "POST", "/api/goals/", r#"{"title": "on"}"#).0, "201");
    let poll = home.call(&token, "GET", &format!("/api/sync/changes/?since={since}"), "").1;
    assert_eq!((&poll["reset"], poll["changes"]["goals"].as_array().unwrap().len()), (&json!(false), 1));
}

/// Whoever sets database_url before the copy is told what is missing, and gets no empty store that nothing can be copied into.
#[test]
fn a_database_url_that_was_changed_before_the_copy_is_told() {
    let (mut home, token) = demo();
    let (store, mysql) = (format!("sqlite:{}", home.data().join("tandem.db").display()), mariadb::database());
    work_with(&mut home, &mysql);
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").0, "503");
    let log = home.ok("logs");
    assert!(
        log.contains(&format!("it was made at {store}: was database_url changed?")) && log.contains("tandem copy --move"),
        "{log}"
    );
    home.ok(&format!("copy --move --from {store} --to {mysql}"));
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").0, "200");
}

#[test]
fn nothing_is_copied_over_what_is_there() {
    let (home, _) = demo();
    let (mysql, store) = (mariadb::database(), format!("sqlite:{}", home.data().join("tandem.db").display()));
    home.ok(&format!("copy --to {mysql}"));
    for to in [&mysql, &store] {
        let ran = home.run(&format!("copy --to {to}"));
        assert!(ran.code == 1 && ran.err.contains("not empty") && ran.err.contains("nothing was copied"), "{ran:?}");
    }
    let ran = home.run("copy --from sqlite:/nowhere/x.db --to sqlite:/nowhere/y.db");
    assert!(ran.code == 1 && ran.out.is_empty(), "{ran:?}");
}

/// A copy that fails in the middle, here at a text that only SQLite has taken, is refused by every program.
#[test]
fn a_copy_that_failed_says_so() {
    let (mut home, token) = demo();
    home.sql(&format!("UPDATE goals SET title = '{}'", "x".repeat(300)));
    let (store, mysql) = (fs::read(home.data().join("tandem.db")).unwrap(), mariadb::database());
    let ran = home.run(&format!("copy --to {mysql}"));
    assert!(ran.code == 1 && ran.err.contains("table goals") && ran.err.contains("'title'"), "{ran:?}");
    assert!(fs::read(home.data().join("tandem.db")).unwrap() == store, "the original was altered");
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").0, "200");
    let again = home.run(&format!("copy --to {mysql}"));
    assert!(again.code == 1 && again.err.contains("did not finish"), "{again:?}");
    work_with(&mut home, &mysql);
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").0, "503");
    for line in ["migrate", "doctor", "maintain"] {
        let ran = home.run(line);
        assert!(ran.code == 1 && (ran.out + &ran.err).contains("did not finish"), "{line}");
    }
}

/// A row that is not what it was, here by a trigger, is found by comparing.
#[test]
fn a_copy_that_differs_is_found_out() {
    let (mut home, _) = demo();
    let (mysql, store) = (mariadb::database(), format!("sqlite:{}", home.data().join("tandem.db").display()));
    work_with(&mut home, &mysql);
    home.ok("migrate --fresh");
    let trigger = "CREATE TRIGGER spoil BEFORE INSERT ON letters FOR EACH ROW SET NEW.content = REPLACE(NEW.content, 'e', 'E')";
    // The protocol of prepared statements makes no triggers.
    open(&mysql).define(1, 1, trigger).unwrap();
    let ran = home.run(&format!("copy --from {store} --to {mysql}"));
    assert!(ran.code == 1 && ran.err.contains("table letters"), "{ran:?}");
    assert!(home.run("doctor").out.contains("did not finish"));
}

/// What a server refuses from now on: reads, writes, and signing in. Its log tells where to look.
#[track_caller]
fn answers_nothing(phone: &Phone) {
    // A process that has the database open finds out by its first request.
    for _ in 0..3 {
        let account = json!({"username": fresh_name("late"), "password": "correct horse 9"});
        let goal = json!({"title": "into the old one"});
        for answer in [phone.get("/goals/"), phone.post("/goals/", &goal), phone.post("/auth/register/", &account)] {
            assert_eq!(answer.status, 503, "{}", answer.text());
        }
    }
}

/// Following the way to another database, acknowledged changes went into the old one: its processes had read the old
/// configuration.
#[test]
fn a_store_that_was_moved_answers_nothing_any_more() {
    for engine in [Engine::Sqlite, Engine::Mariadb] {
        let options = Options { workers: 3, engine, ..Options::default() };
        let server = Server::start(Kind::LighttpdFastcgi, &options);
        let phone = Phone::single(&server);
        let kept = phone.make("/goals/", &json!({"title": "before"}));
        let to = match engine {
            Engine::Sqlite => mariadb::database(),
            _ => format!("sqlite:{}", server.home().join("moved.db").display()),
        };
        let said = server.tandem(&["copy", "--move", "--to", &to]);
        assert!(said.contains("both are the same") && said.contains("answers 503 from now on"), "{said}");
        answers_nothing(&phone);
        let log = server.tandem(&["logs"]);
        assert!(log.contains("was moved to") && log.contains("set database_url"), "{log}");
        let mut moved = open(&to);
        let found = |db: &mut Db| db.all("SELECT id FROM goals", &[], |row| row.get::<String>(0)).unwrap();
        assert_eq!(found(&mut moved), std::slice::from_ref(&kept));
        let sessions = moved.one("SELECT COUNT(*) FROM sessions", &[], |row| row.get::<i64>(0)).unwrap();
        assert_eq!(sessions, Some(1), "who was signed in still is");
        let refused = server.operator(&["migrate"]).output().unwrap();
        assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("--unmove"), "{refused:?}");
        assert!(!server.operator(&["backup"]).output().unwrap().status.success(), "a backup of what nobody uses");
        assert!(server.tandem(&["migrate", "--unmove"]).contains("used again"));
        phone.get(&format!("/goals/{kept}/")).expect(200);
        phone.make("/goals/", &json!({"title": "after"}));
    }
}

/// The copy to keep leaves the original in use, and a move that fails takes its mark back.
#[test]
fn a_copy_to_keep_and_a_move_that_failed_leave_the_old_one_in_use() {
    let (home, token) = demo();
    home.ok(&format!("copy --to sqlite:{}", home.path("keep.db").display()));
    assert_eq!(home.call(&token, "POST", "/api/goals/", r#"{"title": "on"}"#).0, "201");
    home.sql(&format!("UPDATE goals SET title = '{}'", "x".repeat(300)));
    let ran = home.run(&format!("copy --move --to {}", mariadb::database()));
    assert!(ran.code == 1 && ran.err.contains("table goals"), "{ran:?}");
    assert_eq!(home.call(&token, "GET", "/api/goals/", "").0, "200");
    assert_eq!(home.run("doctor --full").code, 0);
    let not_moved = home.run("migrate --unmove");
    assert!(not_moved.code == 1 && not_moved.err.contains("nothing was changed"), "{not_moved:?}");
}

/// As INSTALL.html says it: the processes that serve read the configuration when they find the old database moved.
#[test]
fn whoever_serves_goes_on_with_the_new_database_once_it_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let (config, mysql) = (folder.path().join("tandem.toml"), mariadb::database());
    fs::write(&config, "# nothing yet\n").unwrap();
    let env = vec![("TANDEM_CONFIG".to_owned(), config.to_str().unwrap().to_owned())];
    let server = Server::start(Kind::LighttpdFastcgi, &Options { workers: 3, env, ..Options::default() });
    let phone = Phone::single(&server);
    let mut kept = vec![phone.make("/goals/", &json!({"title": "before"}))];
    server.tandem(&["copy", "--move", "--to", &mysql]);
    answers_nothing(&phone);
    fs::write(&config, format!("database_url = {mysql:?}\n")).unwrap();
    // Longer than a process believes that its configuration is the one that it has read.
    sleep(Duration::from_millis(2_500));
    for _ in 0..30 {
        let answer = phone.post("/goals/", &json!({"title": "after"}));
        match answer.status {
            201 => kept.push(answer.json()["id"].as_str().unwrap().to_owned()),
            status => assert_eq!(status, 503, "{}", answer.text()),
        }
    }
    assert!(kept.len() > 20, "{}", kept.len());
    let found = open(&mysql).all("SELECT id FROM goals", &[], |row| row.get::<String>(0)).unwrap();
    assert!(kept.iter().all(|id| found.contains(id)) && found.len() == kept.len());
}

#[test]
fn nothing_is_put_into_a_store_that_was_moved() {
    let (home, _) = demo();
    home.ok("backup --quiet");
    home.ok(&format!("copy --move --to {}", mariadb::database()));
    let ran = home.run("restore --latest --force");
    assert!(ran.code == 1 && ran.err.contains("was moved to"), "{ran:?}");
    let nothing = home.run(&format!("copy --from sqlite:{} --to {}", home.path("none.db").display(), mariadb::database()));
    assert!(nothing.code == 1 && nothing.err.contains("there is nothing to copy"), "{nothing:?}");
    home.ok("migrate --unmove");
    home.ok("restore --latest --force");
}
