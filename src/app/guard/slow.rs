//! Bodies are read within the bounds of their routes, and few slow ones are waited for: each keeps a process, and a shared
//! account has some twenty.

use super::texts;
use crate::base::error::{Refusal, Refused, Result};
use crate::base::text::Message;
use crate::base::time::Timestamp;
use crate::base::token::Claims;
use crate::feature::meters::{Meters, Place, Places};
use crate::feature::{Route, Settings};
use crate::http::{Request, body, peer};
use std::io::Read;

/// Slow bodies of a user at a time: a phone sends one upload after another.
const OF_USER: u32 = 1;
/// Slow bodies from an address at a time: a household behind a bad connection.
const FROM_ADDRESS: u32 = 4;
/// Seconds after which a slow body that found no place may come again: most are there by then.
const RETRY_AFTER: u32 = 15;

/// Reads the body of a request.
///
/// # Errors
/// When it is too large for its route, too slow, or one slow body too many.
pub fn read(
    request: &mut Request<'_>,
    from: &mut dyn Read,
    route: &Route,
    settings: &Settings,
    meters: &mut Meters,
    token: Option<&Claims>,
) -> Result<()> {
    let address = peer::network(&request.address);
    let user = token.map(|claims| Places { name: "slow body of", whose: claims.user_id.as_str(), count: OF_USER });
    let all = [user, Some(Places { name: "slow body from", whose: address.as_str(), count: FROM_ADDRESS })];
    let mut taken: Vec<Place> = Vec::new();
    let outcome = body::read(request, from, route.most_bytes(), &mut |left| {
        let until = Timestamp::now().plus(i64::try_from(left.as_millis()).unwrap_or(i64::MAX));
        for places in all.iter().flatten() {
            match meters.take_place(settings, places, until) {
                Some(place) => taken.push(place),
                None => return Some(Refusal::with(Refused::TooMany(RETRY_AFTER), Message::plain(&texts::SLOW_BODIES))),
            }
        }
        None
    });
    taken.into_iter().for_each(|place| meters.leave_place(settings, place));
    outcome
}
