//! Messages in the database. Every statement names the tenant, except what the night and an account's end do to all.

use super::rules::{self, CONFLICT_ALERT, Message, Priority, To, Worth};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::base::{json, word};
use crate::db::{Db, Row};
use crate::feature::Role;
use crate::feature::store::BATCH;
use crate::{columns, params};

/// Whose messages are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// The tenant.
    pub tenant: i64,
    /// The user.
    pub user: i64,
    /// The author that their device is.
    pub device: i64,
    /// The instant at which what has expired is not shown.
    pub now: Timestamp,
}

columns!(shown: "SELECT m.stamp, m.id, m.type, m.priority, m.data, m.expires_at FROM push_messages m \
     JOIN members s ON s.tenant = m.tenant AND s.user_id = ?");

columns!(messages: shown, "WHERE m.tenant = ? AND m.stamp > ? AND m.stamp <= ? AND m.stamp > s.joined_at AND m.expires_at > ? \
     AND m.user_id IN (0, ?) AND m.device IN (0, ?) AND (m.author <> ? OR m.type = ?)");

fn message(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        stamp: row.get(0)?,
        id: row.get(1)?,
        type_name: row.get(2)?,
        priority: word::of(&Priority::ALL, &Priority::of(row.get(3)?)?).to_owned(),
        data: json::read(row.get::<String>(4)?.as_bytes())?,
        expires_at: row.get(5)?,
    })
}

/// A reader's messages after an instant, up to another, oldest first, and no more than so many.
pub fn between(db: &mut Db, reader: Reader, after: Timestamp, until: Timestamp, limit: i64) -> Result<Vec<Message>> {
    let Reader { tenant, user, device, now } = reader;
    let bound = params![user, tenant, after, until, now, user, device, device, CONFLICT_ALERT, limit];
    db.all(messages!("ORDER BY m.stamp, m.id LIMIT ?"), bound, message)
}

/// Every message to a user, whichever of their devices it is for.
pub fn held(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<Message>> {
    let sql = shown!("WHERE m.tenant = ? AND m.stamp > s.joined_at AND m.user_id IN (0, ?) ORDER BY m.stamp, m.id");
    db.all(sql, params![user, tenant, user], message)
}

/// How many messages of a reader are newer than an instant.
pub fn count(db: &mut Db, reader: Reader, after: Timestamp, until: Timestamp) -> Result<i64> {
    let Reader { tenant, user, device, now } = reader;
    let sql = "SELECT COUNT(*) FROM push_messages m JOIN members s ON s.tenant = m.tenant AND s.user_id = ? \
         WHERE m.tenant = ? AND m.stamp > ? AND m.stamp <= ? AND m.stamp > s.joined_at AND m.expires_at > ? AND m.user_id IN (0, ?) \
         AND m.device IN (0, ?) AND (m.author <> ? OR m.type = ?)";
    let bound = params![user, tenant, after, until, now, user, device, device, CONFLICT_ALERT];
    Ok(db.one(sql, bound, |row| row.get(0))?.unwrap_or_default())
}

/// What is kept for an addressee, in the order of its stamps.
pub struct Kept {
    /// When it was made.
    pub stamp: Timestamp,
    /// Its id.
    pub id: String,
    /// What it counts beside others.
    pub worth: Worth,
}

/// How many messages are kept for an addressee.
pub fn number(db: &mut Db, tenant: i64, to: To) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM push_messages WHERE tenant = ? AND user_id = ? AND device = ?";
    Ok(db.one(sql, params![tenant, to.user, to.device], |row| row.get(0))?.unwrap_or_default())
}

/// What is kept for an addressee, in the order of its stamps.
pub fn kept(db: &mut Db, tenant: i64, to: To) -> Result<Vec<Kept>> {
    let sql = "SELECT stamp, id, priority, expires_at, type, data FROM push_messages WHERE tenant = ? AND user_id = ? AND device = ? \
         ORDER BY stamp, id";
    db.all(sql, params![tenant, to.user, to.device], |row| {
        let is_sent = rules::is_sent(&row.get::<String>(4)?, &json::read(row.get::<String>(5)?.as_bytes())?);
        let worth = Worth { priority: Priority::of(row.get(2)?)?, expires_at: row.get(3)?, is_sent };
        Ok(Kept { stamp: row.get(0)?, id: row.get(1)?, worth })
    })
}

/// Deletes a message.
pub fn delete(db: &mut Db, tenant: i64, stamp: Timestamp, id: &str) -> Result<()> {
    db.run("DELETE FROM push_messages WHERE tenant = ? AND stamp = ? AND id = ?", params![tenant, stamp, id]).map(drop)
}

/// Writes a message.
pub fn insert(db: &mut Db, tenant: i64, to: To, author: i64, message: &Message, priority: Priority) -> Result<()> {
    let sql = "INSERT INTO push_messages (tenant, stamp, id, type, priority, user_id, device, author, data, expires_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Message { stamp, id, type_name, data, expires_at, .. } = message;
    let (number, data) = (priority.number(), json::write(data)?);
    db.run(sql, params![tenant, *stamp, id, type_name, number, to.user, to.device, author, &data, *expires_at]).map(drop)
}

/// A device has seen what is for it alone.
pub fn seen(db: &mut Db, reader: Reader, up_to: Timestamp) -> Result<()> {
    let sql = "DELETE FROM push_messages WHERE tenant = ? AND stamp <= ? AND user_id = ? AND device = ?";
    db.run(sql, params![reader.tenant, up_to, reader.user, reader.device]).map(drop)
}

/// Deletes what is for a user in a tenant.
pub fn leave(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    db.run("DELETE FROM push_messages WHERE tenant = ? AND user_id = ?", params![tenant, user]).map(drop)
}

/// A backup has taken the store's place: what it says happened before.
pub fn clear(db: &mut Db, tenant: i64) -> Result<()> {
    db.run("DELETE FROM push_messages WHERE tenant = ?", params![tenant]).map(drop)
}

/// Deletes what has expired.
pub fn purge(db: &mut Db, now: Timestamp) -> Result<u64> {
    let sql = "SELECT tenant, stamp, id FROM push_messages WHERE expires_at <= ? LIMIT ?";
    let old: Vec<(i64, Timestamp, String)> =
        db.all(sql, params![now, BATCH], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    old.iter().try_for_each(|(tenant, stamp, id)| delete(db, *tenant, *stamp, id))?;
    Ok(old.len() as u64)
}

/// Who is in a tenant, and as what.
pub fn members(db: &mut Db, tenant: i64) -> Result<Vec<(i64, Role)>> {
    let sql = "SELECT user_id, role FROM members WHERE tenant = ? ORDER BY seat";
    db.all(sql, params![tenant], |row| Ok((row.get(0)?, word::stored(&Role::ALL, &row.get::<String>(1)?)?)))
}
