//! `tandem upgrade`: puts a version that was extracted beside the installed one in its place, while requests come in.
//!
//! Nothing is replaced before the new version was found whole, a backup was made and the database has the new schema,
//! which the programs that still run may use. Each file is replaced in one step: a request meets the old program or the
//! new one. An upgrade that is killed in the middle leaves an installation that works, and is run again.

use super::progress::Shown;
use super::{Action, Command, RUNNING, Verdict, migrate, out, text};
use crate::app::home::PROGRAMS;
use crate::app::store::backup;
use crate::app::{advice, config, home, open};
use crate::base::draft::{self, Draft, failed};
use crate::base::error::{Error, Result};
use crate::base::id;
use crate::db::Db;
use crate::db::backup::is_served;
use crate::db::migrate::{self as migrations, Standing};
use crate::feature::Settings;
use clap::{Arg, ArgMatches};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::{env, process};

pub const COMMAND: Command = Command {
    name: "upgrade",
    group: RUNNING,
    about: "Put another version in the place of the installed one, without a pause",
    help: "Extract the archive of the other version in a folder of its own and run the `tandem` that has come with it. It looks whether \
           everything has arrived, makes a backup, brings the database to its schema and replaces the programs. Requests go on \
           meanwhile, and none fails. What you changed in a file such as .htaccess stays. To go back, do the same with the \
           archive of the older version: where it can no longer use the database, it says so and changes nothing.",
    examples: &[("new/tandem/bin/tandem upgrade", "after extracting the archive in the folder new in the home folder")],
    args: |command| {
        let from = Arg::new("from").long("from").value_name("FOLDER").hide(true);
        command.arg(from.help("Where the other version lies; it says so itself once it is in its place"))
    },
    action: Action::Run(run),
};

/// Where the other version's program lies in a home folder while it works.
const NEXT: &str = "tandem/bin/tandem.next";
/// The list of an archive's files with their hashes.
const SUMS: &str = "tandem/SHA256SUMS";
/// What the web serves.
const WEB: &str = "public_html/api";
/// What it does not.
const OWN: &str = "tandem";
/// What may lie there and is no part of an archive.
const NOT_IN_ARCHIVE: [&str; 4] = [SUMS, "tandem/data", "tandem/backups", "tandem/tandem.toml"];
/// The digits of a hash.
const HASH: usize = 64;
/// suexec starts nothing that others may write to.
const MODE: u32 = 0o755;

/// Files by name, with their hashes.
type Sums = BTreeMap<String, String>;

fn run(matches: &ArgMatches) -> Result<Verdict> {
    match text(matches, "from") {
        Some(from) => install(Path::new(from)),
        None => begin(),
    }
}

/// Goes on as a copy of this program in the installation's folder, where it finds what the installed one finds. Comes
/// back only when it cannot be.
fn begin() -> Result<Verdict> {
    let program = env::current_exe().map_err(Error::internal)?;
    let from = program.ancestors().nth(3).filter(|from| program == from.join(home::OPERATOR));
    let to = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let same = |one: &Path| fs::canonicalize(one).ok() == fs::canonicalize(&to).ok();
    let from = from.filter(|from| !same(from)).ok_or_else(|| {
        refuse(
            "extract the archive of the other version in a folder of its own, such as new, and run new/tandem/bin/tandem upgrade",
        )
    })?;
    if let Some(missing) = [home::OPERATOR, WEB].iter().find(|path| !to.join(path).exists()) {
        return Err(refuse(&format!(
            "{} is not there: the installed version must lie in the home folder",
            to.join(missing).display()
        )));
    }
    put(&program, &to.join(NEXT))?;
    let failed = process::Command::new(to.join(NEXT)).args(["upgrade", "--from"]).arg(from).exec();
    Err(Error::internal(format!("{}: {failed}", to.join(NEXT).display())))
}

fn refuse(why: &str) -> Error {
    Error::NotReady(format!("{why}; nothing was changed"))
}

/// Puts the other version in place.
fn install(from: &Path) -> Result<Verdict> {
    let to = home::folder().unwrap_or_default();
    let outcome = replace_all(from, &to);
    // What this program itself runs from has done its work, or stays for nobody.
    let _ = fs::remove_file(to.join(NEXT));
    outcome?;
    out::line(format!("version {} is installed; the folder {} may go", env!("CARGO_PKG_VERSION"), from.display()))?;
    Ok(Verdict::Well)
}

fn replace_all(from: &Path, to: &Path) -> Result<()> {
    let new = arrived(from)?;
    for name in new.keys().map(String::as_str).chain([SUMS]) {
        draft::replaceable(&to.join(name)).map_err(|error| refuse(&error.to_string()))?;
    }
    let settings = config::load()?.settings;
    back_up(&settings)?;
    migrate::apply(&settings, false)?;
    let old = sums(&to.join(SUMS)).unwrap_or_default();
    for (name, hash) in &new {
        if is_changed(&to.join(name), old.get(name), hash) {
            out::line(format!("kept {name}, which was changed here; the new one is {}", from.join(name).display()))?;
        } else {
            put(&from.join(name), &to.join(name))?;
        }
    }
    put(&from.join(SUMS), &to.join(SUMS))
}

