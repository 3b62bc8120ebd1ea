//! The rows that are too many for the API's routes.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::params;

/// The tenant that a user is in.
pub fn tenant_of(db: &mut Db, user: i64) -> Result<Option<i64>> {
    db.one("SELECT tenant FROM members WHERE user_id = ?", params![user], |row| row.get(0))
}

/// Adds a live goal to the feed, without the goal.
pub fn add(db: &mut Db, tenant: i64, id: &str, stamp: Timestamp) -> Result<()> {
    let sql = "INSERT INTO changes (tenant, kind, id, stamp, deleted) VALUES (?, 'goals', ?, ?, 0)";
    db.run(sql, params![tenant, id, stamp]).map(drop)
}
