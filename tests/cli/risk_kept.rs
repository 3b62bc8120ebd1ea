//! What is kept of models, whatever happens beside a training, and whatever befalls what lies on the shelf.

use super::Home;
use super::doctor::check;
use super::risk_own::{ask, couple, live, told};
use super::risk_registry::{active, learned, speaks};
use super::risk_watch::{kept, liar, lie};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use tandem::base::time::{DAY, Timestamp};
use tandem::domain::risk::models::store::State;

fn states(home: &Home) -> Vec<String> {
    let models = home.json("risk models --json");
    models.as_array().unwrap().iter().map(|kept| kept["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_the_operator_says_while_a_training_runs_is_not_overrun_by_it() {
    let home = told();
    let (token, ids, first, second) = learned(&home);
    lie(&home);
    let ways =
        [("risk rollback".to_owned(), second.as_str()), (format!("risk activate {first}"), &first), ("risk off".to_owned(), "")];
    for (line, wanted) in ways {
        let state = kept(&home, liar(-1.0), State::Active, || drop(home.ok(&line)));
        assert_eq!((state, active(&home).as_str()), (Some(State::Candidate), wanted), "{line}");
        assert_eq!(speaks(&home, &token, &ids).as_str().unwrap_or_default(), wanted, "{line}");
    }
    assert_eq!(kept(&home, liar(-1.0), State::Active, || drop(home.ok("risk off"))), Some(State::Candidate), "off once more");
    assert!(home.json("risk status --json")["off_since"].is_string());
    let candidate = home.json("risk models --json")[0]["id"].as_str().unwrap().to_owned();
    home.ok(&format!("risk activate {candidate}"));
    assert_eq!(speaks(&home, &token, &ids), *candidate);
    assert_eq!(kept(&home, liar(-1.0), State::Active, || lie(&home)), None, "another training has ended");
    assert_eq!(kept(&home, liar(-1.0), State::Active, || drop(home.ok("risk status"))), Some(State::Active));
}

/// What phones may be told that is not what is kept, and what is said of it.
const TOLD_OTHERWISE: &[(&str, &str, &str)] = &[
    ("no active model", "DELETE FROM shelf WHERE kind = 'model_active'", "that is not kept"),
    (
        "another one's",
        "UPDATE shelf SET data = 'another' || substr(data, 8) WHERE kind = 'model_told'",
        "they are told other numbers",
    ),
    (
        "other numbers",
        "UPDATE shelf SET data = substr(data, 1, 36) || (SELECT substr(data, 37) FROM shelf WHERE kind = 'spare') WHERE kind = 'model_told'",
        "they are told other numbers",
    ),
];

#[test]
fn what_phones_are_told_beside_what_is_kept_is_named_and_every_way_ends_it() {
    let home = told();
    let (token, ids, first, _) = learned(&home);
    home.ok(&format!("risk activate {first}"));
    // The numbers of the first one lie by, to be told under another id.
    home.sql("INSERT INTO shelf SELECT 'spare', id, owner, until_at, data FROM shelf WHERE kind = 'model_told'");
    for (what, sql, said) in TOLD_OTHERWISE {
        for way in ["risk off", "risk rollback", "risk train", "risk activate"] {
            lie(&home);
            home.sql(sql);
            assert!(speaks(&home, &token, &ids).is_string(), "{what}");
            let status = home.run("risk status");
            assert!(status.code == 1 && status.err.contains(said), "{what}: {status:?}");
            assert!(check(&home.json("doctor --json"), "model").1.contains(said), "{what}");
            home.ok("risk models");
            let line = if way == "risk activate" { format!("{way} {first}") } else { way.to_owned() };
            home.run(&line);
            assert_eq!(home.run("risk status").err, "", "{what}, {way}");
            assert_eq!(speaks(&home, &token, &ids).as_str().unwrap_or_default(), active(&home), "{what}, {way}");
        }
    }
}

#[test]
fn refused_models_do_not_push_out_those_one_can_go_back_to() {
    let home = told();
    let (_, _, first, second) = learned(&home);
    lie(&home);
    for _ in 0..28 {
        assert_eq!(kept(&home, liar(-1.0), State::Refused, || ()), Some(State::Refused));
    }
    let states = states(&home);
    assert_eq!((states.len(), states.iter().filter(|state| *state == "retired").count()), (28, 2), "{states:?}");
    for wanted in [second, first] {
        assert!(home.ok("risk rollback").contains(&wanted));
    }
}

#[test]
fn a_model_dated_ahead_is_not_the_newest_for_ever() {
    let home = told();
    learned(&home);
    let ahead = Timestamp::now().plus(400 * DAY).0;
    home.sql(&format!(
        "UPDATE shelf SET data = '{{\"made_at\":{ahead}' || substr(data, instr(data, ',\"changed_at\"')) WHERE kind = 'model_retired'"
    ));
    let newest = home.json("risk status --json")["newest"]["id"].clone();
    assert_eq!(newest, *active(&home));
    assert_eq!(kept(&home, liar(-1.0), State::Active, || lie(&home)), None, "another training has ended");
}

#[test]
fn an_active_model_dated_ahead_is_watched_and_gives_way_as_any() {
    let home = told();
    let (token, ids, first, second) = learned(&home);
    let ahead = Timestamp::now().plus(400 * DAY);
    home.sql(&format!(
        "UPDATE shelf SET data = '{{\"made_at\":{}' || substr(data, instr(data, ',\"changed_at\"')) WHERE kind = 'model_active'",
        ahead.0
    ));
    for line in ["risk status", "risk models"] {
        assert!(home.run(line).out.contains("ahead of the clock"), "{line}");
    }
    assert!(home.json("risk status --json")["active"]["ahead"] == true);
    assert!(home.ok("maintain").contains("degraded, roc_auc_not_behind"));
    // So was what the night noted.
    home.sql(&format!("UPDATE facts SET value = '{ahead}' || substr(value, instr(value, ' ')) WHERE name = 'model_degraded'"));
    home.ok("maintain");
    let since = home.json("risk status --json")["degraded_since"].as_str().and_then(Timestamp::parse).unwrap();
    assert!(since <= Timestamp::now(), "{since}");
    assert_eq!(home.json("risk train --json")["state"], "active");
    let third = active(&home);
    assert!(home.ok("risk rollback").contains(&second), "it counts as older than what was learned since");
    home.ok(&format!("risk activate {first}"));
    assert!(home.ok("risk rollback").contains(&second));
    home.ok(&format!("risk activate {third}"));
    assert_eq!(speaks(&home, &token, &ids), *third);
}

#[test]
fn a_row_whose_id_is_no_text_ends_no_command() {
    let home = told();
    let (token, ids, ..) = learned(&home);
    home.sql("INSERT INTO shelf (kind, id, owner, until_at, data) VALUES ('model_retired', X'FF00', 0, NULL, 'x')");
    for line in ["risk status", "risk models", "doctor --json", "maintain --quiet", "risk rollback", "risk off"] {
        assert_eq!(home.run(line).code, 0, "{line}");
    }
    assert_eq!(speaks(&home, &token, &ids), Value::Null);
}

#[test]
fn going_back_says_what_it_did() {
    let home = told();
    let (_, _, first, second) = learned(&home);
    // One id under two kinds: no more than one of them speaks.
    home.ok("risk off");
    home.sql("INSERT INTO shelf SELECT 'model_candidate', id, owner, until_at, data FROM shelf WHERE kind = 'model_retired'");
    assert!(home.ok("risk rollback").contains(&second) && active(&home) == second);
    home.sql("DELETE FROM shelf WHERE kind = 'model_candidate'");
    home.ok(&format!("risk activate {first}"));
    home.sql(&format!("DELETE FROM shelf WHERE id = '{second}'"));
    assert!(home.run("risk rollback").err.contains("nothing was changed"));
    home.sql("UPDATE shelf SET data = 'x' WHERE kind = 'model_active'");
    let ran = home.run("risk rollback");
    assert!(ran.code == 1 && ran.err.contains("what could not be read was cleared away"), "{ran:?}");
    assert_eq!((home.json("risk models --json"), home.run("risk status").err), (json!([]), String::new()));
}

#[test]
fn a_training_that_is_skipped_clears_away_what_cannot_be_read() {
    let home = told();
    let (token, ids, ..) = learned(&home);
    home.sql("DELETE FROM history");
    home.sql("UPDATE shelf SET data = 'x' WHERE kind = 'model_active'");
    assert_eq!(home.json("risk train --dry-run --json")["state"], "skipped");
    assert!(home.run("risk status").err.contains("tandem risk train"));
    assert_eq!(home.json("risk train --json")["state"], "skipped");
    assert_eq!((home.run("risk status").err, speaks(&home, &token, &ids)), (String::new(), Value::Null));
}

#[test]
fn the_night_clears_a_damaged_model_away_however_new_the_last_training_is() {
    let home = told();
    let (token, ids, ..) = learned(&home);
    for sql in [
        "UPDATE shelf SET data = 'x' WHERE kind = 'model_active'",
        "DELETE FROM shelf WHERE kind = 'model_told'",
        "DELETE FROM shelf WHERE kind = 'model_active'",
    ] {
        lie(&home);
        kept(&home, liar(-1.0), State::Refused, || ());
        home.sql(sql);
        assert_eq!(home.run("risk status").code, 1, "{sql}");
        home.run("maintain --quiet");
        assert_eq!(home.run("risk status").err, "", "{sql}");
        assert_eq!(speaks(&home, &token, &ids).as_str().unwrap_or_default(), active(&home), "{sql}");
    }
}

#[test]
fn where_predictions_cannot_be_written_nothing_is_made_active() {
    let home = told();
    let (_, ids) = couple(&home);
    live(&home, &ids, Some(0));
    let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
    command.args(["risk", "train", "--predictions", "/dev/stdout"]);
    command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
    assert!(!command.status().unwrap().success());
    assert_eq!(home.json("risk models --json"), json!([]));
}

#[test]
fn a_model_of_which_no_probability_can_be_made_counts_as_none_everywhere() {
    let home = told();
    let (token, ids) = couple(&home);
    live(&home, &ids, Some(0));
    assert_eq!(kept(&home, liar(1e308), State::Active, || ()), Some(State::Active));
    let said = ask(&home, &token, &ids[0]);
    assert_eq!((&said["model"], &said["results"][0]["model_version"]), (&Value::Null, &json!("rates")));
    let record = json!({"kind": "task", "id": ids[0], "seen": "2099-01-01T00:00:00Z"});
    let query =
        "query($r: [RiskInput!]!) { conflictRisk(deviceId: \"phone one\", records: $r) { probability reasons { effect } } }";
    let body = json!({"query": query, "variables": {"r": [record]}}).to_string();
    let (status, graphql) = home.call(&token, "POST", "/api/graphql/", &body);
    assert!(status == "200" && graphql["data"]["conflictRisk"][0]["probability"].is_f64(), "{graphql}");
    let (status, earlier) = home.call(&token, "POST", "/api/predict/conflict/", &record.to_string());
    assert!(status == "200" && earlier["probability"].is_f64(), "{earlier}");
    assert!(home.run("risk status").err.contains("cannot be read"));
}
