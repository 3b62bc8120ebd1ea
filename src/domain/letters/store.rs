//! Letters in the database. Every statement names the tenant.

use super::rules::Letter;
use crate::base::error::Result;
use crate::db::{Db, Row};
use crate::feature::{Measure, Trace, version};
use crate::http::paging::Span;
use crate::{columns, params};

/// What of a letter takes room.
pub const LETTER: Measure = Measure::of("letters", &["content"]);

columns!(letters: "SELECT id, month, content, created_by, created_at, stamp, version, made, edited_at FROM letters");

fn letter(row: &Row<'_>) -> Result<Letter> {
    Ok(Letter {
        id: row.get(0)?,
        month: row.get(1)?,
        content: row.get(2)?,
        created_by_id: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        version: row.get(6)?,
        trace: Trace { made: row.get(7)?, edited_at: row.get(8)? },
    })
}

/// How many letters a tenant has from a month to a month.
pub fn count(db: &mut Db, tenant: i64, months: (&str, &str)) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM letters WHERE tenant = ? AND month >= ? AND month <= ?";
    Ok(db.one(sql, params![tenant, months.0, months.1], |row| row.get(0))?.unwrap_or_default())
}

/// A part of the letters from a month to a month, before another month, newest month first.
pub fn part(db: &mut Db, tenant: i64, months: (&str, &str), before: &str, span: Span) -> Result<Vec<Letter>> {
    let sql = letters!("WHERE tenant = ? AND month >= ? AND month <= ? AND month < ? ORDER BY month DESC LIMIT ? OFFSET ?");
    db.all(sql, params![tenant, months.0, months.1, before, span.limit, span.offset], letter)
}

/// One letter.
pub fn find(db: &mut Db, tenant: i64, id: &str) -> Result<Option<Letter>> {
    let sql = letters!("WHERE tenant = ? AND id = ?");
    db.one(sql, params![tenant, id], letter)
}

/// The letter of a month.
pub fn of_month(db: &mut Db, tenant: i64, month: &str) -> Result<Option<Letter>> {
    let sql = letters!("WHERE tenant = ? AND month = ?");
    db.one(sql, params![tenant, month], letter)
}

/// The letter of a month, but for the one with this id.
pub fn other(db: &mut Db, tenant: i64, month: &str, id: &str) -> Result<Option<String>> {
    let sql = "SELECT id FROM letters WHERE tenant = ? AND month = ? AND id <> ?";
    db.one(sql, params![tenant, month, id], |row| row.get(0))
}

/// Writes a new letter. A second one of the month is a duplicate.
pub fn insert(db: &mut Db, tenant: i64, letter: &Letter) -> Result<()> {
    let sql = "INSERT INTO letters (id, tenant, created_by, month, content, version, created_at, stamp, made, edited_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Letter { id, created_by_id, month, content, version, created_at, updated_at, trace } = letter;
    let (by, made, at) = (*created_by_id, &trace.made, trace.edited_at);
    db.run(sql, params![id, tenant, by, month, content, *version, *created_at, *updated_at, made, at]).map(drop)
}

/// Writes what changed of a letter. A second one of the month is a duplicate.
pub fn update(db: &mut Db, tenant: i64, letter: &Letter) -> Result<()> {
    let sql = "UPDATE letters SET month = ?, content = ?, version = ?, stamp = ?, edited_at = ? WHERE tenant = ? AND id = ?";
    let Letter { id, month, content, version, updated_at, trace, .. } = letter;
    db.run(sql, params![month, content, *version, *updated_at, trace.edited_at, tenant, id]).map(drop)
}

/// Deletes a letter.
pub fn delete(db: &mut Db, tenant: i64, id: &str) -> Result<()> {
    db.run("DELETE FROM letters WHERE tenant = ? AND id = ?", params![tenant, id]).map(drop)
}

/// The name of the team that a tenant is.
pub fn team_name(db: &mut Db, tenant: i64) -> Result<Option<String>> {
    db.one("SELECT name FROM tenants WHERE id = ?", params![tenant], |row| row.get(0))
}

/// A partner or member, as far as a letter's PDF shows them.
pub struct Partner {
    /// Their id.
    pub user: i64,
    /// Their user name.
    pub username: String,
    /// Their account's language.
    pub language: String,
}

/// The partners or members, partner A first.
pub fn partners(db: &mut Db, tenant: i64) -> Result<Vec<Partner>> {
    let sql = "SELECT u.id, u.username, u.language FROM members m JOIN users u ON u.id = m.user_id \
         WHERE m.tenant = ? ORDER BY m.seat";
    db.all(sql, params![tenant], |row| Ok(Partner { user: row.get(0)?, username: row.get(1)?, language: row.get(2)? }))
}

/// A backup has taken the store's place: no version that devices saw in the time that is lost is met again.
pub fn restored(db: &mut Db, tenant: i64) -> Result<()> {
    let sql = "UPDATE letters SET version = version + ? WHERE tenant = ? AND version <= ?";
    db.run(sql, params![version::LOST, tenant, version::RAISED]).map(drop)
}
