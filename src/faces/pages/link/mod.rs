//! The pages behind links: to set a new password, to verify an address, and to let a new device in. What the link brings stands in
//! its fragment, so only the browser knows it: the page sends it to the API.

use crate::base::error::Result;
use crate::base::id;
use crate::feature::House;
use crate::feature::meters::Meters;
use crate::http::html::Page;
use crate::http::{Request, Response};

const HEAD: &str = include_str!("head.html");
/// Where the page's own script and styles stand in the policy.
const NONCE: &str = "NONCE";

/// GET `/reset/`. It sends the token with the new password to `/auth/password/reset/`.
pub fn reset(_: &Request<'_>, _: &House, _: &mut Meters) -> Result<Response> {
    show("Tandem: a new password", include_str!("reset.html"))
}

/// GET `/verify/`. A button sends the token: programs that look at the links of mails press none.
pub fn verify(_: &Request<'_>, _: &House, _: &mut Meters) -> Result<Response> {
    show("Tandem: your address", include_str!("verify.html"))
}

/// GET `/pages/link/`. It signs in for as long as the decision takes, so that a phone whose app cannot let anybody in can, too.
pub fn device(_: &Request<'_>, _: &House, _: &mut Meters) -> Result<Response> {
    show("Tandem: a new device", include_str!("device.html"))
}

/// Only the page's own script runs, and it may talk to this site alone.
fn show(title: &str, body: &str) -> Result<Response> {
    let nonce = id::hex(&id::bytes::<16>()?);
    let own = format!("'nonce-{nonce}'");
    let allows = [("script-src", &*own), ("style-src", &*own), ("connect-src", "'self'")];
    let (head, body) = (HEAD.replace(NONCE, &nonce), body.replace(NONCE, &nonce));
    Ok(Page { title, head: &head, body: &body, allows: &allows }.answer(200))
}
