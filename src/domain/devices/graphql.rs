//! Devices and the health of uploads through GraphQL.

use super::{LIST, MEMBER, api, rules, store};
use crate::base::error::Result;
use crate::feature::ctx::value;
use crate::feature::graphql::WINDOWED;
use crate::feature::{Asked, Ctx, Graph, Root};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("devices", LIST, devices).paged(WINDOWED), Root::query("syncHealth", MEMBER, health)],
    ..Graph::NONE
};

fn devices(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let (scope, window) = (api::scope(ctx)?, asked.window()?);
    let devices = store::part(ctx.db, scope, ctx.now, &rules::behind(&window.after)?, window.span())?;
    asked.connection(&window, devices, || store::number(ctx.db, scope))
}

fn health(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    let scope = api::scope(ctx)?;
    value(&api::sync_health(ctx.db, scope, ctx.now)?)
}
