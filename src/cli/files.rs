//! Files that the operator names: one way to write one, and one to read one.
//!
//! What is written never takes the place of what the program or the operator needs: see [`refuse_own`].

use crate::app::config;
use crate::app::open;
use crate::app::store::backup;
use crate::base::draft::{Draft, SIDECARS, beside, failed, folder};
use crate::base::error::{Error, Result};
use crate::feature::Settings;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf, absolute};

/// The standard input's and output's names, and those of what a shell has opened for the command.
const INPUT: [&str; 3] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];
const OUTPUT: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
const OPENED: [&str; 2] = ["/dev/fd", "/proc/self/fd"];
const ERRORS: &str = "/dev/stderr";

/// What the programs are called that lie beside each other: what serves requests, and what the operator runs.
const PROGRAMS: [&str; 2] = ["api", "tandem"];

/// How names end that outputs may have in the folders of the program: nothing of its own is called so.
const TABLE: &str = "csv";

/// An output in the making; what has its name stays as it is until all of it is there.
pub struct Output {
    draft: Draft,
    to: PathBuf,
    is_opened: bool,
}

impl Output {
    /// Begins an output of this name.
    ///
    /// # Errors
    /// Where the name is one of the program's own files, or what is there is no file; the system's.
    pub fn of(name: &str) -> Result<Output> {
        let (to, settings) = (PathBuf::from(name), config::load()?.settings);
        refuse_own(&to, &settings)?;
        let is_opened = is_opened(&to);
        let draft = match is_opened {
            true => Draft::new(Some(settings.data.as_path()).filter(|data| data.is_dir()).unwrap_or(&env::temp_dir()))?,
            false => Draft::of(&to)?,
        };
        Ok(Output { draft, to, is_opened })
    }

    /// Where it is written meanwhile.
    pub fn draft(&self) -> &Path {
        self.draft.path()
    }

    /// Puts these bytes into it.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        fs::write(self.draft(), bytes).map_err(failed(&self.to))
    }

    /// A failure of it: what is named is what the operator has asked for, and no draft.
    pub fn failed(&self) -> impl Fn(io::Error) -> Error {
        failed(&self.to)
    }

    /// Gives it its name, or passes it on to what the shell has opened. Answers whether there is a file of it.
    ///
    /// # Errors
    /// The system's.
    pub fn done(self) -> Result<bool> {
        let Output { draft, to, is_opened } = self;
        if !is_opened {
            return draft.name(&to).map(|()| true);
        }
        let mut whole = File::open(draft.path()).map_err(failed(&to))?;
        let passed = if OUTPUT.iter().any(|name| to == Path::new(name)) {
            io::copy(&mut whole, &mut io::stdout().lock())
        } else {
            OpenOptions::new().append(true).open(&to).and_then(|mut opened| io::copy(&mut whole, &mut opened))
        };
        passed.map(|_| false).map_err(failed(&to))
    }
}

/// Is this what a shell has opened for the command, rather than a file of its own?
fn is_opened(path: &Path) -> bool {
    let names = INPUT.iter().chain(&OUTPUT).chain([&ERRORS]);
    names.into_iter().any(|name| path == Path::new(name)) || OPENED.iter().any(|folder| path.parent() == Some(Path::new(folder)))
}

/// Which file it is, whatever it is called.
type Identity = (u64, u64);

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

/// A path without links, `..` and the like, as far as its folder exists.
fn real(path: &Path) -> PathBuf {
    let whole = absolute(path).unwrap_or_else(|_| path.to_owned());
    match (fs::canonicalize(folder(&whole)), whole.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => whole,
    }
}

