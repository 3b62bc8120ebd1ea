//! The routes of linking.

use super::rules::{self, Codes, Decided, LetIn, NotYet, Waiting};
use super::store::{self, Kept};
use super::{INTERVAL, Link, State, TTL};
use crate::base::error::{Error, Refusal, Refused, Result, not_found};
use crate::base::id;
use crate::base::text::Message;
use crate::base::time::{HOUR, MINUTE, SECOND};
use crate::base::token;
use crate::domain::auth::api::confirm_by;
use crate::domain::auth::api_session::begun;
use crate::domain::auth::codes::{self, NOBODYS};
use crate::domain::auth::session::SignedIn;
use crate::domain::auth::store::{self as accounts, Account};
use crate::domain::auth::{texts, trust};
use crate::feature::ctx::found;
use crate::feature::sessions::Reason;
use crate::feature::sessions::device::{self, Sent};
use crate::feature::sessions::store::{self as sessions, Ended};
use crate::feature::{Bucket, Ctx, House, Rate};
use crate::http::input::{Extent, Input};
use crate::http::{Response, peer};
use serde_json::Value;

/// Devices that an address has ask in an hour, and those of them that may wait at once: a household's, whose members help each other.
const AN_HOUR: u32 = 10;
const AT_ONCE: u32 = 5;
/// Codes that a user, or an address, gets wrong in a while: more than anybody mistypes, and nothing beside 2^34 codes.
const GUESSES: Rate = Rate { count: 10, window: 15 * MINUTE };
/// Random bytes of the code that a device polls with.
const POLLS: usize = 32;

/// POST `/auth/device/code/`
pub fn ask(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::ASK)?;
    input.finish()?;
    Sent::within(&input)?;
    ctx.count_attempts(&[(ctx.bucket("links", ""), rate(ctx, AN_HOUR, HOUR))])?;
    let open = ctx.count_attempts(&[(ctx.bucket("open links", ""), rate(ctx, AT_ONCE, TTL))])?;
    let (polls, shows, digits) = (id::hex(&id::bytes::<POLLS>()?), codes::new_code()?, two_digits()?);
    let link = Link {
        device: input.json(device::DEVICE.name).and_then(Value::as_object).cloned(),
        client: ctx.client(),
        digits: digits.clone(),
        network: network(ctx),
        asked_at: ctx.now,
        polled_at: None,
        interval: INTERVAL,
        misses: 0,
        open,
        state: State::Waiting,
    };
    store::insert(ctx.db, ctx.house, &polls, &shows, &link)?;
    let (first, second) = shows.split_at(shows.len() / 2);
    let (user_code, verification_uri) = (format!("{first}-{second}"), page(ctx));
    let verification_uri_complete = format!("{verification_uri}#code={user_code}");
    let (expires_in, interval) = (TTL / SECOND, rules::SECONDS);
    let answer =
        Codes { device_code: polls, user_code, verification_uri, verification_uri_complete, expires_in, interval, digits };
    Ok(Response::json(200, &answer))
}

/// A limit, unless the operator has switched those of codes off.
fn rate(ctx: &Ctx<'_>, count: u32, window: i64) -> Option<Rate> {
    ctx.house.settings.limit_codes.map(|_| Rate { count, window })
}

/// Each pair is as likely as any other, but for one part in 2^57.
fn two_digits() -> Result<String> {
    Ok(format!("{:02}", u64::from_le_bytes(id::bytes::<8>()?) % 100))
}

/// A network, as nobody can tell it who has the store alone.
fn network(ctx: &Ctx<'_>) -> String {
    token::keyed(&ctx.house.derive("networks"), &[peer::network(&ctx.request.address).as_bytes()])
}

/// Where a person enters the code: in the app, or on the API's own page. The code stands in its fragment, which reaches no log.
fn page(ctx: &Ctx<'_>) -> String {
    let app = ctx.house.settings.app_url.as_ref();
    app.map_or_else(|| ctx.request.url_below("/pages/link/"), |app| format!("{app}/link"))
}

