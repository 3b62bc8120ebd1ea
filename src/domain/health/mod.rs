//! What this is, and whether it works.

use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::feature::{Access, Ctx, Feature, Meter, Route};
use crate::http::Response;
use schemars::JsonSchema;
use serde::Serialize;

/// The registry entry.
pub const FEATURE: Feature = Feature::new("health", ROUTES);

const ROUTES: &[Route] = &[
    Route::get("/", Access::Public, home, "What this is").own().metered(Meter::Free).gives::<About>(200),
    Route::get("/health/", Access::Public, health, "Whether it works, for monitors").metered(Meter::Free).gives::<Health>(200),
];

/// What this is.
#[derive(Serialize, JsonSchema)]
struct About {
    /// Tandem.
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// ok: whoever reads this reached it.
    status: &'static str,
}

/// Whether it works: whatever does not work is answered by a problem instead.
#[derive(Serialize, JsonSchema)]
struct Health {
    /// ok
    status: &'static str,
    /// ok
    database: &'static str,
    /// The version of the database's schema.
    schema: i64,
    /// The wall clock.
    time: Timestamp,
}

fn home(_: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &About { name: "Tandem", version: env!("CARGO_PKG_VERSION"), status: "ok" }))
}

fn health(ctx: &mut Ctx<'_>) -> Result<Response> {
    let schema = ctx.db.schema_version()?;
    Ok(Response::json(200, &Health { status: "ok", database: "ok", schema, time: ctx.now }))
}
