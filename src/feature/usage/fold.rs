//! Moves what the file has counted into the table. The table remembers which slot it has counted, and how much of it: so a count
//! comes in once, and a slot is freed only when a transaction that is over has taken all of it.

use super::store::{self, Day};
use super::{Slot, Usage, free, slots};
use crate::base::error::{Error, Result};
use crate::db::Db;
use std::collections::HashMap;
use std::path::Path;

/// A row's key.
type Key = (i64, String, i64, String);

/// Folds once, inside a write transaction; answers how many rows it wrote, 0 when all was there already. Then it frees the slots of
/// days before yesterday, or of all days where the file is full. Yesterday's tell who is new.
///
/// # Errors
/// The database's; the system's.
pub fn fold(db: &mut Db, usage: &mut Usage, data: &Path, today: i64, all: bool) -> Result<u64> {
    let file = usage.file(data).map_err(Error::internal)?;
    let counted: Vec<(usize, Slot)> =
        slots(file).map_err(Error::internal)?.into_iter().enumerate().filter_map(|(n, slot)| Some((n, slot?))).collect();
    let Some(first) = counted.iter().map(|(_, slot)| slot.day).min() else { return Ok(0) };
    let mut rows: HashMap<Key, Day> = store::since(db, first)?
        .into_iter()
        .map(|day| ((day.day, day.target.clone(), day.version, day.client.clone()), day))
        .collect();
    let mut written = 0;
    for (place, slot) in counted {
        let key = (slot.day, slot.target.clone(), i64::from(slot.version), slot.client.clone());
        let before = rows.get(&key);
        match after(before, &slot) {
            Some(day) => {
                store::put(db, &day)?;
                rows.insert(key, day);
                written += 1;
            }
            None if all || slot.day + 1 < today => free(file, place, &slot).map_err(Error::internal)?,
            None => {}
        }
    }
    Ok(written)
}

/// A row with what a slot has counted since it was looked at last; `None` where that is nothing.
fn after(before: Option<&Day>, slot: &Slot) -> Option<Day> {
    let (identity, count) = (slot.identity(), i64::from(slot.count));
    let seen = before.filter(|day| day.slot.0 == identity).map_or(0, |day| day.slot.1);
    (count > seen).then(|| Day {
        day: slot.day,
        target: slot.target.clone(),
        version: i64::from(slot.version),
        client: slot.client.clone(),
        requests: before.map_or(0, |day| day.requests) + count - seen,
        slot: (identity, count),
    })
}
