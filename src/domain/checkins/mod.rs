//! Check-ins: how each partner's day was, one a day.

mod api;
mod graphql;
mod offline;
mod rules;
mod store;
mod texts;

use crate::base::error::Result;
use crate::feature::{Access, Ctx, Feature, Kind, Load, News, Restore, Route, Wakes, Without, contract, written};
use rules::Checkin;

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: KINDS,
    graph: graphql::GRAPH,
    offline: offline::OFFLINE,
    hears: Some(hears),
    restored: Restore::of_tenants(store::restored),
    ..Feature::new("checkins", ROUTES)
};

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::AccountEnding { user } => api::forget(ctx, *user),
        News::ArchiveEnding { tenant, user } => api::erase_notes(ctx, *tenant, *user),
        _ => Ok(()),
    }
}

/// Check-ins in the feed.
const CHECKINS: &str = "checkins";

const KINDS: &[Kind] = &[Kind {
    name: CHECKINS,
    since: 1,
    load: Load::Own(api::load_checkins),
    object: contract::of::<Checkin>,
    own: |o, user| written(o, &["user_id"], user),
    measure: Some(store::CHECKIN),
    wakes: Wakes::Normal,
}];

const LIST: Access = Access::Member(Without::Empty);
const NEW: Access = Access::Member(Without::Invalid);
const ONE: Access = Access::Member(Without::NotFound);

const ROUTES: &[Route] = &[
    Route::get("/checkins/", LIST, api::list, "Check-ins from 7 days ago on or of a range, newest day first")
        .parameters(rules::FILTER)
        .lists::<Checkin>(),
    Route::post("/checkins/", NEW, api::create, "Check in")
        .takes(rules::NEW_CHECKIN)
        .gives::<Checkin>(201)
        .gives::<Checkin>(200)
        .refuses(&[409, 410, 412]),
    Route::get("/checkins/{id}/", ONE, api::checkin, "One check-in, one's own or the partner's").gives::<Checkin>(200),
    Route::get("/sync/checkins/{id}/", ONE, api::checkin, "One check-in, as uploads call it").gives::<Checkin>(200),
    Route::put("/checkins/{id}/", ONE, api::update, "Replace one's own check-in")
        .takes(rules::CHECKIN)
        .gives::<Checkin>(200)
        .refuses(&[403, 409]),
    Route::patch("/checkins/{id}/", ONE, api::update, "Change one's own check-in")
        .takes(rules::CHECKIN)
        .gives::<Checkin>(200)
        .refuses(&[403, 409]),
    Route::delete("/checkins/{id}/", ONE, api::delete, "Delete one's own check-in").gives_nothing().refuses(&[403]),
];
