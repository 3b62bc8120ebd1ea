//! SQLite through rusqlite. The only file that names that driver.

mod define;
mod later;
mod log;
mod turn;
mod upkeep;
mod upsert;
mod wait;

pub use define::definition;
pub use turn::queue_by;

use super::hints::Registry;
use super::wal::{File, Log, file};
use super::{Journal, Mode, Notice, Param, Value, journal_for};
use crate::base::error::{DbError, DbFault, Error, Result};
use later::Later;
use log::log_gone;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ToSql};
use rustix::fs::{Access, access};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use turn::Turn;
use wait::{busy, wait_a_little, wait_for_lock};

/// Pages that are put back between two reports of progress: a few megabytes.
const STEP: i32 = 1_000;

/// Prepared statements kept: more than the stores have, so that none is prepared twice in a process.
const STATEMENTS: usize = 256;

/// A connection to a database file.
pub struct Sqlite {
    connection: Connection,
    wrote: bool,
    /// Is what is deleted overwritten? Asked for before the first write: a poll has no use for it.
    erases: bool,
    /// Does the transaction that is open write?
    writes: bool,
    /// The mode of a transaction that nobody has asked for yet.
    ahead: Option<Mode>,
    path: PathBuf,
    file: Option<File>,
    log: Log,
    /// Are writes registered in the hint file?
    hints: bool,
    /// That file, once something is written. It has the database open, too: to be closed after the connection, whose locks that would drop.
    registry: Option<Registry>,
    /// Its place among those who write.
    turn: Box<Turn>,
    /// Shall a commit outlast a loss of power?
    lasts: bool,
    /// Rows that are still to be written.
    later: Box<Later>,
}

