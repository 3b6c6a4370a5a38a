//! [`Array`]: an array that notes what an update touches.

use super::marks::{Head, Items};
use super::slice::like_a_slice;
use super::walks::{Tracked, flatten};
use crate::layout::{Field, Kind, Layout, SharedLayout, ValidityError};
use crate::track::{Stamp, Touched};
use std::array::TryFromSliceError;
use std::ops::Range;

/// A `[T; N]` of which an update costs only what it touches.
///
/// A plain array is copied as a whole before each update, which is right for a few numbers. This is the one for tables:
/// it notes which items are borrowed for writing, as a [`List`](crate::List) does, and always has all `N` of them.
///
/// ```
/// use shmstate::{Array, SharedLayout};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct World {
///     heights: Array<f32, 100_000>, // in a new state, all zero
/// }
///
/// let mut world = World::new_box_zeroed();
/// world.heights[7] = 1.5;
/// world.heights[10..20].fill(2.0);
/// world.heights.swap(0, 7);
/// assert_eq!(world.heights[0], 1.5);
/// assert_eq!(world.heights.iter().sum::<f32>(), 21.5); // everything that `&[T]` can do
/// ```
///
/// # Layout
/// A head of 64 bytes, whose content means nothing outside of a running update, then `N` items:
/// `64 + N * size_of::<T>()` bytes, rounded up to the alignment. An array has that size wherever it is, so a large one
/// belongs on the heap ([`SharedLayout::new_box_zeroed`]) or into a state.
///
/// # Cost
///
/// | method | marks |
/// |---|---|
/// | everything that takes `&self`: `get`, `iter`, `len`, `binary_search`, `chunks`, … | nothing |
/// | `array[i] = …`, `array[a..b]`, `get_mut`, `first_mut`, `last_mut` | the items that are borrowed |
/// | `swap(i, j)`; `copy_within` | items `i` and `j`; the destination |
/// | `as_mut_slice`, `iter_mut`, `fill`, `reverse`, `rotate_left`, `rotate_right`, `sort` and its kin | all |
///
/// Borrowing an item that holds containers itself marks no more than what is then done to those.
///
/// # Beside `[T; N]` and its slice
///
/// | `[T; N]` | here |
/// |---|---|
/// | `len`, `iter`, `first`, `binary_search`, `to_vec`, … | the same: those of the slice |
/// | `as_slice`, `as_mut_slice`, `[]`, `get_mut`, `first_mut`, `last_mut`, `iter_mut`, `swap`, `reverse`, `rotate_*`, `fill`, `copy_within`, `sort`, `sort_by`, `sort_by_key`, `sort_unstable*` | the same |
/// | `split_at_mut`, `split_first_mut`, `split_last_mut`, `split_mut`, `splitn_mut`, `chunks_mut`, `chunks_exact_mut`, `rchunks*`, `chunk_by_mut`, `fill_with`, `copy_from_slice`, `clone_from_slice`, `swap_with_slice`, `select_nth_*`, `sort_by_cached_key`, `get_disjoint_mut`, … | on `as_mut_slice()`, or on `&mut array[a..b]`, which marks less |
/// | `from` an array and into one, `try_from` a slice or a `Vec`, `Vec::from` an array, comparisons, `Hash`, `Debug`, `Default` | the same |
/// | `std::array::from_fn` | [`from_fn`](Array::from_fn) |
/// | `map`, `into_iter` by value | those of the array that [`into_array`](Array::into_array) gives |
/// | `each_ref`, `each_mut` | not there: `iter`, `iter_mut`; `as_array().each_ref()` |
///
/// # Capacity
/// It is from 1 to `u32::MAX`, and the items are at least one byte large; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Array::<u8, 0>::from([]);
/// ```
#[repr(C)]
pub struct Array<T, const N: usize> {
    /// Its length is not used.
    head: Head,
    items: [T; N],
}

