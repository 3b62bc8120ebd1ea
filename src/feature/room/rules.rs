//! The rules of room, without the database.

use super::DELETED;
use crate::base::error::{Refusal, Refused, Room};
use crate::base::text::{Message, Text};
use crate::base::time::{DAY, HOUR, SECOND, Timestamp};
use crate::feature::{Settings, TenantKind, texts};

/// How old a couple is, in milliseconds, when it has the whole room of one: as long as few try who only want to fill a disk.
pub const GROWN_UP: i64 = 7 * DAY;
/// How many members make a couple.
const BOTH: i64 = 2;
/// When it is worth trying again, in seconds: somebody must have deleted something.
const LATER: u32 = (HOUR / SECOND) as u32;
/// Bytes in a MiB.
pub const MIB: i64 = 1 << 20;
/// What may be taken above the room that there is, as a part of it, by a stock that may.
const ABOVE: i64 = 10;

/// What the feed knows of an object before a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighed {
    /// Nothing.
    Absent,
    /// It is alive, and has so many bytes.
    Alive(i64),
    /// A tombstone.
    Deleted,
}

/// How rows of a kind are bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// May they take a tenth more than the room that there is? What would be lost otherwise may.
    pub above: bool,
    /// Is their number bounded, too? What nobody loads as a list goes by its bytes alone.
    pub number: bool,
}

impl Bounds {
    /// As the objects of the feed.
    pub const OBJECTS: Bounds = Bounds { above: false, number: true };
}

/// What is added to a sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Growth {
    /// Rows.
    pub objects: i64,
    /// Bytes of texts.
    pub bytes: i64,
}

/// What a write changes: of the live objects of its kind, and of tombstones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The live ones.
    pub live: Growth,
    /// The tombstones.
    pub deleted: Growth,
}

impl Growth {
    /// One new row of so many bytes.
    pub fn row(bytes: usize) -> Growth {
        Growth { objects: 1, bytes: i64::try_from(bytes).unwrap_or(i64::MAX) }
    }

    /// A row that had so many bytes has others now.
    pub fn edit(before: usize, after: usize) -> Growth {
        Growth { objects: 0, bytes: Growth::row(after).bytes - Growth::row(before).bytes }
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Growth) -> Growth {
        Growth { objects: self.objects + other.objects, bytes: self.bytes + other.bytes }
    }

    /// Does it need room?
    pub const fn grows(self) -> bool {
        self.objects > 0 || self.bytes > 0
    }

    /// What becomes of the sums when an object that weighed so much weighs this, or is deleted.
    pub fn between(before: Weighed, after: Option<i64>) -> Change {
        let alive = |weight: Option<i64>| Growth { objects: i64::from(weight.is_some()), bytes: weight.unwrap_or_default() };
        let was = if let Weighed::Alive(bytes) = before { Some(bytes) } else { None };
        let (was, is) = (alive(was), alive(after));
        let buried = i64::from(after.is_none()) - i64::from(before == Weighed::Deleted);
        Change {
            live: Growth { objects: is.objects - was.objects, bytes: is.bytes - was.bytes },
            deleted: Growth { objects: buried, bytes: 0 },
        }
    }
}

/// Whose room it is that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// A couple's.
    Couple,
    /// A couple's that has one member or is younger than [`GROWN_UP`].
    NewCouple,
    /// A team's.
    Team,
}

impl Whose {
    /// The one whose room a tenant has.
    pub fn of(kind: TenantKind, members: i64, made: Timestamp, now: Timestamp) -> Whose {
        match kind {
            TenantKind::Team => Whose::Team,
            TenantKind::Couple if members < BOTH || made.plus(GROWN_UP) > now => Whose::NewCouple,
            TenantKind::Couple => Whose::Couple,
        }
    }

    /// How many bytes it is.
    pub const fn room(self, settings: &Settings) -> i64 {
        match self {
            Whose::Couple => settings.room_couple,
            Whose::NewCouple => settings.room_new_couple,
            Whose::Team => settings.room_team,
        }
    }

    /// The word for it in a problem, and what is said.
    const fn told(self) -> (&'static str, &'static Text) {
        match self {
            Whose::Couple => ("couple", &texts::ROOM_COUPLE),
            Whose::NewCouple => ("couple", &texts::ROOM_NEW_COUPLE),
            Whose::Team => ("team", &texts::ROOM_TEAM),
        }
    }
}

