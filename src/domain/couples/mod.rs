//! Pairing: couples and teams, who is in them, and invite codes.

mod api;
mod api_join;
mod api_members;
pub mod rules;
pub mod seats;
pub mod store;

use crate::feature::{Access, COUPLE, Feature, Job, Kind, Route, Without};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: &[Kind { name: COUPLE, first_version: true, load: api::load }],
    jobs: &[Job { name: "expired invites", run: store::purge }],
    leaving: Some(api::forsake),
    ..Feature::new("couples", ROUTES)
};

const MEMBER: Access = Access::Member(Without::NoCouple);
const ONE: Access = Access::Member(Without::NotFound);

const ROUTES: &[Route] = &[
    Route::post("/couple/create/", Access::User, api::create, "Start a couple"),
    Route::get("/couple/", MEMBER, api::couple, "The caller's couple or team"),
    Route::post("/couple/invite/", MEMBER, api_join::invite, "Make a code to join by"),
    Route::post("/couple/join/", Access::User, api_join::join, "Join a couple or a team by its code"),
    Route::post("/couple/leave/", Access::User, api::leave, "Leave; the last one to leave a couple deletes it"),
    Route::get(
        "/couple/members/",
        MEMBER,
        api_members::list,
        "The members of the caller's couple or team, the first to come first",
    ),
    Route::get("/couple/members/{id}/", ONE, api_members::member, "One member"),
    Route::patch("/couple/members/{id}/", ONE, api_members::update, "Give a member of the team another role"),
    Route::delete("/couple/members/{id}/", ONE, api_members::remove, "Remove a member of the team, or leave"),
];
