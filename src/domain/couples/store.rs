//! Couples and invites in the database.

use super::rules::{Couple, Invite, Partner};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::Settings;
use crate::params;

/// Writes a new couple whose clock starts now.
pub fn insert(db: &mut Db, tenant: i64, public_id: &str, epoch: &str, now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO tenants (id, public_id, kind, clock, horizon, epoch, created_at, updated_at) VALUES (?, ?, 'couple', ?, 0, ?, ?, ?)";
    db.run(sql, params![tenant, public_id, now, epoch, now, now]).map(drop)
}

/// Seats a user. Two at once cannot take one seat, and nobody sits in two couples: the second is a duplicate.
pub fn seat(db: &mut Db, tenant: i64, user: i64, seat: i64, now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO members (user_id, tenant, seat, role, joined_at) VALUES (?, ?, ?, 'member', ?)";
    db.run(sql, params![user, tenant, seat, now]).map(drop)
}

/// A couple with its partners.
pub fn find(db: &mut Db, tenant: i64) -> Result<Option<Couple>> {
    let sql = "SELECT public_id, created_at, updated_at FROM tenants WHERE id = ?";
    let couple = db.one(sql, params![tenant], |row| {
        Ok(Couple { id: row.get(0)?, partner_a: None, partner_b: None, created_at: row.get(1)?, updated_at: row.get(2)? })
    })?;
    let Some(mut couple) = couple else { return Ok(None) };
    for (seat, partner) in partners(db, tenant)? {
        *(if seat == 0 { &mut couple.partner_a } else { &mut couple.partner_b }) = Some(partner);
    }
    Ok(Some(couple))
}

fn partners(db: &mut Db, tenant: i64) -> Result<Vec<(i64, Partner)>> {
    let sql = "SELECT m.seat, u.id, u.username, u.language, u.timezone FROM members m JOIN users u ON u.id = m.user_id \
         WHERE m.tenant = ? ORDER BY m.seat";
    db.all(sql, params![tenant], |row| {
        Ok((row.get(0)?, Partner { id: row.get(1)?, username: row.get(2)?, language: row.get(3)?, timezone: row.get(4)? }))
    })
}

/// How many are in a tenant.
pub fn size(db: &mut Db, tenant: i64) -> Result<i64> {
    let found = db.one("SELECT COUNT(*) FROM members WHERE tenant = ?", params![tenant], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// Takes a user out; who stays becomes partner A.
pub fn unseat(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    db.run("DELETE FROM members WHERE tenant = ? AND user_id = ?", params![tenant, user])?;
    db.run("UPDATE members SET seat = 0 WHERE tenant = ?", params![tenant]).map(drop)
}

/// Deletes a tenant with everything in it.
pub fn delete(db: &mut Db, tenant: i64) -> Result<()> {
    db.run("DELETE FROM tenants WHERE id = ?", params![tenant]).map(drop)
}

/// A code's couple and how it stands.
pub fn invite(db: &mut Db, code: &str) -> Result<Option<(i64, Invite)>> {
    let sql = "SELECT tenant, code, expires_at, used_at, created_at FROM invites WHERE code = ?";
    db.one(sql, params![code], |row| {
        let invite = Invite { code: row.get(1)?, expires_at: row.get(2)?, used_at: row.get(3)?, created_at: row.get(4)? };
        Ok((row.get(0)?, invite))
    })
}

/// Writes a new code.
pub fn insert_invite(db: &mut Db, tenant: i64, user: i64, invite: &Invite) -> Result<()> {
    let sql = "INSERT INTO invites (code, tenant, created_by, created_at, expires_at, used_at) VALUES (?, ?, ?, ?, ?, NULL)";
    db.run(sql, params![&invite.code, tenant, user, invite.created_at, invite.expires_at]).map(drop)
}

/// Makes room for a code that is dead.
pub fn delete_invite(db: &mut Db, code: &str) -> Result<()> {
    db.run("DELETE FROM invites WHERE code = ?", params![code]).map(drop)
}

/// A couple's live codes, oldest first.
pub fn live(db: &mut Db, tenant: i64, now: Timestamp) -> Result<Vec<String>> {
    let sql = "SELECT code FROM invites WHERE tenant = ? AND used_at IS NULL AND expires_at > ? ORDER BY created_at, code";
    db.all(sql, params![tenant, now], |row| row.get(0))
}

/// Ends a code.
pub fn end(db: &mut Db, code: &str, now: Timestamp) -> Result<()> {
    db.run("UPDATE invites SET expires_at = ? WHERE code = ?", params![now, code]).map(drop)
}

/// Marks a code as used.
pub fn mark_used(db: &mut Db, code: &str, now: Timestamp) -> Result<()> {
    db.run("UPDATE invites SET used_at = ? WHERE code = ?", params![now, code]).map(drop)
}

/// Deletes codes a week after they ended: until then a late client is told that it was late.
pub fn purge(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    let week_ago = now.plus(-7 * crate::base::time::DAY);
    db.run("DELETE FROM invites WHERE expires_at <= ?", params![week_ago])
}
