//! What the running update has touched in one container: the header that every tracked container starts with.
//!
//! Marks are scratch data of the running transaction. They lie in the copy that is being written, which no other process looks at.
//! At the end of the transaction they are turned into byte ranges outside of `T`; after that they mean nothing. Most transactions
//! touch one to four places, which are kept exactly. Further places go to the transaction as ranges, as long as it has room. After
//! that, they go to the container's 64 blocks if these are small, and otherwise to the pages of the transaction. If the blocks are
//! very small, further places go to them at once. If the items hold containers, the transaction gets no ranges. If the container
//! cannot reach the transaction (the stamp is not current, or the container is not in the copy that an update of this thread
//! writes), all further places go to the blocks.
//!
//! Four rules make marks safe when containers are moved about:
//!
//! 1. Marks count only under the stamp of this transaction and this offset ([`Head::is_current`]); otherwise the container
//!    counts as touched from end to end.
//! 2. A container is stamped, and its marks are cleared, at the start of the update, or when the container around it
//!    lends the item for writing for the first time ([`Marking::New`]). An item that was marked before is not stamped:
//!    something may have been moved into it since.
//! 3. What is marked by blocks or pages counts as a whole, whatever the stamps inside of it say.
//! 4. If a running update of another region has parked a container here (has moved it here for a while), it has the stamp of
//!    that update. Such a stamp must not outlive a commit: from then on, catching up changes bytes without marks, and does
//!    not copy dead bytes. So the walk at a commit voids the stamp of each container that is not current
//!    ([`Head::invalidate`]). A container inside an item is copied with its head, because the other copies may have the head
//!    of a parked one in dead memory. (Those outside of items are stamped before they can be moved.)
//!
//! The design chapter says why these rules also hold for a container in an enum's variant.

use crate::layout::SharedLayout;
use crate::track::{IN_BLOCKS, Stamp, spill, spill_to_innermost};
use std::ops::Range;

/// How many ranges of items are kept exactly.
const RANGES: usize = 4;

/// How many blocks the bitmap has.
const BLOCKS: usize = 64;

/// Up to this many bytes of items, a block is at most two cache lines: a range of the transaction would be no better.
const IN_LINES: usize = IN_BLOCKS / 16;

/// How many ranges a transaction may have before a container of more bytes uses its blocks: as many as there are blocks.
const BEFORE_BLOCKS: usize = if cfg!(test) { 8 } else { 64 };

/// The first 64 bytes of a tracked container.
#[derive(Clone)]
#[repr(C)]
pub(super) struct Head {
    /// Live items; clamped to the capacity wherever it is used, because it may be anything.
    pub(super) len: u32,
    /// Exact ranges in use; clamped wherever it is used, as `len` is. More than [`RANGES`] if blocks are marked as well.
    count: u32,
    /// The exact ranges as [`pack`] packs them, so that one load reads what one store wrote, without a stall.
    ranges: [u64; RANGES],
    /// The blocks touched beyond the exact ranges; mean nothing unless `count` says that there are any ([`Self::mark_blocks`]).
    blocks: u64,
    stamp: Stamp,
}

const _: () = assert!(size_of::<Head>() == 64);

/// The items from `start` to `end`, as one word.
#[inline]
const fn pack(start: u32, end: u32) -> u64 {
    (start as u64) << 32 | end as u64
}

/// The items that one word stands for.
#[inline(always)]
pub(super) const fn unpack(range: u64) -> Range<usize> {
    (range >> 32) as usize..range as u32 as usize
}

/// Whether the items from `start` to `end` overlap or adjoin a packed range.
#[inline(always)]
const fn touches(known: u64, start: u32, end: u32) -> bool {
    let (first, last) = ((known >> 32) as u32, known as u32);
    // One comparison for both ends, because no branch predictor knows which of two items comes first.
    end.wrapping_sub(first) as u64 <= last.wrapping_sub(first) as u64 + (end - start) as u64
}

