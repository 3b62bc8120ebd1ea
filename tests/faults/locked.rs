//! The database locked by another process.

use super::{assert_logged, assert_unavailable, goal, options};
use crate::api::Phone;
use crate::servers::client::Answer;
use crate::servers::{Kind, Server};
use rusqlite::Connection;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

/// How long another process keeps the database: a slow backup, a busy neighbour.
const LOCKED: Duration = Duration::from_secs(2);
/// Longer than anybody may be kept waiting: web servers lose their patience then.
const LOCKED_TOO_LONG: Duration = Duration::from_secs(40);

/// Holds the right to write for a while, or until the write gave up, as another process; the answer to a write meanwhile, and how long it took.
fn write_while_locked(server: &Server, phone: &Phone, held: Duration) -> (Answer, Duration) {
    let db = Connection::open(server.data_dir.join("tandem.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    scope(|scope| {
        let writing = scope.spawn(|| {
            let started = Instant::now();
            (goal(phone, "patient"), started.elapsed())
        });
        let started = Instant::now();
        phone.get("/goals/").expect(200);
        assert!(started.elapsed() < LOCKED, "readers do not wait for a writer");
        while started.elapsed() < held && !writing.is_finished() {
            sleep(Duration::from_millis(20));
        }
        db.execute_batch("ROLLBACK").unwrap();
        writing.join().unwrap()
    })
}

#[test]
fn a_write_waits_for_a_locked_database() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, None));
    let phone = Phone::single(&server);
    let (answer, took) = write_while_locked(&server, &phone, LOCKED);
    answer.expect(201);
    assert!(took > LOCKED / 2, "{took:?}");
}

#[test]
fn a_database_that_stays_locked_is_said_to_be_busy() {
    let server = Server::start(Kind::LighttpdFastcgi, &options(2, None));
    let phone = Phone::single(&server);
    let (answer, took) = write_while_locked(&server, &phone, LOCKED_TOO_LONG);
    assert!(took < LOCKED_TOO_LONG, "{took:?}");
    assert_unavailable(&answer, 503, "1");
    assert_logged(&server, &server.data_dir, "keeps the database locked");
    goal(&phone, "later").expect(201);
}

/// How many wait for this file's lock, as the kernel lists them.
fn waiting(file: &File) -> usize {
    let inode = format!(":{} ", file.metadata().unwrap().ino());
    fs::read_to_string("/proc/locks").unwrap().lines().filter(|line| line.contains("-> FLOCK") && line.contains(&inode)).count()
}

/// Has goals created one after the other while somebody has the turn to write; they are served when that is passed on.
fn served(server: &Server, phone: &Phone, writers: usize) -> Vec<Answer> {
    let turn = File::open(&server.data_dir).unwrap();
    turn.lock().unwrap();
    scope(|scope| {
        let answers: Vec<_> = (0..writers)
            .map(|n| {
                let writing = scope.spawn(move || goal(phone, &format!("number {n}")));
                let ends = Instant::now() + LOCKED_TOO_LONG;
                while waiting(&turn) <= n && !writing.is_finished() && Instant::now() < ends {
                    sleep(Duration::from_millis(5));
                }
                writing
            })
            .collect();
        turn.unlock().unwrap();
        answers.into_iter().map(|answer| answer.join().unwrap()).collect()
    })
}

#[test]
fn writers_are_served_in_the_order_in_which_they_came() {
    for kind in [Kind::LighttpdFastcgi, Kind::LighttpdCgi, Kind::ApacheCgi] {
        let server = Server::start(kind, &options(6, None));
        let phone = Phone::single(&server);
        let stamps: Vec<_> = served(&server, &phone, 6)
            .into_iter()
            .map(|answer| answer.expect(201).header("Sync-Stamp").unwrap().to_owned())
            .collect();
        assert!(stamps.is_sorted(), "{kind:?}: {stamps:?}");
    }
}

#[test]
fn who_waits_in_the_queue_is_told_in_time_that_the_database_stays_locked() {
    let server = Server::start(Kind::LighttpdCgi, &options(4, None));
    let phone = Phone::single(&server);
    let db = Connection::open(server.data_dir.join("tandem.db")).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The first waits for the database, the others for the first; the last comes when that has waited for long.
    let patient = |after: u64| {
        sleep(Duration::from_secs(after));
        let started = Instant::now();
        (goal(&phone, "patient"), started.elapsed())
    };
    scope(|scope| {
        let writers = [0, 1, 12].map(|after| scope.spawn(move || patient(after)));
        for (answer, took) in writers.map(|writer| writer.join().unwrap()) {
            assert_unavailable(&answer, 503, "1");
            assert!(took < LOCKED_TOO_LONG, "{took:?}");
        }
    });
    db.execute_batch("ROLLBACK").unwrap();
    goal(&phone, "later").expect(201);
}

#[test]
fn a_writer_that_is_killed_passes_its_turn_on() {
    let server = Server::start(Kind::LighttpdCgi, &options(2, None));
    let phone = Phone::single(&server);
    let mut holder =
        std::process::Command::new("flock").arg("--no-fork").arg(&server.data_dir).args(["sleep", "60"]).spawn().unwrap();
    let turn = File::open(&server.data_dir).unwrap();
    while turn.try_lock().is_ok() {
        turn.unlock().unwrap();
        sleep(Duration::from_millis(5));
    }
    scope(|scope| {
        let writing = scope.spawn(|| goal(&phone, "patient"));
        while waiting(&turn) == 0 && !writing.is_finished() {
            sleep(Duration::from_millis(5));
        }
        holder.kill().unwrap();
        holder.wait().unwrap();
        writing.join().unwrap().expect(201);
    });
}
