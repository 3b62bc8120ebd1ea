//! The database layer on both engines: what differs between them, what must not, and what a server can do to us.
//!
//! Every test that can runs on SQLite and on a real MariaDB.

mod differences;
mod locks;
mod lost;
mod migrations;
mod tls;
mod verbs;

use crate::servers::{Engine, galera, mariadb};
use tandem::base::error::{DbError, DbFault, Error, Result};
use tandem::db::{Address, Db, Journal, Mode, Value};
use tempfile::TempDir;

/// Both engines.
const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Mariadb];

/// An empty database of its own.
struct Place {
    engine: Engine,
    url: String,
    _folder: TempDir,
}

impl Place {
    fn new(engine: Engine) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let url = match engine {
            Engine::Sqlite => format!("sqlite:{}", file.display()),
            Engine::Mariadb => mariadb::database(),
            Engine::Galera => galera::cluster().database(),
        };
        if engine == Engine::Sqlite {
            drop(Db::sqlite_create(&file, Journal::Wal).unwrap());
        }
        Place { engine, url, _folder: folder }
    }

    /// A new connection.
    fn open(&self) -> Db {
        open(&self.url).unwrap()
    }

    /// With these tables.
    fn with(engine: Engine, tables: &[&str]) -> Place {
        let place = Place::new(engine);
        if tables.is_empty() {
            return place;
        }
        let mut db = place.open();
        db.begin(Mode::Define).unwrap();
        for (number, sql) in (1..).zip(tables) {
            db.define(900, number, sql).unwrap();
        }
        db.set_schema_version(900).unwrap();
        db.commit().unwrap();
        place
    }
}

fn open(url: &str) -> Result<Db> {
    Db::open(&Address::parse(url)?)
}

/// Runs a test on both engines, each time in an empty database with these tables.
fn on_both(tables: &[&str], test: impl Fn(&Place)) {
    for engine in ENGINES {
        test(&Place::with(engine, tables));
    }
}

/// The only value of a query.
#[track_caller]
fn value(db: &mut Db, sql: &str) -> Value {
    db.one(sql, &[], |row| row.get(0)).unwrap().unwrap()
}

/// Why the database did not do it.
#[track_caller]
fn fault<T>(outcome: Result<T>) -> (DbFault, String) {
    match outcome {
        Err(Error::Db(DbError { kind, text })) => (kind, text),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}
