//! Deprecations as data: what is to go, from when on that is said, and its last day. Whatever has passed, has passed by the
//! clock: nobody runs anything for a day to come.
//!
//! Declared in three places and read as one list: by routes and versions in the code, by `@deprecated` in GraphQL's schema, and by
//! the operator in a file.

pub mod clients;
pub mod days;
pub mod file;
mod target;

pub use target::Target;

use super::{Feature, Route};
use crate::base::time::Timestamp;
use crate::http::version::{VERSIONS, Version};
use clients::{Client, Minimum};
use days::{DRAIN, Edge, WARNING};
use file::Declared;
use schemars::JsonSchema;
use serde::Serialize;

/// A deprecation as a route declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deprecated {
    /// The day from which on it is.
    pub since: &'static str,
    /// Its last day, once that was announced.
    pub sunset: Option<&'static str>,
    /// What takes its place, as a target.
    pub successor: Option<&'static str>,
    /// Why, for developers of clients.
    pub about: &'static str,
}

/// Where an entry was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "DeprecationSource")]
pub enum Source {
    /// By a route or a version.
    Code,
    /// By GraphQL's schema.
    Schema,
    /// By the operator.
    Operator,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LifecycleState")]
pub enum State {
    /// Its deprecation is announced for a later day.
    Active,
    /// It should not be used any more.
    Deprecated,
    /// It goes within 30 days.
    SunsetWarning,
    /// It is not there any more.
    Gone,
}

/// What is declared of one target in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub target: Target,
    /// From when on it is deprecated; the schema does not say.
    pub since: Option<Timestamp>,
    /// From when on it is gone, once that was announced.
    pub sunset: Option<Timestamp>,
    /// What takes its place.
    pub successor: Option<Target>,
    /// Where developers read more.
    pub link: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Where that was declared.
    pub source: Source,
}

impl Entry {
    /// How it stands at an instant.
    pub fn state(&self, now: Timestamp) -> State {
        match self.sunset {
            Some(sunset) if now >= sunset => State::Gone,
            Some(sunset) if now >= sunset.plus(-WARNING) => State::SunsetWarning,
            _ if self.since.is_some_and(|since| now < since) => State::Active,
            _ => State::Deprecated,
        }
    }

    /// Until when what takes unsent work stays open.
    pub fn drain_until(&self) -> Option<Timestamp> {
        self.sunset.map(|sunset| sunset.plus(DRAIN))
    }
}

/// One entry of several on the same thing: the earliest last day counts, and the earliest day of its deprecation.
pub fn first<'e>(entries: impl Iterator<Item = &'e Entry>) -> Option<Entry> {
    let mut entries: Vec<&Entry> = entries.collect();
    let since = entries.iter().filter_map(|entry| entry.since).min();
    entries.sort_by_key(|entry| entry.sunset.map_or(i64::MAX, |at| at.0));
    let [first, rest @ ..] = entries.as_slice() else { return None };
    let mut first = Entry { since, ..(*first).clone() };
    for other in rest.iter().filter(|other| other.target == first.target) {
        first.successor = first.successor.or_else(|| other.successor.clone());
        first.link = first.link.or_else(|| other.link.clone());
        first.reason = first.reason.or_else(|| other.reason.clone());
    }
    Some(first)
}

/// Each target once, in the order of their last days.
pub fn merged(entries: &[Entry]) -> Vec<Entry> {
    let is_first = |n: usize, entry: &Entry| entries[..n].iter().all(|before| before.target != entry.target);
    let firsts = entries.iter().enumerate().filter(|(n, entry)| is_first(*n, entry));
    let mut merged: Vec<Entry> =
        firsts.filter_map(|(_, entry)| first(entries.iter().filter(|other| other.target == entry.target))).collect();
    merged.sort_by_key(|entry| entry.sunset.map_or(i64::MAX, |at| at.0));
    merged
}

/// Everything that is declared, but for what GraphQL's schema says.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// What is to go.
    pub entries: Vec<Entry>,
    /// Which apps are too old.
    pub clients: Vec<Minimum>,
    /// Why the operator's file is not heeded.
    pub fault: Option<String>,
}

impl Lifecycle {
    /// What the code and the operator declare.
    pub fn of(features: &[&Feature], declared: Declared) -> Lifecycle {
        let entries = versions().chain(routes(features)).chain(declared.entries).collect();
        Lifecycle { entries, clients: declared.clients, fault: None }
    }

    /// What is declared of a route that is reached in a version.
    pub fn on(&self, route: &Route, version: &Version) -> Option<Entry> {
        if self.entries.is_empty() {
            return None;
        }
        first(self.entries.iter().filter(|entry| entry.target.is(route, version)))
    }

    /// The targets that a route is, reached in a version: each once.
    pub fn targets(&self, route: &Route, version: &Version) -> Vec<&Target> {
        let mut targets: Vec<&Target> = Vec::new();
        for Entry { target, .. } in self.entries.iter().filter(|entry| entry.target.is(route, version)) {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        targets
    }

    /// What is declared of a version.
    pub fn on_version(&self, version: &Version) -> Option<Entry> {
        first(self.entries.iter().filter(|entry| entry.target == Target::Version(version.number)))
    }

    /// What is asked of a client's app.
    pub fn minimum(&self, client: Client<'_>) -> Option<&Minimum> {
        self.clients.iter().find(|minimum| minimum.name == client.name)
    }
}

/// The versions of the API whose deprecation the code announces.
fn versions() -> impl Iterator<Item = Entry> {
    let deprecated = VERSIONS.iter().filter(|version| version.deprecated.is_some() || version.sunset.is_some());
    deprecated.map(|version| Entry {
        target: Target::Version(version.number),
        since: version.deprecated.and_then(|day| days::instant(day, Edge::Begin)),
        sunset: version.sunset.and_then(|day| days::instant(day, Edge::End)),
        successor: VERSIONS.iter().find(|next| next.number == version.number + 1).map(|next| Target::Version(next.number)),
        link: None,
        reason: None,
        source: Source::Code,
    })
}

/// What routes declare of themselves.
fn routes<'f>(features: &'f [&Feature]) -> impl Iterator<Item = Entry> + use<'f> {
    let routes = features.iter().flat_map(|feature| feature.routes);
    routes.filter_map(|route| {
        let Deprecated { since, sunset, successor, about } = route.deprecated?;
        Some(Entry {
            target: Target::Route { version: None, method: route.method, path: route.path.to_owned() },
            since: days::instant(since, Edge::Begin),
            sunset: sunset.and_then(|day| days::instant(day, Edge::End)),
            successor: successor.and_then(Target::parse),
            link: None,
            reason: Some(about.to_owned()),
            source: Source::Code,
        })
    })
}

#[cfg(test)]
mod tests;
