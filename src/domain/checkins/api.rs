//! The routes of check-ins.

use super::rules::{self, Checkin, Filter};
use super::texts;
use super::{CHECKINS, store};
use crate::base::error::{Error, Refusal, Refused, Result};
use crate::base::text::Message;
use crate::base::time;
use crate::db::Db;
use crate::feature::ctx::{found, load};
use crate::feature::offline::{By, Edit};
use crate::feature::{Creation, Ctx};
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
    let input = read(ctx)?;
    let made = Creation::read(ctx, CHECKINS, "", &input)?;
    if let Some(checkin) = made.meet(ctx, CHECKINS, store::find)?.again()? {
        return Ok(etag::tagged(Response::json(200, &checkin)));
    }
    let checkin = begin(ctx, made, &input)?;
    Ok(etag::tagged(Response::json(201, &checkin)))
}

/// Writes a new check-in.
pub fn begin(ctx: &mut Ctx<'_>, made: Creation, input: &Input) -> Result<Checkin> {
    let mut checkin = Checkin::new(made, ctx.user()?, ctx.stamp()?);
    checkin.take(input);
    require_free(ctx, &checkin)?;
    let tenant = ctx.tenant_id()?;
    store::insert(ctx.db, tenant, &checkin).map_err(|error| constraint(ctx, error))?;
    ctx.touch_version(CHECKINS, &checkin.id, checkin.version)?;
    found(store::find(ctx.db, tenant, &checkin.id)?)
}

/// GET `/checkins/{id}/`
pub fn checkin(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &find(ctx)?))
}

/// PUT and PATCH `/checkins/{id}/`
pub fn update(ctx: &mut Ctx<'_>) -> Result<Response> {
    let checkin = own(ctx)?;
    ctx.require_match(&checkin)?;
    let (input, edit) = (read(ctx)?, Edit::of(checkin.version));
    Ok(etag::tagged(Response::json(200, &change(ctx, checkin, &input, edit)?)))
}

/// Changes a check-in.
pub fn change(ctx: &mut Ctx<'_>, mut checkin: Checkin, input: &Input, edit: Edit) -> Result<Checkin> {
    checkin.take(input);
    require_free(ctx, &checkin)?;
    (checkin.version, checkin.updated_at, checkin.trace.edited_at) = (edit.version, ctx.stamp()?, edit.at);
    store::update(ctx.db, ctx.tenant_id()?, &checkin).map_err(|error| constraint(ctx, error))?;
    ctx.touch_version(CHECKINS, &checkin.id, checkin.version)?;
    Ok(checkin)
}

/// DELETE `/checkins/{id}/`
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let checkin = own(ctx)?;
    ctx.require_match(&checkin)?;
    remove(ctx, &checkin.id, checkin.version + 1)?;
    Ok(Response::empty(204))
}

/// Deletes a check-in.
pub fn remove(ctx: &mut Ctx<'_>, id: &str, version: i64) -> Result<()> {
    store::delete(ctx.db, ctx.tenant_id()?, id)?;
    ctx.bury_version(CHECKINS, id, version)
}

/// An account ends: its check-ins stay without their notes and under a name that says nothing, also where it is no longer.
pub fn forget(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    let tenants = store::tenants_of(ctx.db, user)?;
    tenants.into_iter().try_for_each(|tenant| erase_notes(ctx, tenant, user))
}

/// A user's check-ins in a couple or team stay without their notes, which are theirs alone.
pub fn erase_notes(ctx: &mut Ctx<'_>, tenant: i64, user: i64) -> Result<()> {
    if !store::has_any(ctx.db, tenant, user)? {
        return Ok(());
    }
    let stamp = ctx.stamp_in(tenant)?;
    store::erase_notes(ctx.db, tenant, user, stamp)?;
    let changed = store::of_user(ctx.db, tenant, user)?;
    changed.iter().try_for_each(|(id, version)| ctx.touch_version_in(tenant, CHECKINS, id, *version))
}

fn find(ctx: &mut Ctx<'_>) -> Result<Checkin> {
    let (tenant, id) = (ctx.tenant_id()?, ctx.path_id()?);
    found(store::find(ctx.db, tenant, &id)?)
}

/// The check-in in the path, for its author alone.
fn own(ctx: &mut Ctx<'_>) -> Result<Checkin> {
    let checkin = find(ctx)?;
    By::Author.require(ctx, Some(checkin.user_id))?;
    Ok(checkin)
}

fn read(ctx: &Ctx<'_>) -> Result<Input> {
    let mut input = ctx.input(rules::CHECKIN)?;
    input.finish()?;
    Ok(input)
}

/// The version of the API from which on a second check-in of a day is a conflict, and no wrong field.
const CONFLICT_SINCE: u8 = 2;

/// The day must be free, or the check-in's own.
fn require_free(ctx: &mut Ctx<'_>, checkin: &Checkin) -> Result<()> {
    let tenant = ctx.tenant_id()?;
    let Some(other) = store::other(ctx.db, tenant, checkin.user_id, &checkin.date, &checkin.id)? else { return Ok(()) };
    precondition::require_absent(ctx.request)?;
    Err(taken(ctx).and("existing_id", other).into())
}

fn taken(ctx: &Ctx<'_>) -> Refusal {
    let taken = Refusal::field("date", Message::plain(&texts::DAY_TAKEN));
    if ctx.request.version.number >= CONFLICT_SINCE { Refusal { kind: Refused::Exists, ..taken } } else { taken }
}

/// The constraint decides where the look before did not see the other check-in.
fn constraint(ctx: &Ctx<'_>, error: Error) -> Error {
    if error.is_duplicate() { taken(ctx).into() } else { error }
}

/// Check-ins for the feed.
pub fn load_checkins(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    load(db, tenant, ids, store::find)
}
