//! Stacks of explored threads, kept from one execution to the next: loom maps a stack for each thread of each execution, and
//! unmaps it. The kernel spent a third of an exploration's time on that.
//!
//! What a program defines itself comes before what the C library has of the same name, for all that is linked into the program.

use libc::{MAP_STACK, SYS_mmap, SYS_munmap, c_int, c_long, c_void, off_t, size_t, syscall};
use std::cell::RefCell;

/// A mapping that was made for a stack. Its lowest page stays inaccessible.
#[derive(Clone, Copy)]
struct Stack {
    start: *mut c_void,
    len: size_t,
    used: bool,
}

thread_local! {
    /// Those of the explorations of this thread: as many as an execution has threads, and a few more.
    static STACKS: RefCell<Vec<Stack>> = const { RefCell::new(Vec::new()) };
}

/// So many stacks are kept, at most.
const KEPT: usize = 16;

/// Does it with the stacks of this thread, which has none any more while it ends.
fn with_stacks<R>(f: impl FnOnce(&mut Vec<Stack>) -> Option<R>) -> Option<R> {
    STACKS.try_with(|stacks| f(&mut *stacks.try_borrow_mut().ok()?)).ok()?
}

/// Maps, as the C library does, but takes a stack that is kept.
///
/// # Safety
///
/// Those of the C library's.
#[unsafe(no_mangle)]
unsafe extern "C" fn mmap(
    at: *mut c_void,
    len: size_t,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: off_t,
) -> *mut c_void {
    let is_stack = at.is_null() && flags & MAP_STACK != 0;
    let kept = with_stacks(|stacks| {
        let stack = stacks.iter_mut().find(|stack| is_stack && !stack.used && stack.len == len)?;
        stack.used = true;
        Some(stack.start)
    });
    kept.unwrap_or_else(|| {
        // SAFETY: the caller's.
        let start = unsafe { syscall(SYS_mmap, at, len, protection, flags, file, offset as c_long) } as *mut c_void;
        if is_stack && start != libc::MAP_FAILED {
            with_stacks(|stacks| (stacks.len() < KEPT).then(|| stacks.push(Stack { start, len, used: true })));
        }
        start
    })
}

/// Unmaps, as the C library does, but keeps a stack.
///
/// # Safety
///
/// Those of the C library's.
#[unsafe(no_mangle)]
unsafe extern "C" fn munmap(start: *mut c_void, len: size_t) -> c_int {
    let kept = with_stacks(|stacks| {
        let stack = stacks.iter_mut().find(|stack| stack.used && (stack.start, stack.len) == (start, len))?;
        stack.used = false;
        Some(0)
    });
    // SAFETY: the caller's.
    kept.unwrap_or_else(|| unsafe { syscall(SYS_munmap, start, len) } as c_int)
}
