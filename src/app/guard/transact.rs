//! The transaction runner: a transaction and its guards around whatever reads or writes.
//!
//! The guards and their order are the lists `READ`, `LOOK` and `WRITE`, and stand nowhere else. They run inside the
//! transaction, first to last; each lets it pass, or answers in the place of the work. Whoever answers, `Ok` commits and
//! `Err` undoes everything, what the guards wrote too. A transaction that the engine makes give way begins again as a
//! whole, with nobody admitted and nothing stamped.

use super::idempotency::{self, Found, Key};
use super::texts;
use super::{admit, spent, uploads};
use crate::base::error::{Error, Refusal, Refused, Result};
use crate::db::{Mode, retried};
use crate::feature::ctx::Work;
use crate::feature::{Access, Continues, Ctx, Handler, News, Tx};
use crate::http::Response;

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
        let tenant = ctx.tenant_id()?;
        ctx.advance(tenant)?;
    }
    Ok(None)
}

fn within_limits(ctx: &mut Ctx<'_>, _: &mut Passage) -> Result<Option<Response>> {
    uploads::charge(ctx).map(|()| None)
}

/// Runs a handler in the transaction that its route asks for.
pub fn call(ctx: &mut Ctx<'_>, handler: Handler) -> Result<Response> {
    run(ctx, handler).map(|response| ctx.naming(response))
}

fn run(ctx: &mut Ctx<'_>, handler: Handler) -> Result<Response> {
    match ctx.route.tx {
        Tx::Read => read(ctx, &mut |ctx| handler(ctx)),
        Tx::Write => write(ctx, &mut |ctx| handler(ctx)),
        Tx::Own if matches!(ctx.route.access, Access::Public | Access::Optional) => handler(ctx),
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

/// Runs work in one snapshot: see [`Ctx::read`].
pub fn read(ctx: &mut Ctx<'_>, work: Work<'_>) -> Result<Response> {
    answered(snapshot(ctx, READ, &mut |ctx| work(ctx).map(Some)))
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
        ctx.commit()?
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
