//! What is to go, walked over every route, both versions and every state, in this process; the instants are passed in.

use serde_json::{Value, json};
use std::path::Path;
use tandem::app::guard::{lifecycle as guard, transact};
use tandem::app::{App, FEATURES, inner};
use tandem::base::id;
use tandem::base::time::{DAY, SECOND, Timestamp, parse_http};
use tandem::base::token::Keys;
use tandem::feature::lifecycle::clients::Minimum;
use tandem::feature::lifecycle::file::Declared;
use tandem::feature::lifecycle::{Entry, Source, State, Target};
use tandem::feature::{Face, House, Lifecycle, Route, Settings};
use tandem::http::version::{VERSIONS, Version};
use tandem::http::{Response, Service, Vars};

/// A data folder, and what goes in it.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program, with these entries and these clients.
    pub fn app(&self, entries: Vec<Entry>, clients: Vec<Minimum>) -> App {
        Place::at(self.path(), entries, clients)
    }

    /// The program, with its data in this folder.
    pub fn at(data: &Path, entries: Vec<Entry>, clients: Vec<Minimum>) -> App {
        let data = data.to_owned();
        let database_url = format!("sqlite:{}", data.join("tandem.db").display());
        let settings = Settings {
            data,
            database_url,
            limit_requests: None,
            limit_polls: None,
            cors_origins: vec!["*".to_owned()],
            ..Settings::default()
        };
        let secret = b"a secret of the tests, of many characters".to_vec();
        let lifecycle = Lifecycle::of(&FEATURES, Declared { entries, clients });
        let (read, write) = (transact::read, transact::write);
        App::of(House {
            settings,
            keys: Keys::new(&secret),
            secret,
            lifecycle,
            features: &FEATURES,
            read,
            write,
            ask: inner::ask,
        })
    }
}

/// An entry that is deprecated and gone so many days from now.
pub fn entry(target: &str, since: i64, sunset: Option<i64>) -> Entry {
    let day = |days: i64| Timestamp((Timestamp::now().0 + days * DAY) / SECOND * SECOND);
    let target = Target::parse(target).unwrap();
    let (since, sunset) = (Some(day(since)), sunset.map(day));
    Entry { target, since, sunset, successor: None, link: None, reason: None, source: Source::Operator }
}

/// Sends a request; each field by its CGI name.
pub fn send(app: &mut App, method: &str, target: &str, fields: &[(&str, &str)], body: &Value) -> Response {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let length = body.len().to_string();
    let plain = [
        ("REQUEST_METHOD", method),
        ("REQUEST_URI", target),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("HTTP_HOST", "localhost"),
        ("HTTP_ORIGIN", "https://app.example"),
        ("CONTENT_TYPE", "application/json"),
        ("CONTENT_LENGTH", &length),
    ];
    // The first of a name counts.
    let vars = Vars::from_iter(fields.iter().copied().chain(plain));
    app.handle(&vars, &mut body.as_slice())
}

pub fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

/// A path of a route, with ids in the places of its `{…}`.
fn path(route: &Route, version: &Version) -> String {
    let filled = route.path.split('/').map(|part| if part.starts_with('{') { id::opaque() } else { part.to_owned() });
    format!("/api/{}{}", version.name, filled.collect::<Vec<_>>().join("/"))
}

fn rest() -> impl Iterator<Item = (&'static Route, &'static Version)> {
    let routes = FEATURES.iter().flat_map(|feature| feature.routes).filter(|route| route.face == Face::Rest);
    routes.flat_map(|route| VERSIONS.iter().filter(|version| route.exists_in(version)).map(move |version| (route, version)))
}

/// Since, sunset, the state, and is what takes unsent work closed, too?
const STATES: &[(i64, Option<i64>, State, bool)] = &[
    (30, Some(400), State::Active, false),
    (-30, None, State::Deprecated, false),
    (-30, Some(400), State::Deprecated, false),
    (-100, Some(14), State::SunsetWarning, false),
    (-100, Some(-1), State::Gone, false),
    (-400, Some(-89), State::Gone, false),
    (-400, Some(-91), State::Gone, true),
];

