//! What a local time without an offset means.

use super::{MINUTE, Timestamp, Written, Zone};

/// How far a clock may be ahead before what it says counts as of the future.
pub const AHEAD: i64 = 5 * MINUTE;

/// Where the clock hung that showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// It is of UTC.
    Utc,
    /// It is of this zone.
    In(Zone),
    /// Of UTC or of this zone, whichever is earlier: a cursor loses nothing so.
    Earlier(Zone),
    /// Of UTC or of this zone, whichever lies nearest to this instant and not in the future after it; UTC when both do.
    Nearest(Zone, Timestamp),
}

impl Local {
    /// The instant of a local time.
    pub fn instant(self, local: i64) -> i64 {
        match self {
            Local::Utc => local,
            Local::In(zone) => zone.instant(local),
            Local::Earlier(zone) => local.min(zone.instant(local)),
            Local::Nearest(zone, now) => {
                let passed = |at: &i64| *at <= now.0.saturating_add(AHEAD);
                let both = [local, zone.instant(local)].into_iter().filter(passed);
                both.min_by_key(|at| now.0.abs_diff(*at)).unwrap_or(local)
            }
        }
    }

    /// What this text settles for all that were written by the same clock: nothing when it names an offset itself.
    #[must_use]
    pub fn settled(self, text: Option<&str>) -> Local {
        let written = text.and_then(Written::read).filter(|written| written.local);
        match (self, written) {
            (Local::Nearest(zone, _), Some(written)) if self.instant(written.ms) == written.ms => {
                if zone.instant(written.ms) == written.ms { self } else { Local::Utc }
            }
            (Local::Nearest(zone, _), Some(_)) => Local::In(zone),
            _ => self,
        }
    }
}
