//! The memory of the web program. A CGI process lives for a millisecond, and of that musl's `malloc` took a fifth: it lays each
//! size into pages of its own, and the first touch of each page is a fault of a microsecond. Here all sizes come out of one
//! dense piece, the first of which the kernel fills in one call.
//!
//! The symbols are C's, so that SQLite, the C library and Rust's standard library all use them. A program takes this crate by
//! `use heap as _;`. All calls are safe as C's are: a pointer that is given back came from here and is given back once.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::hint::spin_loop;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering};
use dlmalloc::{Allocator, Dlmalloc};

/// What a poll takes in all, in bytes: those pages are there before they are touched.
const FIRST: usize = 192 * 1024;
/// Asked of the kernel at once up to this size, pages and all; what is larger (a body, an answer) is filled as it is touched.
const FILLED_AT_ONCE: usize = 128 * 1024;
/// The alignment that C promises of `malloc`, in bytes.
const NATURAL: usize = 2 * size_of::<usize>();

/// Where the allocator has its pages from: the kernel, by `mmap`.
struct Pages {
    begun: AtomicBool,
}

impl Pages {
    /// How much is asked for in the place of `size`, and whether its pages are to be there at once.
    fn plan(&self, size: usize) -> (usize, bool) {
        let size = if self.begun.swap(true, Ordering::Relaxed) { size } else { size.max(FIRST) };
        (size, size <= FILLED_AT_ONCE.max(FIRST))
    }
}

// SAFETY: regions are the kernel's own anonymous mappings, which nobody else knows.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let (size, at_once) = self.plan(size);
        let flags = libc::MAP_ANONYMOUS | libc::MAP_PRIVATE | if at_once { libc::MAP_POPULATE } else { 0 };
        // SAFETY: a new mapping at an address that the kernel chooses.
        let region = unsafe { libc::mmap(null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        if region == libc::MAP_FAILED { (null_mut(), 0, 0) } else { (region.cast(), size, 0) }
    }

    fn remap(&self, region: *mut u8, old: usize, new: usize, can_move: bool) -> *mut u8 {
        let flags = if can_move { libc::MREMAP_MAYMOVE } else { 0 };
        // SAFETY: the allocator names a region that `alloc` gave it.
        let region = unsafe { libc::mremap(region.cast(), old, new, flags) };
        if region == libc::MAP_FAILED { null_mut() } else { region.cast() }
    }

    fn free_part(&self, region: *mut u8, old: usize, new: usize) -> bool {
        // SAFETY: the end of a region that `alloc` gave, which the allocator no longer uses.
        unsafe { libc::munmap(region.add(new).cast(), old - new) == 0 }
    }

    fn free(&self, region: *mut u8, size: usize) -> bool {
        // SAFETY: a region that `alloc` gave, which the allocator no longer uses.
        unsafe { libc::munmap(region.cast(), size) == 0 }
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        true
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        4096
    }
}

/// The allocator and its lock. The program has one thread; the lock is there for whoever adds another.
struct Heap {
    taken: AtomicBool,
    inner: UnsafeCell<Dlmalloc<Pages>>,
}

// SAFETY: `inner` is reached by `with` alone, under the lock.
unsafe impl Sync for Heap {}

static HEAP: Heap = Heap {
    taken: AtomicBool::new(false),
    inner: UnsafeCell::new(Dlmalloc::new_with_allocator(Pages { begun: AtomicBool::new(false) })),
};

/// Does `work` with the allocator. `work` allocates nothing by other ways and cannot panic.
fn with<T>(work: impl FnOnce(&mut Dlmalloc<Pages>) -> T) -> T {
    while HEAP.taken.swap(true, Ordering::Acquire) {
        spin_loop();
    }
    // SAFETY: the lock makes this the only reference.
    let done = work(unsafe { &mut *HEAP.inner.get() });
    HEAP.taken.store(false, Ordering::Release);
    done
}

/// What C's callers look at when there is no memory.
fn told<T>(region: *mut T) -> *mut T {
    if region.is_null() {
        // SAFETY: `errno` is this thread's own.
        unsafe { *libc::__errno_location() = libc::ENOMEM };
    }
    region
}

/// C11 7.22.3.4.
#[unsafe(no_mangle)]
pub extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: any size is legal.
    told(with(|heap| unsafe { heap.c_malloc(size) }).cast())
}

/// C11 7.22.3.2: the region holds zeros.
#[unsafe(no_mangle)]
pub extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else { return told(null_mut()) };
    // SAFETY: any size is legal, the alignment is the natural one.
    told(with(|heap| unsafe { heap.calloc(size, NATURAL) }).cast())
}

/// C11 7.22.3.5.
///
/// # Safety
///
/// `region` is null or came from here and was not given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(region: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's.
    told(with(|heap| unsafe { heap.c_realloc(region.cast(), size) }).cast())
}

/// C11 7.22.3.3.
///
/// # Safety
///
/// `region` is null or came from here and was not given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(region: *mut c_void) {
    // SAFETY: the caller's.
    with(|heap| unsafe { heap.c_free(region.cast()) });
}

/// C11 7.22.3.1; an alignment that is no power of two is refused.
#[unsafe(no_mangle)]
pub extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    if !align.is_power_of_two() {
        return told(null_mut());
    }
    // SAFETY: the alignment is a power of two.
    told(with(|heap| unsafe { heap.c_memalign(align, size) }).cast())
}

/// As `aligned_alloc`: the name that older C has for it.
#[unsafe(no_mangle)]
pub extern "C" fn memalign(align: usize, size: usize) -> *mut c_void {
    aligned_alloc(align, size)
}

/// POSIX.1-2017: the region is put into `place`, and errors are returned.
///
/// # Safety
///
/// `place` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(place: *mut *mut c_void, align: usize, size: usize) -> c_int {
    if !align.is_power_of_two() || align < size_of::<usize>() {
        return libc::EINVAL;
    }
    // SAFETY: the alignment is a power of two.
    let region: *mut c_void = with(|heap| unsafe { heap.c_memalign(align, size) }).cast();
    if region.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller's.
    unsafe { *place = region };
    0
}
