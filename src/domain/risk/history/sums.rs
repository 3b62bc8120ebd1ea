//! Sums of the history by user and tenant, up to a day: made each night, counted where they are missing.

use super::features::{Calendar, Counts, Days, Known, SPAN, WEEK, day};
use super::store;
use crate::base::error::Result;
use crate::base::time::{DAY, Timestamp};
use crate::db::Db;
use crate::feature::Shift;
use crate::feature::shelf::{Item, NOBODY, store as shelf};
use crate::feature::store::{BATCH, fact, put_fact};

/// What they are on the shelf: an item for each user of a tenant, and the tenant's own, which is nobody's.
const KIND: &str = "edit_sums";

/// A sum with the edits of its last seven days.
pub type Sum = (Counts, i64);

/// What is known at an instant of a tenant and one of its users: by the sums of the night, or counted.
pub fn known(db: &mut Db, tenant: i64, user: i64, at: Timestamp) -> Result<Known> {
    let today = day(at);
    let Some((sum, week)) = sum(db, tenant, NOBODY, today)? else { return counted(db, tenant, user, today) };
    let own = self::sum(db, tenant, user, today)?.map_or_else(Counts::default, |(sum, _)| sum);
    Ok(Known { tenant: sum, user: own, week })
}

/// The end of a day: until then its sums hold.
const fn end(day: i64) -> Timestamp {
    Timestamp((day + 1) * DAY)
}

/// A sum of a user's edits or of a tenant's, if it is of this day.
fn sum(db: &mut Db, tenant: i64, user: i64, day: i64) -> Result<Option<Sum>> {
    let item = shelf::find(db, KIND, &tenant.to_string(), user)?.filter(|item| item.until == Some(end(day)));
    Ok(item.and_then(|item| read(&item.data)))
}

/// Four numbers: edits, those contested, those that met others, those of the last week.
fn read(data: &str) -> Option<Sum> {
    let numbers: Vec<i64> = data.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let [edits, contested, met, week] = numbers.try_into().ok()?;
    Some((Counts { edits, contested, met }, week))
}

fn put(db: &mut Db, tenant: i64, user: i64, day: i64, (counts, week): Sum) -> Result<()> {
    let Counts { edits, contested, met } = counts;
    let data = format!("{edits} {contested} {met} {week}");
    shelf::put(db, KIND, &Item { id: tenant.to_string(), owner: user, until: Some(end(day)), data })
}

/// Forgets the sums of a tenant: until the next night they are counted.
pub fn forget(db: &mut Db, tenant: i64) -> Result<()> {
    shelf::remove_all(db, KIND, &tenant.to_string()).map(drop)
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
    match last {
        Some(tenant) if rows > 0 => put_fact(shift.db, MADE, &format!("{today} {tenant}"))?,
        // What is left is of tenants in which nobody edits any more, or that are gone.
        _ => rows = shelf::purge(shift.db, KIND, shift.now)?,
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
    forget(db, tenant)?;
    let sum = |days: &Days| days.up_to(today);
    put(db, tenant, NOBODY, today, sum(&edits.all))?;
    for (user, days) in &edits.users {
        put(db, tenant, *user, today, sum(days))?;
    }
    Ok(rows)
}
