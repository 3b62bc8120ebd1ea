//! Goals and actions in the database. Every statement names the tenant.

use super::rules::{Action, Goal};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Row};
use crate::feature::{Measure, Trace, version};
use crate::http::paging::Span;
use crate::{columns, params};

/// What of a goal takes room.
pub const GOAL: Measure = Measure::of("goals", &["title", "why_for_us"]);
/// What of an action does.
pub const ACTION: Measure = Measure::of("goal_actions", &["text"]);

columns!(goals: "SELECT id, title, why_for_us, status, target_date, owner, created_by, created_at, stamp, version, \
     made, edited_at FROM goals");

fn goal(row: &Row<'_>) -> Result<Goal> {
    Ok(Goal {
        id: row.get(0)?,
        title: row.get(1)?,
        why_for_us: row.get(2)?,
        status: row.get(3)?,
        target_date: row.get(4)?,
        owner: row.get(5)?,
        created_by_id: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
        version: row.get(9)?,
        trace: Trace { made: row.get(10)?, edited_at: row.get(11)? },
        actions: Vec::new(),
    })
}

columns!(actions: "SELECT a.id, a.goal, a.text, a.done, a.created_at, a.stamp, a.version, a.made, a.edited_at");

fn action(row: &Row<'_>) -> Result<Action> {
    Ok(Action {
        id: row.get(0)?,
        goal_id: row.get(1)?,
        text: row.get(2)?,
        done: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        version: row.get(6)?,
        trace: Trace { made: row.get(7)?, edited_at: row.get(8)? },
    })
}

/// How many goals a tenant has.
pub fn count(db: &mut Db, tenant: i64) -> Result<i64> {
    let found = db.one("SELECT COUNT(*) FROM goals WHERE tenant = ?", params![tenant], |row| row.get(0))?;
    Ok(found.unwrap_or_default())
}

/// A part of the goals with their actions, behind this stamp and id, newest change first.
pub fn part(db: &mut Db, tenant: i64, (stamp, id): &(i64, String), span: Span) -> Result<Vec<Goal>> {
    let sql = goals!("WHERE tenant = ? AND (stamp, id) < (?, ?) ORDER BY stamp DESC, id DESC LIMIT ? OFFSET ?");
    let goals = db.all(sql, params![tenant, *stamp, id, span.limit, span.offset], goal)?;
    goals.into_iter().map(|goal| with_actions(db, tenant, goal)).collect()
}

/// One goal with its actions.
pub fn find(db: &mut Db, tenant: i64, id: &str) -> Result<Option<Goal>> {
    let sql = goals!("WHERE tenant = ? AND id = ?");
    db.one(sql, params![tenant, id], goal)?.map(|goal| with_actions(db, tenant, goal)).transpose()
}

fn with_actions(db: &mut Db, tenant: i64, mut goal: Goal) -> Result<Goal> {
    goal.actions = actions(db, tenant, &goal.id)?;
    Ok(goal)
}

/// The goals that a user looks after, and their versions.
pub fn owned(db: &mut Db, tenant: i64, user: i64) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT id, version FROM goals WHERE tenant = ? AND owner = ?";
    db.all(sql, params![tenant, user], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Writes that nobody looks after a user's goals.
pub fn release(db: &mut Db, tenant: i64, user: i64, stamp: Timestamp) -> Result<()> {
    let sql = "UPDATE goals SET owner = NULL, version = version + 1, stamp = ? WHERE tenant = ? AND owner = ?";
    db.run(sql, params![stamp, tenant, user]).map(drop)
}

/// Writes a new goal.
pub fn insert(db: &mut Db, tenant: i64, goal: &Goal) -> Result<()> {
    let sql = "INSERT INTO goals (id, tenant, created_by, owner, title, why_for_us, status, target_date, version, created_at, stamp, \
         made, edited_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        &goal.id,
        tenant,
        goal.created_by_id,
        goal.owner,
        &goal.title,
        &goal.why_for_us,
        &goal.status,
        &goal.target_date,
        goal.version,
        goal.created_at,
        goal.updated_at,
        &goal.trace.made,
        goal.trace.edited_at,
    ];
    db.run(sql, values).map(drop)
}

