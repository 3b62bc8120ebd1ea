//! `tandem risk train`: what a history teaches, and what it is worth.

use super::verdict::{MOST_TIME, OVERTAKEN, SKIPPED, as_json, verdict};
use super::{file, own, words};
use crate::app::advice;
use crate::base::error::Result;
use crate::cli::files::{self, Output};
use crate::cli::{Verdict, out, text};
use crate::domain::risk::train::figures::Figures;
use crate::domain::risk::train::gate::Told;
use crate::domain::risk::train::{Count, FEWEST, Outcome, Training, train};
use clap::ArgMatches;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

pub fn run(matches: &ArgMatches) -> Result<Verdict> {
    let begun = Instant::now();
    let late = || begun.elapsed() > MOST_TIME;
    let mut output = output(matches)?;
    let mut shown = |training: &Training| match output.take() {
        Some(output) => output.write(predictions(&training.told).as_bytes()).and_then(|()| output.done().map(drop)),
        None => Ok(()),
    };
    let (training, kept) = match text(matches, "from") {
        Some(file) => {
            let training = train(file::asks(Path::new(file))?, None, &late);
            shown(&training)?;
            (training, None)
        }
        None => own::train(matches.get_flag("dry-run"), &late, &mut shown)?,
    };
    let (state, reason) = kept.unwrap_or_else(|| verdict(&training.outcome));
    if matches.get_flag("json") {
        out::json(&as_json(&training, state, reason))?;
    } else {
        say(&training, state, reason)?;
    }
    Ok(Verdict::Well)
}

/// Where it is to be written what is told of each tested edit; settled before anything is learned.
fn output(matches: &ArgMatches) -> Result<Option<Output>> {
    let Some(to) = text(matches, "predictions") else { return Ok(None) };
    text(matches, "from").map_or(Ok(()), |from| files::apart(from, to))?;
    Output::of(to).map(Some)
}

fn say(training: &Training, state: &str, reason: Option<&str>) -> Result<()> {
    let Training { all, trained, tested, .. } = training;
    let edits = |count: &Count, what: &str| {
        format!("{}{what}, {} of which met another's", advice::count(count.rows as u64, "edit"), count.met)
    };
    out::line(format!("Looked at {}.", edits(all, " whose device had said what it had seen")))?;
    let Outcome::Learned(learned) = &training.outcome else { return skipped(reason, training) };
    if state == SKIPPED {
        return skipped(reason, training);
    }
    out::line(format!("Learned from {}; tested on {}, asked about later.", edits(trained, ""), edits(tested, "")))?;
    let row = |name: &str, figures: Figures| {
        let Figures { roc_auc, average_precision, brier } = figures;
        [name.to_owned(), digits(roc_auc), digits(average_precision), digits(brier)]
    };
    let report = &learned.report;
    let rows = [
        row("facts, then the model", report.all),
        row("trivial rule", report.trivial),
        row("not behind: the model", report.not_behind),
        row("not behind: a constant", report.constant),
    ];
    out::table(["", "ROC-AUC", "average precision", "Brier"], &rows)?;
    out::line(words::OF_TRAINING)?;
    out::line(format!("picked: {}, the way of learning that did best on edits laid by for that", learned.picked.name()))?;
    match learned.failed() {
        None if reason == Some(OVERTAKEN) => out::line(format!(
            "{state}: it is good enough to be told, but which model speaks was changed while it was learned, and that stays. \
             `tandem risk models` lists it, `tandem risk activate ID` has it speak."
        )),
        None => out::line(format!("{state}: it is good enough to be told")),
        Some(check) => out::line(format!(
            "{state}: {} is {}, the limit is {}",
            words::named(check.figure),
            digits(check.value),
            digits(check.limit)
        )),
    }
}

fn skipped(reason: Option<&str>, training: &Training) -> Result<()> {
    let why = match reason {
        Some("newer") => "skipped: another training has ended meanwhile".to_owned(),
        Some("time") => {
            format!("skipped: it took more than {} s; try again when the machine has less to do", MOST_TIME.as_secs())
        }
        _ if is_enough(training) => format!(
            "skipped: there is too little to learn from: of the older 70 % of the edits {} had come to their outcome before the later ones were asked about, \
             and were not behind. Until then phones are told facts and rates, and nothing is to be done.",
            training.trained.rows
        ),
        _ => format!(
            "skipped: there is too little to learn from. It takes {} edits of which {} met another's, {} of those in the later part; there are {}, {} \
             and {}. Until then phones are told facts and rates, and nothing is to be done.",
            FEWEST.0, FEWEST.1, FEWEST.2, training.all.rows, training.all.met, training.tested.met
        ),
    };
    out::line(why)
}

/// Are there edits enough, so that it is something else that lacks?
fn is_enough(training: &Training) -> bool {
    let Training { all, tested, .. } = training;
    all.rows >= FEWEST.0 && all.met >= FEWEST.1 && tested.met >= FEWEST.2
}

fn digits(value: f64) -> String {
    format!("{value:.7}")
}

/// What is told of each tested edit, as CSV.
fn predictions(told: &[Told]) -> String {
    let mut csv = "row,behind,met,probability\n".to_owned();
    for told in told {
        let flag = |is: bool| u8::from(is);
        // Writing into a String does not fail.
        let _ = writeln!(csv, "{},{},{},{}", told.number, flag(told.behind), flag(told.met), told.probability());
    }
    csv
}
