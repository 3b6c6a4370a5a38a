//! [`Ring`]: the latest items; in a full ring, the oldest one makes room for a new one.
//!
//! This file: the type and its methods; `traits`: what it has in common with a `VecDeque`.

mod traits;

use super::capacity::capacity;
use super::derived::derived;
use super::len::Len;
use super::place::{rotate_left, set_default};
use super::{Drain, List};
use crate::layout::{SharedLayout, ValidityError};
use std::mem;

/// The last `N` items: a `VecDeque` whose `push` overwrites the oldest one once it is full. For histories and metrics.
///
/// ```
/// use shmstate::Ring;
///
/// let mut history = Ring::<u32, 3>::new();
/// history.extend([1, 2, 3]);
/// assert_eq!(history.push(4), Some(1)); // what had to go
/// assert_eq!(history, [2, 3, 4]);
/// assert_eq!((history.oldest(), history.latest()), (Some(&2), Some(&4)));
/// assert_eq!(history.iter().rev().take(2).sum::<u32>(), 7); // the latest first
/// ```
///
/// # Cost
/// | method | marks |
/// |---|---|
/// | `push`, `push_with`, `push_default` | one item: the new one, where the oldest was |
/// | `extend` | the new items |
/// | `clear` | nothing |
/// | `ring[i] = …`, `get_mut`, `latest_mut`, `oldest_mut` | the item that is borrowed |
/// | `iter_mut`, `as_mut_slices`, `make_contiguous` | all |
/// | everything that takes `&self` | nothing |
///
/// # Beside `VecDeque`
/// | `VecDeque` | here |
/// |---|---|
/// | `push_back` | `push`, which never fails and returns the item that had to go |
/// | `push_with`, `push_default` | new: no item passes over the stack, which large ones have no room on; see [`List`](crate::List#large-items) |
/// | `front`, `back`, `front_mut`, `back_mut` | `oldest`, `latest` and their `_mut`; 0 is the index of the oldest |
/// | `new`, `len`, `is_empty`, `capacity`, `get`, `get_mut`, `[]`, `iter`, `iter_mut`, `as_slices`, `as_mut_slices`, `make_contiguous`, `contains`, `clear` | the same |
/// | `extend`, `collect`, `from` an array or a `Vec`, `VecDeque::from` a ring | the same; the last `N` items stay |
/// | `pop_*`, `push_front`, `insert`, `remove`, `swap_remove_*`, `truncate`, `retain*`, `drain`, `append`, `split_off`, `into_iter` by value | not there: items leave a ring by being overwritten; a [`Queue`](crate::Queue) is emptied at its ends |
/// | `swap`, `rotate_*`, `range*`, `binary_search*`, `partition_point`, `resize*` | not there: on the slices of `as_slices` and `make_contiguous` |
/// | `reserve*`, `try_reserve*`, `shrink_*`, `with_capacity` | not there: the capacity is fixed |
///
/// # Layout
/// The place of the oldest item in a `u32`, 4 reserved bytes, then a [`List<T, N>`](List) from the next multiple of its
/// alignment on. The list fills up first; from then on the oldest item is the one at that place, and the latest the one
/// before it.
///
/// # Capacity
/// As of a [`List`]; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Ring::<u8, 0>::new();
/// ```
#[repr(C)]
pub struct Ring<T, const N: usize> {
    /// Where the oldest item lies: 0 as long as the list is not full.
    start: Len<N>,
    reserved: u32,
    list: List<T, N>,
}

derived! {
    [T: SharedLayout, const N: usize] Ring<T, N> { start: Len<N>, reserved: u32, list: List<T, N>, }
    check: Self::check,
}

