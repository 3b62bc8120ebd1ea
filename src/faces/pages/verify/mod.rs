//! The page behind a link to verify an address. The token stands in the link's fragment, and a button sends it: programs that look
//! at the links of mails press none.

use crate::base::error::Result;
use crate::base::id;
use crate::feature::House;
use crate::feature::meters::Meters;
use crate::http::html::Page;
use crate::http::{Request, Response};

const HEAD: &str = include_str!("head.html");
const BODY: &str = include_str!("body.html");
/// Where the page's own script and styles stand in the policy.
const NONCE: &str = "NONCE";

/// GET `/verify/`. Only the page's own script runs, and it may talk to this site alone.
pub fn show(_: &Request<'_>, _: &House, _: &mut Meters) -> Result<Response> {
    let nonce = id::hex(&id::bytes::<16>()?);
    let own = format!("'nonce-{nonce}'");
    let allows = [("script-src", &*own), ("style-src", &*own), ("connect-src", "'self'")];
    let (head, body) = (HEAD.replace(NONCE, &nonce), BODY.replace(NONCE, &nonce));
    Ok(Page { title: "Tandem: your address", head: &head, body: &body, allows: &allows }.answer(200))
}
