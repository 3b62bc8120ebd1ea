//! What a training came to: its state, and its figures as scripts read them.

use crate::domain::risk::train::{Count, FEWEST, Learned, Outcome, Training};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long a training may take. Hosts end what takes longer; a hundred thousand rows take a few.
pub const MOST_TIME: Duration = Duration::from_secs(10);

/// The states of a training.
const CANDIDATE: &str = "candidate";
const REFUSED: &str = "refused";
pub const SKIPPED: &str = "skipped";

/// Why a model that is good enough does not speak: others were made active, or put off, while it was learned.
pub const OVERTAKEN: &str = "overtaken";

/// A state, and why there is no model.
pub type Verdicted = (&'static str, Option<&'static str>);

/// The state, and why there is no candidate.
pub fn verdict(outcome: &Outcome) -> Verdicted {
    match outcome {
        Outcome::Insufficient => (SKIPPED, Some("insufficient_data")),
        Outcome::Late => (SKIPPED, Some("time")),
        Outcome::Learned(learned) => match learned.failed() {
            Some(check) => (REFUSED, Some(check.figure)),
            None => (CANDIDATE, None),
        },
    }
}

pub fn as_json(training: &Training, state: &str, reason: Option<&str>) -> Value {
    let Training { all, trained, tested, cut, .. } = training;
    let count = |count: &Count| json!({"rows": count.rows, "met": count.met});
    let mut shown = json!({
        "state": state, "reason": reason, "rows": all.rows, "met": all.met, "cut": cut, "trained": count(trained), "tested": count(tested),
        "needed": {"rows": FEWEST.0, "met": FEWEST.1, "tested_met": FEWEST.2}, "picked": null,
    });
    if let (Outcome::Learned(learned), Some(shown)) = (&training.outcome, shown.as_object_mut()) {
        let compared = learned.compared.iter().map(|(candidate, roc_auc)| (candidate.name().to_owned(), json!(roc_auc)));
        shown.insert("picked".to_owned(), learned.picked.name().into());
        shown.insert("compared_roc_auc".to_owned(), compared.collect::<Map<_, _>>().into());
        shown.extend(figures(learned));
        shown.insert("checks".to_owned(), learned.checks.iter().chain(&learned.rival).map(|check| json!(check)).collect());
        shown.insert("levels".to_owned(), json!({"medium": learned.levels.0, "high": learned.levels.1}));
    }
    shown
}

/// The figures of the test, each under its name.
fn figures(learned: &Learned) -> Map<String, Value> {
    match json!(learned.report) {
        Value::Object(figures) => figures,
        _ => Map::new(),
    }
}
