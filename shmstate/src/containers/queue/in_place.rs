//! Putting items in and taking them out where they lie, so that none passes over the stack.

use super::Queue;
use crate::containers::CapacityError;
use crate::containers::drain::{Drain, Drained};
use crate::containers::len::Len;
use crate::containers::place::set_default;
use crate::containers::slice::ItemIndex;
use crate::containers::spent::move_out;
use crate::layout::SharedLayout;
use std::ops::Range;

impl<T: SharedLayout, const N: usize> Queue<T, N> {
    /// Appends an item at the back that `init` fills where it lies, and lends it.
    ///
    /// `init` finds what a new state starts with: zeroes, but for the fields with `#[shared(init = …)]`. If it panics, the
    /// queue has the items that it had.
    ///
    /// ```
    /// use shmstate::{List, Queue};
    ///
    /// let mut queue = Queue::<List<u64, 4>, 2>::new();
    /// queue.push_back_with(|list| list.extend([1, 2]))?;
    /// assert_eq!(queue, [[1, 2]]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the queue is full; `init` is not called then.
    #[inline]
    pub fn push_back_with(&mut self, init: impl FnOnce(&mut T)) -> Result<&mut T, CapacityError> {
        let len = self.room_for_one()?;
        let at = Self::wrap(self.first() + len);
        let item = &mut self.slots[at];
        T::reset(item);
        init(item);
        self.count = Len::new(len + 1);
        Ok(item)
    }

    /// Appends a default item at the back, and lends it.
    ///
    /// Containers, numbers and arrays of them are made where they lie. The default value of a type of your own passes over
    /// the stack; `push_back_with(|_| ())` appends what such a type is in a new state.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 2>::from([1]);
    /// *queue.push_back_default()? += 2;
    /// assert_eq!(queue, [1, 2]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the queue is full.
    #[inline]
    pub fn push_back_default(&mut self) -> Result<&mut T, CapacityError>
    where
        T: Default,
    {
        self.push_back_with(set_default)
    }

    /// Inserts an item at the front that `init` fills where it lies, and lends it: as
    /// [`push_back_with`](Self::push_back_with).
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 2>::from([2]);
    /// queue.push_front_with(|item| *item = 1)?;
    /// assert_eq!(queue, [1, 2]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the queue is full; `init` is not called then.
    #[inline]
    pub fn push_front_with(&mut self, init: impl FnOnce(&mut T)) -> Result<&mut T, CapacityError> {
        let len = self.room_for_one()?;
        let start = Self::wrap(self.first() + N - 1);
        let item = &mut self.slots[start];
        T::reset(item);
        init(item);
        (self.start, self.count) = (Len::new(start), Len::new(len + 1));
        Ok(item)
    }

    /// Inserts a default item at the front, and lends it: as [`push_back_default`](Self::push_back_default).
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 2>::from([1]);
    /// queue.push_front_default()?;
    /// assert_eq!(queue, [0, 1]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the queue is full.
    #[inline]
    pub fn push_front_default(&mut self) -> Result<&mut T, CapacityError>
    where
        T: Default,
    {
        self.push_front_with(set_default)
    }

