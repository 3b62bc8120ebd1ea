//! The feed in the database: one indexed range answers a poll, whatever the number of kinds.

use super::rules::Change;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Row};
use crate::feature::Settings;
use crate::params;

/// Tenants whose tombstones are purged in one transaction.
const TENANTS: i64 = 200;

fn change(row: &Row<'_>) -> Result<Change> {
    Ok(Change { kind: row.get(0)?, id: row.get(1)?, stamp: row.get(2)?, deleted: row.get(3)? })
}

/// Every change after an instant, oldest first.
pub fn since(db: &mut Db, tenant: i64, since: Timestamp) -> Result<Vec<Change>> {
    let sql = "SELECT kind, id, stamp, deleted FROM changes WHERE tenant = ? AND stamp > ? ORDER BY stamp";
    db.all(sql, params![tenant, since], change)
}

/// The first changes after an instant, oldest first.
pub fn first(db: &mut Db, tenant: i64, since: Timestamp, limit: usize) -> Result<Vec<Change>> {
    let sql = "SELECT kind, id, stamp, deleted FROM changes WHERE tenant = ? AND stamp > ? ORDER BY stamp LIMIT ?";
    db.all(sql, params![tenant, since, i64::try_from(limit).unwrap_or(i64::MAX)], change)
}

/// Every change of one stamp.
pub fn at(db: &mut Db, tenant: i64, stamp: Timestamp) -> Result<Vec<Change>> {
    let sql = "SELECT kind, id, stamp, deleted FROM changes WHERE tenant = ? AND stamp = ?";
    db.all(sql, params![tenant, stamp], change)
}

/// Everything alive that was changed up to an instant, oldest change first.
pub fn alive(db: &mut Db, tenant: i64, until: Timestamp) -> Result<Vec<Change>> {
    let sql = "SELECT kind, id, stamp, deleted FROM changes WHERE tenant = ? AND stamp <= ? AND deleted = 0 ORDER BY stamp";
    db.all(sql, params![tenant, until], change)
}

/// Deletes tombstones that are older than the operator keeps them, and moves the tenants' horizons to the newest of
/// them: an older cursor is told to start over.
pub fn purge(db: &mut Db, settings: &Settings, now: Timestamp) -> Result<u64> {
    let before = now.plus(-settings.tombstones);
    let sql = "SELECT tenant, MAX(stamp) FROM changes WHERE deleted = 1 AND stamp < ? GROUP BY tenant ORDER BY tenant LIMIT ?";
    let old = db.all(sql, params![before, TENANTS], |row| Ok((row.get::<i64>(0)?, row.get::<Timestamp>(1)?)))?;
    let mut purged = 0;
    for (tenant, newest) in old {
        db.run("UPDATE tenants SET horizon = ? WHERE id = ? AND horizon < ?", params![newest, tenant, newest])?;
        purged += db.run("DELETE FROM changes WHERE tenant = ? AND deleted = 1 AND stamp <= ?", params![tenant, newest])?;
    }
    Ok(purged)
}
