//! Room in the database: the sums, and what objects weigh.

use super::Measure;
use super::rules::{self, Growth, Standing, Weighed, Whose};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::db::{Db, Row, Upsert};
use crate::feature::store::{ACCOUNT_QUOTA, BATCH, fact};
use crate::feature::{Settings, TenantKind};
use crate::params;
use rustix::fs::statvfs;

/// The weight of a row that is called `o`.
pub(super) fn bytes_of(measure: &Measure) -> String {
    let text = |column: &&str| format!("COALESCE(OCTET_LENGTH(o.{column}), 0)");
    measure.texts.iter().map(text).collect::<Vec<_>>().join(" + ")
}

/// Which rows of a table are meant, in words that go on after others. A kind's word is the product's own.
pub(super) fn kind_of(measure: &Measure) -> String {
    measure.of.map_or(String::new(), |(column, word)| format!(" AND o.{column} = '{word}'"))
}

/// What the feed says of an object's weight, as a column: nothing, -1 for a tombstone, or its bytes.
fn weighed_in(row: &Row<'_>, column: usize) -> Result<Weighed> {
    Ok(match row.get::<Option<i64>>(column)? {
        None => Weighed::Absent,
        Some(bytes) if bytes < 0 => Weighed::Deleted,
        Some(bytes) => Weighed::Alive(bytes),
    })
}

/// What an object weighed at its last write, and what it weighs now, in one look.
pub fn weigh(db: &mut Db, tenant: i64, kind: &str, id: &str, measure: &Measure) -> Result<(Weighed, i64)> {
    let (bytes, of, table) = (bytes_of(measure), kind_of(measure), measure.table);
    let sql = format!(
        "SELECT (SELECT CASE WHEN deleted = 1 THEN -1 ELSE bytes END FROM changes WHERE tenant = ? AND kind = ? AND id = ?), \
         (SELECT {bytes} FROM {table} o WHERE o.tenant = ?{of} AND o.id = ?)"
    );
    let found = db.one(&sql, params![tenant, kind, id, tenant, id], |row| {
        Ok((weighed_in(row, 0)?, row.get::<Option<i64>>(1)?.unwrap_or_default()))
    })?;
    Ok(found.unwrap_or((Weighed::Absent, 0)))
}

/// What an object weighed at its last write.
pub fn weighed(db: &mut Db, tenant: i64, kind: &str, id: &str) -> Result<Weighed> {
    let sql = "SELECT CASE WHEN deleted = 1 THEN -1 ELSE bytes END FROM changes WHERE tenant = ? AND kind = ? AND id = ?";
    Ok(db.one(sql, params![tenant, kind, id], |row| weighed_in(row, 0))?.unwrap_or(Weighed::Absent))
}

/// What a tenant takes and may take.
pub fn standing(db: &mut Db, settings: &Settings, tenant: i64, now: Timestamp) -> Result<Standing> {
    let sql = "SELECT t.kind, t.created_at, (SELECT COUNT(*) FROM members m WHERE m.tenant = t.id), r.kind, r.objects, r.bytes \
         FROM tenants t LEFT JOIN room r ON r.tenant = t.id WHERE t.id = ?";
    let mut whose = Whose::NewCouple;
    let used = db.all(sql, params![tenant], |row| {
        let kind = word::stored(&TenantKind::ALL, &row.get::<String>(0)?)?;
        whose = Whose::of(kind, row.get(2)?, row.get(1)?, now);
        sum(row, 3)
    })?;
    let site = has_room(db, settings)?;
    Ok(Standing { whose, used: used.into_iter().flatten().collect(), site })
}

/// A kind with its sum; a tenant may have none.
fn sum(row: &Row<'_>, from: usize) -> Result<Option<(String, Growth)>> {
    let Some(kind) = row.get::<Option<String>>(from)? else { return Ok(None) };
    Ok(Some((kind, Growth { objects: row.get(from + 1)?, bytes: row.get(from + 2)? })))
}

/// Is there room on the disk and in what the whole store may take? A database server has a disk of its own.
pub fn has_room(db: &mut Db, settings: &Settings) -> Result<bool> {
    let limit = store_limit(db, settings)?;
    let size = if limit.is_some() { db.size()? } else { None };
    let free = if db.writes_alone() { free_disk(settings) } else { None };
    Ok(rules::site_has_room(limit, size, settings.free_disk, free))
}

/// How many bytes the whole store may take, where that is known. The account's quota is none of a database server.
pub fn store_limit(db: &mut Db, settings: &Settings) -> Result<Option<u64>> {
    let ours = settings.store_limit.is_none() && db.writes_alone();
    let quota = if ours { fact(db, ACCOUNT_QUOTA)?.and_then(|bytes| bytes.parse().ok()) } else { None };
    Ok(rules::store_limit(settings, quota))
}

