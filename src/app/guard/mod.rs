//! What every request passes: the address, the limits of reads, then [`transact`] with the guards inside a transaction; and
//! what every answer gets.

pub mod address;
pub mod admit;
pub mod cors;
pub mod finish;
pub mod idempotency;
pub mod lifecycle;
pub mod meter;
pub mod slow;
pub mod spent;
mod texts;
pub mod transact;
pub mod uploads;
pub mod versions;

use crate::app::usage;
use crate::base::error::Result;
use crate::feature::room::recount;
use crate::feature::{Ctx, Feature, Job, News, store};

/// The registry entry: what guards write, they also delete.
pub const FEATURE: Feature = Feature { jobs: JOBS, hears: Some(hears), ..Feature::new("guards", &[]) };

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::AccountEnding { user } => spent::forget(ctx, *user),
        _ => Ok(()),
    }
}

const JOBS: &[Job] = &[
    Job::nightly("usage", "uses of what is to go, counted by day", usage::night),
    Job::nightly("attempts", "old failed attempts", |s| store::purge_attempts(s.db, &s.house.settings, s.now)),
    Job::nightly("keys", "expired idempotency keys", |s| idempotency::purge(s.db, &s.house.settings, s.now)),
    Job::nightly("spent", "old traces of idempotency keys", |s| spent::purge(s.db, &s.house.settings, s.now)),
    Job::nightly("limits", "limits of uploads that are not reached", |s| uploads::purge(s.db, &s.house.settings, s.now)),
    Job::nightly("room", "room of couples and teams, counted anew", recount::some),
];
