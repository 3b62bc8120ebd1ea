//! The courier: a process that lives for moments, one at a time, and does what must wait for somebody else's server.
//!
//! Requests start it after their answers (`soon.rs`), and `tandem maintain` does the same work. On one machine a lock keeps a
//! second one out before the database is asked; the lease in the database does so for all. It works outside transactions;
//! what it did is written by its jobs, piece by piece, so that one that is killed loses nothing: its lease runs out, and
//! the next one goes on.

use super::apart::apart;
use super::lease::{Duty, Lease, Turn, take};
use super::marks::Marks;
use super::{AHEAD, PERIOD, jobs};
use crate::app::open;
use crate::base::error::{Error, Result};
use crate::base::time::{MINUTE, SECOND, Timestamp};
use crate::db::Db;
use crate::feature::{House, Job, Settings, Shift, When};
use crate::net::Net;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::cell::Cell;
use std::env;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::process::exit;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// How long a courier lives at most.
pub const LIFE: Duration = Duration::from_secs(20);
/// How long of that it works: what is left is for the end of a piece.
const WORK: Duration = Duration::from_secs(18);
/// How long the lease is good, in milliseconds: longer than any courier lives.
const LEASE: i64 = 30 * SECOND;
/// How long after a job failed the courier is due again, in milliseconds.
const BACK_OFF: i64 = MINUTE;
/// How long after the database was busy it is due again, in milliseconds.
const BUSY: i64 = 2 * SECOND;
/// How long a job may begin anew while others wait: one whose server hangs keeps none of them from their turn.
const SHARE: Duration = Duration::from_secs(5);
/// How often it looks whether something has become due sooner, while it waits for what will be.
const GLANCE: Duration = Duration::from_millis(200);
/// How often it asks for its turn while a courier of another machine has it.
const ASIDE: Duration = Duration::from_millis(500);
/// It never looks twice within this, whatever its jobs ask for.
const NAP: Duration = Duration::from_millis(50);
/// So often it tries to become the machine's courier.
const LOOKS: u32 = 5;
/// The lock's name in the data folder.
const LOCK: &str = "courier.lock";
/// This process's program, even when its file was replaced meanwhile.
const RUNNING: &str = "/proc/self/exe";
/// How the courier names itself to others.
pub const NAME: &str = "tandem";
/// The flag that tells a courier that a request has started it.
pub const DETACHED: &str = "detached";

/// The right to be the courier of a database. There is always something to look for.
pub static DUTY: Duty =
    Duty { name: "courier", fact: "courier_lease", length: LEASE, due: |_| Ok(Timestamp::default()), furthest: PERIOD };

/// Who has the courier's work done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starter {
    /// A request, after its answer.
    Request,
    /// `tandem courier`, by hand.
    Operator,
    /// `tandem maintain`.
    Cron,
}

/// Starts the courier in a session of its own and comes back: so whoever waits for this process has no child left, and nobody
/// who ends a group of processes ends the courier.
///
/// # Errors
/// When no process can be started.
pub fn detach() -> Result<()> {
    // The leader of a group of processes may not; its child may, and does.
    let _ = rustix::process::setsid();
    // By its own name, which is what the host's list of processes shows.
    let program = env::current_exe().ok().filter(|own| own.is_file()).unwrap_or_else(|| RUNNING.into());
    let started = apart(&program).arg(format!("--{DETACHED}")).spawn();
    started.map(drop).map_err(|error| Error::NotReady(format!("cannot start the courier: {error}")))
}

/// Is there a courier on this machine?
pub fn runs(settings: &Settings) -> bool {
    let file = OpenOptions::new().write(true).open(settings.data.join(LOCK));
    file.is_ok_and(|file| !takes(&file))
}

/// Makes this process the machine's courier, until the file is closed.
fn lock(settings: &Settings) -> Result<Option<File>> {
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(settings.data.join(LOCK));
    let file = open.map_err(|error| Error::NotReady(format!("cannot write {LOCK} in the data folder: {error}")))?;
    // A request's process that only looks holds it for a moment.
    let taken = (0..LOOKS).any(|_| {
        takes(&file) || {
            sleep(NAP);
            false
        }
    });
    Ok(taken.then_some(file))
}

/// Takes the lock. A file system that knows none locks nobody out: the lease decides there.
fn takes(file: &File) -> bool {
    flock(file, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK)
}

/// Lives as a courier, if there is none: at most [`LIFE`], whatever happens.
///
/// # Errors
/// What keeps it from working.
pub fn live(house: &House, net: &dyn Net, by: Starter) -> Result<()> {
    let _ = rustix::process::setsid();
    spawn(|| {
        sleep(LIFE);
        exit(1)
    });
    deliver(house, net, by)
}

/// Does what is due, if no other courier does.
///
/// # Errors
/// What keeps it from working.
pub fn deliver(house: &House, net: &dyn Net, by: Starter) -> Result<()> {
    let courier =
        Courier { house, net, by, marks: &Marks::of(&house.settings), end: Instant::now() + WORK, patient: Cell::new(None) };
    let all: Vec<&Job> = jobs(house.features, When::Soon).collect();
    if all.is_empty() {
        courier.marks.courier.lift();
        return courier.end_turn(None);
    }
    // Whoever met the lock while it was about to be let go has started nobody: that one looks once more.
    while courier.deliver_once(&all)? && courier.pause() == Some(Duration::ZERO) {}
    courier.succeed()
}

