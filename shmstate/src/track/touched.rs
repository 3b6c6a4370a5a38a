//! The byte ranges of `T` that one transaction has touched.

use super::{Pages, PagesBuf};
use crate::mutant;
use std::ops::Range;

/// Exact ranges before pages take over, here and in what a copy has to take over.
#[cfg(not(any(loom, shuttle)))]
pub(crate) const EXACT: usize = 32;
/// Two, so that a few transactions already run over, and because each entry is an object that loom tracks.
#[cfg(any(loom, shuttle))]
pub(crate) const EXACT: usize = 2;

/// The unit in which ranges are kept, so that one fits into one 64-bit word (and one store): 8 bytes, or more for a `T`
/// past 32 GiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Granule {
    shift: u32,
}

impl Granule {
    /// The unit for a `T` of `size` bytes.
    pub(crate) const fn of(size: u64) -> Granule {
        let mut shift = 3;
        while size.div_ceil(1 << shift) > u32::MAX as u64 {
            shift += 1;
        }
        Granule { shift }
    }

    /// `bytes`, rounded outward, as one word: start in the upper half, end in the lower.
    #[inline]
    pub(crate) const fn pack(self, bytes: &Range<u64>) -> u64 {
        (bytes.start >> self.shift) << 32 | (bytes.end + ((1 << self.shift) - 1)) >> self.shift
    }

    /// The bytes that `word` stands for; the end may lie past the end of `T` by less than a unit.
    #[inline]
    pub(crate) const fn unpack(self, word: u64) -> Range<u64> {
        (word >> 32) << self.shift..(word & 0xffff_ffff) << self.shift
    }
}

/// What a transaction has touched: up to a fixed number of exact ranges, then whole pages.
///
/// Allocated once per handle; gathering allocates nothing.
pub struct Touched {
    granule: Granule,
    count: usize,
    ranges: [u64; EXACT],
    pages: PagesBuf,
}

impl Touched {
    /// Nothing of a `T` of `size` bytes.
    pub(crate) fn new(size: u64) -> Self {
        Touched { granule: Granule::of(size), count: 0, ranges: [0; EXACT], pages: PagesBuf::new(size) }
    }

    /// Adds `len` bytes from `start` on.
    #[inline]
    pub fn add(&mut self, start: u64, len: usize) {
        if len == 0 {
            return;
        }
        let mut new = self.granule.pack(&(start..start + len as u64));
        if mutant::planted("packed_inward") {
            let shift = self.granule.shift;
            new = (start + ((1 << shift) - 1)) >> shift << 32 | (start + len as u64) >> shift;
            if new >> 32 >= new & 0xffff_ffff {
                return;
            }
        }
        if let Some(last) = self.ranges[..self.count].last_mut() {
            // The walks go upward: what touches the last range is joined with it.
            let (first, end) = (*last >> 32, *last & 0xffff_ffff);
            // One comparison for both ends: marks come in any order, and a branch on one end alone is not predicted.
            if (new >> 32).wrapping_sub(first) <= end - first {
                *last = first << 32 | end.max(new & 0xffff_ffff);
                return;
            }
        }
        if let Some(free) = self.ranges.get_mut(self.count) {
            *free = new;
            self.count += 1;
        } else {
            self.spill(new);
        }
    }

    #[cold]
    fn spill(&self, packed: u64) {
        self.pages().set(self.granule.unpack(packed));
    }

    /// The exact ranges, as [`Granule::pack`] packs them.
    #[inline]
    pub(crate) fn ranges(&self) -> &[u64] {
        &self.ranges[..self.count.min(EXACT)]
    }

    /// The pages beyond the exact ranges.
    pub(crate) fn pages(&self) -> Pages<'_> {
        self.pages.as_pages()
    }

    /// Whether there are any.
    #[inline]
    pub(crate) fn spilled(&self) -> bool {
        self.pages.any()
    }

    /// The pages, for the containers of the running closure.
    #[inline]
    pub(crate) fn pages_buf(&self) -> &PagesBuf {
        &self.pages
    }

    /// Forgets everything.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        if self.spilled() {
            self.clear_pages();
        }
    }

    #[cold]
    fn clear_pages(&self) {
        self.pages().clear();
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn granules_reach_the_largest_states() {
        assert_eq!(Granule::of(1), Granule { shift: 3 });
        assert_eq!(Granule::of(u32::MAX as u64 * 8), Granule { shift: 3 });
        assert_eq!(Granule::of(u32::MAX as u64 * 8 + 1), Granule { shift: 4 });
    }

    proptest! {
        /// Packing rounds outward by less than one unit on each side.
        #[test]
        fn packing_covers(start in 0u64..1 << 33, len in 1u64..1 << 20) {
            let granule = Granule::of(1 << 34);
            let range = granule.unpack(granule.pack(&(start..start + len)));
            prop_assert!(range.start <= start && start - range.start < 8);
            prop_assert!(range.end >= start + len && range.end - (start + len) < 8);
        }

        /// Every byte that was added is in a range or on a marked page.
        #[test]
        fn nothing_is_lost(adds in prop::collection::vec((0u64..60_000, 1usize..300), 0..80)) {
            let mut touched = Touched::new(65_536);
            for &(start, len) in &adds { touched.add(start, len); }
            let mut covered = vec![false; 65_536 + 8];
            for &word in touched.ranges() { for b in touched.granule.unpack(word) { covered[b as usize] = true; } }
            touched.pages().for_each_run(|run| for b in run { covered[b as usize] = true; });
            for (start, len) in adds { for b in start..start + len as u64 { prop_assert!(covered[b as usize]); } }
            touched.clear();
            prop_assert!(touched.ranges().is_empty() && !touched.spilled());
        }
    }
}
