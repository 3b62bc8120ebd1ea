//! How often a session should poll, by its device's subscription: one number in the session's row, which admission reads anyway.

pub mod store;
mod wakes;

pub use wakes::{Priority, Wakes};

use super::work::NEXT_COURIER;
use super::{Ctx, Settings};
use crate::base::mark::Mark;
use crate::base::time::{DAY, MINUTE, Timestamp, Zone};

/// Minutes of a day.
pub const MINUTES: i64 = 24 * 60;
/// How late the courier may be, in milliseconds, before idle devices poll as if nobody woke them.
const LATE: i64 = MINUTE;
/// Bits of a minute of the day, which is written one higher: 0 is none.
const BITS: u32 = 11;
/// Where quiet hours begin among the bits: behind whether the battery is saved, and whether wake-ups come.
const FROM: u32 = 2;
/// Where their end begins.
const TO: u32 = FROM + BITS;
/// Where the day begins until which all this holds: to the day, so that an app that sends its subscription at each start changes nothing.
const UNTIL: u32 = TO + BITS;
/// How much rarer a device polls that saves its battery.
const SAVES: u32 = 3;
/// The same of one that is idle: an alarm every half a minute keeps a phone awake.
const SAVES_IDLE: u32 = 4;
/// How much rarer an idle device polls that is woken when something changes.
const WOKEN: u32 = 10;
/// How much rarer than an idle one a device polls that holds a socket.
const BESIDE_SOCKET: u32 = 2;
/// The same of one that saves its battery: Android's shortest periodic work is 15 minutes.
const WOKEN_SAVES: u32 = 30;

/// A part of the day, in minutes from its beginning; it may go past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// The first minute.
    pub from: i64,
    /// The first one after it.
    pub to: i64,
}

impl Quiet {
    /// Is this minute of the day in it? Where it ends when it begins it is the whole day.
    pub const fn covers(self, minute: i64) -> bool {
        let (from, to) = (self.from, self.to);
        if from < to { from <= minute && minute < to } else { from <= minute || minute < to }
    }
}

/// What a device's subscription says of polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rhythm {
    /// Shall the battery be saved?
    pub saver: bool,
    /// Is the device woken by whatever changes?
    pub woken: bool,
    /// When it is not woken.
    pub quiet: Option<Quiet>,
    /// Until when that holds.
    pub until: Timestamp,
}

impl Rhythm {
    /// As a number; 0 says nothing.
    pub fn number(self) -> i64 {
        if !self.saver && !self.woken {
            return 0;
        }
        let (from, to) = self.quiet.map_or((0, 0), |quiet| (quiet.from + 1, quiet.to + 1));
        i64::from(self.saver) | i64::from(self.woken) << 1 | from << FROM | to << TO | (self.until.0 / DAY) << UNTIL
    }

    /// What a number says at an instant; nothing where its time is over.
    pub fn of(number: i64, now: Timestamp) -> Rhythm {
        let minute = |from: u32| (number >> from & ((1 << BITS) - 1)) - 1;
        let until = Timestamp((number >> UNTIL) * DAY);
        if until <= now {
            return Rhythm::default();
        }
        let quiet = (minute(FROM) >= 0).then(|| Quiet { from: minute(FROM), to: minute(TO) });
        Rhythm { saver: number & 1 == 1, woken: number & 2 == 2, quiet, until }
    }

    /// Is the device woken now?
    fn is_woken(&self, zone: Zone, now: Timestamp) -> bool {
        self.woken && !self.quiet.is_some_and(|quiet| quiet.covers(zone.minute(now)))
    }

    /// Seconds between polls: of an idle device, or of one in use; is it woken?
    pub const fn seconds(&self, settings: &Settings, idle: bool, woken: bool) -> u32 {
        let (usual, times) = match (idle, woken, self.saver) {
            (false, _, false) => (settings.poll_active, 1),
            (false, _, true) => (settings.poll_active, SAVES),
            (true, false, false) => (settings.poll_idle, 1),
            (true, false, true) => (settings.poll_idle, SAVES_IDLE),
            (true, true, false) => (settings.poll_idle, WOKEN),
            (true, true, true) => (settings.poll_idle, WOKEN_SAVES),
        };
        usual.saturating_mul(times)
    }
}

impl Ctx<'_> {
    /// Seconds after which a session should poll again that is told of changes by a socket: hints may be lost.
    pub fn poll_beside_socket(&self) -> u32 {
        let settings = &self.house.settings;
        if self.has_engine() { settings.poll_idle.saturating_mul(BESIDE_SOCKET) } else { self.poll_every(true) }
    }

    /// Seconds after which the calling session should poll again: of an idle app, or of one in use. Where its device is woken, one look
    /// at a file tells whether the courier comes.
    pub fn poll_every(&self, idle: bool) -> u32 {
        let settings = &self.house.settings;
        let rhythm = self.admitted().map_or_else(Rhythm::default, |caller| Rhythm::of(caller.wake, self.now));
        let is_sent = || settings.push.sender().is_some() && rhythm.is_woken(self.zone(), self.now);
        let woken = idle && rhythm.woken && is_sent() && {
            let due = Mark::of(&settings.data, NEXT_COURIER).get();
            due.is_none_or(|at| at.plus(LATE) > self.now)
        };
        rhythm.seconds(settings, idle, woken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::HOUR;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    #[test]
    fn a_device_that_is_woken_polls_less_and_one_that_saves_its_battery_still_less() {
        let settings = Settings::default();
        let seconds = |saver, woken| {
            let rhythm = Rhythm { saver, ..Rhythm::default() };
            [rhythm.seconds(&settings, false, woken), rhythm.seconds(&settings, true, woken)]
        };
        assert_eq!(seconds(false, false), [5, 30]);
        assert_eq!(seconds(true, false), [15, 120]);
        assert_eq!(seconds(false, true), [5, 300]);
        assert_eq!(seconds(true, true), [15, 900]);
    }

    #[test]
    fn quiet_hours_go_past_midnight_and_are_the_users() {
        let night = Rhythm { woken: true, quiet: Some(Quiet { from: 22 * 60, to: 7 * 60 }), ..Rhythm::default() };
        let seoul = Zone::named("Asia/Seoul").unwrap();
        let noon = Timestamp(NOW.0 / DAY * DAY + 12 * HOUR);
        assert!(night.is_woken(Zone::UTC, noon) && night.is_woken(seoul, noon));
        let evening = noon.plus(3 * HOUR);
        assert!(night.is_woken(Zone::UTC, evening) && !night.is_woken(seoul, evening), "midnight in Seoul");
        assert!(Quiet { from: 60, to: 60 }.covers(3) && !Quiet { from: 60, to: 120 }.covers(120));
    }

    proptest! {
        #[test]
        fn a_number_says_what_it_was_made_of(saver: bool, woken: bool, quiet in prop::option::of((0..MINUTES, 0..MINUTES)), days in 1_i64..10_000) {
            let quiet = quiet.map(|(from, to)| Quiet { from, to });
            let rhythm = Rhythm { saver, woken, quiet, until: Timestamp(NOW.0 / DAY * DAY).plus(days * DAY) };
            let read = Rhythm::of(rhythm.number(), NOW);
            prop_assert_eq!(read, if saver || woken { rhythm } else { Rhythm::default() });
            prop_assert_eq!(Rhythm::of(rhythm.number(), rhythm.until), Rhythm::default());
        }
    }
}
