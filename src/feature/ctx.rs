//! What a handler is given: one request, one transaction, one instant. Made anew for each request, because a FastCGI
//! process outlives its caller, and nothing about a caller may.

use super::meters::{Charge, Meters};
use super::room::Ledger;
use super::signals::Signals;
use super::stamps::Taken;
use super::store::Advanced;
use super::texts;
use super::{Access, COUPLE, Caller, Feature, Lifecycle, News, Rate, Route, Settings, Tenant, Upload, store};
use crate::base::error::{Error, Refusal, Refused, Result, not_found, refuse};
use crate::base::text;
use crate::base::time::{Local, Timestamp, Zone};
use crate::base::token::{Claims, Keys};
use crate::db::hints::Witness;
use crate::db::{Db, Mode};
use crate::http::input::{Extent, Field, Input};
use crate::http::{Method, Request, Response, precondition, problem};
use serde_json::Value;

/// What stays the same from request to request.
pub struct House {
    /// The effective configuration.
    pub settings: Settings,
    /// The keys that sign tokens.
    pub keys: Keys,
    /// The site's secret, from which other keys are derived.
    pub secret: Vec<u8>,
    /// What is to go, and which clients are too old.
    pub lifecycle: Lifecycle,
    /// The registry of nouns.
    pub features: &'static [&'static Feature],
    /// Runs work in one snapshot behind the guards; see [`Ctx::read`].
    pub read: Transact,
    /// Runs work in one write transaction behind the guards; see [`Ctx::write`].
    pub write: Transact,
    /// Answers a request within another one, for the session of these claims; see [`Ctx::within`].
    pub ask: Ask,
}

/// Answers a request within another one.
pub type Ask = fn(&mut Ctx<'_>, &mut Request<'_>, &Claims) -> Response;

/// Work that a transaction is put around; it may run more than once.
pub type Work<'w> = &'w mut dyn FnMut(&mut Ctx<'_>) -> Result<Response>;

/// Puts a transaction and the guards around work.
pub type Transact = fn(&mut Ctx<'_>, Work<'_>) -> Result<Response>;

/// One request on its way through the house.
pub struct Ctx<'a> {
    /// The request.
    pub request: &'a Request<'a>,
    /// The route that answers it.
    pub route: &'static Route,
    /// The database.
    pub db: &'a mut Db,
    /// The request's instant, by the wall clock.
    pub now: Timestamp,
    /// What stays the same.
    pub house: &'a House,
    /// The limits of reads.
    pub(super) meters: &'a mut Meters,
    /// The claims of a valid access token, on routes that want one.
    token: Option<Claims>,
    /// Who calls, once admitted.
    caller: Option<Caller>,
    /// The clocks that this transaction advanced.
    pub(super) stamps: Vec<Advanced>,
    /// The tenant that is being written, with its stamp.
    pub(super) stamped: Option<(i64, Timestamp)>,
    /// The stamps beside that.
    pub(super) taken: Taken,
    /// What this transaction changes of the tenants' room.
    pub(super) room: Ledger,
    /// The upload that is being written, in the place of the request's own key.
    upload: Option<Upload>,
    /// What is kept of this transaction's answer in its place, should it be too large to keep.
    short: Option<Response>,
    /// Sees whether what admits this poll will admit the next one.
    pub witness: Option<Witness<'a>>,
    /// When this transaction, once it is committed, has work for the courier.
    soon: Option<Timestamp>,
    /// When those that were committed have.
    pub(super) owed: Option<Timestamp>,
    /// What they have for who holds a socket.
    pub(super) signals: Signals,
    /// Is the connection to the database of no more use?
    pub(super) lost: bool,
}

impl<'a> Ctx<'a> {
    /// A request at the door: nobody is admitted yet.
    pub fn new(
        request: &'a Request<'a>,
        route: &'static Route,
        house: &'a House,
        db: &'a mut Db,
        meters: &'a mut Meters,
        token: Option<Claims>,
        now: Timestamp,
    ) -> Ctx<'a> {
        let (stamps, stamped, taken, room) = (Vec::new(), None, Taken::default(), Ledger::default());
        let (upload, short, witness, soon, owed) = (None, None, None, None, None);
        let (caller, signals) = (None, Signals::default());
        Ctx {
            request,
            route,
            db,
            now,
            house,
            meters,
            caller,
            token,
            stamps,
            stamped,
            taken,
            room,
            upload,
            short,
            witness,
            soon,
            owed,
            signals,
            lost: false,
        }
    }
}

