//! The database: a handful of verbs over positional `?`, so that stores are written once.
//!
//! `sqlite.rs` and the folder `mysql` alone name their drivers. The portable subset of SQL that stores keep to is in ARCHITECTURE.md.

mod address;
mod ahead;
pub mod backup;
pub mod migrate;
mod mode;
#[cfg(feature = "mysql")]
mod mysql;
mod retry;
pub mod rows;
mod sqlite;
mod upkeep;
mod value;
mod wal;

pub use address::Address;
pub use mode::Mode;
pub use retry::{retried, within};
pub use sqlite::{journal_for, on_network};
pub use value::{FromValue, Param, Value};

use crate::base::error::{DbError, DbFault, Error, Result};
use std::path::Path;

/// How SQLite keeps a transaction whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Journal {
    /// As it is; a new database gets [`Journal::Wal`], except from a CGI program.
    #[default]
    Auto,
    /// A write-ahead log: readers and a writer do not wait for each other. Best for processes that stay.
    Wal,
    /// A rollback journal: nothing beside the database is opened to read it, so a CGI process starts sooner and a read
    /// writes nothing at all.
    Rollback,
}

/// One row of an answer.
pub struct Row<'r>(RowOf<'r>);

enum RowOf<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    #[cfg(feature = "mysql")]
    Mysql(&'r mysql::Found),
}

impl Row<'_> {
    /// The column's value, counted from 0.
    ///
    /// # Errors
    /// When the column holds another type than asked for: a statement and its reader disagree. [`crate::base::memory::hold`]'s.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        let value = match &self.0 {
            RowOf::Sqlite(row) => sqlite::value(row, column)?,
            #[cfg(feature = "mysql")]
            RowOf::Mysql(row) => mysql::value(row, column)?,
        };
        T::from_value(value.counted()?).ok_or_else(|| Error::Internal(format!("column {column} has an unexpected type")))
    }
}

/// `params![a, b]`: bound values in the order of the statement's `?`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Param::from($value)),*] };
}

/// The one text of the columns that a reader reads: `columns!(goals: "SELECT id, title FROM goals")` makes a macro by which
/// each statement ends the text, `goals!("WHERE tenant = ? AND id = ?")`. Another list may go on:
/// `columns!(listed: goals, ", stamp")`. It is a literal to the compiler, and to the rules that read SQL.
#[macro_export]
macro_rules! columns {
    ($name:ident: $($text:tt)+) => { $crate::columns! { @ ($) $name $($text)+ } };
    (@ ($d:tt) $name:ident $text:literal) => {
        macro_rules! $name {
            ($d($d rest:literal),+) => { concat!($text, $d(" ", $d rest),+) };
        }
    };
    (@ ($d:tt) $name:ident $base:ident, $text:literal) => {
        macro_rules! $name {
            ($d($d rest:literal),+) => { $base!($text, $d($d rest),+) };
        }
    };
}

/// A row that is inserted, or replaces the values of the row with the same key.
#[derive(Debug)]
pub struct Upsert {
    /// The table.
    pub table: &'static str,
    /// The columns of its primary key; bound first.
    pub key: &'static [&'static str],
    /// The other columns that are written; bound after the key.
    pub set: &'static [&'static str],
}

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
        }
    }

    /// Lets go of the database at the end of the process, as fast as that can be done.
    pub fn leave(self) {
        match self {
            Db::Sqlite(db) => db.leave(),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => {}
        }
    }

    /// Is the file still in its place?
    pub fn place(&self) -> Place {
        match self {
            Db::Sqlite(db) => db.place(),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => Place::Same,
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
        }
    }

    /// Is the one that writes alone in the whole store? Else only rows are locked.
    pub fn writes_alone(&self) -> bool {
        matches!(self, Db::Sqlite(_))
    }

    /// May a snapshot of [`Mode::Recent`] lack what was acknowledged? On a node of a cluster.
    pub fn may_lag(&self) -> bool {
        match self {
            Db::Sqlite(_) => false,
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.is_clustered(),
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
        }
    }

    /// Undoes the transaction, if one is open. Never fails: a connection that cannot roll back is closed by its owner.
    pub fn rollback(&mut self) {
        match self {
            Db::Sqlite(db) => db.rollback(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.rollback(),
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
            Db::Sqlite(db) => db.each(sql, params, &mut |row| visit(&Row(RowOf::Sqlite(row)))),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.each(sql, params, &mut |row| visit(&Row(RowOf::Mysql(row)))),
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
            Db::Mysql(db) => first(read, |visit| db.each_locked(sql, params, &mut |row| visit(&Row(RowOf::Mysql(row))))),
        }
    }

    /// Runs a statement; answers how many rows it matched.
    pub fn run(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64> {
        match self {
            Db::Sqlite(db) => db.run(sql, params),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.run(sql, params),
        }
    }

    /// Runs a statement of a migration, which counts its own from 1, in [`Mode::Define`]. A table is clustered by its
    /// primary key.
    #[cfg_attr(not(feature = "mysql"), expect(unused_variables, reason = "SQLite undoes a whole migration"))]
    pub fn define(&mut self, version: i64, number: i64, sql: &str) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.run(&sqlite::definition(sql), &[]).map(drop),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.define(version, number, sql),
        }
    }

    /// Inserts a row or replaces its values. Answers nothing: the engines count differently.
    pub fn put(&mut self, upsert: &Upsert, params: &[Param<'_>]) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.put(upsert, params),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.put(upsert, params),
        }
    }

    /// The version of the newest migration that was applied; 0 for an empty database.
    pub fn schema_version(&mut self) -> Result<i64> {
        match self {
            Db::Sqlite(db) => db.schema_version(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.schema_version(),
        }
    }

    /// Remembers the version of the newest migration, once its row in `migrations` is written.
    pub fn set_schema_version(&mut self, version: i64) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.set_schema_version(version),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.forget_steps(),
        }
    }

    /// The names of the tables, in order.
    pub fn tables(&mut self) -> Result<Vec<String>> {
        match self {
            Db::Sqlite(db) => db.tables(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.tables(),
        }
    }

    /// The names of a table's columns, in their order.
    pub fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        match self {
            Db::Sqlite(db) => db.columns(table),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.columns(table),
        }
    }

    /// Facts about the engine for the operator: name, version, and settings that matter.
    pub fn facts(&mut self) -> Result<Vec<(&'static str, String)>> {
        match self {
            Db::Sqlite(db) => db.facts(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.facts(),
        }
    }

    /// Can nothing be written to the store, whatever its folder allows?
    pub fn is_read_only(&mut self) -> Result<bool> {
        match self {
            Db::Sqlite(db) => db.is_read_only(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.is_read_only(),
        }
    }

    /// How many bytes the store takes, its journal too, as far as anybody can tell.
    pub fn size(&mut self) -> Result<Option<u64>> {
        match self {
            Db::Sqlite(db) => Ok(db.size()),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.size(),
        }
    }

    /// Looks the whole store over for damage; an empty list is a sound store.
    pub fn check(&mut self) -> Result<Vec<String>> {
        match self {
            Db::Sqlite(db) => db.check(),
            #[cfg(feature = "mysql")]
            Db::Mysql(db) => db.check(),
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
