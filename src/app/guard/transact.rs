//! The transaction runner: a transaction and its guards around whatever reads or writes.
//!
//! The guards and their order are the lists `READ`, `LOOK` and `WRITE`, and stand nowhere else. They run inside the
//! transaction, first to last; each lets it pass, or answers in the place of the work. Whoever answers, `Ok` commits and
//! `Err` undoes everything, what the guards wrote too. A transaction that the engine makes give way begins again as a
//! whole, with nobody admitted and nothing stamped.

use super::idempotency::{self, Found, Key};
use super::texts;
use super::{admit, spent, uploads};
use crate::app::work::commit;
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::memory;
use crate::base::text;
use crate::db::{Mode, retried};
use crate::feature::ctx::Work;
use crate::feature::{Access, Continues, Ctx, Face, Handler, News, Route, Tx};
use crate::http::Response;

/// The most bytes of an answer: it lies in memory whole. What is kept in a file has no bound.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// What a read may hold of the store, in bytes, as [`memory::hold`] counts: with the answer beside it less than the 128 MiB that
/// no request takes more than.
const MAX_HELD: usize = 40 * 1024 * 1024;
/// GraphQL has each object in three forms at a time.
const MAX_HELD_THRICE: usize = MAX_HELD / 2;
/// The most objects of a page when a larger one did not fit.
const FIRST_PORTION: i64 = 256;

