//! The shared words of one region, and what is simply read of them.

use super::listed::Listed;
use super::words::{Control, CopyLine, Published, SlotLine};
use crate::sync::{
    AtomicU64,
    Ordering::{self, Acquire, Relaxed},
    fence_acquire,
};
use crate::track::Granule;

/// The shared words of one region, borrowed from wherever they lie.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) control: &'a Control,
    pub(crate) slots: &'a [SlotLine],
    /// Which of the slots a scan of the pins looks at.
    pub(crate) listed: Listed<'a>,
    /// The lines of the copies in use, then those of the spare ones.
    pub(crate) copies: &'a [CopyLine],
    /// The log of what was touched: a power of two of packed byte ranges. See [`super::log`].
    pub(crate) log: &'a [AtomicU64],
    /// The page bits of all copies, one after the other.
    pub(crate) pages: &'a [AtomicU64],
    /// Bytes of `T`.
    pub(crate) size: u64,
    pub(crate) granule: Granule,
}

impl Shared<'_> {
    /// The active version and copy, as the region says.
    #[inline]
    pub(crate) fn published(&self) -> Published {
        Published::unpack(self.control.active.published.load(Acquire))
    }

    /// [`Shared::published`], for memory that is mapped for reading. The language promises that relaxed loads work there; the fence
    /// makes them acquire.
    #[inline]
    pub(crate) fn published_relaxed(&self) -> Published {
        let word = self.control.active.published.load(Relaxed);
        fence_acquire();
        Published::unpack(word)
    }

    /// The copy that readers enter.
    #[inline]
    pub(super) fn active_copy(&self, ordering: Ordering) -> usize {
        Published::unpack(self.control.active.published.load(ordering)).copy
    }

    /// The version of copy `k`, for one that reads the copy: under a pin, or inside of an optimistic read.
    ///
    /// `published` may have moved on since it led to that copy; this word is written with the copy, before W4.
    #[inline]
    pub(crate) fn version_of(&self, k: usize) -> u64 {
        self.copies.get(k).map_or(0, |line| line.synced.load(Relaxed))
    }

    /// Copies in use, whatever the word says.
    #[inline]
    pub(crate) fn in_use(&self) -> usize {
        (self.control.counters.copies.load(Relaxed) as usize).min(self.copies.len())
    }

    /// The process that holds or held a slot, for messages.
    #[cold]
    pub(super) fn pid(&self, slot: usize) -> u32 {
        self.slots.get(slot).map_or(0, |line| line.pid.load(Relaxed))
    }
}
