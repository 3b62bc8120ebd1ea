//! How long a body may take to arrive, and that few slow ones are waited for at a time: each of them keeps a process.

use super::texts;
use crate::base::error::{Refusal, Refused};
use crate::base::text::Message;
use std::io::{self, ErrorKind, Read};
use std::time::{Duration, Instant};

/// The longest that any body may take: what a phone's radio needs to wake up, to be lost in a lift, and to come back.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes for which a second more is borne: 128 kbit/s, what a phone has at the edge of a cell.
const PER_SECOND: u64 = 16 * 1024;
/// The longest silence, however long the body may take: after a minute without a byte the peer is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// When a body is slow: everyday ones have arrived long before.
const SLOW: Duration = Duration::from_secs(5);

/// Asks for one of the few places of slow bodies, for so long; the refusal if they are taken.
pub type Claim<'c> = &'c mut dyn FnMut(Duration) -> Option<Refusal>;

/// A body as it arrives. The transport says [`ErrorKind::TimedOut`] now and then while nothing comes.
pub struct Paced<'p> {
    from: &'p mut dyn Read,
    claim: Claim<'p>,
    /// The announced length; 0 when there is none.
    announced: u64,
    arrived: u64,
    begun: Instant,
    heard: Instant,
    is_slow: bool,
    stop: Option<Stop>,
}

/// Why a body is waited for no longer.
pub enum Stop {
    /// It took so long.
    Late(Duration),
    /// Others that are as slow have every place.
    Crowded(Refusal),
}

impl<'p> Paced<'p> {
    /// A body that begins to arrive.
    pub fn new(from: &'p mut dyn Read, announced: u64, claim: Claim<'p>) -> Self {
        let begun = Instant::now();
        Paced { from, claim, announced, arrived: 0, begun, heard: begun, is_slow: false, stop: None }
    }

    /// Why the body is waited for no longer, if that is why reading failed.
    pub fn into_stop(self) -> Option<Stop> {
        self.stop
    }

    /// How long it may take; one that announced no length earns its time as it comes.
    fn allowed(&self) -> Duration {
        PATIENCE + Duration::from_secs(self.announced.max(self.arrived) / PER_SECOND)
    }

    fn check(&mut self) -> io::Result<()> {
        let (took, allowed) = (self.begun.elapsed(), self.allowed());
        if took > allowed || self.heard.elapsed() > SILENCE {
            self.stop = Some(Stop::Late(took));
        } else if took > SLOW && !self.is_slow {
            self.is_slow = true;
            self.stop = (self.claim)(allowed.saturating_sub(took)).map(Stop::Crowded);
        }
        if self.stop.is_some() { Err(ErrorKind::Other.into()) } else { Ok(()) }
    }
}

impl Read for Paced<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.from.read(into) {
                Err(error) if error.kind() == ErrorKind::TimedOut => self.check()?,
                Ok(read) if read > 0 => {
                    (self.arrived, self.heard) = (self.arrived + read as u64, Instant::now());
                    return self.check().map(|()| read);
                }
                other => return other,
            }
        }
    }
}

/// The refusal of a body of which this much arrived in time: half of the items that came whole leave room.
pub fn too_slow(took: Duration, part: &[u8]) -> Refusal {
    let (seconds, items) = (took.as_secs(), items(part));
    match items.map(|items| (items / 2).max(1)) {
        None => Refusal::with(Refused::TooSlow(None), Message::with(&texts::TOO_SLOW, &[&seconds])),
        Some(items) => Refusal::with(Refused::TooSlow(Some(items)), Message::with(&texts::TOO_SLOW_ITEMS, &[&seconds, &items])),
    }
}

/// How many items of an upload's list came whole: objects that ended, at the least depth where several did.
fn items(part: &[u8]) -> Option<u32> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut ended: Vec<u32> = Vec::new();
    for byte in part {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b']' if !in_string => depth = depth.saturating_sub(1),
            b'}' if !in_string => {
                depth = depth.saturating_sub(1);
                ended.resize(ended.len().max(depth + 1), 0);
                ended[depth] += 1;
            }
            _ => {}
        }
    }
    let list = ended.iter().find(|count| **count > 1);
    list.or_else(|| ended.iter().find(|count| **count > 0)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_that_came_whole_are_counted() {
        let batch = br#"{"device_id":"}","metadata":{"a":1},"records":[{"data":{"x":"}\\\"}"}},{"data":{}},{"data":{}},{"da"#;
        assert_eq!(items(batch), Some(3));
        assert_eq!((items(br#"{"title":"aaaa"#), items(br#"{"records":[{"a":1},{"#)), (None, Some(1)));
        assert_eq!(too_slow(PATIENCE, batch).kind, Refused::TooSlow(Some(1)));
    }

    /// A source that is silent for so long, told in naps.
    struct Silent(Duration);

    impl Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(self.0);
            Err(ErrorKind::TimedOut.into())
        }
    }

    #[test]
    fn a_slow_body_asks_for_its_place_once_and_is_refused_without_one() {
        let mut source = Silent(SLOW + Duration::from_millis(10));
        let mut asked = 0;
        let mut claim = |left: Duration| {
            asked += 1;
            assert!(left < PATIENCE);
            Some(Refusal::too_many(1_000))
        };
        let mut paced = Paced::new(&mut source, 0, &mut claim);
        assert!(paced.read(&mut [0; 8]).is_err());
        assert!(matches!(paced.into_stop(), Some(Stop::Crowded(_))) && asked == 1);
    }
}