/// The device that shows a code. A wrong one is a guess, and the only read that writes: it is counted, for the user and for the address.
fn shown(ctx: &mut Ctx<'_>, code: &str) -> Result<Option<Kept>> {
    let limit = ctx.house.settings.limit_codes.map(|_| GUESSES);
    let buckets: [Bucket; 2] = [(ctx.bucket_of("link", &ctx.user()?.to_string()), limit), (ctx.bucket("link", ""), limit)];
    let (code, mut found) = (codes::typed(code), None);
    ctx.read(&mut |ctx| {
        ctx.look_at_attempts(&buckets)?;
        found = store::shows(ctx.db, ctx.house, &code, ctx.now)?;
        Ok(Response::empty(204))
    })?;
    if found.is_none() {
        ctx.take_attempts(&buckets)?;
    }
    Ok(found)
}

/// GET `/auth/device/{user_code}/`
pub fn show(ctx: &mut Ctx<'_>) -> Result<Response> {
    let code = ctx.request.segment(0).to_owned();
    let Some(Kept { link, .. }) = shown(ctx, &code)? else { return Err(not_found()) };
    let same_network = link.network == network(ctx);
    let waiting = Waiting {
        name: link.name().to_owned(),
        kind: link.kind().to_owned(),
        client: link.client,
        asked_at: link.asked_at,
        seconds_ago: (ctx.now.0 - link.asked_at.0).max(0) / SECOND,
        same_network,
        password_required: !(same_network && trust::is_proven(ctx)?),
    };
    Ok(Response::json(200, &waiting))
}

/// POST `/auth/device/approve/`
pub fn decide(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::DECIDE)?;
    input.finish()?;
    let (code, digits) = (taken(&input, "user_code"), taken(&input, "match"));
    let Some(kept) = shown(ctx, &code)? else { return Err(wrong_code().into()) };
    if !input.bool("allow").unwrap_or_default() {
        return ctx.write(&mut |ctx| denied(ctx, &kept));
    }
    if digits.is_empty() {
        return Err(Refusal::field("match", Message::plain(&texts::LINK_NO_MATCH)).into());
    }
    trust::require_grown(ctx)?;
    let given = input.text("password").is_some();
    if given {
        confirm_by(ctx, input, "password")?;
    } else if kept.link.network != network(ctx) || !trust::is_proven(ctx)? {
        return Err(Refusal::field("password", Message::plain(&texts::LINK_PASSWORD)).into());
    }
    ctx.write(&mut |ctx| allowed(ctx, &kept, &digits))
}

fn taken(input: &Input, field: &str) -> String {
    input.text(field).unwrap_or_default().to_owned()
}

fn wrong_code() -> Refusal {
    Refusal::field("user_code", Message::plain(&texts::LINK_CODE))
}

/// The device as it is by now, if it still waits.
fn waiting(ctx: &mut Ctx<'_>, kept: &Kept) -> Result<Kept> {
    let now = store::again(ctx.db, ctx.house, kept)?;
    now.filter(|kept| kept.link.state == State::Waiting && kept.expires_at > ctx.now).ok_or_else(|| wrong_code().into())
}

fn denied(ctx: &mut Ctx<'_>, kept: &Kept) -> Result<Response> {
    let mut kept = waiting(ctx, kept)?;
    kept.link.state = State::Denied;
    ctx.forget_attempts(&kept.link.open)?;
    store::put(ctx.db, ctx.house, &kept, NOBODYS)?;
    Ok(Response::json(200, &Decided { status: "denied" }))
}