#[test]
fn every_route_in_both_versions_goes_by_the_clock_and_says_so() {
    let place = Place::new();
    let mut seen = 0;
    for (since, sunset, state, drained) in STATES {
        let named = |(route, version): (&Route, &Version)| {
            let version = if route.is_versioned() { format!("{}:", version.name) } else { String::new() };
            format!("{version}{} {}", route.method.name(), route.path)
        };
        let entries: Vec<Entry> = rest().map(named).map(|target| entry(&target, *since, *sunset)).collect();
        assert!(entries.iter().all(|entry| entry.state(Timestamp::now()) == *state));
        for ((route, version), entry) in rest().zip(entries) {
            let mut app = place.app(vec![entry.clone()], Vec::new());
            let answer = send(&mut app, route.method.name(), &path(route, version), &[], &Value::Null);
            announced(&answer, &entry);
            let gone = *state == State::Gone && (*drained || !guard::takes_work(route));
            let told = body(&answer)["code"].clone();
            let is_field = version.number == 1 && route.takes_field("code");
            assert_eq!(answer.status == 410, gone, "{} {}: {told}", version.name, route.path);
            assert_eq!(told == json!("sunset"), gone && !is_field, "{} {}: {told}", version.name, route.path);
            seen += 1;
        }
    }
    assert!(seen > 1_000, "{seen}");
}

fn announced(answer: &Response, entry: &Entry) {
    let since = entry.since.map(|at| format!("@{}", at.0 / SECOND));
    assert_eq!(answer.header("Deprecation"), since.as_deref(), "{answer:?}");
    assert_eq!(answer.header("Sunset").map(|text| parse_http(text).unwrap()), entry.sunset);
    let link = answer.header("Link").unwrap();
    assert!(link.starts_with("</api/deprecations/>; rel=\"deprecation\""), "{link}");
    assert_eq!(link.contains("rel=\"sunset\""), entry.sunset.is_some());
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("https://app.example"));
    assert!(answer.header("Access-Control-Expose-Headers").unwrap().contains("deprecation"));
}

