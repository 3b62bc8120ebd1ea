//! A file's time of change as a memory that processes share: as plain CGI each lives for one request.
//!
//! To read one costs one look at a file, and no database. The file is empty, and a hint and no more: whatever depends on it must
//! bear that the file is lost, late or set twice.

use super::time::Timestamp;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// Such a file.
#[derive(Debug)]
pub struct Mark {
    path: PathBuf,
}

impl Mark {
    /// The mark of this name in a folder; it need not be there.
    pub fn of(folder: &Path, name: &str) -> Mark {
        Mark { path: folder.join(name) }
    }

    /// What it says; nothing where it is not there.
    pub fn get(&self) -> Option<Timestamp> {
        let changed = fs::metadata(&self.path).and_then(|file| file.modified()).ok()?;
        let since = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(Timestamp(0).plus(i64::try_from(since.as_millis()).unwrap_or_default()))
    }

    /// Writes it, and makes it where it is not there.
    pub fn set(&self, at: Timestamp) -> io::Result<()> {
        self.write(OpenOptions::new().create(true).truncate(false), at)
    }

    /// Makes it. An error where it is there already: of several processes, one makes it.
    pub fn add(&self, at: Timestamp) -> io::Result<()> {
        self.write(OpenOptions::new().create_new(true), at)
    }

    /// Writes it where it is there.
    pub fn renew(&self, at: Timestamp) -> io::Result<()> {
        self.write(&mut OpenOptions::new(), at)
    }

    /// Writes it where it is not there or says something later.
    pub fn advance_to(&self, at: Timestamp) -> io::Result<()> {
        if self.get().is_none_or(|before| at < before) { self.set(at) } else { Ok(()) }
    }

    /// Takes it away; answers whether it was there.
    pub fn lift(&self) -> bool {
        fs::remove_file(&self.path).is_ok()
    }

    fn write(&self, options: &mut OpenOptions, at: Timestamp) -> io::Result<()> {
        let file = options.write(true).mode(0o600).open(&self.path)?;
        file.set_modified(UNIX_EPOCH + Duration::from_millis(at.0.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_written_last() {
        let folder = tempfile::tempdir().unwrap();
        let mark = Mark::of(folder.path(), "mark");
        let (early, late) = (Timestamp(1_700_000_000_123), Timestamp(1_800_000_000_456));
        assert!(mark.get().is_none() && mark.renew(late).is_err() && !mark.lift());
        mark.add(late).unwrap();
        assert_eq!(mark.get(), Some(late));
        assert!(mark.add(early).is_err());
        mark.renew(early).unwrap();
        assert_eq!(mark.get(), Some(early));
        mark.set(late).unwrap();
        assert_eq!(mark.get(), Some(late));
        assert!(mark.lift() && mark.get().is_none());
    }

    #[test]
    fn it_moves_to_what_is_earlier_and_never_back() {
        let folder = tempfile::tempdir().unwrap();
        let mark = Mark::of(folder.path(), "mark");
        for (at, wanted) in [(5_000, 5_000), (9_000, 5_000), (3_000, 3_000)] {
            mark.advance_to(Timestamp(at)).unwrap();
            assert_eq!(mark.get(), Some(Timestamp(wanted)));
        }
    }
}
