//! What a connection does with the hint file.

use super::Notice;
use crate::base::error::Result;
use crate::db::{Db, Param};

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

    /// Registers and seals what is written from now on.
    pub fn keep_hints(&mut self) {
        if let Db::Sqlite(db) = self {
            db.keep_hints();
        }
    }
}
