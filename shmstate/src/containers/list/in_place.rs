//! Inserting and removing items in place, so that none passes over the stack.

use super::List;
use crate::containers::CapacityError;
use crate::containers::place::{fresh, set_default};
use crate::layout::SharedLayout;

impl<T: SharedLayout, const N: usize> List<T, N> {
    /// Appends an item that `init` fills in place, and returns a reference to it.
    ///
    /// `init` finds what a new state starts with: zeroes, except the fields with `#[shared(init = …)]`. If it panics, the list has
    /// the items that it had.
    ///
    /// ```
    /// use shmstate::List;
    ///
    /// let mut lists = List::<List<u64, 4>, 2>::new();
    /// lists.push_with(|list| list.extend([1, 2]))?;
    /// assert_eq!(lists, [[1, 2]]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the list is full; `init` is not called then.
    #[inline]
    pub fn push_with(&mut self, init: impl FnOnce(&mut T)) -> Result<&mut T, CapacityError> {
        let len = self.live();
        self.push_if(init, |_, _| true)?;
        // SAFETY: it was filled and counted.
        Ok(unsafe { self.slots.slots()[len].assume_init_mut() })
    }

    /// Appends a default item, and returns a reference to it.
    ///
    /// Containers, numbers and arrays of them are made in place. The default value of a type of your own passes over
    /// the stack; `push_with(|_| ())` appends the value that it has in a new state.
    ///
    /// ```
    /// use shmstate::List;
    ///
    /// let mut lists = List::<List<u64, 4>, 2>::new();
    /// lists.push_default()?.push(7).unwrap();
    /// assert_eq!(lists, [[7]]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the list is full.
    #[inline]
    pub fn push_default(&mut self) -> Result<&mut T, CapacityError>
    where
        T: Default,
    {
        self.push_with(set_default)
    }

    /// Fills the slot after the last item. Then `keep` gets the items and the new value, and decides whether it becomes an item.
    #[inline]
    pub(in crate::containers) fn push_if(
        &mut self,
        init: impl FnOnce(&mut T),
        keep: impl FnOnce(&[T], &T) -> bool,
    ) -> Result<bool, CapacityError> {
        let len = self.live();
        if len == N {
            return Err(CapacityError::new((), "list", N, N + 1));
        }
        self.mark_written(len..len + 1);
        init(fresh(&mut self.slots.slots()[len]));
        // SAFETY: the slot at `len` was filled, and those before it are values.
        let items = unsafe { self.slots.unmarked(len + 1) };
        let (item, before) = items.split_last().expect("one was filled");
        let keep = keep(before, item);
        if keep {
            // SAFETY: the same.
            unsafe { self.slots.set_len(len + 1) }
        }
        Ok(keep)
    }

    /// Inserts into a list of `len` items; `index` is at most `len`.
    pub(super) fn insert_with_among(
        &mut self,
        len: usize,
        index: usize,
        init: impl FnOnce(&mut T),
    ) -> Result<&mut T, CapacityError> {
        if len == N {
            return Err(CapacityError::new((), "list", N, N + 1));
        }
        self.slots.insert_with(index, len, init);
        // SAFETY: there is one more.
        unsafe { self.slots.set_len(len + 1) }
        // SAFETY: it was filled, and moved here as a whole.
        Ok(unsafe { self.slots.slots()[index].assume_init_mut() })
    }

    /// Removes item `index` without returning it; marks all items from there on.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 3>::from([1, 2, 3]);
    /// list.discard(0);
    /// assert_eq!(list, [2, 3]);
    /// ```
    ///
    /// # Panics
    /// If there is no such item.
    #[track_caller]
    pub fn discard(&mut self, index: usize) {
        let len = self.live();
        assert!(index < len, "removal index (is {index}) should be < len (is {len})");
        self.discard_from(len, index);
    }

    /// [`discard`](Self::discard) of a list of `len` items; `index` is less than `len`.
    pub(super) fn discard_from(&mut self, len: usize, index: usize) {
        self.slots.remove(index, len);
        self.slots.truncate(len - 1);
    }

    /// Removes item `index` without returning it, and puts the last one in its place.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 3>::from([1, 2, 3]);
    /// list.swap_discard(0);
    /// assert_eq!(list, [3, 2]);
    /// ```
    ///
    /// # Panics
    /// If there is no such item.
    #[track_caller]
    pub fn swap_discard(&mut self, index: usize) {
        let len = self.live();
        assert!(index < len, "swap_discard index (is {index}) should be < len (is {len})");
        self.swap_discard_from(len, index);
    }

    /// [`swap_discard`](Self::swap_discard), if there is such an item. Returns whether there was.
    pub(in crate::containers) fn swap_discard_if_there(&mut self, index: usize) -> bool {
        let len = self.live();
        if index < len {
            self.swap_discard_from(len, index);
        }
        index < len
    }

    /// [`swap_discard`](Self::swap_discard) of a list of `len` items; `index` is less than `len`.
    #[inline]
    pub(super) fn swap_discard_from(&mut self, len: usize, index: usize) {
        if index < len - 1 {
            self.slots.carry_one(len - 1, index);
        }
        self.slots.truncate(len - 1);
    }

    /// Appends the `more` items of `other` after the first `len`. The caller clears `other`.
    pub(super) fn move_all<const M: usize>(&mut self, other: &mut List<T, M>, len: usize, more: usize) {
        self.mark_written(len..len + more);
        let to = self.slots.slots()[len..len + more].as_mut_ptr();
        // SAFETY: `other`'s first `more` items are values, which the caller removes from it, and go into as many slots; two
        // borrowed lists do not overlap, and items have no drop glue.
        unsafe { std::ptr::copy_nonoverlapping(other.slots.slots().as_ptr(), to, more) }
        // SAFETY: as many were appended.
        unsafe { self.slots.set_len(len + more) }
    }

    /// Appends items `from..to`, which `fill` fills in place. If it panics, none is appended.
    pub(super) fn grow(&mut self, from: usize, to: usize, mut fill: impl FnMut(&mut T)) {
        // SAFETY: each slot is filled.
        unsafe { self.slots.fill(from..to, from..to, |slot, _| fill(fresh(slot))) }
    }
}