/// Refuses an output that would take the place of what is the program's own: its database and what SQLite keeps beside it, the settings, the
/// programs and certificates that they name, and whatever lies in the folders of data and backups but a table that somebody has put
/// there. It may be called by a link, by another name of the same file, or by a way around.
fn refuse_own(to: &Path, settings: &Settings) -> Result<()> {
    let (folders, files) = (own_folders(settings), own_files(settings)?);
    let is_table = to.extension().is_some_and(|end| end == TABLE);
    let (name, target) = (real(to), identity(to));
    let is_same = |path: &Path| real(path) == name || (target.is_some() && identity(path) == target);
    let is_inside = folders.iter().any(|folder| name.starts_with(folder)) && !is_table;
    if is_inside || files.iter().any(|file| is_same(file)) || target.is_some_and(|target| holds(&folders, target, &name)) {
        return Err(Error::NotReady(format!(
            "{} is one of Tandem's own files, or lies among them, and stays as it is: nothing was written. Name a file elsewhere, such \
             as ~/edits.csv.",
            to.display()
        )));
    }
    Ok(())
}

/// The folders of data and of backups.
fn own_folders(settings: &Settings) -> Vec<PathBuf> {
    let (data, backups) = (settings.data.clone(), backup::folder(settings));
    // Where the folder of data is a link, backups lie beside either: it depends on how a command was told of it.
    let beside_real = fs::canonicalize(&data).ok().zip(backups.file_name()).map(|(data, name)| data.with_file_name(name));
    let folders = [Some(data), Some(backups), beside_real].into_iter().flatten();
    folders.map(|folder| fs::canonicalize(&folder).unwrap_or(folder)).collect()
}

/// The program's own files that may lie elsewhere.
fn own_files(settings: &Settings) -> Result<Vec<PathBuf>> {
    let named = open::address(settings)?.file().map(Path::to_owned);
    // A link's sidecars lie beside what it leads to.
    let led_to = named.as_ref().and_then(|store| fs::canonicalize(store).ok());
    let stores: Vec<PathBuf> = named.into_iter().chain(led_to).collect();
    let sidecars = stores.iter().flat_map(|store| SIDECARS.map(|end| beside(store, end)));
    let programs: Vec<PathBuf> = env::current_exe().ok().into_iter().chain(settings.courier_program.clone()).collect();
    let siblings = programs.iter().flat_map(|program| PROGRAMS.map(|name| program.with_file_name(name)));
    let others = [config::file(), settings.push.ca.clone()].into_iter().flatten();
    Ok(sidecars.chain(siblings).chain(others).chain(stores.clone()).chain(programs.clone()).collect())
}

/// Has one of these folders the same file under another name?
fn holds(folders: &[PathBuf], target: Identity, name: &Path) -> bool {
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    entries.map(|entry| entry.path()).any(|path| path != name && identity(&path) == Some(target))
}

/// Opens a file to read. What the shell has opened for the command may be a pipe; a pipe with a name of its own may wait for ever.
///
/// # Errors
/// Where it is no file, and what to do; the system's.
pub fn read(path: &Path) -> Result<Box<dyn Read>> {
    let failed = |error: io::Error| Error::NotReady(format!("{} cannot be read: {error}.", path.display()));
    if INPUT.iter().any(|name| path == Path::new(name)) {
        return Ok(Box::new(io::stdin()));
    }
    let kind = fs::metadata(path).map_err(failed)?;
    if !kind.is_file() && !is_opened(path) {
        let what = if kind.is_dir() { "a folder" } else { "a device or a pipe" };
        return Err(Error::NotReady(format!(
            "{} is {what}, which cannot be read: give the name of a file, or /dev/stdin for what another program writes.",
            path.display()
        )));
    }
    Ok(Box::new(File::open(path).map_err(failed)?))
}

/// Refuses an output that is the same file as what is read.
///
/// # Errors
/// That they are.
pub fn apart(from: &str, to: &str) -> Result<()> {
    let (from, to) = (Path::new(from), Path::new(to));
    let is_same = real(from) == real(to) || identity(from).is_some_and(|from| identity(to) == Some(from));
    if is_same && !is_opened(to) {
        return Err(Error::NotReady(format!(
            "{} is read and would be written: nothing was done. Give the output another name.",
            to.display()
        )));
    }
    Ok(())
}
