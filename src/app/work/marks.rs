//! When something is next due, as marks in the data folder: whoever asks needs no database.
//!
//! A process looks at one of them after its answer (`next-work`); the others say what that one is made of. They are hints: where
//! they say that something is due, the database decides. A machine of several that share a database has its own.
//!
//! No hint is lost between two processes, because each writes what it knows before it reads what the other may have written:
//! [`Marks::owe`] writes `next-courier` and then looks for a courier, which takes its own mark away and then reads `next-courier`;
//! [`Marks::settle`] writes `next-work` and then reads once more what that is made of.

use super::{AHEAD, PERIOD, has_come};
use crate::base::mark::Mark;
use crate::base::time::Timestamp;
use crate::feature::work::NEXT_COURIER;
use crate::feature::{Settings, Starts};
use std::io;

/// What the processes of a machine tell each other of work after answers.
pub struct Marks {
    /// When a process is to look at the others.
    pub work: Mark,
    /// When maintenance is due without cron; at once where nobody has said so.
    pub nightly: Mark,
    /// When the courier is due; never where nobody has said so.
    pub courier: Mark,
    /// Until when a courier has its turn, or starting one is put off: then the next one is started.
    pub turn: Mark,
    /// Since when requests have started no courier that came to its end.
    pub failing: Mark,
    /// Do requests start the courier? Else cron alone does its work.
    starts: bool,
}

impl Marks {
    /// The marks of this account.
    pub fn of(settings: &Settings) -> Marks {
        let mark = |name| Mark::of(&settings.data, name);
        Marks {
            work: Marks::first(settings),
            nightly: mark("next-maintenance"),
            courier: mark(NEXT_COURIER),
            turn: mark("courier-turn"),
            failing: mark("courier-failing"),
            starts: settings.push.courier != Starts::Cron,
        }
    }

    /// The one that is looked at after each answer.
    pub fn first(settings: &Settings) -> Mark {
        Mark::of(&settings.data, "next-work")
    }

    /// Is a courier to be started?
    pub fn wants_courier(&self, now: Timestamp) -> bool {
        self.courier_at().is_some_and(|at| has_come(at, now, PERIOD))
    }

    /// When a courier is to be started.
    fn courier_at(&self) -> Option<Timestamp> {
        if !self.starts {
            return None;
        }
        self.turn.get().or_else(|| Some(self.courier.get()?.plus(-AHEAD)))
    }

    /// Notes that the courier is due at an instant.
    pub fn owe(&self, at: Timestamp) -> io::Result<()> {
        self.courier.advance_to(at)?;
        // A courier that has its turn looks for itself before it ends.
        if self.starts && self.turn.get().is_none() { self.work.advance_to(at.plus(-AHEAD)) } else { Ok(()) }
    }

    /// Says when a process is to look again.
    pub fn settle(&self) -> io::Result<()> {
        let next = || {
            let nightly = self.nightly.get().unwrap_or_default();
            self.courier_at().map_or(nightly, |at| at.min(nightly))
        };
        self.work.set(next())?;
        self.work.advance_to(next())
    }
}