/// Where a container's items lie.
#[derive(Clone, Copy)]
pub(super) struct Items {
    /// Bytes from the container's start to its first item.
    pub(super) offset: usize,
    /// Bytes per item.
    pub(super) size: usize,
    pub(super) capacity: usize,
    /// Whether all of them are live, whatever the head says.
    pub(super) full: bool,
    /// Whether there are tracked containers in them.
    pub(super) nested: bool,
    /// Whether blocks are good enough for what the exact ranges do not hold.
    few: bool,
    /// How many ranges the transaction may have if it is to take what the exact ranges do not hold; 0 if it never takes that.
    most: usize,
    /// Items per block: a power of two, of which this is the logarithm.
    block: u32,
}

impl Items {
    /// `capacity` items of `size` bytes, the first of them `offset` bytes from the container's start.
    pub(super) const fn new(offset: usize, size: usize, capacity: usize, full: bool, nested: bool) -> Items {
        let bytes = capacity.saturating_mul(size);
        let few = bytes <= IN_BLOCKS;
        let most = match bytes {
            _ if nested => 0,
            ..=IN_LINES => 0,
            _ if few => BEFORE_BLOCKS,
            _ => usize::MAX,
        };
        let block = capacity.div_ceil(BLOCKS).next_power_of_two().trailing_zeros();
        Items { offset, size, capacity, full, nested, few, most, block }
    }

    /// Live items of the container with that head, whatever its bytes say.
    #[inline(always)]
    pub(super) const fn live(&self, head: &Head) -> usize {
        let len = head.len as usize;
        if self.full || len > self.capacity { self.capacity } else { len }
    }

    /// [`Self::live`], or more if the head's bytes are not those of a container.
    #[inline(always)]
    pub(super) const fn live_at_most(&self, head: &Head) -> usize {
        if self.full { self.capacity } else { head.len as usize }
    }

    /// The offset of the first item of a container for which `stamp` is current.
    #[inline(always)]
    pub(super) const fn at(&self, stamp: Stamp) -> u64 {
        stamp.offset().wrapping_add(self.offset as u64)
    }

    /// Bytes of the items in `range`, relative to the container.
    fn bytes(&self, range: &Range<usize>) -> Range<usize> {
        self.offset + range.start * self.size..self.offset + range.end * self.size
    }

    /// The blocks of the items in `range`, which is not empty, one bit each.
    #[inline]
    fn blocks(&self, range: &Range<usize>) -> u64 {
        let (first, last) = (range.start >> self.block, (range.end - 1) >> self.block);
        // The range may end past the last block, if it comes from bytes that may be anything.
        let (first, last) = (first.min(BLOCKS - 1), last.min(BLOCKS - 1));
        (u64::MAX >> (BLOCKS - 1 - (last - first))) << first
    }
}

/// What marking a range has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Marking {
    /// All of it was marked exactly before.
    Known,
    /// It is marked exactly now; items of it may have been marked before.
    New,
    /// It is marked outside of the exact ranges: in blocks, or by the transaction.
    Coarse,
}

impl Head {
    /// An empty container that no transaction knows.
    pub(super) const fn new() -> Self {
        Head { len: 0, count: 0, ranges: [0; RANGES], blocks: 0, stamp: Stamp::VOID }
    }

    /// Rule 2: this container lies at `stamp` and has not been touched.
    #[inline]
    pub(super) fn put_stamp(&mut self, stamp: Stamp) {
        self.count = 0;
        self.stamp = stamp;
    }

    /// Rule 1: whether the marks are of the transaction and the offset of `stamp`.
    #[inline]
    pub(super) fn is_current(&self, stamp: Stamp) -> bool {
        self.stamp == stamp
    }

    /// Notes that the items in `range` are about to change.
    #[inline(always)]
    fn mark(&mut self, range: Range<usize>, items: &'static Items) -> Marking {
        debug_assert!(range.start < range.end && range.end <= items.capacity);
        if self.is_clear() {
            // The first place, and usually the only one.
            self.ranges[0] = pack(range.start as u32, range.end as u32);
            self.count = 1;
            return Marking::New;
        }
        self.mark_more(range, items)
    }

