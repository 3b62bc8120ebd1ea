//! Under which name a number is told, and what is told of editors: nothing that was not predicted, and nobody who is not to be shown.

use super::Home;
use super::risk_own::{ask, couple, live};
use serde_json::{Value, json};

/// What the earlier API answers about a record.
fn predict(home: &Home, token: &str, (kind, id): (&str, &str), more: (&str, Value)) -> Value {
    let body = json!({"device_id": "phone one", "kind": kind, "id": id, more.0: more.1}).to_string();
    let (status, said) = home.call(token, "POST", "/api/predict/conflict/", &body);
    assert_eq!(status, "200", "{said}");
    said
}

const SEEN: (&str, &str) = ("seen", "2099-01-01T00:00:00Z");

#[test]
fn what_was_not_predicted_is_told_under_no_model_s_name() {
    let home = Home { env: vec![("TANDEM_RISK_HOLDOUT", "50".into())], ..Home::new() };
    let (token, ids) = couple(&home);
    live(&home, &ids, Some(0));
    assert_eq!(home.json("risk train --json")["state"], "active");
    let model = home.json("risk status --json")["active"]["id"].clone();
    let goal = home.call(&token, "POST", "/api/goals/", r#"{"title":"a goal"}"#).1["id"].as_str().unwrap().to_owned();
    let seen = || (SEEN.0, json!(SEEN.1));
    let mut told = 0;
    for id in &ids {
        let (advice, said) = (ask(&home, &token, id)["results"][0].clone(), predict(&home, &token, ("task", id), seen()));
        if advice["model_version"] == model {
            told += 1;
            // Hours have passed by a few milliseconds between the two.
            let apart = said["probability"].as_f64().unwrap() - advice["probability"].as_f64().unwrap();
            assert!(apart.abs() < 1e-6 && said["model_version"] == model, "{said} {advice}");
            let reasons: Vec<&Value> = advice["reasons"].as_array().unwrap().iter().map(|reason| &reason["feature"]).collect();
            assert_eq!(json!(reasons), said["features_used"]);
        } else {
            assert_eq!((&advice["probability"], &advice["model_version"]), (&Value::Null, &json!("facts")));
            assert!(said["model_version"] == "rates" && said["probability"].as_f64().unwrap() > 0.0, "{said}");
            assert_eq!(said["features_used"], json!(["record_met"]));
        }
    }
    assert!(told > 8 && told < ids.len() - 8, "{told}");
    // Neither what has no history, nor what nobody asked about, nor what facts decide.
    let said = predict(&home, &token, ("goals", &goal), seen());
    assert!(said["model_version"] == "rates" && said["probability"].as_f64().unwrap() > 0.0, "{said}");
    assert_eq!(said["features_used"], json!([]), "nothing was known of it");
    let (_, said) = home.call(&token, "POST", "/api/predict/conflict/", "{}");
    assert!(said["model_version"] == "rates" && said["probability"].as_f64().unwrap() > 0.0, "{said}");
    assert_eq!(said["features_used"], json!([]));
    let unknown = uuid::Uuid::new_v4().to_string();
    assert_eq!(predict(&home, &token, ("task", &unknown), seen())["features_used"], json!([]), "a fact alone decided");
    let cases = [("goals", goal.as_str(), Value::Null), ("task", &unknown, json!(0.0))];
    for (kind, id, probability) in cases {
        let record = json!({"kind": kind, "id": id, "seen": SEEN.1});
        let body = json!({"device_id": "phone one", "records": [record]}).to_string();
        let rest = home.call(&token, "POST", "/api/sync/risk/", &body).1["results"][0].clone();
        let query =
            "query($r: [RiskInput!]!) { conflictRisk(deviceId: \"phone one\", records: $r) { probability modelVersion } }";
        let body = json!({"query": query, "variables": {"r": [record]}}).to_string();
        let graphql = home.call(&token, "POST", "/api/graphql/", &body).1["data"]["conflictRisk"][0].clone();
        assert_eq!((&rest["probability"], &rest["model_version"]), (&probability, &json!("facts")));
        assert_eq!((&graphql["probability"], &graphql["modelVersion"]), (&probability, &json!("facts")));
    }
    home.sql("UPDATE changes SET author = 7");
    let said = predict(&home, &token, ("task", &ids[0]), ("version", json!(0)));
    assert_eq!((&said["probability"], &said["model_version"]), (&json!(1.0), &json!("facts")));
    assert_eq!(said["features_used"], json!([]), "a fact alone decided");
}

#[test]
fn a_device_without_a_name_is_told_without_one() {
    let home = Home::new();
    let (token, ids) = couple(&home);
    let named = |name: &str| {
        let body = json!({"name": name, "type": "phone"}).to_string();
        let (status, said) = home.call(&token, "PUT", "/api/devices/phone%20two/", &body);
        assert!(status.starts_with('2'), "{said}");
        let body = json!({"device_id": "phone two", "version": 1}).to_string();
        assert_eq!(home.call(&token, "PUT", &format!("/api/sync/edits/task/{}/", ids[0]), &body).0, "200");
        let listed = home.call(&token, "GET", "/api/sync/edits/", "").1["results"][0]["editors"][0]["device_name"].clone();
        let asked = ask(&home, &token, &ids[0])["results"][0]["facts"]["editors"][0]["device_name"].clone();
        [listed, asked]
    };
    assert_eq!(named(""), [Value::Null, Value::Null]);
    assert_eq!(named("The tablet"), [json!("The tablet"), json!("The tablet")]);
}

#[test]
fn editors_are_told_no_more_as_soon_as_marks_are_off() {
    let mut home = Home::new();
    let (token, ids) = couple(&home);
    let put = |home: &Home, device: &str, id: &str| {
        let body = json!({"device_id": device, "version": 1}).to_string();
        let (status, said) = home.call(&token, "PUT", &format!("/api/sync/edits/task/{id}/"), &body);
        assert_eq!(status, "200", "{said}");
        said["advice"].clone()
    };
    put(&home, "phone two", &ids[0]);
    // What is listed, what the feed tells, what is answered before an edit.
    let told = |home: &Home| {
        let listed = home.call(&token, "GET", "/api/sync/edits/", "").1["results"].as_array().unwrap().len();
        let poll = home.call(&token, "GET", "/api/sync/changes/?kinds=edits&include=objects", "").1;
        let rows = poll["changes"]["edits"].as_array().unwrap();
        let fed: usize = rows.iter().map(|row| row["object"]["editors"].as_array().map_or(0, Vec::len)).sum();
        let facts = ask(home, &token, &ids[0])["results"][0].clone();
        (listed, fed, facts["facts"]["editors"].as_array().unwrap().len(), facts["recommendation"].clone())
    };
    assert_eq!(told(&home), (1, 1, 1, json!("wait")));
    home.env.push(("TANDEM_RISK_MARKS", "off".into()));
    assert_eq!(told(&home), (0, 0, 0, json!("go_on")));
    let advice = put(&home, "phone three", &ids[0]);
    assert_eq!(advice["facts"]["editors"], json!([]));
    assert_eq!(told(&home), (0, 0, 0, json!("go_on")));
    assert_eq!(home.call(&token, "DELETE", &format!("/api/sync/edits/task/{}/?device_id=phone%20two", ids[0]), "").0, "204");
    home.env.pop();
    assert_eq!(told(&home).0, 0, "what began while they were off is shown to nobody");
}
