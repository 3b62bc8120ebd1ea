//! Training on the site's own history, and the registry of what was learned.

use super::verdict::{MOST_TIME, OVERTAKEN, Verdicted, as_json, verdict};
use super::words;
use crate::base::error::Result;
use crate::base::json;
use crate::base::time::{DAY, HOUR, Timestamp};
use crate::cli::site::{enter, within};
use crate::cli::{Verdict, out, text};
use crate::db::{Db, Mode};
use crate::domain::risk::history::store as history;
use crate::domain::risk::model::stored::Told;
use crate::domain::risk::models::store::{Fault, Kept, State};
use crate::domain::risk::models::{self, Activated, Active, New, RolledBack, Standing};
use crate::domain::risk::train::{self as learning, Learned, Outcome, Training};
use crate::domain::risk::watch::outcomes::read_asks;
use crate::feature::degraded::degraded;
use clap::ArgMatches;
use serde_json::{Value, json};
use std::time::Instant;

/// Trains on the site's own history. A model that passes its gate becomes the active one, unless it is only tried. Answers what became of
/// it where that is not what the gate says. What was learned is `shown` before anything is changed: where that fails, nothing is.
pub fn train(dry: bool, late: &dyn Fn() -> bool, shown: &mut Shown<'_>) -> Result<(Training, Option<Verdicted>)> {
    learn(&mut enter()?.1, if dry { Who::Tries } else { Who::Operator }, late, shown)
}

/// What is done with a training before its model is kept.
pub type Shown<'s> = dyn FnMut(&Training) -> Result<()> + 's;

/// Who has it learned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// The operator, who keeps nothing of it.
    Tries,
    /// The operator.
    Operator,
    /// The night.
    Night,
}

fn learn(db: &mut Db, who: Who, late: &dyn Fn() -> bool, shown: &mut Shown<'_>) -> Result<(Training, Option<Verdicted>)> {
    let (before, active, asks) = within(db, Mode::Read, |db| {
        // What counts as none is no rival: it is cleared away as soon as something was learned.
        let active = if models::active(&models::store::all(db)?).is_some() { Active::of(db)? } else { None };
        Ok((Standing::of(db)?, active, read_asks(db, &mut |_| true)?))
    })?;
    let training = learning::train(asks, active.as_ref().map(Active::model), late);
    shown(&training)?;
    let kept = match &training.outcome {
        _ if who == Who::Tries => None,
        Outcome::Learned(learned) => Some(keep(db, &training, learned, &before)?),
        _ => clear(db).map(|()| None)?,
    };
    Ok((training, kept))
}

/// Clears away what cannot be read, where nothing is learned that takes its place.
fn clear(db: &mut Db) -> Result<()> {
    within(db, Mode::Write, |db| {
        models::alone(db, Timestamp::now())?;
        models::clear(db).map(drop)
    })
}

/// How long a training holds, in milliseconds; and how long where the model tells too little: a night, and cron is not on the second.
const HOLDS: i64 = 7 * DAY;
const HOLDS_DEGRADED: i64 = 20 * HOUR;

/// Trains as `tandem risk train` does, unless a model was learned in the last week, or, where the active one tells too little, last night.
/// Damage is no reason to wait: whatever comes of it, what cannot be read is cleared away, so that no phone is told it longer. Answers what became of it. What the operator has put off stays off.
pub fn weekly(db: &mut Db) -> Result<Option<&'static str>> {
    let (all, degraded, off) =
        within(db, Mode::Read, |db| Ok((models::store::all(db)?, degraded(db)?, models::store::off_since(db)?)))?;
    if off.is_some() {
        return Ok(Some("off, as `tandem risk off` left it"));
    }
    let holds = if degraded.is_some() { HOLDS_DEGRADED } else { HOLDS };
    let now = Timestamp::now();
    if !models::is_damaged(&all) && models::newest(&all, now).is_some_and(|newest| newest.made_at.plus(holds) > now) {
        return Ok(None);
    }
    let begun = Instant::now();
    let (training, kept) = learn(db, Who::Night, &|| begun.elapsed() > MOST_TIME, &mut |_| Ok(()))?;
    Ok(Some(kept.unwrap_or_else(|| verdict(&training.outcome)).0))
}

/// Keeps what was learned, unless another training has ended meanwhile.
fn keep(db: &mut Db, training: &Training, learned: &Learned, before: &Standing) -> Result<Verdicted> {
    let (said, reason) = verdict(&training.outcome);
    let state = if learned.failed().is_some() { State::Refused } else { State::Active };
    let told = Told { model: learned.model.clone(), medium: learned.levels.0, high: learned.levels.1 };
    let mut figures = as_json(training, said, reason);
    // What is remembered goes after 90 days, and how much of a past the test had is asked later.
    figures["first_edit"] = json!(within(db, Mode::Read, history::first)?);
    let figures = json::write(&figures)?;
    let new = New { told: &told, population: &learned.population, figures: &figures, state };
    let kept = within(db, Mode::Write, |db| models::keep(db, &new, before, Timestamp::now()))?;
    Ok(match kept {
        Some(State::Candidate) => (State::Candidate.word(), Some(OVERTAKEN)),
        Some(state) => (state.word(), reason),
        None => ("skipped", Some("newer")),
    })
}

