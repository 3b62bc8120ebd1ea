//! Uploads through GraphQL: their inputs reach the engine in the form of REST, and its answers are shown in theirs.

use super::batch::Operation;
use super::domains::{self, Domain};
use super::records::TOLD;
use super::{engine, records};
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::feature::graphql::TYPE_NAME;
use crate::feature::{Asked, Ctx, Graph, Root, Shown};
use crate::http::Response;
use serde_json::{Map, Value};

/// The noun's part of GraphQL. The weights are the contract's.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[
        Root::mutation("syncVoiceData", 3.0, voice),
        Root::mutation("syncBatch", 5.0, batch),
        Root::mutation("resolveConflict", 2.5, resolve),
    ],
    shown: &[
        record("journal", |record| place(record, "journal")),
        record("attendance", |record| place(record, "attendance")),
        record("tasks", |record| place(record, "task")),
        record("tickets", |record| place(record, "ticket")),
        record("work_orders", |record| place(record, "work_order")),
    ],
};

const fn record(kind: &'static str, complete: fn(&mut Value)) -> Shown {
    Shown { kind, type_name: "SyncRecord", complete }
}

/// Puts the domain's fields under `data`: what has a version is one type, whatever its domain.
fn place(record: &mut Value, domain: &str) {
    let Value::Object(members) = record else { return };
    let told = |name: &str| name == TYPE_NAME || TOLD.iter().any(|field| field.name == name);
    let (mut placed, data): (Map<_, _>, Map<_, _>) = std::mem::take(members).into_iter().partition(|(name, _)| told(name));
    placed.insert("domain".to_owned(), domain.into());
    placed.insert("data".to_owned(), Value::Object(data));
    *members = placed;
}

fn voice(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let domain: Option<&Domain> = domains::named("voice");
    let operation = Operation::List(domain.ok_or_else(|| Error::internal("voice is no domain"))?);
    shown(&engine::sync(ctx, operation, &asked.arguments, asked.points)?)
}

fn batch(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    shown(&engine::sync(ctx, Operation::Batch, input(asked, "batch")?, asked.points)?)
}

fn resolve(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    shown(&records::resolve(ctx, input(asked, "resolution")?, None, asked.points)?)
}

/// The one argument of a mutation, which the schema says is an object.
fn input<'a>(asked: &'a Asked, name: &str) -> Result<&'a Map<String, Value>> {
    asked.arguments.get(name).and_then(Value::as_object).ok_or_else(|| Error::Internal(format!("{name} is no object")))
}

/// The engine's answer; a stored one is JSON already.
fn shown(response: &Response) -> Result<Value> {
    json::read(&response.body)
}
