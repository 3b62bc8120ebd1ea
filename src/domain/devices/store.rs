//! Devices and uploads in the database. Every statement names the tenant.

use super::rules::{Behind, Counts, Device, Uploads, health};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Row, Upsert};
use crate::feature::news::Uploaded;
use crate::http::paging::Span;
use crate::{columns, params};

/// What is known of a device.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// What it sent, all in all.
    pub counts: Counts,
    /// Its first upload.
    pub first: Timestamp,
}

/// The row of an upload.
#[derive(Debug)]
pub struct Written<'u> {
    /// Who sent it.
    pub user: i64,
    /// What it was.
    pub upload: &'u Uploaded<'u>,
    /// How long it took, in microseconds.
    pub micros: i64,
}

/// What is known of a device.
pub fn seen(db: &mut Db, tenant: i64, user: i64, device: &str) -> Result<Option<Seen>> {
    let sql = "SELECT items, synced, conflicts, first_at FROM devices WHERE tenant = ? AND user_id = ? AND id = ?";
    db.one(sql, params![tenant, user, device], |row| Ok(Seen { counts: counts(row, 0)?, first: row.get(3)? }))
}

const DEVICE: Upsert =
    Upsert { table: "devices", key: &["tenant", "user_id", "id"], set: &["items", "synced", "conflicts", "first_at", "last_at"] };

/// Writes what is known of a device after an upload.
pub fn put(db: &mut Db, tenant: i64, user: i64, device: &str, seen: &Seen, last: Timestamp) -> Result<()> {
    let Seen { counts: Counts { items, synced, conflicts }, first } = *seen;
    db.put(&DEVICE, params![tenant, user, device, items, synced, conflicts, first, last])
}

/// Forgets a user's devices that were longest unused, until there is room for one more.
pub fn make_room(db: &mut Db, tenant: i64, user: i64, most: u32) -> Result<()> {
    let sql = "SELECT id FROM devices WHERE tenant = ? AND user_id = ? ORDER BY last_at DESC, id DESC LIMIT ? OFFSET ?";
    let beyond = db.all(sql, params![tenant, user, i64::from(u32::MAX), i64::from(most) - 1], |row| row.get::<String>(0))?;
    let sql = "DELETE FROM devices WHERE tenant = ? AND user_id = ? AND id = ?";
    beyond.iter().try_for_each(|id| db.run(sql, params![tenant, user, id]).map(drop))
}

/// Writes the row of an upload.
pub fn insert_upload(db: &mut Db, tenant: i64, stamp: Timestamp, written: &Written<'_>) -> Result<()> {
    let sql = "INSERT INTO uploads (tenant, stamp, user_id, device, operation, items, synced, conflicts, bytes, micros) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Written { user, upload, micros } = written;
    let Uploaded { device, operation, items, synced, conflicts, bytes, .. } = **upload;
    let values = params![tenant, stamp, *user, device, operation, items, synced, conflicts, bytes, *micros];
    db.run(sql, values).map(drop)
}

fn counts(row: &Row<'_>, from: usize) -> Result<Counts> {
    Ok(Counts { items: row.get(from)?, synced: row.get(from + 1)?, conflicts: row.get(from + 2)? })
}

columns!(devices: "SELECT id, user_id, items, synced, conflicts, first_at, last_at FROM devices");

fn device(row: &Row<'_>, now: Timestamp) -> Result<Device> {
    let (counts, last) = (counts(row, 2)?, row.get(6)?);
    Ok(Device {
        device_id: row.get(0)?,
        user_id: row.get(1)?,
        items: counts.items,
        synced_items: counts.synced,
        conflicts: counts.conflicts,
        first_sync_at: row.get(5)?,
        last_sync_at: last,
        health: health(counts, last, now),
    })
}

/// Whose devices are looked at: a tenant's, or only one user's in it.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// The tenant.
    pub tenant: i64,
    /// The user who looks.
    pub user: i64,
    /// Do they see the others' too?
    pub all: bool,
}

impl Scope {
    /// Everything in a tenant, as the operator sees it.
    pub fn whole(tenant: i64) -> Scope {
        Scope { tenant, user: 0, all: true }
    }
}

