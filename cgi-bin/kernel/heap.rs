//! The memory of the web program. A CGI process lives for a millisecond, and of that musl's `malloc` took a fifth: it lays each
//! size into pages of its own, and the first touch of each page is a fault of a microsecond. Here all sizes come out of one
//! dense piece, the first of which the kernel fills in one call.
//!
//! The symbols are C's, so that SQLite, the C library and Rust's standard library all use them. All calls are safe as C's are: a pointer that is given back came from here and is given back once.

use core::cell::{Cell, UnsafeCell};
use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use dlmalloc::{Allocator, Dlmalloc};

/// What a poll takes in all, in bytes: those pages are there before they are touched, and so are those of later pieces up to this size.
const FIRST: usize = 192 * 1024;
/// A block that is a mapping of its own has its pages at once up to this size; what is larger (a body, an answer) is filled as it is touched.
const FILLED_AT_ONCE: usize = 128 * 1024;
/// A page of memory, in bytes: where processors differ it is the smallest.
const PAGE: usize = 4_096;
/// The alignment that C promises of `malloc`, in bytes.
const NATURAL: usize = 2 * size_of::<usize>();

/// New pages of zeros, or null.
fn mapped(size: usize, flags: c_int) -> *mut u8 {
    let (flags, access) = (libc::MAP_ANONYMOUS | libc::MAP_PRIVATE | flags, libc::PROT_READ | libc::PROT_WRITE);
    // SAFETY: a new mapping at an address that the kernel chooses.
    let region = unsafe { libc::mmap(null_mut(), size, access, flags, -1, 0) };
    if region == libc::MAP_FAILED { null_mut() } else { region.cast() }
}

/// Where the allocator has its pages from: the kernel, by `mmap`.
struct Pages {
    begun: Cell<bool>,
}

impl Pages {
    /// How much is asked for in the place of `size`, and whether its pages are to be there at once.
    fn plan(&self, size: usize) -> (usize, bool) {
        let size = if self.begun.replace(true) { size } else { size.max(FIRST) };
        (size, size <= FIRST)
    }
}

// SAFETY: regions are the kernel's own anonymous mappings, which nobody else knows.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let (size, at_once) = self.plan(size);
        let region = mapped(size, if at_once { libc::MAP_POPULATE } else { 0 });
        if region.is_null() { (region, 0, 0) } else { (region, size, 0) }
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
        PAGE
    }
}

/// From this size on, in bytes, a block is a mapping of its own, which grows without being copied and goes back to the kernel when it is freed: what
/// one large request took is not kept for those that follow. With 96 KiB an export of 25 MiB took 34 MiB, so 15.
const LARGE: usize = 64 * 1024;
/// The most such blocks at a time; one more comes out of the dense piece as small ones do.
const MOST_LARGE: usize = 64;

/// A block that is a mapping of its own.
#[derive(Clone, Copy)]
struct Block {
    at: *mut u8,
    size: usize,
}

/// No block.
const NONE: Block = Block { at: null_mut(), size: 0 };

/// The allocator, and the large blocks beside it.
struct Heap {
    small: Dlmalloc<Pages>,
    large: [Block; MOST_LARGE],
}

impl Heap {
    /// Where a block of this address is listed. Mappings begin at pages, which few small blocks do.
    fn listed(&mut self, at: *mut u8) -> Option<&mut Block> {
        let may = !at.is_null() && at.addr().is_multiple_of(PAGE);
        if may { self.large.iter_mut().find(|block| block.at == at) } else { None }
    }

    fn malloc(&mut self, size: usize) -> *mut u8 {
        // SAFETY: any size is legal.
        if size < LARGE { unsafe { self.small.c_malloc(size) } } else { self.map(size) }
    }

    fn map(&mut self, size: usize) -> *mut u8 {
        // SAFETY: any size is legal; an end of a block is where there is none.
        let Some(free) = self.large.iter_mut().find(|block| block.at.is_null()) else {
            return unsafe { self.small.c_malloc(size) };
        };
        let at = mapped(size, if size <= FILLED_AT_ONCE { libc::MAP_POPULATE } else { 0 });
        if !at.is_null() {
            *free = Block { at, size };
        }
        at
    }

