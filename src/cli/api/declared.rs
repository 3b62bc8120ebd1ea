//! Everything that is declared to go, wherever that is said.

use crate::app::{FEATURES, config, lifecycle};
use crate::base::error::Result;
use crate::faces::graphql::schema;
use crate::feature::lifecycle::{Entry, merged};

/// Everything that is declared anywhere, each target once.
pub fn everything() -> Result<(Vec<Entry>, Option<String>)> {
    let found = lifecycle::look(&config::load()?.settings.data);
    let mut entries = found.entries;
    entries.extend(schema::deprecated(&FEATURES)?);
    Ok((merged(&entries), found.fault))
}
