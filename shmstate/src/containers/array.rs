//! [`Array`]: an array that notes what an update touches.

use super::slice::like_a_slice;
use super::slots::{Slots, item_fits};
use crate::layout::{Field, Kind, Layout, SharedLayout, Step, Touched, ValidityError, Walk};
use std::array::TryFromSliceError;
use std::ops::Range;

/// A `[T; N]` of which an update costs only what it touches.
///
/// A plain array is copied as a whole before each update, which is right for a few numbers. `Array` is for tables: it notes which
/// items are borrowed for writing, as a [`List`](crate::List) does, and always has all `N` of them.
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
/// Borrowing an item that itself holds containers marks only what is then done to those containers.
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
#[repr(transparent)]
pub struct Array<T, const N: usize> {
    slots: Slots<T, N, 1, true>,
}

impl<T: SharedLayout, const N: usize> Array<T, N> {
    /// What every array type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        item_fits::<T>();
        assert!(N > 0, "an Array of length 0 holds nothing: give it a length of 1 or more");
        assert!(N <= u32::MAX as usize, "an Array holds at most u32::MAX items: give it a smaller length");
        assert!(size_of::<T>() > 0, "an Array of zero-sized items holds nothing: remove it");
    };

    /// An array of what `item` returns for each index.
    ///
    /// It has all `N` items, so it is for small arrays on the stack. For large ones there is [`SharedLayout::new_box_zeroed`].
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
        self.slots.as_slice()
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
        self.slots.as_array()
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
        // SAFETY: values without drop glue, which are not used any more.
        unsafe { std::ptr::read(self.slots.as_array()) }
    }

    /// The items, without marking any: the caller marks what it is going to touch.
    #[inline]
    pub(super) fn unmarked_mut(&mut self, _live: usize) -> &mut [T] {
        self.slots.unmarked_mut()
    }

    /// All of them.
    #[inline]
    fn live(&self) -> usize {
        N
    }

    /// Notes that the items in `range` are about to be overwritten or moved.
    #[inline]
    pub(super) fn mark_written(&mut self, range: Range<usize>) {
        self.slots.mark_written(range);
    }

    /// Notes that the items in `range` are about to be handed out.
    #[inline]
    fn mark_borrowed(&mut self, range: Range<usize>) {
        self.slots.mark(range);
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
        Self::from(self.as_array().clone())
    }

    /// Clones item by item into this array, which needs no room on the stack; marks all.
    ///
    /// If a clone panics, the items before it are new and the others old.
    fn clone_from(&mut self, source: &Self) {
        self.mark_written(0..N);
        self.slots.unmarked_array().clone_from(source.as_array());
    }
}

/// ```
/// let array = shmstate::Array::from([1u64, 2]);
/// assert_eq!(array, [1, 2]);
/// ```
impl<T: SharedLayout, const N: usize> From<[T; N]> for Array<T, N> {
    fn from(items: [T; N]) -> Self {
        let () = Self::PROVED;
        Array { slots: Slots::of(items) }
    }
}

/// Fails if there are not exactly `N` items.
impl<T: SharedLayout + Copy, const N: usize> TryFrom<&[T]> for Array<T, N> {
    type Error = TryFromSliceError;

    fn try_from(items: &[T]) -> Result<Self, TryFromSliceError> {
        <[T; N]>::try_from(items).map(Self::from)
    }
}

// SAFETY: the slots, of which each holds an item; the walk visits them.
unsafe impl<T: SharedLayout, const N: usize> SharedLayout for Array<T, N> {
    const LAYOUT: &'static Layout = {
        let () = Self::PROVED;
        let fields = const {
            &[Field {
                name: "items",
                offset: Slots::<T, N, 1, true>::OFFSET,
                layout: <[T; N]>::LAYOUT,
                docs: "",
                renamed_from: &[],
                local: false,
            }]
        };
        &Layout::of::<Self>("Array", Kind::Struct(fields))
    };
    const TRACKED: bool = true;
    const CHECKED: bool = T::CHECKED;
    const DEFAULT_IS_ZERO: bool = T::DEFAULT_IS_ZERO;

    #[inline(always)]
    unsafe fn walk<const STEP: Step>(this: *const Self, walk: &Walk<STEP>) {
        // SAFETY: the caller's promise: the only field.
        unsafe { Slots::<T, N, 1, true>::visit(this.cast(), walk) }
    }

    unsafe fn validate_touched(this: *const Self, touched: &Touched<'_>) -> Result<(), ValidityError> {
        // SAFETY: the caller's promise: the only field.
        unsafe { Slots::<T, N, 1, true>::validate_touched(this.cast(), touched) }
    }
}
