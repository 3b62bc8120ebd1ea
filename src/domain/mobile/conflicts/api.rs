//! GET `/sync/conflicts/`

use super::rules::{self, Conflict, Filter};
use super::store;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::Db;
use crate::feature::Ctx;
use crate::feature::ctx::{load, value};
use crate::http::Response;
use crate::http::input::Input;
use crate::http::paging::{Links, Page};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A page of conflicts.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConflictPage")]
pub struct List {
    /// Conflicts, newest first.
    conflicts: Vec<Conflict>,
    /// How many there are on all pages.
    total: i64,
    /// Where the next page is.
    next: Option<String>,
    /// Where the page before is.
    previous: Option<String>,
    /// Of a hundred items that the tenant's devices ever uploaded, how many met a conflict.
    conflict_rate_pct: f64,
}

/// GET `/sync/conflicts/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let filter = Filter::of(ctx, &Input::query_at(ctx.request, rules::FILTER, ctx.earlier())?)?;
    let tenant = ctx.tenant_id()?;
    let total = store::count(ctx.db, tenant, &filter)?;
    let page = Page::of(ctx.request, total)?;
    let mut conflicts = store::part(ctx.db, tenant, &filter, &page.after.newest()?, page.span())?;
    let Links { next, previous } = page.links(ctx.request, &mut conflicts);
    let (items, met) = store::uploaded(ctx.db, tenant)?;
    Ok(Response::json(200, &List { conflicts, total, next, previous, conflict_rate_pct: rules::rate_pct(met, items) }))
}

impl Filter {
    /// What the parameters ask for; a domain by any of its names.
    pub fn of(ctx: &Ctx<'_>, input: &Input) -> Result<Filter> {
        let word = |name| input.text(name).unwrap_or_default().to_owned();
        let domain = word("domain");
        let domain = ctx.house.names(&domain).map_or(domain, |names| names.name.to_owned());
        Ok(Filter { status: word("status"), domain, since: input.instant("since").unwrap_or_default(), viewer: ctx.user()? })
    }
}

/// Who sees of conflicts of deleted records none.
const NOBODY: i64 = 0;

/// Every conflict that the user sees, for the export: the feed shows only those that the tenant wants to stand in it.
pub fn held(db: &mut Db, user: i64, tenant: Option<i64>, _: Timestamp, each: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    let Some(tenant) = tenant else { return Ok(()) };
    store::each(db, tenant, user, &mut |conflict| each(value(&conflict)?))
}

/// Conflicts for the feed, which everybody in the tenant reads.
pub fn load_conflicts(db: &mut Db, tenant: i64, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    load(db, tenant, ids, |db, tenant, id| store::find(db, tenant, id, NOBODY))
}
