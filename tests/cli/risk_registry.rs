//! The registry of models as the operator steers it: models that cannot be read, versions as they are typed, off, and back again.

use super::Home;
use super::doctor::check;
use super::risk_own::{ask, couple, live, told};
use super::risk_watch::lie;
use serde_json::{Value, json};

/// A home with a model that was learned, another that was active before it, and what asks take.
pub fn learned(home: &Home) -> (String, Vec<String>, String, String) {
    let (token, ids) = couple(home);
    live(home, &ids, Some(0));
    assert_eq!(home.json("risk train --json")["state"], "active");
    let first = active(home);
    lie(home);
    let second = active(home);
    (token, ids, first, second)
}

pub fn active(home: &Home) -> String {
    home.json("risk status --json")["active"]["id"].as_str().unwrap_or_default().to_owned()
}

pub fn speaks(home: &Home, token: &str, ids: &[String]) -> Value {
    ask(home, token, &ids[1])["model"].clone()
}

/// What may befall a row on the shelf.
const BROKEN: &[(&str, &str)] = &[
    ("no JSON", "UPDATE shelf SET data = 'broken' WHERE kind = 'KIND'"),
    ("half of it", "UPDATE shelf SET data = substr(data, 1, 300) WHERE kind = 'KIND'"),
    ("nothing", "UPDATE shelf SET data = '' WHERE kind = 'KIND'"),
    ("no text", "UPDATE shelf SET data = X'FFFE' WHERE kind = 'KIND'"),
    ("another JSON", "UPDATE shelf SET data = '[1]' WHERE kind = 'KIND'"),
    ("no instant", "UPDATE shelf SET data = replace(data, '\"made_at\":', '\"made_at\":99') WHERE kind = 'KIND'"),
    ("no figures", "UPDATE shelf SET data = replace(data, '\"figures\":\"{', '\"figures\":\"[') WHERE kind = 'KIND'"),
    ("another count", "UPDATE shelf SET data = replace(data, '\\\"rows\\\":', '\\\"row\\\":') WHERE kind = 'KIND'"),
    ("no finite figure", "UPDATE shelf SET data = replace(data, '\\\"met\\\":', '\\\"met\\\":1e999') WHERE kind = 'KIND'"),
    ("numbers that are none", "UPDATE shelf SET data = replace(data, '\\n', '\\n=') WHERE kind = 'KIND'"),
];

#[test]
fn a_model_that_cannot_be_read_counts_as_none_is_told_of_and_can_be_cleared_away() {
    for (what, sql) in BROKEN {
        let home = told();
        let (token, ids, first, second) = learned(&home);
        home.sql(&sql.replace("KIND", "model_active"));
        let ran = home.run("risk status");
        assert!(ran.code == 1 && ran.err.contains(&second) && ran.err.contains("cannot be read"), "{what}: {ran:?}");
        assert!(
            ran.err.contains("`tandem risk train`") && ran.out.contains("What phones are told comes from"),
            "{what}: {ran:?}"
        );
        let status = home.json("risk status --json");
        assert!(status["active"].is_null() && status["doubts"][0].as_str().unwrap().contains(&second), "{what}: {status}");
        let (level, doctor) = check(&home.json("doctor --json"), "model");
        assert!(level == "note" && doctor.contains(&second) && doctor.contains("tandem risk train"), "{what}: {doctor}");
        let listed = home.json("risk models --json");
        let broken = listed.as_array().unwrap().iter().find(|kept| kept["id"] == *second).unwrap();
        assert_eq!((&broken["state"], &broken["fault"]), (&json!("active"), &json!("unreadable")), "{what}");
        assert!(home.ok("risk models").contains("active, unreadable"));
        assert_eq!(speaks(&home, &token, &ids), *second, "{what}: what phones are told lies beside it");
        assert!(status["doubts"][0].as_str().unwrap().contains("phones are told it still"), "{what}: {status}");
        assert!(home.run(&format!("risk activate {second}")).err.contains("cannot be read"), "{what}");
        assert_eq!(home.run("risk train --dry-run").code, 0, "{what}");
        assert_eq!(home.run("maintain --quiet").code, 0, "{what}");
        home.sql(&sql.replace("KIND", "model_active"));
        let ways: [(&str, String); 4] = [
            ("rollback", "risk rollback".to_owned()),
            ("activate", format!("risk activate {first}")),
            ("off", "risk off".to_owned()),
            ("train", "risk train".to_owned()),
        ];
        // Another way for each fault, and each way for some.
        let (way, line) = &ways[BROKEN.iter().position(|(other, _)| other == what).unwrap() % ways.len()];
        assert_eq!(home.run(line).code, 0, "{what}, {way}");
        assert_eq!(check(&home.json("doctor --json"), "model").0, "ok", "{what}, {way}");
        assert_eq!(home.run("risk status").code, 0, "{what}, {way}");
        let model = speaks(&home, &token, &ids);
        assert_eq!(model == Value::Null, *way == "off", "{what}, {way}: {model}");
        assert_eq!(model.as_str().unwrap_or_default(), active(&home), "what is told is what is listed: {what}, {way}");
    }
}

