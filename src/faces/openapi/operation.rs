//! One operation: what a route takes, and what it is called.

use super::{answers, examples};
use crate::feature::contract::Takes;
use crate::feature::{Access, Feature, Right, Role, Route, Schemas, Tx, Without};
use crate::http::input::{Extent, Field};
use crate::http::version::Version;
use crate::http::{Method, key, paging, response, schema};
use serde_json::{Value, json};

/// The name of the security scheme.
pub const BEARER: &str = "bearer";

/// Header fields that a request may carry, and what they do.
const KEY: (&str, &str) =
    ("Idempotency-Key", "The same key and the same request get the same answer, once it was good, for a day.");
const IF_MATCH: (&str, &str) = ("If-Match", "Do it only if the object is still the one with this tag.");
const IF_NONE_MATCH: (&str, &str) = (
    "If-None-Match",
    "On a read: answer 304 if the object is still the one with this tag. On a write: `*` refuses it if what it would write is there.",
);
const IF_UNMODIFIED_SINCE: (&str, &str) =
    ("If-Unmodified-Since", "Do it only if the object was not changed after this second; `If-Match` counts before it.");
const CACHE_CONTROL: (&str, &str) = (
    "Cache-Control",
    "`no-cache` asks for the latest state. Otherwise, on a cluster of databases, the answer may lack what was acknowledged a moment ago.",
);

/// The parameters that many routes have.
pub fn shared_parameters(version: &Version) -> Value {
    let parameter = |(name, about): (&str, &str), schema: Value| {
        (name.to_owned(), json!({"name": name, "in": "header", "schema": schema, "description": about}))
    };
    let texts =
        [IF_MATCH, IF_UNMODIFIED_SINCE, IF_NONE_MATCH, CACHE_CONTROL].map(|header| parameter(header, json!({"type": "string"})));
    Value::Object(texts.into_iter().chain([parameter(KEY, key::field_schema(version).to_value())]).collect())
}

/// The operation of a route.
pub fn of(feature: &Feature, route: &Route, schemas: &mut Schemas) -> Value {
    schemas.subject = route.path;
    let mut operation = json!({
        "operationId": id(route),
        "summary": route.summary,
        "description": about(route),
        "tags": [feature.name],
        "parameters": parameters(route),
        "responses": answers::of(route, schemas),
    });
    if let Some(body) = body(route, schemas) {
        operation["requestBody"] = body;
    }
    if route.access == Access::Public {
        operation["security"] = json!([]);
    }
    operation
}

/// Who may call it, what others are answered, and what sending it twice does.
fn about(route: &Route) -> String {
    let who = match route.access {
        Access::Public => "Anybody may call this.",
        Access::Optional => "Anybody may call this; a token that is sent must be good.",
        Access::User => "For users who are signed in.",
        Access::Member(Without::Empty) => "For members of a couple or a team; other users are given an empty list.",
        Access::Member(Without::NotFound) => "For members of a couple or a team; for other users there is no such thing (404).",
        Access::Member(Without::NoCouple) => {
            "For members of a couple or a team; other users are told that they are in none (404)."
        }
        Access::Member(Without::Invalid) => {
            "For members of a couple or a team; other users are told that they are in none (400)."
        }
    };
    let twice = match route.tx {
        Tx::Upload => " An upload that is sent again under its key is done once, and answered as it was the first time.",
        _ if answers::keeps(route) => " A request that is sent again under its `Idempotency-Key` is done once.",
        _ => "",
    };
    let role = match route.right.map(Right::from) {
        Some(Role::Staff) => " In a team it is for staff and admins.",
        Some(Role::Admin) => " In a team it is for admins.",
        Some(Role::Member) | None => "",
    };
    format!("{who}{role}{twice}")
}

/// A name that stays the same as long as method and path do: `patch_goals_by_id`.
fn id(route: &Route) -> String {
    let word = |segment: &str| match segment.strip_prefix('{') {
        Some(name) => format!("by_{}", name.trim_end_matches('}')),
        None => segment.replace(['-', '.'], "_"),
    };
    let words: Vec<String> = route.path.split('/').filter(|segment| !segment.is_empty()).map(word).collect();
    let path = if words.is_empty() { "root".to_owned() } else { words.join("_") };
    format!("{}_{path}", route.method.name().to_ascii_lowercase())
}

fn parameters(route: &Route) -> Vec<Value> {
    let declared = route.contract.parameters;
    let segments = route.path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = segments.clone().map(|name| segment(name, declared)).collect();
    let in_path = |field: &&Field| segments.clone().any(|name| name == field.name);
    let paging = if route.contract.paged { paging::PARAMETERS } else { &[] };
    parameters.extend(declared.iter().filter(|field| !in_path(field)).chain(paging).map(query));
    parameters.extend(headers(route).map(|name| json!({"$ref": format!("#/components/parameters/{name}")})));
    parameters
}

/// A segment of the path: what the route declares, otherwise an object's id.
fn segment(name: &str, declared: &[Field]) -> Value {
    let declared = declared.iter().find(|field| field.name == name);
    let schema = declared.map_or_else(|| json!({"type": "string", "format": "uuid"}), |field| schema::of(field).to_value());
    json!({"name": name, "in": "path", "required": true, "schema": schema})
}

/// A query parameter.
fn query(field: &Field) -> Value {
    let plain = Field { about: "", ..*field };
    let mut parameter = json!({"name": field.name, "in": "query", "schema": schema::of(&plain).to_value()});
    if field.required {
        parameter["required"] = json!(true);
    }
    if !field.about.is_empty() {
        parameter["description"] = json!(field.about);
    }
    parameter
}

/// The header fields that a route heeds.
fn headers(route: &Route) -> impl Iterator<Item = &'static str> {
    let conditional = answers::statuses(route).contains(&412);
    let reads = route.method == Method::Get;
    let heeds = [
        (KEY, answers::keeps(route)),
        (IF_MATCH, conditional),
        (IF_UNMODIFIED_SINCE, conditional),
        (IF_NONE_MATCH, reads || conditional),
        (CACHE_CONTROL, reads),
    ];
    heeds.into_iter().filter(|(_, heeds)| *heeds).map(|(header, _)| header.0)
}

fn body(route: &Route, schemas: &mut Schemas) -> Option<Value> {
    let schema = match route.contract.takes {
        Takes::Unsaid | Takes::Nothing => return None,
        Takes::Fields(fields) => schema::object(fields, extent(route)),
        Takes::Json(describe) => describe(schemas),
    };
    let required = schema.get("required").is_some();
    let example = examples::of(schema.as_value(), schemas.generator.definitions());
    Some(json!({"required": required, "content": { response::JSON: {"schema": schema, "example": example} }}))
}

/// PATCH carries a part.
fn extent(route: &Route) -> Extent {
    if route.method == Method::Patch { Extent::Part } else { Extent::Whole }
}
