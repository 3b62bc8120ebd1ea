//! Instants, dates and months as the contract writes them.

mod iso;
mod local;
mod scan;
mod written;
mod zone;

pub use iso::Written;
pub use local::{AHEAD, Local};
pub use zone::Zone;

use chrono::{DateTime, NaiveDate, Utc};
use std::borrow::Cow;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds in a second, minute, hour and day.
pub const SECOND: i64 = 1_000;
/// One minute, in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour, in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day, in milliseconds.
pub const DAY: i64 = 24 * HOUR;

/// What is dated further ahead than this was dated by a clock that was wrong: hosts of one site may differ by an hour, as by a
/// change to summer time that one of them missed.
pub const CLOCKS_APART: i64 = 2 * HOUR;

/// The last instant that the wire form can write: the end of the year 9999.
pub const LAST: i64 = 253_402_300_799_999;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
///
/// Milliseconds, because JavaScript and Dart cut finer instants, and a cursor that comes back cut would
/// deliver its last change again for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The wall clock.
    pub fn now() -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(LAST))
    }

    /// This instant moved by a number of milliseconds, kept between the epoch and the year 9999.
    pub fn plus(self, milliseconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(milliseconds).clamp(0, LAST))
    }

    /// The same without what would tell more of a day than anybody needs.
    #[must_use]
    pub const fn to_the_minute(self) -> Timestamp {
        Timestamp(self.0 - self.0 % MINUTE)
    }

    /// Reads an instant of ISO 8601 in any form; see [`Written`]. A time without an offset is UTC.
    pub fn parse(text: &str) -> Option<Timestamp> {
        Timestamp::parse_as(text, Local::Utc)
    }

    /// Reads an instant in any form, and a time without an offset as `local` says. Finer than a millisecond is cut; what lies
    /// before the epoch or after the year 9999 is the first or the last instant that there is. `None` when it is unreadable.
    pub fn parse_as(text: &str, local: Local) -> Option<Timestamp> {
        written::read(text).map(Timestamp).or_else(|| Written::read(text).map(|written| written.at(local)))
    }
}

impl Written {
    /// The instant, as far as the store has it.
    pub fn at(&self, local: Local) -> Timestamp {
        let ms = if self.local { local.instant(self.ms) } else { self.ms };
        Timestamp(ms.clamp(0, LAST))
    }
}

/// Reads the instant of an HTTP field (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn parse_http(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| Timestamp(at.timestamp_millis()))
}

/// An instant as HTTP fields write it, cut to the second.
pub fn http(at: Timestamp) -> String {
    let at = DateTime::<Utc>::from_timestamp_millis(at.0).unwrap_or_default();
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

impl fmt::Display for Timestamp {
    /// `2026-01-16T14:30:45.123Z`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        written::write(self.0, f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Timestamp::parse(&text).ok_or_else(|| serde::de::Error::custom("not an instant"))
    }
}

impl schemars::JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time", "examples": ["2026-01-16T14:30:45.123Z"] })
    }
}

/// A date `YYYY-MM-DD` that exists, from the year 1 to 9999.
pub fn date(text: &str) -> Option<NaiveDate> {
    let shaped =
        text.len() == 10 && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !shaped || text.starts_with("0000") {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// Is it a month `YYYY-MM`, 01 to 12?
pub fn is_month(text: &str) -> bool {
    text.len() == 7 && date(&format!("{text}-01")).is_some()
}

/// The calendar date at an instant in a zone; UTC when the name is not known.
pub fn date_in(at: Timestamp, zone: &str) -> NaiveDate {
    Zone::named(zone).unwrap_or(Zone::UTC).date(at)
}

#[cfg(test)]
mod tests;
