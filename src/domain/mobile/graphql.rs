//! Uploads through GraphQL: their inputs reach the engine in the form of REST, and its answers are shown in theirs.

use super::batch::Operation;
use super::domains::{self, Domain};
use super::engine;
use crate::base::error::{Error, Result};
use crate::feature::{Asked, Ctx, Graph, Root};
use crate::http::Response;
use serde_json::{Map, Value};

/// The noun's part of GraphQL. The weights are the contract's.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::mutation("syncVoiceData", 3.0, voice), Root::mutation("syncBatch", 5.0, batch)],
    ..Graph::NONE
};

fn voice(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let domain: Option<&Domain> = domains::named("voice");
    let operation = Operation::List(domain.ok_or_else(|| Error::internal("voice is no domain"))?);
    shown(&engine::sync(ctx, operation, &asked.arguments, asked.points)?)
}

fn batch(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    shown(&engine::sync(ctx, Operation::Batch, input(asked, "batch")?, asked.points)?)
}

/// The one argument of a mutation, which the schema says is an object.
fn input<'a>(asked: &'a Asked, name: &str) -> Result<&'a Map<String, Value>> {
    asked.arguments.get(name).and_then(Value::as_object).ok_or_else(|| Error::Internal(format!("{name} is no object")))
}

/// The engine's answer; a stored one is JSON already.
fn shown(response: &Response) -> Result<Value> {
    serde_json::from_slice(&response.body).map_err(Error::internal)
}
