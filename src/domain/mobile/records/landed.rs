//! Telling of edits of records that were there already: who learns from them hears of each. What it tells is names, numbers and
//! instants, no content.

use super::fields::Fields;
use super::record::Record;
use super::tables::Table;
use super::target::Target;
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::Timestamp;
use crate::feature::news::{Before, EditKey, Landed, Outcome};
use crate::feature::sessions::seen;
use crate::feature::{Ctx, News};
use std::cell::Cell;
use std::collections::BTreeSet;

/// A record before an edit and after it.
type Sides<'r> = (&'r Record, &'r Record);

/// The edits of one upload, as they are told.
#[derive(Debug, Default)]
pub struct Landings {
    /// How many were told.
    count: i64,
    /// How far the session has polled, and which lists; looked up once an upload.
    polled: Option<(Timestamp, Vec<&'static str>)>,
}

impl Landings {
    /// Tells of an edit that is about to be written, with the word that its device is told, and answers where the record's last one is remembered
    /// then. Of one of a noun nothing is told, because its other writes would not be.
    pub fn tell(&mut self, ctx: &mut Ctx<'_>, edit: &Target<'_>, status: &str, sides: Sides<'_>) -> Result<EditKey> {
        if edit.table.noun.is_some() {
            return Ok(sides.0.edit);
        }
        let cursor = self.cursor(ctx, edit.table)?;
        self.count += 1;
        tell(ctx, edit, outcome(status), sides, cursor, self.count)
    }

    /// How far the session has polled a domain's list.
    fn cursor(&mut self, ctx: &mut Ctx<'_>, table: &Table) -> Result<Option<Timestamp>> {
        let (cursor, lists) = match &self.polled {
            Some(polled) => polled,
            None => self.polled.insert(polled(ctx)?),
        };
        Ok(lists.contains(&table.entry.names.list).then_some(*cursor))
    }
}

/// How far the calling session has polled, and which lists.
fn polled(ctx: &mut Ctx<'_>) -> Result<(Timestamp, Vec<&'static str>)> {
    let (session, tenant) = (ctx.caller()?.session.clone(), ctx.tenant_id()?);
    let polled = ctx.polled(&session, tenant)?;
    let lists = polled.map_or_else(Vec::new, |polled| seen::lists(ctx.house, polled.lists));
    Ok((polled.map_or_else(Timestamp::default, |polled| polled.cursor), lists.into_iter().map(|kind| kind.name).collect()))
}

/// Tells of somebody's choice between the sides of a conflict: it was made with both in view, and is an edit without a base.
pub fn tell_choice(ctx: &mut Ctx<'_>, table: &'static Table, before: &Record, after: &Record) -> Result<EditKey> {
    if table.noun.is_some() {
        return Ok(before.edit);
    }
    let device = ctx.device().unwrap_or_default().to_owned();
    let edit = Target { table, id: &after.id, seen: 0, at: ctx.now, device: &device };
    tell(ctx, &edit, Outcome::Written, (before, after), None, 0)
}

fn tell(
    ctx: &mut Ctx<'_>,
    edit: &Target<'_>,
    outcome: Outcome,
    (before, after): Sides<'_>,
    cursor: Option<Timestamp>,
    place: i64,
) -> Result<EditKey> {
    let Target { table, seen, at, device, .. } = edit;
    let fields = changed(&before.fields, &after.fields);
    let (key, remembered) = (EditKey { stamp: ctx.stamp()?, place }, Cell::new(false));
    ctx.tell(&News::Landed(&Landed {
        domain: table.name(),
        record: &after.id,
        device,
        key,
        earlier: before.edit,
        remembered: &remembered,
        base: (*seen).min(before.version),
        before: Before { version: before.version, created_at: before.created_at, stamp: before.updated_at },
        version: if after.version > before.version { after.version } else { 0 },
        fields: &fields,
        edited_at: *at,
        cursor,
        outcome,
    }))?;
    Ok(if remembered.get() { key } else { before.edit })
}

fn outcome(status: &str) -> Outcome {
    match status {
        "merged" => Outcome::Merged,
        "conflict" => Outcome::Conflict,
        "unchanged" => Outcome::Unchanged,
        _ => Outcome::Written,
    }
}

/// The names of fields that differ.
fn changed<'f>(before: &'f Fields, after: &'f Fields) -> Vec<&'f str> {
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).map(String::as_str).collect();
    let differs = |name: &&str| match (before.get(*name), after.get(*name)) {
        (Some(before), Some(after)) => !json::same(before, after),
        _ => true,
    };
    names.into_iter().filter(differs).collect()
}
