//! Folders for data, which web servers are kept out of.

use crate::base::error::{Error, Result};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// What keeps web servers out of a folder that somebody puts into a web root.
const CLOSED: &str = include_str!("../../deploy/htaccess-closed");

/// Makes a folder for data where there is none, for its owner alone.
pub fn make(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let closed = made.and_then(|()| fs::write(folder.join(".htaccess"), CLOSED));
    closed.map_err(|e| Error::NotReady(format!("cannot make the folder {}: {e}", folder.display())))
}
