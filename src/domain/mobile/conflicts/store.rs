//! Conflicts and policies in the database. Every statement names the tenant.

use super::rules::{Conflict, Filter, KEPT, KEPT_OF_DELETED, MANUAL_REQUIRED, Policy, Rule};
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::base::time::Timestamp;
use crate::base::word;
use crate::db::{Db, Row, Upsert};
use crate::feature::room::recount;
use crate::feature::store::Moved;
use crate::feature::{Measure, Settings, store};
use crate::http::paging::Span;
use crate::{columns, params};
use serde_json::Value;

/// What of a conflict takes room.
pub const MEASURE: Measure = Measure::of("conflicts", &["device", "server_data", "client_data", "base_data", "answer", "notes"]);

/// What a new conflict takes of it: nothing of it was decided by a person yet.
pub fn size(conflict: &Conflict) -> Result<usize> {
    let base = if conflict.base_data.is_null() { 0 } else { json::length(&conflict.base_data)? };
    Ok(conflict.device_id.len() + json::length(&conflict.server_data)? + json::length(&conflict.client_data)? + base)
}

fn json(row: &Row<'_>, column: usize) -> Result<Value> {
    let text: Option<String> = row.get(column)?;
    text.map_or(Ok(Value::Null), |text| json::read(text.as_bytes()))
}

/// A version as answers show it.
fn version(row: &Row<'_>, column: usize) -> Result<u32> {
    u32::try_from(row.get::<i64>(column)?).map_err(Error::internal)
}

columns!(conflicts: "SELECT id, domain, mobile_id, user_id, device, server_version, client_version, server_data, \
     client_data, base_data, strategy, result, winner, created_at, resolved_by, resolved_at, notes, answer, client_at, \
     server_by FROM conflicts WHERE tenant = ? AND (user_id = ? OR server_by = ? OR server_data <> 'null' AND NOT EXISTS (SELECT r.id FROM records r \
     WHERE r.tenant = conflicts.tenant AND r.domain = conflicts.domain AND r.id = conflicts.mobile_id AND r.deleted = 1))");

/// A conflict as a user sees it: a device is named to its own user alone.
fn conflict(row: &Row<'_>, viewer: i64) -> Result<Conflict> {
    let (resolution_result, user_id): (String, i64) = (row.get(11)?, row.get(3)?);
    let device_id = if user_id == viewer { row.get(4)? } else { String::new() };
    Ok(Conflict {
        conflict_id: row.get(0)?,
        domain: row.get(1)?,
        mobile_id: row.get(2)?,
        user_id,
        device_id,
        server_version: version(row, 5)?,
        client_version: version(row, 6)?,
        server_data: json(row, 7)?,
        client_data: json(row, 8)?,
        base_data: json(row, 9)?,
        resolution_strategy: row.get(10)?,
        resolution_required: resolution_result == MANUAL_REQUIRED,
        resolution_result,
        winning_version: row.get(12)?,
        created_at: row.get(13)?,
        resolved_by: row.get(14)?,
        resolved_at: row.get(15)?,
        notes: row.get(16)?,
        answer: row.get(17)?,
        client_at: row.get(18)?,
        server_user_id: row.get(19)?,
    })
}

/// Writes a new conflict.
pub fn insert(db: &mut Db, tenant: i64, conflict: &Conflict) -> Result<()> {
    let sql = "INSERT INTO conflicts (id, tenant, user_id, device, domain, mobile_id, server_version, client_version, \
         server_data, client_data, base_data, strategy, result, winner, answer, created_at, resolved_by, resolved_at, notes, client_at, \
         server_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let (server, client) = (json::write(&conflict.server_data)?, json::write(&conflict.client_data)?);
    let base = if conflict.base_data.is_null() { None } else { Some(json::write(&conflict.base_data)?) };
    let values = params![
        &conflict.conflict_id,
        tenant,
        conflict.user_id,
        &conflict.device_id,
        &conflict.domain,
        &conflict.mobile_id,
        i64::from(conflict.server_version),
        i64::from(conflict.client_version),
        &server,
        &client,
        &base,
        &conflict.resolution_strategy,
        &conflict.resolution_result,
        &conflict.winning_version,
        &conflict.answer,
        conflict.created_at,
        conflict.resolved_by,
        conflict.resolved_at.map(|at| at.0),
        &conflict.notes,
        conflict.client_at.map(|at| at.0),
        conflict.server_user_id,
    ];
    db.run(sql, values).map(drop)
}