/// The courier of this machine.
struct Courier<'a> {
    house: &'a House,
    net: &'a dyn Net,
    by: Starter,
    marks: &'a Marks,
    end: Instant,
    /// The earliest instant at which something patient is due.
    patient: Cell<Option<Timestamp>>,
}

impl Courier<'_> {
    /// Works, if there is no other; answers whether that was so.
    fn deliver_once(&self, jobs: &[&Job]) -> Result<bool> {
        let Some(lock) = lock(&self.house.settings)? else { return Ok(false) };
        let mut db = open::connect(&self.house.settings)?;
        let done = self.take_turn(&mut db, jobs);
        if let Err(error) = &done {
            self.retry(error);
        }
        self.end_turn(Some(lock))?;
        done.or_else(|error| if error.is_busy() { Ok(()) } else { Err(error) }).map(|()| true)
    }

    /// What is due soon after this courier's end is another one's, which it starts: whoever wrote it met this one's lock, and there may
    /// be no later request. But none follows for what failed and is tried again: while a server hangs there would always be one.
    fn succeed(&self) -> Result<()> {
        let is_patient = self.patient.get().is_some() && self.patient.get() == self.marks.courier.get();
        let follows = self.by == Starter::Request && !is_patient && self.marks.wants_courier(Timestamp::now());
        if follows { detach() } else { Ok(()) }
    }

    /// Notes when something is due; what is patient waits for a request or cron, should this courier have ended.
    fn owe(&self, at: Timestamp, is_patient: bool) {
        if is_patient {
            self.patient.set(Some(self.patient.get().map_or(at, |before| before.min(at))));
        }
        let _ = self.marks.owe(at);
    }

    /// Notes when what failed is tried again.
    fn retry(&self, error: &Error) {
        self.owe(Timestamp::now().plus(if error.is_busy() { BUSY } else { BACK_OFF }), true);
    }

    /// The turn is over. The lock is let go before anybody is told when to look again.
    fn end_turn(&self, lock: Option<File>) -> Result<()> {
        self.marks.turn.lift();
        if self.by == Starter::Request {
            self.marks.failing.lift();
        }
        drop(lock);
        self.marks.settle().map_err(|error| Error::NotReady(format!("cannot write to the data folder: {error}")))
    }

    /// Works whenever it gets the lease, which it has only while it works: one that waits for what is due keeps no other machine waiting.
    fn take_turn(&self, db: &mut Db, jobs: &[&Job]) -> Result<()> {
        loop {
            match take(db, &DUTY, Timestamp::now())? {
                Turn::Mine(mut lease) => {
                    // The next one is started then, should this one be killed.
                    let _ = self.marks.turn.set(lease.until()).and_then(|()| self.marks.settle());
                    let done = self.work(db, &mut lease, jobs);
                    lease.again(db, 0)?;
                    done?;
                    if !self.wait() {
                        return Ok(());
                    }
                }
                // One of another machine works and is over soon, …
                Turn::Wait(_) if Instant::now() + ASIDE < self.end => sleep(ASIDE),
                // … or one was killed: then somebody is to look.
                Turn::Wait(until) => {
                    let _ = self.marks.owe(until.plus(AHEAD));
                    return Ok(());
                }
            }
        }
    }

    /// Does the jobs.
    fn work(&self, db: &mut Db, lease: &mut Lease, jobs: &[&Job]) -> Result<()> {
        // The job in which the one before was killed comes last.
        let from = lease.start(jobs) % jobs.len();
        // Taken away before the store is read: what is noted from now on may have been written after that.
        self.marks.courier.lift();
        self.patient.set(None);
        for job in jobs[from..].iter().chain(&jobs[..from]) {
            lease.enter(db, job)?;
            self.job(db, job);
        }
        Ok(())
    }

    /// Waits for what is due while this courier lives; answers whether something is. A request may have made it sooner meanwhile.
    fn wait(&self) -> bool {
        sleep(NAP);
        while let Some(pause) = self.pause() {
            if pause.is_zero() {
                return true;
            }
            sleep(pause.min(GLANCE));
        }
        false
    }

    /// How long until the next job, if that is while this courier lives.
    fn pause(&self) -> Option<Duration> {
        let wait = self.marks.courier.get()?.0 - Timestamp::now().0;
        let pause = Duration::from_millis(u64::try_from(wait).unwrap_or_default());
        (Instant::now() + pause.max(NAP) < self.end).then_some(pause)
    }

    /// Does one job. One that fails does not keep the others from running.
    fn job(&self, db: &mut Db, job: &Job) {
        if let Err(error) = self.rounds(db, job) {
            if !error.is_busy() {
                log::error!("{}: {}: {error}", DUTY.name, job.name);
            }
            self.retry(&error);
        }
    }

    /// Runs a job until nothing is left or its time is over, and notes when it is due again.
    fn rounds(&self, db: &mut Db, job: &Job) -> Result<()> {
        let end = self.end.min(Instant::now() + SHARE);
        while Instant::now() < end {
            let mut shift = Shift::new(db, self.house, Some(self.net), self.end);
            let rows = (job.run)(&mut shift);
            if let Some((at, is_patient)) = shift.next() {
                self.owe(at, is_patient);
            }
            if rows? == 0 {
                return Ok(());
            }
        }
        self.owe(Timestamp::now(), true);
        Ok(())
    }
}
