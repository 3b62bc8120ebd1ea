//! What a socket remembers between two events. The engine keeps it, sealed for this connection alone, and sends it along.

use super::hold::Chosen;
use crate::base::error::Result;
use crate::base::time::{MINUTE, Timestamp};
use crate::base::{json, sealed};
use crate::feature::House;
use crate::net::webpush::{read, written};
use serde_json::Value;

/// The field by which the engine is told to keep it.
pub const SET: &str = "Set-Meta-Sync";
/// The variable in which it comes back.
pub const GET: &str = "META_SYNC";
/// The most syncs that are open at a time: a client sends one after the other.
pub const MOST_SYNCS: usize = 8;

/// After how long a socket that has not sent too much again is like any other, in milliseconds: one that is held for days would else be
/// closed for what it did on the first.
const FORGIVEN: i64 = 10 * MINUTE;

/// What a socket remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Whose it is.
    pub user: i64,
    /// By which session; the token that opened it may have ended since.
    pub session: String,
    /// The device, as it names itself.
    pub device: String,
    /// The same as an author.
    pub author: i64,
    /// The couple or team that it was opened in.
    pub tenant: i64,
    /// The channels that it hears.
    pub channels: Vec<String>,
    /// What its client chose to hear.
    pub chosen: Chosen,
    /// How often it sent too much.
    pub strikes: u8,
    /// When it did the last time.
    pub struck: Timestamp,
    /// The syncs that were begun, each with the domain that it named.
    pub syncs: Vec<(String, String)>,
    /// Until when it noted that its device holds a socket.
    pub noted: Timestamp,
}

impl State {
    /// Sealed for a connection.
    ///
    /// # Errors
    /// When the kernel gives no randomness.
    pub fn seal(&self, house: &House, connection: &str) -> Result<String> {
        Ok(written(&sealed::seal(&key(house, connection), json::write(&self.written())?.as_bytes())?))
    }

    /// What [`seal`](State::seal) made for the same connection, by the same site.
    pub fn open(house: &House, connection: &str, text: &str) -> Option<State> {
        let written: Value = json::read(&sealed::open(&key(house, connection), &read(text)?)?).ok()?;
        State::of(&written)
    }

    /// As a list, in the order of the fields: the engine sends it with every event.
    fn written(&self) -> Value {
        let texts = |list: &[String]| Value::from(list.to_vec());
        let (ids, domains): (Vec<String>, Vec<String>) = self.syncs.iter().cloned().unzip();
        Value::from(vec![
            self.user.into(),
            self.session.as_str().into(),
            self.device.as_str().into(),
            self.author.into(),
            self.tenant.into(),
            texts(&self.channels),
            texts(&self.chosen.kinds),
            self.chosen.no_changes.into(),
            self.strikes.into(),
            texts(&ids),
            texts(&domains),
            self.noted.0.into(),
            self.chosen.no_own.into(),
            self.struck.0.into(),
        ])
    }

    /// What [`written`](State::written) wrote.
    fn of(written: &Value) -> Option<State> {
        let text = |n: usize| written[n].as_str().map(str::to_owned);
        let texts = |n: usize| -> Vec<String> {
            let list = written[n].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Some(State {
            user: written[0].as_i64()?,
            session: text(1)?,
            device: text(2)?,
            author: written[3].as_i64()?,
            tenant: written[4].as_i64()?,
            channels: texts(5),
            chosen: Chosen {
                kinds: texts(6),
                no_changes: written[7].as_bool()?,
                no_own: written[12].as_bool().unwrap_or_default(),
            },
            strikes: u8::try_from(written[8].as_u64()?).ok()?,
            syncs: texts(9).into_iter().zip(texts(10)).collect(),
            // Versions before have none.
            noted: Timestamp(written[11].as_i64().unwrap_or_default()),
            struck: Timestamp(written[13].as_i64().unwrap_or_default()),
        })
    }

    /// It sent too much. Answers how often it has lately.
    pub fn strike(&mut self, now: Timestamp) -> u8 {
        if self.struck.plus(FORGIVEN) <= now {
            self.strikes = 0;
        }
        (self.strikes, self.struck) = (self.strikes.saturating_add(1), now);
        self.strikes
    }

    /// Remembers a sync; of too many the first is forgotten.
    pub fn begin(&mut self, sync: &str, domain: &str) {
        self.syncs.retain(|(known, _)| known != sync);
        if self.syncs.len() >= MOST_SYNCS {
            self.syncs.remove(0);
        }
        self.syncs.push((sync.to_owned(), domain.to_owned()));
    }

    /// The domain that a sync was begun for; empty where it named none.
    pub fn domain(&self, sync: &str) -> Option<&str> {
        self.syncs.iter().find(|(known, _)| known == sync).map(|(_, domain)| domain.as_str())
    }
}

fn key(house: &House, connection: &str) -> [u8; 32] {
    house.derive(&format!("socket {connection}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let mut state =
            State { user: 1 << 47, session: "s".into(), device: "\"d\"".into(), author: i64::MAX, tenant: 7, ..State::default() };
        (state.channels, state.strikes) = (words(&["u-1", "t-2"]), 2);
        state.chosen = Chosen { kinds: words(&["goals"]), no_changes: true, no_own: true };
        state.begin("one", "task");
        state.begin("two", "");
        (state.noted, state.struck) = (Timestamp(1 << 47), Timestamp(7));
        assert_eq!(State::of(&state.written()).as_ref(), Some(&state));
        assert!(State::of(&Value::Null).is_none());
    }

    #[test]
    fn what_was_too_much_long_ago_is_forgiven() {
        let mut state = State::default();
        let at = |minutes: i64| Timestamp((100 + minutes) * MINUTE);
        assert_eq!([0, 5, 9].map(|minutes| state.strike(at(minutes))), [1, 2, 3]);
        assert_eq!([19, 28].map(|minutes| state.strike(at(minutes))), [1, 2]);
    }

    #[test]
    fn of_many_syncs_the_first_is_forgotten() {
        let mut state = State::default();
        (0..=MOST_SYNCS).for_each(|n| state.begin(&n.to_string(), "task"));
        state.begin("8", "journal");
        assert_eq!((state.domain("0"), state.domain("1"), state.domain("8")), (None, Some("task"), Some("journal")));
        assert_eq!(state.syncs.len(), MOST_SYNCS);
    }
}
