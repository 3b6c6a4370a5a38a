//! The closures and guards that are open on this thread.
//!
//! Each `read` and `update` links a frame into a thread-local list while its closure runs. The frame of a read lies on its stack,
//! that of an update in its handle, that of a guard ([`OpenFrame`]) on the heap. The list answers two questions: is this region
//! already open on this thread (an update would then wait for itself), and does this container lie in the copy that an open update
//! writes (its touches may then go to that update's ranges and pages).

use super::{DirtyRanges, Stamp};
use std::cell::Cell;
use std::ops::Range;
use std::ptr::{self, NonNull};

mod guard;

use guard::Guard;
#[cfg(feature = "dynamic")]
pub(crate) use guard::OpenFrame;
pub(crate) use guard::close_inherited;

/// The update that a handle runs, as its containers find it.
pub(crate) struct Running {
    /// The address of the copy that is being written.
    copy: Cell<usize>,
    /// Bytes of it.
    size: usize,
    /// The transaction's id; the last one's between two updates. Odd, so that it is never 0.
    tx: Cell<u64>,
    /// What it has touched.
    pub(crate) touched: DirtyRanges,
}

impl Running {
    /// For a state of `size` bytes; ids are counted up from `tx`.
    pub(crate) fn new(size: usize, tx: u64) -> Self {
        Running { copy: Cell::new(0), size, tx: Cell::new(tx | 1), touched: DirtyRanges::new(size as u64) }
    }

    /// A new transaction, which has touched nothing, writes the copy at the address `copy`. Returns its id.
    #[inline]
    pub(crate) fn begin(&self, copy: usize) -> u64 {
        let tx = self.tx.get().wrapping_add(2);
        self.tx.set(tx);
        self.copy.set(copy);
        self.touched.clear_ranges();
        tx
    }

    /// The transaction's id.
    pub(crate) fn tx(&self) -> u64 {
        self.tx.get()
    }
}

/// One open closure or guard.
pub(crate) struct Frame {
    outer: Cell<*const Frame>,
    /// The numbers of the region, which no other one has at the same time.
    region: [u64; 2],
    /// Null for a read. For a guard, in whose update no container looks for its place: the address of the guard, with [`GUARD`]
    /// added. Invariant: while the frame is open, what it points to lives, and an update is written by this thread alone.
    running: Cell<*const Running>,
}

/// Added to the address of a guard in [`Frame::running`]: no update has an odd one.
const GUARD: usize = 1;

thread_local! {
    /// The innermost open closure. Invariant: null, or a frame whose [`Frame::enter`] runs on this thread, or one that
    /// [`OpenFrame::new`] has made on this thread and that has not been freed.
    static INNERMOST: Cell<*const Frame> = const { Cell::new(ptr::null()) };
}

impl Frame {
    /// A closure over the region with those numbers.
    #[inline]
    pub(crate) fn new(region: [u64; 2]) -> Self {
        Frame { outer: Cell::new(ptr::null()), region, running: Cell::new(ptr::null()) }
    }

    /// Runs `f` with this closure, which is an update's, open.
    ///
    /// # Safety
    /// `running` lives until this returns, and no other thread accesses it.
    #[inline]
    pub(crate) unsafe fn enter_update<R>(&self, running: *const Running, f: impl FnOnce() -> R) -> R {
        self.running.set(running);
        self.enter(f)
    }

    /// Runs `f` with this closure open, while this thread has the writer's lock: it counts as an update in whose copy no container is.
    pub(crate) fn enter_locked<R>(&self, f: impl FnOnce() -> R) -> R {
        let running = Box::new(Running::new(0, 0));
        // SAFETY: it is on the heap of this call, and no other thread has it.
        unsafe { self.enter_update(&raw const *running, f) }
    }

