//! The configuration and the secret, as files that an operator edits while processes live: a process that went on with what it
//! read at its start would write where the new ones do not look.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

/// How often the files are looked at, at most.
const LOOK: Duration = Duration::from_secs(1);
/// How long a file must have been left alone before it counts: editors write in place, and an empty file would be a valid
/// configuration that leads to another store.
const SETTLED: Duration = Duration::from_secs(2);

/// What tells one state of a file from another; `None` when there is no such file.
type State = Option<(u64, u64, u64, i64, i64)>;

/// Files, and how they were when this process read them.
#[derive(Debug, Default)]
pub struct Watch {
    files: Vec<(PathBuf, State)>,
    look: Option<Instant>,
}

impl Watch {
    /// Begins to watch a file as it is now: before it is read, so that no change in between is missed.
    pub fn add(&mut self, path: PathBuf) {
        let now = state(fs::metadata(&path).ok().as_ref());
        self.files.push((path, now));
        self.look = Some(Instant::now() + LOOK);
    }

    /// Is one of them another than it was, and at rest? Mostly one look at the clock.
    pub fn has_changed(&mut self) -> bool {
        let now = Instant::now();
        if self.look.is_none_or(|look| now < look) {
            return false;
        }
        self.look = Some(now + LOOK);
        self.files.iter().any(|(path, before)| {
            let meta = fs::metadata(path).ok();
            state(meta.as_ref()) != *before && meta.as_ref().is_none_or(is_settled)
        })
    }
}

fn state(meta: Option<&Metadata>) -> State {
    meta.map(|meta| (meta.dev(), meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
}

/// A file from the future was written by another clock, and is as good as any.
fn is_settled(meta: &Metadata) -> bool {
    let age = meta.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    age.is_none_or(|age| age >= SETTLED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Looks again as if a second had passed.
    fn looked(watch: &mut Watch) -> bool {
        watch.look = Some(Instant::now());
        watch.has_changed()
    }

    #[test]
    fn a_file_counts_when_it_was_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tandem.toml");
        let over = |path: &Path| {
            let mut watch = Watch::default();
            watch.add(path.to_owned());
            watch
        };
        let mut watch = over(&path);
        assert!(!watch.has_changed() && !looked(&mut watch));
        fs::write(&path, "").unwrap();
        assert!(!looked(&mut watch), "it may be half written");
        fs::File::open(&path).unwrap().set_modified(SystemTime::now() - SETTLED).unwrap();
        assert!(looked(&mut watch));
        watch = over(&path);
        assert!(!looked(&mut watch));
        fs::remove_file(&path).unwrap();
        assert!(looked(&mut watch));
    }
}
