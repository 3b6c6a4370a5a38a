//! What the copies still have to take over from the active one.
//!
//! One log for all of them: each update appends the byte ranges that it has touched, and each copy has a position in it, up
//! to which it has taken them over. The active copy holds what every entry names, so that an entry too many costs no
//! more than bytes that are equal already; only an entry too few would be a fault.
//!
//! The log is a ring. Before an entry is overwritten that a copy still needs, it goes to that copy's page bits. A writer
//! that finds a copy that lags by more entries than the ring has copies everything.
//!
//! All of it is read and written under the writer's lock alone. The order of the stores matters for a death in their
//! midst: the log's end moves before `active` names the new version, or before the copy of a roll-back counts as whole; and
//! a copy's page bits are set before its position moves, and before an entry is overwritten.

use super::shared::Shared;
use super::words::CopyLine;
use crate::sync::{AtomicU64, Ordering::Relaxed, crash_order};
use crate::track::{DirtyRanges, Granule, Pages};
use std::ops::Range;

/// How many entries ahead of the one that is taken over a copy's bytes are fetched. No more than the shortest log has.
const AHEAD: u64 = if cfg!(any(shmstate_loom, shmstate_shuttle)) { 1 } else { 16 };

/// The entries of the log; by value, so that a loop over them keeps in registers where they lie.
#[derive(Clone, Copy)]
struct Ring<'a> {
    /// A power of two of them.
    entries: &'a [AtomicU64],
    /// The index of the last one.
    last: usize,
}

impl<'a> Ring<'a> {
    /// Where the entry with that number stands, or stood.
    #[inline(always)]
    fn entry(self, number: u64) -> &'a AtomicU64 {
        debug_assert!(self.entries.len().is_power_of_two());
        // SAFETY: at most the last index: the log is not empty ([`log_len`](crate::track::log_len)).
        unsafe { self.entries.get_unchecked(number as usize & self.last) }
    }

    /// Calls `f` with the byte ranges of the entries from `next` up to `end`, all of which are in the log: once with what two name one
    /// after the other, as updates of a whole list do. Returns `false` if one makes no sense.
    #[inline(always)]
    fn for_each(self, mut next: u64, end: u64, size: u64, f: impl Fn(Range<u64>)) -> bool {
        let granule = Granule::of(size);
        let mut last = u64::MAX; // which no range is packed to
        while next != end {
            let entry = self.entry(next).load(Relaxed);
            if let Some(start) = granule.word(entry, size) {
                f(start..start + 8);
            } else if entry != last {
                last = entry;
                let range = granule.unpack(entry);
                if range.start >= range.end || range.start >= size {
                    return false;
                }
                f(range.start..range.end.min(size));
            }
            next = next.wrapping_add(1);
        }
        true
    }
}

