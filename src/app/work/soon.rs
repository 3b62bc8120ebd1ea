//! The web program's part in what is due soon: it starts the courier after an answer, and waits for nobody else's server.
//!
//! The courier is the operator's program. It is found by where the bundle puts it or by the setting `courier.program`, never by
//! PATH or in a folder of the request. It is given no descriptor but three on /dev/null (one that kept the answer's would
//! hold it under mod_cgi, one that kept fd 0 FastCGI's socket), and none of the request's variables: they hold its token,
//! and a field `Proxy:` would become a proxy.

use super::apart::apart;
use super::courier;
use super::marks::Marks;
use crate::app::home;
use crate::base::time::{MINUTE, Timestamp};
use crate::feature::Settings;
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long no courier is started after one that could not be started, or that never came to its end, in milliseconds: a
/// host whose limits forbid it is not asked at each request.
const RETRY: i64 = MINUTE;
/// How long the process that starts the courier may take: it starts another and ends.
const START: Duration = Duration::from_secs(2);
/// How often it is looked whether it has ended.
const NAP: Duration = Duration::from_micros(500);
/// Starts a courier, if one is due and none is there.
pub fn after_answer(settings: &Settings, marks: &Marks, now: Timestamp) {
    // One that runs looks at the marks by itself before it ends.
    if !marks.wants_courier(now) || courier::runs(settings) {
        return;
    }
    let unfinished = marks.turn.get().is_some();
    // From now on the others leave it to this process. Where that cannot be said, cron does the work.
    if marks.turn.set(now.plus(RETRY)).is_err() {
        return;
    }
    if unfinished {
        complain(marks, now, "the one that was started before did not come to its end");
    }
    let started = program(settings).ok_or_else(|| io::Error::other(NOWHERE)).and_then(|program| start(&program));
    if let Err(error) = started {
        complain(marks, now, &error.to_string());
    }
}

/// Why there is no courier in an account that was not set up by the bundle.
const NOWHERE: &str = "the operator's program is not in tandem/bin: set courier.program to its whole path";

/// Says so once, until a courier comes to its end again.
fn complain(marks: &Marks, now: Timestamp, why: &str) {
    if marks.failing.add(now).is_ok() {
        log::warn!("the courier cannot be started: {why}; `tandem maintain` does its work, and it is tried again every minute");
    }
}

/// The operator's program.
pub fn program(settings: &Settings) -> Option<PathBuf> {
    settings.courier_program.clone().or_else(home::installed_operator)
}

/// Starts the courier and waits until it is on its own: a moment.
fn start(program: &Path) -> io::Result<()> {
    // What a web server left open by mistake, too.
    close_fds::set_fds_cloexec(3, &[]);
    wait(apart(program).arg("--detach").spawn()?)
}

/// Waits for a process that ends at once, so that no zombie stays; one that does not is ended.
fn wait(mut child: Child) -> io::Result<()> {
    let end = Instant::now() + START;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(io::Error::other(status.to_string())),
            // A web server that ignores the end of its children has ours do so, too: nobody can tell then, and it has ended.
            Err(error) if error.raw_os_error() == Some(Errno::CHILD.raw_os_error()) => return Ok(()),
            Err(error) => return Err(error),
            Ok(None) if Instant::now() < end => sleep(NAP),
            Ok(None) => {
                child.kill()?;
                child.wait()?;
                return Err(io::Error::other("its start takes too long"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_start_is_waited_for_and_not_for_ever() {
        let run = |line: &str| wait(Command::new("/bin/sh").args(["-c", line]).spawn().unwrap());
        run("exit 0").unwrap();
        assert!(run("exit 3").unwrap_err().to_string().contains('3'));
        let started = Instant::now();
        assert_eq!(run("exec sleep 60").unwrap_err().to_string(), "its start takes too long");
        assert!(started.elapsed() < 5 * START);
    }
}
