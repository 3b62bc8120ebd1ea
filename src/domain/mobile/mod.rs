//! Mobile sync: what a phone that was offline sends when it comes back.

pub mod answer;
mod api;
pub mod batch;
mod contract;
pub mod domains;
pub mod engine;
mod graphql;
pub mod records;
mod routes;
pub mod telemetry;

use crate::feature::contract::of as describe;
use crate::feature::{Feature, Held};
use telemetry::rules::Kept;

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: records::KINDS,
    graph: graphql::GRAPH,
    held: HELD,
    leaving: Some(telemetry::forget),
    ..Feature::new("mobile", routes::ROUTES)
};

const HELD: &[Held] = &[Held { name: "telemetry", load: telemetry::held, object: describe::<Kept> }];
