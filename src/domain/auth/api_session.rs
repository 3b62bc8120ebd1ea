//! Signing in and out.

use super::password::{self, Fit};
use super::rules::{self, User};
use super::session::{Next, Rotation, SignedIn, Tokens};
use super::store::{self, Account, NewSession};
use super::texts;
use super::{codes, keyed, names};
use crate::base::error::{Error, Refusal, Refused, Result};
use crate::base::id;
use crate::base::text::{self, Message};
use crate::base::time::{SECOND, Timestamp};
use crate::base::token::{Claims, Purpose};
use crate::feature::sessions::device::Sent;
use crate::feature::sessions::{self, Reason, Revoked};
use crate::feature::store as feed;
use crate::feature::{Bucket, Ctx, News};
use crate::http::Response;
use crate::http::input::Input;

/// POST `/auth/login/`
pub fn login(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::LOGIN)?;
    let named = ["email", "username"].iter().find_map(|f| input.text(f).filter(|v| !v.is_empty())).map(str::to_owned);
    input.check(named.is_some(), "non_field_errors", &texts::LOGIN_NAME);
    input.finish()?;
    let (name, device) = (named.unwrap_or_default(), Sent::within(&input)?);
    let mut found: Vec<Option<Account>> = accounts(ctx, &input)?.into_iter().map(Some).collect();
    if found.is_empty() {
        found.push(None);
    }
    let secret = input.text("password").unwrap_or_default();
    for account in found {
        let whose = account.as_ref().map_or_else(|| names::key(&name), |a| a.user.id.to_string());
        let taken = ctx.take_attempts(&password_buckets(ctx, &whose))?;
        let hash = account.as_ref().map_or(password::NOBODY, |a| &a.password);
        let fit = password::fit(secret, hash)?;
        let renewed = if fit == Fit::AsSent { Some(password::hash(secret)?) } else { None };
        if let Some(account) = account.filter(|_| fit != Fit::Wrong) {
            let device = device.as_ref();
            return ctx.write_giving_back(&taken, &mut |ctx| signed_in_as(ctx, &account, renewed.as_deref(), device));
        }
    }
    Err(bad_credentials())
}

/// The accounts that may be meant: the e-mail value is an address or a user name, and before both were kept apart it was one
/// account's address and another's name. Whose name it is comes in by either field.
fn accounts(ctx: &mut Ctx<'_>, input: &Input) -> Result<Vec<Account>> {
    let mut found: Vec<Account> = Vec::new();
    if let Some(email) = input.text("email").filter(|e| !e.is_empty()) {
        found.extend(store::by_username(ctx.db, email)?);
        let other = store::by_email(ctx.db, email)?;
        found.extend(other.filter(|other| found.iter().all(|known| known.user.id != other.user.id)));
    }
    match input.text("username").filter(|n| !n.is_empty() && found.is_empty()) {
        Some(name) => Ok(store::by_username(ctx.db, name)?.into_iter().collect()),
        None => Ok(found),
    }
}

/// The password was verified outside the transaction: it must still be the account's inside.
fn signed_in_as(ctx: &mut Ctx<'_>, account: &Account, renewed: Option<&str>, device: Option<&Sent>) -> Result<Response> {
    match store::by_id(ctx.db, account.user.id)? {
        Some(now) if now.password == account.password => {
            if let Some(hash) = renewed {
                store::set_password(ctx.db, now.user.id, hash, ctx.now)?;
            }
            keyed::settle_one(ctx.db, now.user.id)?;
            signed_in(ctx, 200, &now.user, device)
        }
        _ => Err(bad_credentials()),
    }
}

fn bad_credentials() -> Error {
    Refusal::field("non_field_errors", Message::plain(&texts::BAD_CREDENTIALS)).into()
}

/// Where a password is counted that may be wrong: for this account at this address, and for all names at this address.
pub fn password_buckets(ctx: &Ctx<'_>, whose: &str) -> [Bucket; 2] {
    let settings = &ctx.house.settings;
    [(ctx.bucket("login", whose), settings.limit_auth), (ctx.bucket("login", ""), settings.limit_address)]
}

