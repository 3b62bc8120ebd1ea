//! `tandem maintain`: what is done in the background, for cron.

use super::mail::outside;
use super::risk::{nightly as watch, weekly};
use super::site::enter;
use super::{Action, Command, RUNNING, Verdict, flag, out};
use crate::app::doctor::quota;
use crate::app::open;
use crate::app::work::{courier, jobs, nightly};
use crate::base::draft;
use crate::base::error::Result;
use crate::db::{Db, Mode, within};
use crate::feature::When;
use crate::feature::store::{ACCOUNT_QUOTA, put_fact};
use clap::ArgMatches;

pub const COMMAND: Command = Command {
    name: "maintain",
    group: RUNNING,
    about: "Purge what has expired and sum up uploads; let cron run it every night",
    help: "Ends what is over: sessions, failed attempts, stored answers, invitations, old deletions. Sums up each hour's uploads. Once a week, or when the model tells too little, it learns which edits meet others (`tandem risk train`). It may run at any time, next to the \
           API and next to itself. It does the courier's work, too (`tandem courier`). Where cron does not run it, requests do the same after their answers, a piece at a time; `tandem doctor` tells \
           which happens.",
    examples: &[
        ("tandem maintain", "say what was purged"),
        ("tandem maintain --quiet", "say nothing unless something fails, as cron likes it"),
    ],
    args: |command| command.arg(flag("quiet", "Say nothing unless something fails")),
    action: Action::Run(run),
};

/// What is learned once a week, as it is told.
const LEARNING: &str = "which edits meet others";

/// Whether the model that is told still tells what comes, as it is told.
const WATCHING: &str = "whether the model still tells what comes";

/// Notes what the account may hold, where its host tells: requests cannot ask, and what all may take is a share of it.
fn note_quota(db: &mut Db) -> Result<()> {
    let Some(bytes) = quota::whole() else { return Ok(()) };
    within(db, Mode::Write, |db| put_fact(db, ACCOUNT_QUOTA, &bytes.to_string()))
}

/// Every job runs, even when one before it failed.
fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let house = open::house()?;
    let (quiet, mut verdict) = (matches.get_flag("quiet"), Verdict::Well);
    for job in jobs(house.features, When::Nightly) {
        match nightly::exhaust(&mut db, &house, job) {
            Ok(_) if quiet => {}
            Ok(progress) => out::line(format!("{}: {}", job.name, progress.rows))?,
            Err(error) => {
                verdict = Verdict::Wrong;
                out::complain(job.name, &error);
            }
        }
    }
    draft::sweep(&house.settings.data);
    note_quota(&mut db)?;
    match watch(&mut db) {
        Ok(Some((deed, true))) => out::warning(&format!("{WATCHING}: {deed}")),
        Ok(Some((deed, false))) if !quiet => out::line(format!("{WATCHING}: {deed}"))?,
        Ok(_) => {}
        Err(error) => {
            verdict = Verdict::Wrong;
            out::complain(WATCHING, &error);
        }
    }
    if house.settings.risk_train {
        match weekly(&mut db) {
            Ok(Some(state)) if !quiet => out::line(format!("{LEARNING}: {state}"))?,
            Ok(_) => {}
            Err(error) => {
                verdict = Verdict::Wrong;
                out::complain(LEARNING, &error);
            }
        }
    }
    if verdict == Verdict::Well {
        nightly::finish(&mut db, &house.settings, nightly::Starter::Cron)?;
    }
    // As the courier opens the store itself.
    drop(db);
    let net = outside(&house.settings)?;
    if let Err(error) = courier::deliver(&house, &net, courier::Starter::Cron) {
        verdict = Verdict::Wrong;
        out::complain(courier::DUTY.name, &error);
    }
    Ok(verdict)
}
