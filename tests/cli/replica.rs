//! Polls that are read from a replica: what it answers, and what it leaves to the database itself, call by call as CGI.

use super::Home;
use crate::servers::replication::{Pair, signal};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

/// A couple's phone.
struct Phone {
    access: String,
    epoch: String,
    /// The last cursor.
    since: String,
}

impl Phone {
    /// An account with a couple, which has polled for the first time.
    fn new(home: &Home, name: &str) -> Phone {
        let account = json!({"username": name, "password": "correct horse 9"}).to_string();
        let tokens = home.call("", "POST", "/api/auth/register/", &account).1;
        let access = tokens["access"].as_str().unwrap().to_owned();
        assert_eq!(home.call(&access, "POST", "/api/couple/create/", "{}").0, "201");
        let mut phone = Phone { access, epoch: String::new(), since: "1970-01-01".to_owned() };
        let first = phone.poll(home, "");
        phone.adopt(&first);
        phone
    }

    fn adopt(&mut self, answer: &Value) {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (self.since, self.epoch) = (text("server_time"), text("epoch"));
    }

    fn poll(&self, home: &Home, more: &str) -> Value {
        self.ask(home, &format!("since={}&epoch={}{more}", self.since, self.epoch))
    }

    fn ask(&self, home: &Home, query: &str) -> Value {
        let (status, answer) = home.call(&self.access, "GET", &format!("/api/sync/changes/?{query}"), "");
        assert_eq!(status, "200", "{answer}");
        answer
    }

