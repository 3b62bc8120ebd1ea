//! Connections that break, servers that are away, accounts that are not let in.

use super::{Engine, Place, fault, open, value};
use crate::servers::mariadb::Mariadb;
use tandem::base::error::DbFault;
use tandem::db::{Db, Mode, Value};
use tandem::params;

const ROWS: &str = "CREATE TABLE rows_of (id BIGINT PRIMARY KEY)";

/// The number of a connection, by which it is killed.
fn number(db: &mut Db) -> i64 {
    let Value::Int(number) = value(db, "SELECT CONNECTION_ID()") else { panic!("no number") };
    number
}

/// Closes a connection from the server's side, as it does with one that was idle for `wait_timeout`.
fn kill(place: &Place, number: i64) {
    place.open().run(&format!("KILL {number}"), &[]).unwrap();
    // The server lets go of it a moment later.
    std::thread::sleep(std::time::Duration::from_millis(100));
}

fn insert(db: &mut Db, id: i64) -> tandem::base::error::Result<u64> {
    db.run("INSERT INTO rows_of (id) VALUES (?)", params![id])
}

#[test]
fn a_connection_that_broke_between_transactions_is_not_missed() {
    let place = Place::with(Engine::Mariadb, &[ROWS]);
    let mut db = place.open();
    for (id, mode) in [(1, Mode::Write), (2, Mode::Read)] {
        let before = number(&mut db);
        kill(&place, before);
        db.begin(mode).unwrap();
        assert_eq!(insert(&mut db, id).is_ok(), mode == Mode::Write, "what only reads may not write");
        db.commit().unwrap();
        assert_ne!(number(&mut db), before);
    }
    let before = number(&mut db);
    kill(&place, before);
    assert_eq!(value(&mut db, "SELECT COUNT(*) FROM rows_of"), Value::Int(1));
    // A change outside of any transaction is not asked for twice: the first may have been carried out.
    let before = number(&mut db);
    kill(&place, before);
    assert_eq!(fault(insert(&mut db, 3)).0, DbFault::Retry);
    // The new connection is like the old one: strict, and it counts what a statement matches.
    assert!(db.run("INSERT INTO rows_of (id) VALUES ('x')", &[]).is_err());
    assert_eq!(db.run("UPDATE rows_of SET id = 1 WHERE id = 1", &[]).unwrap(), 1);
}

/// A connection that broke after it had inserted a row in a transaction.
fn broken(place: &Place) -> Db {
    let mut db = place.open();
    db.begin(Mode::Write).unwrap();
    insert(&mut db, 1).unwrap();
    let number = number(&mut db);
    kill(place, number);
    db
}

#[test]
fn one_that_broke_inside_a_transaction_leaves_nothing_behind() {
    let place = Place::with(Engine::Mariadb, &[ROWS]);
    let mut db = broken(&place);
    assert_eq!(fault(insert(&mut db, 2)).0, DbFault::Retry);
    assert_eq!(fault(insert(&mut db, 3)).0, DbFault::Retry, "it goes on outside of the transaction");
    assert_eq!(fault(db.commit()).0, DbFault::Retry);
    assert_eq!(value(&mut db, "SELECT COUNT(*) FROM rows_of"), Value::Int(0));
}

/// Nobody knows what became of it: it must not be run again by itself.
#[test]
fn one_that_broke_during_commit_is_told_apart() {
    let place = Place::with(Engine::Mariadb, &[ROWS]);
    let mut db = broken(&place);
    let (kind, text) = fault(db.commit());
    assert!(kind == DbFault::Other && text.contains("not known"), "{kind:?} {text}");
    insert(&mut db, 1).unwrap();
}

#[test]
fn the_next_host_is_asked_when_one_is_away() {
    let server = Mariadb::start(&[]);
    let url = server.database();
    let good = server.by_tcp(&url);
    // Port 1 (tcpmux): nobody listens there.
    let mut db = open(&good.replace("@127.0.0.1:", "@127.0.0.1:1,127.0.0.1:")).unwrap();
    assert_eq!(value(&mut db, "SELECT 1"), Value::Int(1));
    let (kind, text) = fault(open(&good.replace(&format!(":{}/", server.port), ":1/")));
    assert!(kind == DbFault::Unreachable && text.contains("127.0.0.1:1"), "{kind:?} {text}");
}

#[test]
fn whoever_is_not_let_in_is_told_without_the_password() {
    let place = Place::new(Engine::Mariadb);
    let wrong = place.url.replace("a%20b", "wrong-secret");
    let (kind, text) = fault(open(&wrong));
    assert!(kind == DbFault::Unreachable && text.contains("'tandem'@'localhost'") && !text.contains("secret"), "{kind:?} {text}");
    let nowhere = place.url.replace("/test_", "/nowhere_");
    assert_eq!(fault(open(&nowhere)).0, DbFault::Unreachable);
    let no_socket = place.url.replace("/socket", "/no-socket");
    assert_eq!(fault(open(&no_socket)).0, DbFault::Unreachable);
}
