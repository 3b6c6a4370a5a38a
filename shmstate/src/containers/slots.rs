//! [`Slots`]: the storage of the tracked containers.

use super::collect_dirty::collect_dirty;
use super::len::Len;
use super::marks::{Head, Items};
use super::moved_out::{move_in, move_out};
use super::place::{fresh, rotate_left};
use crate::layout::{Field, Kind, Layout, SharedLayout, Touched, ValidityError};
use crate::track::{DirtyRanges, Stamp};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Proves, while the program compiles, what every item of a tracked container has to fulfil.
pub(super) const fn item_fits<T: SharedLayout>() {
    // The item's own proofs come first: their messages point at the culprit.
    let _ = T::LAYOUT;
    assert!(
        size_of::<T>() <= u32::MAX as usize,
        "an item of a container has at most u32::MAX bytes: keep what is larger in a field of the state"
    );
    assert!(align_of::<T>() <= 64, "an item of a container is aligned to at most 64 bytes");
    assert!(!std::mem::needs_drop::<T>(), "an item of a container has no drop glue");
}

/// Slots that note which of them an update touches: `PER` for each of `N`.
///
/// If they are `FULL`, each of them always holds some value, zeroes at first, and the container around them decides which ones
/// mean anything. Otherwise, only the first ones hold values, as many as the length in the head says.
#[repr(C)]
pub(super) struct Slots<T, const N: usize, const PER: usize, const FULL: bool> {
    head: Head,
    /// Invariant: the first [`live`](Self::live) slots hold values; the bytes of the others are not looked at.
    items: [[MaybeUninit<T>; PER]; N],
}

impl<T: SharedLayout, const N: usize, const PER: usize, const FULL: bool> Slots<T, N, PER, FULL> {
    /// How many slots there are.
    const COUNT: usize = PER * N;

    /// Where the first one lies.
    pub(super) const OFFSET: usize = std::mem::offset_of!(Self, items);

    const ITEMS: &'static Items = {
        item_fits::<T>();
        assert!(Self::COUNT <= u32::MAX as usize, "there are at most u32::MAX slots");
        &Items::new(Self::OFFSET, size_of::<T>(), Self::COUNT, FULL, T::TRACKED)
    };

    /// How many slots hold values. A method asks once: unless the slots are `FULL`, another process may change the answer at any time.
    #[inline]
    pub(super) const fn live(&self) -> usize {
        Self::ITEMS.live(&self.head)
    }

    /// The values.
    #[inline]
    pub(super) const fn as_slice(&self) -> &[T] {
        // SAFETY: the invariant of `items`.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr().cast(), self.live()) }
    }

    /// All slots. The caller marks what it touches, and restores the invariant of `items`.
    #[inline]
    pub(super) const fn slots(&mut self) -> &mut [MaybeUninit<T>] {
        self.items.as_flattened_mut()
    }

    /// The first `live` values, without marking any: the caller marks what it is going to touch.
    ///
    /// # Safety
    /// These slots hold values: `live` is what [`Self::live`] has returned to the caller, or less.
    #[inline]
    pub(super) unsafe fn unmarked(&mut self, live: usize) -> &mut [T] {
        debug_assert!(live <= Self::COUNT);
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.items.as_mut_ptr().cast(), live) }
    }

    /// Notes that the slots in `range` are about to be overwritten or moved.
    #[inline]
    pub(super) fn mark_written(&mut self, range: Range<usize>) {
        self.head.mark_written(range, Self::ITEMS);
    }

    /// Notes that the values in `range` are about to be borrowed mutably.
    ///
    /// # Safety
    /// As for [`Self::unmarked`], up to the end of the range.
    #[inline]
    pub(super) unsafe fn mark_borrowed(&mut self, range: Range<usize>) {
        // SAFETY: the caller's promise.
        let values = unsafe { std::slice::from_raw_parts_mut(self.items.as_mut_ptr().cast::<T>(), range.end) };
        self.head.mark_borrowed(range, values, Self::ITEMS);
    }

    /// Moves what is in `slot..end` on by one, and puts `value` into `slot`. What is in slot `end` is overwritten.
    ///
    /// # Safety
    /// The caller does not use `value` any more.
    #[inline]
    pub(super) unsafe fn insert(&mut self, slot: usize, end: usize, value: &T) {
        self.mark_written(slot..end + 1);
        self.shift(slot..end, slot + 1);
        // SAFETY: the caller's promise.
        unsafe { move_in(&mut self.slots()[slot], value) }
    }

    /// Fills slot `end` in place, moves what is in `slot..end` on by one, and the new value to `slot`. If `init` panics, nothing
    /// has moved.
    pub(super) fn insert_with(&mut self, slot: usize, end: usize, init: impl FnOnce(&mut T)) {
        self.mark_written(slot..end + 1);
        init(fresh(&mut self.slots()[end]));
        rotate_left(&mut self.slots()[slot..=end], end - slot);
    }

    /// Moves what is after `slot` and before `end` back by one, so that what is in `slot` is gone.
    #[inline]
    pub(super) fn remove(&mut self, slot: usize, end: usize) {
        self.carry(slot + 1..end, slot);
    }

    /// Moves what is in `from` to the slots from `to` on. Slots that are only in `from` keep their bytes.
    #[inline]
    pub(super) fn carry(&mut self, from: Range<usize>, to: usize) {
        self.mark_written(to..to + from.len());
        self.shift(from, to);
    }

    /// [`Self::carry`] of one value.
    #[inline]
    pub(super) fn carry_one(&mut self, from: usize, to: usize) {
        self.mark_written(to..to + 1);
        let slots = self.slots();
        let from = &raw const slots[from];
        // SAFETY: two slots, as for `shift`.
        unsafe { std::ptr::copy(from, &raw mut slots[to], 1) }
    }

    /// [`Self::carry`] without marking, which the caller does.
    #[inline]
    pub(super) fn shift(&mut self, from: Range<usize>, to: usize) {
        let (count, slots) = (from.len(), self.slots());
        assert!(from.end <= slots.len() && count <= slots.len() - to.min(slots.len()), "slots that are not there");
        let slots = slots.as_mut_ptr();
        // SAFETY: both ranges lie among the slots, which are borrowed through `self`. Values have no drop glue, and of two slots
        // that hold the same bytes now, the container around them uses only one as a value.
        unsafe { std::ptr::copy(slots.wrapping_add(from.start), slots.wrapping_add(to), count) }
    }
}

