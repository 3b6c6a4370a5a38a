//! What the protocol needs from outside: a clock, whether a process lives, waking, memory for a copy, the bytes of `T`, and a
//! listener for events.
//!
//! The library has an implementation of each over Linux and the user's type. The model checkers have others.

use crate::sync::AtomicU32;
use std::ops::Range;
use std::time::Duration;

/// What the protocol needs from the operating system.
pub(crate) trait Os {
    /// A dead owner's slot, held so that it cannot be claimed.
    type Held<'a>
    where
        Self: 'a;

    /// Holds the slot if its owner is dead; `None` if it lives, or if that cannot be known now.
    fn probe(&self, slot: usize) -> Option<Self::Held<'_>>;

    /// Sleeps while `word` is `seen`, for at most `limit`.
    fn wait(&self, word: &AtomicU32, seen: u32, limit: Duration);

    /// Wakes one that sleeps on `word`.
    fn wake(&self, word: &AtomicU32);

    /// Wakes all that sleep on `word`.
    fn wake_all(&self, word: &AtomicU32);

    /// Keeps the processor busy for so long.
    fn spin(&self, time: Duration);

    /// Lets time pass; `round` counts up from 0.
    fn pause(&self, round: u32);

    /// Makes sure that copy `copy` has memory. Returns whether it has.
    fn make_room(&self, copy: usize) -> bool;

    /// Is notified of an event. Nothing depends on it.
    fn notify(&self, _event: Event) {}
}

/// What an update has met with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// The writer with that slot died with the lock, which was taken over; the version is what it left.
    Recovered { slot: usize, pid: u32, version: u64 },
    /// The pins of a dead handle were in the way and were cleared.
    Reclaimed { slot: usize, pid: u32 },
    /// A spare copy was taken into use; there are so many now.
    Spare { copies: usize },
    /// Every copy is pinned by readers that live; one bit for each of the first 64 slots that pin.
    Pinned { slots: u64 },
}

/// How long a caller is willing to wait. Looked at only once waiting has begun.
pub(crate) trait Clock {
    /// What is left; `None` when nothing is.
    fn remaining(&mut self) -> Option<Duration>;
}

/// The images of `T`, by the number of their copy.
pub(crate) trait Images: Copy {
    /// Two images, looked up once: one that is written, and one that it is copied from.
    type Pair: Copy;

    /// Bytes of `T`, which are those of the region.
    fn size(&self) -> u64;

    /// The images of two copies.
    fn pair(&self, to: usize, from: usize) -> Self::Pair;

    /// What lies at `start` is going to be copied: fetches it. A hint.
    fn fetch(&self, _pair: Self::Pair, _start: u64) {}

    /// Copies all of `T`.
    ///
    /// # Safety
    /// There is no other access to the first image of the pair, and no write to the second; they are of two copies that exist.
    unsafe fn copy_all(&self, pair: Self::Pair);

    /// Copies what is not tracked.
    ///
    /// # Safety
    /// As for [`Images::copy_all`].
    unsafe fn copy_plain(&self, pair: Self::Pair);

    /// Copies `range`, which lies inside `T`.
    ///
    /// # Safety
    /// As for [`Images::copy_all`].
    unsafe fn copy_range(&self, pair: Self::Pair, range: Range<u64>);

    /// Copies `range`, which the log names, and which has a page or more. An implementation may leave it out for now. Then all that
    /// the update reads and writes goes through the implementation, which copies the rest before the update ends.
    ///
    /// # Safety
    /// As for [`Images::copy_range`].
    #[inline(always)]
    unsafe fn copy_long(&self, pair: Self::Pair, range: Range<u64>) {
        // SAFETY: the caller's promise.
        unsafe { self.copy_range(pair, range) }
    }
}
