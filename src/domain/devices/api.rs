//! The routes of devices and of the health of uploads.

use super::rules::{self, Device, SPAN, SyncHealth};
use super::snapshots;
use super::store::{self, Scope};
use crate::base::error::{Result, not_found};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::ctx::value;
use crate::feature::{Ctx, Right};
use crate::http::Response;
use crate::http::paging::Page;
use serde_json::Value;

/// Whose devices the caller sees.
pub fn scope(ctx: &Ctx<'_>) -> Result<Scope> {
    let tenant = ctx.tenant()?;
    Ok(Scope { tenant: tenant.id, user: ctx.user()?, all: tenant.may(Right::Watch) })
}

/// GET `/sync/devices/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let scope = scope(ctx)?;
    let page = Page::of(ctx.request, store::number(ctx.db, scope)?)?;
    let devices = store::part(ctx.db, scope, ctx.now, &rules::behind(&page.after)?, page.span())?;
    Ok(page.answer(ctx.request, devices))
}

/// GET `/sync/devices/{id}/health/`: the caller's own, or else another's of that name.
pub fn device(ctx: &mut Ctx<'_>) -> Result<Response> {
    let scope = scope(ctx)?;
    let named = store::named(ctx.db, scope, ctx.now, ctx.request.segment(0))?;
    let own = named.iter().find(|device| device.user_id == scope.user);
    let device = own.or(named.first()).ok_or_else(not_found)?;
    Ok(Response::json(200, device))
}

/// GET `/sync/health/`
pub fn health(ctx: &mut Ctx<'_>) -> Result<Response> {
    let scope = scope(ctx)?;
    Ok(Response::json(200, &sync_health(ctx.db, scope, ctx.now)?))
}

/// How uploads went in the last 24 hours.
pub fn sync_health(db: &mut Db, scope: Scope, now: Timestamp) -> Result<SyncHealth> {
    let uploads = store::uploads(db, scope, now.plus(-SPAN))?;
    Ok(SyncHealth::of(uploads, &store::healths(db, scope, now)?))
}

/// GET `/sync/health/snapshots/`
pub fn snapshots(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant_id()?;
    let page = Page::of(ctx.request, snapshots::store::number(ctx.db, tenant)?)?;
    let before = page.after.key(i64::MAX, |parts| parts.first()?.parse().ok())?;
    let rows = snapshots::store::part(ctx.db, tenant, Timestamp(before), page.span())?;
    Ok(page.answer(ctx.request, rows))
}

/// A user's devices, wherever they sent something, for their export.
pub fn held(db: &mut Db, user: i64, _: Option<i64>, now: Timestamp, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    for tenant in store::tenants_of(db, user)? {
        let scope = Scope { tenant, user, all: false };
        store::all(db, scope, now)?.iter().try_for_each(|device: &Device| each(value(device)?))?;
    }
    Ok(())
}

/// A user's account ends: what their devices are called is forgotten everywhere.
pub fn forget(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    for tenant in store::tenants_of(ctx.db, user)? {
        store::forget(ctx.db, tenant, user)?;
    }
    Ok(())
}
