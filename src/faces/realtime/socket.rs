//! POST `/ws/mobile/sync/`: what happens on a socket, as the engine passes it on (WebSocket-over-HTTP). Each event is admitted like a
//! request: a session that ended is closed at its next one.

use super::events::{self, Event, Kind, MEDIA_TYPE};
use super::hold::Held;
use super::opening;
use super::reply::{Close, MAX_MESSAGE, Reply, about};
use super::session::{admit, follow, leave};
use super::state::{self, State};
use super::talk::Talk;
use super::{texts, way, within, words};
use crate::base::error::{Error, Refused, Result, refuse};
use crate::base::json;
use crate::base::text::Message;
use crate::base::token::Claims;
use crate::feature::Ctx;
use crate::feature::meters::Charge;
use crate::http::{Response, bounds};
use serde_json::{Map, Value};

/// How often a socket may send too much within a while before it is closed.
const STRIKES: u8 = 3;
/// The name of the limit.
const LIMIT: &str = "socket";

/// POST `/ws/mobile/sync/`
pub fn serve(ctx: &mut Ctx<'_>) -> Result<Response> {
    let engine = way::engine(ctx)?;
    way::require(ctx, engine)?;
    let is_events = ctx.request.vars.text("CONTENT_TYPE").split(';').next().is_some_and(|media| media.trim() == MEDIA_TYPE);
    let Some(events) = events::read(&ctx.request.body).filter(|_| is_events) else {
        return refuse(Refused::MediaType, &texts::NOT_THIS_WAY);
    };
    let connection = ctx.request.header("CONNECTION_ID").unwrap_or_default().to_owned();
    if events.first().is_some_and(|event| event.kind == Kind::Open) {
        return opening::open(ctx, &connection);
    }
    let kept = ctx.request.header(state::GET).and_then(|text| State::open(ctx.house, &connection, text));
    let Some(mut state) = kept else { return Ok(Reply::closing(Close::SignedOut)) };
    if events.iter().any(|event| event.kind == Kind::Disconnect) {
        leave(ctx, &state);
        return Ok(Response::bytes(200, MEDIA_TYPE, Vec::new()));
    }
    // Whatever goes wrong closes the socket by a code that its client knows; another status would only cut it off.
    match go_on(ctx, &mut state, &events) {
        Ok(reply) => {
            if reply.is_closed() {
                leave(ctx, &state);
            }
            reply.answer(ctx.house, &connection, &state)
        }
        Err(error) => {
            if !matches!(error, Error::Refused(_)) {
                log::error!("an event of a socket: {error}");
            }
            ctx.note_lost(&error);
            leave(ctx, &state);
            Ok(Reply::closing(why(&error)))
        }
    }
}

/// What is said and heard.
fn go_on(ctx: &mut Ctx<'_>, state: &mut State, events: &[Event<'_>]) -> Result<Reply> {
    let mut reply = Reply::speaking(ctx.request.language);
    let claims = within::claims(ctx, state.user, &state.session);
    let (held, tenant) = admit(ctx, &claims, state)?;
    if tenant.id != state.tenant {
        reply.close(Close::Elsewhere);
        return Ok(reply);
    }
    follow(ctx, state, &held, &mut reply)?;
    reply.hear(state, &held)?;
    for event in events {
        answer(ctx, state, (&claims, &held), event, &mut reply)?;
        if reply.is_closed() {
            break;
        }
    }
    Ok(reply)
}

/// What is answered to an event; whatever a client causes counts, because each event takes a request.
fn answer(
    ctx: &mut Ctx<'_>,
    state: &mut State,
    (claims, held): (&Claims, &Held),
    event: &Event<'_>,
    reply: &mut Reply,
) -> Result<()> {
    match event.kind {
        Kind::Open | Kind::Disconnect => return Ok(()),
        Kind::Close => {
            reply.close(Close::Answer);
            return Ok(());
        }
        Kind::Text if event.content.len() > MAX_MESSAGE => {
            reply.close(Close::Unsound);
            return Ok(());
        }
        Kind::Text | Kind::Binary | Kind::Ping | Kind::Pong => {}
    }
    let wait = over(ctx, state);
    if wait.is_some() && state.strike(ctx.now) >= STRIKES {
        reply.close(Close::TooMany);
        return Ok(());
    }
    match (event.kind, wait) {
        (Kind::Text, _) => hear(ctx, state, (claims, held, wait), event.content, reply),
        (_, Some(wait)) => too_often(reply, wait, &Map::new()),
        (Kind::Binary, None) => reply.fail("INVALID_MESSAGE", &Message::plain(&texts::NOT_TEXT), false, &[]),
        (Kind::Ping, None) => {
            reply.pong(event.content);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// One message of a client, which is read even if it has to wait: its client is told which it was.
fn hear(
    ctx: &mut Ctx<'_>,
    state: &mut State,
    (claims, held, wait): (&Claims, &Held, Option<u32>),
    text: &[u8],
    reply: &mut Reply,
) -> Result<()> {
    let read: Result<Value> = bounds::json(text).and_then(|()| json::read(text));
    match (read, wait) {
        (Ok(Value::Object(message)), None) => words::answer(&mut Talk { ctx, state, claims, held, message: &message, reply }),
        (Ok(Value::Object(message)), Some(wait)) => too_often(reply, wait, &message),
        (_, Some(wait)) => too_often(reply, wait, &Map::new()),
        (_, None) => reply.fail("INVALID_MESSAGE", &Message::plain(&texts::NOT_OBJECT), false, &[]),
    }
}

/// It has to wait for so many seconds.
fn too_often(reply: &mut Reply, wait: u32, message: &Map<String, Value>) -> Result<()> {
    let wait = Value::from(wait);
    let told: Vec<_> = about(message).into_iter().chain([("retry_after", &wait)]).collect();
    reply.fail("RATE_LIMIT_EXCEEDED", &Message::plain(&texts::TOO_OFTEN), true, &told)
}

/// Seconds to wait, if the socket's session sends too much.
fn over(ctx: &mut Ctx<'_>, state: &State) -> Option<u32> {
    let settings = &ctx.house.settings;
    let rate = settings.limit_socket?;
    let charge = Charge { bucket: LIMIT, reason: LIMIT, whose: &state.session, rate, points: 1 };
    match ctx.meters().charge(settings, &charge)?.kind {
        Refused::TooMany(seconds) => Some(seconds),
        _ => None,
    }
}

/// Why a socket ends whose event was refused.
fn why(error: &Error) -> Close {
    match error {
        Error::Refused(refusal) => match refusal.kind {
            Refused::Unauthenticated(_) => Close::SignedOut,
            Refused::NotFound | Refused::Forbidden => Close::Elsewhere,
            _ => Close::Unavailable,
        },
        _ => Close::Unavailable,
    }
}