/// A model as it is shown.
pub fn shown(kept: &Kept) -> Value {
    let figures: Value = json::read(kept.figures.as_bytes()).unwrap_or_default();
    let fault = kept.fault.map(Fault::word);
    let at = |at| models::is_readable(kept).then_some(at);
    json!({
        "id": kept.id, "state": kept.state.word(), "fault": fault, "made_at": at(kept.made_at), "changed_at": at(kept.changed_at),
        "ahead": models::is_readable(kept) && models::is_ahead(kept, Timestamp::now()),
        "figures": figures
    })
}

pub fn row(kept: &Kept) -> [String; 6] {
    let shown = shown(kept);
    let figure = |path: &str| {
        shown["figures"].pointer(path).and_then(Value::as_f64).map_or(String::new(), |figure| format!("{figure:.3}"))
    };
    let picked = shown["figures"]["picked"].as_str().unwrap_or_default().to_owned();
    [
        kept.id.clone(),
        kept.fault.map_or_else(|| kept.state.word().to_owned(), |fault| format!("{}, {}", kept.state.word(), fault.word())),
        made(kept),
        picked,
        figure("/all/roc_auc"),
        figure("/not_behind/roc_auc"),
    ]
}

/// When a model was made, as far as that is known.
fn made(kept: &Kept) -> String {
    match kept {
        kept if !models::is_readable(kept) => String::new(),
        kept if models::is_ahead(kept, Timestamp::now()) => format!("{}, {AHEAD}", out::minute(kept.made_at)),
        kept => out::minute(kept.made_at),
    }
}

/// That a model was made by a clock that was set back since.
pub const AHEAD: &str = "ahead of the clock";

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
        out::line(words::OF_MODEL)?;
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
    let why = match within(&mut db, Mode::Write, |db| models::activate(db, id, Timestamp::now()))? {
        Activated::Yes(id) => {
            out::line(format!("{id} is active."))?;
            return Ok(Verdict::Well);
        }
        Activated::Unknown(all) => unknown(id, &all),
        Activated::Refused(id) => {
            format!("{id} was refused: it is not good enough to be told. `tandem risk models` lists the others.")
        }
        Activated::Unreadable(id) => {
            format!(
                "{id} cannot be read by this program. `tandem risk models` lists the others; `tandem risk train` learns another."
            )
        }
    };
    out::misunderstood(&why);
    Ok(Verdict::Unknown)
}

/// That no model, or more than one, is called so, and what those that may be told are called.
fn unknown(id: &str, all: &[Kept]) -> String {
    let begin_so = all
        .iter()
        .filter(|kept| !id.is_empty() && kept.id.starts_with(&id.to_ascii_lowercase()) && models::is_kept(kept))
        .count();
    let may = all.iter().filter(|kept| kept.state != State::Refused && models::is_readable(kept));
    let may: Vec<String> =
        may.map(|kept| format!("{} ({}, made {})", kept.id, kept.state.word(), out::minute(kept.made_at))).collect();
    let what = match (id.is_empty(), begin_so) {
        (true, _) => "Give a model's version, or how it begins.".to_owned(),
        (_, 0) => format!("There is no model {id}."),
        (_, many) => format!("{many} models begin with {id}: give more of the version."),
    };
    let known = if may.is_empty() {
        "None was learned yet that may be told: `tandem risk train` learns one.".to_owned()
    } else {
        format!("Those that may be told: {}.", may.join("; "))
    };
    format!("{what} {known}")
}

/// `tandem risk rollback`
pub fn rollback(_: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    match within(&mut db, Mode::Write, |db| models::rollback(db, Timestamp::now()))? {
        RolledBack::To(id) => {
            out::line(format!(
                "{id} is active again. Another `tandem risk rollback` goes further back; `tandem risk activate ID` brings a later one."
            ))?;
            Ok(Verdict::Well)
        }
        RolledBack::Nowhere { cleared } => {
            let changed = if cleared {
                "what could not be read was cleared away: phones are told what is kept"
            } else {
                "nothing was changed"
            };
            out::warning(&format!(
                "There is no former model to go back to, and {changed}. `tandem risk models` lists those that there are, \
                 `tandem risk activate ID` takes any that was not refused, `tandem risk off` has advice rest on facts and rates alone."
            ));
            Ok(Verdict::Wrong)
        }
    }
}

/// How models speak again.
pub const ON_AGAIN: &str = "`tandem risk rollback`, `activate ID` or `train` has a model speak again";

/// `tandem risk off`
pub fn off(_: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    within(&mut db, Mode::Write, |db| models::stay_off(db, Timestamp::now()))?;
    out::line(format!("{NONE} That stays so: {ON_AGAIN}."))?;
    Ok(Verdict::Well)
}
