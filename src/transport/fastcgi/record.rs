//! FastCGI records (FastCGI 1.0 §3.3, §8): the 8 bytes before every piece of content.

/// The only version there is.
pub const VERSION: u8 = 1;
/// The bytes of a header.
pub const HEADER: usize = 8;
/// The most content of a record that we send: the largest multiple of 8 in 16 bits, which needs no padding.
pub const MOST_CONTENT: usize = 65_528;

/// The server begins a request.
pub const BEGIN_REQUEST: u8 = 1;
/// The server no longer wants the answer.
pub const ABORT_REQUEST: u8 = 2;
/// We end a request.
pub const END_REQUEST: u8 = 3;
/// Variables.
pub const PARAMS: u8 = 4;
/// The body.
pub const STDIN: u8 = 5;
/// The answer.
pub const STDOUT: u8 = 6;
/// Lines for the server's error log.
pub const STDERR: u8 = 7;
/// The server asks for our limits.
pub const GET_VALUES: u8 = 9;
/// Our limits.
pub const GET_VALUES_RESULT: u8 = 10;
/// We do not know a management record's type.
pub const UNKNOWN_TYPE: u8 = 11;

/// The role of answering HTTP requests; the others are not served.
pub const RESPONDER: u16 = 1;
/// The flag of BEGIN_REQUEST: do not close the connection after the answer.
pub const KEEP_CONN: u8 = 1;

/// How a request ended (FastCGI 1.0 §5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum End {
    /// Normally, or by the server's wish.
    Complete = 0,
    /// It was the second at once on its connection.
    CantMultiplex = 1,
    /// Its role is not served.
    UnknownRole = 3,
}

/// The head of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The type.
    pub kind: u8,
    /// The request; 0 is management of the connection.
    pub id: u16,
    /// Bytes of content that follow.
    pub content: usize,
    /// Bytes to be skipped after the content.
    pub padding: usize,
}

impl Header {
    /// Reads a head; `None` when it is no FastCGI 1.
    pub fn parse(bytes: [u8; HEADER]) -> Option<Header> {
        let [version, kind, id_high, id_low, content_high, content_low, padding, _] = bytes;
        (version == VERSION).then(|| Header {
            kind,
            id: u16::from_be_bytes([id_high, id_low]),
            content: usize::from(u16::from_be_bytes([content_high, content_low])),
            padding: usize::from(padding),
        })
    }
}

/// Appends the head of a record without padding. `content` is at most 65,535.
pub fn push_header(out: &mut Vec<u8>, kind: u8, id: u16, content: usize) {
    let [id_high, id_low] = id.to_be_bytes();
    let [content_high, content_low] = u16::try_from(content).unwrap_or(u16::MAX).to_be_bytes();
    out.extend_from_slice(&[VERSION, kind, id_high, id_low, content_high, content_low, 0, 0]);
}

/// Appends END_REQUEST; the application status is always 0.
pub fn push_end(out: &mut Vec<u8>, id: u16, end: End) {
    push_header(out, END_REQUEST, id, 8);
    out.extend_from_slice(&[0, 0, 0, 0, end as u8, 0, 0, 0]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_header_comes_back(kind: u8, id: u16, content in 0usize..=65_535) {
            let mut out = Vec::new();
            push_header(&mut out, kind, id, content);
            prop_assert_eq!(Header::parse(out.try_into().unwrap()), Some(Header { kind, id, content, padding: 0 }));
        }

        #[test]
        fn any_eight_bytes_are_a_header_of_version_1_or_none(bytes: [u8; 8]) {
            prop_assert_eq!(Header::parse(bytes).is_some(), bytes[0] == 1);
        }
    }
}
