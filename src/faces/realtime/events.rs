//! How an engine passes on what happens on a WebSocket, and is told what to do (WebSocket-over-HTTP, `application/websocket-events`):
//! a line for each event, with the length of its content in hexadecimal digits where it has one.

use crate::base::word;

/// The media type.
pub const MEDIA_TYPE: &str = "application/websocket-events";

/// What happened, or is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The socket is opened.
    Open,
    /// A message of text.
    Text,
    /// A message of bytes.
    Binary,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// The socket is closed, with a code and a reason as its frame has them.
    Close,
    /// The socket is gone without having been closed.
    Disconnect,
}

const KINDS: [(Kind, &str); 7] = [
    (Kind::Open, "OPEN"),
    (Kind::Text, "TEXT"),
    (Kind::Binary, "BINARY"),
    (Kind::Ping, "PING"),
    (Kind::Pong, "PONG"),
    (Kind::Close, "CLOSE"),
    (Kind::Disconnect, "DISCONNECT"),
];

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'e> {
    /// What it is.
    pub kind: Kind,
    /// What it holds.
    pub content: &'e [u8],
}

/// Reads events; nothing where anything in them is none.
pub fn read(mut body: &[u8]) -> Option<Vec<Event<'_>>> {
    let mut events = Vec::new();
    while !body.is_empty() {
        let (line, rest) = split_line(body)?;
        let line = std::str::from_utf8(line).ok()?;
        let (name, length) = line.split_once(' ').map_or((line, None), |(name, length)| (name, Some(length)));
        let kind = word::named(&KINDS, name)?;
        let Some(length) = length else {
            events.push(Event { kind, content: &[] });
            body = rest;
            continue;
        };
        let content = rest.get(..usize::from_str_radix(length, 16).ok()?)?;
        body = rest.get(content.len()..)?.strip_prefix(b"\r\n")?;
        events.push(Event { kind, content });
    }
    Some(events)
}

fn split_line(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = body.windows(2).position(|pair| pair == b"\r\n")?;
    Some((&body[..end], &body[end + 2..]))
}

/// Writes an event behind others.
pub fn write(into: &mut Vec<u8>, kind: Kind, content: &[u8]) {
    into.extend_from_slice(word::of(&KINDS, &kind).as_bytes());
    if !content.is_empty() {
        into.extend_from_slice(format!(" {:x}\r\n", content.len()).as_bytes());
        into.extend_from_slice(content);
    }
    into.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn events_are_read_as_an_engine_writes_them() {
        let read = |body: &'static [u8]| read(body);
        assert_eq!(read(b"OPEN\r\n").unwrap(), [Event { kind: Kind::Open, content: b"" }]);
        let both = read(b"TEXT B\r\nhello\r\nhold\r\nCLOSE 2\r\n\x03\xe8\r\n").unwrap();
        assert_eq!(both[0].content, b"hello\r\nhold");
        assert_eq!(both[1], Event { kind: Kind::Close, content: b"\x03\xe8" });
        assert_eq!(read(b"").unwrap(), []);
        assert_eq!(read(b"TEXT 0\r\n\r\n").unwrap(), [Event { kind: Kind::Text, content: b"" }]);
        for bad in [
            &b"OPEN"[..],
            b"open\r\n",
            b"TEXT 5\r\nhell\r\n",
            b"TEXT g\r\n",
            b"TEXT 5\r\nhello",
            b"TEXT 1 \r\nx\r\n",
            b"TEXT ffffffffffffffff\r\nx\r\n",
            b"\r\n",
            b"\xff\r\n",
        ] {
            assert!(super::read(bad).is_none(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(all in prop::collection::vec((0..KINDS.len(), prop::collection::vec(any::<u8>(), 0..40)), 0..8)) {
            let mut body = Vec::new();
            all.iter().for_each(|(kind, content)| write(&mut body, KINDS[*kind].0, content));
            let wanted: Vec<Event<'_>> = all.iter().map(|(kind, content)| Event { kind: KINDS[*kind].0, content }).collect();
            prop_assert_eq!(read(&body).unwrap(), wanted);
        }

        #[test]
        fn no_body_panics(body in prop::collection::vec(prop::sample::select(&b"OPENTXCLSD \r\n0123af\xff"[..]), 0..60)) {
            let _ = read(&body);
        }
    }
}
