//! Devices and the ends of sessions in the database. Live sessions are the accounts', but for their devices and their ends.

use super::Reason;
use super::device::{Device, State};
use crate::base::error::Result;
use crate::base::time::{DAY, Timestamp};
use crate::base::word;
use crate::db::{Db, Notice, Row, Upsert};
use crate::feature::store::BATCH;
use crate::feature::{Caller, Settings, rhythm};
use crate::http::paging::Span;
use crate::{columns, params};

/// How long an ended session is remembered, and a revoked device, in milliseconds.
const REMEMBERED: i64 = 30 * DAY;
/// How long a device is known that nobody has heard of.
const KNOWN: i64 = 180 * DAY;
/// How long the wish to wipe a device is kept: a lost phone may lie in a drawer.
const WISHED: i64 = 365 * DAY;

columns!(devices: "SELECT device_id, name, type, priority, granted_in, os, os_version, app, app_version, can_wipe, state, state_at, \
    registered_at, seen_at FROM installations");

fn device(row: &Row<'_>) -> Result<Device> {
    let state = word::stored(&State::ALL, &row.get::<String>(10)?)?;
    Ok(Device {
        device_id: row.get(0)?,
        name: row.get(1)?,
        kind: row.get(2)?,
        set_priority: row.get(3)?,
        granted_in: row.get(4)?,
        os: row.get(5)?,
        os_version: row.get(6)?,
        app: row.get(7)?,
        app_version: row.get(8)?,
        can_wipe: row.get(9)?,
        state,
        state_at: row.get(11)?,
        registered_at: row.get(12)?,
        seen_at: row.get(13)?,
    })
}

/// A user's device.
pub fn find(db: &mut Db, user: i64, id: &str) -> Result<Option<Device>> {
    let sql = devices!("WHERE user_id = ? AND device_id = ?");
    db.one(sql, params![user, id], device)
}

/// A user's device, locked until the transaction ends: who signs in there waits for who revokes it.
pub fn locked(db: &mut Db, user: i64, id: &str) -> Result<Option<Device>> {
    let sql = devices!("WHERE user_id = ? AND device_id = ?");
    db.lock_row(sql, params![user, id], device)
}

