//! Room for the conflicts of one record: so many settled ones are kept, and so many wait for somebody. A device that goes on
//! sending one stale edit would else fill the store with copies of it.

use super::item::Item;
use crate::base::error::{Refusal, Refused, Result};
use crate::base::text::Message;
use crate::domain::mobile::conflicts::{STOCK, store};
use crate::domain::mobile::texts;
use crate::feature::Ctx;
use std::collections::HashMap;

/// How many conflicts the records of a tenant have, looked up once an upload.
#[derive(Default)]
pub struct Room {
    counts: Option<HashMap<(String, String), usize>>,
}

impl Room {
    /// Makes room for another conflict of an item's record: the oldest settled ones are forgotten, open ones never are.
    ///
    /// # Errors
    /// [`Refused::OpenConflicts`].
    pub fn make(&mut self, ctx: &mut Ctx<'_>, item: &Item, is_settled: bool) -> Result<()> {
        let (tenant, most) = (ctx.tenant_id()?, ctx.house.settings.max_conflicts);
        let counts = match &mut self.counts {
            Some(counts) => counts,
            none => none.insert(store::counts(ctx.db, tenant)?.into_iter().collect()),
        };
        let count = counts.entry((item.table.name().to_owned(), item.id.clone())).or_default();
        if *count >= most as usize {
            *count -= thin(ctx, item, is_settled)?;
        }
        *count += 1;
        Ok(())
    }
}

/// Forgets settled conflicts until there is room for one; answers how many.
fn thin(ctx: &mut Ctx<'_>, item: &Item, is_settled: bool) -> Result<usize> {
    let (tenant, most) = (ctx.tenant_id()?, ctx.house.settings.max_conflicts);
    let all = store::of_record(ctx.db, tenant, item.table.name(), &item.id)?;
    let (settled, open): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, is_settled)| *is_settled);
    if !is_settled && open.len() >= most as usize {
        return Err(Refusal::with(Refused::OpenConflicts, Message::with(&texts::CONFLICT_OPEN, &[&most])).into());
    }
    let beyond = (settled.len() + usize::from(is_settled)).saturating_sub(most as usize);
    let stamp = ctx.stamp()?;
    for (id, _) in settled.iter().take(beyond) {
        store::forget_one(ctx.db, tenant, id, stamp)?;
        ctx.recount_stock(tenant, &STOCK);
    }
    Ok(beyond)
}
