//! The couple or team through GraphQL.

use super::rules::Group;
use super::store;
use crate::base::error::Result;
use crate::feature::ctx::value;
use crate::feature::graphql::TYPE_NAME;
use crate::feature::{Access, Asked, COUPLE, Ctx, Graph, Root, Shown, Without};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("couple", MEMBER, couple), Root::query("team", MEMBER, team)],
    shown: &[Shown { kind: COUPLE, type_name: "Couple", complete: |_, object| name(object) }],
    ..Graph::NONE
};

const MEMBER: Access = Access::Member(Without::NotFound);

/// Both stand in one list of the feed; a team says that it is one.
fn name(object: &mut Value) {
    if object["kind"] == "team" {
        object[TYPE_NAME] = "Team".into();
    }
}

fn couple(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    match store::group(ctx.db, tenant)? {
        Some(Group::Couple(couple)) => value(&couple),
        _ => Ok(Value::Null),
    }
}

fn team(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    match store::group(ctx.db, tenant)? {
        Some(Group::Team(team)) => value(&team),
        _ => Ok(Value::Null),
    }
}
