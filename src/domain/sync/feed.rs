//! What a poll finds, whichever face it comes through.

use super::asked::Asked;
use super::restart::{self, Start};
use super::rules::{self, Change};
use super::{store, texts, whole};
use crate::base::error::{Refusal, Refused, Result, not_found};
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::feature::cursor::{self, Rows};
use crate::feature::{Ctx, Kind};
use serde_json::Value;
use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What a poll asks for.
pub struct Poll<'p> {
    /// Where it continues from; see [`rules::cursor`].
    pub since: Option<&'p str>,
    /// The epoch that the client holds.
    pub epoch: Option<&'p str>,
    /// Stamps of the client's own writes; see [`rules::own`].
    pub own: Vec<Timestamp>,
    /// The most changes, as far as one stamp allows.
    pub limit: Option<usize>,
    /// The lists.
    pub kinds: Vec<&'static Kind>,
    /// Which page of a new start: see [`restart::start`].
    pub after: Option<&'p str>,
    /// Is the app in the background?
    pub idle: bool,
    /// Does it hold a socket?
    pub socket: bool,
    /// Is each whole object asked for?
    pub objects: bool,
    /// Are messages to the caller asked for?
    pub messages: bool,
}

/// What it is answered.
pub struct Found {
    /// The instant up to which the rows are complete: the next `since`.
    pub complete_to: Timestamp,
    /// The cursor that they continue from.
    pub since: Timestamp,
    /// The tenant's epoch.
    pub epoch: String,
    /// Are the rows everything alive, in the place of what the client holds?
    pub reset: bool,
    /// Is there more?
    pub has_more: bool,
    /// Seconds until the next poll.
    pub poll_after: u32,
    /// The page of a new start that comes behind this one.
    pub next: Option<String>,
    /// How many objects are alive, on the first page of a new start.
    pub total: Option<i64>,
    /// The changes, oldest first; on pages of a new start by kind and id.
    pub rows: Vec<Change>,
    /// Messages to the caller, where they were asked for.
    pub messages: Option<Value>,
}

/// What one page holds.
struct Page {
    rows: Vec<Change>,
    complete_to: Timestamp,
    has_more: bool,
    reset: bool,
    next: Option<String>,
    total: Option<i64>,
}

impl Page {
    /// A page of changes.
    fn of(rows: Vec<Change>, complete_to: Timestamp, has_more: bool) -> Page {
        Page { rows, complete_to, has_more, reset: false, next: None, total: None }
    }
}

/// Answers a poll of a member.
pub fn poll(ctx: &mut Ctx<'_>, poll: &Poll<'_>) -> Result<Found> {
    let tenant = &ctx.tenant()?.clone();
    let sent = rules::sent(poll.since, ctx.earlier());
    let since = rules::cursor(sent, tenant.clock, ctx.now);
    let restored = poll.epoch.is_some_and(|epoch| epoch != tenant.epoch);
    let horizon = rules::horizon(tenant.horizon, tenant.clock, ctx.now, ctx.house.settings.tombstones);
    // Who holds nothing yet, and asks for pages, begins: the last day would not be all.
    let begins = poll.since.is_none() && poll.after.is_some_and(restart::begins);
    let is_due = restored || begins || since < horizon;
    // A stamp names something in one epoch only, and in a new start nothing is left out.
    let is_known = !is_due && poll.epoch.is_some();
    let asked = Asked { tenant: tenant.clone(), kinds: &poll.kinds, own: if is_known { &poll.own } else { &[] } };
    // A node of a cluster that lacks the client's own write would tell what that replaced, and nobody would tell it again.
    if ctx.db.may_lag() && asked.own.iter().any(|own| *own > tenant.clock) {
        return Err(not_found());
    }
    let start = restart::start(poll.after, tenant, horizon, is_due, ctx.db.may_lag())?;
    // The first page of a new start has all messages: those behind it go on from the same cursor.
    let brings = poll.messages && start.as_ref().is_none_or(|start| *start == Start::Anew);
    let page = match start {
        Some(start) => anew(ctx, &asked, &start, poll)?,
        None => {
            let page = if is_due { restart(ctx, &asked, horizon, poll.limit)? } else { page(ctx, &asked, since, poll.limit)? };
            whole(ctx, poll, page)?
        }
    };
    let messages = if poll.messages { Some(messages(ctx, since, &page, brings)?) } else { None };
    let Page { rows, complete_to, has_more, reset, next, total } = page;
    ctx.note_poll(sent.filter(|sent| !is_due && *sent <= asked.tenant.clock), &poll.kinds);
    let poll_after = poll_after(ctx, poll);
    Ok(Found { complete_to, since, epoch: asked.tenant.epoch, reset, has_more, poll_after, next, total, rows, messages })
}

