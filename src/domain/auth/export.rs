//! Everything that is held on a user and in a tenant, by the registry: for the app, and for the operator.

use crate::base::error::{Refusal, Refused, Result};
use crate::base::json;
use crate::base::memory;
use crate::base::text;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::store::Claim;
use crate::feature::{House, Kind, Settings, TenantKind, store};
use serde_json::{Map, Value};

/// How many objects are read at once.
const BATCH: usize = 200;
/// What they may take in memory, in bytes: fewer are read where they would take more.
const AT_ONCE: usize = 16 * 1024 * 1024;

/// Whose data is read.
#[derive(Debug, Clone, Copy)]
pub struct Whose {
    /// The user.
    pub user: i64,
    /// Their couple or team, if they are in one.
    pub tenant: Option<i64>,
    /// Is all of it theirs, as a couple is its partners'? Of a team what they wrote is.
    pub all: bool,
}

impl Whose {
    /// A user and what they are in.
    pub fn of(user: i64, tenant: Option<(i64, TenantKind)>) -> Whose {
        let all = tenant.is_none_or(|(_, kind)| kind == TenantKind::Couple);
        Whose { user, tenant: tenant.map(|(id, _)| id), all }
    }
}

/// Takes an export as it is read: list by list, object by object. All together may be more than the memory holds.
pub trait Sink {
    /// A list begins; it may stay empty.
    fn list(&mut self, name: &str) -> Result<()>;
    /// An object of it.
    fn object(&mut self, object: Value) -> Result<()>;
}

/// Everything that a user's own export holds. What a noun holds under a kind's name is more than the feed shows of it.
pub fn of_both(db: &mut Db, house: &House, whose: Whose, now: Timestamp, sink: &mut dyn Sink) -> Result<()> {
    if let Some(tenant) = whose.tenant {
        let user = (!whose.all).then_some(whose.user);
        let is_held = |kind: &Kind| house.features.iter().flat_map(|feature| feature.held).any(|held| held.name == kind.name);
        of_kinds(db, house.kinds().filter(|kind| !is_held(kind)), (&house.settings, tenant), user, sink)?;
    }
    of_user(db, house, whose, now, sink)
}

/// What is held on a user beside what the feed shows.
pub fn of_user(db: &mut Db, house: &House, whose: Whose, now: Timestamp, sink: &mut dyn Sink) -> Result<()> {
    memory::allow(None);
    for held in house.features.iter().flat_map(|feature| feature.held) {
        sink.list(held.name)?;
        let kind = house.kinds().find(|kind| kind.name == held.name);
        (held.load)(db, whose.user, whose.tenant, now, &mut |object| {
            let own = match kind.filter(|_| !whose.all) {
                Some(kind) => (kind.own)(object, whose.user),
                None => Some(object),
            };
            own.map_or(Ok(()), |object| sink.object(object))
        })?;
    }
    Ok(())
}

/// Every live object of a tenant, by kind.
pub fn of_tenant(db: &mut Db, house: &House, tenant: i64, sink: &mut dyn Sink) -> Result<()> {
    of_kinds(db, house.kinds(), (&house.settings, tenant), None, sink)
}

/// What a user may claim of a couple that they are in no more: all of what they kept, of what they left what they wrote and
/// nobody has changed since.
pub fn of_claim(db: &mut Db, house: &House, claim: &Claim, user: i64, sink: &mut dyn Sink) -> Result<()> {
    if claim.kept {
        return of_tenant(db, house, claim.tenant, sink);
    }
    let sink = &mut Unchanged { since: claim.left_at, sink };
    of_kinds(db, house.kinds(), (&house.settings, claim.tenant), Some(user), sink)
}

/// Lets through what nobody has changed since an instant.
struct Unchanged<'s> {
    since: Timestamp,
    sink: &'s mut dyn Sink,
}

impl Sink for Unchanged<'_> {
    fn list(&mut self, name: &str) -> Result<()> {
        self.sink.list(name)
    }

    fn object(&mut self, object: Value) -> Result<()> {
        let changed = object["updated_at"].as_str().and_then(Timestamp::parse);
        if changed.is_none_or(|changed| changed <= self.since) { self.sink.object(object) } else { Ok(()) }
    }
}

/// An export in memory.
pub struct Lists<'t> {
    lists: Vec<(String, Vec<Value>)>,
    /// Bytes that its objects may still have as JSON.
    room: usize,
    /// Called with each list.
    told: Option<&'t mut dyn FnMut()>,
}

impl<'t> Lists<'t> {
    /// One as large as it may be, for the operator; `told` is called with each list.
    pub fn of_any_size(told: Option<&'t mut dyn FnMut()>) -> Lists<'t> {
        Lists { lists: Vec::new(), room: usize::MAX, told }
    }

    /// One that is a part of an answer in memory.
    pub fn of_an_answer() -> Lists<'t> {
        Lists { lists: Vec::new(), room: AT_ONCE, told: None }
    }

    /// The lists by name.
    pub fn map(self) -> Map<String, Value> {
        self.lists.into_iter().map(|(name, objects)| (name, Value::Array(objects))).collect()
    }
}

impl Sink for Lists<'_> {
    fn list(&mut self, name: &str) -> Result<()> {
        self.lists.push((name.to_owned(), Vec::new()));
        if let Some(told) = &mut self.told {
            told();
        }
        Ok(())
    }

    fn object(&mut self, object: Value) -> Result<()> {
        if self.room < usize::MAX {
            let left = self.room.checked_sub(json::length(&object)?);
            self.room = left.ok_or_else(|| Refusal::new(Refused::AnswerTooLarge, &text::ANSWER_TOO_LARGE))?;
        }
        if let Some((_, objects)) = self.lists.last_mut() {
            objects.push(object);
        }
        Ok(())
    }
}

/// The site's settings, which some kinds go by, and the tenant whose objects are read.
type Place<'s> = (&'s Settings, i64);

/// The live objects of a tenant, by kind: all of them, or a user's own.
fn of_kinds(
    db: &mut Db,
    kinds: impl Iterator<Item = &'static Kind>,
    place: Place<'_>,
    user: Option<i64>,
    sink: &mut dyn Sink,
) -> Result<()> {
    for kind in kinds {
        sink.list(kind.name)?;
        every(db, place, kind, user, sink)?;
    }
    Ok(())
}

/// The live objects of a kind, in the order of the feed.
fn every(db: &mut Db, place: Place<'_>, kind: &Kind, user: Option<i64>, sink: &mut dyn Sink) -> Result<()> {
    memory::allow(None);
    let ids = store::alive(db, place.1, kind.name)?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    for batch in ids.chunks(BATCH) {
        part(db, place, kind, batch, &mut |object| {
            let own = match user {
                Some(user) => (kind.own)(object, user),
                None => Some(object),
            };
            own.map_or(Ok(()), |object| sink.object(object))
        })?;
    }
    Ok(())
}

/// The objects of these ids; as many at once as the memory holds.
fn part(db: &mut Db, place: Place<'_>, kind: &Kind, ids: &[&str], each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    memory::allow((ids.len() > 1).then_some(AT_ONCE));
    match kind.read(db, place.0, place.1, ids) {
        Err(error) if error.is_too_much() => {
            let (first, second) = ids.split_at(ids.len() / 2);
            part(db, place, kind, first, each)?;
            part(db, place, kind, second, each)
        }
        objects => objects?.into_iter().try_for_each(|(_, object)| each(object)),
    }
}
