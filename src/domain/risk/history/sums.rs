//! Sums of the history by user and tenant, up to a day: made each night, counted where they are missing.

use super::features::{Calendar, Counts, Days, Known, SPAN, WEEK, day};
use super::store;
use crate::base::error::Result;
use crate::base::time::{DAY, Timestamp};
use crate::db::Db;
use crate::feature::Shift;
use crate::feature::store::{BATCH, fact, put_fact};

/// Under which user the sum of a tenant stands.
pub const ALL: i64 = 0;

/// A sum with the edits of its last seven days.
pub type Sum = (Counts, i64);

/// What is known at an instant of a tenant and one of its users: by the sums of the night, or counted.
pub fn known(db: &mut Db, tenant: i64, user: i64, at: Timestamp) -> Result<Known> {
    let today = day(at);
    let Some((sum, week)) = store::sum(db, tenant, ALL, today)? else { return counted(db, tenant, user, today) };
    let own = store::sum(db, tenant, user, today)?.map_or_else(Counts::default, |(sum, _)| sum);
    Ok(Known { tenant: sum, user: own, week })
}

fn counted(db: &mut Db, tenant: i64, user: i64, today: i64) -> Result<Known> {
    let before = |days: i64| Timestamp((today - days) * DAY);
    store::count(db, tenant, user, (before(SPAN / DAY), before(0)), before(WEEK))
}

/// How far the night has come: the name of that fact, a day and the last tenant that has its sums.
const MADE: &str = "edit_sums_made";

/// A round of the night: sums of some tenants that have none of today, one after the other.
pub fn night(shift: &mut Shift<'_>) -> Result<u64> {
    let (today, mut rows) = (day(shift.now), 0);
    let made = fact(shift.db, MADE)?.and_then(|text| place(&text));
    let mut last = made.filter(|(of, _)| *of == today).map(|(_, tenant)| tenant);
    while rows < BATCH.unsigned_abs() {
        let Some(tenant) = store::next_tenant(shift.db, last)? else { break };
        rows += of_tenant(shift.db, tenant, today)?;
        last = Some(tenant);
    }
    if let (Some(tenant), true) = (last, rows > 0) {
        put_fact(shift.db, MADE, &format!("{today} {tenant}"))?;
    }
    Ok(rows)
}

fn place(text: &str) -> Option<(i64, i64)> {
    let (day, tenant) = text.split_once(' ')?;
    Some((day.parse().ok()?, tenant.parse().ok()?))
}

/// Writes the sums of a tenant; answers how many edits were counted, and one.
fn of_tenant(db: &mut Db, tenant: i64, today: i64) -> Result<u64> {
    let (mut edits, mut rows) = (Calendar::default(), 1);
    store::each(db, tenant, &mut |_, edit| {
        edits.add(&edit);
        rows += 1;
        Ok(())
    })?;
    store::forget_sums(db, tenant)?;
    let sum = |days: &Days| days.up_to(today);
    store::put_sum(db, tenant, ALL, today, sum(&edits.all))?;
    for (user, days) in &edits.users {
        store::put_sum(db, tenant, *user, today, sum(days))?;
    }
    Ok(rows)
}
