//! The history as asks whose outcome is known: what training learns from, and what is exported.

use super::edit::Edit;
use super::features::{Asked, Days, SPAN, before, day, features, known};
use super::store;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::domain::risk::columns::Row;
use crate::feature::news::Outcome;
use std::collections::HashMap;

/// An edit, as it was asked about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcomes {
    /// When it was asked.
    pub asked: Timestamp,
    /// When it landed.
    pub landed: Timestamp,
    /// How many versions of other devices its own had not seen then.
    pub behind: usize,
    /// What was known then.
    pub row: Row,
    /// Was it contested?
    pub conflict: bool,
    /// Did it meet another's version?
    pub met: bool,
}

/// Edits of a tenant by the day.
#[derive(Debug, Default)]
struct Calendar {
    tenant: Days,
    users: HashMap<i64, Days>,
}

/// Calls `visit` with each edit of a tenant that had a base and was asked about in the last 45 days, record by record.
pub fn each(db: &mut Db, tenant: i64, now: Timestamp, visit: &mut dyn FnMut(&Outcomes) -> Result<()>) -> Result<()> {
    let mut calendar = Calendar::default();
    store::each(db, tenant, &mut |_, edit| {
        calendar.tenant.add(&edit);
        calendar.users.entry(edit.user).or_default().add(&edit);
        Ok(())
    })?;
    let since = now.plus(-SPAN);
    let (mut record, mut edits) = (None, Vec::new());
    store::each(db, tenant, &mut |key, edit| {
        if record.as_ref() != Some(&key) {
            of_record(&calendar, &edits, since, visit)?;
            edits.clear();
            record = Some(key);
        }
        edits.push(edit);
        Ok(())
    })?;
    of_record(&calendar, &edits, since, visit)
}

/// The same of the edits of one record, oldest first.
fn of_record(
    calendar: &Calendar,
    edits: &[Edit],
    since: Timestamp,
    visit: &mut dyn FnMut(&Outcomes) -> Result<()>,
) -> Result<()> {
    for edit in edits.iter().filter(|edit| edit.base > 0 && edit.edited_at >= since) {
        visit(&outcomes(calendar, edits, edit))?;
    }
    Ok(())
}

fn outcomes(calendar: &Calendar, edits: &[Edit], edit: &Edit) -> Outcomes {
    let at = edit.edited_at;
    let asked = Asked { at, device: edit.device, base_at: edit.base_at, cursor: edit.cursor, open_editors: 0 };
    let nothing = Days::default();
    let known = known(&calendar.tenant, calendar.users.get(&edit.user).unwrap_or(&nothing), day(at));
    let unseen = edits.iter().filter(|other| other.version > edit.base && other.stamp < at && other.device != edit.device);
    Outcomes {
        asked: at,
        landed: edit.stamp,
        behind: unseen.count(),
        row: features(&asked, &before(at, edits.iter().rev()), &known),
        conflict: edit.outcome == Outcome::Conflict,
        met: edit.met,
    }
}
