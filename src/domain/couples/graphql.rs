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
    roots: &[
        Root::query("couple", MEMBER, couple),
        Root::query("team", MEMBER, team),
        Root::query("archives", Access::User, archives),
    ],
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

fn archives(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let archives = store::archives(ctx.db, ctx.user()?, ctx.now)?;
    let (window, count) = (asked.window()?, i64::try_from(archives.len()).unwrap_or(i64::MAX));
    let after = window.after.newest()?;
    let behind = archives.into_iter().filter(|archive| (archive.left_at.0, &archive.id) < (after.0, &after.1));
    asked.connection(&window, window.span().of(behind), || Ok(count))
}
