//! Training on the site's own history, and the registry of what was learned.

use super::verdict::{MOST_TIME, Verdicted, as_json, verdict};
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::{DAY, HOUR, Timestamp};
use crate::cli::site::{enter, within};
use crate::cli::{Verdict, out, text};
use crate::db::{Db, Mode};
use crate::domain::risk::model::stored::Told;
use crate::domain::risk::models::store::{Kept, State};
use crate::domain::risk::models::{self, Active, New};
use crate::domain::risk::train::{self as learning, Learned, Outcome, Training};
use crate::domain::risk::watch::outcomes::read_asks;
use crate::feature::degraded::degraded;
use clap::ArgMatches;
use serde_json::{Value, json};
use std::time::Instant;

/// Trains on the site's own history. A model that passes its gate becomes the active one, unless it is only tried. Answers what became of
/// it where that is not what the gate says.
pub fn train(dry: bool, late: &dyn Fn() -> bool) -> Result<(Training, Option<Verdicted>)> {
    learn(&mut enter()?.1, dry, late)
}

fn learn(db: &mut Db, dry: bool, late: &dyn Fn() -> bool) -> Result<(Training, Option<Verdicted>)> {
    let (before, active, asks) =
        within(db, Mode::Read, |db| Ok((models::newest(db)?, Active::of(db)?, read_asks(db, &mut |_| true)?)))?;
    let training = learning::train(asks, active.as_ref().map(Active::model), late);
    let kept = match &training.outcome {
        Outcome::Learned(learned) if !dry => Some(keep(db, &training, learned, before)?),
        _ => None,
    };
    Ok((training, kept))
}

/// How long a training holds, in milliseconds; and how long where the model tells too little: a night, and cron is not on the second.
const HOLDS: i64 = 7 * DAY;
const HOLDS_DEGRADED: i64 = 20 * HOUR;

/// Trains as `tandem risk train` does, unless a model was learned in the last week, or, where the active one tells too little, last night;
/// answers what became of it.
pub fn weekly(db: &mut Db) -> Result<Option<&'static str>> {
    let (newest, degraded) = within(db, Mode::Read, |db| Ok((models::newest(db)?, degraded(db)?)))?;
    let holds = if degraded.is_some() { HOLDS_DEGRADED } else { HOLDS };
    if newest.is_some_and(|made| made.plus(holds) > Timestamp::now()) {
        return Ok(None);
    }
    let begun = Instant::now();
    let (training, kept) = learn(db, false, &|| begun.elapsed() > MOST_TIME)?;
    Ok(Some(kept.unwrap_or_else(|| verdict(&training.outcome)).0))
}

/// Keeps what was learned, unless another training has ended meanwhile.
fn keep(db: &mut Db, training: &Training, learned: &Learned, before: Option<Timestamp>) -> Result<Verdicted> {
    let (said, reason) = verdict(&training.outcome);
    let state = if learned.failed().is_some() { State::Refused } else { State::Active };
    let told = Told { model: learned.model.clone(), medium: learned.levels.0, high: learned.levels.1 };
    let figures = json::write(&as_json(training, said, reason))?;
    let new = New { told: &told, population: &learned.population, figures: &figures, state };
    let is_kept = within(db, Mode::Write, |db| models::keep(db, &new, before, Timestamp::now()))?;
    Ok(if is_kept { (state.word(), reason) } else { ("skipped", Some("newer")) })
}

/// A model as it is shown.
pub fn shown(kept: &Kept) -> Value {
    let figures: Value = json::read(kept.figures.as_bytes()).unwrap_or_default();
    json!({"id": kept.id, "state": kept.state.word(), "made_at": kept.made_at, "changed_at": kept.changed_at, "figures": figures})
}

pub fn row(kept: &Kept) -> [String; 6] {
    let shown = shown(kept);
    let figure = |path: &str| {
        shown["figures"].pointer(path).and_then(Value::as_f64).map_or(String::new(), |figure| format!("{figure:.3}"))
    };
    let picked = shown["figures"]["picked"].as_str().unwrap_or_default().to_owned();
    [
        kept.id.clone(),
        kept.state.word().to_owned(),
        out::minute(kept.made_at),
        picked,
        figure("/all/roc_auc"),
        figure("/not_behind/roc_auc"),
    ]
}

/// What is said where no model speaks.
pub const NONE: &str = "No model is active: advice rests on facts, and on how often edits of a record met others.";
pub const HEADS: [&str; 6] = ["version", "state", "made", "picked", "ROC-AUC", "not behind"];

fn tell(matches: &ArgMatches, kept: &[Kept]) -> Result<Verdict> {
    if matches.get_flag("json") {
        out::json(&kept.iter().map(shown).collect::<Vec<_>>())?;
    } else if kept.is_empty() {
        out::line(
            "No model was learned yet. `tandem maintain` tries once a week; `tandem risk train` does now, and says what is missing.",
        )?;
    } else {
        out::table(HEADS, &kept.iter().map(row).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}

/// `tandem risk models`
pub fn list(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let all = within(&mut db, Mode::Read, models::store::all)?;
    tell(matches, &all)
}

/// `tandem risk activate`
pub fn activate(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let id = text(matches, "id").unwrap_or_default();
    if within(&mut db, Mode::Write, |db| models::activate(db, id, Timestamp::now()))? {
        out::line(format!("{id} is active."))?;
        return Ok(Verdict::Well);
    }
    let is_known = within(&mut db, Mode::Read, models::store::all)?.iter().any(|kept| kept.id == id);
    out::misunderstood(&if is_known {
        format!("{id} was refused: it is not good enough to be told. `tandem risk models` lists the others.")
    } else {
        format!("There is no model {id}. `tandem risk models` lists them.")
    });
    Ok(Verdict::Unknown)
}

/// `tandem risk rollback`
pub fn rollback(_: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    match within(&mut db, Mode::Write, |db| models::rollback(db, Timestamp::now()))? {
        Some(id) => out::line(format!("{id} is active again."))?,
        None => {
            out::warning("There is no former model to go back to. `tandem risk off` has advice rest on facts and rates alone.");
            return Ok(Verdict::Wrong);
        }
    }
    Ok(Verdict::Well)
}

/// `tandem risk off`
pub fn off(_: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    within(&mut db, Mode::Write, |db| models::off(db, Timestamp::now()))?;
    out::line(NONE)?;
    Ok(Verdict::Well)
}
