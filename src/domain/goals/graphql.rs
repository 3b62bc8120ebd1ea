//! Goals and actions through GraphQL.

use super::{ACTIONS, GOALS, LIST, ONE, store};
use crate::base::error::Result;
use crate::feature::graphql::WINDOWED;
use crate::feature::{Asked, Ctx, Graph, Root, Shown};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[
        Root::query("goal", ONE, goal),
        Root::query("goals", LIST, goals).paged(WINDOWED),
        Root::query("goalAction", ONE, action),
    ],
    shown: &[Shown::plain(GOALS, "Goal"), Shown::plain(ACTIONS, "GoalAction")],
    ..Graph::NONE
};

fn goal(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    asked.object(|id| store::find(ctx.db, tenant, id))
}

fn goals(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let (tenant, window) = (ctx.tenant_id()?, asked.window()?);
    let goals = store::part(ctx.db, tenant, &window.after.newest()?, window.span())?;
    asked.connection(&window, goals, || store::count(ctx.db, tenant))
}

fn action(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    asked.object(|id| store::find_action(ctx.db, tenant, id))
}
