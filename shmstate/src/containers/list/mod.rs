//! [`List`]: a vector of fixed capacity that notes what an update touches.
//!
//! * this file: the type, its two ways of marking, and both ends of the list
//! * `edit`, `extend`, `in_place`: adding and removing items
//! * [`slice`](super::slice): borrowing items, changing their order, and what else a list shares with a slice

mod edit;
mod extend;
mod in_place;
mod traits;

use super::CapacityError;
use super::capacity::capacity;
use super::moved_out::{move_in, refused};
use super::slice::like_a_slice;
use super::slots::{Slots, item_fits};
use crate::layout::{Kind, Layout, SharedLayout, Step, Touched, ValidityError, Walk};
use std::ops::Range;

/// A `Vec` that cannot grow past `N`.
///
/// Its methods have the names and the meaning that they have on `Vec`; those that could grow it return a [`CapacityError`]
/// which gives the value back.
///
/// ```
/// use shmstate::List;
///
/// let mut queue = List::<u32, 3>::from([10, 20]);
/// queue.push(30)?;
/// assert_eq!(queue.push(40).unwrap_err().into_inner(), 40);
/// assert_eq!(queue.remove(0), 10);
/// queue[0] += 1;
/// assert_eq!(queue, [21, 30]);
/// assert_eq!(queue.iter().sum::<u32>(), 51); // everything that `&[T]` can do
/// # Ok::<_, shmstate::CapacityError<u32>>(())
/// ```
///
/// # Layout
/// A head of 64 bytes (the length, then scratch data of the running update), then `N` items, whether they are in use or not:
/// `64 + N * size_of::<T>()` bytes, rounded up to the alignment. A list always has that size, so a large one belongs on
/// the heap ([`SharedLayout::new_box_zeroed`]) or in a state, not on the stack; no method moves it there.
///
/// # Cost
/// An update costs what it marks: only marked items are copied when it ends. The length is always copied.
///
/// | method | marks |
/// |---|---|
/// | `push`, `push_with`, `push_default`, `extend_from_slice`, `try_extend`, `append`, a growing `resize*` | the new items |
/// | `pop`, `truncate`, `clear`, a shrinking `resize*` | nothing |
/// | `list[i] = …`, `get_mut`, `first_mut`, `last_mut` | the items that are borrowed |
/// | `swap(i, j)`; `swap_remove(i)`, `swap_discard(i)`; `copy_within` | items `i` and `j`; item `i`; the destination |
/// | `insert(i, …)`, `insert_with`, `insert_default`, `remove(i)`, `discard(i)`, `drain(i..j)` | from item `i` to the end |
/// | `retain`, `dedup`, `dedup_by_key` | from the first removed item to the end; nothing if none is removed |
/// | `as_mut_slice`, `iter_mut`, `retain_mut`, `sort` and its kin, `reverse`, `rotate_left`, `rotate_right`, `fill` | all |
/// | everything that takes `&self` | nothing |
///
/// In an item that itself holds lists, a borrow marks only what is then changed in those lists. A list derefs to `&[T]` and not to
/// `&mut [T]`, because each method of a mutable slice would have to mark every item before it runs: `swap` as well as `sort`. To
/// change all items, use [`as_mut_slice`](List::as_mut_slice), which returns that slice.
///
/// # Beside `Vec`
/// | `Vec` | here |
/// |---|---|
/// | `len`, `is_empty`, `iter`, `first`, `binary_search`, `to_vec`, … | the same: those of the slice |
/// | `new`, `capacity`, `as_slice`, `as_mut_slice`, `[]`, `get_mut`, `first_mut`, `last_mut`, `iter_mut`, `pop`, `remove`, `swap_remove`, `truncate`, `clear`, `retain`, `retain_mut`, `dedup`, `swap`, `reverse`, `rotate_*`, `fill`, `copy_within`, `sort`, `sort_by`, `sort_by_key`, `sort_unstable*` | the same |
/// | `dedup_by_key` | the same, with a shared reference to the item, so that it marks nothing that stays |
/// | `drain` | the same; it marks what follows the range |
/// | `push`, `insert`, `extend_from_slice`, `resize`, `resize_with`, `append` | the same, and an error when there is no room |
/// | `extend`, `collect` | the same, and a panic when there is no room; [`try_extend`](List::try_extend) and [`try_from_iter`](List::try_from_iter) return an error |
/// | `from` an array, `try_from` a slice or a `Vec` | the same; that the array fits is proved while the program compiles |
/// | `Vec::from` a list | the same |
/// | `split_at_mut`, `split_first_mut`, `split_last_mut`, `split_mut`, `splitn_mut`, `chunks_mut`, `chunks_exact_mut`, `rchunks*`, `chunk_by_mut`, `fill_with`, `copy_from_slice`, `clone_from_slice`, `swap_with_slice`, `select_nth_*`, `sort_by_cached_key`, `get_disjoint_mut`, … | on `as_mut_slice()`, or on `&mut list[a..b]`, which marks less |
/// | `is_full`, `remaining`, `from_slice` | new |
/// | `push_with`, `push_default`, `insert_with`, `insert_default`, `resize_default`, `discard`, `swap_discard` | new: no item passes over the stack |
/// | `splice`, `extract_if`, `into_iter` by value, `split_off` | not there: a list of a state is borrowed; `retain`, `drain` |
/// | `dedup_by`, `extend_from_within`, `pop_if`, `into_flattened` | not there: the other methods can do it |
/// | `reserve*`, `try_reserve*`, `shrink_*`, `with_capacity`, `into_boxed_slice`, `leak` | not there: the capacity is fixed, and nothing lies on the heap |
/// | `as_ptr`, `as_mut_ptr`, `set_len`, `spare_capacity_mut`, `from_raw_parts` | not there: what is written through them would go unnoticed |
///
/// # Large items
/// A method that takes or returns an item by value puts it on the stack, in a debug build several times. For items that are too
/// large for the stack, there are methods that fill an item in place, and that remove it in place:
///
/// ```
/// use shmstate::{List, SharedLayout};
///
/// let mut pages = List::<List<u8, 1_000_000>, 8>::new_box_zeroed();
/// pages.push_default()?.extend_from_slice(b"in place")?;
/// pages.push_with(|page| page.extend(*b"filled by a closure"))?;
/// pages.discard(0);
/// assert_eq!(pages[0][..6], *b"filled");
/// # Ok::<_, shmstate::CapacityError>(())
/// ```
///
/// # Panics in closures
/// When a closure, an iterator, or a `Clone` or comparison of the items panics, the list stays valid and its changes stay
/// marked; each method says which items it then has. Inside an update the panic rolls everything back.
///
/// # Capacity
/// It is from 1 to `u32::MAX`, and the items are at least one byte large; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::List::<u8, 0>::new();
/// ```
/// ```compile_fail
/// let nothing = shmstate::List::<[u8; 0], 1>::new();
/// ```
#[repr(transparent)]
pub struct List<T, const N: usize> {
    slots: Slots<T, N, 1, false>,
}

