//! Copying and comparing, for x86-64: musl copies a word of eight bytes by an instruction that takes some thirty cycles to begin, and
//! compares byte by byte, where most of what a request copies and compares is a few dozen bytes. In a static program these take the
//! places of C's functions, for SQLite and Rust alike.
//!
//! Short blocks are read whole before any of them is written, so it does not matter whether they overlap. Loops are written in
//! assembly: of a loop in Rust the compiler would make a call of the very function.

use core::arch::asm;
use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_storeu_si128};
use core::ptr::{read_unaligned as read, write_unaligned as write};

/// The bytes of a vector.
const VECTOR: usize = 16;
/// The longest block that is copied without a loop, in bytes.
const SHORT: usize = 8 * VECTOR;
/// From this size on, in bytes, the processor's own copying is faster than a loop, also where it has to begin first.
const LONG: usize = 2_048;

/// Reads the first and the last so many bytes, which may overlap, and writes both.
///
/// # Safety
///
/// As of [`copy`], and there are at least so many bytes.
#[inline(always)]
unsafe fn ends<T: Copy>(to: *mut u8, from: *const u8, size: usize) {
    let last = size - size_of::<T>();
    // SAFETY: the caller's; both lie within the blocks.
    unsafe {
        let (first, end): (T, T) = (read(from.cast()), read(from.add(last).cast()));
        write(to.cast(), first);
        write(to.add(last).cast(), end);
    }
}

/// Reads the two, or four, vectors at either end, which may overlap, and writes them.
///
/// # Safety
///
/// As of [`ends`].
#[inline(always)]
unsafe fn vectors(to: *mut u8, from: *const u8, size: usize) {
    let load = |at: usize| unsafe { _mm_loadu_si128(from.add(at).cast::<__m128i>()) };
    let store = |at: usize, vector| unsafe { _mm_storeu_si128(to.add(at).cast::<__m128i>(), vector) };
    let (a, b, y, z) = (load(0), load(VECTOR), load(size - 2 * VECTOR), load(size - VECTOR));
    if size > 4 * VECTOR {
        let (c, d, w, x) = (load(2 * VECTOR), load(3 * VECTOR), load(size - 4 * VECTOR), load(size - 3 * VECTOR));
        store(2 * VECTOR, c);
        store(3 * VECTOR, d);
        store(size - 4 * VECTOR, w);
        store(size - 3 * VECTOR, x);
    }
    store(0, a);
    store(VECTOR, b);
    store(size - 2 * VECTOR, y);
    store(size - VECTOR, z);
}

/// Copies a block of at most [`SHORT`] bytes.
///
/// # Safety
///
/// As of [`copy`].
#[inline(always)]
unsafe fn short(to: *mut u8, from: *const u8, size: usize) {
    // SAFETY: the caller's; each has at least as many bytes as it reads.
    unsafe {
        match size {
            0 => {}
            1 => write(to, read(from)),
            2..4 => ends::<u16>(to, from, size),
            4..8 => ends::<u32>(to, from, size),
            8..16 => ends::<u64>(to, from, size),
            16..=32 => ends::<__m128i>(to, from, size),
            _ => vectors(to, from, size),
        }
    }
}

/// Copies a long block from its beginning on.
///
/// # Safety
///
/// As of [`copy`]; `to` does not lie behind `from` within the block.
unsafe fn forward(to: *mut u8, from: *const u8, size: usize) {
    // SAFETY: the caller's. The last 64 bytes are read before anything is written, and written last.
    unsafe {
        asm!(
            "movups {a}, [{from} + {size} - 64]",
            "movups {b}, [{from} + {size} - 48]",
            "movups {c}, [{from} + {size} - 32]",
            "movups {d}, [{from} + {size} - 16]",
            "lea {end}, [{to} + {size} - 64]",
            "2:",
            "movups {e}, [{from}]",
            "movups {f}, [{from} + 16]",
            "movups {g}, [{from} + 32]",
            "movups {h}, [{from} + 48]",
            "movups [{to}], {e}",
            "movups [{to} + 16], {f}",
            "movups [{to} + 32], {g}",
            "movups [{to} + 48], {h}",
            "add {from}, 64",
            "add {to}, 64",
            "cmp {to}, {end}",
            "jb 2b",
            "movups [{end}], {a}",
            "movups [{end} + 16], {b}",
            "movups [{end} + 32], {c}",
            "movups [{end} + 48], {d}",
            to = inout(reg) to => _, from = inout(reg) from => _, size = in(reg) size, end = out(reg) _,
            a = out(xmm_reg) _, b = out(xmm_reg) _, c = out(xmm_reg) _, d = out(xmm_reg) _,
            e = out(xmm_reg) _, f = out(xmm_reg) _, g = out(xmm_reg) _, h = out(xmm_reg) _,
            options(nostack),
        );
    }
}

