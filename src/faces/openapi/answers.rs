//! What a route answers: when all is well what it says itself, otherwise the problems that follow from what it is.

use crate::feature::contract::Takes;
use crate::feature::{Access, Answer, Content, Meter, Route, Schemas, Tx, Without};
use crate::http::{EVENT_STREAM, Method, problem};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The name of the schema of problems.
pub const PROBLEM: &str = "Problem";
/// That of what routes of no version answer, the same in every version's document.
pub const VERSIONLESS_PROBLEM: &str = "ProblemOfNoVersion";

/// A refusal: its status, when it comes, the header fields that it carries.
type Refusal = (u16, &'static str, &'static [&'static str]);

const REFUSALS: &[Refusal] = &[
    (400, "The request is not sound; errors of fields are told all at once.", &[]),
    (401, "The token is missing, spoilt, or of a session that ended: `code` says which.", &["WWW-Authenticate"]),
    (403, "It is somebody else's to do.", &[]),
    (404, "There is no such thing, or it is another couple's.", &[]),
    (408, "The body took too long to arrive: `max_items` says how many items to send at once.", &[]),
    (
        409,
        "The request under this `Idempotency-Key` is still being worked on (`Retry-After` says for how long), or it does not fit what is there: `code` says which.",
        &[],
    ),
    (
        410,
        "The object was deleted, what was asked is not there any more, or the app is too old: `code` says which.",
        &["Deprecation", "Sunset", "Link", "Alert"],
    ),
    (412, "A precondition does not hold: the object is not the one that it names, or is there already. Read it again.", &[]),
    (413, "The body, or the answer, is too large.", &[]),
    (415, "The body is of a media type that is not read.", &[]),
    (422, "The `Idempotency-Key` came before, with another request.", &[]),
    (428, "Something is there that the request would replace or erase: name it in `If-Match`.", &[]),
    (429, "Too often: wait for so many seconds.", &["Retry-After", "RateLimit", "RateLimit-Policy"]),
    (500, "A defect of the server; its log says more.", &[]),
    (501, "The server is not set up for this: `code` says what it lacks.", &[]),
    (503, "The server is busy or not ready: try again.", &["Retry-After"]),
    (507, "The server's disk is full.", &["Retry-After"]),
];

/// A header field: its name, its schema's type, what it says, is it always there?
type Header = (&'static str, &'static str, &'static str, bool);

const HEADERS: &[Header] = &[
    ("Alert", "string", "JSON: the app is old; `code` is `soft-eol` or `hard-eol`, `url` has a newer one.", false),
    ("Deprecation", "string", "From when on it should not be used any more (RFC 9745).", false),
    ("ETag", "string", "The tag of this representation, for `If-None-Match` and `If-Match`.", true),
    ("Idempotency-Replayed", "boolean", "The answer was given before, under the same `Idempotency-Key`.", false),
    ("Link", "string", "Where to read more, and what takes its place (RFC 8288).", false),
    ("RateLimit", "string", "What is left of the limit (draft-ietf-httpapi-ratelimit-headers).", false),
    ("RateLimit-Policy", "string", "The limit.", false),
    ("Retry-After", "integer", "Seconds.", true),
    (
        "Sync-Stamp",
        "string",
        "The stamps of what was written, by commas: a poll that names them in `own` is not told of it.",
        false,
    ),
    ("Sunset", "string", "From when on it is gone (RFC 8594).", false),
    ("WWW-Authenticate", "string", "`Bearer`", true),
    ("X-Request-Id", "string", "What the server's log calls this request.", true),
];

/// The header fields and refusals that routes share.
pub fn components() -> Map<String, Value> {
    let headers: Map<String, Value> = HEADERS.iter().map(header).collect();
    let refusals: Map<String, Value> = REFUSALS.iter().map(|refusal| (refusal.0.to_string(), refused(refusal))).collect();
    Map::from_iter([("headers".to_owned(), Value::Object(headers)), ("responses".to_owned(), Value::Object(refusals))])
}

fn header((name, kind, about, always): &Header) -> (String, Value) {
    ((*name).to_owned(), json!({"schema": {"type": kind}, "description": about, "required": always}))
}

fn refused(refusal: &Refusal) -> Value {
    refused_as(refusal, PROBLEM)
}

fn refused_as((_, about, fields): &Refusal, schema: &str) -> Value {
    let content = json!({ problem::MEDIA_TYPE: {"schema": {"$ref": format!("#/components/schemas/{schema}")}} });
    json!({"description": about, "headers": headers(fields), "content": content})
}

/// References to these header fields, and to the one that every answer carries.
fn headers(names: &[&str]) -> Value {
    let refer = |name: &str| (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    Value::Object(names.iter().copied().chain(["X-Request-Id"]).map(refer).collect())
}

/// Everything that a route may answer.
pub fn of(route: &Route, schemas: &mut Schemas) -> Value {
    let mut answers: Map<String, Value> = Map::new();
    for answer in route.contract.answers() {
        answers.insert(answer.status.to_string(), good(route, answer, schemas));
    }
    if route.method == Method::Get && !route.contract.answers().any(goes_on) {
        answers.insert("304".to_owned(), json!({"description": "The client has it.", "headers": headers(&["ETag"])}));
    }
    for refusal in refusals(route) {
        // A status may be an answer as well as a refusal: then the answer tells both.
        answers.entry(refusal.0.to_string()).or_insert_with(|| bad(route, refusal, schemas));
    }
    Value::Object(answers)
}

/// Is what it answers kept under a key? Not where a question is asked by POST.
pub fn keeps(route: &Route) -> bool {
    route.method.writes() && route.tx != Tx::Read
}

/// Is it a stream? That is nothing that a client may have.
fn goes_on(answer: Answer) -> bool {
    matches!(answer.content, Content::Bytes(EVENT_STREAM))
}

fn good(route: &Route, answer: Answer, schemas: &mut Schemas) -> Value {
    let tagged = matches!(route.method, Method::Get | Method::Put | Method::Patch) && !goes_on(answer);
    let fields: &[&str] = match (tagged, route.method.writes()) {
        (true, true) => &["ETag", "Idempotency-Replayed", "Sync-Stamp"],
        (true, false) => &["ETag"],
        (false, true) => &["Idempotency-Replayed", "Sync-Stamp"],
        (false, false) => &[],
    };
    let about = match answer.status {
        201 => "It was made.",
        204 => "It is done.",
        _ => "All is well.",
    };
    told(about, fields, answer.content, schemas)
}

/// A problem like any other, unless the route's refusals look otherwise, or it knows no versions.
fn bad(route: &Route, refusal: &Refusal, schemas: &mut Schemas) -> Value {
    let (status, about, fields) = refusal;
    match route.contract.refusal {
        Some(content) => told(about, fields, content, schemas),
        None if !route.is_versioned() => refused_as(refusal, VERSIONLESS_PROBLEM),
        None => json!({"$ref": format!("#/components/responses/{status}")}),
    }
}

fn told(about: &str, fields: &[&str], content: Content, schemas: &mut Schemas) -> Value {
    let mut told = json!({"description": about, "headers": headers(fields)});
    let media = content.media(schemas).into_iter();
    let media: Map<String, Value> = media
        .map(|(name, schema)| (name.to_owned(), schema.map_or_else(|| json!({}), |schema| json!({ "schema": schema }))))
        .collect();
    if !media.is_empty() {
        told["content"] = Value::Object(media);
    }
    told
}

/// The statuses of the refusals that follow from a route's method, access and limit, and those it names itself.
pub fn statuses(route: &Route) -> BTreeSet<u16> {
    let contract = &route.contract;
    let takes = matches!(contract.takes, Takes::Fields(_) | Takes::Json(_));
    let post = route.method == Method::Post;
    let alters = matches!(route.method, Method::Put | Method::Patch | Method::Delete);
    let without = |what| route.access == Access::Member(what);
    let rules = [
        // 400: any query may hold bytes that are no UTF-8.
        (&[400, 500, 503][..], true),
        (&[401], route.access != Access::Public),
        (&[404], route.path.contains('{') || contract.paged || without(Without::NotFound) || without(Without::NoCouple)),
        (&[408], takes),
        (&[409, 422], keeps(route)),
        (&[412], alters),
        // A page of one object, or of one stamp, may be larger than an answer.
        (&[413], post || alters || contract.paged || contract.parameters.iter().any(|field| field.name == "limit")),
        (&[415], takes),
        (&[429], route.meter != Meter::Free),
        (&[507], route.tx != Tx::Read && route.method != Method::Get),
    ];
    let follow = rules.iter().filter(|(_, holds)| *holds).flat_map(|(statuses, _)| *statuses);
    follow.chain(contract.refuses).copied().collect()
}

/// The refusals of a route.
fn refusals(route: &Route) -> impl Iterator<Item = &'static Refusal> {
    let statuses = statuses(route);
    REFUSALS.iter().filter(move |refusal| statuses.contains(&refusal.0))
}
