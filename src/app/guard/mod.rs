//! What every request passes: the address, the limits of reads, then [`transact`] with the guards inside a transaction; and
//! what every answer gets.

pub mod address;
pub mod admit;
pub mod cors;
pub mod finish;
pub mod idempotency;
pub mod meter;
mod texts;
pub mod transact;
pub mod uploads;

use crate::feature::{Feature, Job, store};

/// The registry entry: what guards write, they also delete.
pub const FEATURE: Feature = Feature { jobs: JOBS, ..Feature::new("guards", &[]) };

const JOBS: &[Job] = &[
    Job { name: "old failed attempts", run: store::purge_attempts },
    Job { name: "expired idempotency keys", run: idempotency::purge },
    Job { name: "limits of uploads that are not reached", run: uploads::purge },
];
