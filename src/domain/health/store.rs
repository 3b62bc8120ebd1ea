//! What the database and its folder say of their state.

use super::rules::{Memory, State};
use crate::base::error::Result;
use crate::base::time::{CLOCKS_APART, Timestamp};
use crate::db::{Db, Row, migrate};
use crate::feature::store::{MAINTAINED_AT, ahead, fact};
use crate::params;
use rustix::fs::{Access, access, statvfs};
use std::io;
use std::path::Path;

/// Has anybody an account?
pub fn anybody(db: &mut Db) -> Result<bool> {
    Ok(db.one("SELECT id FROM users LIMIT 1", &[], |row| row.get::<i64>(0))?.is_some())
}

/// What the store remembers of time.
pub fn memory(db: &mut Db, now: Timestamp) -> Result<Memory> {
    let maintained = fact(db, MAINTAINED_AT)?.and_then(|text| Timestamp::parse(&text));
    Ok(Memory { made: migrate::made_at(db)?, maintained, ahead: is_ahead(db, now)? })
}

/// Does something lie in the future that maintenance bounds?
fn is_ahead(db: &mut Db, now: Timestamp) -> Result<bool> {
    let Some(ahead) = ahead(db, now)? else { return Ok(false) };
    let sessions = "SELECT COUNT(*) FROM sessions WHERE created_at > ? OR rotated_at > ? OR successor_at > ?";
    let others = [
        "SELECT COUNT(*) FROM invites WHERE created_at > ?",
        "SELECT COUNT(*) FROM users WHERE created_at > ?",
        "SELECT COUNT(*) FROM tenants WHERE created_at > ?",
    ];
    let mut found = db.one(sessions, params![ahead, ahead, ahead], |row| row.get::<i64>(0))?.unwrap_or_default();
    for sql in others {
        found += db.one(sql, params![ahead], |row| row.get::<i64>(0))?.unwrap_or_default();
    }
    Ok(found > 0)
}

/// How many couples and teams have a clock that runs ahead, and the furthest of them.
pub fn clocks_ahead(db: &mut Db, now: Timestamp) -> Result<(i64, Timestamp)> {
    let sql = "SELECT COUNT(*), MAX(clock) FROM tenants WHERE clock > ?";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<Option<Timestamp>>(1)?.unwrap_or_default()));
    Ok(db.one(sql, params![now.plus(CLOCKS_APART)], read)?.unwrap_or_default())
}

/// Can the database be written, and files beside it?
pub fn writable(db: &mut Db, folder: &Path) -> Result<State> {
    let closed = access(folder, Access::WRITE_OK).is_err() || db.is_read_only()?;
    Ok(if closed { State::Fail } else { State::Ok })
}

/// Free bytes on the file system of a folder, for an account without special rights.
pub fn free_space(folder: &Path) -> io::Result<u64> {
    Ok(statvfs(folder).map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize))?)
}
