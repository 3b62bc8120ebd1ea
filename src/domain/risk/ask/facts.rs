//! What is known of a record beyond doubt: is the asker behind, by whom, in which fields, and who edits it now.

use super::asked::{Asker, Record};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::domain::risk::history::edit::{Edit, read_names};
use crate::domain::risk::history::store::Named;
use crate::domain::risk::history::{pseudonym, store};
use crate::domain::risk::marks::mark::{Editor, Mark};
use crate::feature::Ctx;
use crate::feature::sessions::store as devices;
use crate::feature::store::{Newest, is_member, newest_version};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// What is known of a record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Facts {
    /// Has it a version by another device that the asker has not seen?
    pub behind: bool,
    /// How many versions the asker has not seen; null for what has no history.
    pub versions_behind: Option<i64>,
    /// Who made the newest of them, as far as that is known.
    pub changed_by: Option<i64>,
    /// When.
    pub changed_at: Option<Timestamp>,
    /// The fields that others changed in them, as far as the history has it.
    pub changed_fields: Option<Vec<String>>,
    /// Is it deleted?
    pub deleted: bool,
    /// Does the server not know it?
    pub unknown: bool,
    /// Who else edits it now.
    pub editors: Vec<Editor>,
}

/// A record as it was looked up.
#[derive(Debug, Default)]
pub struct Looked {
    /// What is told.
    pub facts: Facts,
    /// Its edits, newest first; none for what has no history.
    pub edits: Vec<Edit>,
    /// The stamp of the version that the asker has seen.
    pub base_at: Timestamp,
    /// Until when another edits what the asker does.
    pub taken_until: Option<Timestamp>,
    /// How many other devices' marks are open, told or not: models learned from all of them.
    pub open_editors: usize,
}

/// Looks a record up. `live` are the tenant's marks.
pub fn look(ctx: &mut Ctx<'_>, asker: &Asker, record: &Record, live: &[Mark]) -> Result<Looked> {
    let tenant = ctx.tenant_id()?;
    let newest = newest_version(ctx.db, tenant, record.kind.name, &record.id)?;
    let last = if newest.is_some() { record.kind.last_edit(ctx.db, tenant, &record.id)? } else { None };
    let history = last.map(|last| store::newest(ctx.db, tenant, last)).transpose()?;
    let mut looked = match (newest, history) {
        (None, _) => Looked { facts: Facts { unknown: true, ..Facts::default() }, ..Looked::default() },
        (Some(newest), None) => Looked { facts: by_stamp(asker, record, newest), ..Looked::default() },
        (Some(newest), Some(history)) => by_history(asker, record, newest, history),
    };
    // Who made what is not remembered may have left since, and is named to nobody then.
    if let Some(user) = looked.facts.changed_by.filter(|user| *user != asker.user)
        && !is_member(ctx.db, tenant, user)?
    {
        looked.facts.changed_by = None;
    }
    let on_it = live.iter().filter(|mark| mark.is_on(record.called(), &record.id) && mark.is_shown(ctx.now));
    let (own, mut others): (Vec<&Mark>, Vec<&Mark>) = on_it.partition(|mark| mark.is_of(asker.user, asker.device));
    looked.open_editors = others.len();
    others.retain(|_| ctx.house.settings.risk_marks);
    // Of two who edit the same, one goes on: who began first.
    let is_first = |mark: &&&Mark| own.iter().all(|own| mark.begun() < own.begun());
    looked.taken_until = others.iter().filter(is_first).filter(|mark| mark.touches(&record.fields)).map(|mark| mark.until).max();
    looked.facts.editors = others.into_iter().map(|mark| editor(ctx, asker, mark)).collect::<Result<_>>()?;
    Ok(looked)
}

/// Another's mark; their device is called by name to its own user alone.
fn editor(ctx: &mut Ctx<'_>, asker: &Asker, mark: &Mark) -> Result<Editor> {
    let own = if mark.user == asker.user { devices::find(ctx.db, asker.user, &mark.name)? } else { None };
    Ok(mark.editor(own.map(|device| device.name)))
}

