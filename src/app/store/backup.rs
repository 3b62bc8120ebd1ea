//! A backup: the whole store of one instant in one compressed file, made while requests come in.

use super::{Told, archive, backup_served, watched};
use crate::app::open;
use crate::base::draft::{self, Draft};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::db::{Db, backup};
use crate::feature::Settings;
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
    /// How many rows it holds.
    pub rows: i64,
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
    open::make_folder(folder)?;
    draft::sweep(folder);
    let copy = Draft::new(folder)?;
    if backup::is_served(db) {
        backup_served::copy(db, copy.path(), told)?;
    } else {
        watched(told, "copying", || backup::copy(db, copy.path()))?;
    }
    let rows = watched(told, "looking for damage", || sound(copy.path()))?;
    let packed = Draft::new(folder)?;
    let hash = archive::pack(copy.path(), packed.path(), told)?;
    archive::verify(packed.path(), copy.size()?, &hash, told)?;
    let size = packed.size()?;
    let path = folder.join(format!("{prefix}{}{SUFFIX}", compact(Timestamp::now())));
    packed.name(&path)?;
    Ok(Saved { path, size, rows })
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
pub fn thin_out(folder: &Path, keep: usize) -> Result<u64> {
    let failed = |e: std::io::Error| Error::NotReady(format!("{}: {e}", folder.display()));
    let names = fs::read_dir(folder).map_err(failed)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut backups: Vec<String> = names.filter(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)).collect();
    backups.sort();
    let old = &backups[..backups.len().saturating_sub(keep)];
    old.iter().try_for_each(|name| fs::remove_file(folder.join(name))).map_err(failed)?;
    Ok(old.len() as u64)
}
