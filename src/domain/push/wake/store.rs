//! What moved in the feed, as it wakes devices; and how waking them goes, for the doctor.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::store::{fact, put_fact};
use crate::params;

/// A change that somebody else made.
pub struct Change {
    /// Its list.
    pub kind: String,
    /// When it was made.
    pub stamp: Timestamp,
    /// Is it a deletion?
    pub deleted: bool,
    /// The object's version, where it has any.
    pub version: Option<i64>,
}

/// So many are looked at: more than that wake nobody sooner, and are not counted.
const MOST: i64 = 1_000;

/// What was changed after an instant and up to another, but by this author, oldest first.
pub fn changes(db: &mut Db, tenant: i64, after: Timestamp, until: Timestamp, but: i64) -> Result<Vec<Change>> {
    let sql = "SELECT kind, stamp, deleted, version FROM changes \
         WHERE tenant = ? AND stamp > ? AND stamp <= ? AND author <> ? ORDER BY stamp LIMIT ?";
    db.all(sql, params![tenant, after, until, but, MOST], |row| {
        Ok(Change { kind: row.get(0)?, stamp: row.get(1)?, deleted: row.get(2)?, version: row.get(3)? })
    })
}

/// The name of the fact that says how late wake-ups were in the last round that sent any: when that was, and milliseconds.
const LATE: &str = "push_late";

/// Notes how late a round's wake-ups were, in milliseconds.
pub fn note_late(db: &mut Db, now: Timestamp, late: i64) -> Result<()> {
    put_fact(db, LATE, &format!("{now} {late}"))
}

/// How late wake-ups are.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Since when something is due.
    pub waits: Option<Timestamp>,
    /// How late the wake-ups of the last round were, in milliseconds.
    pub late: Option<i64>,
}

/// How late they are.
pub fn standing(db: &mut Db, now: Timestamp) -> Result<Standing> {
    let sql = "SELECT MIN(CASE WHEN due_at < not_before THEN not_before ELSE due_at END) FROM push_subscriptions \
         WHERE endpoint IS NOT NULL AND state IN ('pending', 'active') AND due_at IS NOT NULL AND expires_at > ?";
    let waits = db.one(sql, params![now], |row| row.get::<Option<Timestamp>>(0))?.flatten();
    let late = fact(db, LATE)?.and_then(|noted| noted.rsplit_once(' ')?.1.parse().ok());
    Ok(Standing { waits, late })
}

/// The endpoints of some subscriptions that are awake, sealed, one a host.
pub fn endpoints(db: &mut Db, most: i64) -> Result<Vec<Vec<u8>>> {
    let sql = "SELECT sealed FROM push_subscriptions s WHERE state = 'active' AND sealed IS NOT NULL AND NOT EXISTS \
         (SELECT o.id FROM push_subscriptions o WHERE o.host = s.host AND o.state = 'active' AND o.id < s.id) ORDER BY s.id LIMIT ?";
    db.all(sql, params![most], |row| row.get(0))
}
