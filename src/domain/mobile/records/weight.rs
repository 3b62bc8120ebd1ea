//! What an edit of a record needs of room.

use super::merge::New;
use super::record::Record;
use super::tables::Table;
use crate::base::error::Result;
use crate::feature::room::rules::{Growth, Weighed};

/// What a record that is not deleted weighed.
pub fn before(stored: Option<&Record>) -> Weighed {
    stored.map_or(Weighed::Absent, |record| Weighed::Alive(bytes(record.bytes)))
}

/// What a new version needs of room.
pub fn needs(table: &Table, stored: &Record, new: &New) -> Result<Growth> {
    let weight = if new.deleted { None } else { Some(table.weigh(&new.fields)?) };
    Ok(growth(Some(stored), weight))
}

/// What an edit needs of room.
pub fn growth(stored: Option<&Record>, weight: Option<usize>) -> Growth {
    match (stored.filter(|record| !record.deleted), weight) {
        (_, None) => Growth::default(),
        (None, Some(after)) => Growth::row(after),
        (Some(before), Some(after)) => Growth::edit(before.bytes, after),
    }
}

/// A length as the feed counts it.
pub fn bytes(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
