//! The feed through GraphQL: one list, oldest change first, with objects of every type.

use super::feed::{self, Poll};
use super::rules::{self, Change};
use crate::base::error::{Error, Result};
use crate::feature::graphql::{Page, TYPE_NAME};
use crate::feature::{Access, Asked, Ctx, Graph, Kind, Root, Shown, Without};
use crate::http::input::{Field, Shape};
use crate::http::version;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("changes", Access::Member(Without::NoCouple), changes).paged(PAGE)],
    ..Graph::NONE
};

const PAGE: Page = Page { argument: "limit", size: rules::MAX_LIMIT as i64, most: rules::MAX_LIMIT as i64 };
const LIMIT: &[Field] = &[Field::new("limit", Shape::Int(1, rules::MAX_LIMIT as i64))];

fn changes(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let mut input = asked.input(LIMIT);
    input.finish()?;
    let text = |name: &str| asked.arguments.get(name).and_then(Value::as_str);
    let list = |name: &str| {
        let words = asked.arguments.get(name).and_then(Value::as_array)?.iter().filter_map(Value::as_str);
        Some(words.collect::<Vec<_>>().join(","))
    };
    let (kinds, own) = (list("kinds"), list("own"));
    let poll = Poll {
        since: text("since"),
        epoch: text("epoch"),
        own: rules::own(own.as_deref()),
        limit: input
            .int("limit")
            .and_then(|limit| usize::try_from(limit).ok())
            .or(Some(rules::MAX_LIMIT))
            .map(|limit| ctx.request.at_most(limit)),
        kinds: rules::kinds(ctx.house.kinds(), |word| ctx.house.kind(word), kinds.as_deref(), version::CURRENT)?,
        after: text("after"),
        idle: false,
        socket: false,
        objects: asked.shows("changes.object"),
        messages: list("include").is_some_and(|words| words.split(',').any(|word| word == "messages")),
    };
    let found = feed::poll(ctx, &poll)?;
    Ok(json!({
        "server_time": found.complete_to, "since": found.since, "epoch": found.epoch, "reset": found.reset,
        "has_more": found.has_more, "next": found.next, "total": found.total, "poll_after": found.poll_after,
        "changes": changed(ctx, &poll.kinds, found.rows)?, "messages": found.messages,
    }))
}

fn changed(ctx: &Ctx<'_>, kinds: &[&'static Kind], rows: Vec<Change>) -> Result<Value> {
    let shown = kinds.iter().map(|kind| Ok((kind.name, shown(ctx, kind)?))).collect::<Result<HashMap<_, _>>>()?;
    let changed = rows.into_iter().map(|Change { kind, id, stamp, deleted, version, object }| {
        let object = object.zip(shown.get(kind.as_str())).map(|(object, shown)| typed(object, shown));
        json!({"kind": kind, "id": id, "updated_at": stamp, "version": version, "deleted": deleted, "object": object})
    });
    Ok(Value::Array(changed.collect()))
}

/// An object in the form of its type.
fn typed(mut object: Value, shown: &Shown) -> Value {
    object[TYPE_NAME] = shown.type_name.into();
    (shown.complete)(shown.kind, &mut object);
    object
}

/// How a kind looks in GraphQL.
fn shown(ctx: &Ctx<'_>, kind: &Kind) -> Result<&'static Shown> {
    let all = ctx.house.features.iter().flat_map(|feature| feature.graph.shown);
    all.into_iter()
        .find(|shown| shown.kind == kind.name)
        .ok_or_else(|| Error::Internal(format!("{} has no type in GraphQL", kind.name)))
}