/// Writes what was decided, and against which row of the server.
pub fn update(db: &mut Db, tenant: i64, conflict: &Conflict) -> Result<()> {
    let sql = "UPDATE conflicts SET server_version = ?, server_data = ?, server_by = ?, strategy = ?, result = ?, winner = ?, answer = ?, \
         resolved_by = ?, resolved_at = ?, notes = ? WHERE tenant = ? AND id = ?";
    let server = json::write(&conflict.server_data)?;
    let values = params![
        i64::from(conflict.server_version),
        &server,
        conflict.server_user_id,
        &conflict.resolution_strategy,
        &conflict.resolution_result,
        &conflict.winning_version,
        &conflict.answer,
        conflict.resolved_by,
        conflict.resolved_at.map(|at| at.0),
        &conflict.notes,
        tenant,
        &conflict.conflict_id,
    ];
    db.run(sql, values).map(drop)
}

/// One conflict, as a user sees it: of a deleted record a side is shown to who sent it or wrote it alone. To user 0 it is not there.
pub fn find(db: &mut Db, tenant: i64, id: &str, viewer: i64) -> Result<Option<Conflict>> {
    db.one(conflicts!("AND id = ?"), params![tenant, viewer, viewer, id], |row| conflict(row, viewer))
}

/// How many conflicts a list shows on all of its pages.
pub fn count(db: &mut Db, tenant: i64, filter: &Filter) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM conflicts WHERE tenant = ? AND created_at > ? \
         AND (? = '' OR result = ?) AND (? = '' OR domain = ?) AND (user_id = ? OR server_by = ? OR server_data <> 'null' AND NOT EXISTS (SELECT r.id FROM records r \
         WHERE r.tenant = conflicts.tenant AND r.domain = conflicts.domain AND r.id = conflicts.mobile_id AND r.deleted = 1))";
    let Filter { status, domain, since, viewer } = filter;
    let found = db.one(sql, params![tenant, *since, status, status, domain, domain, *viewer, *viewer], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// A part of the conflicts, behind this instant and id, newest first.
pub fn part(db: &mut Db, tenant: i64, filter: &Filter, (at, id): &(i64, String), span: Span) -> Result<Vec<Conflict>> {
    let sql = conflicts!(
        "AND created_at > ? AND (? = '' OR result = ?) AND (? = '' OR domain = ?) \
         AND (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"
    );
    let Filter { status, domain, since, viewer } = filter;
    let bound = params![tenant, *viewer, *viewer, *since, status, status, domain, domain, *at, id, span.limit, span.offset];
    db.all(sql, bound, |row| conflict(row, *viewer))
}

/// Every conflict that a user sees, oldest first.
pub fn each(db: &mut Db, tenant: i64, viewer: i64, visit: &mut dyn FnMut(Conflict) -> Result<()>) -> Result<()> {
    db.each(conflicts!("ORDER BY created_at, id"), params![tenant, viewer, viewer], &mut |row| {
        visit(conflict(row, viewer)?)?;
        Ok(true)
    })
}

/// Items that the tenant's devices ever uploaded, and how many of them met a conflict.
pub fn uploaded(db: &mut Db, tenant: i64) -> Result<(i64, i64)> {
    let sql = "SELECT CAST(SUM(items) AS SIGNED), CAST(SUM(conflicts) AS SIGNED) FROM devices WHERE tenant = ?";
    let sums =
        |row: &Row<'_>| Ok((row.get::<Option<i64>>(0)?.unwrap_or_default(), row.get::<Option<i64>>(1)?.unwrap_or_default()));
    Ok(db.one(sql, params![tenant], sums)?.unwrap_or_default())
}

/// What a tenant wants for a domain; `None` when it never said.
pub fn rule(db: &mut Db, tenant: i64, domain: &str) -> Result<Option<Rule>> {
    let sql = "SELECT policy, auto_resolve, notify, by_device FROM policies WHERE tenant = ? AND domain = ?";
    db.one(sql, params![tenant, domain], |row| {
        let policy = match word::stored(&Policy::ALL, &row.get::<String>(0)?)? {
            STANDS_IN if row.get(3)? => Policy::DevicePriority,
            policy => policy,
        };
        Ok(Rule { policy, auto_resolve: row.get(1)?, notify: row.get(2)? })
    })
}

const RULE: Upsert =
    Upsert { table: "policies", key: &["tenant", "domain"], set: &["policy", "auto_resolve", "notify", "by_device"] };
/// What older programs, which do not know it, do in the place of the devices' priority.
const STANDS_IN: Policy = Policy::MostRecentWins;

/// Writes what a tenant wants for a domain.
pub fn put_rule(db: &mut Db, tenant: i64, domain: &str, rule: Rule) -> Result<()> {
    let by_device = rule.policy == Policy::DevicePriority;
    let policy = if by_device { STANDS_IN } else { rule.policy };
    db.put(&RULE, params![tenant, domain, policy.name(), rule.auto_resolve, rule.notify, by_device])
}

/// Conflicts that are forgotten in one transaction.
const BATCH: i64 = 500;

/// Forgets conflicts a while after they were settled, and sooner after their record was deleted; those in the feed leave a
/// tombstone there.
pub fn purge(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<String>(1)?));
    let sql = "SELECT tenant, id FROM conflicts WHERE resolved_at < ? ORDER BY tenant, id LIMIT ?";
    let mut old = db.all(sql, params![now.plus(-KEPT), BATCH], read)?;
    if old.is_empty() {
        let sql = "SELECT c.tenant, c.id FROM conflicts c \
             JOIN records r ON r.tenant = c.tenant AND r.domain = c.domain AND r.id = c.mobile_id \
             WHERE r.deleted = 1 AND r.stamp < ? AND c.created_at < ? ORDER BY c.tenant, c.id LIMIT ?";
        let before = now.plus(-KEPT_OF_DELETED);
        old = db.all(sql, params![before, before, BATCH], read)?;
    }
    if old.is_empty() {
        // Rows of nouns are their own; that one was deleted, and has not come back, the feed tells as long as it matters.
        let sql = "SELECT c.tenant, c.id FROM conflicts c \
             WHERE c.resolved_at IS NULL AND c.server_data = 'null' AND c.created_at < ? AND NOT EXISTS \
             (SELECT ch.id FROM changes ch WHERE ch.tenant = c.tenant AND ch.id = c.mobile_id AND (ch.deleted = 0 OR ch.stamp >= ?)) \
             ORDER BY c.tenant, c.id LIMIT ?";
        let before = now.plus(-KEPT_OF_DELETED);
        old = db.all(sql, params![before, before, BATCH], read)?;
    }
    for group in old.chunk_by(|one, next| one.0 == next.0) {
        forget(db, group, now)?;
    }
    Ok(u64::try_from(old.len()).unwrap_or(u64::MAX))
}

