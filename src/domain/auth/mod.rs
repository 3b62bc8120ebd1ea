//! Accounts and sessions.

pub mod accounts;
mod api;
mod api_session;
pub mod export;
mod exported;
mod graphql;
pub mod keyed;
mod names;
pub mod password;
pub mod reset;
pub mod revoked;
pub mod rules;
pub mod session;
pub mod store;
mod texts;

use crate::base::error::Result;
use crate::feature::{Access, Content, Ctx, Feature, Job, News, Right, Route, Without};
use rules::User;
use session::{SignedIn, Tokens};

/// The registry entry.
pub const FEATURE: Feature = Feature { jobs: JOBS, graph: graphql::GRAPH, hears: Some(hears), ..Feature::new("auth", ROUTES) };

fn hears(ctx: &mut Ctx<'_>, news: &News<'_>) -> Result<()> {
    match news {
        News::Acknowledged { up_to } => store::acknowledge(ctx.db, &ctx.caller()?.session.clone(), *up_to),
        _ => Ok(()),
    }
}

const MEMBER: Access = Access::Member(Without::NoCouple);

const ROUTES: &[Route] = &[
    Route::post("/auth/register/", Access::Public, api::register, "Make an account and sign in")
        .own()
        .takes(rules::REGISTER)
        .gives::<SignedIn>(201)
        .refuses(&[403]),
    Route::post("/auth/login/", Access::Public, api_session::login, "Sign in").own().takes(rules::LOGIN).gives::<SignedIn>(200),
    Route::post("/auth/refresh/", Access::Public, api_session::refresh, "New tokens for a refresh token")
        .own()
        .takes(rules::REFRESH)
        .gives::<Tokens>(200)
        .refuses(&[401]),
    Route::post("/auth/logout/", Access::Public, api_session::logout, "End the session of a refresh token")
        .own()
        .takes(rules::REFRESH)
        .gives_nothing()
        .refuses(&[401]),
    Route::post("/auth/logout-all/", Access::Public, api_session::logout_all, "End every session of a refresh token's user")
        .own()
        .takes(rules::REFRESH)
        .gives_nothing()
        .refuses(&[401]),
    Route::get("/auth/me/", Access::User, api::me, "The caller's account").gives_under::<User>(200, "user"),
    Route::patch("/auth/me/", Access::User, api::change, "Change the caller's account")
        .takes(rules::CHANGE)
        .gives_under::<User>(200, "user"),
    Route::delete("/auth/me/", Access::User, api::delete, "Delete the caller's account")
        .own()
        .takes(rules::DELETE)
        .gives_nothing(),
    Route::post("/auth/password/", Access::User, api::password, "Change the password; every other session ends")
        .own()
        .takes(rules::PASSWORDS)
        .gives_nothing(),
    Route::post("/auth/password/reset/", Access::Public, reset::reset, "Set a new password by a link; every session ends")
        .own()
        .takes(rules::RESET)
        .gives_nothing(),
    Route::get(
        "/auth/export/",
        Access::User,
        api::export,
        "Everything held on the caller and their couple, or their own of a team",
    )
    .answers(200, Content::Json(api::describe_export)),
    Route::get("/couple/export/", MEMBER, api::export_tenant, "Everything that the couple or team holds")
        .needs(Right::Export)
        .answers(200, Content::Json(api::describe_tenant))
        .refuses(&[403]),
    Route::get(
        "/couple/archives/{id}/export/",
        Access::User,
        api::export_archive,
        "What the caller may claim of a couple that they left or kept",
    )
    .answers(200, Content::Json(api::describe_tenant))
    .refuses(&[404]),
    Route::delete(
        "/couple/archives/{id}/",
        Access::User,
        api::delete_archive,
        "Delete what was kept, or erase one's own of what one left",
    )
    .own()
    .takes(rules::DELETE)
    .gives_nothing()
    .refuses(&[404]),
];

const JOBS: &[Job] = &[
    Job::nightly("names", "names of accounts under today's keys", |s| keyed::piece(s.db, &s.house.settings, s.now)),
    Job::nightly("sessions", "expired sessions", |s| store::expire(s.db, &s.house.settings, s.now)),
];
