//! The upload frame: both faces call it. One upload is one transaction behind the guards; a bad item fails alone.

use super::answer::{Results, SyncBatchResponse, SyncError, SyncMetrics, SyncResponse, SyncedItem, Tally, VALIDATION_ERROR};
use super::batch::{Content, FIELDS, List, Operation, Sent, canonical};
use super::texts;
use super::{domains, records, telemetry};
use crate::base::error::Result;
use crate::base::id;
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::feature::news::Uploaded;
use crate::feature::sessions;
use crate::feature::{Ctx, News, Upload};
use crate::http::Response;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// The most items of one list: with a day's telemetry in a few of them, and one transaction that others do not wait for long.
pub const MAX_ITEMS: usize = 1_000;

/// From so many items on an upload changes more of the database than a connection usually holds.
const MANY: usize = 100;

/// Takes an upload: `body` is its input in snake_case. The answer is the JSON of [`SyncResponse`] or, for a batch, of
/// [`SyncBatchResponse`], and is kept under the upload's key, the same bytes for every face.
///
/// # Errors
/// Wrong fields of the upload itself; the guards' refusals; the database's. Nothing is written then.
pub fn sync(ctx: &mut Ctx<'_>, operation: Operation, body: &Map<String, Value>, points: u32) -> Result<Response> {
    let mut sent = Sent::read(operation, body, ctx.zone(), ctx.now)?;
    if !sent.lists.iter().all(|list| sent.operation.allows(list)) {
        sent.measure(None)?;
        let results = sent.lists.iter().map(|list| (list.content, refuse(ctx, &sent, list))).collect();
        return Ok(answer(&sent, results, Duration::ZERO, epoch(ctx)));
    }
    let written = canonical(body, FIELDS)?;
    sent.measure(Some(&written))?;
    let upload = Upload {
        operation: operation.name(),
        key: sent.key.clone(),
        request: written.text.into_bytes(),
        points,
        epoch: sent.epoch.clone(),
    };
    if sent.lists.iter().map(|list| list.items.len()).sum::<usize>() < MANY {
        return ctx.write_upload(upload, &mut |ctx| write(ctx, &sent));
    }
    ctx.db.hold(true)?;
    let outcome = ctx.write_upload(upload, &mut |ctx| write(ctx, &sent));
    if let Err(error) = ctx.db.hold(false) {
        // What was written is written.
        log::warn!("an upload's memory is not given back: {error}");
    }
    outcome
}

impl Operation {
    /// Is the list of a length that is taken? A batch may hold empty lists: many clients send every list always.
    fn allows(self, list: &List<'_>) -> bool {
        let fewest = usize::from(self.needs_list());
        (fewest..=MAX_ITEMS).contains(&list.items.len())
    }
}

/// What a list is answered when the whole upload is refused.
fn refuse(ctx: &Ctx<'_>, sent: &Sent<'_>, list: &List<'_>) -> SyncResponse {
    let mut tally = Tally::default();
    if !sent.operation.allows(list) {
        let message = Message::with(&texts::LIST_LENGTH, &[&1, &MAX_ITEMS, &list.items.len()]);
        tally.errors.push(SyncError {
            field: Some(sent.operation.member(list.content).to_owned()),
            ..SyncError::new(VALIDATION_ERROR, &message, ctx.request.language)
        });
    }
    let metrics = SyncMetrics { failed_items: number(list.items.len()), ..SyncMetrics::default() };
    SyncResponse { success: false, epoch: epoch(ctx), ..response(sent, list, tally, metrics, ctx.now) }
}

/// The epoch of the store that the answer comes from.
fn epoch(ctx: &Ctx<'_>) -> Option<String> {
    ctx.tenant().ok().map(|tenant| tenant.epoch.clone())
}

fn write(ctx: &mut Ctx<'_>, sent: &Sent<'_>) -> Result<Response> {
    sessions::require_device(ctx, &sent.batch.device)?;
    if sent.lists.iter().any(|list| !list.items.is_empty()) {
        // Before anything is written: the device is its author.
        sessions::adopt(ctx, &sent.batch.device)?;
    }
    let begun = Instant::now();
    let mut results = Vec::with_capacity(sent.lists.len());
    for list in &sent.lists {
        let begun = Instant::now();
        let tally = match list.content {
            Content::Telemetry(rules) => telemetry::apply(ctx, rules, &sent.batch, &list.items)?,
            Content::Records => records::apply(ctx, &sent.batch, &list.items)?,
        };
        let metrics = SyncMetrics {
            failed_items: number(tally.errors.len()),
            duration_ms: milliseconds(begun.elapsed()),
            ..SyncMetrics::default()
        };
        let response = response(sent, list, tally, metrics, ctx.stamp()?);
        results.push((list.content, SyncResponse { previous_stamp: ctx.previous_stamp(), epoch: epoch(ctx), ..response }));
    }
    let took = begun.elapsed();
    ctx.leave_undone(results.iter().flat_map(|(_, result)| not_done(result)).collect());
    if let Some(short) = short(&mut results) {
        ctx.keep_short(answer(sent, short, took, epoch(ctx)));
    }
    let landed = landed(ctx, &results);
    ctx.tell(&News::Uploaded(uploaded(sent, &overall(results.iter().map(|(_, result)| result)), &landed, took)))?;
    Ok(answer(sent, results, took, epoch(ctx)))
}

