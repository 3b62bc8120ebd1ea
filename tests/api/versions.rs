//! The versions of the API: how one is chosen, what each answer says of it, and what differs. Every difference that the API lists
//! has a case here.

use super::expect::problem;
use super::phone::fresh_name;
use super::{Case, Phone};
use crate::servers::Server;
use crate::servers::client::{Answer, request};
use serde_json::{Value, json};
use tandem::http::version::DIFFERENCES;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("the path names a version, else a field does", chosen),
    ("a version that does not exist is refused and never replaced", unknown),
    ("what has no versions is the same however it is asked", versionless),
    ("the API says which versions there are", about),
    ("every type of problem is described where it leads", types),
    ("every difference between the versions is as it is listed", differences),
];

fn poll(phone: &Phone, target: &str, fields: &[(&str, &str)]) -> Answer {
    let ask = phone.ask("GET", target);
    fields.iter().fold(ask, |ask, (name, value)| ask.header(name, *value)).send(phone.port)
}

/// The field that says which version answered.
fn version(answer: &Answer) -> &str {
    answer.header("API-Version").unwrap()
}

fn chosen(server: &Server) {
    let (phone, _) = Phone::couple(server);
    let asked = |target: &str, fields: &[(&str, &str)]| {
        let answer = poll(&phone, target, fields).expect(200);
        let lists = answer.json()["changes"].as_object().unwrap().len();
        let number = version(&answer).to_owned();
        assert_eq!(lists == 7, number == "1", "{lists} lists in version {number}");
        (number, answer.header("Vary").is_some_and(|vary| vary.contains("Accept-Version")))
    };
    let named = |number: &str, varies| (number.to_owned(), varies);
    assert_eq!(asked("/sync/changes/", &[]), named("1", true));
    assert_eq!(asked("/sync/changes/", &[("Accept-Version", "2")]), named("2", true));
    assert_eq!(asked("/sync/changes/", &[("Accept-Version", "v2")]), named("2", true));
    assert_eq!(asked("/sync/changes/", &[("Accept", "text/html, application/json; version=2")]), named("2", true));
    assert_eq!(asked("/sync/changes/", &[("Accept-Version", "1"), ("Accept", "application/json; version=2")]), named("1", true));
    assert_eq!(asked("/v1/sync/changes/", &[("Accept-Version", "2")]), named("1", false));
    assert_eq!(
        asked("/v2/sync/changes/", &[("Accept-Version", "1"), ("Accept", "application/json;version=99")]),
        named("2", false)
    );
}

fn unknown(server: &Server) {
    let (phone, _) = Phone::couple(server);
    let fields = [("Accept-Version", "v99"), ("Accept", "application/json; version=3"), ("Accept-Version", "two")];
    let refused = fields.map(|field| (poll(&phone, "/goals/", &[field]), 400));
    for (answer, status) in refused.into_iter().chain([(phone.get("/v3/goals/"), 404), (phone.get("/v99/version/"), 404)]) {
        let problem = problem(answer, status);
        assert_eq!(
            (&problem["code"], &problem["supported_versions"], &problem["current"]),
            (&json!("unknown-version"), &json!([1, 2]), &json!(2))
        );
    }
    phone.ask("POST", "/goals/").header("Accept-Version", "99").json(&json!({"title": "Never"})).send(phone.port).expect(400);
    assert_eq!(phone.get("/goals/").json()["count"], 0, "nothing was done");
}

fn versionless(server: &Server) {
    for target in ["/api/health/", "/api/v2/health/", "/api/version/"] {
        let answer = request("GET", target).header("Accept-Version", "99").send(server.port).expect(200);
        let varies = answer.header("Vary").is_some_and(|vary| vary.contains("Version"));
        assert_eq!((version(&answer), varies), ("2", false), "{target}");
    }
    let query = json!({"query": "{__typename}"});
    let phone = Phone::single(server);
    let answer = phone.ask("POST", "/graphql/").header("Accept-Version", "7").json(&query).send(server.port).expect(200);
    assert_eq!(version(&answer), "2");
}

