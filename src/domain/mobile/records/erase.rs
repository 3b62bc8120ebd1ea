//! Erasing what is a user's alone: their personal records, and their sides of conflicts.

use super::store;
use crate::base::error::Result;
use crate::domain::mobile::conflicts;
use crate::domain::mobile::domains::{self, RECORDS};
use crate::feature::Ctx;
use crate::feature::store as feed;

/// Erases what is a user's alone in a tenant: records of personal domains that nobody else has written in, and what their
/// uploads left in conflicts.
pub fn personal(ctx: &mut Ctx<'_>, tenant: i64, user: i64) -> Result<()> {
    for table in RECORDS.iter().filter(|table| table.personal) {
        for (id, version) in store::of_user_alone(ctx.db, tenant, table.name(), user)? {
            let stamp = ctx.stamp_in(tenant)?;
            store::erase(ctx.db, tenant, table.name(), &id, stamp)?;
            ctx.bury_version_in(tenant, table.entry.names.list, &id, version + 1)?;
            conflicts::store::lose_record(ctx.db, tenant, table.name(), &id, stamp)?;
        }
    }
    let met = conflicts::store::of_user(ctx.db, tenant, user)?;
    for id in &met {
        let stamp = ctx.stamp_in(tenant)?;
        conflicts::store::forget_one(ctx.db, tenant, id, stamp)?;
    }
    // What conflicts weigh without these sides and notes, only counting tells.
    ctx.recount_stock(tenant, &conflicts::STOCK);
    conflicts::store::lose_notes(ctx.db, tenant, user)
}

/// An object of a noun is deleted, which keeps its rows itself: its conflicts go as a record's do.
pub fn conflicts_of(ctx: &mut Ctx<'_>, kind: &str, id: &str) -> Result<()> {
    let Some(table) = domains::nouns(ctx.house.features).iter().find(|table| table.entry.names.list == kind) else {
        return Ok(());
    };
    let (tenant, stamp) = (ctx.tenant_id()?, ctx.stamp()?);
    if conflicts::store::lose_record(ctx.db, tenant, table.name(), id, stamp)? {
        ctx.recount_stock(tenant, &conflicts::STOCK);
    }
    Ok(())
}

/// An account ends: of others' settled conflicts the side that may be its goes, too.
pub fn account(ctx: &mut Ctx<'_>, tenant: i64, user: i64) -> Result<()> {
    personal(ctx, tenant, user)?;
    store::forget_devices(ctx.db, tenant, user)?;
    for id in conflicts::store::against(ctx.db, tenant, user)? {
        conflicts::store::lose_server_side(ctx.db, tenant, &id)?;
        if feed::is_told(ctx.db, tenant, conflicts::KIND, &id)? {
            ctx.touch_in(tenant, conflicts::KIND, &id)?;
        }
    }
    Ok(())
}
