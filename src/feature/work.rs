//! Work after the answer: what a noun declares, and what its work is given.

use super::House;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::net::mail::{Mail, Undelivered};
use crate::net::{Answer, Bounds, Call, Failure, Net};
use std::time::{Duration, Instant};

/// The mark in the data folder that says when the courier is due.
pub const NEXT_COURIER: &str = "next-courier";

/// When a job is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Once a day, by cron; without cron in pieces, by requests after their answers. Each round is a write transaction.
    Nightly,
    /// When something said so ([`Ctx::soon`](super::Ctx::soon)), by the courier. A round opens its own transactions, because
    /// none may be open while somebody else's server is waited for.
    Soon,
}

/// Does a bounded piece of a job; answers how many rows it dealt with, 0 when nothing is left.
pub type Run = fn(&mut Shift<'_>) -> Result<u64>;

/// Work in the background: idempotent, so that it may be run at any time and by several at once.
#[derive(Debug)]
pub struct Job {
    /// Its name in the store, which remembers by it how far the work has come: unique, and never changed.
    pub key: &'static str,
    /// What it does, for the operator.
    pub name: &'static str,
    /// When it is due.
    pub when: When,
    /// Does a piece.
    pub run: Run,
}

impl Job {
    /// A job for the night.
    pub const fn nightly(key: &'static str, name: &'static str, run: Run) -> Job {
        Job { key, name, when: When::Nightly, run }
    }

    /// A job for the courier.
    pub const fn soon(key: &'static str, name: &'static str, run: Run) -> Job {
        Job { key, name, when: When::Soon, run }
    }
}

/// One round of a job: what it works with, and until when.
pub struct Shift<'a> {
    /// The database.
    pub db: &'a mut Db,
    /// The configuration, the keys, the registry.
    pub house: &'a House,
    /// The round's instant.
    pub now: Timestamp,
    /// When the process is wanted back: nothing new is begun after this.
    pub until: Instant,
    net: Option<&'a dyn Net>,
    next: Option<(Timestamp, bool)>,
}

impl<'a> Shift<'a> {
    /// A round that begins now. Without a network it stays on this machine.
    pub fn new(db: &'a mut Db, house: &'a House, net: Option<&'a dyn Net>, until: Instant) -> Shift<'a> {
        Shift { db, house, now: Timestamp::now(), until, net, next: None }
    }

    /// How long the round may go on.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Sends a request to somebody else's server, within its bounds and the round's.
    ///
    /// # Errors
    /// When the job is none for the courier, which is a defect.
    pub fn send(&self, call: &Call<'_>) -> Result<std::result::Result<Answer, Failure>> {
        let net = self.outside()?;
        Ok(self.within(call).map_or(Err(Failure::Late), |call| net.send(&call)))
    }

    /// Sends a request to where a stranger said, if that is a public address, within its bounds and the round's.
    ///
    /// # Errors
    /// When the job is none for the courier, which is a defect.
    pub fn push(&self, call: &Call<'_>) -> Result<std::result::Result<Answer, Failure>> {
        let net = self.outside()?;
        Ok(self.within(call).map_or(Err(Failure::Late), |call| net.push(&call)))
    }

    /// The call in what is left of the round, if something is.
    fn within<'c>(&self, call: &Call<'c>) -> Option<Call<'c>> {
        let whole = call.bounds.whole.min(self.left());
        (!whole.is_zero()).then(|| Call { bounds: Bounds { whole, ..call.bounds }, ..call.clone() })
    }

    /// Hands a mail over, within its bound and the round's.
    ///
    /// # Errors
    /// When the job is none for the courier, which is a defect.
    pub fn mail(&self, mail: &Mail<'_>) -> Result<std::result::Result<(), Undelivered>> {
        let net = self.outside()?;
        let within = mail.within.min(self.left());
        if within.is_zero() {
            return Ok(Err(Undelivered::yet("no time was left")));
        }
        Ok(net.mail(&Mail { within, ..*mail }))
    }

    fn outside(&self) -> Result<&'a dyn Net> {
        self.net.ok_or_else(|| Error::internal("a job of the night reaches for the network"))
    }

    /// Asks for another shift of the courier at an instant; of several, the earliest counts. Where the courier has ended by then, the next
    /// request or cron has one.
    pub fn again(&mut self, at: Timestamp) {
        self.ask(at, true);
    }

    /// The same for what may not wait for a request: the courier has another one follow. Only for what comes to an end, whatever others'
    /// servers do.
    pub fn soon(&mut self, at: Timestamp) {
        self.ask(at, false);
    }

    fn ask(&mut self, at: Timestamp, is_patient: bool) {
        let asked = (at, is_patient);
        self.next = Some(self.next.map_or(asked, |before| before.min(asked)));
    }

    /// When another shift was asked for, and whether that may wait for a request.
    pub fn next(&self) -> Option<(Timestamp, bool)> {
        self.next
    }
}
