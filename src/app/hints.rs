//! A poll without news that does not open the database (see [`crate::db::hints`]), or asks a server one thing. It is read, refused, metered and counted as any other,
//! and its handler is the same; only the row that admits is one that was read before.

use super::guard::admit;
use super::open;
use crate::base::time::Timestamp;
use crate::base::token::Claims;
use crate::db::hints::{self, Whose, Witness};
use crate::db::{Db, migrate};
use crate::feature::meters::Meters;
use crate::feature::{Caller, Calls, Ctx, Handler, House, Route, Settings};
use crate::http::{Request, Response};
use std::time::{Duration, Instant};

/// How long a process that lives looks no more where it found nothing to go by: no file, or a write-ahead log.
const REST: Duration = Duration::from_secs(10);

/// The hint file, once a poll has looked for it. It has the database open as well, so it is never closed before that is.
#[derive(Debug, Default)]
pub struct Hints {
    open: Option<hints::Hints>,
    rested: Option<Instant>,
}

impl Hints {
    fn open(&mut self, settings: &Settings) -> Option<&mut hints::Hints> {
        if !settings.hints || self.rested.is_some_and(|since| since.elapsed() < REST) {
            return None;
        }
        if self.open.is_none() {
            self.open = open::address(settings).ok().and_then(|address| hints::Hints::open(address.file()?));
            self.rested = self.open.is_none().then(Instant::now);
        }
        self.open.as_mut()
    }

    /// The answer of a poll whose admission is known; the moment that it is true of is after it was asked for. `None` has it open
    /// the database. A poll that does not name its epoch does: only who knows one can be told of a restore.
    pub fn answer(
        &mut self,
        request: &Request<'_>,
        route: &'static Route,
        house: &House,
        meters: &mut Meters,
        claims: &Claims,
    ) -> Option<Response> {
        let (handler, epoch) = (polls(route)?, request.query.get("epoch")?);
        let hints = self.open(&house.settings)?;
        let (row, now) = (hints.row(&whose(claims)), Timestamp::now());
        let known = |caller: &Caller| caller.tenant.as_ref().is_some_and(|tenant| tenant.epoch == epoch);
        let caller = row.and_then(|row| admit::again(&row, claims, now)).filter(known);
        let poll = Poll { request, route, house, claims, now };
        let answer = caller.and_then(|caller| poll.answer(caller, handler, meters));
        hints.count(now, answer.is_some());
        self.rested = self.open.as_ref().is_some_and(hints::Hints::has_log).then(Instant::now);
        answer
    }

    /// Before the database is opened: who is to see whether its row will do for the next poll.
    pub fn witness(&mut self, route: &Route) -> Option<Witness<'_>> {
        self.open.as_mut().filter(|_| polls(route).is_some())?.witness()
    }
}

/// A poll, and when it is answered.
#[derive(Clone, Copy)]
pub struct Poll<'p> {
    /// What is asked.
    pub request: &'p Request<'p>,
    /// Of what.
    pub route: &'static Route,
    /// The house.
    pub house: &'p House,
    /// Who asks.
    pub claims: &'p Claims,
    /// When.
    pub now: Timestamp,
}

impl Poll<'_> {
    /// The answer from admission alone, if there is no news.
    fn answer(self, caller: Caller, handler: Handler, meters: &mut Meters) -> Option<Response> {
        let Poll { request, route, house, claims, now } = self;
        let mut db = Db::Unasked;
        let mut ctx = Ctx::new(request, route, house, &mut db, meters, Some(claims.clone()), now);
        ctx.admit(caller);
        admit::entitled(&ctx).ok()?;
        handler(&mut ctx).ok()
    }

    /// The same from a database server: one statement is a snapshot by itself, and spares the way there and back of a transaction's
    /// beginning and end. A cluster's node would wait for the others first. `None` has it asked in a transaction, which tells of news, and of what
    /// is wrong.
    pub fn ask_once(self, db: &mut Db, meters: &mut Meters) -> Option<Response> {
        let handler = polls(self.route).filter(|_| !db.writes_alone() && !db.may_lag())?;
        let caller = admit::once(db, self.claims, self.now)?;
        self.answer(caller, handler, meters)
    }
}

/// After the answer: keeps what the witness saw.
pub fn keep(ctx: &mut Ctx<'_>) {
    if let (Some(witness), Some(claims)) = (ctx.witness.take(), ctx.token()) {
        witness.keep(&whose(claims));
    }
}

/// The handler of a route whose polls without news are answered from admission alone.
fn polls(route: &Route) -> Option<Handler> {
    match route.calls {
        Calls::Handler(handler) if route.replica.is_some() => Some(handler),
        _ => None,
    }
}

fn whose(claims: &Claims) -> Whose<'_> {
    Whose { session: &claims.sid, schema: migrate::newest(), tenant_in: admit::TENANT }
}