    /// [`Self::mark`], if something is marked already.
    #[inline(never)]
    fn mark_more(&mut self, range: Range<usize>, items: &'static Items) -> Marking {
        if self.count == 1 {
            let (start, end) = (range.start as u32, range.end as u32);
            let first = self.ranges[0];
            // The next item of a loop.
            if first as u32 == start {
                self.ranges[0] = pack((first >> 32) as u32, end);
                return Marking::New;
            }
            // The second place.
            if !touches(first, start, end) {
                self.ranges[1] = pack(start, end);
                self.count = 2;
                return Marking::New;
            }
        }
        self.mark_even_more(range, items)
    }

    /// The rest of [`Self::mark_more`], in a function of its own, so that `mark_more` saves no registers.
    #[inline(never)]
    fn mark_even_more(&mut self, range: Range<usize>, items: &'static Items) -> Marking {
        if let Some(last) = self.ranges.get_mut((self.count as usize).wrapping_sub(1)) {
            // The next item of a loop.
            if *last as u32 == range.start as u32 {
                *last = pack((*last >> 32) as u32, range.end as u32);
                return Marking::New;
            }
        } else if self.has_blocks(&range, items) {
            return Marking::Coarse;
        }
        // Once all exact ranges are in use, they are searched first only if the transaction does not take ranges from here.
        let exact = if items.most == 0 { RANGES } else { RANGES - 1 };
        if self.count <= exact as u32
            && let Some(marking) = self.mark_exactly(&range)
        {
            return marking;
        }
        self.mark_beyond(range, items)
    }

    /// The rest of [`Self::mark_even_more`], if the exact ranges do not suffice, or blocks are marked: a function of its own, so that
    /// its caller saves no registers. In a loop over many places, each place goes to the transaction without another call. With fewer
    /// instructions, the loop waits for more places at once, if they are not in the cache.
    #[inline(never)]
    fn mark_beyond(&mut self, range: Range<usize>, items: &'static Items) -> Marking {
        if self.spill_few(&range, items) {
            return Marking::Coarse;
        }
        self.mark_coarsely(range, items)
    }

    /// Gives the range to the running update, exactly, if that has room and is the innermost closure.
    #[inline(always)]
    fn spill_few(&self, range: &Range<usize>, items: &'static Items) -> bool {
        let container = std::ptr::from_ref(self).addr();
        items.most > 0 && spill_to_innermost(container, self.stamp, items.bytes(range), items.most)
    }

    /// Marks in the exact ranges, if they suffice.
    #[inline(always)]
    fn mark_exactly(&mut self, range: &Range<usize>) -> Option<Marking> {
        let (start, end) = (range.start as u32, range.end as u32);
        let count = self.in_use();
        // The latest first: the common cases are the same item again and the next item of a loop.
        for known in self.ranges[..count].iter_mut().rev() {
            if !touches(*known, start, end) {
                continue;
            }
            let (first, last) = ((*known >> 32) as u32, *known as u32);
            let hull = pack(first.min(start), last.max(end));
            if hull == *known {
                return Some(Marking::Known);
            }
            *known = hull;
            return Some(Marking::New);
        }
        if let Some(free) = self.ranges.get_mut(count) {
            *free = pack(start, end);
            self.count = count as u32 + 1;
            return Some(Marking::New);
        }
        None
    }

    /// Notes that the items in `range` are about to be overwritten or moved.
    #[inline]
    pub(super) fn mark_written(&mut self, range: Range<usize>, items: &'static Items) {
        if !range.is_empty() {
            self.mark(range, items);
        }
    }

    /// Notes that the items in `range` of `live` are about to be borrowed mutably. Stamps the containers inside of each item
    /// that had not been marked before (rule 2).
    #[inline]
    pub(super) fn mark_borrowed<T: SharedLayout>(
        &mut self,
        range: Range<usize>,
        live: &mut [T],
        items: &'static Items,
    ) {
        if range.is_empty() {
            return;
        }
        if T::TRACKED { self.mark_borrowed_tracked(range, live, items) } else { self.mark_written(range, items) }
    }

