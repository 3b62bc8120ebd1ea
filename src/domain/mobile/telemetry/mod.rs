//! Telemetry: what devices measured. Appended, and a repeated item is not written twice.

pub mod rules;
mod store;

use crate::base::error::{Error, Refusal, Result};
use crate::base::json;
use crate::base::text::{self, Language, Message};
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::domain::mobile::answer::{SYNC_ERROR, SyncError, Tally};
use crate::domain::mobile::domains::TELEMETRY;
use crate::domain::mobile::records::erase;
use crate::domain::mobile::sender::Batch;
use crate::feature::ctx::value;
use crate::feature::room::rules::Growth;
use crate::feature::walk::walk;
use crate::feature::{Ctx, Stock};
use rules::{Again, Faults, Item, Rules};
use serde_json::{Map, Value, json};
use store::Owner;

/// What became of an item.
enum Fate {
    New,
    Repeated,
    Refused(Faults),
    Full(Box<Refusal>),
}

/// What is counted of telemetry, a stock for each domain.
pub const STOCKS: &[Stock] = &walk!(stock, TELEMETRY);

const fn stock(rules: &'static Rules) -> Stock {
    store::stock(&rules.entry.names)
}

/// Writes the items of one domain. A bad one fails alone.
pub fn apply(ctx: &mut Ctx<'_>, rules: &'static Rules, batch: &Batch, items: &[Value]) -> Result<Tally> {
    let owner = Owner { tenant: ctx.tenant_id()?, domain: rules.name(), user: ctx.user()?, device: &batch.device };
    let mut tally = Tally::default();
    for sent in items {
        let fate = match rules.read(batch, sent, ctx.now) {
            Ok(item) => write(ctx, rules, owner, item)?,
            Err(faults) => Fate::Refused(faults),
        };
        match fate {
            Fate::Refused(faults) => tally.errors.push(error(rules, sent, &faults, ctx.request.language)),
            Fate::Full(refusal) => {
                tally.errors.push(error(rules, sent, &vec![(None, refusal.detail.clone())], ctx.request.language));
            }
            Fate::New => tally.synced += 1,
            Fate::Repeated => (tally.synced, tally.repeated) = (tally.synced + 1, tally.repeated + 1),
        }
    }
    Ok(tally)
}

fn write(ctx: &mut Ctx<'_>, rules: &'static Rules, owner: Owner<'_>, item: Item) -> Result<Fate> {
    let stamp = ctx.stamp()?;
    if is_there(ctx, rules, owner, &item)? {
        return Ok(Fate::Repeated);
    }
    let data = json::write(&item.data)?;
    let (stock, growth) = (stock(rules), Growth::row(owner.device.len() + data.len()));
    if let Err(full) = ctx.require_stock(&stock, growth) {
        return without_room(ctx, rules, owner, item, full);
    }
    if store::insert(ctx.db, owner, &item, &data, stamp)? {
        ctx.count_stock(&stock, growth)?;
        return Ok(Fate::New);
    }
    if rules.again == Again::Merges { merge(ctx, rules, owner, item) } else { Ok(Fate::Repeated) }
}

/// What is there already needs no room.
fn without_room(ctx: &mut Ctx<'_>, rules: &'static Rules, owner: Owner<'_>, item: Item, full: Error) -> Result<Fate> {
    match store::data(ctx.db, owner, &item.id)? {
        None => refused(full),
        Some(_) if rules.again == Again::Merges => merge(ctx, rules, owner, item),
        Some(_) => Ok(Fate::Repeated),
    }
}

/// A refusal concerns one item; anything else is no refusal.
fn refused(error: Error) -> Result<Fate> {
    match error {
        Error::Refused(refusal) => Ok(Fate::Full(refusal)),
        other => Err(other),
    }
}

/// Is an item there under another of its hashes? One of another content is another item.
fn is_there(ctx: &mut Ctx<'_>, rules: &Rules, owner: Owner<'_>, item: &Item) -> Result<bool> {
    for other in &item.others {
        if let Some(there) = store::data(ctx.db, owner, other)?
            && rules.is_same(&json::read(there.as_bytes())?, &item.data)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The fields that were sent replace those that are there; the others stay.
fn merge(ctx: &mut Ctx<'_>, rules: &'static Rules, owner: Owner<'_>, item: Item) -> Result<Fate> {
    let there = store::data(ctx.db, owner, &item.id)?.unwrap_or_default();
    let there: Map<String, Value> = json::read(there.as_bytes())?;
    let mut merged = there.clone();
    merged.extend(item.data);
    if let Err(faults) = rules.check_span(&merged) {
        return Ok(Fate::Refused(faults));
    }
    if json::same_members(&merged, &there) {
        return Ok(Fate::Repeated);
    }
    let data = json::write(&merged)?;
    let growth = Growth::edit(store::size(ctx.db, owner, &item.id)?, owner.device.len() + data.len());
    if let Err(full) = ctx.require_stock(&stock(rules), growth) {
        return refused(full);
    }
    ctx.count_stock(&stock(rules), growth)?;
    store::update(ctx.db, owner, &Item { data: merged, ..item }, &data)?;
    Ok(Fate::New)
}

/// What a user's devices sent, wherever they did, for their export.
pub fn held(db: &mut Db, user: i64, _: Option<i64>, _: Timestamp, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    for tenant in store::tenants_of(db, user)? {
        for rules in TELEMETRY {
            store::each(db, tenant, rules.name(), user, &mut |item| each(value(&item)?))?;
        }
    }
    Ok(())
}

/// A user's account ends: what their devices measured is theirs alone and goes with them, as their journal does and their sides
/// of conflicts, unlike what they shared.
pub fn forget(ctx: &mut Ctx<'_>, user: i64) -> Result<()> {
    for tenant in store::tenants_of(ctx.db, user)? {
        for rules in TELEMETRY {
            store::delete(ctx.db, tenant, rules.name(), user)?;
        }
        STOCKS.iter().for_each(|stock| ctx.recount_stock(tenant, stock));
        erase::account(ctx, tenant, user)?;
    }
    Ok(())
}

/// The first fault is the item's; where there are several, the details have them all.
fn error(rules: &Rules, sent: &Value, faults: &Faults, language: Language) -> SyncError {
    let told = |(field, message): &(Option<&'static str>, Message)| {
        (field.unwrap_or_default().to_owned(), json!(message.render(language)))
    };
    let first = faults.first();
    let message = first.map_or(Message::plain(&text::INVALID), |(_, message)| message.clone());
    SyncError {
        domain: Some(rules.name().to_owned()),
        field: first.and_then(|(field, _)| field.map(str::to_owned)),
        item_id: rules.name_of(sent),
        details: (faults.len() > 1).then(|| faults.iter().map(told).collect::<Map<_, _>>().into()),
        ..SyncError::new(SYNC_ERROR, &message, language)
    }
}
