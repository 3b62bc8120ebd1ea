//! What was counted, by days, in the database.

use crate::base::error::Result;
use crate::db::{Db, Row, Upsert};
use crate::{columns, params};

/// A day's uses of one thing by one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day, since 1970.
    pub day: i64,
    /// What was used.
    pub target: String,
    /// The version of the API.
    pub version: i64,
    /// By which app, in which version; empty on the row that says that the day was counted.
    pub client: String,
    /// How many times.
    pub requests: i64,
    /// The slot that was folded in last, and how much of it.
    pub slot: (i64, i64),
}

columns!(days: "SELECT day, target, version, client, requests, slot, seen FROM api_usage");

fn read(row: &Row<'_>) -> Result<Day> {
    Ok(Day {
        day: row.get(0)?,
        target: row.get(1)?,
        version: row.get(2)?,
        client: row.get(3)?,
        requests: row.get(4)?,
        slot: (row.get(5)?, row.get(6)?),
    })
}

const DAY: Upsert =
    Upsert { table: "api_usage", key: &["day", "target", "version", "client"], set: &["requests", "slot", "seen"] };

/// Writes a day's uses.
pub fn put(db: &mut Db, day: &Day) -> Result<()> {
    db.put(&DAY, params![day.day, &day.target, day.version, &day.client, day.requests, day.slot.0, day.slot.1])
}

/// Everything from a day on.
pub fn since(db: &mut Db, day: i64) -> Result<Vec<Day>> {
    db.all(days!("WHERE day >= ? ORDER BY day, target, client"), params![day], read)
}

/// Everything of one target from a day on.
pub fn of_target(db: &mut Db, day: i64, target: &str) -> Result<Vec<Day>> {
    db.all(days!("WHERE day >= ? AND target = ? ORDER BY day, client"), params![day, target], read)
}

/// Deletes what is older than a day.
pub fn delete_before(db: &mut Db, day: i64) -> Result<u64> {
    db.run("DELETE FROM api_usage WHERE day < ?", params![day])
}
