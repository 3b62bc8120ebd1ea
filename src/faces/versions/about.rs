//! GET `/version/`: for an app that may be newer or older than the server.

use crate::base::error::Result;
use crate::feature::meters::Meters;
use crate::feature::{Feature, House};
use crate::http::version::{Asked, CURRENT, DIFFERENCES, Difference, UNNAMED, VERSIONS};
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
}

/// One version.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SupportedVersion")]
struct Supported {
    /// Its number.
    version: u8,
    /// `active`, as long as nothing else was announced.
    status: &'static str,
    /// The day of its release.
    released_at: &'static str,
    /// The last day on which it is served, once that was announced.
    sunset_at: Option<&'static str>,
}

pub fn show(request: &Request<'_>, house: &House, _: &mut Meters) -> Result<Response> {
    let version = match request.asked {
        Asked::Path(version) => version,
        _ => UNNAMED,
    };
    let supported = VERSIONS.iter().map(|version| Supported {
        version: version.number,
        status: "active",
        released_at: version.since,
        sunset_at: version.sunset,
    });
    let about = About {
        version: version.number,
        server: SERVER,
        current: CURRENT.number,
        supported: supported.collect(),
        differences: DIFFERENCES,
        features: features(house.features),
    };
    Ok(Response::json(200, &about))
}

/// The nouns and faces that a client can call.
fn features(registry: &[&'static Feature]) -> Vec<&'static str> {
    registry.iter().filter(|feature| !feature.routes.is_empty()).map(|feature| feature.name).collect()
}
