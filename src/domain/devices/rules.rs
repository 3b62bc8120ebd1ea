//! How well a device, and a tenant's uploads, are doing.

use crate::base::error::Result;
use crate::base::time::{DAY, HOUR, Timestamp};
use crate::http::paging::{After, Keyed};
use schemars::JsonSchema;
use serde::Serialize;

/// How far back the health of uploads looks, in milliseconds.
pub const SPAN: i64 = DAY;

/// What was sent, and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Items that were sent.
    pub items: i64,
    /// Items that were taken.
    pub synced: i64,
    /// Conflicts that were met.
    pub conflicts: i64,
}

impl Counts {
    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Counts) -> Counts {
        Counts {
            items: self.items + other.items,
            synced: self.synced + other.synced,
            conflicts: self.conflicts + other.conflicts,
        }
    }
}

/// A device.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Device {
    /// What it calls itself.
    pub device_id: String,
    /// Whose it is.
    pub user_id: i64,
    /// Items that it sent.
    pub items: i64,
    /// Items that were taken.
    pub synced_items: i64,
    /// Conflicts that were met.
    pub conflicts: i64,
    /// Its first upload.
    pub first_sync_at: Timestamp,
    /// Its last upload.
    pub last_sync_at: Timestamp,
    /// 0 to 100.
    pub health: f64,
}

impl Keyed for Device {
    fn key(&self) -> Vec<String> {
        vec![self.last_sync_at.0.to_string(), self.user_id.to_string(), self.device_id.clone()]
    }
}

/// Where a part of a list of devices begins: behind an upload's instant, a user, and what their device calls itself.
pub type Behind = (i64, i64, String);

/// Where a part of the list begins. A device may call itself anything, also what separates the parts of a key.
pub fn behind(after: &After) -> Result<Behind> {
    after.key((i64::MAX, 0, String::new()), |parts| match parts {
        [at, user, id @ ..] => Some((at.parse().ok()?, user.parse().ok()?, After::whole(id))),
        _ => None,
    })
}

/// 60 points for items that were taken, 20 that a day without uploads uses up, 20 that conflicts use up; 100 when nothing
/// was sent yet.
pub fn health(counts: Counts, last_sync: Timestamp, now: Timestamp) -> f64 {
    if counts.items <= 0 {
        return 100.0;
    }
    let hours = (now.0 - last_sync.0).max(0) as f64 / HOUR as f64;
    let share = |part: i64| part as f64 / counts.items as f64;
    let fresh = (20.0 - 20.0 * hours / 24.0).max(0.0);
    let calm = (20.0 - 20.0 * share(counts.conflicts)).max(0.0);
    hundredths(60.0 * share(counts.synced) + fresh + calm)
}

/// How the uploads of a tenant, or of the site, went in the last 24 hours.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SyncHealth {
    /// healthy, degraded or critical.
    pub status: &'static str,
    /// Items that were taken, of a hundred.
    pub success_rate_pct: f64,
    /// Conflicts for a hundred items.
    pub conflict_rate_pct: f64,
    /// How long an upload took to write, in milliseconds.
    pub mean_duration_ms: f64,
    /// The health of the device that does worst; null when there is none.
    pub worst_device_health: Option<f64>,
    /// How many uploads there were.
    pub uploads: i64,
    /// How many items were sent.
    pub items: i64,
    /// How many devices are known.
    pub devices: i64,
}

/// The uploads of a span, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uploads {
    /// How many.
    pub number: i64,
    /// What was sent.
    pub counts: Counts,
    /// How long they took, in microseconds.
    pub micros: i64,
}

/// The words of a status, by how many of the four marks are missed.
const STATUS: [&str; 3] = ["healthy", "degraded", SyncHealth::CRITICAL];
/// The least items of a hundred that are to be taken.
const SUCCESS: f64 = 95.0;
/// The most conflicts for a hundred items.
const CONFLICTS: f64 = 5.0;
/// The most milliseconds for an upload.
const DURATION: f64 = 500.0;
/// No device is to do worse.
const WORST: f64 = 70.0;

