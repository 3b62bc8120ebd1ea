//! Stopping a server and everything that it started, by process id.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a server may take to stop before it is killed. Apache waits 3 s for its children.
const STOP: Duration = Duration::from_secs(10);

/// A process, told apart from a later one with the same number by when it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    parent: u32,
    began: String,
}

/// The process of this number, from /proc/PID/stat (proc(5): field 3 the state, 4 the parent, 22 the start).
fn process(pid: u32) -> Option<(String, Process)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, field 2, is in parentheses and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let process = Process { pid, parent: fields.get(1)?.parse().ok()?, began: (*fields.get(19)?).to_owned() };
    Some(((*fields.first()?).to_owned(), process))
}

/// Every process, with its state.
fn states() -> Vec<(String, Process)> {
    let names = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| process(name.to_str()?.parse().ok()?)).collect()
}

/// The state of a process that has ended and that nobody has waited for.
const ZOMBIE: &str = "Z";

/// Every process that has not ended.
pub fn all() -> Vec<Process> {
    states().into_iter().filter(|(state, _)| state != ZOMBIE).map(|(_, process)| process).collect()
}

/// Every process that has ended and that nobody has waited for: its number, and its parent's.
pub fn zombies() -> Vec<(u32, u32)> {
    let zombies = states().into_iter().filter(|(state, _)| state == ZOMBIE);
    zombies.map(|(_, process)| (process.pid, process.parent)).collect()
}

/// Everything that this process started, and what those started.
pub fn descendants(root: u32) -> Vec<Process> {
    let all = all();
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for child in all.iter().filter(|process| process.parent == parent) {
            parents.push(child.pid);
            found.push(child.clone());
        }
    }
    found
}

/// Stops a server in the polite way, then what is left of it in the other. Afterwards none of its processes runs.
pub fn stop(child: &mut Child) {
    let others = descendants(child.id());
    signal(child.id(), Signal::TERM);
    wait_until(|| !matches!(child.try_wait(), Ok(None)));
    if matches!(child.try_wait(), Ok(None)) {
        signal(child.id(), Signal::KILL);
    }
    let _ = child.wait();
    let alive = |other: &&Process| process(other.pid).is_some_and(|(state, now)| state != ZOMBIE && now.began == other.began);
    wait_until(|| !others.iter().any(|other| alive(&other)));
    for left in others.iter().filter(alive) {
        signal(left.pid, Signal::KILL);
    }
    wait_until(|| !others.iter().any(|other| alive(&other)));
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended by itself meanwhile, which is what we want.
        let _ = kill_process(pid, signal);
    }
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + STOP;
    while !done() && Instant::now() < deadline {
        sleep(Duration::from_millis(10));
    }
}
