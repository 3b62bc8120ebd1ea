//! GET `/version/`: for an app that may be newer or older than the server.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::feature::lifecycle::clients::{Age, Client};
use crate::feature::lifecycle::{Entry, State};
use crate::feature::meters::Meters;
use crate::feature::{Feature, House};
use crate::http::version::{Asked, CURRENT, DIFFERENCES, Difference, UNNAMED, VERSIONS, Version};
use crate::http::{Request, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// The server's own version.
const SERVER: &str = env!("CARGO_PKG_VERSION");

/// What the API says of its versions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiVersion")]
pub struct About {
    /// The version of this path.
    version: u8,
    /// The server's release.
    server: &'static str,
    /// The newest version.
    current: u8,
    /// Every version, oldest first.
    supported: Vec<Supported>,
    /// What differs from one to the other; all else is the same.
    differences: &'static [Difference],
    /// What this server has, for an app that may be newer.
    features: Vec<&'static str>,
    /// Where everything is listed that is to go.
    deprecations_url: String,
    /// How the caller's app stands.
    clients: Clients,
}

/// One version.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SupportedVersion")]
struct Supported {
    /// Its number.
    version: u8,
    /// `active`, as long as nothing else was announced.
    status: Status,
    /// The day of its release.
    released_at: &'static str,
    /// From when on it should not be used any more, once that was announced.
    deprecated_at: Option<Timestamp>,
    /// From when on it is gone, once that was announced.
    sunset_at: Option<Timestamp>,
    /// Until when uploads and the like are open all the same.
    drain_until: Option<Timestamp>,
}

/// How a version stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "VersionStatus")]
enum Status {
    Active,
    Deprecated,
    Gone,
}

/// How the caller's app stands, by `X-Client-Version` or `User-Agent`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ClientStanding")]
struct Clients {
    /// `soft`: it should be updated; `hard`: it is refused.
    your: Standing,
    /// The oldest version that is served without a reminder, if there is one.
    minimum: Option<String>,
    /// Where the newest is to be had.
    url: Option<String>,
    /// Until when uploads and the like are open to an app that is refused.
    drain_until: Option<Timestamp>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "ClientAge")]
enum Standing {
    Ok,
    Soft,
    Hard,
}

pub fn show(request: &Request<'_>, house: &House, _: &mut Meters) -> Result<Response> {
    let version = match request.asked {
        Asked::Path(version) => version,
        _ => UNNAMED,
    };
    let now = Timestamp::now();
    let supported = VERSIONS.iter().map(|version| supported(version, house, now));
    let about = About {
        version: version.number,
        server: SERVER,
        current: CURRENT.number,
        supported: supported.collect(),
        differences: DIFFERENCES,
        features: features(house.features),
        deprecations_url: format!("{}/deprecations/", request.mount()),
        clients: clients(request, house, now),
    };
    Ok(Response::json(200, &about))
}

fn supported(version: &Version, house: &House, now: Timestamp) -> Supported {
    let entry = house.lifecycle.on_version(version);
    let status = match entry.as_ref().map_or(State::Active, |entry| entry.state(now)) {
        State::Active => Status::Active,
        State::Deprecated | State::SunsetWarning => Status::Deprecated,
        State::Gone => Status::Gone,
    };
    Supported {
        version: version.number,
        status,
        released_at: version.since,
        deprecated_at: entry.as_ref().and_then(|entry| entry.since),
        sunset_at: entry.as_ref().and_then(|entry| entry.sunset),
        drain_until: entry.as_ref().and_then(Entry::drain_until),
    }
}

fn clients(request: &Request<'_>, house: &House, now: Timestamp) -> Clients {
    let caller = Client::of_request(request);
    let minimum = house.lifecycle.minimum(caller);
    let age = minimum.map_or(Age::Fresh, |minimum| minimum.age(caller.version, now));
    let (your, drain_until) = match age {
        Age::Fresh => (Standing::Ok, None),
        Age::Soft => (Standing::Soft, None),
        Age::Hard(until) => (Standing::Hard, Some(until)),
    };
    let text = |text: Option<&str>| text.map(str::to_owned);
    let (least, url) = (minimum.and_then(|m| m.least()), minimum.and_then(|m| m.url.as_deref()));
    Clients { your, minimum: text(least), url: text(url), drain_until }
}

/// The nouns and faces that a client can call.
fn features(registry: &[&'static Feature]) -> Vec<&'static str> {
    registry.iter().filter(|feature| !feature.routes.is_empty()).map(|feature| feature.name).collect()
}
