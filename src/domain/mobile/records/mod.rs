//! The record domains: versioned, in the feed, with conflicts.

pub mod api;
mod fields;
mod item;
mod machine;
mod merge;
mod record;
mod resolve;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod write;

pub use item::ENVELOPE;
pub use record::TOLD;
pub use resolve::{CHOICE, describe_refusal, resolve};

use super::answer::{SYNC_ERROR, SyncError, Tally};
use super::batch::Batch;
use crate::base::error::{Error, Refusal, Result};
use crate::base::text::Language;
use crate::db::Db;
use crate::feature::ctx::load;
use crate::feature::{Ctx, Kind, Own, Schemas, written};
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};
use tables::TABLES;

/// Records in the feed, a kind for each domain.
pub const KINDS: &[Kind] =
    &[kind::<0>("journal"), kind::<1>("attendance"), kind::<2>("tasks"), kind::<3>("tickets"), kind::<4>("work_orders")];

const fn kind<const TABLE: usize>(name: &'static str) -> Kind {
    let own: Own = |record, user| written(record, &["created_by", "updated_by"], user);
    Kind { name, since: 2, load: load_records::<TABLE>, object: describe::<TABLE>, own }
}

fn load_records<const TABLE: usize>(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    let table = &TABLES[TABLE];
    load(db, tenant, ids, |db, tenant, id| Ok(store::find(db, tenant, table.domain, id)?.map(|record| record.shown(table))))
}

fn describe<const TABLE: usize>(schemas: &mut Schemas) -> Schema {
    record::describe(&TABLES[TABLE], schemas)
}

/// The schema of the fields of a record of any domain in an upload.
pub fn describe_data(schemas: &mut Schemas) -> Schema {
    let domains = TABLES.iter().map(|table| record::describe_data(table, schemas).to_value());
    json_schema!({ "anyOf": domains.chain([json!({"type": "null"})]).collect::<Vec<_>>() })
}

/// Writes records inside an upload's transaction. An item is `{domain, mobile_id, operation, version, base_data, data,
/// client_timestamp}`; a bad one fails alone. Several items of one record are taken in their order.
pub fn apply(ctx: &mut Ctx<'_>, batch: &Batch, items: &[Value]) -> Result<Tally> {
    let mut writer = write::Writer::new(batch);
    let mut tally = Tally::default();
    for item in items {
        match writer.take(ctx, item) {
            Ok(done) => {
                tally.synced += 1;
                tally.repeated += u32::from(done.item.status == "unchanged");
                tally.conflicts.extend(done.conflict.as_ref().map(Into::into));
                tally.items.push(done.item);
            }
            Err(Error::Refused(refusal)) => tally.errors.push(error(&refusal, item, ctx.request.language)),
            Err(error) => return Err(error),
        }
    }
    Ok(tally)
}

/// What is wrong with an item: the first field, and all of them for a program.
fn error(refusal: &Refusal, item: &Value, language: Language) -> SyncError {
    let all: Map<String, Value> =
        refusal.fields.iter().map(|(field, text)| ((*field).to_owned(), text.render(language).into())).collect();
    SyncError {
        code: SYNC_ERROR.to_owned(),
        message: refusal.detail.render(language).into_owned(),
        field: refusal.fields.first().map(|(field, _)| (*field).to_owned()),
        item_id: item["mobile_id"].as_str().map(str::to_owned),
        details: (all.len() > 1).then_some(Value::Object(all)),
    }
}
