//! How a socket is opened. As long as it is not, it is refused as any request is.

use super::reply::{Reply, established};
use super::session::{admit, stay};
use super::state::State;
use super::texts;
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::text::{self, Message};
use crate::base::time::Timestamp;
use crate::base::token::{Claims, Purpose};
use crate::feature::meters::Charge;
use crate::feature::sessions::device;
use crate::feature::{Ctx, Settings};
use crate::http::Response;

/// The subprotocol that browsers name.
const PROTOCOL: &str = "tandem.v1";
/// What begins the other one, which carries the token: a browser's socket has no other field for it.
const BEARER: &str = "bearer.";
/// The limit of requests, which counts sockets that are opened.
const REQUESTS: &str = "requests";

/// Opens a socket.
pub fn open(ctx: &mut Ctx<'_>, connection: &str) -> Result<Response> {
    if ctx.request.header("ORIGIN").is_some_and(|origin| !is_allowed(origin, &ctx.house.settings)) {
        return refuse(Refused::Forbidden, &texts::OTHER_ORIGIN);
    }
    let protocols = ctx.request.header("SEC_WEBSOCKET_PROTOCOL").unwrap_or_default().to_owned();
    let claims = claims(ctx, &protocols)?;
    limit(ctx, &claims)?;
    let device = ctx.request.query.get("device_id").map(std::borrow::Cow::into_owned).unwrap_or_default();
    if !device::is_id(&device) {
        return Err(Refusal::field("device_id", Message::plain(&texts::DEVICE_ID)).into());
    }
    let mut state = State { device, ..State::default() };
    let (held, tenant) = admit(ctx, &claims, &state).map_err(outside)?;
    let own = &held.caller.device;
    if !own.is_empty() && *own != state.device {
        return Err(Refusal::field("device_id", Message::plain(&texts::OTHER_DEVICE)).into());
    }
    (state.user, state.session, state.author, state.tenant) =
        (held.caller.user, held.caller.session.clone(), held.author, tenant.id);
    let mut reply = Reply::default();
    reply.open();
    reply.begin(&held)?;
    reply.hear(&mut state, &held)?;
    let kinds: Vec<&str> = ctx.house.kinds().map(|kind| kind.name).collect();
    reply.say(&established(&state, Timestamp::now(), tenant.clock, &tenant.epoch, &kinds))?;
    stay(ctx, &mut state, &held);
    let answer = reply.answer(ctx.house, connection, &state)?;
    let speaks = protocols.split(',').any(|protocol| protocol.trim() == PROTOCOL);
    Ok(if speaks { answer.with("Sec-WebSocket-Protocol", PROTOCOL) } else { answer })
}

/// The claims of the token: of the field, or of a subprotocol.
fn claims(ctx: &Ctx<'_>, protocols: &str) -> Result<Claims> {
    let sent = protocols.split(',').find_map(|protocol| protocol.trim().strip_prefix(BEARER));
    let Some(token) = ctx.request.bearer().or(sent) else {
        return refuse(Refused::Unauthenticated("not_authenticated"), &text::NOT_AUTHENTICATED);
    };
    match ctx.house.keys.verify(token, Purpose::Access, ctx.now) {
        Some(claims) => Ok(claims),
        None => refuse(Refused::Unauthenticated("token_not_valid"), &text::TOKEN_NOT_VALID),
    }
}

/// Counts the opening as a request.
fn limit(ctx: &mut Ctx<'_>, claims: &Claims) -> Result<()> {
    let settings = &ctx.house.settings;
    let Some(rate) = settings.limit_requests else { return Ok(()) };
    let charge = Charge { bucket: REQUESTS, reason: REQUESTS, whose: &claims.user_id, rate, points: 1 };
    ctx.meters().charge(settings, &charge).map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// Who is in no couple and no team has nothing to hear of: 403, which an app does not take for a wrong address.
fn outside(error: Error) -> Error {
    match error {
        Error::Refused(refusal) if refusal.kind == Refused::NotFound => {
            Error::Refused(Box::new(Refusal { kind: Refused::Forbidden, ..*refusal }))
        }
        other => other,
    }
}

/// May pages of this origin open sockets? Browsers let any page try.
fn is_allowed(origin: &str, settings: &Settings) -> bool {
    settings.cors_origins.iter().any(|known| known == "*" || known == origin)
}