impl Sqlite {
    /// Opens a file; makes it when `create` is set.
    pub fn open(path: &Path, create: bool) -> Result<Sqlite> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        // Looked at before it is opened: a file that takes its place in between is found out by the next request.
        let before = file(path);
        let mut connection = Connection::open_with_flags(path, flags).map_err(failure)?;
        connection.busy_handler(Some(wait_for_lock)).map_err(failure)?;
        // Plans must not depend on bound values: else every new value has SQLite prepare a kept statement again, which
        // made up two thirds of a poll.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failure)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Sqlite {
            connection,
            wrote: create,
            erases: false,
            writes: false,
            ahead: None,
            path: path.to_owned(),
            file: before.or_else(|| file(path)),
            log: Log::of(path),
            hints: false,
            registry: None,
            turn: Box::default(),
            lasts: false,
            later: Box::default(),
        })
    }

    pub fn set_journal(&self, journal: Journal) -> Result<()> {
        let Some(mode) = journal_for(&self.path, journal) else { return Ok(()) };
        self.connection.pragma_update(None, "journal_mode", mode).map_err(failure)
    }

    /// From now on it is the store that is served: writers wait in turn, and a commit outlasts a loss of power.
    pub fn serve(&mut self) {
        self.turn.queue_at(&self.path);
        self.lasts = true;
    }

    /// Registers and seals what is written from now on.
    pub fn keep_hints(&mut self) {
        self.hints = true;
    }

    /// A write transaction has the lock: whatever defines tables or is alone concerns everybody.
    fn open_registry(&mut self, mode: Mode) {
        if self.hints && self.registry.is_none() {
            self.registry = Registry::of(&self.path);
        }
        let Some(registry) = &mut self.registry else { return };
        registry.begin(self.file);
        if matches!(mode, Mode::Define | Mode::Alone) {
            registry.note(|| Some(Notice::Everybody));
        }
    }

    fn cached(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql).map_err(failure)
    }

    /// Lets the process end without closing. Closing makes the last reader remove the write-ahead log, which the next
    /// CGI process makes again, a third of a poll's time; a writer closes, so that its changes move into the file.
    pub fn leave(self) {
        if !self.wrote {
            std::mem::forget(self);
        }
    }

    /// Begins the transaction that the caller will ask for next.
    pub fn begin_ahead(&mut self, mode: Mode) -> Result<()> {
        self.begin(mode).map(|()| self.ahead = Some(mode))
    }

    pub fn begin(&mut self, mode: Mode) -> Result<()> {
        match self.ahead.take() {
            Some(begun) if begun == mode || (begun.reads() && mode.reads()) => return Ok(()),
            Some(_) => self.rollback(),
            None => {}
        }
        // Which log there is is noted before SQLite opens it, and again where that has made one: whoever waits for others would else take the
        // one that was put in its place meanwhile for its own.
        self.log.was_in_place();
        self.wrote |= !mode.reads();
        if !mode.reads() && !self.erases {
            // Read before there is the lock that other writers wait for: in a CGI process that is a good part of what is done under it.
            self.cached("SELECT 0 FROM sqlite_schema")?;
            self.log.is_in_place();
            self.erase_what_is_deleted()?;
            self.outlast_power()?;
        }
        if !mode.reads() {
            self.turn.take(mode == Mode::Spare)?;
        }
        let begun = self.lock(mode);
        wait::begin(Duration::ZERO);
        self.writes = !mode.reads();
        begun.inspect_err(|_| self.turn.pass()).and_then(|()| self.log_holds())?;
        if self.writes {
            self.open_registry(mode);
        }
        Ok(())
    }

    /// Takes SQLite's own lock, as far as the mode needs one.
    fn lock(&mut self, mode: Mode) -> Result<()> {
        let sql = if mode.reads() { "BEGIN" } else { "BEGIN IMMEDIATE" };
        if mode == Mode::Spare {
            self.connection.busy_handler(Some(wait_a_little)).map_err(failure)?;
        }
        let begun = self.cached(sql)?.execute([]).map(drop).map_err(failure);
        if mode == Mode::Spare {
            self.connection.busy_handler(Some(wait_for_lock)).map_err(failure)?;
        }
        begun
    }

    /// A rollback journal is cut and synced at a commit. SQLite would delete it, and after a loss of power the folder may still name it: then what
    /// was acknowledged is rolled back.
    fn outlast_power(&self) -> Result<()> {
        let journal = || self.connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0)).map_err(failure);
        let deletes = self.lasts && journal()? == "delete";
        if deletes { self.connection.pragma_update(None, "journal_mode", "TRUNCATE").map_err(failure) } else { Ok(()) }
    }

    /// Has SQLite overwrite with zeros what is deleted from now on.
    fn erase_what_is_deleted(&mut self) -> Result<()> {
        if !self.erases {
            self.connection.pragma_update(None, "secure_delete", "ON").map_err(failure)?;
            self.erases = true;
        }
        Ok(())
    }

    pub fn commit(&mut self) -> Result<()> {
        self.write_later().inspect_err(|_| self.rollback())?;
        if let Some(registry) = self.registry.as_mut().filter(|_| self.writes) {
            registry.register();
        }
        let done = self.cached("COMMIT")?.execute([]).map(drop).map_err(failure);
        match (&done, &mut self.registry) {
            (Err(_), _) => self.rollback(),
            (Ok(()), Some(registry)) if self.writes => registry.seal(),
            (Ok(()), _) => {}
        }
        self.turn.pass();
        // What was committed to a log that is gone is acknowledged only once it is in the file.
        done.and_then(|()| if self.writes && !self.log.is_in_place() && !self.rescue() { Err(log_gone()) } else { Ok(()) })
    }

    pub fn rollback(&mut self) {
        self.ahead = None;
        self.drop_later();
        if let Some(registry) = &mut self.registry {
            registry.forget();
        }
        if !self.connection.is_autocommit()
            && let Ok(mut statement) = self.connection.prepare_cached("ROLLBACK")
        {
            // The transaction is over in any case: SQLite rolls back when the connection closes.
            let _ = statement.execute([]);
        }
        self.turn.pass();
    }

    pub fn each(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        visit: &mut dyn FnMut(&rusqlite::Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        self.write_before(sql)?;
        let mut statement = self.cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params)).map_err(failure)?;
        while let Some(row) = rows.next().map_err(failure)? {
            if !visit(row)? {
                break;
            }
        }
        Ok(())
    }

    /// `notice` says who has to notice what it writes; else the statement does, which is read only where that is registered.
    pub fn run(&mut self, notice: Option<Notice>, sql: &str, params: &[Param<'_>]) -> Result<u64> {
        self.write_before(sql)?;
        if let Some(registry) = &mut self.registry {
            registry.note(|| notice.or_else(|| Notice::of(sql)));
        }
        let count = self.cached(sql)?.execute(rusqlite::params_from_iter(params)).map_err(failure)?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Puts another database's content into this one. It holds the right to write from the first step to the last, so
    /// that others see all of it or none; a process that is killed leaves what was there.
    pub fn take_from(&mut self, path: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source = Connection::open_with_flags(path, flags).map_err(failure)?;
        self.wrote = true;
        self.erase_what_is_deleted()?;
        let backup = Backup::new(&source, &mut self.connection).map_err(failure)?;
        for times in 0.. {
            match backup.step(STEP).map_err(failure)? {
                StepResult::Done => break,
                StepResult::Busy | StepResult::Locked if !wait_for_lock(times) => return Err(busy()),
                _ => {}
            }
            let pages = |count: i32| u64::try_from(count).unwrap_or_default();
            let of = backup.progress();
            progress(pages(of.pagecount - of.remaining), pages(of.pagecount));
        }
        Ok(())
    }

    pub fn schema_version(&mut self) -> Result<i64> {
        self.connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failure)
    }

    pub fn set_schema_version(&mut self, version: i64) -> Result<()> {
        self.connection.pragma_update(None, "user_version", version).map_err(failure)
    }

    /// The names in the first column of a query.
    fn names(&self, sql: &str, of: &[&str]) -> Result<Vec<String>> {
        let mut statement = self.cached(sql)?;
        let names = statement.query_map(rusqlite::params_from_iter(of), |row| row.get(0)).map_err(failure)?;
        names.collect::<rusqlite::Result<_>>().map_err(failure)
    }

    pub fn tables(&mut self) -> Result<Vec<String>> {
        self.names("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name", &[])
    }

    pub fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        self.names("SELECT name FROM pragma_table_info(?) ORDER BY cid", &[table])
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

    /// The engine falls back to reading where it may not write; the file may also have lost its bits since it was opened.
    pub fn is_read_only(&self) -> Result<bool> {
        let opened = self.connection.is_readonly(rusqlite::MAIN_DB).map_err(failure)?;
        let file = self.connection.path().filter(|path| !path.is_empty());
        Ok(opened || file.is_some_and(|path| access(path, Access::WRITE_OK).is_err()))
    }

    /// The file, and the write-ahead log beside it.
    pub fn size(&self) -> Option<u64> {
        let log = fs::metadata(PathBuf::from(format!("{}-wal", self.path.display()))).map_or(0, |meta| meta.len());
        fs::metadata(&self.path).map(|meta| meta.len() + log).ok()
    }

    pub fn check(&mut self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check").map_err(failure)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failure)?;
        let lines = rows.collect::<rusqlite::Result<Vec<String>>>().map_err(failure)?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}

/// The column's value.
pub fn value(row: &rusqlite::Row<'_>, column: usize) -> Result<Value> {
    Ok(match row.get_ref(column).map_err(failure)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        ValueRef::Real(_) => return Err(Error::Internal(format!("column {column} holds a fraction"))),
        // Nearly all are sound: they are looked over the plain way first.
        ValueRef::Text(text) => {
            Value::Text(std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text).into_owned(), str::to_owned))
        }
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
        // SQLite tells a full disk from a quota (EDQUOT) and a file's size limit: those are errors of writing to it.
        Some((ErrorCode::DiskFull, _)) | Some((_, rusqlite::ffi::SQLITE_IOERR_WRITE | rusqlite::ffi::SQLITE_IOERR_SHMSIZE)) => {
            DbFault::Full
        }
        Some((ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _)) => DbFault::ReadOnly,
        Some((ErrorCode::CannotOpen, _)) => DbFault::Missing,
        Some((ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _)) => DbFault::Corrupt,
        _ => DbFault::Other,
    };
    Error::Db(DbError { kind, text: error.to_string() })
}
