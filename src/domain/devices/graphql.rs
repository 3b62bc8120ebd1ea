//! Devices and the health of uploads through GraphQL.

use super::own::api as mine;
use super::{LIST, MEMBER, api, rules, store};
use crate::base::error::Result;
use crate::base::json;
use crate::feature::ctx::value;
use crate::feature::graphql::WINDOWED;
use crate::feature::sessions::device::{self, Sent};
use crate::feature::{Access, Asked, Ctx, Graph, Root};
use crate::http::Response;
use crate::http::input::{Extent, Field, Input};
use serde_json::{Map, Value};

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[
        Root::query("devices", LIST, devices).paged(WINDOWED),
        Root::query("syncHealth", MEMBER, health),
        Root { weight: LIST_WEIGHT, ..Root::query("myDevices", Access::User, own) },
        Root::mutation("registerDevice", DEVICE_WEIGHT, register),
        Root::mutation("updateDevice", DEVICE_WEIGHT, update),
        Root::mutation("revokeDevice", DEVICE_WEIGHT, revoke),
    ],
    ..Graph::NONE
};

/// It shows as many as a user has: what fifty of them cost by the page.
const LIST_WEIGHT: f64 = 5.0;
/// A row or two are written.
const DEVICE_WEIGHT: f64 = 2.5;

fn own(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    value(&mine::all(ctx)?)
}

/// Runs a mutation in a transaction; a kept answer is the same JSON.
fn written(ctx: &mut Ctx<'_>, work: &mut dyn FnMut(&mut Ctx<'_>) -> Result<Value>) -> Result<Value> {
    let answer = ctx.write(&mut |ctx| Ok(Response::json(200, &work(ctx)?)))?;
    json::read(&answer.body)
}

/// The argument `device`, read by a table of fields.
fn sent(asked: &Asked, fields: &[Field], extent: Extent) -> Input {
    let none = Map::new();
    Input::of(asked.arguments.get("device").and_then(Value::as_object).unwrap_or(&none), fields, extent)
}

fn named(asked: &Asked) -> &str {
    asked.arguments.get("device_id").and_then(Value::as_str).unwrap_or_default()
}

fn register(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let sent = Sent::whole(sent(asked, device::WHOLE, Extent::Whole))?;
    written(ctx, &mut |ctx| value(&mine::registered(ctx, &sent)?))
}

fn update(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    written(ctx, &mut |ctx| {
        let user = ctx.user()?;
        value(&mine::changed(ctx, user, named(asked), sent(asked, device::CHANGE, Extent::Part))?)
    })
}

fn revoke(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    written(ctx, &mut |ctx| {
        let user = ctx.user()?;
        value(&mine::deactivated(ctx, user, named(asked))?)
    })
}

fn devices(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let (scope, window) = (api::scope(ctx)?, asked.window()?);
    let devices = store::part(ctx.db, scope, ctx.now, &rules::behind(&window.after)?, window.span())?;
    asked.connection(&window, devices, || store::number(ctx.db, scope))
}

fn health(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    let scope = api::scope(ctx)?;
    value(&api::sync_health(ctx.db, scope, ctx.now)?)
}
