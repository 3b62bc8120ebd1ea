//! What monitors are told, and where the line lies between well, worth a look, and failing. The operator's `doctor` draws
//! the same lines.

use crate::base::time::{DAY, MINUTE, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

/// One mebibyte.
pub const MIB: u64 = 1024 * 1024;
/// Less room than this is worth a look: a few days of a busy store, and SQLite needs some to tidy up.
pub const LOW_SPACE: u64 = 100 * MIB;
/// Less room than this is a failure: the largest request and its journal no longer fit.
const NO_SPACE: u64 = 24 * MIB;
/// Maintenance is due every night; two were missed then, in milliseconds.
pub const OVERDUE: i64 = 2 * DAY;
/// A clock may be corrected by this much backwards, in milliseconds, without anything going wrong.
const CORRECTION: i64 = MINUTE;

/// What this is.
#[derive(Serialize, JsonSchema)]
pub struct About {
    /// Tandem.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// ok: whoever reads this reached it, and its database answers.
    pub status: &'static str,
    /// What to do first, until somebody has an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup: Option<&'static str>,
}

/// Whether it works. When a check fails the answer is a problem (503) that names it under `failing`.
#[derive(Serialize, JsonSchema)]
pub struct Health {
    /// ok, or warn when something is worth a look.
    pub status: State,
    /// The program's version.
    pub version: &'static str,
    /// The version of the database's schema.
    pub schema: i64,
    /// The wall clock.
    pub time: Timestamp,
    /// When maintenance last ran.
    pub maintained_at: Option<Timestamp>,
    /// Each check by itself.
    pub checks: Checks,
}

/// Each check by itself.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Checks {
    /// The database answers, and it and its folder can be written.
    pub database: State,
    /// The database has the schema that the program works with.
    pub schema: State,
    /// There is room to write.
    pub disk: State,
    /// The wall clock is not behind what the database remembers, and nothing was made in the future.
    pub clock: State,
    /// What has expired is deleted every night.
    pub maintenance: State,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Requests are served; the operator should look.
    Warn,
    /// Requests fail, or soon will.
    Fail,
}

impl Checks {
    /// Each with its name.
    fn all(&self) -> [(&'static str, State); 5] {
        let (disk, clock, maintenance) = (self.disk, self.clock, self.maintenance);
        [("database", self.database), ("schema", self.schema), ("disk", disk), ("clock", clock), ("maintenance", maintenance)]
    }

    /// The worst of them.
    pub fn worst(&self) -> State {
        self.all().into_iter().map(|(_, state)| state).max().unwrap_or(State::Ok)
    }

    /// The names of those that fail.
    pub fn failing(&self) -> Vec<&'static str> {
        self.all().into_iter().filter(|(_, state)| *state == State::Fail).map(|(name, _)| name).collect()
    }
}

/// What the store remembers of time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// When it was made.
    pub made: Option<Timestamp>,
    /// When maintenance last ran.
    pub maintained: Option<Timestamp>,
    /// Was something made in the future, that maintenance will bound?
    pub ahead: bool,
}

/// Is the clock behind something that has happened? Stamps stay in order all the same, but tokens live for too long. Where only
/// sessions, codes and accounts lie in the future, a clock was ahead and is right by now; the night bounds them.
pub fn clock(memory: Memory, now: Timestamp) -> State {
    let newest = memory.made.max(memory.maintained);
    match newest {
        Some(then) if now < then.plus(-CORRECTION) => State::Fail,
        _ if memory.ahead => State::Warn,
        _ => State::Ok,
    }
}

/// Has maintenance run lately?
pub fn maintenance(memory: Memory, now: Timestamp) -> State {
    let since = memory.maintained.or(memory.made).unwrap_or_default();
    if now.plus(-OVERDUE) > since { State::Warn } else { State::Ok }
}

/// How much room an amount of free bytes is; nothing where it cannot be told. A quota may leave less: no call tells.
pub fn room(free: Option<u64>) -> State {
    match free {
        Some(free) if free >= LOW_SPACE => State::Ok,
        Some(free) if free >= NO_SPACE => State::Warn,
        _ => State::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(made: i64, maintained: Option<i64>) -> Memory {
        Memory { made: Some(Timestamp(made)), maintained: maintained.map(Timestamp), ahead: false }
    }

    #[test]
    fn a_clock_that_went_back_is_seen() {
        let now = Timestamp(100 * DAY);
        assert_eq!(clock(memory(99 * DAY, None), now), State::Ok);
        assert_eq!(clock(memory(99 * DAY, Some(now.0 + MINUTE)), now), State::Ok, "a correction is no fault");
        assert_eq!(clock(memory(99 * DAY, Some(101 * DAY)), now), State::Fail);
        assert_eq!(clock(memory(101 * DAY, None), now), State::Fail);
        assert_eq!(clock(Memory { ahead: true, ..memory(99 * DAY, None) }, now), State::Warn, "a clock that was ahead");
    }

    #[test]
    fn maintenance_may_miss_a_night() {
        let now = Timestamp(100 * DAY);
        assert_eq!(maintenance(memory(1, Some(98 * DAY)), now), State::Ok);
        assert_eq!(maintenance(memory(1, Some(98 * DAY - 1)), now), State::Warn);
        assert_eq!(maintenance(memory(99 * DAY, None), now), State::Ok, "a new store is not overdue");
        assert_eq!(maintenance(memory(97 * DAY, None), now), State::Warn);
    }

    #[test]
    fn little_room_is_worth_a_look_and_none_a_failure() {
        let of = |mib: u64| room(Some(mib * MIB));
        assert_eq!((of(100), of(99), of(24), of(23)), (State::Ok, State::Warn, State::Warn, State::Fail));
        assert_eq!(room(None), State::Fail, "no such folder");
    }
}
