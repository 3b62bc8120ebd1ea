//! What there is to send and to show, in one call: `/sync/domains/`.

use super::{Case, Phone};
use crate::servers::Server;
use serde_json::{Value, json};

/// See [`Case`].
pub const CASES: &[Case] = &[
    ("/sync/domains/ lists every domain with what an upload of it may hold", domains),
    ("/sync/domains/ lists every kind of the feed with the requests that write it", kinds),
];

fn named<'v>(list: &'v Value, member: &str, name: &str) -> &'v Value {
    let found = list.as_array().unwrap().iter().find(|item| item[member] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list}"))
}

fn domains(server: &Server) {
    let (a, b) = Phone::couple(server);
    let shown = a.get("/sync/domains/").expect(200).json();
    let domains = &shown["domains"];
    let names: Vec<&str> = domains.as_array().unwrap().iter().map(|domain| domain["domain"].as_str().unwrap()).collect();
    for name in ["journal", "attendance", "task", "ticket", "work_order", "voice", "behavioral", "session", "metrics"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let task = named(domains, "domain", "task");
    assert_eq!((&task["path"], &task["kind"], &task["list"]), (&json!("activity"), &json!("tasks"), &json!("records")));
    assert_eq!(task["orders"], json!([["plandatetime", "expirydatetime"], ["starttime", "endtime"]]));
    assert_eq!(task["states"]["steps"][0], json!({"state": "ASSIGNED", "next": ["INPROGRESS", "STANDBY"]}));
    let first = &task["fields"][0];
    assert_eq!((&first["name"], &first["required"], &first["minLength"]), (&json!("jobdesc"), &json!(true), &json!(3)));
    assert_eq!(named(&task["fields"], "name", "priority")["enum"], json!(["HIGH", "MEDIUM", "LOW", null]));
    assert_eq!(named(&task["fields"], "name", "jobstatus")["enum"][4], "COMPLETED");
    let session = named(domains, "domain", "session");
    assert_eq!((&session["kind"], &session["list"], &session["policy"]), (&Value::Null, &json!("session_data"), &Value::Null));
    assert_eq!(session["orders"], json!([["start_time", "end_time"]]));
    // The policy is what the couple has chosen.
    let policy = || named(&b.get("/sync/domains/").expect(200).json()["domains"], "domain", "task")["policy"].clone();
    assert_eq!(policy()["resolution_policy"], "most_recent_wins");
    let chosen = json!({"resolution_policy": "manual", "auto_resolve": false, "notify_on_conflict": true});
    a.put("/sync/policies/task/", &chosen).expect(200);
    assert_eq!(policy(), chosen);
    Phone::register(server).get("/sync/domains/").expect(404);
}

fn kinds(server: &Server) {
    let (a, _) = Phone::couple(server);
    let shown = a.get("/v2/sync/domains/").expect(200).json();
    let polled = a.get("/v2/sync/changes/").expect(200).json();
    let mut names: Vec<&str> = shown["kinds"].as_array().unwrap().iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, polled["changes"].as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>());
    for (kind, method, path, field) in [
        ("goals", "POST", "/goals/", "title"),
        ("goal_actions", "PATCH", "/goals/actions/{id}/", "done"),
        ("checkins", "POST", "/checkins/", "mood"),
        ("letters", "POST", "/letters/", "content"),
        ("qna_questions", "POST", "/qna/questions/", "text"),
        ("qna_answers", "POST", "/qna/questions/{id}/answer/", "status"),
    ] {
        let kind = named(&shown["kinds"], "kind", kind);
        let forms = kind["forms"].as_array().unwrap();
        let form = forms.iter().find(|form| form["method"] == method && form["path"] == path);
        let form = form.unwrap_or_else(|| panic!("{method} {path} is no form of {kind}"));
        assert!(named(&form["fields"], "name", field)["type"] != Value::Null);
        assert_eq!(named(&kind["fields"], "name", field)["name"], field);
        assert_eq!((&kind["since"], &kind["domain"]), (&json!(1), &Value::Null));
    }
    assert_eq!(named(&shown["kinds"], "kind", "tasks")["domain"], "task");
    let status = named(&named(&shown["kinds"], "kind", "goals")["forms"][0]["fields"], "name", "status").clone();
    assert_eq!(status["enum"], json!(["ACTIVE", "DONE", "PAUSED"]));
}
