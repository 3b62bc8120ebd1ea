//! How many polls the hint file answers: a sample, for the operator. Nothing depends on it, and two processes may lose each other's count.

use super::{FILE, SAMPLE_AT};
use crate::base::slot_file;
use crate::base::time::Timestamp;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// One poll in so many is counted: a poll that is answered from the file writes to no file then.
const ONE_IN: i64 = 16;

/// Polls that were counted, since the file was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// All.
    pub polls: u64,
    /// Those that did not open the database.
    pub hits: u64,
}

impl Sample {
    /// The sample of the hint file beside a database, if there is one.
    pub fn beside(database: &Path) -> Option<Sample> {
        Some(Sample::read(&slot_file::there(&database.parent()?.join(FILE)).ok()?))
    }

    fn read(file: &File) -> Sample {
        let mut bytes = [0; 16];
        // A file that ends before has counted nothing.
        let _ = slot_file::fill(file, &mut bytes, SAMPLE_AT);
        let (polls, hits) = bytes.split_at(8);
        let [polls, hits] = [polls, hits].map(|half| half.first_chunk().copied().map_or(0, u64::from_le_bytes));
        Sample { polls, hits }
    }
}

/// Counts a poll, now and then.
pub fn count(file: &File, now: Timestamp, hit: bool) {
    if now.0 % ONE_IN != 0 {
        return;
    }
    let Sample { polls, hits } = Sample::read(file);
    let numbers = [polls.wrapping_add(1), hits.wrapping_add(u64::from(hit))].map(u64::to_le_bytes).concat();
    // A full disk has room for polls, not for their count.
    let _ = file.write_all_at(&numbers, SAMPLE_AT);
}
