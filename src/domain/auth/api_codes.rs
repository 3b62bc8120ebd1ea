//! Mails that bring codes: for a new password, and to verify an address.

use super::accounts::shown;
use super::codes::{self, For, Kind};
use super::rules::{self, User};
use super::store::{self, Account};
use super::{texts, verify};
use crate::base::error::{Refusal, Refused, Result, refuse};
use crate::base::text::{self, Message, Text};
use crate::feature::Ctx;
use crate::feature::ctx::found;
use crate::http::Response;

/// POST `/auth/password/forgot/`. Whoever asks learns nothing: of an address without an account, or one that was not verified,
/// a mail is made, too, and the courier throws it away.
pub fn forgot(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::FORGOT)?;
    input.finish()?;
    require_mailer(ctx, &texts::MAIL_UNAVAILABLE)?;
    let address = input.text("email").unwrap_or_default().trim().to_owned();
    let account = addressee(ctx, &address)?;
    let to = account.as_ref().and_then(|account| account.user.email.as_deref()).unwrap_or(&address);
    let whom = For { address: to, account: account.as_ref().map(|account| (&account.user, account.password.as_str())) };
    codes::send(ctx, Kind::Reset, whom)?;
    Ok(Response::empty(202))
}

/// The account that has verified an address.
pub fn addressee(ctx: &mut Ctx<'_>, address: &str) -> Result<Option<Account>> {
    Ok(store::by_email(ctx.db, address)?.filter(|account| account.user.email_verified))
}

fn require_mailer(ctx: &Ctx<'_>, otherwise: &'static Text) -> Result<()> {
    if ctx.house.settings.mailer().is_some() { Ok(()) } else { refuse(Refused::MailUnavailable, otherwise) }
}

/// A new account's address is asked to verify itself, where mail can be sent.
pub fn greet(ctx: &mut Ctx<'_>, user: &User) -> Result<()> {
    if ctx.house.settings.mailer().is_some() { ask(ctx, user).map(drop) } else { Ok(()) }
}

/// Sends the code that verifies an account's address, if it has one.
fn ask(ctx: &mut Ctx<'_>, user: &User) -> Result<bool> {
    let Some(address) = user.email.as_deref() else { return Ok(false) };
    codes::send(ctx, Kind::Verify, For { address, account: Some((user, "")) })
}

/// POST `/auth/email/verify/`
pub fn verify(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::VERIFY)?;
    input.finish()?;
    let given = |name| input.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    match (given("token"), given("code")) {
        (Some(token), _) => by_link(ctx, &token),
        (None, Some(code)) => by_code(ctx, &code),
        (None, None) => send(ctx),
    }
}

/// Sends the caller a code. To an address that is verified none is sent: the answer says so.
fn send(ctx: &mut Ctx<'_>) -> Result<Response> {
    let user = signed_in(ctx)?.user;
    if user.email.is_none() {
        return Err(Refusal::field("email", Message::plain(&texts::NO_EMAIL)).into());
    }
    if user.email_verified {
        return Ok(shown(&user));
    }
    require_mailer(ctx, &texts::NO_MAIL_TO_VERIFY)?;
    ask(ctx, &user)?;
    Ok(Response::empty(202))
}

/// The caller, on a route that a link opens for everybody.
fn signed_in(ctx: &mut Ctx<'_>) -> Result<Account> {
    let Some(user) = ctx.admitted().map(|caller| caller.user) else {
        return refuse(Refused::Unauthenticated("not_authenticated"), &text::NOT_AUTHENTICATED);
    };
    found(store::by_id(ctx.db, user)?)
}

fn by_code(ctx: &mut Ctx<'_>, code: &str) -> Result<Response> {
    let account = signed_in(ctx)?;
    guessed(ctx, "code", &texts::CODE_NOT_GOOD, |ctx| {
        if codes::fits(ctx, Kind::Verify, Some(&account), code)? {
            return Ok(Some(account.user));
        }
        codes::store::count_wrong(ctx.db, Kind::Verify, account.user.id).map(|()| None)
    })
}

fn by_link(ctx: &mut Ctx<'_>, token: &str) -> Result<Response> {
    guessed(ctx, "token", &texts::LINK_NOT_GOOD, |ctx| {
        let account = codes::owner(token).map_or(Ok(None), |owner| store::by_id(ctx.db, owner))?;
        let Some(account) = account else { return Ok(None) };
        let leads = codes::leads(ctx.db, ctx.house, Kind::Verify, &account, token, ctx.now)?;
        Ok(leads.then_some(account.user))
    })
}

/// Verifies the address of the account that was found; a wrong guess is counted, and that is committed with the refusal.
fn guessed(
    ctx: &mut Ctx<'_>,
    field: &'static str,
    wrong: &'static Text,
    find: impl FnOnce(&mut Ctx<'_>) -> Result<Option<User>>,
) -> Result<Response> {
    let buckets = [(ctx.bucket("verify", ""), ctx.house.settings.limit_codes)];
    ctx.check_attempts(&buckets)?;
    match find(ctx)? {
        Some(user) => verified(ctx, user),
        None => {
            ctx.count_attempt(&buckets)?;
            Ok(ctx.refused(&Refusal::field(field, Message::plain(wrong))))
        }
    }
}

fn verified(ctx: &mut Ctx<'_>, user: User) -> Result<Response> {
    if verify::verify(ctx.db, &user, ctx.now)? {
        return Ok(shown(&User { email_verified: true, holds_email: true, ..user }));
    }
    Err(Refusal::field("email", Message::plain(&texts::EMAIL_TAKEN)).into())
}
