//! Did an edit come out exactly as its device sent it? If not, the device must be told what the record is. Pure.
//!
//! A device holds, after its edit, what it started from with its edit laid over. It is said to hold more than that only where it says
//! so: told twice costs a row of a poll, told never leaves the device behind for ever.

use super::fields::{Fields, value};
use super::item::Item;
use super::record::Record;
use crate::base::json;
use serde_json::Value;

/// Is the record what the device holds, after an edit that met it as `before`?
pub fn is_as_sent(item: &Item, before: Option<&Record>, after: &Record) -> bool {
    if item.delete || after.deleted {
        return item.delete && after.deleted;
    }
    item.exact && is_overlay(started(item, before), &item.edit, &after.fields)
}

/// What the device started from: what the server had, where the device had seen that; else what it says.
fn started<'i>(item: &'i Item, before: Option<&'i Record>) -> Option<&'i Fields> {
    let seen = before.filter(|record| record.version == item.version && !record.deleted);
    seen.map(|record| &record.fields).or(item.base.as_ref())
}

/// Are fields what comes of an edit laid over others? As [`overlay`](super::fields::overlay) says, without a copy of any.
fn is_overlay(fields: Option<&Fields>, edit: &Fields, all: &Fields) -> bool {
    let kept = fields.into_iter().flatten().filter(|(name, _)| !edit.contains_key(*name));
    let mut count = 0;
    let mut is_in = |(name, wanted): (&String, &Value)| {
        count += usize::from(!wanted.is_null());
        json::same(value(all, name), wanted)
    };
    edit.iter().all(&mut is_in) && kept.into_iter().all(&mut is_in) && count == all.len()
}
