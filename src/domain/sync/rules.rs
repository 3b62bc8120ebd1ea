//! The rules of the cursor and of pages.

use super::texts;
use crate::base::error::{Refusal, Result};
use crate::base::text::Message;
use crate::base::time::{DAY, Local, Timestamp};
use crate::feature::Kind;
use crate::http::input::{Field, Shape};
use crate::http::version::Version;
use serde_json::Value;

/// How far back a poll without a readable `since` looks, as existing clients expect.
const DEFAULT_SPAN: i64 = DAY;
/// The most changes on a page.
pub const MAX_LIMIT: usize = 1_000;
/// The most bytes of an answer: a phone holds it twice, as text and parsed.
pub const MAX_ANSWER: usize = 16 << 20;
/// Bytes of a row without its object, a tombstone's.
pub const ROW: usize = 128;
/// The most rows of an answer.
pub const MOST_ROWS: usize = MAX_ANSWER / ROW;

/// The parameters of a poll.
pub const PARAMETERS: &[Field] = &[
    Field::lenient("since").about("The last `server_time`; a day ago when it is missing or unreadable."),
    Field::new("limit", Shape::Int(1, MAX_LIMIT as i64))
        .about("Changes on a page; without it, or where it cannot be read, the answer is whole."),
    Field::lenient("epoch").about("The last `epoch`: another one than the tenant's starts over."),
    Field::lenient("include").about(
        "Words, by commas: `objects` puts each whole object beside its row, `messages` adds the messages to the caller's device. \
         Another word means nothing.",
    ),
    Field::new("state", Shape::Choice(&["idle", "socket"]))
        .about("`idle` when the app is open and nobody uses it: `poll_after` is longer; `socket` when its device holds a socket. Another word means nothing."),
    Field::lenient("kinds").about("The lists that are asked for, by commas; none is all of the version's."),
    Field::lenient("own").about(
        "Stamps of `Sync-Stamp`, by commas, at most 20, of what the client has written itself and holds: it is not told of them. It \
         counts beside `epoch` only.",
    ),
    Field::lenient("after").about(
        "`start` asks for a new start, where one is due, in pages by kind and id; `next` of a page for the one behind it, beside \
         the same `since`.",
    ),
];

/// The most characters of an unknown kind that its message repeats.
const SHOWN: usize = 40;

/// One row of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The list it stands in.
    pub kind: String,
    /// The object.
    pub id: String,
    /// When it was changed.
    pub stamp: Timestamp,
    /// Is it a tombstone?
    pub deleted: bool,
    /// The object, where it was asked for.
    pub object: Option<Value>,
    /// The object's version, where it has any.
    pub version: Option<i64>,
}

/// The cursor that a poll sends, where it can be read.
pub fn sent(since: Option<&str>, local: Local) -> Option<Timestamp> {
    since.and_then(|text| Timestamp::parse_as(text, local))
}

/// The instant a poll continues from. Beyond the tenant's clock nothing can have been seen: it continues from the clock.
pub fn cursor(sent: Option<Timestamp>, clock: Timestamp, now: Timestamp) -> Timestamp {
    sent.unwrap_or_else(|| now.plus(-DEFAULT_SPAN)).min(clock)
}

/// The instant before which a cursor must start over: tombstones older than it may be gone. A client that is up to
/// date is never before it, however long its tenant has been silent.
pub fn horizon(purged: Timestamp, clock: Timestamp, now: Timestamp, tombstones: i64) -> Timestamp {
    purged.max(now.plus(-tombstones)).min(clock)
}

/// How far beyond the horizon the first page of a new start reaches at least, whatever its limit: the horizon moves
/// on, and the client needs time to ask for the second page before it is passed.
pub const HEAD_START: i64 = DAY;

/// The lists of a poll, in the order of the registry: those that `?kinds=` names, separated by commas, by any name that `called` knows.
/// Where it names none, they are those that the version's clients know.
///
/// # Errors
/// When a word is no kind: a list that is silently missing would be taken for one without changes.
pub fn kinds(
    all: impl Iterator<Item = &'static Kind>,
    called: impl Fn(&str) -> Option<&'static Kind>,
    asked: Option<&str>,
    version: &Version,
) -> Result<Vec<&'static Kind>> {
    let words = || asked.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    let mut named = Vec::new();
    for word in words() {
        let Some(kind) = called(word) else {
            let shown: String = word.chars().take(SHOWN).collect();
            let known = all.map(|kind| kind.name).collect::<Vec<_>>().join(", ");
            return Err(Refusal::field("kinds", Message::with(&texts::UNKNOWN_KIND, &[&shown, &known])).into());
        };
        named.push(kind.name);
    }
    let carried = |kind: &&Kind| if named.is_empty() { kind.since <= version.number } else { named.contains(&kind.name) };
    Ok(all.filter(carried).collect())
}

