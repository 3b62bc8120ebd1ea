//! Did an edit come out exactly as its device sent it? If not, the device must be told what the record is. Pure.
//!
//! A device holds, after its edit, what it started from with its edit laid over. It is said to hold more than that only where it says
//! so: told twice costs a row of a poll, told never leaves the device behind for ever.

use super::fields::{Fields, overlay};
use super::item::Item;
use super::record::Record;
use crate::base::json;

/// Is the record what the device holds, after an edit that met it as `before`?
pub fn is_as_sent(item: &Item, before: Option<&Record>, after: &Record) -> bool {
    if item.delete || after.deleted {
        return item.delete && after.deleted;
    }
    item.exact && json::same_members(&overlay(&started(item, before), &item.edit), &after.fields)
}

/// What the device started from: what the server had, where the device had seen that; else what it says.
fn started(item: &Item, before: Option<&Record>) -> Fields {
    let seen = before.filter(|record| record.version == item.version && !record.deleted);
    seen.map(|record| &record.fields).or(item.base.as_ref()).cloned().unwrap_or_default()
}
