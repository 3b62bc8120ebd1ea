//! The courier's part: connections that are to end, hints that were held back, so that no channel is told of more than one write in a second, and those for devices
//! that save their battery.

use super::store::{self, Moved};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Mode, within};
use crate::feature::signals::closing;
use crate::feature::signals::owed::{self, Owed};
use crate::feature::signals::store::membership;
use crate::feature::signals::{Changed, Moving, Signal, items, publish_now, rest, slow};
use crate::feature::{House, Shift};

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
        for changed in within(shift.db, Mode::Read, |db| changes(db, house, owed))? {
            match owed.slow {
                true => told.push(slow(house, &changed)?),
                false => told.extend(items(house, &[Signal::Changed(changed)])?),
            }
        }
    }
    // What is not taken is lost, as hints may be.
    let _ = publish_now(house, &told);
    Ok(0)
}

/// What moved in a tenant, once a kind.
fn changes(db: &mut Db, house: &House, owed: &Owed) -> Result<Vec<Changed>> {
    let members = membership(db, owed.tenant)?;
    let mut all: Vec<Changed> = Vec::new();
    for moved in store::since(db, owed.tenant, owed.since)? {
        let Some(changed) = changed(house, owed.tenant, &members, &moved) else { continue };
        match all.iter_mut().find(|known| known.kind == changed.kind) {
            Some(known) => known.and(&changed),
            None => all.push(changed),
        }
    }
    Ok(all)
}

fn changed(house: &House, tenant: i64, members: &str, moved: &Moved) -> Option<Changed> {
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
        by: None,
    })
}
