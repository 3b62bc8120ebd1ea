//! GET `/sync/changes/`

use super::rules::{self, Change};
use super::store;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::feature::cursor::{self, Cut};
use crate::feature::{Ctx, Kind, Schemas, Tenant};
use crate::http::Response;
use schemars::{JsonSchema, Schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::OnceLock;

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
    /// Seconds until the next poll.
    poll_after: u32,
    /// The changes by kind, oldest first.
    #[schemars(with = "Value")]
    changes: Lists,
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
    let mut schema = Answer::json_schema(&mut schemas.generator);
    if let Some(changes) = schema.pointer_mut("/properties/changes") {
        *changes = json!({"type": "object", "properties": lists, "additionalProperties": false});
    }
    schema
}

fn describe_list(schemas: &mut Schemas, kind: &Kind) -> Value {
    let mut item = Item::json_schema(&mut schemas.generator);
    if let Some(object) = item.pointer_mut("/properties/object") {
        *object = (kind.object)(schemas).to_value();
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

/// What is polled: the lists of a tenant.
struct Asked {
    tenant: Tenant,
    kinds: Vec<&'static Kind>,
}

/// What one poll found.
struct Page {
    rows: Vec<Change>,
    complete_to: Timestamp,
    has_more: bool,
}

/// GET `/sync/changes/`
pub fn changes(ctx: &mut Ctx<'_>) -> Result<Response> {
    let query = &ctx.request.query;
    let kinds = rules::kinds(ctx.house.kinds(), query.get("kinds").as_deref(), ctx.request.version)?;
    let asked = Asked { tenant: ctx.tenant()?.clone(), kinds };
    let tenant = &asked.tenant;
    let since = rules::cursor(query.get("since").as_deref(), tenant.clock, ctx.now);
    let restored = query.get("epoch").is_some_and(|epoch| epoch != tenant.epoch);
    let horizon = rules::horizon(tenant.horizon, tenant.clock, ctx.now, ctx.house.settings.tombstones);
    let reset = restored || since < horizon;
    let limit = rules::limit(query.get("limit").as_deref());
    let (with_objects, idle) = (has_word(ctx, "include", "objects"), has_word(ctx, "state", "idle"));
    let page = if reset { restart(ctx, &asked, horizon, limit)? } else { page(ctx, &asked, since, limit)? };
    let changes = lists(ctx, &asked.kinds, page.rows, with_objects)?;
    let answer = Answer {
        server_time: page.complete_to,
        since,
        epoch: &tenant.epoch,
        reset,
        has_more: page.has_more,
        poll_after: poll_after(ctx, idle),
        changes,
    };
    Ok(Response::json(200, &answer))
}

/// Does a query parameter hold this word in its comma-separated list?
fn has_word(ctx: &Ctx<'_>, name: &str, word: &str) -> bool {
    ctx.request.query.get(name).is_some_and(|value| value.split(',').any(|w| w.trim() == word))
}

/// The rows of the answer. Nothing to tell costs no query: admission read the clock in this snapshot.
fn page(ctx: &mut Ctx<'_>, asked: &Asked, since: Timestamp, limit: Option<usize>) -> Result<Page> {
    let tenant = &asked.tenant;
    let whole = |rows| Page { rows, complete_to: tenant.clock, has_more: false };
    match limit {
        _ if since >= tenant.clock => Ok(whole(Vec::new())),
        None => Ok(whole(store::between(ctx.db, tenant.id, &asked.kinds, since, tenant.clock)?)),
        Some(limit) => limited(ctx, asked, since, limit),
    }
}

/// Everything alive. A limit counts only beyond the horizon: a page that ended before it would start over for ever.
fn restart(ctx: &mut Ctx<'_>, asked: &Asked, horizon: Timestamp, limit: Option<usize>) -> Result<Page> {
    let clock = asked.tenant.clock;
    let head = limit.map_or(clock, |_| horizon.plus(rules::HEAD_START).min(clock));
    let mut rows = store::alive(ctx.db, asked.tenant.id, &asked.kinds, head)?;
    let room = limit.map(|limit| limit.saturating_sub(rows.len()).max(1));
    let rest = page(ctx, asked, head, room)?;
    rows.extend(rest.rows.into_iter().filter(|row| !row.deleted));
    Ok(Page { rows, ..rest })
}

fn limited(ctx: &mut Ctx<'_>, asked: &Asked, since: Timestamp, limit: usize) -> Result<Page> {
    let Asked { tenant: Tenant { id, clock, .. }, kinds } = asked;
    let mut rows = store::first(ctx.db, *id, kinds, since, limit + 1)?;
    match cursor::cut(&rows, limit, |row| row.stamp) {
        Cut::All => Ok(Page { rows, complete_to: *clock, has_more: false }),
        Cut::Before(end) => {
            rows.truncate(end);
            let complete_to = rows.last().map_or(since, |row| row.stamp);
            Ok(Page { rows, complete_to, has_more: true })
        }
        Cut::Whole(stamp) => {
            let has_more = !store::first(ctx.db, *id, kinds, stamp, 1)?.is_empty();
            let complete_to = if has_more { stamp } else { *clock };
            Ok(Page { rows: store::between(ctx.db, *id, kinds, stamp.plus(-1), stamp)?, complete_to, has_more })
        }
    }
}

/// Sorts the rows into the lists that were asked for.
fn lists(ctx: &mut Ctx<'_>, kinds: &[&'static Kind], rows: Vec<Change>, with_objects: bool) -> Result<Lists> {
    let mut lists: Vec<(&'static str, Vec<Item>)> = kinds.iter().map(|kind| (kind.name, Vec::new())).collect();
    for row in rows {
        if let Some((_, list)) = lists.iter_mut().find(|(name, _)| *name == row.kind) {
            list.push(Item { id: row.id, updated_at: row.stamp, deleted: row.deleted, object: None });
        }
    }
    if with_objects {
        for (kind, (_, items)) in kinds.iter().zip(&mut lists) {
            attach(ctx, kind, items)?;
        }
    }
    Ok(Lists(lists))
}

/// Puts each whole object beside its row.
fn attach(ctx: &mut Ctx<'_>, kind: &Kind, items: &mut [Item]) -> Result<()> {
    let ids: Vec<&str> = items.iter().filter(|item| !item.deleted).map(|item| item.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut objects: HashMap<String, Value> = (kind.load)(ctx, &ids)?.into_iter().collect();
    for item in items {
        item.object = objects.remove(&item.id);
    }
    Ok(())
}

/// Seconds until the next poll that the server would like.
fn poll_after(ctx: &Ctx<'_>, idle: bool) -> u32 {
    let settings = &ctx.house.settings;
    let usual = if idle { settings.poll_idle } else { settings.poll_active };
    usual.saturating_mul(rules::slow_down(load_per_processor()))
}

/// The machine's load average over a minute, for each processor that this process may use.
fn load_per_processor() -> f64 {
    static PROCESSORS: OnceLock<u32> = OnceLock::new();
    let processors = PROCESSORS.get_or_init(|| rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count().max(1)));
    // sysinfo(2) counts load in fractions of 2^16.
    let load = rustix::system::sysinfo().loads[0] as f64 / 65_536.0;
    load / f64::from(*processors)
}