    fn calloc(&mut self, size: usize) -> *mut u8 {
        if size < LARGE {
            // SAFETY: any size is legal, the alignment is the natural one.
            return unsafe { self.small.calloc(size, NATURAL) };
        }
        let at = self.map(size);
        if !at.is_null() && self.listed(at).is_none() {
            // SAFETY: the block has that size.
            unsafe { at.write_bytes(0, size) };
        }
        at
    }

    /// # Safety
    ///
    /// `at` is null or one of ours.
    unsafe fn realloc(&mut self, at: *mut u8, size: usize) -> *mut u8 {
        if let Some(block) = self.listed(at) {
            // SAFETY: the whole of a mapping of ours; where it moves to is ours.
            let moved = unsafe { libc::mremap(at.cast(), block.size, size.max(1), libc::MREMAP_MAYMOVE) };
            if moved == libc::MAP_FAILED {
                return null_mut();
            }
            *block = Block { at: moved.cast(), size: size.max(1) };
            return block.at;
        }
        // SAFETY: the caller's.
        let small = unsafe { self.small.c_realloc(at, size) };
        if size < LARGE || small.is_null() {
            return small;
        }
        let large = self.map(size);
        if self.listed(large).is_none() {
            // SAFETY: `map` had no place for it: a small block that nobody uses.
            unsafe { self.small.c_free(large) };
            return small;
        }
        // SAFETY: two blocks of that size.
        unsafe { large.copy_from_nonoverlapping(small, size) };
        // SAFETY: what was in it is in the other one.
        unsafe { self.small.c_free(small) };
        large
    }

    /// # Safety
    ///
    /// `at` is null or one of ours.
    unsafe fn free(&mut self, at: *mut u8) {
        match self.listed(at) {
            Some(block) => {
                // SAFETY: the whole of a mapping of ours.
                unsafe { libc::munmap(at.cast(), block.size) };
                *block = NONE;
            }
            // SAFETY: the caller's.
            None => unsafe { self.small.c_free(at) },
        }
    }
}

/// The heap of a program that has one thread: [`pthread_create`] sees to that. A lock that nobody waits for took a twentieth of a poll.
struct Own(UnsafeCell<Heap>);

// SAFETY: there is no other thread.
unsafe impl Sync for Own {}

static HEAP: Own = Own(UnsafeCell::new(Heap {
    small: Dlmalloc::new_with_allocator(Pages { begun: Cell::new(false) }),
    large: [NONE; MOST_LARGE],
}));

/// Does `work` with the heap. `work` allocates nothing by other ways and cannot panic.
fn with<T>(work: impl FnOnce(&mut Heap) -> T) -> T {
    // SAFETY: there is no other thread, and no other reference while `work` runs; the program's handlers of signals allocate nothing.
    work(unsafe { &mut *HEAP.0.get() })
}

/// Starts no thread: whoever asks is told that there is none to be had. The heap is this thread's alone.
#[unsafe(no_mangle)]
pub extern "C" fn pthread_create(_: *mut c_void, _: *const c_void, _: *const c_void, _: *mut c_void) -> c_int {
    libc::EAGAIN
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
    told(with(|heap| heap.malloc(size)).cast())
}

/// C11 7.22.3.2: the region holds zeros.
#[unsafe(no_mangle)]
pub extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else { return told(null_mut()) };
    told(with(|heap| heap.calloc(size)).cast())
}

/// C11 7.22.3.5.
///
/// # Safety
///
/// `region` is null or came from here and was not given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(region: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's.
    told(with(|heap| unsafe { heap.realloc(region.cast(), size) }).cast())
}

/// C11 7.22.3.3.
///
/// # Safety
///
/// `region` is null or came from here and was not given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(region: *mut c_void) {
    // SAFETY: the caller's.
    with(|heap| unsafe { heap.free(region.cast()) });
}

/// C11 7.22.3.1; an alignment that is no power of two is refused.
#[unsafe(no_mangle)]
pub extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    if !align.is_power_of_two() {
        return told(null_mut());
    }
    // SAFETY: the alignment is a power of two.
    told(with(|heap| unsafe { heap.small.c_memalign(align, size) }).cast())
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
    let region: *mut c_void = with(|heap| unsafe { heap.small.c_memalign(align, size) }).cast();
    if region.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller's.
    unsafe { *place = region };
    0
}
