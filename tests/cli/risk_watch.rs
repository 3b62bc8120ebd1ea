//! Watching: a model that tells too little is told of, trained again and given up; and whether advice helps is measured.

use super::Home;
use super::doctor::check;
use super::risk_own::{ask, couple, live, told};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tandem::base::time::{DAY, HOUR, Timestamp};
use tandem::db::{Address, Db, Mode, within};
use tandem::domain::risk::columns::{COLUMNS, WIDTH};
use tandem::domain::risk::model::stored::Told;
use tandem::domain::risk::model::{Logistic, Model};
use tandem::domain::risk::models::store::State;
use tandem::domain::risk::models::{New, Standing, keep};
use tandem::domain::risk::population::Population;

/// The last days' edits meet others as chance will have it.
fn forget_the_rule(home: &Home) {
    let since = Timestamp::now().plus(-8 * DAY).0;
    home.sql(&format!("UPDATE history SET met = (stamp / 1000003 % 5 = 0) WHERE stamp > {since}"));
}

/// Makes the model that is told older, so that it may be trained again.
fn age_models(home: &Home, days: i64) {
    let ago = Timestamp::now().plus(-days * DAY).0;
    home.sql(&format!(
        "UPDATE shelf SET data = '{{\"made_at\":{ago}' || substr(data, instr(data, ',\"changed_at\"')) WHERE kind IN ('model_active', 'model_refused')"
    ));
}

/// Has the night have found so a while ago.
fn age_finding(home: &Home, ago: i64) {
    let since = Timestamp::now().plus(-ago);
    home.sql(&format!(
        "UPDATE facts SET value = '{since}' || substr(value, instr(value, ' ')) WHERE name = 'model_degraded' AND value <> ''"
    ));
}

fn active(status: &Value) -> String {
    status["active"]["id"].as_str().unwrap_or_default().to_owned()
}

const WATCH: &str = "whether the model still tells what comes: ";

#[test]
fn a_model_that_tells_too_little_is_told_of_trained_again_and_given_up() {
    let home = told();
    let (token, ids) = couple(&home);
    live(&home, &ids, Some(0));
    assert_eq!(home.json("risk train --json")["state"], "active");
    let ran = home.run("risk status --json");
    let status: Value = serde_json::from_str(&ran.out).unwrap();
    let model = active(&status);
    assert_eq!((ran.code, &status["degraded"], &status["degraded_since"]), (0, &json!(false), &Value::Null), "{status}");
    let found = &status["watched"];
    assert!(found["outcomes"].as_u64().unwrap() > 400 && found["met"].as_u64().unwrap() > 50, "{found}");
    assert!(found["model"]["roc_auc"].as_f64().unwrap() > 0.7, "{found}");
    assert_eq!(
        (found["checks"].as_array().unwrap().len(), &found["columns"]),
        (2, &Value::Null),
        "drift is of later edits alone"
    );
    assert!(found["drift"].as_str().unwrap().starts_with("too early to say"), "{found}");
    assert!(home.ok("risk status").contains("It still tells what comes."));
    assert!(home.ok("maintain").contains(&format!("{WATCH}well")));
    assert_eq!(check(&home.json("doctor --json"), "model").0, "ok");

    forget_the_rule(&home);
    age_models(&home, 1);
    // Before the night both say that it is well, and status what the night will find.
    let said = home.run("risk status");
    assert!(said.code == 0 && said.out.contains("tonight's `tandem maintain` calls it degraded"), "{said:?}");
    assert_eq!(home.json("risk status --json")["fails"]["figure"], "roc_auc_not_behind");
    assert_eq!(check(&home.json("doctor --json"), "model").0, "ok");
    let night = home.run("maintain");
    assert!(night.out.contains(&format!("{WATCH}degraded, roc_auc_not_behind is ")), "{night:?}");
    assert!(night.out.contains("which edits meet others: "), "it is trained again: {night:?}");
    assert!(!home.ok("maintain").contains("which edits meet others: "), "once a night");
    let ran = home.run("risk status --json");
    let status: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &status["degraded"], active(&status)), (1, &json!(true), model.clone()), "{status}");
    assert!(status["degraded_since"].is_string() && status["watched"]["checks"][0]["passed"] == false, "{status}");
    let said = home.run("risk status");
    assert!(said.code == 1 && said.err.contains("It is degraded: roc_auc_not_behind is "), "{said:?}");
    let (level, doctor) = check(&home.json("doctor --json"), "model");
    assert!(level == "note" && doctor.contains("roc_auc_not_behind") && doctor.contains("tandem risk status"), "{doctor}");
    // It is told until the third night.
    age_finding(&home, 2 * DAY);
    assert!(home.ok("maintain").contains("degraded") && ask(&home, &token, &ids[1])["model"] == *model);
    age_finding(&home, 3 * DAY - HOUR / 2);
    let night = home.run("maintain --quiet");
    assert!(night.code == 0 && night.err.contains("advice rests on facts and rates again"), "{night:?}");
    assert_eq!(ask(&home, &token, &ids[1])["results"][0]["model_version"], "rates");
    assert_eq!((home.run("risk status").code, check(&home.json("doctor --json"), "model").0), (0, "ok".to_owned()));
    assert!(!home.ok("maintain").contains(WATCH), "nothing is told, and nothing is watched");
}

