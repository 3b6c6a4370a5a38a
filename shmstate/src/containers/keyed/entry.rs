//! A place in a map, where there may be an entry.

#![expect(clippy::type_complexity, reason = "a result, an error and a pair are what they are")]

use crate::containers::Full;
use std::fmt;

/// A map whose entries have numbers.
pub trait Keyed {
    /// Its keys.
    type Key;
    /// Its values.
    type Value;

    /// Whether no more entry fits.
    fn is_full(&self) -> bool;

    /// The error for what finds no room.
    fn full<R>(&self, value: R) -> Full<R>;

    /// The key of entry `index`.
    fn key_at(&self, index: usize) -> &Self::Key;

    /// The value of entry `index`.
    fn value_at(&self, index: usize) -> &Self::Value;

    /// The value of entry `index`, to be changed.
    fn value_at_mut(&mut self, index: usize) -> &mut Self::Value;

    /// Adds an entry whose key is not there, at the `place` that the map has found for it; its number, or what finds no
    /// room.
    fn put(&mut self, place: usize, key: Self::Key, value: Self::Value) -> Result<usize, (Self::Key, Self::Value)>;

    /// Removes entry `index`, if it is there.
    fn take(&mut self, index: usize) -> Option<(Self::Key, Self::Value)>;
}

/// A place in a map, where there may be an entry: what [`Map::entry`](crate::Map::entry) and
/// [`SortedMap::entry`](crate::SortedMap::entry) return.
///
/// ```
/// use shmstate::{Map, Text};
///
/// let mut counts = Map::<Text<8>, u32, 2>::new();
/// for word in ["a", "b", "a"] {
///     *counts.entry(word.parse()?).or_insert(0)? += 1;
/// }
/// assert_eq!(counts["a"], 2);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// Its methods are those of std's, but for the error where the map is full.
pub enum Entry<'a, M: Keyed> {
    /// There is one.
    Occupied(OccupiedEntry<'a, M>),
    /// There is none.
    Vacant(VacantEntry<'a, M>),
}

impl<'a, M: Keyed> Entry<'a, M> {
    /// The entry of number `index` if it is there, else `place`, where a new one with `key` belongs.
    #[inline]
    pub(super) fn of(map: &'a mut M, key: M::Key, index: Option<usize>, place: usize) -> Self {
        match index {
            Some(index) => Entry::Occupied(OccupiedEntry { map, index }),
            None => Entry::Vacant(VacantEntry { map, key, place }),
        }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &M::Key {
        match self {
            Entry::Occupied(entry) => entry.key(),
            Entry::Vacant(entry) => entry.key(),
        }
    }

    /// The value, to be changed; `value` where there was none.
    ///
    /// # Errors
    /// Gives the key and `value` back when there is no entry and the map is full.
    #[inline]
    pub fn or_insert(self, value: M::Value) -> Result<&'a mut M::Value, Full<(M::Key, M::Value)>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.insert(value),
        }
    }

    /// The value, to be changed; what `value` returns where there was none.
    ///
    /// # Errors
    /// Gives the key back when there is no entry and the map is full; `value` is not called then.
    #[inline]
    pub fn or_insert_with(self, value: impl FnOnce() -> M::Value) -> Result<&'a mut M::Value, Full<M::Key>> {
        self.or_insert_with_key(|_| value())
    }

    /// The value, to be changed; what `value` returns for the key where there was none.
    ///
    /// # Errors
    /// Gives the key back when there is no entry and the map is full; `value` is not called then.
    #[inline]
    pub fn or_insert_with_key(self, value: impl FnOnce(&M::Key) -> M::Value) -> Result<&'a mut M::Value, Full<M::Key>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(VacantEntry { map, key, .. }) if map.is_full() => Err(map.full(key)),
            Entry::Vacant(entry) => {
                let value = value(entry.key());
                entry.insert(value).map_err(|full| full.map(|(key, _)| key))
            }
        }
    }

    /// The value, to be changed; the default one where there was none.
    ///
    /// # Errors
    /// Gives the key back when there is no entry and the map is full.
    #[inline]
    pub fn or_default(self) -> Result<&'a mut M::Value, Full<M::Key>>
    where
        M::Value: Default,
    {
        self.or_insert_with(M::Value::default)
    }

    /// Changes the value if there is one.
    ///
    /// ```
    /// let mut map = shmstate::Map::<u64, u64, 4>::from([(1, 10)]);
    /// map.entry(1).and_modify(|value| *value += 1).or_insert(0)?;
    /// map.entry(2).and_modify(|value| *value += 1).or_insert(0)?;
    /// assert_eq!((map[&1], map[&2]), (11, 0));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn and_modify(self, f: impl FnOnce(&mut M::Value)) -> Self {
        match self {
            Entry::Occupied(mut entry) => {
                f(entry.get_mut());
                Entry::Occupied(entry)
            }
            vacant => vacant,
        }
    }

    /// Makes `value` the value, and returns the entry.
    ///
    /// # Errors
    /// Gives the key and `value` back when there is no entry and the map is full.
    pub fn insert_entry(self, value: M::Value) -> Result<OccupiedEntry<'a, M>, Full<(M::Key, M::Value)>> {
        match self {
            Entry::Occupied(mut entry) => {
                entry.insert(value);
                Ok(entry)
            }
            Entry::Vacant(entry) => entry.insert_entry(value),
        }
    }
}

