//! Codes in the database, with the mails that wait.

use super::{DRAFT, Kind, LINK};
use crate::base::error::Result;
use crate::base::time::{DAY, Timestamp};
use crate::db::{Db, Upsert};
use crate::feature::store::BATCH;
use crate::params;

/// Further ahead than this no code ends, in milliseconds: one that does was made by a clock that was ahead.
const FURTHEST: i64 = 2 * DAY;

/// A code as it is kept.
pub struct Row {
    /// The keyed hash of its link.
    pub id: String,
    /// The keyed hash of its short form.
    pub code: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The mail that brings it, sealed.
    pub mail: Vec<u8>,
}

/// Writes a code whose mail is due.
pub fn insert(db: &mut Db, kind: Kind, owner: i64, row: &Row, now: Timestamp) -> Result<()> {
    let sql =
        "INSERT INTO codes (kind, owner, id, code, wrong, expires_at, mail, mail_at, tries) VALUES (?, ?, ?, ?, 0, ?, ?, ?, 0)";
    let Row { id, code, expires_at, mail } = row;
    db.run(sql, params![kind.name(), owner, id, code, *expires_at, &mail[..], now]).map(drop)
}

/// Ends an account's codes but so many of the newest.
pub fn make_room(db: &mut Db, kind: &str, owner: i64, most: i64) -> Result<()> {
    let sql = "SELECT id FROM codes WHERE kind = ? AND owner = ? ORDER BY expires_at DESC, id LIMIT ? OFFSET ?";
    let beyond = db.all(sql, params![kind, owner, BATCH, most], |row| row.get::<String>(0))?;
    beyond.iter().try_for_each(|id| end(db, kind, owner, id))
}

/// Is there such a code, and was it not guessed at too often?
pub fn fits(db: &mut Db, kind: Kind, owner: i64, code: &str, most: i64, now: Timestamp) -> Result<bool> {
    let sql = "SELECT id FROM codes WHERE kind = ? AND owner = ? AND code = ? AND wrong < ? AND expires_at > ? LIMIT 1";
    Ok(db.one(sql, params![kind.name(), owner, code, most, now], |row| row.get::<String>(0))?.is_some())
}

/// Is there such a link?
pub fn is_live(db: &mut Db, kind: Kind, owner: i64, id: &str, now: Timestamp) -> Result<bool> {
    let sql = "SELECT id FROM codes WHERE kind = ? AND owner = ? AND id = ? AND expires_at > ?";
    Ok(db.one(sql, params![kind.name(), owner, id, now], |row| row.get::<String>(0))?.is_some())
}

/// Notes a wrong guess at an account's codes.
pub fn count_wrong(db: &mut Db, kind: Kind, owner: i64) -> Result<()> {
    db.run("UPDATE codes SET wrong = wrong + 1 WHERE kind = ? AND owner = ?", params![kind.name(), owner]).map(drop)
}

/// Ends every code of an account, the mails that still wait, and the devices that it let in and that have not come yet.
pub fn end_all(db: &mut Db, owner: i64) -> Result<()> {
    [Kind::Reset.name(), Kind::Verify.name(), LINK].iter().try_for_each(|kind| end_kind(db, kind, owner))
}

fn end_kind(db: &mut Db, kind: &str, owner: i64) -> Result<()> {
    db.run("DELETE FROM codes WHERE kind = ? AND owner = ?", params![kind, owner]).map(drop)
}

/// Ends what an account has allowed devices that have not come yet.
pub fn end_links(db: &mut Db, owner: i64) -> Result<()> {
    end_kind(db, LINK, owner)
}

/// Erases all that an account has here: it ends.
pub fn forget(db: &mut Db, owner: i64) -> Result<()> {
    end_all(db, owner)?;
    end(db, DRAFT, owner, DRAFT)
}

/// A user's draft, sealed, as long as it waits.
pub fn draft(db: &mut Db, owner: i64, now: Timestamp) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT mail FROM codes WHERE kind = ? AND owner = ? AND id = ? AND expires_at > ?";
    db.one(sql, params![DRAFT, owner, DRAFT, now], |row| row.get(0))
}

const ROW: Upsert =
    Upsert { table: "codes", key: &["kind", "owner", "id"], set: &["code", "wrong", "expires_at", "mail", "mail_at", "tries"] };

/// Writes a user's draft in the place of the one before. It is no mail: none is due.
pub fn put_draft(db: &mut Db, owner: i64, sealed: &[u8], expires_at: Timestamp) -> Result<()> {
    db.put(&ROW, params![DRAFT, owner, DRAFT, "", 0_i64, expires_at, sealed, None::<Timestamp>, 0_i64])
}

/// A mail that is due.
pub struct Due {
    kind: String,
    /// Whose code it brings.
    pub owner: i64,
    id: String,
    /// The mail, sealed.
    pub mail: Vec<u8>,
    /// How often it was tried before.
    pub tries: i64,
    /// When its code ends.
    pub expires_at: Timestamp,
}

/// The mail that has been due for longest.
pub fn due(db: &mut Db, now: Timestamp) -> Result<Option<Due>> {
    let sql = "SELECT kind, owner, id, mail, tries, expires_at FROM codes \
         WHERE mail_at <= ? AND expires_at > ? AND mail IS NOT NULL ORDER BY mail_at, id LIMIT 1";
    db.one(sql, params![now, now], |row| {
        let (kind, owner, id, mail) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Due { kind, owner, id, mail, tries: row.get(4)?, expires_at: row.get(5)? })
    })
}

/// When the next mail is due.
pub fn next_due(db: &mut Db, now: Timestamp) -> Result<Option<Timestamp>> {
    let sql = "SELECT MIN(mail_at) FROM codes WHERE mail_at > ? AND expires_at > mail_at AND mail IS NOT NULL";
    Ok(db.one(sql, params![now], |row| row.get::<Option<Timestamp>>(0))?.flatten())
}

impl Due {
    /// Notes that it is tried, and when it is tried again unless [`Due::done`] is said before.
    pub fn tried(&self, db: &mut Db, again: Option<Timestamp>) -> Result<()> {
        let sql = "UPDATE codes SET tries = tries + 1, mail_at = ? WHERE kind = ? AND owner = ? AND id = ?";
        db.run(sql, params![again, &self.kind, self.owner, &self.id]).map(drop)
    }

    /// It is sent, or given up: its code stays.
    pub fn done(&self, db: &mut Db) -> Result<()> {
        let sql = "UPDATE codes SET mail = NULL, mail_at = NULL WHERE kind = ? AND owner = ? AND id = ?";
        db.run(sql, params![&self.kind, self.owner, &self.id]).map(drop)
    }

    /// Ends the code, too.
    pub fn end(&self, db: &mut Db) -> Result<()> {
        end(db, &self.kind, self.owner, &self.id)
    }
}

/// Ends a code.
pub fn end(db: &mut Db, kind: &str, owner: i64, id: &str) -> Result<()> {
    db.run("DELETE FROM codes WHERE kind = ? AND owner = ? AND id = ?", params![kind, owner, id]).map(drop)
}

/// Deletes codes that have ended, and those from a clock that was ahead.
pub fn purge(db: &mut Db, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM codes WHERE id IN \
         (SELECT id FROM (SELECT id FROM codes WHERE expires_at <= ? OR expires_at > ? LIMIT ?) AS old)";
    db.run(sql, params![now, now.plus(FURTHEST), BATCH])
}
