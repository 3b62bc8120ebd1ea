//! A transaction that is begun before it is asked for: what is looked at when a database is opened is looked at inside it.
//!
//! SQLite locks the file, and looks whether a journal is left, for each statement outside of a transaction. As CGI a process
//! looked at the schema's version, at the schema, and then answered from a third snapshot.

use super::{Db, Mode};
use crate::base::error::Result;

impl Db {
    /// Begins the transaction that will be asked for next: [`Db::begin`] goes on with it if it is of that kind, and else gives
    /// it up. A server's transactions are begun when they are asked for.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub fn begin_ahead(&mut self, mode: Mode) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.begin_ahead(mode),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => Ok(()),
            Db::Unasked => Ok(()),
        }
    }
}
