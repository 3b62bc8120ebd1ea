//! Accounts as both faces make and change them: the API and the operator's program.

use super::rules::{self, User};
use super::texts;
use super::{names, password, store};
use crate::base::error::{Refusal, Result};
use crate::base::id;
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::ctx::found;
use crate::feature::{Ctx, House};
use crate::http::Response;
use crate::http::input::Input;
use serde_json::json;

/// A new account whose fields are sound, with its password's hash.
pub struct New {
    input: Input,
    hash: String,
}

/// A new account whose fields are sound: see [`checked`] and [`hashed`].
pub fn sound(input: Input) -> Result<New> {
    hashed(checked(input)?)
}

/// Checks the fields of [`rules::REGISTER`].
pub fn checked(mut input: Input) -> Result<Input> {
    rules::check_account(&mut input);
    let username = input.text("username").unwrap_or_default().to_owned();
    rules::check_password(&mut input, "password", &username);
    let secret = input.text("password").unwrap_or_default().to_owned();
    let confirmed = input.text("password_confirm").is_none_or(|confirm| names::composed(confirm) == names::composed(&secret));
    input.check(confirmed, "password", &texts::PASSWORD_CONFIRM);
    input.finish().map(|()| input)
}

/// Hashes the password, outside any transaction: hashing is slow on purpose.
pub fn hashed(input: Input) -> Result<New> {
    let hash = password::hash(input.text("password").unwrap_or_default())?;
    Ok(New { input, hash })
}

/// May an address be asked for that somebody else has and has not verified? It leads there until one of both verifies it, so
/// only where mail can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified {
    /// It is taken, like any other.
    Taken,
    /// It may be asked for.
    GivesWay,
}

impl Unverified {
    /// What holds for callers of the API.
    pub fn in_house(house: &House) -> Unverified {
        if house.settings.mailer().is_some() { Unverified::GivesWay } else { Unverified::Taken }
    }
}

/// Writes a new account inside a write transaction.
///
/// # Errors
/// When its name or address is taken.
pub fn create(db: &mut Db, new: &New, unverified: Unverified, now: Timestamp) -> Result<User> {
    let mut user = User::new(id::number()?, now);
    user.take(&new.input);
    check_unique(db, &mut user, None, unverified)?;
    insert(db, &user, &new.hash)?;
    Ok(user)
}

/// Refuses a name or an address that another has, as either: both are signed in with in one field. What the account had before
/// it keeps, though another has it, too.
pub fn check_unique(db: &mut Db, user: &mut User, before: Option<&User>, unverified: Unverified) -> Result<()> {
    let mut taken = Vec::new();
    if before.is_none() && is_taken(db, &user.username, user.id)? {
        taken.push(("username", Message::plain(&texts::USERNAME_TAKEN)));
    }
    if let Some(email) = user.email.clone()
        && before.is_none_or(|before| before.email.as_ref() != Some(&email))
    {
        let holder = store::email_holder(db, &email, user.id)?;
        user.holds_email = holder.is_none();
        let is_held = holder.is_some_and(|holder| holder.verified || unverified == Unverified::Taken);
        if is_held || store::username_taken(db, &email, user.id)? {
            taken.push(("email", Message::plain(&texts::EMAIL_TAKEN)));
        }
    }
    if taken.is_empty() { Ok(()) } else { Err(Refusal::fields(taken).into()) }
}

fn is_taken(db: &mut Db, name: &str, by_other_than: i64) -> Result<bool> {
    Ok(store::username_taken(db, name, by_other_than)? || store::email_holder(db, name, by_other_than)?.is_some())
}

/// Two registrations at the same instant: the constraint decides, and the second is refused as any other.
fn insert(db: &mut Db, user: &User, hash: &str) -> Result<()> {
    match store::insert(db, user, hash) {
        Err(error) if error.is_duplicate() => Err(Refusal::field("username", Message::plain(&texts::USERNAME_TAKEN)).into()),
        other => other,
    }
}

/// Checks a new password, and hashes it.
///
/// # Errors
/// When it breaks a rule.
pub fn new_password(mut input: Input, field: &'static str, username: &str) -> Result<String> {
    rules::check_password(&mut input, field, username);
    input.finish()?;
    password::hash(input.text(field).unwrap_or_default())
}

/// The caller's own account.
pub fn own(ctx: &mut Ctx<'_>) -> Result<User> {
    let user = ctx.user()?;
    Ok(found(store::by_id(ctx.db, user)?)?.user)
}

/// The account as its owner sees it.
pub fn shown(user: &User) -> Response {
    Response::json(200, &json!({ "user": user }))
}