/// What a tenant takes and may take.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Whose room it has.
    pub whose: Whose,
    /// Its sums by kind.
    pub used: Vec<(String, Growth)>,
    /// Is there room on the disk and in what the whole store may take?
    pub site: bool,
}

impl Standing {
    /// Adds to a sum.
    pub fn add(&mut self, kind: &str, growth: Growth) {
        match self.used.iter_mut().find(|(known, _)| known == kind) {
            Some((_, sum)) => *sum = sum.plus(growth),
            None => self.used.push((kind.to_owned(), growth)),
        }
    }

    /// All bytes. What older programs deleted may have been counted by none: a sum is no less than nothing.
    pub fn bytes(&self) -> i64 {
        self.used.iter().map(|(_, sum)| sum.bytes.max(0)).sum()
    }

    fn objects(&self, kind: &str) -> i64 {
        self.used.iter().find(|(known, _)| known == kind).map_or(0, |(_, sum)| sum.objects.max(0))
    }

    /// Why there is no room for more of a kind, if there is none.
    pub fn check(&self, kind: &str, growth: Growth, bounds: Bounds, settings: &Settings) -> Option<Refusal> {
        let above = |most: i64| if bounds.above { most.saturating_add(most / ABOVE) } else { most };
        if !self.site {
            return Some(no_site());
        }
        let (most, used) = (self.whose.room(settings), self.bytes());
        if growth.bytes > 0 && used + growth.bytes > above(most) {
            let (whose, text) = self.whose.told();
            let room = Room { whose, unit: "bytes", used: Some(used), most: Some(most) };
            return Some(refusal(room, Message::with(text, &[&mib(used), &(most / MIB)])));
        }
        let counted = bounds.number && growth.objects > 0;
        if counted { self.too_many(kind, growth, i64::from(settings.max_objects), above) } else { None }
    }

    fn too_many(&self, kind: &str, growth: Growth, most: i64, above: impl Fn(i64) -> i64) -> Option<Refusal> {
        let (there, deleted) = (self.objects(kind), self.objects(DELETED));
        let (used, text) = match () {
            () if there + growth.objects > above(most) => (there, &texts::ROOM_OBJECTS),
            () if deleted > most => (deleted, &texts::ROOM_DELETED),
            () => return None,
        };
        let room = Room { whose: self.whose.told().0, unit: "objects", used: Some(used), most: Some(most) };
        Some(refusal(room, Message::with(text, &[&used, &most])))
    }
}

/// The refusal when the server's own room is used up.
pub fn no_site() -> Refusal {
    refusal(Room { whose: "server", unit: "bytes", used: None, most: None }, Message::plain(&texts::ROOM_SITE))
}

fn refusal(room: Room, detail: Message) -> Refusal {
    Refusal { room: Some(room), ..Refusal::with(Refused::NoRoom(LATER), detail) }
}

/// Bytes in MiB, rounded up: who is told that 15 of 16 are used asks why there is no room.
pub fn mib(bytes: i64) -> i64 {
    (bytes + MIB - 1) / MIB
}

/// `12 of 256 MiB`: what is used of a room, wherever the operator reads it.
pub fn fill(bytes: i64, room: i64) -> String {
    format!("{} of {} MiB", mib(bytes), room / MIB)
}

/// How much of the account's quota the store may take where nobody says otherwise, as a percentage: what else lies in the
/// account, mails, backups, journals, needs the rest.
const SHARE: u64 = 80;

/// How many bytes the whole store may take: what the operator says, or a share of the account's quota where that is known.
pub fn store_limit(settings: &Settings, quota: Option<u64>) -> Option<u64> {
    settings.store_limit.or_else(|| quota.map(|quota| quota / 100 * SHARE))
}

/// May the whole store take more? `size` is what it takes, `free` what the disk has left, as far as they are known.
pub fn site_has_room(limit: Option<u64>, size: Option<u64>, least: u64, free: Option<u64>) -> bool {
    let within = limit.is_none_or(|limit| size.is_none_or(|size| size < limit));
    within && free.is_none_or(|free| free >= least)
}
