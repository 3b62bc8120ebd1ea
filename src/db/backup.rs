//! The whole store as a file, and a file as the whole store.

use super::{Address, Db, Journal};
use crate::base::error::{Error, Result};
use crate::params;
use std::path::Path;

/// Opens the database in a file that holds a copy.
pub fn open(path: &Path) -> Result<Db> {
    Db::open(&Address::Sqlite(path.to_owned()))
}

/// Is the store kept by a server, not in a file? Its rows are copied one by one then.
pub fn is_served(db: &Db) -> bool {
    match db {
        Db::Sqlite(_) => false,
        #[cfg(feature = "mysql")]
        Db::Mysql(_) => true,
        Db::Unasked => false,
    }
}

/// Writes a copy of the whole store in a file, as it is at one instant, into an empty file, while others read and write. It holds
/// nothing that was deleted.
///
/// # Errors
/// The engine's, which names a store that is damaged.
pub fn copy(db: &mut Db, to: &Path) -> Result<()> {
    let file = to.to_str().ok_or_else(|| Error::NotReady(format!("{} is not UTF-8", to.display())))?;
    match db {
        Db::Sqlite(_) => db.run("VACUUM INTO ?", params![file]).map(drop),
        #[cfg(feature = "mysql")]
        Db::Mysql(_) => Err(Error::internal("no file")),
        Db::Unasked => Err(Error::internal("no file")),
    }
}

/// Puts what a file holds in the place of everything in the store, in one transaction; `progress` is told how many pages
/// of how many are there. Others go on with what was there before until all of it has come.
///
/// # Errors
/// The engine's; the store is as it was then.
pub fn replace(db: &mut Db, from: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
    // The mark of a write-ahead log would be copied too.
    open(from)?.settle(Journal::Rollback)?;
    match db {
        Db::Sqlite(db) => db.take_from(from, progress),
        #[cfg(feature = "mysql")]
        Db::Mysql(_) => Err(Error::internal("no file")),
        Db::Unasked => Err(Error::internal("no file")),
    }
}

/// The tables and how many rows each holds.
pub fn counts(db: &mut Db) -> Result<Vec<(String, i64)>> {
    db.tables()?.into_iter().map(|table| rows(db, &table).map(|rows| (table, rows))).collect()
}

fn rows(db: &mut Db, table: &str) -> Result<i64> {
    Ok(db.one(&format!("SELECT COUNT(*) FROM {table}"), &[], |row| row.get(0))?.unwrap_or_default())
}
