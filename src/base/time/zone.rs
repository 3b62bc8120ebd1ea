//! Time zones as phones name them.

use super::scan::offset;
use super::{HOUR, MINUTE, Timestamp};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// One of the IANA database.
    Named(Tz),
    /// So many milliseconds ahead of UTC, always.
    Fixed(i64),
}

/// What the systems of phones call zones by letters that are none of the IANA database, where it is beyond doubt.
const LETTERS: &[(&str, Tz)] = &[("KST", Tz::Asia__Seoul), ("JST", Tz::Asia__Tokyo), ("Z", Tz::UTC)];
/// The largest offsets of the IANA database, in hours: `Etc/GMT+12` lies west, `Etc/GMT-14` east.
const OFFSETS: std::ops::RangeInclusive<i64> = -12..=14;

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone::Named(Tz::UTC);

    /// The zone of a name: an IANA name whatever its case, with blanks or underscores; `GMT+09:00`, `UTC+9`.
    pub fn named(text: &str) -> Option<Zone> {
        let name = text.trim().replace(' ', "_");
        let known =
            name.parse().ok().or_else(|| TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(&name)).copied());
        let letters = || LETTERS.iter().find(|(letters, _)| name.eq_ignore_ascii_case(letters)).map(|(_, zone)| *zone);
        known.or_else(letters).map(Zone::Named).or_else(|| fixed(&name))
    }

    /// Its IANA name; an offset that none has is written as phones do.
    pub fn name(self) -> String {
        match self {
            Zone::Named(zone) => zone.name().to_owned(),
            Zone::Fixed(offset) => {
                let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / MINUTE);
                format!("GMT{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }

    /// The instant at which a clock here shows this; of two the earlier. A time that a change of clocks leaves out is read
    /// by the offset before it.
    pub fn instant(self, local: i64) -> i64 {
        match self {
            Zone::Fixed(offset) => local.saturating_sub(offset),
            Zone::Named(zone) => {
                let Some(naive) = naive(local) else { return local };
                let skipped = || zone.offset_from_utc_datetime(&(naive - chrono::Duration::days(1))).fix();
                let found = zone.from_local_datetime(&naive).earliest().map(|at| at.timestamp_millis());
                found.unwrap_or_else(|| local - i64::from(skipped().local_minus_utc()) * super::SECOND)
            }
        }
    }

    /// The calendar date here at an instant.
    pub fn date(self, at: Timestamp) -> NaiveDate {
        self.shown(at).date()
    }

    /// The minute of the day here at an instant.
    pub fn minute(self, at: Timestamp) -> i64 {
        i64::from(self.shown(at).num_seconds_from_midnight() / 60)
    }

    /// What a clock here shows at an instant.
    fn shown(self, at: Timestamp) -> NaiveDateTime {
        match self {
            Zone::Fixed(offset) => naive(at.0 + offset).unwrap_or_default(),
            Zone::Named(zone) => {
                DateTime::<Utc>::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&zone).naive_local()
            }
        }
    }
}

fn naive(ms: i64) -> Option<NaiveDateTime> {
    DateTime::<Utc>::from_timestamp_millis(ms).map(|at| at.naive_utc())
}

/// A zone by its offset. Whole hours have a name in the IANA database, with the sign of POSIX.
fn fixed(name: &str) -> Option<Zone> {
    let upper = name.to_ascii_uppercase();
    let offset = ["GMT", "UTC"].iter().find_map(|prefix| offset(upper.strip_prefix(prefix)?))?;
    if !OFFSETS.contains(&(offset / HOUR)) {
        return None;
    }
    if offset % HOUR != 0 {
        return (offset % MINUTE == 0).then_some(Zone::Fixed(offset));
    }
    let hours = offset / HOUR;
    let name = if hours == 0 { "UTC".to_owned() } else { format!("Etc/GMT{:+}", -hours) };
    name.parse().ok().map(Zone::Named)
}
