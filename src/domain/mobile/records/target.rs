//! What is written of a record, and by which edit.

use super::item::Item;
use super::tables::Table;
use crate::base::time::Timestamp;
use crate::domain::mobile::sender::Batch;
use crate::feature::Ctx;

/// The record that is written, and by which edit.
pub struct Target<'i> {
    /// The rules of its domain.
    pub table: &'static Table,
    /// Its id.
    pub id: &'i str,
    /// The version that the edit had seen.
    pub seen: i64,
    /// When it was edited.
    pub at: Timestamp,
    /// The device that it came from; empty where nobody said.
    pub device: &'i str,
}

impl<'i> Target<'i> {
    /// What an item of an upload writes.
    pub fn of(ctx: &Ctx<'_>, item: &'i Item, batch: &'i Batch) -> Target<'i> {
        let at = item.at.unwrap_or(ctx.now);
        Target { table: item.table, id: &item.id, seen: item.version, at, device: &batch.device }
    }
}
