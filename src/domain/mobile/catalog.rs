//! GET `/sync/domains/`: what there is to send and to show, with its rules, so that an app makes its forms from it.

use super::batch::{Content, Operation};
use super::conflicts::{self, Rule, rules};
use super::domains::{self, Domain};
use super::records::api::PolicyShown;
use super::records::tables::Table;
use crate::base::error::Result;
use crate::feature::contract::{self, Takes};
use crate::feature::{Access, Ctx, Feature, Kind, Route, Schemas};
use crate::http::input::Field;
use crate::http::{Response, schema};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What there is.
#[derive(Serialize, JsonSchema)]
pub struct Catalog {
    /// What uploads take.
    domains: Vec<DomainShown>,
    /// What the feed tells of.
    kinds: Vec<KindShown>,
}

/// A domain: what an upload may hold of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Domain")]
struct DomainShown {
    /// Its name in items.
    domain: &'static str,
    /// Its segment of paths.
    path: &'static str,
    /// Its list in the feed; telemetry has none.
    kind: Option<&'static str>,
    /// The list of a batch that takes its items.
    list: &'static str,
    /// Its fields, in the order of a form: `name`, `required`, and the rules of each as JSON Schema has them.
    #[schemars(with = "Vec<Map<String, Value>>")]
    fields: Vec<Value>,
    /// Pairs of instants: the second is not before the first.
    orders: Vec<[&'static str; 2]>,
    /// What a new one has where its device does not say.
    defaults: Map<String, Value>,
    /// The states it goes through, where it has any.
    states: Option<States>,
    /// How the couple or team has its conflicts settled; telemetry has none.
    policy: Option<PolicyShown>,
    /// The policies to choose from.
    policies: &'static [&'static str],
}

/// The states of a field.
#[derive(Serialize, JsonSchema)]
struct States {
    /// The field that says the state.
    field: &'static str,
    /// The states, the usual first one first. A new record may begin in any, and each may stay as it is.
    steps: Vec<Step>,
}

/// A state.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StateStep")]
struct Step {
    /// Its word.
    state: &'static str,
    /// Those that may follow it.
    next: &'static [&'static str],
}

/// A kind of object in the feed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Kind")]
struct KindShown {
    /// Its list in the feed.
    kind: &'static str,
    /// The version of the API from which on every poll carries it.
    since: u8,
    /// The domain whose records it shows, for uploads.
    domain: Option<&'static str>,
    /// What its objects show: `name`, and each as JSON Schema has it. References lead into `/openapi.json`.
    #[schemars(with = "Vec<Map<String, Value>>")]
    fields: Vec<Value>,
    /// The requests that write one such object.
    forms: Vec<Form>,
}

/// A request that writes an object.
#[derive(Serialize, JsonSchema)]
struct Form {
    method: &'static str,
    path: &'static str,
    /// Its fields, in the order of a form.
    #[schemars(with = "Vec<Map<String, Value>>")]
    fields: Vec<Value>,
}

/// GET `/sync/domains/`
pub fn show(ctx: &mut Ctx<'_>) -> Result<Response> {
    let domains = domains::all().map(|domain| shown(ctx, domain)).collect::<Result<_>>()?;
    Ok(Response::json(200, &Catalog { domains, kinds: kinds(ctx) }))
}

fn shown(ctx: &mut Ctx<'_>, domain: Domain) -> Result<DomainShown> {
    let names = domain.names();
    let list = Operation::Batch.member(Content::of(domain));
    let begun = DomainShown {
        domain: names.name,
        path: names.path,
        kind: None,
        list,
        fields: Vec::new(),
        orders: Vec::new(),
        defaults: Map::new(),
        states: None,
        policy: None,
        policies: &[],
    };
    match domain {
        Domain::Telemetry(rules) => {
            let orders = rules.span.iter().map(|(from, to)| [*from, *to]).collect();
            Ok(DomainShown { fields: fields(rules.fields), orders, ..begun })
        }
        Domain::Records(table) => of_records(ctx, table, begun),
    }
}

