//! The history as asks whose outcome is known: what training learns from, and what is exported.

use super::edit::Edit;
use super::features::{Asked, Calendar, Days, SPAN, before, day, features, known};
use super::store;
use crate::base::error::Result;
use crate::base::time::{DAY, Timestamp};
use crate::db::Db;
use crate::domain::risk::columns::Row;
use crate::domain::risk::marks::store::{self as marks, Past};
use crate::feature::news::Outcome;
use std::collections::{BTreeSet, HashMap};

/// How long after its begin a mark's edit may land, in milliseconds: what lands later was not asked about by it.
const ANSWERED: i64 = 7 * DAY;

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
    /// Was the model held back when it was asked about? Nothing where no model had anything to say, or nobody asked.
    pub held: Option<bool>,
}

/// What is remembered of a tenant beside the edits of one record.
#[derive(Debug, Default)]
struct Tenant {
    edits: Calendar,
    marks: HashMap<(String, String), Vec<Past>>,
}

impl Tenant {
    fn read(db: &mut Db, tenant: i64) -> Result<Tenant> {
        let mut read = Tenant::default();
        store::each(db, tenant, &mut |_, edit| {
            read.edits.add(&edit);
            Ok(())
        })?;
        marks::each(db, tenant, &mut |record, mark| {
            read.marks.entry(record).or_default().push(mark);
            Ok(())
        })?;
        Ok(read)
    }
}

/// Calls `visit` with each edit of a tenant that had a base and was asked about in the last 45 days, record by record.
pub fn each(db: &mut Db, tenant: i64, now: Timestamp, visit: &mut dyn FnMut(&Outcomes) -> Result<()>) -> Result<()> {
    let tenant_known = Tenant::read(db, tenant)?;
    let since = now.plus(-SPAN);
    let (mut record, mut edits) = (None, Vec::new());
    store::each(db, tenant, &mut |key, edit| {
        if record.as_ref() != Some(&key) {
            of_record(&tenant_known, record.as_ref(), &edits, since, visit)?;
            edits.clear();
            record = Some(key);
        }
        edits.push(edit);
        Ok(())
    })?;
    of_record(&tenant_known, record.as_ref(), &edits, since, visit)
}

/// The same of the edits of one record, oldest first.
fn of_record(
    tenant: &Tenant,
    record: Option<&(String, String)>,
    edits: &[Edit],
    since: Timestamp,
    visit: &mut dyn FnMut(&Outcomes) -> Result<()>,
) -> Result<()> {
    let marks = record.and_then(|record| tenant.marks.get(record)).map_or(&[] as &[Past], Vec::as_slice);
    for (place, edit) in edits.iter().enumerate().filter(|(_, edit)| edit.base > 0) {
        let last = edits[..place].iter().rev().find(|other| other.device == edit.device).map(|other| other.stamp);
        let outcomes = outcomes(tenant, edits, edit, asked(marks, edit, last));
        if outcomes.asked >= since {
            visit(&outcomes)?;
        }
    }
    Ok(())
}

/// How an edit was asked about: by the newest mark of its device since that edited the record last, else when it was made.
fn asked(marks: &[Past], edit: &Edit, last: Option<Timestamp>) -> (Asked, Option<bool>) {
    let since = last.unwrap_or_default().max(edit.stamp.plus(-ANSWERED));
    let is_its = |mark: &&Past| mark.device == edit.device && mark.began_at > since && mark.began_at <= edit.stamp;
    let mark = marks.iter().rev().find(is_its);
    let at = mark.map_or(edit.edited_at.min(edit.stamp), |mark| mark.began_at);
    let cursor = mark.map_or(edit.cursor, |mark| mark.cursor);
    let open_editors = open(marks, edit.device, at);
    (Asked { at, device: edit.device, base_at: edit.base_at, cursor, open_editors }, mark.and_then(|mark| mark.held))
}

/// How many other devices were editing a record at an instant, as far as that was shown.
fn open(marks: &[Past], device: i64, at: Timestamp) -> usize {
    let is_open = |mark: &&Past| !mark.quiet && mark.began_at < at && mark.until > at && mark.device != device;
    marks.iter().filter(is_open).map(|mark| mark.device).collect::<BTreeSet<i64>>().len()
}

fn outcomes(tenant: &Tenant, edits: &[Edit], edit: &Edit, (asked, held): (Asked, Option<bool>)) -> Outcomes {
    let nothing = Days::default();
    let known = known(&tenant.edits.all, tenant.edits.users.get(&edit.user).unwrap_or(&nothing), day(asked.at));
    let is_unseen = |other: &&Edit| other.version > edit.base && other.stamp < asked.at && other.device != edit.device;
    Outcomes {
        asked: asked.at,
        landed: edit.stamp,
        behind: edits.iter().filter(is_unseen).count(),
        row: features(&asked, &before(asked.at, edits.iter().rev()), &known),
        conflict: edit.outcome == Outcome::Conflict,
        met: edit.met,
        held,
    }
}