/// Copies the store. One that a server keeps in a newer schema cannot be read whole by this version, which goes back to it.
fn back_up(settings: &Settings) -> Result<()> {
    let address = open::address(settings)?;
    if address.file().is_some_and(|store| !store.exists()) {
        return Ok(());
    }
    let mut db = Db::open(&address)?;
    let standing = migrations::standing(&mut db)?;
    if is_served(&db) && !matches!(standing, Standing::Current | Standing::Old(_)) {
        return out::line(format!("no backup was made: {}", advice::describe(standing)));
    }
    let saved = Shown::during(|told| backup::save(&mut db, &backup::folder(settings), backup::PREFIX, told))?;
    out::line(format!("backup {}", saved.path.display()))
}

/// The list of what has arrived: complete, and each file as the list has it.
fn arrived(from: &Path) -> Result<Sums> {
    let new = sums(&from.join(SUMS))?;
    let missing = |name: &str| {
        let name = from.join(name);
        refuse(&format!("{} has not arrived whole: extract the archive again", name.display()))
    };
    // A list that was cut lacks what is there.
    let mut listed: Vec<String> =
        PROGRAMS.iter().map(|name| format!("{WEB}/{name}")).chain([home::OPERATOR.to_owned()]).collect();
    for top in [WEB, OWN] {
        files(from, Path::new(top), &mut listed)?;
    }
    if listed.iter().any(|name| !new.contains_key(name)) {
        return Err(missing(SUMS));
    }
    match new.iter().find(|(name, hash)| hash_of(&from.join(name)).as_ref() != Some(*hash)) {
        Some((name, _)) => Err(missing(name)),
        None => Ok(new),
    }
}

/// Every file of the archive in a folder of it, but the list itself and what a program that ran there has made.
fn files(from: &Path, folder: &Path, found: &mut Vec<String>) -> Result<()> {
    let there = from.join(folder);
    for entry in fs::read_dir(&there).map_err(failed(&there))?.flatten() {
        let path = folder.join(entry.file_name());
        let name = path.to_string_lossy().into_owned();
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            _ if NOT_IN_ARCHIVE.contains(&name.as_str()) => {}
            true => files(from, &path, found)?,
            false => found.push(name),
        }
    }
    Ok(())
}

/// A file that is no program and is not what was installed, or of which no list tells what it was. Programs are known by their
/// names: whoever changed a file may have changed its permissions, too.
fn is_changed(path: &Path, installed: Option<&String>, new: &str) -> bool {
    let is_program = PROGRAMS.iter().any(|name| path.ends_with(Path::new(WEB).join(name))) || path.ends_with(home::OPERATOR);
    let is = hash_of(path);
    !is_program && is.as_ref().is_some_and(|is| Some(is) != installed && is != new)
}

/// Copies a file and gives it its name in one step.
fn put(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).map_err(failed(folder))?;
    draft::sweep(folder);
    let draft = Draft::of(to)?;
    fs::copy(from, draft.path()).map_err(failed(to))?;
    let mode = fs::metadata(from).map_err(failed(from))?.permissions().mode() & MODE;
    fs::set_permissions(draft.path(), Permissions::from_mode(mode)).map_err(failed(to))?;
    draft.name(to)
}

/// Reads a list as `sha256sum` writes it, of texts or of binary files.
///
/// # Errors
/// When it holds anything else.
fn sums(file: &Path) -> Result<Sums> {
    let text = fs::read_to_string(file).map_err(|error| refuse(&failed(file)(error).to_string()))?;
    let sums: Option<Sums> = text.lines().map(sum).collect();
    let whole = sums.filter(|sums| !sums.is_empty() && text.ends_with('\n'));
    whole.ok_or_else(|| refuse(&format!("{} is no whole list of sums: extract the archive again", file.display())))
}

/// A line of the list: the name of a file of the archive, and its hash.
fn sum(line: &str) -> Option<(String, String)> {
    let (hash, name) = line.split_once(' ')?;
    let name = name.strip_prefix([' ', '*'])?;
    let is_hash = hash.len() == HASH && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_inside = [WEB, OWN].iter().any(|top| Path::new(name).starts_with(top)) && !name.split('/').any(|part| part == "..");
    (is_hash && is_inside).then(|| (name.to_owned(), hash.to_owned()))
}

fn hash_of(file: &Path) -> Option<String> {
    fs::read(file).ok().map(|bytes| id::hex(&Sha256::digest(bytes)))
}
