//! Section 1 of the contract, walked over every route there is: slashes, HEAD, OPTIONS, 405, and who sees what.

use super::expect::{Things, guarded, problem, unauthenticated};
use super::{Case, Phone};
use crate::servers::client::{Answer, request};
use crate::servers::{Kind, Server};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tandem::feature::{Access, Route};
use tandem::http::Method;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a route answers with and without its last slash, under /api and under /api/v1", slashes),
    ("HEAD works wherever GET does and says the same without the content", head),
    ("OPTIONS works everywhere and names the methods", options),
    ("a method that a path has not is 405 with Allow", wrong_methods),
    ("a path that two patterns match names each method once", crossing_patterns),
    ("every route but the public ones wants a token", tokens_wanted),
    ("a public route ignores a dead token", dead_tokens_ignored),
    ("a user without a couple has empty lists, and makes nothing", without_a_couple),
    ("every answer carries the security fields", security_fields),
];

const VERBS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Every route of the registry.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    tandem::app::FEATURES.iter().flat_map(|feature| feature.routes)
}

/// Every path with its methods, a made-up id in the place of `{…}`.
fn paths() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut paths: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for route in routes() {
        paths.entry(filled(route.path, "0b6c8f6e-7d1c-7000-8000-000000000000")).or_default().insert(route.method.name());
    }
    paths
}

/// A path with this id in the place of `{…}`.
pub fn filled(pattern: &str, id: &str) -> String {
    let fill = |segment: &str| if segment.starts_with('{') { id.to_owned() } else { segment.to_owned() };
    pattern.split('/').map(fill).collect::<Vec<_>>().join("/")
}

fn slashes(server: &Server) {
    let phone = Phone::single(server);
    let things = Things::of(&phone);
    let mut all = vec!["/auth/me/", "/couple/", "/goals/", "/qna/questions/", "/checkins/", "/letters/"];
    let own = things.paths();
    all.extend(own.iter().map(String::as_str));
    for path in all {
        let ask = |path: String| request("GET", &path).bearer(&phone.access).send(server.port);
        let whole = ask(format!("/api{path}")).expect(200);
        let bare = path.trim_end_matches('/');
        for same in [format!("/api{bare}"), format!("/api/v1{path}"), format!("/api/v1{bare}")] {
            assert_eq!(ask(same.clone()).expect(200).body, whole.body, "{same}");
        }
    }
    // Apache's own redirect of a folder without its slash is a switch of the .htaccess.
    let roots: &[&str] =
        if matches!(server.kind, Kind::ApacheCgi | Kind::ApacheFcgid) { &["/api/", "/api/v1"] } else { &["/api", "/api/v1"] };
    for root in roots {
        assert_eq!(request("GET", root).send(server.port).expect(200).json()["name"], "Tandem");
    }
    for (n, path) in ["/api/goals", "/api/v1/goals", "/api/v1/goals/"].into_iter().enumerate() {
        request("POST", path).bearer(&phone.access).json(&json!({"title": "x"})).send(server.port).expect(201);
        assert_eq!(phone.get("/goals/").expect(200).json()["count"], 2 + n, "{path}");
    }
}

fn head(server: &Server) {
    let phone = Phone::single(server);
    let things = Things::of(&phone);
    let mut all: Vec<String> =
        routes().filter(|r| r.method == Method::Get && !r.path.contains('{')).map(|r| r.path.to_owned()).collect();
    all.extend(things.paths());
    for path in all {
        let (get, head) = (phone.get(&path), phone.ask("HEAD", &path).send(server.port));
        guarded(&head);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(head.header("Content-Type"), get.header("Content-Type"), "{path}");
        // What tells the time differs between two answers.
        if !["/health/", "/sync/changes/", "/auth/export/", "/couple/export/", "/reset/", "/verify/", "/pages/link/"]
            .contains(&path.as_str())
        {
            assert_eq!(head.header("ETag"), get.header("ETag"), "{path}");
        }
    }
    let missing = request("HEAD", "/api/nowhere/").send(server.port).expect(404);
    assert!(missing.body.is_empty());
}

fn allowed(answer: &Answer) -> BTreeSet<String> {
    answer.header("Allow").unwrap_or_else(|| panic!("no Allow in {:?}", answer.headers)).split(", ").map(str::to_owned).collect()
}

/// The methods that `Allow` must name.
fn promised(methods: &BTreeSet<&str>) -> BTreeSet<String> {
    let more = if methods.contains("GET") { vec!["HEAD", "OPTIONS"] } else { vec!["OPTIONS"] };
    methods.iter().copied().chain(more).map(str::to_owned).collect()
}

fn options(server: &Server) {
    for (path, methods) in paths() {
        let answer = request("OPTIONS", &format!("/api{path}")).send(server.port).expect(204);
        guarded(&answer);
        assert_eq!(allowed(&answer), promised(&methods), "{path}");
    }
}

