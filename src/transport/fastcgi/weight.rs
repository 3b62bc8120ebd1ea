//! How much memory the process has. What a large request took an allocator gives back in part only, and the rest stays for as
//! long as the process does.

use std::fs::File;
use std::io::Read;

/// The longest line of statm: seven numbers.
const LINE: usize = 160;

/// The memory in use that is the process's own, in bytes: what is resident without what is shared, the pages of its program, which a new
/// process would have, too (proc(5): statm is one short line, read in three system calls where status took eleven after each write).
pub fn resident() -> Option<u64> {
    let mut line = [0; LINE];
    let read = File::open("/proc/self/statm").and_then(|mut file| file.read(&mut line)).ok()?;
    let text = std::str::from_utf8(line.get(..read)?).ok()?;
    let mut pages = text.split_ascii_whitespace().skip(1).map_while(|number| number.parse::<u64>().ok());
    let (resident, shared) = (pages.next()?, pages.next()?);
    Some(resident.saturating_sub(shared) * rustix::param::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_used_is_seen() {
        let before = resident().unwrap();
        let held = std::hint::black_box(vec![1_u8; 32 << 20]);
        assert!(resident().unwrap() >= before.min(1 << 20) + (32 << 20));
        drop(held);
    }
}
