//! The version of the API: a request for one that does not exist is refused, and what has no versions is told so.
//!
//! Falling back silently would hide the mistake until it costs data.

use super::texts;
use crate::base::error::{Refused, Result, refuse};
use crate::feature::Route;
use crate::http::version::{self, Asked};
use crate::http::{Request, Response};

/// Under a version that does not exist there is nothing.
///
/// # Errors
/// When the path names such a version.
pub fn in_path(request: &Request<'_>) -> Result<()> {
    if request.asked == (Asked::Unknown { in_path: true }) { unknown(true) } else { Ok(()) }
}

/// Settles the version of a request whose route is known.
///
/// # Errors
/// When a field asks for a version that does not exist, of a route that has versions.
pub fn settle(request: &mut Request<'_>, route: &Route) -> Result<()> {
    request.code_is_field = route.takes_field("code");
    if !route.is_versioned() {
        request.forget_version();
        return Ok(());
    }
    if request.asked == (Asked::Unknown { in_path: false }) { unknown(false) } else { Ok(()) }
}

fn unknown(in_path: bool) -> Result<()> {
    refuse(Refused::UnknownVersion { in_path }, &texts::UNKNOWN_VERSION)
}

/// Says which version answered, and by which fields another could have been chosen. What has no versions shows what the newest
/// does.
pub fn mark(response: Response, request: &Request<'_>) -> Response {
    if request.versionless {
        return response.with("API-Version", version::CURRENT.digits);
    }
    let response = response.with("API-Version", request.version.digits);
    match request.asked {
        Asked::Fields(_) | Asked::Unknown { in_path: false } => response.vary("Accept, Accept-Version"),
        _ => response,
    }
}
