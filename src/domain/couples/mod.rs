//! Pairing: couples and teams, who is in them, and invite codes.

mod api;
mod api_archives;
mod api_join;
mod api_members;
mod graphql;
pub mod rules;
pub mod seats;
pub mod store;
mod texts;

use crate::base::error::Result;
use crate::feature::{Access, COUPLE, Ctx, Feature, Job, Kind, Load, News, Right, Route, Schemas, Wakes, Without, contract};
use rules::{Archive, Couple, Group, Invite, Joined, Member, Team};
use schemars::{Schema, json_schema};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: &[Kind {
        name: COUPLE,
        since: 1,
        load: Load::Own(api::load),
        object: describe,
        own: |_, _| None,
        measure: None,
        wakes: Wakes::High,
    }],
    graph: graphql::GRAPH,
    jobs: &[
        Job::nightly("invites", "expired invites", |s| store::expire(s.db, s.now)),
        Job::nightly("archives", "couples that nobody has a claim of any more", |s| store::end_claims(s.db, s.now)),
    ],
    hears: Some(hears),
    ..Feature::new("couples", ROUTES)
};

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::AccountChanged { .. } => api::show_partner(ctx),
        News::AccountEnding { user } => api::forsake(ctx, *user),
        News::ArchiveEnding { tenant, user } => seats::give_up(ctx.db, *tenant, *user),
        _ => Ok(()),
    }
}

/// What stands in the feed's list: a couple, or a team.
fn describe(schemas: &mut Schemas) -> Schema {
    json_schema!({ "anyOf": [contract::of::<Couple>(schemas), contract::of::<Team>(schemas)] })
}

const MEMBER: Access = Access::Member(Without::NoCouple);
const ONE: Access = Access::Member(Without::NotFound);

const ROUTES: &[Route] = &[
    Route::post("/couple/create/", Access::User, api::create, "Start a couple")
        .takes_nothing()
        .gives_under::<Couple>(201, "couple"),
    Route::get("/couple/", MEMBER, api::couple, "The caller's couple or team").gives::<Group>(200),
    Route::post("/couple/invite/", MEMBER, api_join::invite, "Make a code to join by")
        .takes(rules::INVITE)
        .gives_under::<Invite>(200, "invite")
        .needs(Right::Invite)
        .refuses(&[403]),
    Route::post(
        "/couple/join/",
        Access::User,
        api_join::join,
        "Join a couple, or a team, with which what one writes there stays",
    )
    .takes(rules::JOIN)
    .gives::<Joined>(200)
    .refuses(&[403]),
    Route::post("/couple/leave/", Access::User, api::leave, "Leave; a couple that somebody left before becomes an archive")
        .takes_nothing()
        .gives_nothing()
        .refuses(&[404]),
    Route::get("/couple/archives/", Access::User, api_archives::list, "Couples that the caller is in no more, the latest first")
        .lists::<Archive>(),
    Route::get("/couple/members/", MEMBER, api_members::list, "Who is in the couple or team, in the order of their seats")
        .lists::<Member>(),
    Route::get("/couple/members/{id}/", ONE, api_members::member, "One member").parameters(rules::USER).gives::<Member>(200),
    Route::patch("/couple/members/{id}/", ONE, api_members::update, "Give a member of the team another role")
        .parameters(rules::USER)
        .takes(rules::MEMBER)
        .gives::<Member>(200)
        .needs(Right::Members)
        .refuses(&[403]),
    Route::delete("/couple/members/{id}/", ONE, api_members::remove, "Remove a member of the team, or leave")
        .parameters(rules::USER)
        .gives_nothing()
        .needs(Right::Members)
        .refuses(&[400, 403]),
];
