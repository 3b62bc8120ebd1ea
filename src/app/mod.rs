//! The composition root: opens the house, finds the route, runs the guards and the handler, finishes the answer.

pub mod advice;
pub mod config;
pub mod doctor;
pub mod folder;
pub mod guard;
mod hints;
pub mod home;
pub mod inner;
pub mod lifecycle;
pub mod log;
pub mod open;
pub mod replica;
pub mod route;
pub mod store;
pub mod usage;
mod warnings;
mod watch;
pub mod work;

pub use crate::db::queue_by;

use crate::base::error::{Error, Refusal, Refused, Result};
use crate::base::json;
use crate::base::text::{self, Message};
use crate::base::time::Timestamp;
use crate::db::{Db, Journal, Place};
use crate::domain;
use crate::faces;
use crate::feature::meters::Meters;
use crate::feature::signals::{self, Signal};
use crate::feature::{Calls, Ctx, Feature, House, Route, Tell};
use crate::http::{Request, Response, Service, Vars, problem};
use guard::{address, admit, cors, finish, lifecycle as lifecycle_guard, meter, slow, transact, versions};
use hints::{Hints, Poll};
use replica::Replica;
use std::io::Read;
use watch::Watch;
use work::AfterAnswers;

const NOUNS: usize = domain::FEATURES.len();
const COUNT: usize = NOUNS + faces::FEATURES.len() + 2;