    /// Runs `f` with this closure open; it is closed on every way out, unwinding included.
    #[inline]
    pub(crate) fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Close(*const Frame);
        impl Drop for Close {
            #[inline]
            fn drop(&mut self) {
                unlink(self.0);
            }
        }
        let this = ptr::from_ref(self);
        self.outer.set(INNERMOST.get());
        INNERMOST.set(this);
        let _close = Close(this);
        f()
    }

    /// Whether a closure over that region is open on this thread.
    #[inline]
    pub(crate) fn is_open(region: [u64; 2]) -> bool {
        Self::any(|frame| frame.region == region)
    }

    /// Whether an update of that region is running on this thread.
    pub(crate) fn is_written(region: [u64; 2]) -> bool {
        Self::any(|frame| frame.region == region && frame.updates())
    }

    fn updates(&self) -> bool {
        // SAFETY: as long as the frame is in the list, so is its guard.
        self.guard().map_or(!self.running.get().is_null(), |guard| unsafe { guard.as_ref() }.updates())
    }

    /// Whether `is` holds for a frame that is still open.
    #[inline]
    fn any(mut is: impl FnMut(&Frame) -> bool) -> bool {
        Self::any_listed(|frame| is(frame) && !frame.is_closed())
    }

    /// Whether another thread has dropped the guard, or it is that of a process that this one was forked from.
    fn is_closed(&self) -> bool {
        // SAFETY: as long as the frame is in the list, so is its guard.
        self.guard().is_some_and(|guard| unsafe { guard.as_ref() }.is_closed_here())
    }

    /// The guard, if it is the frame of one.
    fn guard(&self) -> Option<NonNull<Guard>> {
        let running = self.running.get();
        let is_guard = running.addr() & GUARD != 0;
        NonNull::new(running.map_addr(|address| address & !GUARD).cast_mut().cast::<Guard>()).filter(|_| is_guard)
    }

    /// The update that this closure is.
    #[inline(always)]
    fn running(&self) -> Option<&Running> {
        let running = self.running.get();
        // SAFETY: the invariant of the field: the frame is open; without the bit, it is null or an update.
        if running.addr() & GUARD == 0 { unsafe { running.as_ref() } } else { None }
    }

    /// The update that this closure is, if the container at address `container` lies in the copy that it writes, and `stamp` is of
    /// that transaction and offset.
    #[inline(always)]
    fn home(&self, container: usize, stamp: Stamp) -> Option<&Running> {
        let running = self.running()?;
        let offset = container.wrapping_sub(running.copy.get()) as u64;
        let inside = offset < running.size as u64;
        (inside && stamp.tx() == running.tx.get() && stamp.offset() == offset).then_some(running)
    }

    #[inline]
    fn any_listed(mut is: impl FnMut(&Frame) -> bool) -> bool {
        let mut next = INNERMOST.get();
        // SAFETY: the list holds frames whose `enter` is still running on this thread, further out than this call: they
        // are borrowed by those calls, and nothing moves or changes them until they return; and frames of guards, which only
        // this thread frees, after it has taken them out of the list.
        while let Some(frame) = unsafe { next.as_ref() } {
            if is(frame) {
                return true;
            }
            next = frame.outer.get();
        }
        false
    }
}

/// Takes a frame out of the list. It is the innermost one, unless a coroutine was left in its closure and closes it now,
/// under frames that were opened since.
#[inline]
fn unlink(closing: *const Frame) {
    // SAFETY: the frame's `enter` is still running.
    let outer = unsafe { &*closing }.outer.get();
    if ptr::eq(INNERMOST.get(), closing) {
        INNERMOST.set(outer);
    } else {
        let _ = unlink_from_within(closing, outer);
    }
}

/// Returns whether it was in the list.
#[cold]
fn unlink_from_within(closing: *const Frame, outer: *const Frame) -> bool {
    Frame::any_listed(|frame| {
        let inside = ptr::eq(frame.outer.get(), closing);
        if inside {
            frame.outer.set(outer);
        }
        inside
    })
}

/// A number that no other thread has while this one lives; never 0. A later thread may have it again.
#[inline]
pub(crate) fn thread_number() -> u64 {
    INNERMOST.with(|innermost| ptr::from_ref(innermost).addr() as u64)
}

