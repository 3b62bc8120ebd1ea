//! GET `/sync/changes/`

use super::feed::{self, Poll};
use super::restart::START;
use super::rules::{self, Change};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::feature::{Ctx, Kind, Schemas};
use crate::http::Response;
use schemars::{JsonSchema, Schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// What changed.
#[derive(Serialize, JsonSchema)]
struct Answer<'a> {
    /// The instant up to which the answer is complete: the next `since`.
    server_time: Timestamp,
    /// The cursor that the answer continues from.
    since: Timestamp,
    /// Another one than before: start over.
    epoch: &'a str,
    /// These are not the changes but everything alive: it replaces what the client holds.
    reset: bool,
    /// There is more: ask again at once.
    has_more: bool,
    /// The next page of a new start: the next `after`, beside the same `since`. `server_time` is the next `since` once there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    /// How many objects all pages of a new start have together, on its first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    /// Seconds until the next poll.
    poll_after: u32,
    /// The changes by kind, oldest first.
    #[schemars(with = "Value")]
    changes: Lists,
    /// Messages to the caller's device, oldest first, where `include` asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Value>,
}

/// The lists that were asked for, in the order of the registry; an empty one is there too.
struct Lists(Vec<(&'static str, Vec<Item>)>);

/// An object that changed.
#[derive(Serialize, JsonSchema)]
struct Item {
    /// Its id.
    id: String,
    /// The stamp of its last change.
    updated_at: Timestamp,
    /// Its version, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    /// Is it gone?
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    /// The object, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Value>,
}

/// The schema of [`Answer`]: its lists are the registry's kinds.
pub fn describe(schemas: &mut Schemas) -> Schema {
    let kinds: Vec<&Kind> = schemas.features.iter().flat_map(|feature| feature.kinds).collect();
    let lists: Map<String, Value> = kinds.iter().map(|kind| (kind.name.to_owned(), describe_list(schemas, kind))).collect();
    let messages = schemas.features.iter().find_map(|feature| feature.messages);
    let messages = messages.map(|messages| schemas.of("messages", messages.object).to_value());
    let mut schema = Answer::json_schema(&mut schemas.generator);
    if let Some(changes) = schema.pointer_mut("/properties/changes") {
        *changes = json!({"type": "object", "properties": lists, "additionalProperties": false});
    }
    if let Some((noun, shown)) = messages.zip(schema.pointer_mut("/properties/messages")) {
        *shown = json!({"type": "array", "items": noun});
    }
    schema
}

fn describe_list(schemas: &mut Schemas, kind: &Kind) -> Value {
    let mut item = Item::json_schema(&mut schemas.generator);
    if let Some(object) = item.pointer_mut("/properties/object") {
        *object = schemas.of(kind.name, kind.object).to_value();
    }
    json!({"type": "array", "items": item})
}

impl Serialize for Lists {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, items) in &self.0 {
            map.serialize_entry(name, items)?;
        }
        map.end()
    }
}

/// GET `/sync/changes/`
pub fn changes(ctx: &mut Ctx<'_>) -> Result<Response> {
    let query = &ctx.request.query;
    let [since, epoch, after, own] = ["since", "epoch", "after", "own"].map(|name| query.get(name));
    let poll = Poll {
        since: since.as_deref(),
        epoch: epoch.as_deref(),
        own: rules::own(own.as_deref()),
        limit: rules::limit(query.get("limit").as_deref()).map(|limit| ctx.request.at_most(limit)),
        kinds: rules::kinds(ctx.house.kinds(), |word| ctx.house.kind(word), query.get("kinds").as_deref(), ctx.request.version)?,
        after: after.as_deref(),
        idle: has_word(ctx, "state", "idle"),
        socket: has_word(ctx, "state", "socket"),
        objects: has_word(ctx, "include", "objects"),
        messages: has_word(ctx, "include", "messages"),
    };
    let found = feed::poll(ctx, &poll)?;
    let changes = lists(&poll.kinds, found.rows);
    let answer = Answer {
        server_time: found.complete_to,
        since: found.since,
        epoch: &found.epoch,
        reset: found.reset,
        has_more: found.has_more,
        next: found.next.as_deref(),
        total: found.total,
        poll_after: found.poll_after,
        changes,
        messages: found.messages,
    };
    Ok(Response::json(200, &answer))
}

/// May a replica answer this poll? Only if it continues one that this tenant was given in this store, which its epoch
/// shows, and if the replica has come as far: no cursor goes back, no phone is shown an older version of what it holds.
/// New starts are the primary's: what replaces everything that a phone holds must not lack what the phone has just sent.
pub fn continues(ctx: &Ctx<'_>) -> bool {
    let (Ok(tenant), query) = (ctx.tenant(), &ctx.request.query) else { return false };
    let since = query.get("since").as_deref().and_then(|text| Timestamp::parse_as(text, ctx.earlier()));
    let horizon = rules::horizon(tenant.horizon, tenant.clock, ctx.now, ctx.house.settings.tombstones);
    let reached = since.is_some_and(|since| horizon <= since && since <= tenant.clock);
    let is_page = query.get("after").is_some_and(|after| !after.is_empty() && after != START);
    // A replica without the client's own writes would tell what they replaced.
    let has_own = rules::own(query.get("own").as_deref()).iter().all(|own| *own <= tenant.clock);
    reached && !is_page && has_own && query.get("epoch").is_some_and(|epoch| epoch == tenant.epoch)
}

/// Does a query parameter hold this word in its comma-separated list?
fn has_word(ctx: &Ctx<'_>, name: &str, word: &str) -> bool {
    ctx.request.query.get(name).is_some_and(|value| value.split(',').any(|w| w.trim() == word))
}

/// Sorts the rows into the lists that were asked for.
fn lists(kinds: &[&'static Kind], rows: Vec<Change>) -> Lists {
    let mut lists: Vec<(&'static str, Vec<Item>)> = kinds.iter().map(|kind| (kind.name, Vec::new())).collect();
    for Change { kind, id, stamp, deleted, version, object } in rows {
        if let Some((_, list)) = lists.iter_mut().find(|(name, _)| *name == kind) {
            list.push(Item { id, updated_at: stamp, version, deleted, object });
        }
    }
    Lists(lists)
}