    fn mark_borrowed_tracked<T: SharedLayout>(&mut self, range: Range<usize>, live: &mut [T], items: &'static Items) {
        let before = self.clone();
        if self.mark(range.clone(), items) != Marking::New {
            return;
        }
        for (index, item) in range.clone().zip(&mut live[range]) {
            if !before.is_exact(index) {
                let stamp = self.stamp.at(items.offset + index * size_of::<T>());
                // SAFETY: a value that is borrowed here.
                unsafe { T::stamp(item, stamp) }
            }
        }
    }

    /// The rest of [`Self::mark_beyond`], if the transaction did not take the range: a function of its own, because it saves registers.
    #[inline(never)]
    fn mark_coarsely(&mut self, range: Range<usize>, items: &'static Items) -> Marking {
        if let Some(marking) = self.mark_exactly(&range) {
            return marking;
        }
        if items.few || !self.spill(&range, items) {
            self.mark_blocks(&range, items);
        }
        Marking::Coarse
    }

    /// Gives the range to the running update: exactly, if no item has marks of its own.
    fn spill(&self, range: &Range<usize>, items: &'static Items) -> bool {
        spill(std::ptr::from_ref(self).addr(), self.stamp, items.bytes(range), !items.nested)
    }

    #[inline]
    fn mark_blocks(&mut self, range: &Range<usize>, items: &'static Items) {
        if self.count <= RANGES as u32 {
            self.blocks = 0;
            self.count = RANGES as u32 + 1;
        }
        self.blocks |= items.blocks(range);
    }

    /// Whether all the blocks of the items in `range` are marked.
    #[inline]
    fn has_blocks(&self, range: &Range<usize>, items: &'static Items) -> bool {
        if range.end - range.start == 1 {
            return self.blocks >> (range.start >> items.block).min(BLOCKS - 1) & 1 != 0;
        }
        let blocks = items.blocks(range);
        self.blocks & blocks == blocks
    }

    /// Whether item `index` lies in an exact range.
    fn is_exact(&self, index: usize) -> bool {
        self.exact().any(|range| range.contains(&index))
    }

    /// The exact ranges.
    #[inline]
    pub(super) fn exact(&self) -> impl Iterator<Item = Range<usize>> {
        self.ranges[..self.in_use()].iter().map(|&known| unpack(known))
    }

    /// Exact ranges in use, whatever the bytes say: a head that has not been stamped may be anything.
    #[inline]
    fn in_use(&self) -> usize {
        (self.count as usize).min(RANGES)
    }

    /// The exact range, as [`unpack`] unpacks it, if nothing else is marked here.
    #[inline(always)]
    pub(super) fn only(&self) -> Option<u64> {
        (self.count == 1).then_some(self.ranges[0])
    }

    /// The exact ranges, as [`unpack`] unpacks them, if no blocks are marked.
    #[inline(always)]
    pub(super) fn only_exact(&self) -> Option<&[u64]> {
        self.ranges.get(..self.count as usize)
    }

    /// Whether nothing is marked here (the transaction may know more).
    #[inline]
    pub(super) fn is_clear(&self) -> bool {
        self.count == 0
    }

    /// Calls `f` with the items of each marked block.
    pub(super) fn for_each_block(&self, items: &'static Items, mut f: impl FnMut(Range<usize>)) {
        let mut left = if self.count > RANGES as u32 { self.blocks } else { 0 };
        while left != 0 {
            let block = left.trailing_zeros() as usize;
            left &= left - 1;
            let start = block << items.block;
            f(start.min(items.capacity)..(start + (1 << items.block)).min(items.capacity));
        }
    }

    /// Rule 4: the stamp that this container brought from elsewhere no longer counts.
    ///
    /// # Safety
    /// `head` points to a head to which there is no other access.
    #[cold]
    pub(super) unsafe fn invalidate(head: *mut Head) {
        // SAFETY: the caller's promise.
        let head = unsafe { &mut *head };
        head.put_stamp(Stamp::VOID);
    }
}
