//! Uploads through GraphQL: their inputs reach the engine in the form of REST, and its answers are shown in theirs.

use super::batch::{Content, Operation};
use super::domains::{self, RECORDS, TELEMETRY, VOICE};
use super::records::TOLD;
use super::records::tables::Table;
use super::{engine, records};
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::feature::graphql::TYPE_NAME;
use crate::feature::walk::walk;
use crate::feature::{Asked, Ctx, Graph, Root, Shown};
use crate::http::Response;
use serde_json::{Map, Value};

/// The noun's part of GraphQL. The weights are the contract's.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    fill: Some(fill),
    roots: &[
        Root::mutation("syncVoiceData", 3.0, voice),
        Root::mutation("syncBatch", 5.0, batch),
        Root::mutation("resolveConflict", 2.5, resolve),
    ],
    shown: &walk!(record, RECORDS),
};

const fn record(table: &'static Table) -> Shown {
    Shown { kind: table.entry.names.list, type_name: table.entry.graph.name, complete: place }
}

/// Puts the domain's fields under `data`: what has a version is one type, whatever its domain.
fn place(kind: &str, record: &mut Value) {
    let (Value::Object(members), Some(table)) = (record, domains::records(kind)) else { return };
    let told = |name: &str| name == TYPE_NAME || TOLD.iter().any(|field| field.name == name);
    let (mut placed, data): (Map<_, _>, Map<_, _>) = std::mem::take(members).into_iter().partition(|(name, _)| told(name));
    placed.insert("domain".to_owned(), table.name().into());
    placed.insert("data".to_owned(), Value::Object(data));
    *members = placed;
}

/// Puts into the schema what the domains make of it, in the place of a comment each.
fn fill(schema: &str) -> String {
    let words = domains::all().map(|domain| format!("{}\n", domain.names().name.to_ascii_uppercase()));
    let types = domains::all().map(|domain| domain.entry().graph.schema.to_owned());
    let lists = TELEMETRY.iter().map(|rules| format!("{}: [{}]\n", camel(rules.entry.names.list), rules.entry.graph.name));
    let results = TELEMETRY.iter().map(|rules| format!("{}: SyncResponseType\n", camel(Content::Telemetry(rules).result())));
    schema
        .replace("# The name of each domain.", &words.collect::<String>())
        .replace("# The types of domains that have one of their own.", &types.collect::<String>())
        .replace("# The lists of telemetry.", &lists.collect::<String>())
        .replace("# The results of those lists.", &results.collect::<String>())
}

/// `voice_data` as GraphQL writes it: `voiceData`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        camel + &initial.to_ascii_uppercase() + rest
    })
}

fn voice(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    shown(&engine::sync(ctx, Operation::List(VOICE), &asked.arguments, asked.points)?)
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
