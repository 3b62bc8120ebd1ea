//! Conflict prevention: how likely an edit is to meet one that its device has not seen, learned on this site from what happened here.
//!
//! [`history`] remembers edits; [`columns`] and [`model`] are what an answer needs; [`train`] is for the operator's program alone, and no route may reach it.

pub mod columns;
pub mod history;
pub mod model;
pub mod train;

use crate::base::error::Result;
use crate::feature::{Ctx, Feature, Held, Job, News, Restore, contract};
use history::edit::Remembered;

/// The registry entry.
pub const FEATURE: Feature = Feature {
    jobs: &[Job::nightly("history", "edits of long ago", history::purge)],
    held: &[Held { name: "history", load: history::held, object: contract::of::<Remembered> }],
    stocks: &[history::STOCK],
    hears: Some(hears),
    restored: Restore::of_tenants(history::store::restored),
    ..Feature::new("risk", &[])
};

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::Landed(landed) => history::remember(ctx, landed),
        News::Left { tenant, user } => history::forget(ctx, *tenant, *user),
        News::AccountEnding { user } => history::forget_everywhere(ctx, *user),
        _ => Ok(()),
    }
}
