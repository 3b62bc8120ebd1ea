//! When a device is woken of what it has not seen: a table of paces, quiet hours, and what was sent before.

use super::past::Past;
use crate::base::time::{DAY, HOUR, MINUTE, SECOND, Timestamp, Zone};
use crate::feature::Priority;
use crate::feature::rhythm::Quiet;
use chrono::{Days, NaiveDate, NaiveTime};

/// How often a device is woken at most, whatever for: so many times a minute.
const MOST_A_MINUTE: usize = 10;
/// How often a person is shown something in 24 hours, where every wake-up is shown.
const MOST_SHOWN: usize = 20;
/// A device that polled less than this ago fetches by itself what is new, in milliseconds.
pub const POLLED: i64 = 20 * SECOND;
/// When a device is looked at again that holds a socket, in milliseconds: it is told there, and polls.
pub const LISTENS: i64 = 60 * SECOND;
/// When what is critical is told again that nobody has acknowledged, after the time before, in milliseconds. Then it rests in the inbox.
pub const REPEATS: [i64; 3] = [5 * MINUTE, 30 * MINUTE, 3 * HOUR];
/// How long a push service keeps a wake-up that it cannot hand over, in seconds, by priority.
const TTL: [i64; 3] = [3_600, 86_400, 259_200];

/// How devices are woken of one priority.
struct Pace {
    /// So long nothing more has come, …
    calm: i64,
    /// … or the first has waited so long.
    longest: i64,
    /// Not sooner after the one before of this priority or a higher one.
    gap: i64,
    /// No more than so many of this priority …
    most: usize,
    /// … in so long.
    within: i64,
    /// `Urgency`, as RFC 8030 has it.
    urgency: &'static str,
}

/// As the priorities are ordered.
const USUAL: [Pace; 3] = [
    Pace { calm: 10 * SECOND, longest: MINUTE, gap: MINUTE, most: 20, within: DAY, urgency: "low" },
    Pace { calm: 2 * SECOND, longest: 2 * SECOND, gap: 15 * SECOND, most: 60, within: DAY, urgency: "normal" },
    Pace { calm: 0, longest: 0, gap: 0, most: 6, within: HOUR, urgency: "high" },
];
/// The same where the battery is saved. 15 minutes is Android's shortest periodic work.
const SAVING: [Pace; 3] = [
    Pace { calm: 15 * MINUTE, longest: 15 * MINUTE, gap: 15 * MINUTE, most: 20, within: DAY, urgency: "very-low" },
    Pace { calm: MINUTE, longest: MINUTE, gap: 5 * MINUTE, most: 60, within: DAY, urgency: "low" },
    Pace { calm: 0, longest: 0, gap: 0, most: 6, within: HOUR, urgency: "high" },
];

/// How a device wants to be woken.
#[derive(Debug, Clone, Copy)]
pub struct Wishes {
    /// Shall its battery be saved?
    pub saver: bool,
    /// Does each wake-up show something?
    pub visible: bool,
    /// When only what is critical wakes it.
    pub quiet: Option<Quiet>,
    /// Where its user's clock hangs.
    pub zone: Zone,
}

/// What waits of one priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Since when.
    pub first: Timestamp,
    /// When the last of it came.
    pub last: Timestamp,
}

impl Waiting {
    /// With one more that came at this instant.
    pub fn and(before: Option<Waiting>, at: Timestamp) -> Waiting {
        before.map_or(Waiting { first: at, last: at }, |w| Waiting { first: w.first.min(at), last: w.last.max(at) })
    }
}

/// What a device has not seen, by priority.
pub type Unseen = [Option<Waiting>; 3];

impl Wishes {
    fn pace(&self, priority: Priority) -> &'static Pace {
        let paces = if self.saver { &SAVING } else { &USUAL };
        match priority {
            Priority::Normal => &paces[0],
            Priority::High => &paces[1],
            Priority::Critical => &paces[2],
        }
    }

    /// `Urgency` of a wake-up (RFC 8030 §5.3).
    pub fn urgency(&self, priority: Priority) -> &'static str {
        self.pace(priority).urgency
    }

    /// When it is woken next, and of what priority that is; `None`: nothing wakes it. An instant that is past is now.
    pub fn next(&self, unseen: &Unseen, past: &Past, now: Timestamp) -> Option<(Timestamp, Priority)> {
        let all = Priority::ALL.iter().zip(unseen);
        let due = all.filter_map(|((priority, _), waiting)| Some((self.due(*priority, (*waiting)?, past, now)?, *priority)));
        // Of several that are due, the highest: it holds the others.
        due.min_by_key(|(at, priority)| (*at.max(&now), std::cmp::Reverse(*priority)))
    }

    /// When something of one priority wakes it.
    fn due(&self, priority: Priority, waiting: Waiting, past: &Past, now: Timestamp) -> Option<Timestamp> {
        if self.visible && priority == Priority::Normal {
            return None;
        }
        let pace = self.pace(priority);
        let waited = waiting.last.plus(pace.calm).min(waiting.first.plus(pace.longest));
        let at = waited.max(self.allowed(priority, past));
        Some(if priority == Priority::Critical { at } else { self.awake(at, now) })
    }

    /// From when on one more of this priority exceeds nothing.
    fn allowed(&self, priority: Priority, past: &Past) -> Timestamp {
        let pace = self.pace(priority);
        let shown = if self.visible { MOST_SHOWN } else { usize::MAX };
        let bounds = [
            past.room(1, pace.gap, |other| other >= priority),
            past.room(pace.most, pace.within, |other| other == priority),
            past.room(MOST_A_MINUTE, MINUTE, |_| true),
            past.room(shown, DAY, |_| true),
        ];
        bounds.into_iter().max().unwrap_or_default()
    }

    /// The instant, or the end of the quiet hours in which it lies. What is late does not come in the next ones either.
    fn awake(&self, at: Timestamp, now: Timestamp) -> Timestamp {
        let sent = at.max(now);
        match self.quiet {
            Some(quiet) if quiet.covers(self.zone.minute(sent)) => self.shows(quiet.to, sent),
            _ => at,
        }
    }

    /// When a clock at its user's shows this minute of the day next.
    fn shows(&self, minute: i64, at: Timestamp) -> Timestamp {
        let first = self.zone.date(at);
        let days = (0..3).filter_map(|days| first.checked_add_days(Days::new(days)));
        let shown = days.map(|date| Timestamp(self.zone.instant(local(date, minute))));
        shown.filter(|shown| *shown > at).min().unwrap_or(at)
    }
}

fn local(date: NaiveDate, minute: i64) -> i64 {
    date.and_time(NaiveTime::MIN).and_utc().timestamp_millis() + minute * MINUTE
}

/// How long a push service keeps a wake-up, in seconds.
pub const fn ttl(priority: Priority) -> i64 {
    match priority {
        Priority::Normal => TTL[0],
        Priority::High => TTL[1],
        Priority::Critical => TTL[2],
    }
}

/// When what is critical is told again: it was told so many times more, the last time at this instant.
pub fn again(repeats: i64, last: Timestamp) -> Option<Timestamp> {
    usize::try_from(repeats).ok().and_then(|told| REPEATS.get(told)).map(|wait| last.plus(*wait))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
