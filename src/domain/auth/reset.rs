//! A way back in without the password: a link that is good once.
//!
//! Nothing is stored for it. The token is signed by the site, and bound to the hash of the password that it replaces: with that
//! hash every token for it is worth nothing, so one works once, and a change of password ends all of them.

use super::store::{self, Account};
use super::{password, rules, texts};
use crate::base::error::{Refusal, Result};
use crate::base::id;
use crate::base::text::Message;
use crate::base::time::{MINUTE, SECOND, Timestamp};
use crate::base::token::{Claims, Purpose};
use crate::feature::sessions::{Reason, store as sessions};
use crate::feature::{Bucket, Ctx, House, News};
use crate::http::Response;
use sha2::{Digest, Sha256};

/// How long a link is good, in milliseconds.
pub const TTL: i64 = 30 * MINUTE;
/// The page that takes a token, below the API's address. The token stands in the link's fragment, which reaches no server's log.
pub const PAGE: &str = "/reset/";

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

/// POST `/auth/password/reset/`. Wrong tokens are counted by address, like codes.
pub fn reset(ctx: &mut Ctx<'_>) -> Result<Response> {
    let mut input = ctx.input(rules::RESET)?;
    input.finish()?;
    let buckets = [(ctx.bucket("reset", ""), ctx.house.settings.limit_codes)];
    ctx.check_attempts(&buckets)?;
    let Some(account) = meant(ctx, input.text("token").unwrap_or_default())? else {
        // In a write, where an answer kept under the request's key comes first: a token that was used is not good twice.
        return ctx.write(&mut |ctx| refused(ctx, &buckets));
    };
    rules::check_password(&mut input, "password", &account.user.username);
    input.finish()?;
    let hash = password::hash(input.text("password").unwrap_or_default())?;
    ctx.write(&mut |ctx| {
        let user = account.user.id;
        // Of two that come at once the second finds another password than its token replaces.
        if !store::replace_password(ctx.db, user, &account.password, &hash, ctx.now)? {
            return refused(ctx, &buckets);
        }
        sessions::end_all_but(ctx.db, user, "", Reason::Password, ctx.now)?;
        ctx.tell(&News::PasswordChanged { user })?;
        Ok(Response::empty(204))
    })
}

/// The account that a token is for, if it is good.
fn meant(ctx: &mut Ctx<'_>, token: &str) -> Result<Option<Account>> {
    let claims = ctx.house.keys.verify(token, Purpose::Reset, ctx.now);
    let Some((claims, user)) = claims.and_then(|claims| claims.user().map(|user| (claims, user))) else { return Ok(None) };
    let account = store::by_id(ctx.db, user)?;
    Ok(account.filter(|account| bond(ctx.house, &account.password) == claims.sid))
}

/// Counts the attempt, and commits that with the refusal.
fn refused(ctx: &mut Ctx<'_>, buckets: &[Bucket]) -> Result<Response> {
    ctx.count_attempt(buckets)?;
    Ok(ctx.refused(&Refusal::field("token", Message::plain(&texts::LINK_NOT_GOOD))))
}
