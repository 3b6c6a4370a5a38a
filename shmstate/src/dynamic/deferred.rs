//! Long ranges that the log names, and that a running update has not taken over yet.
//!
//! An update often replaces a long list as a whole. The old content of the list need not be copied for that. So an update that
//! lasts from call to call leaves long ranges out when it begins. It reads them in the committed version, which stays as it is
//! while the update runs. Bytes that it overwrites are never taken over; all others are, at the latest when the update ends.

use std::borrow::Cow;
use std::ops::Range;

/// Bytes from which on a range is left out: with fewer, to look for them would cost more than to copy them. Few in tests.
pub(super) const LONG: u64 = if cfg!(test) { 16 } else { 64 << 10 };

/// The two images of an update, and what the one that it writes lacks.
pub(super) struct Deferred {
    /// Invariant: the image that the update writes, and the committed one, of `size` bytes each. The first has no other access than by this
    /// value, and the second no write, until the update ends.
    to: *mut u8,
    from: *const u8,
    size: usize,
    /// In the order of their places, none of them next to another one.
    ranges: Vec<Range<usize>>,
}

// SAFETY: by the invariant, what the pointers lead to is this value's alone, or is not written.
unsafe impl Send for Deferred {}
// SAFETY: a shared reference reads.
unsafe impl Sync for Deferred {}

impl Deferred {
    /// # Safety
    /// `to` and `from` are images of `size` mapped bytes; of the first, there is no access until the value is dropped but by it, and of
    /// the second no write.
    pub(super) unsafe fn new(to: *mut u8, from: *const u8, size: usize, mut ranges: Vec<Range<usize>>) -> Deferred {
        debug_assert!(ranges.iter().all(|range| range.start < range.end && range.end <= size), "inside of the state");
        ranges.sort_unstable_by_key(|range| range.start);
        ranges.dedup_by(|next, last| {
            let joins = next.start <= last.end;
            if joins {
                last.end = last.end.max(next.end);
            }
            joins
        });
        Deferred { to, from, size, ranges }
    }

    /// Whether nothing is left out.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The whole copy, of which nothing is left out.
    pub(super) fn all(&self) -> &[u8] {
        debug_assert!(self.is_empty(), "caught up");
        self.written(0..self.size).unwrap_or_default()
    }

    /// The same, to be written.
    pub(super) fn all_mut(&mut self) -> &mut [u8] {
        debug_assert!(self.is_empty(), "caught up");
        self.slice_mut(0..self.size).unwrap_or_default()
    }

