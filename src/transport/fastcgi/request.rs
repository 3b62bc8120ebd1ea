//! One request as it arrives: BEGIN_REQUEST, the variables, and the body as a stream.

use super::connection::{Connection, malformed};
use super::params::pairs;
use super::record::{self, End};
use crate::http::Vars;
use crate::transport::{NAP, drains_on};
use std::io::{self, ErrorKind, Read};
use std::time::Instant;

/// The most bytes of variables. Web servers allow header fields of some 8 to 64 KiB in all.
pub const PARAMS_LIMIT: usize = 1 << 20;

/// The most bytes of variables that are read and dropped so that a refusal can be told; beyond it is no web server.
const PARAMS_DRAIN_LIMIT: usize = 16 << 20;

/// A request whose variables have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Its number on the connection.
    pub id: u16,
    /// The server wants to use the connection again.
    pub keep: bool,
    /// What became of the variables.
    pub params: Params,
}

/// What became of a request's variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Params {
    /// They are there.
    Complete,
    /// They were more than [`PARAMS_LIMIT`].
    TooLarge,
    /// The last pair reaches over the end.
    Truncated,
    /// The server took the request back before they were complete, or asked for a role that is not served.
    /// The request was ended.
    Over,
}

/// Receives the next request; `None` when nothing more was sent.
pub fn receive(connection: &mut Connection<'_>, block: &mut Vec<u8>, vars: &mut Vars) -> io::Result<Option<Request>> {
    let Some(header) = connection.begin()? else { return Ok(None) };
    let [role_high, role_low, flags, ..] = connection.exactly::<8>()?;
    let mut request = Request { id: header.id, keep: flags & record::KEEP_CONN != 0, params: Params::Over };
    if u16::from_be_bytes([role_high, role_low]) != record::RESPONDER {
        connection.end(header.id, End::UnknownRole)?;
        return Ok(Some(request));
    }
    request.params = read_params(connection, header.id, block)?;
    if request.params == Params::Complete {
        request.params = parse(block, vars);
    }
    Ok(Some(request))
}

/// Gathers the PARAMS stream.
fn read_params(connection: &mut Connection<'_>, id: u16, block: &mut Vec<u8>) -> io::Result<Params> {
    block.clear();
    let mut total = 0;
    loop {
        let header = connection.next(id)?;
        match header.kind {
            record::PARAMS if header.content == 0 => break,
            record::PARAMS => total += header.content,
            record::ABORT_REQUEST => {
                connection.end(id, End::Complete)?;
                return Ok(Params::Over);
            }
            record::STDIN => return Err(malformed()),
            _ => continue,
        }
        if total <= PARAMS_LIMIT {
            gather(connection, block)?;
        } else if total <= PARAMS_DRAIN_LIMIT {
            connection.settle()?;
        } else {
            return Err(malformed());
        }
    }
    Ok(if total > PARAMS_LIMIT { Params::TooLarge } else { Params::Complete })
}

/// Appends the rest of the current record.
fn gather(connection: &mut Connection<'_>, block: &mut Vec<u8>) -> io::Result<()> {
    while !connection.at_end() {
        let chunk = connection.chunk()?;
        let length = chunk.len();
        block.extend_from_slice(chunk);
        connection.consume(length);
    }
    Ok(())
}

/// Sorts the block into variables. A variable without a name says nothing, and a megabyte of them would fill tables.
fn parse(block: &[u8], vars: &mut Vars) -> Params {
    vars.clear();
    for pair in pairs(block) {
        match pair {
            Ok(([], _)) => {}
            Ok((name, value)) => vars.push(name, value),
            Err(_) => return Params::Truncated,
        }
    }
    Params::Complete
}

/// What has become of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyState {
    /// More is to come.
    Open,
    /// Its end was read.
    Ended,
    /// The server took the request back.
    Aborted,
    /// The peer vanished, stalled, or does not speak FastCGI.
    Broken(ErrorKind),
}

/// The body of one request: the content of its own STDIN records.
#[derive(Debug)]
pub struct Stdin<'c, 'w> {
    connection: &'c mut Connection<'w>,
    id: u16,
    state: BodyState,
}

impl<'c, 'w> Stdin<'c, 'w> {
    /// The body that follows a request's variables.
    pub fn new(connection: &'c mut Connection<'w>, id: u16) -> Self {
        Stdin { connection, id, state: BodyState::Open }
    }

    /// Drops what was not read, within bounds, and tells what became of the body.
    pub fn drain(mut self) -> BodyState {
        let (begun, mut dropped) = (Instant::now(), 0);
        while self.state == BodyState::Open && drains_on(begun, dropped) {
            dropped += self.drop_some().unwrap_or_else(|error| {
                self.state = BodyState::Broken(error.kind());
                0
            });
        }
        self.state
    }

    /// Drops what has come, or comes within a nap; answers how much it was.
    fn drop_some(&mut self) -> io::Result<u64> {
        if !self.connection.arrives(NAP)? {
            return Ok(0);
        }
        self.advance();
        if self.state != BodyState::Open {
            return Ok(0);
        }
        let length = self.connection.chunk()?.len();
        self.connection.consume(length);
        Ok(length as u64)
    }

    /// Goes to the next record of the body.
    fn advance(&mut self) {
        while self.state == BodyState::Open && self.connection.at_end() {
            self.state = match self.connection.next(self.id) {
                Ok(header) if header.kind == record::STDIN && header.content == 0 => BodyState::Ended,
                Ok(header) if header.kind == record::STDIN => return,
                Ok(header) if header.kind == record::ABORT_REQUEST => BodyState::Aborted,
                Ok(_) => match self.connection.settle() {
                    Ok(()) => BodyState::Open,
                    Err(error) => BodyState::Broken(error.kind()),
                },
                Err(error) => BodyState::Broken(error.kind()),
            }
        }
    }

    fn arrives(&mut self) -> io::Result<bool> {
        self.connection.arrives(NAP).inspect_err(|error| self.state = BodyState::Broken(error.kind()))
    }

    fn read_content(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let chunk = self.connection.chunk().inspect_err(|error| self.state = BodyState::Broken(error.kind()))?;
        let length = chunk.len().min(into.len());
        into[..length].copy_from_slice(&chunk[..length]);
        self.connection.consume(length);
        Ok(length)
    }
}

impl Read for Stdin<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        if self.state == BodyState::Open && !self.arrives()? {
            return Err(ErrorKind::TimedOut.into());
        }
        self.advance();
        match self.state {
            BodyState::Open => self.read_content(into),
            BodyState::Ended => Ok(0),
            BodyState::Aborted => Err(ErrorKind::ConnectionAborted.into()),
            BodyState::Broken(kind) => Err(kind.into()),
        }
    }
}
