//! The courier's part: connections that are to end, hints that were held back, so that no channel is told of more than one write in a
//! second, and those for devices that save their battery.

use super::store::{self, Moved};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Mode, within};
use crate::feature::sessions::store as sessions;
use crate::feature::signals::closing;
use crate::feature::signals::owed::{self, Owed};
use crate::feature::signals::store::membership;
use crate::feature::signals::{Changed, Moving, changes, own, publish_now, rest, slow};
use crate::feature::{House, Shift};
use std::collections::HashMap;

/// A round of the courier's.
///
/// # Errors
/// The database's.
pub fn deliver(shift: &mut Shift<'_>) -> Result<u64> {
    let (house, settings) = (shift.house, &shift.house.settings);
    if settings.grip.engine().is_none() {
        return Ok(0);
    }
    closing::deliver(shift)?;
    // What cannot be read is lost, as hints may be.
    let all = owed::take(settings).unwrap_or_default();
    let now = Timestamp::now();
    let (due, early): (Vec<Owed>, Vec<Owed>) = all.into_iter().partition(|owed| owed.due() <= now);
    if let Some(next) = early.iter().map(Owed::due).min()
        && owed::add(settings, &early).is_ok()
    {
        shift.soon(next);
    }
    if due.is_empty() || rest(settings, now).is_some() {
        return Ok(0);
    }
    let mut told = Vec::new();
    for owed in &due {
        let all = within(shift.db, Mode::Read, |db| moved(db, house, owed))?;
        let kinds = merged(&all, |one, other| one.kind == other.kind);
        if owed.slow {
            kinds.iter().try_for_each(|changed| slow(house, changed).map(|item| told.push(item)))?;
            continue;
        }
        kinds.iter().try_for_each(|changed| changes(house, changed, &mut told))?;
        // Each device's own, which the user's others hear apart.
        let devices = merged(&all, |one, other| (one.kind, one.author) == (other.kind, other.author));
        devices.iter().try_for_each(|changed| own(house, changed, &mut told))?;
    }
    // What is not taken is lost, as hints may be.
    let _ = publish_now(house, &told);
    Ok(0)
}

/// What moved in a tenant.
fn moved(db: &mut Db, house: &House, owed: &Owed) -> Result<Vec<Changed>> {
    let (tenant, members) = (owed.tenant, membership(db, owed.tenant)?);
    let devices = devices(db, house, tenant)?;
    let moved = store::since(db, tenant, owed.since)?;
    Ok(moved.iter().filter_map(|moved| changed(house, (tenant, &members, &devices), moved)).collect())
}

/// The devices of who is in a tenant, by the authors that they are.
fn devices(db: &mut Db, house: &House, tenant: i64) -> Result<HashMap<i64, (i64, String)>> {
    let all = sessions::in_tenant(db, tenant)?.into_iter();
    Ok(all.map(|(user, device)| (house.author(user, &device, ""), (user, device))).collect())
}

/// The same, with those in one that are alike.
fn merged(all: &[Changed], alike: impl Fn(&Changed, &Changed) -> bool) -> Vec<Changed> {
    let mut merged: Vec<Changed> = Vec::new();
    for changed in all {
        match merged.iter_mut().find(|known| alike(known, changed)) {
            Some(known) => known.and(changed),
            None => merged.push(changed.clone()),
        }
    }
    merged
}

fn changed(
    house: &House,
    (tenant, members, devices): (i64, &str, &HashMap<i64, (i64, String)>),
    moved: &Moved,
) -> Option<Changed> {
    let kind = house.kinds().find(|kind| kind.name == moved.kind)?;
    let Moved { id, stamp, deleted, version, author, .. } = moved;
    let priority = kind.wakes.priority(*version, *deleted)?;
    let operation = Moving { kind: kind.name, id, version: *version, deleted: *deleted }.operation();
    let (membership, id) = (members.to_owned(), id.clone());
    Some(Changed {
        tenant,
        membership,
        kind: kind.name,
        id,
        operation,
        count: 1,
        priority,
        stamp: *stamp,
        author: *author,
        by: devices.get(author).cloned(),
    })
}
