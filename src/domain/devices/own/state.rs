//! GET `/devices/{device_id}/sync-state/`: what a device surely holds, and what it has not fetched yet.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::feature::ctx::found;
use crate::feature::sessions::seen::lists;
use crate::feature::sessions::store::{self, Polled};
use crate::feature::store::newer;
use crate::feature::{Ctx, Kind};
use crate::http::Response;
use schemars::JsonSchema;
use serde::Serialize;

/// As far as what is behind is counted: more is a first sync to whoever reads it.
const MOST: i64 = 1_000;

/// How far a device has come.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SyncState {
    /// What it calls itself.
    pub device_id: String,
    /// When it last polled; null where nobody knows.
    pub polled_at: Option<Timestamp>,
    /// The cursor that it sent then: what it surely holds.
    pub cursor: Option<Timestamp>,
    /// How many changes it has not fetched, counted to 1,000; null without a cursor.
    pub behind: Option<i64>,
    /// The same of each list that it asks for.
    pub sync_state: Vec<ListState>,
}

/// How far a device has come in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListState {
    /// The list's domain, or its name where it has none.
    pub domain: &'static str,
    /// The cursor in milliseconds: it grows with each change.
    pub last_sync_version: i64,
    /// The cursor.
    pub last_sync_timestamp: Timestamp,
    /// How many changes it has not fetched, counted to 1,000.
    pub behind: i64,
}

/// GET `/devices/{device_id}/sync-state/`
pub fn state(ctx: &mut Ctx<'_>) -> Result<Response> {
    let user = ctx.user()?;
    let device = found(store::find(ctx.db, user, ctx.request.segment(0))?)?;
    let polled = polled(ctx, user, &device.device_id)?;
    let known = polled.filter(|polled| polled.cursor > Timestamp(0));
    let sync_state = known.map_or(Ok(Vec::new()), |polled| of_lists(ctx, &polled))?;
    let behind =
        known.filter(|_| !sync_state.is_empty()).map(|_| sync_state.iter().map(|list| list.behind).sum::<i64>().min(MOST));
    let (polled_at, cursor) = (polled.map(|polled| polled.at), known.map(|polled| polled.cursor));
    Ok(Response::json(200, &SyncState { device_id: device.device_id, polled_at, cursor, behind, sync_state }))
}

/// The newest poll of a device's sessions in the couple or team of now.
fn polled(ctx: &mut Ctx<'_>, user: i64, device: &str) -> Result<Option<Polled>> {
    let Ok(tenant) = ctx.tenant().map(|tenant| tenant.id) else { return Ok(None) };
    let mut newest: Option<Polled> = None;
    for session in store::on_device(ctx.db, user, device, ctx.now)? {
        let polled = ctx.polled(&session, tenant)?;
        newest = [newest, polled].into_iter().flatten().max_by_key(|polled| polled.at);
    }
    Ok(newest)
}

fn of_lists(ctx: &mut Ctx<'_>, polled: &Polled) -> Result<Vec<ListState>> {
    let of = |kind: &&'static Kind| {
        let behind = newer(ctx.db, polled.tenant, kind.name, polled.cursor, MOST)?;
        let domain = kind.names().map_or(kind.name, |names| names.name);
        Ok(ListState { domain, last_sync_version: polled.cursor.0, last_sync_timestamp: polled.cursor, behind })
    };
    lists(ctx.house, polled.lists).iter().map(of).collect()
}
