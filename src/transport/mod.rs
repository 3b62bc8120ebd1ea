//! Bytes to and from requests: FastCGI when fd 0 is a listening socket, else plain CGI, from the same variables.

mod body;
pub mod cgi;
pub mod fastcgi;
mod program;

use crate::http::{Response, Service, Vars};
use program::Program;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long a peer may be silent in the middle of a request or an answer. Web servers spool bodies and answers,
/// so a minute without one byte means that the peer is gone; Apache's own time-out is as long.
pub const IO_TIMEOUT: Duration = Duration::from_secs(60);

/// The most bytes of an unread body that are read and dropped before the answer. A server that sends the whole body
/// before it reads, as `mod_fcgid` and Apache's CGI do, waits on us while we wait on it. `mod_fcgid` once let 1 GiB
/// through by default; dropping that takes half a second and no memory.
const DRAIN_LIMIT: u64 = 1 << 30;

/// The longest that dropping may take: `mod_fcgid` waits 40 s for an answer, and others wait for this process.
const DRAIN_TIME: Duration = Duration::from_secs(30);

/// The silence after which reading a body answers [`std::io::ErrorKind::TimedOut`], once and again: whoever reads decides how
/// long it waits.
const NAP: Duration = Duration::from_secs(1);

/// How long the rest of a body that nobody reads may be silent or slow, and for how many bytes a second more is borne. A server
/// that has the whole body sends it at once; who is slow is the client, and one that was refused for that keeps a process.
const DRAIN_GRACE: Duration = Duration::from_secs(5);
const DRAIN_PACE: u64 = 64 << 10;

/// Is more of an unread body to be dropped, of which this much was?
fn drains_on(begun: Instant, dropped: u64) -> bool {
    let allowed = DRAIN_GRACE + Duration::from_secs(dropped / DRAIN_PACE);
    dropped < DRAIN_LIMIT && begun.elapsed() < allowed.min(DRAIN_TIME)
}

/// How a program serves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The number of requests after which a FastCGI process starts anew; 0 is never.
    pub recycle_after: u64,
    /// How long a FastCGI peer may be silent in the middle of a request or an answer.
    pub io_timeout: Duration,
    /// The most memory, in bytes, that a FastCGI process may have once nobody asks it; with more it starts anew. 0 is any.
    pub most_resident: u64,
    /// How long nobody must ask for that.
    pub rest: Duration,
}

/// What a process may have of its own at rest. With the pages of its program, which may be 6 MiB, that is the 16 MiB that are promised.
pub const MOST_RESIDENT: u64 = 10 << 20;
/// When it is at rest: longer than a phone waits between two requests of one sitting.
const REST: Duration = Duration::from_secs(10);

impl Default for Options {
    fn default() -> Self {
        Options { recycle_after: 0, io_timeout: IO_TIMEOUT, most_resident: 0, rest: REST }
    }
}

/// Is fd 0 a listening socket? "Is a socket" would not tell: Apache's `mod_cgid` gives a CGI program a connected one.
pub fn is_fastcgi() -> bool {
    rustix::net::sockopt::socket_acceptconn(rustix::stdio::stdin()).unwrap_or(false)
}

/// How serving ended.
#[derive(Debug)]
pub enum End {
    /// The process is done.
    Over(ExitCode),
    /// The process has served its time or has grown large, or its program was replaced: it begins anew.
    Recycle,
}

impl End {
    /// Ends the process, or starts the program anew in it, the one that has taken its place where there is one: the same process goes on with the same listening socket, so
    /// that no connection in its queue is lost and no web server takes the end of a process for a crash.
    pub fn conclude(self) -> ExitCode {
        match self {
            End::Over(code) => code,
            End::Recycle => {
                Program::running().restart();
                ExitCode::SUCCESS
            }
        }
    }
}

/// Serves as whatever the web server started: FastCGI until a signal or recycling ends it, or one CGI request.
///
/// The arguments of the program are never read: a web server passes a query there (RFC 3875 §4.4).
pub fn serve(handler: &mut dyn Service, options: &Options) -> End {
    if !is_fastcgi() {
        return End::Over(cgi::serve(handler));
    }
    match fastcgi::Stop::on_signals() {
        Ok(stop) if fastcgi::serve(rustix::stdio::stdin(), handler, options, &stop) => End::Recycle,
        Ok(_) => End::Over(ExitCode::SUCCESS),
        Err(error) => {
            log::error!("cannot watch for signals: {error}");
            End::Over(ExitCode::FAILURE)
        }
    }
}

/// Asks the handler for its answer; a panic becomes an answer too, and the process lives on.
fn answer(handler: &mut dyn Service, vars: &Vars, body: &mut dyn Read) -> Response {
    catch_unwind(AssertUnwindSafe(|| handler.handle(vars, body)))
        .or_else(|_| catch_unwind(AssertUnwindSafe(|| handler.panicked(vars))))
        .unwrap_or_else(|_| problem(500, "Internal Server Error", "The server failed on this request."))
}

/// Has the handler anything to do after its answer? After a panic it has not.
fn due(handler: &mut dyn Service) -> bool {
    catch_unwind(AssertUnwindSafe(|| handler.due())).unwrap_or(false)
}

/// Lets the handler work on after its answer; a panic there has nobody to be told but the log.
fn after(handler: &mut dyn Service) {
    if catch_unwind(AssertUnwindSafe(|| handler.after())).is_err() {
        log::error!("the work after an answer failed");
    }
}

/// An answer to a request that never reaches the handler (RFC 9457). The texts are ours and need no escaping.
fn problem(status: u16, title: &str, detail: &str) -> Response {
    let body = format!(r#"{{"type":"about:blank","title":"{title}","status":{status},"detail":"{detail}"}}"#);
    Response::bytes(status, "application/problem+json", body.into_bytes())
}
