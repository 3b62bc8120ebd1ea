//! A way back in without the password: a link that is good once.
//!
//! Nothing is stored for a link that the operator hands over. Its token is signed by the site, and bound to the hash of the
//! password that it replaces: with that hash every token for it is worth nothing, so one works once, and a change of password ends
//! all of them. What mails bring is in `codes/`, and is bound to the same.

use super::codes::{self, Kind};
use super::store::{self, Account};
use super::{api_codes, password, rules, texts};
use crate::base::error::{Refusal, Result};
use crate::base::id;
use crate::base::text::Message;
use crate::base::time::{SECOND, Timestamp};
use crate::base::token::{Claims, Purpose};
use crate::feature::sessions::{Reason, store as sessions};
use crate::feature::{Bucket, Ctx, House, News};
use crate::http::Response;
use crate::http::input::Input;
use sha2::{Digest, Sha256};

/// How long a link is good, in milliseconds.
pub const TTL: i64 = Kind::Reset.ttl();
/// The page that takes a token, the app's or ours. The token stands in the link's fragment, which reaches no server's log.
pub const PAGE: &str = Kind::Reset.name();

/// A new token for an account.
///
/// # Errors
/// When it cannot be signed, which is a defect.
pub fn token(house: &House, account: &Account, now: Timestamp) -> Result<String> {
    let (iat, exp) = (now.0 / SECOND, now.plus(TTL).0 / SECOND);
    let (user_id, jti, sid) = (account.user.id.to_string(), id::opaque(), bond(house, &account.password));
    house.keys.sign(&Claims { token_type: Purpose::Reset, exp, iat, jti, user_id, sid, generation: None })
}

/// What binds a token to a password's hash and tells nothing of it.
fn bond(house: &House, hash: &str) -> String {
    id::hex(&Sha256::new().chain_update(house.derive("reset")).chain_update(hash).finalize())
}

/// POST `/auth/password/reset/`. Wrong tokens and codes are counted by address, and wrong codes by account, too.
pub fn reset(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::RESET)?;
    let proof = Proof::of(&input);
    input.check(proof.is_some(), "token", &texts::LINK_OR_CODE);
    input.finish()?;
    let proof = proof.unwrap_or(Proof::Token(String::new()));
    let buckets = [(ctx.bucket("reset", ""), ctx.house.settings.limit_codes)];
    ctx.check_attempts(&buckets)?;
    let Some(account) = proof.account(ctx)? else {
        // In a write, where an answer kept under the request's key comes first: a token that was used is not good twice.
        return ctx.write(&mut |ctx| proof.refused(ctx, &buckets));
    };
    rules::check_password(&mut input, "password", &account.user.username);
    input.finish()?;
    let hash = password::hash(input.text("password").unwrap_or_default())?;
    ctx.write(&mut |ctx| {
        let user = account.user.id;
        // Of two that come at once the second finds another password than its token or code replaces.
        if proof.account(ctx)?.is_none() || !store::replace_password(ctx.db, user, &account.password, &hash, ctx.now)? {
            return proof.refused(ctx, &buckets);
        }
        sessions::end_all_but(ctx.db, user, "", Reason::Password, ctx.now)?;
        codes::store::end_all(ctx.db, user)?;
        ctx.tell(&News::PasswordChanged { user })?;
        Ok(Response::empty(204))
    })
}

/// What is sent to show that one may set the password.
enum Proof {
    /// The end of a link: one that the operator handed over, or one that a mail brought.
    Token(String),
    /// A code, and the address that it was sent to.
    Code {
        /// The address.
        email: String,
        /// The code.
        code: String,
    },
}

impl Proof {
    fn of(input: &Input) -> Option<Proof> {
        let given = |name| input.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        match (given("token"), given("email"), given("code")) {
            (Some(token), _, _) => Some(Proof::Token(token)),
            (None, Some(email), Some(code)) => Some(Proof::Code { email, code }),
            _ => None,
        }
    }

    /// The account whose password it may set, if it is good.
    fn account(&self, ctx: &mut Ctx<'_>) -> Result<Option<Account>> {
        match self {
            Proof::Token(token) => match codes::owner(token) {
                Some(owner) => mailed(ctx, owner, token),
                None => handed_over(ctx, token),
            },
            Proof::Code { email, code } => {
                let account = api_codes::addressee(ctx, email)?;
                let fits = codes::fits(ctx, Kind::Reset, account.as_ref(), code)?;
                Ok(account.filter(|_| fits))
            }
        }
    }

    /// Counts the attempt, and commits that with the refusal.
    fn refused(&self, ctx: &mut Ctx<'_>, buckets: &[Bucket]) -> Result<Response> {
        ctx.count_attempt(buckets)?;
        let (field, why) = match self {
            Proof::Token(_) => ("token", &texts::LINK_NOT_GOOD),
            Proof::Code { email, .. } => {
                let owner = api_codes::addressee(ctx, email)?.map_or(codes::NOBODYS, |account| account.user.id);
                codes::store::count_wrong(ctx.db, Kind::Reset, owner)?;
                ("code", &texts::CODE_NOT_GOOD)
            }
        };
        Ok(ctx.refused(&Refusal::field(field, Message::plain(why))))
    }
}

/// The account that a mail's link is for.
fn mailed(ctx: &mut Ctx<'_>, owner: i64, token: &str) -> Result<Option<Account>> {
    let account = store::by_id(ctx.db, owner)?.filter(|account| account.user.email_verified);
    let Some(account) = account else { return Ok(None) };
    let leads = codes::leads(ctx.db, ctx.house, Kind::Reset, &account, token, ctx.now)?;
    Ok(leads.then_some(account))
}

/// The account that the operator's token is for.
fn handed_over(ctx: &mut Ctx<'_>, token: &str) -> Result<Option<Account>> {
    let claims = ctx.house.keys.verify(token, Purpose::Reset, ctx.now);
    let Some((claims, user)) = claims.and_then(|claims| claims.user().map(|user| (claims, user))) else { return Ok(None) };
    let account = store::by_id(ctx.db, user)?;
    Ok(account.filter(|account| bond(ctx.house, &account.password) == claims.sid))
}