impl<T: SharedLayout, const N: usize> Array<T, N> {
    /// What every array type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        // The item's own proofs come first: their messages point at the culprit.
        let _ = T::LAYOUT;
        assert!(N > 0, "an Array of length 0 holds nothing: give it a length of 1 or more");
        assert!(N <= u32::MAX as usize, "an Array holds at most u32::MAX items: give it a smaller length");
        assert!(size_of::<T>() > 0, "an Array of zero-sized items holds nothing: remove it");
        assert!(
            size_of::<T>() <= u32::MAX as usize,
            "an item of a container has at most u32::MAX bytes: keep what is larger in a field of the state"
        );
        assert!(align_of::<T>() <= 64, "an item of a container is aligned to at most 64 bytes");
        assert!(!std::mem::needs_drop::<T>(), "an item of an Array has no drop glue");
    };

    const ITEMS: Items = {
        let () = Self::PROVED;
        Items { offset: std::mem::offset_of!(Self, items), size: size_of::<T>(), capacity: N, nested: T::TRACKED }
    };

    /// An array of what `item` returns for each index.
    ///
    /// It has all `N` items: on the stack for small ones, [`SharedLayout::new_box_zeroed`] for large.
    ///
    /// ```
    /// let squares = shmstate::Array::<u64, 4>::from_fn(|i| (i * i) as u64);
    /// assert_eq!(squares, [0, 1, 4, 9]);
    /// ```
    #[must_use]
    pub fn from_fn(item: impl FnMut(usize) -> T) -> Self {
        Self::from(std::array::from_fn(item))
    }

    /// The items.
    ///
    /// ```
    /// let array = shmstate::Array::<u64, 2>::from([1, 2]);
    /// assert_eq!(array.as_slice(), &[1, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub const fn as_slice(&self) -> &[T] {
        &self.items
    }

    /// The items, as an array.
    ///
    /// ```
    /// let array = shmstate::Array::<u64, 2>::from([1, 2]);
    /// let [a, b] = array.as_array();
    /// assert_eq!((a, b), (&1, &2));
    /// ```
    #[inline]
    #[must_use]
    pub const fn as_array(&self) -> &[T; N] {
        &self.items
    }

    /// The items themselves.
    ///
    /// ```
    /// let array = shmstate::Array::<u64, 2>::from([1, 2]);
    /// assert_eq!(array.into_array(), [1, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn into_array(self) -> [T; N] {
        self.items
    }

    /// The items, without marking any: the caller marks what it is going to touch.
    #[inline]
    pub(super) fn unmarked_mut(&mut self, _live: usize) -> &mut [T] {
        &mut self.items
    }

    /// All of them.
    #[inline]
    fn live(&self) -> usize {
        N
    }

    /// Notes that the items in `range` are about to be overwritten or moved.
    #[inline]
    fn overwrite(&mut self, range: Range<usize>) {
        self.head.overwrite(range, Self::ITEMS);
    }

    /// Notes that the items in `range` are about to be handed out.
    #[inline]
    fn hand_out(&mut self, range: Range<usize>) {
        self.head.hand_out(range, &mut self.items, Self::ITEMS);
    }
}

like_a_slice!(Array);

/// An array of `T`'s default values; one of zeroes is [`SharedLayout::zeroed`].
impl<T: SharedLayout + Default, const N: usize> Default for Array<T, N> {
    fn default() -> Self {
        Self::from_fn(|_| T::default())
    }
}

impl<T: SharedLayout + Clone, const N: usize> Clone for Array<T, N> {
    fn clone(&self) -> Self {
        Array { head: Head::of_clone(0), items: self.items.clone() }
    }

    /// Clones item by item into this array, which needs no room on the stack; marks all.
    ///
    /// If a clone panics, the items before it are new and the others old.
    fn clone_from(&mut self, source: &Self) {
        self.overwrite(0..N);
        self.items.clone_from(&source.items);
    }
}

/// ```
/// let array = shmstate::Array::from([1u64, 2]);
/// assert_eq!(array, [1, 2]);
/// ```
impl<T: SharedLayout, const N: usize> From<[T; N]> for Array<T, N> {
    fn from(items: [T; N]) -> Self {
        let () = Self::PROVED;
        Array { head: Head::new(), items }
    }
}

/// Fails if there are not exactly `N` items.
impl<T: SharedLayout + Copy, const N: usize> TryFrom<&[T]> for Array<T, N> {
    type Error = TryFromSliceError;

    fn try_from(items: &[T]) -> Result<Self, TryFromSliceError> {
        <[T; N]>::try_from(items).map(Self::from)
    }
}

// SAFETY: a head of plain integers and `N` items of a shareable type without drop glue; zeroes are `N` zeroed items. The
// bytes after the last item that alignment may add belong to the array and are never looked at. The walks are those of
// the contract; the head is scratch whose value does not matter, so that there is nothing plain to copy.
unsafe impl<T: SharedLayout, const N: usize> SharedLayout for Array<T, N> {
    const LAYOUT: &'static Layout = &Layout::of::<Self>(
        "Array",
        Kind::Struct(
            const { &[Field { name: "items", offset: Self::ITEMS.offset, layout: <[T; N]>::LAYOUT, docs: "" }] },
        ),
    );
    const TRACKED: bool = true;
    const CHECKED: bool = T::CHECKED;
    const DEFAULT_IS_ZERO: bool = T::DEFAULT_IS_ZERO;

    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        // SAFETY: the caller's promise: valid, and the only reference.
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
        let [written, source] = [written, source].map(|array| Tracked { head: array.cast::<Head>(), live: N });
        // SAFETY: the caller's promise; the head is an array's first field, and all items are values.
        unsafe { flatten::<T, NESTED>(written, source, Self::ITEMS, stamp, touched) }
    }

    #[inline]
    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        let items = this.wrapping_byte_add(Self::ITEMS.offset).cast::<[T; N]>();
        // SAFETY: the caller's promise, of the items as of the whole.
        unsafe { <[T; N]>::validate(items) }
    }
}
