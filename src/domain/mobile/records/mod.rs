//! The record domains: versioned, in the feed, with conflicts.

mod again;
pub mod api;
pub mod erase;
pub mod fields;
mod item;
mod landed;
pub mod machine;
mod merge;
mod outcome;
mod rank;
mod record;
mod resolve;
mod room;
mod rows;
mod store;
pub mod tables;
mod target;
#[cfg(test)]
pub mod tests;
mod weight;
mod write;

pub use again::tell as tell_again;
pub use item::ENVELOPE;
pub use record::TOLD;
pub use resolve::{CHOICE, describe_refusal, resolve};

use super::answer::{SYNC_ERROR, SyncError, Tally};
use super::domains::{self, RECORDS};
use super::sender::Batch;
use super::words;
use crate::base::error::{Error, Refusal, Result};
use crate::base::json;
use crate::db::Db;
use crate::feature::ctx::load;
use crate::feature::version;
use crate::feature::walk::walk;
use crate::feature::{Ctx, Kind, Load, Names, Objects, Own, Schemas, Wakes, written};
use record::Record;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};
use tables::Table;

/// Records in the feed, a kind for each domain.
pub const KINDS: &[Kind] = &walk!(kind, RECORDS);

const fn kind(table: &'static Table) -> Kind {
    let names = &table.entry.names;
    let own: Own = |record, user| written(record, &["created_by", "updated_by"], user);
    Kind {
        name: names.list,
        since: 2,
        load: Load::Shared(names, load_records, |names, db, tenant, id| store::last_edit(db, tenant, names.name, id)),
        object: describe,
        own,
        measure: Some(store::measure(names)),
        wakes: Wakes::Normal,
    }
}

fn load_records(names: &Names, db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Objects> {
    let table = domains::records(names.name).ok_or_else(|| Error::Internal(format!("{} is no domain", names.name)))?;
    load(db, tenant, ids, |db, tenant, id| Ok(store::find(db, tenant, table.name(), id)?.map(|record| record.shown(table))))
}

/// One record, or an object of a noun, as records are shown; null when it is deleted, or there is none.
pub fn find(ctx: &mut Ctx<'_>, tenant: i64, table: &Table, id: &str) -> Result<Value> {
    let Some(record) = rows::find(ctx.db, tenant, table, id)?.filter(|record| !record.deleted) else { return Ok(Value::Null) };
    let updated_by = rows::editor(ctx.db, tenant, table, &record)?.unwrap_or_default();
    Ok(Record { object: None, updated_by, ..record }.shown(table))
}

/// The schema of the kind that is described.
fn describe(schemas: &mut Schemas) -> Schema {
    domains::records(schemas.subject).map_or_else(Schema::default, |table| record::describe(table, schemas))
}

/// The schema of the fields of a record of any domain in an upload.
pub fn describe_data(schemas: &mut Schemas) -> Schema {
    let domains =
        RECORDS.iter().chain(domains::nouns(schemas.features)).map(|table| record::describe_data(table, schemas).to_value());
    json_schema!({ "anyOf": domains.chain([json!({"type": "null"})]).collect::<Vec<_>>() })
}

/// A backup has taken the store's place: no version that devices saw in the time that is lost is met again.
pub fn restored(db: &mut Db, tenant: i64) -> Result<()> {
    store::raise_versions(db, tenant, version::LOST, version::RAISED)
}

/// So many items' records are looked up at once: with as many of the largest a request stays small.
const AHEAD: usize = 100;

/// Writes records inside an upload's transaction. An item is `{domain, mobile_id, operation, version, base_data, data,
/// client_timestamp}`; a bad one fails alone. Several items of one record are taken in their order.
pub fn apply(ctx: &mut Ctx<'_>, batch: &Batch, items: &[Value]) -> Result<Tally> {
    let mut writer = write::Writer::new(batch);
    let mut tally = Tally::default();
    for (n, item) in items.iter().enumerate() {
        if n % AHEAD == 0 {
            writer.look_up(ctx, items.get(n..items.len().min(n + AHEAD)).unwrap_or_default())?;
        }
        match writer.take(ctx, item) {
            Ok(done) => {
                tally.synced += 1;
                tally.repeated += u32::from(done.item.status == "unchanged");
                tally.conflicts.extend(done.conflict);
                tally.items.push(done.item);
            }
            Err(Error::Refused(refusal)) => tally.errors.push(error(ctx, &refusal, item)),
            Err(error) => return Err(error),
        }
    }
    writer.tell(ctx)?;
    Ok(tally)
}

/// What is wrong with an item: the first field, and all of them for a program.
fn error(ctx: &Ctx<'_>, refusal: &Refusal, item: &Value) -> SyncError {
    let language = ctx.request.language;
    let mut all: Map<String, Value> =
        refusal.fields.iter().map(|(field, text)| ((*field).to_owned(), text.render(language).into())).collect();
    let more = all.len() > 1 || !refusal.more.is_empty();
    all.extend(refusal.more.clone());
    let domain = domains::edited(ctx.house.features, &item["domain"].as_str().unwrap_or_default().to_ascii_lowercase());
    let error = SyncError::new(SYNC_ERROR, &refusal.detail, language);
    SyncError {
        domain: domain.map(|table| table.name().to_owned()),
        field: refusal.fields.first().map(|(field, _)| (*field).to_owned()),
        item_id: json::string(&item["mobile_id"]).map(str::to_owned),
        details: more.then_some(Value::Object(all)),
        reason: if refusal.more.contains_key("existing_id") { words::EXISTS.to_owned() } else { error.reason },
        ..error
    }
}
