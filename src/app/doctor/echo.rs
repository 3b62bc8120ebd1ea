//! Does what is published come back? The doctor holds a connection through the engine, publishes something to it, and waits.

use super::{Finding, pass, probe};
use crate::base::error::{Result, not_found};
use crate::base::json;
use crate::base::passport;
use crate::base::time::Timestamp;
use crate::base::token::{Keys, Purpose};
use crate::feature::House;
use crate::feature::Settings;
use crate::feature::meters::Meters;
use crate::feature::signals::try_out;
use crate::http::{Request, Response};
use serde_json::{Value, json};

/// Its path below the mount: among those that the engine is handed.
pub const PATH: &str = "/push/stream/doctor/";
/// Seconds until the engine answers what was not published to.
const TIMEOUT: &str = "5";
/// What is published.
const BACK: &str = "back";

/// GET `/push/stream/doctor/`
pub fn answer(request: &Request<'_>, house: &House, _: &mut Meters) -> Result<Response> {
    let name = request.header(probe::CGI_FIELD).and_then(|pass| pass::verify(&house.keys, Purpose::Probe, pass));
    let (Some(name), Some(engine)) = (name, house.settings.grip.engine()) else { return Err(not_found()) };
    let signature = request.header("GRIP_SIG").unwrap_or_default();
    if !passport::is_good(signature, engine.key, Timestamp::now()) {
        return Ok(Response::json(200, &json!({"signed": false})));
    }
    let held = Response::json(200, &json!({"signed": true}));
    Ok(held.with("Grip-Hold", "response").with("Grip-Channel", channel(&name)).with("Grip-Timeout", TIMEOUT))
}

fn channel(name: &str) -> String {
    format!("doctor-{name}")
}

/// Publishes to whoever came with this pass.
///
/// # Errors
/// In words for the operator.
pub fn publish(settings: &Settings, keys: &Keys, pass: &str) -> Result<()> {
    let name = pass::verify(keys, Purpose::Probe, pass).unwrap_or_default();
    let response = json!({"code": 200, "headers": {"Content-Type": "application/json"}, "body": format!("\"{BACK}\"")});
    try_out(settings, &[json!({"channel": channel(&name), "formats": {"http-response": response}})])
}

/// What is to be said of what came back.
pub fn judged(address: &str, status: u16, body: &[u8]) -> Finding {
    let said: Value = json::read(body).unwrap_or_default();
    match (status, said.as_str(), said["signed"].as_bool()) {
        (200, Some(BACK), _) => Finding::ok(format!("what is published comes back through {address}")),
        (200, _, Some(true)) => Finding::problem(
            format!("{address} is held, and what is published does not come back"),
            "grip.control_url must be of the same Pushpin that answers there (push_in_http_port)",
        ),
        (200, _, Some(false)) => Finding::problem(
            format!("{address} reaches the program without a signature of Pushpin that it knows"),
            "hand sockets and streams to Pushpin (deploy/pushpin/README.md, step 5), whose sig_key must be grip.key and sig_iss tandem",
        ),
        _ => Finding::problem(
            format!("{address} answers {status}"),
            "see that your web server hands sockets and streams to Pushpin and Pushpin's routes lead to the program (deploy/pushpin/README.md)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::doctor::Level;

    #[test]
    fn what_comes_back_tells_what_is_wrong() {
        let of = |status, body: &str| judged("https://rt.example/api", status, body.as_bytes());
        assert_eq!(of(200, "\"back\"").level, Level::Ok);
        for (status, body, words) in [
            (200, "{\"signed\": true}", "does not come back"),
            (200, "{\"signed\": false}", "without a signature"),
            (502, "", "answers 502"),
            (404, "{}", "answers 404"),
        ] {
            let finding = of(status, body);
            assert!(finding.level == Level::Problem && finding.saw.contains(words), "{}", finding.saw);
        }
    }
}
