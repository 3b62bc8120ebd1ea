//! Section 1 of the contract: bodies, errors, languages and strings.

use super::expect::{guarded, is_id, is_instant, problem, refused};
use super::{Case, Phone};
use crate::servers::client::{Answer, request};
use crate::servers::{Kind, Server};
use serde_json::json;

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("a form says the same as JSON", forms),
    ("another media type is 415", media_types),
    ("malformed JSON is 400", malformed),
    ("JSON nests 64 levels and no more", nesting),
    ("a body of 10 MiB is read and a larger one is 413", sizes),
    ("a body that would fill the memory is 413", density),
    ("a missing body is an empty object", missing_bodies),
    ("a body that is not an object is 400", not_objects),
    ("fields that nobody knows are ignored", unknown_fields),
    ("the errors of all fields are told at once", every_error),
    ("a wrong choice is told which there are", wrong_choices),
    ("an unknown route is 404", unknown_routes),
    ("messages come in the caller's language", languages),
    ("names are trimmed and texts are not", trimming),
    ("a null character is 400 in every text", null_characters),
    ("lengths count characters", lengths),
    ("ids and instants have the contract's shapes", shapes),
    ("no query string breaks a read", query_strings),
];

#[track_caller]
fn send(phone: &Phone, media: &str, body: impl Into<Vec<u8>>) -> Answer {
    phone.ask("POST", "/goals/").header("Content-Type", media).body(body).send(phone.port)
}

fn forms(server: &Server) {
    let phone = Phone::single(server);
    let form = "application/x-www-form-urlencoded";
    let body =
        format!("title=Run+far%20away%21&status=PAUSED&target_date=2026-05-01&owner={}&why_for_us=%C3%A9%ED%95%9C", phone.id);
    let goal = send(&phone, form, body).expect(201).json();
    let expected = json!({"title": "Run far away!", "status": "PAUSED", "target_date": "2026-05-01", "owner": phone.id, "why_for_us": "é한"});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(goal[name], *value);
    }
    let id = goal["id"].as_str().unwrap();
    let clear = phone.ask("PATCH", &format!("/goals/{id}/")).header("Content-Type", form).body("target_date=&owner=");
    let goal = clear.send(server.port).expect(200).json();
    assert!(goal["target_date"].is_null() && goal["owner"].is_null(), "a form has no null: empty is null: {goal}");
    for (sent, done) in [("true", true), ("0", false), ("on", true), ("off", false)] {
        let add = phone.ask("POST", &format!("/goals/{id}/actions/")).header("Content-Type", format!("{form}; charset=utf-8"));
        assert_eq!(add.body(format!("text=a&done={sent}")).send(server.port).expect(201).json()["action"]["done"], done);
    }
    refused(send(&phone, form, "title="), "title");
}