/// Starts a session, on a device if one was named, and answers the account with its tokens.
pub fn signed_in(ctx: &mut Ctx<'_>, status: u16, user: &User, device: Option<&Sent>) -> Result<Response> {
    let Tokens { access, refresh } = begun(ctx, user.id, device, None)?;
    Ok(Response::json(status, &SignedIn { user, access, refresh }))
}

/// Starts a session of a user, on a device if one was named. Another device may have let it in: empty where that has no name.
pub fn begun(ctx: &mut Ctx<'_>, user: i64, device: Option<&Sent>, let_in_by: Option<&str>) -> Result<Tokens> {
    let session = id::opaque();
    let (rotation, expires) = (Rotation::start(ctx.now), ctx.now.plus(ctx.house.settings.refresh_ttl));
    let new = NewSession { rotation, expires, client: ctx.client(), let_in_by: let_in_by.map(str::to_owned) };
    store::insert_session(ctx.db, &session, user, &new, ctx.now)?;
    sessions::store::end_unused(ctx.db, user, &session, ctx.house.settings.max_sessions, ctx.now)?;
    let device = sessions::sign_in(ctx, user, &session, device)?;
    let others = sessions::store::number_live(ctx.db, user, ctx.now)? > 1;
    ctx.tell(&News::SignedIn { user, session: &session, device: &device, others })?;
    let access = access_token(ctx, user, &session)?;
    let refresh = refresh_token(ctx, user, &session, 0, ctx.now)?;
    Ok(Tokens { access, refresh })
}

fn access_token(ctx: &Ctx<'_>, user: i64, session: &str) -> Result<String> {
    let (iat, exp) = (ctx.now.0 / SECOND, ctx.now.plus(ctx.house.settings.access_ttl).0 / SECOND);
    let (user_id, sid) = (user.to_string(), session.to_owned());
    ctx.house.keys.sign(&Claims { token_type: Purpose::Access, exp, iat, jti: id::opaque(), user_id, sid, generation: None })
}

/// The refresh token of a number, issued at an instant: the same question gives the same bytes.
fn refresh_token(ctx: &Ctx<'_>, user: i64, session: &str, number: i64, at: Timestamp) -> Result<String> {
    let (iat, exp) = (at.0 / SECOND, at.plus(ctx.house.settings.refresh_ttl).0 / SECOND);
    let (user_id, sid, jti) = (user.to_string(), session.to_owned(), format!("{session}.{number}.{}", at.0));
    ctx.house.keys.sign(&Claims { token_type: Purpose::Refresh, exp, iat, jti, user_id, sid, generation: Some(number) })
}

/// The instant that [`refresh_token`] wrote into the token's own id: `iat` has whole seconds.
fn issued(claims: &Claims) -> Timestamp {
    let at = claims.jti.rsplit_once('.').and_then(|(_, at)| at.parse().ok());
    Timestamp(at.unwrap_or_default())
}

/// What the refresh token says that came, when its signature is good.
pub fn presented(ctx: &mut Ctx<'_>) -> Result<Option<Claims>> {
    let mut input = ctx.input(rules::REFRESH)?;
    input.finish()?;
    Ok(ctx.house.keys.signed(input.text("refresh").unwrap_or_default(), Purpose::Refresh))
}

/// Where tokens that are wrong are counted: for who they say that they are of.
pub fn refresh_bucket(ctx: &Ctx<'_>, claims: Option<&Claims>) -> [Bucket; 1] {
    let whose = claims.map_or("", |claims| &claims.user_id);
    [(ctx.bucket("refresh", whose), ctx.house.settings.limit_auth)]
}

/// The same, as long as it is good.
fn live(ctx: &mut Ctx<'_>) -> Result<Option<Claims>> {
    Ok(presented(ctx)?.filter(|claims| !claims.is_over(ctx.now)))
}

/// The refusal of a token.
fn not_valid() -> Refusal {
    Refusal::new(Refused::Unauthenticated("token_not_valid"), &text::TOKEN_NOT_VALID)
}