/// Did the asker make the newest version?
fn is_own(asker: &Asker, newest: &Newest) -> bool {
    [asker.device, asker.session].contains(&newest.author) && newest.by == Some(asker.user)
}

/// What the feed alone tells, of what has no history.
fn by_stamp(asker: &Asker, record: &Record, newest: Newest) -> Facts {
    let unseen = match (record.version, newest.version, record.seen) {
        (Some(seen), Some(version), _) => version > seen,
        (_, _, Some(seen)) => newest.stamp > seen,
        _ => true,
    };
    let behind = unseen && !is_own(asker, &newest);
    Facts { behind, changed_at: behind.then_some(newest.stamp), deleted: newest.deleted, ..Facts::default() }
}

/// What the history tells of a record, newest edit first.
fn by_history(asker: &Asker, record: &Record, newest: Newest, history: Vec<Named>) -> Looked {
    let current = newest.version.unwrap_or_default();
    let is_unseen = |edit: &Edit| match (record.version, record.seen) {
        (Some(seen), _) => edit.version > seen,
        (None, seen) => edit.version > 0 && seen.is_none_or(|seen| edit.stamp > seen),
    };
    let unseen: Vec<&Named> = history.iter().filter(|(edit, _)| is_unseen(edit)).collect();
    let others: Vec<&Named> = unseen.iter().copied().filter(|(edit, _)| edit.device != asker.device).collect();
    // A version that nobody remembers is another's, unless the feed says that it is the asker's own.
    let lacks_newest = match (record.version, record.seen) {
        (Some(seen), _) => current > seen,
        (None, seen) => seen.is_none_or(|seen| newest.stamp > seen),
    };
    let is_remembered = history.iter().any(|(edit, _)| edit.version == current);
    let unknown = lacks_newest && !is_remembered && !is_own(asker, &newest);
    // So it is of those between what was seen and the first that is remembered since.
    let first = unseen.iter().map(|(edit, _)| edit.version).filter(|version| *version > 0).min();
    let is_cut = record.version.zip(first).is_some_and(|(seen, first)| first > seen + 1);
    let behind = unknown || is_cut || !others.is_empty();
    let count = match record.version {
        Some(seen) => current - seen,
        None => i64::try_from(unseen.len()).unwrap_or(i64::MAX).max(1),
    };
    let latest = others.first().map(|(edit, _)| edit);
    let changed_by = if unknown { newest.by } else { latest.map(|edit| edit.user) };
    let changed_at = if unknown { Some(newest.stamp) } else { latest.map(|edit| edit.stamp) };
    let facts = Facts {
        behind,
        versions_behind: Some(if behind { count } else { 0 }),
        changed_by: changed_by.filter(|user| behind && pseudonym::is_named(*user)),
        changed_at: changed_at.filter(|_| behind),
        changed_fields: (!others.is_empty()).then(|| fields(&others)),
        deleted: newest.deleted,
        ..Facts::default()
    };
    Looked {
        facts,
        base_at: base_at(record, newest, &history),
        edits: history.into_iter().map(|(edit, _)| edit).collect(),
        ..Looked::default()
    }
}

/// The fields of edits, each once.
fn fields(edits: &[&Named]) -> Vec<String> {
    let all: BTreeSet<&str> = edits.iter().flat_map(|(_, fields)| read_names(fields)).collect();
    all.into_iter().map(str::to_owned).collect()
}

/// The stamp of the version that the asker has seen: by what it says, by the history, or else the newest's.
fn base_at(record: &Record, newest: Newest, history: &[Named]) -> Timestamp {
    let seen = record.version.filter(|version| newest.version.is_some_and(|current| *version < current));
    let of_version = seen.and_then(|version| history.iter().find(|(edit, _)| edit.version == version));
    of_version.map(|(edit, _)| edit.stamp).or(record.seen).unwrap_or(newest.stamp).min(newest.stamp)
}