impl<T: SharedLayout, const N: usize, const PER: usize> Slots<T, N, PER, true> {
    /// All values, without marking any: the caller marks what it is going to touch.
    #[inline]
    pub(super) fn unmarked_mut(&mut self) -> &mut [T] {
        // SAFETY: all slots hold values.
        unsafe { self.unmarked(Self::COUNT) }
    }

    /// Notes that the values in `range` are about to be borrowed mutably.
    #[inline]
    pub(super) fn mark(&mut self, range: Range<usize>) {
        assert!(range.end <= Self::COUNT, "slots that are not there");
        // SAFETY: all slots hold values.
        unsafe { self.mark_borrowed(range) }
    }

    /// A mutable reference to one value; marks it.
    #[inline]
    pub(super) fn get_mut(&mut self, slot: usize) -> &mut T {
        self.mark(slot..slot + 1);
        &mut self.unmarked_mut()[slot]
    }
}

impl<T: SharedLayout, const N: usize> Slots<T, N, 1, true> {
    /// Slots with these values.
    pub(super) fn of(values: [T; N]) -> Self {
        let mut slots = MaybeUninit::<Self>::uninit();
        let to = slots.as_mut_ptr();
        let items = to.wrapping_byte_add(Self::OFFSET).cast::<[T; N]>();
        // SAFETY: the memory of the first field.
        unsafe { to.cast::<Head>().write(Head::new()) }
        // SAFETY: that of the other one: as many values in the same layout.
        unsafe { items.write(values) }
        // SAFETY: both fields were written.
        unsafe { slots.assume_init() }
    }

    /// The values.
    #[inline]
    pub(super) const fn as_array(&self) -> &[T; N] {
        // SAFETY: the invariant of `items`, which are as many in the same layout.
        unsafe { &*self.items.as_ptr().cast() }
    }

    /// The values, without marking any.
    #[inline]
    pub(super) const fn unmarked_array(&mut self) -> &mut [T; N] {
        // SAFETY: the same.
        unsafe { &mut *self.items.as_mut_ptr().cast() }
    }
}

impl<T: SharedLayout, const N: usize> Slots<T, N, 1, false> {
    /// Sets the length: the first `len` slots are those with values.
    ///
    /// # Safety
    /// They hold values.
    #[inline]
    pub(super) const unsafe fn set_len(&mut self, len: usize) {
        debug_assert!(len <= N);
        self.head.len = len as u32;
    }

    /// Keeps the first `len` values, or all if there are fewer.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        self.head.len = self.live().min(len) as u32;
    }

    /// Marks the slots in `range`, calls `fill` for each of them with an item of `from`, and sets the length to the end of `range`.
    /// If `fill` or `from` panics, the length is what it was.
    ///
    /// # Safety
    /// The slots before `range` hold values, `from` yields as many as there are slots, and `fill` makes a value in each.
    #[inline]
    pub(super) unsafe fn fill<V>(
        &mut self,
        range: Range<usize>,
        from: impl IntoIterator<Item = V>,
        mut fill: impl FnMut(&mut MaybeUninit<T>, V),
    ) {
        self.mark_written(range.clone());
        for (to, from) in self.slots()[range.clone()].iter_mut().zip(from) {
            fill(to, from);
        }
        // SAFETY: the caller's promise.
        unsafe { self.set_len(range.end) }
    }

    /// The value in a slot, whose bytes stay.
    ///
    /// # Safety
    /// The slot holds a value, which is not used any more before the slot is overwritten.
    #[inline]
    pub(super) unsafe fn take(&self, slot: usize) -> T {
        // SAFETY: the caller's promise.
        let value = unsafe { self.items.as_flattened()[slot].assume_init_ref() };
        // SAFETY: the same.
        unsafe { move_out(value) }
    }
}

