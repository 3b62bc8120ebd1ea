//! Wiping a lost device: its user wishes it with the password, its app hears of it when it refreshes, and says when it is done.
//!
//! Nothing but the user's password deletes anything on a phone: whoever runs the site or a team can end sessions, no more.

use super::api;
use super::api_session::{presented, refresh_bucket, wrong};
use super::rules;
use super::{texts, trust};
use crate::base::error::{Refused, Result, refuse};
use crate::feature::Ctx;
use crate::feature::ctx::found;
use crate::feature::sessions::device::{Device, State};
use crate::feature::sessions::{self, store};
use crate::http::Response;
use schemars::JsonSchema;
use serde::Serialize;

/// How a device stands after a wish.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Wish {
    /// What it calls itself.
    pub device_id: String,
    /// wipe_pending, wiped once it has said so, or revoked when the wish was ended.
    pub state: &'static str,
}

impl Wish {
    fn of(device: Device) -> Wish {
        Wish { state: device.state.word(), device_id: device.device_id }
    }
}

/// POST `/devices/{device_id}/wipe/`
pub fn wish(ctx: &mut Ctx<'_>) -> Result<Response> {
    wipeable(ctx)?;
    trust::require_grown(ctx)?;
    api::confirm(ctx, rules::DELETE, "password")?;
    ctx.write(&mut |ctx| {
        let (device, user) = (wipeable(ctx)?, ctx.user()?);
        let device = sessions::revoke(ctx, user, device, State::WipePending)?;
        Ok(Response::json(202, &Wish::of(device)))
    })
}

/// The caller's device of the path, if its app can wipe it.
fn wipeable(ctx: &mut Ctx<'_>) -> Result<Device> {
    let device = own(ctx)?;
    if device.can_wipe { Ok(device) } else { refuse(Refused::CannotWipe, &texts::CANNOT_WIPE) }
}

fn own(ctx: &mut Ctx<'_>) -> Result<Device> {
    let user = ctx.user()?;
    found(store::locked(ctx.db, user, ctx.request.segment(0))?)
}

/// DELETE `/devices/{device_id}/wipe/`
pub fn end_wish(ctx: &mut Ctx<'_>) -> Result<Response> {
    own(ctx)?;
    api::confirm(ctx, rules::DELETE, "password")?;
    ctx.write(&mut |ctx| {
        let (device, user) = (own(ctx)?, ctx.user()?);
        let device = sessions::unwish(ctx, user, device)?;
        Ok(Response::json(200, &Wish::of(device)))
    })
}

/// POST `/devices/wiped/`. Tokens that are wrong are counted as at a refresh.
pub fn wiped(ctx: &mut Ctx<'_>) -> Result<Response> {
    let presented = presented(ctx)?;
    let bucket = refresh_bucket(ctx, presented.as_ref());
    ctx.check_attempts(&bucket)?;
    ctx.write(&mut |ctx| {
        let said = match &presented {
            Some(claims) => sessions::wiped(ctx, &claims.sid, claims.user().unwrap_or_default())?,
            None => false,
        };
        if said { Ok(Response::empty(204)) } else { wrong(ctx, &bucket) }
    })
}
