//! The limits of an operation: how deep, how costly, how often. Mutations are counted where they write.

use super::cost::Figures;
use super::errors;
use crate::base::error::Result;
use crate::feature::Ctx;
use crate::feature::tenant::{STRANGER_SHARE, USER_SHARE};
use serde_json::{Map, Value, json};

/// What extensions say of an operation that is over the limits of one; `None` when it is not.
pub fn complexity(ctx: &Ctx<'_>, figures: Figures) -> Option<Map<String, Value>> {
    let settings = &ctx.house.settings;
    let over = |figure: u32, limit: u32| limit > 0 && figure > limit;
    if !over(figures.depth, settings.graphql_depth) && !over(figures.cost, settings.graphql_cost) {
        return None;
    }
    let limit = |limit: u32| if limit > 0 { json!(limit) } else { Value::Null };
    let told = json!({
        "code": errors::TOO_COMPLEX, "depth": figures.depth, "depthLimit": limit(settings.graphql_depth), "cost": figures.cost,
        "costLimit": limit(settings.graphql_cost),
    });
    told.as_object().cloned()
}

/// Counts a query: the request, and what it costs.
///
/// # Errors
/// The refusal of a caller who is over a limit.
pub fn count(ctx: &mut Ctx<'_>, figures: Figures) -> Result<()> {
    let settings = &ctx.house.settings;
    let limits =
        [("graphql", "requests", settings.limit_uploads, 1), ("points", "complexity", settings.limit_cost, figures.cost)];
    for (bucket, reason, rate, points) in limits {
        let Some(rate) = rate.map(|rate| rate.shared(share(ctx))) else { continue };
        if let Some(refusal) = ctx.charge(bucket, reason, rate, points) {
            return Err(refusal.into());
        }
    }
    Ok(())
}

/// The caller's share of a limit. Introspection admits nobody: whoever holds a token is a user then.
fn share(ctx: &Ctx<'_>) -> u32 {
    match ctx.admitted().and_then(|caller| caller.tenant.as_ref()) {
        Some(tenant) => tenant.role.share(),
        None if ctx.token().is_some() => USER_SHARE,
        None => STRANGER_SHARE,
    }
}
