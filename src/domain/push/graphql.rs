//! Messages through GraphQL.

use super::subscriptions::api::About;
use super::subscriptions::change::{self, Proof};
use super::subscriptions::fields;
use super::subscriptions::shown::Shown;
use super::{api, key, rules};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::base::{id, json};
use crate::feature::ctx::{found, value};
use crate::feature::graphql::Page;
use crate::feature::{Access, Asked, Ctx, Graph, Root, Upload, Without};
use crate::http::Response;
use crate::http::input::{Extent, Field, Input, Shape};
use serde_json::{Map, Value};

/// What a mutation of messages costs, as the contract says.
const WEIGHT: f64 = 2.0;

/// It shows all of a user's: what twenty objects cost by the page.
const LIST_WEIGHT: f64 = 2.0;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[
        Root::query("pushMessages", Access::Member(Without::NoCouple), messages).paged(PAGE),
        Root::mutation("acknowledgePush", WEIGHT, acknowledge),
        Root::mutation("sendPush", WEIGHT, send),
        Root::query("pushKey", Access::User, about),
        Root { weight: LIST_WEIGHT, ..Root::query("pushSubscriptions", Access::User, subscriptions) },
        Root::mutation("subscribePush", WEIGHT, subscribe),
        Root::mutation("updatePushSubscription", WEIGHT, update),
        Root::mutation("removePushSubscription", WEIGHT, remove),
        Root::mutation("verifyPushSubscription", WEIGHT, verify),
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

/// Where no key was made yet, nobody is woken: `GET /push/` makes it, and so does whoever subscribes.
fn about(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    let key = key::find(ctx.db, &ctx.house.secret)?;
    value(&About::of(ctx, key))
}

fn subscriptions(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    let all = change::own(ctx)?;
    value(&all.iter().map(|s| Shown::of(ctx.house, s)).collect::<Vec<_>>())
}

/// Runs a mutation in a transaction; a kept answer is the same JSON.
fn written(ctx: &mut Ctx<'_>, work: &mut dyn FnMut(&mut Ctx<'_>) -> Result<Value>) -> Result<Value> {
    let answer = ctx.write(&mut |ctx| Ok(Response::json(200, &work(ctx)?)))?;
    json::read(&answer.body)
}

/// The argument `input`, read by a table of fields.
fn sent(asked: &Asked, fields: &[Field], extent: Extent) -> Input {
    let none = Map::new();
    Input::of(asked.arguments.get("input").and_then(Value::as_object).unwrap_or(&none), fields, extent)
}

/// The argument `id`; what is none is nobody's.
fn named(asked: &Asked) -> Result<String> {
    found(asked.arguments.get("id").and_then(Value::as_str).and_then(id::parse))
}

fn subscribe(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    written(ctx, &mut |ctx| {
        let (s, _) = change::subscribe(ctx, sent(asked, fields::WHOLE, Extent::Whole))?;
        value(&Shown::of(ctx.house, &s))
    })
}

fn update(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let id = named(asked)?;
    written(ctx, &mut |ctx| {
        let changed = change::change(ctx, &id, sent(asked, fields::CHANGE, Extent::Part))?;
        value(&Shown::of(ctx.house, &changed))
    })
}

fn remove(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let id = named(asked)?;
    written(ctx, &mut |ctx| change::end(ctx, &id).map(|()| Value::Bool(true)))
}

fn verify(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let (id, mut input) = (named(asked)?, asked.input(fields::CODE));
    input.finish()?;
    let code = input.text(fields::CODE[0].name).unwrap_or_default();
    // That it was guessed wrongly is kept, and told only then.
    let mut wrong = None;
    let proved = written(ctx, &mut |ctx| {
        wrong = None;
        match change::verify(ctx, &id, code)? {
            Proof::Good(s) => value(&Shown::of(ctx.house, &s)),
            Proof::Wrong(refusal) => {
                wrong = Some(refusal);
                Ok(Value::Null)
            }
        }
    })?;
    wrong.map_or(Ok(proved), |refusal| Err(refusal.into()))
}
