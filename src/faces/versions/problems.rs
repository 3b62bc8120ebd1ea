//! GET `/problems/…/`: where the `type` of a problem leads, in words for developers. The URIs are stable for ever.

use crate::base::error::{Result, not_found};
use crate::feature::House;
use crate::feature::meters::Meters;
use crate::http::input::Field;
use crate::http::problems::{self, TYPES};
use crate::http::{Request, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// The segment of a type's path.
pub const NAME: &[Field] = &[Field::text("name", LONGEST).about("The type's name, as `code` has it.")];

/// Longer than any name.
const LONGEST: usize = 40;

/// A type of problem.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProblemType")]
pub struct Type {
    /// Its URI, as `type` has it.
    #[serde(rename = "type")]
    uri: String,
    /// Its name, as `code` has it.
    name: &'static str,
    /// What `code` says in version 1, where that is another word.
    code_v1: Option<&'static str>,
    /// The status that it usually has.
    status: u16,
    /// The same whatever happened.
    title: &'static str,
    /// May the same request succeed later, sent again unchanged?
    retryable: bool,
    /// What it means, and what to do.
    about: &'static str,
}

/// Every type.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProblemTypes")]
pub struct Types {
    /// By status.
    problems: Vec<Type>,
}

pub fn list(request: &Request<'_>, _: &House, _: &mut Meters) -> Result<Response> {
    let problems = TYPES.iter().map(|known| shown(known, request)).collect();
    Ok(Response::json(200, &Types { problems }))
}

pub fn show(request: &Request<'_>, _: &House, _: &mut Meters) -> Result<Response> {
    let known = problems::called(request.segment(0)).ok_or_else(not_found)?;
    Ok(Response::json(200, &shown(known, request)))
}

fn shown(known: &'static problems::Type, request: &Request<'_>) -> Type {
    Type {
        uri: problems::uri(known, request),
        name: known.name,
        code_v1: known.older,
        status: known.status,
        title: known.title,
        retryable: known.retryable,
        about: known.about,
    }
}
