//! FastCGI 1.0: one thread, one request at a time, over the listener that the web server gives as fd 0.
//!
//! The loop waits for the listener, the idle connections and the wish to stop. A request is received, handed to the
//! handler, its body dropped as far as it was not read, and answered; then the work after the answer is done.
//! A peer that vanishes, stalls or does not speak FastCGI costs its own connection and nothing else.

mod connection;
mod params;
mod record;
mod reply;
mod request;
mod stop;
#[cfg(test)]
mod tests;
mod weight;
mod wire;

pub use stop::{Stop, Trigger};

use super::body::{Body, Length};
use super::program::Program;
use super::{Options, after, answer, due, problem};
use crate::http::{Response, Service, Vars};
use connection::Connection;
use request::{BodyState, Params, Request, Stdin};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::net::{Shutdown, SocketFlags, accept_with, shutdown};
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};
use wire::{Input, Wire};

/// The most connections that are held without a request. A web server keeps one for each request that it has had at
/// once, and hosts allow 20 of those; each costs a descriptor, of which a process has 1,024.
const IDLE_LIMIT: usize = 64;

/// The most connections that are still accepted once the end is near: the usual length of a listener's queue.
const LAST_ACCEPTS: usize = 128;

/// How long the end is put off for connections that were accepted and whose request is still on its way.
const LAST_CALL: Duration = Duration::from_secs(1);

/// How long no connection is accepted after accepting failed, as it does without a free descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// After so many requests a process that is never at rest looks how much memory it has; that costs three system calls.
const WEIGH_AFTER: u64 = 256;
/// How many times as much as at rest it may have then.
const BUSY: u64 = 4;

/// A request that took less has not taken much memory: to touch 10 MiB alone takes longer.
const LONG: Duration = Duration::from_millis(1);

/// Buffers for variables and answers that an unusual request made larger than this are given back.
const KEPT_BUFFER: usize = 64 << 10;

/// Serves requests until `stop` is raised, the process is due for recycling or its program was replaced. No error of a peer or of accepting
/// ends it. The listener becomes non-blocking, because several processes may share it. Answers whether it is to
/// begin anew.
pub fn serve(listener: BorrowedFd<'_>, handler: &mut dyn Service, options: &Options, stop: &Stop) -> bool {
    let (scratch, program) = (Scratch::default(), Program::running());
    let (idle, served, heavy, large) = (Vec::new(), 0, false, false);
    let mut server = Server { listener, handler, options, stop, scratch, program, idle, served, heavy, large };
    if let Err(error) = rustix::io::ioctl_fionbio(listener, true) {
        log::warn!("the listener stays blocking: {error}");
    }
    server.run();
    !stop.raised()
}

/// Memory that one request after the other uses.
#[derive(Default)]
struct Scratch {
    input: Input,
    block: Vec<u8>,
    vars: Vars,
    out: Vec<u8>,
}

impl Scratch {
    /// Gives back what an unusual request has taken.
    fn trim(&mut self) {
        if self.block.capacity() > KEPT_BUFFER {
            self.block = Vec::new();
            self.vars = Vars::default();
        }
        if self.out.capacity() > KEPT_BUFFER {
            self.out = Vec::new();
        }
    }
}

struct Server<'a> {
    listener: BorrowedFd<'a>,
    handler: &'a mut dyn Service,
    options: &'a Options,
    stop: &'a Stop,
    scratch: Scratch,
    program: Program,
    /// Connections without a request, the one that has waited longest first.
    idle: Vec<Wire>,
    served: u64,
    /// Has it more than it may at rest? It is looked after each request that takes long.
    heavy: bool,
    /// Has it more than it may?
    large: bool,
}

/// What is next on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Nothing has come: wait.
    Wait,
    /// A request is over, and there may be another.
    Again,
    /// A request is over, and the connection too.
    Close,
}

