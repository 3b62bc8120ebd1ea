//! The domains: the kinds of item that a device uploads, one file each. A new domain is a file and its line in
//! [`TELEMETRY`] or [`RECORDS`]; routes, kinds, GraphQL's schema, the API's description and the export are walks over
//! these.

mod attendance;
mod behavioral;
pub mod entry;
mod journal;
mod metrics;
mod session;
mod task;
#[cfg(test)]
mod tests;
mod ticket;
mod voice;
mod work_order;

use super::records::tables::Table;
use super::telemetry::rules::Rules;
use crate::base::error::{Error, Result};
use crate::feature::{Feature, Names};
use entry::Entry;
use std::sync::OnceLock;

/// The domains whose items are appended; a repeated item is not written twice.
pub const TELEMETRY: &[Rules] = &[voice::DOMAIN, behavioral::DOMAIN, session::DOMAIN, metrics::DOMAIN];

/// The domains whose items are versioned records, in the feed.
pub const RECORDS: &[Table] = &[journal::DOMAIN, attendance::DOMAIN, task::DOMAIN, ticket::DOMAIN, work_order::DOMAIN];

/// The domain of voice verifications, which GraphQL's `syncVoiceData` takes alone.
pub const VOICE: Domain = Domain::Telemetry(&voice::DOMAIN);

/// A domain.
#[derive(Debug, Clone, Copy)]
pub enum Domain {
    /// Of telemetry.
    Telemetry(&'static Rules),
    /// Of records.
    Records(&'static Table),
}

impl Domain {
    /// What is said of every domain.
    pub const fn entry(self) -> &'static Entry {
        match self {
            Domain::Telemetry(rules) => &rules.entry,
            Domain::Records(table) => &table.entry,
        }
    }

    /// What it is called.
    pub const fn names(self) -> &'static Names {
        &self.entry().names
    }
}

/// Every domain.
pub fn all() -> impl Iterator<Item = Domain> {
    RECORDS.iter().map(Domain::Records).chain(TELEMETRY.iter().map(Domain::Telemetry))
}

/// The domain that is called so anywhere.
pub fn named(word: &str) -> Option<Domain> {
    all().find(|domain| domain.names().has(word))
}

/// The domain of records that is called so anywhere.
pub fn records(word: &str) -> Option<&'static Table> {
    RECORDS.iter().find(|table| table.entry.names.has(word))
}

/// What nouns have devices edit offline, as domains. The registry is one a process.
pub fn nouns(features: &[&'static Feature]) -> &'static [Table] {
    static NOUNS: OnceLock<Vec<Table>> = OnceLock::new();
    NOUNS.get_or_init(|| features.iter().flat_map(|feature| feature.offline).map(Table::of).collect())
}

/// The domain of records, or the noun, that is called so anywhere: what an item of `records` may be of.
pub fn edited(features: &[&'static Feature], word: &str) -> Option<&'static Table> {
    let is_noun = || features.iter().flat_map(|feature| feature.offline).any(|noun| noun.names.has(word));
    records(word).or_else(|| is_noun().then(|| nouns(features).iter().find(|table| table.entry.names.has(word)))?)
}

/// The names of what an item of `records` may be of, for whoever asked for another.
pub fn known(features: &[&'static Feature]) -> String {
    let nouns = features.iter().flat_map(|feature| feature.offline).map(|noun| noun.names.name);
    RECORDS.iter().map(Table::name).chain(nouns).collect::<Vec<_>>().join(", ")
}

/// The domain whose route has this path: `/sync/{its path}/…`.
///
/// # Errors
/// When the route is none of a domain's, which is a defect.
pub fn of_path(path: &str) -> Result<Domain> {
    let segment = path.split('/').nth(2).unwrap_or_default();
    let domain = all().find(|domain| domain.names().path == segment);
    domain.ok_or_else(|| Error::Internal(format!("{path} is no domain's path")))
}

const _: () = assert!(are_distinct(RECORDS, TELEMETRY), "two domains share a name");

/// Is nothing called as something else is? Asked at compile time.
const fn are_distinct(records: &[Table], telemetry: &[Rules]) -> bool {
    let mut one = 1;
    while one < records.len() + telemetry.len() {
        let mut other = 0;
        while other < one {
            if share_a_name(names(records, telemetry, one), names(records, telemetry, other)) {
                return false;
            }
            other += 1;
        }
        one += 1;
    }
    true
}

const fn names<'t>(records: &'t [Table], telemetry: &'t [Rules], place: usize) -> &'t Names {
    if place < records.len() { &records[place].entry.names } else { &telemetry[place - records.len()].entry.names }
}

const fn share_a_name(one: &Names, other: &Names) -> bool {
    let (one, other) = (one.words(), other.words());
    let mut pair = 0;
    while pair < one.len() * other.len() {
        if is_same(one[pair / other.len()], other[pair % other.len()]) {
            return true;
        }
        pair += 1;
    }
    false
}

/// Are two texts the same? `==` is none of what the compiler can run.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut byte = 0;
    while byte < one.len() && byte < other.len() && one[byte] == other[byte] {
        byte += 1;
    }
    byte == one.len() && byte == other.len()
}
