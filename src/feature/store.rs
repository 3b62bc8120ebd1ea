//! The clock, the feed and the attempts: the SQL that every noun shares.

use super::{Rate, Settings, TenantKind, version};
use crate::base::error::{Result, not_found};
use crate::base::id;
use crate::base::time::{CLOCKS_APART, DAY, MINUTE, Timestamp};
use crate::base::word;
use crate::db::{Db, Notice, Upsert, migrate};
use crate::params;

/// The most rows that a round of maintenance deletes: others write between the rounds. MariaDB takes a limit there only inside
/// another SELECT.
pub const BATCH: i64 = 1_000;
/// Tenants whose tombstones are purged in one transaction.
const TENANTS: i64 = 200;

/// Locks the tenant and advances its clock: `max(now, clock + 1)`. So within a tenant stamps are unique to a
/// transaction and ordered as the commits, even when the wall clock was set back.
pub fn advance(db: &mut Db, tenant: i64, now: Timestamp) -> Result<Advanced> {
    let sql = "SELECT clock, pushes FROM tenants WHERE id = ?";
    let read = db.lock_row(sql, params![tenant], |row| Ok((row.get::<Timestamp>(0)?, row.get::<i64>(1)?)))?;
    let (before, pushes) = read.ok_or_else(not_found)?;
    Ok(Advanced { tenant, before, stamp: advance_from(db, tenant, before, now)?, pushes })
}

/// A tenant whose clock was advanced.
#[derive(Debug, Clone, Copy)]
pub struct Advanced {
    /// The tenant.
    pub tenant: i64,
    /// What its clock was before.
    pub before: Timestamp,
    /// The stamp of what is written.
    pub stamp: Timestamp,
    /// How many subscriptions of its members are awake.
    pub pushes: i64,
}

/// The same of a clock that this transaction has locked and read.
pub fn advance_from(db: &mut Db, tenant: i64, before: Timestamp, now: Timestamp) -> Result<Timestamp> {
    let stamp = now.max(before.plus(1));
    move_clock(db, tenant, stamp)?;
    Ok(stamp)
}

/// Moves a tenant's clock on, which this transaction has locked.
pub fn move_clock(db: &mut Db, tenant: i64, stamp: Timestamp) -> Result<()> {
    db.run_for(Notice::Tenant(tenant), "UPDATE tenants SET clock = ? WHERE id = ?", params![stamp, tenant]).map(drop)
}

/// The author of what the operator, maintenance or several have done: nobody's own.
pub const NOBODY: i64 = 0;

/// Where an object is moved to in the feed.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    /// When it changed.
    pub stamp: Timestamp,
    /// By whom; see [`Ctx::author`](super::Ctx::author).
    pub author: i64,
    /// Is it a tombstone?
    pub deleted: bool,
}

impl Moved {
    /// Moved by maintenance, or by the operator.
    pub const fn by_nobody(stamp: Timestamp, deleted: bool) -> Moved {
        Moved { stamp, author: NOBODY, deleted }
    }
}

const CHANGE: Upsert = Upsert { table: "changes", key: &["tenant", "kind", "id"], set: &["stamp", "deleted", "author"] };

/// Moves an object in the feed.
pub fn mark(db: &mut Db, tenant: i64, kind: &str, id: &str, moved: Moved) -> Result<()> {
    db.put(&CHANGE, params![tenant, kind, id, moved.stamp, moved.deleted, moved.author])
}

/// An object as the feed shows it.
#[derive(Debug, Clone, Copy)]
pub struct Placed {
    /// When it changed.
    pub stamp: Timestamp,
    /// By whom; see [`Ctx::author`](super::Ctx::author).
    pub author: i64,
    /// Its version.
    pub version: i64,
    /// What it weighs; `None` is a tombstone.
    pub bytes: Option<i64>,
    /// Who made the version, where a user did. A tombstone of what its author alone may edit names the author.
    pub by: Option<i64>,
    /// Does the feed tell of it already? Then that is one look less.
    pub known: bool,
}

const PLACE: Upsert = Upsert {
    table: "changes",
    key: &["tenant", "kind", "id"],
    set: &["stamp", "deleted", "author", "version", "bytes", "edited_by"],
};

/// Moves an object in the feed.
pub fn place(db: &mut Db, tenant: i64, kind: &str, id: &str, placed: Placed) -> Result<()> {
    let Placed { stamp, author, version, bytes, by, known } = placed;
    // Where many are told of at once it is known or not.
    if known && !db.gathers() {
        let sql = "UPDATE changes SET stamp = ?, deleted = ?, author = ?, version = ?, bytes = ?, edited_by = ? \
             WHERE tenant = ? AND kind = ? AND id = ?";
        let values = params![stamp, bytes.is_none(), author, version, bytes.unwrap_or_default(), by, tenant, kind, id];
        if db.run(sql, values)? > 0 {
            return Ok(());
        }
    }
    db.put_later(&PLACE, params![tenant, kind, id, stamp, bytes.is_none(), author, version, bytes.unwrap_or_default(), by])
}

