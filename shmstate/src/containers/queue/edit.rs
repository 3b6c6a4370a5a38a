//! Inserting and removing items in the middle of a queue, and many at once.

use super::Queue;
use crate::containers::CapacityError;
use crate::containers::collect::collect;
use crate::containers::drain::Drain;
use crate::containers::edits::edits;
use crate::containers::len::Len;
use crate::containers::moved_out::refused;
use crate::containers::place::set_default;
use crate::containers::slice::ItemIndex;
use crate::layout::SharedLayout;

impl<T: SharedLayout, const N: usize> Queue<T, N> {
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
        if let (Some(a), Some(b)) = (self.slot_of(a), self.slot_of(b)) {
            self.slots.swap(a, b);
        }
    }

    /// Keeps the first `len` items, which are there.
    #[inline]
    pub(super) fn shorten(&mut self, len: usize) {
        self.count = Len::new(len);
    }

    /// Inserts among `len` items; whether there was room.
    ///
    /// # Safety
    /// If there was, `value` is not used any more.
    unsafe fn insert_among(&mut self, len: usize, index: usize, value: &T) -> bool {
        if len == N {
            return false;
        }
        let at = if index < len / 2 { self.before_first() } else { Self::wrap(self.first() + len) };
        // SAFETY: the caller's promise.
        unsafe { self.put(at, value) }
        if index < len / 2 {
            self.start = Len::new(at);
        }
        self.count = Len::new(len + 1);
        self.carry_in(index, len);
        true
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
}

edits!(Queue, "queue", "those before it are");

collect! {
    (T) [T: SharedLayout, const N: usize] Queue<T, N> of T,
    "items" ("item"), |queue, item| queue.push_back(item), "Queue::<u64, 2>", "[1, 2, 3]", "3"
}
