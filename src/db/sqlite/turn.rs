//! Whose turn it is to write: the web's processes wait for each other in the kernel's queue, first come, first served.
//!
//! SQLite alone has each ask again and again, and whoever asks at the right moment is next: the unlucky waited five times as long, and
//! between two writers the lock lay idle. What holds is SQLite's lock all the same: who knows nothing of the queue, a command, an older
//! program or `sqlite3`, is waited for there.

use super::wait::{self, longest};
use crate::base::error::Result;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Locks a file when all who asked before have had their turn; `false` when that took longer than this, or it cannot be locked.
pub type Wait = fn(BorrowedFd<'_>, Duration) -> bool;

/// How this program waits.
static WAIT: OnceLock<Wait> = OnceLock::new();

/// Has this program's writers wait in the queue, and in this way. Called once, when the program starts; a program that does not call it
/// waits for SQLite's lock alone.
pub fn queue_by(wait: Wait) {
    // Whoever calls it twice means the same.
    let _ = WAIT.set(wait);
}

/// A connection's place in the queue, which is a lock of the database's folder: there is no file to be made, and closing it drops
/// none of SQLite's own locks.
#[derive(Debug, Default)]
pub struct Turn {
    /// The folder, and how it is waited for.
    queue: Option<(PathBuf, Wait)>,
    /// The folder, once something was written.
    open: Option<File>,
    mine: bool,
}

impl Turn {
    /// From now on this connection waits with the others, if the program does.
    pub fn queue_at(&mut self, database: &Path) {
        self.queue = database.parent().map(Path::to_owned).zip(WAIT.get().copied());
    }

    /// Waits for the turn, which lasts until it is passed on, no longer than work of this kind waits. Where a folder cannot be locked, as on
    /// some network file systems, it is always this connection's turn.
    ///
    /// # Errors
    /// [`DbFault::Busy`](crate::base::error::DbFault::Busy) when others wrote all the time.
    pub fn take(&mut self, spare: bool) -> Result<()> {
        let Some((folder, wait)) = &self.queue else { return Ok(()) };
        let Some(open) = self.open.take().or_else(|| File::open(folder).ok()) else { return Ok(()) };
        let (begun, first) = (Instant::now(), flock(&open, FlockOperation::NonBlockingLockExclusive));
        let is_taken = first == Err(Errno::WOULDBLOCK);
        self.mine = if is_taken { wait(open.as_fd(), longest(spare)) } else { first.is_ok() };
        self.open = Some(open);
        if is_taken && !self.mine {
            return Err(wait::busy());
        }
        wait::begin(begun.elapsed());
        Ok(())
    }

    /// The next may write.
    pub fn pass(&mut self) {
        if let Some(open) = self.open.as_ref().filter(|_| std::mem::take(&mut self.mine)) {
            // Closing lets go of it as well.
            let _ = flock(open, FlockOperation::Unlock);
        }
    }
}