#[test]
fn drift_is_told_of_edits_after_the_training_where_the_site_was_old_enough() {
    let home = told();
    let (_, ids) = couple(&home);
    live(&home, &ids, Some(0));
    let drift = |home: &Home| {
        let watched = home.json("risk status --json")["watched"].clone();
        let columns = watched["columns"].as_object().map_or(0, serde_json::Map::len);
        (watched["drift"].as_str().unwrap_or_default().to_owned(), columns, watched["checks"].as_array().unwrap().len())
    };
    home.json("risk train --json");
    let (why, columns, checks) = drift(&home);
    assert!(why.contains("the site was younger than 30 days then") && (columns, checks) == (0, 2), "{why}");
    assert!(home.ok("risk status").contains("It is too early to say whether edits are still like those"));
    // The same edits, after one of long ago.
    home.ok("risk off");
    let ago = Timestamp::now().plus(-70 * DAY).0;
    home.sql(&format!("UPDATE history SET stamp = {ago}, base = 0 WHERE stamp = (SELECT MIN(stamp) FROM history)"));
    assert_eq!(home.json("risk train --json")["state"], "active");
    let (why, columns, checks) = drift(&home);
    assert!(why.contains("0 edits landed since, and it takes 100") && (columns, checks) == (0, 2), "{why}");
    age_models(&home, 4);
    assert_eq!(drift(&home), (String::new(), 11, 3));
    // What goes after 90 days was there all the same.
    home.sql(&format!("DELETE FROM history WHERE stamp = {ago}"));
    assert_eq!(drift(&home), (String::new(), 11, 3));
}

/// A model that says the contrary of what happens.
pub fn liar(weight: f64) -> Model {
    let mut weights = [0.0; WIDTH];
    weights[COLUMNS.iter().position(|column| column.name == "record_met").unwrap()] = weight;
    Model::Logistic(Box::new(Logistic { mean: [0.0; WIDTH], scale: [1.0; WIDTH], weights, intercept: -5.0 }))
}