    /// Makes a goal.
    fn write(&self, home: &Home) {
        assert_eq!(home.call(&self.access, "POST", "/api/goals/", r#"{"title": "x"}"#).0, "201");
    }
}

fn goals(answer: &Value) -> usize {
    answer["changes"]["goals"].as_array().unwrap().len()
}

/// A site with a replica, and the two servers.
fn site() -> (Home, Pair) {
    let (mut home, pair) = (Home::new(), Pair::start());
    let [url, read_url] = pair.database();
    home.env.push(("TANDEM_DATABASE_URL", url));
    home.env.push(("TANDEM_READ_URL", read_url));
    home.ok("migrate");
    pair.catch_up();
    (home, pair)
}

fn log(home: &Home) -> String {
    fs::read_to_string(home.data().join("tandem.log")).unwrap_or_default()
}

/// Was the replica asked while this was done?
fn asks_the_replica(pair: &Pair, work: impl FnOnce()) -> bool {
    let before = pair.asked();
    work();
    // Counting is asking, once.
    pair.asked() > before + 1
}

#[test]
fn a_replica_answers_what_goes_on_and_nothing_else() {
    let (mut home, pair) = site();
    let mut phone = Phone::new(&home, "anna");
    pair.catch_up();
    assert!(asks_the_replica(&pair, || drop(phone.poll(&home, ""))));
    assert!(!asks_the_replica(&pair, || drop(home.call(&phone.access, "GET", "/api/goals/", ""))), "only polls");
    pair.stand_still();
    phone.write(&home);
    let late = phone.poll(&home, "&include=objects");
    assert_eq!((goals(&late), &late["server_time"]), (0, &json!(phone.since)), "as the replica sees it");
    home.env.push(("HTTP_CACHE_CONTROL", "no-cache".to_owned()));
    assert_eq!(goals(&phone.poll(&home, "")), 1, "who asks for the latest is given it");
    home.env.pop();
    // Whoever does not say which store they follow, or starts over, is answered by the database itself.
    let since = phone.since.clone();
    for (query, resets) in [
        (format!("since={since}"), false),
        (format!("since={since}&epoch=another"), true),
        (format!("since=1970-01-01&epoch={}", phone.epoch), true),
        (format!("epoch={}", phone.epoch), false),
    ] {
        let answer = phone.ask(&home, &query);
        assert_eq!((goals(&answer), &answer["reset"]), (1, &json!(resets)), "{query}");
    }
    // A cursor that the replica has not reached does not go back.
    phone.adopt(&phone.ask(&home, &format!("since={since}")));
    let (told, before) = (phone.poll(&home, ""), phone.since.clone());
    assert_eq!((goals(&told), &told["server_time"]), (0, &json!(before)));
    // Somebody whom the replica does not know yet.
    let mut late = Phone::new(&home, "late");
    late.write(&home);
    assert_eq!(goals(&late.poll(&home, "")), 1);
    pair.go_on();
    pair.catch_up();
    late.adopt(&late.poll(&home, ""));
    assert!(asks_the_replica(&pair, || assert_eq!(goals(&late.poll(&home, "")), 0)));
}

/// Whoever was shut out is shown what was there before, as long as the replica stands still, and nothing newer.
#[test]
fn who_was_shut_out_sees_nothing_new() {
    let (home, pair) = site();
    let phone = Phone::new(&home, "anna");
    pair.catch_up();
    pair.stand_still();
    phone.write(&home);
    home.ok("user disable anna");
    assert_eq!(goals(&phone.poll(&home, "")), 0);
    let other = |query: &str| home.call(&phone.access, "GET", &format!("/api/sync/changes/{query}"), "").0;
    assert_eq!(other(""), "401");
    pair.go_on();
    pair.catch_up();
    assert_eq!(other(&format!("?since={}&epoch={}", phone.since, phone.epoch)), "401");
}

#[test]
fn a_replica_that_fails_is_left_alone() {
    let (home, pair) = site();
    let phone = Phone::new(&home, "anna");
    pair.catch_up();
    let wait = || {
        let begun = Instant::now();
        phone.poll(&home, "");
        begun.elapsed()
    };
    let usual = wait();
    let replica = pair.process();
    signal(replica, Signal::STOP);
    let hung = [wait(), wait(), wait()];
    signal(replica, Signal::CONT);
    println!("a poll takes {usual:?}; with a replica that hangs {hung:?}");
    assert!(hung[0] > Duration::from_secs(2) && hung[0] < Duration::from_secs(6), "{hung:?}");
    assert!(hung[1..].iter().all(|took| *took < Duration::from_secs(1)), "{hung:?}");
    let told = log(&home);
    assert_eq!(told.matches("polls are read from the database itself").count(), 1, "{told}");
    assert!(!told.contains("a%20b"), "{told}");
    // The rest is over.
    let mark = fs::File::options().write(true).open(home.data().join("replica-rests")).unwrap();
    mark.set_modified(std::time::SystemTime::now() - Duration::from_secs(60)).unwrap();
    assert!(asks_the_replica(&pair, || drop(phone.poll(&home, ""))));
    assert!(log(&home).contains("answers again") && !home.data().join("replica-rests").exists());
}

#[test]
fn a_replica_with_another_schema_is_not_asked() {
    let (home, pair) = site();
    let phone = Phone::new(&home, "anna");
    pair.catch_up();
    let name = home.env[1].1.split_once("@localhost/").unwrap().1.split_once('?').unwrap().0.to_owned();
    let newest = tandem::db::migrate::newest();
    pair.replica.sql(&format!("DELETE FROM {name}.migrations WHERE version = {newest}"));
    phone.write(&home);
    pair.catch_up();
    assert_eq!(goals(&phone.poll(&home, "")), 1);
    assert!(log(&home).contains(&format!("has schema {}, this program needs {newest}", newest - 1)), "{}", log(&home));
    let ran = home.run("doctor");
    assert!(ran.code == 1 && ran.out.contains("PROBLEM  replica"), "{}", ran.out);
}

#[test]
fn the_doctor_looks_at_the_replica() {
    let (mut home, pair) = site();
    let phone = Phone::new(&home, "anna");
    let replica = |home: &Home| {
        let report = home.json("doctor --json");
        let found = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "replica").cloned().unwrap();
        format!("{} {} {}", found["level"], found["saw"], found["todo"])
    };
    pair.catch_up();
    let well = replica(&home);
    assert!(well.contains("ok") && well.contains("keeps up") && !well.contains("a%20b"), "{well}");
    assert!(!(home.ok("config") + &home.ok("config --json")).contains("a%20b"));
    pair.stand_still();
    phone.write(&home);
    let store = pair.primary.same(&home.env[0].1);
    let name = store.split_once("@localhost/").unwrap().1.split_once('?').unwrap().0;
    pair.primary.sql(&format!("UPDATE {name}.tenants SET clock = clock + 60000"));
    assert!(replica(&home).contains("lacks what was changed after"), "{}", replica(&home));
    // Another store, and none.
    home.env[1].1 = pair.replica.database();
    assert!(replica(&home).contains("this program needs schema"), "{}", replica(&home));
    home.env[1].1 = "mysql://tandem:hush-hush@127.0.0.1:1/x".to_owned();
    let gone = replica(&home);
    assert!(gone.contains("problem") && gone.contains("127.0.0.1:1") && !gone.contains("hush-hush"), "{gone}");
    assert_eq!(goals(&phone.poll(&home, "")), 1, "and polls go on");
    home.env[0].1 = format!("sqlite:{}", home.data().join("x.db").display());
    assert_eq!(home.call("", "GET", "/api/", "").0, "503");
    assert!(home.run("doctor").out.contains("SQLite has no replicas"));
}
