//! `tandem backup`: a copy of the whole store in one compressed file, made while requests come in.

use super::progress::Shown;
use super::{Action, Command, RUNNING, Verdict, flag, out, text};
use crate::app::store::backup::{self, Old, PREFIX, Saved};
use crate::app::{advice, config, open};
use crate::base::error::{Error, Result};
use crate::db::migrate::{self, Standing};
use crate::db::{Db, Mode, within};
use crate::feature::{Backups, Settings};
use clap::{Arg, ArgMatches, value_parser};
use std::path::{Path, PathBuf};

pub const COMMAND: Command = Command {
    name: "backup",
    group: RUNNING,
    about: "Copy the whole store into one compressed file",
    help: "The API goes on meanwhile. The copy is one instant of the store, without anything that was deleted. Before it gets its name \
           it is read back from the disk, compared, and looked over for damage, so that a file that is there is a good one. It is a \
           SQLite database in gzip. Nothing but --keep and --days deletes backups: what people deleted stays in those of before. The secret that signs people in is not in it: on another account everybody signs in again.",
    examples: &[
        ("tandem backup", "into the folder backups beside the data"),
        ("tandem backup --keep 14 --quiet", "let cron run this every night: the newest fourteen stay"),
        ("tandem backup --days 30 --quiet", "what was deleted is out of the backups after thirty days"),
        ("tandem backup --to copies", "into another folder"),
    ],
    args: |command| {
        let keep = Arg::new("keep").long("keep").value_name("N").value_parser(value_parser!(u32).range(1..));
        let days = Arg::new("days").long("days").value_name("N").value_parser(value_parser!(u32).range(1..=MAX_DAYS));
        let to = Arg::new("to").long("to").value_name("FOLDER").help("The folder to put it into; backups beside the data folder");
        command
            .arg(to)
            .arg(keep.help("Delete all but the newest N backups of this store in the folder afterwards"))
            .arg(days.help("Delete those older than N days afterwards, those made before a restore, too"))
            .arg(flag("quiet", "Say nothing unless something fails"))
    },
    action: Action::Run(run),
};

/// How the names of files end that people take `--to` for. A backup's own name says its instant, which --keep goes by.
const OF_FILES: [&str; 6] = ["gz", "db", "sqlite", "sqlite3", "sql", "zip"];

/// The folder that `--to` names, or that of the settings.
fn folder(matches: &ArgMatches, settings: &Settings) -> Result<PathBuf> {
    let Some(to) = text(matches, "to").map(PathBuf::from) else { return Ok(backup::folder(settings)) };
    let named =
        to.extension().and_then(|end| end.to_str()).is_some_and(|end| OF_FILES.contains(&end.to_ascii_lowercase().as_str()));
    if to.is_dir() || (!to.exists() && !named) {
        return Ok(to);
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Err(Error::NotReady(format!(
        "--to takes a folder, and {} looks like a file: write `--to {}`; the backup gets its name from the instant.",
        to.display(),
        parent.display()
    )))
}

/// The most days that backups are kept for: a hundred years.
const MAX_DAYS: i64 = 36_500;

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let settings = config::load()?.settings;
    let folder = folder(matches, &settings)?;
    // Whatever its schema: a new program may be here before `tandem migrate` has run.
    let address = open::address(&settings)?;
    if let Some(store) = address.file().filter(|store| !store.exists()) {
        return Err(Error::NotReady(format!("there is nothing to copy yet: {} is not there", store.display())));
    }
    let mut db = Db::open(&address)?;
    if migrate::standing(&mut db)? == Standing::Moved {
        return Err(Error::NotReady(migrate::moved(&mut db)?));
    }
    let saved = Shown::during(|told| backup::save(&mut db, &folder, PREFIX, told))?;
    let own = folder == backup::folder(&settings);
    let number = |name| matches.get_one::<u32>(name).copied();
    let which = Old { beyond: number("keep"), days: number("days") };
    let old = backup::thin_out(&folder, &saved, which, own)?;
    within(&mut db, Mode::Write, |db| Backups { made: true, newest: which.beyond, days: which.days }.note(db))?;
    if !matches.get_flag("quiet") {
        say(&saved)?;
        if old > 0 {
            out::line(format!("{} deleted", advice::count(old, "older backup")))?;
        }
    }
    Ok(Verdict::Well)
}

fn say(saved: &Saved) -> Result<()> {
    let kib = saved.size.div_ceil(1024);
    out::line(format!(
        "{}: {kib} KiB, {}, read back and sound",
        saved.path.display(),
        advice::count(saved.label.rows as u64, "row")
    ))
}
