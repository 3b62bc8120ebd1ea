//! GraphQL: what is refused, how it is told, and the limits.

use super::expect::guarded;
use super::graphql::{data, send};
use super::{Case, Phone};
use crate::servers::client::{Answer, request};
use crate::servers::{Kind, Options, Server};
use serde_json::{Value, json};
use std::fs;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("GraphQL wants a token and says so in its own words", tokens_wanted),
    ("what is no GraphQL or does not fit the schema is told where", invalid_documents),
    ("a request that is not well-formed is 400 in either media type", malformed_requests),
    ("a mutation does not come by GET", mutations_by_post),
    ("the schema may not be asked for unless it is switched on", no_introspection),
    ("an operation that is too deep or too costly is refused with both figures", complexity),
    ("arguments out of bounds are told by their field", bad_arguments),
    ("an upload of somebody without a couple is refused", uploads_without_a_couple),
    ("messages come in the caller's language", languages),
    ("hostile documents are refused at once", hostile_documents),
];

const BOTH: [(&str, u16); 2] = [("application/json", 200), ("application/graphql-response+json", 400)];

fn ask(phone: &Phone, accept: &str, body: &Value) -> Answer {
    phone.ask("POST", "/graphql/").header("Accept", accept).json(body).send(phone.port)
}

/// The first error's code of an answer in the media type that was asked for.
#[track_caller]
fn code(answer: &Answer, media: &str) -> String {
    guarded(answer);
    assert_eq!(answer.header("Content-Type"), Some(format!("{media}; charset=utf-8").as_str()));
    let body = answer.json();
    let error = &body["errors"][0];
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

fn tokens_wanted(server: &Server) {
    for (media, _) in BOTH {
        for token in [None, Some("dead")] {
            for query in [
                "{ me { id } }",
                "{ __typename }",
                "mutation { syncVoiceData(data: [], idempotencyKey: \"x\", deviceId: \"y\") { success } }",
            ] {
                let plain = request("POST", "/api/graphql/").header("Accept", media).json(&json!({ "query": query }));
                let answer = match token {
                    Some(token) => plain.bearer(token),
                    None => plain,
                };
                let answer = answer.send(server.port).expect(401);
                assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer"));
                assert_eq!(code(&answer, media), "UNAUTHENTICATED", "{query}");
                assert_eq!(answer.json().get("data"), None);
            }
        }
    }
}

fn invalid_documents(server: &Server) {
    let phone = Phone::single(server);
    let bad = [
        (json!({"query": "{"}), "GRAPHQL_PARSE_FAILED"),
        (json!({"query": ""}), "GRAPHQL_PARSE_FAILED"),
        (json!({"query": "{ me { nothing } }"}), "GRAPHQL_VALIDATION_FAILED"),
        (json!({"query": "{ me }"}), "GRAPHQL_VALIDATION_FAILED"),
        (json!({"query": "subscription { changes { since } }"}), "SUBSCRIPTION_UNSUPPORTED"),
        (
            json!({"query": "{ me { ...a } } fragment a on User { ...b } fragment b on User { ...a }"}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (json!({"query": "query a { me { id } } query b { me { id } }"}), "GRAPHQL_VALIDATION_FAILED"),
        (json!({"query": "query a { me { id } }", "operationName": "b"}), "GRAPHQL_VALIDATION_FAILED"),
        (json!({"query": "query($id: ID!) { goal(id: $id) { id } }"}), "GRAPHQL_VALIDATION_FAILED"),
        (
            json!({"query": "query($n: Int) { goals(first: $n) { totalCount } }", "variables": {"n": "x"}}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (
            json!({"query": "query($n: Int) { goals(first: $n) { totalCount } }", "variables": {"n": 1_u64 << 40}}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ];
    for (body, expected) in bad {
        for (media, status) in BOTH {
            let answer = ask(&phone, media, &body).expect(status);
            assert_eq!(code(&answer, media), expected, "{body}");
            assert_eq!(answer.json().get("data"), None, "nothing was run");
        }
    }
    let located = ask(&phone, BOTH[0].0, &json!({"query": "{\n  me { nothing }\n}"})).json();
    let places: Vec<&Value> = located["errors"].as_array().unwrap().iter().map(|error| &error["locations"]).collect();
    assert!(places.contains(&&json!([{"line": 2, "column": 8}])), "{located}");
}

fn malformed_requests(server: &Server) {
    let phone = Phone::single(server);
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        r#"{"query":1}"#,
        r#"{"query":"{me{id}}","variables":[]}"#,
        r#"{"query":"{me{id}}","operationName":1}"#,
    ] {
        for (media, _) in BOTH {
            let sent =
                phone.ask("POST", "/graphql/").header("Accept", media).header("Content-Type", "application/json").body(body);
            assert_eq!(code(&sent.send(server.port).expect(400), media), "VALIDATION_ERROR", "{body}");
        }
    }
    for media in
        ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-16"]
    {
        let sent = phone.ask("POST", "/graphql/").header("Content-Type", media).body(r#"{"query":"{me{id}}"}"#).send(server.port);
        assert_eq!(code(&sent.expect(415), BOTH[0].0), "MEDIA_TYPE_NOT_SUPPORTED", "{media}");
    }
    for query in ["", "?query=", "?query=%7Bme%7Bid%7D%7D&variables=x"] {
        let answer = phone.get(&format!("/graphql/{query}"));
        assert!(["VALIDATION_ERROR", "GRAPHQL_PARSE_FAILED"].contains(&code(&answer, BOTH[0].0).as_str()), "{query}");
    }
}

fn mutations_by_post(server: &Server) {
    let phone = Phone::single(server);
    let query =
        "mutation%7BsyncVoiceData(data:[],idempotencyKey:%22a-key-that-is-long-enough%22,deviceId:%22d%22)%7Bsuccess%7D%7D";
    for (media, _) in BOTH {
        let answer = phone.ask("GET", &format!("/graphql/?query={query}")).header("Accept", media).send(server.port).expect(405);
        assert_eq!(answer.header("Allow"), Some("POST"));
        assert_eq!(code(&answer, media), "METHOD_NOT_ALLOWED");
    }
}

fn no_introspection(server: &Server) {
    let phone = Phone::single(server);
    for query in [
        "{ __schema { queryType { name } } }",
        "{ me { id } __type(name: \"User\") { name } }",
        "{ ...q } fragment q on Query { __schema { types { name } } }",
    ] {
        let answer = send(&phone, query, json!({})).expect(400);
        assert_eq!(code(&answer, BOTH[0].0), "INTROSPECTION_DISABLED", "{query}");
    }
    assert_eq!(
        data(&phone, "{ __typename me { __typename } }", json!({})),
        json!({"__typename": "Query", "me": {"__typename": "User"}})
    );
    let page = phone.ask("GET", "/graphql/").header("Accept", "text/html,*/*;q=0.8").send(server.port).expect(400);
    assert_eq!(code(&page, BOTH[0].0), "VALIDATION_ERROR", "there is no page");
}

fn complexity(server: &Server) {
    let phone = Phone::single(server);
    let wide = format!("{{ {} }}", (0..1_000).map(|n| format!("a{n}: me {{ id }} ")).collect::<String>());
    let answer = send(&phone, &wide, json!({})).expect(400);
    assert_eq!(code(&answer, BOTH[0].0), "QUERY_COMPLEXITY_EXCEEDED");
    let told = answer.json()["errors"][0]["extensions"].clone();
    assert_eq!(told, json!({"code": "QUERY_COMPLEXITY_EXCEEDED", "cost": 1020, "costLimit": 1000, "depth": 1, "depthLimit": 10}));
    // The same in fragments: what is spread counts where it is spread.
    let spread = format!("{{ {} }} fragment f on Query {{ me {{ id }} }}", "...f ".repeat(1_000));
    assert_eq!(send(&phone, &spread, json!({})).expect(400).json()["errors"][0]["extensions"]["cost"], 1020);
    let fits = format!("{{ {} }}", (0..900).map(|n| format!("a{n}: me {{ id }} ")).collect::<String>());
    assert_eq!(data(&phone, &fits, json!({})).as_object().unwrap().len(), 900);
}

fn bad_arguments(server: &Server) {
    let phone = Phone::single(server);
    for (arguments, field) in [
        ("first: 0", "first"),
        ("first: 201", "first"),
        ("first: -1", "first"),
        ("after: \"x\"", "after"),
        ("after: \"\"", "after"),
    ] {
        for list in ["goals", "questions", "letters", "checkins", "devices"] {
            let body = send(&phone, &format!("{{ {list}({arguments}) {{ totalCount }} }}"), json!({})).expect(200).json();
            let told = &body["errors"][0]["extensions"];
            assert_eq!(
                (&told["code"], &told["fields"][0]["field"]),
                (&json!("VALIDATION_ERROR"), &json!(field)),
                "{list}: {body}"
            );
        }
    }
    for (query, field) in [
        ("{ letters(month: \"2026-13\") { totalCount } }", "month"),
        ("{ checkins(from: \"2026-02-30\") { totalCount } }", "from"),
        ("{ checkins(from: \"2026-02-02\", to: \"2026-02-01\") { totalCount } }", "from"),
        ("{ changes(limit: 0) { since } }", "limit"),
        ("{ changes(limit: 1001) { since } }", "limit"),
        ("{ changes(kinds: [\"dreams\"]) { since } }", "kinds"),
    ] {
        let body = send(&phone, query, json!({})).expect(200).json();
        assert_eq!(body["errors"][0]["extensions"]["fields"][0]["field"], field, "{query}: {body}");
    }
}

fn uploads_without_a_couple(server: &Server) {
    let phone = Phone::register(server);
    let query = "mutation { syncVoiceData(data: [{verificationId: \"v\", timestamp: \"2026-01-05T10:00:00Z\", verified: true}], \
         idempotencyKey: \"a-key-that-is-long-enough\", deviceId: \"d\") { success } }";
    let body = send(&phone, query, json!({})).expect(200).json();
    assert_eq!(
        (&body["errors"][0]["extensions"]["code"], &body["data"]),
        (&json!("NOT_FOUND"), &json!({"syncVoiceData": null})),
        "{body}"
    );
}

fn languages(server: &Server) {
    let phone = Phone::register(server);
    let sent = phone.ask("POST", "/graphql/").header("Accept-Language", "fr").json(&json!({"query": "{ changes { since } }"}));
    assert_eq!(sent.send(server.port).json()["errors"][0]["message"], "Aucun couple trouvé.");
}

fn hostile_documents(server: &Server) {
    let phone = Phone::single(server);
    let doubling: String =
        (0..40).map(|n| format!("fragment f{n} on Goal {{ ...f{0} ...f{0} a{n}: actions {{ id }} }} ", n + 1)).collect();
    let chain: String = (0..2_000).map(|n| format!("fragment f{n} on User {{ ...f{} }} ", n + 1)).collect();
    let documents = [
        format!("{}{}", "{ me ".repeat(5_000), "}".repeat(5_000)),
        format!("{{ goals {{ nodes {{ ...f0 }} }} }} {doubling} fragment f40 on Goal {{ id }}"),
        format!("{{ me {{ ...f0 }} }} {chain} fragment f2000 on User {{ id }}"),
        format!("{{ me {{ {} }} }}", "id ".repeat(90_000)),
        format!("{{ me {{ {} }} }}", "nothing ".repeat(20_000)),
        format!("{{ goal(id: {}1{}) {{ id }} }}", "[".repeat(5_000), "]".repeat(5_000)),
        "query ".to_owned() + &"{ me { id } } query ".repeat(30_000),
    ];
    for document in documents {
        let begun = std::time::Instant::now();
        let answer = phone.post("/graphql/", &json!({ "query": document }));
        let told = answer.json();
        let code = told["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
        let known = ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "QUERY_COMPLEXITY_EXCEEDED", "BODY_TOO_LARGE"];
        assert!(known.contains(&code), "{} {}", &document[..60], &told.to_string()[..200.min(told.to_string().len())]);
        assert!(told["errors"].as_array().unwrap().len() <= 10);
        assert!(begun.elapsed().as_secs() < 10, "{:?}: {}", begun.elapsed(), &document[..60]);
    }
}

/// A server with these settings.
fn server(settings: &[(&str, &str)]) -> Server {
    let env = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Server::start(Kind::LighttpdFastcgi, &Options { workers: 2, env, ..Options::default() })
}

/// 429 with what a client needs to behave.
#[track_caller]
fn too_many(answer: Answer, reason: &str, policy: &str) {
    let answer = answer.expect(429);
    assert_eq!(code(&answer, BOTH[0].0), "RATE_LIMIT_EXCEEDED");
    let told = answer.json()["errors"][0]["extensions"].clone();
    let after: u32 = answer.header("Retry-After").unwrap().parse().unwrap();
    assert_eq!((&told["reason"], &told["retryAfter"]), (&json!(reason), &json!(after)));
    assert!((1..=300).contains(&after), "{after}");
    assert_eq!(answer.header("RateLimit-Policy"), Some(policy));
    assert!(answer.header("RateLimit").is_some());
}

#[test]
fn graphql_requests_and_their_cost_are_limited_by_user() {
    let server = server(&[("TANDEM_LIMITS_UPLOADS", "4/300"), ("TANDEM_LIMITS_COST", "5/300")]);
    let (phone, other) = (Phone::single(&server), Phone::single(&server));
    for _ in 0..4 {
        data(&phone, "{ __typename }", json!({}));
    }
    too_many(send(&phone, "{ __typename }", json!({})), "requests", "\"requests\";q=4;w=300");
    // Two look-ups and their fields are 3 points, twice as much is more than 5.
    let query = "{ me { id username email } again: me { firstName lastName language } }";
    data(&other, query, json!({}));
    too_many(send(&other, query, json!({})), "complexity", "\"complexity\";q=5;w=300");
    // REST has limits of its own.
    other.get("/auth/me/").expect(200);
}

#[test]
fn uploads_through_graphql_are_limited_with_those_of_rest() {
    let server = server(&[("TANDEM_LIMITS_UPLOADS", "2/300")]);
    let phone = Phone::single(&server);
    let upload = |key: &str| {
        let query = "mutation($key: String!) { syncVoiceData(data: [{verificationId: \"v\", timestamp: \"2026-01-05T10:00:00Z\", verified: true}], \
             idempotencyKey: $key, deviceId: \"d\") { success } }";
        send(&phone, query, json!({ "key": key }))
    };
    upload("a-key-that-is-long-enough").expect(200);
    phone
        .post(
            "/sync/voice/",
            &json!({"device_id": "d", "data": [{"verification_id": "w", "timestamp": "2026-01-05T10:00:00Z", "verified": true}]}),
        )
        .expect(200);
    too_many(upload("another-key-that-is-long"), "requests", "\"requests\";q=2;w=300");
    let again = upload("a-key-that-is-long-enough").expect(200).json();
    assert_eq!(again["data"]["syncVoiceData"]["success"], true, "a retry costs nothing");
}

#[test]
fn the_schema_may_be_asked_for_and_a_page_shown_where_they_are_switched_on() {
    let server = server(&[("TANDEM_GRAPHQL_INTROSPECTION", "on"), ("TANDEM_GRAPHQL_PAGE", "on"), ("TANDEM_LIMITS_COST", "off")]);
    let anybody = |query: &str| request("POST", "/api/graphql/").json(&json!({ "query": query })).send(server.port);
    let schema = anybody(include_str!("../graphql/introspection.graphql")).expect(200).json();
    let types = schema["data"]["__schema"]["types"].as_array().unwrap_or_else(|| panic!("{schema}"));
    assert!(types.iter().any(|kind| kind["name"] == "Goal") && types.len() > 40);
    anybody("{ __typename }").expect(200);
    for query in ["{ me { id } }", "{ __typename me { id } }"] {
        assert_eq!(code(&anybody(query).expect(401), BOTH[0].0), "UNAUTHENTICATED");
    }
    let page = request("GET", "/api/graphql/")
        .header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        .send(server.port)
        .expect(200);
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    let (html, policy) = (page.text(), page.header("Content-Security-Policy").unwrap().to_owned());
    let nonce = html.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(nonce.len() == 32 && policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
    assert_eq!(html.matches("integrity=\"sha384-").count(), html.matches("https://cdn.jsdelivr.net/npm/").count());
    guarded(&page);
}

#[test]
fn a_limit_of_one_operation_is_a_setting_and_can_be_switched_off() {
    let wide = format!("{{ {} }}", (0..1_000).map(|n| format!("a{n}: me {{ id }} ")).collect::<String>());
    let free = server(&[("TANDEM_GRAPHQL_COST", "0"), ("TANDEM_GRAPHQL_DEPTH", "0"), ("TANDEM_LIMITS_COST", "off")]);
    assert_eq!(data(&Phone::register(&free), &wide, json!({})).as_object().unwrap().len(), 1_000);
    drop(free);
    let narrow = server(&[("TANDEM_GRAPHQL_DEPTH", "1")]);
    let phone = Phone::single(&narrow);
    data(&phone, "{ me { id } }", json!({}));
    let told = send(&phone, "{ goals { nodes { id } } }", json!({})).expect(400).json()["errors"][0]["extensions"].clone();
    assert_eq!((&told["depth"], &told["depthLimit"], &told["cost"]), (&json!(2), &json!(1), &json!(2)));
}

#[test]
fn a_database_that_is_away_is_told_without_its_details() {
    let server = server(&[]);
    let phone = Phone::single(&server);
    fs::rename(server.data_dir.join("tandem.db"), server.data_dir.join("away.db")).unwrap();
    let answer = send(&phone, "{ me { id } }", json!({})).expect(503);
    assert!(answer.header("Retry-After").is_some());
    assert_eq!(code(&answer, BOTH[0].0), "DATABASE_ERROR");
    assert!(!answer.text().contains("tandem"), "{}", answer.text());
}