impl<T: SharedLayout, const N: usize> Ring<T, N> {
    /// What every ring type has to fulfil beyond its list; evaluated while the program compiles.
    const PROVED: () = {
        let _ = T::LAYOUT;
        assert!(N > 0, "a Ring of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= u32::MAX as usize, "a Ring holds at most u32::MAX items: give it a smaller capacity");
        assert!(size_of::<T>() > 0, "a Ring of zero-sized items holds nothing: use a counter");
    };

    /// Appends `value`. If the ring is full, it replaces the oldest item, which is returned.
    ///
    /// ```
    /// let mut ring = shmstate::Ring::<u64, 2>::new();
    /// assert_eq!((ring.push(1), ring.push(2), ring.push(3)), (None, None, Some(1)));
    /// assert_eq!(ring, [2, 3]);
    /// ```
    #[inline]
    pub fn push(&mut self, value: T) -> Option<T> {
        // SAFETY: it is the ring's from here on, unless there is no room for one more.
        if unsafe { self.list.push_if_room(&value) } {
            return None;
        }
        let oldest = self.start_in(N);
        self.start = Len::new(if oldest + 1 < N { oldest + 1 } else { 0 });
        match self.list.get_mut(oldest) {
            Some(item) => Some(mem::replace(item, value)),
            None => None,
        }
    }

    /// Appends an item that `init` fills where it lies, and lends it; in a full ring it replaces the oldest one.
    ///
    /// No item passes over the stack, which has no room for large ones. `init` finds what a new state starts with: zeroes, except
    /// the fields with `#[shared(init = …)]`. If it panics, a ring that is not full has the items that it had; in one that is full,
    /// the oldest item is what `init` has made of it.
    ///
    /// ```
    /// use shmstate::{List, Ring};
    ///
    /// let mut ring = Ring::<List<u64, 4>, 2>::new();
    /// for n in 1..=3 {
    ///     ring.push_with(|list| list.extend([n]));
    /// }
    /// assert_eq!(ring, [[2], [3]]);
    /// ```
    #[inline]
    pub fn push_with(&mut self, init: impl FnOnce(&mut T)) -> &mut T {
        let len = self.list.len();
        if len < N {
            // It is not full, unless its words have changed meanwhile.
            return match self.list.push_with(init) {
                Ok(item) => item,
                Err(full) => panic!("{full}, and was not before: a process writes to the state outside of an update"),
            };
        }
        let oldest = self.start_in(N);
        let item = &mut self.list[oldest];
        T::reset(item);
        init(item);
        self.start = Len::new(if oldest + 1 < N { oldest + 1 } else { 0 });
        item
    }

    /// Appends a default item, and lends it; in a full ring it replaces the oldest one.
    ///
    /// Containers, numbers and arrays of them are made where they lie. The default value of a type of your own passes over
    /// the stack; `push_with(|_| ())` appends what such a type is in a new state.
    ///
    /// ```
    /// let mut ring = shmstate::Ring::<u64, 2>::from([1, 2]);
    /// *ring.push_default() += 3;
    /// assert_eq!(ring, [2, 3]);
    /// ```
    #[inline]
    pub fn push_default(&mut self) -> &mut T
    where
        T: Default,
    {
        self.push_with(set_default)
    }

    /// The items, as two slices: those of the first are older than those of the second.
    ///
    /// ```
    /// let ring = shmstate::Ring::<u64, 2>::from_iter([1, 2, 3]);
    /// assert_eq!(ring.as_slices(), (&[2][..], &[3][..]));
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slices(&self) -> (&[T], &[T]) {
        let items = self.list.as_slice();
        let (new, old) = items.split_at(self.start_in(items.len()));
        (old, new)
    }

    /// The items, as two slices to be changed; marks all of them.
    ///
    /// ```
    /// let mut ring = shmstate::Ring::<u64, 2>::from_iter([1, 2, 3]);
    /// ring.as_mut_slices().0[0] = 7;
    /// assert_eq!(ring, [7, 3]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_slices(&mut self) -> (&mut [T], &mut [T]) {
        let start = self.start_in(self.list.len());
        let items = self.list.as_mut_slice();
        let (new, old) = items.split_at_mut(start.min(items.len()));
        (old, new)
    }

    /// Moves the items so that they lie in one slice, oldest first; marks all of them.
    ///
    /// ```
    /// let mut ring = shmstate::Ring::<u64, 3>::from_iter([9, 3, 1, 2]);
    /// ring.make_contiguous().sort_unstable();
    /// assert_eq!(ring.as_slices(), (&[1, 2, 3][..], &[][..]));
    /// ```
    pub fn make_contiguous(&mut self) -> &mut [T] {
        let start = self.start_in(self.list.len());
        self.start = Len::ZERO;
        let items = self.list.as_mut_slice();
        let start = start.min(items.len());
        rotate_left(items, start);
        items
    }

    /// Takes all items out, oldest first.
    pub(super) fn take_all(&mut self) -> Drain<'_, List<T, N>> {
        self.make_contiguous();
        self.list.drain(..)
    }

    /// Removes all items.
    ///
    /// ```
    /// let mut ring = shmstate::Ring::<u64, 2>::from_iter([1, 2, 3]);
    /// ring.clear();
    /// assert!(ring.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.start = Len::ZERO;
        self.list.clear();
    }

    /// Where item `index` lies, if it is there.
    #[inline]
    fn slot_of(&self, index: usize) -> Option<usize> {
        let len = self.list.live();
        let at = self.start_in(len) + index;
        (index < len).then_some(if at < len { at } else { at - len })
    }

    /// Where the oldest of `len` items lies: inside of them, whatever the bytes say.
    #[inline]
    fn start_in(&self, len: usize) -> usize {
        self.start.index(len)
    }

    /// Whether the list and the start agree.
    fn check(&self) -> Result<(), ValidityError> {
        let start = self.start.unchecked();
        if start >= N || start > 0 && !self.list.is_full() {
            let len = self.list.len();
            return Err(ValidityError::new(format!(
                "the oldest item at place {start} of {len} in a ring of capacity {N}"
            )));
        }
        Ok(())
    }
}

capacity! {
    all [T: SharedLayout, const N: usize] Ring<T, N>, "Ring::<u64, 2>", "items", |ring| ring.list.live(),
    "let ring = shmstate::Ring::<u64, 2>::from([1]);"
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn a_scribbled_start_does_no_harm() {
        for start in [3, 4, u32::MAX] {
            let scribbled = |len| {
                let mut ring = Ring::<u64, 4>::from_iter(1..=len);
                ring.start = Len::of_word(start);
                ring
            };
            for len in [0, 2, 4, 6] {
                let mut ring = scribbled(len);
                // SAFETY: a value of its own.
                let valid = unsafe { Ring::validate(&ring) };
                assert_eq!(valid.is_ok(), start == 3 && len >= 4, "{start} {len}");
                assert_eq!(ring.iter().count(), ring.len());
                assert_eq!(ring.get(ring.len()), None);
                assert_eq!(ring.latest().is_some(), len > 0);
                ring.iter_mut().for_each(|item| *item += 1);
                for value in 10..20 {
                    ring.push(value);
                }
                assert_eq!(ring.len(), 4);
                ring.make_contiguous().sort_unstable();
                assert_eq!(ring, [16, 17, 18, 19]);
            }
        }
    }
}
