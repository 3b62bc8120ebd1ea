//! Everything that is held on a user and in a tenant, by the registry: for the app, and for the operator.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::store::Claim;
use crate::feature::{House, Kind, TenantKind, store};
use serde_json::{Map, Value};

/// How many objects are read at once.
const BATCH: usize = 200;

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

/// Everything that a user's own export holds. What a noun holds under a kind's name is more than the feed shows of it.
pub fn of_both(db: &mut Db, house: &House, whose: Whose, now: Timestamp, told: &mut dyn FnMut()) -> Result<Map<String, Value>> {
    let mut lists = Map::new();
    if let Some(tenant) = whose.tenant {
        lists = of_kinds(db, house, tenant, (!whose.all).then_some(whose.user), told)?;
    }
    lists.extend(of_user(db, house, whose, now)?);
    Ok(lists)
}

/// What is held on a user beside what the feed shows.
pub fn of_user(db: &mut Db, house: &House, whose: Whose, now: Timestamp) -> Result<Map<String, Value>> {
    let mut lists = Map::new();
    for held in house.features.iter().flat_map(|feature| feature.held) {
        let list = (held.load)(db, whose.user, whose.tenant, now)?;
        let list = match house.kinds().find(|kind| kind.name == held.name) {
            Some(kind) => own(kind, list, (!whose.all).then_some(whose.user)),
            None => list,
        };
        lists.insert(held.name.to_owned(), Value::Array(list));
    }
    Ok(lists)
}

/// Every live object of a tenant, by kind; `told` is called after each kind.
pub fn of_tenant(db: &mut Db, house: &House, tenant: i64, told: &mut dyn FnMut()) -> Result<Map<String, Value>> {
    of_kinds(db, house, tenant, None, told)
}

/// What a user may claim of a couple that they are in no more: all of what they kept, of what they left what they wrote and
/// nobody has changed since.
pub fn of_claim(db: &mut Db, house: &House, claim: &Claim, user: i64) -> Result<Map<String, Value>> {
    if claim.kept {
        return of_tenant(db, house, claim.tenant, &mut || {});
    }
    let mut lists = of_kinds(db, house, claim.tenant, Some(user), &mut || {})?;
    let is_theirs = |object: &Value| {
        let changed = object["updated_at"].as_str().and_then(Timestamp::parse);
        changed.is_none_or(|changed| changed <= claim.left_at)
    };
    lists.values_mut().filter_map(Value::as_array_mut).for_each(|list| list.retain(is_theirs));
    Ok(lists)
}

/// The live objects of a tenant, by kind: all of them, or a user's own.
fn of_kinds(db: &mut Db, house: &House, tenant: i64, user: Option<i64>, told: &mut dyn FnMut()) -> Result<Map<String, Value>> {
    let mut lists = Map::new();
    for kind in house.kinds() {
        lists.insert(kind.name.to_owned(), Value::Array(every(db, tenant, kind, user)?));
        told();
    }
    Ok(lists)
}

/// What of these objects is a user's own, or all of them.
fn own(kind: &Kind, objects: Vec<Value>, user: Option<i64>) -> Vec<Value> {
    let Some(user) = user else { return objects };
    objects.into_iter().filter_map(|object| (kind.own)(object, user)).collect()
}

/// The live objects of a kind, in the order of the feed.
fn every(db: &mut Db, tenant: i64, kind: &Kind, user: Option<i64>) -> Result<Vec<Value>> {
    let ids = store::alive(db, tenant, kind.name)?;
    let mut objects = Vec::with_capacity(ids.len());
    for batch in ids.chunks(BATCH) {
        let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
        let loaded = kind.read(db, tenant, &batch)?.into_iter().map(|(_, object)| object).collect();
        objects.extend(own(kind, loaded, user));
    }
    Ok(objects)
}
