//! The counts of what is to go, on their way from the file into the store: at night, and when the file is full.

use super::open;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::{Db, Mode, within};
use crate::faces::graphql::schema;
use crate::feature::lifecycle::Entry;
use crate::feature::usage::store::{self, Day};
use crate::feature::usage::{Usage, day_of, fold, short_target};
use crate::feature::{House, Shift};

/// How many days are kept: a year, and some to compare.
const KEPT: i64 = 400;

/// A round of the night: folds, notes that the day was counted, and purges.
///
/// # Errors
/// The database's.
pub fn night(shift: &mut Shift<'_>) -> Result<u64> {
    let today = day_of(shift.now);
    let folded = fold(shift.db, &mut Usage::default(), &shift.house.settings.data, today, false)?;
    let noted = note(shift.db, shift.house, today)?;
    Ok(folded + noted + store::delete_before(shift.db, today - KEPT)?)
}

/// Notes of everything that is to go that it was counted today: an absence of uses means something then.
fn note(db: &mut Db, house: &House, today: i64) -> Result<u64> {
    let mut entries: Vec<Entry> = house.lifecycle.entries.clone();
    entries.extend(schema::deprecated(house.features)?);
    let noted = store::since(db, today)?;
    let mut targets: Vec<String> = entries.iter().map(|entry| short_target(&entry.target.to_string())).collect();
    targets.sort_unstable();
    targets.dedup();
    targets.retain(|target| !noted.iter().any(|day| day.client.is_empty() && day.target == *target));
    for target in &targets {
        let day = Day { day: today, target: target.clone(), version: 0, client: String::new(), requests: 0, slot: (0, 0) };
        store::put(db, &day)?;
    }
    Ok(targets.len() as u64)
}

/// Empties a full file after an answer, and counts what has waited for that.
pub fn make_room(house: &House, db: &mut Option<Db>, usage: &mut Usage) {
    let (data, today) = (&house.settings.data, day_of(Timestamp::now()));
    let folded = open::database(db, &house.settings).and_then(|db| {
        // The second round frees what the first one has written.
        for _ in 0..2 {
            within(db, Mode::Spare, |db| fold(db, usage, data, today, true))?;
        }
        usage.settle(data).map_err(Error::internal)
    });
    match folded {
        Err(error) if !error.is_busy() => log::error!("the file of uses is full and cannot be emptied: {error}"),
        _ => {}
    }
}
