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
    let kinds = asked.arguments.get("kinds").and_then(Value::as_array);
    let kinds = kinds.map(|kinds| kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","));
    let poll = Poll {
        since: text("since"),
        epoch: text("epoch"),
        limit: input
            .int("limit")
            .and_then(|limit| usize::try_from(limit).ok())
            .or(Some(rules::MAX_LIMIT))
            .map(|limit| ctx.request.at_most(limit)),
        kinds: rules::kinds(ctx.house.kinds(), kinds.as_deref(), version::CURRENT)?,
        idle: false,
    };
    let found = feed::poll(ctx, &poll)?;
    let objects = if asked.shows("changes.object") { objects(ctx, &poll.kinds, &found.rows)? } else { HashMap::new() };
    Ok(json!({
        "server_time": found.complete_to, "since": found.since, "epoch": found.epoch, "reset": found.reset,
        "has_more": found.has_more, "poll_after": found.poll_after, "changes": changed(&found.rows, objects),
    }))
}

/// The objects of a page, by kind and id.
type Objects<'r> = HashMap<(&'r str, &'r str), Value>;

fn changed<'r>(rows: &'r [Change], mut objects: Objects<'r>) -> Value {
    let mut changed = Vec::with_capacity(rows.len());
    for Change { kind, id, stamp, deleted } in rows {
        let object = objects.remove(&(kind.as_str(), id.as_str()));
        changed.push(json!({"kind": kind, "id": id, "updated_at": stamp, "deleted": deleted, "object": object}));
    }
    Value::Array(changed)
}

fn objects<'r>(ctx: &mut Ctx<'_>, kinds: &[&'static Kind], rows: &'r [Change]) -> Result<Objects<'r>> {
    let tenant = ctx.tenant_id()?;
    let mut objects = HashMap::new();
    for kind in kinds {
        let mut alive: HashMap<&str, &Change> =
            rows.iter().filter(|row| row.kind == kind.name && !row.deleted).map(|row| (row.id.as_str(), row)).collect();
        let ids: Vec<&str> = alive.keys().copied().collect();
        let loaded = if ids.is_empty() { Vec::new() } else { kind.read(ctx.db, tenant, &ids)? };
        for (id, mut object) in loaded {
            let (shown, Some(row)) = (shown(ctx, kind)?, alive.remove(id.as_str())) else { continue };
            object[TYPE_NAME] = shown.type_name.into();
            (shown.complete)(kind.name, &mut object);
            objects.insert((row.kind.as_str(), row.id.as_str()), object);
        }
    }
    Ok(objects)
}

/// How a kind looks in GraphQL.
fn shown(ctx: &Ctx<'_>, kind: &Kind) -> Result<&'static Shown> {
    let all = ctx.house.features.iter().flat_map(|feature| feature.graph.shown);
    all.into_iter()
        .find(|shown| shown.kind == kind.name)
        .ok_or_else(|| Error::Internal(format!("{} has no type in GraphQL", kind.name)))
}
