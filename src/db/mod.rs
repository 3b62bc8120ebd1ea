//! The database: a handful of verbs over positional `?`, so that stores are written once.
//!
//! `sqlite.rs` alone names its driver. The portable subset of SQL that stores keep to is in ARCHITECTURE.md.

pub mod backup;
pub mod migrate;
mod sqlite;
mod value;

pub use sqlite::{journal_for, on_network};
pub use value::{FromValue, Param, Value};

use crate::base::error::{DbError, DbFault, Error, Result};
use std::path::Path;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One snapshot for every statement; nothing is written.
    Read,
    /// Writes, with the right to write taken at the start (SQLite: `BEGIN IMMEDIATE`), so that what is read stays true.
    Write,
}

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
}

impl Row<'_> {
    /// The column's value, counted from 0.
    ///
    /// # Errors
    /// When the column holds another type than asked for: a statement and its reader disagree.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        let value = match &self.0 {
            RowOf::Sqlite(row) => sqlite::value(row, column)?,
        };
        T::from_value(value).ok_or_else(|| Error::Internal(format!("column {column} has an unexpected type")))
    }
}

/// `params![a, b]`: bound values in the order of the statement's `?`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Param::from($value)),*] };
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
}

/// An open database. One transaction at a time, one caller at a time.
pub enum Db {
    /// SQLite, in a file.
    Sqlite(sqlite::Sqlite),
}

impl Db {
    /// Opens the SQLite database in a file that exists.
    ///
    /// # Errors
    /// [`DbFault::Missing`] when there is no such file, and what else keeps it from being opened.
    pub fn sqlite(path: &Path) -> Result<Db> {
        Ok(Db::Sqlite(sqlite::Sqlite::open(path, false)?))
    }

    /// Opens the SQLite database in a file, and makes an empty one where there is none.
    ///
    /// # Errors
    /// What keeps it from being opened or made.
    pub fn sqlite_create(path: &Path, journal: Journal) -> Result<Db> {
        let mut db = Db::Sqlite(sqlite::Sqlite::open(path, true)?);
        db.settle(path, if journal == Journal::Auto { Journal::Wal } else { journal })?;
        Ok(db)
    }

    /// Gives the database of this file the journal that is wanted and that its file system allows.
    ///
    /// # Errors
    /// [`DbFault::Busy`] while others use it.
    pub fn settle(&mut self, path: &Path, journal: Journal) -> Result<()> {
        match self {
            Db::Sqlite(db) => journal_for(path, journal).map_or(Ok(()), |mode| db.set_journal(mode)),
        }
    }

    /// Lets go of the database at the end of the process, as fast as that can be done.
    pub fn leave(self) {
        match self {
            Db::Sqlite(db) => db.leave(),
        }
    }

    /// Is the file still in its place?
    pub fn place(&self) -> Place {
        match self {
            Db::Sqlite(db) => db.place(),
        }
    }

    /// Starts a transaction.
    ///
    /// # Errors
    /// [`DbFault::Busy`] when the right to write was not to be had within the busy time-out.
    pub fn begin(&mut self, mode: Mode) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.begin(mode),
        }
    }

    /// Makes the transaction last. When this returns without an error, the data are on the disk.
    ///
    /// # Errors
    /// When they are not; the transaction is undone then.
    pub fn commit(&mut self) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.commit(),
        }
    }

    /// Undoes the transaction, if one is open. Never fails: a connection that cannot roll back is closed by its owner.
    pub fn rollback(&mut self) {
        match self {
            Db::Sqlite(db) => db.rollback(),
        }
    }

    /// Every row of a query.
    ///
    /// # Errors
    /// The engine's.
    pub fn all<T>(&mut self, sql: &str, params: &[Param<'_>], mut read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.each(sql, params, &mut |row| {
            rows.push(read(row)?);
            Ok(true)
        })?;
        Ok(rows)
    }

    /// The first row of a query, if there is one.
    ///
    /// # Errors
    /// The engine's.
    pub fn one<T>(&mut self, sql: &str, params: &[Param<'_>], read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<Option<T>> {
        let (mut read, mut found) = (Some(read), None);
        self.each(sql, params, &mut |row| {
            if let Some(read) = read.take() {
                found = Some(read(row)?);
            }
            Ok(false)
        })?;
        Ok(found)
    }

    /// Calls `visit` with each row until it answers `false`.
    ///
    /// # Errors
    /// The engine's, or the visitor's.
    pub fn each(&mut self, sql: &str, params: &[Param<'_>], visit: &mut dyn FnMut(&Row<'_>) -> Result<bool>) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.each(sql, params, &mut |row| visit(&Row(RowOf::Sqlite(row)))),
        }
    }

    /// The first row of a query, locked until the transaction ends. Called before anything of it is read that the
    /// transaction builds on. SQLite: the write transaction holds the lock already.
    ///
    /// # Errors
    /// The engine's.
    pub fn lock_row<T>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        match self {
            Db::Sqlite(_) => self.one(sql, params, read),
        }
    }

    /// Runs a statement; answers how many rows it matched.
    ///
    /// # Errors
    /// The engine's.
    pub fn run(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64> {
        match self {
            Db::Sqlite(db) => db.run(sql, params),
        }
    }

    /// Runs a statement that defines a table or an index. A table is clustered by its primary key, as in MariaDB.
    ///
    /// # Errors
    /// The engine's.
    pub fn define(&mut self, sql: &str) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.run(&sqlite::definition(sql), &[]).map(drop),
        }
    }

    /// Inserts a row or replaces its values. Answers nothing: the engines count differently.
    ///
    /// # Errors
    /// The engine's.
    pub fn put(&mut self, upsert: &Upsert, params: &[Param<'_>]) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.put(upsert, params),
        }
    }

    /// The version of the newest migration that was applied; 0 for an empty database.
    ///
    /// # Errors
    /// The engine's.
    pub fn schema_version(&mut self) -> Result<i64> {
        match self {
            Db::Sqlite(db) => db.schema_version(),
        }
    }

    /// Remembers the version of the newest migration. Part of the migration's transaction.
    ///
    /// # Errors
    /// The engine's.
    pub fn set_schema_version(&mut self, version: i64) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.set_schema_version(version),
        }
    }

    /// Facts about the engine for the operator: name, version, and settings that matter.
    ///
    /// # Errors
    /// The engine's.
    pub fn facts(&mut self) -> Result<Vec<(&'static str, String)>> {
        match self {
            Db::Sqlite(db) => db.facts(),
        }
    }

    /// Looks the whole store over for damage; an empty list is a sound store.
    ///
    /// # Errors
    /// The engine's.
    pub fn check(&mut self) -> Result<Vec<String>> {
        match self {
            Db::Sqlite(db) => db.check(),
        }
    }

    /// Is this an error after which the connection should be opened anew?
    pub fn is_lost(error: &Error) -> bool {
        matches!(error, Error::Db(DbError { kind: DbFault::Missing | DbFault::Corrupt | DbFault::ReadOnly | DbFault::Other, .. }))
    }
}
