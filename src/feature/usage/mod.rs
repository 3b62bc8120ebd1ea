//! Who uses what is to go, counted without counting people: a small file beside the store, so that a read never makes the database
//! write. A count is one `pread` and one `pwrite` under a lock that nobody waits long for. What a slot has counted is
//! folded into a table, each count once, whatever is killed meanwhile. No user, device, address, path or time of day.

mod fold;
mod slot;
pub mod store;

pub use fold::fold;

use super::Ctx;
use super::lifecycle::clients::Client;
use crate::base::slot_file;
use crate::base::time::{DAY, Timestamp};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use slot::{NEIGHBOURS, SLOT, Slot};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread::yield_now;

/// The file's name in the data folder.
pub const FILE: &str = "usage";
/// Slots in the file: 192 KiB.
const SLOTS: u64 = 2_048;
/// How many of the other requests one is counted for.
pub const SAMPLED: u32 = 16;
/// Clients of a day beyond which a new one is one of the others: whoever makes names up fills no table.
const MOST_CLIENTS: usize = 200;
/// What those are called.
pub const OTHER: &str = "other";
/// How often a process lets others go first.
const PATIENCE: u32 = 200;
/// Counts that wait for a full file to be folded: one request names no more targets than GraphQL warns of.
const MOST_WAITING: usize = 20;

/// The open file, and what found no room in it.
#[derive(Debug, Default)]
pub struct Usage {
    file: Option<File>,
    waiting: Vec<Slot>,
}

/// A use of something.
#[derive(Debug, Clone, Copy)]
pub struct Use<'u> {
    /// What was used, as a target is written.
    pub target: &'u str,
    /// The version of the API; 0 where there is none.
    pub version: u8,
    /// Who used it.
    pub client: Client<'u>,
    /// How many times it counts.
    pub times: u32,
}

/// A target as the file and the table write it: a very long one keeps its beginning, and a hash.
pub fn short_target(target: &str) -> String {
    slot::short(target, slot::TARGET)
}

/// The day of an instant, since 1970.
pub fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY)
}

impl Usage {
    /// Counts a use. A file that cannot be used counts nothing, and refuses nobody.
    pub fn count(&mut self, data: &Path, one: &Use<'_>, now: Timestamp) {
        let slot = Slot::of(day_of(now), one);
        if let Err(error) = self.add(data, slot) {
            log::warn!("uses are not counted: {}: {error}", data.join(FILE).display());
        }
    }

    /// Does a count wait for a full file to be folded?
    pub fn is_full(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Counts what has waited.
    ///
    /// # Errors
    /// The system's.
    pub fn settle(&mut self, data: &Path) -> io::Result<()> {
        for slot in std::mem::take(&mut self.waiting) {
            self.add(data, slot)?;
        }
        // What finds no room even now is left out: others fill the file as fast as it is folded.
        self.waiting.clear();
        Ok(())
    }

    fn file(&mut self, data: &Path) -> io::Result<&File> {
        slot_file::opened(&mut self.file, data, FILE)
    }

    fn add(&mut self, data: &Path, slot: Slot) -> io::Result<()> {
        let left = place(self.file(data)?, slot)?;
        if self.waiting.len() < MOST_WAITING {
            self.waiting.extend(left);
        }
        Ok(())
    }
}

impl Ctx<'_> {
    /// Counts that something was used that is to go, in no version of the API.
    pub fn count_use(&mut self, target: &str) {
        let one = Use { target, version: 0, client: Client::of_request(self.request), times: 1 };
        self.meters.usage.count(&self.house.settings.data, &one, self.now);
    }
}

/// Counts a slot; answers it where there is no room for it.
fn place(file: &File, slot: Slot) -> io::Result<Option<Slot>> {
    let _alone = Alone::with(file);
    if raise(file, &slot)? {
        return Ok(None);
    }
    // A new one, which is rare: is there room for another name?
    let slot = if is_crowded(&slots(file)?, &slot) { slot.of_others() } else { slot };
    let is_in = raise(file, &slot)? || put(file, &slot)?;
    Ok((!is_in).then_some(slot))
}

/// The file to oneself. A process that is put aside between its reading and its writing would undo what others count meanwhile.
struct Alone<'f>(&'f File);

impl Alone<'_> {
    /// Waits a moment for the others and no longer: one that was stopped holds nobody up.
    fn with(file: &File) -> Option<Alone<'_>> {
        let alone = (0..PATIENCE).any(|_| {
            let locked = flock(file, FlockOperation::NonBlockingLockExclusive);
            if locked == Err(Errno::AGAIN) {
                yield_now();
            }
            locked.is_ok()
        });
        alone.then_some(Alone(file))
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        // Closing the file would do it, too.
        let _ = flock(self.0, FlockOperation::Unlock);
    }
}

/// Where a slot may stand.
fn base(slot: &Slot) -> u64 {
    slot.key % (SLOTS - NEIGHBOURS as u64) * SLOT as u64
}

/// Counts on in the slot that is there; answers whether it was.
fn raise(file: &File, slot: &Slot) -> io::Result<bool> {
    let base = base(slot);
    let near = read(file, base, NEIGHBOURS)?;
    let Some(place) = near.iter().position(|other| other.as_ref().is_some_and(|other| other.key == slot.key)) else {
        return Ok(false);
    };
    let Some(Some(before)) = near.get(place) else { return Ok(false) };
    let raised = Slot { count: before.count.saturating_add(slot.count), ..before.clone() };
    file.write_all_at(&raised.bytes(), base + (place * SLOT) as u64)?;
    Ok(true)
}

/// Puts a slot into a free place; answers whether there was one.
fn put(file: &File, slot: &Slot) -> io::Result<bool> {
    let base = base(slot);
    let Some(place) = read(file, base, NEIGHBOURS)?.iter().position(Option::is_none) else { return Ok(false) };
    file.write_all_at(&slot.bytes(), base + (place * SLOT) as u64)?;
    Ok(true)
}

/// Slots from an offset on; beyond the file's end they are free.
fn read(file: &File, base: u64, count: usize) -> io::Result<Vec<Option<Slot>>> {
    let mut bytes = vec![0; count * SLOT];
    slot_file::fill(file, &mut bytes, base)?;
    Ok(bytes.chunks_exact(SLOT).map(Slot::read).collect())
}

/// Every slot, in its place.
fn slots(file: &File) -> io::Result<Vec<Option<Slot>>> {
    read(file, 0, usize::try_from(SLOTS).unwrap_or_default())
}

/// Frees a slot, unless it has counted on meanwhile.
fn free(file: &File, place: usize, seen: &Slot) -> io::Result<()> {
    let at = (place * SLOT) as u64;
    if read(file, at, 1)?.first() == Some(&Some(seen.clone())) {
        file.write_all_at(&[0; SLOT], at)?;
    }
    Ok(())
}

/// Would a slot be of one client too many, whom nobody saw today or yesterday?
fn is_crowded(slots: &[Option<Slot>], new: &Slot) -> bool {
    let recent = slots.iter().flatten().filter(|slot| slot.day + 1 >= new.day);
    if recent.clone().any(|slot| slot.client == new.client) {
        return false;
    }
    let mut clients: Vec<&str> = recent.filter(|slot| slot.day == new.day).map(|slot| slot.client.as_str()).collect();
    clients.sort_unstable();
    clients.dedup();
    clients.len() >= MOST_CLIENTS
}

#[cfg(test)]
mod tests;
