//! Devices as their uploads show them, how well uploads go, and the figures of each hour.

mod api;
mod count;
mod graphql;
pub mod rules;
pub mod snapshots;
pub mod store;

use crate::base::error::Result;
use crate::feature::news::MAX_DEVICE;
use crate::feature::{Access, Ctx, Feature, Held, Job, News, Right, Route, Without, contract};
use crate::http::input::Field;
use rules::{Device, SyncHealth};
use snapshots::figures::Snapshot;

/// The registry entry.
pub const FEATURE: Feature =
    Feature { graph: graphql::GRAPH, jobs: JOBS, held: HELD, hears: Some(hears), ..Feature::new("devices", ROUTES) };

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::Uploaded(upload) => count::upload(ctx, upload),
        News::AccountEnding { user } => api::forget(ctx, *user),
        _ => Ok(()),
    }
}

const LIST: Access = Access::Member(Without::Empty);
const ONE: Access = Access::Member(Without::NotFound);
const MEMBER: Access = Access::Member(Without::NoCouple);

/// A device's id is what it calls itself.
const DEVICE: &[Field] = &[Field::name("id", MAX_DEVICE).about("The device_id that the device sends.")];

const ROUTES: &[Route] = &[
    Route::get("/sync/devices/", LIST, api::list, "Devices and how well their uploads go, newest upload first")
        .needs(Right::Watch)
        .lists::<Device>(),
    Route::get("/sync/devices/{id}/health/", ONE, api::device, "One device")
        .needs(Right::Watch)
        .parameters(DEVICE)
        .gives::<Device>(200),
    Route::get("/sync/health/", MEMBER, api::health, "How well uploads went in the last 24 hours")
        .needs(Right::Watch)
        .gives::<SyncHealth>(200),
    Route::get("/sync/health/snapshots/", LIST, api::snapshots, "The figures of each hour, newest first").lists::<Snapshot>(),
];

const JOBS: &[Job] = &[
    Job::nightly("hours", "uploads summed up by the hour", |s| snapshots::sum(s.db, &s.house.settings, s.now)),
    Job::nightly("uploads", "uploads of hours that were summed up", |s| snapshots::purge_uploads(s.db, &s.house.settings, s.now)),
    Job::nightly("figures", "old figures of hours", |s| snapshots::purge(s.db, &s.house.settings, s.now)),
];

const HELD: &[Held] = &[Held { name: "devices", load: api::held, object: contract::of::<Device> }];
