//! The couple through GraphQL.

use super::store;
use crate::base::error::Result;
use crate::feature::ctx::value;
use crate::feature::{Access, Asked, COUPLE, Ctx, Graph, Root, Shown, Without};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("couple", Access::Member(Without::NotFound), couple)],
    shown: &[Shown::plain(COUPLE, "Couple")],
};

fn couple(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    value(&store::find(ctx.db, tenant)?)
}
