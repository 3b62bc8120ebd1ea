//! What is done after answers: maintenance at night, and what leaves the machine, soon.
//!
//! | file | what |
//! |---|---|
//! | `marks.rs` | when something is due, as files' times |
//! | `lease.rs` | whose turn it is, in the database |
//! | `nightly.rs` | maintenance: by cron, or in pieces after answers |
//! | `soon.rs` | the web program's part in what is due soon: it starts the courier, and waits for nobody |
//! | `courier.rs` | the courier: a process of its own that may wait for somebody else's server |
//!
//! To know that nothing is due costs one look at a file a process, and no query.

pub mod apart;
pub mod courier;
pub mod lease;
pub mod marks;
pub mod nightly;
pub mod soon;
#[cfg(test)]
mod tests;

use crate::base::error::Result;
use crate::base::time::{HOUR, SECOND, Timestamp};
use crate::db::Db;
use crate::feature::{Ctx, Feature, House, Job, Settings, When};
use marks::Marks;

/// So long after it was last done, in milliseconds, maintenance is due without cron, which comes every 24 hours and may
/// be late. Nothing is ever due later than this.
pub const PERIOD: i64 = 26 * HOUR;
/// How long a process believes what it has seen, in milliseconds.
const LOOK: i64 = SECOND;
/// So long before it is due a courier is started, in milliseconds: it waits by itself, and there may be no later request.
const AHEAD: i64 = 15 * SECOND;

/// The jobs that are due so, in the order in which they are done.
pub fn jobs(features: &'static [&'static Feature], when: When) -> impl Iterator<Item = &'static Job> {
    features.iter().flat_map(|feature| feature.jobs).filter(move |job| job.when == when)
}

/// Has this instant come? One that lies further ahead than any that is ever set was set by a clock that was wrong.
fn has_come(at: Timestamp, now: Timestamp, furthest: i64) -> bool {
    at <= now || at > now.plus(furthest)
}

/// Commits a transaction. That connections end with it is noted for the courier before: this process may be killed afterwards.
///
/// # Errors
/// The database's.
pub fn commit(ctx: &mut Ctx<'_>) -> Result<()> {
    if let Some(at) = ctx.closing() {
        // Without the marks, the next courier finds it.
        let _ = Marks::of(&ctx.house.settings).owe(at);
    }
    ctx.commit()
}

/// What a process of the web program remembers of it.
#[derive(Default)]
pub struct AfterAnswers {
    /// Before this it does not look again.
    look: Timestamp,
}

impl AfterAnswers {
    /// Is there something to do? Mostly one look at the clock, now and then one at a file.
    pub fn due(&mut self, settings: &Settings) -> bool {
        let now = Timestamp::now();
        if !has_come(self.look, now, LOOK) {
            return false;
        }
        self.look = now.plus(LOOK);
        Marks::first(settings).get().is_none_or(|at| has_come(at, now, PERIOD))
    }

    /// A request has made work for the courier. Without the marks, cron has it done.
    pub fn owe(&mut self, settings: &Settings, at: Timestamp) {
        let _ = Marks::of(settings).owe(at);
        self.look = Timestamp::default();
    }

    /// Does what is due, or a piece of it.
    pub fn follow(&mut self, house: &House, db: &mut Option<Db>) {
        let (now, marks) = (Timestamp::now(), Marks::of(&house.settings));
        // The others leave it to this process. Where not even that can be written, nothing can.
        if marks.work.set(now.plus(nightly::LEASE)).is_err() {
            return;
        }
        soon::after_answer(&house.settings, &marks, now);
        if has_come(marks.nightly.get().unwrap_or_default(), now, PERIOD) {
            nightly::after_answer(house, db, &marks, now);
        }
        // Without the mark, the next request looks at the others.
        let _ = marks.settle();
    }
}
