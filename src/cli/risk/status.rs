//! `tandem risk status`: which model speaks, how it does at work, and whether advice helps; and what the night makes of it.

use super::own::{AHEAD, HEADS, NONE, ON_AGAIN, row, shown};
use super::{helps, words};
use crate::app::advice::count;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::cli::site::{enter, within};
use crate::cli::{Verdict, out};
use crate::db::{Db, Mode};
use crate::domain::risk::history::store;
use crate::domain::risk::models::{Active, doubts, is_ahead, newest, store as models, unreadable};
use crate::domain::risk::population::Shift;
use crate::domain::risk::train::gate::Check;
use crate::domain::risk::watch::night::{self, Deed, GRACE, Looked};
use crate::domain::risk::watch::outcomes::Seen;
use crate::domain::risk::watch::{DAYS, Drift, FEWEST, Found, SHIFTED, Watched};
use crate::feature::Doubt;
use crate::feature::degraded::{Degraded, degraded};
use clap::ArgMatches;
use serde_json::{Value, json};

/// What is there to tell.
struct Status {
    all: Vec<models::Kept>,
    edits: i64,
    looked: Option<Looked>,
    seen: Seen,
    noted: Option<Degraded>,
    off: Option<Timestamp>,
    doubts: Vec<Doubt>,
    told: Option<String>,
}

impl Status {
    fn read(db: &mut Db) -> Result<Status> {
        let (looked, seen) = night::look(db)?;
        let of_active = |noted: &Degraded| looked.as_ref().is_some_and(|looked| looked.kept.id == noted.model);
        let noted = degraded(db)?.filter(of_active);
        let (all, edits, off) = (models::all(db)?, store::number(db)?, models::off_since(db)?);
        let told = Active::of(db)?.map(|active| active.id);
        Ok(Status { all, edits, looked, seen, noted, off, doubts: doubts(db)?, told })
    }

    /// What the model fails by now; the night notes it.
    fn fails(&self) -> Option<Check> {
        self.looked.as_ref().and_then(|looked| looked.watched.failed())
    }
}

/// `tandem risk status`
pub fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (settings, mut db) = enter()?;
    let status = within(&mut db, Mode::Read, Status::read)?;
    if matches.get_flag("json") {
        out::json(&as_json(&status, settings.risk_holdout))?
    } else {
        say(&status, settings.risk_train, settings.risk_holdout)?
    }
    // As the doctor says.
    Ok(if status.doubts.is_empty() { Verdict::Well } else { Verdict::Wrong })
}

fn as_json(status: &Status, holdout: u32) -> Value {
    json!({
        "active": status.looked.as_ref().map(|looked| shown(&looked.kept)),
        "newest": newest(&status.all, Timestamp::now()).map(shown),
        "off_since": status.off,
        "edits": status.edits,
        "degraded": status.noted.is_some(),
        "degraded_since": status.noted.as_ref().map(|noted| noted.since),
        "fails": status.fails(),
        "doubts": status.doubts.iter().map(|doubt| doubt.saw.as_str()).collect::<Vec<_>>(),
        "watched": status.looked.as_ref().map(|looked| watched(&looked.watched)),
        "advice": helps::as_json(&status.seen, holdout),
    })
}

fn watched(watched: &Watched) -> Value {
    let found = watched.found.as_ref();
    let index = |shift: &Shift| (shift.column.to_owned(), json!({"index": shift.index, "limit": shift.limit}));
    let columns = found.and_then(|found| match &found.drift {
        Drift::Known(shifts) => Some(Value::Object(shifts.iter().map(index).collect())),
        _ => None,
    });
    json!({
        "days": DAYS, "outcomes": watched.outcomes, "met": watched.met, "needed": {"outcomes": FEWEST.0, "met": FEWEST.1},
        "model": found.map(|found| found.model), "constant": found.map(|found| found.constant),
        "checks": found.map(|found| found.checks()), "columns": columns, "drift": found.and_then(too_early),
    })
}

/// Why nothing is said of how far asks are from what they were.
fn too_early(found: &Found) -> Option<String> {
    let why = match &found.drift {
        Drift::Known(_) => return None,
        Drift::Unkept => "what they were then was not kept".to_owned(),
        Drift::Young => "the site was younger than 30 days then, and its counts grew from day to day".to_owned(),
        Drift::Early(since) => format!("{} landed since, and it takes {}", count(*since as u64, "edit"), FEWEST.0),
    };
    Some(format!("too early to say whether edits are still like those that it was tested on: {why}"))
}

