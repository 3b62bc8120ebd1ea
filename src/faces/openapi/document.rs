//! The whole document: what the registry and the types say, put together.

use super::{answers, operation, retired};
use crate::feature::lifecycle::file::Declared;
use crate::feature::{Face, Feature, Lifecycle, Route, Schemas};
use crate::http::problem;
use crate::http::version::{UNNAMED, Version};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The version of the specification that the document follows.
pub const OPENAPI: &str = "3.1.1";

/// Where the schemas of types stand in the document.
const SCHEMAS: &str = "/components/schemas";

/// What every developer of a client should have read.
const ABOUT: &str = "The backend of an offline-first mobile app: accounts, couples, what they share, and an exact feed of changes.\n\n\
    Paths work with and without their last slash; `/api/…` is the same as `/api/v1/…`. HEAD works wherever GET does, OPTIONS \
    everywhere. Instants are written in UTC with milliseconds. Errors are problems (RFC 9457); errors of fields stand under \
    `errors`, in version 1 also as members of their own. Messages come in the language of `Accept-Language`: English, French or Korean.\n\n\
    Bodies are read more generously than their schemas say, for existing clients: a number stands for its digits in a text, \
    digits stand for a number, `true`, `false`, `1`, `0`, `on` and `off` for a truth value, an empty text for null where null may \
    be, and a form may be sent instead of JSON. No text may hold the character U+0000. Unknown members are ignored.";

/// The document of a version of the API that is mounted at this path, `/api`, with what the code says is to go.
pub fn of(features: &'static [&'static Feature], mount: &str, version: &'static Version) -> Value {
    with(features, mount, version, &Lifecycle::of(features, Declared::default()))
}

/// The document, with everything that is to go.
pub fn with(features: &'static [&'static Feature], mount: &str, version: &'static Version, lifecycle: &Lifecycle) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut schemas = Schemas { generator: settings.into_generator(), features, subject: "", version };
    let paths = paths(&mut schemas, lifecycle);
    let mut components = answers::components();
    components.insert("schemas".to_owned(), types(&mut schemas));
    components.insert("securitySchemes".to_owned(), json!({ operation::BEARER: bearer() }));
    components.insert("parameters".to_owned(), operation::shared_parameters(version));
    json!({
        "openapi": OPENAPI,
        "info": info(),
        "servers": [server(mount, version)],
        "tags": features.iter().filter(|feature| feature.routes.iter().any(is_rest)).map(|feature| json!({ "name": feature.name })).collect::<Vec<_>>(),
        "security": [{ operation::BEARER: [] }],
        "paths": paths,
        "components": components,
    })
}

fn info() -> Value {
    json!({
        "title": "Tandem",
        "version": env!("CARGO_PKG_VERSION"),
        "description": ABOUT,
        "license": {"name": "MIT", "identifier": "MIT"},
    })
}

fn server(mount: &str, version: &Version) -> Value {
    json!({"url": format!("{mount}/{}", version.name), "description": version.about})
}

/// How a caller is known.
fn bearer() -> Value {
    let about = "The `access` token that signing in answers.";
    json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": about})
}

/// Every path with its operations.
fn paths(schemas: &mut Schemas, lifecycle: &Lifecycle) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for feature in schemas.features {
        for route in feature.routes.iter().filter(|route| is_rest(route) && route.exists_in(schemas.version)) {
            let mut described = operation::of(feature, route, schemas);
            retired::mark(&mut described, route, schemas.version, lifecycle);
            if let Value::Object(operations) = paths.entry(route.path).or_insert_with(|| json!({})) {
                operations.insert(method(route), described);
            }
        }
    }
    Value::Object(paths)
}

/// The other faces are described elsewhere, such as GraphQL by its schema, or not at all.
fn is_rest(route: &Route) -> bool {
    route.face == Face::Rest
}

fn method(route: &Route) -> String {
    route.method.name().to_ascii_lowercase()
}

/// The types that were met on the way.
fn types(schemas: &mut Schemas) -> Value {
    let mut types = schemas.generator.take_definitions(true);
    for (name, version) in [(answers::PROBLEM, schemas.version), (answers::VERSIONLESS_PROBLEM, UNNAMED)] {
        types.insert(name.to_owned(), problem::schema(version).to_value());
    }
    Value::Object(types)
}
