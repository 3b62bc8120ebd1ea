//! What is to go is announced in every answer, and from its last day on refused; so is a client's app that is too old. What takes
//! unsent work stays open for longer: phones that were offline hold edits.

use super::texts;
use crate::base::error::{Refusal, Refused, Result};
use crate::base::text::Message;
use crate::base::time::{self, SECOND, Timestamp};
use crate::feature::lifecycle::clients::{Age, Client};
use crate::feature::lifecycle::{Entry, State, Target};
use crate::feature::meters::Meters;
use crate::feature::usage::{SAMPLED, Use};
use crate::feature::{Face, House, Route};
use crate::http::{Request, Response, problem};
use serde_json::{Map, Value, json};

/// What stays open beside whatever writes: signing in, and what says why the rest is closed.
const OPEN: &[&str] = &["/auth/", "/version/", "/deprecations/", "/problems/", "/openapi.json"];

/// Does a route take unsent work, or lead to what does?
pub fn takes_work(route: &Route) -> bool {
    let writes = route.method.writes() && matches!(route.face, Face::Rest | Face::Graphql);
    writes || OPEN.iter().any(|path| route.path.starts_with(path))
}

/// Reminds a client's app that it is old, in the field and the words that Kinto's clients understand.
pub fn greet(request: &mut Request<'_>, house: &House) {
    if house.lifecycle.clients.is_empty() {
        return;
    }
    let caller = Client::of_request(request);
    let Some(minimum) = house.lifecycle.minimum(caller) else { return };
    let age = minimum.age(caller.version, Timestamp::now());
    let (code, text) = match age {
        Age::Fresh => return,
        Age::Soft => ("soft-eol", &texts::CLIENT_OLD),
        Age::Hard(_) => ("hard-eol", &texts::CLIENT_TOO_OLD),
    };
    let message = Message::with(text, &[&minimum.least().unwrap_or_default()]);
    let told = json!({"code": code, "message": message.render(request.language), "url": minimum.url});
    if let Age::Hard(until) = age {
        request.too_old = Some((Refusal::with(Refused::ClientTooOld, message), until));
    }
    request.notices.push(("Alert", ascii(&told.to_string())));
}

/// JSON whose bytes may stand in a header field, whatever the language.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    let escaped = |c: char, units: &mut [u16; 2]| c.encode_utf16(units).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    json.chars().map(|c| if c.is_ascii() { c.to_string() } else { escaped(c, &mut units) }).collect()
}

/// Counts the use of what is to go; and of the other requests one in so many, for the share of versions and apps.
pub fn count(request: &Request<'_>, house: &House, route: &Route, meters: &mut Meters) {
    let (targets, versioned) = (house.lifecycle.targets(route, request.version), route.is_versioned());
    let share = Target::Version(request.version.number);
    let sampled = versioned && is_sampled(&request.id) && !targets.contains(&&share);
    if targets.is_empty() && !sampled {
        return;
    }
    let (client, now) = (Client::of_request(request), Timestamp::now());
    let version = if versioned { request.version.number } else { 0 };
    let counts = targets.into_iter().map(|target| (target, 1)).chain(sampled.then_some((&share, SAMPLED)));
    for (target, times) in counts {
        let one = Use { target: &target.to_string(), version, client, times };
        meters.usage.count(&house.settings.data, &one, now);
    }
}

/// One in [`SAMPLED`], by the request's id (FNV-1a).
fn is_sampled(id: &str) -> bool {
    let hash = id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash ^ (hash >> 16)).is_multiple_of(SAMPLED)
}

/// The answer to a request for what is gone, or of a client that is too old; `None` lets it pass, with what is to be announced.
///
/// # Errors
/// That refusal, of a route whose errors are no problems.
pub fn gone(request: &mut Request<'_>, house: &House, route: &Route) -> Result<Option<Response>> {
    if request.too_old.is_none() && house.lifecycle.entries.is_empty() {
        return Ok(None);
    }
    let now = Timestamp::now();
    let sunset = sunset(request, house, route, now);
    let Some((refusal, told)) = too_old(request, house, route, now).or(sunset) else { return Ok(None) };
    if route.face == Face::Rest { Ok(Some(problem::refused_with(&refusal, request, told))) } else { Err(refusal.into()) }
}

