//! Pairing: couples, their partners and invite codes.

mod api;
mod api_join;
mod rules;
mod store;

use crate::feature::{Access, COUPLE, Feature, Job, Kind, Route, Without, contract};
use rules::{Couple, Invite};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: &[Kind { name: COUPLE, first_version: true, load: api::load, object: contract::of::<Couple> }],
    jobs: &[Job { name: "expired invites", run: store::purge }],
    leaving: Some(api::forsake),
    ..Feature::new("couples", ROUTES)
};

const MEMBER: Access = Access::Member(Without::NoCouple);

const ROUTES: &[Route] = &[
    Route::post("/couple/create/", Access::User, api::create, "Start a couple")
        .takes_nothing()
        .gives_under::<Couple>(201, "couple"),
    Route::get("/couple/", MEMBER, api::couple, "The caller's couple").gives_under::<Couple>(200, "couple"),
    Route::post("/couple/invite/", MEMBER, api_join::invite, "Make a code for the partner")
        .takes(rules::INVITE)
        .gives_under::<Invite>(200, "invite")
        .refuses(&[403]),
    Route::post("/couple/join/", Access::User, api_join::join, "Join a couple by its code")
        .takes(rules::JOIN)
        .gives_under::<Couple>(200, "couple"),
    Route::post("/couple/leave/", Access::User, api::leave, "Leave the couple; the last one to leave deletes it")
        .takes_nothing()
        .gives_nothing()
        .refuses(&[404]),
];
