//! Mobile sync: what a phone that was offline sends when it comes back.

pub mod answer;
mod api;
pub mod batch;
mod contract;
pub mod domains;
pub mod engine;
pub mod records;
pub mod telemetry;

use crate::feature::{Access, Feature, Handler, Meter, Route, Without};
use answer::{SyncBatchResponse, SyncResponse};

/// The registry entry.
pub const FEATURE: Feature = Feature::new("mobile", ROUTES);

const MEMBER: Access = Access::Member(Without::NoCouple);

/// An upload: it opens its own transaction behind the upload's key and limits.
const fn upload(path: &'static str, handler: Handler, summary: &'static str) -> Route {
    Route::post(path, MEMBER, handler, summary).own().metered(Meter::Uploads)
}

const ROUTES: &[Route] = &[
    upload("/sync/voice/", api::telemetry, "Send voice verifications").takes_json(contract::voice).gives::<SyncResponse>(200),
    upload("/sync/behavioral/", api::telemetry, "Send behavioural events")
        .takes_json(contract::behavioral)
        .gives::<SyncResponse>(200),
    upload("/sync/session/", api::telemetry, "Send sessions").takes_json(contract::session).gives::<SyncResponse>(200),
    upload("/sync/metrics/", api::telemetry, "Send metrics").takes_json(contract::metrics).gives::<SyncResponse>(200),
    upload("/sync/batch/", api::batch, "Send lists of any domain").takes_json(contract::batch).gives::<SyncBatchResponse>(200),
];
