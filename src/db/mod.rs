//! The database: a handful of verbs over positional `?`, so that stores are written once.
//!
//! `sqlite.rs` and the folder `mysql` alone name their drivers. The portable subset of SQL that stores keep to is in ARCHITECTURE.md.

mod address;
mod ahead;
pub mod backup;
pub mod hints;
mod journal;
pub mod migrate;
mod mode;
#[cfg(feature = "mysql")]
mod mysql;
mod nature;
mod retry;
mod row;
pub mod rows;
mod sql;
mod sqlite;
mod upkeep;
mod value;
mod wal;

pub use address::Address;
pub use hints::Notice;
pub use journal::{Journal, journal_for, on_network};
pub use mode::Mode;
pub use retry::{retried, within};
pub use row::Row;
pub use sql::Upsert;
pub use sqlite::queue_by;
pub use value::{FromValue, Param, Value};

use crate::base::error::{DbError, DbFault, Error, Result};
use row::RowOf;
use std::path::Path;

/// Where an open database's file is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where it was opened.
    Same,
    /// Another file has taken its place.
    Other,
    /// Nowhere: its place is empty.
    Gone,
    /// Nobody can tell: the folder does not let this account in any more.
    Closed,
}

/// An open database. One transaction at a time, one caller at a time.
pub enum Db {
    /// SQLite, in a file.
    Sqlite(sqlite::Sqlite),
    /// MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    Mysql(mysql::Mysql),
    /// None: every verb that asks is an error. For work that may turn out not to need one.
    Unasked,
}

/// What is asked of [`Db::Unasked`].
fn unasked<T>() -> Result<T> {
    Err(Error::internal("a database that is not open was asked"))
}

impl Db {
    /// Opens a database that is there.
    ///
    /// # Errors
    /// [`DbFault::Missing`] when there is no such file, [`DbFault::Unreachable`] when no server lets this account in,
    /// and what else keeps it from being opened.
    pub fn open(address: &Address) -> Result<Db> {
        Ok(match address {
            Address::Sqlite(path) => Db::Sqlite(sqlite::Sqlite::open(path, false)?),
            #[cfg(feature = "mysql")]
            Address::Mysql(hosts) => Db::Mysql(mysql::Mysql::open(hosts)?),
        })
    }

    /// Opens the SQLite database in a file, and makes an empty one where there is none.
    ///
    /// # Errors
    /// What keeps it from being opened or made.
    pub fn sqlite_create(path: &Path, journal: Journal) -> Result<Db> {
        let mut db = Db::Sqlite(sqlite::Sqlite::open(path, true)?);
        db.settle(if journal == Journal::Auto { Journal::Wal } else { journal })?;
        Ok(db)
    }