/// The most stamps that a poll names as its client's own: what a phone writes between two polls, and each is a comparison for
/// each row.
const MOST_OWN: usize = 20;

/// The stamps that a poll names as its client's own; one that cannot be read is told of.
pub fn own(text: Option<&str>) -> Vec<Timestamp> {
    text.unwrap_or_default().split(',').filter_map(|stamp| Timestamp::parse(stamp.trim())).take(MOST_OWN).collect()
}

/// The page size asked for; unreadable or out of range is none.
pub fn limit(text: Option<&str>) -> Option<usize> {
    text?.trim().parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n))
}

/// Times the machine's load average per processor at which clients are asked to poll more slowly, and how much.
const SLOW_DOWN: [(f64, u32); 2] = [(16.0, 4), (8.0, 2)];

/// How many times longer than usual clients should wait.
pub fn slow_down(load_per_processor: f64) -> u32 {
    SLOW_DOWN.iter().find(|(load, _)| load_per_processor >= *load).map_or(1, |s| s.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::version::VERSIONS;

    static KINDS: [Kind; 3] = [kind("goals", 1), kind("letters", 1), kind("tasks", 2)];

    const fn kind(name: &'static str, since: u8) -> Kind {
        let load = crate::feature::Load::Own(|_, _, _| Ok(Vec::new()));
        Kind {
            name,
            since,
            load,
            object: crate::feature::contract::of::<()>,
            own: |_, _| None,
            measure: None,
            wakes: crate::feature::Wakes::Normal,
        }
    }

    fn names(asked: Option<&str>, version: usize) -> Option<Vec<&'static str>> {
        kinds(KINDS.iter(), |word| KINDS.iter().find(|kind| kind.is(word)), asked, &VERSIONS[version - 1])
            .ok()
            .map(|kinds| kinds.iter().map(|kind| kind.name).collect())
    }

    #[test]
    fn a_poll_has_the_lists_that_it_names() {
        assert_eq!(names(Some(" tasks,,goals,tasks,"), 1).unwrap(), ["goals", "tasks"]);
        for nothing in [None, Some(""), Some(" , ")] {
            assert_eq!(names(nothing, 1).unwrap(), ["goals", "letters"]);
            assert_eq!(names(nothing, 2).unwrap(), ["goals", "letters", "tasks"]);
        }
        for unknown in ["goal", "goals,Tasks", "goals letters"] {
            assert_eq!(names(Some(unknown), 2), None, "{unknown}");
        }
    }

    #[test]
    fn a_cursor_is_never_beyond_the_clock() {
        let (clock, now) = (Timestamp(5 * DAY), Timestamp(6 * DAY));
        let cursor = |since, clock| cursor(sent(since, Local::Utc), clock, now);
        assert_eq!(cursor(None, clock), clock);
        assert_eq!(cursor(Some("9999-01-01"), clock), clock);
        assert_eq!(cursor(Some("1970-01-02T00:00:00Z"), clock), Timestamp(DAY));
        assert_eq!(cursor(Some("rubbish"), Timestamp(9 * DAY)), Timestamp(5 * DAY));
    }

    #[test]
    fn a_client_that_is_up_to_date_never_starts_over() {
        let (month, now) = (30 * DAY, Timestamp(100 * DAY));
        assert_eq!(horizon(Timestamp(0), Timestamp(99 * DAY), now, month), Timestamp(70 * DAY));
        assert_eq!(horizon(Timestamp(0), Timestamp(10 * DAY), now, month), Timestamp(10 * DAY));
        assert_eq!(horizon(Timestamp(80 * DAY), Timestamp(99 * DAY), now, month), Timestamp(80 * DAY));
    }

    #[test]
    fn own_stamps_are_twenty_at_most() {
        assert_eq!(own(Some("1970-01-01T00:00:00.001Z, rubbish,1970-01-01T00:00:00.002Z")), [Timestamp(1), Timestamp(2)]);
        assert_eq!(own(Some(&"1970-01-01,".repeat(30))).len(), MOST_OWN);
        assert!(own(None).is_empty());
    }

    #[test]
    fn limits_out_of_range_are_none() {
        assert_eq!(limit(Some("10")), Some(10));
        for bad in ["0", "-1", "1001", "x", ""] {
            assert_eq!(limit(Some(bad)), None);
        }
    }
}