#[test]
fn what_phones_are_told_is_missed_where_it_is_not_there() {
    let home = told();
    let (token, ids, _, second) = learned(&home);
    for sql in [
        "DELETE FROM shelf WHERE kind = 'model_told'",
        "UPDATE shelf SET data = 'x' WHERE kind = 'model_told'",
        "UPDATE shelf SET data = X'FFFE' WHERE kind = 'model_told'",
    ] {
        home.sql(sql);
        assert_eq!(speaks(&home, &token, &ids), Value::Null);
        assert!(home.run("risk status").err.contains("is not what phones are told"));
        assert!(check(&home.json("doctor --json"), "model").1.contains(&second));
        home.ok(&format!("risk activate {second}"));
        assert_eq!(speaks(&home, &token, &ids), *second);
    }
    home.sql("UPDATE shelf SET data = replace(data, '\"model\":\"2 ', '\"model\":\"3 ') WHERE kind = 'model_active'");
    assert!(home.run("risk status").err.contains("another version of this program"));
}

#[test]
fn a_version_is_typed_as_far_as_it_is_the_only_one_and_in_any_case() {
    let home = told();
    let (_, _, first, second) = learned(&home);
    for typed in [first[..8].to_owned(), second.to_ascii_uppercase(), first.clone()] {
        let wanted = if second.eq_ignore_ascii_case(&typed) { &second } else { &first };
        assert!(home.ok(&format!("risk activate {typed}")).contains(&format!("{wanted} is active.")), "{typed}");
    }
    let empty = || {
        let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
        command.args(["risk", "activate", ""]);
        super::ran(command, "")
    };
    for (ran, word) in [(home.run("risk activate nonsense"), "There is no model nonsense."), (empty(), "Give a model's version")]
    {
        assert!(ran.code == 2 && ran.err.contains(word) && ran.err.contains(&first) && ran.err.contains(&second), "{ran:?}");
    }
    assert_eq!(active(&home), first, "nothing was changed");
}

#[test]
fn what_was_put_off_stays_off_until_somebody_says_otherwise() {
    let home = told();
    let (token, ids, first, second) = learned(&home);
    for on in ["risk rollback".to_owned(), format!("risk activate {first}"), "risk train".to_owned()] {
        assert!(home.ok("risk off").contains("That stays so"));
        home.sql("DELETE FROM shelf WHERE kind = 'model_refused'");
        home.sql("UPDATE shelf SET data = replace(data, '\"made_at\":1', '\"made_at\":') WHERE kind = 'model_retired'");
        let night = home.ok("maintain");
        assert!(night.contains("which edits meet others: off, as `tandem risk off` left it"), "{night}");
        assert_eq!(speaks(&home, &token, &ids), Value::Null);
        let status = home.ok("risk status");
        assert!(status.contains("`tandem risk off` has it so since") && status.contains("`tandem risk rollback`"), "{status}");
        assert!(home.json("risk status --json")["off_since"].is_string());
        home.ok(&on);
        assert!(!active(&home).is_empty() && home.json("risk status --json")["off_since"].is_null(), "{on}");
    }
    assert!(first != second);
}

#[test]
fn going_back_twice_goes_further_back() {
    let home = told();
    let (_, _, first, second) = learned(&home);
    lie(&home);
    let third = active(&home);
    for wanted in [&second, &first] {
        assert!(home.ok("risk rollback").contains(&format!("{wanted} is active again.")));
    }
    let ran = home.run("risk rollback");
    assert!(ran.code == 1 && ran.err.contains("nothing was changed") && ran.err.contains("tandem risk activate ID"), "{ran:?}");
    assert_eq!(active(&home), first);
    home.ok(&format!("risk activate {third}"));
    home.ok("risk off");
    assert!(home.ok("risk rollback").contains(&third), "what was active last");
}
