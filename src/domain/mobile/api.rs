//! The REST face of uploads.

use super::batch::{DATA, KEY, Operation};
use super::texts;
use super::{domains, engine};
use crate::base::error::{Refusal, Result};
use crate::base::text::Message;
use crate::feature::Ctx;
use crate::http::{Response, body};
use serde_json::{Map, Value};

/// POST `/sync/{voice|behavioral|session|metrics}/`
pub fn telemetry(ctx: &mut Ctx<'_>) -> Result<Response> {
    let operation = Operation::List(domains::of_path(ctx.route.path)?);
    upload(ctx, operation, body::lists(ctx.request, &[DATA])?)
}

/// POST `/sync/batch/`
pub fn batch(ctx: &mut Ctx<'_>) -> Result<Response> {
    let lists: Vec<&str> = Operation::Batch.contents().into_iter().map(|content| Operation::Batch.member(content)).collect();
    upload(ctx, Operation::Batch, body::lists(ctx.request, &lists)?)
}

/// Takes an upload through REST, where the key may stand in the header field instead of the body. In both it must be one.
///
/// # Errors
/// Two keys; as [`engine::sync`].
pub fn upload(ctx: &mut Ctx<'_>, operation: Operation, mut body: Map<String, Value>) -> Result<Response> {
    if let Some(key) = ctx.request.header("IDEMPOTENCY_KEY") {
        let inner = body.insert(KEY.to_owned(), key.into()).filter(|inner| !inner.is_null());
        if inner.is_some_and(|inner| inner != key) {
            return Err(Refusal::field(KEY, Message::plain(&texts::KEYS_DIFFER)).into());
        }
    }
    engine::sync(ctx, operation, &body, operation.points())
}
