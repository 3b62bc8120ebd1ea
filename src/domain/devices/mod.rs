//! Devices as their uploads show them, how well uploads go, and the figures of each hour.

mod api;
mod count;
mod graphql;
pub mod own;
pub mod rules;
pub mod snapshots;
pub mod store;
mod texts;

use crate::base::error::Result;
use crate::feature::news::MAX_DEVICE;
use crate::feature::sessions::{device, seen, store as registry};
use crate::feature::{Access, Ctx, Feature, Held, Job, News, Right, Route, Without, contract};
use crate::http::input::Field;
use own::api as mine;
use own::rules::{Briefly, Deactivated, OwnDevice, Registered};
use own::state::{self, SyncState};
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

/// A device of the caller, by what it calls itself.
const NAMED_OWN: &[Field] = &[device::ID];
/// The same, or a member's.
const NAMED: &[Field] = &[device::ID, mine::WHOSE[0]];

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
    Route::get("/devices/", Access::User, mine::list, "The caller's devices, newest first")
        .parameters(mine::WHOSE)
        .lists::<OwnDevice>()
        .refuses(&[403, 404]),
    Route::post("/devices/register/", Access::User, mine::register_by_body, "Register the device of this session, by its body")
        .takes(device::WHOLE)
        .gives::<Briefly>(200)
        .refuses(&[403, 409]),
    Route::get("/devices/{device_id}/", Access::User, mine::one, "One device")
        .parameters(NAMED)
        .gives::<OwnDevice>(200)
        .refuses(&[403, 404]),
    Route::put("/devices/{device_id}/", Access::User, mine::put, "Register the device of this session, or say what is new of it")
        .parameters(NAMED_OWN)
        .takes(device::DETAILS)
        .gives::<Registered>(201)
        .gives::<Registered>(200)
        .refuses(&[403, 409]),
    Route::patch("/devices/{device_id}/", Access::User, mine::change, "Change what a device is called, and how much it counts")
        .parameters(NAMED)
        .takes(device::CHANGE)
        .gives::<OwnDevice>(200)
        .refuses(&[403, 404]),
    Route::get(
        "/devices/{device_id}/sync-state/",
        Access::User,
        state::state,
        "What a device holds, and what it has not fetched yet",
    )
    .parameters(NAMED_OWN)
    .gives::<SyncState>(200)
    .refuses(&[404]),
    Route::delete("/devices/{device_id}/", Access::User, mine::delete, "End a device's sessions; one's own is signing out")
        .parameters(NAMED)
        .gives::<Deactivated>(200)
        .refuses(&[403, 404]),
];

const JOBS: &[Job] = &[
    Job::nightly("hours", "uploads summed up by the hour", |s| snapshots::sum(s.db, &s.house.settings, s.now)),
    Job::nightly("uploads", "uploads of hours that were summed up", |s| snapshots::purge_uploads(s.db, &s.house.settings, s.now)),
    Job::nightly("seen", "what devices have polled", seen::night),
    Job::nightly("ended", "sessions that ended long ago", |s| registry::purge_ended(s.db, &s.house.settings, s.now)),
    Job::nightly("devices", "devices that nobody uses any more", |s| registry::purge_devices(s.db, &s.house.settings, s.now)),
    Job::nightly("figures", "old figures of hours", |s| snapshots::purge(s.db, &s.house.settings, s.now)),
];

const HELD: &[Held] = &[
    Held { name: "devices", load: api::held, object: contract::of::<Device> },
    Held { name: "own_devices", load: mine::held, object: contract::of::<OwnDevice> },
];
