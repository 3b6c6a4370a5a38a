//! What both kinds of map have in common.

/// Defines these methods for a map with `find`, `entry` and `clear`, by the expressions over `map` that follow its name; `Iter` and
/// `IterMut` are the types of its iterators.
macro_rules! map_methods {
    (
        $Map:ident, [$($Key:tt)*], |$map:ident|
        $type:literal, $one:literal,
        len: $len:expr,
        iter: $iter:expr,
        iter_mut: $iter_mut:expr,
        keys: $Keys:ty = $keys:expr,
        values: $Values:ty = $values:expr,
        values_mut: $ValuesMut:ty = $values_mut:expr,
    ) => {
        $crate::containers::capacity::capacity! {
            all [K: SharedLayout + $($Key)*, V: SharedLayout, const N: usize] $Map<K, V, N>,
            $type, "entries", |$map| $len, $one
        }

        $crate::containers::collect::collect! {
            (K, V) [K: SharedLayout + $($Key)*, V: SharedLayout, const N: usize] $Map<K, V, N> of (K, V),
            "entries" ("entry"), |map, entry| map.insert(entry.0, entry.1).map(drop),
            $type, "[(1, 10), (2, 20), (3, 30)]", "(3, 30)"
        }

        impl<K: SharedLayout + $($Key)*, V: SharedLayout, const N: usize> $Map<K, V, N> {
            /// The entries, in the map's order.
            ///
            /// ```
            #[doc = concat!("let map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// assert!(map.iter().eq([(&1, &10), (&2, &20)]));
            /// ```
            #[inline]
            pub fn iter(&self) -> Iter<'_, K, V> {
                let $map = self;
                $iter
            }

            /// The entries, in the map's order, with mutable references to the values; marks all values, whether the iterator
            /// reaches them or not.
            ///
            /// If few values change, find them with `iter` and change them with `get_mut`.
            ///
            /// ```
            #[doc = concat!("let mut map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// map.iter_mut().for_each(|(key, value)| *value += key);
            /// assert!(map.values().eq(&[11, 22]));
            /// ```
            #[inline]
            pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
                let $map = self;
                $iter_mut
            }

            /// The keys, in the map's order.
            ///
            /// ```
            #[doc = concat!("let map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// assert!(map.keys().eq(&[1, 2]));
            /// ```
            #[inline]
            pub fn keys(&self) -> $Keys {
                let $map = self;
                $keys
            }

            /// The values, in the map's order.
            ///
            /// ```
            #[doc = concat!("let map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// assert_eq!(map.values().sum::<u64>(), 30);
            /// ```
            #[inline]
            pub fn values(&self) -> $Values {
                let $map = self;
                $values
            }

            /// Mutable references to the values, in the map's order; marks all values.
            ///
            /// ```
            #[doc = concat!("let mut map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// map.values_mut().for_each(|value| *value *= 2);
            /// assert_eq!(map.values().sum::<u64>(), 60);
            /// ```
            #[inline]
            pub fn values_mut(&mut self) -> $ValuesMut {
                let $map = self;
                $values_mut
            }

            /// The value of `key`.
            ///
            /// ```
            #[doc = concat!("let map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// assert_eq!((map.get(&1), map.get(&3)), (Some(&10), None));
            /// ```
            #[inline]
            #[must_use]
            pub fn get<Q: ?Sized>(&self, key: &Q) -> Option<&V>
            where
                K: Lookup<Q, As: $($Key)*>,
            {
                self.value(self.lookup(key)?)
            }

            /// The entry of `key`.
            ///
            /// ```
            #[doc = concat!("let map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// assert_eq!(map.get_key_value(&1), Some((&1, &10)));
            /// ```
            #[inline]
            #[must_use]
            pub fn get_key_value<Q: ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
            where
                K: Lookup<Q, As: $($Key)*>,
            {
                self.entry_at(self.find(key)?)
            }

            /// Whether there is an entry with that key.
            ///
            /// ```
            #[doc = concat!("let map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// assert!(map.contains_key(&1) && !map.contains_key(&3));
            /// ```
            #[inline]
            #[must_use]
            pub fn contains_key<Q: ?Sized>(&self, key: &Q) -> bool
            where
                K: Lookup<Q, As: $($Key)*>,
            {
                self.lookup(key).is_some()
            }

            /// A mutable reference to the value of `key`; marks the value.
            ///
            /// ```
            #[doc = concat!("let mut map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// *map.get_mut(&1).unwrap() += 1;
            /// assert_eq!(map[&1], 11);
            /// ```
            #[inline]
            #[must_use]
            pub fn get_mut<Q: ?Sized>(&mut self, key: &Q) -> Option<&mut V>
            where
                K: Lookup<Q, As: $($Key)*>,
            {
                let at = self.lookup(key)?;
                self.value_mut(at)
            }

            /// Makes `value` the value of `key`, and returns the old one; a key that is there already stays.
            ///
            /// ```
            #[doc = concat!("let mut map = shmstate::", stringify!($Map), "::<u64, u64, 1>::new();")]
            /// assert_eq!(map.insert(1, 10)?, None);
            /// assert_eq!(map.insert(1, 11)?, Some(10));
            /// assert_eq!(map.insert(2, 20).unwrap_err().into_inner(), (2, 20));
            /// # Ok::<_, shmstate::CapacityError<(u64, u64)>>(())
            /// ```
            ///
            /// # Errors
            /// Gives both back when the key is not there and the map is full.
            #[inline]
            pub fn insert(&mut self, key: K, value: V) -> Result<Option<V>, CapacityError<(K, V)>> {
                // SAFETY: it is the map's from here on, unless it is returned.
                unsafe { self.entry(key).set(&value) }
            }

            /// Sets the value of `key` to one that `init` fills in place, and returns a reference to it; a key that is there stays.
            ///
            /// No value passes over the stack, which may be too small for it. `init` finds what a new state starts with: zeroes,
            /// except the fields with `#[shared(init = …)]`. If it panics, the map has the entries that it had; if the key was
            /// there, its value is what `init` has made of it.
            ///
            /// ```
            #[doc = concat!("use shmstate::{List, ", stringify!($Map), "};")]
            ///
            #[doc = concat!("let mut map = ", stringify!($Map), "::<u64, List<u64, 4>, 4>::new();")]
            /// map.insert_with(1, |list| list.extend([10, 20]))?;
            /// assert_eq!(map[&1], [10, 20]);
            /// # Ok::<_, shmstate::CapacityError<u64>>(())
            /// ```
            ///
            /// # Errors
            /// Gives the key back when it is not there and the map is full; `init` is not called then.
            pub fn insert_with(&mut self, key: K, init: impl FnOnce(&mut V)) -> Result<&mut V, CapacityError<K>> {
                match self.entry(key) {
                    Entry::Occupied(entry) => {
                        let value = entry.into_mut();
                        V::reset(value);
                        init(value);
                        Ok(value)
                    }
                    Entry::Vacant(entry) => entry.insert_with(init),
                }
            }

            /// Sets the value of `key` to the default, and returns a reference to it; a key that is there already stays.
            ///
            /// Containers, numbers and arrays of them are made in place. The default value of a type of your own passes
            /// over the stack; `insert_with(key, |_| ())` inserts the value that it has in a new state.
            ///
            /// ```
            #[doc = concat!("let mut map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10)]);")]
            /// *map.insert_default(1)? += 1;
            /// assert_eq!(map[&1], 1);
            /// # Ok::<_, shmstate::CapacityError<u64>>(())
            /// ```
            ///
            /// # Errors
            /// Gives the key back when it is not there and the map is full.
            pub fn insert_default(&mut self, key: K) -> Result<&mut V, CapacityError<K>>
            where
                V: Default,
            {
                self.insert_with(key, $crate::containers::place::set_default)
            }

            /// The entry, which may be vacant, of the key that is made from `key`: [`entry`](Self::entry) by `&str` or `&String`
            /// if the keys are a [`Text`](crate::Text).
            ///
            /// ```
            #[doc = concat!("use shmstate::{", stringify!($Map), ", Text};")]
            ///
            #[doc = concat!("let mut map = ", stringify!($Map), "::<Text<8>, u64, 4>::new();")]
            /// *map.try_entry("apple")?.or_insert(0)? += 1;
            /// assert_eq!(map["apple"], 1);
            /// assert!(map.try_entry("pomegranate").is_err());
            /// # Ok::<_, Box<dyn std::error::Error>>(())
            /// ```
            ///
            /// # Errors
            /// If no key can be made from `key`.
            pub fn try_entry<Q>(&mut self, key: Q) -> Result<Entry<'_, Self>, K::Error>
            where
                K: TryFrom<Q>,
            {
                K::try_from(key).map(|key| self.entry(key))
            }

            /// Removes the entry of `key` without returning it. Returns whether it was there. No value passes over the stack.
            ///
            /// ```
            #[doc = concat!("let mut map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// assert!(map.discard(&1) && !map.discard(&1));
            /// assert!(map.keys().eq(&[2]));
            /// ```
            #[inline]
            pub fn discard<Q: ?Sized>(&mut self, key: &Q) -> bool
            where
                K: Lookup<Q, As: $($Key)*>,
            {
                self.find(key).is_some_and(|index| Keyed::discard(self, index))
            }

            /// Removes the entry of `key`, and returns its value.
            ///
            /// ```
            #[doc = concat!("let mut map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// assert_eq!((map.remove(&1), map.remove(&1)), (Some(10), None));
            /// ```
            #[inline]
            pub fn remove<Q: ?Sized>(&mut self, key: &Q) -> Option<V>
            where
                K: Lookup<Q, As: $($Key)*>,
            {
                let index = self.find(key)?;
                Keyed::take_value(self, index)
            }

            /// Removes the entry of `key`, and returns it.
            ///
            /// ```
            #[doc = concat!("let mut map = shmstate::", stringify!($Map), "::<u64, u64, 4>::from([(1, 10), (2, 20)]);")]
            /// assert_eq!(map.remove_entry(&1), Some((1, 10)));
            /// ```
            #[inline]
            pub fn remove_entry<Q: ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
            where
                K: Lookup<Q, As: $($Key)*>,
            {
                let index = self.find(key)?;
                Keyed::take(self, index)
            }

        }

        impl<K, V, const N: usize> Clone for $Map<K, V, N>
        where
            K: SharedLayout + $($Key)* + Clone,
            V: SharedLayout + Clone,
        {
            fn clone(&self) -> Self {
                self.cloned()
            }

            /// Clones entry by entry into this map, which needs no room on the stack.
            ///
            /// If a clone panics, the entries before it are there.
            fn clone_from(&mut self, source: &Self) {
                self.clear();
                for (key, value) in source {
                    drop(self.add_last(key.clone(), |to| to.clone_from(value)));
                }
            }
        }

        impl<K, V, const N: usize> std::fmt::Debug for $Map<K, V, N>
        where
            K: SharedLayout + $($Key)* + std::fmt::Debug,
            V: SharedLayout + std::fmt::Debug,
        {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_map().entries(self).finish()
            }
        }

        $crate::containers::compare::iterate! {
            [K: SharedLayout + $($Key)*, V: SharedLayout, const N: usize] $Map<K, V, N>,
            Iter<'a, K, V> = (&'a K, &'a V), IterMut<'a, K, V> = (&'a K, &'a mut V)
        }

        impl<K: SharedLayout + $($Key)*, V: SharedLayout + Eq, const N: usize> Eq for $Map<K, V, N> {}

        /// # Panics
        /// If there is no such key.
        impl<K, V, Q, const N: usize> std::ops::Index<&Q> for $Map<K, V, N>
        where
            K: SharedLayout + $($Key)* + Lookup<Q, As: $($Key)*>,
            V: SharedLayout,
            Q: ?Sized,
        {
            type Output = V;

            #[inline]
            #[track_caller]
            fn index(&self, key: &Q) -> &V {
                match self.get(key) {
                    Some(value) => value,
                    None => panic!("there is no entry with that key"),
                }
            }
        }

    };
}

pub(super) use map_methods;
