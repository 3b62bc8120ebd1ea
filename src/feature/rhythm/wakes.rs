//! What a change wakes devices for: a kind of the feed says so, and nothing else does.

use crate::base::time::SECOND;
use crate::base::word;
use crate::feature::Ctx;
use crate::feature::signals::Moving;
use crate::feature::version;

/// How urgent it is that somebody hears of a change, or of a message. The later, the longer a message is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// It can wait.
    Normal,
    /// A person would like to know within seconds.
    High,
    /// Somebody must act.
    Critical,
}

impl Priority {
    /// Every priority with its word.
    pub const ALL: [(Priority, &str); 3] =
        [(Priority::Normal, "normal"), (Priority::High, "high"), (Priority::Critical, "critical")];

    /// Its number in the store.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// How long after a change its wake-up is sent at the earliest, in milliseconds: what follows at once is told by the same one.
    pub const fn calm(self) -> i64 {
        match self {
            Priority::Normal => 10 * SECOND,
            Priority::High => 2 * SECOND,
            Priority::Critical => 0,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        word::of(&Priority::ALL, &self)
    }
}

/// Whom the changes of a kind wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakes {
    /// Nobody: it tells of a moment that is over before a device has polled.
    Nobody,
    /// Devices, when it suits.
    Normal,
    /// Devices within seconds when the object is new, else when it suits.
    HighWhenNew,
    /// Devices within seconds.
    High,
}

impl Wakes {
    /// How urgent a change is of an object of this version; nothing where it wakes nobody. An object without versions is new each time.
    pub const fn priority(self, version: Option<i64>, deleted: bool) -> Option<Priority> {
        let is_new = !deleted
            && match version {
                None => true,
                Some(version) => version::is_first(version),
            };
        match self {
            Wakes::Nobody => None,
            Wakes::High => Some(Priority::High),
            Wakes::HighWhenNew if is_new => Some(Priority::High),
            Wakes::Normal | Wakes::HighWhenNew => Some(Priority::Normal),
        }
    }
}

impl Ctx<'_> {
    /// Something as urgent as this was written in a tenant: the courier looks whom it wakes, where anybody can be.
    pub fn wake(&mut self, tenant: i64, priority: Priority) {
        if self.has_pushes(tenant) {
            self.soon(self.now.plus(priority.calm()));
        }
    }

    /// The same of an object of the feed that was moved.
    pub(in crate::feature) fn stir(&mut self, tenant: i64, (kind, id): (&str, &str), version: Option<i64>, deleted: bool) {
        if !self.has_pushes(tenant) && !self.has_engine() {
            return;
        }
        let Some(kind) = self.house.kinds().find(|known| known.name == kind) else { return };
        if let Some(priority) = kind.wakes.priority(version, deleted) {
            self.wake(tenant, priority);
            self.signal(tenant, Moving { kind: kind.name, id, version, deleted }, priority);
        }
    }

    /// Is a subscription awake in a tenant whose clock this transaction advanced?
    fn has_pushes(&self, tenant: i64) -> bool {
        self.stamps.iter().any(|advanced| advanced.tenant == tenant && advanced.pushes > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_object_of_some_kinds_is_urgent_and_an_edit_of_it_is_not() {
        let of = |wakes: Wakes, version, deleted| wakes.priority(version, deleted);
        assert_eq!(of(Wakes::Nobody, Some(1), false), None);
        assert_eq!(of(Wakes::High, Some(7), true), Some(Priority::High));
        assert_eq!(of(Wakes::HighWhenNew, Some(1), false), Some(Priority::High));
        assert_eq!(of(Wakes::HighWhenNew, Some(2), false), Some(Priority::Normal));
        assert_eq!(of(Wakes::HighWhenNew, Some(1), true), Some(Priority::Normal));
        // What is made after a restore is new, too, though its version is not 1.
        assert_eq!(of(Wakes::HighWhenNew, Some(1 + version::LOST), false), Some(Priority::High));
        assert_eq!(of(Wakes::HighWhenNew, Some(2 + version::LOST), false), Some(Priority::Normal));
        assert_eq!(of(Wakes::Normal, None, false), Some(Priority::Normal));
    }
}
