//! What this is, and whether it works.

use crate::base::error::Result;
use crate::feature::{Access, Ctx, Feature, Meter, Route};
use crate::http::Response;
use serde_json::json;

/// The registry entry.
pub const FEATURE: Feature = Feature::new("health", ROUTES);

const ROUTES: &[Route] = &[
    Route::get("/", Access::Public, home, "What this is").own().metered(Meter::Free),
    Route::get("/health/", Access::Public, health, "Whether it works, for monitors").metered(Meter::Free),
];

fn home(_: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &json!({"name": "Tandem", "version": env!("CARGO_PKG_VERSION"), "status": "ok"})))
}

fn health(ctx: &mut Ctx<'_>) -> Result<Response> {
    let schema = ctx.db.schema_version()?;
    Ok(Response::json(200, &json!({"status": "ok", "database": "ok", "schema": schema, "time": ctx.now})))
}
