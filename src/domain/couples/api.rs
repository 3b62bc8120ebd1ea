//! The routes of a couple or a team as a whole.

use super::rules::{Group, Tenancy};
use super::texts;
use super::{seats, store};
use crate::base::error::{Refused, Result, refuse};
use crate::db::Db;
use crate::feature::ctx::{found, value};
use crate::feature::{Ctx, Role, Tenant, TenantKind};
use crate::http::Response;
use serde_json::Value;

/// POST `/couple/create/`
pub fn create(ctx: &mut Ctx<'_>) -> Result<Response> {
    let user = ctx.user()?;
    begin_anew(ctx)?;
    ctx.require_site()?;
    let tenancy = seats::create(ctx.db, TenantKind::Couple, "", ctx.now)?;
    ctx.advance(tenancy.id)?;
    join(ctx, &tenancy, user, Role::Member)?;
    shown_changed(ctx, tenancy.id, &tenancy.public_id, 201)
}

/// Whoever is in a couple begins no other one; but who is alone in one that somebody left, to whom it becomes an archive.
pub fn begin_anew(ctx: &mut Ctx<'_>) -> Result<()> {
    let (user, Some(tenant)) = (ctx.user()?, ctx.caller()?.tenant.clone()) else { return Ok(()) };
    ctx.advance(tenant.id)?;
    if !seats::may_archive(ctx.db, &tenant)? {
        return refuse(Refused::Invalid, &texts::IN_COUPLE);
    }
    depart(ctx, user, &tenant)
}

/// GET `/couple/`
pub fn couple(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant_id()?;
    Ok(Response::json(200, &found(store::group(ctx.db, tenant)?)?))
}

/// POST `/couple/leave/`. Not a members' route: asked again under its idempotency key, the caller is no member any more.
pub fn leave(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (user, tenant) = (ctx.user()?, ctx.tenant()?.clone());
    ctx.advance(tenant.id)?;
    seats::may_leave(ctx.db, tenant.id, user, tenant.role)?;
    depart(ctx, user, &tenant)?;
    Ok(Response::empty(204))
}

/// The couple shows its partners' languages and time zones: it has changed with them.
pub fn show_partner(ctx: &mut Ctx<'_>) -> Result<()> {
    let Some(tenant) = ctx.caller()?.tenant.clone() else { return Ok(()) };
    ctx.advance(tenant.id)?;
    ctx.touch_tenant(&tenant.public_id)
}

/// The caller's account ends: they leave first, even a team's last admin. The operator can make another one.
pub fn forsake(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    if let Some(tenant) = ctx.caller()?.tenant.clone() {
        ctx.advance(tenant.id)?;
        depart(ctx, user, &tenant)?;
    }
    store::left_by(ctx.db, user)?.into_iter().try_for_each(|tenant| seats::give_up(ctx.db, tenant, user))
}

/// Gives a user the next seat, in a role.
///
/// # Errors
/// As [`seats::join`].
pub fn join(ctx: &mut Ctx<'_>, tenancy: &Tenancy, user: i64, role: Role) -> Result<()> {
    // What is told after this stamp is for who joins, too.
    let stamp = ctx.stamp_in(tenancy.id)?;
    seats::join(ctx, tenancy, user, role, stamp)
}

/// Takes a user out of the caller's tenant, and shows it to who stays.
pub fn depart(ctx: &mut Ctx<'_>, user: i64, tenant: &Tenant) -> Result<()> {
    let stays = seats::leave(ctx, tenant.id, tenant.kind, user)?;
    if stays { ctx.touch_tenant(&tenant.public_id) } else { Ok(()) }
}

/// The couple or team as it is after a change that the feed shows.
pub fn shown_changed(ctx: &mut Ctx<'_>, tenant: i64, public_id: &str, status: u16) -> Result<Response> {
    ctx.touch_tenant(public_id)?;
    Ok(Response::json(status, &found(store::group(ctx.db, tenant)?)?))
}

/// The couple or team for the feed: nobody sees another than their own.
pub fn load(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    let (id, object) = match store::group(db, tenant)? {
        Some(Group::Couple(couple)) => (couple.id.clone(), value(&couple)?),
        Some(Group::Team(team)) => (team.id.clone(), value(&team)?),
        None => return Ok(Vec::new()),
    };
    Ok(if ids.contains(&id.as_str()) { vec![(id, object)] } else { Vec::new() })
}