impl Server<'_> {
    /// One connection is accepted for each wait. To accept until there is none was measured to cost more: the call
    /// that finds none is dearer than the wait that finds one.
    fn run(&mut self) {
        while !self.ending() {
            if self.wait_for_all() && !self.ending() {
                self.accept();
            }
        }
        self.finish();
    }

    fn ending(&mut self) -> bool {
        let due = self.options.recycle_after;
        self.stop.raised() || due != 0 && self.served >= due || self.large || self.program.is_replaced()
    }

    /// Serves what already is on its way, so that no request is lost; idle connections are closed by the end. Those that
    /// nobody has accepted wait for the program that follows in this process; after a signal, none does.
    fn finish(&mut self) {
        let until = Instant::now() + LAST_CALL;
        let mut accepts = 0..LAST_ACCEPTS;
        while self.stop.raised() && accepts.next().is_some() && self.accept() {}
        self.wait(Some(Duration::ZERO), false);
        self.idle.retain(|wire| wire.fresh);
        while !self.idle.is_empty() && Instant::now() < until {
            self.wait(Some(until.saturating_duration_since(Instant::now())), false);
        }
    }

    /// Waits for whatever comes first. A heavy process looks again how large it is once it has been at rest. Others set no timer
    /// for that: it was measured at 4 % of a poll.
    fn wait_for_all(&mut self) -> bool {
        self.wait(self.heavy.then_some(self.options.rest), true)
    }

    /// Waits for connections, and serves the idle ones that have become ready. Tells whether the listener is.
    fn wait(&mut self, limit: Option<Duration>, listens: bool) -> bool {
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let mut fds = Vec::with_capacity(2 + self.idle.len());
        fds.extend(self.idle.iter().map(|wire| PollFd::new(&wire.socket, PollFlags::IN)));
        if listens {
            fds.push(PollFd::from_borrowed_fd(self.listener, PollFlags::IN));
            fds.push(PollFd::new(self.stop.pipe(), PollFlags::IN));
        }
        match poll(&mut fds, limit.as_ref()) {
            Ok(0) if listens => {
                drop(fds);
                (self.heavy, self.large) = (false, is_large(self.options, weight::resident(), 1));
                return false;
            }
            Ok(_) => {}
            Err(Errno::INTR) => return false,
            Err(error) => return self.pause("wait for connections", error),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut flags = ready.iter();
        let awake: Vec<Wire> = self.idle.extract_if(.., |_| flags.next() == Some(&true)).collect();
        let listening = flags.next() == Some(&true);
        awake.into_iter().for_each(|wire| self.attend(wire));
        listening
    }

    /// Accepts and serves one connection, if there is one: another process may be faster.
    fn accept(&mut self) -> bool {
        if !self.make_room() {
            return false;
        }
        match accept_with(self.listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            Ok(socket) => self.attend(Wire::new(socket, self.options.io_timeout)),
            Err(Errno::INTR | Errno::CONNABORTED) => {}
            Err(Errno::AGAIN) => return false,
            Err(error) => return self.pause("accept a connection", error),
        }
        true
    }

    /// Sees to it that there is room among the idle connections. The one that has waited longest gives way, unless
    /// it has sent a request meanwhile; then that is served and the next one is looked at in the next round.
    fn make_room(&mut self) -> bool {
        if self.idle.len() >= IDLE_LIMIT {
            let oldest = self.idle.iter().position(|wire| !wire.fresh).unwrap_or(0);
            let wire = self.idle.remove(oldest);
            self.scratch.input.clear();
            if let Ok(Some(1..)) = wire.try_fill(&mut self.scratch.input) {
                self.converse(wire);
            }
        }
        self.idle.len() < IDLE_LIMIT
    }

    /// Bears a failure of the system, without a busy loop.
    fn pause(&mut self, what: &str, error: Errno) -> bool {
        log::warn!("cannot {what}: {error}");
        std::thread::sleep(ACCEPT_PAUSE);
        false
    }

    /// Serves what a connection has sent, if anything.
    fn attend(&mut self, wire: Wire) {
        self.scratch.input.clear();
        match wire.try_fill(&mut self.scratch.input) {
            Ok(None) => self.idle.push(wire),
            Ok(Some(1..)) => self.converse(wire),
            Ok(Some(0)) | Err(_) => {}
        }
    }

    /// Serves a connection until it has nothing more to say.
    fn converse(&mut self, mut wire: Wire) {
        loop {
            match self.exchange(&wire) {
                Ok(Next::Again) => {
                    wire.fresh = false;
                    self.follow();
                    if self.scratch.input.unread().is_empty() {
                        return self.idle.push(wire);
                    }
                }
                Ok(Next::Close) => {
                    drop(wire);
                    return self.follow();
                }
                Ok(Next::Wait) => return self.idle.push(wire),
                Err(_) => return,
            }
        }
    }

    /// Does the work after an answer, if there is any.
    fn follow(&mut self) {
        if due(self.handler) {
            after(self.handler);
            self.weigh();
        }
    }

    /// Looks whether the process has more than it may have at rest.
    fn weigh(&mut self) {
        self.heavy = self.options.most_resident != 0 && is_large(self.options, weight::resident(), 1);
    }

    /// Receives one request and answers it. An error is the connection's end.
    fn exchange(&mut self, wire: &Wire) -> io::Result<Next> {
        let Scratch { input, block, vars, .. } = &mut self.scratch;
        let mut connection = Connection::new(wire, input);
        let Some(request) = request::receive(&mut connection, block, vars)? else { return Ok(Next::Wait) };
        if request.params == Params::Over {
            connection.settle()?;
            return Ok(if request.keep { Next::Again } else { Next::Close });
        }
        self.served += 1;
        if self.served.is_multiple_of(WEIGH_AFTER) {
            let resident = weight::resident();
            (self.heavy, self.large) = (is_large(self.options, resident, 1), is_large(self.options, resident, BUSY));
        }
        let begun = Instant::now();
        let (response, state) = respond(self.handler, &mut connection, request, vars);
        let was_long = begun.elapsed() >= LONG;
        let clean = matches!(state, BodyState::Ended | BodyState::Aborted) && connection.settle().is_ok();
        conclude(wire, &mut self.scratch.out, request.id, &response, state)?;
        self.scratch.trim();
        drop(response);
        if was_long {
            self.weigh();
        }
        Ok(if request.keep && clean && !self.ending() { Next::Again } else { Next::Close })
    }
}

