//! The wish that the process end: from a signal, or from the program that runs the loop.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The signals on which a FastCGI process finishes what it has and exits; web servers send the first two.
const SIGNALS: &[i32] = &[SIGTERM, SIGUSR1, SIGINT, SIGHUP];

/// A wish to stop. The flag costs no system call to look at; the pipe wakes a loop that waits.
#[derive(Debug)]
pub struct Stop {
    raised: Arc<AtomicBool>,
    pipe: UnixStream,
}

/// Raises a [`Stop`] without a signal.
#[derive(Debug)]
pub struct Trigger {
    raised: Arc<AtomicBool>,
    pipe: UnixStream,
}

impl Stop {
    /// Raised by SIGTERM, SIGUSR1, SIGINT or SIGHUP.
    pub fn on_signals() -> io::Result<Stop> {
        let (stop, trigger) = Stop::by_hand()?;
        for &signal in SIGNALS {
            signal_hook::flag::register(signal, Arc::clone(&trigger.raised))?;
            signal_hook::low_level::pipe::register(signal, trigger.pipe.try_clone()?)?;
        }
        Ok(stop)
    }

    /// Raised by the trigger.
    pub fn by_hand() -> io::Result<(Stop, Trigger)> {
        let (pipe, far) = UnixStream::pair()?;
        far.set_nonblocking(true)?;
        let raised = Arc::new(AtomicBool::new(false));
        Ok((Stop { raised: Arc::clone(&raised), pipe }, Trigger { raised, pipe: far }))
    }

    /// Is it time to stop?
    pub fn raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Becomes readable when the wish is raised.
    pub fn pipe(&self) -> &UnixStream {
        &self.pipe
    }
}

impl Trigger {
    /// Raises the wish.
    pub fn pull(&self) {
        self.raised.store(true, Ordering::Relaxed);
        let _ = (&self.pipe).write(&[0]);
    }
}
