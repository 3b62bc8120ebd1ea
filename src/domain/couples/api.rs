//! The routes of a couple.

use super::rules::Couple;
use super::store;
use crate::base::error::{Kind, Result, refuse};
use crate::base::{id, text};
use crate::feature::ctx::{found, value};
use crate::feature::{Ctx, Tenant};
use crate::http::Response;
use serde_json::{Value, json};

/// POST `/couple/create/`
pub fn create(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (user, tenant) = (ctx.user()?, id::number()?);
    if ctx.caller()?.tenant.is_some() {
        return refuse(Kind::Invalid, &text::IN_COUPLE);
    }
    store::insert(ctx.db, tenant, &id::object(), &id::opaque(), ctx.now)?;
    match store::seat(ctx.db, tenant, user, 0, ctx.now) {
        Err(error) if error.is_duplicate() => return refuse(Kind::Invalid, &text::IN_COUPLE),
        other => other?,
    }
    ctx.advance(tenant)?;
    shown_changed(ctx, tenant, 201)
}

/// GET `/couple/`
pub fn couple(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant_id()?;
    Ok(shown(200, &found(store::find(ctx.db, tenant)?)?))
}

/// POST `/couple/leave/`. Not a members' route: asked again under its idempotency key, the caller is no member any more.
pub fn leave(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (user, tenant) = (ctx.user()?, ctx.tenant()?.clone());
    ctx.advance(tenant.id)?;
    depart(ctx, user, &tenant)?;
    Ok(Response::empty(204))
}

/// The caller's account ends: they leave their couple first.
pub fn forsake(ctx: &mut Ctx<'_>) -> Result<()> {
    let Some(tenant) = ctx.caller()?.tenant.clone() else { return Ok(()) };
    ctx.advance(tenant.id)?;
    depart(ctx, ctx.user()?, &tenant)
}

/// Who stays keeps everything; the last one to leave deletes it.
fn depart(ctx: &mut Ctx<'_>, user: i64, tenant: &Tenant) -> Result<()> {
    store::unseat(ctx.db, tenant.id, user)?;
    if store::size(ctx.db, tenant.id)? == 0 {
        return store::delete(ctx.db, tenant.id);
    }
    ctx.touch_tenant(&tenant.public_id)
}

/// The couple as it is after a change that the feed shows.
pub fn shown_changed(ctx: &mut Ctx<'_>, tenant: i64, status: u16) -> Result<Response> {
    let mut couple = found(store::find(ctx.db, tenant)?)?;
    ctx.touch_tenant(&couple.id)?;
    couple.updated_at = ctx.stamp()?;
    Ok(shown(status, &couple))
}

fn shown(status: u16, couple: &Couple) -> Response {
    Response::json(status, &json!({ "couple": couple }))
}

/// The couple for the feed: nobody sees another than their own.
pub fn load(ctx: &mut Ctx<'_>, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    let tenant = ctx.tenant_id()?;
    let couple = store::find(ctx.db, tenant)?.filter(|couple| ids.contains(&couple.id.as_str()));
    couple.map(|couple| Ok((couple.id.clone(), value(&couple)?))).into_iter().collect()
}
