//! A slot of the file: 96 bytes.

use super::{OTHER, Use};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes of a slot.
pub const SLOT: usize = 96;
/// Neighbouring slots that a use may be counted in.
pub const NEIGHBOURS: usize = 8;
/// Where the texts begin: behind the key, the day, the version, the target's length, the count and the number of its making.
const TEXT: usize = 20;
/// The most bytes of a target.
pub const TARGET: usize = 44;
/// The most bytes of a client.
pub const CLIENT: usize = SLOT - TEXT - TARGET;

/// What was counted of one use on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// A hash of all that follows but the count, never 0.
    pub key: u64,
    /// The day, since 1970.
    pub day: i64,
    /// The version of the API.
    pub version: u8,
    /// How many times.
    pub count: u32,
    /// Tells a slot from one that was freed and made anew.
    pub made: u32,
    /// What was used.
    pub target: String,
    /// By which app, in which version.
    pub client: String,
}

impl Slot {
    /// A new slot.
    pub fn of(day: i64, one: &Use<'_>) -> Slot {
        let said = one.client.version.map(|version| format!("{}/{version}", one.client.name));
        let client = short(said.as_deref().unwrap_or(one.client.name), CLIENT);
        Slot::new(day, one.version, one.times, short(one.target, TARGET), client)
    }

    fn new(day: i64, version: u8, count: u32, target: String, client: String) -> Slot {
        let hash = Sha256::new().chain_update(day.to_le_bytes()).chain_update([version]).chain_update(&target);
        let hash = hash.chain_update([0]).chain_update(&client).finalize();
        let key = u64::from_le_bytes(hash.first_chunk::<8>().copied().unwrap_or_default()).max(1);
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
        Slot { key, day, version, count, made: nanos ^ std::process::id().rotate_left(16), target, client }
    }

    /// The same use, by one of the others.
    pub fn of_others(self) -> Slot {
        Slot::new(self.day, self.version, self.count, self.target, OTHER.to_owned())
    }

    /// What the table remembers a slot by.
    pub fn identity(&self) -> i64 {
        (self.key ^ (u64::from(self.made) << 16)).cast_signed()
    }

    /// As it stands in the file.
    pub fn bytes(&self) -> [u8; SLOT] {
        let mut bytes = [0; SLOT];
        let day = u16::try_from(self.day).unwrap_or_default();
        let length = u8::try_from(self.target.len()).unwrap_or_default();
        let head = [
            &self.key.to_le_bytes()[..],
            &day.to_le_bytes(),
            &[self.version, length],
            &self.count.to_le_bytes(),
            &self.made.to_le_bytes(),
        ];
        let parts = head.concat().into_iter().chain(self.target.bytes()).chain(self.client.bytes());
        bytes.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
        bytes
    }

    /// Reads a slot; `None` where it is free, or half written.
    pub fn read(bytes: &[u8]) -> Option<Slot> {
        let part = |from: usize| bytes.get(from..from + 4)?.first_chunk::<4>().copied();
        let key = u64::from_le_bytes(bytes.first_chunk::<8>().copied()?);
        let day = i64::from(u16::from_le_bytes([*bytes.get(8)?, *bytes.get(9)?]));
        let (version, length) = (*bytes.get(10)?, usize::from(*bytes.get(11)?));
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(|text| text.trim_end_matches('\0').to_owned());
        let target = text(bytes.get(TEXT..TEXT + length)?)?;
        let client = text(bytes.get(TEXT + length..)?)?;
        let (count, made) = (u32::from_le_bytes(part(12)?), u32::from_le_bytes(part(16)?));
        (key != 0).then_some(Slot { key, day, version, count, made, target, client })
    }
}

/// A text in so many bytes: a longer one keeps its beginning, and a hash tells it from others.
pub fn short(text: &str, room: usize) -> String {
    const HASH: usize = 8;
    if text.len() <= room {
        return text.to_owned();
    }
    let hash: String = Sha256::digest(text).iter().take(HASH / 2).map(|byte| format!("{byte:02x}")).collect();
    let end = (0..=room.saturating_sub(HASH + 1)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}~{hash}", &text[..end])
}
