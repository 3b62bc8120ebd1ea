//! The history in the database. Every statement of a request names the tenant.

use super::edit::{Edit, Remembered, Version, read_names};
use super::features::{Counts, Known, MOST};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::db::{Db, Row};
use crate::feature::news::{EditKey, Landed, Outcome};
use crate::feature::store::BATCH;
use crate::feature::{Measure, version};
use crate::params;

/// What of it takes room.
pub const MEASURE: Measure = Measure::of("history", &["fields"]);

/// Writes an edit of a record.
pub fn insert(db: &mut Db, tenant: i64, landed: &Landed<'_>, edit: &Edit, fields: &str) -> Result<()> {
    let sql = "INSERT INTO history (tenant, stamp, place, domain, id, user_id, device, base, base_at, version, fields, edited_at, \
         cursor_at, outcome, met, earlier_at, earlier_place) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        tenant,
        edit.stamp,
        edit.place,
        landed.domain,
        landed.record,
        edit.user,
        edit.device,
        edit.base,
        edit.base_at,
        edit.version,
        fields,
        edit.edited_at,
        edit.cursor,
        word::of(&Outcome::ALL, &edit.outcome),
        edit.met,
        landed.earlier.stamp,
        landed.earlier.place,
    ];
    db.add_later(sql, STAMP, values)
}

/// Where in an insertion the stamp is.
const STAMP: usize = 1;

/// The versions of a record that are remembered, from the one on that an edit had seen.
pub fn newer(db: &mut Db, tenant: i64, landed: &Landed<'_>) -> Result<Vec<Version>> {
    let seen = |edit: &Edit| edit.version > 0 && edit.version <= landed.base;
    let edits = chain(db, tenant, landed.earlier, &|edits| edits.last().is_some_and(|(edit, _)| seen(edit)))?;
    let versions = edits.iter().rev().map(|(edit, _)| edit).filter(|edit| edit.version > 0 && edit.version >= landed.base);
    Ok(versions.map(|edit| Version { number: edit.version, stamp: edit.stamp, device: edit.device }).collect())
}

/// When the first edit that is remembered landed, whosever it is.
pub fn first(db: &mut Db) -> Result<Option<Timestamp>> {
    let mut first = None;
    for tenant in tenants(db)? {
        let of =
            db.one("SELECT stamp FROM history WHERE tenant = ? ORDER BY stamp LIMIT 1", params![tenant], |row| row.get(0))?;
        first = [first, of].into_iter().flatten().min();
    }
    Ok(first)
}

/// The devices of a user's edits.
pub fn devices(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT device FROM history WHERE tenant = ? AND user_id = ?";
    db.all(sql, params![tenant, user], |row| row.get(0))
}

/// Gives the edits of a user's device to another user and device.
pub fn rename(db: &mut Db, tenant: i64, (user, device): (i64, i64), (by, on): (i64, i64)) -> Result<()> {
    let sql = "UPDATE history SET user_id = ?, device = ? WHERE tenant = ? AND user_id = ? AND device = ?";
    db.run(sql, params![by, on, tenant, user, device]).map(drop)
}

/// Every tenant in which edits of a user are remembered.
pub fn tenants_of(db: &mut Db, user: i64) -> Result<Vec<i64>> {
    db.all("SELECT DISTINCT tenant FROM history WHERE user_id = ?", params![user], |row| row.get(0))
}

/// Calls `visit` with each edit of a user.
pub fn of_user(db: &mut Db, tenant: i64, user: i64, visit: &mut dyn FnMut(Remembered) -> Result<()>) -> Result<()> {
    let sql = "SELECT domain, id, stamp, edited_at, base, version, fields, outcome, met FROM history \
         WHERE tenant = ? AND user_id = ? ORDER BY stamp, place";
    db.each(sql, params![tenant, user], &mut |row| {
        visit(Remembered {
            domain: row.get(0)?,
            mobile_id: row.get(1)?,
            landed_at: row.get(2)?,
            edited_at: row.get(3)?,
            base: row.get(4)?,
            version: row.get(5)?,
            fields: read_names(&row.get::<String>(6)?).map(str::to_owned).collect(),
            outcome: row.get(7)?,
            met: row.get(8)?,
        })?;
        Ok(true)
    })
}

