//! SQLite through rusqlite. The only file that names that driver.

use super::{Mode, Param, Upsert, Value};
use crate::base::error::{DbError, DbFault, Error, Result};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ToSql};
use std::path::Path;
use std::time::Duration;

/// How long a writer waits for another: longer than any queue of writers on a shared host, shorter than the 40 s of
/// silence after which mod_fcgid gives up.
const BUSY: Duration = Duration::from_secs(20);
/// Prepared statements kept: more than the stores have, so that none is prepared twice in a process.
const STATEMENTS: usize = 256;

/// A connection to a database file.
pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens a file; makes it when `create` is set.
    pub fn open(path: &Path, create: bool) -> Result<Sqlite> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(path, flags).map_err(failure)?;
        connection.busy_timeout(BUSY).map_err(failure)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let db = Sqlite { connection };
        if create {
            db.choose_journal(path)?;
        }
        Ok(db)
    }

    /// WAL, so that readers and a writer do not wait for each other; a rollback journal on network file systems,
    /// where WAL's shared memory does not work.
    pub fn choose_journal(&self, path: &Path) -> Result<()> {
        let mode = if on_network(path) { "DELETE" } else { "WAL" };
        self.connection.pragma_update(None, "journal_mode", mode).map_err(failure)
    }

    fn cached(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql).map_err(failure)
    }

    pub fn begin(&mut self, mode: Mode) -> Result<()> {
        let sql = if mode == Mode::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
        self.cached(sql)?.execute([]).map(drop).map_err(failure)
    }

    pub fn commit(&mut self) -> Result<()> {
        let done = self.cached("COMMIT")?.execute([]).map(drop).map_err(failure);
        if done.is_err() {
            self.rollback();
        }
        done
    }

    pub fn rollback(&mut self) {
        if !self.connection.is_autocommit()
            && let Ok(mut statement) = self.connection.prepare_cached("ROLLBACK")
        {
            // The transaction is over in any case: SQLite rolls back when the connection closes.
            let _ = statement.execute([]);
        }
    }

    pub fn each(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        visit: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let mut statement = self.cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(failure)?;
        while let Some(row) = rows.next().map_err(failure)? {
            if !visit(row)? {
                break;
            }
        }
        Ok(())
    }

    pub fn run(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64> {
        let count = self.cached(sql)?.execute(rusqlite::params_from_iter(params)).map_err(failure)?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    pub fn put(&mut self, upsert: &Upsert, params: &[Param<'_>]) -> Result<()> {
        let columns: Vec<&str> = upsert.key.iter().chain(upsert.set).copied().collect();
        let marks = vec!["?"; columns.len()].join(", ");
        let set: Vec<String> = upsert.set.iter().map(|c| format!("{c} = excluded.{c}")).collect();
        let (table, key) = (upsert.table, upsert.key.join(", "));
        let (columns, set) = (columns.join(", "), set.join(", "));
        self.run(&format!("INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {set}"), params)?;
        Ok(())
    }

    pub fn schema_version(&mut self) -> Result<i64> {
        self.connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failure)
    }

    pub fn set_schema_version(&mut self, version: i64) -> Result<()> {
        self.connection.pragma_update(None, "user_version", version).map_err(failure)
    }

    pub fn facts(&mut self) -> Result<Vec<(&'static str, String)>> {
        let journal: String = self.connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(failure)?;
        let synchronous: i64 = self.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).map_err(failure)?;
        let keys: bool = self.connection.query_row("PRAGMA foreign_keys", [], |row| row.get(0)).map_err(failure)?;
        Ok(vec![
            ("engine", format!("SQLite {}", rusqlite::version())),
            ("journal", journal),
            (
                "synchronous",
                ["off", "normal", "full", "extra"]
                    .get(usize::try_from(synchronous).unwrap_or(9))
                    .unwrap_or(&"unknown")
                    .to_string(),
            ),
            ("foreign keys", if keys { "on" } else { "off" }.to_owned()),
        ])
    }

    pub fn check(&mut self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check").map_err(failure)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failure)?;
        let lines = rows.collect::<rusqlite::Result<Vec<String>>>().map_err(failure)?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}

/// Magic numbers of network file systems (statfs(2)): NFS, SMB, CIFS, SMB2, FUSE, AFS. WAL is not valid there.
const NETWORK: [u64; 6] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x6573_5546, 0x5346_414F];

/// Does this file's folder lie on a network file system? WAL does not work there.
pub fn on_network(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(Path::new("."));
    rustix::fs::statfs(folder).is_ok_and(|fs| NETWORK.contains(&(fs.f_type as u64 & 0xFFFF_FFFF)))
}

/// The column's value.
pub fn value(row: &rusqlite::Row<'_>, column: usize) -> Result<Value> {
    Ok(match row.get_ref(column).map_err(failure)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        ValueRef::Real(_) => return Err(Error::Internal(format!("column {column} holds a fraction"))),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Param::Null => ValueRef::Null,
            Param::Int(n) => ValueRef::Integer(n),
            Param::Text(text) => ValueRef::Text(text.as_bytes()),
            Param::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The driver's error by what can be done about it. The text names tables and columns, never values.
fn failure(error: rusqlite::Error) -> Error {
    let kind = match error.sqlite_error().map(|e| (e.code, e.extended_code)) {
        Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _)) => DbFault::Busy,
        Some((
            ErrorCode::ConstraintViolation,
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
        )) => DbFault::Duplicate,
        Some((ErrorCode::DiskFull, _)) => DbFault::Full,
        Some((ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _)) => DbFault::ReadOnly,
        Some((ErrorCode::CannotOpen, _)) => DbFault::Missing,
        Some((ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _)) => DbFault::Corrupt,
        _ => DbFault::Other,
    };
    Error::Db(DbError { kind, text: error.to_string() })
}
