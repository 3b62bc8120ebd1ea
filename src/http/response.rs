//! The answer: complete before its first byte is written.

use super::etag;
use super::spool::{Content, Spooled};
use crate::base::json;
use serde::Serialize;
use std::borrow::Cow;
use std::io::Write;

/// The reason phrases of the statuses that Tandem answers (RFC 9110 §15, RFC 6585).
const REASONS: &[(u16, &str)] = &[
    (200, "OK"),
    (201, "Created"),
    (204, "No Content"),
    (304, "Not Modified"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (408, "Request Timeout"),
    (409, "Conflict"),
    (410, "Gone"),
    (412, "Precondition Failed"),
    (413, "Content Too Large"),
    (415, "Unsupported Media Type"),
    (422, "Unprocessable Content"),
    (428, "Precondition Required"),
    (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"),
    (500, "Internal Server Error"),
    (501, "Not Implemented"),
    (503, "Service Unavailable"),
    (507, "Insufficient Storage"),
];

/// The media type of an ordinary answer.
pub const JSON: &str = "application/json";
/// The media type of streams of events (WHATWG HTML §9.2).
pub const EVENT_STREAM: &str = "text/event-stream";

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Header fields in the order they are sent. `Status` and `Content-Length` are the transport's.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The content.
    pub body: Vec<u8>,
    /// The content in the place of `body`, where it is too large for the memory.
    pub file: Option<Spooled>,
    /// The answer is to a HEAD request: the content's length is sent, the content is not.
    pub head_only: bool,
    /// Lines for the web server's error log, where the program's own log cannot be written.
    pub stderr: Vec<u8>,
}

impl Response {
    /// An answer without content.
    pub fn empty(status: u16) -> Response {
        Response { status, ..Response::default() }
    }

    /// An answer of JSON. A value that cannot be written is a defect and becomes an empty 500.
    pub fn json(status: u16, value: &impl Serialize) -> Response {
        match json::write(value) {
            Ok(body) => Response::bytes(status, JSON, body.into_bytes()),
            Err(_) => Response::empty(500),
        }
    }

    /// An answer of any media type.
    pub fn bytes(status: u16, media_type: &'static str, body: Vec<u8>) -> Response {
        Response { status, headers: vec![("Content-Type", Cow::Borrowed(media_type))], body, ..Response::default() }
    }

    /// An answer of JSON that was written piece by piece.
    pub fn spooled(content: Content) -> Response {
        match content {
            Content::Small(body) => Response::bytes(200, JSON, body),
            Content::Large(file) => Response { file: Some(file), ..Response::bytes(200, JSON, Vec::new()) },
        }
    }

    /// Does its content go on: is it the beginning of a stream of events?
    pub fn goes_on(&self) -> bool {
        self.header("Content-Type") == Some(EVENT_STREAM)
    }

    /// The entity tag of the content.
    pub fn tag(&self) -> String {
        self.file.as_ref().map_or_else(|| etag::of(&self.body), |file| file.tag.clone())
    }

    /// How many bytes the content has.
    fn length(&self) -> u64 {
        self.file.as_ref().map_or(self.body.len() as u64, |file| file.size)
    }

    /// Adds a header field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Response {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds names of request fields that the answer depends on (RFC 9110 §12.5.5).
    #[must_use]
    pub fn vary(mut self, names: &'static str) -> Response {
        match self.headers.iter_mut().find(|(name, _)| *name == "Vary") {
            Some((_, value)) => *value = format!("{value}, {names}").into(),
            None => return self.with("Vary", names),
        }
        self
    }

    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    /// Writes the header block of a CGI answer (RFC 3875 §6.3), empty line included.
    ///
    /// A line break inside a value is left out, so that no value can add a field.
    pub fn write_head(&self, out: &mut Vec<u8>) {
        let reason = REASONS.iter().find(|r| r.0 == self.status).map_or("Unknown", |r| r.1);
        let _ = write!(out, "Status: {} {reason}\r\n", self.status);
        for (name, value) in &self.headers {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend(value.bytes().filter(|b| !matches!(b, b'\r' | b'\n' | 0)));
            out.extend_from_slice(b"\r\n");
        }
        if self.status != 204 && self.status != 304 {
            let _ = write!(out, "Content-Length: {}\r\n", self.length());
        }
        out.extend_from_slice(b"\r\n");
    }

    /// The content as it is sent: nothing for HEAD.
    pub fn content(&self) -> &[u8] {
        if self.head_only { &[] } else { &self.body }
    }

    /// The content that is sent from a file.
    pub fn filed(&self) -> Option<&Spooled> {
        self.file.as_ref().filter(|_| !self.head_only)
    }
}
