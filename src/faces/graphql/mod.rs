//! GraphQL: one endpoint over the schema that the nouns' parts make.
//!
//! The transport follows GraphQL over HTTP (draft). A query runs in one snapshot; each field of a mutation in a write
//! transaction of its own, one after the other.

mod cost;
mod errors;
mod execute;
mod limits;
mod literals;
mod media;
mod parts;
mod ready;
mod request;
mod retired;
pub mod schema;
mod texts;
mod values;

use crate::base::error::{Error, Refusal, Refused, Result, refuse};
use crate::base::text::{self, Language, Message};
use crate::faces::pages::graphiql;
use crate::feature::{Access, Ctx, Face, Feature, Meter, Route};
use crate::http::{Method, Response};
use apollo_compiler::ast::{Definition, Document, OperationType};
use apollo_compiler::executable::Operation;
use apollo_compiler::parser::{Parser, SourceMap};
use apollo_compiler::request::{RequestError, coerce_variable_values};
use apollo_compiler::response::{ExecutionResponse, GraphQLError, JsonMap};
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Schema};
use cost::{Bill, Figures, Rate};
use media::Media;
use ready::{Ready, Retired};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The registry entry.
pub const FEATURE: Feature = Feature::new("graphql", ROUTES);

const ROUTES: &[Route] = &[
    graphql(Route::get("/graphql/", Access::Optional, answer, "GraphQL queries")),
    graphql(Route::post("/graphql/", Access::Optional, answer, "GraphQL queries and uploads")),
];

const fn graphql(route: Route) -> Route {
    route.through(Face::Graphql).own().metered(Meter::Graphql).told(errors::tell)
}

/// The most tokens of a document: an upload of 1,000 items written out has some 40,000.
const MAX_TOKENS: usize = 100_000;
/// The most errors of a document that are told: one that is wrong everywhere needs no list of everything.
const MAX_ERRORS: usize = 10;
/// What errors call the document.
const DOCUMENT: &str = "query";

/// GET and POST `/graphql/`
fn answer(ctx: &mut Ctx<'_>) -> Result<Response> {
    if graphiql::is_wanted(ctx) {
        return graphiql::show();
    }
    let open = ctx.house.settings.graphql_introspection;
    if ctx.token().is_none() && !open {
        return signed_out();
    }
    let sent = request::read(ctx.request)?;
    let mut variables = sent.variables;
    let (fit, document) = read(ctx, &sent.query, &mut variables)?;
    let schema: &Valid<Schema> = &fit;
    let document = match document {
        Ok(document) => values::with_digits(document)?,
        Err(errors) => return Ok(refused(ctx, &errors)),
    };
    let operation = match document.operations.get(sent.operation.as_deref()) {
        Ok(operation) => operation,
        Err(error) => return Ok(refused(ctx, &[invalid(&error, &document.sources)])),
    };
    let figures = figures(ctx, (schema, &document, operation), &variables);
    if let Some(stop) = check(ctx, &document, operation, figures)? {
        return Ok(stop);
    }
    let lifted = values::lift(schema, operation, &mut variables)?;
    let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect::<JsonMap>();
    match coerce_variable_values(schema, operation, &variables) {
        Ok(variables) => {
            let variables = lifted.restore(variables);
            let retired = Retired::default();
            let mut ready = Ready { schema, document: &document, operation, variables: &variables, retired };
            ready.retired = retired::look(ctx, &ready)?;
            ready.retired.targets().for_each(|target| ctx.count_use(&target));
            run(ctx, &ready, figures)
        }
        Err(error) => Ok(refused(ctx, &[invalid(&error, &document.sources)])),
    }
}

/// The document, or what is wrong with it, and the schema that it was read by. Nothing is wrong by a part of the schema alone.
fn read(ctx: &Ctx<'_>, query: &str, variables: &mut Map<String, Value>) -> Result<(schema::Fit, Checked)> {
    let (features, language) = (ctx.house.features, ctx.request.language);
    let fit = schema::fit(features, query)?;
    match parse(query, &fit, variables, language)? {
        Err(_) if fit.is_part() => {
            variables.retain(|name, _| !literals::is_lifted(name));
            let whole = schema::of(features)?;
            Ok((schema::Fit::Whole(whole), parse(query, whole, variables, language)?))
        }
        checked => Ok((fit, checked)),
    }
}

/// A document, or GraphQL's errors.
type Checked = std::result::Result<Valid<ExecutableDocument>, Vec<Value>>;

/// The document, parsed and validated. Numbers of it that are their items' to say something about become variables.
fn parse(query: &str, schema: &Valid<Schema>, variables: &mut Map<String, Value>, language: Language) -> Result<Checked> {
    let mut parsed: Document = match Parser::new().token_limit(MAX_TOKENS).parse_ast(query, DOCUMENT) {
        Ok(parsed) => parsed,
        Err(wrong) => return Ok(Err(told(&wrong.errors, errors::PARSE_FAILED))),
    };
    if parsed.definitions.iter().any(is_subscription) {
        return Ok(Err(vec![json!({
            "message": Message::plain(&texts::NO_SUBSCRIPTION).render(language),
            "extensions": {"code": errors::SUBSCRIPTION_UNSUPPORTED},
        })]));
    }
    literals::lift(schema, &mut parsed, variables)?;
    let valid = parsed.to_executable_validate(schema);
    Ok(valid.map_err(|wrong| told(&wrong.errors, errors::VALIDATION_FAILED)))
}