/// What the house does on the way to a handler.
impl Ctx<'_> {
    /// Begins a transaction, in which nobody is admitted and nothing stamped yet.
    pub fn begin(&mut self, mode: Mode) -> Result<()> {
        (self.caller, self.stamped, self.short, self.soon) = (None, None, None, None);
        self.stamps.clear();
        self.signals.begin();
        self.taken.begin();
        self.room = Ledger::default();
        self.db.begin(mode)
    }

    /// Ends the transaction, with everything that it wrote.
    pub fn commit(&mut self) -> Result<()> {
        if let Err(error) = self.room.settle(self.db).and_then(|()| self.signals.complete(self.db, self.now)) {
            self.db.rollback();
            return Err(error);
        }
        self.db.commit()?;
        self.taken.commit();
        self.signals.commit();
        self.owed = [self.owed, self.soon].into_iter().flatten().min();
        Ok(())
    }

    /// When the transactions that were committed have work for the courier.
    pub fn owed(&self) -> Option<Timestamp> {
        self.owed
    }

    /// The claims of a valid access token, on routes that want one.
    pub fn token(&self) -> Option<&Claims> {
        self.token.as_ref()
    }

    /// Lets the caller in.
    pub fn admit(&mut self, caller: Caller) {
        (self.caller, self.taken.author) = (Some(caller), None);
    }

    /// Who was let in, if anybody.
    pub fn admitted(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// The upload that is being written, if it is one.
    pub fn upload(&self) -> Option<&Upload> {
        self.upload.as_ref()
    }

    /// Says what is kept for a retry when the answer is too large to keep whole.
    pub fn keep_short(&mut self, short: Response) {
        self.short = Some(short);
    }

    /// What is kept of an answer that is too large.
    pub fn short(&self) -> Option<&Response> {
        self.short.as_ref()
    }

    /// Counts what a read costs, for whoever holds the token, or else for the address, unless it would go over its limit.
    pub fn charge(&mut self, bucket: &'static str, reason: &'static str, rate: Rate, points: u32) -> Option<Refusal> {
        let whose = self.token.as_ref().map_or(self.request.address.as_str(), |claims| claims.user_id.as_str());
        self.meters.charge(&self.house.settings, &Charge { bucket, reason, whose, rate, points })
    }
}

