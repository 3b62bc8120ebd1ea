//! What the web program sees of a request, told to the operator's doctor and to nobody else.
//!
//! The doctor asks the site from outside with a pass that it signs with the site's own secret. Without a good one, or with one
//! that came before, there is no such route: 404.

use super::effective::{self, Prints};
use super::limits::Limits;
use super::{Finding, pass};
use crate::app::home::PROGRAMS;
use crate::base::error::{Result, not_found};
use crate::base::time::MINUTE;
use crate::base::token::{Keys, Purpose};
use crate::feature::meters::{Charge, Meters};
use crate::feature::{House, Rate};
use crate::http::{Request, Response};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Its path below the mount.
pub const PATH: &str = "/doctor/probe/";
/// The field that carries the pass.
pub const FIELD: &str = "X-Tandem-Probe";
/// Its name in CGI.
pub const CGI_FIELD: &str = "X_TANDEM_PROBE";
/// How long a pass is good, in milliseconds: longer than one request takes.
const TTL: i64 = 2 * MINUTE;

/// What the program saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// The program's version.
    pub version: String,
    /// The program's file.
    pub program: PathBuf,
    /// Was the process started for this request alone?
    pub cgi: bool,
    /// The `Authorization` field, as it arrived.
    pub authorization: Option<String>,
    /// Did the request come over TLS, as far as the program is told?
    pub secure: bool,
    /// The peer's address.
    pub address: String,
    /// Bytes of the body that arrived.
    pub body: usize,
    /// What the system grants the process.
    pub limits: Limits,
    /// By which configuration it goes.
    #[serde(default)]
    pub configuration: Prints,
}

impl Seen {
    /// What this process sees of a request. A CGI program is given the request in its own environment (RFC 3875 §4.1).
    pub fn of(request: &Request<'_>, house: &House) -> Seen {
        Seen {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            program: std::env::current_exe().unwrap_or_default(),
            cgi: std::env::var_os("REQUEST_METHOD").is_some(),
            authorization: request.authorization().map(|value| String::from_utf8_lossy(value).into_owned()),
            secure: request.secure,
            address: request.vars.text("REMOTE_ADDR").into_owned(),
            body: request.body.len(),
            limits: Limits::of_this_process(),
            configuration: effective::prints(&house.settings, &house.secret),
        }
    }
}

/// A pass for one probe.
pub fn sign(keys: &Keys) -> Result<String> {
    pass::sign(keys, Purpose::Probe, TTL)
}

/// POST `/doctor/probe/`
pub fn answer(request: &Request<'_>, house: &House, meters: &mut Meters) -> Result<Response> {
    let pass = request.header(CGI_FIELD).and_then(|pass| pass::verify(&house.keys, Purpose::Probe, pass));
    let once = Rate { count: 1, window: TTL };
    let mut used = |whose: &str| {
        let charge = Charge { bucket: "probe", reason: "probe", whose, rate: once, points: 1 };
        meters.charge(&house.settings, &charge).is_some()
    };
    match pass {
        Some(name) if !used(&name) => Ok(Response::json(200, &Seen::of(request, house))),
        _ => Err(not_found()),
    }
}

/// How the web server runs the program.
pub fn gateway(seen: &mut Seen) -> Finding {
    let program = seen.program.display();
    let named = |name: &str| seen.program.file_name().is_some_and(|file| file == name);
    match seen.cgi {
        false => Finding::ok(format!("FastCGI: {program} stays alive between requests")),
        true if named(PROGRAMS[1]) => Finding::ok(format!("CGI: {program} is started for each request")),
        true => Finding::ok(format!(
            "CGI: {program} is started for each request; with mod_fcgid it would stay alive, which is faster"
        )),
    }
}
