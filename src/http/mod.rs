//! Requests and answers, whatever server started the program.

pub mod accept;
pub mod body;
pub mod bounds;
pub mod etag;
pub mod gzip;
pub mod html;
pub mod input;
pub mod key;
pub mod pace;
pub mod paging;
pub mod peer;
pub mod precondition;
pub mod problem;
pub mod problems;
pub mod query;
pub mod request;
pub mod response;
pub mod schema;
pub mod spool;
mod texts;
pub mod vars;
pub mod version;

pub use query::Query;
pub use request::{Method, Request};
pub use response::{EVENT_STREAM, Response};
pub use vars::Vars;

use std::io::Read;

/// What a transport hands requests to.
pub trait Service {
    /// Answers one request. `body` yields exactly the request's body and then its end; an error when the peer
    /// vanished or stalled. It need not be read to its end. The answer is complete.
    fn handle(&mut self, vars: &Vars, body: &mut dyn Read) -> Response;

    /// Is there work to do once the answer was sent? Asked at each answer, so that it must cost next to nothing.
    fn due(&mut self) -> bool {
        false
    }

    /// A bounded piece of that work.
    fn after(&mut self) {}

    /// The answer when [`Service::handle`] panicked. The panic's message may hold what somebody wrote; whoever wants it
    /// sets a hook.
    fn panicked(&mut self, vars: &Vars) -> Response;
}
