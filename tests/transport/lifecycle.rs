//! How the process ends and what it costs: signals, recycling, memory. In real processes where that matters.

use super::Server;
use super::peer::{Peer, begin, record, request};
use super::probe::Probe;
use std::collections::VecDeque;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tandem::transport::{End, Options, serve};
use tempfile::TempDir;

/// The program that the tests below start: this test binary, asked for this test alone.
#[test]
#[ignore = "is started by other tests as a program of its own"]
fn program() {
    if let Ok(recycle_after) = std::env::var("PROBE") {
        let most_resident = std::env::var("RESIDENT").map_or(0, |bytes| bytes.parse().unwrap());
        let recycle_after = recycle_after.parse().unwrap();
        let options = Options { recycle_after, most_resident, rest: Duration::from_millis(200), ..Options::default() };
        // The code tells how serving ended, and that from an end by a signal or by the test harness.
        std::process::exit(match serve(&mut Probe::default(), &options) {
            End::Over(code) if code == std::process::ExitCode::SUCCESS => 42,
            End::Over(_) => 1,
            End::Recycle => 43,
        });
    }
}

/// A command that starts [`program`].
pub fn command() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "transport::lifecycle::program", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("PROBE", "0");
    command
}

/// A FastCGI process with a listener as fd 0, and the listener's folder.
struct Process {
    child: Child,
    folder: TempDir,
}

