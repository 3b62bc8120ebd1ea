//! Waiting for a file's lock with a limit. flock(2) has none, and whoever asks again and again is not served in turn: so a timer's
//! signal interrupts it.

use core::ffi::c_int;
use core::mem::zeroed;
use core::ptr::null_mut;
use core::time::Duration;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Instant;

/// After the first signal another comes so often, in microseconds: one that came before the waiting began interrupted nothing.
const AGAIN: libc::suseconds_t = 10_000;

extern "C" fn nothing(_: c_int) {}

/// Has SIGALRM interrupt what waits, for as long as this lives.
struct Alarm(libc::sigaction);

impl Alarm {
    fn set(after: Duration) -> Alarm {
        // SAFETY: a structure of numbers and an address, where zeros mean nothing.
        let mut action: libc::sigaction = unsafe { zeroed() };
        action.sa_sigaction = nothing as extern "C" fn(c_int) as libc::sighandler_t;
        let mut before = action;
        // SAFETY: a handler that does nothing, so it may come at any time; without SA_RESTART it interrupts.
        unsafe { libc::sigaction(libc::SIGALRM, &raw const action, &raw mut before) };
        run(after, AGAIN);
        Alarm(before)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        run(Duration::ZERO, 0);
        // SAFETY: what was there before.
        unsafe { libc::sigaction(libc::SIGALRM, &raw const self.0, null_mut()) };
    }
}

/// Sets the timer, or stops it by nothing.
fn run(after: Duration, again: libc::suseconds_t) {
    let first = libc::timeval {
        tv_sec: libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_usec: libc::suseconds_t::from(after.subsec_micros()),
    };
    let timer = libc::itimerval { it_interval: libc::timeval { tv_sec: 0, tv_usec: again }, it_value: first };
    // SAFETY: a timer of this process, which nobody else uses.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, null_mut()) };
}

/// Locks a file for this process alone, as flock(2) does, when all who asked before have had their turn. Answers `false` when that
/// took longer than `longest`, or the file cannot be locked.
pub fn lock(file: BorrowedFd<'_>, longest: Duration) -> bool {
    let ends = Instant::now() + longest;
    // A timer of zero would never ring.
    let _alarm = Alarm::set(longest.max(Duration::from_millis(1)));
    loop {
        // SAFETY: a descriptor that is open for as long as it is borrowed.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } == 0 {
            return true;
        }
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted || Instant::now() >= ends {
            return false;
        }
    }
}