/// Is that more than so many times the memory that a process may have at rest?
fn is_large(options: &Options, resident: Option<u64>, times: u64) -> bool {
    let most = options.most_resident.saturating_mul(times);
    most > 0 && resident.is_some_and(|resident| resident > most)
}

/// Ends a request as what became of its body allows.
fn conclude(wire: &Wire, out: &mut Vec<u8>, id: u16, response: &Response, state: BodyState) -> io::Result<()> {
    match state {
        BodyState::Ended | BodyState::Broken(ErrorKind::TimedOut) => reply::send(wire, out, id, response),
        BodyState::Aborted => reply::end(wire, out, id),
        BodyState::Broken(kind) => Err(kind.into()),
        BodyState::Open => {
            // The server still sends: it must not wait for us to read while we wait for it.
            let _ = shutdown(&wire.socket, Shutdown::Read);
            reply::send(wire, out, id, response)
        }
    }
}

/// The answer to a request, and what became of its body.
fn respond(handler: &mut dyn Service, connection: &mut Connection<'_>, request: Request, vars: &Vars) -> (Response, BodyState) {
    let mut stdin = Stdin::new(connection, request.id);
    let response = match request.params {
        Params::TooLarge => problem(431, "Request Header Fields Too Large", "The request's header fields are too long."),
        Params::Truncated => problem(400, "Bad Request", "The web server sent variables that are cut off."),
        Params::Complete | Params::Over => answer(handler, vars, &mut Body::new(&mut stdin, Length::of(vars))),
    };
    (response, stdin.drain())
}
