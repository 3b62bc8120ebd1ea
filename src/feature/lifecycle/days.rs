//! Days of a lifecycle, and how header fields write them.

use crate::base::time::{DAY, SECOND, Timestamp, date};

/// For how long what takes unsent work stays open after its last day: phones that were offline hold edits.
pub const DRAIN: i64 = 90 * DAY;
/// How long before its last day something counts as about to go.
pub const WARNING: i64 = 30 * DAY;

/// Which end of a day stands for it, where no time is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// 00:00:00 UTC.
    Begin,
    /// 23:59:59 UTC.
    End,
}

/// A day, or an instant as it is, in whole seconds as header fields have them.
pub fn instant(text: &str, edge: Edge) -> Option<Timestamp> {
    let at = Timestamp::parse(text)?;
    let last = if edge == Edge::End && date(text).is_some() { DAY - SECOND } else { 0 };
    let at = at.plus(last);
    Some(Timestamp(at.0 - at.0 % SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_two_ends_and_an_instant_none() {
        let read = |text, edge| instant(text, edge).map(|at| at.to_string()).unwrap_or_default();
        assert_eq!(read("2026-06-30", Edge::Begin), "2026-06-30T00:00:00.000Z");
        assert_eq!(read("2026-06-30", Edge::End), "2026-06-30T23:59:59.000Z");
        assert_eq!(read("2026-06-30T12:00:00.750+02:00", Edge::End), "2026-06-30T10:00:00.000Z");
        assert_eq!(instant("soon", Edge::End), None);
    }
}
