//! The feed in the database: one indexed range answers a poll, whatever the number of kinds.

use super::asked::Asked;
use super::rules::{self, Change};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Param, Row};
use crate::feature::Kind;
use crate::{columns, params};

columns!(changes: "SELECT kind, id, stamp, deleted, version FROM changes");

fn change(row: &Row<'_>) -> Result<Change> {
    let [kind, id] = [row.get(0)?, row.get(1)?];
    Ok(Change { kind, id, stamp: row.get(2)?, deleted: row.get(3)?, version: row.get(4)?, object: None })
}

/// A comparison for each kind. `+kind` is `kind` to every engine, but keeps SQLite from reading all changes of these kinds
/// by the primary key instead of the few after an instant. And no `IN`: for more than two values SQLite builds a table in
/// memory at each call, which took two thirds of a poll with 20 changes.
fn of_kinds(kinds: &[&Kind]) -> String {
    vec!["+kind = ?"; kinds.len()].join(" OR ")
}

/// The comparisons of what is asked: the kinds, and not the client's own writes.
fn of(asked: &Asked<'_>) -> String {
    format!("({}){}", of_kinds(asked.kinds), " AND stamp <> ?".repeat(asked.own.len()))
}

/// The values before those comparisons, theirs, the values after them.
fn values<'v>(before: &[Param<'v>], asked: &Asked<'v>, after: &[Param<'v>]) -> Vec<Param<'v>> {
    let kinds: Vec<Param<'v>> = asked.kinds.iter().map(|kind| Param::from(kind.name)).collect();
    let own: Vec<Param<'v>> = asked.own.iter().map(|stamp| Param::from(*stamp)).collect();
    [before, &kinds, &own, after].concat()
}

/// One row more than an answer holds: whoever reads as many knows that it is too large.
const TOO_MANY: i64 = rules::MOST_ROWS as i64 + 1;

/// Every change of some kinds after an instant, up to another, oldest first.
pub fn between(db: &mut Db, asked: &Asked<'_>, after: Timestamp, until: Timestamp) -> Result<Vec<Change>> {
    let sql = format!(changes!("WHERE tenant = ? AND stamp > ? AND stamp <= ? AND {} ORDER BY stamp LIMIT ?"), of(asked));
    db.all(&sql, &values(params![asked.tenant.id, after, until], asked, params![TOO_MANY]), change)
}

/// The first changes of some kinds after an instant, oldest first.
pub fn first(db: &mut Db, asked: &Asked<'_>, since: Timestamp, limit: usize) -> Result<Vec<Change>> {
    let sql = format!(changes!("WHERE tenant = ? AND stamp > ? AND {} ORDER BY stamp LIMIT ?"), of(asked));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    db.all(&sql, &values(params![asked.tenant.id, since], asked, params![limit]), change)
}

/// Everything of some kinds that is alive and was changed up to an instant, oldest change first.
pub fn alive(db: &mut Db, asked: &Asked<'_>, until: Timestamp) -> Result<Vec<Change>> {
    let sql = format!(changes!("WHERE tenant = ? AND stamp <= ? AND deleted = 0 AND {} ORDER BY stamp LIMIT ?"), of(asked));
    db.all(&sql, &values(params![asked.tenant.id, until], asked, params![TOO_MANY]), change)
}

/// The first objects of a kind that are alive, behind an id: a range of the primary key.
pub fn behind(db: &mut Db, tenant: i64, kind: &Kind, id: &str, limit: usize) -> Result<Vec<Change>> {
    let sql = changes!("WHERE tenant = ? AND kind = ? AND id > ? AND deleted = 0 ORDER BY id LIMIT ?");
    db.all(sql, params![tenant, kind.name, id, i64::try_from(limit).unwrap_or(i64::MAX)], change)
}

/// How many objects of some kinds are alive.
pub fn count(db: &mut Db, asked: &Asked<'_>) -> Result<i64> {
    let sql = format!("SELECT COUNT(*) FROM changes WHERE tenant = ? AND deleted = 0 AND {}", of(asked));
    Ok(db.one(&sql, &values(params![asked.tenant.id], asked, &[]), |row| row.get(0))?.unwrap_or_default())
}
