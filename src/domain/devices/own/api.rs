//! The routes of a user's own devices.

use super::rules::{self, Briefly, Deactivated, OwnDevice, Registered};
use crate::base::error::{Refused, Result, not_found, refuse};
use crate::base::text;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::domain::devices::rules::Device as Uploads;
use crate::domain::devices::store::{self as uploads, Scope};
use crate::domain::devices::texts;
use crate::feature::ctx::{found, value};
use crate::feature::sessions::device::{self, Device, Sent, State};
use crate::feature::sessions::{self, Registered as Outcome, store};
use crate::feature::store::{is_member, is_team};
use crate::feature::{Ctx, Right, TenantKind};
use crate::http::input::{Field, Input, Shape};
use crate::http::paging::{Page, Span};
use crate::http::{Response, etag};
use serde_json::Value;

/// The word of a device that was not known.
const REGISTERED: &str = "registered";
const USER: &str = "user_id";
/// Whose devices: the caller's, unless a team's admin names a member.
pub const WHOSE: &[Field] =
    &[Field::new(USER, Shape::Int(0, i64::MAX)).about("A member's, for who runs the team; one's own when it is left out.")];

/// Whose devices are asked for. In a couple nobody sees the partner's.
fn whose(ctx: &mut Ctx<'_>) -> Result<i64> {
    let user = ctx.user()?;
    let asked = Input::query(ctx.request, WHOSE)?.int(USER).unwrap_or(user);
    if asked == user {
        return Ok(user);
    }
    let Ok(tenant) = ctx.tenant() else { return Err(not_found()) };
    let (id, runs) = (tenant.id, tenant.may(Right::Devices));
    if tenant.kind != TenantKind::Team || !is_member(ctx.db, id, asked)? {
        return Err(not_found());
    }
    if runs { Ok(asked) } else { refuse(Refused::Forbidden, &text::FORBIDDEN) }
}

/// What stands beside devices when they are shown.
struct Beside {
    uploads: Vec<Uploads>,
    sessions: Vec<(String, i64)>,
    current: Option<String>,
    /// The caller's team, in which a device may count less than it was set to.
    team: Option<i64>,
}

impl Beside {
    fn of(ctx: &mut Ctx<'_>, user: i64) -> Result<Beside> {
        let tenant = ctx.tenant().ok().map(|tenant| tenant.id);
        let current = ctx.device().filter(|_| ctx.user().is_ok_and(|caller| caller == user)).map(str::to_owned);
        Ok(Beside { current, ..Beside::read(ctx.db, user, tenant, ctx.now)? })
    }

    fn read(db: &mut Db, user: i64, tenant: Option<i64>, now: Timestamp) -> Result<Beside> {
        let scope = tenant.map(|tenant| Scope { tenant, user, all: false });
        let uploads = scope.map_or(Ok(Vec::new()), |scope| uploads::all(db, scope, now))?;
        let team = match tenant {
            Some(tenant) if is_team(db, tenant)? => Some(tenant),
            _ => None,
        };
        Ok(Beside { uploads, sessions: store::sessions(db, user, now)?, current: None, team })
    }

    fn all(&self, db: &mut Db, user: i64) -> Result<Vec<OwnDevice>> {
        let devices = store::part(db, user, &(i64::MAX, String::new()), Span { limit: i64::from(u32::MAX), offset: 0 })?;
        Ok(devices.into_iter().map(|device| self.show(device)).collect())
    }

    fn show(&self, device: Device) -> OwnDevice {
        let uploads = self.uploads.iter().find(|uploads| uploads.device_id == device.device_id);
        let sessions = self.sessions.iter().find(|(id, _)| *id == device.device_id).map_or(0, |(_, number)| *number);
        let current = self.current.as_ref() == Some(&device.device_id);
        let priority = device.priority_in(self.team);
        OwnDevice { priority, ..OwnDevice::of(device, uploads, sessions, current) }
    }
}

/// GET `/devices/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let user = whose(ctx)?;
    let page = Page::of(ctx.request, store::number(ctx.db, user)?)?;
    let devices = store::part(ctx.db, user, &rules::behind(&page.after)?, page.span())?;
    let beside = Beside::of(ctx, user)?;
    Ok(page.answer(ctx.request, devices.into_iter().map(|device| beside.show(device)).collect()))
}

/// GET `/devices/{device_id}/`
pub fn one(ctx: &mut Ctx<'_>) -> Result<Response> {
    let user = whose(ctx)?;
    let device = found(store::find(ctx.db, user, ctx.request.segment(0))?)?;
    Ok(Response::json(200, &Beside::of(ctx, user)?.show(device)))
}

/// PUT `/devices/{device_id}/`
pub fn put(ctx: &mut Ctx<'_>) -> Result<Response> {
    let sent = Sent::of(ctx.request.segment(0), ctx.input(device::DETAILS)?)?;
    let registered = registered(ctx, &sent)?;
    let status = if registered.status == REGISTERED { 201 } else { 200 };
    Ok(etag::tagged(Response::json(status, &registered)))
}

