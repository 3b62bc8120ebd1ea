//! What is done with the store's files as a whole, where they are its own.

use super::Db;
use crate::base::error::Result;

impl Db {
    /// From now on it is the store that is served: writers wait in turn, and a commit outlasts a loss of power.
    pub fn serve(&mut self) {
        if let Db::Sqlite(db) = self {
            db.serve();
        }
    }

    /// Empties the write-ahead log, where there is one, unless others read or write just now: `false` then.
    pub fn empty_log(&mut self) -> Result<bool> {
        match self {
            Db::Sqlite(db) => db.empty_log(),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => Ok(true),
            Db::Unasked => Ok(true),
        }
    }

    /// The bytes of the store's own file, and those of them that are free; nothing where a server keeps it.
    pub fn pages(&mut self) -> Result<Option<(u64, u64)>> {
        match self {
            Db::Sqlite(db) => db.pages().map(Some),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => Ok(None),
            Db::Unasked => Ok(None),
        }
    }

    /// Builds the store's own file anew, in which nobody writes meanwhile. Nothing else than the operator's command does it.
    pub fn compact(&mut self) -> Result<()> {
        match self {
            Db::Sqlite(db) => db.compact(),
            #[cfg(feature = "mysql")]
            Db::Mysql(_) => Ok(()),
            Db::Unasked => Ok(()),
        }
    }
}
