//! Are sockets and streams held?

use super::{FILE, Finding, Patient};
use crate::base::id;
use crate::feature::Settings;
use crate::feature::signals::try_out;
use serde_json::json;

/// The engine takes what is published, if there is one.
pub fn sockets(patient: &mut Patient) -> Finding {
    let Ok(loaded) = &patient.loaded else { return Finding::skipped("configuration") };
    let settings = &loaded.settings;
    let grip = &settings.grip;
    match (grip.engine(), grip.control, &grip.key) {
        (Some(_), ..) => tried(settings),
        (None, None, None) => Finding::ok("no sockets and no streams: apps poll (deploy/pushpin says what they take)"),
        (None, control, _) => {
            let missing = if control.is_some() { "grip.key" } else { "grip.control_url" };
            Finding::problem(format!("no sockets and no streams: {missing} is not set"), format!("set both or neither: {FILE}"))
        }
    }
}

/// Publishes something on a channel that nobody hears.
fn tried(settings: &Settings) -> Finding {
    let nobody = json!({"channel": format!("doctor-{}", id::opaque()), "formats": {"ws-message": {"content": "{}"}}});
    match try_out(settings, &[nobody]) {
        Ok(()) => Finding::ok("Pushpin takes what is published"),
        Err(error) => Finding::problem(
            format!("who holds a socket or a stream is told of nothing: {error}"),
            "see that Pushpin runs (systemctl status tandem-pushpin) and that grip.control_url is where its push_in_http_port is; apps poll meanwhile",
        ),
    }
}
