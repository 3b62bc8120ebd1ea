//! Inviting and joining.

use super::rules::{Group, Invite, Joined};
use super::texts;
use super::{api, rules, seats, store};
use crate::base::error::{Refusal, Refused, Result, refuse};
use crate::base::text::{Message, Text};
use crate::base::time::MINUTE;
use crate::base::word;
use crate::feature::ctx::found;
use crate::feature::{Bucket, Ctx, Rate, Right, Role, Tenant, TenantKind};
use crate::http::Response;
use serde_json::json;

/// POST `/couple/invite/`
pub fn invite(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant()?.clone();
    may_invite(&tenant)?;
    let tenancy = found(store::find(ctx.db, tenant.id)?)?;
    let mut input = ctx.input(rules::INVITE)?;
    input.finish()?;
    let ttl = input.int("ttl_minutes").unwrap_or(rules::TTL_DEFAULT) * MINUTE;
    let role = input.text("role").map_or(Ok(Role::Member), |role| word::stored(&Role::ALL, role))?;
    if role != Role::Member {
        may_give(&tenant)?;
    }
    let invite = seats::new_code(ctx.db, &tenancy, ctx.user()?, (role, ttl), ctx.now)?;
    Ok(Response::json(200, &json!({ "invite": invite })))
}

/// Of a couple only partner A.
fn may_invite(tenant: &Tenant) -> Result<()> {
    let other = tenant.kind == TenantKind::Couple && tenant.seat != 0;
    if other { refuse(Refused::Forbidden, &texts::NOT_PARTNER_A) } else { Ok(()) }
}

/// A code that gives a role takes what giving one takes; of a couple nobody can, because it has none.
fn may_give(tenant: &Tenant) -> Result<()> {
    let may = tenant.kind == TenantKind::Couple || tenant.may(Right::Members);
    if may { Ok(()) } else { refuse(Refused::Forbidden, &texts::ROLES_BY_ADMIN) }
}

/// POST `/couple/join/`
pub fn join(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::JOIN)?;
    let code = input.text("code").unwrap_or_default().to_owned();
    input.check(input.text("code").is_none() || rules::is_code(&code), "code", &texts::CODE_FORM);
    input.finish()?;
    if ctx.house.settings.email_required && !store::is_verified(ctx.db, ctx.user()?)? {
        return refuse(Refused::EmailUnverified, &texts::EMAIL_UNVERIFIED);
    }
    if let Some(tenant) = ctx.caller()?.tenant.clone()
        && !seats::may_archive(ctx.db, &tenant)?
    {
        return refuse(Refused::Invalid, &texts::IN_COUPLE);
    }
    let everybody = (ctx.common_bucket("code"), ctx.house.settings.limit_all_codes);
    let own = buckets(ctx, &everybody)?;
    ctx.check_attempts(&own)?;
    match usable(ctx, &code)? {
        Ok((tenant, invite)) => seat(ctx, tenant, &invite),
        Err(why) => {
            ctx.count_attempt(&own)?;
            ctx.count_attempt(&[everybody])?;
            // Committed with its refusal: a wrong guess must not be forgotten.
            Ok(ctx.refused(&Refusal::new(Refused::Invalid, why)))
        }
    }
}

/// Guesses count for the user at this address, and more widely for everybody at this address. When very many are wrong
/// wherever they come from, few are left to each address.
fn buckets(ctx: &mut Ctx<'_>, everybody: &Bucket) -> Result<[Bucket; 2]> {
    let (mut own, user) = (ctx.house.settings.limit_codes, ctx.user()?.to_string());
    let mut shared = own.map(|rate| Rate { count: rate.count.saturating_mul(rules::ADDRESS_SHARE), ..rate });
    if ctx.is_full(everybody)? {
        let few = everybody.1.map(|rate| Rate { count: rules::FEW_CODES, ..rate });
        (own, shared) = (own.and(few), shared.and(few));
    }
    Ok([(ctx.bucket("code", &user), own), (ctx.bucket("code", ""), shared)])
}

/// The tenant that a code leads to, and as what, or why it leads nowhere.
fn usable(ctx: &mut Ctx<'_>, code: &str) -> Result<std::result::Result<(i64, Invite), &'static Text>> {
    Ok(match store::invite(ctx.db, code)? {
        None => Err(&texts::CODE_UNKNOWN),
        Some((_, invite)) if invite.used_at.is_some() => Err(&texts::CODE_USED),
        Some((_, invite)) if invite.expires_at <= ctx.now => Err(&texts::CODE_EXPIRED),
        Some(good) => Ok(good),
    })
}

/// Two joins at the same moment: the last seat is given once. A couple's code works once, and pairing ends the others; a
/// team's for members is read out to many, and works until it expires.
fn seat(ctx: &mut Ctx<'_>, tenant: i64, invite: &Invite) -> Result<Response> {
    if ctx.caller()?.tenant.as_ref().is_some_and(|own| own.id == tenant) {
        return refuse(Refused::Invalid, &texts::IN_COUPLE);
    }
    api::begin_anew(ctx)?;
    ctx.advance(tenant)?;
    let tenancy = found(store::find(ctx.db, tenant)?)?;
    api::join(ctx, &tenancy, ctx.user()?, invite.gives())?;
    if tenancy.kind == TenantKind::Couple {
        store::end_all(ctx.db, tenant, ctx.now)?;
    }
    if invite.is_for_one(tenancy.kind) {
        store::mark_used(ctx.db, &invite.code, ctx.now)?;
    }
    ctx.touch_tenant(&tenancy.public_id)?;
    let notice = || Message::plain(&texts::STAYS_WITH_TEAM).render(ctx.request.language).into_owned();
    let joined = match found(store::group(ctx.db, tenant)?)? {
        Group::Couple(couple) => Joined::Couple { couple },
        Group::Team(team) => Joined::Team { team, notice: notice() },
    };
    Ok(Response::json(200, &joined))
}
