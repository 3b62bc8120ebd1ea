//! Inviting and joining.

use super::rules::{self, Invite};
use super::{api, store};
use crate::base::error::{Error, Kind, Refusal, Result, refuse};
use crate::base::text::{self, Text};
use crate::base::time::MINUTE;
use crate::feature::{Ctx, Rate};
use crate::http::Response;
use serde_json::json;

/// POST `/couple/invite/`
pub fn invite(ctx: &mut Ctx<'_>) -> Result<Response> {
    let tenant = ctx.tenant()?.clone();
    if tenant.seat != 0 {
        return refuse(Kind::Forbidden, &text::NOT_PARTNER_A);
    }
    if store::size(ctx.db, tenant.id)? > 1 {
        return refuse(Kind::Invalid, &text::PAIRED);
    }
    let mut input = ctx.input(rules::INVITE)?;
    input.finish()?;
    let ttl = input.int("ttl_minutes").unwrap_or(rules::TTL_DEFAULT) * MINUTE;
    end_oldest(ctx, tenant.id)?;
    let invite = Invite { code: free_code(ctx)?, expires_at: ctx.now.plus(ttl), used_at: None, created_at: ctx.now };
    store::insert_invite(ctx.db, tenant.id, ctx.user()?, &invite)?;
    Ok(Response::json(200, &json!({ "invite": invite })))
}

/// Keeps room for one more live code.
fn end_oldest(ctx: &mut Ctx<'_>, tenant: i64) -> Result<()> {
    let live = store::live(ctx.db, tenant, ctx.now)?;
    let spare = (live.len() + 1).saturating_sub(rules::MAX_LIVE);
    live.iter().take(spare).try_for_each(|code| store::end(ctx.db, code, ctx.now))
}

/// A code that no live invite has; a dead one makes room.
fn free_code(ctx: &mut Ctx<'_>) -> Result<String> {
    for _ in 0..rules::TRIES {
        let code = rules::random_code()?;
        match store::invite(ctx.db, &code)? {
            None => return Ok(code),
            Some((_, old)) if old.used_at.is_some() || old.expires_at <= ctx.now => {
                store::delete_invite(ctx.db, &code)?;
                return Ok(code);
            }
            Some(_) => {}
        }
    }
    Err(Error::internal("no invite code is free"))
}

/// POST `/couple/join/`
pub fn join(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::JOIN)?;
    let code = input.text("code").unwrap_or_default().to_owned();
    input.check(input.text("code").is_none() || rules::is_code(&code), "code", &text::CODE_FORM);
    input.finish()?;
    if ctx.caller()?.tenant.is_some() {
        return refuse(Kind::Invalid, &text::IN_COUPLE);
    }
    let buckets = buckets(ctx)?;
    for (bucket, rate) in &buckets {
        ctx.check_attempts(bucket, *rate)?;
    }
    match usable(ctx, &code)? {
        Ok(tenant) => seat(ctx, tenant, &code),
        Err(why) => {
            count(ctx, &buckets)?;
            // Committed with its refusal: a wrong guess must not be forgotten.
            Ok(ctx.refused(&Refusal::new(Kind::Invalid, why)))
        }
    }
}

type Bucket = (String, Option<Rate>);

/// Guesses count for the user at this address, and more widely for everybody at this address.
fn buckets(ctx: &Ctx<'_>) -> Result<[Bucket; 2]> {
    let own = ctx.house.settings.limit_codes;
    let shared = own.map(|rate| Rate { count: rate.count.saturating_mul(rules::ADDRESS_SHARE), ..rate });
    Ok([(ctx.bucket("code", &ctx.user()?.to_string()), own), (ctx.bucket("code", ""), shared)])
}

fn count(ctx: &mut Ctx<'_>, buckets: &[Bucket]) -> Result<()> {
    buckets.iter().filter(|(_, rate)| rate.is_some()).try_for_each(|(bucket, _)| ctx.count_attempt(bucket))
}

/// The couple that a code leads to, or why it leads nowhere.
fn usable(ctx: &mut Ctx<'_>, code: &str) -> Result<std::result::Result<i64, &'static Text>> {
    Ok(match store::invite(ctx.db, code)? {
        None => Err(&text::CODE_UNKNOWN),
        Some((_, invite)) if invite.used_at.is_some() => Err(&text::CODE_USED),
        Some((_, invite)) if invite.expires_at <= ctx.now => Err(&text::CODE_EXPIRED),
        Some((tenant, _)) => Ok(tenant),
    })
}

/// Two joins at the same moment: the seat is given once.
fn seat(ctx: &mut Ctx<'_>, tenant: i64, code: &str) -> Result<Response> {
    ctx.advance(tenant)?;
    match store::seat(ctx.db, tenant, ctx.user()?, 1, ctx.now) {
        Err(error) if error.is_duplicate() => return refuse(Kind::Invalid, &text::PAIRED),
        other => other?,
    }
    for live in store::live(ctx.db, tenant, ctx.now)? {
        store::end(ctx.db, &live, ctx.now)?;
    }
    store::mark_used(ctx.db, code, ctx.now)?;
    api::shown_changed(ctx, tenant, 200)
}
