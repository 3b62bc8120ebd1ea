//! The routes of members: who is in the couple or team. Changing that takes the right to.

use super::rules::{self, Member};
use super::{api, seats, store};
use crate::base::error::{Refused, Result, not_found, refuse};
use crate::base::text;
use crate::base::word;
use crate::feature::ctx::found;
use crate::feature::{Ctx, Right, Role};
use crate::http::paging::Page;
use crate::http::{Response, etag};

/// GET `/couple/members/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant_id()?;
    let members = store::members(ctx.db, tenant)?;
    let page = Page::of(ctx.request, i64::try_from(members.len()).unwrap_or(i64::MAX))?;
    let seat = page.after.key(-1, |parts| parts.first()?.parse().ok())?;
    let behind = members.into_iter().filter(|member| member.seat > seat);
    Ok(page.answer(ctx.request, page.span().of(behind)))
}

/// GET `/couple/members/{id}/`
pub fn member(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &find(ctx)?))
}

/// PATCH `/couple/members/{id}/`: another role.
pub fn update(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut member = find(ctx)?;
    require_admin(ctx)?;
    ctx.require_match(&member)?;
    let mut input = ctx.input(rules::MEMBER)?;
    input.finish()?;
    let Some(role) = input.text("role") else { return Ok(etag::tagged(Response::json(200, &member))) };
    let (role, tenant) = (word::stored(&Role::ALL, role)?, ctx.tenant()?.clone());
    if role != Role::Admin {
        seats::keep_an_admin(ctx.db, tenant.id, member.user.id, member.role)?;
    }
    seats::reassign(ctx.db, tenant.id, member.user.id, role, ctx.now)?;
    ctx.touch_tenant(&tenant.public_id)?;
    member.role = role;
    Ok(etag::tagged(Response::json(200, &member)))
}

/// DELETE `/couple/members/{id}/`: an admin removes anybody, everybody themself, which is leaving. Who was removed may
/// know a code that is still good: all codes end.
pub fn remove(ctx: &mut Ctx<'_>) -> Result<Response> {
    let member = find(ctx)?;
    let (own, tenant) = (member.user.id == ctx.user()?, ctx.tenant()?.clone());
    if !own {
        require_admin(ctx)?;
    }
    ctx.require_match(&member)?;
    seats::may_leave(ctx.db, tenant.id, member.user.id, member.role)?;
    if !own {
        store::end_all(ctx.db, tenant.id, ctx.now)?;
    }
    api::depart(ctx, member.user.id, &tenant)?;
    Ok(Response::empty(204))
}

/// The member in the path, of the caller's own couple or team.
fn find(ctx: &mut Ctx<'_>) -> Result<Member> {
    let tenant = ctx.tenant_id()?;
    let user = ctx.request.segment(0).parse().map_err(|_| not_found())?;
    found(store::find_member(ctx.db, tenant, user)?)
}

/// Whoever the caller may not change is looked up first: in another tenant there is nobody.
fn require_admin(ctx: &Ctx<'_>) -> Result<()> {
    if ctx.tenant()?.may(Right::Members) { Ok(()) } else { refuse(Refused::Forbidden, &text::FORBIDDEN) }
}
