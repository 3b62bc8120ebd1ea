//! The page to try queries: GraphiQL, loaded from a public CDN, each file pinned by its hash.

use super::media;
use crate::base::error::Result;
use crate::base::id;
use crate::feature::Ctx;
use crate::http::{Method, Response};

const PAGE: &str = include_str!("page.html");
/// Where the page's own script stands in the policy of what may run.
const NONCE: &str = "NONCE";

/// Is a browser asking for the page, and is there one?
pub fn is_wanted(ctx: &Ctx<'_>) -> bool {
    let html = || media::quality(ctx.request.header("ACCEPT").unwrap_or_default(), "text/html").is_some_and(|q| q > 0.0);
    ctx.house.settings.graphiql && ctx.request.method != Method::Post && ctx.request.query.get("query").is_none() && html()
}

/// The page. Only the pinned files of the CDN and the page's own script run; it may talk to this site alone.
///
/// # Errors
/// When the kernel gives no randomness.
pub fn show() -> Result<Response> {
    let nonce = id::hex(&id::bytes::<16>()?);
    let policy = format!(
        "default-src 'none'; script-src https://cdn.jsdelivr.net/npm/ 'nonce-{nonce}'; style-src https://cdn.jsdelivr.net/npm/ \
         'unsafe-inline'; font-src data:; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let page = PAGE.replace(NONCE, &nonce);
    Ok(Response::bytes(200, "text/html; charset=utf-8", page.into_bytes()).with("Content-Security-Policy", policy))
}
