//! The database locked by another process.

use super::{assert_logged, assert_unavailable, goal, options};
use crate::api::Phone;
use crate::servers::client::Answer;
use crate::servers::{Kind, Server};
use rusqlite::Connection;
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
