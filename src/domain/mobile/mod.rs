//! Mobile sync: what a phone that was offline sends when it comes back.

pub mod answer;
mod api;
pub mod batch;
mod catalog;
pub mod conflicts;
mod contract;
pub mod domains;
pub mod engine;
mod graphql;
mod object;
pub mod records;
mod routes;
mod sender;
pub mod telemetry;
mod texts;
mod words;

use crate::base::error::Result;
use crate::feature::contract::of as describe;
use crate::feature::{Ctx, Feature, Held, News, Restore};
use telemetry::rules::Kept;

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: records::KINDS,
    graph: graphql::GRAPH,
    held: HELD,
    stocks: telemetry::STOCKS,
    hears: Some(hears),
    restored: Restore::of_tenants(records::restored),
    ..Feature::new("mobile", routes::ROUTES)
};

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::AccountEnding { user } => telemetry::forget(ctx, *user),
        News::ArchiveEnding { tenant, user } => records::erase::personal(ctx, *tenant, *user),
        News::Buried { kind, id } => records::erase::conflicts_of(ctx, kind, id),
        News::Replayed { answer } => records::tell_again(ctx, answer),
        _ => Ok(()),
    }
}

const HELD: &[Held] = &[Held { name: "telemetry", load: telemetry::held, object: describe::<Kept> }];
