//! Memory that may not be there: a shared account has a limit, and an allocation that fails ends a Rust program without an
//! answer. So what is large is asked for first.

use super::error::{Error, Refused, Result, refuse};
use super::text;
use std::cell::Cell;
use std::hint::black_box;

thread_local! {
    /// What may still be read into memory, in bytes; nothing where it is not counted.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// From here on so much of what the store holds may be read into memory, or anything.
pub fn allow(bytes: Option<usize>) {
    LEFT.set(bytes);
}

/// Counts what is read into memory.
///
/// # Errors
/// [`Refused::AnswerTooLarge`] when it is more than was allowed.
pub fn hold(bytes: impl FnOnce() -> usize) -> Result<()> {
    let Some(left) = LEFT.get() else { return Ok(()) };
    match left.checked_sub(bytes()) {
        None => refuse(Refused::AnswerTooLarge, &text::ANSWER_TOO_LARGE),
        left => {
            LEFT.set(left);
            Ok(())
        }
    }
}

/// Is so much memory to be had, in bytes? It is given back at once: no page of it is touched.
///
/// # Errors
/// [`Error::NotReady`], in words for the operator.
pub fn check(bytes: usize) -> Result<()> {
    let mut probe = Vec::<u8>::new();
    let had = probe.try_reserve_exact(bytes).is_ok();
    // Else the compiler may leave out an allocation that nobody looks at.
    black_box(&probe);
    if had { Ok(()) } else { Err(missing(bytes)) }
}

/// The error when this many bytes could not be allocated.
pub fn missing(bytes: usize) -> Error {
    let mib = bytes.div_ceil(1024 * 1024);
    Error::NotReady(format!("not enough memory: {mib} MiB were not to be had; ask the host to raise the account's memory limit"))
}
