//! What moved in the feed, as it wakes devices.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::params;

/// A change that somebody else made.
pub struct Change {
    /// Its list.
    pub kind: String,
    /// When it was made.
    pub stamp: Timestamp,
    /// Is it a deletion?
    pub deleted: bool,
    /// The object's version, where it has any.
    pub version: Option<i64>,
}

/// So many are looked at: more than that wake nobody sooner, and are not counted.
const MOST: i64 = 1_000;

/// What was changed after an instant and up to another, but by this author, oldest first.
pub fn changes(db: &mut Db, tenant: i64, after: Timestamp, until: Timestamp, but: i64) -> Result<Vec<Change>> {
    let sql = "SELECT kind, stamp, deleted, version FROM changes \
         WHERE tenant = ? AND stamp > ? AND stamp <= ? AND author <> ? ORDER BY stamp LIMIT ?";
    db.all(sql, params![tenant, after, until, but, MOST], |row| {
        Ok(Change { kind: row.get(0)?, stamp: row.get(1)?, deleted: row.get(2)?, version: row.get(3)? })
    })
}