/// Free bytes beside the database, for an account without special rights.
fn free_disk(settings: &Settings) -> Option<u64> {
    statvfs(&settings.data).map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize)).ok()
}

/// Adds to a sum.
pub fn add(db: &mut Db, tenant: i64, kind: &str, growth: Growth) -> Result<()> {
    let sql = "UPDATE room SET objects = objects + ?, bytes = bytes + ? WHERE tenant = ? AND kind = ?";
    let Growth { objects, bytes } = growth;
    if db.run(sql, params![objects, bytes, tenant, kind])? > 0 { Ok(()) } else { put(db, tenant, kind, growth) }
}

const SUM: Upsert = Upsert { table: "room", key: &["tenant", "kind"], set: &["objects", "bytes"] };

/// Writes a sum.
pub fn put(db: &mut Db, tenant: i64, kind: &str, sum: Growth) -> Result<()> {
    db.put(&SUM, params![tenant, kind, sum.objects, sum.bytes])
}

/// A tenant's sums.
pub fn sums(db: &mut Db, tenant: i64) -> Result<Vec<(String, Growth)>> {
    let sql = "SELECT kind, objects, bytes FROM room WHERE tenant = ? ORDER BY kind";
    Ok(db.all(sql, params![tenant], |row| sum(row, 0))?.into_iter().flatten().collect())
}

/// Forgets a sum.
pub fn forget(db: &mut Db, tenant: i64, kind: &str) -> Result<()> {
    db.run("DELETE FROM room WHERE tenant = ? AND kind = ?", params![tenant, kind]).map(drop)
}

/// A tenant with what it takes, as the operator sees it.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Its id on the wire.
    pub public_id: String,
    /// A team's name.
    pub name: String,
    /// Whose room it has.
    pub whose: Whose,
    /// Bytes of all kinds.
    pub bytes: i64,
}

/// The tenants that take most, the largest first.
pub fn largest(db: &mut Db, now: Timestamp, count: i64) -> Result<Vec<Taken>> {
    let sql = "SELECT t.public_id, t.name, t.kind, t.created_at, (SELECT COUNT(*) FROM members m WHERE m.tenant = t.id), \
         CAST(SUM(r.bytes) AS SIGNED) AS taken FROM room r JOIN tenants t ON t.id = r.tenant \
         GROUP BY t.id, t.public_id, t.name, t.kind, t.created_at ORDER BY taken DESC, t.public_id LIMIT ?";
    db.all(sql, params![count], |row| {
        let kind = word::stored(&TenantKind::ALL, &row.get::<String>(2)?)?;
        let whose = Whose::of(kind, row.get(4)?, row.get(3)?, now);
        Ok(Taken { public_id: row.get(0)?, name: row.get(1)?, whose, bytes: row.get::<i64>(5)?.max(0) })
    })
}

/// The objects of a kind that weigh something else than the feed says, and what, some of them.
pub fn weighed_wrong(db: &mut Db, tenant: i64, kind: &str, measure: &Measure) -> Result<Vec<(String, i64)>> {
    let (bytes, of, table) = (bytes_of(measure), kind_of(measure), measure.table);
    let sql = format!(
        "SELECT c.id, {bytes} FROM changes c JOIN {table} o ON o.id = c.id AND o.tenant = c.tenant{of} \
         WHERE c.tenant = ? AND c.kind = ? AND c.deleted = 0 AND c.bytes <> {bytes} LIMIT ?"
    );
    db.all(&sql, params![tenant, kind, BATCH], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// How many tombstones a tenant has.
pub fn tombstones(db: &mut Db, tenant: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM changes WHERE tenant = ? AND deleted = 1";
    Ok(db.one(sql, params![tenant], |row| row.get(0))?.unwrap_or_default())
}

/// The live objects of each kind in the feed.
pub fn alive(db: &mut Db, tenant: i64) -> Result<Vec<(String, Growth)>> {
    let sql = "SELECT kind, COUNT(*), CAST(SUM(bytes) AS SIGNED) FROM changes WHERE tenant = ? AND deleted = 0 GROUP BY kind";
    Ok(db.all(sql, params![tenant], |row| sum(row, 0))?.into_iter().flatten().collect())
}

/// The sum of a stock.
pub fn of_stock(db: &mut Db, tenant: i64, measure: &Measure) -> Result<Growth> {
    let (bytes, of, table) = (bytes_of(measure), kind_of(measure), measure.table);
    let sql = format!("SELECT COUNT(*), CAST(SUM({bytes}) AS SIGNED) FROM {table} o WHERE o.tenant = ?{of}");
    let read = |row: &Row<'_>| Ok(Growth { objects: row.get(0)?, bytes: row.get::<Option<i64>>(1)?.unwrap_or_default() });
    Ok(db.one(&sql, params![tenant], read)?.unwrap_or_default())
}
