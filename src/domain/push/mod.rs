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
use crate::feature::{Access, Feature, Held, Job, Messages, Right, Route, Without, contract};
use rules::Message;

/// The registry entry.
pub const FEATURE: Feature = Feature {
    graph: graphql::GRAPH,
    jobs: &[
        Job::nightly("messages", "messages to devices that have expired", |s| store::purge(s.db, s.now)),
        Job::soon("wake_ups", "wake-ups of devices", wake::courier::deliver),
    ],
    held: &[Held { name: "messages", load: api::held, object: contract::of::<Message> }],
    hears: Some(post::hears),
    messages: Some(Messages { between: api::between, object: contract::of::<Message> }),
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
];
