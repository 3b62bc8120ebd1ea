//! Telemetry in the database. Every statement names the tenant.

use super::rules::{Item, Kept};
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::room::rules::Bounds;
use crate::feature::{Measure, Names, Stock};
use crate::params;

/// The items of a domain, as they are counted.
pub const fn stock(names: &Names) -> Stock {
    let measure = Measure { of: Some(("domain", names.name)), ..Measure::of("telemetry", &["device", "data"]) };
    Stock { name: names.name, measure, bounds: Bounds { above: false, number: false } }
}

/// Whose item it is.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'o> {
    /// The tenant.
    pub tenant: i64,
    /// The domain.
    pub domain: &'static str,
    /// The user.
    pub user: i64,
    /// The device.
    pub device: &'o str,
}

/// Writes an item; `false` when it is there already. One statement for an item that is new, as nearly all are.
pub fn insert(db: &mut Db, owner: Owner<'_>, item: &Item, data: &str, at: Timestamp) -> Result<bool> {
    let sql = "INSERT INTO telemetry (tenant, domain, user_id, id, device, at, data, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![owner.tenant, owner.domain, owner.user, &item.id, owner.device, item.at, data, at];
    match db.run(sql, values) {
        Err(error) if error.is_duplicate() => Ok(false),
        other => other.map(|_| true),
    }
}

/// The data of an item that is there.
pub fn data(db: &mut Db, owner: Owner<'_>, id: &str) -> Result<Option<String>> {
    let sql = "SELECT data FROM telemetry WHERE tenant = ? AND domain = ? AND user_id = ? AND id = ?";
    db.one(sql, params![owner.tenant, owner.domain, owner.user, id], |row| row.get(0))
}

/// The bytes of an item that is there, as they are counted.
pub fn size(db: &mut Db, owner: Owner<'_>, id: &str) -> Result<usize> {
    let sql = "SELECT OCTET_LENGTH(device) + OCTET_LENGTH(data) FROM telemetry \
         WHERE tenant = ? AND domain = ? AND user_id = ? AND id = ?";
    let found = db.one(sql, params![owner.tenant, owner.domain, owner.user, id], |row| row.get::<i64>(0))?;
    Ok(found.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default())
}

/// Replaces the data of an item that is there.
pub fn update(db: &mut Db, owner: Owner<'_>, item: &Item, data: &str) -> Result<()> {
    let sql = "UPDATE telemetry SET device = ?, at = ?, data = ? WHERE tenant = ? AND domain = ? AND user_id = ? AND id = ?";
    let values = params![owner.device, item.at, data, owner.tenant, owner.domain, owner.user, &item.id];
    db.run(sql, values).map(drop)
}

/// Every tenant in which a user's device sent something. Telemetry itself has no index by its user, and its devices have few
/// rows. They are forgotten with the same news as telemetry, by a noun that hears it later: the registry's order.
pub fn tenants_of(db: &mut Db, user: i64) -> Result<Vec<i64>> {
    db.all("SELECT DISTINCT tenant FROM devices WHERE user_id = ?", params![user], |row| row.get(0))
}

/// A user's items of a domain, oldest first.
pub fn each(db: &mut Db, tenant: i64, domain: &'static str, user: i64, visit: &mut dyn FnMut(Kept) -> Result<()>) -> Result<()> {
    let sql = "SELECT device, at, data FROM telemetry WHERE tenant = ? AND domain = ? AND user_id = ? ORDER BY at, id";
    db.each(sql, params![tenant, domain, user], &mut |row| {
        let data = json::read(row.get::<String>(2)?.as_bytes())?;
        visit(Kept { domain, device_id: row.get(0)?, at: row.get(1)?, data })?;
        Ok(true)
    })
}

/// Deletes a user's items of a domain.
pub fn delete(db: &mut Db, tenant: i64, domain: &str, user: i64) -> Result<()> {
    db.run("DELETE FROM telemetry WHERE tenant = ? AND domain = ? AND user_id = ?", params![tenant, domain, user]).map(drop)
}