/// Lets the device in, if these are its digits; wrong ones are counted, and that is committed with the refusal.
fn allowed(ctx: &mut Ctx<'_>, kept: &Kept, digits: &str) -> Result<Response> {
    let mut kept = waiting(ctx, kept)?;
    if !kept.link.matches(digits) {
        let is_denied = kept.link.state == State::Denied;
        if is_denied {
            ctx.forget_attempts(&kept.link.open)?;
        }
        store::put(ctx.db, ctx.house, &kept, NOBODYS)?;
        let why = if is_denied { &texts::LINK_MATCH_TWICE } else { &texts::LINK_MATCH };
        return Ok(ctx.refused(&Refusal::field("match", Message::plain(why))));
    }
    let user = ctx.user()?;
    let bond = bond(ctx.house, &found(accounts::by_id(ctx.db, user)?)?);
    let (session, device) = (ctx.caller()?.session.clone(), ctx.caller()?.device.clone());
    kept.link.state = State::Allowed { session, device, bond };
    store::put(ctx.db, ctx.house, &kept, user)?;
    Ok(Response::json(200, &Decided { status: "allowed" }))
}

/// POST `/auth/device/token/`
pub fn poll(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::POLL)?;
    input.finish()?;
    let code = taken(&input, "device_code");
    let Some(mut kept) = store::polls(ctx.db, ctx.house, &code)? else { return Err(refusal(&rules::UNKNOWN).into()) };
    if kept.expires_at <= ctx.now {
        return Err(refusal(&rules::EXPIRED).into());
    }
    match kept.link.state.clone() {
        State::Denied => Err(refusal(&rules::DENIED).into()),
        State::Allowed { session, device, bond } => {
            let account = allower(ctx, &kept, &session, &bond)?;
            account.map_or_else(|| Err(refusal(&rules::DENIED).into()), |account| let_in(ctx, &kept, &account, &device))
        }
        State::Waiting => {
            let why = if kept.link.poll(ctx.now) { &rules::PENDING } else { &rules::SLOW_DOWN };
            store::put(ctx.db, ctx.house, &kept, NOBODYS)?;
            Ok(ctx.refused(&refusal(why)))
        }
    }
}

fn refusal(why: &NotYet) -> Refusal {
    Refusal::new(Refused::NotLinked(why.problem), why.text).and("error", why.error)
}

fn bond(house: &House, account: &Account) -> String {
    token::keyed(&house.derive("link bonds"), &[account.password.as_bytes()])
}

/// Who let the device in, if that still holds. The session may have signed out itself meanwhile, as the API's page does; who lost a
/// phone, and ends its session or changes the password, ends what it allowed.
fn allower(ctx: &mut Ctx<'_>, kept: &Kept, session: &str, as_then: &str) -> Result<Option<Account>> {
    let signed_out = |ended: Ended| ended.user == kept.owner && ended.reason == Reason::SignedOut;
    let stands =
        sessions::is_of(ctx.db, session, kept.owner, ctx.now)? || sessions::ended(ctx.db, session)?.is_some_and(signed_out);
    let account = accounts::by_id(ctx.db, kept.owner)?;
    Ok(account.filter(|account| stands && bond(ctx.house, account) == as_then))
}

/// Signs the device in: its codes are used.
fn let_in(ctx: &mut Ctx<'_>, kept: &Kept, account: &Account, by: &str) -> Result<Response> {
    store::end(ctx.db, kept)?;
    ctx.forget_attempts(&kept.link.open)?;
    let sent =
        kept.link.device.as_ref().map(|device| Sent::whole(Input::of(device, device::WHOLE, Extent::Whole))).transpose()?;
    // A client of RFC 8628 reads `error`, whatever it is that keeps the device out.
    let tokens = begun(ctx, account.user.id, sent.as_ref(), Some(by)).map_err(|error| match error {
        Error::Refused(refusal) => refusal.and("error", rules::DENIED.error).into(),
        other => other,
    })?;
    let (access_token, refresh_token) = (tokens.access.clone(), tokens.refresh.clone());
    let signed_in = SignedIn { user: &account.user, access: tokens.access, refresh: tokens.refresh };
    let expires_in = ctx.house.settings.access_ttl / SECOND;
    Ok(Response::json(200, &LetIn { signed_in, access_token, refresh_token, token_type: "Bearer", expires_in }))
}