fn is_subscription(definition: &Definition) -> bool {
    matches!(definition, Definition::OperationDefinition(operation) if operation.operation_type == OperationType::Subscription)
}

fn told(errors: &DiagnosticList, code: &str) -> Vec<Value> {
    errors.iter().take(MAX_ERRORS).map(|diagnostic| located(&diagnostic.to_json(), code)).collect()
}

fn invalid(error: &RequestError, sources: &SourceMap) -> Value {
    located(&error.to_graphql_error(sources), errors::VALIDATION_FAILED)
}

fn located(error: &GraphQLError, code: &str) -> Value {
    json!({"message": error.message, "locations": error.locations, "extensions": {"code": code}})
}

/// The answer to a well-formed request that GraphQL refuses.
fn refused(ctx: &Ctx<'_>, errors: &[Value]) -> Response {
    let media = Media::of(ctx.request);
    media.response(media.refusal(), &json!({ "errors": errors }))
}

fn signed_out<T>() -> Result<T> {
    refuse(Refused::Unauthenticated("not_authenticated"), &text::NOT_AUTHENTICATED)
}

/// Checks who asks, how, and how much.
fn check(ctx: &Ctx<'_>, document: &ExecutableDocument, operation: &Operation, figures: Figures) -> Result<Option<Response>> {
    if ctx.request.method != Method::Post && !operation.is_query() {
        return Ok(Some(needs_post(ctx)));
    }
    if let Some((refusal, until)) = &ctx.request.too_old
        && (operation.is_query() || *until <= ctx.now)
    {
        return Err(refusal.clone().into());
    }
    let open = ctx.house.settings.graphql_introspection;
    let introspects = operation.is_introspection(document);
    if ctx.token().is_none() && !introspects {
        return signed_out();
    }
    if !open && operation.root_fields(document).any(|field| matches!(field.name.as_str(), "__schema" | "__type")) {
        return Ok(Some(turned_down(ctx, &texts::NO_INTROSPECTION, code(errors::INTROSPECTION_DISABLED))));
    }
    // The query that every tool sends is deeper than anything an app asks; its answer is bounded by the schema.
    let figures = if introspects { Figures { depth: 0, ..figures } } else { figures };
    let told = limits::complexity(ctx, figures);
    Ok(told.map(|told| turned_down(ctx, &texts::TOO_COMPLEX, told)))
}

fn figures(
    ctx: &Ctx<'_>,
    (schema, document, operation): (&Schema, &ExecutableDocument, &Operation),
    variables: &Map<String, Value>,
) -> Figures {
    let rate = |name: &str| schema::root(ctx.house.features, name).map_or(Rate::PLAIN, schema::rate);
    let sent = |name: &str| variables.get(name);
    let variable = |name: &str| sent(name).and_then(|value| cost::objects(value.as_i64(), value.as_array().map(Vec::len)));
    Bill { schema, document, operation, rate: &rate, variable: &variable }.figures()
}

fn needs_post(ctx: &Ctx<'_>) -> Response {
    let detail = Message::with(&text::METHOD, &[&ctx.request.method.name()]);
    let error = Error::from(Refusal::with(Refused::Method, detail));
    errors::tell(&error, ctx.request).with("Allow", Method::Post.name())
}

/// 400 in either media type: no other request of this operation would do.
fn turned_down(ctx: &Ctx<'_>, what: &'static text::Text, extensions: Map<String, Value>) -> Response {
    let message = Message::plain(what).render(ctx.request.language);
    Media::of(ctx.request).response(400, &json!({"errors": [errors::error(&message, extensions)]}))
}

fn code(code: &str) -> Map<String, Value> {
    Map::from_iter([("code".to_owned(), json!(code))])
}

/// Runs the operation in the transaction that it needs: a query in one snapshot, introspection in none.
fn run(ctx: &mut Ctx<'_>, ready: &Ready<'_>, figures: Figures) -> Result<Response> {
    let Ready { document, operation, .. } = ready;
    if operation.is_mutation() && ready.retired.is_gone() {
        let told = json!({"errors": ready.retired.refusals(), "data": null, "extensions": ready.retired.warnings()});
        return Ok(Media::of(ctx.request).response(200, &told));
    }
    if !operation.is_query() {
        return show(ctx, ready);
    }
    let mut query = |ctx: &mut Ctx<'_>| limits::count(ctx, figures).and_then(|()| show(ctx, ready));
    if operation.is_introspection(document) { query(ctx) } else { ctx.read(&mut query) }
}

fn show(ctx: &mut Ctx<'_>, ready: &Ready<'_>) -> Result<Response> {
    let response = execute::run(ctx, ready)?;
    let media = Media::of(ctx.request);
    Ok(match ready.retired.warnings() {
        Some(extensions) => media.response(200, &Warned { response, extensions }),
        None => media.response(200, &response),
    })
}

/// An answer beside which something is told.
#[derive(Serialize)]
struct Warned {
    #[serde(flatten)]
    response: ExecutionResponse,
    extensions: Value,
}
