//! Messages through GraphQL.

use super::{api, rules};
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::base::time::Timestamp;
use crate::feature::ctx::value;
use crate::feature::graphql::Page;
use crate::feature::{Access, Asked, Ctx, Graph, Root, Upload, Without};
use crate::http::Response;
use crate::http::input::{Extent, Field, Input, Shape};
use serde_json::{Map, Value};

/// What a mutation of messages costs, as the contract says.
const WEIGHT: f64 = 2.0;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[
        Root::query("pushMessages", Access::Member(Without::NoCouple), messages).paged(PAGE),
        Root::mutation("acknowledgePush", WEIGHT, acknowledge),
        Root::mutation("sendPush", WEIGHT, send),
    ],
    ..Graph::NONE
};

const PAGE: Page = Page { argument: "first", size: rules::MAX_LIMIT, most: rules::MAX_LIMIT };
const FIRST: &[Field] = &[Field::new("first", Shape::Int(1, rules::MAX_LIMIT))];

fn messages(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let mut input = asked.input(FIRST);
    input.finish()?;
    let since = asked.arguments.get("since").and_then(Value::as_str);
    let since = since.and_then(|text| Timestamp::parse_as(text, ctx.earlier()));
    value(&api::page(ctx, since, input.int("first"))?)
}

fn acknowledge(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let mut input = asked.input(rules::ACK);
    input.finish()?;
    ctx.write(&mut |ctx| {
        api::seen(ctx, &input)?;
        Ok(Response::json(200, &true))
    })
    .map(|_| Value::Bool(true))
}

fn send(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let input = asked.arguments.get("input").and_then(Value::as_object);
    let input: &Map<String, Value> = input.ok_or_else(|| Error::internal("input is no object"))?;
    let upload = Upload { operation: "sendPush", key: None, request: Vec::new(), points: asked.points, epoch: None };
    let answer = ctx.write_upload(upload, &mut |ctx| {
        let sent = api::sent(ctx, Input::of(input, rules::SEND, Extent::Whole))?;
        Ok(Response::json(200, &sent))
    })?;
    json::read(&answer.body)
}
