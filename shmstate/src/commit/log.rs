//! What the copies still have to take over from the active one.
//!
//! One log for all of them: each update appends the byte ranges that it has touched, and each copy has a position in the log, up to
//! which it has taken them over. The active copy holds what every entry names. So an extra entry only costs a copy of bytes that are
//! equal already; a missing entry would be a fault.
//!
//! The log is a ring. Before an entry is overwritten that a copy still needs, it goes to that copy's page bits. If a copy lags by
//! more entries than the ring has, the next writer of it copies everything. The copies of a small state may lag that far, and get no
//! page bits.
//!
//! All of it is read and written under the writer's lock alone. The order of the stores matters for a death in their
//! midst: the log's end moves before `active` names the new version, or before the copy of a roll-back counts as whole; and
//! a copy's page bits are set before its position moves, and before an entry is overwritten.

use super::entries::Ring;
use super::shared::Shared;
use super::words::CopyLine;
use crate::sync::{
    AtomicU64,
    Ordering::{Relaxed, Release},
    crash_order,
};
use crate::track::{DirtyRanges, Pages};

impl Shared<'_> {
    /// Appends what a transaction has touched to the log, which ends at `first`. Returns its new end. `mark_pages` is called if
    /// there are pages as well, which are not in the log.
    #[inline(always)]
    pub(super) fn append(&self, first: u64, touched: &DirtyRanges, mark_pages: impl FnOnce()) -> u64 {
        let Some(range) = touched.only() else { return self.append_more(first, touched, mark_pages) };
        let end = self.make_room(first, 1);
        self.entry(first).store(range, Relaxed);
        self.control.active.log_end.store(end, Relaxed);
        end
    }

    /// [`Self::append`], of any number of ranges, and of pages.
    #[inline(always)]
    fn append_more(&self, first: u64, touched: &DirtyRanges, mark_pages: impl FnOnce()) -> u64 {
        let ((count, spilled), mut end) = (touched.counts(), first);
        if count > 0 {
            end = self.make_room(first, count as u64);
            let (ring, mut next) = (self.ring(), first);
            touched.for_each(count, |range| {
                ring.entry(next).store(range, Relaxed);
                next = next.wrapping_add(1);
            });
            self.control.active.log_end.store(end, Relaxed);
        }
        if spilled {
            mark_pages();
            touched.clear_pages();
        }
        end
    }

    /// Ensures that `count` entries from `first` on may be overwritten. Returns where they end.
    #[inline(always)]
    fn make_room(&self, first: u64, count: u64) -> u64 {
        let end = first.wrapping_add(count);
        // Wrapping, as all numbers of entries: they may be anything.
        let free = self.control.active.append_limit.load(Relaxed).wrapping_sub(end);
        if free > self.log.len() as u64 {
            self.evict(first, count);
        }
        end
    }

    #[inline(always)]
    pub(super) fn ring(&self) -> Ring<'_> {
        Ring::new(self.log)
    }

    /// Where the entry with that number stands, or stood.
    #[inline(always)]
    pub(super) fn entry(&self, number: u64) -> &AtomicU64 {
        self.ring().entry(number)
    }

    /// The next `count` entries, from `first` on, will overwrite older ones. Moves those that copies still need to page bits, and
    /// some more, so that not each update has to do this while a reader keeps a copy. A copy that [may rest](super::turns) is copied
    /// whole later.
    #[cold]
    fn evict(&self, first: u64, count: u64) {
        let (ring, may_rest) = (self.log.len() as u64, self.may_rest());
        let active = self.published();
        self.begin_rest(active);
        let mut most = 0;
        for (copy, line) in self.copies[..self.in_use()].iter().enumerate() {
            let position = line.log_position.load(Relaxed);
            let mut behind = first.wrapping_sub(position);
            // One that is copied whole needs no entries; nor does the one that is written.
            if line.is_torn() || behind > ring {
                continue;
            }
            let moved = match (behind + count).checked_sub(ring) {
                _ if copy == active.copy => behind, // the others take over from this one
                Some(over) if over > 0 && may_rest => {
                    // Before its entries are overwritten: it lags by more than there are.
                    line.log_position.store(first.wrapping_sub(ring + 1), Release); // [W8]
                    crash_order();
                    continue;
                }
                Some(over) if over > 0 => {
                    let moved = behind.min(over + ring / 4);
                    self.move_to_pages(line, position, moved);
                    moved
                }
                _ => 0,
            };
            if moved > 0 {
                line.log_position.store(position.wrapping_add(moved), Release); // [W8]
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

    /// The log begins anew, for a first handle. A follower of a read-only handle may know the log from before. So the numbers of the
    /// entries go on, by so many that the follower finds none of the entries that it lacks.
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
