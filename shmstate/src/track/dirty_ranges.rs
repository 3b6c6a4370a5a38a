//! The byte ranges of `T` that one transaction has touched.

use super::{Pages, PagesBuf};
use std::cell::Cell;
use std::ops::Range;

/// How many entries a region's log has room for. A copy needs those that it has not taken over, usually one to four.
///
/// The number is a power of two. A small state has one entry for each cache line: with more entries, copying the whole state would
/// cost less. The entries of a large state take a thousandth of its bytes, so that a reader that stays for some milliseconds costs
/// exact ranges instead of pages.
pub(crate) const fn log_len(size: u64) -> usize {
    // The model checkers track each entry as an object. Two, so that a few transactions already overrun a copy.
    if cfg!(any(shmstate_loom, shmstate_shuttle)) {
        return 2;
    }
    match size / 64 {
        0..64 => 64,
        lines if lines > 4096 => match size >> 13 {
            0..=4096 => 4096,
            more if more < 65_536 => (more as usize).next_power_of_two(),
            _ => 65_536,
        },
        lines => (lines as usize).next_power_of_two(),
    }
}

/// A container whose items take up to this many bytes keeps changes that it does not know exactly in blocks of its own, of a 64th
/// to a 32nd of the items each: copying a block costs no more than noting some places in it. The number is smaller in tests, so
/// that small containers take all paths that large ones take.
pub(crate) const IN_BLOCKS: usize = if cfg!(test) { 4 << 10 } else { 64 << 10 };

/// Exact ranges of one transaction, before pages take over. Few in tests, so that pages do so there as well.
pub(crate) const fn exact(size: u64) -> usize {
    match log_len(size) {
        few @ ..32 => few,
        _ if cfg!(test) => 32,
        entries if entries < 128 => 32,
        entries if entries < 4096 => entries / 4,
        _ => 1024,
    }
}

/// The unit in which ranges are kept, so that one fits into one 64-bit word (and one store): 8 bytes, or more for a `T`
/// past 32 GiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Granule {
    shift: u32,
}

impl Granule {
    /// The usual one.
    const WORDS: Granule = Granule { shift: 3 };

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
    pub(crate) fn pack(self, bytes: &Range<u64>) -> u64 {
        if self.shift == 3 {
            return bytes.start >> 3 << 32 | bytes.end.wrapping_add(7) >> 3; // as below, by known shifts
        }
        self.pack_by_shift(bytes.start, bytes.end)
    }

    #[cold]
    #[inline(never)]
    fn pack_by_shift(self, start: u64, end: u64) -> u64 {
        (start >> self.shift) << 32 | end.wrapping_add((1 << self.shift) - 1) >> self.shift
    }

    /// If `packed` stands for one word of 8 bytes: where that starts, at most at the last word of a `T` of `size` bytes.
    #[inline(always)]
    pub(crate) const fn word(self, packed: u64, size: u64) -> Option<u64> {
        let (start, end) = ((packed >> 32) as u32, packed as u32);
        if self.shift != 3 || size < 8 || end.wrapping_sub(start) != 1 {
            return None;
        }
        // A number that may be anything is brought into `T`; without a branch. The last word's fits, as the unit is 8 bytes.
        let last = (size / 8 - 1) as u32;
        Some(if last < start { last } else { start } as u64 * 8)
    }

    /// The bytes that `packed` stands for, if there are some and all of them are in a `T` of `size` bytes.
    #[inline(always)]
    pub(crate) fn checked(self, packed: u64, size: u64) -> Option<Range<u64>> {
        let (start, end) = (packed >> 32, packed & 0xffff_ffff);
        if start >= end || end > size.div_ceil(1 << self.shift) {
            return None;
        }
        let end = end << self.shift;
        Some(start << self.shift..if end > size { size } else { end })
    }

