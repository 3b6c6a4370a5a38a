//! [`Entry`]: the place of a key in a map, occupied or vacant.

#![expect(clippy::type_complexity, reason = "a result, an error and a pair are what they are")]

use crate::containers::CapacityError;
use crate::containers::moved_out::{move_out, move_over};
use crate::containers::place::set_default;
use crate::layout::SharedLayout;
use std::fmt;

/// A map that knows where its entries are.
pub trait Keyed {
    /// Its keys.
    type Key: SharedLayout;
    /// Its values.
    type Value: SharedLayout;
    /// Where an entry is; valid until entries are added or removed.
    type At: Copy;
    /// Where a new entry would be.
    type Vacancy;

    /// Whether there is no room for another entry.
    fn is_full(&self) -> bool;

    /// The error for what does not fit.
    fn full<R>(&self, value: R) -> CapacityError<R>;

    /// The entry at `at`, if there is one.
    fn entry_at(&self, at: Self::At) -> Option<(&Self::Key, &Self::Value)>;

    /// The key of the entry at `at`.
    fn key_at(&self, at: Self::At) -> &Self::Key;

    /// The value of the entry at `at`.
    fn value_at(&self, at: Self::At) -> &Self::Value;

    /// A mutable reference to the value of the entry at `at`.
    fn value_at_mut(&mut self, at: Self::At) -> &mut Self::Value;

    /// Adds an entry whose key is not in the map, at the vacancy that the map has found for it. Returns where the entry is, or the
    /// key if there is no room.
    ///
    /// # Safety
    /// If there was room, the caller does not use `value` any more.
    unsafe fn put(
        &mut self,
        vacancy: Self::Vacancy,
        key: Self::Key,
        value: &Self::Value,
    ) -> Result<Self::At, Self::Key>;

    /// The same with a value that `init` fills in place.
    fn put_with(
        &mut self,
        vacancy: Self::Vacancy,
        key: Self::Key,
        init: impl FnOnce(&mut Self::Value),
    ) -> Result<Self::At, Self::Key>;

    /// Removes the entry at `at`; returns whether there was one.
    fn discard(&mut self, at: Self::At) -> bool;

    /// Removes the entry at `at`, if there is one, and returns its value.
    #[inline]
    fn take_value(&mut self, at: Self::At) -> Option<Self::Value> {
        // SAFETY: it is used only if the entry is removed.
        let value = unsafe { move_out(self.entry_at(at)?.1) };
        if self.discard(at) { Some(value) } else { None }
    }

    /// Removes the entry at `at`, if there is one, and returns it.
    #[inline]
    fn take(&mut self, at: Self::At) -> Option<(Self::Key, Self::Value)> {
        // SAFETY: it is used only if the entry is removed.
        let key = unsafe { move_out(self.entry_at(at)?.0) };
        self.take_value(at).map(|value| (key, value))
    }
}

