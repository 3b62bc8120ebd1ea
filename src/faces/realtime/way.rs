//! Did a request come through the engine? It shows that by a signature, and where none is set up nothing is held.

use super::texts;
use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::passport;
use crate::feature::{Ctx, Engine};

/// The engine, if there is one.
///
/// # Errors
/// [`Refused::RealtimeUnavailable`], with how often to poll.
pub fn engine<'c>(ctx: &Ctx<'c>) -> Result<Engine<'c>> {
    ctx.house.settings.grip.engine().ok_or_else(|| unavailable(ctx))
}

/// Why nothing is held: an app polls.
pub fn unavailable(ctx: &Ctx<'_>) -> Error {
    Refusal::new(Refused::RealtimeUnavailable, &texts::UNAVAILABLE).and("poll_after", ctx.poll_every(false)).into()
}

/// Did the request come through the engine?
pub fn is_signed(ctx: &Ctx<'_>, engine: Engine<'_>) -> bool {
    ctx.request.header("GRIP_SIG").is_some_and(|signature| passport::is_good(signature, engine.key, ctx.now))
}

/// Refuses what did not.
///
/// # Errors
/// [`Refused::Forbidden`].
pub fn require(ctx: &Ctx<'_>, engine: Engine<'_>) -> Result<()> {
    if is_signed(ctx, engine) { Ok(()) } else { refuse(Refused::Forbidden, &texts::NOT_THIS_WAY) }
}
