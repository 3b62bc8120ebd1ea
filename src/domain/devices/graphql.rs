//! Devices and the health of uploads through GraphQL.

use super::{LIST, MEMBER, api, store};
use crate::base::error::Result;
use crate::feature::ctx::value;
use crate::feature::{Asked, Ctx, Graph, Root};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("devices", LIST, devices), Root::query("syncHealth", MEMBER, health)],
    ..Graph::NONE
};

/// A handful of devices, each of which moves to the front with every upload: their cursor counts them.
fn devices(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let (scope, window) = (api::scope(ctx)?, asked.window()?);
    let offset: i64 = window.key(0, |parts| parts.first()?.parse().ok().filter(|offset| *offset >= 0))?;
    let devices = store::page(ctx.db, scope, ctx.now, window.rows(), offset)?;
    let end = offset.saturating_add(window.rows() - 1);
    asked.connection(&window, devices, |_| vec![end.to_string()], || store::number(ctx.db, scope))
}

fn health(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    let scope = api::scope(ctx)?;
    value(&api::sync_health(ctx.db, scope, ctx.now)?)
}
