//! Uploads through GraphQL: their inputs reach the engine in the form of REST, and its answers are shown in theirs.

use super::batch::{Content, Operation};
use super::domains::{self, RECORDS, TELEMETRY, VOICE};
use super::records::TOLD;
use super::records::tables::Table;
use super::{engine, records, words};
use crate::base::error::{Error, Result};
use crate::base::{id, json};
use crate::feature::graphql::TYPE_NAME;
use crate::feature::walk::walk;
use crate::feature::{Access, Asked, Ctx, Feature, Graph, Root, Shown, Without};
use crate::http::Response;
use serde_json::{Map, Value};

/// The noun's part of GraphQL. The weights are the contract's.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    fill: Some(fill),
    roots: &[
        Root::query("record", Access::Member(Without::NotFound), find),
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
    if let Some(table) = domains::records(kind) {
        place_in(table, record);
    }
}

fn place_in(table: &Table, record: &mut Value) {
    let Value::Object(members) = record else { return };
    let told = |name: &str| name == TYPE_NAME || TOLD.iter().any(|field| field.name == name);
    let (mut placed, data): (Map<_, _>, Map<_, _>) = std::mem::take(members).into_iter().partition(|(name, _)| told(name));
    placed.insert("domain".to_owned(), table.name().into());
    placed.insert("data".to_owned(), Value::Object(data));
    *members = placed;
}

/// Puts into the schema what the domains make of it, in the place of a comment each.
fn fill(schema: &str, features: &[&Feature]) -> String {
    let nouns = features.iter().flat_map(|feature| feature.offline).map(|noun| noun.names.name);
    let words =
        domains::all().map(|domain| domain.names().name).chain(nouns).map(|name| format!("{}\n", name.to_ascii_uppercase()));
    let types = domains::all().map(|domain| domain.entry().graph.schema.to_owned());
    let reasons = words::names().into_iter().map(|word| format!("{}\n", word.to_ascii_uppercase()));
    let lists = TELEMETRY.iter().map(|rules| format!("{}: [{}]\n", camel(rules.entry.names.list), rules.entry.graph.name));
    let results = TELEMETRY.iter().map(|rules| format!("{}: SyncResponseType\n", camel(Content::Telemetry(rules).result())));
    schema
        .replace("# The name of each domain.", &words.collect::<String>())
        .replace("# The types of domains that have one of their own.", &types.collect::<String>())
        .replace("# The words of errors.", &reasons.collect::<String>())
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

/// One record, or an object of a noun; null when there is none of this id, or it is deleted.
fn find(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let word = |name: &str| asked.arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    let table = domains::edited(ctx.house.features, word("domain"));
    let (tenant, id) = (ctx.tenant_id()?, id::parse(word("mobile_id")));
    let (Some(table), Some(id)) = (table, id) else { return Ok(Value::Null) };
    let mut record = records::find(ctx, tenant, table, &id)?;
    place_in(table, &mut record);
    Ok(record)
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

/// The engine's answer; a stored one is JSON already. GraphQL has null for what REST leaves out.
fn shown(response: &Response) -> Result<Value> {
    let mut answer = json::read(&response.body)?;
    fill_items(&mut answer);
    Ok(answer)
}

fn fill_items(answer: &mut Value) {
    let Some(members) = answer.as_object_mut() else { return };
    for (name, member) in members {
        match member {
            Value::Array(items) if name == "items" => items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| {
                item.entry("object").or_insert(Value::Null);
                item.entry("existing_id").or_insert(Value::Null);
                item.entry("object_omitted").or_insert(Value::Bool(false));
            }),
            result if result.get("items").is_some() => fill_items(result),
            _ => {}
        }
    }
}