impl Process {
    fn start(recycle_after: u64) -> Process {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join("s")).unwrap();
        Process::over(listener, folder, recycle_after)
    }

    fn over(listener: UnixListener, folder: TempDir, recycle_after: u64) -> Process {
        Process::with(listener, folder, recycle_after, 0)
    }

    fn with(listener: UnixListener, folder: TempDir, recycle_after: u64, most_resident: u64) -> Process {
        let mut command = command();
        command.stdin(OwnedFd::from(listener)).stdout(Stdio::null()).env("PROBE", recycle_after.to_string());
        command.env("RESIDENT", most_resident.to_string());
        Process { child: command.spawn().unwrap(), folder }
    }

    fn connect(&self) -> Peer {
        Peer::connect(&self.path())
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// The exit code, within 5 s.
    fn code(&mut self) -> Option<i32> {
        for _ in 0..500 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_signal_ends_an_idle_process_at_once() {
    for name in ["TERM", "USR1", "INT", "HUP"] {
        let mut process = Process::start(0);
        let mut kept = process.connect();
        assert_eq!(kept.ask(true, "/echo", b"x").body, b"x");
        let started = Instant::now();
        process.signal(name);
        assert_eq!(process.code(), Some(42), "{name}");
        assert!(started.elapsed() < Duration::from_millis(900), "{name}");
        assert!(kept.is_closed());
    }
}

#[test]
fn a_busy_process_finishes_what_was_sent_to_it() {
    let mut process = Process::start(0);
    let mut kept = process.connect();
    kept.ask(true, "/echo", b"x");
    let mut busy = process.connect();
    busy.send(&request(1, true, "/sleep?400", b""));
    std::thread::sleep(Duration::from_millis(150));
    let mut queued: Vec<Peer> = (0..5).map(|_| process.connect()).collect();
    for peer in &mut queued {
        peer.send(&request(1, false, "/echo", b"queued"));
    }
    let mut accepted_late = process.connect();
    kept.send(&request(1, true, "/echo", b"kept"));
    process.signal("TERM");
    process.signal("TERM");
    assert_eq!(busy.answer(1).body, b"slept");
    accepted_late.send(&request(1, false, "/echo", b"late"));
    for (peer, body) in queued.iter_mut().map(|peer| (peer, "queued")).chain([(&mut kept, "kept"), (&mut accepted_late, "late")])
    {
        assert_eq!(peer.answer(1).text(), body);
        assert!(peer.is_closed());
    }
    assert_eq!(process.code(), Some(42));
}

#[test]
fn a_request_that_has_begun_is_received_to_its_end() {
    let mut process = Process::start(0);
    let mut peer = process.connect();
    let bytes = request(1, true, "/echo", b"begun before the signal");
    peer.send(&bytes[..40]);
    std::thread::sleep(Duration::from_millis(100));
    process.signal("TERM");
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(peer.send(&bytes[40..]).answer(1).body, b"begun before the signal");
    assert_eq!(process.code(), Some(42));
}

#[test]
fn a_process_is_recycled_after_so_many_requests() {
    let mut process = Process::start(3);
    let (mut kept, mut other) = (process.connect(), process.connect());
    assert_eq!(kept.ask(true, "/handled", b"").text(), "1");
    assert_eq!(other.ask(true, "/handled", b"").text(), "2");
    assert_eq!(kept.ask(true, "/handled", b"").text(), "3");
    assert!(kept.is_closed() && other.is_closed());
    assert_eq!(process.code(), Some(43));
}

#[test]
fn recycling_ends_a_loop_in_a_thread_too() {
    let server = Server::with(&Options { recycle_after: 1, ..Options::default() });
    assert_eq!(server.connect().ask(false, "/echo", b"x").body, b"x");
    assert!(server.ended());
}

#[test]
fn no_request_is_lost_while_processes_are_replaced() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let start = || Process::over(listener.try_clone().unwrap(), TempDir::new().unwrap(), 0);
    let mut processes = VecDeque::from([start(), start()]);
    let done = Arc::new(AtomicBool::new(false));
    let clients = [(); 4].map(|()| {
        std::thread::spawn({
            let (path, done) = (path.clone(), Arc::clone(&done));
            move || ask_until(&path, &done)
        })
    });
    for _ in 0..8 {
        processes.push_back(start());
        std::thread::sleep(Duration::from_millis(100));
        let mut old = processes.pop_front().unwrap();
        old.signal("TERM");
        assert_eq!(old.code(), Some(42));
    }
    done.store(true, Ordering::Relaxed);
    let asked: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    assert!(asked > 100, "{asked} requests");
}

/// Asks over new connections; every request must be answered.
fn ask_until(path: &Path, done: &AtomicBool) -> usize {
    let mut asked = 0;
    while !done.load(Ordering::Relaxed) {
        assert_eq!(Peer::connect(path).ask(asked % 2 == 0, "/echo", b"x").body, b"x");
        asked += 1;
    }
    asked
}

#[test]
fn the_work_after_an_answer_is_done_once_for_each() {
    let server = Server::start();
    let mut peer = server.connect();
    let done: Vec<String> = (0..4).map(|_| peer.ask(true, "/afters", b"").text()).collect();
    assert_eq!(done, ["0", "1", "2", "3"]);
}

#[test]
fn an_unread_upload_costs_no_memory() {
    let process = Process::start(0);
    let memory = || process.connect().ask(false, "/memory", b"").text().parse::<u64>().unwrap();
    let before = memory();
    let mut peer = process.connect();
    let params = super::peer::pairs(&[(b"REQUEST_URI", b"/unread?5"), (b"CONTENT_LENGTH", b"104857600")]);
    peer.send(&[begin(1, true), super::peer::stream(4, 1, &params, 999)].concat());
    let piece = record(5, 1, &[b'b'; 65_520]);
    for _ in 0..104_857_600 / 65_520 {
        peer.socket.write_all(&piece).unwrap();
    }
    peer.send(&[record(5, 1, &[b'b'; 104_857_600 % 65_520]), record(5, 1, b"")].concat());
    assert_eq!(peer.answer(1).body, b"uuuuu");
    assert_eq!(peer.ask(true, "/echo", b"x").body, b"x");
    let growth = memory() - before;
    // What is resident includes pages of the program that are touched for the first time: more than a mebibyte, at times.
    assert!(growth < 10 * 1024, "{growth} KiB for an upload of 100 MiB");
}

#[test]
fn a_process_that_has_grown_large_starts_anew_once_it_is_at_rest() {
    let listener = |folder: &TempDir| UnixListener::bind(folder.path().join("s")).unwrap();
    let start = |resident: u64| {
        let folder = TempDir::new().unwrap();
        let listener = listener(&folder);
        Process::with(listener, folder, 0, resident)
    };
    let (mut large, mut small) = (start(1), start(1 << 40));
    for process in [&large, &small] {
        let mut kept = process.connect();
        for _ in 0..3 {
            assert_eq!(kept.ask(true, "/echo", b"x").body, b"x", "as long as it is asked it answers");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    assert_eq!(large.code(), Some(43));
    assert!(small.child.try_wait().unwrap().is_none(), "it has no more than it may");
}