/// Writes what changed of a goal.
pub fn update(db: &mut Db, tenant: i64, goal: &Goal) -> Result<()> {
    let sql = "UPDATE goals SET owner = ?, title = ?, why_for_us = ?, status = ?, target_date = ?, version = ?, stamp = ?, \
         edited_at = ? WHERE tenant = ? AND id = ?";
    let Goal { id, owner, title, why_for_us, status, target_date, version, updated_at, trace, .. } = goal;
    let at = trace.edited_at;
    let values = params![*owner, title, why_for_us, status, target_date, *version, *updated_at, at, tenant, id];
    db.run(sql, values).map(drop)
}

/// Deletes a goal; its actions go with it.
pub fn delete(db: &mut Db, tenant: i64, id: &str) -> Result<()> {
    db.run("DELETE FROM goals WHERE tenant = ? AND id = ?", params![tenant, id]).map(drop)
}

/// A goal's actions, oldest first.
pub fn actions(db: &mut Db, tenant: i64, goal: &str) -> Result<Vec<Action>> {
    let sql = actions!("FROM goal_actions a WHERE a.tenant = ? AND a.goal = ? ORDER BY a.created_at, a.id");
    db.all(sql, params![tenant, goal], action)
}

// Actions have no index by their tenant: goals do, and actions by their goal.

/// How many actions a tenant's goals have together.
pub fn count_actions(db: &mut Db, tenant: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM goals g JOIN goal_actions a ON a.tenant = g.tenant AND a.goal = g.id WHERE g.tenant = ? AND a.tenant = ?";
    Ok(db.one(sql, params![tenant, tenant], |row| row.get(0))?.unwrap_or_default())
}

/// A part of the actions of all goals, oldest first.
pub fn part_of_actions(db: &mut Db, tenant: i64, (at, id): &(i64, String), span: Span) -> Result<Vec<Action>> {
    let sql = actions!(
        "FROM goals g JOIN goal_actions a ON a.tenant = g.tenant AND a.goal = g.id WHERE g.tenant = ? AND a.tenant = ? \
         AND (a.created_at, a.id) > (?, ?) ORDER BY a.created_at, a.id LIMIT ? OFFSET ?"
    );
    db.all(sql, params![tenant, tenant, *at, id, span.limit, span.offset], action)
}

/// One action.
pub fn find_action(db: &mut Db, tenant: i64, id: &str) -> Result<Option<Action>> {
    let sql = actions!("FROM goal_actions a WHERE a.tenant = ? AND a.id = ?");
    db.one(sql, params![tenant, id], action)
}

/// Writes a new action.
pub fn insert_action(db: &mut Db, tenant: i64, action: &Action) -> Result<()> {
    let sql = "INSERT INTO goal_actions (id, tenant, goal, text, done, version, created_at, stamp, made, edited_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let Action { id, goal_id, text, done, version, created_at, updated_at, trace } = action;
    let (made, edited_at) = (&trace.made, trace.edited_at);
    let values = params![id, tenant, goal_id, text, *done, *version, *created_at, *updated_at, made, edited_at];
    db.run(sql, values).map(drop)
}

/// Writes what changed of an action.
pub fn update_action(db: &mut Db, tenant: i64, action: &Action) -> Result<()> {
    let sql = "UPDATE goal_actions SET text = ?, done = ?, version = ?, stamp = ?, edited_at = ? WHERE tenant = ? AND id = ?";
    let Action { id, text, done, version, updated_at, trace, .. } = action;
    db.run(sql, params![text, *done, *version, *updated_at, trace.edited_at, tenant, id]).map(drop)
}

/// Deletes an action.
pub fn delete_action(db: &mut Db, tenant: i64, id: &str) -> Result<()> {
    db.run("DELETE FROM goal_actions WHERE tenant = ? AND id = ?", params![tenant, id]).map(drop)
}

/// A backup has taken the store's place: no version that devices saw in the time that is lost is met again.
pub fn restored(db: &mut Db, tenant: i64) -> Result<()> {
    let raise = params![version::LOST, tenant, version::RAISED];
    db.run("UPDATE goals SET version = version + ? WHERE tenant = ? AND version <= ?", raise)?;
    let sql = "UPDATE goal_actions SET version = version + ? WHERE tenant = ? AND version <= ?";
    db.run(sql, raise).map(drop)
}
