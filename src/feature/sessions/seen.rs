//! What each session has polled last: a small file beside the store, so that a poll never makes the database write.
//!
//! A slot holds a session's instant, the cursor that it sent and the lists that it asked for. A poll reads its slot, and writes it
//! when the cursor has moved or some seconds have gone. A slot that is lost to another session makes what is told older, never
//! newer. Uploads, refreshes and the night put it into the database. Where several hosts serve, each sees what came to it.

use super::store::{self, Polled};
use crate::base::error::Result;
use crate::base::slot_file;
use crate::base::time::{MINUTE, SECOND, Timestamp};
use crate::db::Db;
use crate::feature::{Ctx, House, Kind, Shift};
use crate::http::Method;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The file's name in the data folder.
pub const FILE: &str = "seen";
/// Slots in the file: 160 KiB.
const SLOTS: u64 = 4_096;
/// Bytes of the whole file.
const WHOLE: u64 = SLOTS * SLOT as u64;
/// Bytes of a slot: a session's hash, an instant, a cursor, lists.
const SLOT: usize = 40;
/// Neighbouring slots that a session may stand in.
const NEIGHBOURS: usize = 8;
/// How long a slot is not written again though the cursor stays.
const FRESH: i64 = 15 * SECOND;
/// How much later than the database the file must be for the database to be written: that is what is told to the minute.
const WORTH: i64 = MINUTE;
/// Lists that have a bit each; the byte above says how many kinds the program had, whose order the bits go by.
const BITS: u32 = 56;

/// The open file.
#[derive(Debug, Default)]
pub struct Seen {
    file: Option<File>,
}

/// The key of a session in the couple or team that it polls.
fn key(session: &str, tenant: i64) -> [u8; 16] {
    let hash = Sha256::new().chain_update(session).chain_update([0]).chain_update(tenant.to_le_bytes()).finalize();
    hash.first_chunk::<16>().copied().unwrap_or_default()
}

fn number(slot: &[u8], from: usize) -> i64 {
    i64::from_le_bytes(slot.get(from..).and_then(|rest| rest.first_chunk::<8>()).copied().unwrap_or_default())
}

impl Seen {
    fn open(&mut self, data: &Path) -> io::Result<&File> {
        slot_file::opened(&mut self.file, data, FILE)
    }

    /// The slots where a key may stand, and where they begin; beyond the file's end they are free.
    fn near(&mut self, data: &Path, key: &[u8; 16]) -> io::Result<(u64, [u8; SLOT * NEIGHBOURS])> {
        let first = number(key, 0).cast_unsigned() % (SLOTS - NEIGHBOURS as u64) * SLOT as u64;
        let mut near = [0; SLOT * NEIGHBOURS];
        slot_file::fill(self.open(data)?, &mut near, first)?;
        Ok((first, near))
    }

    /// What a session has polled last.
    fn find(&mut self, data: &Path, session: &str, tenant: i64) -> io::Result<Option<Polled>> {
        let key = key(session, tenant);
        let (_, slots) = self.near(data, &key)?;
        let slot = slots.chunks_exact(SLOT).find(|slot| slot.starts_with(&key));
        Ok(slot.map(|slot| Polled {
            at: Timestamp(number(slot, 16)),
            cursor: Timestamp(number(slot, 24)),
            lists: number(slot, 32),
            tenant,
        }))
    }

    /// What a user's device has polled last, in whichever of its sessions, by the file and the database.
    ///
    /// # Errors
    /// The database's.
    pub fn device(
        &mut self,
        db: &mut Db,
        house: &House,
        (user, device): (i64, &str),
        tenant: i64,
        now: Timestamp,
    ) -> Result<Option<Polled>> {
        let mut newest: Option<Polled> = None;
        for session in store::on_device(db, user, device, now)? {
            let polled = self.session(db, house, &session, tenant)?;
            newest = [newest, polled].into_iter().flatten().max_by_key(|polled| polled.at);
        }
        Ok(newest)
    }

    /// What a session has polled last, by the file and the database.
    fn session(&mut self, db: &mut Db, house: &House, session: &str, tenant: i64) -> Result<Option<Polled>> {
        let noted = self.find(&house.settings.data, session, tenant).unwrap_or_default();
        let kept = store::polled(db, session)?.filter(|kept| kept.tenant == tenant);
        Ok([noted, kept].into_iter().flatten().max_by_key(|polled| polled.at))
    }

    /// Notes a poll, unless the slot says as much.
    fn note(&mut self, data: &Path, session: &str, polled: &Polled) -> io::Result<()> {
        let key = key(session, polled.tenant);
        let (first, slots) = self.near(data, &key)?;
        let own = slots.chunks_exact(SLOT).position(|slot| slot.starts_with(&key));
        let oldest =
            || slots.chunks_exact(SLOT).enumerate().min_by_key(|(_, slot)| number(slot, 16)).map_or(0, |(place, _)| place);
        let place = own.unwrap_or_else(oldest);
        let before = slots.get(place * SLOT..).unwrap_or_default();
        let same = (number(before, 24), number(before, 32)) == (polled.cursor.0, polled.lists);
        if own.is_some() && same && polled.at.0.abs_diff(number(before, 16)) < FRESH.unsigned_abs() {
            return Ok(());
        }
        let numbers = [polled.at.0, polled.cursor.0, polled.lists].map(i64::to_le_bytes).concat();
        let file = self.open(data)?;
        if file.metadata()?.len() < WHOLE {
            // Beyond its end a read takes two calls.
            file.set_len(WHOLE)?;
        }
        file.write_all_at(&[&key[..], &numbers].concat(), first + (place * SLOT) as u64)
    }
}

