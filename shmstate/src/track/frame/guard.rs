//! The frames of guards, which last from call to call.

use super::Frame;
#[cfg(any(test, feature = "dynamic"))]
use super::{GUARD, INNERMOST, Running, thread_number, unlink, unlink_from_within};
use crate::sync::{AtomicU32, Ordering};
use std::cell::Cell;
#[cfg(any(test, feature = "dynamic"))]
use std::ptr::{self, NonNull};

/// The frame of a guard, with what only such a frame has. It lies on the heap.
pub(super) struct Guard {
    #[cfg(any(test, feature = "dynamic"))]
    frame: Frame,
    updates: bool,
    /// Whether it is the guard of the process that this one was forked from.
    inherited: Cell<bool>,
    /// Not 0 if another thread has dropped the guard.
    closed: AtomicU32,
}

impl Guard {
    pub(super) fn updates(&self) -> bool {
        self.updates
    }

    /// Whether another thread has dropped the guard.
    fn is_dropped(&self) -> bool {
        self.closed.load(Ordering::Acquire) != 0 // pairs with the store of `OpenFrame::drop`
    }

    /// Whether it does not count on this thread any more.
    pub(super) fn is_closed_here(&self) -> bool {
        self.is_dropped() || self.inherited.get()
    }
}

/// In a child of `fork`, on the one thread that it has: the parent's guards are not open here, because the child can neither use nor
/// end them. Nothing is allocated or freed.
pub(crate) fn close_inherited() {
    Frame::any_listed(|frame| {
        // SAFETY: as long as the frame is in the list, so is its guard.
        frame.guard().inspect(|guard| unsafe { guard.as_ref() }.inherited.set(true));
        false
    });
}

/// The frame of a guard: open from when it is made until it is dropped, on the thread that made it.
///
/// It may be dropped on another thread, which cannot change this thread's list. The other thread marks the frame as closed, and the
/// thread that made the frame frees it when it makes its next one. If that thread has ended, the frame stays on the heap.
#[cfg(any(test, feature = "dynamic"))]
pub(crate) struct OpenFrame {
    /// Invariant: not freed before `self` is dropped. Only the thread of that number touches more of it than `closed`.
    guard: NonNull<Guard>,
    thread: u64,
}

// SAFETY: by the invariant of the field, and what `drop` does.
#[cfg(any(test, feature = "dynamic"))]
unsafe impl Send for OpenFrame {}
// SAFETY: nothing can be done with a reference.
#[cfg(any(test, feature = "dynamic"))]
unsafe impl Sync for OpenFrame {}

#[cfg(any(test, feature = "dynamic"))]
impl OpenFrame {
    /// Opens the frame of a guard over the region with those numbers, on this thread.
    pub(crate) fn new(region: [u64; 2], updates: bool) -> OpenFrame {
        sweep();
        let frame = Frame { outer: Cell::new(INNERMOST.get()), ..Frame::new(region) };
        let guard = NonNull::from(Box::leak(Box::new(Guard {
            frame,
            updates,
            inherited: Cell::new(false),
            closed: AtomicU32::new(0),
        })));
        // SAFETY: made just now.
        let frame = unsafe { &guard.as_ref().frame };
        frame.running.set(guard.as_ptr().cast::<Running>().map_addr(|address| address | GUARD));
        INNERMOST.set(frame);
        OpenFrame { guard, thread: thread_number() }
    }
}

#[cfg(any(test, feature = "dynamic"))]
impl Drop for OpenFrame {
    fn drop(&mut self) {
        // SAFETY: the invariant of the field.
        let guard = unsafe { self.guard.as_ref() };
        if self.thread != thread_number() {
            guard.closed.store(1, Ordering::Release); // pairs with the load of `is_dropped`; the guard may be freed after it
            return;
        }
        let (frame, outer) = (ptr::from_ref(&guard.frame), guard.frame.outer.get());
        let was_listed = if ptr::eq(INNERMOST.get(), frame) {
            INNERMOST.set(outer);
            true
        } else {
            unlink_from_within(frame, outer)
        };
        // Else the thread that made it has ended, and this one has got its number.
        if was_listed {
            // SAFETY: made by `Box::leak`; the list does not have it any more.
            drop(unsafe { Box::from_raw(self.guard.as_ptr()) });
        }
    }
}

/// Frees the frames of guards that other threads have dropped.
#[cfg(any(test, feature = "dynamic"))]
fn sweep() {
    loop {
        let mut closed: Option<NonNull<Guard>> = None;
        Frame::any_listed(|frame| {
            // SAFETY: it is in the list.
            closed = frame.guard().filter(|guard| unsafe { guard.as_ref() }.is_dropped());
            closed.is_some()
        });
        let Some(guard) = closed else { return };
        // SAFETY: it is in the list.
        unlink(unsafe { &raw const guard.as_ref().frame });
        // SAFETY: made by `Box::leak`; what dropped it on another thread is done with it, and the list does not have it any more.
        drop(unsafe { Box::from_raw(guard.as_ptr()) });
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    const A: [u64; 2] = [1, 1];
    const B: [u64; 2] = [1, 2];

    #[test]
    fn frames_of_guards_are_open_until_they_are_dropped_in_any_order() {
        let first = OpenFrame::new(A, true);
        let second = OpenFrame::new(B, false);
        assert!(Frame::is_written(A) && Frame::is_open(B) && !Frame::is_written(B));
        Frame::new(B).enter(|| drop(first));
        assert!(!Frame::is_open(A) && Frame::is_open(B));
        drop(second);
        assert!(INNERMOST.get().is_null());
    }

    #[test]
    fn guards_that_a_child_has_inherited_are_not_open_in_it() {
        let inherited = OpenFrame::new(A, true);
        close_inherited();
        assert!(!Frame::is_open(A) && !Frame::is_written(A));
        let own = OpenFrame::new(A, false);
        assert!(Frame::is_open(A) && !Frame::is_written(A));
        drop(inherited);
        assert!(Frame::is_open(A));
        drop(own);
        assert!(INNERMOST.get().is_null());
    }

    #[test]
    fn another_thread_may_drop_the_frame_of_a_guard() {
        let (outer, inner) = (OpenFrame::new(A, true), OpenFrame::new(B, true));
        std::thread::spawn(move || {
            assert!(!Frame::is_open(A), "it is open on the thread that made it");
            drop(outer);
        })
        .join()
        .unwrap();
        assert!(!Frame::is_open(A) && Frame::is_open(B));
        drop(inner);
        assert!(!INNERMOST.get().is_null(), "the closed one is still there");
        drop(OpenFrame::new(B, false));
        assert!(INNERMOST.get().is_null(), "it was swept");
    }
}