fn wrong_methods(server: &Server) {
    for (path, methods) in paths() {
        for method in VERBS.into_iter().chain(["TRACED", "PROPFIND"]).filter(|m| !methods.contains(m)) {
            let answer = request(method, &format!("/api{path}")).body("").send(server.port);
            if method == "TRACED" && answer.status != 405 {
                // A web server may refuse a method that it does not know before the program is asked.
                assert!([400, 501].contains(&answer.status), "{}", answer.status);
                continue;
            }
            assert_eq!(allowed(&answer), promised(&methods), "{method} {path}");
            problem(answer, 405);
        }
    }
}

fn crossing_patterns(server: &Server) {
    // `/goals/{id}/actions/` and `/goals/actions/{id}/` both match.
    let answer = request("PROPFIND", "/api/goals/actions/actions/").send(server.port).expect(405);
    assert_eq!(answer.header("Allow").unwrap().split(", ").count(), allowed(&answer).len(), "each method once");
}

fn tokens_wanted(server: &Server) {
    for route in routes().filter(|route| !matches!(route.access, Access::Public | Access::Optional)) {
        let path = format!("/api{}", filled(route.path, &uuid::Uuid::new_v4().to_string()));
        let ask = || request(route.method.name(), &path).body("");
        unauthenticated(ask().send(server.port), "not_authenticated");
        unauthenticated(ask().header("Authorization", "Basic YTpi").send(server.port), "not_authenticated");
        unauthenticated(ask().bearer("dead").send(server.port), "token_not_valid");
    }
}

fn dead_tokens_ignored(server: &Server) {
    let phone = Phone::register(server);
    let login = json!({"username": phone.username, "password": super::phone::PASSWORD});
    let ask = |path: &str, body: &Value| request("POST", path).bearer("a.dead.token").json(body).send(server.port);
    ask("/api/auth/login/", &login).expect(200);
    ask("/api/auth/register/", &json!({"username": super::phone::fresh_name("dead"), "password": super::phone::PASSWORD}))
        .expect(201);
    let refresh = ask("/api/auth/refresh/", &json!({"refresh": phone.refresh})).expect(200).json()["refresh"].clone();
    ask("/api/auth/logout/", &json!({ "refresh": refresh })).expect(204);
}

/// A body in which every route finds what it needs.
fn body_for_all() -> Value {
    json!({"title": "t", "text": "t", "month": "2026-03", "content": "c", "date": "2026-03-01", "mood": 1, "status": "ACTIVE"})
}

fn without_a_couple(server: &Server) {
    let phone = Phone::register(server);
    for list in ["/goals/", "/qna/questions/", "/checkins/", "/letters/"] {
        let page = phone.get(list).expect(200).json();
        assert_eq!(page, json!({"count": 0, "next": null, "previous": null, "results": []}), "{list}");
        problem(phone.get(&format!("{list}?page=2")), 404);
        for body in [body_for_all(), json!({})] {
            let goal_status = phone.post(list, &body_less_status(&body, list));
            assert_eq!(problem(goal_status, 400)["detail"], "No couple found.", "{list}");
        }
    }
    for wrong in ["/letters/?month=rubbish", "/checkins/?from=rubbish"] {
        problem(phone.get(wrong), 400);
    }
    for (method, path) in
        [("GET", "/couple/"), ("GET", "/sync/changes/"), ("POST", "/couple/invite/"), ("POST", "/couple/leave/")]
    {
        assert_eq!(
            problem(phone.ask(method, path).body("").send(server.port), 404)["detail"],
            "No couple found.",
            "{method} {path}"
        );
    }
    phone.get("/auth/me/").expect(200);
    phone.get("/auth/export/").expect(200);
}

/// Only goals know the status that the body for all routes carries.
fn body_less_status(body: &Value, path: &str) -> Value {
    let mut body = body.clone();
    if path != "/goals/" {
        body.as_object_mut().unwrap().remove("status");
    }
    body
}

fn security_fields(server: &Server) {
    let phone = Phone::single(server);
    for path in ["/auth/me/", "/goals/", "/nowhere/", "/goals/x/", "/goals/?page=9", "/sync/changes/"] {
        guarded(&phone.get(path));
    }
    guarded(&phone.post("/goals/", &json!({"title": "x"})).expect(201));
    guarded(&phone.post("/goals/", &json!({})).expect(400));
    guarded(&phone.ask("POST", "/goals/").header("Content-Type", "a/b").body("x").send(server.port).expect(415));
    guarded(&request("GET", "/api/auth/me/").send(server.port).expect(401));
    let etag = phone.get("/auth/me/").header("ETag").unwrap().to_owned();
    guarded(&phone.ask("GET", "/auth/me/").header("If-None-Match", etag).send(server.port).expect(304));
    // Without configured origins nothing answers a page from elsewhere.
    let preflight =
        request("OPTIONS", "/api/goals/").header("Origin", "https://a.example").header("Access-Control-Request-Method", "POST");
    guarded(&preflight.send(server.port).expect(204));
}
