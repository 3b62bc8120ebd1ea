//! Instants as the libraries of phones write them: every form of ISO 8601 and RFC 3339, and their near relations.
//!
//! Calendar, ordinal and week dates, extended and basic; years beyond 9999 and before 0000; a fraction behind a point or a
//! comma; 24:00; leap seconds; offsets of hours to seconds; `[Europe/Paris]` and other suffixes of RFC 9557.

use super::DAY;
use super::scan::Rest;
use super::zone::Zone;

/// An instant, or a local time, as it was written: milliseconds since 1970, of UTC or of a clock on some wall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Milliseconds since 1970, however far.
    pub ms: i64,
    /// Nothing says where that clock hung.
    pub local: bool,
    /// Digits of the second's fraction beyond milliseconds, without zeros at the end.
    pub finer: String,
}

impl Written {
    /// Reads a text; `None` when there is no such instant. The `+` of a long year, too, arrives as a blank from a query.
    pub fn read(text: &str) -> Option<Written> {
        let repaired = text.strip_prefix(' ').filter(|year| year.find('-').is_some_and(|length| length > 4));
        let repaired = repaired.map(|year| format!("+{year}"));
        let mut rest = Rest(repaired.as_deref().unwrap_or(text).trim());
        let days = rest.date()?;
        let (time, finer) = rest.time()?.unwrap_or_default();
        let offset = rest.offset()?;
        let zone = suffixes(&mut rest)?;
        if !rest.0.is_empty() {
            return None;
        }
        let ms = days.saturating_mul(DAY).saturating_add(time);
        Some(match (offset, zone) {
            (Some(offset), _) => Written { ms: ms - offset, local: false, finer },
            (None, Some(zone)) => Written { ms: zone.instant(ms), local: false, finer },
            (None, None) => Written { ms, local: true, finer },
        })
    }
}

/// Suffixes in brackets (RFC 9557): a zone, which counts where there is no offset, and others, which say nothing of it.
fn suffixes(rest: &mut Rest<'_>) -> Option<Option<Zone>> {
    let mut zone = None;
    while let Some(behind) = rest.0.strip_prefix('[') {
        let (suffix, behind) = behind.split_once(']')?;
        zone = zone.or_else(|| Zone::named(suffix.trim_start_matches('!')));
        rest.0 = behind;
    }
    Some(zone)
}