fn media_types(server: &Server) {
    let phone = Phone::single(server);
    for media in
        ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/octet-stream", "nonsense", "text/json"]
    {
        problem(send(&phone, media, r#"{"title":"x"}"#), 415);
    }
    for media in ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"] {
        send(&phone, media, r#"{"title":"x"}"#).expect(201);
    }
}

fn malformed(server: &Server) {
    let phone = Phone::single(server);
    let bodies: [&[u8]; 12] = [
        b"{",
        b"{\"title\":}",
        b"{\"title\":\"x\"",
        b"{'title':'x'}",
        b"{\"title\":\"x\"}x",
        b"{\"title\":\"\xff\"}",
        b"\xef\xbb\xbf\xff",
        b"{\"title\":\"\\ud800\"}",
        b"{\"owner\":1e999,\"title\":\"x\"}",
        b"{\"title\":NaN}",
        b"title=x",
        b"\0",
    ];
    for body in bodies {
        let said = problem(send(&phone, "application/json", body), 400);
        assert!(!said["detail"].as_str().unwrap().is_empty(), "{said}");
    }
    assert_eq!(phone.get("/goals/").expect(200).json()["count"], 0);
}

fn nesting(server: &Server) {
    let phone = Phone::single(server);
    let deep = |levels: usize| format!(r#"{{"title":"x","more":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
    send(&phone, "application/json", deep(64)).expect(201);
    for levels in [65, 1_000, 100_000] {
        // An upload: other routes take no body as large as the deepest of these.
        problem(upload(&phone, "application/json", deep(levels)), 400);
    }
}

/// An upload with this member beside its list.
fn with_more(more: &str) -> String {
    let item = r#"{"metric_type":"m","value":1,"timestamp":"2026-01-16"}"#;
    format!(r#"{{"device_id":"d","data":[{item}],"more":{more}}}"#)
}

fn upload(phone: &Phone, media: &str, body: String) -> Answer {
    phone.ask("POST", "/sync/metrics/").header("Content-Type", media).body(body).send(phone.port)
}

fn sizes(server: &Server) {
    const LIMIT: usize = 10 * 1024 * 1024;
    let phone = Phone::single(server);
    let of = |size: usize| with_more(&format!("\"{}\"", "a".repeat(size - with_more("\"\"").len())));
    upload(&phone, "application/json", of(LIMIT)).expect(200);
    problem(upload(&phone, "application/json", of(LIMIT + 1)), 413);
}

/// Ten bytes of these would take a kilobyte in memory, whoever asks.
fn density(server: &Server) {
    let phone = Phone::single(server);
    let of = |unit: &str| with_more(&format!("[{}]", vec![unit; 500_000].join(",")));
    upload(&phone, "application/json", of("72")).expect(200);
    for unit in [r#"{"":0}"#, "{}", r#"["","",""]"#] {
        let said = problem(upload(&phone, "application/json", of(unit)), 413);
        assert_eq!(said["detail"], "The body holds too many values: send it in parts.");
    }
    problem(upload(&phone, "application/x-www-form-urlencoded", "a=&".repeat(800_000)), 413);
}

fn missing_bodies(server: &Server) {
    let phone = Phone::register(server);
    phone.ask("POST", "/couple/create/").body("").send(server.port).expect(201);
    phone.ask("POST", "/couple/invite/").header("Content-Type", "text/plain").body("").send(server.port).expect(200);
    refused(phone.ask("POST", "/goals/").body("").send(server.port), "title");
    let id = phone.make("/goals/", &json!({"title": "x"}));
    assert_eq!(phone.ask("PATCH", &format!("/goals/{id}/")).body("").send(server.port).expect(200).json()["title"], "x");
    refused(request("POST", "/api/auth/login/").body("").send(server.port), "password");
}

fn not_objects(server: &Server) {
    let phone = Phone::single(server);
    for body in ["[]", "[{\"title\":\"x\"}]", "1", "\"title\"", "null", "true"] {
        refused(send(&phone, "application/json", body), "non_field_errors");
    }
}

fn unknown_fields(server: &Server) {
    let phone = Phone::single(server);
    let body =
        json!({"title": "x", "id": "mine", "created_by_id": 1, "actions": [1], "updated_at": "never", "zzz": {"a": [null]}});
    let goal = phone.post("/goals/", &body).expect(201).json();
    assert!(is_id(&goal["id"]) && goal["created_by_id"] == phone.id && goal["actions"] == json!([]), "{goal}");
    assert!(goal.get("zzz").is_none());
}

fn every_error(server: &Server) {
    let phone = Phone::single(server);
    let body = json!({"status": "LATE", "target_date": "tomorrow", "why_for_us": [], "owner": "x"});
    let said = refused(phone.post("/goals/", &body), "title");
    for field in ["status", "target_date", "why_for_us", "owner"] {
        assert!(said[field][0].is_string(), "{field}: {said}");
    }
    assert_eq!(phone.get("/goals/").expect(200).json()["count"], 0);
}

fn wrong_choices(server: &Server) {
    let phone = Phone::single(server);
    let said = |answer: Answer, field: &str| refused(answer, field)[field][0].as_str().unwrap().to_owned();
    let goal = said(phone.post("/goals/", &json!({"title": "x", "status": "LATER"})), "status");
    assert_eq!(goal, "\"LATER\" is not a valid choice; there are ACTIVE, DONE, PAUSED.");
    let language = said(phone.patch("/auth/me/", &json!({"language": "de"})), "language");
    assert!(["en", "fr", "ko"].iter().all(|known| language.contains(known)), "{language}");
}

fn unknown_routes(server: &Server) {
    let phone = Phone::single(server);
    for path in ["/nowhere/", "/goal/", "/goals/x/y/z/", "/auth/", "/v3/goals/", "//goals/", "/goals//actions/", "/GOALS/"] {
        problem(phone.get(path), 404);
    }
    // Apache keeps an encoded slash from every program, unless the host lets it pass.
    if matches!(server.kind, Kind::LighttpdCgi | Kind::LighttpdFastcgi) {
        problem(phone.get("/goals%2F"), 404);
    }
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        problem(request(method, "/api/nowhere/").body("").send(server.port), 404);
    }
    for id in ["1", "x", "00000000-0000-0000-0000-000000000000", "%00", "'", "a%20b", "%F0%9F%92%94"] {
        assert_eq!(phone.get(&format!("/letters/{id}/")).status, 404, "{id}");
    }
}

fn languages(server: &Server) {
    let said = |accept: &str| {
        let answer = request("GET", "/api/nowhere/").header("Accept-Language", accept).send(server.port);
        problem(answer, 404)["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(said("fr"), "Introuvable.");
    assert_eq!(said("ko-KR,ko;q=0.9,en;q=0.8"), "찾을 수 없습니다.");
    assert_eq!(said("de, fr;q=0.4, ko;q=0.7"), "찾을 수 없습니다.");
    for other in ["en", "de", "", "*", ";q=,,", "fr;q=0"] {
        assert_eq!(said(other), "Not found.", "{other}");
    }
    let phone = Phone::single(server);
    let french = phone.ask("POST", "/goals/").header("Accept-Language", "fr").json(&json!({})).send(server.port);
    assert_eq!(refused(french, "title")["title"][0], "Ce champ est obligatoire.");
}

fn trimming(server: &Server) {
    let phone = Phone::single(server);
    let blank = "\u{2003} \t\n";
    let goal =
        phone.post("/goals/", &json!({"title": format!("{blank}a b{blank}"), "why_for_us": "  why \n"})).expect(201).json();
    assert_eq!((goal["title"].as_str(), goal["why_for_us"].as_str()), (Some("a b"), Some("  why \n")));
    refused(phone.post("/goals/", &json!({ "title": blank })), "title");
    let letter = phone.post("/letters/", &json!({"month": "2026-02", "content": "\n  Dear\n"})).expect(201).json();
    assert_eq!(letter["letter"]["content"], "\n  Dear\n");
    let checkin = phone.post("/checkins/", &json!({"date": "2026-02-01", "note": " n "})).expect(201).json();
    assert_eq!(checkin["note"], " n ");
}

fn null_characters(server: &Server) {
    let phone = Phone::single(server);
    refused(phone.post("/goals/", &json!({"title": "a\0b"})), "title");
    refused(phone.post("/goals/", &json!({"title": "a", "why_for_us": "\0"})), "why_for_us");
    refused(phone.post("/qna/questions/", &json!({"text": "a\0"})), "text");
    refused(phone.post("/letters/", &json!({"month": "2026-02", "content": "\0"})), "content");
    refused(phone.post("/checkins/", &json!({"date": "2026-02-01", "note": "\0"})), "note");
    refused(phone.patch("/auth/me/", &json!({"first_name": "\0"})), "first_name");
    refused(send(&phone, "application/x-www-form-urlencoded", "title=a%00b"), "title");
}

fn lengths(server: &Server) {
    let phone = Phone::single(server);
    for letter in ["a", "é", "한", "😀"] {
        let title = letter.repeat(255);
        assert_eq!(phone.post("/goals/", &json!({ "title": title })).expect(201).json()["title"], title);
        refused(phone.post("/goals/", &json!({ "title": letter.repeat(256) })), "title");
    }
    // White space that is stripped does not count.
    phone.post("/goals/", &json!({ "title": format!("  {}  ", "a".repeat(255)) })).expect(201);
}

fn shapes(server: &Server) {
    let (phone, _) = Phone::couple(server);
    assert!(phone.id > 0 && phone.id < 1 << 48, "{}", phone.id);
    let goal = phone.post("/goals/", &json!({"title": "x"})).expect(201).json();
    assert!(is_id(&goal["id"]) && is_instant(&goal["created_at"]) && is_instant(&goal["updated_at"]), "{goal}");
    let couple = phone.get("/couple/").expect(200).json()["couple"].clone();
    assert!(is_id(&couple["id"]) && is_instant(&couple["created_at"]) && couple["partner_a"]["id"].is_i64(), "{couple}");
}

fn query_strings(server: &Server) {
    let phone = Phone::single(server);
    for query in [
        "",
        "=",
        "&&&",
        "a",
        "page",
        "page=",
        "%",
        "%zz=%",
        "page_size=x",
        "page_size=-1",
        "page_size=",
        "a=1&a=2",
        "x=%c3%a9",
        "--help",
        "+",
    ] {
        let answer = phone.get(&format!("/goals/?{query}"));
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        guarded(&answer);
    }
}
