//! How much the two sides of a conflict count under the policy `device_priority`: as their devices do in the tenant.

use super::merge::Ranks;
use super::record::Record;
use super::store;
use super::tables::Table;
use crate::base::error::Result;
use crate::domain::mobile::conflicts::Policy;
use crate::feature::sessions::store as devices;
use crate::feature::{Ctx, TenantKind};

/// How much both sides count, if the policy asks for that and both devices are known; `from` is the user and the device of the edit. Nouns do
/// not say which device made a version.
pub fn under(ctx: &mut Ctx<'_>, policy: Policy, table: &Table, record: &Record, from: (i64, &str)) -> Result<Option<Ranks>> {
    if policy != Policy::DevicePriority || table.noun.is_some() {
        return Ok(None);
    }
    let tenant = ctx.tenant_id()?;
    let Some(device) = store::device(ctx.db, tenant, table.name(), record)? else { return Ok(None) };
    let client = of(ctx, from)?;
    let server = of(ctx, (record.updated_by, &device))?;
    Ok(client.zip(server).map(|(client, server)| Ranks { client, server }))
}

/// How much a user's device counts here, if they have it.
fn of(ctx: &mut Ctx<'_>, (user, device): (i64, &str)) -> Result<Option<i64>> {
    let tenant = ctx.tenant()?;
    let team = (tenant.kind == TenantKind::Team).then_some(tenant.id);
    Ok(devices::find(ctx.db, user, device)?.map(|device| device.priority_in(team)))
}
