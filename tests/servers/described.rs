//! Holds every answer that a test gets to the API's description: status, media type, header fields and content.
//!
//! Stricter than the description is for clients: an object may have no member that is not described.

use super::client::Answer;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};
use tandem::app::FEATURES;
use tandem::app::route::{Found, find};
use tandem::faces::openapi::document;
use tandem::feature::Face;
use tandem::http::version::{Asked, UNNAMED, VERSIONS, Version};
use tandem::http::{Request, Vars};

/// A described answer of one operation: by its method, path and status.
type Name = (String, String, u16);

type Compile = Box<dyn FnOnce() -> Validator + Send>;

/// What the description says of an answer.
struct Described {
    /// The schema of each media type; `None` when it is no JSON. Compiled when it is first wanted: the processes of the
    /// clock tests want few.
    content: BTreeMap<String, Option<LazyLock<Validator, Compile>>>,
    /// Header fields that it always has.
    headers: Vec<String>,
}

/// What each version's description says.
static DESCRIBED: LazyLock<BTreeMap<u8, BTreeMap<Name, Described>>> =
    LazyLock::new(|| VERSIONS.iter().map(|version| (version.number, read(version))).collect());
static SEEN: Mutex<BTreeSet<Name>> = Mutex::new(BTreeSet::new());

/// Panics when an answer of Tandem's is none that the description knows. Others, a web server's own and those of the
/// transport's tests, carry no name of a request.
#[track_caller]
pub fn hold(method: &str, target: &str, answer: &Answer) {
    if answer.header("X-Request-Id").is_none() {
        return;
    }
    let number: u8 = answer.header("API-Version").expect("every answer says its version").parse().unwrap();
    let vars = Vars::from_iter([("REQUEST_METHOD", method), ("REQUEST_URI", target)]);
    let mut request = Request::new(&vars, String::new());
    request.version = VERSIONS.iter().find(|version| version.number == number).unwrap();
    let unknown = request.asked == (Asked::Unknown { in_path: true });
    let wrong = match find(&FEATURES, &mut request) {
        Found::Route(route) if route.face != Face::Rest => None,
        Found::Route(_) if unknown => against(number, &("GET".into(), "/goals/{id}/".into(), 404), method, answer),
        Found::Route(route) => {
            let version = if route.is_versioned() { number } else { UNNAMED.number };
            against(version, &(route.method.name().to_owned(), route.path.to_owned(), answer.status), method, answer)
        }
        Found::Options(_) => Some(format!("OPTIONS answers {}", answer.status)).filter(|_| answer.status != 204),
        // Every problem is described alike.
        Found::Other(_) | Found::Nothing => against(number, &("GET".into(), "/goals/{id}/".into(), 404), method, answer),
    };
    if let Some(wrong) = wrong {
        panic!("not as described: {method} {target}: {} {:?}\n{wrong}\n{}", answer.status, answer.headers, answer.text());
    }
}

/// What is not as described.
fn against(version: u8, name: &Name, method: &str, answer: &Answer) -> Option<String> {
    let Some(described) = DESCRIBED[&version].get(name) else { return Some("the status is not described".to_owned()) };
    SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(name.clone());
    if let Some(missing) = described.headers.iter().find(|field| answer.header(field).is_none()) {
        return Some(format!("{missing} is missing"));
    }
    let media = answer.header("Content-Type").unwrap_or_default().split(';').next().unwrap_or_default();
    match described.content.get(media) {
        None if described.content.is_empty() && media.is_empty() && answer.body.is_empty() => None,
        None => Some(format!("the media type {media:?} is not described")),
        Some(_) if method == "HEAD" => None,
        Some(schema) => schema.as_ref().and_then(|schema| faults(schema, &answer.json())),
    }
}

fn faults(schema: &Validator, content: &Value) -> Option<String> {
    let faults: Vec<String> = schema.iter_errors(content).map(|e| format!("{}: {e}", e.instance_path())).collect();
    (!faults.is_empty()).then(|| faults.join("\n"))
}

/// Good answers that take a mailer or an engine in front, which the contract's servers lack: `tests/mail.rs` and `tests/realtime.rs` get
/// them.
const MAILED: [(&str, u16); 3] = [("/auth/password/forgot/", 202), ("/auth/email/verify/", 202), ("/push/stream/", 200)];

/// Good answers that the description has and no test got.
pub fn unseen() -> Vec<String> {
    let seen = SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let is_mailed = |name: &Name| MAILED.contains(&(name.1.as_str(), name.2));
    let good = DESCRIBED[&UNNAMED.number]
        .keys()
        .filter(|name| (200..300).contains(&name.2) && !seen.contains(*name) && !is_mailed(name));
    good.map(|(method, path, status)| format!("{method} {path} {status}")).collect()
}

fn read(version: &'static Version) -> BTreeMap<Name, Described> {
    let mut document = document::of(&FEATURES, "/api", version);
    close(&mut document);
    let document = Arc::new(document);
    let mut all = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let name = (method.to_uppercase(), path.clone(), status.parse().unwrap());
                all.insert(name, described(&document, answer));
            }
        }
    }
    all
}

fn described(document: &Arc<Value>, answer: &Value) -> Described {
    let answer = resolved(document, answer);
    let compile = |media: &Value| {
        let (document, schema) = (Arc::clone(document), media.get("schema")?.clone());
        Some(LazyLock::new(Box::new(move || validator(&document, &schema)) as Compile))
    };
    let content = answer.get("content").and_then(Value::as_object).into_iter().flatten();
    let always = |header: &Value| resolved(document, header)["required"] == true;
    let headers = answer["headers"].as_object().unwrap().iter().filter(|(_, header)| always(header));
    Described {
        content: content.map(|(media, described)| (media.clone(), compile(described))).collect(),
        headers: headers.map(|(name, _)| name.clone()).collect(),
    }
}

/// What a reference leads to.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let pointer = value.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    pointer.map_or(value, |pointer| document.pointer(pointer).unwrap())
}

fn validator(document: &Value, schema: &Value) -> Validator {
    let whole = json!({"components": {"schemas": document["components"]["schemas"]}, "allOf": [schema]});
    jsonschema::draft202012::options().should_validate_formats(true).build(&whole).unwrap()
}

/// Closes every object whose members are described to any others.
fn close(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) && members.get("type") == Some(&json!("object")) {
                members.entry("additionalProperties").or_insert(json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn what_is_not_described_is_seen() {
    let answer = |status: u16, media: &str, body: Value| {
        let headers = [("Content-Type", media), ("X-Request-Id", "1"), ("API-Version", "2"), ("ETag", "\"1\"")];
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status, headers, body: body.to_string().into_bytes() }
    };
    let about = json!({"name": "Tandem", "version": "1", "status": "ok"});
    let wrong = |answer: Answer| std::panic::catch_unwind(|| hold("GET", "/api/", &answer)).is_err();
    assert!(!wrong(answer(200, "application/json", about.clone())));
    assert!(wrong(answer(201, "application/json", about.clone())), "another status");
    assert!(wrong(answer(200, "text/html", about.clone())), "another media type");
    assert!(wrong(answer(200, "application/json", json!({"name": "Tandem"}))), "a member is missing");
    assert!(
        wrong(Answer {
            headers: [("X-Request-Id", "1"), ("API-Version", "2")].map(|(name, value)| (name.into(), value.into())).to_vec(),
            ..answer(200, "", about.clone())
        }),
        "no type, no tag"
    );
    let mut more = about;
    more["more"] = json!(1);
    assert!(wrong(answer(200, "application/json", more)), "a member that is not described");
}
