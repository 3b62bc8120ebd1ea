//! The history of edits: a row for each edit of a record that was there already, written in the transaction of the edit. It is what
//! advice is made from, and what models learn from. No content is kept, and nobody who left is named.

pub mod asks;
pub mod edit;
pub mod features;
pub mod pseudonym;
pub mod store;
pub mod sums;
#[cfg(test)]
mod tests;

use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::domain::risk::marks::store as marks;
use crate::feature::ctx::value;
use crate::feature::news::Landed;
use crate::feature::room::recount;
use crate::feature::room::rules::{Bounds, Growth};
use crate::feature::store::BATCH;
use crate::feature::{Ctx, Shift, Stock};
use edit::{Edit, KEPT};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is counted of it: its rows are as many as objects of a list may be.
pub const STOCK: Stock = Stock { name: "history", measure: store::MEASURE, bounds: Bounds { above: false, number: true } };

/// Remembers an edit. Where there is no room for it the edit lands all the same, and nothing is learned from it.
pub fn remember(ctx: &mut Ctx<'_>, landed: &Landed<'_>) -> Result<()> {
    let (tenant, user) = (ctx.tenant_id()?, ctx.user()?);
    let device = author(ctx, landed.device)?;
    let fields = edit::names(landed.fields);
    let growth = Growth::row(fields.len());
    match ctx.require_stock(&STOCK, growth) {
        Err(Error::Refused(_)) => return Ok(()),
        other => other?,
    }
    let newer = if landed.before.version > landed.base { Some(store::newer(ctx.db, tenant, landed)?) } else { None };
    let (base_at, met) = edit::seen(landed, newer.as_deref(), device);
    let edit = Edit {
        stamp: landed.key.stamp,
        place: landed.key.place,
        user,
        device,
        base: landed.base,
        base_at,
        version: landed.version,
        edited_at: landed.edited_at.max(base_at).min(ctx.now.max(base_at)),
        cursor: landed.cursor,
        outcome: landed.outcome,
        met,
    };
    store::insert(ctx.db, tenant, landed, &edit, &fields)?;
    landed.remembered.set(true);
    ctx.count_stock(&STOCK, growth)
}

/// The number of a device of the caller's; that of the calling one is known already.
fn author(ctx: &mut Ctx<'_>, device: &str) -> Result<i64> {
    let caller = ctx.caller()?;
    Ok(if caller.device == device { ctx.author() } else { ctx.house.author(caller.user, device, &caller.session) })
}

/// A user has left a tenant: what is remembered of their edits and marks there is somebody's, and nobody can say whose.
pub fn forget(db: &mut Db, tenant: i64, user: i64) -> Result<()> {
    let somebody = pseudonym::new()?;
    let devices: BTreeSet<i64> = store::devices(db, tenant, user)?.into_iter().chain(marks::devices(db, tenant, user)?).collect();
    for device in devices {
        let new = (somebody, pseudonym::new()?);
        store::rename(db, tenant, (user, device), new)?;
        marks::rename(db, tenant, (user, device), new)?;
    }
    sums::forget(db, tenant)
}

/// A user's account ends: the same wherever they ever were.
pub fn forget_everywhere(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    let tenants = store::tenants_of(ctx.db, user)?.into_iter().chain(marks::tenants_of(ctx.db, user)?);
    tenants.collect::<BTreeSet<i64>>().into_iter().try_for_each(|tenant| forget(ctx.db, tenant, user))
}

/// What is remembered of a user's edits, for their export.
pub fn held(db: &mut Db, user: i64, tenant: Option<i64>, _: Timestamp, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    let Some(tenant) = tenant else { return Ok(()) };
    store::of_user(db, tenant, user, &mut |remembered| each(value(&remembered)?))
}

/// Forgets edits of long ago, and who made edits in a tenant that they are in no more: an older program says nothing of who leaves.
pub fn purge(shift: &mut Shift<'_>) -> Result<u64> {
    store::strangers(shift.db)?.into_iter().try_for_each(|(tenant, user)| forget(shift.db, tenant, user))?;
    let before = shift.now.plus(-KEPT);
    let mut forgotten = 0;
    for tenant in store::tenants_before(shift.db, before)? {
        forgotten += store::delete_before(shift.db, tenant, before)?;
        recount::stock(shift.db, tenant, &STOCK)?;
        if forgotten >= BATCH.unsigned_abs() {
            break;
        }
    }
    Ok(forgotten)
}
