//! Plain CGI (RFC 3875): one request from the environment and standard input, its answer to standard output.
//!
//! Most hosts start the program anew for each request, so that nothing here is done that the request does not need.

use super::body::{Body, Length};
use super::{NAP, after, answer, drains_on, due};
use crate::http::{Response, Service, Vars};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::net::Shutdown;
use signal_hook::consts::SIGTERM;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// The buffer for bytes that are dropped, on the stack: small, because each of its pages is touched by every process,
/// whether anything is dropped or not. 64 KiB took 20 µs of each request.
const DROP_SIZE: usize = 8 << 10;

/// Bytes of a file that are sent at once: as many as a pipe takes.
const PIECE: usize = 64 << 10;

/// Answers the one request that this process was started for.
pub fn serve(handler: &mut dyn Service) -> ExitCode {
    let vars = variables(std::env::vars_os());
    let mut body = Body::new(Input(rustix::stdio::stdin()), length(&vars));
    let response = answer(handler, &vars, &mut body);
    drain(&mut body);
    let null = OpenOptions::new().read(true).write(true).open("/dev/null");
    stop_reading(&null);
    let is_due = due(handler);
    if is_due {
        bear();
    }
    let sent = send(rustix::stdio::stdout(), &response);
    if is_due {
        hang_up(&null);
        after(handler);
    }
    if sent.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The environment as variables, bytes as they are.
fn variables(environment: impl Iterator<Item = (OsString, OsString)>) -> Vars {
    let mut vars = Vars::default();
    for (name, value) in environment {
        vars.push(name.as_bytes(), value.as_bytes());
    }
    vars
}

/// Without CONTENT_LENGTH a body ends at the end of the input: so come chunked uploads. A GET or HEAD without one
/// has none, and its input may be something that never ends.
fn length(vars: &Vars) -> Length {
    match (Length::of(vars), vars.get("REQUEST_METHOD")) {
        (Length::Unknown, None | Some(b"GET" | b"HEAD")) => Length::Exactly(0),
        (length, _) => length,
    }
}

/// Reads and drops what the handler left of the body, within bounds.
fn drain(body: &mut impl Read) {
    let mut dropped = [0; DROP_SIZE];
    let (mut total, started) = (0, Instant::now());
    while drains_on(started, total) {
        match body.read(&mut dropped) {
            Err(error) if error.kind() == ErrorKind::TimedOut => {}
            Ok(0) | Err(_) => return,
            Ok(read) => total += read as u64,
        }
    }
}

/// Lets a server that still sends find out that nobody reads, so that it goes on to the answer. `mod_cgid` gives one
/// socket as input and output, of which only one half may be closed; others give pipes.
fn stop_reading(null: &io::Result<File>) {
    let _ = rustix::net::shutdown(rustix::stdio::stdin(), Shutdown::Read);
    if let Ok(null) = null {
        let _ = rustix::stdio::dup2_stdin(null);
    }
}

/// Writes the answer, usually in one piece, past the line buffer of `std::io::stdout`.
fn send(output: BorrowedFd<'_>, response: &Response) -> io::Result<()> {
    let content = response.content();
    let mut bytes = Vec::with_capacity(512 + content.len());
    response.write_head(&mut bytes);
    bytes.extend_from_slice(content);
    write(output, &bytes)?;
    response.filed().map_or(Ok(()), |file| file.pieces(PIECE, &mut |piece, _| write(output, piece)))
}

fn write(output: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(output, rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Bears being asked to end (SIGTERM): lighttpd does so as soon as it has the whole answer, `mod_cgi` and `mod_cgid` at its end,
/// and they kill 3 s later. The work is done by then.
fn bear() {
    let _ = signal_hook::flag::register(SIGTERM, Arc::default());
}

/// Lets the server see the end of the answer before the work that follows it. `mod_cgi` waits for the end of standard
/// error, too. The descriptors stay taken, so that no file opened later can get their numbers and be
/// written to by mistake.
fn hang_up(null: &io::Result<File>) {
    if let Ok(null) = null {
        let _ = rustix::stdio::dup2_stdout(null);
        let _ = rustix::stdio::dup2_stderr(null);
    }
}

/// A descriptor that is read without a buffer between, and waited for in naps.
struct Input<'a>(BorrowedFd<'a>);

impl Read for Input<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (nap, mut fds) = (NAP.try_into().ok(), [PollFd::new(&self.0, PollFlags::IN)]);
        if rustix::io::retry_on_intr(|| poll(&mut fds, nap.as_ref()))? == 0 {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(rustix::io::retry_on_intr(|| rustix::io::read(self.0, &mut *into))?)
    }
}