/// A page of a new start, as long as was asked for and as one answer holds. `reset` stands on the first alone: those behind it
/// add to it.
fn anew(ctx: &mut Ctx<'_>, asked: &Asked<'_>, start: &Start, poll: &Poll<'_>) -> Result<Page> {
    let limit = restart::limit(poll.limit);
    let restart::Page { mut rows, clock, total } = restart::page(ctx, asked, start, limit)?;
    let found = rows.len();
    rows.truncate(limit);
    if poll.objects {
        let fit = whole::attach(ctx, asked.kinds, &mut rows)?;
        rows.truncate(fit);
    }
    let has_more = rows.len() < found;
    let next = if has_more { restart::next(&rows, clock, &asked.tenant) } else { None };
    Ok(Page { reset: *start == Start::Anew, next, total, ..Page::of(rows, clock, has_more) })
}

/// A page with its objects, where they are asked for.
///
/// # Errors
/// When it is larger than an answer may be: that says how to ask for less.
fn whole(ctx: &mut Ctx<'_>, poll: &Poll<'_>, mut page: Page) -> Result<Page> {
    let held = page.rows.len().min(rules::MOST_ROWS);
    let fit = if poll.objects && held == page.rows.len() { whole::attach(ctx, &poll.kinds, &mut page.rows)? } else { held };
    if fit < page.rows.len() {
        let detail = Message::with(&texts::TOO_LARGE, &[&rules::MAX_ANSWER]);
        return Err(Refusal::with(Refused::TooLarge, detail).into());
    }
    Ok(page)
}

/// The rows of the answer. Nothing to tell costs no query: admission read the clock in this snapshot.
fn page(ctx: &mut Ctx<'_>, asked: &Asked<'_>, since: Timestamp, limit: Option<usize>) -> Result<Page> {
    let tenant = &asked.tenant;
    let whole = |rows| Page::of(rows, tenant.clock, false);
    match limit {
        _ if since >= tenant.clock => Ok(whole(Vec::new())),
        None => Ok(whole(store::between(ctx.db, asked, since, tenant.clock)?)),
        Some(limit) => limited(ctx, asked, since, limit),
    }
}

/// Messages to the caller that came while the page's changes did, if it is to bring them. They begin anew with the changes.
fn messages(ctx: &mut Ctx<'_>, since: Timestamp, page: &Page, brings: bool) -> Result<Value> {
    let since = if page.reset { Timestamp::default() } else { since };
    let noun = ctx.house.features.iter().find_map(|feature| feature.messages);
    match noun {
        Some(noun) if brings && since < page.complete_to => (noun.between)(ctx, since, page.complete_to),
        _ => Ok(Value::Array(Vec::new())),
    }
}

/// Everything alive. A limit counts only beyond the horizon: a page that ended before it would start over for ever.
fn restart(ctx: &mut Ctx<'_>, asked: &Asked<'_>, horizon: Timestamp, limit: Option<usize>) -> Result<Page> {
    let clock = asked.tenant.clock;
    let head = limit.map_or(clock, |_| horizon.plus(rules::HEAD_START).min(clock));
    let mut rows = store::alive(ctx.db, asked, head)?;
    let room = limit.map(|limit| limit.saturating_sub(rows.len()).max(1));
    let rest = page(ctx, asked, head, room)?;
    rows.extend(rest.rows.into_iter().filter(|row| !row.deleted));
    Ok(Page { rows, reset: true, ..rest })
}

fn limited(ctx: &mut Ctx<'_>, asked: &Asked<'_>, since: Timestamp, limit: usize) -> Result<Page> {
    let (rows, end) = cursor::page(
        since,
        limit,
        |row: &Change| row.stamp,
        |rows| match rows {
            Rows::After(since, count) => store::first(ctx.db, asked, since, count),
            Rows::At(stamp) => store::between(ctx.db, asked, stamp.plus(-1), stamp),
        },
    )?;
    Ok(Page::of(rows, end.unwrap_or(asked.tenant.clock), end.is_some()))
}

/// Seconds until the next poll that the server would like.
fn poll_after(ctx: &Ctx<'_>, poll: &Poll<'_>) -> u32 {
    let every = if poll.socket { ctx.poll_beside_socket() } else { ctx.poll_every(poll.idle) };
    every.saturating_mul(rules::slow_down(load_per_processor()))
}

/// The machine's load average over a minute, for each processor that this process may use. The kernel counts it anew every
/// five seconds, so a process that answers many polls asks once a second.
fn load_per_processor() -> f64 {
    thread_local!(static ASKED: Cell<Option<(Instant, f64)>> = const { Cell::new(None) });
    let now = Instant::now();
    if let Some((_, load)) = ASKED.get().filter(|(at, _)| now.duration_since(*at) < LOAD_ASKED) {
        return load;
    }
    let load = asked_load();
    ASKED.set(Some((now, load)));
    load
}

/// How long an answer about the load is good.
const LOAD_ASKED: Duration = Duration::from_secs(1);

fn asked_load() -> f64 {
    static PROCESSORS: OnceLock<u32> = OnceLock::new();
    let processors = PROCESSORS.get_or_init(|| rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count().max(1)));
    // sysinfo(2) counts load in fractions of 2^16.
    let load = rustix::system::sysinfo().loads[0] as f64 / 65_536.0;
    load / f64::from(*processors)
}
