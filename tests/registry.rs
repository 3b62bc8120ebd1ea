//! What the registry must hold, walked without a server: what routes say, and that GraphQL's parts make one schema.

use std::fs;
use tandem::app::FEATURES;
use tandem::feature::contract::Takes;
use tandem::feature::{Access, Face, Route};
use tandem::http::{Method, Response};

/// Routes that do not say what they take or give.
fn unsaid<'r>(routes: impl Iterator<Item = &'r Route>) -> Vec<String> {
    let writes = |route: &Route| matches!(route.method, Method::Post | Method::Put | Method::Patch);
    let silent = |route: &&Route| {
        let contract = &route.contract;
        contract.answers().next().is_none() || (writes(route) && matches!(contract.takes, Takes::Unsaid))
    };
    routes.filter(silent).map(|route| format!("{} {}", route.method.name(), route.path)).collect()
}

#[test]
fn every_route_says_what_it_takes_and_gives() {
    let routes = FEATURES.iter().flat_map(|feature| feature.routes).filter(|route| route.face == Face::Rest);
    assert_eq!(unsaid(routes), Vec::<String>::new());
    let route = |path| Route::post(path, Access::User, |_| Ok(Response::empty(204)), "");
    let broken = [route("/a/").gives_nothing(), route("/b/").takes_nothing(), route("/c/").takes_nothing().gives_nothing()];
    assert_eq!(unsaid(broken.iter()), ["POST /a/", "POST /b/"], "the rule does not see what is missing");
}

/// Where the schema is kept for clients to generate code from.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/graphql/schema.graphql");

#[test]
fn the_schema_changes_only_on_purpose() {
    let now = tandem::faces::graphql::schema::text(&FEATURES).unwrap();
    let kept = fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(
        now.trim_end() == kept.trim_end(),
        "The schema of GraphQL has changed. If that is meant, and no field that clients use is gone, renew the file:\n  \
         cargo run --bin tandem schema > tests/graphql/schema.graphql"
    );
}

#[test]
fn every_kind_of_the_feed_has_a_type() {
    let features = FEATURES.iter();
    let kinds = features.clone().flat_map(|feature| feature.kinds).map(|kind| kind.name);
    let shown: Vec<&str> = features.flat_map(|feature| feature.graph.shown).map(|shown| shown.kind).collect();
    assert_eq!(kinds.filter(|kind| !shown.contains(kind)).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn every_root_field_is_answered() {
    let text = tandem::faces::graphql::schema::text(&FEATURES).unwrap();
    let schema = apollo_compiler::Schema::parse_and_validate(text, "schema").unwrap();
    let fields = ["Query", "Mutation"].iter().flat_map(|name| schema.get_object(name).unwrap().fields.keys());
    let mut fields: Vec<&str> = fields.map(|name| name.as_str()).collect();
    let mut roots: Vec<&str> = FEATURES.iter().flat_map(|feature| feature.graph.roots).map(|root| root.name).collect();
    fields.sort_unstable();
    roots.sort_unstable();
    assert_eq!(fields, roots);
}