/// Copies a long block from its end on.
///
/// # Safety
///
/// As of [`copy`]; `to` lies behind `from`.
unsafe fn backward(to: *mut u8, from: *const u8, size: usize) {
    // SAFETY: the caller's. The first 64 bytes are read before anything is written, and written last.
    unsafe {
        asm!(
            "movups {a}, [{from}]",
            "movups {b}, [{from} + 16]",
            "movups {c}, [{from} + 32]",
            "movups {d}, [{from} + 48]",
            "2:",
            "movups {e}, [{from} + {size} - 64]",
            "movups {f}, [{from} + {size} - 48]",
            "movups {g}, [{from} + {size} - 32]",
            "movups {h}, [{from} + {size} - 16]",
            "movups [{to} + {size} - 64], {e}",
            "movups [{to} + {size} - 48], {f}",
            "movups [{to} + {size} - 32], {g}",
            "movups [{to} + {size} - 16], {h}",
            "sub {size}, 64",
            "cmp {size}, 64",
            "ja 2b",
            "movups [{to}], {a}",
            "movups [{to} + 16], {b}",
            "movups [{to} + 32], {c}",
            "movups [{to} + 48], {d}",
            to = in(reg) to, from = in(reg) from, size = inout(reg) size => _,
            a = out(xmm_reg) _, b = out(xmm_reg) _, c = out(xmm_reg) _, d = out(xmm_reg) _,
            e = out(xmm_reg) _, f = out(xmm_reg) _, g = out(xmm_reg) _, h = out(xmm_reg) _,
            options(nostack),
        );
    }
}

/// Copies a block; the two may overlap.
///
/// # Safety
///
/// `from` can be read and `to` written over `size` bytes.
#[inline(always)]
pub unsafe fn copy(to: *mut u8, from: *const u8, size: usize) {
    // SAFETY: the caller's.
    unsafe {
        if size <= SHORT {
            short(to, from, size);
        } else if to.addr().wrapping_sub(from.addr()) < size {
            backward(to, from, size);
        } else if size < LONG {
            forward(to, from, size);
        } else {
            asm!("rep movsb", inout("rcx") size => _, inout("rdi") to => _, inout("rsi") from => _, options(nostack, preserves_flags));
        }
    }
}

/// Below 0, 0 or above: the order of two blocks by their first byte that differs.
///
/// # Safety
///
/// Both can be read over `size` bytes.
#[inline(always)]
pub unsafe fn compare(one: *const u8, other: *const u8, size: usize) -> i32 {
    let word = |at: usize| unsafe { (read(one.add(at).cast::<u64>()), read(other.add(at).cast::<u64>())) };
    let mut at = 0;
    while at + 8 <= size {
        let (a, b) = word(at);
        if a != b {
            return order(a, b);
        }
        at += 8;
    }
    if at == size {
        return 0;
    }
    if size >= 8 {
        let (a, b) = word(size - 8);
        return if a == b { 0 } else { order(a, b) };
    }
    // SAFETY: within the blocks.
    unsafe { bytes(one, other, size) }
}

/// Are two blocks the same? Not by [`compare`]: of two functions with one body the compiler keeps one, and C's `memcmp` would be musl's
/// again.
///
/// # Safety
///
/// As of [`compare`].
#[inline(always)]
pub unsafe fn same(one: *const u8, other: *const u8, size: usize) -> bool {
    let differs = |at: usize| unsafe { read(one.add(at).cast::<u64>()) ^ read(other.add(at).cast::<u64>()) };
    if size < 8 {
        // SAFETY: the caller's.
        return unsafe { bytes(one, other, size) } == 0;
    }
    let last = size - 8;
    let mut at = 0;
    while at < last {
        if differs(at) != 0 {
            return false;
        }
        at += 8;
    }
    differs(last) == 0
}

/// The order of two words of memory, which differ.
fn order(a: u64, b: u64) -> i32 {
    if a.swap_bytes() < b.swap_bytes() { -1 } else { 1 }
}

/// The order of two blocks of fewer than eight bytes.
///
/// # Safety
///
/// As of [`compare`].
#[inline(always)]
unsafe fn bytes(one: *const u8, other: *const u8, size: usize) -> i32 {
    let mut at = 0;
    while at < size {
        // SAFETY: within the blocks.
        let (a, b) = unsafe { (*one.add(at), *other.add(at)) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
        at += 1;
    }
    0
}

/// C's names, in programs that are linked with musl.
#[cfg(target_env = "musl")]
mod c {
    use core::ffi::{c_int, c_void};

    /// C11 7.24.2.1.
    ///
    /// # Safety
    ///
    /// C's.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn memcpy(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void {
        // SAFETY: the caller's.
        unsafe { super::copy(to.cast(), from.cast(), size) };
        to
    }

    /// C11 7.24.2.2.
    ///
    /// # Safety
    ///
    /// C's.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn memmove(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void {
        // SAFETY: the caller's.
        unsafe { super::copy(to.cast(), from.cast(), size) };
        to
    }

    /// C11 7.24.4.1.
    ///
    /// # Safety
    ///
    /// C's.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn memcmp(one: *const c_void, other: *const c_void, size: usize) -> c_int {
        // SAFETY: the caller's.
        unsafe { super::compare(one.cast(), other.cast(), size) }
    }

    /// As `memcmp`: the name by which compilers ask whether blocks are the same.
    ///
    /// # Safety
    ///
    /// C's.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn bcmp(one: *const c_void, other: *const c_void, size: usize) -> c_int {
        // SAFETY: the caller's.
        c_int::from(!unsafe { super::same(one.cast(), other.cast(), size) })
    }
}
