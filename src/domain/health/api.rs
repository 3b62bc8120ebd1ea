//! The first answer of a new installation, and the answer for monitors. Neither tells anything that is not for everybody.

use super::rules::{self, About, Checks, Health, State};
use super::store;
use crate::base::error::Result;
use crate::feature::Ctx;
use crate::http::{Response, problem};
use serde_json::{Map, json};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// For the operator who has just uploaded the program: it goes with the first account, so nobody else sees it.
const SETUP: &str = "It works. Nobody has an account yet: register in the app, or run `tandem user create NAME`. Then let cron run \
     `tandem maintain --quiet` every night, and `tandem doctor` once; without a shell, open doctor/ below this address.";

/// GET `/`
pub fn home(ctx: &mut Ctx<'_>) -> Result<Response> {
    let setup = if store::anybody(ctx.db)? { None } else { Some(SETUP) };
    Ok(Response::json(200, &About { name: "Tandem", version: VERSION, status: "ok", setup }))
}

/// GET `/health/`
pub fn health(ctx: &mut Ctx<'_>) -> Result<Response> {
    let (memory, folder) = (store::memory(ctx.db, ctx.now)?, ctx.house.settings.data.as_path());
    let checks = Checks {
        database: store::writable(ctx.db, folder)?,
        // With a schema that the program may not use, no request comes as far as here.
        schema: State::Ok,
        disk: rules::room(store::free_space(folder).ok()),
        clock: rules::clock(memory, ctx.now),
        maintenance: rules::maintenance(memory, ctx.now),
    };
    let status = checks.worst();
    if status == State::Fail {
        return Ok(problem::unwell(Map::from_iter([("failing".to_owned(), json!(checks.failing()))]), ctx.request));
    }
    let (schema, maintained_at) = (ctx.db.schema_version()?, memory.maintained);
    Ok(Response::json(200, &Health { status, version: VERSION, schema, time: ctx.now, maintained_at, checks }))
}
