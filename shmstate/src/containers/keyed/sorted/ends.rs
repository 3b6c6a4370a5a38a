//! Both ends of a sorted map, and all of its entries at once.

use super::{Iter, SortedMap};
use crate::containers::CapacityError;
use crate::containers::keyed::{Keyed, OccupiedEntry};
use crate::containers::moved_out::move_out;
use crate::layout::SharedLayout;

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> SortedMap<K, V, N> {
    /// The entry with the smallest key.
    ///
    /// ```
    /// let map = shmstate::SortedMap::<u64, u64, 4>::from([(2, 20), (1, 10)]);
    /// assert_eq!(map.first_key_value(), Some((&1, &10)));
    /// ```
    #[must_use]
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.entry_at(self.entry_from(0)?)
    }

    /// The entry with the largest key.
    ///
    /// ```
    /// let map = shmstate::SortedMap::<u64, u64, 4>::from([(2, 20), (1, 10)]);
    /// assert_eq!(map.last_key_value(), Some((&2, &20)));
    /// ```
    #[must_use]
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.entry_at(self.last()?)
    }

    /// The entry with the smallest key, for changing or removing it.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(2, 20), (1, 10)]);
    /// *map.first_entry().unwrap().get_mut() += 1;
    /// assert_eq!(map[&1], 11);
    /// ```
    #[must_use]
    pub fn first_entry(&mut self) -> Option<OccupiedEntry<'_, Self>> {
        let first = self.entry_from(0)?;
        Some(OccupiedEntry::at(self, first))
    }

    /// The entry with the largest key, for changing or removing it.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(2, 20), (1, 10)]);
    /// assert_eq!(map.last_entry().unwrap().remove_entry(), (2, 20));
    /// ```
    #[must_use]
    pub fn last_entry(&mut self) -> Option<OccupiedEntry<'_, Self>> {
        let last = self.last()?;
        Some(OccupiedEntry::at(self, last))
    }

    /// Removes the entry with the smallest key, and returns it.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(2, 20), (1, 10)]);
    /// assert_eq!(map.pop_first(), Some((1, 10)));
    /// ```
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        self.first_entry().map(OccupiedEntry::remove_entry)
    }

    /// Removes the entry with the largest key, and returns it.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(2, 20), (1, 10)]);
    /// assert_eq!(map.pop_last(), Some((2, 20)));
    /// ```
    pub fn pop_last(&mut self) -> Option<(K, V)> {
        self.last_entry().map(OccupiedEntry::remove_entry)
    }

    /// Removes the entry with the smallest key without returning it. Returns whether there was one.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(2, 20), (1, 10)]);
    /// assert!(map.discard_first());
    /// assert!(map.keys().eq(&[2]));
    /// ```
    pub fn discard_first(&mut self) -> bool {
        self.entry_from(0).is_some_and(|first| Keyed::discard(self, first))
    }

    /// Removes the entry with the largest key without returning it. Returns whether there was one.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(2, 20), (1, 10)]);
    /// assert!(map.discard_last());
    /// assert!(map.keys().eq(&[1]));
    /// ```
    pub fn discard_last(&mut self) -> bool {
        self.last().is_some_and(|last| Keyed::discard(self, last))
    }

    /// Moves the entries of `other` to this map, all or none. `other` is empty afterwards. If both have the same key, the value of
    /// `other` replaces the one in this map.
    ///
    /// ```
    /// use shmstate::SortedMap;
    ///
    /// let mut map = SortedMap::<u64, u64, 3>::from([(1, 10), (3, 30)]);
    /// let mut other = SortedMap::<u64, u64, 4>::from([(2, 20), (3, 31)]);
    /// map.append(&mut other)?;
    /// assert!(map.values().eq(&[10, 20, 31]) && other.is_empty());
    /// other.insert(7, 70).unwrap();
    /// assert_eq!((map.append(&mut other).unwrap_err().needed(), other.len()), (4, 1));
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If there is not room for all of them; then nothing has changed.
    pub fn append<const M: usize>(&mut self, other: &mut SortedMap<K, V, M>) -> Result<(), CapacityError> {
        let new = other.keys().filter(|key| self.find(key).is_none()).count();
        if new > self.remaining() {
            return Err(CapacityError::new((), "sorted map", N, self.len().saturating_add(new)));
        }
        for (key, value) in other.take_all() {
            // There is room, as was counted.
            let _ = self.insert(key, value);
        }
        Ok(())
    }

    /// Takes all entries out, in order, including those that the iterator does not yield.
    pub(in crate::containers) fn take_all(&mut self) -> impl Iterator<Item = (K, V)> {
        let (used, count, behind) = (self.used, self.count, self.behind());
        self.clear();
        // What was removed is still in its slots, as long as the map is borrowed.
        let between = Self::between(Self::words(&self.leaves, used), count, 0, behind);
        let entries = Iter::new((self.keys.as_slice(), self.values.as_slice()), Self::LEAF, between);
        entries.map(|(key, value)| {
            // SAFETY: the map does not have it any more, and it is taken once.
            let key = unsafe { move_out(key) };
            // SAFETY: the same.
            (key, unsafe { move_out(value) })
        })
    }
}
