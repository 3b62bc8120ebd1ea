//! What the system grants a process (getrlimit(2)), and what Tandem needs of it.

use super::{Finding, Patient};
use crate::app::open;
use crate::domain::health::rules::MIB;
use rustix::process::{Resource, getrlimit};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// Signing somebody in, with 19 MiB for the password's hash, was seen to work with 32 MiB of address space and to be answered
/// with 500 with 24. The largest upload has 10 MiB and becomes more while it is read.
const MEMORY: u64 = 64 * MIB;
/// A pool of four, cron's own and those of the account's other sites. Threads count.
const PROCESSES: u64 = 10;
/// A FastCGI process keeps up to 64 connections open, and the database with its journals.
const FILES: u64 = 96;
/// A database that grows by so much meets no limit.
const GROWTH: u64 = 100 * MIB;
/// What is there where CloudLinux is.
const CLOUDLINUX: [&str; 2] = ["/proc/lve", "/etc/cloudlinux-release"];

/// The limits of a process; `None` is none.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Limits {
    /// Address space, in bytes.
    memory: Option<u64>,
    /// Processes and threads of the account.
    processes: Option<u64>,
    /// Open files.
    files: Option<u64>,
    /// The size of a file, in bytes.
    file_size: Option<u64>,
}

impl Limits {
    /// What this process is granted.
    pub fn of_this_process() -> Limits {
        let granted = |resource| getrlimit(resource).current;
        let (memory, processes) = (granted(Resource::As), granted(Resource::Nproc));
        Limits { memory, processes, files: granted(Resource::Nofile), file_size: granted(Resource::Fsize) }
    }

    /// Each with what is needed and its unit.
    fn all(self, store: u64) -> [(&'static str, Option<u64>, u64, u64, &'static str); 4] {
        [
            ("memory", self.memory, MEMORY, MIB, " MiB"),
            ("processes", self.processes, PROCESSES, 1, ""),
            ("open files", self.files, FILES, 1, ""),
            ("file size", self.file_size, store + GROWTH, MIB, " MiB"),
        ]
    }

    /// Do they suffice for a database of this size, in bytes?
    fn judge(self, whose: &str, store: u64) -> Finding {
        let all = self.all(store);
        let granted: Vec<String> = all
            .iter()
            .filter_map(|(name, granted, _, unit, label)| Some(format!("{name} {}{label}", (*granted)? / unit)))
            .collect();
        let saw = if granted.is_empty() { "no limits".to_owned() } else { granted.join(", ") };
        let saw = format!("{saw} ({whose}){}", cloudlinux());
        match all.iter().find(|(_, granted, least, ..)| granted.is_some_and(|granted| granted < *least)) {
            None => Finding::ok(saw),
            Some((name, _, least, unit, label)) => Finding::problem(
                format!("{saw}: too little {name}"),
                format!("ask the host for {}{label} at least", least / unit),
            ),
        }
    }
}

/// CloudLinux has limits of its own, which nobody can ask for without being root.
fn cloudlinux() -> &'static str {
    match CLOUDLINUX.iter().any(|path| Path::new(path).exists()) {
        true => "; CloudLinux has others, which cPanel → Resource Usage shows",
        false => "",
    }
}

/// The web program's limits where they are known, else this process's.
pub fn limits(patient: &mut Patient) -> Finding {
    let store = patient.loaded.as_ref().ok().and_then(|loaded| open::address(&loaded.settings).ok()?.file().map(Path::to_owned));
    let size = store.and_then(|file| fs::metadata(file).ok()).map_or(0, |meta| meta.len());
    match &patient.seen {
        Some(seen) => seen.limits.judge("of the web program", size),
        None => Limits::of_this_process().judge("of this program; the web server may grant others", size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::doctor::Level;

    #[test]
    fn a_limit_below_the_need_is_named() {
        let limits = Limits { memory: Some(1 << 30), processes: Some(100), files: Some(1_024), file_size: None };
        assert_eq!(limits.judge("", 0).level, Level::Ok);
        let finding = Limits { memory: Some(32 * MIB), ..limits }.judge("", 0);
        assert!(finding.level == Level::Problem && finding.saw.contains("too little memory"), "{finding:?}");
        let full = Limits { file_size: Some(200 * MIB), ..limits };
        assert_eq!((full.judge("", 0).level, full.judge("", 150 * MIB).level), (Level::Ok, Level::Problem));
    }
}
