//! `tandem risk status`: which model speaks, how it does at work, and whether advice helps; and what the night makes of it.

use super::own::{HEADS, NONE, row, shown};
use crate::app::advice::count;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::cli::site::{enter, within};
use crate::cli::{Verdict, out};
use crate::db::{Db, Mode};
use crate::domain::risk::history::store;
use crate::domain::risk::models::store as models;
use crate::domain::risk::population::Shift;
use crate::domain::risk::train::gate::Check;
use crate::domain::risk::watch::effect::{Group, Share, difference};
use crate::domain::risk::watch::night::{self, Deed, GRACE, Looked};
use crate::domain::risk::watch::outcomes::Seen;
use crate::domain::risk::watch::{DAYS, FEWEST, SHIFTED, Watched};
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
}

impl Status {
    fn read(db: &mut Db) -> Result<Status> {
        let (looked, seen) = night::look(db)?;
        Ok(Status { all: models::all(db)?, edits: store::number(db)?, looked, seen, noted: degraded(db)? })
    }

    /// What the model fails by now.
    fn failed(&self) -> Option<Check> {
        self.looked.as_ref().and_then(|looked| looked.watched.failed())
    }

    /// Since when the night has found so.
    fn since(&self) -> Option<Timestamp> {
        let of_active = |noted: &&Degraded| self.looked.as_ref().is_some_and(|looked| looked.kept.id == noted.model);
        self.noted.as_ref().filter(of_active).map(|noted| noted.since)
    }
}

/// `tandem risk status`
pub fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (settings, mut db) = enter()?;
    let status = within(&mut db, Mode::Read, Status::read)?;
    let is_well = status.failed().is_none();
    if matches.get_flag("json") {
        out::json(&as_json(&status, settings.risk_holdout))?
    } else {
        say(&status, settings.risk_train)?
    }
    Ok(if is_well { Verdict::Well } else { Verdict::Wrong })
}

fn as_json(status: &Status, holdout: u32) -> Value {
    let group = |group: &Group| json!({"asks": group.asks, "met": group.met, "share": group.share()});
    let Seen { told, held, .. } = &status.seen;
    json!({
        "active": status.looked.as_ref().map(|looked| shown(&looked.kept)),
        "newest": status.all.first().map(shown),
        "edits": status.edits,
        "degraded": status.failed().is_some(),
        "degraded_since": status.since(),
        "watched": status.looked.as_ref().map(|looked| watched(&looked.watched)),
        "advice": {"holdout": holdout, "told": group(told), "held_out": group(held), "difference": apart(told, held)},
    })
}

fn watched(watched: &Watched) -> Value {
    let found = watched.found.as_ref();
    let columns = found.and_then(|found| found.shifts).map(|shifts| {
        let index = |shift: &Shift| (shift.column.to_owned(), json!({"index": shift.index, "limit": shift.limit}));
        Value::Object(shifts.iter().map(index).collect())
    });
    json!({
        "days": DAYS, "outcomes": watched.outcomes, "met": watched.met, "needed": {"outcomes": FEWEST.0, "met": FEWEST.1},
        "model": found.map(|found| found.model), "constant": found.map(|found| found.constant),
        "checks": found.map(|found| found.checks()), "columns": columns,
    })
}

/// How much more of those who were told met another's than of the others; less than 0 is what advice is for.
fn apart(told: &Group, held: &Group) -> Option<Share> {
    told.share().zip(held.share()).map(|(told, held)| difference(&told, &held))
}

fn say(status: &Status, trains: bool) -> Result<()> {
    out::line(format!("{} remembered.", are(status.edits.unsigned_abs(), "edit")))?;
    let Some(looked) = &status.looked else { return out::line(NONE) };
    out::table(HEADS, &[row(&looked.kept)])?;
    at_work(&looked.watched)?;
    match status.failed() {
        Some(check) => degrades(&check, status.since(), trains)?,
        None if looked.watched.found.is_some() => out::line("It still tells what comes.")?,
        None => {}
    }
    helps(&status.seen)
}

fn are(number: u64, what: &str) -> String {
    format!("{} {}", count(number, what), if number == 1 { "is" } else { "are" })
}

fn at_work(watched: &Watched) -> Result<()> {
    let Watched { outcomes, met, found } = watched;
    let seen = format!("In the last {DAYS} days {outcomes} edits landed that were not behind, {met} of them met another's");
    let Some(found) = found else {
        return out::line(format!(
            "{seen}: too few to say whether it still tells what comes (it takes {} and {}).",
            FEWEST.0, FEWEST.1
        ));
    };
    out::line(format!("{seen}:"))?;
    let column = found.furthest().map_or("", |shift| shift.column);
    let row = |check: &Check| {
        let figure = if check.figure == SHIFTED { format!("{} of {column}", check.figure) } else { check.figure.to_owned() };
        let said = if check.passed { "well" } else { "too bad" };
        [figure, format!("{:.3}", check.value), format!("{:.3}", check.limit), said.to_owned()]
    };
    out::table(["figure", "is", "limit", ""], &found.checks().iter().map(row).collect::<Vec<_>>())
}

fn degrades(check: &Check, since: Option<Timestamp>, trains: bool) -> Result<()> {
    let since = since.map_or_else(String::new, |since| {
        let until = out::minute(since.plus(GRACE));
        format!(
            " The night found so first at {}; from {until} on the model before it, or rates, take its place.",
            out::minute(since)
        )
    });
    let next = if trains {
        "`tandem maintain` trains again each night."
    } else {
        "risk.train is off: `tandem risk train` trains again."
    };
    out::warning(&format!(
        "It is degraded: {} is {:.3}, the limit is {:.3}.{since} {next} `tandem risk rollback` and `tandem risk off` are there at once.",
        check.figure, check.value, check.limit
    ));
    Ok(())
}

/// Whether advice helps.
fn helps(seen: &Seen) -> Result<()> {
    let Seen { told, held, .. } = seen;
    let percent = |share: &Share| format!("{:.1} % ({:.1} to {:.1})", share.value * 100.0, share.low * 100.0, share.high * 100.0);
    let group = |group: &Group| {
        group.share().map_or_else(|| "nobody".to_owned(), |share| format!("{} of {}: {}", group.met, group.asks, percent(&share)))
    };
    out::line(format!(
        "Of marked edits that were told, so many met another's: {}; of those that were told facts alone: {}.",
        group(told),
        group(held)
    ))?;
    let Some(apart) = apart(told, held) else { return out::line("Whether advice helps cannot be said before there are both.") };
    let meaning = match apart {
        Share { high, .. } if high < 0.0 => "advice helps",
        Share { low, .. } if low > 0.0 => "advice does harm: `tandem risk off` has nobody told",
        _ => "that may be chance",
    };
    out::line(format!("The difference is {}, with 95 %: {meaning}.", percent(&apart)))
}

/// What the night makes of the active model, in words; and whether the operator is told even where all else is silent.
pub fn nightly(db: &mut Db) -> Result<Option<(String, bool)>> {
    Ok(night::night(db)?.map(|deed| match deed {
        Deed::Well => ("well".to_owned(), false),
        Deed::Degraded(check) => {
            (format!("degraded, {} is {:.3}, the limit is {:.3}", check.figure, check.value, check.limit), false)
        }
        Deed::Former(id) => (format!("it told too little for three days; {id}, the one before it, speaks again"), true),
        Deed::Rates => ("it told too little for three days; advice rests on facts and rates again".to_owned(), true),
    }))
}
