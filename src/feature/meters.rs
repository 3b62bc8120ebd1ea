//! Rate limits of reads: a small file beside the store, so that a read never makes the database write.
//!
//! A token bucket in the form of GCRA: one instant a caller, the theoretical arrival time. A slot is read and written
//! with one `pread` and one `pwrite`, not through a memory map: a map of a file on a full disk ends the process with
//! SIGBUS, a failed write is an error that can be passed over. Two requests of one caller at the same microsecond may
//! count as one; limits of secrets and writes, where that matters, are in the database.

use super::sessions::seen::Seen;
use super::usage::Usage;
use super::{Rate, Settings};
use crate::base::error::{Limit, Refusal};
use crate::base::slot_file;
use crate::base::time::{HOUR, Timestamp};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Which rate limit counts a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meter {
    /// Requests of the REST interface.
    Requests,
    /// Polls of the feed.
    Polls,
    /// Uploads: counted in the database, in the transaction that writes. See [`Tx::Upload`](super::Tx::Upload).
    Uploads,
    /// Counted by the handler: requests and what they cost.
    Graphql,
    /// Not counted.
    Free,
}

/// The file's name in the data folder.
pub const FILE: &str = "meters";
/// Slots in the file: 64 KiB, for some thousand callers within one window.
const SLOTS: u64 = 4_096;
/// Bytes of a slot: a caller's hash and an instant.
const SLOT: usize = 16;
/// Neighbouring slots a caller may stand in.
const NEIGHBOURS: usize = 8;

/// The longest that a place may be taken, in milliseconds: nothing that a process waits for takes as long. What is taken for
/// longer was taken by a clock that was ahead.
const LONGEST: i64 = HOUR;

/// The open file.
#[derive(Default)]
pub struct Meters {
    file: Option<File>,
    /// What is counted beside the limits, in a file of its own.
    pub usage: Usage,
    /// What sessions have polled, in a file of its own.
    pub seen: Seen,
}

/// What a caller wants to do, as a limit counts it.
#[derive(Debug, Clone, Copy)]
pub struct Charge<'c> {
    /// The bucket's name: the first half of who is counted.
    pub bucket: &'static str,
    /// The limit that a refusal names.
    pub reason: &'static str,
    /// Whose bucket: a user's id, or an address.
    pub whose: &'c str,
    /// The limit.
    pub rate: Rate,
    /// What it costs; more than the whole limit counts as that.
    pub points: u32,
}

/// What a caller may have only so many of at a time.
#[derive(Debug, Clone, Copy)]
pub struct Places<'c> {
    /// What it is.
    pub name: &'static str,
    /// Whose places: a user's id, or an address.
    pub whose: &'c str,
    /// How many there are.
    pub count: u32,
}

/// A place that was taken.
#[derive(Debug)]
pub struct Place(u64);

impl Meters {
    /// Counts a charge, unless it would go over its limit. A file that cannot be used lets everybody pass.
    pub fn charge(&mut self, settings: &Settings, charge: &Charge<'_>) -> Option<Refusal> {
        let wait = self.count(settings, charge, Timestamp::now()).unwrap_or_else(|error| {
            log::warn!("limits are not counted: {}: {error}", settings.data.join(FILE).display());
            0
        });
        let limit = Limit { reason: charge.reason, count: charge.rate.count, window: charge.rate.window };
        (wait > 0).then(|| Refusal::over(limit, wait))
    }

    /// Takes one of a caller's places until an instant, unless all are taken. A file that cannot be used has room for everybody.
    pub fn take_place(&mut self, settings: &Settings, places: &Places<'_>, until: Timestamp) -> Option<Place> {
        let now = Timestamp::now();
        (0..places.count).map(|n| Place(key(&format!("{}/{n}", places.name), places.whose))).find(|place| {
            let is_free = |taken: i64| (taken <= now.0 || taken > now.0 + LONGEST).then_some(until.0);
            self.alter(settings, place.0, is_free).unwrap_or(true)
        })
    }

