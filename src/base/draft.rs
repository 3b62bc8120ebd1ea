//! A file in the making: written whole under another name, private, and gone again unless it gets its name. So nobody meets
//! a file that is half there, and a process that is killed leaves what was there before.

use super::error::{Error, Result};
use super::id;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a draft's name ends with.
const SUFFIX: &str = ".draft";
/// A draft as old as this was left by a process that was killed: no backup takes a day.
const LEFT: Duration = Duration::from_secs(24 * 60 * 60);
/// What SQLite may put beside a database.
pub const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A file in the making.
pub struct Draft {
    path: PathBuf,
    /// What a failure names: the file that it is to be, or its folder, and never the draft, of which nobody knows.
    shown: PathBuf,
    named: bool,
}

impl Draft {
    /// An empty file in this folder that only its owner can read.
    pub fn new(folder: &Path) -> Result<Draft> {
        Draft::make(folder, folder).map_err(failed(folder))
    }

    /// A draft of the file that has this name, or shall have it; in the same folder, as a name can be given only there.
    ///
    /// # Errors
    /// The system's; what has the name and is no file.
    pub fn of(name: &Path) -> Result<Draft> {
        replaceable(name)?;
        Draft::make(folder(name), name).map_err(failed(name))
    }

    fn make(folder: &Path, shown: &Path) -> io::Result<Draft> {
        let path = folder.join(format!("{}{SUFFIX}", id::opaque()));
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Draft { path, shown: shown.to_owned(), named: false })
    }

    /// The file, without a name: whatever becomes of the process, it is gone with it.
    pub fn nameless(self) -> Result<File> {
        OpenOptions::new().read(true).write(true).open(&self.path).map_err(failed(&self.shown))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes.
    pub fn size(&self) -> Result<u64> {
        fs::metadata(&self.path).map(|meta| meta.len()).map_err(failed(&self.shown))
    }

    /// Puts these bytes into it.
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        fs::write(&self.path, bytes).map_err(failed(&self.shown))
    }

    /// Puts it on the disk for good and gives it its name, in the place of whatever had that name.
    ///
    /// # Errors
    /// The system's; what has the name and is no file. Nothing has the name then that had it not before.
    pub fn name(mut self, name: &Path) -> Result<()> {
        replaceable(name)?;
        self.sync().and_then(|()| fs::rename(&self.path, name)).map_err(failed(name))?;
        self.named = true;
        sync_folder(name).map_err(failed(name))
    }

    /// As [`Draft::name`], unless something has that name: of several processes the first gives it, and answers `true`.
    pub fn name_new(self, name: &Path) -> Result<bool> {
        match self.sync().and_then(|()| fs::hard_link(&self.path, name)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            linked => linked.and_then(|()| sync_folder(name)).map(|()| true).map_err(failed(name)),
        }
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.named {
            remove(&self.path);
        }
    }
}

/// Refuses to put a file in the place of what is none: a device, a pipe and a link serve others, too.
pub fn replaceable(name: &Path) -> Result<()> {
    let Ok(found) = fs::symlink_metadata(name) else { return Ok(()) };
    let kind = match found.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_symlink() => "a link",
        _ => "a device or a pipe",
    };
    Err(Error::NotReady(format!("{} is {kind}, which is not replaced: give the name of a file", name.display())))
}

/// The folder that a file lies in.
pub fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts the folder of this file on the disk: its new name is there after a power cut, too.
fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(folder(file))?.sync_all()
}

/// A file and what SQLite put beside it. What cannot be removed is left to the next sweep.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    for end in SIDECARS {
        let _ = fs::remove_file(beside(path, end));
    }
}

/// The file that has this at the end of its name.
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Removes drafts that a killed process left.
pub fn sweep(folder: &Path) {
    let old =
        |path: &Path| fs::metadata(path).and_then(|m| m.modified()).is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT));
    let drafts = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    drafts.filter(|path| path.to_string_lossy().ends_with(SUFFIX) && old(path)).for_each(|path| remove(&path));
}

/// A failure of a file, for the operator.
pub fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    let shown = path.display().to_string();
    move |error| match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Error::NotReady(format!("{shown}: the disk or the quota is full: make room, then try again"))
        }
        _ => Error::NotReady(format!("{shown}: {error}")),
    }
}
