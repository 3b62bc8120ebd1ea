//! GET `/sync/conflicts/`

use super::rules::{self, Conflict, Filter};
use super::store;
use crate::base::error::Result;
use crate::feature::Ctx;
use crate::feature::ctx::{load, value};
use crate::http::input::Input;
use crate::http::{Response, paging::Page};
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
    /// Of a hundred items that the tenant's devices ever uploaded, how many met a conflict.
    conflict_rate_pct: f64,
}

/// GET `/sync/conflicts/`
pub fn list(ctx: &mut Ctx<'_>) -> Result<Response> {
    let filter = Filter::of(&Input::query_at(ctx.request, rules::FILTER, ctx.earlier())?);
    let tenant = ctx.tenant_id()?;
    let total = store::count(ctx.db, tenant, &filter)?;
    let page = Page::of(ctx.request, total)?;
    let conflicts = store::page(ctx.db, tenant, &filter, page.limit(), page.offset())?;
    let (items, met) = store::uploaded(ctx.db, tenant)?;
    Ok(Response::json(200, &List { conflicts, total, conflict_rate_pct: rules::rate_pct(met, items) }))
}

impl Filter {
    /// What the parameters ask for.
    pub fn of(input: &Input) -> Filter {
        let word = |name| input.text(name).unwrap_or_default().to_owned();
        Filter { status: word("status"), domain: word("domain"), since: input.instant("since").unwrap_or_default() }
    }
}

/// Every conflict, for the export: the feed shows only those that the tenant wants to stand in it.
pub fn held(ctx: &mut Ctx<'_>) -> Result<Vec<Value>> {
    let Some(tenant) = ctx.caller()?.tenant.as_ref().map(|tenant| tenant.id) else { return Ok(Vec::new()) };
    store::all(ctx.db, tenant)?.iter().map(value).collect()
}

/// Conflicts for the feed.
pub fn load_conflicts(ctx: &mut Ctx<'_>, ids: &[&str]) -> Result<Vec<(String, Value)>> {
    load(ctx, ids, store::find)
}
