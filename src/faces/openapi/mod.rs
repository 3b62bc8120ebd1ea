//! The description of the API (OpenAPI 3.1), made from the registry and the types on each request: it cannot drift.

mod answers;
pub mod document;
mod examples;
mod operation;
mod retired;

use crate::base::error::Result;
use crate::feature::{Access, Content, Ctx, Feature, Route, Schemas};
use crate::http::Response;
use schemars::{Schema, json_schema};

/// The registry entry.
pub const FEATURE: Feature = Feature::new("openapi", ROUTES);

const ROUTES: &[Route] = &[Route::get("/openapi.json", Access::Public, show, "This description of the API")
    .own()
    .answers(200, Content::Json(describe))];

fn show(ctx: &mut Ctx<'_>) -> Result<Response> {
    Ok(Response::json(200, &document::with(ctx.house.features, &ctx.request.mount(), ctx.request.version, &ctx.house.lifecycle)))
}

/// The frame of the document; the specification has the rest (spec.openapis.org/oas/v3.1.1).
fn describe(_: &mut Schemas) -> Schema {
    json_schema!({
        "type": "object",
        "required": ["openapi", "info", "paths"],
        "properties": {"openapi": {"const": document::OPENAPI}, "info": {"type": "object"}, "paths": {"type": "object"}},
        "additionalProperties": true,
    })
}
