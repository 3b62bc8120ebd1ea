//! Accounts and sessions.

pub mod accounts;
mod api;
mod api_codes;
mod api_session;
pub mod api_sessions;
mod codes;
pub mod export;
mod exported;
mod graphql;
mod handoff;
pub mod keyed;
mod link;
mod names;
pub mod password;
pub mod reset;
mod revoked;
pub mod rules;
pub mod session;
pub mod store;
mod texts;
mod trust;
pub mod verify;
mod wipe;

use crate::feature::sessions::device;
use crate::feature::{Access, Content, Feature, Held, Job, Right, Route, Without, contract};
use api_sessions::{EndedOthers, OwnSession};
use handoff::{Draft, Waits};
use link::rules::{Codes, Decided, LetIn, Waiting};
use rules::User;
use session::{SignedIn, Tokens};
use wipe::Wish;

/// The registry entry.
pub const FEATURE: Feature =
    Feature { jobs: JOBS, held: HELD, graph: graphql::GRAPH, restored: revoked::RESTORED, ..Feature::new("auth", ROUTES) };

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
        .gives_under::<User>(200, "user")
        .refuses(&[403]),
    Route::delete("/auth/me/", Access::User, api::delete, "Delete the caller's account")
        .own()
        .takes(rules::DELETE)
        .gives_nothing(),
    Route::post("/auth/password/", Access::User, api::password, "Change the password; every other session ends")
        .own()
        .takes(rules::PASSWORDS)
        .gives_nothing()
        .refuses(&[403]),
    Route::get("/auth/sessions/", Access::User, api_sessions::list, "Where the caller is signed in, newest first")
        .lists::<OwnSession>(),
    Route::delete("/auth/sessions/{id}/", Access::User, api_sessions::end, "End a session; one's own is signing out")
        .parameters(rules::SESSION)
        .gives_nothing()
        .refuses(&[404]),
    Route::post("/auth/sessions/end-others/", Access::User, api_sessions::end_others, "End every session but this one")
        .takes_nothing()
        .gives::<EndedOthers>(200),
    Route::post("/devices/{device_id}/wipe/", Access::User, wipe::wish, "Have a lost device delete what it holds of the account")
        .own()
        .parameters(&[device::ID])
        .takes(rules::DELETE)
        .gives::<Wish>(202)
        .refuses(&[403, 404, 409]),
    Route::delete("/devices/{device_id}/wipe/", Access::User, wipe::end_wish, "End the wish that a device be wiped")
        .own()
        .parameters(&[device::ID])
        .takes(rules::DELETE)
        .gives::<Wish>(200)
        .refuses(&[404]),
    Route::post(
        "/devices/wiped/",
        Access::Public,
        wipe::wiped,
        "Say that a device was wiped, by the refresh token of its ended session",
    )
    .own()
    .takes(rules::REFRESH)
    .gives_nothing()
    .refuses(&[401]),
    Route::post("/auth/device/code/", Access::Public, link::api::ask, "Have a new device ask to be let in: its codes")
        .takes(link::rules::ASK)
        .gives::<Codes>(200),
    Route::post("/auth/device/token/", Access::Public, link::api::poll, "Ask whether the new device was let in: its tokens")
        .takes(link::rules::POLL)
        .gives::<LetIn>(200),
    Route::get("/auth/device/{user_code}/", Access::User, link::api::show, "The new device that shows a code")
        .own()
        .parameters(link::rules::SHOWN)
        .gives::<Waiting>(200)
        .refuses(&[404]),
    Route::post("/auth/device/approve/", Access::User, link::api::decide, "Let the new device in that shows a code, or not")
        .own()
        .takes(link::rules::DECIDE)
        .gives::<Decided>(200)
        .refuses(&[403]),
    Route::get("/devices/handoff/", Access::User, handoff::show, "The draft that one of the caller's devices handed over")
        .gives::<Draft>(200)
        .refuses(&[404]),
    Route::put("/devices/handoff/", Access::User, handoff::put, "Hand a draft over to another of the caller's devices")
        .takes(handoff::FIELDS)
        .gives::<Waits>(201)
        .gives::<Waits>(200)
        .refuses(&[428]),
    Route::delete("/devices/handoff/", Access::User, handoff::delete, "Erase the draft: it was taken")
        .gives_nothing()
        .refuses(&[404, 428]),
    Route::post(
        "/auth/password/forgot/",
        Access::Public,
        api_codes::forgot,
        "Have a code to set a new password sent to an address",
    )
    .takes(rules::FORGOT)
    .answers(202, Content::Nothing)
    .refuses(&[501]),
    Route::post(
        "/auth/password/reset/",
        Access::Public,
        reset::reset,
        "Set a new password by a link, or by a code and its address; every session ends",
    )
    .own()
    .takes(rules::RESET)
    .gives_nothing(),
    Route::post(
        "/auth/email/verify/",
        Access::Optional,
        api_codes::verify,
        "Verify the address: by the caller's code, or by a link; without either a code is sent",
    )
    .takes(rules::VERIFY)
    .gives_under::<User>(200, "user")
    .answers(202, Content::Nothing)
    .refuses(&[401, 501]),
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

const HELD: &[Held] = &[Held { name: "own_sessions", load: api_sessions::held, object: contract::of::<OwnSession> }];

const JOBS: &[Job] = &[
    Job::nightly("names", "names of accounts under today's keys", |s| keyed::piece(s.db, &s.house.settings, s.now)),
    Job::nightly("codes", "codes that have ended", |s| codes::store::purge(s.db, s.now)),
    Job::soon("mails", "mails that wait", codes::mail::deliver),
    Job::nightly("sessions", "expired sessions", |s| store::expire(s.db, &s.house.settings, s.now)),
];
