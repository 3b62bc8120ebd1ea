//! Marks in the database. Every statement of a request names the tenant.

use super::mark::{Mark, Remembered, Told};
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::db::{Db, Row};
use crate::domain::risk::history::edit::read_names;
use crate::feature::Measure;
use crate::feature::store::BATCH;
use crate::{columns, params};

/// What of marks takes room: those that have ended. Those that hold are few, and end soon.
pub const MEASURE: Measure = Measure { table: "marks", of: Some(("live", "0")), texts: &["fields", "told"] };

columns!(marks: "SELECT tenant, kind, id, user_id, device, began_at, name, until_at, moved_at, quiet, fields FROM marks");

fn mark(row: &Row<'_>) -> Result<Mark> {
    Ok(Mark {
        kind: row.get(1)?,
        id: row.get(2)?,
        user: row.get(3)?,
        device: row.get(4)?,
        began_at: row.get(5)?,
        name: row.get(6)?,
        until: row.get(7)?,
        moved_at: row.get(8)?,
        quiet: row.get(9)?,
        fields: row.get(10)?,
    })
}

/// Every mark of a tenant that has not been ended; some may have ended by the clock.
pub fn live(db: &mut Db, tenant: i64) -> Result<Vec<Mark>> {
    db.all(marks!("WHERE tenant = ? AND live = 1 ORDER BY id, kind, began_at"), params![tenant], mark)
}

/// Those of a device.
pub fn of_device(db: &mut Db, tenant: i64, user: i64, device: i64) -> Result<Vec<Mark>> {
    let sql = marks!("WHERE tenant = ? AND live = 1 AND user_id = ? AND device = ?");
    db.all(sql, params![tenant, user, device], mark)
}

/// Those of a user.
pub fn of_user(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<Mark>> {
    db.all(marks!("WHERE tenant = ? AND live = 1 AND user_id = ?"), params![tenant, user], mark)
}

/// Those of a record, and of what has the same id in another list: the feed tells of both under that id.
pub fn of_id(db: &mut Db, tenant: i64, id: &str) -> Result<Vec<Mark>> {
    db.all(marks!("WHERE tenant = ? AND live = 1 AND id = ?"), params![tenant, id], mark)
}

/// Some that ended by the clock, tenant by tenant.
pub fn lapsed(db: &mut Db, now: Timestamp) -> Result<Vec<(i64, Mark)>> {
    let sql = marks!("WHERE live = 1 AND until_at <= ? ORDER BY tenant, id LIMIT ?");
    db.all(sql, params![now, BATCH], |row| Ok((row.get(0)?, mark(row)?)))
}

/// Writes a new mark, with what its device had polled and what it was told.
pub fn insert(db: &mut Db, tenant: i64, mark: &Mark, cursor: Option<Timestamp>, told: &str) -> Result<()> {
    let sql = "INSERT INTO marks (tenant, live, id, kind, user_id, device, began_at, name, until_at, moved_at, quiet, fields, cursor_at, \
         ended_at, told) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)";
    let Mark { kind, id, user, device, began_at, name, until, moved_at, quiet, fields } = mark;
    let values = params![tenant, id, kind, *user, *device, *began_at, name, *until, *moved_at, *quiet, fields, cursor, told];
    db.run(sql, values).map(drop)
}

/// Writes what a renewal changes.
pub fn renew(db: &mut Db, tenant: i64, mark: &Mark) -> Result<()> {
    let sql = "UPDATE marks SET until_at = ?, moved_at = ?, quiet = ?, fields = ? \
         WHERE tenant = ? AND live = 1 AND id = ? AND kind = ? AND user_id = ? AND device = ? AND began_at = ?";
    let Mark { kind, id, user, device, began_at, until, moved_at, quiet, fields, .. } = mark;
    db.run(sql, params![*until, *moved_at, *quiet, fields, tenant, id, kind, *user, *device, *began_at]).map(drop)
}

/// How many bytes are remembered of what a mark's device was told.
pub fn told_bytes(db: &mut Db, tenant: i64, mark: &Mark) -> Result<usize> {
    let Mark { kind, id, user, device, began_at, .. } = mark;
    let sql = "SELECT told FROM marks \
         WHERE tenant = ? AND live = 1 AND id = ? AND kind = ? AND user_id = ? AND device = ? AND began_at = ?";
    let found = db.one(sql, params![tenant, id, kind, *user, *device, *began_at], |row| row.get::<String>(0))?;
    Ok(found.map_or(0, |told| told.len()))
}

/// Forgets a mark, live or ended; answers whether there was one.
pub fn forget(db: &mut Db, tenant: i64, mark: &Mark, live: bool) -> Result<bool> {
    let Mark { kind, id, user, device, began_at, .. } = mark;
    let sql =
        "DELETE FROM marks WHERE tenant = ? AND live = ? AND id = ? AND kind = ? AND user_id = ? AND device = ? AND began_at = ?";
    Ok(db.run(sql, params![tenant, live, id, kind, *user, *device, *began_at])? > 0)
}

/// Ends a mark. What its device calls itself is forgotten. One that began, ended and began again within a millisecond is remembered once;
/// answers whether it was.
pub fn end(db: &mut Db, tenant: i64, mark: &Mark, at: Timestamp) -> Result<bool> {
    let replaced = forget(db, tenant, mark, false)?;
    let Mark { kind, id, user, device, began_at, .. } = mark;
    let sql = "UPDATE marks SET live = 0, ended_at = ?, name = '' \
         WHERE tenant = ? AND live = 1 AND id = ? AND kind = ? AND user_id = ? AND device = ? AND began_at = ?";
    db.run(sql, params![at, tenant, id, kind, *user, *device, *began_at])?;
    Ok(replaced)
}

/// Calls `visit` with each mark of a user, ended ones too.
pub fn each_of_user(db: &mut Db, tenant: i64, user: i64, visit: &mut dyn FnMut(Remembered) -> Result<()>) -> Result<()> {
    let sql = "SELECT kind, id, began_at, COALESCE(ended_at, until_at), fields FROM marks WHERE tenant = ? AND user_id = ? \
         ORDER BY began_at, id";
    db.each(sql, params![tenant, user], &mut |row| {
        let fields = read_names(&row.get::<String>(4)?).map(str::to_owned).collect();
        visit(Remembered { kind: row.get(0)?, id: row.get(1)?, since: row.get(2)?, until: row.get(3)?, fields })?;
        Ok(true)
    })
}

/// A mark as it is remembered.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    /// The number of its device.
    pub device: i64,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended, or would have.
    pub until: Timestamp,
    /// Was it shown to nobody?
    pub quiet: bool,
    /// How far its device had polled.
    pub cursor: Option<Timestamp>,
    /// Was the model held back from it? Nothing where no model had anything to say.
    pub held: Option<bool>,
}