    /// Gives a place back before its time.
    pub fn leave_place(&mut self, settings: &Settings, place: Place) {
        // When it fails, the place is free at its time.
        let _ = self.alter(settings, place.0, |_| Some(0));
    }

    /// Notes until when something is so of somebody, in the place of what was noted before. A file that cannot be written forgets it.
    pub fn note(&mut self, settings: &Settings, name: &str, whose: &str, until: Timestamp) {
        let _ = self.alter(settings, key(name, whose), |_| Some(until.0));
    }

    /// Takes back what was noted until this very instant; what was noted since stays.
    pub fn forget(&mut self, settings: &Settings, name: &str, whose: &str, until: Timestamp) {
        let _ = self.alter(settings, key(name, whose), |noted| (noted == until.0 && noted > 0).then_some(0));
    }

    /// Is it so, by what was noted?
    pub fn is_noted(&mut self, settings: &Settings, name: &str, whose: &str, now: Timestamp) -> bool {
        let mut until = 0;
        let _ = self.alter(settings, key(name, whose), |noted| {
            until = noted;
            None
        });
        now.0 < until && until <= now.0 + LONGEST
    }

    /// Counts; answers the milliseconds to wait, 0 when the caller may pass.
    fn count(&mut self, settings: &Settings, charge: &Charge<'_>, now: Timestamp) -> std::io::Result<i64> {
        let mut waits = 0;
        self.alter(settings, key(charge.bucket, charge.whose), |arrival| {
            let (next, wait) = gcra(arrival, charge.rate, charge.points, now.0);
            waits = wait;
            (wait == 0).then_some(next)
        })?;
        Ok(waits)
    }

    /// Puts another instant in the place of a key's, if there is to be one; answers whether there was.
    fn alter(&mut self, settings: &Settings, key: u64, other: impl FnOnce(i64) -> Option<i64>) -> std::io::Result<bool> {
        let file = slot_file::opened(&mut self.file, &settings.data, FILE)?;
        let mut slots = [0; SLOT * NEIGHBOURS];
        let base = key % (SLOTS - NEIGHBOURS as u64) * SLOT as u64;
        slot_file::fill(file, &mut slots, base)?;
        let (place, arrival) = choose(&slots, key);
        let Some(next) = other(arrival) else { return Ok(false) };
        let mut slot = [0; SLOT];
        slot[..8].copy_from_slice(&key.to_le_bytes());
        slot[8..].copy_from_slice(&next.to_le_bytes());
        file.write_all_at(&slot, base + (place * SLOT) as u64)?;
        Ok(true)
    }
}

/// The key in the file, never 0: that is a free slot.
fn key(bucket: &str, whose: &str) -> u64 {
    let hash = Sha256::new().chain_update(bucket).chain_update([0]).chain_update(whose).finalize();
    u64::from_le_bytes(hash.first_chunk::<8>().copied().unwrap_or_default()).max(1)
}

/// The caller's slot and arrival time, or the slot whose time is furthest past, which is free when it is.
fn choose(slots: &[u8], key: u64) -> (usize, i64) {
    let (mut oldest, mut oldest_at) = (0, i64::MAX);
    for (place, slot) in slots.chunks_exact(SLOT).enumerate() {
        let part = |from: usize| slot[from..].first_chunk::<8>().copied().unwrap_or_default();
        let at = i64::from_le_bytes(part(8));
        if u64::from_le_bytes(part(0)) == key {
            return (place, at);
        }
        if at < oldest_at {
            (oldest, oldest_at) = (place, at);
        }
    }
    (oldest, 0)
}