// SAFETY: a head of plain integers and slots of a shareable type without drop glue; zeroes are zeroed values, or none. The
// bytes after the last slot that alignment may add belong to the slots and are never looked at. The walks are those of the
// contract; the fields of the head after the length are scratch whose value does not matter, nor does the length of full slots.
unsafe impl<T: SharedLayout, const N: usize, const PER: usize, const FULL: bool> SharedLayout
    for Slots<T, N, PER, FULL>
{
    /// For slots in a container that does not describe them itself.
    const LAYOUT: &'static Layout = &Layout::of::<Self>(
        "Slots",
        Kind::Struct(
            const {
                &[Field {
                    name: "items",
                    offset: Self::ITEMS.offset,
                    layout: <[[T; PER]; N]>::LAYOUT,
                    docs: "",
                    renamed_from: &[],
                    local: false,
                }]
            },
        ),
    );
    const TRACKED: bool = true;
    const CHECKED: bool = !FULL || T::CHECKED;
    const DEFAULT_IS_ZERO: bool = PER > 1 || !FULL || T::DEFAULT_IS_ZERO;

    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        // SAFETY: the caller's promise: valid, and accessed by no other code.
        unsafe { (*this).head.put_stamp(stamp) }
    }

    #[inline]
    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        if FULL {
            return;
        }
        // SAFETY: the caller's promise; `from` is a value.
        let len = unsafe { (*from).head.len };
        // SAFETY: the caller's promise: `to` is memory of as many bytes; nothing is read from it.
        let to = unsafe { &raw mut (*to).head.len };
        // SAFETY: the same; it is writable.
        unsafe { to.write(len) }
    }

    #[inline(always)]
    unsafe fn collect_dirty<const NESTED: bool>(
        written: *const Self,
        source: *const Self,
        stamp: Stamp,
        touched: &mut DirtyRanges,
    ) {
        // SAFETY: the caller's promise; the head is the first field, and the live slots hold values.
        unsafe { collect_dirty::<T, NESTED>(written.cast(), source.cast(), Self::ITEMS, stamp, touched) }
    }

    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        let items = this.wrapping_byte_add(Self::OFFSET);
        if FULL && PER == 1 {
            // SAFETY: the caller's promise, of the items as of the whole.
            return unsafe { <[T; N]>::validate(items.cast()) };
        }
        if FULL {
            // SAFETY: the same.
            return unsafe { <[[T; PER]; N]>::validate(items.cast()) };
        }
        // SAFETY: the caller's promise: initialised bytes; the length is a plain number.
        let len = Len::<N>::of_word(unsafe { (*this).head.len });
        len.check("list")?;
        if T::CHECKED {
            // Items may be no values yet, so that no reference is made.
            for index in 0..len.get() {
                // SAFETY: item `index` lies inside of the slots; its bytes are initialised.
                unsafe { T::validate(items.cast::<T>().wrapping_add(index)) }.map_err(|e| e.in_item(index))?;
            }
        }
        Ok(())
    }

    unsafe fn validate_touched(this: *const Self, touched: &Touched<'_>) -> Result<(), ValidityError> {
        let items = this.wrapping_byte_add(Self::OFFSET);
        if FULL && PER == 1 {
            // SAFETY: the caller's promise, of the items as of the whole.
            return unsafe { <[T; N]>::validate_touched(items.cast(), touched) };
        }
        if FULL {
            // SAFETY: the same.
            return unsafe { <[[T; PER]; N]>::validate_touched(items.cast(), touched) };
        }
        // SAFETY: the caller's promise: initialised bytes; the length is a plain number.
        let word = unsafe { &raw const (*this).head.len };
        // SAFETY: the same.
        let len = Len::<N>::of_word(unsafe { word.read() });
        len.check("list")?;
        if T::CHECKED {
            let items = items.cast::<T>();
            // Items that have become live may be any bytes, even where these have not changed.
            let before = if touched.meets(word) { touched.before(word).unwrap_or(0) as usize } else { len.get() };
            let live = before.min(len.get());
            for index in touched.items(items, live) {
                // SAFETY: item `index` lies inside of the slots; its bytes are initialised.
                unsafe { T::validate_touched(items.wrapping_add(index), touched) }.map_err(|e| e.in_item(index))?;
            }
            for index in live..len.get() {
                // SAFETY: the same.
                unsafe { T::validate(items.wrapping_add(index)) }.map_err(|e| e.in_item(index))?;
            }
        }
        Ok(())
    }
}
