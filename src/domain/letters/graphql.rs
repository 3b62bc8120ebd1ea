//! Letters through GraphQL.

use super::rules;
use super::{LETTERS, LIST, ONE, store};
use crate::base::error::Result;
use crate::feature::graphql::WINDOWED;
use crate::feature::{Asked, Ctx, Graph, Root, Shown};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("letter", ONE, letter), Root::query("letters", LIST, letters).paged(WINDOWED)],
    shown: &[Shown::plain(LETTERS, "Letter")],
    ..Graph::NONE
};

fn letter(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    asked.object(|id| store::find(ctx.db, tenant, id))
}

fn letters(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let mut input = asked.input(rules::FILTER);
    input.finish()?;
    let (tenant, window, months) = (ctx.tenant_id()?, asked.window()?, rules::months(&input));
    let letters = store::part(ctx.db, tenant, months, &rules::before(&window.after)?, window.span())?;
    asked.connection(&window, letters, || store::count(ctx.db, tenant, months))
}