/// An entry that is there.
pub struct OccupiedEntry<'a, M: Keyed> {
    map: &'a mut M,
    /// Invariant: an entry has this number.
    index: usize,
}

impl<'a, M: Keyed> OccupiedEntry<'a, M> {
    /// The entry of that number, which is there.
    pub(super) fn at(map: &'a mut M, index: usize) -> Self {
        OccupiedEntry { map, index }
    }

    /// Its key.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &M::Key {
        self.map.key_at(self.index)
    }

    /// Its value.
    #[inline]
    #[must_use]
    pub fn get(&self) -> &M::Value {
        self.map.value_at(self.index)
    }

    /// Its value, to be changed.
    #[inline]
    #[must_use]
    pub fn get_mut(&mut self) -> &mut M::Value {
        self.map.value_at_mut(self.index)
    }

    /// Its value, to be changed as long as the map is borrowed.
    #[inline]
    #[must_use]
    pub fn into_mut(self) -> &'a mut M::Value {
        self.map.value_at_mut(self.index)
    }

    /// Makes `value` its value, and returns the old one.
    #[inline]
    pub fn insert(&mut self, value: M::Value) -> M::Value {
        std::mem::replace(self.get_mut(), value)
    }

    /// Removes it, and returns its value.
    #[inline]
    pub fn remove(self) -> M::Value {
        self.remove_entry().1
    }

    /// Removes it.
    #[inline]
    pub fn remove_entry(self) -> (M::Key, M::Value) {
        match self.map.take(self.index) {
            Some(entry) => entry,
            None => panic!("an entry is gone while it is borrowed: somebody writes to the state outside of an update"),
        }
    }
}

/// A place where there is no entry.
pub struct VacantEntry<'a, M: Keyed> {
    map: &'a mut M,
    key: M::Key,
    place: usize,
}

impl<'a, M: Keyed> VacantEntry<'a, M> {
    /// The key that was looked for.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &M::Key {
        &self.key
    }

    /// The key that was looked for.
    #[inline]
    #[must_use]
    pub fn into_key(self) -> M::Key {
        self.key
    }

    /// Adds the entry, and returns its value, to be changed.
    ///
    /// # Errors
    /// Gives the key and `value` back when the map is full.
    #[inline]
    pub fn insert(self, value: M::Value) -> Result<&'a mut M::Value, Full<(M::Key, M::Value)>> {
        self.insert_entry(value).map(OccupiedEntry::into_mut)
    }

    /// Adds the entry, and returns it.
    ///
    /// # Errors
    /// Gives the key and `value` back when the map is full.
    #[inline]
    pub fn insert_entry(self, value: M::Value) -> Result<OccupiedEntry<'a, M>, Full<(M::Key, M::Value)>> {
        let VacantEntry { map, key, place } = self;
        match map.put(place, key, value) {
            Ok(index) => Ok(OccupiedEntry { map, index }),
            Err(entry) => Err(map.full(entry)),
        }
    }
}

impl<M: Keyed<Key: fmt::Debug, Value: fmt::Debug>> fmt::Debug for Entry<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Occupied(entry) => entry.fmt(f),
            Entry::Vacant(entry) => entry.fmt(f),
        }
    }
}

impl<M: Keyed<Key: fmt::Debug, Value: fmt::Debug>> fmt::Debug for OccupiedEntry<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry").field("key", self.key()).field("value", self.get()).finish_non_exhaustive()
    }
}

impl<M: Keyed<Key: fmt::Debug>> fmt::Debug for VacantEntry<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(self.key()).finish()
    }
}
