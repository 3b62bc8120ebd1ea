//! What is strange in the configuration and refuses nobody: told in the log once a day, because as CGI each request reads it.

use super::config::Loaded;
use crate::base::mark::Mark;
use crate::base::time::{DAY, Timestamp};

/// The file whose time says when it was told last.
const MARK: &str = "warned";

/// Writes the warnings into the log, if there are any and they were not written today.
pub fn tell(loaded: &Loaded) {
    if loaded.warnings.is_empty() {
        return;
    }
    let (mark, now) = (Mark::of(&loaded.settings.data, MARK), Timestamp::now());
    if mark.get().is_some_and(|told| told <= now && now < told.plus(DAY)) {
        return;
    }
    // Where the mark cannot be written the warning is told more often, which harms nobody.
    let _ = mark.set(now);
    for warning in &loaded.warnings {
        log::warn!("configuration: {warning}");
    }
}
