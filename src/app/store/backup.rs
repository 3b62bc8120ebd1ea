//! A backup: the whole store of one instant in one compressed file, made while requests come in; and the folder of backups.

use super::label::Label;
use super::{Told, archive, backup_served, restored, watched};
use crate::app::folder;
use crate::base::draft::{self, Draft, failed};
use crate::base::error::{Error, Result};
use crate::base::time::{DAY, Timestamp};
use crate::db::migrate;
use crate::db::{Db, backup};
use crate::feature::Settings;
use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

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
    /// What it says of itself.
    pub label: Label,
}

/// Where backups lie unless the operator says otherwise.
pub fn folder(settings: &Settings) -> PathBuf {
    settings.data.with_file_name(FOLDER)
}

/// Makes a backup: copied, looked over, packed, read back, and only then given its name.
///
/// # Errors
/// What went wrong; no backup has come then, and none has gone.
pub fn save(db: &mut Db, folder: &Path, prefix: &str, told: Told<'_>) -> Result<Saved> {
    folder::make(folder)?;
    draft::sweep(folder);
    let copy = Draft::new(folder)?;
    if backup::is_served(db) {
        backup_served::copy(db, copy.path(), told)?;
    } else {
        watched(told, "copying", || backup::copy(db, copy.path()))?;
    }
    let label = watched(told, "looking for damage", || sound(copy.path()))?;
    let packed = Draft::new(folder)?;
    let hash = archive::pack(copy.path(), packed.path(), &label, told)?;
    archive::verify(packed.path(), copy.size()?, &hash, told)?;
    let size = packed.size()?;
    let path = folder.join(format!("{prefix}{}{SUFFIX}", compact(Timestamp::now())));
    // A clock that was set back may come by the same instant again.
    if packed.name_new(&path)? { Ok(Saved { path, size, label }) } else { Err(taken(&path)) }
}

fn taken(path: &Path) -> Error {
    Error::NotReady(format!("{} is there already: see that the clock is right, then try again", path.display()))
}

/// Looks a copy over for damage.
pub fn sound(copy: &Path) -> Result<Label> {
    let mut db = backup::open(copy)?;
    let faults = db.check()?;
    if !faults.is_empty() {
        return Err(Error::NotReady(format!("the copy is damaged: {}", faults.join("; "))));
    }
    // One that is none of Tandem's, or newer than this program, need not tell.
    let made = migrate::made_at(&mut db).unwrap_or_default();
    let rows = backup::counts(&mut db)?.iter().map(|(_, rows)| rows).sum();
    Ok(Label { store: made.unwrap_or_default().0, schema: db.schema_version()?, rows })
}

/// An instant as it stands in a file's name, so that names sort by age: `20260116T143045.123Z`.
fn compact(at: Timestamp) -> String {
    at.to_string().replace(['-', ':'], "")
}

/// Backups in a folder.
pub struct Listed {
    /// The file.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// What it says of itself; nothing where an older program made it.
    pub label: Option<Label>,
}

/// The backups in a folder whose names begin so, the newest first.
pub fn list(folder: &Path, prefix: &str) -> Result<Vec<Listed>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let names = fs::read_dir(folder).map_err(failed(folder))?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(prefix) && name.ends_with(SUFFIX)).collect();
    names.sort_by_key(|name| Reverse(instant(name).to_owned()));
    Ok(names.into_iter().map(|name| listed(folder.join(&name), name)).collect())
}

fn listed(path: PathBuf, name: String) -> Listed {
    Listed { label: archive::label(&path), path, name }
}

/// The instant in a backup's name: all that follows the words before it.
fn instant(name: &str) -> &str {
    name.rsplit('-').next().unwrap_or_default()
}

/// Are there backups in this folder?
pub fn any(folder: &Path) -> bool {
    let mut names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().ends_with(SUFFIX))
}

/// The newest of the backups that the operator asked for.
///
/// # Errors
/// When there is none.
pub fn latest(folder: &Path) -> Result<PathBuf> {
    let newest = list(folder, PREFIX)?.into_iter().next();
    newest.map(|listed| listed.path).ok_or_else(|| Error::NotReady(format!("there is no backup in {}", folder.display())))
}

/// The backup that the operator means: a file as it was named, or else one of this name in the folder of backups.
///
/// # Errors
/// When neither is there.
pub fn named(folder: &Path, file: &Path) -> Result<PathBuf> {
    let kept = folder.join(file);
    [file.to_owned(), kept].into_iter().find(|path| path.exists()).ok_or_else(|| {
        let (file, folder) = (file.display(), folder.display());
        Error::NotReady(format!("there is no backup {file}, neither here nor in {folder}: `tandem restore --list` shows them"))
    })
}

/// Which backups of this store are deleted after a new one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Old {
    /// All but so many of the newest.
    pub beyond: Option<u32>,
    /// Those older than so many days, those made before a restore, too.
    pub days: Option<u32>,
}

/// Deletes old backups of the same store, of which the one just made is never one, whatever the clock said. Those of other
/// stores stay. Answers how many went. `own` says that the folder is this store's alone: what older programs left there
/// without a label is its own.
pub fn thin_out(folder: &Path, saved: &Saved, which: Old, own: bool) -> Result<u64> {
    let ours = |label: Option<&Label>| label.map_or(own, |label| label.store == saved.label.store);
    let of = |prefix| -> Result<Vec<Listed>> {
        let others = list(folder, prefix)?.into_iter();
        Ok(others.filter(|listed| listed.path != saved.path && ours(listed.label.as_ref())).collect())
    };
    let mut old = Vec::new();
    if let Some(keep) = which.beyond {
        old.extend(of(PREFIX)?.into_iter().skip((keep as usize).saturating_sub(1)));
    }
    if let Some(days) = which.days {
        let before = Timestamp::now().plus(-i64::from(days) * DAY);
        let aged = of(PREFIX)?.into_iter().chain(of(restored::PREFIX)?);
        old.extend(aged.filter(|listed| made_at(&listed.name).is_some_and(|made| made < before)));
    }
    old.sort_by(|one, other| one.path.cmp(&other.path));
    old.dedup_by(|one, other| one.path == other.path);
    old.iter().try_for_each(|listed| fs::remove_file(&listed.path).map_err(failed(&listed.path)))?;
    Ok(old.len() as u64)
}

/// When a backup was made, by its name.
fn made_at(name: &str) -> Option<Timestamp> {
    Timestamp::parse(instant(name).strip_suffix(SUFFIX)?)
}
