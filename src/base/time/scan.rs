//! What stands next in a written instant: its date, its time of day, its offset.

use super::{HOUR, MINUTE, SECOND};
use chrono::{NaiveDate, Weekday};

/// Beyond all that the store keeps: the year 100,000, and the year -100,000.
const FAR_YEAR: i64 = 100_000;
/// The most digits of a year.
const YEAR: usize = 9;
/// Digits of a fraction that count: nanoseconds.
const FRACTION: usize = 9;

/// What is still to be read.
pub struct Rest<'t>(pub &'t str);

impl Rest<'_> {
    fn eat(&mut self, any: &[char]) -> bool {
        let rest = self.0.strip_prefix(any);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Digits that stand here.
    fn run(&self) -> usize {
        self.0.bytes().take_while(u8::is_ascii_digit).count()
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let number = self.0.get(..count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        self.0 = &self.0[count..];
        number.parse().ok()
    }

    /// A number of two digits below a bound.
    fn two(&mut self, below: i64) -> Option<i64> {
        self.digits(2).filter(|number| *number < below)
    }

    /// Days since 1970.
    pub fn date(&mut self) -> Option<i64> {
        let negative = self.0.starts_with('-');
        let expanded = self.eat(&['+', '-']);
        let run = self.run();
        let (length, extended) = match run {
            4 | 7 | 8 if !expanded => (4, self.0[run..].starts_with('-')),
            5..=YEAR | 4 if expanded && self.0[run..].starts_with('-') => (run, true),
            _ => return None,
        };
        let year = self.digits(length)? * if negative { -1 } else { 1 };
        // A time of day follows a date, and no hyphen.
        let basic = run > 4 && !expanded;
        if basic && extended {
            return None;
        }
        if extended {
            self.eat(&['-']);
        }
        self.day(year.clamp(-FAR_YEAR, FAR_YEAR), extended)
    }

    /// The rest of a date, behind its year.
    fn day(&mut self, year: i64, extended: bool) -> Option<i64> {
        let year = i32::try_from(year).ok()?;
        let date = if self.eat(&['W', 'w']) {
            let week = self.two(54)?;
            if extended {
                self.eat(&['-']);
            }
            let day = if self.run() > 0 { self.digits(1)? } else { 1 };
            let weekday = Weekday::try_from(u8::try_from(day - 1).ok()?).ok()?;
            NaiveDate::from_isoywd_opt(year, u32::try_from(week).ok()?, weekday)
        } else if self.run() == 3 {
            NaiveDate::from_yo_opt(year, u32::try_from(self.digits(3)?).ok()?)
        } else {
            let month = self.two(13)?;
            if extended && !self.eat(&['-']) {
                return None;
            }
            NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(self.two(32)?).ok()?)
        };
        Some(date?.signed_duration_since(NaiveDate::default()).num_days())
    }

    /// Milliseconds since midnight, and what is finer; nothing when there is only a date.
    pub fn time(&mut self) -> Option<Option<(i64, String)>> {
        let before = self.0;
        let marked = self.eat(&['T', 't']);
        if !marked && !self.blanks() || self.run() == 0 {
            self.0 = if marked { return None } else { before };
            return Some(None);
        }
        let (hour, mut ms, mut unit) = (self.two(25)?, 0, HOUR);
        let extended = self.0.starts_with(':');
        for (below, smaller) in [(60, MINUTE), (61, SECOND)] {
            if extended && !self.eat(&[':']) || !extended && self.run() == 0 {
                break;
            }
            (ms, unit) = (ms + self.two(below)? * smaller, smaller);
        }
        let (fraction, finer) = self.fraction(unit)?;
        ms += fraction;
        (hour < 24 || ms == 0 && finer.is_empty()).then_some(Some((hour * HOUR + ms, finer)))
    }

    /// A fraction of the last number, in whole milliseconds, and the digits beyond them.
    fn fraction(&mut self, unit: i64) -> Option<(i64, String)> {
        if !self.eat(&['.', ',']) {
            return Some((0, String::new()));
        }
        let (digits, rest) = self.0.split_at(self.run());
        self.0 = rest;
        let counted = &digits[..digits.len().min(FRACTION)];
        let scale = 10_i64.pow(u32::try_from(counted.len()).ok()?);
        let ms = counted.parse::<i64>().ok()? * unit / scale;
        let finer = digits.get(if unit == SECOND { 3 } else { FRACTION }..).unwrap_or_default();
        Some((ms, finer.trim_end_matches('0').to_owned()))
    }

    fn blanks(&mut self) -> bool {
        let trimmed = self.0.trim_start_matches(' ');
        let found = trimmed.len() < self.0.len();
        self.0 = trimmed;
        found
    }

    /// The offset in milliseconds, if there is one. A `+` arrives as a blank when it was not escaped in a query.
    pub fn offset(&mut self) -> Option<Option<i64>> {
        let blank = self.blanks();
        for name in ["Z", "z", "UTC", "GMT"] {
            if let Some(rest) = self.0.strip_prefix(name) {
                self.0 = rest;
                return Some(Some(0));
            }
        }
        let negative = self.0.starts_with(['-', '\u{2212}']);
        let told = self.eat(&['+', '-', '\u{2212}']) || blank && self.run() > 0;
        if !told {
            return Some(None);
        }
        let (mut offset, extended) = (self.two(24)? * HOUR, self.0.starts_with(':'));
        for unit in [MINUTE, SECOND] {
            if extended && !self.eat(&[':']) || !extended && self.run() == 0 {
                break;
            }
            offset += self.two(60)? * unit;
        }
        Some(Some(if negative { -offset } else { offset }))
    }
}

/// Milliseconds of an offset such as `+09:00`, `-0330` or `+9`.
pub fn offset(text: &str) -> Option<i64> {
    let (sign, hours) = text.split_at_checked(1)?;
    let hours = if hours.split(':').next()?.len() == 1 { format!("{sign}0{hours}") } else { text.to_owned() };
    let mut rest = Rest(&hours);
    let offset = rest.offset()??;
    (rest.0.is_empty() && !sign.starts_with(['Z', 'z', 'U', 'G'])).then_some(offset)
}
