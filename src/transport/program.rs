//! The program's own file: has another taken its place, and how the process goes on as that one.
//!
//! `mod_fcgid` looks for itself: a request after the replacement gets a new process. lighttpd and nginx keep the processes
//! that they started, so that a process must notice.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// This process's program, even when its file was replaced meanwhile.
const RUNNING: &str = "/proc/self/exe";
/// What the kernel adds to the name of a program whose file is gone (proc(5)).
const GONE: &[u8] = b" (deleted)";
/// How often the file is looked at, at most.
const LOOK: Duration = Duration::from_secs(1);
/// How long a new file must have been left alone before it is trusted: archives are unpacked in place, and a program that
/// is half there ends at once.
const SETTLED: Duration = Duration::from_secs(2);

/// The file that this process's program was started from.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    running: Option<File>,
    look: Instant,
    replaced: bool,
}

/// Device and inode: a number that no other file has while this one runs.
type File = (u64, u64);

fn file(meta: &Metadata) -> File {
    (meta.dev(), meta.ino())
}

impl Program {
    /// The one that runs.
    pub fn running() -> Program {
        let path = fs::read_link(RUNNING).map(PathBuf::into_os_string).unwrap_or_default();
        let path = path.as_bytes().strip_suffix(GONE).unwrap_or(path.as_bytes()).to_vec();
        let running = fs::metadata(RUNNING).ok().as_ref().map(file);
        Program { path: OsString::from_vec(path).into(), running, look: Instant::now(), replaced: false }
    }

    /// Has another program taken its place? Mostly one look at the clock.
    pub fn is_replaced(&mut self) -> bool {
        if !self.replaced && Instant::now() >= self.look {
            self.look = Instant::now() + LOOK;
            self.replaced = self.has_successor();
        }
        self.replaced
    }

    fn has_successor(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|meta| self.running.is_some_and(|own| own != file(&meta)) && is_settled(&meta))
    }

    /// Goes on as the program that has taken this one's place, else as this one anew. Comes back only when neither can be.
    pub fn restart(&self) {
        if self.has_successor() {
            become_program(&self.path);
        }
        become_program(Path::new(RUNNING));
    }
}

/// Comes back only when it cannot be.
fn become_program(path: &Path) {
    let error = Command::new(path).exec();
    log::error!("cannot start {} anew: {error}", path.display());
}

/// Is it a program, and was it left alone for a while? What counts is the change of the inode: an archive sets the other time.
fn is_settled(meta: &Metadata) -> bool {
    let changed = UNIX_EPOCH + Duration::from_secs(meta.ctime().unsigned_abs());
    let rest = SystemTime::now().duration_since(changed);
    // A clock that was set back must not keep an old program for ever.
    meta.is_file() && meta.mode() & 0o111 != 0 && rest.map_or(true, |rest| rest > SETTLED)
}