    /// Gives a SQLite database the journal that is wanted and that its file system allows.
    ///
    /// # Errors
    /// [`DbFault::Busy`] while others use it.
    pub fn settle(&mut self, journal: Journal) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.set_journal(journal),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => Ok(()),
            Db::Unasked => Ok(()),
        }
    }

    /// Lets go of the database at the end of the process, as fast as that can be done.
    pub fn leave(self) {
        match self {
            Db::Sqlite(db) => db.leave(),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => {}
            Db::Unasked => {}
        }
    }

    /// Is the file still in its place?
    pub fn place(&self) -> Place {
        match self {
            Db::Sqlite(db) => db.place(),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => Place::Same,
            Db::Unasked => Place::Same,
        }
    }

    /// Starts a transaction.
    ///
    /// # Errors
    /// [`DbFault::Busy`] when the right to write was not to be had within the busy time-out, in [`Mode::Spare`] soon.
    pub fn begin(&mut self, mode: Mode) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.begin(mode),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.begin(mode),
            Db::Unasked => unasked(),
        }
    }

    /// Makes the transaction last. When this returns without an error, the data are on the disk.
    ///
    /// # Errors
    /// When they are not; the transaction is undone then.
    pub fn commit(&mut self) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.commit(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.commit(),
            Db::Unasked => unasked(),
        }
    }

    /// Undoes the transaction, if one is open. Never fails: a connection that cannot roll back is closed by its owner.
    pub fn rollback(&mut self) {
        match self {
            Db::Sqlite(db) => db.rollback(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.rollback(),
            Db::Unasked => {}
        }
    }

    /// Undoes the transaction and answers whether it was whole until then. What was found in one that was not, such as the
    /// absence of what it had just written, must not be believed.
    ///
    /// # Errors
    /// [`DbFault::Retry`] when the server had undone it before.
    pub fn abandon(&mut self) -> Result<()> {
        match self {
            Db::Sqlite(db) => {
                db.rollback();
                Ok(())
            }
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.abandon(),
            Db::Unasked => unasked(),
        }
    }

    /// Every row of a query.
    pub fn all<T>(&mut self, sql: &str, params: &[Param<'_>], mut read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.each(sql, params, &mut |row| {
            rows.push(read(row)?);
            Ok(true)
        })?;
        Ok(rows)
    }

    /// The first row of a query, if there is one.
    pub fn one<T>(&mut self, sql: &str, params: &[Param<'_>], read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<Option<T>> {
        first(read, |visit| self.each(sql, params, visit))
    }

    /// Calls `visit` with each row until it answers `false`.
    pub fn each(&mut self, sql: &str, params: &[Param<'_>], visit: &mut dyn FnMut(&Row<'_>) -> Result<bool>) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.each(sql, params, &mut |row| visit(&RowOf::Sqlite(row).row())),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.each(sql, params, &mut |row| visit(&RowOf::Mysql(row).row())),
            Db::Unasked => unasked(),
        }
    }

    /// The first row of a query, and every row of a table that it was put together from, locked until the transaction
    /// ends. Called before anything of them is read that the transaction builds on. SQLite: the write transaction holds
    /// the lock already.
    pub fn lock_row<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        match self {
            Db::Sqlite(_) => self.one(sql, params, read),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => first(read, |visit| db.each_locked(sql, params, &mut |row| visit(&RowOf::Mysql(row).row()))),
            Db::Unasked => unasked(),
        }
    }

    /// Runs a statement; answers how many rows it matched.
    pub fn run(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64> {
        match self {
            Db::Sqlite(db) => db.run(None, sql, params),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.run(sql, params),
            Db::Unasked => unasked(),
        }
    }

    /// Runs a statement of a migration, which counts its own from 1, in [`Mode::Define`]. A table is clustered by its
    /// primary key.
    #[cfg_attr(not(feature = "mysql"), expect(unused_variables, reason = "SQLite undoes a whole migration"))]
    pub fn define(&mut self, version: i64, number: i64, sql: &str) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.run(Some(Notice::Everybody), &sqlite::definition(sql), &[]).map(drop),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.define(version, number, sql),
            Db::Unasked => unasked(),
        }
    }

    /// Inserts a row or replaces its values. Answers nothing: the engines count differently.
    pub fn put(&mut self, upsert: &Upsert, params: &[Param<'_>]) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.put(None, upsert, params),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.put(upsert, params),
            Db::Unasked => unasked(),
        }
    }

    /// Runs an insertion of one row, where rows are gathered many in one statement: on a server before anything else is asked or written,
    /// in SQLite before what names their table. Whoever looks for it finds it. Rows lie in the order of one of the columns.
    pub fn add_later(&mut self, sql: &'static str, near: usize, params: &[Param<'_>]) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.add(sql, near, params),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.add(sql, params),
            Db::Unasked => unasked(),
        }
    }

    /// As [`put`](Db::put), but as late as [`add_later`](Db::add_later).
    pub fn put_later(&mut self, upsert: &'static Upsert, params: &[Param<'_>]) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.put_later(upsert, params),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.put_later(upsert, params),
            Db::Unasked => unasked(),
        }
    }

    /// Do rows wait, so that many are looked up and written at once? On a server always, else while [`hold`](Db::hold) says so.
    pub fn gathers(&self) -> bool {
        match self {
            Db::Sqlite(db) => db.gathers(),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => true,
            Db::Unasked => false,
        }
    }

    /// Holds more of the database in memory, for a transaction that writes much, or no more than usual again; a server has its own.
    pub fn hold(&mut self, more: bool) -> Result<()> {
        if let Db::Sqlite(db) = self { db.hold(more) } else { Ok(()) }
    }

    /// The version of the newest migration that was applied; 0 for an empty database.
    pub fn schema_version(&mut self) -> Result<i64> {
        match self {
            Db::Sqlite(db) => db.schema_version(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.schema_version(),
            Db::Unasked => unasked(),
        }
    }

    /// Remembers the version of the newest migration, once its row in `migrations` is written.
    pub fn set_schema_version(&mut self, version: i64) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.set_schema_version(version),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.forget_steps(),
            Db::Unasked => unasked(),
        }
    }

    /// The names of the tables, in order.
    pub fn tables(&mut self) -> Result<Vec<String>> {
        match self {
            Db::Sqlite(db) => db.tables(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.tables(),
            Db::Unasked => unasked(),
        }
    }

    /// The names of a table's columns, in their order.
    pub fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        match self {
            Db::Sqlite(db) => db.columns(table),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.columns(table),
            Db::Unasked => unasked(),
        }
    }

    /// Facts about the engine for the operator: name, version, and settings that matter.
    pub fn facts(&mut self) -> Result<Vec<(&'static str, String)>> {
        match self {
            Db::Sqlite(db) => db.facts(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.facts(),
            Db::Unasked => unasked(),
        }
    }

    /// Can nothing be written to the store, whatever its folder allows?
    pub fn is_read_only(&mut self) -> Result<bool> {
        match self {
            Db::Sqlite(db) => db.is_read_only(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.is_read_only(),
            Db::Unasked => unasked(),
        }
    }

    /// How many bytes the store takes, its journal too, as far as anybody can tell.
    pub fn size(&mut self) -> Result<Option<u64>> {
        match self {
            Db::Sqlite(db) => Ok(db.size()),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.size(),
            Db::Unasked => unasked(),
        }
    }

    /// Looks the whole store over for damage; an empty list is a sound store.
    pub fn check(&mut self) -> Result<Vec<String>> {
        match self {
            Db::Sqlite(db) => db.check(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.check(),
            Db::Unasked => unasked(),
        }
    }

    /// Is this an error after which the connection should be opened anew?
    pub fn is_lost(error: &Error) -> bool {
        matches!(error, Error::Db(DbError { kind: DbFault::Missing | DbFault::Corrupt | DbFault::ReadOnly | DbFault::Other, .. }))
    }
}

/// What `walk` visits.
type Visit<'v> = &'v mut dyn FnMut(&Row<'_>) -> Result<bool>;

/// Reads the first row that `walk` comes by.
fn first<T>(read: impl FnOnce(&Row<'_>) -> Result<T>, walk: impl FnOnce(Visit<'_>) -> Result<()>) -> Result<Option<T>> {
    let (mut read, mut found) = (Some(read), None);
    walk(&mut |row| {
        if let Some(read) = read.take() {
            found = Some(read(row)?);
        }
        Ok(false)
    })?;
    Ok(found)
}
