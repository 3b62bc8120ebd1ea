//! `tandem backup`: a copy of the whole store in one compressed file, made while requests come in.

pub mod archive;
pub mod draft;
mod served;

use super::{Action, Command, RUNNING, Verdict, flag, out, progress, text};
use crate::app::{advice, config, open};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::{Db, backup};
use crate::feature::Settings;
use clap::{Arg, ArgMatches, value_parser};
use draft::Draft;
use std::fs;
use std::path::{Path, PathBuf};

pub const COMMAND: Command = Command {
    name: "backup",
    group: RUNNING,
    about: "Copy the whole store into one compressed file",
    help: "The API goes on meanwhile. The copy is one instant of the store, without anything that was deleted. Before it gets its name \
           it is read back from the disk, compared, and looked over for damage, so that a file that is there is a good one. It is a \
           SQLite database in gzip. The secret that signs people in is not in it: on another account everybody signs in again.",
    examples: &[
        ("tandem backup", "into the folder backups beside the data"),
        ("tandem backup --keep 14 --quiet", "let cron run this every night: the newest fourteen stay"),
        ("tandem backup --to copies", "into another folder"),
    ],
    args: |command| {
        let keep = Arg::new("keep").long("keep").value_name("N").value_parser(value_parser!(u32).range(1..));
        let to = Arg::new("to").long("to").value_name("FOLDER").help("The folder to put it into; backups beside the data folder");
        command
            .arg(to)
            .arg(keep.help("Delete all but the newest N backups of the folder afterwards"))
            .arg(flag("quiet", "Say nothing unless something fails"))
    },
    action: Action::Run(run),
};

/// The folder of backups, beside the data folder: what befalls one need not befall the other.
const FOLDER: &str = "backups";
/// What a backup's name begins with when the operator asked for it.
pub const PREFIX: &str = "tandem-";
/// What every backup's name ends with.
const SUFFIX: &str = ".db.gz";

/// A backup that was made.
pub struct Saved {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// How many rows it holds.
    pub rows: i64,
}

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let settings = config::load()?.settings;
    // Whatever its schema: a new program may be here before `tandem migrate` has run.
    let address = open::address(&settings)?;
    if let Some(store) = address.file().filter(|store| !store.exists()) {
        return Err(Error::NotReady(format!("there is nothing to copy yet: {} is not there", store.display())));
    }
    let mut db = Db::open(&address)?;
    let folder = text(matches, "to").map_or_else(|| folder(&settings), PathBuf::from);
    let saved = save(&mut db, &folder, PREFIX)?;
    let old = matches.get_one::<u32>("keep").map_or(Ok(0), |keep| thin_out(&folder, *keep as usize))?;
    if !matches.get_flag("quiet") {
        let kib = saved.size.div_ceil(1024);
        out::line(format!(
            "{}: {kib} KiB, {}, read back and sound",
            saved.path.display(),
            advice::count(saved.rows as u64, "row")
        ))?;
        if old > 0 {
            out::line(format!("{} deleted", advice::count(old, "older backup")))?;
        }
    }
    Ok(Verdict::Well)
}

/// Where backups lie unless the operator says otherwise.
pub fn folder(settings: &Settings) -> PathBuf {
    settings.data.with_file_name(FOLDER)
}

/// Makes a backup: copied, looked over, packed, read back, and only then given its name.
///
/// # Errors
/// What went wrong; no backup has come then, and none has gone.
pub fn save(db: &mut Db, folder: &Path, prefix: &str) -> Result<Saved> {
    open::make_folder(folder)?;
    draft::sweep(folder);
    let copy = Draft::new(folder)?;
    if backup::is_served(db) {
        served::copy(db, copy.path())?;
    } else {
        watched("copying", || backup::copy(db, copy.path()))?;
    }
    let rows = watched("looking for damage", || sound(copy.path()))?;
    let packed = Draft::new(folder)?;
    let hash = archive::pack(copy.path(), packed.path())?;
    archive::verify(packed.path(), copy.size()?, &hash)?;
    let size = packed.size()?;
    let path = folder.join(format!("{prefix}{}{SUFFIX}", compact(Timestamp::now())));
    packed.name(&path)?;
    Ok(Saved { path, size, rows })
}

/// Does something with a sign of life.
fn watched<T>(what: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let spinner = progress::spin(what);
    let done = work();
    spinner.finish_and_clear();
    done
}

/// Looks a copy over for damage; answers how many rows it holds.
pub fn sound(copy: &Path) -> Result<i64> {
    let mut db = backup::open(copy)?;
    match db.check()?.as_slice() {
        [] => Ok(backup::counts(&mut db)?.iter().map(|(_, rows)| rows).sum()),
        faults => Err(Error::NotReady(format!("the copy is damaged: {}", faults.join("; ")))),
    }
}

/// An instant as it stands in a file's name, so that names sort by age: `20260116T143045.123Z`.
fn compact(at: Timestamp) -> String {
    at.to_string().replace(['-', ':'], "")
}

/// Deletes all but the newest backups of the operator's; those made before a restore stay. Answers how many went.
fn thin_out(folder: &Path, keep: usize) -> Result<u64> {
    let failed = |e: std::io::Error| Error::NotReady(format!("{}: {e}", folder.display()));
    let names = fs::read_dir(folder).map_err(failed)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut backups: Vec<String> = names.filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)).collect();
    backups.sort();
    let old = &backups[..backups.len().saturating_sub(keep)];
    old.iter().try_for_each(|name| fs::remove_file(folder.join(name))).map_err(failed)?;
    Ok(old.len() as u64)
}