/// The registry: every noun, the faces that are put together from them, the doctor, and the guards.
pub static FEATURES: [&Feature; COUNT] = {
    let mut all = [&guard::FEATURE; COUNT];
    all[COUNT - 2] = &doctor::FEATURE;
    let mut n = 0;
    while n < COUNT - 2 {
        all[n] = if n < NOUNS { domain::FEATURES[n] } else { faces::FEATURES[n - NOUNS] };
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
    /// Closed after the database, whose locks that would drop.
    hints: Hints,
    meters: Meters,
    work: AfterAnswers,
    /// Is work due after this answer?
    works: bool,
    /// What the request that is being answered has for who holds a socket.
    signals: Vec<Signal>,
    serial: u64,
    /// The id of the request that is being answered.
    request: String,
    single: bool,
    /// What the operator may edit while the process lives.
    watch: Watch,
}

/// What the operator is told when the database vanished under a process that had it open.
const GONE: &str = "the database was deleted or moved while the program ran: put the data folder back or restore a backup \
     (`tandem restore --latest`); to begin with an empty one on purpose: `tandem migrate --fresh`";

/// What the operator is told when the data folder was closed under a process that had it open.
const CLOSED: &str = "the data folder does not let this account in any more: give it back to the account that the program runs as, \
     with the permissions 0700";

impl App {
    /// An app that opens everything when the first request needs it.
    pub fn new() -> App {
        log::hand_over();
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
            self.watch = Watch::default();
            let (watch, single) = (&mut self.watch, self.single);
            // A process that answers once looks at nothing again.
            let mut house = open::house_of(&mut |file| {
                if !single {
                    watch.add(file)
                }
            })?;
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
        if self.watch.has_changed() {
            (self.house, self.db, self.replica, self.meters) = (None, None, Replica::default(), Meters::default());
            self.hints = Hints::default();
        }
        match self.db.as_ref().map_or(Place::Same, Db::place) {
            Place::Same => {}
            Place::Other => {
                (self.db, self.house) = (None, None);
                self.hints = Hints::default();
            }
            Place::Gone => return Err(Error::NotReady(GONE.into())),
            Place::Closed => return Err(Error::NotReady(CLOSED.into())),
        }
        Ok(())
    }

    /// Answers, or fails; an error is to be told as `tell` says then.
    fn answer(&mut self, request: &mut Request<'_>, from: &mut dyn Read, tell: &mut Tell) -> Result<Response> {
        let standing = self.keep_up();
        if let Err(error) = self.house() {
            return without_configuration(request, from, error);
        }
        let App { house: Some(house), db, replica, hints, meters, work, signals, .. } = self else {
            return Err(Error::internal("no house"));
        };
        address::refine(request, &house.settings);
        lifecycle_guard::greet(request, house);
        versions::in_path(request)?;
        let route = match route::find(house.features, request) {
            route::Found::Route(route) => route,
            route::Found::Options(allow) => return Ok(cors::options(request, &house.settings, &allow)),
            route::Found::Other(allow) => return Ok(wrong_method(request, &allow)),
            route::Found::Nothing => return Err(Refusal::new(Refused::NotFound, &text::NOT_FOUND).into()),
        };
        *tell = route.tell;
        request.may_compress = route.may_compress();
        versions::settle(request, route)?;
        lifecycle_guard::count(request, house, route, meters);
        if let Some(gone) = lifecycle_guard::gone(request, house, route)? {
            return Ok(gone);
        }
        if matches!(route.calls, Calls::Handler(_)) {
            standing?;
        }
        let token = admit::token(request, house, route)?;
        if let Some(over) = meter::over(meters, request, house, route, token.as_ref()) {
            return Ok(over);
        }
        request.query.check()?;
        slow::read(request, from, route, &house.settings, meters, token.as_ref())?;
        let handler = match route.calls {
            Calls::Handler(handler) => handler,
            Calls::Apart(answer) => return answer(request, house, meters),
        };
        let now = Timestamp::now();
        if let Some(continues) = route.replica.filter(|_| !request.wants_latest()) {
            let look = |db: &mut Db| {
                let mut ctx = Ctx::new(request, route, house, db, &mut *meters, token.clone(), now);
                transact::continued(&mut ctx, handler, continues)
            };
            if let Some(answer) = replica.ask(&house.settings, look) {
                return Ok(answer);
            }
        }
        if let Some(answer) = token.as_ref().and_then(|claims| hints.answer(request, route, house, meters, claims)) {
            return Ok(answer);
        }
        let witness = hints.witness(route);
        let open = open::database_for(db, &house.settings, transact::first(route))?;
        let once = |claims| Poll { request, route, house, claims, now }.ask_once(open, meters);
        if let Some(answer) = token.as_ref().and_then(once) {
            return Ok(answer);
        }
        let mut ctx = Ctx::new(request, route, house, open, meters, token, now);
        ctx.witness = witness;
        let answer = transact::call(&mut ctx, handler);
        hints::keep(&mut ctx);
        let left = ctx.leave();
        *signals = left.signals.committed();
        if let Some(at) = left.owed {
            work.owe(&house.settings, at);
        }
        if left.lost {
            *db = None;
        }
        answer
    }
}

/// What needs no store is answered without a configuration, too: the doctor's page says what is wrong with it.
fn without_configuration(request: &mut Request<'_>, from: &mut dyn Read, error: Error) -> Result<Response> {
    let Some(house) = open::spare() else { return Err(error) };
    match route::find(house.features, request) {
        route::Found::Route(route @ Route { calls: Calls::Apart(answer), .. }) => {
            let mut meters = Meters::default();
            slow::read(request, from, route, &house.settings, &mut meters, None)?;
            answer(request, &house, &mut meters)
        }
        _ => Err(error),
    }
}

fn wrong_method(request: &Request<'_>, allow: &str) -> Response {
    let name = request.vars.text("REQUEST_METHOD").chars().take(20).collect::<String>();
    let detail = Message::with(&text::METHOD, &[&name]);
    problem::refused(&Refusal::with(Refused::Method, detail), request).with("Allow", allow.to_owned())
}

impl Service for App {
    fn handle(&mut self, vars: &Vars, from: &mut dyn Read) -> Response {
        self.serial += 1;
        self.signals.clear();
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
        let response = finish::finish(response, &request, self.house.as_ref().map(|house| &house.settings));
        Response { stderr: log::unwritten(), ..response }
    }

    fn due(&mut self) -> bool {
        self.works = self.house.as_ref().is_some_and(|house| self.work.due(&house.settings));
        self.works || self.meters.usage.is_full() || !self.signals.is_empty()
    }

    fn after(&mut self) {
        let told = std::mem::take(&mut self.signals);
        let mut ended = Vec::new();
        if let Some(house) = self.house.as_ref().filter(|_| !told.is_empty()) {
            let published = signals::publish(house, &mut self.meters, told);
            ended = published.ended;
            if let Some(at) = published.next {
                self.work.owe(&house.settings, at);
                self.works |= self.work.due(&house.settings);
            }
        }
        // Taken out: a panic closes it. A database that was replaced or deleted is the next request's to find.
        let mut db = self.db.take();
        if let (Some(house), Place::Same) = (&self.house, db.as_ref().map_or(Place::Same, Db::place)) {
            if let Some(open) = db.as_mut().filter(|_| !ended.is_empty()) {
                // What cannot be noted the courier tells as if nobody had.
                if let Ok(Some(at)) = signals::closing::settle(open, &ended, Timestamp::now()) {
                    self.work.owe(&house.settings, at);
                    self.works |= self.work.due(&house.settings);
                }
            }
            if self.meters.usage.is_full() {
                usage::make_room(house, &mut db, &mut self.meters.usage);
            }
            if self.works {
                self.work.follow(house, &mut db);
            }
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
