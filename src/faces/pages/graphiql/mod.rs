//! The page to try queries: GraphiQL, loaded from a public CDN, each file pinned by its hash.

use crate::base::error::Result;
use crate::base::id;
use crate::feature::Ctx;
use crate::http::html::Page;
use crate::http::{Method, Response, accept};

const HEAD: &str = include_str!("head.html");
const BODY: &str = include_str!("body.html");
/// Where the page's own script stands in the policy of what may run.
const NONCE: &str = "NONCE";

/// Is a browser asking for the page, and is there one?
pub fn is_wanted(ctx: &Ctx<'_>) -> bool {
    let html = || accept::quality(ctx.request.header("ACCEPT").unwrap_or_default(), "text/html").is_some_and(|q| q > 0.0);
    ctx.house.settings.graphiql && ctx.request.method != Method::Post && ctx.request.query.get("query").is_none() && html()
}

/// The page. Only the pinned files of the CDN and the page's own script run; it may talk to this site alone.
///
/// # Errors
/// When the kernel gives no randomness.
pub fn show() -> Result<Response> {
    let nonce = id::hex(&id::bytes::<16>()?);
    let scripts = format!("https://cdn.jsdelivr.net/npm/ 'nonce-{nonce}'");
    let allows = [
        ("script-src", &*scripts),
        ("style-src", "https://cdn.jsdelivr.net/npm/ 'unsafe-inline'"),
        ("font-src", "data:"),
        ("img-src", "data:"),
        ("connect-src", "'self'"),
    ];
    let body = BODY.replace(NONCE, &nonce);
    Ok(Page { title: "Tandem: GraphiQL", head: HEAD, body: &body, allows: &allows }.answer(200))
}
