//! Answers a request within another one, as a message of a socket is: found, limited and guarded as if it had come by itself.

use super::guard::meter::over;
use super::guard::transact::call;
use super::guard::versions::settle;
use super::log::failure;
use super::route::{Found, find};
use crate::base::error::{Refusal, Refused, Result};
use crate::base::text;
use crate::base::token::Claims;
use crate::feature::{Calls, Ctx};
use crate::http::{Request, Response, problem};

/// Answers it, for the session of these claims.
pub fn ask(ctx: &mut Ctx<'_>, request: &mut Request<'_>, claims: &Claims) -> Response {
    answer(ctx, request, claims).unwrap_or_else(|error| {
        failure(request, &error);
        ctx.note_lost(&error);
        problem::answer(&error, request)
    })
}

fn answer(ctx: &mut Ctx<'_>, request: &mut Request<'_>, claims: &Claims) -> Result<Response> {
    let house = ctx.house;
    let Found::Route(route) = find(house.features, request) else {
        return Err(Refusal::new(Refused::NotFound, &text::NOT_FOUND).into());
    };
    settle(request, route)?;
    if let Some(answer) = over(ctx.meters(), request, house, route, Some(claims)) {
        return Ok(answer);
    }
    request.query.check()?;
    let Calls::Handler(handler) = route.calls else {
        return Err(Refusal::new(Refused::NotFound, &text::NOT_FOUND).into());
    };
    let mut inner = ctx.within(request, route, Some(claims.clone()));
    let answer = call(&mut inner, handler);
    let left = inner.leave();
    ctx.take_over(left);
    answer
}