fn say(status: &Status, trains: bool, holdout: u32) -> Result<()> {
    out::line(format!("{} remembered.", are(status.edits.unsigned_abs(), "edit")))?;
    unreadable(&status.all).iter().for_each(|doubt| out::warning(&format!("{}. {}.", doubt.saw, doubt.todo)));
    let Some(looked) = &status.looked else {
        if let Some(told) = &status.told {
            return out::line(format!(
                "What phones are told comes from the model {told} until then; nothing else is known of it."
            ));
        }
        let off = status.off.map(|since| format!(" `tandem risk off` has it so since {}: {ON_AGAIN}.", out::minute(since)));
        return out::line(format!("{NONE}{}", off.unwrap_or_default()));
    };
    out::table(HEADS, &[row(&looked.kept)])?;
    out::line(words::OF_MODEL)?;
    if is_ahead(&looked.kept, Timestamp::now()) {
        out::line(format!(
            "It is dated {AHEAD}, which was set back since: when it was made is not known, and it counts as older than any other."
        ))?;
    }
    at_work(&looked.watched)?;
    match (&status.noted, status.fails()) {
        (Some(noted), fails) => degrades(noted, fails.as_ref(), trains),
        (None, Some(check)) => out::line(format!(
            "By now {} is {:.3}, and the limit is {:.3}: unless that changes, tonight's `tandem maintain` calls it degraded.",
            check.figure, check.value, check.limit
        ))?,
        (None, None) if looked.watched.found.is_some() => out::line("It still tells what comes.")?,
        (None, None) => {}
    }
    helps::say(&status.seen, holdout)
}

fn are(number: u64, what: &str) -> String {
    format!("{} {}", count(number, what), if number == 1 { "is" } else { "are" })
}

fn at_work(watched: &Watched) -> Result<()> {
    let Watched { outcomes, met, found } = watched;
    let seen = format!(
        "Of the last {DAYS} days' edits, {outcomes} that it had not learned from were not behind, {met} of them met another's"
    );
    let Some(found) = found else {
        return out::line(format!(
            "{seen}: too early to say whether it still tells what comes (it takes {} and {}).",
            FEWEST.0, FEWEST.1
        ));
    };
    out::line(format!("{seen}:"))?;
    let column = found.furthest().map_or("", |shift| shift.column);
    let row = |check: &Check| {
        let figure = if check.figure == SHIFTED { format!("{} of {column}", check.figure) } else { check.figure.to_owned() };
        let said = if check.passed { "well" } else { "too bad" };
        let what = words::of(check.figure).to_owned();
        [figure, format!("{:.3}", check.value), format!("{:.3}", check.limit), said.to_owned(), what]
    };
    out::table(["figure", "is", "limit", "", "what it is"], &found.checks().iter().map(row).collect::<Vec<_>>())?;
    too_early(found).map_or(Ok(()), |why| out::line(format!("It is {why}.")))
}

/// That the night found it degraded; `fails` is what it fails by now.
fn degrades(noted: &Degraded, fails: Option<&Check>, trains: bool) {
    let (since, until) = (out::minute(noted.since), out::minute(noted.since.plus(GRACE)));
    let is = match fails {
        Some(check) => format!("{} is {:.3}, the limit is {:.3}", check.figure, check.value, check.limit),
        None => format!("by {}; by now it does well again, and tonight's `tandem maintain` says so", noted.figure),
    };
    let next = if trains {
        "`tandem maintain` trains again each night."
    } else {
        "risk.train is off: `tandem risk train` trains again."
    };
    out::warning(&format!(
        "It is degraded: {is}. The night found so first at {since}; from {until} on the model before it, or rates, take its place. {next} \
         `tandem risk rollback` and `tandem risk off` are there at once."
    ));
}

/// What the night makes of the active model, in words; and whether the operator is told even where all else is silent.
pub fn nightly(db: &mut Db) -> Result<Option<(String, bool)>> {
    Ok(night::night(db)?.map(|deed| match deed {
        Deed::Well => ("well".to_owned(), false),
        Deed::Degraded(check) => {
            (format!("degraded, {} is {:.3}, the limit is {:.3}", check.figure, check.value, check.limit), false)
        }
        Deed::Former(id) => (format!("it told too little for three days; {id}, the one before it, speaks again"), true),
        Deed::Lost(id) => (
            format!(
                "it told too little for three days, and {id}, the one before it, could not take its place (`tandem risk models` lists \
                 those that there are); advice rests on facts and rates again"
            ),
            true,
        ),
        Deed::Rates => ("it told too little for three days; advice rests on facts and rates again".to_owned(), true),
    }))
}
