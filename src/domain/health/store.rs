//! What the database and its folder say of their state.

use super::rules::{Memory, State};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, migrate};
use crate::feature::store::{MAINTAINED_AT, fact};
use rustix::fs::{Access, access, statvfs};
use std::io;
use std::path::Path;

/// Has anybody an account?
pub fn anybody(db: &mut Db) -> Result<bool> {
    Ok(db.one("SELECT id FROM users LIMIT 1", &[], |row| row.get::<i64>(0))?.is_some())
}

/// What the store remembers of time.
pub fn memory(db: &mut Db) -> Result<Memory> {
    let maintained = fact(db, MAINTAINED_AT)?.and_then(|text| Timestamp::parse(&text));
    Ok(Memory { made: migrate::made_at(db)?, maintained })
}

/// Can the folder's files be written?
pub fn writable(folder: &Path) -> State {
    if access(folder, Access::WRITE_OK).is_ok() { State::Ok } else { State::Fail }
}

/// Free bytes on the file system of a folder, for an account without special rights.
pub fn free_space(folder: &Path) -> io::Result<u64> {
    Ok(statvfs(folder).map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize))?)
}