/// Registers the device of the calling session, and shows it.
///
/// # Errors
/// When there are too many, or it is to be wiped first; when a member of a team raises it.
pub fn registered(ctx: &mut Ctx<'_>, sent: &Sent) -> Result<Registered> {
    let ((device, status), user) = (register(ctx, sent)?, ctx.user()?);
    let beside = Beside { current: Some(sent.id.clone()), ..Beside::of(ctx, user)? };
    Ok(Registered { device: beside.show(device), status })
}

/// POST `/devices/register/`
pub fn register_by_body(ctx: &mut Ctx<'_>) -> Result<Response> {
    let sent = Sent::whole(ctx.input(device::WHOLE)?)?;
    let (device, status) = register(ctx, &sent)?;
    Ok(Response::json(200, &Briefly { priority: device.priority(), device_id: device.device_id, status }))
}

/// Registers the device of the calling session; answers it, and the word for what was done.
fn register(ctx: &mut Ctx<'_>, sent: &Sent) -> Result<(Device, &'static str)> {
    let (user, session) = (ctx.user()?, ctx.caller()?.session.clone());
    let (mut device, status) = match sessions::register(ctx, user, &session, sent)? {
        Outcome::New(device) => (device, REGISTERED),
        Outcome::Known(device) => (device, "updated"),
        Outcome::Full => return Err(sessions::full(ctx, user)?),
    };
    if grant(ctx, &mut device, &sent.details) {
        store::put(ctx.db, user, &device)?;
    }
    require_no_raise(ctx, &device, &sent.details)?;
    Ok((device, status))
}

/// Notes that who runs the caller's team says how much a device counts: there it may be more than its type does. Answers whether
/// that is so.
fn grant(ctx: &Ctx<'_>, device: &mut Device, input: &Input) -> bool {
    let runs = ctx.tenant().ok().filter(|tenant| tenant.kind == TenantKind::Team && tenant.may(Right::Devices));
    let Some(team) = runs.filter(|_| input.value(device::PRIORITY.name).is_some()) else { return false };
    device.granted_in = team.id;
    true
}

/// Refuses a member of a team who now lets a device count more than its type does. One that was let so before, elsewhere, counts here as its
/// type, and may be called otherwise.
fn require_no_raise(ctx: &Ctx<'_>, device: &Device, input: &Input) -> Result<()> {
    let Ok(tenant) = ctx.tenant() else { return Ok(()) };
    let raises = input.value(device::PRIORITY.name).is_some();
    let is_bound = raises && tenant.kind == TenantKind::Team && !tenant.may(Right::Devices);
    if is_bound && device.priority() > device.usual_priority() && device.granted_in != tenant.id {
        return refuse(Refused::Forbidden, &texts::PRIORITY_RAISED);
    }
    Ok(())
}

/// PATCH `/devices/{device_id}/`
pub fn change(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (user, id) = (whose(ctx)?, ctx.request.segment(0).to_owned());
    require_match(ctx, user, &id)?;
    let input = ctx.input(device::CHANGE)?;
    Ok(etag::tagged(Response::json(200, &changed(ctx, user, &id, input)?)))
}

fn require_match(ctx: &mut Ctx<'_>, user: i64, id: &str) -> Result<()> {
    let device = found(store::locked(ctx.db, user, id)?)?;
    let shown = Beside::of(ctx, user)?.show(device);
    ctx.require_match(&shown)
}

/// Changes a device, and shows it. Who runs a team says how much a member's device counts, and nothing else of it.
///
/// # Errors
/// When it is none of theirs, or they may not.
pub fn changed(ctx: &mut Ctx<'_>, user: i64, id: &str, mut input: Input) -> Result<OwnDevice> {
    let mut device = found(store::locked(ctx.db, user, id)?)?;
    input.finish()?;
    let is_own = user == ctx.user()?;
    if !is_own && input.members().keys().any(|name| name != device::PRIORITY.name) {
        return refuse(Refused::Forbidden, &texts::NOT_YOURS);
    }
    device.take(&input);
    grant(ctx, &mut device, &input);
    store::put(ctx.db, user, &device)?;
    require_no_raise(ctx, &device, &input)?;
    Ok(Beside::of(ctx, user)?.show(device))
}

/// DELETE `/devices/{device_id}/`
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (user, id) = (whose(ctx)?, ctx.request.segment(0).to_owned());
    require_match(ctx, user, &id)?;
    Ok(Response::json(200, &deactivated(ctx, user, &id)?))
}

/// Ends a device's sessions.
///
/// # Errors
/// When the user has no such device.
pub fn deactivated(ctx: &mut Ctx<'_>, user: i64, id: &str) -> Result<Deactivated> {
    let device = found(store::locked(ctx.db, user, id)?)?;
    let device = sessions::revoke(ctx, user, device, State::Revoked)?;
    Ok(Deactivated { device_id: device.device_id, deactivated: true })
}

/// All of the caller's devices.
pub fn all(ctx: &mut Ctx<'_>) -> Result<Vec<OwnDevice>> {
    let user = ctx.user()?;
    let beside = Beside::of(ctx, user)?;
    beside.all(ctx.db, user)
}

/// A user's devices, for their export.
pub fn held(
    db: &mut Db,
    user: i64,
    tenant: Option<i64>,
    now: Timestamp,
    each: &mut dyn FnMut(Value) -> Result<()>,
) -> Result<()> {
    Beside::read(db, user, tenant, now)?.all(db, user)?.iter().try_for_each(|device| each(value(device)?))
}
