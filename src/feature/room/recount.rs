//! The sums set right, every night: what programs wrote that count nothing, and what anybody did by hand.

use super::rules::Growth;
use super::store;
use super::{DELETED, Measure, Stock};
use crate::base::error::Result;
use crate::db::Db;
use crate::feature::store::{BATCH, fact, lock, next_tenant, put_fact, reweigh};
use crate::feature::{Feature, Kind, Shift};

/// How far the count has come: the name of that fact, the last tenant that was counted.
const COUNTED: &str = "room_counted";

/// As how many rows a tenant counts that has none: it is asked for each kind all the same.
const TENANT: u64 = 20;

/// The registry.
type Features = &'static [&'static Feature];

/// Counts some tenants anew, one after the other until it is enough for one transaction. Answers how many rows were
/// counted; 0 when it has been round, and begins anew then.
pub fn some(shift: &mut Shift<'_>) -> Result<u64> {
    let mut counted = 0;
    let after: i64 = fact(shift.db, COUNTED)?.and_then(|id| id.parse().ok()).unwrap_or(i64::MIN);
    let mut last = after;
    while counted < BATCH.unsigned_abs() {
        let Some(tenant) = next_tenant(shift.db, last)? else { break };
        let (rows, is_done) = tenant_of(shift.db, shift.house.features, tenant)?;
        counted += rows + TENANT;
        if !is_done {
            break;
        }
        last = tenant;
    }
    let reached = if counted == 0 { i64::MIN } else { last };
    if reached != after {
        put_fact(shift.db, COUNTED, &reached.to_string())?;
    }
    Ok(counted)
}

/// Counts a tenant anew, under its lock; answers how many rows were counted, and whether that was all.
pub fn tenant_of(db: &mut Db, features: Features, tenant: i64) -> Result<(u64, bool)> {
    lock(db, tenant)?;
    for (kind, measure) in weighed(features) {
        let wrong = weigh_again(db, tenant, kind.name, &measure)?;
        if wrong >= BATCH.unsigned_abs() {
            return Ok((wrong, false));
        }
    }
    let (there, mut rows) = (store::sums(db, tenant)?, 0);
    for (name, sum) in should(db, features, tenant)? {
        rows += sum.objects.unsigned_abs();
        set(db, tenant, &there, name, sum)?;
    }
    Ok((rows, true))
}

/// What a tenant's sums should be.
pub fn should(db: &mut Db, features: Features, tenant: i64) -> Result<Vec<(&'static str, Growth)>> {
    let feed = of_feed(db, tenant)?;
    let of = |name: &str| feed.iter().find(|(kind, _)| kind == name).map_or(Growth::default(), |(_, sum)| *sum);
    let mut sums: Vec<_> = weighed(features).map(|(kind, _)| (kind.name, of(kind.name))).collect();
    sums.push((DELETED, of(DELETED)));
    for stock in features.iter().flat_map(|feature| feature.stocks) {
        sums.push((stock.name, store::of_stock(db, tenant, &stock.measure)?));
    }
    Ok(sums)
}

/// The kinds of the feed whose objects are weighed.
fn weighed(features: Features) -> impl Iterator<Item = (&'static Kind, Measure)> {
    features.iter().flat_map(|feature| feature.kinds).filter_map(|kind| kind.measure.map(|measure| (kind, measure)))
}

/// Sets a sum, unless it is that already.
fn set(db: &mut Db, tenant: i64, there: &[(String, Growth)], name: &str, sum: Growth) -> Result<()> {
    match there.iter().find(|(kind, _)| kind == name) {
        Some(_) if sum == Growth::default() => store::forget(db, tenant, name),
        Some((_, there)) if *there == sum => Ok(()),
        None if sum == Growth::default() => Ok(()),
        _ => store::put(db, tenant, name, sum),
    }
}

/// Counts a stock of a tenant anew, and the tombstones with it, under its lock.
pub fn stock(db: &mut Db, tenant: i64, stock: &Stock) -> Result<()> {
    lock(db, tenant)?;
    let there = store::sums(db, tenant)?;
    let sum = store::of_stock(db, tenant, &stock.measure)?;
    set(db, tenant, &there, stock.name, sum)?;
    tombstones(db, tenant)
}

/// Counts the tombstones of a tenant anew, which is locked.
pub fn tombstones(db: &mut Db, tenant: i64) -> Result<()> {
    let objects = store::tombstones(db, tenant)?;
    let there = store::sums(db, tenant)?;
    set(db, tenant, &there, DELETED, Growth { objects, bytes: 0 })
}

/// Writes what live objects weigh where the feed says otherwise; answers how many did.
fn weigh_again(db: &mut Db, tenant: i64, kind: &str, measure: &Measure) -> Result<u64> {
    let wrong = store::weighed_wrong(db, tenant, kind, measure)?;
    wrong.iter().try_for_each(|(id, bytes)| reweigh(db, tenant, kind, id, *bytes))?;
    Ok(wrong.len() as u64)
}

/// The sums of the feed, the tombstones of all kinds together.
fn of_feed(db: &mut Db, tenant: i64) -> Result<Vec<(String, Growth)>> {
    let objects = store::tombstones(db, tenant)?;
    let mut sums = store::alive(db, tenant)?;
    sums.push((DELETED.to_owned(), Growth { objects, bytes: 0 }));
    Ok(sums)
}
