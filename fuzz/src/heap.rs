//! Counts what the heap holds, thread by thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

thread_local! {
    /// Bytes; wraps where a thread frees what another has allocated.
    static LIVE: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does everything; only sizes are noted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.with(|live| live.set(live.get().wrapping_add(layout.size())));
        // SAFETY: what the caller promises is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.with(|live| live.set(live.get().wrapping_sub(layout.size())));
        // SAFETY: what the caller promises is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What this thread holds, to be compared with [`grown_since`].
pub(crate) fn live() -> usize {
    LIVE.with(Cell::get)
}

/// How many bytes more this thread holds than at `before`; negative: fewer.
pub(crate) fn grown_since(before: usize) -> isize {
    live().wrapping_sub(before).cast_signed()
}
