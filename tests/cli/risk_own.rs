//! Learning from what happened here: what is learned speaks, and is listed, put off and brought back.

use super::Home;
use serde_json::{Value, json};
use std::fmt::Write;
use tandem::base::time::{DAY, MINUTE, Timestamp};

/// A couple of one with a record of each of these ids; the access token.
pub fn couple(home: &Home) -> (String, Vec<String>) {
    let (status, signed) =
        home.call("", "POST", "/api/auth/register/", r#"{"username":"ana","password":"correct horse battery 9"}"#);
    assert_eq!(status, "201", "{signed}");
    let token = signed["access"].as_str().unwrap().to_owned();
    home.call(&token, "POST", "/api/couple/create/", "{}");
    let ids: Vec<String> = (0..40).map(|_| uuid::Uuid::new_v4().to_string()).collect();
    let entries: Vec<Value> = ids.iter().map(|id| json!({"mobile_id": id, "version": 0, "jobdesc": "a job"})).collect();
    let body = json!({"entries": entries, "client_id": "phone one"}).to_string();
    assert_eq!(home.call(&token, "POST", "/api/sync/activity/sync/", &body).0, "200");
    (token, ids)
}

/// A home where nobody is told facts alone.
pub fn told() -> Home {
    Home { env: vec![("TANDEM_RISK_HOLDOUT", "0".into())], ..Home::new() }
}

/// Numbers from 0 to 999 that look drawn.
fn drawn(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % 1_000
}

/// A month of edits. Those of every fourth record, from this one on, meet others, mostly; or any do.
pub fn live(home: &Home, ids: &[String], hot: Option<usize>) {
    let (mut sql, mut seed) = ("DELETE FROM history; BEGIN;".to_owned(), 7);
    let (from, mut last) = (Timestamp::now().plus(-30 * DAY), vec![Timestamp::default(); ids.len()]);
    for n in 0..2_400_i64 {
        let record = usize::try_from(drawn(&mut seed)).unwrap() % ids.len();
        let chance = hot.map_or(190, |hot| if record % 4 == hot { 700 } else { 20 });
        let met = drawn(&mut seed) < chance;
        let stamp = from.plus(n * (29 * DAY / 2_400));
        let [edited, base] = [stamp.plus(-10 * MINUTE), stamp.plus(-60 * MINUTE)];
        let (user, id) = (1 + n % 3, &ids[record]);
        let (version, outcome) = (n + 2, if met { "conflict" } else { "written" });
        writeln!(
            sql,
            "INSERT INTO history SELECT id, 'task', '{id}', {}, 1, {user}, {user}, {}, {}, {version}, 'remarks', {}, NULL, '{outcome}', {}, {}, 1 FROM tenants;",
            stamp.0, version - 1, base.0, edited.0, i64::from(met), last[record].0
        )
        .unwrap();
        last[record] = stamp;
    }
    for (id, last) in ids.iter().zip(last) {
        writeln!(sql, "UPDATE records SET edit_at = {}, edit_place = 1 WHERE id = '{id}';", last.0).unwrap();
    }
    home.sql(&(sql + "COMMIT"));
}

pub fn ask(home: &Home, token: &str, id: &str) -> Value {
    let seen = "2099-01-01T00:00:00Z";
    let body = json!({"device_id": "phone one", "records": [{"kind": "task", "id": id, "seen": seen}]}).to_string();
    home.call(token, "POST", "/api/sync/risk/", &body).1
}

#[test]
fn what_is_learned_here_speaks_until_it_is_put_off() {
    let home = told();
    let (token, ids) = couple(&home);
    live(&home, &ids, Some(0));
    assert_eq!(ask(&home, &token, &ids[0])["model"], Value::Null);
    let dry = home.json("risk train --dry-run --json");
    assert_eq!((&dry["state"], &dry["reason"]), (&json!("candidate"), &Value::Null), "{dry}");
    assert_eq!(home.json("risk models --json"), json!([]), "nothing of it is kept");
    let learned = home.json("risk train --json");
    assert_eq!((&learned["state"], &learned["all"]), (&json!("active"), &dry["all"]), "the same rows say the same");
    let status = home.json("risk status --json");
    let version = status["active"]["id"].as_str().unwrap().to_owned();
    assert_eq!((&status["edits"], &status["active"]["figures"]["picked"]), (&json!(2_400), &learned["picked"]));
    let (hot, cold) = (ask(&home, &token, &ids[0]), ask(&home, &token, &ids[1]));
    assert_eq!(hot["model"], *version);
    let [hot, cold] = [hot, cold].map(|said| said["results"][0].clone());
    let probability = |advice: &Value| advice["probability"].as_f64().unwrap();
    assert!(probability(&hot) > 0.3 && probability(&cold) < 0.2, "{hot} {cold}");
    assert_eq!((&hot["model_version"], hot["reasons"].as_array().unwrap().len()), (&json!(version), 3));
    let effects: Vec<f64> =
        hot["reasons"].as_array().unwrap().iter().map(|reason| reason["effect"].as_f64().unwrap().abs()).collect();
    assert!(effects.is_sorted_by(|one, next| one >= next), "{hot}");
    // Another training learns nothing that is better, and is not told.
    let again = home.json("risk train --json");
    assert_eq!((&again["state"], &again["reason"]), (&json!("refused"), &json!("roc_auc_above_active")));
    assert_eq!(home.json("risk status --json")["active"]["id"], *version);
    home.ok("risk off");
    assert_eq!(ask(&home, &token, &ids[0])["results"][0]["model_version"], "rates");
    assert!(home.ok("risk rollback").contains(&version));
    assert_eq!(ask(&home, &token, &ids[0])["model"], *version);
    let refused = home.json("risk models --json")[0]["id"].as_str().unwrap().to_owned();
    for id in [refused.as_str(), "nonsense"] {
        assert_eq!(home.run(&format!("risk activate {id}")).code, 2);
    }
    home.ok(&format!("risk activate {version}"));
    // A model of another form counts as none.
    home.sql("UPDATE shelf SET data = replace(data, char(10) || '2 ', char(10) || '3 ') WHERE kind = 'model_told'");
    assert_eq!(ask(&home, &token, &ids[0])["results"][0]["model_version"], "rates");
    home.ok(&format!("risk activate {version}"));
    assert_eq!(ask(&home, &token, &ids[0])["model"], *version, "what is told is written anew");
}

#[test]
fn where_there_is_nothing_to_learn_nobody_is_told_and_a_week_passes() {
    let home = Home::new();
    let (token, ids) = couple(&home);
    assert!(home.ok("maintain").contains("which edits meet others: skipped"));
    live(&home, &ids, None);
    assert!(home.ok("maintain").contains("which edits meet others: refused"));
    assert!(!home.ok("maintain").contains("which edits meet others"), "once a week");
    assert_eq!(ask(&home, &token, &ids[0])["model"], Value::Null);
    assert_eq!(home.json("risk models --json")[0]["state"], "refused");
    assert_eq!(home.run("risk rollback").code, 1);
    home.sql("DELETE FROM shelf WHERE kind = 'model_refused'");
    let off = Home { env: vec![("TANDEM_RISK_TRAIN", "off".into())], ..home };
    assert!(!off.ok("maintain").contains("which edits meet others"));
}