/// The bits of lists, in the order of the registry.
fn bits(house: &House, lists: &[&'static Kind]) -> i64 {
    let (mut bits, mut kinds, mut left) = (0_i64, 0_i64, lists);
    for (place, kind) in (0..BITS).zip(house.kinds()) {
        kinds += 1;
        // Mostly the lists are in the registry's order, and the first of those that are left is the one.
        let has = match left {
            [first, rest @ ..] if first.name == kind.name => {
                left = rest;
                true
            }
            _ => lists.iter().any(|list| list.name == kind.name),
        };
        bits |= i64::from(has) << place;
    }
    bits | kinds << BITS
}

/// The lists of these bits; none where another program wrote them, whose registry was another.
pub fn lists(house: &House, bits: i64) -> Vec<&'static Kind> {
    let kinds: Vec<&Kind> = house.kinds().collect();
    if usize::try_from(bits >> BITS).ok() != Some(kinds.len()) {
        return Vec::new();
    }
    (0..BITS).zip(kinds).filter(|(place, _)| bits >> place & 1 == 1).map(|(_, kind)| kind).collect()
}

impl Ctx<'_> {
    /// Notes that the calling session polled these lists from a cursor that this store gave, if it is one. A file that cannot be
    /// used notes nothing, and refuses nobody.
    pub fn note_poll(&mut self, cursor: Option<Timestamp>, lists: &[&'static Kind]) {
        let (Some(caller), true) = (self.admitted(), self.request.method != Method::Head) else { return };
        let Some(tenant) = &caller.tenant else { return };
        let (session, tenant) = (caller.session.clone(), tenant.id);
        let lists = if cursor.is_some() { bits(self.house, lists) } else { 0 };
        let polled = Polled { at: self.now, cursor: cursor.unwrap_or_default(), lists, tenant };
        let data = &self.house.settings.data;
        if let Err(error) = self.meters.seen.note(data, &session, &polled) {
            log::warn!("polls are not noted: {}: {error}", data.join(FILE).display());
        }
    }

    /// What a session has polled last, by the file and the database.
    ///
    /// # Errors
    /// The database's.
    pub fn polled(&mut self, session: &str, tenant: i64) -> Result<Option<Polled>> {
        self.meters.seen.session(self.db, self.house, session, tenant)
    }

    /// Puts into the database that a session was heard of, and what it has polled.
    ///
    /// # Errors
    /// The database's.
    pub fn note_seen(&mut self, session: &str, tenant: Option<i64>) -> Result<()> {
        let data = &self.house.settings.data;
        let noted = tenant.and_then(|tenant| self.meters.seen.find(data, session, tenant).unwrap_or_default());
        store::see(self.db, session, self.now, noted.as_ref())
    }

    /// The same for the calling session, at most once a minute.
    ///
    /// # Errors
    /// The database's.
    pub fn note_caller(&mut self) -> Result<()> {
        let caller = self.caller()?;
        if caller.seen_at.plus(WORTH) > self.now {
            return Ok(());
        }
        let (session, tenant) = (caller.session.clone(), caller.tenant.as_ref().map(|tenant| tenant.id));
        self.note_seen(&session, tenant)
    }
}

/// A round of the night: what the file knows later than the database.
///
/// # Errors
/// The database's.
pub fn night(shift: &mut Shift<'_>) -> Result<u64> {
    let (mut seen, mut written) = (Seen::default(), 0);
    for (session, tenant, at) in store::all_polling(shift.db)? {
        let noted = seen.find(&shift.house.settings.data, &session, tenant).unwrap_or_default();
        if let Some(noted) = noted.filter(|noted| noted.at >= at.plus(WORTH)) {
            store::see(shift.db, &session, noted.at, Some(&noted))?;
            written += 1;
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polled(at: i64, cursor: i64) -> Polled {
        Polled { at: Timestamp(at), cursor: Timestamp(cursor), lists: 5, tenant: 7 }
    }

    #[test]
    fn a_poll_is_noted_when_its_cursor_moved_or_some_time_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (mut one, mut other) = (Seen::default(), Seen::default());
        let at = |seen: &mut Seen| {
            seen.find(folder.path(), "s", 7).unwrap().map(|polled| (polled.at.0, polled.cursor.0, polled.lists))
        };
        assert_eq!(at(&mut other), None);
        one.note(folder.path(), "s", &polled(1_000_000, 3)).unwrap();
        assert_eq!(at(&mut other), Some((1_000_000, 3, 5)));
        one.note(folder.path(), "s", &polled(1_001_000, 3)).unwrap();
        assert_eq!(at(&mut other), Some((1_000_000, 3, 5)), "nothing is written for the same a second later");
        one.note(folder.path(), "s", &polled(1_001_500, 4)).unwrap();
        assert_eq!(at(&mut other), Some((1_001_500, 4, 5)));
        one.note(folder.path(), "s", &polled(1_001_500 + FRESH, 4)).unwrap();
        assert_eq!(at(&mut other), Some((1_001_500 + FRESH, 4, 5)));
        assert_eq!(other.find(folder.path(), "s", 8).unwrap(), None, "another couple, another cursor");
    }

    #[test]
    fn many_sessions_never_make_one_look_newer() {
        let folder = tempfile::tempdir().unwrap();
        let mut seen = Seen::default();
        for n in 0..20_000_i64 {
            seen.note(folder.path(), &n.to_string(), &polled(1_000_000 + n, n)).unwrap();
        }
        let found =
            (0..20_000_i64).filter_map(|n| seen.find(folder.path(), &n.to_string(), 7).unwrap().map(|polled| (n, polled)));
        let found: Vec<_> = found.collect();
        assert!(found.iter().all(|(n, polled)| polled.cursor.0 == *n && polled.at.0 == 1_000_000 + n));
        assert!(found.len() > 3_000, "{}", found.len());
    }
}