impl SyncHealth {
    /// The worst status.
    pub const CRITICAL: &str = "critical";

    /// How bad it is: the more, the worse.
    pub fn rank(&self) -> Option<usize> {
        STATUS.iter().position(|status| *status == self.status)
    }

    /// Judges uploads and the health of every device. Healthy meets all four marks; degraded misses one, critical more.
    pub fn of(uploads: Uploads, devices: &[f64]) -> SyncHealth {
        let Uploads { number, counts, micros } = uploads;
        let success_rate_pct = percent(counts.synced, counts.items, 100.0);
        let conflict_rate_pct = percent(counts.conflicts, counts.items, 0.0);
        let mean_duration_ms = if number > 0 { hundredths(micros as f64 / 1_000.0 / number as f64) } else { 0.0 };
        let worst_device_health = devices.iter().copied().min_by(f64::total_cmp);
        let missed = [
            success_rate_pct < SUCCESS,
            conflict_rate_pct > CONFLICTS,
            mean_duration_ms > DURATION,
            worst_device_health.is_some_and(|worst| worst < WORST),
        ];
        let missed = missed.into_iter().filter(|missed| *missed).count();
        SyncHealth {
            status: STATUS[missed.min(STATUS.len() - 1)],
            success_rate_pct,
            conflict_rate_pct,
            mean_duration_ms,
            worst_device_health,
            uploads: number,
            items: counts.items,
            devices: i64::try_from(devices.len()).unwrap_or(i64::MAX),
        }
    }
}

/// How many of a hundred; of none, what is said for none.
pub fn percent(part: i64, whole: i64, of_none: f64) -> f64 {
    if whole > 0 { hundredths(100.0 * part as f64 / whole as f64) } else { of_none }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(100 * DAY);

    fn counts(items: i64, synced: i64, conflicts: i64) -> Counts {
        Counts { items, synced, conflicts }
    }

    #[test]
    fn a_device_is_as_well_as_the_formula_says() {
        assert_eq!(health(counts(0, 0, 0), Timestamp(0), NOW), 100.0);
        assert_eq!(health(counts(10, 10, 0), NOW, NOW), 100.0);
        assert_eq!(health(counts(10, 5, 5), NOW.plus(-12 * HOUR), NOW), 30.0 + 10.0 + 10.0);
        assert_eq!(health(counts(10, 0, 40), NOW.plus(-5 * DAY), NOW), 0.0);
        assert_eq!(health(counts(3, 1, 0), NOW.plus(HOUR), NOW), 60.0);
    }

    #[test]
    fn a_status_says_how_many_marks_are_missed() {
        let uploads = |counts, micros| Uploads { number: 2, counts, micros };
        let status = |uploads, devices: &[f64]| SyncHealth::of(uploads, devices).status;
        assert_eq!(status(Uploads::default(), &[]), "healthy");
        assert_eq!(status(uploads(counts(100, 95, 5), 1_000_000), &[70.0]), "healthy");
        assert_eq!(status(uploads(counts(100, 94, 5), 1_000_000), &[70.0]), "degraded");
        assert_eq!(status(uploads(counts(100, 95, 6), 1_000_000), &[70.0]), "degraded");
        assert_eq!(status(uploads(counts(100, 95, 5), 1_000_020), &[70.0]), "degraded");
        assert_eq!(status(uploads(counts(100, 95, 5), 1_000_000), &[99.0, 69.9]), "degraded");
        assert_eq!(status(uploads(counts(100, 94, 6), 1_000_000), &[]), "critical");
    }

    proptest! {
        #[test]
        fn health_stays_in_its_bounds_and_never_gains_by_waiting(
            items in 0_i64..1_000, taken in 0_i64..1_000, conflicts in 0_i64..1_000, idle in 0..40 * DAY, more in 0..DAY,
        ) {
            let counts = counts(items, taken.min(items), conflicts);
            let at = |idle: i64| health(counts, NOW.plus(-idle), NOW);
            prop_assert!((0.0..=100.0).contains(&at(idle)));
            prop_assert!(at(idle + more) <= at(idle));
        }
    }
}
