//! How far a session is trusted: one whose user gave the password just now is believed, one that another device let in is not
//! for a day, so that whoever was let in by mistake cannot keep the owner out before the owner has seen it.

use super::texts;
use crate::base::error::{Refusal, Refused, Result};
use crate::base::time::{HOUR, MINUTE};
use crate::feature::Ctx;
use crate::feature::sessions::store::{self, WayIn};

/// How long a password that was given counts for the session that it was given in, in milliseconds.
const PROVEN: i64 = 10 * MINUTE;
/// How long a session is new that another device let in.
const NEW: i64 = 24 * HOUR;

fn way_in(ctx: &mut Ctx<'_>) -> Result<Option<WayIn>> {
    let session = ctx.caller()?.session.clone();
    store::way_in(ctx.db, &session)
}

/// Has the caller's session signed in, or its user given the password in it, just now?
pub fn is_proven(ctx: &mut Ctx<'_>) -> Result<bool> {
    let now = ctx.now.0;
    let recent = |at: i64| (0..PROVEN).contains(&(now - at));
    Ok(way_in(ctx)?.is_some_and(|way| recent(way.proved_at.0) || (way.let_in_by.is_none() && recent(way.at.0))))
}

/// Refuses a session that another device has just let in.
///
/// # Errors
/// [`Refused::Forbidden`], with the instant from which on it may.
pub fn require_grown(ctx: &mut Ctx<'_>) -> Result<()> {
    let new = way_in(ctx)?.filter(|way| way.let_in_by.is_some()).map(|way| way.at.plus(NEW)).filter(|until| *until > ctx.now);
    match new {
        Some(until) => Err(Refusal::new(Refused::Forbidden, &texts::LET_IN_NEW).and("until", until.to_string()).into()),
        None => Ok(()),
    }
}
