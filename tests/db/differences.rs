//! The table of observed differences (ARCHITECTURE.md, "One SQL text"): each is seen here, so that it is known when an
//! engine changes its mind, and next to it what the rule makes of it, which is the same on both.

use super::{Engine, Place, fault, on_both, value};
use tandem::base::error::DbFault;
use tandem::db::{Mode, Value};
use tandem::params;

/// An expression, what SQLite makes of it, what MariaDB does. Fractions and decimals arrive as bytes, which no store reads.
const DIFFERENT: &[(&str, Seen, Seen)] = &[
    ("'ABC' LIKE 'a%'", Seen::Int(1), Seen::Int(0)),
    ("7 / 2", Seen::Int(3), Seen::Bytes("3.5000")),
    ("'a' || 'b'", Seen::Text("ab"), Seen::Int(0)),
    ("length('é')", Seen::Int(1), Seen::Int(2)),
    ("lower('É')", Seen::Text("É"), Seen::Text("é")),
    ("'10' = 10", Seen::Int(0), Seen::Int(1)),
    ("(SELECT SUM(n) FROM numbers)", Seen::Int(6), Seen::Bytes("6")),
];

/// The same, put as the rule wants it.
const ALIKE: &[(&str, Seen)] = &[
    ("(SELECT CAST(SUM(n) AS SIGNED) FROM numbers)", Seen::Int(6)),
    ("(SELECT COUNT(*) FROM numbers)", Seen::Int(3)),
    ("(SELECT MAX(n) FROM numbers)", Seen::Int(3)),
    ("7 - 2 + 1", Seen::Int(6)),
    ("'a' = 'a '", Seen::Int(0)),
    ("'a' = 'A'", Seen::Int(0)),
    ("'e' = 'é'", Seen::Int(0)),
    ("'Z' < 'a'", Seen::Int(1)),
    ("'가' < '😀'", Seen::Int(1)),
    ("NULL", Seen::Null),
    ("'é가😀'", Seen::Text("é가😀")),
];

#[derive(Debug, Clone, Copy)]
enum Seen {
    Null,
    Int(i64),
    Text(&'static str),
    Bytes(&'static str),
}

impl Seen {
    fn value(self) -> Value {
        match self {
            Seen::Null => Value::Null,
            Seen::Int(n) => Value::Int(n),
            Seen::Text(text) => Value::Text(text.to_owned()),
            Seen::Bytes(text) => Value::Bytes(text.as_bytes().to_vec()),
        }
    }
}

const NUMBERS: &str = "CREATE TABLE numbers (n BIGINT PRIMARY KEY)";

fn numbered(place: &Place) -> tandem::db::Db {
    let mut db = place.open();
    for n in 1..=3 {
        db.run("INSERT INTO numbers (n) VALUES (?)", params![n]).unwrap();
    }
    db
}

#[test]
fn the_engines_differ_as_the_table_says() {
    on_both(&[NUMBERS], |place| {
        let mut db = numbered(place);
        for (expression, sqlite, mariadb) in DIFFERENT {
            let wanted = if place.engine == Engine::Sqlite { sqlite } else { mariadb };
            assert_eq!(value(&mut db, &format!("SELECT {expression}")), wanted.value(), "{:?}: {expression}", place.engine);
        }
    });
}

#[test]
fn the_portable_subset_is_the_same_on_both() {
    on_both(&[NUMBERS], |place| {
        let mut db = numbered(place);
        for (expression, wanted) in ALIKE {
            assert_eq!(value(&mut db, &format!("SELECT {expression}")), wanted.value(), "{:?}: {expression}", place.engine);
        }
    });
}

const WORDS: &str = "CREATE TABLE words (word VARCHAR(3) PRIMARY KEY, n BIGINT NOT NULL)";

/// Rows that a statement matches are counted, whether or not it alters them.
#[test]
fn an_update_that_alters_nothing_counts() {
    on_both(&[WORDS], |place| {
        let mut db = place.open();
        db.run("INSERT INTO words (word, n) VALUES ('a', 1)", &[]).unwrap();
        for _ in 0..2 {
            assert_eq!(db.run("UPDATE words SET n = ? WHERE word = ?", params![1, "a"]).unwrap(), 1, "{:?}", place.engine);
        }
        assert_eq!(db.run("UPDATE words SET n = 1 WHERE word = 'b'", &[]).unwrap(), 0);
    });
}

/// Text is compared byte by byte: a space at the end, a capital and an accent make another word.
#[test]
fn text_is_what_its_bytes_are() {
    let words = ["a", "a ", "A", "e", "é", "e\u{301}", "가", "😀", ""];
    on_both(&[WORDS], |place| {
        let mut db = place.open();
        for word in words {
            db.run("INSERT INTO words (word, n) VALUES (?, 1)", params![word]).unwrap();
        }
        for word in words {
            let found = db.all("SELECT word FROM words WHERE word = ?", params![word], |row| row.get::<String>(0)).unwrap();
            assert_eq!(found, [word], "{:?}", place.engine);
        }
        let mut sorted = words;
        sorted.sort_unstable();
        assert_eq!(db.all("SELECT word FROM words ORDER BY word", &[], |row| row.get::<String>(0)).unwrap(), sorted);
    });
}

/// Rules check lengths first: SQLite takes what is too long, MariaDB refuses it whole. Neither cuts it.
#[test]
fn what_is_too_long_is_never_cut() {
    on_both(&[WORDS], |place| {
        let mut db = place.open();
        let outcome = db.run("INSERT INTO words (word, n) VALUES ('four', 1)", &[]);
        match place.engine {
            Engine::Sqlite => assert_eq!(value(&mut db, "SELECT word FROM words"), Value::Text("four".to_owned())),
            Engine::Mariadb | Engine::Galera => {
                assert_eq!(fault(outcome).0, DbFault::TooLarge);
                assert_eq!(value(&mut db, "SELECT COUNT(*) FROM words"), Value::Int(0));
            }
        }
    });
}

/// A definition that fails takes the ones before it along on SQLite alone: hence the steps that MySQL notes.
#[test]
fn definitions_commit_themselves_on_mariadb_alone() {
    on_both(&[], |place| {
        let mut db = place.open();
        db.begin(Mode::Define).unwrap();
        db.define(1, 1, WORDS).unwrap();
        fault(db.define(1, 2, "CREATE TABLE words (again BIGINT PRIMARY KEY)"));
        db.rollback();
        let left: &[&str] = if place.engine == Engine::Sqlite { &[] } else { &["words"] };
        assert_eq!(db.tables().unwrap(), left);
    });
}
