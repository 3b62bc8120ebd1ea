//! What is strange in the configuration and refuses nobody: told in the log once a day, because as CGI each request reads it.

use super::config::Loaded;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, SystemTime};

/// The file whose time says when it was told last.
const MARK: &str = "warned";
/// How long a warning is not told again.
const QUIET: Duration = Duration::from_secs(24 * 60 * 60);

/// Writes the warnings into the log, if there are any and they were not written today.
pub fn tell(loaded: &Loaded) {
    if loaded.warnings.is_empty() {
        return;
    }
    let mark = loaded.settings.data.join(MARK);
    let told = fs::metadata(&mark).and_then(|meta| meta.modified()).ok();
    if told.and_then(|at| SystemTime::now().duration_since(at).ok()).is_some_and(|age| age < QUIET) {
        return;
    }
    // Where the mark cannot be written the warning is told more often, which harms nobody.
    let _ = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&mark)
        .and_then(|file| file.set_modified(SystemTime::now()));
    for warning in &loaded.warnings {
        log::warn!("configuration: {warning}");
    }
}
