//! A thousand clients that take their time: they send a byte now and then, or read a few. Everybody else is served.
//!
//! lighttpd gathers a request before it passes it on, and an answer before it lets go of the program, so that a slow client
//! costs lighttpd a connection and the program nothing. Apache gathers requests too, but has a thread for each: more slow
//! clients than its `MaxRequestWorkers` (400) are its own to throw out (mod_reqtimeout), so there are fewer of them here.
//! And mod_fcgid keeps the program until a slow reader has taken all but 64 KiB and what the kernel holds: 20 slow readers of
//! a megabyte, with two processes, made a normal request wait 11 s. Nothing but more processes helps; there are none of
//! those here.

use super::{made, options};
use crate::api::Phone;
use crate::servers::{Kind, Server};
use serde_json::json;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

/// Between two pieces of a slow client.
const BETWEEN: Duration = Duration::from_millis(500);
/// How long the slow ones go on before the others are looked at, and while.
const WHILE: Duration = Duration::from_secs(6);
/// The longest that anybody else may wait: the machine is busy with other tests, too, and Apache with starting children.
const PATIENCE: Duration = Duration::from_secs(12);
/// When the slow ones give up in any case.
const LONGEST: Duration = Duration::from_secs(60);
/// The most KiB by which a process may grow meanwhile: it has answered a few large requests.
const GROWTH: u64 = 24 * 1024;

/// A client that takes its time.
struct Slow {
    stream: TcpStream,
    /// What it sends, and how much of that at once.
    request: Vec<u8>,
    at_once: usize,
}

impl Slow {
    fn new(port: u16, request: String, at_once: usize) -> Slow {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nonblocking(true).unwrap();
        Slow { stream, request: request.into_bytes(), at_once }
    }

    /// Sends and reads a little; `false` when the server has hung up.
    fn step(&mut self) -> bool {
        let piece = self.at_once.min(self.request.len());
        if let Ok(sent) = self.stream.write(&self.request[..piece]) {
            self.request.drain(..sent);
        }
        match self.stream.read(&mut [0; 100]) {
            Ok(read) => read > 0,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// A third sends its header fields slowly, a third its body, and some read a large answer slowly.
fn slow_ones(phone: &Phone, count: usize, readers: usize) -> Vec<Slow> {
    let head = |line: &str, more: &str| {
        format!("{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{more}", phone.access)
    };
    let one = |n: usize| match n {
        n if n < readers => Slow::new(phone.port, head("GET /api/letters/", "\r\n"), usize::MAX),
        n if n % 2 == 0 => {
            Slow::new(phone.port, format!("GET /api/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: {}", "x".repeat(500)), 1)
        }
        _ => {
            let fields =
                format!("Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{{\"title\":\"{}", "x".repeat(4_000));
            let request = head("POST /api/goals/", &fields);
            let at = request.len() - 4_000;
            let mut slow = Slow::new(phone.port, request, at);
            slow.step();
            Slow { at_once: 1, ..slow }
        }
    };
    (0..count).map(one).collect()
}

/// KiB that each program of the server has had at most (proc(5), VmHWM).
fn memory(server: &Server) -> Vec<u64> {
    let status = |pid| fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let peak = |status: String| {
        let ours = status.lines().any(|line| line.strip_prefix("Name:").is_some_and(|name| name.trim().starts_with("api")));
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:").map(str::to_owned))?;
        ours.then(|| line.trim().trim_end_matches(" kB").parse().unwrap())
    };
    server.descendants().into_iter().map(status).filter_map(peak).collect()
}

/// Asks and writes, one after the other; the longest that it took.
fn everyday(phone: &Phone) -> Duration {
    let (begun, mut longest) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < WHILE {
        let asked = Instant::now();
        made(phone);
        phone.get("/sync/changes/?since=2099-01-01T00:00:00Z").expect(200);
        longest = longest.max(asked.elapsed());
        sleep(Duration::from_millis(50));
    }
    longest
}

fn stays_open(kind: Kind, count: usize, readers: usize) {
    let server = Server::start(kind, &options(2, None));
    let phone = Phone::single(&server);
    for month in 1..=5 {
        let letter = json!({"month": format!("2026-{month:02}"), "content": "x".repeat(200_000)});
        phone.post("/letters/", &letter).expect(201);
    }
    phone.get("/letters/").expect(200);
    let before = memory(&server);
    let (mut slow, done) = (slow_ones(&phone, count, readers), AtomicBool::new(false));
    let longest = scope(|scope| {
        let drip = scope.spawn(|| {
            let begun = Instant::now();
            while !done.load(Ordering::Relaxed) && begun.elapsed() < LONGEST {
                slow.retain_mut(Slow::step);
                sleep(BETWEEN);
            }
            slow.len()
        });
        sleep(BETWEEN * 2);
        let longest = everyday(&phone);
        done.store(true, Ordering::Relaxed);
        let left = drip.join().unwrap();
        assert!(left > count * 9 / 10, "only {left} slow clients were left");
        longest
    });
    let after = memory(&server);
    println!("{kind:?}: the longest took {longest:?}, memory {before:?} -> {after:?} KiB");
    assert!(longest < PATIENCE, "{longest:?}");
    let largest = |memory: Vec<u64>| memory.into_iter().max().expect("a process of the program");
    assert!(largest(after) < largest(before) + GROWTH);
}

#[test]
fn a_thousand_slow_clients_keep_nobody_waiting_behind_lighttpd() {
    stays_open(Kind::LighttpdFastcgi, 1_000, 100);
}

#[test]
fn hundreds_of_slow_clients_keep_nobody_waiting_behind_apache() {
    stays_open(Kind::ApacheFcgid, 300, 0);
}