/// Lets a transaction pass, or answers in the place of the work.
type Guard = fn(&mut Ctx<'_>, &mut Passage) -> Result<Option<Response>>;

/// What is done behind the guards. It may say nothing: then something else answers.
type Task<'t> = &'t mut dyn FnMut(&mut Ctx<'_>) -> Result<Option<Response>>;

/// A snapshot.
const READ: &[Guard] = &[admitted, entitled];

/// Before slow work that opens its own transaction. An answer kept under the key comes before anything is checked: a change of
/// password asked again would find the old password wrong.
const LOOK: &[Guard] = &[admitted, entitled, unanswered];

/// A write. Admission locks the session, the account and the tenant, so no other request of the caller can be writing the
/// answer that is looked for next; where nobody is admitted, taking the key does the same. A retry ends there and costs
/// nothing. The clock is advanced before the work reads anything, and an upload is counted last: a refusal undoes the rest.
const WRITE: &[Guard] = &[admitted, entitled, same_history, unanswered, unspent, reserved, stamped, within_limits];

/// One transaction on its way past the guards.
struct Passage {
    mode: Mode,
    /// The request's key, once it was looked up.
    key: Option<Key>,
    /// The key that the answer is kept under.
    reserved: Option<Key>,
}

fn admitted(ctx: &mut Ctx<'_>, passage: &mut Passage) -> Result<Option<Response>> {
    admit::caller(ctx, passage.mode)
}

/// Roles are read with the admission, so whoever lost one has lost what it gave, answers kept under a key too.
fn entitled(ctx: &mut Ctx<'_>, _: &mut Passage) -> Result<Option<Response>> {
    admit::entitled(ctx).map(|()| None)
}

/// What a device made of a history that was undone may be an edit of what is not there any more, under a version of today.
fn same_history(ctx: &mut Ctx<'_>, _: &mut Passage) -> Result<Option<Response>> {
    let Some(sent) = ctx.upload().and_then(|upload| upload.epoch.as_deref()) else { return Ok(None) };
    let epoch = &ctx.tenant()?.epoch;
    if sent == epoch {
        return Ok(None);
    }
    let refusal = Refusal::new(Refused::EpochChanged, &texts::EPOCH_CHANGED);
    Err(refusal.and("epoch", epoch.as_str()).into())
}

fn unanswered(ctx: &mut Ctx<'_>, passage: &mut Passage) -> Result<Option<Response>> {
    let Some(key) = idempotency::key(ctx)? else { return Ok(None) };
    match idempotency::stored(ctx, &key)? {
        Found::Answer(answer) => {
            let stamps = spent::stamps(ctx, &key)?;
            ctx.name_stamps(stamps);
            if ctx.upload().is_some() {
                ctx.tell(&News::Replayed { answer: &answer.body })?;
            }
            return Ok(Some(answer));
        }
        Found::Nothing => passage.key = Some(key),
        Found::Another => {}
    }
    Ok(None)
}

fn unspent(ctx: &mut Ctx<'_>, passage: &mut Passage) -> Result<Option<Response>> {
    passage.key.as_ref().map_or(Ok(()), |key| spent::check(ctx, key))?;
    Ok(None)
}

fn reserved(ctx: &mut Ctx<'_>, passage: &mut Passage) -> Result<Option<Response>> {
    passage.reserved = passage.key.take();
    passage.reserved.as_ref().map_or(Ok(()), |key| idempotency::reserve(ctx, key))?;
    Ok(None)
}

fn stamped(ctx: &mut Ctx<'_>, _: &mut Passage) -> Result<Option<Response>> {
    if ctx.writes_as_member() {
        ctx.advance_admitted()?;
    }
    Ok(None)
}

fn within_limits(ctx: &mut Ctx<'_>, _: &mut Passage) -> Result<Option<Response>> {
    uploads::charge(ctx).map(|()| None)
}

/// The transaction that [`call`] begins before anything else, if it does.
pub fn first(route: &Route) -> Option<Mode> {
    match route.tx {
        Tx::Write => Some(Mode::Write),
        Tx::Own if matches!(route.access, Access::Public | Access::Optional) => None,
        Tx::Read | Tx::Own | Tx::Upload => Some(Mode::Recent),
    }
}

/// Runs a handler in the transaction that its route asks for.
pub fn call(ctx: &mut Ctx<'_>, handler: Handler) -> Result<Response> {
    run(ctx, handler).map(|response| ctx.naming(response))
}

fn run(ctx: &mut Ctx<'_>, handler: Handler) -> Result<Response> {
    match ctx.route.tx {
        Tx::Read => read(ctx, &mut |ctx| handler(ctx)),
        Tx::Write => write(ctx, &mut |ctx| handler(ctx)),
        Tx::Own if first(ctx.route).is_none() => handler(ctx),
        Tx::Own | Tx::Upload => look(ctx)?.map_or_else(|| handler(ctx), Ok),
    }
}

/// Runs a handler in a replica's snapshot, if the request is one that goes on from there. To whoever is in no couple there,
/// the replica has nothing to say: they may have joined one.
pub fn continued(ctx: &mut Ctx<'_>, handler: Handler, continues: Continues) -> Result<Option<Response>> {
    let mut work = |ctx: &mut Ctx<'_>| if continues(ctx) { handler(ctx).map(Some) } else { Ok(None) };
    let answer = attempt(ctx, Mode::Recent, READ, &mut work)?;
    Ok(answer.filter(|_| ctx.tenant().is_ok()))
}

/// Runs work in one snapshot: see [`Ctx::read`]. Where the answer would be too large, lists show fewer objects at once, down to
/// one: what is left out is on the page that follows.
pub fn read(ctx: &mut Ctx<'_>, work: Work<'_>) -> Result<Response> {
    loop {
        match answered(snapshot(ctx, READ, &mut |ctx| bounded(ctx, work).map(Some))) {
            Err(error) if error.is_too_much() && lessen(ctx) => {}
            outcome => return outcome,
        }
    }
}

/// The work, as long as what it reads and what it answers fit into memory.
fn bounded(ctx: &mut Ctx<'_>, work: Work<'_>) -> Result<Response> {
    let rest = Rest;
    memory::allow(Some(if ctx.route.face == Face::Graphql { MAX_HELD_THRICE } else { MAX_HELD }));
    let answer = work(ctx)?;
    drop(rest);
    if answer.body.len() > MAX_ANSWER { refuse(Refused::AnswerTooLarge, &text::ANSWER_TOO_LARGE) } else { Ok(answer) }
}

/// Whatever becomes of the work, even a panic: what is read after it is not counted.
struct Rest;

impl Drop for Rest {
    fn drop(&mut self) {
        memory::allow(None);
    }
}

/// Halves the pages twice. Answers `false` when they cannot be smaller.
fn lessen(ctx: &Ctx<'_>) -> bool {
    let portion = ctx.request.portion.get();
    ctx.request.portion.set(portion.min(4 * FIRST_PORTION) / 4);
    portion > 1
}

/// Runs work in one write transaction: see [`Ctx::write`].
pub fn write(ctx: &mut Ctx<'_>, work: Work<'_>) -> Result<Response> {
    answered(retried(|| attempt(ctx, Mode::Write, WRITE, &mut |ctx| work(ctx).map(Some))))
}

fn answered(outcome: Result<Option<Response>>) -> Result<Response> {
    outcome?.ok_or_else(|| Error::internal("a transaction without an answer"))
}

/// Admits the caller; answers what is kept under the request's key. That the key was used again is noted, so a request that
/// has one may write.
fn look(ctx: &mut Ctx<'_>) -> Result<Option<Response>> {
    let keyed = ctx.route.tx == Tx::Own && ctx.request.method.writes() && ctx.request.header("IDEMPOTENCY_KEY").is_some();
    if keyed { retried(|| attempt(ctx, Mode::Write, LOOK, &mut |_| Ok(None))) } else { snapshot(ctx, LOOK, &mut |_| Ok(None)) }
}

/// Runs a task in a snapshot: in a recent one, and when it misses something there, in the latest.
fn snapshot(ctx: &mut Ctx<'_>, guards: &[Guard], task: Task<'_>) -> Result<Option<Response>> {
    if !ctx.request.wants_latest() {
        let recent = retried(|| attempt(ctx, Mode::Recent, guards, task));
        if !(ctx.db.may_lag() && recent.as_ref().is_err_and(misses_something)) {
            return recent;
        }
    }
    retried(|| attempt(ctx, Mode::Read, guards, task))
}

/// Was the request refused for something that is not there? Another node may have it: who signed in there a moment ago
/// must not be signed out here.
fn misses_something(error: &Error) -> bool {
    matches!(error, Error::Refused(refusal) if matches!(refusal.kind, Refused::NotFound | Refused::Unauthenticated(_)))
}

/// One transaction, from its beginning to its end.
fn attempt(ctx: &mut Ctx<'_>, mode: Mode, guards: &[Guard], task: Task<'_>) -> Result<Option<Response>> {
    ctx.begin(mode)?;
    let outcome = guarded(ctx, mode, guards, task);
    if outcome.is_ok() {
        commit(ctx)?
    } else {
        ctx.db.abandon()?
    }
    outcome
}

/// The guards, the work, and the keeping of its answer.
fn guarded(ctx: &mut Ctx<'_>, mode: Mode, guards: &[Guard], task: Task<'_>) -> Result<Option<Response>> {
    let mut passage = Passage { mode, key: None, reserved: None };
    for guard in guards {
        if let Some(answer) = guard(ctx, &mut passage)? {
            return Ok(Some(answer));
        }
    }
    let answer = task(ctx)?;
    if answer.as_ref().is_some_and(|answer| (200..300).contains(&answer.status)) {
        ctx.name_stamps(ctx.stamps());
    }
    if let (Some(key), Some(response)) = (&passage.reserved, &answer) {
        idempotency::keep(ctx, key, response)?;
        if (200..300).contains(&response.status) {
            spent::note(ctx, key)?;
        }
    }
    Ok(answer)
}
