//! Which limit counts a route: requests and polls. Uploads and GraphQL are counted where their cost is known.

use crate::base::error::{Refusal, Refused};
use crate::base::token::Claims;
use crate::feature::meters::{Charge, Meters};
use crate::feature::{House, Meter, Rate, Route, Settings};
use crate::http::{Request, Response, problem};
use serde_json::Map;

/// How many times longer than an idle client a poller over its limit shall wait.
const BACK_OFF: u32 = 4;

/// The answer to a caller who is over a limit; `None` lets them pass.
pub fn over(
    meters: &mut Meters,
    request: &Request<'_>,
    house: &House,
    route: &Route,
    token: Option<&Claims>,
) -> Option<Response> {
    let (reason, rate) = limit(route.meter, &house.settings)?;
    let whose = token.map_or(request.address.as_str(), |claims| claims.user_id.as_str());
    let charge = Charge { bucket: reason, reason, whose, rate, points: 1 };
    let refusal = meters.charge(&house.settings, &charge)?;
    Some(refused(request, route.meter, &house.settings, &refusal))
}

fn limit(meter: Meter, settings: &Settings) -> Option<(&'static str, Rate)> {
    match meter {
        Meter::Requests => Some(("requests", settings.limit_requests?)),
        Meter::Polls => Some(("polls", settings.limit_polls?)),
        Meter::Uploads | Meter::Graphql | Meter::Free => None,
    }
}

/// 429 (RFC 6585 §4); a poller learns when to poll again.
fn refused(request: &Request<'_>, meter: Meter, settings: &Settings, refusal: &Refusal) -> Response {
    let mut extension = Map::new();
    if let (Meter::Polls, Refused::TooMany(seconds)) = (meter, refusal.kind) {
        extension.insert("poll_after".to_owned(), seconds.max(settings.poll_idle.saturating_mul(BACK_OFF)).into());
    }
    problem::refused_with(refusal, request, extension)
}
