//! Mobile sync: what a phone that was offline sends when it comes back.

pub mod answer;
mod api;
pub mod batch;
pub mod domains;
pub mod engine;
pub mod telemetry;

use crate::feature::{Access, Feature, Meter, Route, Without};

/// The registry entry.
pub const FEATURE: Feature = Feature::new("mobile", ROUTES);

const MEMBER: Access = Access::Member(Without::NoCouple);

/// An upload: it opens its own transaction behind the upload's key and limits.
const fn upload(path: &'static str, handler: crate::feature::Handler, summary: &'static str) -> Route {
    Route::post(path, MEMBER, handler, summary).own().metered(Meter::Uploads)
}

const ROUTES: &[Route] = &[
    upload("/sync/voice/", api::telemetry, "Send voice verifications"),
    upload("/sync/behavioral/", api::telemetry, "Send behavioural events"),
    upload("/sync/session/", api::telemetry, "Send sessions"),
    upload("/sync/metrics/", api::telemetry, "Send metrics"),
    upload("/sync/batch/", api::batch, "Send lists of any domain"),
];
