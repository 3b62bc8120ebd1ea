//! A socket's session: it is admitted anew at each event, and its device need not be woken as long as it is there.

use super::hold::{self, Held};
use super::reply::Reply;
use super::state::State;
use crate::base::error::{Error, Result};
use crate::base::time::MINUTE;
use crate::base::token::Claims;
use crate::feature::signals::{SOCKET, note_slow};
use crate::feature::{Ctx, Tenant};
use crate::http::Response;

/// How long a socket counts as held that says nothing, in milliseconds: its client says something every few minutes.
const HELD: i64 = 6 * MINUTE;

/// Admits the socket's session, and looks what it hears now.
pub fn admit(ctx: &mut Ctx<'_>, claims: &Claims, state: &State) -> Result<(Held, Tenant)> {
    let (house, request, route) = (ctx.house, ctx.request, ctx.route);
    let mut found = None;
    let mut inner = ctx.within(request, route, Some(claims.clone()));
    (house.read)(&mut inner, &mut |ctx| {
        found = Some((hold::of(ctx, &state.chosen)?, ctx.tenant()?.clone()));
        Ok(Response::empty(204))
    })?;
    found.ok_or_else(|| Error::internal("a socket was admitted and is not"))
}

/// Notes that the device holds a socket: it need not be woken.
pub fn stay(ctx: &mut Ctx<'_>, state: &mut State, held: &Held) {
    let (settings, until) = (&ctx.house.settings, ctx.now.plus(HELD));
    ctx.meters().note(settings, SOCKET, &state.author.to_string(), until);
    state.noted = until;
    if held.saver {
        note_slow(settings, until);
    }
}

/// It holds none any more, unless another socket of the same device has said so since.
pub fn leave(ctx: &mut Ctx<'_>, state: &State) {
    let settings = &ctx.house.settings;
    ctx.meters().forget(settings, SOCKET, &state.author.to_string(), state.noted);
}

/// Has the engine skip what the session's device does itself, where it is another one than before: it was registered since.
pub fn follow(ctx: &mut Ctx<'_>, state: &mut State, held: &Held, reply: &mut Reply) -> Result<()> {
    if held.author == state.author {
        return Ok(());
    }
    leave(ctx, state);
    state.author = held.author;
    stay(ctx, state, held);
    reply.skip(held)
}