    /// These bytes, as the update has left them so far; `None` if they are outside of the state.
    pub(super) fn get(&self, range: Range<usize>) -> Option<Cow<'_, [u8]>> {
        if let Some(bytes) = self.in_place(range.clone()) {
            return Some(Cow::Borrowed(bytes));
        }
        let mut bytes = self.written(range.clone())?.to_vec();
        for late in &self.ranges[self.overlapping(&range)] {
            let both = late.start.max(range.start)..late.end.min(range.end);
            bytes[both.start - range.start..both.end - range.start].copy_from_slice(self.committed(both)?);
        }
        Some(Cow::Owned(bytes))
    }

    /// The same where they lie; `None` also if some lie in one copy and some in the other.
    pub(super) fn in_place(&self, range: Range<usize>) -> Option<&[u8]> {
        match &self.ranges[self.overlapping(&range)] {
            [] => self.written(range),
            [late] if late.start <= range.start && range.end <= late.end => self.committed(range),
            _ => None,
        }
    }

    /// These bytes, all of which the caller is about to write; `None` if they are outside of the state.
    pub(super) fn overwrite(&mut self, range: Range<usize>) -> Option<&mut [u8]> {
        if !self.is_inside(&range) {
            return None;
        }
        let late = self.overlapping(&range);
        if !late.is_empty() {
            self.pass_over(late, &range);
        }
        self.slice_mut(range)
    }

    /// These bytes, of which the caller may write some; `None` if they are outside of the state.
    pub(super) fn get_mut(&mut self, range: Range<usize>) -> Option<&mut [u8]> {
        if !self.is_inside(&range) {
            return None;
        }
        self.take_over(self.overlapping(&range));
        self.slice_mut(range)
    }

    /// Takes over all that was left out.
    pub(super) fn finish(&mut self) {
        self.take_over(0..self.ranges.len());
    }

    /// Which ranges have a byte of `range`, by their places in the list.
    fn overlapping(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.ranges.partition_point(|late| late.end <= range.start);
        let more = self.ranges[first..].partition_point(|late| late.start < range.end);
        if range.is_empty() { first..first } else { first..first + more }
    }

    /// Takes over those ranges.
    fn take_over(&mut self, late: Range<usize>) {
        if !late.is_empty() {
            self.ranges[late.clone()].iter().for_each(|late| self.copy(late));
            drop(self.ranges.drain(late));
        }
    }

    /// Takes the bytes of `range` out of those ranges, which have some of them. What is left of a range stays left out if it is long.
    #[cold]
    fn pass_over(&mut self, late: Range<usize>, range: &Range<usize>) {
        let (start, end) = (self.ranges[late.start].start, self.ranges[late.end - 1].end);
        let (before, after) = (start..range.start, range.end..end);
        let (short, long): (Vec<_>, Vec<_>) = [before, after]
            .into_iter()
            .filter(|part| part.start < part.end)
            .partition(|part| part.len() < LONG as usize);
        short.iter().for_each(|part| self.copy(part));
        drop(self.ranges.splice(late, long));
    }

    /// Copies bytes, which are inside of the state.
    fn copy(&self, range: &Range<usize>) {
        let (to, from) = (self.to.wrapping_add(range.start), self.from.wrapping_add(range.start));
        // SAFETY: inside of both images; they are of two copies, and do not overlap. No slice of these bytes of the first one lives: they
        // were left out, and this is called by `&mut self` alone.
        unsafe { to.copy_from_nonoverlapping(from, range.len()) }
    }

    fn is_inside(&self, range: &Range<usize>) -> bool {
        range.start <= range.end && range.end <= self.size
    }

    /// Bytes of the image that the update writes.
    fn written(&self, range: Range<usize>) -> Option<&[u8]> {
        // SAFETY: inside of the image; by the invariant, it is written by `&mut self` alone.
        self.is_inside(&range)
            .then(|| unsafe { std::slice::from_raw_parts(self.to.wrapping_add(range.start), range.len()) })
    }

    /// The same, to be written.
    fn slice_mut(&mut self, range: Range<usize>) -> Option<&mut [u8]> {
        // SAFETY: as above, and this is a `&mut self`.
        self.is_inside(&range)
            .then(|| unsafe { std::slice::from_raw_parts_mut(self.to.wrapping_add(range.start), range.len()) })
    }

    /// Bytes of the committed image.
    fn committed(&self, range: Range<usize>) -> Option<&[u8]> {
        // SAFETY: inside of the image, which nothing writes, by the invariant.
        self.is_inside(&range)
            .then(|| unsafe { std::slice::from_raw_parts(self.from.wrapping_add(range.start), range.len()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 400;

    /// What an update shows, and what it makes, of two images that differ where ranges were left out.
    struct Fixture {
        written: Box<[u8; SIZE]>,
        committed: Box<[u8; SIZE]>,
        deferred: Deferred,
        /// What the image that is written has to be.
        model: Vec<u8>,
    }

    fn fixture(ranges: &[Range<usize>]) -> Fixture {
        let (mut written, committed) = (Box::new([7; SIZE]), Box::new(std::array::from_fn(|n| n as u8)));
        let mut model = written.to_vec();
        ranges.iter().for_each(|range| model[range.clone()].copy_from_slice(&committed[range.clone()]));
        // SAFETY: the boxes stay where they are, and are not used until the value is not used any more.
        let deferred = unsafe { Deferred::new(written.as_mut_ptr(), committed.as_ptr(), SIZE, ranges.to_vec()) };
        Fixture { written, committed, deferred, model }
    }

    impl Fixture {
        fn check(&self, range: Range<usize>) {
            assert_eq!(*self.deferred.get(range.clone()).unwrap(), self.model[range]);
        }

        fn finish(mut self) {
            self.deferred.finish();
            assert!(self.deferred.is_empty());
            assert_eq!(self.deferred.all(), self.model);
            assert_eq!((self.written.to_vec(), self.committed[9]), (self.model, 9));
        }
    }

    /// Ranges as a log may have them, and what an update may do; `next` gives numbers below a limit.
    #[test]
    fn an_update_shows_and_makes_what_it_would_if_nothing_was_left_out() {
        let mut seed = 1u64;
        let mut next = |limit: usize| {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (seed >> 33) as usize % limit
        };
        for _ in 0..2000 {
            let mut range = |least: usize| {
                let start = next(SIZE + 1 - least);
                start..start + least + next(SIZE + 1 - least - start)
            };
            let ranges: Vec<_> = (0..6).map(|_| range(LONG as usize)).collect();
            let mut fixture = fixture(&ranges[..ranges[5].start % 6]);
            for n in 0..12 {
                let range = range(0);
                fixture.check(range.clone());
                match range.start % 3 {
                    0 => {
                        fixture.deferred.overwrite(range.clone()).unwrap().fill(n);
                        fixture.model[range].fill(n);
                    }
                    1 => {
                        let slice = fixture.deferred.get_mut(range.clone()).unwrap();
                        assert_eq!(slice, &fixture.model[range.clone()]);
                        if let Some(first) = slice.first_mut() {
                            (*first, fixture.model[range.start]) = (n, n);
                        }
                    }
                    _ => fixture.check(0..SIZE),
                }
            }
            fixture.finish();
        }
    }

    #[test]
    fn what_is_left_around_a_write_stays_left_out_if_it_is_long() {
        let mut fixture = fixture(&[20..60, 50..300]);
        // The length of a list before its items.
        fixture.deferred.overwrite(20..24).unwrap().fill(1);
        fixture.model[20..24].fill(1);
        assert_eq!(fixture.deferred.ranges, [24..300]);
        fixture.deferred.overwrite(100..200).unwrap().fill(2);
        fixture.model[100..200].fill(2);
        assert_eq!(fixture.deferred.ranges, [24..100, 200..300]);
        // Of both, what is left is short, or nothing.
        fixture.deferred.overwrite(30..300).unwrap().fill(3);
        fixture.model[30..300].fill(3);
        assert_eq!(fixture.deferred.ranges, []);
        fixture.finish();
    }

    #[test]
    fn what_is_refused_takes_nothing_away() {
        let mut fixture = fixture(std::slice::from_ref(&(100..SIZE)));
        for outside in [SIZE - 4..SIZE + 4, SIZE + 1..SIZE + 1, usize::MAX - 1..usize::MAX] {
            assert!(fixture.deferred.overwrite(outside.clone()).is_none());
            assert!(fixture.deferred.get_mut(outside.clone()).is_none());
            assert!(fixture.deferred.get(outside).is_none());
        }
        assert!(fixture.deferred.overwrite(200..200).unwrap().is_empty());
        assert_eq!(fixture.deferred.ranges, [100..SIZE]);
        fixture.finish();
    }
}
