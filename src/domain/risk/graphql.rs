//! Advice and marks through GraphQL.

use super::api;
use super::ask::asked::{self, Asker, Record};
use super::marks::{KIND, called};
use crate::base::error::Result;
use crate::base::json;
use crate::feature::ctx::value;
use crate::feature::graphql::{EACH, Page};
use crate::feature::{Access, Asked, Ctx, Graph, Root, Shown, Without};
use crate::http::Response;
use serde_json::{Map, Value};

/// The noun's part of GraphQL. The weights are the contract's.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[
        Root::query("conflictRisk", Access::Member(Without::NoCouple), risk).paged(ASKED),
        Root::mutation("markEdit", MARK_WEIGHT, begin),
        Root::mutation("endEdit", MARK_WEIGHT, end),
    ],
    shown: &[Shown::plain(KIND, "Edits")],
    ..Graph::NONE
};

/// Each record is looked up by itself.
const ASKED: Page = Page { argument: "records", size: MOST, most: MOST };
const MOST: i64 = asked::MOST_RECORDS as i64 * EACH;

/// A row is written, and one of the feed.
const MARK_WEIGHT: f64 = 1.5;

fn risk(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    value(&api::results(ctx, &asked.arguments)?.1)
}

/// Runs a mutation in a transaction; a kept answer is the same JSON.
fn written(ctx: &mut Ctx<'_>, work: &mut dyn FnMut(&mut Ctx<'_>) -> Result<Value>) -> Result<Value> {
    let answer = ctx.write(&mut |ctx| {
        ctx.advance_admitted()?;
        Ok(Response::json(200, &work(ctx)?))
    })?;
    json::read(&answer.body)
}

fn word<'a>(members: &'a Map<String, Value>, name: &str) -> &'a str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn begin(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let empty = Map::new();
    let edit = asked.arguments.get("edit").and_then(Value::as_object).unwrap_or(&empty);
    let kind = asked::kind(ctx, word(edit, "kind"))?;
    let record = Record::read(kind, word(edit, "id"), edit, ctx.earlier())?;
    written(ctx, &mut |ctx| {
        let asker = Asker::named(ctx, &asked.arguments)?;
        value(&api::mark(ctx, asker, &record)?)
    })
}

fn end(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let kind = called(asked::kind(ctx, word(&asked.arguments, "kind"))?);
    let id = crate::base::id::parse(word(&asked.arguments, "id")).unwrap_or_default();
    written(ctx, &mut |ctx| {
        let asker = Asker::named(ctx, &asked.arguments)?;
        api::unmark(ctx, &asker, kind, &id).map(|()| Value::Bool(true))
    })
}
