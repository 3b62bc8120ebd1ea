//! GET `/deprecations/`: everything that is to go, and what takes its place.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::faces::graphql::schema;
use crate::feature::House;
use crate::feature::lifecycle::{Entry, Source, State, merged};
use crate::feature::meters::Meters;
use crate::http::{Request, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// Everything that is to go.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Deprecations")]
pub struct Deprecations {
    /// In the order of their last days.
    deprecations: Vec<Deprecation>,
}

/// One thing that is to go.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Deprecation {
    /// What: `version:1`, a route by method and path, or a schema coordinate of GraphQL behind `graphql:`.
    target: String,
    /// How it stands.
    state: State,
    /// From when on it should not be used any more.
    deprecated_at: Option<Timestamp>,
    /// From when on it is gone.
    sunset_at: Option<Timestamp>,
    /// Until when uploads and the like are open all the same.
    drain_until: Option<Timestamp>,
    /// What takes its place.
    successor: Option<String>,
    /// Where there is more to read.
    link: Option<String>,
    /// Why.
    reason: Option<String>,
    /// Who says so.
    source: Source,
}

pub fn list(_: &Request<'_>, house: &House, _: &mut Meters) -> Result<Response> {
    let mut entries = house.lifecycle.entries.clone();
    entries.extend(schema::deprecated(house.features)?);
    let now = Timestamp::now();
    let deprecations = merged(&entries).into_iter().map(|entry| shown(entry, now)).collect();
    Ok(Response::json(200, &Deprecations { deprecations }))
}

fn shown(entry: Entry, now: Timestamp) -> Deprecation {
    Deprecation {
        target: entry.target.to_string(),
        state: entry.state(now),
        deprecated_at: entry.since,
        sunset_at: entry.sunset,
        drain_until: entry.drain_until(),
        successor: entry.successor.as_ref().map(ToString::to_string),
        link: entry.link,
        reason: entry.reason,
        source: entry.source,
    }
}
