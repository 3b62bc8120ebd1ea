//! Check-ins in the database. Every statement names the tenant.

use super::rules::{Checkin, Filter};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Row};
use crate::feature::{Measure, Trace, version};
use crate::http::paging::Span;
use crate::{columns, params};

/// What of a check-in takes room.
pub const CHECKIN: Measure = Measure::of("checkins", &["note"]);

columns!(checkins: "SELECT c.id, c.user_id, u.username, c.day, c.mood, c.stress, c.energy, c.note, c.created_at, c.stamp, c.version, \
     c.made, c.edited_at \
     FROM checkins c JOIN users u ON u.id = c.user_id");

fn checkin(row: &Row<'_>) -> Result<Checkin> {
    Ok(Checkin {
        id: row.get(0)?,
        user_id: row.get(1)?,
        username: row.get(2)?,
        date: row.get(3)?,
        mood: row.get(4)?,
        stress: row.get(5)?,
        energy: row.get(6)?,
        note: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
        version: row.get(10)?,
        trace: Trace { made: row.get(11)?, edited_at: row.get(12)? },
    })
}

/// How many check-ins a filter shows.
pub fn count(db: &mut Db, tenant: i64, filter: &Filter) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM checkins WHERE tenant = ? AND day >= ? AND day <= ? \
         AND user_id >= ? AND user_id <= ? AND user_id <> ?";
    let (days, users) = (&filter.days, filter.users);
    let found = db.one(sql, params![tenant, &days.0, &days.1, users.0, users.1, filter.but], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// A part of the check-ins that a filter shows, behind this day and user, newest day first.
pub fn part(db: &mut Db, tenant: i64, filter: &Filter, (day, user): &(String, i64), span: Span) -> Result<Vec<Checkin>> {
    let sql = checkins!(
        "WHERE c.tenant = ? AND c.day >= ? AND c.day <= ? AND c.user_id >= ? AND c.user_id <= ? AND c.user_id <> ? \
         AND (c.day, c.user_id) < (?, ?) ORDER BY c.day DESC, c.user_id DESC LIMIT ? OFFSET ?"
    );
    let (days, users, but) = (&filter.days, filter.users, filter.but);
    let bound = params![tenant, &days.0, &days.1, users.0, users.1, but, day, *user, span.limit, span.offset];
    db.all(sql, bound, checkin)
}

/// One check-in.
pub fn find(db: &mut Db, tenant: i64, id: &str) -> Result<Option<Checkin>> {
    let sql = checkins!("WHERE c.tenant = ? AND c.id = ?");
    db.one(sql, params![tenant, id], checkin)
}

/// The check-in that a user has on a day, but for the one with this id.
pub fn other(db: &mut Db, tenant: i64, user: i64, day: &str, id: &str) -> Result<Option<String>> {
    let sql = "SELECT id FROM checkins WHERE tenant = ? AND user_id = ? AND day = ? AND id <> ?";
    db.one(sql, params![tenant, user, day, id], |row| row.get(0))
}

/// Writes a new check-in. A second one of the user on the day is a duplicate.
pub fn insert(db: &mut Db, tenant: i64, checkin: &Checkin) -> Result<()> {
    let sql = "INSERT INTO checkins (id, tenant, user_id, day, mood, stress, energy, note, version, created_at, stamp, \
         made, edited_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        &checkin.id,
        tenant,
        checkin.user_id,
        &checkin.date,
        checkin.mood,
        checkin.stress,
        checkin.energy,
        &checkin.note,
        checkin.version,
        checkin.created_at,
        checkin.updated_at,
        &checkin.trace.made,
        checkin.trace.edited_at,
    ];
    db.run(sql, values).map(drop)
}

/// Writes what changed of a check-in. A second one of the user on the day is a duplicate.
pub fn update(db: &mut Db, tenant: i64, checkin: &Checkin) -> Result<()> {
    let sql = "UPDATE checkins SET day = ?, mood = ?, stress = ?, energy = ?, note = ?, version = ?, stamp = ?, \
         edited_at = ? WHERE tenant = ? AND id = ?";
    let Checkin { id, date, mood, stress, energy, note, version, updated_at, trace, .. } = checkin;
    let values = params![date, *mood, *stress, *energy, note, *version, *updated_at, trace.edited_at, tenant, id];
    db.run(sql, values).map(drop)
}

/// Deletes a check-in.
pub fn delete(db: &mut Db, tenant: i64, id: &str) -> Result<()> {
    db.run("DELETE FROM checkins WHERE tenant = ? AND id = ?", params![tenant, id]).map(drop)
}

/// Every tenant in which a user checked in.
pub fn tenants_of(db: &mut Db, user: i64) -> Result<Vec<i64>> {
    db.all("SELECT DISTINCT tenant FROM checkins WHERE user_id = ?", params![user], |row| row.get(0))
}

/// Has a user any check-in in a tenant?
pub fn has_any(db: &mut Db, tenant: i64, user: i64) -> Result<bool> {
    let sql = "SELECT id FROM checkins WHERE tenant = ? AND user_id = ? LIMIT 1";
    Ok(db.one(sql, params![tenant, user], |row| row.get::<String>(0))?.is_some())
}

/// A user's check-ins in a tenant, by id and version.
pub fn of_user(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT id, version FROM checkins WHERE tenant = ? AND user_id = ?";
    db.all(sql, params![tenant, user], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Takes the notes of a user's check-ins in a tenant away, and moves them all to a stamp.
pub fn erase_notes(db: &mut Db, tenant: i64, user: i64, stamp: Timestamp) -> Result<()> {
    db.run(
        "UPDATE checkins SET note = '', version = version + 1, stamp = ? WHERE tenant = ? AND user_id = ?",
        params![stamp, tenant, user],
    )
    .map(drop)
}

/// A backup has taken the store's place: no version that devices saw in the time that is lost is met again.
pub fn restored(db: &mut Db, tenant: i64) -> Result<()> {
    let sql = "UPDATE checkins SET version = version + ? WHERE tenant = ? AND version <= ?";
    db.run(sql, params![version::LOST, tenant, version::RAISED]).map(drop)
}
