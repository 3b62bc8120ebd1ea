//! What accounts, sessions and tenants know of subscriptions: how often a session polls, how many a tenant has that are awake, and
//! that one ends with its device's last session.

use super::Rhythm;
use crate::base::error::Result;
use crate::db::{Db, Notice};
use crate::feature::store as feed;
use crate::params;

/// Writes how often the sessions on a user's device should poll.
pub fn set(db: &mut Db, user: i64, device: &str, rhythm: Rhythm) -> Result<()> {
    let sql = "UPDATE sessions SET wake = ? WHERE user_id = ? AND device = ? AND wake <> ?";
    let number = rhythm.number();
    // Who is in no tenant has no polls.
    let notice = feed::tenant_of(db, user)?.map_or(Notice::Nobody, Notice::Tenant);
    db.run_for(notice, sql, params![number, user, device, number]).map(drop)
}

/// Counts anew how many subscriptions are awake in the couple or team that a user is in.
pub fn count_of(db: &mut Db, user: i64) -> Result<()> {
    feed::tenant_of(db, user)?.map_or(Ok(()), |tenant| count_in(db, tenant))
}

/// Counts anew how many subscriptions of a tenant's members are awake.
pub fn count_in(db: &mut Db, tenant: i64) -> Result<()> {
    feed::lock(db, tenant)?;
    let sql = "SELECT COUNT(*) FROM push_subscriptions s JOIN members m ON m.user_id = s.user_id \
         WHERE m.tenant = ? AND s.state = 'active' AND s.endpoint IS NOT NULL";
    let awake = db.one(sql, params![tenant], |row| row.get::<i64>(0))?.unwrap_or_default();
    let sql = "UPDATE tenants SET pushes = ? WHERE id = ? AND pushes <> ?";
    db.run_for(Notice::Nobody, sql, params![awake, tenant, awake]).map(drop)
}

/// Ends what subscriptions of a user are left on devices without a session.
pub fn end_left(db: &mut Db, user: i64) -> Result<()> {
    let sql = "DELETE FROM push_subscriptions WHERE user_id = ? AND NOT EXISTS (SELECT s.id FROM sessions s \
         WHERE s.user_id = push_subscriptions.user_id AND s.device = push_subscriptions.device_id)";
    if db.run(sql, params![user])? > 0 { count_of(db, user) } else { Ok(()) }
}

/// Ends every subscription of a user.
pub fn forget(db: &mut Db, user: i64) -> Result<()> {
    if db.run("DELETE FROM push_subscriptions WHERE user_id = ?", params![user])? > 0 { count_of(db, user) } else { Ok(()) }
}

/// Ends every subscription of everybody: no session is left, or nothing that they were made for.
pub fn end_all(db: &mut Db) -> Result<u64> {
    db.run("UPDATE sessions SET wake = 0 WHERE wake <> 0", &[])?;
    db.run("UPDATE tenants SET pushes = 0 WHERE pushes <> 0", &[])?;
    db.run("DELETE FROM push_subscriptions", &[])
}
