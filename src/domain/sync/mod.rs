//! The feed: what changed since.

mod api;
mod asked;
mod feed;
mod graphql;
mod restart;
mod rules;
mod store;
mod texts;
mod whole;

use crate::feature::{self, Access, Content, Feature, Job, Meter, Route, Without};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    graph: graphql::GRAPH,
    jobs: &[Job::nightly("tombstones", "tombstones beyond the horizon", |s| {
        feature::store::purge_tombstones(s.db, &s.house.settings, s.now, feature::room::recount::tombstones)
    })],
    ..Feature::new("sync", ROUTES)
};

const ROUTES: &[Route] = &[Route::get("/sync/changes/", Access::Member(Without::NoCouple), api::changes, "What changed since")
    .metered(Meter::Polls)
    .replicated(api::continues)
    .parameters(rules::PARAMETERS)
    .answers(200, Content::Json(api::describe))
    .refuses(&[400, 413])];
