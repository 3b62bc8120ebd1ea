//! The way to the report without a shell. Whoever can make a file in the data folder, which no URL leads to, is the account's
//! owner: into the empty file that they made, the program writes a link that is good for minutes and for one use.

use super::pass;
use crate::base::draft::Draft;
use crate::base::error::{Error, Result};
use crate::base::time::{MINUTE, Timestamp};
use crate::base::token::Purpose;
use crate::feature::House;
use rustix::process::geteuid;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The file's name in the data folder.
pub const FILE: &str = "doctor.txt";
/// How long a link is good, in minutes: longer than a file manager takes to open a file.
pub const MINUTES: i64 = 15;
/// What the key stands behind in a link.
const QUERY: &str = "?key=";

/// Writes a link into the owner's empty file; `false` when there is none. The file's place is taken by another, whole and for its
/// owner alone; of two processes the last wins, and the key that the file holds then is the one that counts.
pub fn write(house: &House, page: &str) -> Result<bool> {
    let path = house.settings.data.join(FILE);
    if !is_wish(&path) {
        return Ok(false);
    }
    let key = pass::sign(&house.keys, Purpose::Report, MINUTES * MINUTE)?;
    let until = Timestamp::now().plus(MINUTES * MINUTE);
    let text = format!("Open this link before {until}; it works once.\n\n{page}{QUERY}{key}\n");
    let draft = Draft::of(&path)?;
    draft.write(text.as_bytes())?;
    draft.name(&path)?;
    Ok(true)
}

/// An empty file of this account's own, and no link to one.
fn is_wish(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == 0 && meta.uid() == geteuid().as_raw())
}

/// Takes a key: it is ours, in time, and the one that the file holds. The file goes with it, so that of two processes one takes it.
///
/// # Errors
/// When the file cannot be removed: a key that stayed would be good again.
pub fn take(house: &House, key: &str) -> Result<bool> {
    // A link that was copied whole.
    let key = key.trim().rsplit(QUERY).next().unwrap_or_default();
    // Whoever guesses is told nothing by the time that a comparison takes: a signature is checked first, in constant time.
    if pass::verify(&house.keys, Purpose::Report, key).is_none() {
        return Ok(false);
    }
    let path = house.settings.data.join(FILE);
    let holds = |text: String| text.trim_end().rsplit(QUERY).next() == Some(key);
    if !fs::read_to_string(&path).is_ok_and(holds) {
        return Ok(false);
    }
    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::NotReady(format!("{}: {error}", path.display()))),
    }
}
