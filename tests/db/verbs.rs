//! The verbs do the same on both engines.

use super::{fault, on_both, value};
use std::thread;
use tandem::base::error::DbFault;
use tandem::db::{Db, Mode, Upsert, Value, retried};
use tandem::params;

const THINGS: &str =
    "CREATE TABLE things (id VARCHAR(36) PRIMARY KEY, n BIGINT NULL, text MEDIUMTEXT NULL, bytes MEDIUMBLOB NULL)";
const PARTS: &str = "CREATE TABLE parts (id BIGINT PRIMARY KEY, thing VARCHAR(36) NOT NULL, \
     FOREIGN KEY (thing) REFERENCES things (id) ON DELETE CASCADE)";

fn add(db: &mut Db, id: &str, n: i64) -> tandem::base::error::Result<u64> {
    db.run("INSERT INTO things (id, n) VALUES (?, ?)", params![id, n])
}

fn count(db: &mut Db) -> Value {
    value(db, "SELECT COUNT(*) FROM things")
}

#[test]
fn values_come_back_as_they_went_in() {
    let texts = ["", "a", "a\0b", "'\"\\%_?:x", "é가😀", &"x".repeat(1_000_000)];
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    on_both(&[THINGS], |place| {
        let mut db = place.open();
        let sql = "INSERT INTO things (id, n, text, bytes) VALUES (?, ?, ?, ?)";
        for (k, text) in texts.iter().enumerate() {
            let n = [i64::MIN, -1, 0, 1, i64::MAX, 1 << 53][k];
            db.run(sql, params![&k.to_string(), n, *text, &bytes[..]]).unwrap();
            let read = |row: &tandem::db::Row<'_>| Ok((row.get::<i64>(0)?, row.get::<String>(1)?, row.get::<Vec<u8>>(2)?));
            let found = db.one("SELECT n, text, bytes FROM things WHERE id = ?", params![&k.to_string()], read).unwrap();
            assert!(found == Some((n, (*text).to_owned(), bytes.clone())), "{:?}: {text:.20}", place.engine);
        }
        db.run(sql, params!["null", None::<i64>, None::<&str>, &[][..]]).unwrap();
        let read = |row: &tandem::db::Row<'_>| Ok((row.get::<Value>(0)?, row.get::<Value>(1)?, row.get::<Value>(2)?));
        let found = db.one("SELECT n, text, bytes FROM things WHERE id = 'null'", &[], read).unwrap();
        assert_eq!(found, Some((Value::Null, Value::Null, Value::Bytes(Vec::new()))));
    });
}

#[test]
fn an_upsert_inserts_or_replaces() {
    const PUT: Upsert = Upsert { table: "things", key: &["id"], set: &["n", "text"] };
    on_both(&[THINGS], |place| {
        let mut db = place.open();
        for n in [1, 1, 2] {
            db.put(&PUT, params!["a", n, "x"]).unwrap();
            assert_eq!(value(&mut db, "SELECT n FROM things"), Value::Int(n), "{:?}", place.engine);
        }
    });
}

#[test]
fn a_duplicate_is_told_apart_and_told_without_its_value() {
    on_both(&[THINGS], |place| {
        let mut db = place.open();
        add(&mut db, "somebody's secret", 1).unwrap();
        let (kind, text) = fault(add(&mut db, "somebody's secret", 2));
        assert!(kind == DbFault::Duplicate && !text.contains("secret"), "{:?}: {text}", place.engine);
    });
}

#[test]
fn a_parent_takes_its_children_along_and_an_orphan_is_refused() {
    on_both(&[THINGS, PARTS], |place| {
        let mut db = place.open();
        add(&mut db, "a", 1).unwrap();
        db.run("INSERT INTO parts (id, thing) VALUES (1, 'a')", &[]).unwrap();
        assert!(db.run("INSERT INTO parts (id, thing) VALUES (2, 'b')", &[]).is_err(), "{:?}", place.engine);
        db.run("DELETE FROM things WHERE id = 'a'", &[]).unwrap();
        assert_eq!(value(&mut db, "SELECT COUNT(*) FROM parts"), Value::Int(0));
    });
}

#[test]
fn a_transaction_is_whole_or_nothing() {
    on_both(&[THINGS], |place| {
        let (mut db, mut other) = (place.open(), place.open());
        db.begin(Mode::Write).unwrap();
        add(&mut db, "a", 1).unwrap();
        assert_eq!(count(&mut other), Value::Int(0), "{:?}", place.engine);
        db.rollback();
        assert_eq!(count(&mut db), Value::Int(0));
        db.begin(Mode::Write).unwrap();
        add(&mut db, "a", 1).unwrap();
        fault(add(&mut db, "a", 1));
        add(&mut db, "b", 1).unwrap();
        db.commit().unwrap();
        assert_eq!(count(&mut other), Value::Int(2));
        // What is dropped in the middle never was.
        other.begin(Mode::Write).unwrap();
        add(&mut other, "c", 1).unwrap();
        drop(other);
        assert_eq!(count(&mut db), Value::Int(2));
    });
}

#[test]
fn a_read_sees_one_instant() {
    on_both(&[THINGS], |place| {
        let (mut reader, mut writer) = (place.open(), place.open());
        reader.begin(Mode::Read).unwrap();
        // SQLite's snapshot begins with the first statement, MariaDB's with the transaction.
        assert_eq!(count(&mut reader), Value::Int(0));
        add(&mut writer, "a", 1).unwrap();
        assert_eq!(count(&mut reader), Value::Int(0), "{:?}", place.engine);
        reader.commit().unwrap();
        assert_eq!(count(&mut reader), Value::Int(1));
    });
}

/// Eight writers add to one number, each after it locked the row: no addition is lost.
#[test]
fn what_is_locked_is_read_as_it_is() {
    on_both(&[THINGS], |place| {
        add(&mut place.open(), "a", 0).unwrap();
        let work = || {
            let mut db = place.open();
            for _ in 0..25 {
                retried(|| {
                    db.begin(Mode::Write)?;
                    // Looked at before the lock, as a request may: what counts is what is read under it.
                    db.one("SELECT n FROM things WHERE id = 'b'", &[], |row| row.get::<i64>(0))?;
                    let n = db.lock_row("SELECT n FROM things WHERE id = ?", params!["a"], |row| row.get::<i64>(0))?;
                    let again = db.one("SELECT n FROM things WHERE id = 'a'", &[], |row| row.get::<i64>(0))?;
                    assert_eq!(n, again, "a read after the lock is stale");
                    db.run("UPDATE things SET n = ? WHERE id = 'a'", params![n.unwrap() + 1])?;
                    db.commit()
                })
                .unwrap();
            }
        };
        thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(work))));
        assert_eq!(value(&mut place.open(), "SELECT n FROM things"), Value::Int(200), "{:?}", place.engine);
    });
}

#[test]
fn a_visitor_stops_when_it_has_enough_or_fails() {
    on_both(&[THINGS], |place| {
        let mut db = place.open();
        for n in 0..5 {
            add(&mut db, &n.to_string(), n).unwrap();
        }
        let mut seen = 0;
        db.each("SELECT n FROM things", &[], &mut |_| {
            seen += 1;
            Ok(seen < 2)
        })
        .unwrap();
        assert_eq!(seen, 2);
        assert!(db.all("SELECT n FROM things", &[], |row| row.get::<String>(0)).is_err(), "{:?}", place.engine);
        assert_eq!(count(&mut db), Value::Int(5), "the connection is still good");
        assert!(db.check().unwrap().is_empty());
        assert_eq!(db.columns("things").unwrap(), ["id", "n", "text", "bytes"]);
    });
}
