//! Trainings that are killed, that meet, and that are done again.

use super::Home;
use super::risk_own::{couple, live, told};
use rusqlite::Connection;
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Instant;

fn begin(home: &Home) -> Child {
    let mut command = home.command(env!("CARGO_BIN_EXE_tandem"));
    command.args(["risk", "train", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a training is killed with.
const KILL: i32 = 9;

#[test]
fn a_training_that_is_killed_leaves_the_active_model() {
    let home = told();
    let (_, ids) = couple(&home);
    live(&home, &ids, Some(0));
    assert_eq!(home.json("risk train --json")["state"], "active");
    let before = home.json("risk models --json");
    // Other records than before: whatever is learned now would be another model.
    live(&home, &ids, Some(1));
    let begun = Instant::now();
    home.json("risk train --dry-run --json");
    let whole = begun.elapsed();
    let mut killed = 0;
    for tenth in 1..8 {
        let mut training = begin(&home);
        thread::sleep(whole * tenth / 10);
        training.kill().unwrap();
        if training.wait().unwrap().signal() != Some(KILL) {
            // It has come to its end meanwhile.
            break;
        }
        killed += 1;
        assert_eq!(home.json("risk models --json"), before, "killed after {tenth} tenths");
    }
    assert!(killed > 2, "{killed} were killed before their end, of {whole:?}");
    assert!(home.run("doctor --full --json").out.contains("\"database\""));
    assert!(["active", "refused"].contains(&home.json("risk train --json")["state"].as_str().unwrap()), "the next one goes on");
}

#[test]
fn of_trainings_at_once_one_is_kept() {
    let home = told();
    let (_, ids) = couple(&home);
    live(&home, &ids, Some(0));
    let trainings: Vec<Child> = (0..3).map(|_| begin(&home)).collect();
    let mut said: Vec<String> = trainings
        .into_iter()
        .map(|training| {
            let ended = training.wait_with_output().unwrap();
            let said: Value = serde_json::from_slice(&ended.stdout).unwrap();
            format!("{} {}", said["state"].as_str().unwrap(), said["reason"].as_str().unwrap_or_default())
        })
        .collect();
    said.sort();
    assert_eq!(said, ["active ", "skipped newer", "skipped newer"]);
    assert_eq!(home.json("risk models --json").as_array().unwrap().len(), 1);
}

/// What is kept of the active model but its instants.
fn bytes(home: &Home) -> String {
    let db = Connection::open(home.data().join("tandem.db")).unwrap();
    let sql = "SELECT substr(data, instr(data, '\"model\"')) FROM shelf WHERE kind = 'model_active'";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_same_rows_make_the_same_bytes() {
    let home = told();
    let (_, ids) = couple(&home);
    live(&home, &ids, Some(0));
    let trained = || {
        home.sql("DELETE FROM shelf WHERE kind IN ('model_active', 'model_told')");
        let said = home.run(&format!("risk train --json --predictions {}", home.path("told.csv").display())).out;
        (said, bytes(&home), std::fs::read(home.path("told.csv")).unwrap())
    };
    let (first, again) = (trained(), trained());
    assert_eq!(first, again);
    // The figures are those of the export, trained on from its file.
    let file = home.path("edits.csv");
    home.ok(&format!("risk export --out {}", file.display()));
    let exported = home.json(&format!("risk train --json --from {}", file.display()));
    let own: Value = serde_json::from_str(&first.0).unwrap();
    for figure in ["all", "trivial", "not_behind", "constant", "picked", "rows", "met"] {
        assert_eq!(exported[figure], own[figure], "{figure}");
    }
}
