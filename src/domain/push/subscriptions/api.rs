//! The routes of subscriptions.

use super::change::{self, Proof};
use super::shown::Shown;
use super::{fields, store};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::domain::push::key::{self, Key};
use crate::feature::Ctx;
use crate::feature::ctx::value;
use crate::http::paging::Page;
use crate::http::{Response, etag};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// What an app needs to know before it subscribes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PushKey")]
pub struct About {
    /// The site's public key in base64url, with which an app asks its push service for an endpoint; null where nobody is woken.
    pub application_server_key: Option<String>,
    /// Where push services reach who runs this server.
    pub contact: Option<String>,
    /// Are devices woken (Web Push)?
    pub webpush: bool,
    /// The address of the WebSocket; null where there is none.
    pub socket: Option<String>,
    /// The address of the stream of events; null where there is none.
    pub stream: Option<String>,
}

impl About {
    /// With the key as it stands.
    pub fn of(ctx: &Ctx<'_>, key: Key) -> About {
        let contact = ctx.house.settings.push.sender().map(str::to_owned);
        let application_server_key = key.good().filter(|_| contact.is_some()).map(|key| key.public());
        let [socket, stream] = realtime(ctx).map_or([None, None], |addresses| addresses.map(Some));
        About { webpush: application_server_key.is_some(), application_server_key, contact, socket, stream }
    }
}

/// The addresses of the socket and the stream, in the version of the API that was asked for.
fn realtime(ctx: &Ctx<'_>) -> Option<[String; 2]> {
    let (grip, version) = (&ctx.house.settings.grip, ctx.request.version.number);
    grip.engine()?;
    let base = grip.public_url.clone().unwrap_or_else(|| ctx.request.url_below(""));
    let base = if version == 1 { base } else { format!("{base}/v{version}") };
    // A page's own scheme, with the word that sockets have for it: http becomes ws, https wss.
    let socket = base.strip_prefix("http").map_or_else(|| base.clone(), |rest| format!("ws{rest}"));
    Some([format!("{socket}/ws/mobile/sync/"), format!("{base}/push/stream/")])
}

/// GET `/push/`: the first one who asks has the key made.
pub fn about(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut missing = false;
    let answer = ctx.read(&mut |ctx| {
        let key = key::find(ctx.db, &ctx.house.secret)?;
        missing = matches!(key, Key::None) && ctx.house.settings.push.sender().is_some();
        Ok(Response::json(200, &About::of(ctx, key)))
    })?;
    if !missing {
        return Ok(answer);
    }
    ctx.write(&mut |ctx| {
        let key = key::made(ctx.db, &ctx.house.secret)?;
        Ok(Response::json(200, &About::of(ctx, key)))
    })
}

/// POST `/push/subscriptions/`
pub fn subscribe(ctx: &mut Ctx<'_>) -> Result<Response> {
    let input = ctx.input(fields::WHOLE)?;
    let (s, is_new) = change::subscribe(ctx, input)?;
    Ok(etag::tagged(Response::json(if is_new { 201 } else { 200 }, &Shown::of(ctx.house, &s))))
}

/// GET `/push/subscriptions/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let all = change::own(ctx)?;
    let page = Page::of(ctx.request, i64::try_from(all.len()).unwrap_or(i64::MAX))?;
    let (at, id) = page.after.oldest()?;
    let behind = all.iter().filter(|s| (s.created_at.0, s.id.as_str()) > (at, id.as_str()));
    let shown = page.span().of(behind.map(|s| Shown::of(ctx.house, s)));
    Ok(page.answer(ctx.request, shown))
}

/// GET `/push/subscriptions/{id}/`
pub fn one(ctx: &mut Ctx<'_>) -> Result<Response> {
    let s = change::one(ctx, &ctx.path_id()?)?;
    Ok(Response::json(200, &Shown::of(ctx.house, &s)))
}

/// PATCH `/push/subscriptions/{id}/`
pub fn change(ctx: &mut Ctx<'_>) -> Result<Response> {
    let id = ctx.path_id()?;
    let s = change::one(ctx, &id)?;
    ctx.require_match(&Shown::of(ctx.house, &s))?;
    let input = ctx.input(fields::CHANGE)?;
    let changed = change::change(ctx, &id, input)?;
    Ok(etag::tagged(Response::json(200, &Shown::of(ctx.house, &changed))))
}

/// DELETE `/push/subscriptions/{id}/`
pub fn delete(ctx: &mut Ctx<'_>) -> Result<Response> {
    let id = ctx.path_id()?;
    let s = change::one(ctx, &id)?;
    ctx.require_match(&Shown::of(ctx.house, &s))?;
    change::end(ctx, &id).map(|()| Response::empty(204))
}

/// POST `/push/subscriptions/{id}/verify/`
pub fn verify(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(fields::CODE)?;
    input.finish()?;
    let id = ctx.path_id()?;
    Ok(match change::verify(ctx, &id, input.text(fields::CODE[0].name).unwrap_or_default())? {
        Proof::Good(s) => Response::json(200, &Shown::of(ctx.house, &s)),
        Proof::Wrong(refusal) => ctx.refused(&refusal),
    })
}

/// POST `/push/subscriptions/{id}/test/`
pub fn test(ctx: &mut Ctx<'_>) -> Result<Response> {
    let id = ctx.path_id()?;
    change::test(ctx, &id).map(|()| Response::empty(202))
}

/// What is kept of a user, for their export.
pub fn held(db: &mut Db, user: i64, _: Option<i64>, now: Timestamp, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    let all = store::own(db, user)?;
    all.iter().filter(|s| s.is_live(now)).try_for_each(|s| each(value(&Shown::held(s))?))
}
