//! The REST face of uploads.

use super::batch::{DATA, KEY, Operation};
use super::texts;
use super::{domains, engine, words};
use crate::base::error::{Refusal, Result};
use crate::base::json;
use crate::base::text::Message;
use crate::feature::Ctx;
use crate::http::{Response, body, key};
use serde_json::{Map, Value};

/// POST `/sync/{voice|behavioral|session|metrics}/`
pub fn telemetry(ctx: &mut Ctx<'_>) -> Result<Response> {
    let operation = Operation::List(domains::of_path(ctx.route.path)?);
    let response = upload(ctx, operation, body::lists(ctx.request, &[DATA])?)?;
    versioned(ctx, response)
}

/// POST `/sync/batch/`
pub fn batch(ctx: &mut Ctx<'_>) -> Result<Response> {
    let lists: Vec<&str> = Operation::Batch.contents().into_iter().map(|content| Operation::Batch.member(content)).collect();
    let response = upload(ctx, Operation::Batch, body::lists(ctx.request, &lists)?)?;
    versioned(ctx, response)
}

/// The version of the API in which an error's code is the word of its reason.
pub const WORDS_SINCE: u8 = 2;

/// An answer in the form of the version that was asked for: it is kept in that of version 1.
///
/// # Errors
/// When it is no JSON, which is a defect.
pub fn versioned(ctx: &Ctx<'_>, response: Response) -> Result<Response> {
    let has = |member: &[u8]| response.body.windows(member.len()).any(|part| part == member);
    if ctx.request.version.number < WORDS_SINCE || !(has(b"\"errors\":[{") || has(b"\"error\":{")) {
        return Ok(response);
    }
    let mut answer: Value = json::read(&response.body)?;
    put_words(&mut answer);
    let body = json::write(&answer)?.into_bytes();
    Ok(Response { body, ..response })
}

/// Gives the errors of an answer, of its lists too, the word of their reason as their code.
fn put_words(answer: &mut Value) {
    let Some(members) = answer.as_object_mut() else { return };
    for (name, member) in members {
        match (name.as_str(), member) {
            ("errors", Value::Array(errors)) => errors.iter_mut().for_each(put_word),
            ("error", error) => put_word(error),
            (_, result) if result.get("errors").is_some() => put_words(result),
            _ => {}
        }
    }
}

fn put_word(error: &mut Value) {
    let Some(reason) = error.get("reason").and_then(Value::as_str).map(str::to_owned) else { return };
    // A queue may drop what will never be taken, once its user was told.
    let is_poison = error["retryable"] == false && words::is_hopeless(&reason);
    error["code"] = reason.into();
    if is_poison {
        error["poison"] = true.into();
    }
}

/// Takes an upload through REST, where the key may stand in the header field instead of the body. In both it must be one.
///
/// # Errors
/// Two keys; as [`engine::sync`].
pub fn upload(ctx: &mut Ctx<'_>, operation: Operation, mut body: Map<String, Value>) -> Result<Response> {
    if let Some(key) = key::of(ctx.request)? {
        let inner = body.insert(KEY.to_owned(), key.as_ref().into()).filter(|inner| !inner.is_null());
        if inner.is_some_and(|inner| inner != *key) {
            return Err(Refusal::field(KEY, Message::plain(&texts::KEYS_DIFFER)).into());
        }
    }
    engine::sync(ctx, operation, &body, operation.points())
}
