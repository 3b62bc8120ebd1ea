//! The answer as records: small ones in one piece, large ones without a copy of their content.

use super::record::{self, End, HEADER, MOST_CONTENT};
use super::wire::Wire;
use crate::http::Response;
use crate::http::spool::Spooled;
use std::io::{self, IoSlice};

/// Answers up to this size are put together in one buffer and sent at once; a JSON answer seldom is larger.
pub const OUTPUT_SIZE: usize = 32 << 10;

/// The empty STDOUT record and END_REQUEST.
const TAIL_SIZE: usize = 3 * HEADER;

/// Sends an answer and ends its request. `out` is scratch space.
pub fn send(wire: &Wire, out: &mut Vec<u8>, id: u16, response: &Response) -> io::Result<()> {
    if !response.stderr.is_empty() {
        complain(wire, out, id, &response.stderr)?;
    }
    out.clear();
    record::push_header(out, record::STDOUT, id, 0);
    response.write_head(out);
    if let Some(file) = response.filed() {
        return send_file(wire, out, id, file);
    }
    let content = response.content();
    if out.len() + content.len() + TAIL_SIZE <= OUTPUT_SIZE {
        send_small(wire, out, id, content)
    } else {
        send_large(wire, out, id, content)
    }
}

/// Sends lines for the server's error log, before the answer.
fn complain(wire: &Wire, out: &mut Vec<u8>, id: u16, lines: &[u8]) -> io::Result<()> {
    let lines = &lines[..lines.len().min(MOST_CONTENT)];
    out.clear();
    record::push_header(out, record::STDERR, id, lines.len());
    out.extend_from_slice(lines);
    record::push_header(out, record::STDERR, id, 0);
    wire.send(&mut [IoSlice::new(out)])
}

/// Ends a request that its server took back.
pub fn end(wire: &Wire, out: &mut Vec<u8>, id: u16) -> io::Result<()> {
    out.clear();
    record::push_end(out, id, End::Complete);
    wire.send(&mut [IoSlice::new(out)])
}

/// One record with everything, the end, one system call.
fn send_small(wire: &Wire, out: &mut Vec<u8>, id: u16, content: &[u8]) -> io::Result<()> {
    out.extend_from_slice(content);
    set_content_length(out);
    push_tail(out, id);
    wire.send(&mut [IoSlice::new(out)])
}

/// The head, then the content in as many records as it takes, the end together with the last.
fn send_large(wire: &Wire, out: &mut Vec<u8>, id: u16, content: &[u8]) -> io::Result<()> {
    if out.len() - HEADER > MOST_CONTENT {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the answer's header fields are too long"));
    }
    set_content_length(out);
    let mut left = content.len();
    let mut tail = Vec::with_capacity(TAIL_SIZE);
    if left == 0 {
        push_tail(out, id);
        return wire.send(&mut [IoSlice::new(out)]);
    }
    for piece in content.chunks(MOST_CONTENT) {
        left -= piece.len();
        record::push_header(out, record::STDOUT, id, piece.len());
        if left == 0 {
            push_tail(&mut tail, id);
        }
        wire.send(&mut [IoSlice::new(out), IoSlice::new(piece), IoSlice::new(&tail)])?;
        out.clear();
    }
    Ok(())
}

/// The head, then the content of a file, in records.
fn send_file(wire: &Wire, out: &mut Vec<u8>, id: u16, file: &Spooled) -> io::Result<()> {
    set_content_length(out);
    wire.send(&mut [IoSlice::new(out)])?;
    file.pieces(MOST_CONTENT, &mut |piece, is_last| {
        let mut tail = Vec::with_capacity(TAIL_SIZE);
        out.clear();
        record::push_header(out, record::STDOUT, id, piece.len());
        if is_last {
            push_tail(&mut tail, id);
        }
        wire.send(&mut [IoSlice::new(out), IoSlice::new(piece), IoSlice::new(&tail)])
    })
}

/// Writes the length of the only record in `out` into its head.
fn set_content_length(out: &mut [u8]) {
    let length = u16::try_from(out.len() - HEADER).unwrap_or(u16::MAX);
    if let Some(field) = out.get_mut(4..6) {
        field.copy_from_slice(&length.to_be_bytes());
    }
}

fn push_tail(out: &mut Vec<u8>, id: u16) {
    record::push_header(out, record::STDOUT, id, 0);
    record::push_end(out, id, End::Complete);
}
