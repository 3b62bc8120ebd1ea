//! When maintenance is next due, as the time of change of an empty file: whoever asks needs no database.
//!
//! The file is a hint and no more: where it says that something is due, the database decides. A machine of several that
//! share a database has its own.

use crate::base::time::Timestamp;
use crate::feature::Settings;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, UNIX_EPOCH};

/// The file's name in the data folder.
const FILE: &str = "next-maintenance";

/// When it is due; the epoch where nobody has said so.
pub fn get(settings: &Settings) -> Timestamp {
    let changed = fs::metadata(settings.data.join(FILE)).and_then(|file| file.modified());
    let since = changed.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Timestamp(0).plus(i64::try_from(since.as_millis()).unwrap_or_default())
}

/// Says when it is due.
pub fn set(settings: &Settings, next: Timestamp) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(settings.data.join(FILE))?;
    file.set_modified(UNIX_EPOCH + Duration::from_millis(next.0.unsigned_abs()))
}
