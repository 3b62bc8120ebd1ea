//! The records of one connection: the active request's are handed out, all others are dealt with here.

use super::params::{pairs, push_pair};
use super::record::{self, End, HEADER, Header};
use super::wire::{Input, Wire};
use std::io::{self, ErrorKind, IoSlice};
use std::time::Duration;

/// The answer to GET_VALUES (FastCGI 1.0 §4.1): the connections that are kept, one request at a time.
const VALUES: &[(&[u8], &[u8])] = &[(b"FCGI_MAX_CONNS", b"64"), (b"FCGI_MAX_REQS", b"1"), (b"FCGI_MPXS_CONNS", b"0")];

/// A connection that is being read.
#[derive(Debug)]
pub struct Connection<'a> {
    wire: &'a Wire,
    input: &'a mut Input,
    /// Bytes of the current record's content that are not consumed.
    content: usize,
    /// The padding that follows them.
    padding: usize,
}

/// The error of a peer that does not speak FastCGI: its connection is closed, no more.
pub fn malformed() -> io::Error {
    ErrorKind::InvalidData.into()
}

impl<'a> Connection<'a> {
    /// A connection between two records.
    pub fn new(wire: &'a Wire, input: &'a mut Input) -> Self {
        Connection { wire, input, content: 0, padding: 0 }
    }

    /// Sends bytes.
    pub fn send(&self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        self.wire.send(parts)
    }

    /// The next BEGIN_REQUEST; `None` when nothing more was sent.
    pub fn begin(&mut self) -> io::Result<Option<Header>> {
        loop {
            self.settle()?;
            if self.input.unread().is_empty() {
                return Ok(None);
            }
            if let Some(header) = self.step(None)? {
                return Ok(Some(header));
            }
        }
    }

    /// The next record of the active request.
    pub fn next(&mut self, active: u16) -> io::Result<Header> {
        loop {
            if let Some(header) = self.step(Some(active))? {
                return Ok(header);
            }
        }
    }

    /// Is all of the record's content consumed?
    pub fn at_end(&self) -> bool {
        self.content == 0
    }

    /// Is there anything to read, or does it come within a nap?
    pub fn arrives(&mut self, nap: Duration) -> io::Result<bool> {
        if self.input.unread().is_empty() { self.wire.arrives(self.input, nap) } else { Ok(true) }
    }

    /// Some of the record's content, at least a byte; empty at its end.
    pub fn chunk(&mut self) -> io::Result<&[u8]> {
        if self.content > 0 && self.input.unread().is_empty() {
            self.wire.fill(self.input)?;
        }
        let unread = self.input.unread();
        Ok(&unread[..unread.len().min(self.content)])
    }

    /// Steps over content that [`Connection::chunk`] gave.
    pub fn consume(&mut self, count: usize) {
        self.input.consume(count);
        self.content = self.content.saturating_sub(count);
    }

    /// Reads content of a known size; a record of another size is malformed.
    pub fn exactly<const SIZE: usize>(&mut self) -> io::Result<[u8; SIZE]> {
        if self.content != SIZE {
            return Err(malformed());
        }
        let bytes = self.peek()?;
        self.consume(SIZE);
        Ok(bytes)
    }

    /// Skips the rest of the current record.
    pub fn settle(&mut self) -> io::Result<()> {
        self.content += std::mem::take(&mut self.padding);
        while self.content > 0 {
            let skipped = self.chunk()?.len();
            self.consume(skipped);
        }
        Ok(())
    }

    /// Reads one head. `None`: the record was not the active request's, and is dealt with.
    fn step(&mut self, active: Option<u16>) -> io::Result<Option<Header>> {
        self.settle()?;
        let header = Header::parse(self.peek()?).ok_or_else(malformed)?;
        self.input.consume(HEADER);
        (self.content, self.padding) = (header.content, header.padding);
        match (header.kind, header.id) {
            (kind, 0) => self.manage(kind)?,
            (record::BEGIN_REQUEST, id) => match active {
                None => return Ok(Some(header)),
                Some(active) if active == id => return Err(malformed()),
                Some(_) => self.end(id, End::CantMultiplex)?,
            },
            (_, id) if active == Some(id) => return Ok(Some(header)),
            // FastCGI 1.0 §3.3: records of requests that are not active are ignored.
            _ => {}
        }
        Ok(None)
    }

    /// The next bytes, not consumed.
    fn peek<const SIZE: usize>(&mut self) -> io::Result<[u8; SIZE]> {
        loop {
            if let Some(bytes) = self.input.unread().first_chunk() {
                return Ok(*bytes);
            }
            self.wire.fill(self.input)?;
        }
    }

    /// Ends a request that gets no answer.
    pub fn end(&self, id: u16, end: End) -> io::Result<()> {
        let mut out = Vec::with_capacity(2 * HEADER);
        record::push_end(&mut out, id, end);
        self.send(&mut [IoSlice::new(&out)])
    }

    /// Answers a management record.
    fn manage(&mut self, kind: u8) -> io::Result<()> {
        let mut out = Vec::new();
        if kind == record::GET_VALUES {
            let values = self.values()?;
            record::push_header(&mut out, record::GET_VALUES_RESULT, 0, values.len());
            out.extend_from_slice(&values);
        } else {
            record::push_header(&mut out, record::UNKNOWN_TYPE, 0, 8);
            out.extend_from_slice(&[kind, 0, 0, 0, 0, 0, 0, 0]);
        }
        self.send(&mut [IoSlice::new(&out)])
    }

    /// The values that a GET_VALUES record asks for; names that are not known are left out.
    fn values(&mut self) -> io::Result<Vec<u8>> {
        let mut asked = Vec::with_capacity(self.content);
        while !self.at_end() {
            let chunk = self.chunk()?;
            let length = chunk.len();
            asked.extend_from_slice(chunk);
            self.consume(length);
        }
        let mut values = Vec::new();
        for (name, value) in VALUES {
            if pairs(&asked).flatten().any(|(asked, _)| asked == *name) {
                push_pair(&mut values, name, value);
            }
        }
        Ok(values)
    }
}
