//! Whose turn it is to do a piece of maintenance: a fact in the database, under its lock.

use super::{LEASE, PERIOD, has_come};
use crate::base::error::{Error, Result};
use crate::base::id;
use crate::base::time::Timestamp;
use crate::db::{Db, Mode, migrate, within};
use crate::feature::Job;
use crate::feature::store::{MAINTAINED_AT, add_fact, fact, locked_fact, put_fact};
use serde::{Deserialize, Serialize};

/// The lease: the name of that fact.
const NAME: &str = "maintenance_lease";

/// The right to do a piece, and how far the ones before came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who holds it; nobody where it was handed over.
    holder: String,
    /// Before this nobody else may take it.
    until: Timestamp,
    /// The job that is to be gone on with; none is the first.
    pub job: String,
    /// Has a job failed since the first began?
    pub failed: bool,
    /// Was it taken from a holder that never handed it over?
    #[serde(skip)]
    orphaned: bool,
}

/// The answer to whoever asks for the lease.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is theirs.
    Mine(Lease),
    /// Nothing is to be done before this.
    Wait(Timestamp),
}

/// Takes the lease, if something is due and nobody holds it.
pub fn take(db: &mut Db, now: Timestamp) -> Result<Turn> {
    within(db, Mode::Spare, |db| {
        let written = written(db)?;
        let is_new = written.is_none();
        let before = written.unwrap_or_default();
        let next = [due(db)?, before.until].into_iter().filter(|at| !has_come(*at, now, PERIOD)).max();
        if let Some(next) = next {
            return Ok(Turn::Wait(next));
        }
        let orphaned = !before.holder.is_empty();
        let lease = Lease { holder: id::opaque(), until: now.plus(LEASE), orphaned, ..before };
        // Of two that add the first, one is refused and looks again.
        if is_new {
            add_fact(db, NAME, &text(&lease)?)?
        } else {
            put(db, &lease)?
        }
        Ok(Turn::Mine(lease))
    })
}

/// When maintenance is due without cron.
fn due(db: &mut Db) -> Result<Timestamp> {
    let last = fact(db, MAINTAINED_AT)?.and_then(|text| Timestamp::parse(&text));
    Ok(last.or(migrate::made_at(db)?).unwrap_or_default().plus(PERIOD))
}

/// Nobody holds it, and there is nothing to go on with.
pub fn clear(db: &mut Db) -> Result<()> {
    put(db, &Lease::default())
}

fn put(db: &mut Db, lease: &Lease) -> Result<()> {
    put_fact(db, NAME, &text(lease)?)
}

fn text(lease: &Lease) -> Result<String> {
    serde_json::to_string(lease).map_err(Error::internal)
}

/// What stands in the database.
fn written(db: &mut Db) -> Result<Option<Lease>> {
    let text = locked_fact(db, NAME)?;
    Ok(text.map(|text| serde_json::from_str(&text).unwrap_or_default()))
}

impl Lease {
    /// Where to go on among the jobs. One whose holder never came back is passed over this time: were it the job that had
    /// the process killed, none after it would ever be done.
    pub fn start(&mut self, jobs: &[&Job]) -> usize {
        let at = jobs.iter().position(|job| job.name == self.job).unwrap_or(0);
        if !self.orphaned {
            return at;
        }
        self.failed = true;
        log::error!(
            "maintenance after a request: {}: its process was ended in the middle; it is tried again later",
            jobs[at].name
        );
        at + 1
    }

    /// Goes on to a job, so that it is known should this process end in the middle.
    pub fn enter(&mut self, db: &mut Db, job: &Job) -> Result<()> {
        job.name.clone_into(&mut self.job);
        self.rewrite(db, self)
    }

    /// Leaves the rest to whoever comes next, not before so many milliseconds; answers when that is.
    pub fn hand_over(self, db: &mut Db, pause: i64) -> Result<Timestamp> {
        let until = Timestamp::now().plus(pause);
        self.rewrite(db, &Lease { holder: String::new(), until, ..self.clone() })?;
        Ok(until)
    }

    /// Leaves everything to be tried again, not before so many milliseconds; answers when that is.
    pub fn again(self, db: &mut Db, pause: i64) -> Result<Timestamp> {
        Lease { job: String::new(), failed: false, ..self }.hand_over(db, pause)
    }

    /// Writes another in its place. Whoever took longer than its lease may have lost it, and writes nothing.
    fn rewrite(&self, db: &mut Db, lease: &Lease) -> Result<()> {
        within(db, Mode::Spare, |db| match written(db)? {
            Some(now) if now.holder == self.holder => put(db, lease),
            _ => Ok(()),
        })
    }
}
