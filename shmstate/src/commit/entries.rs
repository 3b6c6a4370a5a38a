//! The entries of the log, and copying what they name.
//!
//! An entry may be any number: another process can have written anything into it. What it names is checked against the size of `T`
//! before it is followed.

use super::outside::Images;
use crate::sync::{AtomicU64, Ordering::Relaxed};
use crate::track::{Granule, PAGE};

/// The bytes that an entry names are fetched so many entries before they are copied. No more than the shortest log has.
const AHEAD: u64 = if cfg!(any(shmstate_loom, shmstate_shuttle)) { 1 } else { 16 };

/// A value that no packed range has.
const NONE: u64 = u64::MAX;

/// The entries. They are passed by value, so that a loop keeps their address in a register.
#[derive(Clone, Copy)]
pub(super) struct Ring<'a> {
    /// A power of two of them.
    entries: &'a [AtomicU64],
}

impl<'a> Ring<'a> {
    #[inline(always)]
    pub(super) fn new(entries: &'a [AtomicU64]) -> Self {
        Ring { entries }
    }

    /// Where the entry with that number stands, or stood.
    #[inline(always)]
    pub(super) fn entry(self, number: u64) -> &'a AtomicU64 {
        debug_assert!(self.entries.len().is_power_of_two());
        let last = self.entries.len().wrapping_sub(1);
        // SAFETY: at most the last index: the log is not empty ([`log_len`](crate::track::log_len)).
        unsafe { self.entries.get_unchecked(number as usize & last) }
    }

    /// Copies what the entries from `next` up to `end` name. Returns `false` when everything is to be copied instead: an entry makes no
    /// sense, or those that were needed are gone.
    ///
    /// # Safety
    /// No other access is made to the first image of `pair`, and the second is not written.
    #[inline(always)]
    pub(super) unsafe fn copy<I: Images>(self, mut next: u64, end: u64, images: I, pair: I::Pair) -> bool {
        if end.wrapping_sub(next) > AHEAD {
            // SAFETY: the caller's promise.
            return unsafe { self.copy_many(next, end, images, pair) };
        }
        let granule = Granule::of(images.size());
        while next != end {
            // A few words, as most updates leave them, are copied without a call.
            let Some(start) = granule.word(self.entry(next).load(Relaxed), images.size()) else {
                // SAFETY: the caller's promise.
                return unsafe { self.copy_few(next, end, images, pair) };
            };
            // SAFETY: the caller's promise; a word of `T`.
            unsafe { images.copy_range(pair, start..start + 8) }
            next = next.wrapping_add(1);
        }
        true
    }

    /// [`Self::copy`], of entries that may name anything.
    ///
    /// # Safety
    /// As for [`Self::copy`].
    #[inline(never)]
    unsafe fn copy_few<I: Images>(self, mut next: u64, end: u64, images: I, pair: I::Pair) -> bool {
        let mut last = NONE;
        while next != end {
            // SAFETY: the caller's promise.
            if !unsafe { self.copy_one(next, &mut last, images, pair) } {
                return false;
            }
            next = next.wrapping_add(1);
        }
        true
    }

    /// [`Self::copy`], of more than a few entries: the bytes that they name are fetched some time before.
    ///
    /// # Safety
    /// As for [`Self::copy`].
    #[cold]
    #[inline(never)]
    unsafe fn copy_many<I: Images>(self, mut next: u64, end: u64, images: I, pair: I::Pair) -> bool {
        if end.wrapping_sub(next) > self.entries.len() as u64 {
            return false;
        }
        let granule = Granule::of(images.size());
        let mut last = NONE;
        while next != end {
            if end.wrapping_sub(next) > AHEAD {
                // At most a hint: where nothing lies there, nothing happens.
                images.fetch(pair, granule.unpack(self.entry(next.wrapping_add(AHEAD)).load(Relaxed)).start);
            }
            // SAFETY: the caller's promise.
            if !unsafe { self.copy_one(next, &mut last, images, pair) } {
                return false;
            }
            next = next.wrapping_add(1);
        }
        true
    }

    /// Copies what one entry names. Skips a page or more that the `last` such entry named as well, as the entries of updates of a
    /// whole list do. Returns `false` if the entry makes no sense.
    ///
    /// # Safety
    /// As for [`Self::copy`].
    #[inline(always)]
    unsafe fn copy_one<I: Images>(self, number: u64, last: &mut u64, images: I, pair: I::Pair) -> bool {
        let (granule, size) = (Granule::of(images.size()), images.size());
        let entry = self.entry(number).load(Relaxed);
        if let Some(start) = granule.word(entry, size) {
            // SAFETY: the caller's promise; a word of `T`.
            unsafe { images.copy_range(pair, start..start + 8) }
            return true;
        }
        let Some(range) = granule.checked(entry, size) else { return false };
        if range.end - range.start >= PAGE {
            if entry == *last {
                return true;
            }
            *last = entry;
            // SAFETY: the caller's promise; the range lies inside of `T`.
            unsafe { images.copy_long(pair, range) }
            return true;
        }
        // SAFETY: the caller's promise; the range lies inside of `T`.
        unsafe { images.copy_range(pair, range) }
        true
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::ops::Range;

    /// Images that write down what is copied, of a `T` of so many bytes.
    struct Copied {
        size: u64,
        ranges: RefCell<Vec<Range<u64>>>,
    }

    impl Images for &Copied {
        type Pair = ();

        fn size(&self) -> u64 {
            self.size
        }

        fn pair(&self, _to: usize, _from: usize) {}

        unsafe fn copy_all(&self, _pair: ()) {
            unreachable!("the caller does this");
        }

        unsafe fn copy_plain(&self, _pair: ()) {
            unreachable!("the caller does this");
        }

        unsafe fn copy_range(&self, _pair: (), range: Range<u64>) {
            self.ranges.borrow_mut().push(range);
        }
    }

    /// What is copied by a log of these entries; `None` if one of them makes no sense.
    fn copied_by(entries: &[u64], size: u64) -> Option<Vec<Range<u64>>> {
        let ring: Vec<AtomicU64> = (0..64).map(|n| AtomicU64::new(entries.get(n).copied().unwrap_or(NONE))).collect();
        let images = Copied { size, ranges: RefCell::default() };
        // SAFETY: nothing is copied.
        let known = unsafe { Ring::new(&ring).copy(0, entries.len() as u64, &images, ()) };
        known.then(|| images.ranges.into_inner())
    }

    /// The same, of ranges.
    fn copied(ranges: &[Range<u64>], size: u64) -> Vec<Range<u64>> {
        let granule = Granule::of(size);
        let entries: Vec<u64> = ranges.iter().map(|range| granule.pack(range)).collect();
        copied_by(&entries, size).expect("they make sense")
    }

    const SIZE: u64 = 64 << 10;

    #[test]
    fn what_comes_again_at_once_is_copied_once() {
        let (all, end, shorter) = (0..SIZE, 8..SIZE, 0..SIZE - 8);
        for times in [2, 3, 40] {
            assert_eq!(copied(&vec![all.clone(); times], SIZE), vec![all.clone(); 1]);
        }
        // With something between, with another start, or with another end.
        for ranges in [vec![all.clone(), end.clone(), all.clone()], vec![end, all.clone()], vec![shorter, all.clone()]]
        {
            assert_eq!(copied(&ranges, SIZE), ranges);
        }
        let with_word = [all.clone(), 8..16, all.clone()];
        assert_eq!(copied(&with_word, SIZE), [all, 8..16]);
    }

    #[test]
    fn all_that_is_named_is_copied_in_order_however_much_it_is() {
        for count in [0, 1, 2, AHEAD, AHEAD + 1, 3 * AHEAD, 64] {
            let words: Vec<Range<u64>> = (0..count).map(|n| n * 16..n * 16 + 8).collect();
            assert_eq!(copied(&words, SIZE), words);
            for place in 0..words.len() {
                let mut ranges = words.clone();
                ranges[place].end += 8;
                assert_eq!(copied(&ranges, SIZE), ranges);
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let granule = Granule::of(SIZE);
        let (good, outside, empty) = (granule.pack(&(8..24)), granule.pack(&(1 << 20..2 << 20)), 0);
        for bad in [outside, empty, NONE] {
            assert_eq!(copied_by(&[good, bad], SIZE), None);
            assert_eq!(copied_by(&[bad; 40], SIZE), None);
        }
        // Those that were needed are gone.
        assert_eq!(copied_by(&[good; 65], SIZE), None);
    }
}
