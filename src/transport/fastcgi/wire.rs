//! One accepted socket: reading and sending with time-outs, and the buffer that is read into.
//!
//! The socket does not block. What is there is taken with one system call; only what is not is waited for, so that
//! no call is spent on setting time-outs.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, sendmsg};
use std::io::{self, ErrorKind, IoSlice};
use std::time::Duration;

/// The input buffer. One request's records fit with room to spare; a body passes through it.
const INPUT_SIZE: usize = 32 << 10;

/// A connection from the web server.
#[derive(Debug)]
pub struct Wire {
    /// The socket.
    pub socket: OwnedFd,
    /// Nothing was read from it yet, so that its server surely waits for an answer.
    pub fresh: bool,
    patience: Timespec,
}

impl Wire {
    /// A connection just accepted, with the silence that is borne in the middle of a request.
    pub fn new(socket: OwnedFd, patience: Duration) -> Wire {
        let patience = patience.try_into().unwrap_or(Timespec { tv_sec: 60, tv_nsec: 0 });
        Wire { socket, fresh: true, patience }
    }

    /// Reads what is there: `None` when nothing is, 0 at the end.
    pub fn try_fill(&self, input: &mut Input) -> io::Result<Option<usize>> {
        loop {
            match recv(&self.socket, input.room(), RecvFlags::empty()) {
                Ok((read, _)) => {
                    input.end += read;
                    return Ok(Some(read));
                }
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads at least one byte; the end is an error.
    pub fn fill(&self, input: &mut Input) -> io::Result<()> {
        loop {
            match self.try_fill(input)? {
                Some(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Some(_) => return Ok(()),
                None => self.wait(PollFlags::IN)?,
            }
        }
    }

    /// Sends everything, in one system call when the peer keeps up.
    pub fn send(&self, mut parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        IoSlice::advance_slices(&mut parts, 0);
        while !parts.is_empty() {
            match sendmsg(&self.socket, parts, &mut SendAncillaryBuffer::default(), SendFlags::NOSIGNAL) {
                Ok(sent) => IoSlice::advance_slices(&mut parts, sent),
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Has anything come, or does it within a nap? The end is an error, and so is a nap that uses up all patience.
    pub fn arrives(&self, input: &mut Input, nap: Duration) -> io::Result<bool> {
        match self.try_fill(input)? {
            Some(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Some(_) => return Ok(true),
            None => {}
        }
        match Timespec::try_from(nap).ok().filter(|nap| *nap < self.patience) {
            Some(nap) => self.is_ready(PollFlags::IN, &nap),
            None => self.wait(PollFlags::IN).map(|()| true),
        }
    }

    fn wait(&self, what: PollFlags) -> io::Result<()> {
        if self.is_ready(what, &self.patience)? { Ok(()) } else { Err(ErrorKind::TimedOut.into()) }
    }

    fn is_ready(&self, what: PollFlags, within: &Timespec) -> io::Result<bool> {
        let mut fds = [PollFd::new(&self.socket, what)];
        Ok(rustix::io::retry_on_intr(|| poll(&mut fds, Some(within)))? > 0)
    }
}

/// Bytes that were read and not yet looked at. It belongs to the loop: an idle connection holds none.
#[derive(Debug)]
pub struct Input {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Default for Input {
    fn default() -> Self {
        Input { bytes: vec![0; INPUT_SIZE].into(), start: 0, end: 0 }
    }
}

impl Input {
    /// What was read and not consumed.
    pub fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Steps over bytes; no more than are unread.
    pub fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Free space for reading, never empty while the unread bytes are fewer than the buffer's.
    fn room(&mut self) -> &mut [u8] {
        if self.start == self.end {
            self.clear();
        } else if self.start > 0 && self.end == self.bytes.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.bytes[self.end..]
    }
}