/// The generic cell rate algorithm: the next theoretical arrival time, and how long to wait. An arrival time beyond
/// what the rate can have made (the wall clock was set back) counts as none; so do points beyond the whole rate.
pub fn gcra(arrival: i64, rate: Rate, points: u32, now: i64) -> (i64, i64) {
    let interval = (rate.window / i64::from(rate.count.max(1))).max(1);
    let arrival = if arrival > now + rate.window { now } else { arrival.max(now) };
    let next = arrival + interval * i64::from(points.min(rate.count));
    (next, (next - now - rate.window).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { count: 10, window: 10_000 };

    fn settings(folder: &tempfile::TempDir) -> Settings {
        Settings { data: folder.path().to_owned(), ..Settings::default() }
    }

    fn passed(meters: &mut Meters, settings: &Settings, (whose, points): (&str, u32), at: i64, times: usize) -> usize {
        let charge = Charge { bucket: "test", reason: "test", whose, rate: RATE, points };
        (0..times).filter(|_| meters.count(settings, &charge, Timestamp(at)).unwrap() == 0).count()
    }

    #[test]
    fn a_bucket_empties_and_fills_again_over_processes() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder);
        let (mut one, mut other) = (Meters::default(), Meters::default());
        assert_eq!(passed(&mut one, &settings, ("7", 1), 1_000_000, 6), 6);
        assert_eq!(passed(&mut other, &settings, ("7", 1), 1_000_000, 6), 4);
        assert_eq!(passed(&mut one, &settings, ("8", 1), 1_000_000, 6), 6);
        assert_eq!(passed(&mut one, &settings, ("7", 1), 1_003_000, 6), 3);
    }

    #[test]
    fn what_costs_more_empties_it_sooner_and_nothing_costs_more_than_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder);
        let mut meters = Meters::default();
        assert_eq!(passed(&mut meters, &settings, ("7", 4), 1_000_000, 3), 2);
        assert_eq!(passed(&mut meters, &settings, ("7", 1), 1_000_000, 3), 2);
        assert_eq!(passed(&mut meters, &settings, ("8", 5_000), 1_000_000, 3), 1);
        assert_eq!(passed(&mut meters, &settings, ("8", 5_000), 1_009_999, 3), 0);
        assert_eq!(passed(&mut meters, &settings, ("8", 5_000), 1_010_000, 3), 1);
    }

    #[test]
    fn a_place_is_taken_once_until_it_is_left_or_its_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder);
        let mut meters = Meters::default();
        let places = Places { name: "test", whose: "7", count: 2 };
        let (soon, gone) = (Timestamp::now().plus(60_000), Timestamp::now().plus(-1));
        let far = Timestamp::now().plus(100 * LONGEST);
        assert!(meters.take_place(&settings, &places, far).is_some() && meters.take_place(&settings, &places, gone).is_some());
        let taken = meters.take_place(&settings, &places, soon).unwrap();
        assert!(meters.take_place(&settings, &places, soon).is_some() && meters.take_place(&settings, &places, soon).is_none());
        assert!(meters.take_place(&settings, &Places { whose: "8", ..places }, soon).is_some());
        meters.leave_place(&settings, taken);
        assert!(meters.take_place(&settings, &places, soon).is_some() && meters.take_place(&settings, &places, soon).is_none());
    }

    #[test]
    fn what_was_noted_since_is_not_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let (settings, mut meters, now) = (settings(&folder), Meters::default(), Timestamp::now());
        let (older, newer) = (now.plus(60_000), now.plus(60_001));
        meters.note(&settings, "test", "7", older);
        meters.note(&settings, "test", "7", newer);
        meters.forget(&settings, "test", "7", older);
        assert!(meters.is_noted(&settings, "test", "7", now));
        meters.forget(&settings, "test", "7", newer);
        assert!(!meters.is_noted(&settings, "test", "7", now));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder);
        let mut meters = Meters::default();
        assert_eq!(passed(&mut meters, &settings, ("7", 1), 9_000_000, 20), 10);
        assert_eq!(passed(&mut meters, &settings, ("7", 1), 1_000_000, 20), 10);
    }
}