/// The place of a key in a map, occupied or vacant: what [`Map::entry`](crate::Map::entry) and
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
/// Its methods are those of std's `Entry`, but they return an error if the map is full.
pub enum Entry<'a, M: Keyed> {
    /// There is an entry.
    Occupied(OccupiedEntry<'a, M>),
    /// There is no entry.
    Vacant(VacantEntry<'a, M>),
}

impl<'a, M: Keyed> Entry<'a, M> {
    /// The entry that is there, or else the place where a new one with `key` belongs.
    #[inline]
    pub(super) fn of(map: &'a mut M, key: M::Key, at: Result<M::At, M::Vacancy>) -> Self {
        match at {
            Ok(at) => Entry::Occupied(OccupiedEntry { map, at }),
            Err(vacancy) => Entry::Vacant(VacantEntry { map, key, vacancy }),
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

    /// A mutable reference to the value. If there is no entry, it is added with `value`.
    ///
    /// # Errors
    /// Gives the key and `value` back when there is no entry and the map is full.
    #[inline]
    pub fn or_insert(self, value: M::Value) -> Result<&'a mut M::Value, CapacityError<(M::Key, M::Value)>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.insert(value),
        }
    }

    /// A mutable reference to the value. If there is no entry, it is added with what `value` returns.
    ///
    /// # Errors
    /// Gives the key back when there is no entry and the map is full; `value` is not called then.
    #[inline]
    pub fn or_insert_with(self, value: impl FnOnce() -> M::Value) -> Result<&'a mut M::Value, CapacityError<M::Key>> {
        self.or_insert_with_key(|_| value())
    }

    /// A mutable reference to the value. If there is no entry, it is added with what `value` returns for the key.
    ///
    /// # Errors
    /// Gives the key back when there is no entry and the map is full; `value` is not called then.
    #[inline]
    pub fn or_insert_with_key(
        self,
        value: impl FnOnce(&M::Key) -> M::Value,
    ) -> Result<&'a mut M::Value, CapacityError<M::Key>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(VacantEntry { map, key, .. }) if map.is_full() => Err(map.full(key)),
            Entry::Vacant(entry) => {
                let value = value(entry.key());
                entry.insert(value).map_err(|full| full.map(|(key, _)| key))
            }
        }
    }

    /// A mutable reference to the value. If there is no entry, it is added with the default value, as by
    /// [`insert_default`](VacantEntry::insert_default).
    ///
    /// # Errors
    /// Gives the key back when there is no entry and the map is full.
    #[inline]
    pub fn or_default(self) -> Result<&'a mut M::Value, CapacityError<M::Key>>
    where
        M::Value: Default,
    {
        self.or_init(set_default)
    }

    /// A mutable reference to the value. If there is no entry, it is added with a value that `init` fills in place.
    ///
    /// No value passes over the stack, which may be too small for it. `init` finds what a new state starts with: zeroes, except
    /// the fields with `#[shared(init = …)]`. If it panics, the map has the entries that it had.
    ///
    /// ```
    /// use shmstate::{List, Map};
    ///
    /// let mut map = Map::<u64, List<u64, 4>, 4>::new();
    /// map.entry(1).or_init(|list| list.extend([10]))?.extend([20]);
    /// assert_eq!(map[&1], [10, 20]);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the key back when there is no entry and the map is full; `init` is not called then.
    #[inline]
    pub fn or_init(self, init: impl FnOnce(&mut M::Value)) -> Result<&'a mut M::Value, CapacityError<M::Key>> {
        match self {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry.insert_with(init),
        }
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

    /// Makes `value` the value, and returns the old one.
    ///
    /// # Safety
    /// The caller does not use `value` any more.
    #[inline]
    pub(super) unsafe fn set(self, value: &M::Value) -> Result<Option<M::Value>, CapacityError<(M::Key, M::Value)>> {
        match self {
            // SAFETY: the caller's promise.
            Entry::Occupied(entry) => unsafe { entry.set(value) },
            // SAFETY: the caller's promise.
            Entry::Vacant(entry) => unsafe { entry.set(value) },
        }
    }

    /// Makes `value` the value, and returns the entry.
    ///
    /// # Errors
    /// Gives the key and `value` back when there is no entry and the map is full.
    pub fn insert_entry(self, value: M::Value) -> Result<OccupiedEntry<'a, M>, CapacityError<(M::Key, M::Value)>> {
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
    /// Invariant: an entry is there.
    at: M::At,
}

impl<'a, M: Keyed> OccupiedEntry<'a, M> {
    /// The entry that is there.
    pub(super) fn at(map: &'a mut M, at: M::At) -> Self {
        OccupiedEntry { map, at }
    }

    /// Its key.
    #[inline]
    #[must_use]
    pub fn key(&self) -> &M::Key {
        self.map.key_at(self.at)
    }

    /// Its value.
    #[inline]
    #[must_use]
    pub fn get(&self) -> &M::Value {
        self.map.value_at(self.at)
    }

    /// A mutable reference to its value.
    #[inline]
    #[must_use]
    pub fn get_mut(&mut self) -> &mut M::Value {
        self.map.value_at_mut(self.at)
    }