type Gone = (Refusal, Map<String, Value>);

/// Is the client's app refused here? What has no versions tells it what to do, and GraphQL knows later what is asked.
fn too_old(request: &Request<'_>, house: &House, route: &Route, now: Timestamp) -> Option<Gone> {
    let (refusal, until) = request.too_old.clone().filter(|_| route.is_versioned())?;
    let minimum = house.lifecycle.minimum(Client::of_request(request))?;
    let open = takes_work(route) && now < until;
    let told = json!({"minimum": minimum.hard, "url": minimum.url, "drain_until": until});
    (!open).then(|| (refusal, members(told)))
}

/// Is the route gone? Announces it in any case.
fn sunset(request: &mut Request<'_>, house: &House, route: &Route, now: Timestamp) -> Option<Gone> {
    let entry = house.lifecycle.on(route, request.version)?;
    announce(request, &entry);
    let until = entry.drain_until().filter(|_| entry.state(now) == State::Gone)?;
    let open = takes_work(route) && now < until;
    let day = entry.sunset.map(|at| at.to_string().chars().take("2026-01-16".len()).collect::<String>()).unwrap_or_default();
    let refusal = Refusal::with(Refused::Sunset, Message::with(&texts::SUNSET, &[&day]));
    let told = json!({
        "target": entry.target, "sunset": entry.sunset, "successor": entry.successor, "link": page(request, &entry).0,
        "drain_until": until,
    });
    (!open).then(|| (refusal, members(told)))
}

fn members(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link` with their relations and the successor's (RFC 5829).
fn announce(request: &mut Request<'_>, entry: &Entry) {
    if let Some(since) = entry.since {
        request.notices.push(("Deprecation", format!("@{}", since.0 / SECOND)));
    }
    let (page, media) = page(request, entry);
    let mut links = vec![format!("<{page}>; rel=\"deprecation\"; type=\"{media}\"")];
    links.extend(successor(request, entry).map(|path| format!("<{path}>; rel=\"successor-version\"")));
    if let Some(sunset) = entry.sunset {
        request.notices.push(("Sunset", time::http(sunset)));
        links.push(format!("<{page}>; rel=\"sunset\"; type=\"{media}\""));
    }
    request.notices.push(("Link", links.join(", ")));
}

/// Where developers read more: what the operator named, else the list of everything that is to go.
fn page(request: &Request<'_>, entry: &Entry) -> (String, &'static str) {
    match &entry.link {
        Some(link) => (link.clone(), "text/html"),
        None => (format!("{}/deprecations/", request.mount()), "application/json"),
    }
}

/// The path that takes the place of the one that was asked, where that is one.
fn successor(request: &Request<'_>, entry: &Entry) -> Option<String> {
    let (version, below) = match entry.successor.as_ref()? {
        Target::Version(number) => (Some(number), request.path.as_ref()?.join("/") + "/"),
        Target::Route { version, path, .. } => (version.as_ref(), filled(path, &request.captured)?),
        Target::Graphql(_) => return Some(format!("{}/graphql/", request.mount())),
    };
    let version = version.map_or_else(String::new, |number| format!("/v{number}"));
    let path = format!("{}{version}/{}", request.mount(), below.trim_start_matches('/'));
    path.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\".contains(&byte)).then_some(path)
}

/// A pattern with these segments in the places of its `{…}`; `None` where it has more of them.
fn filled(pattern: &str, captured: &[String]) -> Option<String> {
    let mut captured = captured.iter();
    let filled =
        pattern.split('/').map(|part| if part.starts_with('{') { captured.next().map(String::as_str) } else { Some(part) });
    Some(filled.collect::<Option<Vec<&str>>>()?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_ascii_in_any_language() {
        let written = ascii(&json!({"message": "앱 — 😀"}).to_string());
        assert!(written.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap()["message"], "앱 — 😀");
    }

    #[test]
    fn a_successor_takes_the_segments_over() {
        let captured = ["7".to_owned()];
        assert_eq!(filled("/goals/{id}/", &captured).as_deref(), Some("/goals/7/"));
        assert_eq!((filled("/a/{id}/{n}/", &captured), filled("/a/", &captured).as_deref()), (None, Some("/a/")));
    }
}
