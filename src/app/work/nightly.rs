//! Maintenance: what is done once a day, by cron, and where cron does not do it, by requests after their answers.
//!
//! `tandem maintain`, for cron, does all of it at once. When that has not come for [`super::PERIOD`], whichever request comes next
//! sends its answer and then does a piece; the next request goes on with it. A lease in the database keeps several processes
//! and machines from doing the same, and is handed from piece to piece. Whoever holds it and is killed leaves a lease that
//! runs out.

use super::lease::{self, Duty, Lease, Turn, take};
use super::marks::Marks;
use super::{PERIOD, jobs};
use crate::app::open;
use crate::base::error::Result;
use crate::base::time::{HOUR, MINUTE, SECOND, Timestamp};
use crate::db::{Db, Mode, migrate, within};
use crate::feature::store::{MAINTAINED_AT, fact, put_fact};
use crate::feature::{House, Job, Settings, Shift, When};
use std::time::{Duration, Instant};

/// How long a process has for its piece before another may take over, in milliseconds: far longer than a piece takes.
pub const LEASE: i64 = MINUTE;
/// No round of a job begins later than this into a piece: the process should be back before anybody waits for it.
const PIECE: Duration = Duration::from_millis(200);
/// How long after a piece the next one may follow, in milliseconds: most of the time is the callers'.
pub const PAUSE: i64 = SECOND;
/// How long nothing is tried after something failed, in milliseconds: the log gets one line, not one a request.
pub const BACK_OFF: i64 = HOUR;
/// A job of the night runs no longer than this at once: what a busy store adds meanwhile can wait for the next one.
const NIGHT: Duration = Duration::from_secs(3_600);
/// Nor more often than this.
const MAX_ROUNDS: u32 = 10_000;

/// The right to do a piece of it.
pub static DUTY: Duty =
    Duty { name: "maintenance after a request", fact: "maintenance_lease", length: LEASE, due, furthest: PERIOD };

/// When maintenance is due without cron.
fn due(db: &mut Db) -> Result<Timestamp> {
    let last = fact(db, MAINTAINED_AT)?.and_then(|text| Timestamp::parse(&text));
    Ok(last.or(migrate::made_at(db)?).unwrap_or_default().plus(PERIOD))
}

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

/// How far a job came.
#[derive(Debug, Default)]
pub struct Progress {
    /// How many rows it dealt with.
    pub rows: u64,
    /// Is nothing left?
    pub finished: bool,
}

/// Does a job for cron, until nothing is left or it is enough for one night.
///
/// # Errors
/// The job's; what the rounds before did stays done.
pub fn exhaust(db: &mut Db, house: &House, job: &Job) -> Result<Progress> {
    let mut rounds = 0..MAX_ROUNDS;
    rounds_of(db, house, job, Starter::Cron, Instant::now() + NIGHT, || rounds.next().is_some())
}

/// Runs a job until nothing is left or there is no time for another round. Each round is a transaction of its own, so that
/// requests come between.
fn rounds_of(
    db: &mut Db,
    house: &House,
    job: &Job,
    by: Starter,
    until: Instant,
    mut another: impl FnMut() -> bool,
) -> Result<Progress> {
    let mut progress = Progress::default();
    while !progress.finished && Instant::now() < until && another() {
        let rows = within(db, by.mode(), |db| (job.run)(&mut Shift::new(db, house, None, until)))?;
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
        lease::clear(db, &DUTY)
    })?;
    // While others read or write, the next night does it.
    db.empty_log()?;
    let marks = Marks::of(settings);
    if settings.grip.engine().is_some() {
        // Sessions whose time was over may hold connections.
        let _ = marks.owe(now);
    }
    // Without the marks, the next request asks the database.
    let _ = marks.nightly.set(now.plus(PERIOD)).and_then(|()| marks.settle());
    Ok(())
}

/// Does a piece after an answer, if it is this process's turn.
pub fn after_answer(house: &House, db: &mut Option<Db>, marks: &Marks, now: Timestamp) {
    // The others leave it to this process. Where not even that can be written, nothing can.
    if marks.nightly.set(now.plus(LEASE)).is_err() {
        return;
    }
    let next = match piece(house, db, now) {
        Ok(next) => next,
        // What was just said holds: others are writing.
        Err(error) if error.is_busy() => return,
        Err(error) => {
            log::error!("{}: {error}", DUTY.name);
            if Db::is_lost(&error) {
                *db = None;
            }
            now.plus(BACK_OFF)
        }
    };
    // Without the mark, the next request asks the database.
    let _ = marks.nightly.set(next);
}

/// Does a piece of what is due, if anything is; answers when to look again.
fn piece(house: &House, db: &mut Option<Db>, now: Timestamp) -> Result<Timestamp> {
    let db = open::database(db, &house.settings)?;
    match take(db, &DUTY, now)? {
        Turn::Wait(until) => Ok(until),
        Turn::Mine(lease) => go_on(house, db, lease),
    }
}

/// Goes on where the piece before ended. A job that fails does not keep the others from running.
fn go_on(house: &House, db: &mut Db, mut lease: Lease) -> Result<Timestamp> {
    let end = Instant::now() + PIECE;
    let all: Vec<&Job> = jobs(house.features, When::Nightly).collect();
    let from = lease.start(&all);
    for job in &all[from..] {
        let work = |db: &mut Db| rounds_of(db, house, job, Starter::Requests, end, || true);
        match lease.enter(db, job).and_then(|()| work(db)) {
            Ok(Progress { finished: true, .. }) => {}
            Err(error) if !error.is_busy() => {
                log::error!("{}: {}: {error}", DUTY.name, job.name);
                lease.fail();
            }
            Ok(_) | Err(_) => return lease.hand_over(db, PAUSE),
        }
    }
    if lease.failed() {
        return lease.again(db, BACK_OFF);
    }
    finish(db, &house.settings, Starter::Requests)?;
    Ok(Timestamp::now().plus(PERIOD))
}