    /// A mutable reference to its value, which lives as long as the borrow of the map.
    #[inline]
    #[must_use]
    pub fn into_mut(self) -> &'a mut M::Value {
        self.map.value_at_mut(self.at)
    }

    /// Makes `value` its value, and returns the old one.
    #[inline]
    pub fn insert(&mut self, value: M::Value) -> M::Value {
        std::mem::replace(self.get_mut(), value)
    }

    /// Makes `value` its value, and returns the old one.
    ///
    /// # Safety
    /// The caller does not use `value` any more.
    #[inline]
    unsafe fn set<E>(self, value: &M::Value) -> Result<Option<M::Value>, E> {
        let current = self.into_mut();
        // SAFETY: what is there is overwritten at once.
        let old = unsafe { move_out(current) };
        // SAFETY: the caller's promise.
        unsafe { move_over(current, value) }
        Ok(Some(old))
    }

    /// Removes it, and returns its value.
    #[inline]
    pub fn remove(self) -> M::Value {
        match self.map.take_value(self.at) {
            Some(value) => value,
            None => gone(),
        }
    }

    /// Removes the entry, and returns it.
    #[inline]
    pub fn remove_entry(self) -> (M::Key, M::Value) {
        match self.map.take(self.at) {
            Some(entry) => entry,
            None => gone(),
        }
    }

    /// Removes it without returning it, so that it does not pass over the stack.
    #[inline]
    pub fn discard(self) {
        self.map.discard(self.at);
    }
}

#[cold]
fn gone() -> ! {
    panic!("an entry is gone while it is borrowed: a process writes to the state outside of an update")
}

/// The place of a key that has no entry.
pub struct VacantEntry<'a, M: Keyed> {
    map: &'a mut M,
    key: M::Key,
    vacancy: M::Vacancy,
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

    /// Adds the entry, and returns a mutable reference to its value.
    ///
    /// # Errors
    /// Gives the key and `value` back when the map is full.
    #[inline]
    pub fn insert(self, value: M::Value) -> Result<&'a mut M::Value, CapacityError<(M::Key, M::Value)>> {
        self.insert_entry(value).map(OccupiedEntry::into_mut)
    }

    /// Adds the entry with a value that `init` fills in place, and returns a reference to it: see [`Entry::or_init`].
    ///
    /// # Errors
    /// Gives the key back when the map is full; `init` is not called then.
    #[inline]
    pub fn insert_with(self, init: impl FnOnce(&mut M::Value)) -> Result<&'a mut M::Value, CapacityError<M::Key>> {
        let VacantEntry { map, key, vacancy } = self;
        match map.put_with(vacancy, key, init) {
            Ok(at) => Ok(map.value_at_mut(at)),
            Err(key) => Err(map.full(key)),
        }
    }

    /// Adds the entry with a default value, and returns a reference to it.
    ///
    /// Containers, numbers and arrays of them are made in place. The default value of a type of your own passes over
    /// the stack; `insert_with(|_| ())` inserts the value that it has in a new state.
    ///
    /// # Errors
    /// Gives the key back when the map is full.
    #[inline]
    pub fn insert_default(self) -> Result<&'a mut M::Value, CapacityError<M::Key>>
    where
        M::Value: Default,
    {
        self.insert_with(set_default)
    }

    /// Adds the entry; there is no old value.
    ///
    /// # Safety
    /// The caller does not use `value` any more.
    #[inline]
    unsafe fn set(self, value: &M::Value) -> Result<Option<M::Value>, CapacityError<(M::Key, M::Value)>> {
        let VacantEntry { map, key, vacancy } = self;
        // SAFETY: the caller's promise.
        match unsafe { map.put(vacancy, key, value) } {
            Ok(_) => Ok(None),
            // SAFETY: the same.
            Err(key) => unsafe { refused_entry(map, key, value) },
        }
    }

    /// Adds the entry, and returns it.
    ///
    /// # Errors
    /// Gives the key and `value` back when the map is full.
    #[inline]
    pub fn insert_entry(self, value: M::Value) -> Result<OccupiedEntry<'a, M>, CapacityError<(M::Key, M::Value)>> {
        let VacantEntry { map, key, vacancy } = self;
        // SAFETY: it is the map's from here on, unless it is returned.
        match unsafe { map.put(vacancy, key, &value) } {
            Ok(at) => Ok(OccupiedEntry { map, at }),
            // SAFETY: it is returned.
            Err(key) => unsafe { refused_entry(map, key, &value) },
        }
    }
}

/// The error for an entry that does not fit.
///
/// # Safety
/// The caller does not use `value` any more.
#[cold]
#[inline(never)]
unsafe fn refused_entry<M: Keyed, R>(
    map: &M,
    key: M::Key,
    value: &M::Value,
) -> Result<R, CapacityError<(M::Key, M::Value)>> {
    // SAFETY: the caller's promise.
    Err(map.full((key, unsafe { move_out(value) })))
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