/// Adds `bytes` (relative to the container at address `container`; there are some) to what the open update that writes this
/// container has touched, exactly or by their pages. Does so only if the container is current there: if its `stamp` is of that
/// transaction and of its place. Returns whether it was.
#[inline(never)]
pub(crate) fn spill(container: usize, stamp: Stamp, bytes: Range<usize>, exactly: bool) -> bool {
    Frame::any(|frame| {
        let Some(running) = frame.home(container, stamp) else { return false };
        let bytes = stamp.offset() + bytes.start as u64..stamp.offset() + bytes.end as u64;
        if exactly {
            running.touched.add_bytes(bytes)
        } else {
            running.touched.add_pages(bytes)
        }
        true
    })
}

/// [`spill`], exactly, if the innermost closure is that update, and has room for one of at most `most` ranges.
#[inline(always)]
pub(crate) fn spill_to_innermost(container: usize, stamp: Stamp, bytes: Range<usize>, most: usize) -> bool {
    // SAFETY: as in [`Frame::any`].
    let innermost = unsafe { INNERMOST.get().as_ref() };
    let Some(running) = innermost.and_then(|frame| frame.home(container, stamp)) else { return false };
    running.touched.try_add_once(stamp.offset() + bytes.start as u64..stamp.offset() + bytes.end as u64, most)
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    const A: [u64; 2] = [1, 1];
    const B: [u64; 2] = [1, 2];

    #[test]
    fn frames_close_on_every_way_out() {
        assert!(!Frame::is_open(A));
        Frame::new(A).enter(|| {
            assert!(Frame::is_open(A) && !Frame::is_open(B));
            let unwound = std::panic::catch_unwind(|| Frame::new(B).enter(|| panic!("out")));
            assert!(unwound.is_err());
            assert!(Frame::is_open(A) && !Frame::is_open(B));
            std::thread::scope(|s| {
                s.spawn(|| assert!(!Frame::is_open(A), "another thread has closures of its own"));
            });
        });
        assert!(!Frame::is_open(A));
    }

    #[test]
    fn a_frame_that_closes_under_others_leaves_them() {
        let (a, b) = (Frame::new(A), Frame::new(B));
        a.enter(|| {
            b.enter(|| {
                unlink(ptr::from_ref(&a)); // as by a coroutine that ends here
                assert!(!Frame::is_open(A) && Frame::is_open(B));
            });
            assert!(!Frame::is_open(A) && !Frame::is_open(B));
        });
        assert!(INNERMOST.get().is_null());
    }

    #[test]
    fn only_a_container_at_home_spills() {
        let (frame, running) = (Frame::new(A), Running::new(100_000, 5));
        assert_eq!(running.begin(1_000_000), 7);
        let touched = &running.touched;
        let home = Stamp::root(7).at(4096);
        let spills = || {
            assert!(!spill(1_004_096, Stamp::root(8).at(4096), 0..1, false), "another transaction");
            assert!(!spill(1_004_104, home, 0..1, true), "another place");
            assert!(!spill(2_000_000, home, 0..1, false), "another memory");
            assert!(!touched.spilled() && touched.count() == 0);
            assert!(spill(1_004_096, home, 0..1, false));
            assert!(spill(1_004_096, home, 8..9, true));
            let innermost = |container, stamp, bytes, most| spill_to_innermost(container, stamp, bytes, most);
            assert!(!innermost(1_004_096, Stamp::root(8).at(4096), 32..40, 9), "another transaction");
            assert!(!innermost(1_004_104, home, 32..40, 9), "another place");
            assert!(!innermost(1_004_096, home, 32..40, 1), "there is one range");
            assert!(innermost(1_004_096, home, 32..40, 2) && innermost(1_004_096, home, 32..40, 2));
            assert!(spill(1_004_096, home, 64..72, true));
        };
        // SAFETY: it lives, and is this thread's.
        unsafe { frame.enter_update(&raw const running, spills) }
        let mut runs = vec![];
        touched.pages().for_each_run(|run| runs.push(run));
        assert_eq!(runs, vec![4096..8192]);
        assert_eq!(touched.ranges().collect::<Vec<_>>(), [513 << 32 | 514, 516 << 32 | 517, 520 << 32 | 521]);
        assert!(!spill(1_004_096, home, 0..1, true), "no update is open any more");
    }
}
