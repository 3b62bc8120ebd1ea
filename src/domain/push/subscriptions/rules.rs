//! A subscription: what wakes its device, when and where; and how it stands.

use crate::base::error::Result;
use crate::base::time::{DAY, HOUR, MINUTE, Timestamp};
use crate::base::word;
use crate::feature::rhythm::Quiet;
use crate::feature::{Priority, Rhythm};

/// How many a user has: one for each device that is in use, and then some.
pub const MOST: usize = 20;
/// How long one lives that its app does not renew, in milliseconds: an app that was deleted never says so.
pub const LIFE: i64 = 30 * DAY;
/// How long its user has to verify one, in milliseconds.
pub const PENDING: i64 = DAY;
/// How long one is shown that its push service knows no more, in milliseconds: so the app can tell and subscribe anew.
pub const SHOWN_GONE: i64 = 7 * DAY;
/// How many codes verify one: the first, and three anew.
pub const MOST_CODES: i64 = 4;
/// How often a code may be guessed wrongly.
pub const MOST_WRONG: i64 = 5;
/// How often its user may have a wake-up sent, in milliseconds.
pub const TEST_EVERY: i64 = MINUTE;
/// Verifications that a user may cause within an hour: each makes this server call a host of their choice.
pub const VERIFICATIONS: (u32, i64) = (10, HOUR);

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has shown that what is sent arrives.
    Pending,
    /// Its device is woken; one without an endpoint holds preferences.
    Active,
    /// The push service refuses this server: the operator mends that.
    Suspended,
    /// The push service does not know the endpoint any more.
    Gone,
}

impl State {
    /// Every state with its word in the store and on the wire.
    pub const ALL: [(State, &str); 4] =
        [(State::Pending, "pending"), (State::Active, "active"), (State::Suspended, "suspended"), (State::Gone, "gone")];

    /// Its word.
    pub fn word(self) -> &'static str {
        word::of(&State::ALL, &self)
    }

    /// The state of a word in the store.
    pub fn stored(word: &str) -> Result<State> {
        word::stored(&State::ALL, word)
    }
}

/// What wakes a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// The lists of the feed that do; empty is all.
    pub domains: Vec<String>,
    /// The least urgent that does.
    pub priority: Priority,
    /// Shall the battery be saved?
    pub saver: bool,
    /// When it is not woken, by its user's clock, but for what is critical.
    pub quiet: Option<Quiet>,
    /// Does each wake-up show a notification?
    pub visible: bool,
}

impl Default for Preferences {
    fn default() -> Preferences {
        Preferences { domains: Vec::new(), priority: Priority::Normal, saver: false, quiet: None, visible: false }
    }
}

impl Preferences {
    /// Does a change of this list, as urgent as this, wake the device at all?
    pub fn pass(&self, list: &str, priority: Priority) -> bool {
        priority >= self.priority && (self.domains.is_empty() || self.domains.iter().any(|domain| domain == list))
    }

    /// Is it woken by whatever changes?
    const fn is_whole(&self) -> bool {
        self.domains.is_empty() && matches!(self.priority, Priority::Normal) && !self.visible
    }
}

/// What the courier keeps of one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// The tenant that `told` and `looked` are stamps of.
    pub told_in: i64,
    /// Up to which stamp the device was woken, or has polled.
    pub told: Timestamp,
    /// Up to which stamp `due_at` is known.
    pub looked: Timestamp,
    /// When the courier looks at it next; nothing where nothing is to be sent.
    pub due_at: Option<Timestamp>,
    /// When the first change was made that the device was not woken of.
    pub unseen_at: Option<Timestamp>,
    /// How often a wake-up failed in a row.
    pub tries: i64,
    /// Nothing is sent earlier.
    pub not_before: Timestamp,
    /// The wake-ups of the last day, as the courier writes them: at most [`MAX_PAST`] bytes.
    pub past: String,
    /// The stamp of the critical message that nobody has acknowledged; 0 is none.
    pub critical: Timestamp,
    /// How often it was told again.
    pub repeats: i64,
}

/// The most bytes that the courier keeps of past wake-ups.
pub const MAX_PAST: usize = 1_024;

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Whose.
    pub user: i64,
    /// Their device.
    pub device: String,
    /// Its id: another endpoint, another id.
    pub id: String,
    /// The endpoint and its keys, sealed; nothing holds preferences alone.
    pub sealed: Option<Vec<u8>>,
    /// The hash that nobody else's has.
    pub endpoint: Option<String>,
    /// A hash of the endpoint's host.
    pub host: i64,
    /// What wakes the device.
    pub preferences: Preferences,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How it stands.
    pub state: State,
    /// Since when.
    pub state_at: Timestamp,
    /// When it was shown that what is sent arrives.
    pub verified_at: Option<Timestamp>,
    /// How many codes were made.
    pub codes: i64,
    /// Was the last one sent?
    pub code_sent: bool,
    /// How often that was guessed wrongly.
    pub wrong: i64,
    /// What the courier keeps.
    pub progress: Progress,
    /// Waits a wake-up that its user asked for?
    pub test: bool,
    /// When they last did.
    pub test_at: Timestamp,
    /// Wake-ups that the push service took.
    pub sent: i64,
    /// Those that it did not.
    pub failed: i64,
    /// What it answered last: 2xx, 4xx, 5xx, timeout, refused.
    pub last_status: Option<String>,
    /// When.
    pub last_sent_at: Option<Timestamp>,
}

impl Subscription {
    /// Has it not ended?
    pub fn is_live(&self, now: Timestamp) -> bool {
        let verified = self.state != State::Pending || self.state_at.plus(PENDING) > now;
        self.expires_at > now && verified
    }

    /// Is its device woken?
    pub fn is_awake(&self) -> bool {
        self.state == State::Active && self.endpoint.is_some()
    }

    /// With a wake-up that somebody wants to see, at once.
    #[must_use]
    pub fn tested(mut self, now: Timestamp) -> Subscription {
        (self.test, self.test_at, self.progress.due_at) = (true, now, Some(now));
        self
    }

    /// What it says of polls.
    pub fn rhythm(&self) -> Rhythm {
        let Preferences { saver, quiet, .. } = self.preferences;
        Rhythm { saver, woken: self.is_awake() && self.preferences.is_whole(), quiet, until: self.expires_at }
    }
}
