//! Inserting and removing values in place, so that none passes over the stack; and removing all of them at once.

use super::{Key, Place, Slab};
use crate::containers::CapacityError;
use crate::containers::place::set_default;
use crate::layout::SharedLayout;
use std::iter::FusedIterator;

impl<T: SharedLayout, const N: usize> Slab<T, N> {
    /// Inserts a value that `init` fills in place, and returns its key.
    ///
    /// `init` finds what a new state starts with: zeroes, except the fields with `#[shared(init = …)]`. If it panics, the slab has
    /// the values that it had.
    ///
    /// ```
    /// use shmstate::{List, Slab};
    ///
    /// let mut slab = Slab::<List<u64, 4>, 2>::new();
    /// let key = slab.insert_with(|list| list.extend([1, 2]))?;
    /// assert_eq!(slab[key], [1, 2]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the slab is full; `init` is not called then.
    pub fn insert_with(&mut self, init: impl FnOnce(&mut T)) -> Result<Key<T>, CapacityError> {
        if let Some((index, place)) = self.first_vacant()
            && let Some(slot) = self.values.get_mut(index)
        {
            T::reset(slot);
            init(slot);
            return Ok(self.fill(index, place));
        }
        if self.places.is_full() || self.values.is_full() {
            return Err(CapacityError::new((), "slab", N, N + 1));
        }
        self.values.push_with(init)?;
        Ok(self.push_filled())
    }

    /// Inserts a default value, and returns its key.
    ///
    /// Containers, numbers and arrays of them are made in place. The default value of a type of your own passes over
    /// the stack; `insert_with(|_| ())` inserts the value that it has in a new state.
    ///
    /// ```
    /// use shmstate::{List, Slab};
    ///
    /// let mut slab = Slab::<List<u64, 4>, 2>::new();
    /// let key = slab.insert_default()?;
    /// assert!(slab[key].is_empty());
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the slab is full.
    pub fn insert_default(&mut self) -> Result<Key<T>, CapacityError>
    where
        T: Default,
    {
        self.insert_with(set_default)
    }

    /// Removes the value of `key` without returning it. Returns whether it was still there.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 1>::new();
    /// let key = slab.insert(7)?;
    /// assert!(slab.discard(key) && !slab.discard(key));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    pub fn discard(&mut self, key: Key<T>) -> bool {
        let place = self.index_of(key);
        if let Some(place) = place {
            self.vacate(place);
        }
        place.is_some()
    }

    /// Removes all values, and yields them with their keys, in the order of their places.
    ///
    /// When the iterator is dropped, values that it has not yielded are removed as well; if it is forgotten, they stay.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 4>::new();
    /// let key = slab.insert(7)?;
    /// assert!(slab.drain().eq([(key, 7)]));
    /// assert!(slab.is_empty());
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    pub fn drain(&mut self) -> impl FusedIterator<Item = (Key<T>, T)> {
        Drain { slab: self, next: 0 }
    }
}

/// Takes all values out of a slab.
struct Drain<'a, T: SharedLayout, const N: usize> {
    slab: &'a mut Slab<T, N>,
    /// The place to look at next.
    next: usize,
}

impl<T: SharedLayout, const N: usize> Iterator for Drain<'_, T, N> {
    type Item = (Key<T>, T);

    fn next(&mut self) -> Option<(Key<T>, T)> {
        loop {
            let index = self.next;
            let Place { generation, .. } = *self.slab.places.get(index)?;
            self.next += 1;
            let key = Key::new(index as u32, generation);
            if let Some(value) = self.slab.remove(key) {
                return Some((key, value));
            }
        }
    }
}

impl<T: SharedLayout, const N: usize> FusedIterator for Drain<'_, T, N> {}

impl<T: SharedLayout, const N: usize> Drop for Drain<'_, T, N> {
    fn drop(&mut self) {
        self.slab.clear();
    }
}
