//! Conflicts: edits that met a newer version, and how a tenant wants them settled. Mobile sync writes them; what others see of
//! them is an entry of the registry by itself.

mod api;
mod graphql;
pub mod rules;
pub mod store;

pub use rules::{Conflict, Policy, Rule};

use crate::feature::room::rules::Bounds;
use crate::feature::{Access, Feature, Held, Job, Kind, Load, Route, Stock, Wakes, Without, contract, written};
use serde_json::Value;

/// The registry entry.
pub const FEATURE: Feature = Feature {
    kinds: &[Kind {
        name: KIND,
        since: 2,
        load: Load::Own(api::load_conflicts),
        object: contract::of::<Conflict>,
        own,
        measure: None,
        wakes: Wakes::Normal,
    }],
    graph: graphql::GRAPH,
    held: &[Held { name: KIND, load: api::held, object: contract::of::<Conflict> }],
    stocks: &[STOCK],
    jobs: &[Job::nightly("conflicts", "conflicts long settled", |s| store::purge(s.db, &s.house.settings, s.now))],
    ..Feature::new("conflicts", ROUTES)
};

/// A user's side of it: what they sent, or what that met. What a device had started from may be another's, unless both sides are theirs.
fn own(conflict: Value, user: i64) -> Option<Value> {
    let mut conflict = written(conflict, &["user_id", "server_user_id"], user)?;
    let [sent, met, settled] = ["user_id", "server_user_id", "resolved_by"].map(|member| conflict[member] == user);
    for (member, is_own) in [("client_data", sent), ("server_data", met), ("base_data", sent && met), ("notes", settled)] {
        if !is_own {
            conflict[member] = Value::Null;
        }
    }
    Some(conflict)
}

/// Conflicts in the feed.
pub const KIND: &str = "conflicts";
/// Every conflict, also where the tenant wants none in the feed. An edit that met another is kept as long as at all possible.
pub const STOCK: Stock = Stock { name: KIND, measure: store::MEASURE, bounds: Bounds { above: true, number: true } };

const MEMBER: Access = Access::Member(Without::NoCouple);

const ROUTES: &[Route] = &[Route::get("/sync/conflicts/", MEMBER, api::list, "Conflicts, newest first")
    .parameters(rules::FILTER)
    .gives::<api::List>(200)
    .paged()
    .refuses(&[400])];
