//! Conflicts through GraphQL.

use super::rules::{self, Filter};
use super::{KIND, store};
use crate::base::error::Result;
use crate::feature::graphql::WINDOWED;
use crate::feature::{Access, Asked, Ctx, Graph, Root, Shown, Without};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("conflicts", Access::Member(Without::Empty), conflicts).paged(WINDOWED)],
    shown: &[Shown::plain(KIND, "SyncConflict")],
    ..Graph::NONE
};

fn conflicts(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let mut input = asked.input_at(rules::FILTER, ctx.earlier());
    input.finish()?;
    let (tenant, window, filter) = (ctx.tenant_id()?, asked.window()?, Filter::of(ctx, &input)?);
    let conflicts = store::part(ctx.db, tenant, &filter, &window.after.newest()?, window.span())?;
    asked.connection(&window, conflicts, || store::count(ctx.db, tenant, &filter))
}
