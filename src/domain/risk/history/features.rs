//! What is known at an ask, from the history alone. The one function for whoever asks and for training: equal rows give equal numbers, bit
//! for bit. Nothing that came after the ask is looked at.

use super::edit::Edit;
use crate::base::time::{DAY, HOUR, Timestamp};
use crate::domain::risk::columns::{LONGEST, Row};
use crate::feature::news::Outcome;
use std::collections::{BTreeMap, BTreeSet};

/// How far back features look, in milliseconds.
pub const SPAN: i64 = 45 * DAY;
/// The most edits of a record that are looked at, the newest.
pub const MOST: usize = 200;
/// The days of a month.
const MONTH: i64 = 30;
/// The days of a week.
pub const WEEK: i64 = 7;
/// The chance of a tenant of which nothing is known.
const USUAL: f64 = 0.05;
/// How many edits what is expected counts for, beside a record's own and beside a user's or a tenant's.
const RECORD_WEIGHT: f64 = 5.0;
const TENANT_WEIGHT: f64 = 20.0;

/// A question about one record.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// When it is asked.
    pub at: Timestamp,
    /// The number of the device that asks.
    pub device: i64,
    /// The stamp of the version that it has seen.
    pub base_at: Timestamp,
    /// How far it has polled.
    pub cursor: Option<Timestamp>,
    /// How many other devices are editing the record.
    pub open_editors: usize,
}

/// How many edits there were, and what they came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub edits: i64,
    /// Those that a newer version contested.
    pub contested: i64,
    /// Those that met another's version.
    pub met: i64,
}

impl Counts {
    /// With one edit more.
    #[must_use]
    pub fn with(self, edit: &Edit) -> Counts {
        self.plus(Counts { edits: 1, contested: i64::from(edit.outcome == Outcome::Conflict), met: i64::from(edit.met) })
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Counts) -> Counts {
        Counts { edits: self.edits + other.edits, contested: self.contested + other.contested, met: self.met + other.met }
    }

    /// A part of all, which is taken for what is expected as long as there are few.
    fn rate(self, part: i64, expected: f64, weight: f64) -> f64 {
        (part as f64 + weight * expected) / (self.edits as f64 + weight)
    }
}

/// What is known of a tenant and of the user who asks, of the 45 days before the ask's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// The tenant.
    pub tenant: Counts,
    /// The user.
    pub user: Counts,
    /// The tenant's edits of the seven days before the ask's.
    pub week: i64,
}

/// The day of an instant, in UTC, counted from the epoch.
pub const fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY)
}

/// The edits of a record that count for an ask: those before it, newest first. `newest_first` may hold others.
pub fn before<'e>(at: Timestamp, newest_first: impl Iterator<Item = &'e Edit>) -> Vec<&'e Edit> {
    newest_first.filter(|edit| edit.stamp < at && edit.stamp >= at.plus(-SPAN)).take(MOST).collect()
}

/// The chance that an edit of a record meets another's, where no model tells more.
pub fn met_rate(record: Counts, tenant: Counts) -> f64 {
    record.rate(record.met, tenant.rate(tenant.met, USUAL, TENANT_WEIGHT), RECORD_WEIGHT)
}

/// What is known of a record at an ask. `edits` are those of [`before`].
pub fn features(asked: &Asked, edits: &[&Edit], known: &Known) -> Row {
    let record = edits.iter().fold(Counts::default(), |counts, edit| counts.with(edit));
    let month: Vec<&&Edit> = edits.iter().filter(|edit| edit.stamp >= asked.at.plus(-MONTH * DAY)).collect();
    let is_other = |edit: &Edit| edit.device != asked.device;
    let editors: BTreeSet<i64> = month.iter().filter(|edit| is_other(edit)).map(|edit| edit.device).collect();
    let own = edits.iter().filter(|edit| !is_other(edit)).count();
    let other = edits.iter().find(|edit| is_other(edit)).map(|edit| edit.stamp);
    let Known { tenant, user, week } = *known;
    let contested = tenant.rate(tenant.contested, USUAL, TENANT_WEIGHT);
    let met = tenant.rate(tenant.met, USUAL, TENANT_WEIGHT);
    // A poll after the ask tells nothing of what was seen at it.
    let seen = asked.cursor.filter(|cursor| *cursor <= asked.at).map_or(asked.base_at, |cursor| cursor.max(asked.base_at));
    [
        hours(seen, asked.at),
        other.map_or(LONGEST, |stamp| hours(stamp, asked.at)),
        month.len() as f64,
        editors.len() as f64,
        (own as f64 + 1.0) / (edits.len() as f64 + 2.0),
        asked.open_editors as f64,
        user.rate(user.contested, contested, TENANT_WEIGHT),
        record.rate(record.contested, contested, RECORD_WEIGHT),
        user.rate(user.met, met, TENANT_WEIGHT),
        met_rate(record, tenant),
        week as f64,
    ]
}

fn hours(from: Timestamp, to: Timestamp) -> f64 {
    (to.0 - from.0).max(0) as f64 / HOUR as f64
}

/// Edits counted by the day on which they landed.
#[derive(Debug, Default)]
pub struct Days(BTreeMap<i64, Counts>);

impl Days {
    /// Counts an edit.
    pub fn add(&mut self, edit: &Edit) {
        let counts = self.0.entry(day(edit.stamp)).or_default();
        *counts = counts.with(edit);
    }

    /// Those of the 45 days before a day, and how many the last seven of them had.
    pub fn up_to(&self, day: i64) -> (Counts, i64) {
        (self.before(day, SPAN / DAY), self.before(day, WEEK).edits)
    }

    /// Those of so many days before a day.
    fn before(&self, day: i64, days: i64) -> Counts {
        self.0.range(day - days..day).fold(Counts::default(), |sum, (_, counts)| sum.plus(*counts))
    }
}

/// A tenant's edits by the day, and those of each user.
#[derive(Debug, Default)]
pub struct Calendar {
    /// All of them.
    pub all: Days,
    /// By user.
    pub users: BTreeMap<i64, Days>,
}

impl Calendar {
    /// Counts an edit.
    pub fn add(&mut self, edit: &Edit) {
        self.all.add(edit);
        self.users.entry(edit.user).or_default().add(edit);
    }
}

/// What is known on a day of a tenant and one of its users.
pub fn known(tenant: &Days, user: &Days, day: i64) -> Known {
    let ((tenant, week), (user, _)) = (tenant.up_to(day), user.up_to(day));
    Known { tenant, user, week }
}
