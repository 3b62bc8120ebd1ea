//! The composition root: opens the house, finds the route, runs the guards and the handler, finishes the answer.

pub mod advice;
pub mod config;
pub mod doctor;
pub mod guard;
pub mod home;
pub mod log;
pub mod open;
pub mod replica;
pub mod route;
pub mod upkeep;

use crate::base::error::{Error, Refusal, Refused, Result};
use crate::base::json;
use crate::base::text::{self, Message};
use crate::base::time::Timestamp;
use crate::db::{Db, Journal, Mode, Place, retried};
use crate::domain;
use crate::feature;
use crate::feature::ctx::Work;
use crate::feature::meters::Meters;
use crate::feature::{Access, Calls, Continues, Ctx, Feature, House, Meter, Tell, Tx};
use crate::graphql;
use crate::http::{Method, Request, Response, Service, Vars, body, problem};
use guard::{address, admit, cors, finish, idempotency, meter, uploads};
use replica::Replica;
use std::io::Read;
use upkeep::Upkeep;

const COUNT: usize = domain::FEATURES.len() + 2;

/// The registry: every noun, the face that is put together from them, and the doctor.
pub static FEATURES: [&Feature; COUNT] = {
    let mut all = [&graphql::FEATURE; COUNT];
    all[COUNT - 1] = &doctor::FEATURE;
    let mut n = 0;
    while n < domain::FEATURES.len() {
        all[n] = domain::FEATURES[n];
        n += 1;
    }
    all
};

/// The web program: what stays open from request to request. Nothing about a caller is kept.
#[derive(Default)]
pub struct App {
    house: Option<House>,
    db: Option<Db>,
    replica: Replica,
    meters: Meters,
    upkeep: Upkeep,
    serial: u64,
    /// The id of the request that is being answered.
    request: String,
    single: bool,
}

/// What the operator is told when the database vanished under a process that had it open.
const GONE: &str = "the database was deleted or moved while the program ran: put the data folder back or restore a backup; \
     to begin with an empty one, end the program's processes";

/// What the operator is told when the data folder was closed under a process that had it open.
const CLOSED: &str = "the data folder does not let this account in any more: give it back to the account that the program runs as, \
     with the permissions 0700";

impl App {
    /// An app that opens everything when the first request needs it.
    pub fn new() -> App {
        App::default()
    }

    /// An app that answers one request and ends: CGI.
    pub fn for_one_request() -> App {
        App { single: true, ..App::default() }
    }

    /// An app in this house: the operator's program sets the limits itself.
    pub fn of(house: House) -> App {
        App { house: Some(house), ..App::default() }
    }

    /// Ends the process's part: a CGI process has nothing to tidy up that the kernel does not.
    pub fn leave(mut self) {
        for db in [self.db.take(), self.replica.leave()].into_iter().flatten() {
            db.leave();
        }
        std::mem::forget(self);
    }

    /// The configuration, read when it was not yet.
    ///
    /// # Errors
    /// What is wrong with it, for the operator.
    pub fn house(&mut self) -> Result<&House> {
        if self.house.is_none() {
            let mut house = open::house()?;
            log::catch_panics();
            if self.single && house.settings.journal == Journal::Auto {
                house.settings.journal = Journal::Rollback;
            }
            self.house = Some(house);
        }
        self.house.as_ref().ok_or_else(|| Error::internal("no house"))
    }

    /// A process that outlives its database must not write to what nobody will ever read. After a restore it starts
    /// over with the new file and whatever else is in the folder.
    fn keep_up(&mut self) -> Result<()> {
        match self.db.as_ref().map_or(Place::Same, Db::place) {
            Place::Same => {}
            Place::Other => (self.db, self.house) = (None, None),
            Place::Gone => return Err(Error::NotReady(GONE.into())),
            Place::Closed => return Err(Error::NotReady(CLOSED.into())),
        }
        Ok(())
    }