/// Calls `visit` with each mark of a tenant: what it was of, and itself.
pub fn each(db: &mut Db, tenant: i64, visit: &mut dyn FnMut((String, String), Past) -> Result<()>) -> Result<()> {
    let sql = "SELECT kind, id, device, began_at, COALESCE(ended_at, until_at), quiet, cursor_at, told FROM marks WHERE tenant = ? \
         ORDER BY id, kind, began_at, device";
    db.each(sql, params![tenant], &mut |row| {
        let (device, began_at, until, quiet, cursor) = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?);
        let held = json::read::<Told>(row.get::<String>(7)?.as_bytes()).ok().and_then(|told| told.held);
        visit((row.get(0)?, row.get(1)?), Past { device, began_at, until, quiet, cursor, held })?;
        Ok(true)
    })
}

/// The devices of a user's marks.
pub fn devices(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT device FROM marks WHERE tenant = ? AND user_id = ?";
    db.all(sql, params![tenant, user], |row| row.get(0))
}

/// Gives the marks of a user's device to another user and device.
pub fn rename(db: &mut Db, tenant: i64, (user, device): (i64, i64), (by, on): (i64, i64)) -> Result<()> {
    let sql = "UPDATE marks SET user_id = ?, device = ? WHERE tenant = ? AND user_id = ? AND device = ?";
    db.run(sql, params![by, on, tenant, user, device]).map(drop)
}

/// Every tenant in which marks of a user are remembered.
pub fn tenants_of(db: &mut Db, user: i64) -> Result<Vec<i64>> {
    db.all("SELECT DISTINCT tenant FROM marks WHERE user_id = ?", params![user], |row| row.get(0))
}

/// Some tenants in which marks that began before an instant are remembered.
pub fn tenants_before(db: &mut Db, before: Timestamp) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT tenant FROM marks WHERE live = 0 AND began_at < ? LIMIT ?";
    db.all(sql, params![before, BATCH], |row| row.get(0))
}

/// Deletes a tenant's marks that have ended and began before an instant.
pub fn delete_before(db: &mut Db, tenant: i64, before: Timestamp) -> Result<u64> {
    db.run("DELETE FROM marks WHERE tenant = ? AND live = 0 AND began_at < ?", params![tenant, before])
}
