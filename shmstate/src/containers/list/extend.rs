//! Adding many items at once.

use super::List;
use crate::containers::CapacityError;
use crate::containers::drain::{Drain, Drained};
use crate::containers::place::clone_into;
use crate::containers::slice::ItemIndex;
use crate::layout::SharedLayout;
use std::iter::{repeat_n, repeat_with};
use std::ops::Range;

impl<T: SharedLayout, const N: usize> List<T, N> {
    /// Makes sure that no more than `N` items are asked for, while the program compiles.
    pub(in crate::containers) const fn fits<const M: usize>() {
        const { assert!(M <= N, "the array has more items than the List holds") }
    }

    /// A list of clones of `items`.
    ///
    /// ```
    /// use shmstate::List;
    ///
    /// assert_eq!(List::<u64, 4>::from_slice(&[1, 2])?, [1, 2]);
    /// assert!(List::<u64, 4>::from_slice(&[0; 5]).is_err());
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If there are more than `N`.
    pub fn from_slice(items: &[T]) -> Result<Self, CapacityError>
    where
        T: Clone,
    {
        let mut list = Self::new();
        list.extend_from_slice(items)?;
        Ok(list)
    }

    /// A list of what `items` yields.
    ///
    /// For a list that is too large for the stack: [`SharedLayout::new_box_zeroed`], then [`try_extend`](Self::try_extend).
    ///
    /// ```
    /// use shmstate::List;
    ///
    /// assert_eq!(List::<u64, 4>::try_from_iter(1..4)?, [1, 2, 3]);
    /// assert_eq!(List::<u64, 4>::try_from_iter(0..).unwrap_err().into_inner(), 4);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the first item back that finds no room.
    pub fn try_from_iter(items: impl IntoIterator<Item = T>) -> Result<Self, CapacityError<T>> {
        let mut list = Self::new();
        list.try_extend(items)?;
        Ok(list)
    }

    /// Appends what `items` yields, up to the first item that finds no room.
    ///
    /// What was appended before an error, or before `items` panics, stays. Inside an update, returning the error undoes
    /// it.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 4>::from([1]);
    /// list.try_extend([2, 3])?;
    /// assert_eq!(list.try_extend([4, 5, 6]).unwrap_err().into_inner(), 5);
    /// assert_eq!(list, [1, 2, 3, 4]);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the first item back that finds no room; later ones are not asked for.
    pub fn try_extend(&mut self, items: impl IntoIterator<Item = T>) -> Result<(), CapacityError<T>> {
        items.into_iter().try_for_each(|item| self.push(item))
    }

    /// Appends clones of `items`, all or none.
    ///
    /// If a clone panics, none is appended.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 4>::from([1]);
    /// list.extend_from_slice(&[2, 3])?;
    /// assert_eq!(list.extend_from_slice(&[4, 5]).unwrap_err().needed(), 5);
    /// assert_eq!(list, [1, 2, 3]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If there is not room for all of them; then nothing has changed.
    pub fn extend_from_slice(&mut self, items: &[T]) -> Result<(), CapacityError>
    where
        T: Clone,
    {
        let len = self.live();
        if items.len() > N - len {
            return Err(CapacityError::new((), "list", N, len.saturating_add(items.len())));
        }
        // SAFETY: there are as many items as slots.
        unsafe { self.slots.fill(len..len + items.len(), items, clone_into) }
        Ok(())
    }

    /// Makes the list `len` items long: the last ones go, or clones of `value` are appended.
    ///
    /// If a clone panics, none is appended.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 4>::from([1]);
    /// list.resize(3, 0)?;
    /// assert_eq!(list, [1, 0, 0]);
    /// list.resize(2, 0)?;
    /// assert_eq!(list, [1, 0]);
    /// assert_eq!(list.resize(5, 7).unwrap_err().into_inner(), 7);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the value back if `len` is larger than `N`; then nothing has changed.
    pub fn resize(&mut self, len: usize, value: T) -> Result<(), CapacityError<T>>
    where
        T: Clone,
    {
        if len > N {
            return Err(CapacityError::new(value, "list", N, len));
        }
        let before = self.live().min(len);
        // SAFETY: there is a clone for each slot.
        unsafe { self.slots.fill(before..len, repeat_n(value, len - before), |to, from| _ = to.write(from)) }
        Ok(())
    }

