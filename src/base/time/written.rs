//! An instant in the wire form, digit by digit, read and written: an answer of the feed writes several of them an object, a poll's
//! cursor is read more than once, and general code took a twentieth of their time.

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

/// Reads the wire form and nothing else: `None` is for others to read.
pub fn read(text: &str) -> Option<i64> {
    let text: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let fixed = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if fixed.iter().any(|(place, sign)| text[*place] != *sign) {
        return None;
    }
    let number = |place: std::ops::Range<usize>| {
        text[place].iter().try_fold(0_i64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second, rest) = (number(11..13)?, number(14..16)?, number(17..19)?, number(20..23)?);
    let days = days(year, month, day);
    let exists = days >= 0 && date(days) == (year, month, day) && hour < 24 && minute < 60 && second < 60;
    exists.then_some(days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + rest)
}

/// The day since the epoch of a date, where there is one: [`date`] the other way round (`days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, from_march) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH
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
    use super::super::{Timestamp, Written};
    use super::*;
    use proptest::prelude::*;

    fn by_chrono(ms: i64) -> String {
        DateTime::<Utc>::from_timestamp_millis(ms).unwrap().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    #[test]
    fn every_day_is_as_the_calendar_has_it() {
        for day in 0..=LAST / DAY {
            assert_eq!(Timestamp(day * DAY).to_string(), by_chrono(day * DAY));
            assert_eq!(read(&by_chrono(day * DAY)), Some(day * DAY));
        }
        assert_eq!(Timestamp(LAST).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    proptest! {
        #[test]
        fn every_instant_is_as_the_calendar_has_it(ms in 0..=LAST) {
            prop_assert_eq!(Timestamp(ms).to_string(), by_chrono(ms));
            prop_assert_eq!(read(&by_chrono(ms)), Some(ms));
        }

        /// What is read here is read alike by who reads every form.
        #[test]
        fn only_what_there_is_is_read(text in "[0-9]{4}-[0-3][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{3}Z") {
            if let Some(ms) = read(&text) {
                prop_assert_eq!(Written::read(&text).map(|written| (written.ms, written.local)), Some((ms, false)));
            }
        }
    }
}
