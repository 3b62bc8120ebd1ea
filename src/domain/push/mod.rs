//! Messages to devices: that there is something to fetch, that somebody must act. They hold ids and states, never content; whoever
//! misses one misses nothing, because the feed has it all.

mod api;
mod graphql;
pub mod key;
pub mod post;
pub mod rules;
mod store;
pub mod subscriptions;
mod texts;
pub mod wake;

use crate::feature::restore::Restore;
use crate::feature::{Access, Content, Feature, Held, Job, Messages, Right, Route, Without, contract};
use rules::Message;
use subscriptions::shown::Shown;
use subscriptions::{api as subscribed, fields};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    graph: graphql::GRAPH,
    jobs: &[
        Job::nightly("messages", "messages to devices that have expired", |s| store::purge(s.db, s.now)),
        Job::nightly("subscriptions", "subscriptions whose time is over", |s| subscriptions::store::purge(s.db, s.now)),
        Job::soon("wake_ups", "wake-ups of devices", wake::courier::deliver),
    ],
    held: &[
        Held { name: "messages", load: api::held, object: contract::of::<Message> },
        Held { name: "push_subscriptions", load: subscribed::held, object: contract::of::<Shown> },
    ],
    hears: Some(post::hears),
    messages: Some(Messages { between: api::between, object: contract::of::<Message>, wishes: subscriptions::change::wishes }),
    restored: Restore::of_tenants(post::restored),
    ..Feature::new("push", ROUTES)
};

const MEMBER: Access = Access::Member(Without::NoCouple);

const ROUTES: &[Route] = &[
    Route::get("/push/messages/", MEMBER, api::list, "Messages to the caller's device, oldest first")
        .parameters(rules::PAGE)
        .gives::<api::List>(200),
    Route::post("/push/ack/", Access::User, api::acknowledge, "Say up to where this device has seen its messages")
        .takes(rules::ACK)
        .gives_nothing(),
    Route::post("/push/send/", MEMBER, api::send, "Send a message to one's own devices, or to a team")
        .takes(rules::SEND)
        .gives::<Message>(201)
        .needs(Right::Send)
        .refuses(&[403, 429]),
    Route::get("/push/", Access::User, subscribed::about, "What an app needs to know before it subscribes")
        .own()
        .gives::<subscribed::About>(200),
    Route::get("/push/subscriptions/", Access::User, subscribed::list, "The caller's subscriptions, oldest first")
        .lists::<Shown>(),
    Route::post(
        "/push/subscriptions/",
        Access::User,
        subscribed::subscribe,
        "Subscribe the device of this session, or renew that",
    )
    .takes(fields::WHOLE)
    .gives::<Shown>(201)
    .gives::<Shown>(200)
    .refuses(&[409, 429, 501]),
    Route::get("/push/subscriptions/{id}/", Access::User, subscribed::one, "One subscription")
        .gives::<Shown>(200)
        .refuses(&[404]),
    Route::patch("/push/subscriptions/{id}/", Access::User, subscribed::change, "Change what wakes a device, and when")
        .takes(fields::CHANGE)
        .gives::<Shown>(200)
        .refuses(&[404]),
    Route::delete("/push/subscriptions/{id}/", Access::User, subscribed::delete, "End a subscription")
        .takes_nothing()
        .gives_nothing()
        .refuses(&[404]),
    Route::post(
        "/push/subscriptions/{id}/verify/",
        Access::User,
        subscribed::verify,
        "Verify a subscription by the code that its device was sent",
    )
    .takes(fields::CODE)
    .gives::<Shown>(200)
    .refuses(&[404]),
    Route::post("/push/subscriptions/{id}/test/", Access::User, subscribed::test, "Have a device woken, to try it")
        .takes_nothing()
        .answers(202, Content::Nothing)
        .refuses(&[404, 409, 429]),
];
