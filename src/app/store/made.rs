//! The mark that a store was made here. A store that is missing although it was made was lost: an empty one in its place would
//! say that all is well, and phones would be told that nothing is left.
//!
//! The mark is a file that says to people what it is for. Backups tell the same, and so does what SQLite left beside a file that is
//! gone. A secret alone does not: it is made before the store is.

use super::backup;
use crate::app::folder;
use crate::base::draft::{Draft, beside, failed};
use crate::base::error::{Error, Result};
use crate::db::Address;
use crate::feature::Settings;
use std::fs;
use std::path::{Path, PathBuf};

/// The mark's name in the data folder.
pub const FILE: &str = "database-was-made.txt";
/// What belongs to a database and holds changes that are in no other file.
const CHANGES: [&str; 2] = ["-wal", "-journal"];

/// What the mark says before the database's address.
const SAYS: &str = "Tandem made its database: ";

/// What tells that a store was made here.
pub struct Signs {
    /// The mark.
    mark: Option<PathBuf>,
    /// The address that the mark names, where it is another than the one that is looked for.
    elsewhere: Option<String>,
    /// The folder of backups, where there are any.
    backups: Option<PathBuf>,
    /// What SQLite left beside a file that is gone.
    beside: Vec<PathBuf>,
}

/// Notes that the store is there, and where.
pub fn note(settings: &Settings, address: &Address) -> Result<()> {
    let mark = settings.data.join(FILE);
    if made_at(&mark).is_some_and(|made| made == address.to_string()) {
        return Ok(());
    }
    let text = format!(
        "{SAYS}{address}\n\n\
         This file keeps an empty one from taking its place should it ever be missing.\n\
         To begin with an empty one on purpose, delete this file: File Manager, or `tandem migrate --fresh`.\n"
    );
    let draft = Draft::of(&mark)?;
    draft.write(text.as_bytes())?;
    draft.name(&mark)
}

/// Refuses to make a store where one was lost.
///
/// # Errors
/// What was lost, how it is brought back, and how to begin anew on purpose.
pub fn guard(settings: &Settings, address: &Address) -> Result<()> {
    match signs(settings, address) {
        None => Ok(()),
        Some(signs) => Err(Error::NotReady(format!("{}. {}; {}", signs.told(address), BACK, FRESH))),
    }
}

/// How a lost store is brought back.
pub const BACK: &str = "Put it back, or the newest backup in its place: `tandem restore --latest`";
/// How a lost store is given up.
const FRESH: &str = "to begin with an empty one on purpose: `tandem migrate --fresh`";

/// What tells that a store which is missing was made here; nothing where none was.
pub fn signs(settings: &Settings, address: &Address) -> Option<Signs> {
    let there = |path: PathBuf| Some(path).filter(|path| path.exists());
    let left = address.file().map_or_else(Vec::new, left_beside);
    let backups = Some(backup::folder(settings)).filter(|folder| backup::any(folder));
    let mark = there(settings.data.join(FILE));
    let elsewhere = mark.as_deref().and_then(made_at).filter(|made| *made != address.to_string());
    let signs = Signs { mark, elsewhere, backups, beside: left };
    (signs.mark.is_some() || signs.backups.is_some() || !signs.beside.is_empty()).then_some(signs)
}

/// The address that a mark names.
fn made_at(mark: &Path) -> Option<String> {
    fs::read_to_string(mark).ok()?.lines().next()?.strip_prefix(SAYS).map(str::to_owned)
}

/// What lies beside a file that is gone, and is not empty.
fn left_beside(store: &Path) -> Vec<PathBuf> {
    let has_bytes = |path: &PathBuf| fs::metadata(path).is_ok_and(|found| found.len() > 0);
    CHANGES.iter().map(|end| beside(store, end)).filter(has_bytes).collect()
}

impl Signs {
    /// What is wrong.
    pub fn told(&self, address: &Address) -> String {
        let by = self.mark.iter().chain(&self.backups).chain(&self.beside).next();
        let by = by.map_or_else(String::new, |path| format!(" ({} tells that it was made)", path.display()));
        let moves = "was database_url changed? `tandem copy --move --from URL --to URL` brings along what is there";
        let elsewhere = self.elsewhere.as_ref().map_or_else(String::new, |made| format!("; it was made at {made}: {moves}"));
        format!("the database {address} is lost: it is missing or empty{by}{elsewhere}")
    }

    /// How to begin anew without a shell: what is to be deleted, and what to be renamed.
    pub fn by_hand(&self) -> String {
        let delete: Vec<String> = self.mark.iter().chain(&self.beside).map(|path| path.display().to_string()).collect();
        let delete = (!delete.is_empty()).then(|| format!("delete {}", delete.join(" and ")));
        let rename = self.backups.as_ref().map(|folder| format!("rename the folder {}", folder.display()));
        let steps: Vec<String> = delete.into_iter().chain(rename).collect();
        format!("File Manager: {}", steps.join(", and "))
    }
}

/// Forgets a lost store: the mark goes, and what was left of it is kept in a folder of its own. Backups stay.
///
/// # Errors
/// The system's; a store that is there.
pub fn forget(settings: &Settings, address: &Address) -> Result<()> {
    if let Some(store) = address.file() {
        if store.exists() {
            return Err(Error::NotReady(format!(
                "{} is there: --fresh makes a database only where it is missing; nothing was changed",
                store.display()
            )));
        }
        folder::make(&settings.data)?;
        super::aside::put_aside(store)?;
    }
    let mark = settings.data.join(FILE);
    if mark.exists() { fs::remove_file(&mark).map_err(failed(&mark)) } else { Ok(()) }
}