impl Ctx<'_> {
    /// The signed-in user.
    ///
    /// # Errors
    /// When the route does not require one, which is a defect.
    pub fn caller(&self) -> Result<&Caller> {
        self.caller.as_ref().ok_or_else(|| Error::Internal(format!("{} has no caller", self.route.path)))
    }

    /// The caller's id.
    pub fn user(&self) -> Result<i64> {
        Ok(self.caller()?.user)
    }

    /// The caller's time zone.
    pub fn zone(&self) -> Zone {
        self.caller.as_ref().and_then(|caller| Zone::named(&caller.timezone)).unwrap_or(Zone::UTC)
    }

    /// What a local time means in a cursor or a filter.
    pub fn earlier(&self) -> Local {
        Local::Earlier(self.zone())
    }

    /// The caller's couple or team.
    ///
    /// # Errors
    /// When they are in none.
    pub fn tenant(&self) -> Result<&Tenant> {
        match &self.caller()?.tenant {
            Some(tenant) => Ok(tenant),
            None => refuse(Refused::NotFound, &text::NO_COUPLE),
        }
    }

    /// The id of the caller's tenant inside the store.
    pub fn tenant_id(&self) -> Result<i64> {
        Ok(self.tenant()?.id)
    }

    /// Reads the body by a table of fields; PATCH carries a part of them.
    ///
    /// # Errors
    /// When the body cannot be read at all.
    pub fn input(&self, fields: &[Field]) -> Result<Input> {
        let extent = if self.request.method == Method::Patch { Extent::Part } else { Extent::Whole };
        Input::read(self.request, fields, extent)
    }

    /// The object id in the path, in canonical form.
    ///
    /// # Errors
    /// [`Refused::NotFound`] when the segment is no id.
    pub fn path_id(&self) -> Result<String> {
        crate::base::id::parse(self.request.segment(0)).ok_or_else(not_found)
    }

    /// Refuses unless the request's preconditions hold for this object, which it would write.
    ///
    /// # Errors
    /// [`Refused::Stale`].
    pub fn require_match(&self, object: &impl serde::Serialize) -> Result<()> {
        precondition::require(self.request, || Response::json(200, object).body)
    }

    /// Runs work in one snapshot, with the caller admitted inside it. On a node of a cluster it may be a moment old, unless
    /// the request asks for the latest state; what it says is not there is looked up again in the latest. The work may run
    /// more than once.
    pub fn read(&mut self, work: Work<'_>) -> Result<Response> {
        (self.house.read)(self, work)
    }

    /// Runs work in one write transaction, behind the guards of a write. An `Ok` is committed whatever its status, an `Err`
    /// undoes everything. The work may run more than once.
    pub fn write(&mut self, work: Work<'_>) -> Result<Response> {
        (self.house.write)(self, work)
    }

    /// Runs an upload's work as [`Ctx::write`] does, under the upload's own key and limits.
    ///
    /// # Errors
    /// As [`Ctx::write`]; [`Refused::KeyReused`], [`Refused::TooMany`]. When the right to write was not to be had in time
    /// and the upload has a key, [`Refused::InProgress`]: as far as anybody can tell, what holds it is that key's first.
    pub fn write_upload(&mut self, upload: Upload, work: Work<'_>) -> Result<Response> {
        let keyed = upload.key.is_some();
        self.upload = Some(upload);
        let outcome = self.write(work);
        self.upload = None;
        match outcome {
            Err(error) if keyed && error.is_busy() => refuse(Refused::InProgress, &texts::KEY_IN_PROGRESS),
            other => other,
        }
    }

    /// Does what is being written belong to the caller's tenant? Then its clock is advanced first.
    pub fn writes_as_member(&self) -> bool {
        self.upload.is_some() || matches!(self.route.access, Access::Member(_))
    }

    /// Locks a tenant and advances its clock: everything this transaction writes carries the one stamp.
    ///
    /// # Errors
    /// When the tenant is gone.
    pub fn advance(&mut self, tenant: i64) -> Result<Timestamp> {
        let stamp = self.stamp_in(tenant)?;
        self.stamped = Some((tenant, stamp));
        Ok(stamp)
    }

    /// This transaction's stamp in any tenant: its clock is advanced once.
    ///
    /// # Errors
    /// When the tenant is gone.
    pub fn stamp_in(&mut self, tenant: i64) -> Result<Timestamp> {
        if let Some(advanced) = self.stamps.iter().find(|advanced| advanced.tenant == tenant) {
            return Ok(advanced.stamp);
        }
        let advanced = store::advance(self.db, tenant, self.now)?;
        self.stamps.push(advanced);
        Ok(advanced.stamp)
    }

    /// The tenant's clock before this transaction: nothing was written between it and this transaction's stamp.
    pub fn previous_stamp(&self) -> Option<Timestamp> {
        let (tenant, _) = self.stamped?;
        self.stamps.iter().find(|advanced| advanced.tenant == tenant).map(|advanced| advanced.before)
    }

    /// This transaction's stamp.
    ///
    /// # Errors
    /// When no clock was advanced, which is a defect.
    pub fn stamp(&self) -> Result<Timestamp> {
        Ok(self.stamped()?.1)
    }

    /// The tenant that is being written, with this transaction's stamp.
    pub(super) fn stamped(&self) -> Result<(i64, Timestamp)> {
        self.stamped.ok_or_else(|| Error::Internal(format!("{} writes without a stamp", self.route.path)))
    }

    /// Moves the couple or team itself to this transaction's stamp: what it shows of its members has changed.
    pub fn touch_tenant(&mut self, public_id: &str) -> Result<()> {
        let ((tenant, stamp), author) = (self.stamped()?, self.author());
        self.stir(tenant, (COUPLE, public_id), None, false);
        store::touch_tenant(self.db, tenant, public_id, stamp, author)
    }

    /// Tells every noun and guard of something, in the order of the registry. They hear it inside this transaction.
    ///
    /// # Errors
    /// A hearer's, which undoes the transaction.
    pub fn tell(&mut self, news: &News<'_>) -> Result<()> {
        let mut hearers = self.house.features.iter().filter_map(|feature| feature.hears);
        hearers.try_for_each(|hear| hear(self, news))
    }

    /// Has the courier do its jobs at an instant ([`When::Soon`](super::When)), if this transaction is committed: what it shall find
    /// is written before. Of several instants the earliest counts.
    pub fn soon(&mut self, at: Timestamp) {
        self.soon = Some(self.soon.map_or(at, |before| before.min(at)));
    }

    /// The answer to a refusal that shall be committed, not undone: an attempt was counted.
    pub fn refused(&self, refusal: &Refusal) -> Response {
        problem::refused(refusal, self.request)
    }
}

/// What was found, or the refusal.
///
/// # Errors
/// [`Refused::NotFound`].
pub fn found<T>(value: Option<T>) -> Result<T> {
    value.ok_or_else(not_found)
}

/// A tenant's objects for the feed: looks up each id and writes what was found as JSON.
pub fn load<T: serde::Serialize>(
    db: &mut Db,
    tenant: i64,
    ids: &[&str],
    find: impl Fn(&mut Db, i64, &str) -> Result<Option<T>>,
) -> Result<Vec<(String, Value)>> {
    let mut objects = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(object) = find(db, tenant, id)? {
            objects.push(((*id).to_owned(), value(&object)?));
        }
    }
    Ok(objects)
}

/// An object as a JSON value, for the feed.
///
/// # Errors
/// When it cannot be written, which is a defect.
pub fn value(object: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(object).map_err(Error::internal)
}