#[test]
fn a_version_that_goes_takes_what_has_versions_with_it() {
    let place = Place::new();
    let mut version = entry("version:1", -400, Some(-1));
    version.successor = Target::parse("version:2");
    version.link = Some("https://example.org/v2".to_owned());
    let mut app = place.app(vec![version], Vec::new());
    for (route, reached) in rest() {
        let answer = send(&mut app, route.method.name(), &path(route, reached), &[], &Value::Null);
        let gone = reached.number == 1 && route.is_versioned() && !guard::takes_work(route);
        assert_eq!(answer.status == 410, gone, "{} {}", reached.name, route.path);
        assert_eq!(answer.header("Sunset").is_some(), reached.number == 1 && route.is_versioned());
    }
    let gone = send(&mut app, "GET", "/api/goals/", &[], &Value::Null);
    let problem = body(&gone);
    assert_eq!(
        (&problem["target"], &problem["successor"], &problem["link"]),
        (&json!("version:1"), &json!("version:2"), &json!("https://example.org/v2"))
    );
    assert!(problem["sunset"].is_string() && problem["drain_until"].is_string());
    let link = gone.header("Link").unwrap();
    assert!(link.contains("</api/v2/goals/>; rel=\"successor-version\"") && link.contains("type=\"text/html\""), "{link}");
    let options = send(&mut app, "OPTIONS", "/api/goals/", &[("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "GET")], &Value::Null);
    assert_eq!((options.status, options.header("Sunset")), (204, None));
    let about = body(&send(&mut app, "GET", "/api/version/", &[], &Value::Null));
    assert_eq!((&about["supported"][0]["status"], &about["supported"][1]["status"]), (&json!("gone"), &json!("active")));
    assert_eq!(about["deprecations_url"], "/api/deprecations/");
    let listed = body(&send(&mut app, "GET", "/api/deprecations/", &[], &Value::Null));
    assert_eq!(
        (&listed["deprecations"][0]["target"], &listed["deprecations"][0]["state"]),
        (&json!("version:1"), &json!("gone"))
    );
    let described = |app: &mut App, path: &str| body(&send(app, "GET", path, &[], &Value::Null));
    let first = described(&mut app, "/api/openapi.json");
    let goals = &first["paths"]["/goals/"]["get"];
    assert_eq!((&goals["deprecated"], goals["x-sunset"].is_string()), (&json!(true), true));
    assert!(goals["responses"]["410"].is_object() && goals["responses"]["200"]["headers"]["Sunset"].is_object());
    assert!(described(&mut app, "/api/v2/openapi.json")["paths"]["/goals/"]["get"].get("deprecated").is_none());
}

/// An account of a couple: its token.
pub fn member(app: &mut App) -> String {
    bearer(&signed_in(app))
}

/// An account of a couple, as signing in answers it.
pub fn signed_in(app: &mut App) -> Value {
    let name = id::opaque();
    let account = json!({"username": format!("a{}", &name[..12]), "password": "seven purple kites"});
    let signed = body(&send(app, "POST", "/api/auth/register/", &[], &account));
    let token = bearer(&signed);
    let fields = [("HTTP_AUTHORIZATION", token.as_str())];
    assert_eq!(send(app, "POST", "/api/couple/create/", &fields, &json!({})).status, 201);
    signed
}

pub fn bearer(signed: &Value) -> String {
    format!("Bearer {}", signed["access"].as_str().unwrap())
}

fn ask(app: &mut App, token: &str, query: &str, variables: &Value) -> Value {
    let sent = json!({"query": query, "variables": variables});
    let answer = send(app, "POST", "/api/graphql/", &[("HTTP_AUTHORIZATION", token)], &sent);
    assert_eq!(answer.status, 200, "{}", body(&answer));
    body(&answer)
}

const LIST: &str = "{ goals(first: 5) { nodes { title whyForUs } totalCount } }";

#[test]
fn graphql_warns_and_says_null_for_what_is_gone() {
    let place = Place::new();
    let token = member(&mut place.app(Vec::new(), Vec::new()));
    let bearer = [("HTTP_AUTHORIZATION", token.as_str())];
    let mut plain = place.app(Vec::new(), Vec::new());
    let goal = json!({"title": "Swim", "why_for_us": "The sea."});
    assert_eq!(send(&mut plain, "POST", "/api/goals/", &bearer, &goal).status, 201);
    assert!(ask(&mut plain, &token, LIST, &Value::Null).get("extensions").is_none());
    let named = ["graphql:Goal.whyForUs", "graphql:Query.goals(first:)", "graphql:Goal.title"];
    let mut entries: Vec<Entry> = named.iter().map(|target| entry(target, -100, Some(14))).collect();
    entries[0].successor = Target::parse("graphql:Goal.title");
    let warned = ask(&mut place.app(entries.clone(), Vec::new()), &token, LIST, &Value::Null);
    let warnings = warned["extensions"]["deprecationWarnings"].as_array().unwrap();
    let fields: Vec<&str> = warnings.iter().map(|warning| warning["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["Query.goals(first:)", "Goal.title", "Goal.whyForUs"]);
    assert_eq!((&warnings[2]["replacement"], warnings[2]["sunset"].is_string()), (&json!("Goal.title"), true));
    assert_eq!(warned["data"]["goals"]["nodes"][0]["whyForUs"], "The sea.");
    let gone = |target: &str| {
        let mut app = place.app(vec![entry(target, -400, Some(-1))], Vec::new());
        ask(&mut app, &token, LIST, &Value::Null)
    };
    let nullable = gone("graphql:Goal.whyForUs");
    assert_eq!(nullable["errors"][0]["extensions"]["code"], "SUNSET");
    assert_eq!(nullable["errors"][0]["path"], json!(["goals", "nodes", 0, "whyForUs"]));
    let argument = gone("graphql:Query.goals(first:)");
    assert_eq!(
        (&argument["errors"][0]["path"], &argument["errors"][0]["extensions"]["target"]),
        (&json!(["goals"]), &json!("graphql:Query.goals(first:)"))
    );
}

const UPLOAD: &str = "mutation($data: [VoiceDataInput]!, $key: String!) { \
     syncVoiceData(data: $data, deviceId: \"phone\", idempotencyKey: $key) { syncedItems } }";

#[test]
fn nothing_of_a_mutation_that_names_what_is_gone_is_done_and_until_then_it_is() {
    let place = Place::new();
    let token = member(&mut place.app(Vec::new(), Vec::new()));
    let item = json!({"verificationId": "v", "verified": true, "timestamp": "2026-01-16T14:30:45Z", "metadata": {"a": 1}});
    let send = |target: &str, sunset: i64| {
        let mut app = place.app(vec![entry(target, -400, Some(sunset))], Vec::new());
        ask(&mut app, &token, UPLOAD, &json!({"data": [item], "key": id::opaque()}))
    };
    for target in
        ["graphql:Mutation.syncVoiceData", "graphql:VoiceDataInput.metadata", "graphql:Mutation.syncVoiceData(deviceId:)"]
    {
        let gone = send(target, -91);
        assert_eq!((&gone["data"], &gone["errors"][0]["extensions"]["code"]), (&Value::Null, &json!("SUNSET")), "{gone}");
        assert_eq!(gone["errors"][0]["path"], json!(["syncVoiceData"]));
        let drained = send(target, -1);
        assert_eq!(drained["data"]["syncVoiceData"]["syncedItems"], 1, "{drained}");
        assert_eq!(drained["extensions"]["deprecationWarnings"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn an_app_below_the_hard_minimum_loses_nothing() {
    let place = Place::new();
    let signed = signed_in(&mut place.app(Vec::new(), Vec::new()));
    let minimum = |days: i64| Minimum {
        name: "Phone".to_owned(),
        soft: Some("2.0".to_owned()),
        hard: Some("1.5".to_owned()),
        from: Some(Timestamp(Timestamp::now().0 + days * DAY)),
        url: Some("https://example.org/app".to_owned()),
    };
    let mut app = place.app(Vec::new(), vec![minimum(-1)]);
    // It was offline for long: first of all it needs another token.
    let stale = [("HTTP_X_CLIENT_VERSION", "Phone/1.4")];
    let renewed = send(&mut app, "POST", "/api/auth/refresh/", &stale, &json!({"refresh": signed["refresh"]}));
    assert_eq!(renewed.status, 200, "{}", body(&renewed));
    let token = bearer(&body(&renewed));
    let call = |app: &mut App, version: &str, method: &str, path: &str, sent: &Value| {
        let fields = [("HTTP_AUTHORIZATION", token.as_str()), ("HTTP_X_CLIENT_VERSION", version)];
        send(app, method, path, &fields, sent)
    };
    let alert = |answer: &Response| serde_json::from_str::<Value>(answer.header("Alert").unwrap_or("null")).unwrap();
    // Three edits that were made offline go up.
    for title in ["One", "Two", "Three"] {
        let made = call(&mut app, "Phone/1.4", "POST", "/api/goals/", &json!({"title": title}));
        assert_eq!((made.status, &alert(&made)["code"]), (201, &json!("hard-eol")));
    }
    let item = json!({"verificationId": "v", "verified": true, "timestamp": "2026-01-16T14:30:45Z"});
    let upload = json!({"query": UPLOAD, "variables": {"data": [item], "key": id::opaque()}});
    let uploaded = call(&mut app, "Phone/1.4", "POST", "/api/graphql/", &upload);
    assert_eq!(body(&uploaded)["data"]["syncVoiceData"]["syncedItems"], 1, "{}", body(&uploaded));
    let refused = call(&mut app, "Phone/1.4", "GET", "/api/goals/", &Value::Null);
    let problem = body(&refused);
    assert_eq!((refused.status, &problem["code"], &problem["minimum"]), (410, &json!("client-too-old"), &json!("1.5")));
    assert_eq!(problem["url"], "https://example.org/app");
    let query = call(&mut app, "Phone/1.4", "POST", "/api/graphql/", &json!({"query": LIST}));
    assert_eq!((query.status, &body(&query)["errors"][0]["extensions"]["code"]), (410, &json!("client-too-old")));
    let about = body(&call(&mut app, "Phone/1.4", "GET", "/api/version/", &Value::Null));
    assert_eq!((&about["clients"]["your"], &about["clients"]["minimum"]), (&json!("hard"), &json!("2.0")));
    // It is updated, and reads.
    let soft = call(&mut app, "Phone/1.5", "GET", "/api/goals/", &Value::Null);
    assert_eq!((soft.status, &body(&soft)["count"], &alert(&soft)["code"]), (200, &json!(3), &json!("soft-eol")));
    for fresh in ["Phone/2.0", "Phone/10", "Other/0.1", "nonsense"] {
        let answer = call(&mut app, fresh, "GET", "/api/goals/", &Value::Null);
        assert_eq!((answer.status, alert(&answer)), (200, Value::Null), "{fresh}");
    }
    let early = call(&mut place.app(Vec::new(), vec![minimum(1)]), "Phone/1.4", "GET", "/api/goals/", &Value::Null);
    assert_eq!((early.status, &alert(&early)["code"]), (200, &json!("soft-eol")));
    let late =
        call(&mut place.app(Vec::new(), vec![minimum(-91)]), "Phone/1.4", "POST", "/api/goals/", &json!({"title": "Late"}));
    assert_eq!(late.status, 410);
}