impl<T: SharedLayout, const N: usize> List<T, N> {
    /// What every list type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        item_fits::<T>();
        assert!(N > 0, "a List of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= u32::MAX as usize, "a List holds at most u32::MAX items: give it a smaller capacity");
        assert!(size_of::<T>() > 0, "a List of zero-sized items holds nothing: use a counter");
    };

    /// Appends `value`.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 1>::new();
    /// list.push(1)?;
    /// assert_eq!(list.push(2).unwrap_err().into_inner(), 2);
    /// assert_eq!(list, [1]);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the value back when the list is full.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), CapacityError<T>> {
        // SAFETY: it is the list's from here on, unless it is returned.
        match unsafe { self.push_if_room(&value) } {
            true => Ok(()),
            // SAFETY: it is returned.
            false => Err(unsafe { refused(&value, "list", N) }),
        }
    }

    /// Appends `value`. Returns whether there was room.
    ///
    /// # Safety
    /// If there was room, the caller does not use `value` any more.
    #[inline]
    pub(super) unsafe fn push_if_room(&mut self, value: &T) -> bool {
        let len = self.live();
        if len == N {
            return false;
        }
        self.mark_written(len..len + 1);
        // SAFETY: the caller's promise.
        unsafe { move_in(&mut self.slots.slots()[len], value) }
        // SAFETY: there is one more.
        unsafe { self.slots.set_len(len + 1) }
        true
    }

    /// Removes the last item and returns it.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 2>::from([1]);
    /// assert_eq!(list.pop(), Some(1));
    /// assert_eq!(list.pop(), None);
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let last = self.live().checked_sub(1)?;
        self.slots.truncate(last);
        // SAFETY: the item was live; it is not any more, so that it is not read twice.
        Some(unsafe { self.slots.take(last) })
    }

    /// The items.
    ///
    /// ```
    /// let list = shmstate::List::<u64, 4>::from([1, 2]);
    /// assert_eq!(list.as_slice(), &[1, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        self.slots.as_slice()
    }

    /// The items, without marking any: the caller marks what it is going to touch. `live` is what [`Self::live`] has returned
    /// to the caller, because another process may have changed the length since.
    #[inline]
    pub(super) fn unmarked_mut(&mut self, live: usize) -> &mut [T] {
        // SAFETY: these items were live, and nothing but their number has changed since.
        unsafe { self.slots.unmarked(live) }
    }

    /// Live items, at most `N` whatever the bytes say. A method asks once: another process may change the answer at any time.
    #[inline]
    pub(super) const fn live(&self) -> usize {
        self.slots.live()
    }

    /// Notes that the items in `range` are about to be overwritten or moved.
    #[inline]
    fn mark_written(&mut self, range: Range<usize>) {
        self.slots.mark_written(range);
    }

    /// Notes that the items in `range`, all live, are about to be borrowed mutably.
    #[inline]
    fn mark_borrowed(&mut self, range: Range<usize>) {
        // SAFETY: live items are values.
        unsafe { self.slots.mark_borrowed(range) }
    }
}

like_a_slice!(List);

capacity! {
    all_but_len [T: SharedLayout, const N: usize] List<T, N>, "List::<u64, 2>", "items", |list| list.live(),
    "let list = shmstate::List::<u64, 2>::from([1]);"
}

// SAFETY: the slots; the walk visits them.
unsafe impl<T: SharedLayout, const N: usize> SharedLayout for List<T, N> {
    const LAYOUT: &'static Layout = {
        let () = Self::PROVED;
        &Layout::of::<Self>("List", Kind::List { item: T::LAYOUT, capacity: N, items: Slots::<T, N, 1, false>::OFFSET })
    };
    const TRACKED: bool = true;
    const CHECKED: bool = true;
    const DEFAULT_IS_ZERO: bool = true;

    #[inline(always)]
    unsafe fn walk<const STEP: Step>(this: *const Self, walk: &Walk<STEP>) {
        // SAFETY: the caller's promise: the only field.
        unsafe { Slots::<T, N, 1, false>::visit(this.cast(), walk) }
    }

    unsafe fn validate_touched(this: *const Self, touched: &Touched<'_>) -> Result<(), ValidityError> {
        // SAFETY: the caller's promise: the only field.
        unsafe { Slots::<T, N, 1, false>::validate_touched(this.cast(), touched) }
    }
}
