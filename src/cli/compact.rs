//! `tandem compact`: the database file built anew, when the operator wants that, and at no other time.

use super::site::enter;
use super::{Action, Command, RUNNING, Verdict, flag, out};
use crate::app::advice;
use crate::app::open;
use crate::base::draft::{Draft, failed, folder};
use crate::base::error::{Error, Result};
use clap::ArgMatches;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

pub const COMMAND: Command = Command {
    name: "compact",
    group: RUNNING,
    about: "Build the database file anew: smaller, and without what older programs left of what was deleted",
    help: "It says how large the file is and about how long it takes before it asks. Nobody can write meanwhile; a request that waits for \
           20 s is answered with 503. It is never needed: what is deleted is overwritten as it goes, and free space is used again. \
           Programs before 0.4 did not overwrite: once, after the upgrade, is enough. Nothing else than this command does it.",
    examples: &[("tandem compact", "say size and time, then ask"), ("tandem compact --yes", "for scripts")],
    args: |command| command.arg(flag("yes", "Do not ask")),
    action: Action::Run(run),
};

/// Bytes that are written to see how fast the folder is.
const SAMPLE: usize = 4 << 20;
/// How many times each byte is written: to a temporary file, to the journal or log, to the file.
const TIMES: u64 = 3;
/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (settings, mut db) = enter()?;
    let (Some((size, free)), Some(file)) = (db.pages()?, open::address(&settings)?.file().map(Path::to_owned)) else {
        return Err(Error::NotReady("a database server looks after its files itself: there is nothing to compact".to_owned()));
    };
    let took = sample(&file)?;
    let seconds = (took.as_secs_f64() * (size * TIMES) as f64 / SAMPLE as f64).ceil() as u64;
    let megabytes = |bytes: u64| format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB);
    out::line(format!(
        "{}: {}, of which {} are free. It takes about {}, and needs {} of room meanwhile; nobody can write until it is done.",
        file.display(),
        megabytes(size),
        megabytes(free),
        time(seconds),
        megabytes(2 * size)
    ))?;
    if !matches.get_flag("yes") && !out::confirmed("Build it anew?")? {
        out::line("nothing was done")?;
        return Ok(Verdict::Wrong);
    }
    let started = Instant::now();
    db.compact()?;
    let (now, _) = db.pages()?.unwrap_or_default();
    out::line(format!("{} now, after {}", megabytes(now), time(started.elapsed().as_secs())))?;
    Ok(Verdict::Well)
}

fn time(seconds: u64) -> String {
    match seconds {
        0..120 => advice::count(seconds.max(1), "second"),
        _ => advice::count(seconds.div_ceil(60), "minute"),
    }
}

/// How long the folder takes for a sample.
fn sample(file: &Path) -> Result<Duration> {
    let draft = Draft::new(folder(file))?;
    let bytes = vec![0x5a; SAMPLE];
    let started = Instant::now();
    draft.write(&bytes)?;
    File::open(draft.path()).and_then(|written| written.sync_all()).map_err(failed(draft.path()))?;
    Ok(started.elapsed())
}
