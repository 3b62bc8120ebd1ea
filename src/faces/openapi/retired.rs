//! What is to go, as the description tells it.

use crate::feature::{Lifecycle, Route};
use crate::http::version::Version;
use serde_json::{Value, json};

/// Header fields of a deprecated operation's answers.
const FIELDS: [&str; 3] = ["Deprecation", "Link", "Sunset"];
/// The status of what is gone.
const GONE: &str = "410";

/// Marks an operation that is to go, and where an app may be refused for its age.
pub fn mark(operation: &mut Value, route: &Route, version: &Version, lifecycle: &Lifecycle) {
    let entry = lifecycle.on(route, version);
    let may_be_gone = entry.as_ref().is_some_and(|entry| entry.sunset.is_some());
    if may_be_gone || (!lifecycle.clients.is_empty() && route.is_versioned()) {
        operation["responses"][GONE] = json!({"$ref": format!("#/components/responses/{GONE}")});
    }
    let Some(entry) = entry else { return };
    operation["deprecated"] = json!(true);
    if let Some(sunset) = entry.sunset {
        operation["x-sunset"] = json!(sunset);
    }
    let answers = operation["responses"].as_object_mut().into_iter().flatten().map(|(_, answer)| answer);
    for headers in answers.filter_map(|answer| answer.get_mut("headers")?.as_object_mut()) {
        headers.extend(FIELDS.map(|name| (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}))));
    }
}
