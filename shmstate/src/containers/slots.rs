//! [`Slots`]: twice as many values as fit into a container, for one that keeps them in blocks of which each has room left.

use super::Array;
use super::marks::{Head, Items};
use super::place::rotate_left;
use super::spent::move_over;
use super::walks::{Tracked, flatten};
use crate::layout::{Field, Kind, Layout, SharedLayout, ValidityError};
use crate::track::{Stamp, Touched};
use std::ops::Range;

/// `2 N` slots that note which of them an update touches, as an [`Array`] does. Each of them always holds some value: zeroes
/// at first, then what was last put there. Which of them mean anything is the business of the container around.
#[repr(C)]
pub(super) struct Slots<T, const N: usize> {
    /// Its length is not used.
    head: Head,
    items: [[T; 2]; N],
}

impl<T: SharedLayout, const N: usize> Slots<T, N> {
    const ITEMS: Items = {
        // What an array proves holds here as well.
        let _ = Array::<T, N>::LAYOUT;
        assert!(N <= u32::MAX as usize / 2, "there are at most u32::MAX slots");
        Items { offset: std::mem::offset_of!(Self, items), size: size_of::<T>(), capacity: 2 * N, nested: T::TRACKED }
    };

    /// All slots.
    #[inline]
    pub(super) const fn as_slice(&self) -> &[T] {
        self.items.as_flattened()
    }

    /// All slots, without marking any: the caller marks what it is going to touch.
    #[inline]
    pub(super) fn unmarked_mut(&mut self) -> &mut [T] {
        self.items.as_flattened_mut()
    }

    /// Notes that the slots in `range` are about to be handed out.
    #[inline]
    pub(super) fn hand_out(&mut self, range: Range<usize>) {
        self.head.hand_out(range, self.items.as_flattened_mut(), Self::ITEMS);
    }

    /// One slot, to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, slot: usize) -> &mut T {
        self.hand_out(slot..slot + 1);
        &mut self.unmarked_mut()[slot]
    }

    /// Moves the values in `slot..end` on by one, and puts `value` into `slot`. What is in slot `end` is overwritten.
    ///
    /// # Safety
    /// `value` is not used any more.
    #[inline]
    pub(super) unsafe fn insert(&mut self, slot: usize, end: usize, value: &T) {
        self.head.overwrite(slot..end + 1, Self::ITEMS);
        self.shift(slot..end, slot + 1);
        // SAFETY: the caller's promise.
        unsafe { move_over(&mut self.unmarked_mut()[slot], value) }
    }

    /// Fills slot `end` where it lies, moves the values in `slot..end` on by one, and the new one to `slot`. If `init` panics,
    /// those are where they were.
    pub(super) fn insert_with(&mut self, slot: usize, end: usize, init: impl FnOnce(&mut T)) {
        self.head.overwrite(slot..end + 1, Self::ITEMS);
        let slots = &mut self.unmarked_mut()[slot..=end];
        if let Some(last) = slots.last_mut() {
            T::reset(last);
            init(last);
        }
        rotate_left(slots, end - slot);
    }

    /// Moves the values after `slot` and before `end` back by one, so that the one in `slot` is gone.
    #[inline]
    pub(super) fn remove(&mut self, slot: usize, end: usize) {
        self.carry(slot + 1..end, slot);
    }

    /// Moves the values in `from` to where `to` is and on. Slots that are in `from` only keep their bytes.
    #[inline]
    pub(super) fn carry(&mut self, from: Range<usize>, to: usize) {
        self.head.overwrite(to..to + from.len(), Self::ITEMS);
        self.shift(from, to);
    }

    /// [`Self::carry`]; marking is the caller's.
    #[inline]
    fn shift(&mut self, from: Range<usize>, to: usize) {
        let (count, slots) = (from.len(), self.unmarked_mut());
        assert!(from.end <= slots.len() && count <= slots.len() - to.min(slots.len()), "slots that are not there");
        let slots = slots.as_mut_ptr();
        // SAFETY: both ranges lie among the slots, which are borrowed through `self`. The values have no drop glue, and which
        // of the slots that hold the same bytes now is the value is the business of the container around.
        unsafe { std::ptr::copy(slots.wrapping_add(from.start), slots.wrapping_add(to), count) }
    }
}

// SAFETY: a head of plain integers and `2 N` values of a shareable type without drop glue; zeroes are `2 N` zeroed values.
// The bytes after the last one that alignment may add belong to the slots and are never looked at. The walks are those of
// the contract; the head is scratch whose value does not matter, so that there is nothing plain to copy.
unsafe impl<T: SharedLayout, const N: usize> SharedLayout for Slots<T, N> {
    const LAYOUT: &'static Layout = &Layout::of::<Self>(
        "Slots",
        Kind::Struct(
            const { &[Field { name: "items", offset: Self::ITEMS.offset, layout: <[[T; 2]; N]>::LAYOUT, docs: "" }] },
        ),
    );
    const TRACKED: bool = true;
    const CHECKED: bool = T::CHECKED;
    const DEFAULT_IS_ZERO: bool = true;

    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        // SAFETY: the caller's promise: valid, and accessed by no other code.
        unsafe { (*this).head.put_stamp(stamp) }
    }

    #[inline]
    unsafe fn copy_plain(_to: *mut Self, _from: *const Self) {}

    #[inline(always)]
    unsafe fn flatten<const NESTED: bool>(
        written: *const Self,
        source: *const Self,
        stamp: Stamp,
        touched: &mut Touched,
    ) {
        let [written, source] = [written, source].map(|slots| Tracked { head: slots.cast::<Head>(), live: 2 * N });
        // SAFETY: the caller's promise; the head is the first field, and all slots hold values.
        unsafe { flatten::<T, NESTED>(written, source, Self::ITEMS, stamp, touched) }
    }

    #[inline]
    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        let items = this.wrapping_byte_add(Self::ITEMS.offset).cast::<[[T; 2]; N]>();
        // SAFETY: the caller's promise, of the items as of the whole.
        unsafe { <[[T; 2]; N]>::validate(items) }
    }
}
