//! What a handle keeps for the transaction that it runs.

use crate::layout::SharedLayout;
use crate::os;
use crate::os::RegionKey;
use crate::track::{DirtyRanges, Frame, Running, Stamp};
use std::cell::UnsafeCell;

/// What a handle's running transaction needs; allocated when the handle is made.
pub(super) struct TxnBuffer {
    /// Invariant: accessed only while this handle's slot owns the region's lock, by the thread that took it.
    pub(super) inner: UnsafeCell<Inner>,
}

/// What the invariant of [`TxnBuffer`] guards.
pub(super) struct Inner {
    pub(super) frame: Frame,
    /// Its ids are random at first, then counted, never taken from the file.
    pub(super) running: Running,
    /// The copies that the running transaction writes, and that readers see: for a roll-back.
    pub(super) copies: [usize; 2],
}

// SAFETY: by the invariant of `inner`, one thread at a time.
unsafe impl Sync for TxnBuffer {}
// SAFETY: it moves only between updates, and its pointers mean nothing then.
unsafe impl Send for TxnBuffer {}

impl TxnBuffer {
    pub(super) fn new(region: RegionKey, size: usize) -> Self {
        let tx = os::random_u64();
        let (frame, running) = (Frame::new(region.numbers()), Running::new(size, tx));
        TxnBuffer { inner: UnsafeCell::new(Inner { frame, running, copies: [0; 2] }) }
    }
}

/// Voids the tags of all containers in a state that was filled outside of an update, as a commit does.
pub(super) fn reset_tags<T: SharedLayout>(state: &mut T) {
    if T::TRACKED {
        let mut touched = DirtyRanges::new(size_of::<T>() as u64);
        let stamp = Stamp::root(os::random_u64().max(1));
        let state = std::ptr::from_mut(state).cast_const();
        // SAFETY: a value that is the caller's alone; nothing in it has the stamp of this new transaction.
        unsafe { T::collect_dirty::<false>(state, state, stamp, &mut touched) }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use crate::{List, State};

    #[test]
    fn pages_are_forgotten_once_they_are_taken_over() {
        let state = State::<List<List<u64, 64>, 2000>>::anonymous().unwrap();
        // SAFETY: no update runs, and no other thread has this handle.
        let pages = || unsafe { &*state.txn_buffer().inner.get() }.running.touched.pages().count();
        state.update(|lists| lists.resize_with(2000, List::new).unwrap()).unwrap();
        for commits in [true, false] {
            let verdict = state.try_update(|lists| {
                (0..2000).step_by(7).try_for_each(|i| lists[i].push(1)).unwrap();
                assert!(pages() > 0, "so many places are marked by pages");
                if commits { Ok(()) } else { Err(()) }
            });
            assert_eq!((verdict.unwrap().is_ok(), pages()), (commits, 0));
        }
    }
}
