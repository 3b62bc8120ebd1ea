//! What the host's quota leaves to the account, where the program `quota` tells. No call does without being root.

use crate::app::advice;
use crate::domain::health::rules::MIB;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// `quota` asks a file server where the home folder is on one, which may not answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Fewer files than this are soon made: journals, backups, mails.
const FEW_FILES: u64 = 500;
/// Bytes of one of its blocks.
const BLOCK: u64 = 1_024;

/// What is left: the least of all file systems, where there is a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Bytes.
    pub bytes: Option<u64>,
    /// Files.
    pub files: Option<u64>,
}

impl Left {
    /// Is it too little?
    pub fn is_low(&self, bytes: u64) -> bool {
        self.bytes.is_some_and(|left| left < bytes) || self.files.is_some_and(|left| left < FEW_FILES)
    }

    /// In words; nothing when there is no quota.
    pub fn words(&self) -> Option<String> {
        let bytes = self.bytes.map(|left| format!("{} MiB", left / MIB));
        let files = self.files.map(|left| advice::count(left, "file"));
        let left: Vec<String> = bytes.into_iter().chain(files).collect();
        (!left.is_empty()).then(|| format!("the quota leaves {}", left.join(" and ")))
    }
}

/// Asks the program `quota`; where it is missing or hangs, nothing is known.
fn ask() -> Option<String> {
    // One line a file system, times as numbers: nothing is left out of a column.
    let asked =
        Command::new("quota").args(["-w", "-p"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    asked.ok().and_then(|child| said(child, PATIENCE))
}

/// What the quota leaves.
pub fn left() -> Left {
    ask().map(|text| read(&text)).unwrap_or_default()
}

/// How many bytes the account may hold, the least of all file systems.
pub fn whole() -> Option<u64> {
    limit(&ask()?)
}

/// The bytes that the lines of [`read`] allow.
fn limit(text: &str) -> Option<u64> {
    let limits = text.lines().flat_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let number = |n: usize| fields.get(n)?.trim_end_matches('*').parse::<u64>().ok();
        [number(2), number(3)].into_iter().flatten().filter(|blocks| *blocks > 0).collect::<Vec<_>>()
    });
    limits.min().map(|blocks| blocks * BLOCK)
}

/// What a program printed that ends in time; it says less than a pipe holds.
pub fn said(mut child: Child, patience: Duration) -> Option<String> {
    let started = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if started.elapsed() > patience {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        sleep(Duration::from_millis(5));
    }
    let mut text = String::new();
    child.stdout?.read_to_string(&mut text).ok()?;
    Some(text)
}

/// Lines such as `/dev/sda1 1234* 4096 5120 0 25 0 0 0`: blocks, their soft and hard limit, the grace, and the same of files.
fn read(text: &str) -> Left {
    let mut least = Left::default();
    for line in text.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let number = |n: usize| fields.get(n)?.trim_end_matches('*').parse::<u64>().ok();
        let left = |used: usize| {
            let limits = [number(used + 1)?, number(used + 2)?];
            Some(limits.into_iter().filter(|limit| *limit > 0).min()?.saturating_sub(number(used)?))
        };
        least.bytes = smaller(least.bytes, left(1).map(|blocks| blocks * BLOCK));
        least.files = smaller(least.files, left(5));
    }
    least
}

fn smaller(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_quota_prints_is_understood() {
        let text = "Disk quotas for user u (uid 1001): \n     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace\n\
                    /dev/sda1  204800  1048576 1153433       0     700       0     1000       0\n\
                    /dev/sdb1  10  0 0       0     5       0     0       0\n";
        assert_eq!(read(text), Left { bytes: Some(843_776 * BLOCK), files: Some(300) });
        assert!(read(text).is_low(0) && !Left { files: None, ..read(text) }.is_low(800 * MIB));
        assert_eq!(read(text).words().unwrap(), "the quota leaves 824 MiB and 300 files");
        assert_eq!((limit(text), limit("none\n")), (Some(1_048_576 * BLOCK), None));
        let over = "/dev/sda1  2000*  1000 1200 1763000000 1 0 0 0";
        assert_eq!(read(over), Left { bytes: Some(0), files: None });
        assert_eq!(read("Disk quotas for user root (uid 0): none\n"), Left::default());
        assert_eq!(Left::default().words(), None);
    }
}