fn of_records(ctx: &mut Ctx<'_>, table: &'static Table, begun: DomainShown) -> Result<DomainShown> {
    let tenant = ctx.tenant_id()?;
    let rule = conflicts::store::rule(ctx.db, tenant, table.name())?.unwrap_or_else(|| Rule::of(table.policy));
    let states = table.machine.as_ref().map(|machine| States {
        field: machine.field,
        steps: machine.states.iter().map(|(state, next)| Step { state, next }).collect(),
    });
    let mut fields = fields(table.fields);
    for field in &mut fields {
        if let Some(states) = states.as_ref().filter(|states| field["name"] == states.field) {
            field["enum"] = states.steps.iter().map(|step| step.state).collect();
        }
    }
    Ok(DomainShown {
        kind: Some(table.entry.names.list),
        fields,
        orders: table.orders.iter().map(|(from, to)| [*from, *to]).collect(),
        defaults: table.defaults.iter().map(|(name, word)| ((*name).to_owned(), json!(word))).collect(),
        states,
        policy: Some(PolicyShown::of(rule)),
        policies: &rules::POLICIES,
        ..begun
    })
}

fn fields(fields: &[Field]) -> Vec<Value> {
    fields.iter().map(|field| named(field.name, schema::of(field).to_value(), Some(field.required))).collect()
}

/// A field's schema with its name.
fn named(name: &str, schema: Value, required: Option<bool>) -> Value {
    let mut field = match schema {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    field.insert("name".to_owned(), json!(name));
    if let Some(required) = required {
        field.insert("required".to_owned(), json!(required));
    }
    Value::Object(field)
}

/// Every kind of the registry.
fn kinds(ctx: &Ctx<'_>) -> Vec<KindShown> {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| settings.definitions_path = SCHEMAS.into());
    let (features, version) = (ctx.house.features, ctx.request.version);
    let mut schemas = Schemas { generator: settings.into_generator(), features, subject: "", version };
    let all = features.iter().flat_map(|feature| feature.kinds.iter().map(move |kind| (feature, kind)));
    all.map(|(feature, kind)| of_kind(feature, kind, &mut schemas)).collect()
}

/// Where the API's description has the schemas of types.
const SCHEMAS: &str = "/components/schemas";

fn of_kind(feature: &Feature, kind: &Kind, schemas: &mut Schemas) -> KindShown {
    let members = schemas.of(kind.name, kind.object).to_value();
    let members = members_of(&members, schemas);
    let forms = feature.routes.iter().filter_map(|route| form(route, &members, schemas)).collect();
    let fields = members.into_iter().map(|(name, schema)| named(&name, schema, None)).collect();
    KindShown { kind: kind.name, since: kind.since, domain: domains::records(kind.name).map(Table::name), fields, forms }
}

/// The request of a member that answers such an object, which has at least the members of what it answers.
fn form(route: &Route, members: &Map<String, Value>, schemas: &mut Schemas) -> Option<Form> {
    let Takes::Fields(taken) = route.contract.takes else { return None };
    if !matches!(route.access, Access::Member(_)) || !route.method.writes() {
        return None;
    }
    let writes = route.contract.answers().any(|answer| match answer.content {
        contract::Content::Json(describe) | contract::Content::Under(_, describe) => {
            let answered = schemas.of(route.path, describe).to_value();
            let answered = members_of(&answered, schemas);
            !answered.is_empty() && answered.keys().all(|name| members.contains_key(name))
        }
        _ => false,
    });
    writes.then(|| Form { method: route.method.name(), path: route.path, fields: fields(taken) })
}

/// The members of a type, which may stand under its name.
fn members_of(schema: &Value, schemas: &Schemas) -> Map<String, Value> {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let whole = name.and_then(|name| schemas.generator.definitions().get(name)).unwrap_or(schema);
    whole["properties"].as_object().cloned().unwrap_or_default()
}