/// What of a list did not land as it was sent: what was refused, and edits that a newer version kept out.
fn not_done(result: &SyncResponse) -> impl Iterator<Item = Value> {
    let refused = result.errors.iter().map(|error| json!({"id": error.item_id, "reason": error.reason}));
    let kept_out = result.items.iter().filter(|item| item.status == CONFLICT && !item.as_sent);
    refused.chain(kept_out.map(|item| json!({"id": item.mobile_id, "reason": CONFLICT})))
}

/// The word of an edit that met a newer version.
const CONFLICT: &str = "conflict";

/// The results without their conflicts, which show both sides whole, for when the answer is too large to be kept for a retry.
/// `conflicts_detected` still counts them, and their list has them.
fn short(results: &mut [(Content, SyncResponse)]) -> Option<Vec<(Content, SyncResponse)>> {
    if results.iter().all(|(_, result)| result.conflicts.is_empty()) {
        return None;
    }
    let without = |(content, result): &mut (Content, SyncResponse)| {
        let conflicts = std::mem::take(&mut result.conflicts);
        let short = result.clone();
        result.conflicts = conflicts;
        (*content, short)
    };
    Some(results.iter_mut().map(without).collect())
}

/// The records and objects of nouns that were taken, each with its list in the feed.
fn landed(ctx: &Ctx<'_>, results: &[(Content, SyncResponse)]) -> Vec<(&'static str, String)> {
    let items = results.iter().flat_map(|(_, result)| &result.items);
    let place = |item: &SyncedItem| {
        let table = domains::edited(ctx.house.features, &item.domain)?;
        let id = id::parse(item.existing_id.as_ref().unwrap_or(&item.mobile_id))?;
        Some((table.entry.names.list, id))
    };
    items.filter_map(place).collect()
}

/// What the others are told of an upload.
fn uploaded<'s>(sent: &'s Sent<'_>, metrics: &SyncMetrics, landed: &'s [(&'static str, String)], took: Duration) -> Uploaded<'s> {
    Uploaded {
        landed,
        device: &sent.batch.device,
        operation: sent.operation.name(),
        items: metrics.total_items.into(),
        synced: metrics.synced_items.into(),
        conflicts: metrics.conflicts_detected.into(),
        bytes: metrics.bandwidth_bytes.into(),
        took,
    }
}

/// What a list came to. The metrics bring what the tally does not know.
fn response(sent: &Sent<'_>, list: &List<'_>, tally: Tally, metrics: SyncMetrics, at: Timestamp) -> SyncResponse {
    let metrics = SyncMetrics {
        total_items: number(list.items.len()),
        synced_items: tally.synced,
        conflicts_detected: number(tally.conflicts.len()),
        bandwidth_bytes: number(list.size),
        repeated_items: tally.repeated,
        cache_hit_rate: rate(tally.repeated, tally.synced),
        ..metrics
    };
    SyncResponse {
        success: tally.errors.is_empty(),
        synced_items: metrics.synced_items,
        failed_items: metrics.failed_items,
        items: tally.items,
        conflicts: tally.conflicts,
        errors: tally.errors,
        metrics,
        server_timestamp: at,
        previous_stamp: None,
        epoch: None,
        idempotency_key: sent.key.clone(),
    }
}

/// The whole answer: of one list, or of a batch, whose metrics sum up its lists'.
fn answer(sent: &Sent<'_>, results: Vec<(Content, SyncResponse)>, took: Duration, epoch: Option<String>) -> Response {
    match sent.operation {
        Operation::List(_) => Response::json(200, &results.first().map(|(_, result)| result)),
        Operation::Batch => Response::json(200, &batch(results, took, epoch)),
    }
}

fn batch(results: Vec<(Content, SyncResponse)>, took: Duration, epoch: Option<String>) -> SyncBatchResponse {
    let overall_metrics = SyncMetrics { duration_ms: milliseconds(took), ..overall(results.iter().map(|(_, result)| result)) };
    let success = results.iter().all(|(_, result)| result.success);
    let mut results: Vec<_> = results.into_iter().map(|(content, result)| (content.result(), result)).collect();
    let mut came_to = |name| results.iter().position(|(known, _)| *known == name).map(|place| results.swap_remove(place).1);
    let results = Operation::Batch.contents().into_iter().map(Content::result).map(|name| (name, came_to(name))).collect();
    SyncBatchResponse { success, results: Results(results), overall_metrics, warnings: Vec::new(), epoch }
}

fn overall<'r>(results: impl Iterator<Item = &'r SyncResponse> + Clone) -> SyncMetrics {
    let sum = |count: fn(&SyncMetrics) -> u32| results.clone().map(|result| count(&result.metrics)).fold(0, u32::saturating_add);
    let (synced, repeated) = (sum(|m| m.synced_items), sum(|m| m.repeated_items));
    SyncMetrics {
        total_items: sum(|m| m.total_items),
        synced_items: synced,
        repeated_items: repeated,
        failed_items: sum(|m| m.failed_items),
        conflicts_detected: sum(|m| m.conflicts_detected),
        duration_ms: 0.0,
        bandwidth_bytes: sum(|m| m.bandwidth_bytes),
        cache_hit_rate: rate(repeated, synced),
    }
}

/// The share of items that were there already.
fn rate(repeated: u32, synced: u32) -> Option<f64> {
    (synced > 0).then(|| f64::from(repeated) / f64::from(synced))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}
