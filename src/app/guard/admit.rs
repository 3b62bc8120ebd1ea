//! Admission: one query for the session, the user, the tenant and its clock.

use super::texts;
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::text;
use crate::base::time::{CLOCKS_APART, Timestamp};
use crate::base::token::{Claims, Purpose};
use crate::base::word;
use crate::db::{Db, Mode, Row, Value};
use crate::feature::{Access, Caller, Ctx, House, Reach, Role, Route, Tenant, TenantKind, Without};
use crate::http::{Method, Request, Response, input::Input, paging::Page};
use crate::params;

/// The claims of the request's access token, where the route wants one. Costs no query.
pub fn token(request: &Request<'_>, house: &House, route: &Route) -> Result<Option<Claims>> {
    let stranger = route.access == Access::Optional && request.authorization().is_none();
    if route.access == Access::Public || stranger {
        return Ok(None);
    }
    let Some(token) = request.bearer() else {
        return refuse(Refused::Unauthenticated("not_authenticated"), &text::NOT_AUTHENTICATED);
    };
    match house.keys.verify(token, Purpose::Access, Timestamp::now()) {
        Some(claims) => Ok(Some(claims)),
        None => Err(not_valid()),
    }
}

/// Admits the caller inside the open transaction. An answer is given where the contract has one for users without a
/// couple.
pub fn caller(ctx: &mut Ctx<'_>, mode: Mode) -> Result<Option<Response>> {
    let Some(claims) = ctx.token().cloned() else { return Ok(None) };
    let caller = match find(ctx, &claims, mode)? {
        Some(caller) => caller,
        None => return Err(unknown(ctx, &claims)?),
    };
    let alone = caller.tenant.is_none();
    ctx.admit(caller);
    if alone { without(ctx) } else { Ok(None) }
}

/// What admits a session: its user, their tenant and its clock. All that a poll without news is answered from; [`READ_BY_POLLS`]
/// names the tables.
///
/// [`READ_BY_POLLS`]: crate::db::hints::READ_BY_POLLS
const ADMISSION: &str = "SELECT u.id, u.timezone, m.tenant, m.seat, m.role, t.kind, t.public_id, t.clock, t.horizon, t.epoch, \
     s.created_at, s.rotated_at, s.successor_at, s.device, s.seen_at, s.expires_at, s.wake, t.pushes \
     FROM sessions s JOIN users u ON u.id = s.user_id \
     LEFT JOIN members m ON m.user_id = u.id LEFT JOIN tenants t ON t.id = m.tenant \
     WHERE s.id = ? AND s.expires_at > ? AND u.disabled = 0";
/// How many columns that are.
const COLUMNS: usize = 18;
/// The one with the tenant's number.
pub const TENANT: usize = 2;
/// The one with the session's end.
const EXPIRES: usize = 15;

/// Who is admitted by a row, and what their session is dated by.
fn admitted(row: &Row<'_>, session: &str) -> Result<(Caller, Timestamp)> {
    let tenant = match row.get::<Option<i64>>(TENANT)? {
        None => None,
        Some(id) => Some(Tenant {
            id,
            seat: row.get(3)?,
            role: word::stored(&Role::ALL, &row.get::<String>(4)?)?,
            kind: word::stored(&TenantKind::ALL, &row.get::<String>(5)?)?,
            public_id: row.get(6)?,
            clock: row.get(7)?,
            horizon: row.get(8)?,
            epoch: row.get(9)?,
            pushes: row.get(17)?,
        }),
    };
    let dates = [row.get(10)?, row.get(11)?, row.get(12)?];
    let (session, device, seen_at, wake) = (session.to_owned(), row.get(13)?, row.get(14)?, row.get(16)?);
    let caller = Caller { user: row.get(0)?, session, device, seen_at, wake, timezone: row.get(1)?, tenant };
    Ok((caller, dates.into_iter().max().unwrap_or_default()))
}

/// A write locks what admits it: until its end the session and the account are good, the caller is in that tenant and
/// nobody else writes there. Requests of one user wait for each other, and so do those of one tenant; no others do.
fn find(ctx: &mut Ctx<'_>, claims: &Claims, mode: Mode) -> Result<Option<Caller>> {
    let bound = params![&claims.sid, ctx.now];
    let mut row = Vec::new();
    let witnessed = ctx.witness.is_some();
    let read = |found: &Row<'_>| {
        if witnessed {
            row = found.values(COLUMNS)?;
        }
        admitted(found, &claims.sid)
    };
    let found = if mode.reads() { ctx.db.one(ADMISSION, bound, read)? } else { ctx.db.lock_row(ADMISSION, bound, read)? };
    if let Some(witness) = &mut ctx.witness {
        witness.saw(&row);
    }
    Ok(found.filter(|found| is_good(found, claims, ctx.now)).map(|(caller, _)| caller))
}