/// Forgets conflicts of one tenant.
fn forget(db: &mut Db, group: &[(i64, String)], now: Timestamp) -> Result<()> {
    let Some((tenant, _)) = group.first() else { return Ok(()) };
    let stamp = store::advance(db, *tenant, now)?.stamp;
    group.iter().try_for_each(|(tenant, id)| forget_one(db, *tenant, id, stamp))?;
    recount::stock(db, *tenant, &super::STOCK)
}

/// Forgets a conflict at a stamp of its tenant; one that is in the feed leaves a tombstone there.
pub fn forget_one(db: &mut Db, tenant: i64, id: &str, stamp: Timestamp) -> Result<()> {
    if store::is_told(db, tenant, super::KIND, id)? {
        store::mark(db, tenant, super::KIND, id, Moved::by_nobody(stamp, true))?;
    }
    db.run("DELETE FROM conflicts WHERE tenant = ? AND id = ?", params![tenant, id]).map(drop)
}

/// A record is deleted, and with it what its conflicts hold of it: those that are settled go. Of those that wait the side that
/// was sent stays, for who sent it alone, and so not in the feed.
/// Answers whether there were any.
pub fn lose_record(db: &mut Db, tenant: i64, domain: &str, record: &str, stamp: Timestamp) -> Result<bool> {
    let all = of_record(db, tenant, domain, record)?;
    let has_some = !all.is_empty();
    for (id, is_settled) in all {
        if is_settled {
            forget_one(db, tenant, &id, stamp)?;
            continue;
        }
        if store::is_told(db, tenant, super::KIND, &id)? {
            store::mark(db, tenant, super::KIND, &id, Moved::by_nobody(stamp, true))?;
        }
        // What the device had started from is of its side, too.
        db.run("UPDATE conflicts SET server_data = 'null', server_by = NULL WHERE tenant = ? AND id = ?", params![tenant, &id])?;
    }
    Ok(has_some)
}

