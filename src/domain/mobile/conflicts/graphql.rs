//! Conflicts through GraphQL.

use super::rules::{self, Conflict, Filter};
use super::{KIND, store};
use crate::base::error::Result;
use crate::feature::{Access, Asked, Ctx, Graph, Root, Shown, Without};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("conflicts", Access::Member(Without::Empty), conflicts)],
    shown: &[Shown::plain(KIND, "SyncConflict")],
    ..Graph::NONE
};

fn conflicts(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let mut input = asked.input(rules::FILTER);
    input.finish()?;
    let (tenant, window, filter) = (ctx.tenant_id()?, asked.window()?, Filter::of(ctx, &input));
    let (at, id) = window.stamp_and_id()?;
    let conflicts = store::older(ctx.db, tenant, &filter, (at, &id), window.rows())?;
    let key = |conflict: &Conflict| vec![conflict.created_at.0.to_string(), conflict.conflict_id.clone()];
    asked.connection(&window, conflicts, key, || store::count(ctx.db, tenant, &filter))
}
