//! What the copies still have to take over from the active one.
//!
//! One log for all of them: each update appends the byte ranges that it has touched, and each copy has a place in it, up
//! to which it has taken them over. The active copy holds what every note speaks of, so that a note too many costs no
//! more than bytes that are equal already; only a note too few would be a fault.
//!
//! The log is a ring. Before a note is overwritten that a copy still needs, it goes to that copy's page bits. A writer
//! that finds a copy that lags by more notes than the ring has copies everything.
//!
//! All of it is read and written under the writer's lock alone. The order of the stores matters for a death in their
//! midst: the log's end moves before `active` names the new version, or before the copy of a roll-back counts as whole; and
//! a copy's page bits are set before its place moves, and before a note is overwritten.

use super::shared::Shared;
use super::words::CopyLine;
use crate::sync::{AtomicU64, Ordering::Relaxed, crash_order};
use crate::track::{Granule, Pages, Touched};
use std::ops::Range;

/// How many notes ahead of the one that is taken over a copy's bytes are fetched. No more than the shortest log has.
const AHEAD: u64 = if cfg!(any(shmstate_loom, shmstate_shuttle)) { 1 } else { 16 };

impl Shared<'_> {
    /// Appends what a transaction has touched to the log, which ends at `first`. Returns its new end.
    ///
    /// Pages are not in the log: see [`Self::note_pages`].
    #[inline(always)]
    pub(super) fn note(&self, first: u64, touched: &Touched) -> u64 {
        let line = &self.control.active;
        let end = first.wrapping_add(touched.count() as u64);
        if end == first {
            return end;
        }
        // Wrapping, as all numbers of notes: they may be anything.
        let rest = line.limit.load(Relaxed).wrapping_sub(end);
        if rest > self.notes.len() as u64 {
            self.make_way(first, touched.count() as u64);
        }
        if let Some(only) = touched.only() {
            self.note_at(first).store(only, Relaxed);
        } else {
            touched.ranges().zip(0..).for_each(|(range, n)| self.note_at(first.wrapping_add(n)).store(range, Relaxed));
        }
        line.noted.store(end, Relaxed);
        end
    }

    /// Where the note with that number stands, or stood.
    #[inline(always)]
    fn note_at(&self, number: u64) -> &AtomicU64 {
        let last = self.notes.len().wrapping_sub(1);
        debug_assert!(self.notes.len().is_power_of_two());
        // SAFETY: at most the last index: the log is not empty ([`notes`](crate::track::notes)).
        unsafe { self.notes.get_unchecked(number as usize & last) }
    }

    /// Moves to page bits what copies still need and the next `count` notes, of which `first` is the first, will overwrite; and
    /// some more, so that this does not come with each update while a reader keeps a copy.
    #[cold]
    fn make_way(&self, first: u64, count: u64) {
        let ring = self.notes.len() as u64;
        let active = self.published().copy;
        let mut most = 0;
        for (copy, line) in self.copies[..self.in_use()].iter().enumerate() {
            let place = line.place.load(Relaxed);
            let mut behind = first.wrapping_sub(place);
            // One that is copied whole needs no notes; nor does the one that is written.
            if line.is_torn() || behind > ring {
                continue;
            }
            let moved = match (behind + count).checked_sub(ring) {
                _ if copy == active => behind, // the others take over from this one
                Some(over) if over > 0 => {
                    let moved = behind.min(over + ring / 4);
                    self.move_to_pages(line, place, moved);
                    moved
                }
                _ => 0,
            };
            if moved > 0 {
                line.place.store(place.wrapping_add(moved), Relaxed);
                behind -= moved;
            }
            most = most.max(behind);
        }
        self.control.active.limit.store(first.wrapping_sub(most).wrapping_add(ring), Relaxed);
    }

    /// Marks the pages of `count` notes from `place` on.
    fn move_to_pages(&self, line: &CopyLine, place: u64, count: u64) {
        let pages = self.pages_of(line);
        for n in 0..count {
            pages.set(self.granule.unpack(self.note_at(place.wrapping_add(n)).load(Relaxed)));
        }
        crash_order();
    }

    /// Whether the copy of `line` has half of the log to take over, or has run over to pages.
    #[inline]
    pub(super) fn is_far_behind(&self, line: &CopyLine) -> bool {
        let behind = self.control.active.noted.load(Relaxed).wrapping_sub(line.place.load(Relaxed));
        behind > self.notes.len() as u64 / 2 || line.has_spilled()
    }

    /// Notes the pages of a transaction for the copy of `line`.
    #[cold]
    pub(super) fn note_pages(&self, line: &CopyLine, touched: &Touched) {
        self.pages_of(line).add(&touched.pages());
    }

    /// The page bits of the copy that has that line.
    pub(crate) fn pages_of<'a>(&'a self, line: &'a CopyLine) -> Pages<'a> {
        let words = Pages::words(self.size);
        // Not carried along: it is seldom asked for.
        let copy = self.copies.iter().position(|other| std::ptr::eq(other, line)).unwrap_or_default();
        Pages::new(&line.spilled, &self.pages[copy * words..(copy + 1) * words], self.size)
    }

    /// Calls `f` with each byte range of the `size` bytes of `T` that the copy of `line` has to take over from a log that ends
    /// at `end`; there may be pages besides. Of many, `fetch` is called with where each begins, some time before. Returns
    /// `false` when everything is to be taken over instead: a note makes no sense, or those that were needed are gone.
    #[inline(always)]
    pub(super) fn for_each_note(
        &self,
        line: &CopyLine,
        end: u64,
        size: u64,
        f: impl Fn(Range<u64>),
        fetch: impl Fn(u64),
    ) -> bool {
        let place = line.place.load(Relaxed);
        if end.wrapping_sub(place) > AHEAD {
            return self.for_each_of_many(place, end, size, f, fetch);
        }
        self.for_each_between(place, end, size, f)
    }

    /// [`Self::for_each_note`], of more than a few.
    #[cold]
    #[inline(never)]
    fn for_each_of_many(&self, place: u64, end: u64, size: u64, f: impl Fn(Range<u64>), fetch: impl Fn(u64)) -> bool {
        if end.wrapping_sub(place) > self.notes.len() as u64 {
            return false;
        }
        let mut next = place;
        while end.wrapping_sub(next) > AHEAD {
            let start = self.granule.unpack(self.note_at(next.wrapping_add(AHEAD)).load(Relaxed)).start;
            fetch(start.min(size));
            if !self.for_each_between(next, next.wrapping_add(1), size, &f) {
                return false;
            }
            next = next.wrapping_add(1);
        }
        self.for_each_between(next, end, size, f)
    }

    /// Calls `f` with the byte ranges of the notes from `next` up to `end`, all of which are in the log.
    #[inline(always)]
    fn for_each_between(&self, mut next: u64, end: u64, size: u64, f: impl Fn(Range<u64>)) -> bool {
        let granule = Granule::of(size);
        while next != end {
            let note = self.note_at(next).load(Relaxed);
            if let Some(start) = granule.word(note, size) {
                f(start..start + 8);
            } else {
                let range = granule.unpack(note);
                if range.start >= range.end || range.start >= size {
                    return false;
                }
                f(range.start..range.end.min(size));
            }
            next = next.wrapping_add(1);
        }
        true
    }

    /// The copy of `line` has taken over everything, or will: its place is the log's end, and no page is marked.
    #[inline]
    pub(super) fn forget_notes(&self, line: &CopyLine) {
        line.place.store(self.control.active.noted.load(Relaxed), Relaxed);
        if line.has_spilled() {
            self.clear_pages(line);
        }
    }

    #[cold]
    fn clear_pages(&self, line: &CopyLine) {
        self.pages_of(line).clear();
    }

    /// The log begins anew, for a first handle.
    pub(super) fn forget_log(&self) {
        self.control.active.noted.store(0, Relaxed);
        self.control.active.limit.store(0, Relaxed);
    }
}
