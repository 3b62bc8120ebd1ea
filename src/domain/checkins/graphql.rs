//! Check-ins through GraphQL.

use super::rules::{self, Checkin};
use super::{CHECKINS, LIST, ONE, api, store};
use crate::base::error::Result;
use crate::base::time;
use crate::feature::{Asked, Ctx, Graph, Root, Shown};
use serde_json::Value;

/// The noun's part of GraphQL.
pub const GRAPH: Graph = Graph {
    schema: include_str!("schema.graphql"),
    roots: &[Root::query("checkin", ONE, checkin), Root::query("checkins", LIST, checkins)],
    shown: &[Shown::plain(CHECKINS, "Checkin")],
    ..Graph::NONE
};

/// After every date that the contract can write.
const END: &str = "9999-12-32";

fn checkin(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let tenant = ctx.tenant_id()?;
    asked.object(|id| store::find(ctx.db, tenant, id))
}

fn checkins(ctx: &mut Ctx<'_>, asked: &Asked) -> Result<Value> {
    let filter = api::filter(ctx, asked.input(rules::FILTER))?;
    let (tenant, window) = (ctx.tenant_id()?, asked.window()?);
    let (day, user) = window.key((END.to_owned(), 0), |parts| match parts {
        [day, user] => Some((time::date(day)?.to_string(), user.parse().ok()?)),
        _ => None,
    })?;
    let checkins = store::older(ctx.db, tenant, &filter, (&day, user), window.rows())?;
    let key = |checkin: &Checkin| vec![checkin.date.clone(), checkin.user_id.to_string()];
    asked.connection(&window, checkins, key, || store::count(ctx.db, tenant, &filter))
}