/// Keeps a model as a training does, with something else done while it is learned; answers how it stands.
pub fn kept(home: &Home, model: Model, state: State, meanwhile: impl FnOnce()) -> Option<State> {
    let (told, population) = (Told { model, medium: 0.3, high: 0.6 }, Population::of(&[]));
    let mut db = Db::open(&Address::Sqlite(home.data().join("tandem.db"))).unwrap();
    let new = New { told: &told, population: &population, figures: r#"{"trained":{"rows":10,"met":2},"cut":0.0}"#, state };
    let before = within(&mut db, Mode::Read, Standing::of).unwrap();
    meanwhile();
    within(&mut db, Mode::Write, |db| keep(db, &new, &before, Timestamp::now())).unwrap()
}

/// Puts that model in the place of the one that is told.
pub fn lie(home: &Home) {
    assert_eq!(kept(home, liar(-2.0), State::Active, || ()), Some(State::Active));
}

#[test]
fn the_model_before_it_takes_its_place_where_that_does_better() {
    let home = told();
    let (token, ids) = couple(&home);
    live(&home, &ids, Some(0));
    home.json("risk train --json");
    let first = active(&home.json("risk status --json"));
    lie(&home);
    let liar = active(&home.json("risk status --json"));
    assert!(liar != first && ask(&home, &token, &ids[1])["model"] == *liar);
    assert!(home.ok("maintain").contains("degraded, roc_auc_not_behind"));
    age_finding(&home, 3 * DAY);
    let night = home.run("maintain");
    assert!(night.err.contains(&format!("{first}, the one before it, speaks again")), "{night:?}");
    assert_eq!(ask(&home, &token, &ids[1])["model"], *first);
    assert!(home.ok("maintain").contains(&format!("{WATCH}well")));
    let states: Vec<Value> =
        home.json("risk models --json").as_array().unwrap().iter().map(|kept| kept["state"].clone()).collect();
    assert_eq!(states, ["retired", "active"], "newest first");
}

#[test]
fn where_the_model_before_it_cannot_take_its_place_rates_do_and_the_operator_is_told() {
    let home = told();
    let (token, ids) = couple(&home);
    live(&home, &ids, Some(0));
    home.json("risk train --json");
    lie(&home);
    // Versions are lower case: nobody can call this one.
    home.sql("UPDATE shelf SET id = 'X' || id WHERE kind = 'model_retired'");
    assert!(home.ok("maintain").contains("degraded, roc_auc_not_behind"));
    age_finding(&home, 3 * DAY);
    let night = home.run("maintain");
    assert!(night.err.contains("could not take its place") && !night.err.contains("speaks again"), "{night:?}");
    assert_eq!(ask(&home, &token, &ids[1])["model"], Value::Null);
}

#[test]
fn from_a_share_the_model_is_held_back_and_both_are_counted() {
    let home = Home { env: vec![("TANDEM_RISK_HOLDOUT", "50".into())], ..Home::new() };
    let (token, ids) = couple(&home);
    let rates = |said: &Value| said["results"][0]["model_version"] == "rates";
    assert!(ids.iter().all(|id| rates(&ask(&home, &token, id))), "where no model speaks none is held back");
    live(&home, &ids, Some(0));
    assert_eq!(home.json("risk train --json")["state"], "active");
    let model = active(&home.json("risk status --json"));
    let (mut told, mut held) = (BTreeSet::new(), BTreeSet::new());
    for id in &ids {
        let said = ask(&home, &token, id);
        let advice = &said["results"][0];
        let kind = ["model_version", "risk_level", "recommendation"].map(|name| advice[name].as_str().unwrap().to_owned());
        let reasons = advice["reasons"].as_array().unwrap().len();
        if kind[0] == "facts" {
            assert_eq!(
                (&advice["probability"], &kind[1..], reasons),
                (&Value::Null, &["low".to_owned(), "go_on".to_owned()][..], 0)
            );
            held.insert(id);
        } else {
            assert!(kind[0] == model && advice["probability"].is_f64() && reasons == 3, "{advice}");
            told.insert(id);
        }
        assert_eq!(ask(&home, &token, id)["results"][0]["model_version"], advice["model_version"], "all day");
    }
    assert!(told.len() > 8 && held.len() > 8, "{} and {}", told.len(), held.len());
    // Edits that are marked and land are counted, those that nobody marked are not.
    let advice = |group: &str| home.json("risk status --json")["advice"][group]["asks"].clone();
    assert_eq!((advice("told"), advice("held_out")), (json!(0), json!(0)));
    home.sql("DELETE FROM history");
    let seen = "2099-01-01T00:00:00Z";
    let marked: Vec<&&String> = told.iter().take(3).chain(held.iter().take(2)).collect();
    for id in &marked {
        let body = json!({"device_id": "phone one", "seen": seen}).to_string();
        assert_eq!(home.call(&token, "PUT", &format!("/api/sync/edits/task/{id}/"), &body).0, "200");
    }
    let entries: Vec<Value> = marked.iter().map(|id| json!({"mobile_id": id, "version": 1, "remarks": "r"})).collect();
    let body = json!({"entries": entries, "client_id": "phone one"}).to_string();
    assert_eq!(home.call(&token, "POST", "/api/sync/activity/sync/", &body).0, "200");
    assert_eq!((advice("told"), advice("held_out")), (json!(3), json!(2)));
    let said = home.json("risk status --json")["advice"].clone();
    let share = |of: &Value| ["value", "low", "high"].map(|name| of[name].as_f64().unwrap());
    let [value, low, high] = share(&said["told"]["share"]);
    assert!(
        low <= value && value <= high && low >= 0.0 && high <= 1.0 && said["difference"]["low"].as_f64().unwrap() < 0.0,
        "{said}"
    );
    let status = home.run("risk status").out;
    assert!(status.contains("that may be chance") && status.contains("50 of 100 pairs of a device and a record"), "{status}");
    assert!(status.contains("ROC-AUC: of two edits"), "{status}");
    assert_eq!(said["holdout"], 50);
}
