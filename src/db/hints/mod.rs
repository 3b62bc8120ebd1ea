//! A hint beside a SQLite database: that nothing has changed since a session polled last, so that the next poll need not open the
//! database. SQLite's own state word decides whether the hint is believed.
//!
//! The state V of a database is what its header says of the last commit, whichever program made it (SQLite goes by the same bytes), and
//! the file's inode. The hint file holds a page, a seal and proofs:
//!
//! - the **page**: a generation, a stamp, and a slot for each tenant's hash, all random numbers;
//! - the **seal**: the state that the page, by its stamp, was true of;
//! - **proofs**: for a session, the generation, the slot and the row that admitted it.
//!
//! | who | in this order |
//! |---|---|
//! | a writer, in SQLite's write lock | reads V, page and seal: unless the seal is of both, the generation becomes a new one; works; *before* COMMIT puts new numbers into the page, for the tenant or for everybody, and a new stamp; commits; reads V again, and only if it is V's next writes the seal |
//! | a poll that opened the database | has read V, page and seal before its snapshot; if they fit, and V is the same inside the snapshot, it writes a proof |
//! | a poll that need not | reads its proof, V, page, seal: if they fit, and the proof has the page's generation and slot, what the proof holds is what the database holds at the moment that V was read |
//!
//! What commits in the tenant before that moment has changed the slot before its commit; or it told nobody (an older program, `sqlite3`, a
//! restored file), and V is not what is sealed until a later writer, who saw that, has changed the generation. A writer in progress has
//! changed the stamp, so that no proof is made or believed meanwhile. Killed anywhere, on a full disk, after a loss of power, with a file that
//! is torn or gone, the seal does not fit, and polls open the database until the next write.
//!
//! `tests/model/hints.rs` walks all interleavings, and shows what each broken rule loses.

mod notice;
mod page;
mod proof;
mod reader;
mod sample;
mod state;
mod verbs;
mod writer;

pub use notice::{Notice, READ_BY_POLLS};
pub use reader::{Hints, Whose, Witness};
pub use sample::Sample;
pub use writer::Registry;

use crate::base::id;
use std::hash::{DefaultHasher, Hasher};

/// The file's name in the database's folder.
pub const FILE: &str = "hints";

/// Where the seal lies in the file: behind the page.
const SEAL_AT: u64 = 4_096;
/// Where the sample of polls lies: behind the seal.
const SAMPLE_AT: u64 = 4_160;
/// Where the proofs begin.
const PROOFS_AT: u64 = 8_192;

/// A sum that tells a whole piece from a torn one. Another build of the program may sum up differently, and believes nothing then.
fn sum(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// A new value: random, because clocks are set back and process numbers come again.
fn fresh() -> Option<u64> {
    id::bytes().ok().map(u64::from_le_bytes)
}
