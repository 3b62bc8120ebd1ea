//! The feed in the database: one indexed range answers a poll, whatever the number of kinds.

use super::rules::Change;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Param, Row};
use crate::feature::Kind;
use crate::{columns, params};

columns!(changes: "SELECT kind, id, stamp, deleted, version FROM changes");

fn change(row: &Row<'_>) -> Result<Change> {
    Ok(Change { kind: row.get(0)?, id: row.get(1)?, stamp: row.get(2)?, deleted: row.get(3)?, version: row.get(4)? })
}

/// A comparison for each kind. `+kind` is `kind` to every engine, but keeps SQLite from reading all changes of these kinds
/// by the primary key instead of the few after an instant. And no `IN`: for more than two values SQLite builds a table in
/// memory at each call, which took two thirds of a poll with 20 changes.
fn of_kinds(kinds: &[&Kind]) -> String {
    vec!["+kind = ?"; kinds.len()].join(" OR ")
}

/// The values before the kinds, the kinds, the values after them.
fn values<'v>(before: &[Param<'v>], kinds: &[&'v Kind], after: &[Param<'v>]) -> Vec<Param<'v>> {
    let kinds: Vec<Param<'v>> = kinds.iter().map(|kind| Param::from(kind.name)).collect();
    [before, &kinds, after].concat()
}

/// Every change of some kinds after an instant, up to another, oldest first.
pub fn between(db: &mut Db, tenant: i64, kinds: &[&Kind], after: Timestamp, until: Timestamp) -> Result<Vec<Change>> {
    let sql = format!(changes!("WHERE tenant = ? AND stamp > ? AND stamp <= ? AND ({}) ORDER BY stamp"), of_kinds(kinds));
    db.all(&sql, &values(params![tenant, after, until], kinds, &[]), change)
}

/// The first changes of some kinds after an instant, oldest first.
pub fn first(db: &mut Db, tenant: i64, kinds: &[&Kind], since: Timestamp, limit: usize) -> Result<Vec<Change>> {
    let sql = format!(changes!("WHERE tenant = ? AND stamp > ? AND ({}) ORDER BY stamp LIMIT ?"), of_kinds(kinds));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    db.all(&sql, &values(params![tenant, since], kinds, params![limit]), change)
}

/// Everything of some kinds that is alive and was changed up to an instant, oldest change first.
pub fn alive(db: &mut Db, tenant: i64, kinds: &[&Kind], until: Timestamp) -> Result<Vec<Change>> {
    let sql = format!(changes!("WHERE tenant = ? AND stamp <= ? AND deleted = 0 AND ({}) ORDER BY stamp"), of_kinds(kinds));
    db.all(&sql, &values(params![tenant, until], kinds, &[]), change)
}
