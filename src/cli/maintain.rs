//! `tandem maintain`: what is done in the background, for cron.

use super::site::enter;
use super::{Action, Command, RUNNING, Verdict, flag, out};
use crate::app::FEATURES;
use crate::app::upkeep::{self, Starter};
use crate::base::error::Result;
use clap::ArgMatches;

pub const COMMAND: Command = Command {
    name: "maintain",
    group: RUNNING,
    about: "Purge what has expired and sum up uploads; let cron run it every night",
    help: "Ends what is over: sessions, failed attempts, stored answers, invitations, old deletions. Sums up each hour's uploads. It may run at any time, next to the \
           API and next to itself. Where cron does not run it, requests do the same after their answers, a piece at a time; `tandem doctor` tells \
           which happens.",
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
    for job in upkeep::jobs(&FEATURES) {
        let mut rounds = 0..MAX_ROUNDS;
        match upkeep::exhaust(&mut db, &settings, job, Starter::Cron, || rounds.next().is_some()) {
            Ok(_) if quiet => {}
            Ok(progress) => out::line(format!("{}: {}", job.name, progress.rows))?,
            Err(error) => {
                verdict = Verdict::Wrong;
                out::complain(job.name, &error);
            }
        }
    }
    if verdict == Verdict::Well {
        upkeep::finish(&mut db, &settings, Starter::Cron)?;
    }
    Ok(verdict)
}
