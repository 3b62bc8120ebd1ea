//! What is left of a store that is lost or damaged, out of the way.

use crate::app::folder;
use crate::base::draft::{self, SIDECARS, beside, failed};
use crate::base::error::Result;
use crate::base::id;
use std::fs;
use std::path::{Path, PathBuf};

/// Keeps what is left of a store in a folder of its own, for a rescue: the damaged file, and what belongs to a file and
/// must not be taken for a part of the next. The file stays in its place, too, until the draft takes that: an empty
/// place would invite the next request to make a fresh store.
pub fn put_aside(store: &Path) -> Result<Option<PathBuf>> {
    let aside = draft::folder(store).join(format!("damaged-{}", id::object()));
    let kept = |of: &Path| aside.join(of.file_name().unwrap_or_default());
    let beside: Vec<PathBuf> = SIDECARS.iter().map(|end| beside(store, end)).filter(|path| path.exists()).collect();
    if beside.is_empty() && !store.exists() {
        return Ok(None);
    }
    folder::make(&aside)?;
    beside.iter().try_for_each(|path| fs::rename(path, kept(path)).map_err(failed(path)))?;
    if store.exists() {
        fs::hard_link(store, kept(store)).map_err(failed(store))?;
    }
    Ok(Some(aside))
}