/// How many devices a user has, whatever became of them.
pub fn number(db: &mut Db, user: i64) -> Result<i64> {
    let found = db.one("SELECT COUNT(*) FROM installations WHERE user_id = ?", params![user], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// How many of a user's devices are active.
pub fn active(db: &mut Db, user: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM installations WHERE user_id = ? AND state = 'active'";
    Ok(db.one(sql, params![user], |row| row.get(0))?.unwrap_or_default())
}

/// The active devices of who is in a tenant, each with its user.
pub fn in_tenant(db: &mut Db, tenant: i64) -> Result<Vec<(i64, String)>> {
    let sql = "SELECT i.user_id, i.device_id FROM members m JOIN installations i ON i.user_id = m.user_id \
         WHERE m.tenant = ? AND i.state = 'active'";
    db.all(sql, params![tenant], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The active device of a user that was not heard of for longest.
pub fn stalest(db: &mut Db, user: i64) -> Result<Option<Device>> {
    let sql = devices!("WHERE user_id = ? AND state = 'active' ORDER BY seen_at, device_id LIMIT 1");
    db.one(sql, params![user], device)
}

/// A part of a user's devices behind a date and an id, newest first.
pub fn part(db: &mut Db, user: i64, (at, id): &(i64, String), span: Span) -> Result<Vec<Device>> {
    let sql = devices!(
        "WHERE user_id = ? AND (registered_at < ? OR (registered_at = ? AND device_id < ?)) \
         ORDER BY registered_at DESC, device_id DESC LIMIT ? OFFSET ?"
    );
    db.all(sql, params![user, *at, *at, id, span.limit, span.offset], device)
}

const DEVICE: Upsert = Upsert {
    table: "installations",
    key: &["user_id", "device_id"],
    set: &[
        "name",
        "type",
        "priority",
        "granted_in",
        "os",
        "os_version",
        "app",
        "app_version",
        "can_wipe",
        "state",
        "state_at",
        "registered_at",
        "seen_at",
    ],
};

/// Writes a user's device.
pub fn put(db: &mut Db, user: i64, device: &Device) -> Result<()> {
    let d = device;
    let values = params![
        user,
        &d.device_id,
        &d.name,
        &d.kind,
        d.set_priority,
        d.granted_in,
        &d.os,
        &d.os_version,
        &d.app,
        &d.app_version,
        d.can_wipe,
        d.state.word(),
        d.state_at,
        d.registered_at,
        d.seen_at,
    ];
    db.put(&DEVICE, values)
}

/// Binds a session to a device of its user. How often it polls was another device's subscription's to say.
pub fn bind(db: &mut Db, session: &str, device: &str) -> Result<()> {
    let sql = "UPDATE sessions SET wake = CASE WHEN device = ? THEN wake ELSE 0 END, device = ? WHERE id = ?";
    db.run(sql, params![device, device, session]).map(drop)
}

/// How many live sessions each of a user's devices has.
pub fn sessions(db: &mut Db, user: i64, now: Timestamp) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT device, COUNT(*) FROM sessions WHERE user_id = ? AND expires_at > ? GROUP BY device";
    db.all(sql, params![user, now], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// A live session, with what its user knows it by.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// The device that it is bound to, if any.
    pub device_id: Option<String>,
    /// What its user calls that.
    pub name: String,
    /// What the app calls itself.
    pub client: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last heard of.
    pub seen_at: Timestamp,
    /// The device that let it in, and what its user calls that; both empty where that was on none.
    pub let_in_by: Option<(String, String)>,
}

/// A part of a user's live sessions behind a date and an id, newest first.
pub fn live(db: &mut Db, user: i64, (at, id): &(i64, String), now: Timestamp, span: Span) -> Result<Vec<Session>> {
    let sql = "SELECT s.id, i.device_id, i.name, s.client, s.created_at, s.seen_at, s.rotated_at, s.let_in_by, b.name FROM sessions s \
         LEFT JOIN installations i ON i.user_id = s.user_id AND i.device_id = s.device \
         LEFT JOIN installations b ON b.user_id = s.user_id AND b.device_id = s.let_in_by \
         WHERE s.user_id = ? AND s.expires_at > ? AND (s.created_at < ? OR (s.created_at = ? AND s.id < ?)) \
         ORDER BY s.created_at DESC, s.id DESC LIMIT ? OFFSET ?";
    db.all(sql, params![user, now, *at, *at, id, span.limit, span.offset], |row| {
        let name = row.get::<Option<String>>(2)?.unwrap_or_default();
        let seen_at = row.get::<Timestamp>(5)?.max(row.get(6)?);
        let by = row.get::<Option<String>>(8)?.unwrap_or_default();
        let let_in_by = row.get::<Option<String>>(7)?.map(|device| (device, by));
        let (id, device_id, client, created_at) = (row.get(0)?, row.get(1)?, row.get(3)?, row.get(4)?);
        Ok(Session { id, device_id, name, client, created_at, seen_at, let_in_by })
    })
}

/// How many live sessions a user has.
pub fn number_live(db: &mut Db, user: i64, now: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM sessions WHERE user_id = ? AND expires_at > ?";
    Ok(db.one(sql, params![user, now], |row| row.get(0))?.unwrap_or_default())
}

/// Has a user this device, and is it in use?
pub fn is_active(db: &mut Db, user: i64, device: &str) -> Result<bool> {
    Ok(find(db, user, device)?.is_some_and(|device| device.state == State::Active))
}

/// Is another live session on this device of the user's?
pub fn has_another(db: &mut Db, user: i64, device: &str, session: &str, now: Timestamp) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM sessions WHERE user_id = ? AND device = ? AND id <> ? AND expires_at > ?";
    Ok(db.one(sql, params![user, device, session, now], |row| row.get::<i64>(0))?.unwrap_or_default() > 0)
}

/// Is it a live session of this user?
pub fn is_of(db: &mut Db, id: &str, user: i64, now: Timestamp) -> Result<bool> {
    let sql = "SELECT id FROM sessions WHERE id = ? AND user_id = ? AND expires_at > ?";
    Ok(db.lock_row(sql, params![id, user, now], |row| row.get::<String>(0))?.is_some())
}

/// How a session came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayIn {
    /// When.
    pub at: Timestamp,
    /// When its user last gave the password in it.
    pub proved_at: Timestamp,
    /// The device that let it in, if another did.
    pub let_in_by: Option<String>,
}

/// How a session came in.
pub fn way_in(db: &mut Db, session: &str) -> Result<Option<WayIn>> {
    let sql = "SELECT created_at, proved_at, let_in_by FROM sessions WHERE id = ?";
    db.one(sql, params![session], |row| Ok(WayIn { at: row.get(0)?, proved_at: row.get(1)?, let_in_by: row.get(2)? }))
}

/// A session's user gave the password in it.
pub fn prove(db: &mut Db, session: &str, now: Timestamp) -> Result<()> {
    db.run_for(Notice::Nobody, "UPDATE sessions SET proved_at = ? WHERE id = ?", params![now, session]).map(drop)
}

/// What a session has polled last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polled {
    /// When.
    pub at: Timestamp,
    /// The cursor that it sent, which this store had given; 0 is none.
    pub cursor: Timestamp,
    /// The lists that it asked for, as bits.
    pub lists: i64,
    /// In which couple or team.
    pub tenant: i64,
}

/// What a session has polled last, as far as the database knows.
pub fn polled(db: &mut Db, session: &str) -> Result<Option<Polled>> {
    let sql = "SELECT polled_at, cursor_at, lists, polled_in FROM sessions WHERE id = ? AND polled_at > 0";
    db.one(sql, params![session], |row| {
        Ok(Polled { at: row.get(0)?, cursor: row.get(1)?, lists: row.get(2)?, tenant: row.get(3)? })
    })
}

/// Writes that a session was heard of, and its device, and what it has polled.
pub fn see(db: &mut Db, session: &str, at: Timestamp, polled: Option<&Polled>) -> Result<()> {
    db.run_for(Notice::Nobody, "UPDATE sessions SET seen_at = ? WHERE id = ? AND seen_at < ?", params![at, session, at])?;
    if let Some(p) = polled {
        let sql = "UPDATE sessions SET polled_at = ?, cursor_at = ?, lists = ?, polled_in = ? WHERE id = ? AND polled_at < ?";
        db.run_for(Notice::Nobody, sql, params![p.at, p.cursor, p.lists, p.tenant, session, p.at])?;
    }
    let sql = "SELECT user_id, device FROM sessions WHERE id = ?";
    let on = db.one(sql, params![session], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
    let Some((user, device)) = on.filter(|(_, device)| !device.is_empty()) else { return Ok(()) };
    let sql = "UPDATE installations SET seen_at = ? WHERE user_id = ? AND device_id = ? AND seen_at < ?";
    db.run(sql, params![at, user, &device, at]).map(drop)
}

/// Up to where a device has seen its messages, or a session that has none.
pub fn acked(db: &mut Db, caller: &Caller) -> Result<Timestamp> {
    if !caller.device.is_empty() {
        return acked_on(db, caller.user, &caller.device);
    }
    Ok(db.one("SELECT acked FROM sessions WHERE id = ?", params![&caller.session], |row| row.get(0))?.unwrap_or_default())
}

/// Up to where a user's device has.
pub fn acked_on(db: &mut Db, user: i64, device: &str) -> Result<Timestamp> {
    let sql = "SELECT acked FROM installations WHERE user_id = ? AND device_id = ?";
    Ok(db.one(sql, params![user, device], |row| row.get(0))?.unwrap_or_default())
}

/// Writes up to where; it never goes back.
pub fn acknowledge(db: &mut Db, caller: &Caller, up_to: Timestamp) -> Result<()> {
    if caller.device.is_empty() {
        let sql = "UPDATE sessions SET acked = ? WHERE id = ? AND acked < ?";
        return db.run_for(Notice::Nobody, sql, params![up_to, &caller.session, up_to]).map(drop);
    }
    let sql = "UPDATE installations SET acked = ? WHERE user_id = ? AND device_id = ? AND acked < ?";
    db.run(sql, params![up_to, caller.user, &caller.device, up_to]).map(drop)
}

/// Every session whose user is in a couple or team, with that and when the database last heard of it.
pub fn all_polling(db: &mut Db) -> Result<Vec<(String, i64, Timestamp)>> {
    let sql = "SELECT s.id, m.tenant, s.seen_at FROM sessions s JOIN members m ON m.user_id = s.user_id";
    db.all(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// The live sessions on a user's device.
pub fn on_device(db: &mut Db, user: i64, device: &str, now: Timestamp) -> Result<Vec<String>> {
    let sql = "SELECT id FROM sessions WHERE user_id = ? AND device = ? AND expires_at > ?";
    db.all(sql, params![user, device, now], |row| row.get(0))
}

columns!(remember: "INSERT INTO ended_sessions (id, user_id, device, reason, ended_at) SELECT id, user_id, device, ?, ? FROM sessions");

/// Ends a session.
pub fn end(db: &mut Db, id: &str, reason: Reason, now: Timestamp) -> Result<u64> {
    let user = db.one("SELECT user_id FROM sessions WHERE id = ?", params![id], |row| row.get::<i64>(0))?;
    db.run(remember!("WHERE id = ?"), params![reason.word(), now, id])?;
    let ended = db.run("DELETE FROM sessions WHERE id = ?", params![id])?;
    user.map_or(Ok(()), |user| rhythm::store::end_left(db, user))?;
    Ok(ended)
}

/// Ends every session of a user but one; `""` spares none.
pub fn end_all_but(db: &mut Db, user: i64, but: &str, reason: Reason, now: Timestamp) -> Result<u64> {
    db.run(remember!("WHERE user_id = ? AND id <> ?"), params![reason.word(), now, user, but])?;
    let ended = db.run("DELETE FROM sessions WHERE user_id = ? AND id <> ?", params![user, but])?;
    rhythm::store::end_left(db, user)?;
    Ok(ended)
}

/// What who ran a team let a user's devices count there does not hold any more.
pub fn ungrant(db: &mut Db, user: i64, team: i64) -> Result<()> {
    db.run("UPDATE installations SET granted_in = 0 WHERE user_id = ? AND granted_in = ?", params![user, team]).map(drop)
}

/// Ends every session on a user's device.
pub fn end_device(db: &mut Db, user: i64, device: &str, now: Timestamp) -> Result<u64> {
    db.run(remember!("WHERE user_id = ? AND device = ?"), params![Reason::Revoked.word(), now, user, device])?;
    let ended = db.run("DELETE FROM sessions WHERE user_id = ? AND device = ?", params![user, device])?;
    rhythm::store::end_left(db, user)?;
    Ok(ended)
}

/// Ends what a user has beyond so many sessions, this one among them: those that were not used for longest. Each use moves a
/// session's end away.
pub fn end_unused(db: &mut Db, user: i64, but: &str, most: u32, now: Timestamp) -> Result<()> {
    let sql = "SELECT id FROM sessions WHERE user_id = ? AND id <> ? ORDER BY expires_at DESC, id LIMIT ? OFFSET ?";
    let bound = params![user, but, BATCH, i64::from(most) - 1];
    let beyond = db.all(sql, bound, |row| row.get::<String>(0))?;
    beyond.iter().try_for_each(|session| end(db, session, Reason::Crowded, now).map(drop))
}

/// Some of the sessions whose time is over.
pub fn expired(db: &mut Db, now: Timestamp) -> Result<Vec<String>> {
    db.all("SELECT id FROM sessions WHERE expires_at <= ? LIMIT ?", params![now, BATCH], |row| row.get(0))
}

/// A session that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Whose it was.
    pub user: i64,
    /// On which device; empty where it had none.
    pub device: String,
    /// Why it ended.
    pub reason: Reason,
    /// How that device stands.
    pub state: Option<State>,
}

/// The sessions of a user that ended at an instant or after it.
pub fn ended_since(db: &mut Db, user: i64, at: Timestamp) -> Result<Vec<String>> {
    db.all("SELECT id FROM ended_sessions WHERE user_id = ? AND ended_at >= ?", params![user, at], |row| row.get(0))
}

/// A session that has ended, as long as it is remembered.
pub fn ended(db: &mut Db, id: &str) -> Result<Option<Ended>> {
    let sql = "SELECT e.user_id, e.device, e.reason, i.state FROM ended_sessions e \
         LEFT JOIN installations i ON i.user_id = e.user_id AND i.device_id = e.device WHERE e.id = ?";
    db.one(sql, params![id], |row| {
        let state = row.get::<Option<String>>(3)?.map(|word| word::stored(&State::ALL, &word)).transpose()?;
        let reason = word::stored(&Reason::ALL, &row.get::<String>(2)?)?;
        Ok(Ended { user: row.get(0)?, device: row.get(1)?, reason, state })
    })
}

/// Forgets everything about a user's devices and sessions: the account ends.
pub fn forget(db: &mut Db, user: i64) -> Result<()> {
    rhythm::store::forget(db, user)?;
    db.run("DELETE FROM sessions WHERE user_id = ?", params![user])?;
    db.run("DELETE FROM ended_sessions WHERE user_id = ?", params![user])?;
    db.run("DELETE FROM installations WHERE user_id = ?", params![user]).map(drop)
}

/// Forgets ended sessions after a while, but not those of devices that are still to be wiped.
pub fn purge_ended(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM ended_sessions WHERE id IN (SELECT id FROM (SELECT e.id FROM ended_sessions e \
         LEFT JOIN installations i ON i.user_id = e.user_id AND i.device_id = e.device AND i.state = 'wipe_pending' \
         WHERE e.ended_at <= ? AND i.device_id IS NULL LIMIT ?) AS old)";
    db.run(sql, params![now.plus(-REMEMBERED), BATCH])
}

/// Forgets devices: those that were revoked or wiped, later those that nobody has heard of, at last those that should have been
/// wiped.
pub fn purge_devices(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    let sql = "SELECT i.user_id, i.device_id FROM installations i LEFT JOIN sessions s ON s.user_id = i.user_id AND s.device = i.device_id \
         WHERE s.id IS NULL AND ((i.state IN ('revoked', 'wiped') AND i.state_at <= ?) OR (i.state = 'active' AND i.seen_at <= ?) \
         OR (i.state = 'wipe_pending' AND i.state_at <= ?)) LIMIT ?";
    let bound = params![now.plus(-REMEMBERED), now.plus(-KNOWN), now.plus(-WISHED), BATCH];
    let old = db.all(sql, bound, |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
    let sql = "DELETE FROM installations WHERE user_id = ? AND device_id = ?";
    old.iter().try_fold(0, |sum, (user, id)| Ok(sum + db.run(sql, params![*user, id])?))
}
