//! The page and the seal, as they lie in the file.

use super::state::State;
use super::{SEAL_AT, fresh, sum};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Numbers of eight bytes in the page.
const WORDS: usize = 512;
/// Where the slots begin: behind the layout's number, the generation and the stamp.
const SLOTS_AT: usize = 3;
/// Slots for tenants. Two that share one only make each other's polls open the database.
const SLOTS: usize = 500;
/// Where the sum of the rest is.
const SUM_AT: usize = WORDS - 1;
/// Bytes of the page.
const BYTES: usize = WORDS * 8;
/// This layout; another program's page is none.
const LAYOUT: u64 = 0x5448_4E01;
/// Bytes of a seal: the state, the inode, the stamp, the sum.
const SEAL: usize = 40;

/// The numbers that change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page(Box<[u64; WORDS]>);

impl Page {
    /// The page, if it is whole.
    pub fn read(file: &File) -> Option<Page> {
        let mut bytes = [0; BYTES];
        file.read_exact_at(&mut bytes, 0).ok()?;
        let mut words = Box::new([0; WORDS]);
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        let summed = sum(bytes.get(..SUM_AT * 8)?);
        (words[0] == LAYOUT && words[SUM_AT] == summed).then_some(Page(words))
    }

    /// A page that says nothing of anybody.
    pub fn anew() -> Option<Page> {
        let mut words = Box::new([0; WORDS]);
        (words[0], words[1]) = (LAYOUT, fresh()?);
        Some(Page(words))
    }

    /// Writes it, in one call.
    pub fn write(&self, file: &File) -> Option<()> {
        let mut bytes: Vec<u8> = self.0[..SUM_AT].iter().flat_map(|word| word.to_le_bytes()).collect();
        let summed = sum(&bytes);
        bytes.extend(summed.to_le_bytes());
        file.write_all_at(&bytes, 0).ok()
    }

    /// What changes for everybody.
    pub fn generation(&self) -> u64 {
        self.0[1]
    }

    /// Nobody's proof is good any more.
    pub fn forget_all(&mut self) -> Option<()> {
        self.0[1] = fresh()?;
        Some(())
    }

    /// What each writer changes.
    pub fn stamp(&self) -> u64 {
        self.0[2]
    }

    /// A writer's new stamp.
    pub fn restamp(&mut self) -> Option<()> {
        self.0[2] = fresh()?;
        Some(())
    }

    /// What changes for a tenant.
    pub fn slot(&self, tenant: i64) -> u64 {
        self.0[place(tenant)]
    }

    /// The proofs of a tenant's members are good no more.
    pub fn forget(&mut self, tenant: i64) -> Option<()> {
        self.0[place(tenant)] = fresh()?;
        Some(())
    }
}

fn place(tenant: i64) -> usize {
    SLOTS_AT + usize::try_from(tenant.unsigned_abs() % SLOTS as u64).unwrap_or_default()
}

/// Which state a page was true of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    state: State,
    stamp: u64,
}

impl Seal {
    /// The seal that says so.
    pub fn of(state: State, page: &Page) -> Seal {
        Seal { state, stamp: page.stamp() }
    }

    /// The seal in the file, if it is whole.
    pub fn read(file: &File) -> Option<Seal> {
        let mut bytes = [0; SEAL];
        file.read_exact_at(&mut bytes, SEAL_AT).ok()?;
        let number = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes);
        let state = State { header: *bytes.first_chunk()?, inode: number(16)? };
        let whole = number(32)? == sum(bytes.get(..32)?);
        whole.then_some(Seal { state, stamp: number(24)? })
    }

    /// Writes it, in one call.
    pub fn write(&self, file: &File) -> Option<()> {
        let mut bytes = self.state.header.to_vec();
        bytes.extend([self.state.inode, self.stamp].iter().flat_map(|number| number.to_le_bytes()));
        let summed = sum(&bytes);
        bytes.extend(summed.to_le_bytes());
        file.write_all_at(&bytes, SEAL_AT).ok()
    }
}