/// Some tenants in which edits before an instant are remembered.
pub fn tenants_before(db: &mut Db, before: Timestamp) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT tenant FROM history WHERE stamp < ? LIMIT ?";
    db.all(sql, params![before, BATCH], |row| row.get(0))
}

/// Deletes a tenant's edits before an instant.
pub fn delete_before(db: &mut Db, tenant: i64, before: Timestamp) -> Result<u64> {
    db.run("DELETE FROM history WHERE tenant = ? AND stamp < ?", params![tenant, before])
}

/// A backup has taken the store's place, and has raised the versions of records: so are those that are remembered.
pub fn restored(db: &mut Db, tenant: i64) -> Result<()> {
    let sql = "UPDATE history SET version = version + ? WHERE tenant = ? AND version > 0 AND version <= ?";
    db.run(sql, params![version::LOST, tenant, version::RAISED])?;
    let sql = "UPDATE history SET base = base + ? WHERE tenant = ? AND base > 0 AND base <= ?";
    db.run(sql, params![version::LOST, tenant, version::RAISED]).map(drop)
}

/// How many edits are remembered, in every tenant together.
pub fn number(db: &mut Db) -> Result<i64> {
    Ok(db.one("SELECT COUNT(tenant) FROM history", &[], |row| row.get(0))?.unwrap_or_default())
}

/// Every tenant in which edits are remembered.
pub fn tenants(db: &mut Db) -> Result<Vec<i64>> {
    db.all("SELECT DISTINCT tenant FROM history ORDER BY tenant", &[], |row| row.get(0))
}

/// An edit from its columns, beginning with this one.
fn edit(row: &Row<'_>, from: usize) -> Result<Edit> {
    Ok(Edit {
        stamp: row.get(from)?,
        place: row.get(from + 1)?,
        user: row.get(from + 2)?,
        device: row.get(from + 3)?,
        base: row.get(from + 4)?,
        base_at: row.get(from + 5)?,
        version: row.get(from + 6)?,
        edited_at: row.get(from + 7)?,
        cursor: row.get(from + 8)?,
        outcome: word::stored(&Outcome::ALL, &row.get::<String>(from + 9)?)?,
        met: row.get(from + 10)?,
    })
}

/// Calls `visit` with each edit of a tenant, record by record, oldest first: its domain, its record, itself.
pub fn each(db: &mut Db, tenant: i64, visit: &mut dyn FnMut((String, String), Edit) -> Result<()>) -> Result<()> {
    let sql = "SELECT domain, id, stamp, place, user_id, device, base, base_at, version, edited_at, cursor_at, outcome, met \
         FROM history WHERE tenant = ? ORDER BY domain, id, stamp, place";
    db.each(sql, params![tenant], &mut |row| {
        visit((row.get(0)?, row.get(1)?), edit(row, 2)?)?;
        Ok(true)
    })
}

/// An edit with the names of the fields that it changed.
pub type Named = (Edit, String);

/// The newest edits of a record, newest first.
pub fn newest(db: &mut Db, tenant: i64, last: EditKey) -> Result<Vec<Named>> {
    chain(db, tenant, last, &|edits| edits.len() >= MOST)
}

/// The edits of a record from its last one back: each names the one before. It ends where that is enough, or no more is remembered.
fn chain(db: &mut Db, tenant: i64, last: EditKey, is_enough: &dyn Fn(&[Named]) -> bool) -> Result<Vec<Named>> {
    let (mut edits, mut next) = (Vec::new(), last);
    while next != EditKey::default() && !is_enough(&edits) {
        let found = if db.is_near() { link(db, tenant, next)? } else { links(db, tenant, next)? };
        next = found.last().map(|(_, earlier)| *earlier).unwrap_or_default();
        edits.extend(found.into_iter().map(|(edit, _)| edit));
    }
    Ok(edits)
}

/// An edit, and where the one before it of its record is.
type Link = (Named, EditKey);

/// One edit: SQLite makes a table of its own for each question that goes on by its own answers, which costs as much as twenty looks.
fn link(db: &mut Db, tenant: i64, at: EditKey) -> Result<Vec<Link>> {
    let sql = "SELECT stamp, place, user_id, device, base, base_at, version, edited_at, cursor_at, outcome, met, fields, earlier_at, \
         earlier_place FROM history WHERE tenant = ? AND stamp = ? AND place = ?";
    db.all(sql, params![tenant, at.stamp, at.place], read_link)
}

