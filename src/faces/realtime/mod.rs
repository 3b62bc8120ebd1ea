//! Sockets and streams: what happens, as it happens, where an engine in front (Pushpin, by GRIP) holds the connections. No process of
//! ours waits for anybody: the engine makes requests of what clients send, and is told what to pass on.
//!
//! | file | what |
//! |---|---|
//! | `way.rs` | whether a request came through the engine |
//! | `hold.rs` | which channels a connection hears |
//! | `within.rs` | asking the API for what a connection wants |
//! | `stream.rs` | the stream of events |
//! | `events.rs` | the encoding of what happens on a socket |
//! | `socket.rs` | what happens on a socket, event by event |
//! | `opening.rs` | how one is opened, and refused |
//! | `session.rs` | how its session is admitted at each event |
//! | `state.rs` | what it remembers from event to event, sealed |
//! | `reply.rs` | what it is answered |
//! | `later.rs`, `store.rs` | hints that were held back |
//! | `talk.rs`, `words.rs`, `sync.rs` | what clients say, and what is done at each word |

pub mod events;
mod hold;
mod later;
mod opening;
mod reply;
mod session;
mod socket;
mod state;
mod store;
mod stream;
mod sync;
mod talk;
mod texts;
mod way;
mod within;
mod words;

use crate::feature::signals::closing;
use crate::feature::{Access, Content, Face, Feature, Job, Meter, Route, Without};

/// The registry entry.
pub const FEATURE: Feature = Feature {
    jobs: &[
        Job::soon("hints", "hints to sockets that were held back", later::deliver),
        Job::nightly("closings", "ends of sockets that were never told", |shift| closing::purge(shift.db, shift.now)),
    ],
    ..Feature::new("realtime", ROUTES)
};

const ROUTES: &[Route] = &[
    Route::get("/push/stream/", Access::Member(Without::NoCouple), stream::open, "What happens, as a stream of events")
        .own()
        .answers(200, Content::Bytes(stream::MEDIA_TYPE))
        .refuses(&[501]),
    Route::post("/ws/mobile/sync/", Access::Public, socket::serve, "Messages of WebSockets, as Pushpin passes them on")
        .through(Face::Socket)
        .own()
        .metered(Meter::Free),
];
