//! What is strange and refuses nobody: told in the log once a day, because as CGI each request reads it.

use super::config::Loaded;
use crate::base::mark::Mark;
use crate::base::time::{DAY, Timestamp};
use std::path::Path;

/// The file whose time says when the configuration's were told last.
const MARK: &str = "warned";

/// Writes the configuration's warnings into the log, if there are any and they were not written today.
pub fn tell(loaded: &Loaded) {
    if loaded.warnings.is_empty() {
        return;
    }
    daily(&loaded.settings.data, MARK, || {
        for warning in &loaded.warnings {
            log::warn!("configuration: {warning}");
        }
    });
}

/// Tells something, unless it was told today.
pub fn daily(data: &Path, mark: &str, tell: impl FnOnce()) {
    let (mark, now) = (Mark::of(data, mark), Timestamp::now());
    if mark.get().is_some_and(|told| told <= now && now < told.plus(DAY)) {
        return;
    }
    // Where the mark cannot be written it is told more often, which harms nobody.
    let _ = mark.set(now);
    tell();
}