/// The newest version of an object, as far as the feed tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// When it last moved.
    pub stamp: Timestamp,
    /// Is it a tombstone?
    pub deleted: bool,
    /// Its version, where it has any.
    pub version: Option<i64>,
    /// Who made it.
    pub by: Option<i64>,
    /// Who moved it; see [`Ctx::author`](super::Ctx::author).
    pub author: i64,
}

/// The newest version of an object; nothing where the feed does not tell of it.
pub fn newest_version(db: &mut Db, tenant: i64, kind: &str, id: &str) -> Result<Option<Newest>> {
    let sql = "SELECT stamp, deleted, version, edited_by, author FROM changes WHERE tenant = ? AND kind = ? AND id = ?";
    db.one(sql, params![tenant, kind, id], |row| {
        let (stamp, deleted, version) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Newest { stamp, deleted, version, by: row.get(3)?, author: row.get(4)? })
    })
}

/// The stamp under which the feed tells of an object, and who made its version, as far as that is known; see [`Placed`].
pub fn told(db: &mut Db, tenant: i64, kind: &str, id: &str) -> Result<Option<(Timestamp, Option<i64>)>> {
    let sql = "SELECT stamp, edited_by FROM changes WHERE tenant = ? AND kind = ? AND id = ?";
    db.one(sql, params![tenant, kind, id], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Writes what an object weighs: it does not move.
pub fn reweigh(db: &mut Db, tenant: i64, kind: &str, id: &str, bytes: i64) -> Result<()> {
    let sql = "UPDATE changes SET bytes = ? WHERE tenant = ? AND kind = ? AND id = ?";
    db.run(sql, params![bytes, tenant, kind, id]).map(drop)
}

/// A tenant's clock.
pub fn clock(db: &mut Db, tenant: i64) -> Result<Option<Timestamp>> {
    db.one("SELECT clock FROM tenants WHERE id = ?", params![tenant], |row| row.get(0))
}

/// Locks a tenant: nobody else writes there until the transaction ends.
pub fn lock(db: &mut Db, tenant: i64) -> Result<()> {
    db.lock_row("SELECT clock FROM tenants WHERE id = ?", params![tenant], |_| Ok(())).map(drop)
}

/// The tenant behind another, in the order of their ids.
pub fn next_tenant(db: &mut Db, after: i64) -> Result<Option<i64>> {
    db.one("SELECT id FROM tenants WHERE id > ? ORDER BY id LIMIT 1", params![after], |row| row.get(0))
}

/// A backup has taken the store's place: its feed tells of no version that devices saw in the time that is lost.
pub fn raise_versions(db: &mut Db, tenant: i64) -> Result<()> {
    let sql = "UPDATE changes SET version = version + ? WHERE tenant = ? AND version <= ?";
    db.run(sql, params![version::LOST, tenant, version::RAISED]).map(drop)
}

/// What is dated later than this was made by a clock that was ahead. Nothing is, where the present clock is behind the store
/// itself: it is wrong then, and what it would bound would end too early.
pub fn ahead(db: &mut Db, now: Timestamp) -> Result<Option<Timestamp>> {
    let made = migrate::made_at(db)?;
    Ok(made.is_none_or(|made| made <= now).then(|| now.plus(CLOCKS_APART)))
}

/// How far ahead an attempt may be dated, in milliseconds: whoever counted it began a little later and wrote a little earlier,
/// or another node's clock is fast. What is dated further ahead comes from a clock that was wrong, and counts as none.
const EARLY: i64 = MINUTE;

/// How many attempts a bucket holds, no more than its limit, and when the oldest of them was.
pub fn attempts(db: &mut Db, bucket: &str, rate: Rate, now: Timestamp) -> Result<(i64, Timestamp)> {
    let sql = "SELECT COUNT(*), MIN(at) \
         FROM (SELECT at FROM attempts WHERE bucket = ? AND at > ? AND at <= ? ORDER BY at DESC LIMIT ?) AS newest";
    let bound = params![bucket, now.plus(-rate.window), now.plus(EARLY), i64::from(rate.count)];
    let found = db.one(sql, bound, |row| Ok((row.get(0)?, row.get::<Option<Timestamp>>(1)?.unwrap_or_default())))?;
    Ok(found.unwrap_or_default())
}

const ATTEMPT: Upsert = Upsert { table: "attempts", key: &["id"], set: &["bucket", "at"] };

/// Characters of an attempt's id: the width of its column.
const ATTEMPT_ID: usize = 36;

/// Locks a bucket until the transaction ends. In SQLite a writer is alone; elsewhere a row is locked that counts as no
/// attempt, because it is older than any.
pub fn lock_attempts(db: &mut Db, bucket: &str) -> Result<()> {
    if db.writes_alone() {
        return Ok(());
    }
    let lock = bucket.get(..ATTEMPT_ID).unwrap_or(bucket);
    db.put(&ATTEMPT, params![lock, bucket, Timestamp(0)])
}

/// Puts an attempt into a bucket; answers its id.
pub fn count_attempt(db: &mut Db, bucket: &str, at: Timestamp) -> Result<String> {
    let id = id::object();
    db.run("INSERT INTO attempts (bucket, at, id) VALUES (?, ?, ?)", params![bucket, at, &id])?;
    Ok(id)
}

/// Takes an attempt out of its bucket.
pub fn forget_attempt(db: &mut Db, id: &str) -> Result<()> {
    db.run("DELETE FROM attempts WHERE id = ?", params![id]).map(drop)
}

/// Deletes attempts that no limit looks at: those that are old, and those from a clock that was wrong.
pub fn purge_attempts(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM attempts WHERE id IN \
         (SELECT id FROM (SELECT id FROM attempts WHERE at <= ? OR at > ? LIMIT ?) AS old)";
    db.run(sql, params![now.plus(-DAY), now.plus(DAY), BATCH])
}

/// Deletes tombstones that are older than the operator keeps them, and moves the tenants' horizons to the newest of
/// them: an older cursor is told to start over. Who counts tombstones is told of each tenant.
pub fn purge_tombstones(
    db: &mut Db,
    settings: &Settings,
    now: Timestamp,
    purged_in: fn(&mut Db, tenant: i64) -> Result<()>,
) -> Result<u64> {
    let before = now.plus(-settings.tombstones);
    let sql = "SELECT tenant, MAX(stamp) FROM changes WHERE deleted = 1 AND stamp < ? GROUP BY tenant ORDER BY tenant LIMIT ?";
    let old = db.all(sql, params![before, TENANTS], |row| Ok((row.get::<i64>(0)?, row.get::<Timestamp>(1)?)))?;
    let mut purged = 0;
    for (tenant, newest) in old {
        lock(db, tenant)?;
        db.run_for(
            Notice::Tenant(tenant),
            "UPDATE tenants SET horizon = ? WHERE id = ? AND horizon < ?",
            params![newest, tenant, newest],
        )?;
        purged += db.run("DELETE FROM changes WHERE tenant = ? AND deleted = 1 AND stamp <= ?", params![tenant, newest])?;
        purged_in(db, tenant)?;
    }
    Ok(purged)
}

/// The stamp and the version of an object's deletion, as long as its tombstone is kept.
pub fn buried(db: &mut Db, tenant: i64, kind: &str, id: &str) -> Result<Option<(Timestamp, Option<i64>)>> {
    let sql = "SELECT stamp, version FROM changes WHERE tenant = ? AND kind = ? AND id = ? AND deleted = 1";
    db.one(sql, params![tenant, kind, id], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Does the feed tell of an object, alive or as a tombstone?
pub fn is_told(db: &mut Db, tenant: i64, kind: &str, id: &str) -> Result<bool> {
    let sql = "SELECT id FROM changes WHERE tenant = ? AND kind = ? AND id = ?";
    Ok(db.one(sql, params![tenant, kind, id], |row| row.get::<String>(0))?.is_some())
}

/// The ids of a tenant's live objects of a kind, oldest change first.
pub fn alive(db: &mut Db, tenant: i64, kind: &str) -> Result<Vec<String>> {
    let sql = "SELECT id FROM changes WHERE tenant = ? AND kind = ? AND deleted = 0 ORDER BY stamp, id";
    db.all(sql, params![tenant, kind], |row| row.get(0))
}

/// How many objects of a kind were changed after an instant, counted to so many.
pub fn newer(db: &mut Db, tenant: i64, kind: &str, after: Timestamp, most: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT id FROM changes WHERE tenant = ? AND stamp > ? AND kind = ? LIMIT ?) AS newer";
    Ok(db.one(sql, params![tenant, after, kind, most], |row| row.get(0))?.unwrap_or_default())
}

/// Is it a team?
pub fn is_team(db: &mut Db, tenant: i64) -> Result<bool> {
    let found = db.one("SELECT kind FROM tenants WHERE id = ?", params![tenant], |row| row.get::<String>(0))?;
    found.map_or(Ok(false), |kind| Ok(word::stored(&TenantKind::ALL, &kind)? == TenantKind::Team))
}

/// The tenant that a user is in.
pub fn tenant_of(db: &mut Db, user: i64) -> Result<Option<i64>> {
    db.one("SELECT tenant FROM members WHERE user_id = ?", params![user], |row| row.get(0))
}

/// How long whoever left a couple may export and erase what they wrote there, in milliseconds.
pub const CLAIM: i64 = 30 * DAY;

/// What a user may still claim of a couple that they are in no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The couple.
    pub tenant: i64,
    /// Did they stay, so that all of it is theirs? Of what they left it is what they wrote.
    pub kept: bool,
    /// The couple's clock when they left: what was changed later, others wrote.
    pub left_at: Timestamp,
}

/// What a user may claim of the couple with this id on the wire.
pub fn claim(db: &mut Db, user: i64, public_id: &str, now: Timestamp) -> Result<Option<Claim>> {
    let sql = "SELECT d.tenant, d.claim, d.left_at FROM departures d JOIN tenants t ON t.id = d.tenant \
         WHERE t.public_id = ? AND d.user_id = ? AND (d.claim = 'kept' OR (d.claim = 'left' AND d.left_at > ?))";
    db.one(sql, params![public_id, user, now.plus(-CLAIM)], |row| {
        Ok(Claim { tenant: row.get(0)?, kept: row.get::<String>(1)? == "kept", left_at: row.get(2)? })
    })
}

/// Is this user in the tenant?
pub fn is_member(db: &mut Db, tenant: i64, user: i64) -> Result<bool> {
    let sql = "SELECT user_id FROM members WHERE tenant = ? AND user_id = ?";
    Ok(db.one(sql, params![tenant, user], |row| row.get::<i64>(0))?.is_some())
}

const FACT: Upsert = Upsert { table: "facts", key: &["name"], set: &["value"] };

/// When maintenance was last done in full: the name of that fact.
pub const MAINTAINED_AT: &str = "maintained_at";

/// How many bytes the account may hold, where its host tells: the name of that fact.
pub const ACCOUNT_QUOTA: &str = "account_quota";

/// A fact about the store.
pub fn fact(db: &mut Db, name: &str) -> Result<Option<String>> {
    db.one("SELECT value FROM facts WHERE name = ?", params![name], |row| row.get(0))
}

/// A fact about the store, locked until the transaction ends. One that is not there locks nothing: of two that add it,
/// the second is refused ([`add_fact`]).
pub fn locked_fact(db: &mut Db, name: &str) -> Result<Option<String>> {
    db.lock_row("SELECT value FROM facts WHERE name = ?", params![name], |row| row.get(0))
}

/// Writes a fact about the store that was not there.
pub fn add_fact(db: &mut Db, name: &str, value: &str) -> Result<()> {
    // Polls go by the facts of the schema alone, which the migrations write.
    db.run_for(Notice::Nobody, "INSERT INTO facts (name, value) VALUES (?, ?)", params![name, value]).map(drop)
}

/// Writes a fact about the store.
pub fn put_fact(db: &mut Db, name: &str, value: &str) -> Result<()> {
    db.put_for(Notice::Nobody, &FACT, params![name, value])
}

/// Moves a tenant itself to a stamp in its feed: what it shows of its members has changed.
pub fn touch_tenant(db: &mut Db, tenant: i64, public_id: &str, stamp: Timestamp, author: i64) -> Result<()> {
    db.run_for(Notice::Nobody, "UPDATE tenants SET updated_at = ? WHERE id = ?", params![stamp, tenant])?;
    mark(db, tenant, super::COUPLE, public_id, Moved { stamp, author, deleted: false })
}

/// Says of an object in the feed that nobody changed it alone.
pub fn disown(db: &mut Db, tenant: i64, kind: &str, id: &str) -> Result<()> {
    let sql = "UPDATE changes SET author = ? WHERE tenant = ? AND kind = ? AND id = ?";
    db.run(sql, params![NOBODY, tenant, kind, id]).map(drop)
}

/// When something that people made was last changed, by the stamps in the store.
pub fn newest(db: &mut Db) -> Result<Option<Timestamp>> {
    let of_tenants = latest(db, "SELECT MAX(clock) FROM tenants")?;
    Ok(of_tenants.max(latest(db, "SELECT MAX(updated_at) FROM users")?))
}

fn latest(db: &mut Db, sql: &str) -> Result<Option<Timestamp>> {
    Ok(db.one(sql, &[], |row| row.get::<Option<Timestamp>>(0))?.flatten())
}

/// Gives every tenant a new epoch: its clients start over with what the store holds now. Answers their ids.
pub fn renew_epochs(db: &mut Db) -> Result<Vec<i64>> {
    let tenants = db.all("SELECT id, epoch FROM tenants", &[], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
    for (tenant, epoch) in &tenants {
        db.run("UPDATE tenants SET epoch = ? WHERE id = ?", params![&version::restored_epoch(epoch), *tenant])?;
    }
    Ok(tenants.into_iter().map(|(tenant, _)| tenant).collect())
}
