//! Whose turn it is to do a piece of work: a fact in the database, under its lock.

use super::has_come;
use crate::base::error::{Error, Result};
use crate::base::id;
use crate::base::time::Timestamp;
use crate::db::{Db, Mode, within};
use crate::feature::Job;
use crate::feature::store::{add_fact, locked_fact, put_fact};
use serde::{Deserialize, Serialize};

/// Work that one process at a time has its turn at.
#[derive(Debug)]
pub struct Duty {
    /// What the log calls it.
    pub name: &'static str,
    /// The name of the fact that is its lease.
    pub fact: &'static str,
    /// How long a turn may take before another may take over, in milliseconds.
    pub length: i64,
    /// When it is due, by the database.
    pub due: fn(&mut Db) -> Result<Timestamp>,
    /// It is never due later than so many milliseconds ahead.
    pub furthest: i64,
}

/// The lease as it stands in the database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    /// Who holds it; nobody where it was handed over.
    holder: String,
    /// Before this nobody else may take it.
    until: Timestamp,
    /// The key of the job that is to be gone on with. One that is not known is the first: an older program wrote a sentence.
    job: String,
    /// Has a job failed since the first began?
    failed: bool,
}

/// The right to do a piece, and how far the ones before came.
#[derive(Debug)]
pub struct Lease {
    duty: &'static Duty,
    row: Row,
    /// Was it taken from a holder that never handed it over?
    orphaned: bool,
}

/// The answer to whoever asks for the lease.
#[derive(Debug)]
pub enum Turn {
    /// It is theirs.
    Mine(Lease),
    /// Nothing is to be done before this.
    Wait(Timestamp),
}

/// Takes the lease, if something is due and nobody holds it.
pub fn take(db: &mut Db, duty: &'static Duty, now: Timestamp) -> Result<Turn> {
    within(db, Mode::Spare, |db| {
        let written = written(db, duty)?;
        let is_new = written.is_none();
        let before = written.unwrap_or_default();
        let next = [(duty.due)(db)?, before.until].into_iter().filter(|at| !has_come(*at, now, duty.furthest)).max();
        if let Some(next) = next {
            return Ok(Turn::Wait(next));
        }
        let orphaned = !before.holder.is_empty();
        let row = Row { holder: id::opaque(), until: now.plus(duty.length), ..before };
        // Of two that add the first, one is refused and looks again.
        if is_new {
            add_fact(db, duty.fact, &text(&row)?)?
        } else {
            put(db, duty, &row)?
        }
        Ok(Turn::Mine(Lease { duty, row, orphaned }))
    })
}

/// Nobody holds it, and there is nothing to go on with.
pub fn clear(db: &mut Db, duty: &Duty) -> Result<()> {
    put(db, duty, &Row::default())
}

fn put(db: &mut Db, duty: &Duty, row: &Row) -> Result<()> {
    put_fact(db, duty.fact, &text(row)?)
}

fn text(row: &Row) -> Result<String> {
    serde_json::to_string(row).map_err(Error::internal)
}

/// What stands in the database.
fn written(db: &mut Db, duty: &Duty) -> Result<Option<Row>> {
    let text = locked_fact(db, duty.fact)?;
    Ok(text.map(|text| serde_json::from_str(&text).unwrap_or_default()))
}

impl Lease {
    /// Before this nobody else may take it.
    pub fn until(&self) -> Timestamp {
        self.row.until
    }

    /// Has a job failed since the first began?
    pub fn failed(&self) -> bool {
        self.row.failed
    }

    /// Notes that a job has failed.
    pub fn fail(&mut self) {
        self.row.failed = true;
    }

    /// Where to go on among the jobs. One whose holder never came back is passed over this time: were it the job that had
    /// the process killed, none after it would ever be done.
    pub fn start(&mut self, jobs: &[&Job]) -> usize {
        let Some(at) = jobs.iter().position(|job| job.key == self.row.job) else { return 0 };
        if !self.orphaned {
            return at;
        }
        self.fail();
        let (duty, job) = (self.duty.name, jobs[at].name);
        log::error!("{duty}: {job}: its process was ended in the middle; it is tried again later");
        at + 1
    }

    /// Goes on to a job, so that it is known should this process end in the middle.
    pub fn enter(&mut self, db: &mut Db, job: &Job) -> Result<()> {
        if self.row.job == job.key {
            return Ok(());
        }
        job.key.clone_into(&mut self.row.job);
        self.rewrite(db, &self.row)
    }

    /// Leaves the rest to whoever comes next, not before so many milliseconds; answers when that is.
    pub fn hand_over(self, db: &mut Db, pause: i64) -> Result<Timestamp> {
        let until = Timestamp::now().plus(pause);
        self.rewrite(db, &Row { holder: String::new(), until, ..self.row.clone() })?;
        Ok(until)
    }

    /// Leaves everything to be tried again, not before so many milliseconds; answers when that is.
    pub fn again(self, db: &mut Db, pause: i64) -> Result<Timestamp> {
        let until = Timestamp::now().plus(pause);
        self.rewrite(db, &Row { until, ..Row::default() })?;
        Ok(until)
    }

    /// Writes another in its place. Whoever took longer than its lease may have lost it, and writes nothing.
    fn rewrite(&self, db: &mut Db, row: &Row) -> Result<()> {
        within(db, Mode::Spare, |db| match written(db, self.duty)? {
            Some(now) if now.holder == self.row.holder => put(db, self.duty, row),
            _ => Ok(()),
        })
    }
}
