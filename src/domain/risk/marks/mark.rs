//! A mark: "this device is editing that", with an end. Pure.

use crate::base::time::{DAY, MINUTE, SECOND, Timestamp};
use crate::domain::risk::columns::Row;
use crate::domain::risk::history::edit::read_names;
use crate::http::paging::Keyed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long a mark lasts, in milliseconds: a phone that died is shown no longer.
pub const LASTS: i64 = 300 * SECOND;
/// After how many seconds it is best renewed: a minute before it ends.
pub const RENEW_AFTER: u32 = 240;
/// The most live marks of a device; the oldest ends.
pub const MOST: usize = 20;
/// The most live marks of a user, on however many devices: as many as five have. The oldest ends.
pub const MOST_OF_USER: usize = 100;
/// How long a renewal moves nothing in the feed: others know of it, and when it ends they are told.
const STILL: i64 = MINUTE;
/// How long marks are remembered, in milliseconds, as edits are.
pub const KEPT: i64 = 90 * DAY;

/// A mark that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What the record is: a domain, or a list of the feed.
    pub kind: String,
    /// The record.
    pub id: String,
    /// Who edits it.
    pub user: i64,
    /// The number of their device.
    pub device: i64,
    /// Since when.
    pub began_at: Timestamp,
    /// What the device calls itself.
    pub name: String,
    /// Until when.
    pub until: Timestamp,
    /// When the feed last told of it.
    pub moved_at: Timestamp,
    /// Is it shown to nobody?
    pub quiet: bool,
    /// The fields that are edited, as they are kept; empty where nobody said.
    pub fields: String,
}

impl Mark {
    /// Does it hold at an instant?
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.until > now
    }

    /// Do others see it at an instant?
    pub fn is_shown(&self, now: Timestamp) -> bool {
        !self.quiet && self.is_live(now)
    }

    /// Is it of this device?
    pub fn is_of(&self, user: i64, device: i64) -> bool {
        (self.user, self.device) == (user, device)
    }

    /// When it began; of two that began at once, each phone puts the same one first.
    pub fn begun(&self) -> (Timestamp, i64, i64) {
        (self.began_at, self.user, self.device)
    }

    /// Is it of this record?
    pub fn is_on(&self, kind: &str, id: &str) -> bool {
        self.kind == kind && self.id == id
    }

    /// May it edit one of these fields? Where either side does not say which it edits, it may.
    pub fn touches(&self, fields: &str) -> bool {
        self.fields.is_empty()
            || fields.is_empty()
            || read_names(fields).any(|field| read_names(&self.fields).any(|own| own == field))
    }

    /// Shall the feed tell of its renewal?
    pub fn is_moved_by_renewal(&self, now: Timestamp) -> bool {
        self.moved_at.plus(STILL) <= now
    }

    /// As others see it.
    pub fn editor(&self, device_name: Option<String>) -> Editor {
        Editor {
            user_id: self.user,
            device_name: device_name.filter(|name| !name.is_empty()),
            since: self.began_at,
            until: self.until,
            fields: read_names(&self.fields).map(str::to_owned).collect(),
        }
    }
}

/// The oldest of marks, as many as are too many where there is to be another.
pub fn beyond(mut marks: Vec<&Mark>, most: usize) -> Vec<&Mark> {
    marks.sort_by_key(|mark| mark.began_at);
    marks.truncate((marks.len() + 1).saturating_sub(most));
    marks
}

/// Who edits a record.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Editor {
    /// The user.
    pub user_id: i64,
    /// What their device is called, to its own user alone; null where it has no name.
    pub device_name: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Until when, if it is not renewed.
    pub until: Timestamp,
    /// The fields that they edit; empty where their device does not say.
    pub fields: Vec<String>,
}

/// What is remembered of what a mark's device was told at its begin.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// What the advice rested on.
    pub model: String,
    /// How likely the edit was to meet another's.
    pub probability: Option<f64>,
    /// Was the device behind?
    pub behind: bool,
    /// What was known.
    pub row: Option<Row>,
    /// Was the model held back? Nothing where no model had anything to say.
    pub held: Option<bool>,
}

/// A mark as its user's export shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RememberedMark")]
pub struct Remembered {
    /// What the record is.
    pub kind: String,
    /// The record.
    pub id: String,
    /// When it began.
    pub since: Timestamp,
    /// When it ended, or will.
    pub until: Timestamp,
    /// The fields that were edited; empty where the device did not say.
    pub fields: Vec<String>,
}

/// A record that is being edited.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Edits")]
pub struct Edits {
    /// The record.
    pub id: String,
    /// What it is: a domain, or a list of the feed.
    pub kind: String,
    /// Who edits it.
    pub editors: Vec<Editor>,
}

impl Keyed for Edits {
    fn key(&self) -> Vec<String> {
        vec![self.id.clone(), self.kind.clone()]
    }
}
