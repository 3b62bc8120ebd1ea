//! The wake-ups of a device's last day, so that none of the bounds is exceeded, however often the courier is started anew.

use crate::base::time::{DAY, SECOND, Timestamp};
use crate::domain::push::rules::Priority;

/// Of what is critical so many are remembered: more than any bound counts. Of the others no more are ever sent in a day.
const CRITICAL: usize = 20;
/// All that are ever remembered: 20 normal ones, 60 high ones, 20 critical ones. Written, that is 700 characters.
const MOST: usize = 100;
/// Digits of an instant in seconds.
const DIGITS: usize = 6;
/// The base of those digits.
const BASE: u32 = 36;
/// A wake-up further ahead than this was noted by a clock that was wrong, in milliseconds.
const AHEAD: i64 = 2 * SECOND;
/// The letter of each priority.
const LETTERS: [(Priority, char); 3] = [(Priority::Normal, 'n'), (Priority::High, 'h'), (Priority::Critical, 'c')];

/// When a device was woken, and of what priority: the newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past(Vec<(Timestamp, Priority)>);

impl Past {
    /// As it was written; what counts no more is left out, and so is what cannot be read.
    pub fn read(text: &str, now: Timestamp) -> Past {
        let all = text.as_bytes().chunks(1 + DIGITS).filter_map(|entry| one(std::str::from_utf8(entry).ok()?));
        Past(all.filter(|(at, _)| at.plus(DAY) > now && *at <= now.plus(AHEAD)).collect())
    }

    /// As it is kept.
    pub fn written(&self) -> String {
        self.0.iter().map(|(at, priority)| entry(*at, *priority)).collect()
    }

    /// With one more.
    #[must_use]
    pub fn and(mut self, at: Timestamp, priority: Priority) -> Past {
        // To the second, and never too early: so no bound is exceeded by what is cut off.
        self.0.push((Timestamp((at.0 + SECOND - 1) / SECOND * SECOND), priority));
        let critical = self.0.iter().filter(|(_, other)| *other == Priority::Critical).count();
        let mut surplus = critical.saturating_sub(CRITICAL);
        self.0.retain(|(_, other)| {
            *other != Priority::Critical || surplus == 0 || {
                surplus -= 1;
                false
            }
        });
        self.0.drain(..self.0.len().saturating_sub(MOST));
        self
    }

    /// From when on there are fewer than so many of these in so long before it.
    pub fn room(&self, most: usize, within: i64, counts: impl Fn(Priority) -> bool) -> Timestamp {
        let most = most.checked_sub(1).filter(|_| within > 0);
        let mut newest = self.0.iter().rev().filter(|(_, priority)| counts(*priority));
        most.and_then(|before| newest.nth(before)).map_or(Timestamp::default(), |(at, _)| at.plus(within))
    }

    /// When it was woken of something critical last.
    pub fn critical(&self) -> Option<Timestamp> {
        self.0.iter().rev().find(|(_, priority)| *priority == Priority::Critical).map(|(at, _)| *at)
    }
}

fn entry(at: Timestamp, priority: Priority) -> String {
    let letter = LETTERS.iter().find(|(known, _)| *known == priority).map_or('n', |(_, letter)| *letter);
    let mut rest = at.0 / SECOND;
    let mut digits = [0; DIGITS];
    for digit in digits.iter_mut().rev() {
        (*digit, rest) = (u32::try_from(rest % i64::from(BASE)).unwrap_or_default(), rest / i64::from(BASE));
    }
    std::iter::once(letter).chain(digits.iter().filter_map(|digit| char::from_digit(*digit, BASE))).collect()
}

fn one(text: &str) -> Option<(Timestamp, Priority)> {
    let (letter, digits) = text.split_at_checked(1)?;
    let priority = LETTERS.iter().find(|(_, known)| letter.starts_with(*known))?.0;
    let seconds = i64::from_str_radix(digits, BASE).ok().filter(|_| digits.len() == DIGITS)?;
    Some((Timestamp(seconds * SECOND), priority))
}
