//! Erasing: what goes with a record, and what goes with a user.

use super::store;
use crate::base::error::Result;
use crate::domain::mobile::conflicts;
use crate::domain::mobile::domains::RECORDS;
use crate::feature::Ctx;

/// Erases the records of a tenant that are a user's alone: those of personal domains that nobody else has written in.
pub fn personal(ctx: &mut Ctx<'_>, tenant: i64, user: i64) -> Result<()> {
    for table in RECORDS.iter().filter(|table| table.personal) {
        for id in store::of_user_alone(ctx.db, tenant, table.name(), user)? {
            let stamp = ctx.stamp_in(tenant)?;
            store::erase(ctx.db, tenant, table.name(), &id, stamp)?;
            ctx.bury_in(tenant, table.entry.names.list, &id)?;
            conflicts::store::lose_record(ctx.db, tenant, table.name(), &id, stamp)?;
        }
    }
    Ok(())
}