    /// Makes the list `len` items long: the last ones go, or what `item` returns is appended.
    ///
    /// If `item` panics, none is appended.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 4>::from([1]);
    /// let mut next = 5..;
    /// list.resize_with(3, || next.next().unwrap())?;
    /// assert_eq!(list, [1, 5, 6]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If `len` is larger than `N`; then nothing has changed.
    pub fn resize_with(&mut self, len: usize, item: impl FnMut() -> T) -> Result<(), CapacityError> {
        if len > N {
            return Err(CapacityError::new((), "list", N, len));
        }
        let before = self.live().min(len);
        // SAFETY: there is an item for each slot.
        unsafe { self.slots.fill(before..len, repeat_with(item), |to, from| _ = to.write(from)) }
        Ok(())
    }

    /// Takes all items out, in order.
    pub(in crate::containers) fn take_all(&mut self) -> Drain<'_, Self> {
        self.drain(..)
    }

    /// Removes the items in `range`, and yields them; marks those that follow on them.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 8>::from([1, 2, 3, 4, 5]);
    /// assert!(list.drain(1..3).eq([2, 3]));
    /// assert_eq!(list, [1, 4, 5]);
    /// ```
    ///
    /// # Panics
    /// If any of them is not there.
    #[track_caller]
    pub fn drain(&mut self, range: impl ItemIndex<T, Output = [T]>) -> Drain<'_, Self> {
        let len = self.live();
        let Some(gap) = range.bounds(len) else { panic!("the range to be drained does not lie in the {len} items") };
        self.slots.truncate(gap.start);
        // SAFETY: these items were live, and only the length has changed.
        unsafe { Drain::new(self, gap, len) }
    }
}

impl<T: SharedLayout, const N: usize> Drained for List<T, N> {
    type Item = T;

    #[inline]
    unsafe fn spend(&mut self, index: usize) -> T {
        // SAFETY: the caller's promise: it was a value, and is not read twice.
        unsafe { self.slots.take(index) }
    }

    fn close(&mut self, gap: Range<usize>, len: usize) {
        let end = len - gap.len();
        self.slots.carry(gap.end..len, gap.start);
        // SAFETY: those after the gap were values, and lie in it now.
        unsafe { self.slots.set_len(end) }
    }
}

/// That the array fits is proved while the program compiles:
///
/// ```
/// let list = shmstate::List::<u64, 4>::from([1, 2]);
/// assert_eq!(list, [1, 2]);
/// ```
/// ```compile_fail
/// let list = shmstate::List::<u64, 1>::from([1, 2]);
/// ```
impl<T: SharedLayout, const N: usize, const M: usize> From<[T; M]> for List<T, N> {
    fn from(items: [T; M]) -> Self {
        Self::fits::<M>();
        let mut list = Self::new();
        // SAFETY: there is an item for each slot.
        unsafe { list.slots.fill(0..M, items, |to, from| _ = to.write(from)) }
        list
    }
}

/// The same as [`List::from_slice`].
impl<T: SharedLayout + Clone, const N: usize> TryFrom<&[T]> for List<T, N> {
    type Error = CapacityError;

    fn try_from(items: &[T]) -> Result<Self, CapacityError> {
        Self::from_slice(items)
    }
}

/// # Panics
/// If the items are more than `N`: [`List::try_from_iter`] returns an error then.
impl<T: SharedLayout, const N: usize> FromIterator<T> for List<T, N> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut list = Self::new();
        list.extend(items);
        list
    }
}

/// # Panics
/// If there is no room for an item, with those before it appended: [`List::try_extend`] returns an error then.
impl<T: SharedLayout, const N: usize> Extend<T> for List<T, N> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        if let Err(full) = self.try_extend(items) {
            panic!("{full}: `try_extend` and `try_from_iter` return an error instead");
        }
    }
}

/// # Panics
/// If there is no room for an item, with those before it appended: [`List::try_extend`] returns an error then.
impl<'a, T: SharedLayout + Copy, const N: usize> Extend<&'a T> for List<T, N> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, items: I) {
        self.extend(items.into_iter().copied());
    }
}
