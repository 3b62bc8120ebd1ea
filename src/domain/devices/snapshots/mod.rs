//! The figures of each hour, made by maintenance: idempotent, and exact however late it runs.
//!
//! An hour is summed up when it has more uploads than its figures tell of, so one whose upload was written late (it
//! waited for its turn, or a clock was set back) is summed up again. Uploads are deleted by whole hours, and only those
//! that the figures hold.

pub mod figures;
pub mod store;

use crate::base::error::Result;
use crate::base::time::{DAY, MINUTE, Timestamp};
use crate::db::Db;
use crate::feature::Settings;
use figures::{SITE, hour_of, sum_up};
use std::collections::BTreeMap;

/// How long after its end an hour is left alone: an upload may wait for its turn with the instant of its arrival.
const SETTLED: i64 = 5 * MINUTE;
/// How long uploads are kept: the health of uploads looks back for half as long.
const UPLOADS_KEPT: i64 = 2 * DAY;
/// How long the figures of hours are kept.
const KEPT: i64 = 366 * DAY;

/// Sums up one hour; answers how many uploads it had, 0 when none is left to sum up.
pub fn sum(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    for (hour, uploads) in hours(db, now.plus(-SETTLED))? {
        if uploads > summed(db, hour)? {
            for (tenant, figures) in sum_up(&store::uploads(db, hour)?, &store::conflicts(db, hour)?) {
                store::put(db, hour, tenant, &figures)?;
            }
            return Ok(u64::try_from(uploads).unwrap_or_default());
        }
    }
    Ok(0)
}

/// Deletes the uploads of one old hour; answers how many there were, 0 when none is left.
pub fn purge_uploads(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    for (hour, uploads) in hours(db, now.plus(-UPLOADS_KEPT))? {
        if uploads <= summed(db, hour)? {
            return store::delete_uploads(db, hour);
        }
    }
    Ok(0)
}

/// Deletes figures that are older than a year.
pub fn purge(db: &mut Db, _: &Settings, now: Timestamp) -> Result<u64> {
    store::delete_before(db, now.plus(-KEPT))
}

/// The hours that ended before an instant and have uploads, oldest first, with how many.
fn hours(db: &mut Db, before: Timestamp) -> Result<BTreeMap<Timestamp, i64>> {
    let mut hours = BTreeMap::new();
    store::stamps(db, hour_of(before), &mut |stamp| *hours.entry(hour_of(stamp)).or_default() += 1)?;
    Ok(hours)
}

/// How many uploads the site's figures of an hour tell of.
fn summed(db: &mut Db, hour: Timestamp) -> Result<i64> {
    Ok(store::find(db, SITE, hour)?.map_or(0, |snapshot| snapshot.figures.requests))
}
