//! A web server's side of FastCGI, written from the specification and not from the product.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Our connection to the program.
pub struct Peer {
    pub socket: UnixStream,
}

/// One record from the program.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    pub kind: u8,
    pub id: u16,
    pub content: Vec<u8>,
}

/// An answer put together from its records.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// Takes a CGI answer apart.
    pub fn parse(bytes: &[u8]) -> Answer {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.strip_prefix("Status: ").unwrap()[..3].parse().unwrap();
        Answer { status, head, body: bytes[end + 4..].to_vec() }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// A record, padded.
pub fn padded(kind: u8, id: u16, content: &[u8], padding: u8) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut record = vec![1, kind, (id >> 8) as u8, id as u8, length[0], length[1], padding, 0];
    record.extend_from_slice(content);
    record.resize(record.len() + usize::from(padding), 0x55);
    record
}

/// A record without padding.
pub fn record(kind: u8, id: u16, content: &[u8]) -> Vec<u8> {
    padded(kind, id, content, 0)
}

/// BEGIN_REQUEST for a responder.
pub fn begin(id: u16, keep: bool) -> Vec<u8> {
    record(1, id, &[0, 1, u8::from(keep), 0, 0, 0, 0, 0])
}

/// Name-value pairs.
pub fn pairs(list: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in list {
        for length in [name.len(), value.len()] {
            match length {
                0..=127 => block.push(length as u8),
                _ => block.extend_from_slice(&(length as u32 | 1 << 31).to_be_bytes()),
            }
        }
        block.extend_from_slice(name);
        block.extend_from_slice(value);
    }
    block
}

/// A stream in records of at most `size` bytes, with its end.
pub fn stream(kind: u8, id: u16, content: &[u8], size: usize) -> Vec<u8> {
    let mut all: Vec<u8> = content.chunks(size).flat_map(|piece| record(kind, id, piece)).collect();
    all.extend(record(kind, id, &[]));
    all
}

/// A whole request.
pub fn request(id: u16, keep: bool, uri: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let params = pairs(&[(b"REQUEST_URI", uri.as_bytes()), (b"CONTENT_LENGTH", length.as_bytes())]);
    [begin(id, keep), stream(4, id, &params, 65_535), stream(5, id, body, 32_768)].concat()
}

impl Peer {
    pub fn connect(path: &Path) -> Peer {
        let socket = UnixStream::connect(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        Peer { socket }
    }

    pub fn send(&mut self, bytes: &[u8]) -> &mut Peer {
        self.socket.write_all(bytes).unwrap();
        self
    }

    pub fn read_record(&mut self) -> Record {
        let mut head = [0; 8];
        self.socket.read_exact(&mut head).unwrap();
        assert_eq!(head[0], 1, "version");
        let mut content = vec![0; usize::from(u16::from_be_bytes([head[4], head[5]]))];
        self.socket.read_exact(&mut content).unwrap();
        self.socket.read_exact(&mut vec![0; usize::from(head[6])]).unwrap();
        Record { kind: head[1], id: u16::from_be_bytes([head[2], head[3]]), content }
    }

    /// Reads an answer to its END_REQUEST, which must say that the request is complete.
    pub fn answer(&mut self, id: u16) -> Answer {
        let mut bytes = Vec::new();
        loop {
            let record = self.read_record();
            assert_eq!(record.id, id);
            match record.kind {
                6 => bytes.extend(record.content),
                3 => {
                    assert_eq!(record.content, [0; 8]);
                    return Answer::parse(&bytes);
                }
                kind => unreachable!("record of type {kind}"),
            }
        }
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, keep: bool, uri: &str, body: &[u8]) -> Answer {
        self.send(&request(1, keep, uri, body)).answer(1)
    }

    /// The other side has closed and sent nothing more.
    pub fn is_closed(&mut self) -> bool {
        match self.socket.read(&mut [0; 1]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}