    /// Answers, or fails; an error is to be told as `tell` says then.
    fn answer(&mut self, request: &mut Request<'_>, from: &mut dyn Read, tell: &mut Tell) -> Result<Response> {
        let standing = self.keep_up();
        self.house()?;
        let App { house: Some(house), db, replica, meters, .. } = self else { return Err(Error::internal("no house")) };
        address::refine(request, &house.settings);
        let route = match route::find(house.features, request) {
            route::Found::Route(route) => route,
            route::Found::Options(allow) => return Ok(cors::options(request, &house.settings, &allow)),
            route::Found::Other(allow) => return Ok(wrong_method(request, &allow)),
            route::Found::Nothing => return Err(Refusal::new(Refused::NotFound, &text::NOT_FOUND).into()),
        };
        *tell = route.tell;
        if matches!(route.calls, Calls::Handler(_)) {
            standing?;
        }
        let token = admit::token(request, house, route)?;
        if let Some(over) = meter::over(meters, request, house, route, token.as_ref()) {
            return Ok(over);
        }
        request.query.check()?;
        body::read(request, from)?;
        let handler = match route.calls {
            Calls::Handler(handler) => handler,
            Calls::Apart(answer) => return answer(request, house, meters),
        };
        let now = Timestamp::now();
        if let Some(continues) = route.replica.filter(|_| !request.wants_latest()) {
            let look = |db: &mut Db| {
                let mut ctx = Ctx::new(request, route, house, db, &mut *meters, token.clone(), now);
                continued(&mut ctx, handler, continues)
            };
            if let Some(answer) = replica.ask(&house.settings, look) {
                return Ok(answer);
            }
        }
        let db = open::database(db, &house.settings)?;
        call(&mut Ctx::new(request, route, house, db, meters, token, now), handler)
    }
}

/// Runs the handler in a replica's snapshot, if the request is one that goes on from there.
fn continued(ctx: &mut Ctx<'_>, handler: feature::Handler, continues: Continues) -> Result<Option<Response>> {
    let mut answer = None;
    let mut look = |ctx: &mut Ctx<'_>| {
        if continues(ctx) {
            answer = Some(handler(ctx)?);
        }
        Ok(Response::empty(204))
    };
    attempt(ctx, Mode::Recent, &mut look)?;
    Ok(answer)
}

/// Runs the handler in the transaction that its route asks for.
fn call(ctx: &mut Ctx<'_>, handler: feature::Handler) -> Result<Response> {
    match ctx.route.tx {
        Tx::Read => read(ctx, &mut |ctx| handler(ctx)),
        Tx::Write => write(ctx, &mut |ctx| handler(ctx)),
        Tx::Own if matches!(ctx.route.access, Access::Public | Access::Optional) => handler(ctx),
        Tx::Own => admitted(ctx, handler),
    }
}

/// Admits the caller, then lets the handler open its own transaction. An answer kept under the request's key is given
/// before the handler checks anything: a change of password asked again would find the old password wrong.
fn admitted(ctx: &mut Ctx<'_>, handler: feature::Handler) -> Result<Response> {
    let mut kept = None;
    let mut look = |ctx: &mut Ctx<'_>| {
        if let Some(key) = idempotency::key(ctx)? {
            kept = idempotency::stored(ctx, &key)?;
        }
        Ok(Response::empty(204))
    };
    let keyed = ctx.route.meter != Meter::Uploads
        && ctx.request.method == Method::Post
        && ctx.request.header("IDEMPOTENCY_KEY").is_some();
    if keyed {
        within(ctx, Mode::Write, &mut look)?
    } else {
        read(ctx, &mut look)?
    };
    kept.map_or_else(|| handler(ctx), Ok)
}

/// Runs work in one transaction, with the caller admitted; again, from the start, when the engine made it give way.
fn within(ctx: &mut Ctx<'_>, mode: Mode, work: Work<'_>) -> Result<Response> {
    retried(|| attempt(ctx, mode, work))
}

fn attempt(ctx: &mut Ctx<'_>, mode: Mode, work: Work<'_>) -> Result<Response> {
    (ctx.stamp, ctx.stamped) = (None, 0);
    ctx.db.begin(mode)?;
    let outcome = admit::caller(ctx, mode).and_then(|stop| stop.map_or_else(|| work(ctx), Ok));
    if outcome.is_ok() {
        ctx.db.commit()?
    } else {
        ctx.db.abandon()?
    }
    outcome
}