    /// Inserts an item that `init` fills where it lies before item `index`, or at the back, and lends it: as
    /// [`insert`](Self::insert) and [`push_back_with`](Self::push_back_with).
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 3]);
    /// queue.insert_with(1, |item| *item = 2)?;
    /// assert_eq!(queue, [1, 2, 3]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the queue is full; `init` is not called then.
    ///
    /// # Panics
    /// If `index` is larger than the length, be the queue full or not.
    #[track_caller]
    pub fn insert_with(&mut self, index: usize, init: impl FnOnce(&mut T)) -> Result<&mut T, CapacityError> {
        let len = self.len();
        assert!(index <= len, "insertion index (is {index}) should be <= len (is {len})");
        if index < len / 2 {
            self.push_front_with(init)?;
        } else {
            self.push_back_with(init)?;
        }
        self.carry_in(index, len);
        let at = Self::wrap(self.first() + index);
        Ok(&mut self.slots[at])
    }

    /// Inserts a default item before item `index`, or at the back, and lends it.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 3]);
    /// *queue.insert_default(1)? += 2;
    /// assert_eq!(queue, [1, 2, 3]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the queue is full.
    ///
    /// # Panics
    /// If `index` is larger than the length, be the queue full or not.
    #[track_caller]
    pub fn insert_default(&mut self, index: usize) -> Result<&mut T, CapacityError>
    where
        T: Default,
    {
        self.insert_with(index, set_default)
    }

    /// Removes the first item without returning it; whether there was one.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 2>::from([1, 2]);
    /// assert!(queue.discard_front());
    /// assert_eq!(queue, [2]);
    /// ```
    #[inline]
    pub fn discard_front(&mut self) -> bool {
        let len = self.len();
        if len > 0 {
            (self.start, self.count) = (Len::new(Self::wrap(self.first() + 1)), Len::new(len - 1));
        }
        len > 0
    }

    /// Removes the last item without returning it; whether there was one.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 2>::from([1, 2]);
    /// assert!(queue.discard_back());
    /// assert_eq!(queue, [1]);
    /// ```
    #[inline]
    pub fn discard_back(&mut self) -> bool {
        let len = self.len();
        self.truncate(len.saturating_sub(1));
        len > 0
    }

    /// Removes item `index` without returning it; whether it was there. Marks the items from there to the nearer end.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 3>::from([1, 2, 3]);
    /// assert!(queue.discard(1) && !queue.discard(2));
    /// assert_eq!(queue, [1, 3]);
    /// ```
    pub fn discard(&mut self, index: usize) -> bool {
        let len = self.len();
        if index >= len {
            return false;
        }
        if self.carry_out(index, len) { self.discard_front() } else { self.discard_back() }
    }

    /// Moves all items of `other` to the back of this queue, all or none; none is left there.
    ///
    /// ```
    /// use shmstate::Queue;
    ///
    /// let (mut queue, mut other) = (Queue::<u64, 4>::from([1]), Queue::<u64, 8>::from([2, 3]));
    /// queue.append(&mut other)?;
    /// assert_eq!((queue.len(), other.len()), (3, 0));
    /// other.extend([4, 5]);
    /// assert_eq!(queue.append(&mut other).unwrap_err().needed(), 5);
    /// assert_eq!(other, [4, 5]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If there is not room for all of them; then nothing has changed.
    pub fn append<const M: usize>(&mut self, other: &mut Queue<T, M>) -> Result<(), CapacityError> {
        let (len, more) = (self.len(), other.len());
        if more > N - len {
            return Err(CapacityError::new((), "queue", N, len.saturating_add(more)));
        }
        for index in 0..more {
            let (to, from) = (Self::wrap(self.first() + len + index), Queue::<T, M>::wrap(other.first() + index));
            let from: *const T = &other.slots.as_slice()[from];
            // SAFETY: two borrowed queues do not overlap. The item is `other`'s no more below, and has no drop glue.
            unsafe { std::ptr::copy_nonoverlapping(from, &mut self.slots[to], 1) }
        }
        other.clear();
        self.count = Len::new(len + more);
        Ok(())
    }

    /// Makes the queue `len` items long: the last ones go, or what `item` returns is appended.
    ///
    /// If `item` panics, those before it are appended.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 4>::from([1]);
    /// queue.resize_with(3, || 7)?;
    /// assert_eq!(queue, [1, 7, 7]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If `len` is larger than `N`; then nothing has changed.
    pub fn resize_with(&mut self, len: usize, mut item: impl FnMut() -> T) -> Result<(), CapacityError> {
        self.resize_in_place(len, |to| *to = item())
    }

    /// Makes the queue `len` items long: the last ones go, or clones of `value` are appended.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 4>::from([1]);
    /// queue.resize(3, 7)?;
    /// assert_eq!(queue, [1, 7, 7]);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the value back if `len` is larger than `N`; then nothing has changed.
    pub fn resize(&mut self, len: usize, value: T) -> Result<(), CapacityError<T>>
    where
        T: Clone,
    {
        self.resize_in_place(len, |to| to.clone_from(&value)).map_err(|full| full.with_value(value))
    }

    /// Makes the queue `len` items long: the last ones go, or default items are appended, as
    /// [`push_back_default`](Self::push_back_default) does it.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 4>::from([1]);
    /// queue.resize_default(3)?;
    /// assert_eq!(queue, [1, 0, 0]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If `len` is larger than `N`; then nothing has changed.
    pub fn resize_default(&mut self, len: usize) -> Result<(), CapacityError>
    where
        T: Default,
    {
        self.resize_in_place(len, set_default)
    }

    fn resize_in_place(&mut self, len: usize, mut init: impl FnMut(&mut T)) -> Result<(), CapacityError> {
        if len > N {
            return Err(CapacityError::new((), "queue", N, len));
        }
        self.truncate(len);
        (self.len()..len).try_for_each(|_| self.push_back_with(&mut init).map(drop))
    }

    /// Takes all items out, in order.
    pub(in crate::containers) fn take_all(&mut self) -> Drain<'_, Self> {
        self.drain(..)
    }

    /// Removes the items in `range`, and yields them; marks those that follow on them.
    ///
    /// ```
    /// let mut queue = shmstate::Queue::<u64, 8>::from([1, 2, 3, 4, 5]);
    /// assert!(queue.drain(1..3).eq([2, 3]));
    /// assert_eq!(queue, [1, 4, 5]);
    /// ```
    ///
    /// # Panics
    /// If any of them is not there.
    #[track_caller]
    pub fn drain(&mut self, range: impl ItemIndex<T, Output = [T]>) -> Drain<'_, Self> {
        let len = self.len();
        let Some(gap) = range.bounds(len) else { panic!("the range to be drained does not lie in the {len} items") };
        self.count = Len::new(gap.start);
        // SAFETY: these items were there, and only the length has changed.
        unsafe { Drain::new(self, gap, len) }
    }

    /// The length, if it can grow.
    #[inline]
    fn room_for_one(&self) -> Result<usize, CapacityError> {
        let len = self.len();
        if len == N { Err(CapacityError::new((), "queue", N, N + 1)) } else { Ok(len) }
    }
}

impl<T: SharedLayout, const N: usize> Drained for Queue<T, N> {
    type Item = T;

    #[inline]
    unsafe fn spend(&mut self, index: usize) -> T {
        let at = Self::wrap(self.first() + index);
        // SAFETY: the caller's promise: the slot has an item, which is not looked at any more.
        unsafe { move_out(&self.slots.as_slice()[at]) }
    }

    fn close(&mut self, gap: Range<usize>, len: usize) {
        self.count = Len::new(len);
        for (to, from) in (gap.start..).zip(gap.end..len) {
            self.exchange(to, from);
        }
        self.truncate(len - gap.len());
    }
}
