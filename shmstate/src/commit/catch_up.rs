//! Catching up: how a copy that lags becomes equal to the active one.
//!
//! A copy with an even sequence lacks what its page bits name, and what the log names from its position on, and nothing else. A copy
//! with an odd sequence has unknown content: it lacks all of its pages. Most updates find a copy that lacks a few log entries, and
//! copy what these name.
//!
//! Pages can be many: a writer has died in the copy, a reader has stayed in it for long, or the region has just been opened. An
//! update does not take them all over while another copy can be written. It takes over a part of them, so that the copy lacks
//! that much less, and writes the other copy: see [`Shared::repair`].

use super::outside::Images;
use super::shared::Shared;
use super::words::{CopyLine, LAGS, Published};
use crate::sync::{Ordering::Relaxed, Ordering::Release, STREAMED, crash_order, fence_release, fence_streaming};
use crate::track::PAGE;
use std::ops::Range;

/// Bytes of pages that one update takes over for a copy that it does not write. A copy of unknown content gets all its pages in 512
/// updates. The number is small in tests, so that copies stay repaired in part for some updates.
const fn part(size: u64) -> u64 {
    match size / 512 {
        _ if cfg!(any(test, shmstate_loom, shmstate_shuttle)) => PAGE,
        share if share < 256 << 10 => 256 << 10,
        share => share,
    }
}

impl Shared<'_> {
    /// Marks the copy of `line` as being written, for optimistic reads and for a death. Returns its sequence.
    #[inline(always)]
    pub(super) fn begin_write(&self, line: &CopyLine, size: u64) -> u64 {
        // A copy that is odd already stays so: no read compares the numbers of odd ones.
        let odd = line.odd_sequence();
        line.sequence.store(odd, Relaxed);
        fence_release(); // [W7]
        if size >= STREAMED {
            fence_streaming(); // [W7]
        }
        odd
    }

    /// Copies what is not tracked, and what the log names from the copy's position up to `log_end`. Returns `false` if more than the
    /// log is needed.
    ///
    /// # Safety
    /// The first image of `pair` is that of the copy of `line`, and no other access to it is made; the second is not written.
    #[inline(always)]
    pub(crate) unsafe fn copy_logged<I: Images>(
        &self,
        line: &CopyLine,
        log_end: u64,
        images: I,
        pair: I::Pair,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe { images.copy_plain(pair) }
        // SAFETY: the caller's promise.
        unsafe { self.ring().copy(line.log_position.load(Relaxed), log_end, images, pair) }
    }

    /// Copies everything, for a copy whose part of the log makes no sense.
    ///
    /// # Safety
    /// As for [`Self::copy_logged`].
    #[cold]
    pub(super) unsafe fn copy_everything<I: Images>(&self, line: &CopyLine, images: I, pair: I::Pair) {
        // SAFETY: the caller's promise.
        unsafe { images.copy_all(pair) }
        self.mark_caught_up(line);
    }

    /// Returns the copy that the update writes, after it chose `copy` and found that `copy` lacks pages. Takes over a part of these
    /// pages; the update then writes another copy. If all copies that can be written lack pages, the one that lacks the fewest gets
    /// all of them.
    ///
    /// # Safety
    /// The lock is held. `copy` is not the active one, and no reader is in it. `images` are those of this region.
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn repair<I: Images>(&self, active: Published, copy: usize, images: I) -> usize {
        // SAFETY: the caller's promise.
        if unsafe { self.repair_part(active, copy, part(images.size()), images) } {
            return copy;
        }
        let may = |k: usize| k != active.copy && self.is_free(k);
        if let Some(other) = self.next(active, |k| may(k) && !self.copies[k].lacks_pages()) {
            return other;
        }
        let lacking = |k: &usize| match self.copies[*k].is_torn() {
            true => u64::MAX,
            false => self.pages_of(&self.copies[*k]).count(),
        };
        let least = (0..self.in_use()).filter(|&k| may(k)).min_by_key(lacking).unwrap_or(copy);
        // SAFETY: no reader is in this copy either, and it is not the active one.
        unsafe { self.repair_part(active, least, u64::MAX, images) };
        least
    }

    /// Copies pages of copy `copy`, of `most` bytes in all. Returns whether the copy now lacks log entries alone; it is odd then.
    ///
    /// # Safety
    /// As for [`Self::repair`].
    unsafe fn repair_part<I: Images>(&self, active: Published, copy: usize, most: u64, images: I) -> bool {
        let (line, pair) = (&self.copies[copy], images.pair(copy, active.copy));
        if line.is_torn() {
            self.mark_all_pages(line);
        }
        let odd = self.begin_write(line, images.size());
        // SAFETY: the caller's promise; the range lies inside of `T`.
        let finished = self.copy_pages(line, most, |range| unsafe { images.copy_range(pair, range) });
        if !finished {
            crash_order();
            line.sequence.store(odd.wrapping_add(LAGS), Release);
        }
        finished
    }

    /// Writes down that the copy of `line`, which is odd, lacks all pages and no log entries.
    fn mark_all_pages(&self, line: &CopyLine) {
        self.mark_caught_up(line);
        self.pages_of(line).set(0..self.size);
        crash_order();
    }

    /// Calls `f` with runs of pages that the copy of `line` lacks, `most` bytes or little more in all, and takes their marks
    /// away. Returns whether none is left.
    fn copy_pages(&self, line: &CopyLine, most: u64, f: impl Fn(Range<u64>)) -> bool {
        let (pages, mut left) = (self.pages_of(line), most);
        while let Some(run) = pages.next_run(0) {
            if left == 0 {
                return false;
            }
            let run = run.start..run.end.min(run.start.saturating_add(left));
            f(run.start.min(self.size)..run.end.min(self.size));
            left -= run.end - run.start;
            pages.unset(run);
        }
        pages.clear();
        true
    }
}