/// Some edits in one round trip, newest first.
fn links(db: &mut Db, tenant: i64, at: EditKey) -> Result<Vec<Link>> {
    let sql = "WITH RECURSIVE chain (number, stamp, place, user_id, device, base, base_at, version, edited_at, cursor_at, outcome, met, \
         fields, earlier_at, earlier_place) AS ( \
         SELECT 1, stamp, place, user_id, device, base, base_at, version, edited_at, cursor_at, outcome, met, fields, earlier_at, \
         earlier_place FROM history WHERE tenant = ? AND stamp = ? AND place = ? \
         UNION ALL \
         SELECT c.number + 1, h.stamp, h.place, h.user_id, h.device, h.base, h.base_at, h.version, h.edited_at, h.cursor_at, h.outcome, \
         h.met, h.fields, h.earlier_at, h.earlier_place FROM chain c \
         JOIN history h ON h.tenant = ? AND h.stamp = c.earlier_at AND h.place = c.earlier_place WHERE c.number < ?) \
         SELECT stamp, place, user_id, device, base, base_at, version, edited_at, cursor_at, outcome, met, fields, earlier_at, \
         earlier_place FROM chain ORDER BY number";
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    db.all(sql, params![tenant, at.stamp, at.place, tenant, most], read_link)
}

fn read_link(row: &Row<'_>) -> Result<Link> {
    Ok(((edit(row, 0)?, row.get(11)?), EditKey { stamp: row.get(12)?, place: row.get(13)? }))
}

/// The first tenant behind another in which edits are remembered.
pub fn next_tenant(db: &mut Db, after: Option<i64>) -> Result<Option<i64>> {
    let sql = "SELECT MIN(tenant) FROM history WHERE tenant > ?";
    Ok(db.one(sql, params![after.unwrap_or(i64::MIN)], |row| row.get::<Option<i64>>(0))?.flatten())
}

fn counts(row: &Row<'_>, from: usize) -> Result<Counts> {
    let number = |column| row.get::<Option<i64>>(column).map(Option::unwrap_or_default);
    Ok(Counts { edits: number(from)?, contested: number(from + 1)?, met: number(from + 2)? })
}

/// The edits of a tenant in a span, those of a user among them, and how many came after an instant: in one look over them.
pub fn count(db: &mut Db, tenant: i64, user: i64, (from, to): (Timestamp, Timestamp), week: Timestamp) -> Result<Known> {
    let sql = "SELECT COUNT(*), CAST(SUM(CASE WHEN outcome = 'conflict' THEN 1 ELSE 0 END) AS SIGNED), CAST(SUM(met) AS SIGNED), \
         CAST(SUM(CASE WHEN user_id = ? THEN 1 ELSE 0 END) AS SIGNED), \
         CAST(SUM(CASE WHEN user_id = ? AND outcome = 'conflict' THEN 1 ELSE 0 END) AS SIGNED), \
         CAST(SUM(CASE WHEN user_id = ? THEN met ELSE 0 END) AS SIGNED), CAST(SUM(CASE WHEN stamp >= ? THEN 1 ELSE 0 END) AS SIGNED) \
         FROM history WHERE tenant = ? AND stamp >= ? AND stamp < ?";
    let bound = params![user, user, user, week, tenant, from, to];
    let known = |row: &Row<'_>| {
        let week = row.get::<Option<i64>>(6)?.unwrap_or_default();
        Ok(Known { tenant: counts(row, 0)?, user: counts(row, 3)?, week })
    };
    Ok(db.one(sql, bound, known)?.unwrap_or_default())
}

/// Who is remembered by name in a tenant that they are not in, some of them.
pub fn strangers(db: &mut Db) -> Result<Vec<(i64, i64)>> {
    let sql = "SELECT DISTINCT h.tenant, h.user_id FROM history h LEFT JOIN members m ON m.tenant = h.tenant AND m.user_id = h.user_id \
         WHERE h.user_id > 0 AND m.user_id IS NULL LIMIT ?";
    db.all(sql, params![BATCH], |row| Ok((row.get(0)?, row.get(1)?)))
}