    /// The bytes that `word` stands for; the end may lie past the end of `T` by less than a unit.
    #[inline]
    pub(crate) const fn unpack(self, word: u64) -> Range<u64> {
        (word >> 32) << self.shift..(word & 0xffff_ffff) << self.shift
    }
}

/// Whether a packed range starts within another one, or at its end.
#[inline(always)]
const fn touches(last: u64, new: u64) -> bool {
    let (start, end) = (last >> 32, last & 0xffff_ffff);
    // One comparison for both ends: marks come in any order, and a branch on one end alone is not predicted. Wrapping, because a range of a
    // head that another process has overwritten may be any number; it is refused where it is followed.
    (new >> 32).wrapping_sub(start) <= end.wrapping_sub(start)
}

/// Joins a packed range with the last one, if it touches it.
#[inline(always)]
fn join(last: &Cell<u64>, new: u64) -> bool {
    let known = last.get();
    let touch = touches(known, new);
    if touch {
        last.set(known.max(known >> 32 << 32 | new & 0xffff_ffff));
    }
    touch
}

/// Ranges that are kept without an allocation of their own: as many as most transactions have. The models have room for no more.
const FEW: usize = if cfg!(any(shmstate_loom, shmstate_shuttle)) { 2 } else { 4 };

/// Added to the number of exact ranges if there are pages as well, so that one comparison tells that there is one exact range and
/// nothing else.
const SPILLED: u32 = 1 << 31;

/// Spots by which a range that containers add again is found: about as many as there can be exact ranges.
const SPOTS: usize = 1024;

/// What a transaction has touched: up to a fixed number of exact ranges, then whole pages.
///
/// Allocated once per handle; gathering allocates nothing. Cells, because the containers of the running closure add to it as
/// well.
pub struct DirtyRanges {
    granule: Granule,
    /// How many ranges of words of 8 bytes may be added at once: none if the unit is another one.
    words: u32,
    /// Exact ranges, and [`SPILLED`].
    count: Cell<u32>,
    /// The first of them, as [`Granule::pack`] packs them.
    few: [Cell<u64>; FEW],
    /// Those after them.
    more: Box<[Cell<u64>]>,
    /// By the hash of a range that a container has added: its index, or that of another range, or one of an earlier transaction.
    /// The range at that index tells which.
    spots: Box<[Cell<u16>; SPOTS]>,
    pages: PagesBuf,
}

impl DirtyRanges {
    /// Nothing of a `T` of `size` bytes.
    pub(crate) fn new(size: u64) -> Self {
        let more = (FEW..exact(size)).map(|_| Cell::new(0)).collect();
        let (granule, few) = (Granule::of(size), [const { Cell::new(0) }; FEW]);
        let words = if granule == Granule::WORDS { FEW as u32 } else { 0 };
        let spots = Box::new([const { Cell::new(0) }; SPOTS]);
        DirtyRanges { granule, words, count: Cell::new(0), few, more, spots, pages: PagesBuf::new(size) }
    }

    /// Adds `len` bytes from `start` on.
    pub fn add(&mut self, start: u64, len: usize) {
        if len != 0 {
            self.add_bytes(start..start + len as u64);
        }
    }