impl Shared<'_> {
    /// Appends what a transaction has touched to the log, which ends at `first`. Returns its new end.
    ///
    /// Pages are not in the log: see [`Self::mark_pages`].
    #[inline(always)]
    pub(super) fn append(&self, first: u64, touched: &DirtyRanges) -> u64 {
        let (line, count) = (&self.control.active, touched.count());
        let end = first.wrapping_add(count as u64);
        if end == first {
            return end;
        }
        // Wrapping, as all numbers of entries: they may be anything.
        let free = line.append_limit.load(Relaxed).wrapping_sub(end);
        if free > self.log.len() as u64 {
            self.evict_to_pages(first, count as u64);
        }
        let ring = self.ring();
        ring.entry(first).store(touched.first(), Relaxed);
        if count > 1 {
            let mut next = first;
            for range in touched.more() {
                next = next.wrapping_add(1);
                ring.entry(next).store(range.get(), Relaxed);
            }
        }
        line.log_end.store(end, Relaxed);
        end
    }

    #[inline(always)]
    fn ring(&self) -> Ring<'_> {
        Ring { entries: self.log, last: self.log.len().wrapping_sub(1) }
    }

    /// Where the entry with that number stands, or stood.
    #[inline(always)]
    pub(super) fn entry(&self, number: u64) -> &AtomicU64 {
        self.ring().entry(number)
    }

    /// Moves to page bits what copies still need and the next `count` entries, of which `first` is the first, will overwrite; and
    /// some more, so that this does not come with each update while a reader keeps a copy.
    #[cold]
    fn evict_to_pages(&self, first: u64, count: u64) {
        let ring = self.log.len() as u64;
        let active = self.published().copy;
        let mut most = 0;
        for (copy, line) in self.copies[..self.in_use()].iter().enumerate() {
            let position = line.log_position.load(Relaxed);
            let mut behind = first.wrapping_sub(position);
            // One that is copied whole needs no entries; nor does the one that is written.
            if line.is_torn() || behind > ring {
                continue;
            }
            let moved = match (behind + count).checked_sub(ring) {
                _ if copy == active => behind, // the others take over from this one
                Some(over) if over > 0 => {
                    let moved = behind.min(over + ring / 4);
                    self.move_to_pages(line, position, moved);
                    moved
                }
                _ => 0,
            };
            if moved > 0 {
                line.log_position.store(position.wrapping_add(moved), Relaxed);
                behind -= moved;
            }
            most = most.max(behind);
        }
        self.control.active.append_limit.store(first.wrapping_sub(most).wrapping_add(ring), Relaxed);
    }

    /// Marks the pages of `count` entries from `position` on.
    fn move_to_pages(&self, line: &CopyLine, position: u64, count: u64) {
        let pages = self.pages_of(line);
        for n in 0..count {
            pages.set(self.granule.unpack(self.entry(position.wrapping_add(n)).load(Relaxed)));
        }
        crash_order();
    }

    /// Whether the copy of `line` has half of the log to take over, or has run over to pages.
    #[inline]
    pub(super) fn is_far_behind(&self, line: &CopyLine) -> bool {
        let behind = self.control.active.log_end.load(Relaxed).wrapping_sub(line.log_position.load(Relaxed));
        behind > self.log.len() as u64 / 2 || line.has_dirty_pages()
    }

    /// Notes the pages of a transaction for the copy of `line`.
    #[cold]
    pub(super) fn mark_pages(&self, line: &CopyLine, touched: &DirtyRanges) {
        self.pages_of(line).add(&touched.pages());
    }

    /// The page bits of the copy that has that line.
    pub(crate) fn pages_of<'a>(&'a self, line: &'a CopyLine) -> Pages<'a> {
        let words = Pages::words(self.size);
        // Not carried along: it is seldom asked for.
        let copy = self.copies.iter().position(|other| std::ptr::eq(other, line)).unwrap_or_default();
        Pages::new(&line.dirty_pages, &self.pages[copy * words..(copy + 1) * words], self.size)
    }

    /// Calls `f` with each byte range of the `size` bytes of `T` that the copy of `line` has to take over from a log that ends
    /// at `end`; there may be pages besides. Of many, `fetch` is called with where each begins, some time before. Returns
    /// `false` when everything is to be taken over instead: an entry makes no sense, or those that were needed are gone.
    #[inline(always)]
    pub(super) fn for_each_entry(
        &self,
        line: &CopyLine,
        end: u64,
        size: u64,
        f: impl Fn(Range<u64>),
        fetch: impl Fn(u64),
    ) -> bool {
        let position = line.log_position.load(Relaxed);
        if end.wrapping_sub(position) > AHEAD {
            return self.for_each_of_many(position, end, size, f, fetch);
        }
        self.ring().for_each(position, end, size, f)
    }

    /// [`Self::for_each_entry`], of more than a few.
    #[cold]
    #[inline(never)]
    fn for_each_of_many(
        &self,
        position: u64,
        end: u64,
        size: u64,
        f: impl Fn(Range<u64>),
        fetch: impl Fn(u64),
    ) -> bool {
        if end.wrapping_sub(position) > self.log.len() as u64 {
            return false;
        }
        let (granule, ring) = (Granule::of(size), self.ring());
        let mut next = position;
        for _ in AHEAD..end.wrapping_sub(position) {
            // At most a hint: where nothing lies there, nothing happens.
            fetch(granule.unpack(ring.entry(next.wrapping_add(AHEAD)).load(Relaxed)).start);
            if !ring.for_each(next, next.wrapping_add(1), size, &f) {
                return false;
            }
            next = next.wrapping_add(1);
        }
        ring.for_each(next, end, size, f)
    }

    /// The copy of `line` has taken over everything, or will: its position is the log's end, and no page is marked.
    #[inline]
    pub(super) fn mark_caught_up(&self, line: &CopyLine) {
        line.log_position.store(self.control.active.log_end.load(Relaxed), Relaxed);
        if line.has_dirty_pages() {
            self.clear_pages(line);
        }
    }

    #[cold]
    fn clear_pages(&self, line: &CopyLine) {
        self.pages_of(line).clear();
    }

    /// The log begins anew, for a first handle. A follower of a read-only handle may know it from before: its entries are
    /// counted on so far that it finds none of those that it lacks.
    pub(super) fn reset_log(&self) {
        let line = &self.control.active;
        let end = match line.log_end.load(Relaxed) {
            0 => 0,
            end => end.wrapping_add(2 * self.log.len() as u64),
        };
        line.log_end.store(end, Relaxed);
        line.append_limit.store(end, Relaxed);
        line.spilled.store(0, Relaxed);
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// The ranges that are taken over from a log of these; `None` if one of them makes no sense.
    fn taken(ranges: &[Range<u64>], size: u64) -> Option<Vec<Range<u64>>> {
        let granule = Granule::of(size);
        let packed = |n| ranges.get(n).map_or(u64::MAX, |range: &Range<u64>| granule.pack(range));
        let entries: [AtomicU64; 8] = std::array::from_fn(|n| AtomicU64::new(packed(n)));
        let taken = RefCell::new(Vec::new());
        let ring = Ring { entries: &entries, last: entries.len() - 1 };
        let known = ring.for_each(0, ranges.len() as u64, size, |range| taken.borrow_mut().push(range));
        known.then(|| taken.into_inner())
    }

    #[test]
    fn what_comes_again_at_once_is_taken_over_once() {
        const SIZE: u64 = 64 << 10;
        let (all, end) = (0..SIZE, 8..SIZE);
        assert_eq!(taken(&vec![all.clone(); 3], SIZE).unwrap(), vec![all.clone(); 1]);
        // With something between, with another start, or with another end.
        let shorter = 0..SIZE - 8;
        for ranges in [vec![all.clone(), end.clone(), all.clone()], vec![end, all.clone()], vec![shorter, all.clone()]]
        {
            assert_eq!(taken(&ranges, SIZE).unwrap(), ranges);
        }
        let with_word = [all.clone(), 8..16, all.clone()];
        assert_eq!(taken(&with_word, SIZE).unwrap(), [all, 8..16]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(taken(&[8..24, 1 << 20..2 << 20], 64 << 10), None);
        // An entry that was never written.
        let entries = [0, 0].map(AtomicU64::new);
        assert!(!Ring { entries: &entries, last: 1 }.for_each(0, 2, 64 << 10, |_| ()));
    }
}
