//! What a connection does with the hint file.

use super::Notice;
use crate::base::error::Result;
use crate::db::{Db, Param, Upsert};

impl Db {
    /// Runs a statement that changes what admission reads, and says who has to notice.
    ///
    /// # Errors
    /// The database's.
    pub fn run_for(&mut self, notice: Notice, sql: &str, params: &[Param<'_>]) -> Result<u64> {
        match self {
            Db::Sqlite(db) => db.run(Some(notice), sql, params),
            other => other.run(sql, params),
        }
    }

    /// Writes a row as [`Db::put`] does, and says who has to notice.
    ///
    /// # Errors
    /// The database's.
    pub fn put_for(&mut self, notice: Notice, upsert: &Upsert, params: &[Param<'_>]) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.put(Some(notice), upsert, params),
            other => other.put(upsert, params),
        }
    }

    /// Registers and seals what is written from now on.
    pub fn keep_hints(&mut self) {
        if let Db::Sqlite(db) = self {
            db.keep_hints();
        }
    }
}
