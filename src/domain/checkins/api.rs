//! The routes of check-ins.

use super::rules::{self, Checkin, Filter};
use super::texts;
use super::{CHECKINS, store};
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::text::{self, Message};
use crate::base::{id, time};
use crate::db::Db;
use crate::feature::Ctx;
use crate::feature::ctx::{found, load};
use crate::http::input::Input;
use crate::http::paging::Page;
use crate::http::{Response, etag, precondition};
use serde_json::Value;

/// GET `/checkins/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (tenant, filter) = (ctx.tenant_id()?, filter(ctx, Input::query(ctx.request, rules::FILTER)?)?);
    // Midnight, or another time zone, must not move the beginning of the list while it is loaded.
    let page = Page::of(ctx.request, store::count(ctx.db, tenant, &filter)?)?.keeping("from", &filter.days.0);
    let checkins = store::part(ctx.db, tenant, &filter, &rules::before(&page.after)?, page.span())?;
    Ok(page.answer(ctx.request, checkins))
}

/// What `from`, `to` and `user` ask for; the day is the one in the caller's time zone.
pub fn filter(ctx: &Ctx<'_>, mut input: Input) -> Result<Filter> {
    let today = time::date_in(ctx.now, &ctx.caller()?.timezone);
    let filter = Filter::of(&mut input, ctx.user()?, today);
    input.finish()?;
    Ok(filter)
}

/// POST `/checkins/`
pub fn create(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut checkin = Checkin::new(id::object(), ctx.user()?, ctx.stamp()?);
    let input = read(ctx, &checkin)?;
    checkin.take(&input);
    let tenant = ctx.tenant_id()?;
    store::insert(ctx.db, tenant, &checkin).map_err(taken)?;
    ctx.touch_version(CHECKINS, &checkin.id, checkin.version)?;
    let checkin = found(store::find(ctx.db, tenant, &checkin.id)?)?;
    Ok(etag::tagged(Response::json(201, &checkin)))
}

/// GET `/checkins/{id}/`
pub fn checkin(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &find(ctx)?))
}

/// PUT and PATCH `/checkins/{id}/`
pub fn update(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut checkin = own(ctx)?;
    ctx.require_match(&checkin)?;
    let input = read(ctx, &checkin)?;
    checkin.take(&input);
    (checkin.version, checkin.updated_at) = (checkin.version + 1, ctx.stamp()?);
    store::update(ctx.db, ctx.tenant_id()?, &checkin).map_err(taken)?;
    ctx.touch_version(CHECKINS, &checkin.id, checkin.version)?;
    Ok(etag::tagged(Response::json(200, &checkin)))
}

/// DELETE `/checkins/{id}/`
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let checkin = own(ctx)?;
    ctx.require_match(&checkin)?;
    store::delete(ctx.db, ctx.tenant_id()?, &checkin.id)?;
    ctx.bury_version(CHECKINS, &checkin.id, checkin.version + 1)?;
    Ok(Response::empty(204))
}

/// A user's name changes: so do their check-ins, which show it, also where they are no longer.
pub fn rename(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    for tenant in store::tenants_of(ctx.db, user)? {
        let stamp = ctx.stamp_in(tenant)?;
        store::restamp(ctx.db, tenant, user, stamp)?;
        for id in store::of_user(ctx.db, tenant, user)? {
            ctx.touch_in(tenant, CHECKINS, &id)?;
        }
    }
    Ok(())
}

fn find(ctx: &mut Ctx<'_>) -> Result<Checkin> {
    let (tenant, id) = (ctx.tenant_id()?, ctx.path_id()?);
    found(store::find(ctx.db, tenant, &id)?)
}

/// The check-in in the path, for its author alone.
fn own(ctx: &mut Ctx<'_>) -> Result<Checkin> {
    let checkin = find(ctx)?;
    if checkin.user_id == ctx.user()? { Ok(checkin) } else { refuse(Refused::Forbidden, &text::FORBIDDEN) }
}

/// The sent fields; the day must be free, or the check-in's own.
fn read(ctx: &mut Ctx<'_>, checkin: &Checkin) -> Result<Input> {
    let mut input = ctx.input(rules::CHECKIN)?;
    if let Some(day) = input.text("date") {
        let taken = store::is_taken(ctx.db, ctx.tenant_id()?, checkin.user_id, day, &checkin.id)?;
        if taken {
            precondition::require_absent(ctx.request)?;
        }
        input.check(!taken, "date", &texts::DAY_TAKEN);
    }
    input.finish()?;
    Ok(input)
}

/// The constraint decides where the look before did not see the other check-in.
fn taken(error: Error) -> Error {
    if error.is_duplicate() { Refusal::field("date", Message::plain(&texts::DAY_TAKEN)).into() } else { error }
}

/// Check-ins for the feed.
pub fn load_checkins(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    load(db, tenant, ids, store::find)
}