/// How many devices there are.
pub fn number(db: &mut Db, scope: Scope) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM devices WHERE tenant = ? AND (user_id = ? OR ? = 1)";
    Ok(db.one(sql, params![scope.tenant, scope.user, scope.all], |row| row.get(0))?.unwrap_or_default())
}

/// A part of the devices, newest upload first.
pub fn part(db: &mut Db, scope: Scope, now: Timestamp, behind: &Behind, span: Span) -> Result<Vec<Device>> {
    let sql = devices!(
        "WHERE tenant = ? AND (user_id = ? OR ? = 1) AND (last_at, user_id, id) < (?, ?, ?) \
         ORDER BY last_at DESC, user_id DESC, id DESC LIMIT ? OFFSET ?"
    );
    let (at, user, id) = behind;
    let bound = params![scope.tenant, scope.user, scope.all, *at, *user, id, span.limit, span.offset];
    db.all(sql, bound, |row| device(row, now))
}

/// Every device in a scope, newest upload first.
pub fn all(db: &mut Db, scope: Scope, now: Timestamp) -> Result<Vec<Device>> {
    let sql = devices!("WHERE tenant = ? AND (user_id = ? OR ? = 1) ORDER BY last_at DESC, user_id DESC, id DESC");
    db.all(sql, params![scope.tenant, scope.user, scope.all], |row| device(row, now))
}

/// The devices of this name: two users may name theirs alike.
pub fn named(db: &mut Db, scope: Scope, now: Timestamp, name: &str) -> Result<Vec<Device>> {
    let sql = devices!("WHERE tenant = ? AND (user_id = ? OR ? = 1) AND id = ? ORDER BY last_at DESC, user_id");
    db.all(sql, params![scope.tenant, scope.user, scope.all, name], |row| device(row, now))
}

/// The health of each device.
pub fn healths(db: &mut Db, scope: Scope, now: Timestamp) -> Result<Vec<f64>> {
    let sql = "SELECT items, synced, conflicts, last_at FROM devices WHERE tenant = ? AND (user_id = ? OR ? = 1)";
    db.all(sql, params![scope.tenant, scope.user, scope.all], |row| Ok(health(counts(row, 0)?, row.get(3)?, now)))
}

/// Uploads since an instant, summed up.
pub fn uploads(db: &mut Db, scope: Scope, since: Timestamp) -> Result<Uploads> {
    let sql = "SELECT COUNT(*), CAST(SUM(items) AS SIGNED), CAST(SUM(synced) AS SIGNED), CAST(SUM(conflicts) AS SIGNED), \
         CAST(SUM(micros) AS SIGNED) FROM uploads WHERE tenant = ? AND (user_id = ? OR ? = 1) AND stamp >= ?";
    let summed = db.one(sql, params![scope.tenant, scope.user, scope.all, since], |row| {
        let sum = |column| row.get::<Option<i64>>(column).map(Option::unwrap_or_default);
        let counts = Counts { items: sum(1)?, synced: sum(2)?, conflicts: sum(3)? };
        Ok(Uploads { number: row.get(0)?, counts, micros: sum(4)? })
    })?;
    Ok(summed.unwrap_or_default())
}

/// Every tenant in which a user's device sent something.
pub fn tenants_of(db: &mut Db, user: i64) -> Result<Vec<i64>> {
    db.all("SELECT DISTINCT tenant FROM devices WHERE user_id = ?", params![user], |row| row.get(0))
}

/// Every tenant in which a device sent something, with its id on the wire.
pub fn tenants(db: &mut Db) -> Result<Vec<(i64, String)>> {
    let sql = "SELECT DISTINCT t.id, t.public_id FROM devices d JOIN tenants t ON t.id = d.tenant ORDER BY t.public_id";
    db.all(sql, params![], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Forgets a user's devices in a tenant. The uploads stay for the figures, and are nobody's.
pub fn forget(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    db.run("DELETE FROM devices WHERE tenant = ? AND user_id = ?", params![tenant, user])?;
    let sql = "UPDATE uploads SET user_id = 0, device = '' WHERE tenant = ? AND user_id = ?";
    db.run(sql, params![tenant, user]).map(drop)
}