    /// Whether nothing was added.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.count.get() == 0
    }

    /// The slot of an exact range, if there is room for so many.
    #[inline(always)]
    fn slot(&self, index: usize) -> Option<&Cell<u64>> {
        match self.few.get(index) {
            None => self.more.get(index.wrapping_sub(FEW)),
            few => few,
        }
    }

    /// How many exact ranges there are.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        (self.count.get() & !SPILLED) as usize
    }

    #[inline(always)]
    fn set_count(&self, count: usize) {
        self.count.set(self.count.get() & SPILLED | count as u32);
    }

    /// Adds bytes, of which there are some, to nothing.
    #[inline(always)]
    pub(crate) fn add_first(&self, bytes: Range<u64>) {
        self.few[0].set(self.granule.pack(&bytes));
        self.count.set(1);
    }

    /// Adds bytes, of which there are some.
    #[inline(always)]
    pub(crate) fn add_bytes(&self, bytes: Range<u64>) {
        let (count, new) = (self.count(), self.granule.pack(&bytes));
        // The walks go upward: what touches the last range is joined with it.
        if self.slot(count.wrapping_sub(1)).is_some_and(|last| join(last, new)) {
            return;
        }
        match self.slot(count) {
            Some(free) => {
                free.set(new);
                self.count.set(self.count.get() + 1);
            }
            None => self.add_pages(bytes),
        }
    }

    /// Adds bytes, of which there are some, unless there would be more than `most` ranges. Returns whether the ranges have these
    /// bytes. They may have had them before: bytes that a loop changes again and again are added once.
    #[inline(always)]
    pub(crate) fn try_add_once(&self, bytes: Range<u64>, most: usize) -> bool {
        let (new, count) = (Granule::WORDS.pack(&bytes), self.count());
        // The upper bits of a product with the golden ratio: places at equal distances have spots of their own.
        let spot = &self.spots[(new.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SPOTS.trailing_zeros())) as usize];
        let known = spot.get() as usize;
        if known < count && self.slot(known).is_some_and(|known| known.get() == new) {
            return true;
        }
        if self.granule != Granule::WORDS {
            return false;
        }
        if self.slot(count.wrapping_sub(1)).is_some_and(|last| join(last, new)) {
            return true;
        }
        let Some(free) = self.slot(count).filter(|_| count < most) else { return false };
        free.set(new);
        spot.set(count as u16);
        self.count.set(self.count.get() + 1);
        true
    }

    /// Adds ranges of bytes that lie apart from each other.
    #[inline(always)]
    pub(crate) fn add_apart(&self, ranges: impl Iterator<Item = Range<u64>>) {
        let mut count = self.count();
        for bytes in ranges {
            match self.slot(count) {
                Some(free) => {
                    free.set(self.granule.pack(&bytes));
                    count += 1;
                }
                None => self.add_pages(bytes),
            }
        }
        self.set_count(count);
    }

    /// Adds `most` ranges of words of 8 bytes that lie apart from each other, each with its start in the upper half and its end in the lower.
    /// Returns `false` and adds none if one of them is `None`, if there would be more than a few, or if the unit is another one.
    #[inline(always)]
    pub(crate) fn try_add_words(&self, most: usize, ranges: impl Iterator<Item = Option<u64>>) -> bool {
        let mut count = self.count.get() as usize;
        if count + most > self.words as usize {
            return false;
        }
        for range in ranges {
            let Some(range) = range else { return false };
            self.few[count % FEW].set(range);
            count += 1;
        }
        self.count.set(count as u32);
        true
    }

    /// Adds bytes, of which there are some, by the pages that they lie on.
    #[cold]
    pub(crate) fn add_pages(&self, bytes: Range<u64>) {
        self.pages().set(bytes);
        self.count.set(self.count.get() | SPILLED);
    }

    /// How many exact ranges there are, and whether there are pages as well.
    #[inline(always)]
    pub(crate) fn counts(&self) -> (usize, bool) {
        let count = self.count.get();
        ((count & !SPILLED) as usize, count & SPILLED != 0)
    }

    /// The exact range, as [`Granule::pack`] packs it, if there is one and nothing else.
    #[inline(always)]
    pub(crate) fn only(&self) -> Option<u64> {
        (self.count.get() == 1).then(|| self.few[0].get())
    }

    /// Calls `f` with the exact ranges, of which there are `count`.
    #[inline(always)]
    pub(crate) fn for_each(&self, count: usize, mut f: impl FnMut(u64)) {
        for (index, range) in self.few.iter().enumerate() {
            if index == count {
                return;
            }
            f(range.get());
        }
        self.more.get(..count.saturating_sub(FEW)).unwrap_or_default().iter().for_each(|range| f(range.get()));
    }

    /// The exact ranges, as [`Granule::pack`] packs them.
    #[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
    pub(crate) fn ranges(&self) -> impl Iterator<Item = u64> {
        (0..self.count()).filter_map(|index| self.slot(index)).map(Cell::get)
    }

    /// The pages beyond the exact ranges.
    pub(crate) fn pages(&self) -> Pages<'_> {
        self.pages.as_pages()
    }

    /// Whether there are any.
    #[inline]
    pub(crate) fn spilled(&self) -> bool {
        self.count.get() & SPILLED != 0
    }

    /// Forgets the exact ranges when a transaction begins. It does not look at the pages, because the code that takes them over
    /// [forgets them](Self::clear_pages). A transaction that was given up in between leaves its pages to the next one, which then
    /// counts more as touched than it has touched.
    #[inline]
    pub(crate) fn clear_ranges(&self) {
        self.count.set(0);
    }

    /// Forgets the pages, which have been taken over.
    #[cold]
    pub(crate) fn clear_pages(&self) {
        self.pages().clear();
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn granules_reach_the_largest_states() {
        assert_eq!(Granule::of(1), Granule { shift: 3 });
        assert_eq!(Granule::of(u32::MAX as u64 * 8), Granule { shift: 3 });
        assert_eq!(Granule::of(u32::MAX as u64 * 8 + 1), Granule { shift: 4 });
    }

    #[test]
    fn ranges_that_make_no_sense_do_no_harm() {
        for (start, end) in [(80, 8), (u64::MAX - 3, u64::MAX), (0, u64::MAX), (1 << 40, 8)] {
            let touched = DirtyRanges::new(65_536);
            touched.add_first(start..end);
            touched.add_bytes(800..808);
            let place = (touched.ranges().last(), Granule::WORDS.pack(&(800..808)));
            assert!(touched.count() == 1 || place.0 == Some(place.1), "{start}..{end}");
        }
    }

    #[test]
    fn what_is_added_again_is_one_range() {
        let touched = DirtyRanges::new(65_536);
        let add = |start: u64, most: usize| touched.try_add_once(start..start + 8, most);
        for round in 0..3 {
            for start in [800, 0, 4096, 160, 80, 40_000] {
                assert!(add(start, 6), "round {round}: {start}");
            }
        }
        assert!(!add(320, 6) && touched.count() == 6, "there are six");
        assert!(add(40_008, 6) && touched.count() == 6, "it adjoins the last one");
        assert!(add(320, 7) && touched.count() == 7);
        // Of the next transaction, which does not forget the spots.
        touched.clear_ranges();
        assert!(add(4096, 6) && add(800, 6));
        let range = |start: u64| Granule::WORDS.pack(&(start..start + 8));
        assert_eq!(touched.ranges().collect::<Vec<_>>(), [range(4096), range(800)]);
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
        fn nothing_is_lost(adds in prop::collection::vec((0u64..60_000, 1usize..300, prop::option::of(0usize..40)), 0..160)) {
            let mut touched = DirtyRanges::new(65_536);
            // What an earlier transaction has left.
            for n in 0..32 { touched.try_add_once(n * 1000..n * 1000 + 8, 40); }
            touched.clear_ranges();
            for &(start, len, most) in &adds {
                if !most.is_some_and(|most| touched.try_add_once(start..start + len as u64, most)) { touched.add(start, len); }
            }
            let mut covered = vec![false; 65_536 + 8];
            for word in touched.ranges() { for b in touched.granule.unpack(word) { covered[b as usize] = true; } }
            touched.pages().for_each_run(|run| for b in run { covered[b as usize] = true; });
            for (start, len, _) in adds { for b in start..start + len as u64 { prop_assert!(covered[b as usize]); } }
            touched.clear_ranges();
            touched.clear_pages();
            prop_assert!(touched.ranges().next().is_none() && !touched.spilled());
        }
    }
}
