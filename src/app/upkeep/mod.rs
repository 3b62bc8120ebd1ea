//! What is done in the background: by cron, and where cron does not do it, by requests after their answers.
//!
//! `tandem maintain`, for cron, does all of it at once. When that has not come for [`PERIOD`], whichever request comes next
//! sends its answer and then does a piece; the next request goes on with it. A lease in the database keeps several
//! processes and machines from doing the same, and is handed from piece to piece. Whoever holds it and is killed leaves
//! a lease that runs out. To know that nothing is due costs one look at a file a process (`mark.rs`), and no query.

pub mod lease;
mod mark;
#[cfg(test)]
mod tests;

use super::open;
use crate::base::error::Result;
use crate::base::time::{HOUR, MINUTE, SECOND, Timestamp};
use crate::db::{Db, Mode, within};
use crate::feature::store::{MAINTAINED_AT, fact, put_fact};
use crate::feature::{Feature, House, Job, Settings};
use lease::{Lease, Turn};
use std::time::{Duration, Instant};

/// So long after it was last done, in milliseconds, maintenance is due without cron, which comes every 24 hours and may
/// be late.
pub const PERIOD: i64 = 26 * HOUR;
/// How long a process has for its piece before another may take over, in milliseconds: far longer than a piece takes.
const LEASE: i64 = MINUTE;
/// No round of a job begins later than this into a piece: the process should be back before anybody waits for it.
const PIECE: Duration = Duration::from_millis(200);
/// How long a process believes what it has seen, in milliseconds.
const LOOK: i64 = SECOND;
/// How long after a piece the next one may follow, in milliseconds: most of the time is the callers'.
const PAUSE: i64 = SECOND;
/// How long nothing is tried after something failed, in milliseconds: the log gets one line, not one a request.
const BACK_OFF: i64 = HOUR;

/// Who has maintenance done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starter {
    /// `tandem maintain`.
    Cron,
    /// Requests, after their answers.
    Requests,
}

/// Who last did all of it: the name of that fact.
const MAINTAINED_BY: &str = "maintained_by";

impl Starter {
    const fn name(self) -> &'static str {
        match self {
            Starter::Cron => "cron",
            Starter::Requests => "requests",
        }
    }

    /// A request's process is wanted elsewhere.
    const fn mode(self) -> Mode {
        match self {
            Starter::Cron => Mode::Write,
            Starter::Requests => Mode::Spare,
        }
    }
}

/// Who last did all of it; who did it before that was noted was cron.
pub fn starter(db: &mut Db) -> Result<Starter> {
    let by = fact(db, MAINTAINED_BY)?;
    Ok(if by.as_deref() == Some(Starter::Requests.name()) { Starter::Requests } else { Starter::Cron })
}

/// Every job, in the order in which they are done.
pub fn jobs(features: &'static [&'static Feature]) -> impl Iterator<Item = &'static Job> {
    features.iter().flat_map(|feature| feature.jobs)
}

/// How far a job came.
#[derive(Debug, Default)]
pub struct Progress {
    /// How many rows it dealt with.
    pub rows: u64,
    /// Is nothing left?
    pub finished: bool,
}

/// Runs a job until nothing is left or there is no time for another round. Each round is a transaction of its own, so that
/// requests come between.
///
/// # Errors
/// The job's; what the rounds before did stays done.
pub fn exhaust(db: &mut Db, settings: &Settings, job: &Job, by: Starter, mut time: impl FnMut() -> bool) -> Result<Progress> {
    let mut progress = Progress::default();
    while !progress.finished && time() {
        let rows = within(db, by.mode(), |db| (job.run)(db, settings, Timestamp::now()))?;
        progress.rows += rows;
        progress.finished = rows == 0;
    }
    Ok(progress)
}

/// Notes that all of it was done, and by whom.
pub fn finish(db: &mut Db, settings: &Settings, by: Starter) -> Result<()> {
    let now = Timestamp::now();
    within(db, by.mode(), |db| {
        put_fact(db, MAINTAINED_AT, &now.to_string())?;
        put_fact(db, MAINTAINED_BY, by.name())?;
        lease::clear(db)
    })?;
    // Without the mark, the next request asks the database.
    let _ = mark::set(settings, now.plus(PERIOD));
    Ok(())
}

/// What a process of the web program remembers of it.
#[derive(Default)]
pub struct Upkeep {
    /// Before this it does not look again.
    look: Timestamp,
}

impl Upkeep {
    /// Is it time to ask the database for something to do? Mostly one look at the clock, now and then one at a file.
    pub fn due(&mut self, settings: &Settings) -> bool {
        let now = Timestamp::now();
        if !has_come(self.look, now, LOOK) {
            return false;
        }
        self.look = now.plus(LOOK);
        has_come(mark::get(settings), now, PERIOD)
    }

    /// Does a piece, if it is this process's turn.
    pub fn work(&mut self, house: &House, db: &mut Option<Db>) {
        let now = Timestamp::now();
        // The others leave it to this process. Where not even that can be written, nothing can.
        if mark::set(&house.settings, now.plus(LEASE)).is_err() {
            return;
        }
        let next = match piece(house, db, now) {
            Ok(next) => next,
            // What was just said holds: others are writing.
            Err(error) if error.is_busy() => return,
            Err(error) => {
                log::error!("maintenance after a request: {error}");
                if Db::is_lost(&error) {
                    *db = None;
                }
                now.plus(BACK_OFF)
            }
        };
        // Without the mark, the next request asks the database.
        let _ = mark::set(&house.settings, next);
    }
}

/// Has this instant come? One that lies further ahead than any that is ever set was set by a clock that was wrong.
fn has_come(at: Timestamp, now: Timestamp, furthest: i64) -> bool {
    at <= now || at > now.plus(furthest)
}

/// Does a piece of what is due, if anything is; answers when to look again.
fn piece(house: &House, db: &mut Option<Db>, now: Timestamp) -> Result<Timestamp> {
    let db = open::database(db, &house.settings)?;
    match lease::take(db, now)? {
        Turn::Wait(until) => Ok(until),
        Turn::Mine(lease) => go_on(house, db, lease),
    }
}

/// Goes on where the piece before ended. A job that fails does not keep the others from running.
fn go_on(house: &House, db: &mut Db, mut lease: Lease) -> Result<Timestamp> {
    let end = Instant::now() + PIECE;
    let all: Vec<&Job> = jobs(house.features).collect();
    let from = lease.start(&all);
    for job in &all[from..] {
        let work = |db: &mut Db| exhaust(db, &house.settings, job, Starter::Requests, || Instant::now() < end);
        match lease.enter(db, job).and_then(|()| work(db)) {
            Ok(Progress { finished: true, .. }) => {}
            Err(error) if !error.is_busy() => {
                log::error!("maintenance after a request: {}: {error}", job.name);
                lease.failed = true;
            }
            Ok(_) | Err(_) => return lease.hand_over(db, PAUSE),
        }
    }
    if lease.failed {
        return lease.again(db, BACK_OFF);
    }
    finish(db, &house.settings, Starter::Requests)?;
    Ok(Timestamp::now().plus(PERIOD))
}
