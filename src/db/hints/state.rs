//! The state of a database, as its header has it, read through a descriptor of its own.
//!
//! Closing any descriptor of a file drops the POSIX locks that the process holds on it: so this one is closed after SQLite's, by whoever owns both.

use crate::db::wal::{self, File as Inode};
use rustix::fs::fstat;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes 18 and 19 of the header: the journal of the last writer and reader; 1 is a rollback journal (SQLite's file format, 1.3.3).
const JOURNAL: usize = 18;
/// Bytes 24 to 39: the change counter, the size, the free pages. Each commit of any program changes the counter.
const STATE: usize = 24;

/// What the header says, and of which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The bytes.
    pub header: [u8; 16],
    /// The file's number.
    pub inode: u64,
}

impl State {
    /// Is this what a state becomes by one commit?
    pub fn follows(&self, before: &State) -> bool {
        self.inode == before.inode && self.counter() == before.counter().wrapping_add(1)
    }

    fn counter(&self) -> u32 {
        self.header.first_chunk().copied().map_or(0, u32::from_be_bytes)
    }
}

/// A database's file.
#[derive(Debug)]
pub struct Watched {
    file: File,
    path: PathBuf,
    inode: Inode,
}

impl Watched {
    /// Opens it, to read alone.
    pub fn open(path: &Path) -> io::Result<Watched> {
        let file = File::open(path)?;
        let found = fstat(&file)?;
        Ok(Watched { file, path: path.to_owned(), inode: (found.st_dev, found.st_ino) })
    }

    /// Its state now. `None` where it says nothing: with a write-ahead log, commits leave these bytes as they are.
    pub fn state(&self) -> Option<State> {
        let mut head = [0; 40];
        self.file.read_exact_at(&mut head, 0).ok()?;
        let rollback = head.get(JOURNAL..)?.first_chunk::<2>()? == &[1, 1];
        let header = *head.get(STATE..)?.first_chunk()?;
        rollback.then_some(State { header, inode: self.inode.1 })
    }

    /// Has no other file taken its place?
    pub fn is_in_place(&self) -> bool {
        wal::file(&self.path) == Some(self.inode)
    }

    /// Which file it is.
    pub fn inode(&self) -> Inode {
        self.inode
    }
}
