//! What a copy still has to take over from the active one.
//!
//! A list of ranges and, when that is full, page bits. All of it is read and written under the writer's lock alone; the
//! order of the stores matters for a death in their midst: an entry comes before the count that makes it valid.

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
    line: &'a CopyLine,
    copy: usize,
}

impl<'a> Todo<'a> {
    /// Of copy `copy`, which exists.
    #[inline]
    pub(super) fn of(shared: &'a Shared<'a>, copy: usize) -> Self {
        Todo { shared, line: &shared.copies[copy], copy }
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

    fn pages(&self) -> Pages<'a> {
        let words = Pages::words(self.shared.size);
        let mine = &self.shared.pages[self.copy * words..(self.copy + 1) * words];
        Pages::new(&self.line.spilled, mine, self.shared.size)
    }

    /// Adds what a transaction has touched.
    #[inline]
    pub(super) fn add(&self, touched: &Touched) {
        for &range in touched.ranges() {
            self.add_range(range);
        }
        if touched.spilled() && !planted("pages_not_noted") {
            self.add_pages(touched);
        }
    }

    #[cold]
    fn add_pages(&self, touched: &Touched) {
        self.pages().add(&touched.pages());
    }

    #[inline]
    fn add_range(&self, packed: u64) {
        let count = self.count();
        let (start, end) = (packed >> 32, packed & 0xffff_ffff);
        for known in &self.line.ranges[..count] {
            let known = known.load(Relaxed);
            // Its hull with the new one is itself: a branch on which of the two comes first would not be predicted.
            if (known >> 32).min(start) << 32 | (known & 0xffff_ffff).max(end) == known {
                return;
            }
        }
        if let Some(free) = self.line.ranges.get(count) {
            free.store(packed, Relaxed);
            self.line.count.store(count as u32 + 1, Release); // after the entry
        } else {
            self.spill(packed);
        }
    }

    #[cold]
    fn spill(&self, packed: u64) {
        self.pages().set(self.shared.granule.unpack(packed));
    }

    /// Calls `f` with each byte range of a `T` of `size` bytes that is to be taken over. Returns `false` at an entry
    /// that makes no sense: everything is to be taken over then.
    #[inline]
    pub(super) fn for_each(&self, size: u64, f: impl Fn(Range<u64>) + Copy) -> bool {
        for entry in &self.line.ranges[..self.count()] {
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
    fn for_each_run(&self, size: u64, f: impl Fn(Range<u64>)) {
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
    fn clear_pages(&self) {
        self.pages().clear();
    }
}