/// POST `/auth/refresh/`
pub fn refresh(ctx: &mut Ctx<'_>) -> Result<Response> {
    let presented = presented(ctx)?;
    let bucket = refresh_bucket(ctx, presented.as_ref());
    match presented {
        Some(claims) if !claims.is_over(ctx.now) => ctx.write(&mut |ctx| refreshed(ctx, &claims, &bucket)),
        Some(claims) => {
            ctx.take_attempts(&bucket)?;
            ctx.read(&mut |ctx| Err(over(ctx, &claims)?.into()))
        }
        None => {
            ctx.take_attempts(&bucket)?;
            Err(not_valid().into())
        }
    }
}

/// A token whose time is over is told one thing: that its device shall still be wiped.
fn over(ctx: &mut Ctx<'_>, claims: &Claims) -> Result<Refusal> {
    let revoked = revocation(ctx, claims)?;
    Ok(revoked.filter(Revoked::wipe).map_or_else(not_valid, |revoked| revoked.refusal()))
}

/// How the session of a refresh token was ended, if that is told.
fn revocation(ctx: &mut Ctx<'_>, claims: &Claims) -> Result<Option<Revoked>> {
    sessions::revocation(ctx, &claims.sid, claims.user().unwrap_or_default())
}

/// A stolen token ends the session, and that is committed with the refusal.
fn refreshed(ctx: &mut Ctx<'_>, claims: &Claims, bucket: &[Bucket]) -> Result<Response> {
    ctx.check_attempts(bucket)?;
    let session = store::session(ctx.db, &claims.sid, ctx.now)?.filter(|(user, _)| Some(*user) == claims.user());
    let next = session.map(|(user, rotation)| (user, rotation.present(claims.generation.unwrap_or(-1), issued(claims), ctx.now)));
    match next {
        Some((user, Next::Issue(number, at, rotation))) => {
            let expires = ctx.now.plus(ctx.house.settings.refresh_ttl);
            store::update_session(ctx.db, &claims.sid, &rotation, ctx.now, expires)?;
            let tenant = feed::tenant_of(ctx.db, user)?;
            ctx.note_seen(&claims.sid, tenant)?;
            let access = access_token(ctx, user, &claims.sid)?;
            let refresh = refresh_token(ctx, user, &claims.sid, number, at)?;
            Ok(Response::json(200, &Tokens { access, refresh }))
        }
        Some((user, _)) => {
            sessions::store::end(ctx.db, &claims.sid, Reason::Reused, ctx.now)?;
            ctx.tell(&News::SignedOut { user })?;
            ctx.count_attempt(bucket)?;
            sessions::tell_ended(ctx, user)?;
            Ok(ctx.refused(&not_valid()))
        }
        None => match revocation(ctx, claims)? {
            Some(revoked) => Err(revoked.refusal().into()),
            None => wrong(ctx, bucket),
        },
    }
}

/// Counts the attempt, and commits that with the refusal.
pub fn wrong(ctx: &mut Ctx<'_>, bucket: &[Bucket]) -> Result<Response> {
    ctx.count_attempt(bucket)?;
    Ok(ctx.refused(&not_valid()))
}

/// POST `/auth/logout/`
pub fn logout(ctx: &mut Ctx<'_>) -> Result<Response> {
    match live(ctx)? {
        Some(claims) => ctx.write(&mut |ctx| {
            sessions::store::end(ctx.db, &claims.sid, Reason::SignedOut, ctx.now)?;
            ctx.tell(&News::SignedOut { user: claims.user().unwrap_or_default() })?;
            Ok(Response::empty(204))
        }),
        None => Err(not_valid().into()),
    }
}

/// POST `/auth/logout-all/`
pub fn logout_all(ctx: &mut Ctx<'_>) -> Result<Response> {
    let Some(claims) = live(ctx)? else { return Err(not_valid().into()) };
    ctx.write(&mut |ctx| {
        if store::session(ctx.db, &claims.sid, ctx.now)?.is_none() {
            return Err(not_valid().into());
        }
        let user = claims.user().unwrap_or_default();
        sessions::store::end_all_but(ctx.db, user, "", Reason::SignedOut, ctx.now)?;
        codes::store::end_links(ctx.db, user)?;
        ctx.tell(&News::SignedOut { user })?;
        Ok(Response::empty(204))
    })
}
