//! Where the caller is signed in.

use super::rules::MAX_SESSION;
use crate::base::error::{Result, not_found};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::ctx::value;
use crate::feature::sessions::store::{self, Session};
use crate::feature::sessions::{self, Reason};
use crate::feature::{Ctx, News};
use crate::http::Response;
use crate::http::paging::{After, Keyed, Page, Span};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A session, as its user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OwnSession {
    /// Its id.
    pub id: String,
    /// The device that it is on; null where nobody said.
    pub device_id: Option<String>,
    /// What its user calls that.
    pub name: String,
    /// What the app calls itself: `NAME/VERSION`.
    pub client: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last heard of, to the minute.
    pub last_seen_at: Timestamp,
    /// Is it the one that asks?
    pub current: bool,
    /// The device that let it in; null where it signed in itself.
    pub let_in_by: Option<LetInBy>,
}

/// The device that let a session in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LetInBy {
    /// What it calls itself; null where nobody said.
    pub device_id: Option<String>,
    /// What its user calls it.
    pub name: String,
}

impl LetInBy {
    fn of((device, name): (String, String)) -> LetInBy {
        LetInBy { device_id: Some(device).filter(|device| !device.is_empty()), name }
    }
}

impl OwnSession {
    fn of(session: Session, current: &str) -> OwnSession {
        let current = session.id == current;
        let Session { id, device_id, name, client, created_at, seen_at, let_in_by } = session;
        let (last_seen_at, let_in_by) = (seen_at.to_the_minute(), let_in_by.map(LetInBy::of));
        OwnSession { id, device_id, name, client, created_at, last_seen_at, current, let_in_by }
    }
}

impl Keyed for OwnSession {
    fn key(&self) -> Vec<String> {
        vec![self.created_at.0.to_string(), self.id.clone()]
    }
}

/// All of a user's sessions, of which this one asks.
pub fn all(db: &mut Db, user: i64, current: &str, now: Timestamp) -> Result<Vec<OwnSession>> {
    let sessions = store::live(db, user, &(i64::MAX, String::new()), now, Span { limit: i64::from(u32::MAX), offset: 0 })?;
    Ok(sessions.into_iter().map(|session| OwnSession::of(session, current)).collect())
}

/// A user's sessions, for their export.
pub fn held(db: &mut Db, user: i64, _: Option<i64>, now: Timestamp, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    all(db, user, "", now)?.iter().try_for_each(|session| each(value(session)?))
}

/// How many sessions were ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EndedOthers {
    /// How many.
    pub ended: u64,
}

/// GET `/auth/sessions/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let page = Page::of(ctx.request, store::number_live(ctx.db, ctx.user()?, ctx.now)?)?;
    let behind = behind(&page.after)?;
    let sessions = store::live(ctx.db, ctx.user()?, &behind, ctx.now, page.span())?;
    let current = &ctx.caller()?.session;
    Ok(page.answer(ctx.request, sessions.into_iter().map(|session| OwnSession::of(session, current)).collect()))
}

fn behind(after: &After) -> Result<(i64, String)> {
    after.key((i64::MAX, String::new()), |parts| match parts {
        [at, id] if id.len() <= MAX_SESSION => Some((at.parse().ok()?, (*id).to_owned())),
        _ => None,
    })
}

/// DELETE `/auth/sessions/{id}/`
pub fn end(ctx: &mut Ctx<'_>) -> Result<Response> {
    let id = ctx.request.segment(0).to_owned();
    end_one(ctx, &id).map(|()| Response::empty(204))
}

/// Ends a session of the caller's; its own is signing out.
///
/// # Errors
/// When it is none of theirs.
pub fn end_one(ctx: &mut Ctx<'_>, id: &str) -> Result<()> {
    if id.len() > MAX_SESSION || !store::is_of(ctx.db, id, ctx.user()?, ctx.now)? {
        return Err(not_found());
    }
    let (user, is_own) = (ctx.user()?, ctx.caller()?.session == id);
    store::end(ctx.db, id, if is_own { Reason::SignedOut } else { Reason::Ended }, ctx.now)?;
    ctx.tell(&News::SignedOut { user })?;
    if is_own { Ok(()) } else { sessions::tell_ended(ctx, user) }
}

/// POST `/auth/sessions/end-others/`
pub fn end_others(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (user, session) = (ctx.user()?, ctx.caller()?.session.clone());
    let ended = store::end_all_but(ctx.db, user, &session, Reason::Ended, ctx.now)?;
    ctx.tell(&News::SignedOut { user })?;
    Ok(Response::json(200, &EndedOthers { ended }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::MINUTE;

    #[test]
    fn a_session_tells_no_more_of_a_day_than_its_minutes() {
        let session = Session {
            id: "s".into(),
            device_id: None,
            name: String::new(),
            client: "a/1".into(),
            created_at: Timestamp(7),
            seen_at: Timestamp(2 * MINUTE + 9),
            let_in_by: None,
        };
        let shown = OwnSession::of(session, "s");
        assert_eq!((shown.last_seen_at, shown.current, shown.device_id), (Timestamp(2 * MINUTE), true, None));
    }
}
