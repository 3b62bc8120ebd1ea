//! A database's files, watched: is the write-ahead log that a connection has open still the one that others open?

use crate::base::draft::beside;
use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, stat, statx};
use rustix::io::Errno;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Device and inode: a number that no other file has while this one is open.
pub type File = (u64, u64);

/// The number of the file that has this name. Its times are not asked for: a kernel with multigrain timestamps (Linux 6.13)
/// would note a finer one at the next write, and each commit would write the inode, too. Measured: a fifth of a creation's time.
pub fn look(path: &Path) -> Result<File, Errno> {
    match statx(CWD, path, AtFlags::empty(), StatxFlags::INO) {
        Ok(found) => Ok((makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino)),
        Err(Errno::NOSYS) => stat(path).map(|found| (found.st_dev, found.st_ino)),
        Err(error) => Err(error),
    }
}

/// The same, where there is such a file.
pub fn file(path: &Path) -> Option<File> {
    look(path).ok()
}

/// Where the kernel lists what a process has open.
const OPEN_HERE: &str = "/proc/self/fd";

/// Has this process the file open? A log is opened by SQLite alone.
fn is_open_here(file: File) -> bool {
    fs::read_dir(OPEN_HERE).is_ok_and(|all| all.flatten().any(|open| look(&open.path()) == Ok(file)))
}

/// The write-ahead log and its index, as this connection has them open. With WAL, SQLite goes on writing to a log that was
/// deleted, which the next process will never read.
pub struct Log {
    path: PathBuf,
    index: PathBuf,
    /// Both as they were when they were first looked for; nothing while there is no log.
    open: Cell<Option<(File, Option<File>)>>,
    /// When a reader last found it in its place.
    looked: Cell<Option<Instant>>,
}

/// How long a look at the log is good for readers.
const LATELY: Duration = Duration::from_millis(100);

impl Log {
    /// The log of the database in this file.
    pub fn of(path: &Path) -> Log {
        Log { path: beside(path, "-wal"), index: beside(path, "-shm"), open: Cell::new(None), looked: Cell::new(None) }
    }

    /// Is it still in its place? While the connection is open, nobody who knows of it takes it away.
    pub fn is_in_place(&self) -> bool {
        let found = file(&self.path);
        match self.open.get() {
            None => {
                self.open.set(found.map(|log| (log, file(&self.index))));
                true
            }
            Some((log, _)) if found == Some(log) => true,
            // Noted before SQLite opened it, and taken along meanwhile by the last who used it: SQLite has made another.
            Some(_) => found.filter(|log| is_open_here(*log)).is_some_and(|log| {
                self.open.set(Some((log, file(&self.index))));
                true
            }),
        }
    }

    /// The same for a reader, who looks so often that to look each time was measured at a fiftieth of a poll. What it reads
    /// meanwhile from a log that was taken away is a former state of the database: nobody loses by it.
    pub fn was_in_place(&self) -> bool {
        let now = Instant::now();
        if self.looked.get().is_some_and(|looked| now.duration_since(looked) < LATELY) {
            return true;
        }
        let is_in_place = self.is_in_place();
        self.looked.set(is_in_place.then_some(now));
        is_in_place
    }

    /// Has nobody written to another log in its place, and is the index the one that this connection has?
    pub fn is_nobody_elses(&self) -> bool {
        let empty = fs::metadata(&self.path).map_or(true, |log| log.len() == 0);
        let index = file(&self.index);
        empty && self.open.get().is_some_and(|(_, own)| index == own || (index.is_none() && !self.path.exists()))
    }
}