fn about(server: &Server) {
    let about = request("GET", "/api/version/").send(server.port).expect(200).json();
    assert_eq!((&about["version"], &about["current"], &about["supported"][1]["version"]), (&json!(1), &json!(2), &json!(2)));
    assert!(about["features"].as_array().unwrap().contains(&json!("goals")));
    assert_eq!(request("GET", "/api/v2/version/").send(server.port).expect(200).json()["version"], 2);
    let described = |path: &str| request("GET", path).send(server.port).expect(200).json();
    for (path, number) in [("/api/openapi.json", "v1"), ("/api/v2/openapi.json", "v2")] {
        assert_eq!(described(path)["servers"][0]["url"], format!("/api/{number}"));
    }
}

fn types(server: &Server) {
    let all = request("GET", "/api/problems/").send(server.port).expect(200).json();
    for kind in all["problems"].as_array().unwrap() {
        let described = request("GET", kind["type"].as_str().unwrap()).send(server.port).expect(200).json();
        assert_eq!(described, *kind);
    }
    problem(request("GET", "/api/problems/nonsense/").send(server.port), 404);
}

/// One difference, by its name.
type Difference = (&'static str, fn(&Phone));

const SEEN: &[Difference] = &[
    ("feed", feed),
    ("problems", problems),
    ("keys", keys),
    ("ids", ids),
    ("second-checkin", second_checkin),
    ("devices", devices),
    ("item-errors", item_errors),
];

fn differences(server: &Server) {
    let names = |list: &[Difference]| list.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    assert_eq!(names(SEEN), DIFFERENCES.iter().map(|difference| difference.name).collect::<Vec<_>>());
    let (phone, _) = Phone::couple(server);
    SEEN.iter().for_each(|(_, see)| see(&phone));
}

fn feed(phone: &Phone) {
    let lists =
        |version: &str| phone.get(&format!("/{version}/sync/changes/")).expect(200).json()["changes"].as_object().unwrap().len();
    assert_eq!(lists("v1"), 7);
    assert!(lists("v2") > 7);
}

fn problems(phone: &Phone) {
    let first = problem(phone.post("/v1/goals/", &json!({"title": "", "status": "NEVER"})), 400);
    assert_eq!((&first["type"], &first["code"]), (&json!("about:blank"), &json!("invalid")));
    assert!(first["title"].is_array() && first["status"].is_array() && first.get("retryable").is_none(), "{first}");
    let second = problem(phone.post("/v2/goals/", &json!({"title": "", "status": "NEVER"})), 400);
    assert_eq!(
        (&second["type"], &second["title"], &second["status"]),
        (&json!("/api/problems/invalid/"), &json!("Bad Request"), &json!(400))
    );
    let pointed: Vec<(&str, &str)> = second["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    assert_eq!(pointed, [("#/title", "required"), ("#/status", "not_choice")]);
    let stranger =
        |version: &str| problem(request("GET", &format!("/api/{version}/goals/")).send(phone.port), 401)["code"].clone();
    assert_eq!((stranger("v1"), stranger("v2")), (json!("not_authenticated"), json!("not-authenticated")));
    let whole = problem(phone.post("/v2/auth/login/", &json!({"username": "nobody-at-all", "password": "wrong horse"})), 400);
    assert_eq!(whole["errors"][0]["pointer"], "#");
    let of_query = problem(phone.get("/v2/goals/?after=nonsense"), 400);
    assert_eq!(of_query["errors"][0]["parameter"], "after");
}

/// An upload of one measurement, under a key in the header field.
fn upload(phone: &Phone, version: &str, key: Option<&str>) -> Answer {
    let item = json!({"metric_type": fresh_name("steps"), "value": 1, "timestamp": "2026-01-16T14:30:45Z"});
    let ask = phone.ask("POST", &format!("/{version}/sync/metrics/")).json(&json!({"device_id": "d", "data": [item]}));
    key.into_iter().fold(ask, |ask, key| ask.header("Idempotency-Key", key)).send(phone.port)
}

fn keys(phone: &Phone) {
    upload(phone, "v1", None).expect(200);
    assert_eq!(problem(upload(phone, "v2", None), 400)["code"], "key-required");
    let key = fresh_name("key-of-an-upload");
    upload(phone, "v1", Some(&key)).expect(200);
    let bare = problem(upload(phone, "v2", Some(&key)), 400);
    assert_eq!(bare["errors"][0]["pointer"], "#/idempotency_key");
    let quoted = format!("\"{}\"", fresh_name("key-of-an-upload"));
    upload(phone, "v2", Some(&quoted)).expect(200);
    let reused = problem(upload(phone, "v2", Some(&quoted)), 422);
    assert_eq!((&reused["code"], &reused["retryable"]), (&json!("key-reused"), &json!(false)));
    let patch = |version: &str, key: &str, title: &str| {
        let goal = phone.post("/goals/", &json!({"title": "Swim"})).expect(201).json()["id"].as_str().unwrap().to_owned();
        let ask = phone.ask("PATCH", &format!("/{version}/goals/{goal}/")).header("Idempotency-Key", key);
        ask.json(&json!({"title": title})).send(phone.port)
    };
    patch("v1", "short", "One").expect(200);
    problem(patch("v2", "\"short\"", "One"), 400);
}

fn ids(phone: &Phone) {
    let goal = json!({"title": "x", "id": "mine"});
    phone.post("/v1/goals/", &goal).expect(201);
    let refused = problem(phone.post("/v2/goals/", &goal), 400);
    assert_eq!(refused["errors"][0]["pointer"], "#/id", "{refused}");
    assert_eq!(refused["errors"][0]["code"], "not_uuid");
}

fn second_checkin(phone: &Phone) {
    let day = json!({"date": "2020-02-29"});
    let made = phone.make("/checkins/", &day);
    let first = problem(phone.post("/v1/checkins/", &day), 400);
    assert!(first["date"].is_array() && first["existing_id"] == made, "{first}");
    let second = problem(phone.post("/v2/checkins/", &day), 409);
    assert_eq!((&second["code"], &second["existing_id"]), (&json!("exists"), &json!(made)));
}

fn devices(phone: &Phone) {
    // What came before has put this session on the device d.
    let from = |version: &str, device: &str| {
        let key = format!("\"{}\"", fresh_name("key-of-a-device"));
        let item = json!({"metric_type": "steps", "value": 1, "timestamp": "2026-01-16T14:30:45Z"});
        let ask = phone.ask("POST", &format!("/{version}/sync/metrics/")).header("Idempotency-Key", key);
        ask.json(&json!({"device_id": device, "data": [item]})).send(phone.port)
    };
    assert_eq!(problem(from("v2", "another"), 409)["code"], "device-unknown");
    from("v1", "another").expect(200);
    assert_eq!(problem(from("v2", "another"), 409)["code"], "device-mismatch");
    phone.put("/devices/another/", &json!({})).expect(200);
    from("v2", "another").expect(200);
    phone.put("/devices/d/", &json!({})).expect(200);
}

fn item_errors(phone: &Phone) {
    let sent = |version: &str| {
        let voice = |verified: Value, at: &str| json!({"verification_id": "v", "verified": verified, "timestamp": at});
        let items = [voice(json!(null), "2026-01-16T14:30:45Z"), voice(json!(true), "2999-01-01T00:00:00Z")];
        let key = format!("\"{}\"", fresh_name("key-of-item-errors"));
        let ask = phone.ask("POST", &format!("/{version}/sync/voice/")).header("Idempotency-Key", key);
        ask.json(&json!({"device_id": "d", "data": items})).send(phone.port).expect(200).json()["errors"].clone()
    };
    let told =
        |errors: &Value, n: usize| (errors[n]["code"].clone(), errors[n]["reason"].clone(), errors[n].get("poison").cloned());
    let first = sent("v1");
    assert_eq!(told(&first, 0), (json!("SYNC_ERROR"), json!("required"), None));
    let second = sent("v2");
    assert_eq!(told(&second, 0), (json!("required"), json!("required"), Some(json!(true))));
    assert_eq!(told(&second, 1), (json!("in_future"), json!("in_future"), None));
}
