//! An edit as it is remembered, and the rules of what is remembered of it. Pure.

use crate::base::time::{DAY, Timestamp};
use crate::feature::news::{Landed, Outcome};
use schemars::JsonSchema;
use serde::Serialize;

/// How long edits are remembered, in milliseconds: twice as long as anything looks back.
pub const KEPT: i64 = 90 * DAY;
/// The most bytes of names that are kept of one edit: as wide as their column.
const MOST_BYTES: usize = 1_000;
/// The longest name of a field that is kept.
const LONGEST: usize = 50;
/// What stands between two names.
const BETWEEN: char = ',';

/// An edit of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// When it landed.
    pub stamp: Timestamp,
    /// Its number among those of its transaction.
    pub place: i64,
    /// Whose it is.
    pub user: i64,
    /// The number of their device.
    pub device: i64,
    /// The version that the device had seen; 0 is none.
    pub base: i64,
    /// That version's stamp.
    pub base_at: Timestamp,
    /// The version that it made; 0 where it made none.
    pub version: i64,
    /// When it was made, by its device's clock, as far as that can be.
    pub edited_at: Timestamp,
    /// How far its session had polled.
    pub cursor: Option<Timestamp>,
    /// What it came to.
    pub outcome: Outcome,
    /// Had another device changed what this one had not seen?
    pub met: bool,
}

/// An edit as its user's export shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RememberedEdit")]
pub struct Remembered {
    /// The record's domain.
    pub domain: String,
    /// The record.
    pub mobile_id: String,
    /// When it landed.
    pub landed_at: Timestamp,
    /// When it was made, by its device's clock.
    pub edited_at: Timestamp,
    /// The version that the device had seen; 0 is none.
    pub base: i64,
    /// The version that it made; 0 where it made none.
    pub version: i64,
    /// The fields that it changed.
    pub fields: Vec<String>,
    /// written, merged, conflict or unchanged.
    pub outcome: String,
    /// Had another device changed what this one had not seen?
    pub met: bool,
}

/// Names of fields as they are kept. Apps may send fields of their own: a name that is no plain word may be content, and is left out, as
/// is what there is no room for.
pub fn names(fields: &[&str]) -> String {
    let is_word = |name: &str| {
        (1..=LONGEST).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    let mut kept = String::new();
    for name in fields.iter().filter(|name| is_word(name)) {
        if kept.len() + name.len() < MOST_BYTES {
            if !kept.is_empty() {
                kept.push(BETWEEN);
            }
            kept.push_str(name);
        }
    }
    kept
}

/// Names that were kept.
pub fn read_names(kept: &str) -> impl Iterator<Item = &str> {
    kept.split(BETWEEN).filter(|name| !name.is_empty())
}

/// A version of a record, as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub number: i64,
    /// When it was made.
    pub stamp: Timestamp,
    /// The device that made it.
    pub device: i64,
}

/// The stamp of what a device had seen, and whether it met another's version. `versions` are those from its base on, where there are newer
/// ones. A version that nobody remembers is another's: whoever made it would have seen it.
pub fn seen(landed: &Landed<'_>, versions: Option<&[Version]>, device: i64) -> (Timestamp, bool) {
    let Some(versions) = versions else { return (landed.before.stamp, false) };
    let base = versions.iter().find(|version| version.number == landed.base);
    let mut newer = versions.iter().filter(|version| version.number > landed.base).peekable();
    let met = newer.peek().is_none() || newer.any(|version| version.device != device);
    (base.map_or(landed.before.created_at, |version| version.stamp), met)
}
