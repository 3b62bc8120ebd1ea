//! Check-ins through GraphQL.

use super::rules;
use super::{CHECKINS, LIST, ONE, api, store};
use crate::base::error::Result;
use crate::feature::graphql::WINDOWED;
use crate::feature::{Asked, Ctx, Graph, Root, Shown};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("checkin", ONE, checkin), Root::query("checkins", LIST, checkins).paged(WINDOWED)],
    shown: &[Shown::plain(CHECKINS, "Checkin")],
    ..Graph::NONE
};

fn checkin(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    asked.object(|id| store::find(ctx.db, tenant, id))
}

fn checkins(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let filter = api::filter(ctx, asked.input(rules::FILTER))?;
    let (tenant, window) = (ctx.tenant_id()?, asked.window()?);
    let checkins = store::part(ctx.db, tenant, &filter, &rules::before(&window.after)?, window.span())?;
    asked.connection(&window, checkins, || store::count(ctx.db, tenant, &filter))
}
