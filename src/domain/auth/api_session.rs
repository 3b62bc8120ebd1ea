//! Signing in and out.

use super::password::{self, Fit};
use super::rules::{self, User};
use super::session::{Next, Rotation, SignedIn, Tokens};
use super::store::{self, Account};
use super::texts;
use super::{keyed, names};
use crate::base::error::{Error, Refusal, Refused, Result};
use crate::base::id;
use crate::base::text::{self, Message};
use crate::base::time::{SECOND, Timestamp};
use crate::base::token::{Claims, Purpose};
use crate::feature::{Bucket, Ctx, News};
use crate::http::Response;
use crate::http::input::Input;

/// POST `/auth/login/`
pub fn login(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::LOGIN)?;
    let named = ["email", "username"].iter().find_map(|f| input.text(f).filter(|v| !v.is_empty())).map(str::to_owned);
    input.check(named.is_some(), "non_field_errors", &texts::LOGIN_NAME);
    input.finish()?;
    let name = named.unwrap_or_default();
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
            return ctx.write_giving_back(&taken, &mut |ctx| signed_in_as(ctx, &account, renewed.as_deref()));
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
fn signed_in_as(ctx: &mut Ctx<'_>, account: &Account, renewed: Option<&str>) -> Result<Response> {
    match store::by_id(ctx.db, account.user.id)? {
        Some(now) if now.password == account.password => {
            if let Some(hash) = renewed {
                store::set_password(ctx.db, now.user.id, hash, ctx.now)?;
            }
            keyed::settle_one(ctx.db, now.user.id)?;
            signed_in(ctx, 200, &now.user)
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

/// Starts a session and answers its tokens.
pub fn signed_in(ctx: &mut Ctx<'_>, status: u16, user: &User) -> Result<Response> {
    let (session, rotation) = (id::opaque(), Rotation::start(ctx.now));
    let expires = ctx.now.plus(ctx.house.settings.refresh_ttl);
    store::insert_session(ctx.db, &session, user.id, &rotation, ctx.now, expires)?;
    store::end_unused(ctx.db, user.id, &session, ctx.house.settings.max_sessions)?;
    let others = store::has_other_sessions(ctx.db, user.id, &session, ctx.now)?;
    let author = ctx.house.author(user.id, "", &session);
    ctx.tell(&News::SignedIn { user: user.id, session: &session, author, others })?;
    let access = access_token(ctx, user.id, &session)?;
    let refresh = refresh_token(ctx, user.id, &session, 0, ctx.now)?;
    Ok(Response::json(status, &SignedIn { user, access, refresh }))
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

/// The refresh token that came, and its claims when it is good.
fn presented(ctx: &mut Ctx<'_>) -> Result<Option<Claims>> {
    let mut input = ctx.input(rules::REFRESH)?;
    input.finish()?;
    Ok(ctx.house.keys.verify(input.text("refresh").unwrap_or_default(), Purpose::Refresh, ctx.now))
}

fn not_valid() -> Refusal {
    Refusal::new(Refused::Unauthenticated("token_not_valid"), &text::TOKEN_NOT_VALID)
}

/// POST `/auth/refresh/`
pub fn refresh(ctx: &mut Ctx<'_>) -> Result<Response> {
    let claims = presented(ctx)?;
    let whose = claims.as_ref().map_or_else(String::new, |c| c.user_id.clone());
    let bucket = [(ctx.bucket("refresh", &whose), ctx.house.settings.limit_auth)];
    let Some(claims) = claims else {
        ctx.take_attempts(&bucket)?;
        return Err(not_valid().into());
    };
    ctx.write(&mut |ctx| refreshed(ctx, &claims, &bucket))
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
            let access = access_token(ctx, user, &claims.sid)?;
            let refresh = refresh_token(ctx, user, &claims.sid, number, at)?;
            Ok(Response::json(200, &Tokens { access, refresh }))
        }
        other => {
            if other.is_some() {
                store::end_session(ctx.db, &claims.sid)?;
            }
            ctx.count_attempt(bucket)?;
            Ok(ctx.refused(&not_valid()))
        }
    }
}

/// POST `/auth/logout/`
pub fn logout(ctx: &mut Ctx<'_>) -> Result<Response> {
    match presented(ctx)? {
        Some(claims) => ctx.write(&mut |ctx| {
            store::end_session(ctx.db, &claims.sid)?;
            Ok(Response::empty(204))
        }),
        None => Err(not_valid().into()),
    }
}

/// POST `/auth/logout-all/`
pub fn logout_all(ctx: &mut Ctx<'_>) -> Result<Response> {
    let Some(claims) = presented(ctx)? else { return Err(not_valid().into()) };
    ctx.write(&mut |ctx| {
        if store::session(ctx.db, &claims.sid, ctx.now)?.is_none() {
            return Err(not_valid().into());
        }
        store::end_sessions(ctx.db, claims.user().unwrap_or_default(), "")?;
        Ok(Response::empty(204))
    })
}
