//! Who edits what now: marks begin, are renewed and end, and the feed tells of each.
//!
//! `until` is the wall clock's. Objects of the feed are made with the marks that hold at the answer's instant, so a phone that died is
//! shown no longer without anybody writing; the night buries what ended so.

pub mod mark;
pub mod store;

use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::ctx::value;
use crate::feature::news::Uploaded;
use crate::feature::room::recount;
use crate::feature::room::rules::{Bounds, Growth};
use crate::feature::sessions::device::State;
use crate::feature::sessions::store as sessions;
use crate::feature::store::{self as feed, Moved, advance};
use crate::feature::{Ctx, Kind, Objects, Settings, Shift, Stock};
use mark::{Edits, KEPT, Mark};
use serde_json::Value;

/// What is counted of marks: those that have ended, as many as objects of a list may be.
pub const STOCK: Stock = Stock { name: "marks", measure: store::MEASURE, bounds: Bounds { above: false, number: true } };

/// Records that are being edited, in the feed.
pub const KIND: &str = "edits";

/// What a kind is called where records are named: a domain by its name, the others by their lists.
pub fn called(kind: &Kind) -> &'static str {
    kind.names().map_or(kind.name, |names| names.name)
}

/// The list of the feed in which what is called so stands.
fn list(ctx: &Ctx<'_>, kind: &str) -> &'static str {
    ctx.house.kinds().find(|known| called(known) == kind).map_or("", |known| known.name)
}

/// Has the feed tell of a record's editors, if it tells of the record itself; without any there is a tombstone.
pub fn tell(ctx: &mut Ctx<'_>, tenant: i64, kind: &str, id: &str) -> Result<()> {
    let is_shown = ctx.house.settings.risk_marks && store::of_id(ctx.db, tenant, id)?.iter().any(|mark| mark.is_shown(ctx.now));
    let stands = if is_shown { list(ctx, kind) } else { KIND };
    if feed::is_told(ctx.db, tenant, stands, id)? {
        ctx.show_in(tenant, KIND, id, !is_shown)?;
    }
    Ok(())
}

/// Ends a mark, and has others told. It is remembered, as far as there is room.
pub fn end(ctx: &mut Ctx<'_>, tenant: i64, mark: &Mark) -> Result<()> {
    remember(ctx, tenant, mark)?;
    if mark.quiet { Ok(()) } else { tell(ctx, tenant, &mark.kind, &mark.id) }
}

fn remember(ctx: &mut Ctx<'_>, tenant: i64, mark: &Mark) -> Result<()> {
    // One that had ended by the clock was shown to nobody since.
    let ended = ctx.now.min(mark.until);
    if ctx.stamp().is_err() || ctx.tenant_id().ok() != Some(tenant) {
        // Whoever leaves or signs out is not kept from it by anybody's room.
        store::end(ctx.db, tenant, mark, ended)?;
        ctx.recount_stock(tenant, &STOCK);
        return Ok(());
    }
    let growth = Growth::row(mark.fields.len() + store::told_bytes(ctx.db, tenant, mark)?);
    match ctx.require_stock(&STOCK, growth) {
        Err(Error::Refused(_)) => return store::forget(ctx.db, tenant, mark, true).map(drop),
        other => other?,
    }
    if store::end(ctx.db, tenant, mark, ended)? {
        ctx.recount_stock(tenant, &STOCK);
        return Ok(());
    }
    ctx.count_stock(&STOCK, growth)
}

/// Sessions of a user have ended: so do their marks of devices on which none is left.
pub fn signed_out(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    let Some(tenant) = feed::tenant_of(ctx.db, user)? else { return Ok(()) };
    let marks = store::of_user(ctx.db, tenant, user)?;
    if marks.is_empty() {
        return Ok(());
    }
    let sessions = sessions::sessions(ctx.db, user, ctx.now)?;
    for mark in &marks {
        // A session that is on no device may be of any that was not revoked.
        let lost = sessions::find(ctx.db, user, &mark.name)?.is_some_and(|device| device.state != State::Active);
        let is_left = sessions.iter().any(|(device, _)| (device.is_empty() && !lost) || *device == mark.name);
        if !is_left {
            end(ctx, tenant, mark)?;
        }
    }
    Ok(())
}

/// An upload ends its device's marks of what it brought.
pub fn uploaded(ctx: &mut Ctx<'_>, upload: &Uploaded<'_>) -> Result<()> {
    if upload.landed.is_empty() {
        return Ok(());
    }
    let (tenant, user) = (ctx.tenant_id()?, ctx.user()?);
    let device = ctx.house.author(user, upload.device, "");
    for mark in store::of_device(ctx.db, tenant, user, device)? {
        let list = list(ctx, &mark.kind);
        if upload.landed.iter().any(|(kind, id)| *kind == list && *id == mark.id) {
            end(ctx, tenant, &mark)?;
        }
    }
    Ok(())
}

/// A user has left a tenant: their marks end.
pub fn end_all(ctx: &mut Ctx<'_>, tenant: i64, user: i64) -> Result<()> {
    store::of_user(ctx.db, tenant, user)?.iter().try_for_each(|mark| end(ctx, tenant, mark))
}

/// Records with their editors at an instant, from marks in the order of their records. `name` is what a mark's device is called to
/// who looks.
pub fn edits(marks: &[Mark], now: Timestamp, mut name: impl FnMut(&Mark) -> Option<String>) -> Vec<Edits> {
    let mut edits = Vec::new();
    for group in marks.chunk_by(|one, next| one.is_on(&next.kind, &next.id)) {
        let Some(first) = group.first() else { continue };
        let shown = group.iter().filter(|mark| mark.is_shown(now));
        let editors = shown.map(|mark| mark.editor(name(mark))).collect();
        edits.push(Edits { id: first.id.clone(), kind: first.kind.clone(), editors });
    }
    edits
}

/// The edited records for the feed, which everybody in the tenant reads; without editors where nobody is shown any.
pub fn load(db: &mut Db, settings: &Settings, tenant: i64, ids: &[&str]) -> Result<Objects> {
    let mut marks = store::live(db, tenant)?;
    marks.iter_mut().for_each(|mark| mark.quiet |= !settings.risk_marks);
    let mut all = edits(&marks, Timestamp::now(), |_| None);
    // Of two lists that have the same id, the one with editors is shown.
    all.sort_by_key(|edits| !edits.editors.is_empty());
    let asked = all.into_iter().filter(|edits| ids.contains(&edits.id.as_str()));
    asked.map(|edits| Ok((edits.id.clone(), value(&edits)?))).collect()
}

/// A round of the night: what ended by the clock is ended and buried, and what ended long ago is forgotten.
pub fn night(shift: &mut Shift<'_>) -> Result<u64> {
    let lapsed = store::lapsed(shift.db, shift.now)?;
    for group in lapsed.chunk_by(|one, next| one.0 == next.0) {
        bury(shift, group)?;
    }
    if lapsed.is_empty() { forget(shift) } else { Ok(u64::try_from(lapsed.len()).unwrap_or(u64::MAX)) }
}

/// Forgets what ended long ago.
fn forget(shift: &mut Shift<'_>) -> Result<u64> {
    let before = shift.now.plus(-KEPT);
    let tenants = store::tenants_before(shift.db, before)?;
    tenants.into_iter().try_fold(0, |sum, tenant| {
        let forgotten = store::delete_before(shift.db, tenant, before)?;
        recount::stock(shift.db, tenant, &STOCK)?;
        Ok(sum + forgotten)
    })
}

/// Ends marks of one tenant.
fn bury(shift: &mut Shift<'_>, group: &[(i64, Mark)]) -> Result<()> {
    let Some((tenant, _)) = group.first() else { return Ok(()) };
    let stamp = advance(shift.db, *tenant, shift.now)?.stamp;
    for (_, mark) in group {
        store::end(shift.db, *tenant, mark, mark.until)?;
        let others = store::of_id(shift.db, *tenant, &mark.id)?;
        let goes_on = shift.house.settings.risk_marks && others.iter().any(|other| other.is_shown(shift.now));
        if !mark.quiet && !goes_on && feed::is_told(shift.db, *tenant, KIND, &mark.id)? {
            feed::mark(shift.db, *tenant, KIND, &mark.id, Moved::by_nobody(stamp, true))?;
        }
    }
    recount::stock(shift.db, *tenant, &STOCK)?;
    recount::tombstones(shift.db, *tenant)
}

/// What is remembered of a user's marks, for their export.
pub fn held(db: &mut Db, user: i64, tenant: Option<i64>, _: Timestamp, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    let Some(tenant) = tenant else { return Ok(()) };
    store::each_of_user(db, tenant, user, &mut |mark| each(value(&mark)?))
}

/// An object of the feed is nobody's own.
pub fn own(_: Value, _: i64) -> Option<Value> {
    None
}
