//! The clock with polls read from a real asynchronous replica: ten writers on the database, five pollers whose polls are
//! read from a replica that lags by a second, stands still, hangs, comes back, and at last is gone.
//!
//! The books must agree as ever, and no cursor may go back. That it can fail was tried, with the product broken on
//! purpose: without the comparison of the cursor with the replica's clock, cursors went back.

use super::{ALONE, Couple, SECONDS, Variant, actor, finish, judge, knob, options, tasks};
use crate::api::Phone;
use crate::servers::replication::{Pair, signal};
use crate::servers::{Engine, Kind, Options, Server};
use actor::{Actor, Role};
use rustix::process::Signal;
use serde_json::Value;
use std::fs::{self, File};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// How far the replica lags, in seconds.
const LAG: u32 = 1;
/// The longest that a poll may take while the replica fails: the patience with a replica, and a busy machine.
const PATIENCE: Duration = Duration::from_secs(8);
/// Polls that are timed when the replica is gone.
const TIMED: usize = 200;

#[test]
fn nothing_is_lost_when_polls_are_read_from_a_replica() {
    let _alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for number in 1..=knob("CLOCK_ROUNDS", 1) {
        round(number);
    }
}

fn round(number: u64) {
    let (pair, folder) = (Pair::start(), TempDir::with_prefix("tandem-clock-").unwrap());
    let [url, read_url] = pair.database();
    let mut options = Options { database: Some(url), ..options(Variant::Calm, Engine::Mariadb, folder.path()) };
    options.env.push(("TANDEM_READ_URL".to_owned(), read_url));
    let server = Server::start(Kind::LighttpdFastcgi, &options);
    let couples = [Couple::new(&server), Couple::new(&server)];
    pair.catch_up();
    pair.delay(LAG);
    wake(&server);
    let tasks = tasks(Variant::Calm, Engine::Mariadb, number, &couples, folder.path());
    let of = |role: Role| -> Vec<Actor> { tasks.iter().filter(|task| task.role == role).map(Actor::start).collect() };
    let (pollers, writers, asked) = (of(Role::Poller), of(Role::Writer), pair.asked());
    trouble(&server, &pair, &couples[0].partners[0]);
    finish(writers);
    pair.catch_up();
    let asked = pair.asked() - asked;
    fs::write(folder.path().join("stop"), "").unwrap();
    finish(pollers);
    let users = [couples[0].partners[0].id, couples[1].partners[0].id];
    let verdict = judge::judge(server.store(), &tasks, users);
    println!("replica {number}: {verdict}; the replica was asked {asked} times");
    assert!(verdict.is_clean(), "round {number}: {verdict}");
    // How many it may answer depends on how far a busy machine lets it lag.
    assert!(verdict.acknowledged > 50 && asked > verdict.polls as u64 / 16, "{asked} times: {verdict}");
    gone(pair, &couples[0].partners[0]);
}

/// What befalls the replica while the writers write: a quarter of their time it follows, a quarter it stands still, then
/// it hangs until somebody has noticed, and follows again.
fn trouble(server: &Server, pair: &Pair, phone: &Phone) {
    let quarter = Duration::from_secs(knob("CLOCK_SECONDS", SECONDS)) / 4;
    sleep(quarter);
    pair.stand_still();
    sleep(quarter);
    pair.go_on();
    let replica = pair.process();
    signal(replica, Signal::STOP);
    let worst = slowest(phone, 20);
    signal(replica, Signal::CONT);
    assert!(worst < PATIENCE, "a poll took {worst:?} while the replica hung");
    assert!(mark(server).exists(), "nobody noticed");
    wake(server);
}

/// The file that is there while the replica rests.
fn mark(server: &Server) -> PathBuf {
    server.data_dir.join("replica-rests")
}

/// Ends the replica's rest, which is longer than the test.
fn wake(server: &Server) {
    if let Ok(file) = File::options().write(true).open(mark(server)) {
        file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    }
}

/// A replica that is gone costs nothing, once that was noticed.
fn gone(pair: Pair, phone: &Phone) {
    let process = PathBuf::from(format!("/proc/{}", pair.process().as_raw_nonzero()));
    let Pair { primary: _primary, replica } = pair;
    slowest(phone, 50);
    drop(replica);
    while process.exists() {
        sleep(Duration::from_millis(20));
    }
    let begun = Instant::now();
    let worst = slowest(phone, TIMED);
    println!("{TIMED} polls without the replica took {:?}, the slowest {worst:?}", begun.elapsed());
    assert!(worst < PATIENCE / 4, "{worst:?}");
}

/// Polls so many times, and answers how long the slowest took.
fn slowest(phone: &Phone, polls: usize) -> Duration {
    let mut known: Value = phone.get("/sync/changes/").expect(200).json();
    let timed = (0..polls).map(|_| {
        let text = |name: &str| known[name].as_str().unwrap().to_owned();
        let path = format!("/sync/changes/?since={}&epoch={}", text("server_time"), text("epoch"));
        let begun = Instant::now();
        known = phone.get(&path).expect(200).json();
        begun.elapsed()
    });
    timed.max().unwrap()
}
