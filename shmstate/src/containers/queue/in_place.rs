//! Putting items in and taking them out where they lie, so that none passes over the stack.

use super::Queue;
use crate::containers::CapacityError;
use crate::containers::drain::Drained;
use crate::containers::len::Len;
use crate::containers::moved_out::move_out;
use crate::containers::place::set_default;
use crate::layout::SharedLayout;
use std::ops::Range;

impl<T: SharedLayout, const N: usize> Queue<T, N> {
    /// Appends an item at the back that `init` fills where it lies, and lends it.
    ///
    /// `init` finds what a new state starts with: zeroes, except the fields with `#[shared(init = …)]`. If it panics, the queue has
    /// the items that it had.
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
        let start = self.before_first();
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

    /// Removes the first item without returning it. Returns whether there was one.
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

    /// Removes the last item without returning it. Returns whether there was one.
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

    /// Removes item `index` without returning it. Returns whether it was there. Marks the items from there to the nearer end.
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

    /// Inserts among `len` items.
    pub(super) fn insert_with_among(
        &mut self,
        len: usize,
        index: usize,
        init: impl FnOnce(&mut T),
    ) -> Result<&mut T, CapacityError> {
        if index < len / 2 {
            self.push_front_with(init)?;
        } else {
            self.push_back_with(init)?;
        }
        self.carry_in(index, len);
        let at = Self::wrap(self.first() + index);
        Ok(&mut self.slots[at])
    }

    /// Appends the `more` items of `other` after `len`.
    pub(super) fn move_all<const M: usize>(&mut self, other: &mut Queue<T, M>, len: usize, more: usize) {
        for index in 0..more {
            let (to, from) = (Self::wrap(self.first() + len + index), Queue::<T, M>::wrap(other.first() + index));
            // SAFETY: the item is `other`'s no more, as the caller sees to.
            unsafe { self.put(to, &other.slots.as_slice()[from]) }
        }
        self.count = Len::new(len + more);
    }

    /// Appends items `from..to`, which `fill` fills where they lie; those before it, if it panics.
    pub(super) fn grow(&mut self, from: usize, to: usize, mut fill: impl FnMut(&mut T)) {
        // There is room.
        let _ = (from..to).try_for_each(|_| self.push_back_with(&mut fill).map(drop));
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
