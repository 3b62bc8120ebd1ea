//! The figures of hours in the database, and the uploads that they sum up. Maintenance looks over all tenants at once.

use super::figures::{Conflicts, Figures, Snapshot, Upload};
use crate::base::error::{Error, Result};
use crate::base::time::{HOUR, Timestamp};
use crate::db::{Db, Row, Upsert};
use crate::domain::devices::rules::Counts;
use crate::http::paging::Span;
use crate::{columns, params};

/// Calls `visit` with the stamp of each upload before an instant.
pub fn stamps(db: &mut Db, before: Timestamp, visit: &mut dyn FnMut(Timestamp)) -> Result<()> {
    db.each("SELECT stamp FROM uploads WHERE stamp < ?", params![before], &mut |row| {
        visit(row.get(0)?);
        Ok(true)
    })
}

/// The uploads of an hour.
pub fn uploads(db: &mut Db, hour: Timestamp) -> Result<Vec<Upload>> {
    let sql =
        "SELECT tenant, user_id, device, items, synced, conflicts, bytes, micros FROM uploads WHERE stamp >= ? AND stamp < ?";
    db.all(sql, params![hour, hour.plus(HOUR)], |row| {
        let counts = Counts { items: row.get(3)?, synced: row.get(4)?, conflicts: row.get(5)? };
        let (bytes, micros) = (row.get(6)?, row.get(7)?);
        Ok(Upload { tenant: row.get(0)?, user: row.get(1)?, device: row.get(2)?, counts, bytes, micros })
    })
}

/// The conflicts of an hour.
pub fn conflicts(db: &mut Db, hour: Timestamp) -> Result<Vec<Conflicts>> {
    let sql = "SELECT tenant, domain, COUNT(*) FROM conflicts WHERE created_at >= ? AND created_at < ? GROUP BY tenant, domain";
    db.all(sql, params![hour, hour.plus(HOUR)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

const FIGURES: Upsert = Upsert { table: "snapshots", key: &["hour", "tenant"], set: &["figures"] };

/// Writes the figures of an hour, or writes them anew.
pub fn put(db: &mut Db, hour: Timestamp, tenant: i64, figures: &Figures) -> Result<()> {
    let text = serde_json::to_string(figures).map_err(Error::internal)?;
    db.put(&FIGURES, params![hour, tenant, &text])
}

columns!(snapshots: "SELECT hour, figures FROM snapshots");

fn snapshot(row: &Row<'_>) -> Result<Snapshot> {
    let figures = serde_json::from_str(&row.get::<String>(1)?).map_err(Error::internal)?;
    Ok(Snapshot { hour: row.get(0)?, figures })
}

/// How many hours of a tenant were summed up.
pub fn number(db: &mut Db, tenant: i64) -> Result<i64> {
    let found = db.one("SELECT COUNT(*) FROM snapshots WHERE tenant = ?", params![tenant], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// A part of a tenant's hours, before another hour, newest first.
pub fn part(db: &mut Db, tenant: i64, before: Timestamp, span: Span) -> Result<Vec<Snapshot>> {
    let sql = snapshots!("WHERE tenant = ? AND hour < ? ORDER BY hour DESC LIMIT ? OFFSET ?");
    db.all(sql, params![tenant, before, span.limit, span.offset], snapshot)
}

/// A tenant's figures of an hour.
pub fn find(db: &mut Db, tenant: i64, hour: Timestamp) -> Result<Option<Snapshot>> {
    db.one(snapshots!("WHERE hour = ? AND tenant = ?"), params![hour, tenant], snapshot)
}

/// Deletes the uploads of an hour.
pub fn delete_uploads(db: &mut Db, hour: Timestamp) -> Result<u64> {
    db.run("DELETE FROM uploads WHERE stamp >= ? AND stamp < ?", params![hour, hour.plus(HOUR)])
}

/// Deletes the figures of hours before an instant.
pub fn delete_before(db: &mut Db, before: Timestamp) -> Result<u64> {
    db.run("DELETE FROM snapshots WHERE hour < ?", params![before])
}
