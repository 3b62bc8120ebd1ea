//! Cross-origin requests (WHATWG Fetch): off until origins are configured, then exactly those.

use crate::feature::Settings;
use crate::http::{Request, Response};

/// What a page may send.
const HEADERS: &str = "authorization, content-type, idempotency-key, if-match, if-none-match, if-unmodified-since, \
     accept-language, accept-version, cache-control, last-event-id, x-client-version";
/// What a page may read.
const EXPOSED: &str = "etag, retry-after, x-request-id, date, idempotency-replayed, api-version, deprecation, sunset, link, alert, \
     sync-stamp, ratelimit, ratelimit-policy";
/// Seconds for which a browser may keep a preflight's answer: browsers cap it at two hours at most.
const MAX_AGE: &str = "7200";

/// The origin to name in the answer, if the request's origin may call.
fn allowed(request: &Request<'_>, settings: &Settings) -> Option<String> {
    let origin = request.header("ORIGIN")?;
    settings.cors_origins.iter().any(|o| o == "*" || o == origin).then(|| origin.to_owned())
}

/// The answer to OPTIONS: what the path can do, and what a preflight wants to know.
pub fn options(request: &Request<'_>, settings: &Settings, allow: &str) -> Response {
    let response = Response::empty(204).with("Allow", allow.to_owned());
    if allowed(request, settings).is_none() || request.header("ACCESS_CONTROL_REQUEST_METHOD").is_none() {
        return response;
    }
    response
        .with("Access-Control-Allow-Methods", allow.to_owned())
        .with("Access-Control-Allow-Headers", HEADERS)
        .with("Access-Control-Max-Age", MAX_AGE)
}

/// Names the origin in an answer.
pub fn mark(response: Response, request: &Request<'_>, settings: &Settings) -> Response {
    if settings.cors_origins.is_empty() {
        return response;
    }
    let response = response.vary("Origin");
    match allowed(request, settings) {
        Some(origin) => response.with("Access-Control-Allow-Origin", origin).with("Access-Control-Expose-Headers", EXPOSED),
        None => response,
    }
}
