//! What every answer gets: security fields, an entity tag, the request's id; and what HEAD and conditional reads leave out.

use super::{cors, versions};
use crate::feature::Settings;
use crate::http::{Method, Request, Response, etag, gzip};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// A name for a request, unique on this machine without asking the kernel for randomness: time, process, number.
pub fn request_id(serial: u64) -> String {
    static PROCESS: OnceLock<u32> = OnceLock::new();
    let process = PROCESS.get_or_init(std::process::id);
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    format!("{micros:x}-{process:x}-{serial:x}")
}

/// Private data, and an API that is no page.
const FIELDS: [(&str, &str); 4] = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
];

/// Finishes an answer. `settings` are missing when the configuration could not be read.
pub fn finish(response: Response, request: &Request<'_>, settings: Option<&Settings>) -> Response {
    // What goes on is told anew to whoever comes back, and what follows it comes as it is.
    let is_whole = !response.goes_on();
    let mut response = if is_whole { conditional(response, request) } else { response };
    for (name, value) in FIELDS {
        if response.header(name).is_none() {
            response = response.with(name, value);
        }
    }
    response = versions::mark(response, request).with("X-Request-Id", request.id.clone());
    for (name, value) in &request.notices {
        response = response.with(name, value.clone());
    }
    if let Some(settings) = settings {
        response = cors::mark(response, request, settings);
    }
    if request.may_compress && is_whole {
        response = gzip::compressed(response, request);
    }
    response.head_only = request.method == Method::Head;
    response
}

/// Tags what was read, and leaves it out when the client has it (RFC 9110 §13.1.2).
fn conditional(response: Response, request: &Request<'_>) -> Response {
    let read = matches!(request.method, Method::Get | Method::Head) && response.status == 200;
    if !read {
        return response;
    }
    let tag = response.tag();
    let known = request.header("IF_NONE_MATCH").is_some_and(|value| etag::names(value, &tag));
    let response = if known { left_out(&response, request) } else { response };
    response.with("ETag", tag)
}

/// 304, which depends on the same fields of the request as what it leaves out (RFC 9110 §15.4.5).
fn left_out(response: &Response, request: &Request<'_>) -> Response {
    let empty = Response::empty(304);
    if request.may_compress && gzip::is_worth_it(response) { empty.vary(gzip::VARIES_BY) } else { empty }
}
