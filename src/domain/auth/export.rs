//! Everything that is held on a user and in a tenant, by the registry: for the app, and for the operator.

use crate::base::error::Result;
use crate::feature::{Ctx, Kind, store};
use serde_json::{Map, Value};

/// How many objects are read at once.
const BATCH: usize = 200;

/// Everything that the caller's own export holds. What a noun holds under a kind's name is more than the feed shows of it.
pub fn of_both(ctx: &mut Ctx<'_>, told: &mut dyn FnMut()) -> Result<Map<String, Value>> {
    let mut lists = if ctx.caller()?.tenant.is_some() { of_tenant(ctx, told)? } else { Map::new() };
    lists.extend(of_user(ctx)?);
    Ok(lists)
}

/// What is held on the caller beside what the feed shows.
pub fn of_user(ctx: &mut Ctx<'_>) -> Result<Map<String, Value>> {
    let mut lists = Map::new();
    for held in ctx.house.features.iter().flat_map(|feature| feature.held) {
        lists.insert(held.name.to_owned(), Value::Array((held.load)(ctx)?));
    }
    Ok(lists)
}

/// Every live object of the caller's tenant, by kind; `told` is called after each kind.
///
/// # Errors
/// When the caller is in no tenant; the database's.
pub fn of_tenant(ctx: &mut Ctx<'_>, told: &mut dyn FnMut()) -> Result<Map<String, Value>> {
    let mut lists = Map::new();
    for kind in ctx.house.kinds() {
        lists.insert(kind.name.to_owned(), Value::Array(every(ctx, kind)?));
        told();
    }
    Ok(lists)
}

/// Every live object of a kind, in the order of the feed.
fn every(ctx: &mut Ctx<'_>, kind: &Kind) -> Result<Vec<Value>> {
    let ids = store::alive(ctx.db, ctx.tenant_id()?, kind.name)?;
    let mut objects = Vec::with_capacity(ids.len());
    for batch in ids.chunks(BATCH) {
        let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
        objects.extend(kind.read(ctx, &batch)?.into_iter().map(|(_, object)| object));
    }
    Ok(objects)
}
