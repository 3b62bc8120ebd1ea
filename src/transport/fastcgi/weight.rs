//! How much memory the process has. What a large request took an allocator gives back in part only, and the rest stays for as
//! long as the process does.

use std::fs;

/// The memory in use that is the process's own, in bytes (proc(5)): without the pages of its program, which processes share and
/// which a new one would have, too. Kernels before 4.5 tell only both together.
pub fn resident() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let kib = ["RssAnon:", "VmRSS:"].iter().find_map(|name| text.lines().find_map(|line| line.strip_prefix(name)))?;
    kib.trim().strip_suffix(" kB")?.parse().ok().map(|kib: u64| kib * 1024)
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
