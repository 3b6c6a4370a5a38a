//! Putting items in and taking them out in the midst of a queue, and many at once.

use super::Queue;
use crate::containers::CapacityError;
use crate::containers::len::Len;
use crate::layout::SharedLayout;

impl<T: SharedLayout, const N: usize> Queue<T, N> {
    /// Makes sure that no more than `N` items are asked for, while the program compiles.
    const fn fits<const M: usize>() {
        const { assert!(M <= N, "the array has more items than the Queue holds") }
    }

    /// Swaps two items; marks those two.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 4>::from([1, 2, 3]);
    /// queue.swap(0, 2);
    /// assert_eq!(queue, [3, 2, 1]);
    /// ```
    ///
    /// # Panics
    /// If one of them is not there.
    #[track_caller]
    pub fn swap(&mut self, a: usize, b: usize) {
        let len = self.len();
        assert!(a < len && b < len, "items {a} and {b} are not both among the {len} items");
        self.exchange(a, b);
    }

    /// Swaps two items that are there, unless its words have changed meanwhile.
    #[inline]
    pub(super) fn exchange(&mut self, a: usize, b: usize) {
        if let (Some(a), Some(b)) = (self.place(a), self.place(b)) {
            self.slots.swap(a, b);
        }
    }

    /// Inserts `value` before item `index`, or at the back; marks the items from there to the nearer end.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 3]);
    /// queue.insert(1, 2)?;
    /// assert_eq!(queue, [1, 2, 3]);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the value back when the queue is full.
    ///
    /// # Panics
    /// If `index` is larger than the length, be the queue full or not.
    #[track_caller]
    pub fn insert(&mut self, index: usize, value: T) -> Result<(), CapacityError<T>> {
        let len = self.len();
        assert!(index <= len, "insertion index (is {index}) should be <= len (is {len})");
        if index < len / 2 {
            self.push_front(value)?
        } else {
            self.push_back(value)?
        }
        self.carry_in(index, len);
        Ok(())
    }

    /// Moves an item from the end that is nearer to `index`, where it was put into a queue of `len` items, to that place.
    pub(super) fn carry_in(&mut self, index: usize, len: usize) {
        if index < len / 2 {
            (0..index).for_each(|at| self.exchange(at, at + 1));
        } else {
            (index..len).rev().for_each(|at| self.exchange(at, at + 1));
        }
    }

    /// Moves item `index` of `len` to the nearer end, from which it is to be removed; whether that is the front.
    pub(super) fn carry_out(&mut self, index: usize, len: usize) -> bool {
        let front = index < len / 2;
        if front {
            (0..index).rev().for_each(|at| self.exchange(at, at + 1));
        } else {
            (index..len - 1).for_each(|at| self.exchange(at, at + 1));
        }
        front
    }

    /// Removes item `index` and returns it, if it is there; marks the items from there to the nearer end.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 2, 3]);
    /// assert_eq!((queue.remove(1), queue.remove(2)), (Some(2), None));
    /// assert_eq!(queue, [1, 3]);
    /// ```
    pub fn remove(&mut self, index: usize) -> Option<T> {
        let len = self.len();
        if index >= len {
            return None;
        }
        if self.carry_out(index, len) { self.pop_front() } else { self.pop_back() }
    }

    /// Keeps the first `len` items; does nothing if there are not more.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 2, 3]);
    /// queue.truncate(1);
    /// assert_eq!(queue, [1]);
    /// ```
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.count = Len::new(self.len().min(len));
    }

    /// Removes all items.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 2, 3]);
    /// queue.clear();
    /// assert!(queue.is_empty());
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        (self.start, self.count) = (Len::ZERO, Len::ZERO);
    }

    /// Keeps the items for which `keep` returns true, in their order.
    ///
    /// If `keep` panics, all items are there; those that it has seen may have changed places.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 4>::from([1, 2, 3, 4]);
    /// queue.retain(|item| item % 2 == 0);
    /// assert_eq!(queue, [2, 4]);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.retain_where(|queue, index| queue.get(index).is_some_and(&mut keep));
    }

    /// Keeps the items for which `keep` returns true, in their order; `keep` may change them. Marks all items.
    ///
    /// If `keep` panics, all items are there; those that it has seen may have changed places.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 4>::from([1, 2, 3]);
    /// queue.retain_mut(|item| {
    ///     *item -= 1;
    ///     *item > 0
    /// });
    /// assert_eq!(queue, [1, 2]);
    /// ```
    pub fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        self.retain_where(|queue, index| queue.get_mut(index).is_some_and(&mut keep));
    }

    fn retain_where(&mut self, mut keep: impl FnMut(&mut Self, usize) -> bool) {
        let mut kept = 0;
        for index in 0..self.len() {
            if keep(self, index) {
                if kept < index {
                    self.exchange(kept, index);
                }
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// A queue of what `items` yields.
    ///
    /// ```
    /// use shmstate::Queue;
    ///
    /// assert_eq!(Queue::<u64, 4>::try_from_iter(1..4)?, [1, 2, 3]);
    /// assert_eq!(Queue::<u64, 4>::try_from_iter(0..).unwrap_err().into_inner(), 4);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the first item back that finds no room.
    pub fn try_from_iter(items: impl IntoIterator<Item = T>) -> Result<Self, CapacityError<T>> {
        let mut queue = Self::new();
        queue.try_extend(items)?;
        Ok(queue)
    }

    /// Appends what `items` yields, up to the first item that finds no room.
    ///
    /// What was appended before an error, or before `items` panics, stays.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1]);
    /// assert_eq!(queue.try_extend([2, 3, 4]).unwrap_err().into_inner(), 4);
    /// assert_eq!(queue, [1, 2, 3]);
    /// ```
    ///
    /// # Errors
    /// Gives the first item back that finds no room; later ones are not asked for.
    pub fn try_extend(&mut self, items: impl IntoIterator<Item = T>) -> Result<(), CapacityError<T>> {
        items.into_iter().try_for_each(|item| self.push_back(item))
    }
}

/// That the array fits is proved while the program compiles:
///
/// ```
/// assert_eq!(shmstate::Queue::<u64, 4>::from([1, 2]), [1, 2]);
/// ```
/// ```compile_fail
/// let queue = shmstate::Queue::<u64, 1>::from([1, 2]);
/// ```
impl<T: SharedLayout, const N: usize, const M: usize> From<[T; M]> for Queue<T, N> {
    fn from(items: [T; M]) -> Self {
        Self::fits::<M>();
        Self::from_iter(items)
    }
}

/// # Panics
/// If the items are more than `N`: [`Queue::try_from_iter`] returns an error then.
impl<T: SharedLayout, const N: usize> FromIterator<T> for Queue<T, N> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut queue = Self::new();
        queue.extend(items);
        queue
    }
}

/// # Panics
/// If there is no room for an item, with those before it appended: [`Queue::try_extend`] returns an error then.
impl<T: SharedLayout, const N: usize> Extend<T> for Queue<T, N> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        if let Err(full) = self.try_extend(items) {
            panic!("{full}: `try_extend` and `try_from_iter` return an error instead");
        }
    }
}

/// # Panics
/// If there is no room for an item, with those before it appended: [`Queue::try_extend`] returns an error then.
impl<'a, T: SharedLayout + Copy, const N: usize> Extend<&'a T> for Queue<T, N> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, items: I) {
        self.extend(items.into_iter().copied());
    }
}