/// Nothing of what a settled conflict was about stays in it: its record is deleted. Who settles it again is answered the same.
pub fn empty(db: &mut Db, tenant: i64, id: &str) -> Result<()> {
    let sql = "UPDATE conflicts SET server_data = 'null', server_by = NULL, client_data = 'null', base_data = NULL, notes = NULL \
         WHERE tenant = ? AND id = ?";
    db.run(sql, params![tenant, id]).map(drop)
}

/// The conflicts that a user's uploads met.
pub fn of_user(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<String>> {
    db.all("SELECT id FROM conflicts WHERE tenant = ? AND user_id = ?", params![tenant, user], |row| row.get(0))
}

/// The settled conflicts of others that may hold a user's side: those of a couple, those whose side of the server the user wrote, and
/// those of records that the user made or wrote last.
pub fn against(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<String>> {
    let sql = "SELECT c.id FROM conflicts c JOIN tenants t ON t.id = c.tenant \
         LEFT JOIN records r ON r.tenant = c.tenant AND r.domain = c.domain AND r.id = c.mobile_id \
         WHERE c.tenant = ? AND c.resolved_at IS NOT NULL AND c.user_id <> ? \
         AND (t.kind = 'couple' OR c.server_by = ? OR r.created_by = ? OR r.updated_by = ?)";
    db.all(sql, params![tenant, user, user, user, user], |row| row.get(0))
}

/// Takes the server's side out of a conflict, and what its device had started from.
pub fn lose_server_side(db: &mut Db, tenant: i64, id: &str) -> Result<()> {
    let sql = "UPDATE conflicts SET server_data = 'null', server_by = NULL, base_data = NULL WHERE tenant = ? AND id = ?";
    db.run(sql, params![tenant, id]).map(drop)
}

/// Takes out what a user noted where they settled a conflict.
pub fn lose_notes(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    db.run("UPDATE conflicts SET notes = NULL WHERE tenant = ? AND resolved_by = ?", params![tenant, user]).map(drop)
}

/// How many conflicts each record of a tenant has.
pub fn counts(db: &mut Db, tenant: i64) -> Result<Vec<((String, String), usize)>> {
    let sql = "SELECT domain, mobile_id, COUNT(*) FROM conflicts WHERE tenant = ? GROUP BY domain, mobile_id";
    db.all(sql, params![tenant], |row| {
        Ok(((row.get(0)?, row.get(1)?), usize::try_from(row.get::<i64>(2)?).map_err(Error::internal)?))
    })
}

/// The conflicts of a record, oldest first, and whether each is settled.
pub fn of_record(db: &mut Db, tenant: i64, domain: &str, record: &str) -> Result<Vec<(String, bool)>> {
    let sql = "SELECT id, resolved_at FROM conflicts WHERE tenant = ? AND domain = ? AND mobile_id = ? ORDER BY created_at, id";
    db.all(sql, params![tenant, domain, record], |row| Ok((row.get(0)?, row.get::<Option<i64>>(1)?.is_some())))
}
