//! `tandem maintain`: what is done in the background, for cron.

use super::site::{enter, within};
use super::{Action, Command, RUNNING, Verdict, flag, out};
use crate::app::FEATURES;
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::db::{Db, Mode};
use crate::feature::store::{MAINTAINED_AT, put_fact};
use crate::feature::{Job, Settings};
use clap::ArgMatches;

pub const COMMAND: Command = Command {
    name: "maintain",
    group: RUNNING,
    about: "Purge what has expired and sum up uploads; let cron run it every night",
    help: "Ends what is over: sessions, failed attempts, stored answers, invitations, old deletions. Sums up each hour's uploads. It may run at any time, next to the \
           API and next to itself; nothing is lost if it does not run for a day.",
    examples: &[
        ("tandem maintain", "say what was purged"),
        ("tandem maintain --quiet", "say nothing unless something fails, as cron likes it"),
    ],
    args: |command| command.arg(flag("quiet", "Say nothing unless something fails")),
    action: Action::Run(run),
};

/// A job runs until nothing is left, but no more often than this: what a busy store adds meanwhile can wait for tomorrow.
const MAX_ROUNDS: u32 = 10_000;

/// Every job runs, even when one before it failed.
fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (settings, mut db) = enter()?;
    let (quiet, mut verdict) = (matches.get_flag("quiet"), Verdict::Well);
    for job in FEATURES.iter().flat_map(|feature| feature.jobs) {
        match exhaust(&mut db, &settings, job) {
            Ok(_) if quiet => {}
            Ok(count) => out::line(format!("{}: {count}", job.name))?,
            Err(error) => {
                verdict = Verdict::Wrong;
                out::complain(job.name, &error);
            }
        }
    }
    if verdict == Verdict::Well {
        within(&mut db, Mode::Write, |db| put_fact(db, MAINTAINED_AT, &Timestamp::now().to_string()))?;
    }
    Ok(verdict)
}

/// Runs a job until it finds nothing more; each round is a transaction of its own, so that requests come between.
fn exhaust(db: &mut Db, settings: &Settings, job: &Job) -> Result<u64> {
    let mut total = 0;
    for _ in 0..MAX_ROUNDS {
        match within(db, Mode::Write, |db| (job.run)(db, settings, Timestamp::now()))? {
            0 => break,
            count => total += count,
        }
    }
    Ok(total)
}
