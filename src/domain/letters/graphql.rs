//! Letters through GraphQL.

use super::rules::{self, Letter};
use super::{LETTERS, LIST, ONE, store};
use crate::base::error::Result;
use crate::base::time;
use crate::feature::{Asked, Ctx, Graph, Root, Shown};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("letter", ONE, letter), Root::query("letters", LIST, letters)],
    shown: &[Shown::plain(LETTERS, "Letter")],
    ..Graph::NONE
};

/// After every month that the contract can write.
const END: &str = "9999-13";

fn letter(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    asked.object(|id| store::find(ctx.db, tenant, id))
}

fn letters(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let mut input = asked.input(rules::FILTER);
    input.finish()?;
    let (tenant, window, months) = (ctx.tenant_id()?, asked.window()?, rules::months(&input));
    let before = window.key(END.to_owned(), |parts| match parts {
        [month] if time::is_month(month) => Some((*month).to_owned()),
        _ => None,
    })?;
    let letters = store::older(ctx.db, tenant, months, &before, window.rows())?;
    asked.connection(&window, letters, |letter: &Letter| vec![letter.month.clone()], || store::count(ctx.db, tenant, months))
}
