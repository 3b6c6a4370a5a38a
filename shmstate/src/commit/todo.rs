//! What a copy still has to take over from the active one.
//!
//! A list of ranges and, when that is full, page bits. All of it is read and written under the writer's lock alone; the
//! order of the stores matters for a death in their midst: entries come before the count that makes them valid. (A commit
//! that dies before the count was never published, and its own copy, like that of a roll-back, is odd: nothing is lost.)

use super::copies::Shared;
use super::words::CopyLine;
use crate::mutant::planted;
use crate::sync::Ordering::{Relaxed, Release};
use crate::track::{EXACT, Pages, Touched};
use std::ops::Range;

/// The notes of one copy.
#[derive(Clone, Copy)]
pub(super) struct Todo<'a> {
    shared: &'a Shared<'a>,
    /// One of `shared.copies`.
    line: &'a CopyLine,
}

impl<'a> Todo<'a> {
    /// Of the copy that has that line.
    #[inline]
    pub(super) fn of(shared: &'a Shared<'a>, line: &'a CopyLine) -> Self {
        Todo { shared, line }
    }

    /// Entries in use.
    #[inline]
    fn count(&self) -> usize {
        (self.line.count.load(Relaxed) as usize).min(EXACT)
    }

    /// Whether it has run over to pages.
    #[inline]
    pub(super) fn spilled(&self) -> bool {
        self.line.spilled.load(Relaxed) != 0
    }

    fn pages(self) -> Pages<'a> {
        let words = Pages::words(self.shared.size);
        // Not carried along: it is seldom asked for.
        let copy = self.shared.copies.iter().position(|line| std::ptr::eq(line, self.line)).unwrap_or_default();
        let mine = &self.shared.pages[copy * words..(copy + 1) * words];
        Pages::new(&self.line.spilled, mine, self.shared.size)
    }

    /// Adds what a transaction has touched.
    #[inline(always)]
    pub(super) fn add(&self, touched: &Touched) {
        let before = self.count();
        let count = touched.ranges().iter().fold(before, |count, &range| self.add_range(count, range));
        if count > before {
            self.line.count.store(count as u32, Release); // after the entries
        }
        if touched.spilled() && !planted("pages_not_noted") {
            self.add_pages(touched);
        }
    }

    #[cold]
    fn add_pages(self, touched: &Touched) {
        self.pages().add(&touched.pages());
    }

    /// Adds one to `count` entries, and returns how many there are then.
    #[inline]
    fn add_range(&self, count: usize, packed: u64) -> usize {
        let ends = |packed: u64| ((packed >> 32) as i64, (packed & 0xffff_ffff) as i64);
        let (start, end) = ends(packed);
        for known in self.line.ranges.iter().take(count) {
            let (first, last) = ends(known.load(Relaxed));
            // Neither difference is negative: one branch, for which of the two comes first would not be predicted.
            if (start - first) | (last - end) >= 0 {
                return count;
            }
        }
        let Some(free) = self.line.ranges.get(count) else {
            self.spill(packed);
            return count;
        };
        free.store(packed, Relaxed);
        count + 1
    }

    #[cold]
    fn spill(self, packed: u64) {
        self.pages().set(self.shared.granule.unpack(packed));
    }

    /// Calls `f` with each byte range of a `T` of `size` bytes that is to be taken over. Returns `false` at an entry
    /// that makes no sense: everything is to be taken over then.
    #[inline]
    pub(super) fn for_each(&self, size: u64, f: impl Fn(Range<u64>) + Copy) -> bool {
        for entry in self.line.ranges.iter().take(self.count()) {
            let range = self.shared.granule.unpack(entry.load(Relaxed));
            if range.start >= range.end || range.start >= size {
                return false;
            }
            f(range.start..range.end.min(size));
        }
        if self.spilled() {
            self.for_each_run(size, f);
        }
        true
    }

    #[cold]
    fn for_each_run(self, size: u64, f: impl Fn(Range<u64>)) {
        self.pages().for_each_run(|run| {
            if run.start < size {
                f(run.start..run.end.min(size));
            }
        });
    }

    /// Forgets everything.
    #[inline]
    pub(super) fn clear(&self) {
        self.line.count.store(0, Relaxed);
        if self.spilled() {
            self.clear_pages();
        }
    }

    #[cold]
    fn clear_pages(self) {
        self.pages().clear();
    }
}