/// Whom a statement of its own admits, outside of any transaction.
pub fn once(db: &mut Db, claims: &Claims, now: Timestamp) -> Option<Caller> {
    let found = db.one(ADMISSION, params![&claims.sid, now], |row| admitted(row, &claims.sid)).ok()??;
    is_good(&found, claims, now).then_some(found.0)
}

/// Is a session's row that of the claims?
fn is_good((caller, dated): &(Caller, Timestamp), claims: &Claims, now: Timestamp) -> bool {
    Some(caller.user) == claims.user() && is_of(claims, *dated, now)
}

/// Whom the row of a poll before admits now, if it does. What a refresh has changed since makes no session good for shorter, and
/// what is dated by one that a clock ahead had made is the database's to judge.
pub fn again(row: &[Value], claims: &Claims, now: Timestamp) -> Option<Caller> {
    let kept = Row::kept(row);
    let (caller, _) = admitted(&kept, &claims.sid).ok()?;
    let lasts = kept.get::<Timestamp>(EXPIRES).is_ok_and(|end| end > now);
    (lasts && Some(caller.user) == claims.user() && is_of(claims, now, now)).then_some(caller)
}

/// A token that says that it was made in the future is good as long as its session says so, too: when that is dated anew, by a
/// refresh or in the night after the clock was put right, the token ends, and the client asks for another one.
fn is_of(claims: &Claims, dated: Timestamp, now: Timestamp) -> bool {
    claims.made_at() <= now.max(dated).plus(CLOCKS_APART)
}

/// Why a valid token lets nobody in: the account is gone, or only the session.
fn unknown(ctx: &mut Ctx<'_>, claims: &Claims) -> Result<Error> {
    let user = claims.user().unwrap_or_default();
    let there = ctx.db.one("SELECT id FROM users WHERE id = ? AND disabled = 0", params![user], |row| row.get::<i64>(0))?;
    Ok(match there {
        Some(_) => not_valid(),
        None => Refusal::new(Refused::Unauthenticated("user_not_found"), &texts::USER_NOT_FOUND).into(),
    })
}

fn not_valid() -> Error {
    Refusal::new(Refused::Unauthenticated("token_not_valid"), &text::TOKEN_NOT_VALID).into()
}

/// Refuses a member who has nothing of the right that the route needs.
pub fn entitled(ctx: &Ctx<'_>) -> Result<()> {
    let (Some(right), Ok(tenant)) = (ctx.route.right, ctx.tenant()) else { return Ok(()) };
    if tenant.reach(right) > Reach::Nothing {
        return Ok(());
    }
    refuse(Refused::Forbidden, if right.from() == Role::Admin { &texts::NEEDS_ADMIN } else { &texts::NEEDS_STAFF })
}

/// The refusal of a user without a couple on a route for members.
fn without(ctx: &mut Ctx<'_>) -> Result<Option<Response>> {
    match ctx.route.access {
        Access::Public | Access::Optional | Access::User => Ok(None),
        Access::Member(Without::Empty) if ctx.request.method != Method::Post => {
            // What is wrong with a question is wrong whoever asks.
            Input::query(ctx.request, ctx.route.contract.parameters)?;
            Page::of(ctx.request, 0).map(|page| Some(page.empty(ctx.request)))
        }
        Access::Member(Without::NotFound) => refuse(Refused::NotFound, &text::NOT_FOUND),
        Access::Member(Without::NoCouple) => refuse(Refused::NotFound, &text::NO_COUPLE),
        Access::Member(Without::Empty | Without::Invalid) => refuse(Refused::Invalid, &text::NO_COUPLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::hints::READ_BY_POLLS;

    #[test]
    fn every_table_that_admission_reads_is_one_that_polls_notice() {
        let words: Vec<&str> = ADMISSION.split_ascii_whitespace().collect();
        let tables = words.windows(2).filter(|pair| matches!(pair[0], "FROM" | "JOIN")).map(|pair| pair[1]);
        assert_eq!(tables.filter(|table| !READ_BY_POLLS.contains(table)).collect::<Vec<_>>(), Vec::<&str>::new());
        let columns = ADMISSION.split(" FROM ").next().map_or(0, |list| list.split(',').count());
        assert_eq!(columns, COLUMNS);
        assert!(ADMISSION.split(',').nth(EXPIRES).is_some_and(|column| column.trim().starts_with("s.expires_at")));
    }
}
