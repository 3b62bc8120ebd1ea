//! The limits of an operation: how deep, how costly, how often. Mutations are counted where they write.

use super::cost::Figures;
use super::errors;
use crate::feature::meters::{Charge, Over};
use crate::feature::{Caller, Ctx, Rate, Role};
use crate::http::{Response, problem};
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

/// Counts a query: the request, and what it costs. The answer to a caller who is over a limit.
pub fn count(ctx: &mut Ctx<'_>, figures: Figures) -> Option<Response> {
    let settings = &ctx.house.settings;
    let limits = [("graphql", "requests", settings.limit_uploads, 1), ("cost", "complexity", settings.limit_cost, figures.cost)];
    limits.into_iter().find_map(|(limit, reason, rate, points)| {
        let over = charge(ctx, limit, rate?, points)?;
        Some(refusal(ctx, &over, reason))
    })
}

fn charge(ctx: &mut Ctx<'_>, limit: &'static str, rate: Rate, points: u32) -> Option<Over> {
    let whose = ctx.token.as_ref().map_or(ctx.request.address.as_str(), |claims| claims.user_id.as_str());
    let rate = rate.shared(share(ctx));
    ctx.meters.charge(&ctx.house.settings, &Charge { limit, whose, rate, points })
}

/// The caller's share of a limit, in halves. Introspection admits nobody: whoever holds a token is a user then.
fn share(ctx: &Ctx<'_>) -> u32 {
    const STRANGER: u32 = 1;
    const USER: u32 = 2;
    let role = ctx.caller.as_ref().and_then(|Caller { tenant, .. }| Some(tenant.as_ref()?.role));
    match role {
        Some(Role::Admin) => 3 * USER,
        Some(Role::Staff) => 2 * USER,
        Some(Role::Member) => USER,
        None if ctx.token.is_some() => USER,
        None => STRANGER,
    }
}

fn refusal(ctx: &Ctx<'_>, over: &Over, reason: &'static str) -> Response {
    let (request, refusal) = (ctx.request, over.refusal());
    let mut told = errors::extensions(&refusal, request.language);
    told.insert("reason".to_owned(), json!(reason));
    over.mark(errors::told_as(problem::refused(&refusal, request.language), request, told))
}
