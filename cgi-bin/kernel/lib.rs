//! What the web program asks of the kernel, and of the processor, in ways that Rust has no safe words for: memory of its own, copying, and
//! waiting for a lock with a limit. A program that takes this crate has C's symbols from it, and one thread.

#[cfg(target_arch = "x86_64")]
pub mod copy;
mod heap;
mod lock;

pub use lock::lock;
