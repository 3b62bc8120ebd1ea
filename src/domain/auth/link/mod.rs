//! Linking a new device, in the shape of RFC 8628: the device asks for two codes, shows one of them, and polls with the other
//! until a signed-in device of the user's lets it in.
//!
//! Whoever has somebody scan a code of their own making would be let in, too. So nothing is approved by opening a link: the person
//! types two digits that stand on the new device, which is where they look, and gives the password where anything is unusual.

pub mod api;
pub mod rules;
pub mod store;

use crate::base::time::{MINUTE, SECOND, Timestamp};
use crate::feature::Taken;
use crate::feature::sessions::device::OTHER;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How long the codes are good.
pub const TTL: i64 = 10 * MINUTE;
/// How long a device waits between two polls, and how much longer after each that came too early (RFC 8628 §3.5).
pub const INTERVAL: i64 = 5 * SECOND;
/// How much earlier a poll may come: the one before may have taken so long on its way.
const JITTER: i64 = SECOND;
/// Wrong digits after which nobody is let in: one slip of a finger, while a guess is right once in a hundred.
const MISSES: u32 = 2;

/// A device that wants to be let in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Link {
    /// What it says of itself, if it does: sound when it was taken.
    pub device: Option<Map<String, Value>>,
    /// What its app calls itself.
    pub client: String,
    /// The two digits that it shows.
    pub digits: String,
    /// Where it asked from, as a keyed hash.
    pub network: String,
    /// When it asked.
    pub asked_at: Timestamp,
    /// When it polled last.
    pub polled_at: Option<Timestamp>,
    /// How long it waits between two polls.
    pub interval: i64,
    /// How often the digits were wrong.
    pub misses: u32,
    /// What counts it as open at its address.
    pub open: Taken,
    /// What became of it.
    pub state: State,
}

/// What became of a wish to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nobody has decided.
    Waiting,
    /// Somebody said no, or guessed at the digits.
    Denied,
    /// The user of this session said yes: it holds until somebody ends that session, or changes the password.
    Allowed {
        /// The session.
        session: String,
        /// The device that it is on; empty where it is on none.
        device: String,
        /// What binds this to the password of then, and tells nothing of it.
        bond: String,
    },
}

impl Link {
    /// Notes a poll; answers whether it came in time.
    pub fn poll(&mut self, now: Timestamp) -> bool {
        let early = self.polled_at.is_some_and(|at| now < at.plus(self.interval - JITTER));
        if early {
            self.interval += INTERVAL;
        }
        self.polled_at = Some(now);
        !early
    }

    /// Are these the digits that the device shows? Too many wrong ones deny it.
    pub fn matches(&mut self, digits: &str) -> bool {
        if digits == self.digits {
            return true;
        }
        self.misses += 1;
        if self.misses >= MISSES {
            self.state = State::Denied;
        }
        false
    }

    /// A text that the device says of itself.
    fn says(&self, field: &str) -> Option<&str> {
        self.device.as_ref()?.get(field)?.as_str()
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.says("name").unwrap_or_default()
    }

    /// What type of device it is.
    pub fn kind(&self) -> &str {
        self.says("type").unwrap_or(OTHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        Link {
            device: None,
            client: String::new(),
            digits: "07".into(),
            network: String::new(),
            asked_at: Timestamp(0),
            polled_at: None,
            interval: INTERVAL,
            misses: 0,
            open: Taken::default(),
            state: State::Waiting,
        }
    }

    #[test]
    fn a_poll_that_comes_too_early_makes_the_wait_longer() {
        let mut link = link();
        let at = |seconds: i64| Timestamp(1_000_000 + seconds * SECOND);
        assert!(link.poll(at(0)), "the first one never does");
        assert!(link.poll(at(5)) && link.poll(at(9)), "a second is the network's");
        assert!(!link.poll(at(12)));
        assert_eq!(link.interval, 2 * INTERVAL);
        assert!(!link.poll(at(17)) && link.poll(at(32)));
    }

    #[test]
    fn digits_are_guessed_once() {
        let mut wrong = link();
        assert!(!wrong.matches("70") && wrong.state == State::Waiting);
        assert!(!wrong.matches("7") && wrong.state == State::Denied);
        let mut slip = link();
        assert!(!slip.matches("") && slip.matches("07") && slip.state == State::Waiting);
    }
}
