//! The caller's account through GraphQL.

use super::{accounts, api, api_sessions, rules};
use crate::base::error::{Result, not_found};
use crate::base::id;
use crate::feature::backups::HEADER;
use crate::feature::ctx::value;
use crate::feature::{Access, Asked, Ctx, Graph, Root};
use crate::http::Response;
use serde_json::{Value, json};

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph { schema: include_str!("schema.graphql"), roots: ROOTS, ..Graph::NONE };

/// An export reads everything: as many points as a page of everything would cost.
const EXPORT_WEIGHT: f64 = 50.0;
/// A password is hashed: as slow as signing in.
const PASSWORD_WEIGHT: f64 = 50.0;

const ROOTS: &[Root] = &[
    Root::query("me", Access::User, me),
    Root { weight: EXPORT_WEIGHT, ..Root::query("archiveExport", Access::User, export) },
    Root::mutation("deleteArchive", PASSWORD_WEIGHT, delete),
    Root { weight: SESSIONS_WEIGHT, ..Root::query("mySessions", Access::User, sessions) },
    Root::mutation("endSession", SESSION_WEIGHT, end),
];

/// It shows as many as a user has: what fifty of them cost by the page.
const SESSIONS_WEIGHT: f64 = 5.0;
/// A row is written.
const SESSION_WEIGHT: f64 = 2.5;

fn sessions(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    let (user, current) = (ctx.user()?, ctx.caller()?.session.clone());
    value(&api_sessions::all(ctx.db, user, &current, ctx.now)?)
}

fn end(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let id = asked.arguments.get("id").and_then(Value::as_str).unwrap_or_default();
    ctx.write(&mut |ctx| api_sessions::end_one(ctx, id).map(|()| Response::empty(204)))?;
    Ok(true.into())
}

fn me(ctx: &mut Ctx<'_>, _: &Asked) -> Result<Value> {
    value(&accounts::own(ctx)?)
}

fn export(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let id = named(asked)?;
    value(&api::archive(ctx, &id)?)
}

fn delete(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let id = named(asked)?;
    let answer = api::end_archive(ctx, &id, asked.input(rules::DELETE))?;
    Ok(json!({ "id": id, "backups_keep": answer.header(HEADER) }))
}

/// The id that is asked for.
fn named(asked: &Asked) -> Result<String> {
    asked.arguments.get("id").and_then(Value::as_str).and_then(id::parse).ok_or_else(not_found)
}
