//! The caller's account through GraphQL.

use super::api;
use crate::base::error::Result;
use crate::feature::ctx::value;
use crate::feature::{Access, Asked, Ctx, Graph, Root};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph =
    Graph { schema: include_str!("schema.graphql"), roots: &[Root::query("me", Access::User, me)], ..Graph::NONE };

fn me(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    value(&api::own(ctx)?)
}
