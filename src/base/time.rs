//! Instants, dates and months as the contract writes them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
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
pub const AHEAD: i64 = 2 * HOUR;

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

    /// Reads ISO 8601 with any offset, with a fraction or none, with `T` or a blank, or a bare date (midnight UTC).
    ///
    /// A `+` that arrived as a blank is understood: `2026-01-16T14:30:45 02:00`. A time without an offset is UTC.
    /// Finer than a millisecond is cut. `None` when it is unreadable or no such instant exists.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let text = text.trim();
        let instant = read_instant(text).or_else(|| read_instant(&repair_plus(text)?))?;
        (0..=LAST).contains(&instant).then_some(Timestamp(instant))
    }
}

/// Reads the instant of an HTTP field (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn parse_http(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| Timestamp(at.timestamp_millis()))
}

/// The offset's `+` decodes to a blank in a query string: puts it back.
fn repair_plus(text: &str) -> Option<String> {
    let (head, offset) = text.rsplit_once(' ')?;
    (head.len() > 10).then(|| format!("{head}+{offset}"))
}

fn read_instant(text: &str) -> Option<i64> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.timestamp_millis());
    }
    const OFFSETS: [&str; 4] = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z", "%Y-%m-%d %H:%M%#z"];
    const NAIVE: [&str; 4] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let stripped = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let offset = OFFSETS.iter().find_map(|f| DateTime::parse_from_str(text, f).ok()).map(|at| at.timestamp_millis());
    offset
        .or_else(|| {
            NAIVE.iter().find_map(|f| NaiveDateTime::parse_from_str(stripped, f).ok()).map(|at| at.and_utc().timestamp_millis())
        })
        .or_else(|| date(text)?.and_hms_opt(0, 0, 0).map(|at| at.and_utc().timestamp_millis()))
}

impl fmt::Display for Timestamp {
    /// `2026-01-16T14:30:45.123Z`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
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

/// The calendar date at an instant in an IANA time zone; UTC when the name is not known.
pub fn date_in(at: Timestamp, zone: &str) -> NaiveDate {
    let zone = zone.parse::<chrono_tz::Tz>().unwrap_or(chrono_tz::UTC);
    DateTime::<Utc>::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_send() {
        let at = Some(Timestamp(1_768_573_845_123));
        for text in [
            "2026-01-16T14:30:45.123Z",
            "2026-01-16T15:30:45.123+01:00",
            "2026-01-16T15:30:45.123 01:00",
            "2026-01-16 14:30:45.123",
            "2026-01-16T14:30:45.123456Z",
            "2026-01-16T09:30:45.123-0500",
            "2026-01-16t14:30:45.123z",
        ] {
            assert_eq!(Timestamp::parse(text), at, "{text}");
        }
        assert_eq!(Timestamp::parse("2026-01-16"), Some(Timestamp(1_768_521_600_000)));
    }

    #[test]
    fn impossible_instants_are_unreadable() {
        for text in
            ["", "x", "2026-02-30", "2026-13-01T00:00:00Z", "99999-01-01", "2026-01-16T25:00:00Z", "0000-01-01", "1969-12-31"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn writes_milliseconds() {
        assert_eq!(Timestamp(1_768_573_845_120).to_string(), "2026-01-16T14:30:45.120Z");
    }

    #[test]
    fn months_exist() {
        assert!(is_month("2026-12") && !is_month("2026-13") && !is_month("2026-1") && !is_month("2026-00"));
    }
}
