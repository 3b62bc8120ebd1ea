//! What leaves this machine, HTTP and mail, bounded in time and size. A redirect is an answer, never followed.
//!
//! Whoever sends something is given a [`Net`] and names no client: so the web program, which never waits for somebody else's
//! server, links none. `tandem` alone makes one ([`client::Client`], [`outside::Outside`]).

pub mod client;
pub mod grip;
pub mod mail;
pub mod mailer;
pub mod outside;
pub mod public;
#[cfg(test)]
mod tests;
pub mod webpush;

use mail::{Mail, Undelivered};
use std::fmt;
use std::time::Duration;

/// A request to somebody else's server.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The whole address.
    pub url: &'a str,
    /// Its header fields.
    pub fields: &'a [(&'a str, &'a str)],
    /// What it carries.
    pub body: Body<'a>,
    /// How far it may go.
    pub bounds: Bounds,
}

/// The body of a request.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// None.
    Nothing,
    /// These bytes, their length told beforehand.
    Whole(&'a [u8]),
    /// These bytes in chunks, their length not told.
    Chunked(&'a [u8]),
}

/// How far a request may go.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long it may take until the server is connected.
    pub connect: Duration,
    /// How long all of it may take, finding the server's address included.
    pub whole: Duration,
    /// So many bytes of the answer's content are read.
    pub read: u64,
}

/// An answer, as far as it was read.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status, whatever it is.
    pub status: u16,
    /// Its header fields that are text, their names in lower case.
    pub fields: Vec<(String, String)>,
    /// The beginning of its content.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It took longer than its bounds allow.
    Late,
    /// The server's certificate does not hold, and why.
    Certificate(String),
    /// Anything else, in words.
    Other(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Late => f.write_str("no answer in time"),
            Failure::Certificate(why) => write!(f, "invalid peer certificate: {why}"),
            Failure::Other(words) => f.write_str(words),
        }
    }
}

/// What sends requests.
pub trait Net {
    /// Sends a request and waits for its answer, within the call's bounds.
    fn send(&self, call: &Call<'_>) -> Result<Answer, Failure>;

    /// Sends a request to where a stranger said, if that is a public address, within the call's bounds.
    fn push(&self, call: &Call<'_>) -> Result<Answer, Failure>;

    /// Hands a mail over, within the mail's bound.
    fn mail(&self, mail: &Mail<'_>) -> Result<(), Undelivered>;
}
