//! Conflicts: edits that met a newer version, and how a tenant wants them settled.

mod api;
mod graphql;
pub mod rules;
pub mod store;

pub use rules::{Conflict, Policy, Rule};

use crate::feature::{Access, Feature, Held, Job, Kind, Load, Route, Without, contract};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: &[Kind { name: KIND, first_version: false, load: Load::Own(api::load_conflicts), object: contract::of::<Conflict> }],
    graph: graphql::GRAPH,
    held: &[Held { name: KIND, load: api::held, object: contract::of::<Conflict> }],
    jobs: &[Job { name: "conflicts long settled", run: store::purge }],
    ..Feature::new("conflicts", ROUTES)
};

/// Conflicts in the feed.
pub const KIND: &str = "conflicts";

const MEMBER: Access = Access::Member(Without::NoCouple);

const ROUTES: &[Route] = &[Route::get("/sync/conflicts/", MEMBER, api::list, "Conflicts, newest first")
    .parameters(rules::FILTER)
    .gives::<api::List>(200)
    .paged()
    .refuses(&[400])];
