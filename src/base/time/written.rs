//! An instant in the wire form, digit by digit: an answer of the feed writes several of them an object, and a general formatter
//! took a twentieth of its time.

use super::{DAY, HOUR, LAST, MINUTE, SECOND};
use chrono::{DateTime, SecondsFormat, Utc};
use std::fmt;

/// Days from 0000-03-01 to the epoch.
const EPOCH: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats itself.
const ERA: i64 = 146_097;

/// Writes milliseconds since the epoch as `2026-01-16T14:30:45.123Z`.
pub fn write(ms: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !(0..=LAST).contains(&ms) {
        let at = DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default();
        return f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true));
    }
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let (year, month, day) = date(ms / DAY);
    let parts = [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, ms % DAY / HOUR),
        (14..16, ms % HOUR / MINUTE),
        (17..19, ms % MINUTE / SECOND),
        (20..23, ms % SECOND),
    ];
    for (place, mut number) in parts {
        for digit in text[place].iter_mut().rev() {
            *digit += u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
        }
    }
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

/// Year, month and day of a day since the epoch. Years begin in March here, so that the leap day is the last one (Howard Hinnant,
/// chrono-Compatible Low-Level Date Algorithms, `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH;
    let (era, of_era) = (days / ERA, days % ERA);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::super::Timestamp;
    use super::*;
    use proptest::prelude::*;

    fn by_chrono(ms: i64) -> String {
        DateTime::<Utc>::from_timestamp_millis(ms).unwrap().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    #[test]
    fn every_day_is_as_the_calendar_has_it() {
        for day in 0..=LAST / DAY {
            assert_eq!(Timestamp(day * DAY).to_string(), by_chrono(day * DAY));
        }
        assert_eq!(Timestamp(LAST).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    proptest! {
        #[test]
        fn every_instant_is_as_the_calendar_has_it(ms in 0..=LAST) {
            prop_assert_eq!(Timestamp(ms).to_string(), by_chrono(ms));
        }
    }
}