/// Runs work in one snapshot: see [`Ctx::read`].
pub fn read(ctx: &mut Ctx<'_>, work: Work<'_>) -> Result<Response> {
    if ctx.request.wants_latest() {
        return within(ctx, Mode::Read, work);
    }
    let recent = within(ctx, Mode::Recent, work);
    if ctx.db.may_lag() && recent.as_ref().is_err_and(misses_something) { within(ctx, Mode::Read, work) } else { recent }
}

/// Was the request refused for something that is not there? Another node may have it: who signed in there a moment ago
/// must not be signed out here.
fn misses_something(error: &Error) -> bool {
    matches!(error, Error::Refused(refusal) if matches!(refusal.kind, Refused::NotFound | Refused::Unauthenticated(_)))
}

/// Runs work in one write transaction: see [`Ctx::write`].
pub fn write(ctx: &mut Ctx<'_>, work: Work<'_>) -> Result<Response> {
    within(ctx, Mode::Write, &mut |ctx| once(ctx, work))
}

/// Does the work, unless an answer to the same idempotency key is kept.
fn once(ctx: &mut Ctx<'_>, work: Work<'_>) -> Result<Response> {
    let Some(key) = idempotency::key(ctx)? else { return stamped(ctx, work) };
    if let Some(stored) = idempotency::stored(ctx, &key)? {
        return Ok(stored);
    }
    idempotency::reserve(ctx, &key)?;
    let response = stamped(ctx, work)?;
    idempotency::keep(ctx, &key, &response)?;
    Ok(response)
}

/// A member's tenant was locked when they were admitted; its clock is advanced before the work reads anything, and an
/// upload is counted under that lock.
fn stamped(ctx: &mut Ctx<'_>, work: Work<'_>) -> Result<Response> {
    if ctx.writes_as_member() {
        let tenant = ctx.tenant_id()?;
        ctx.advance(tenant)?;
    }
    uploads::charge(ctx)?;
    work(ctx)
}

fn wrong_method(request: &Request<'_>, allow: &str) -> Response {
    let name = request.vars.text("REQUEST_METHOD").chars().take(20).collect::<String>();
    let detail = Message::with(&text::METHOD, &[&name]);
    problem::refused(&Refusal::with(Refused::Method, detail), request.language).with("Allow", allow.to_owned())
}

impl Service for App {
    fn handle(&mut self, vars: &Vars, from: &mut dyn Read) -> Response {
        self.serial += 1;
        json::renew();
        let mut request = Request::new(vars, finish::request_id(self.serial));
        self.request.clone_from(&request.id);
        log::current(&request);
        let mut tell: Tell = problem::answer;
        let outcome = self.answer(&mut request, from, &mut tell);
        let response = outcome.unwrap_or_else(|error| {
            log::failure(&request, &error);
            if Db::is_lost(&error) {
                self.db = None;
            }
            tell(&error, &request)
        });
        finish::finish(response, &request, self.house.as_ref().map(|house| &house.settings))
    }

    fn due(&mut self) -> bool {
        self.house.as_ref().is_some_and(|house| self.upkeep.due(&house.settings))
    }

    fn after(&mut self) {
        // Taken out: a panic closes it. A database that was replaced or deleted is the next request's to find.
        let mut db = self.db.take();
        if let (Some(house), Place::Same) = (&self.house, db.as_ref().map_or(Place::Same, Db::place)) {
            self.upkeep.work(house, &mut db);
        }
        self.db = db;
    }

    fn panicked(&mut self, vars: &Vars) -> Response {
        // A connection may be in the middle of a transaction: closing it undoes that.
        (self.db, self.replica) = (None, Replica::default());
        let request = Request::new(vars, std::mem::take(&mut self.request));
        // The log has it already, under the same id.
        let error = Error::internal("panic");
        finish::finish(problem::answer(&error, &request), &request, self.house.as_ref().map(|house| &house.settings))
    }
}
