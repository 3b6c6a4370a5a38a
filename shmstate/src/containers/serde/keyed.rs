//! Maps, as maps.

use super::{by_place, read_into};
use crate::containers::{Map, SortedMap};
use crate::layout::SharedLayout;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::hash::Hash;

/// A map that takes one entry after the other.
trait Fill<'de> {
    type Key: Deserialize<'de>;
    const CAPACITY: usize;

    /// Reads the value of `key` where it is to lie; whether there was room.
    fn insert<D: Deserializer<'de>>(&mut self, key: Self::Key, value: D) -> Result<bool, D::Error>;
}

/// Takes the entries of a map one by one.
struct Entries<'a, M>(&'a mut M);

impl<'de, M: Fill<'de>> Visitor<'de> for Entries<'_, M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map of at most {} entries", M::CAPACITY)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut taken = 0;
        while let Some(key) = entries.next_key()? {
            taken += 1;
            if !entries.next_value_seed(Value { map: &mut *self.0, key })? {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    taken += 1;
                }
                return Err(A::Error::invalid_length(taken, &self));
            }
        }
        Ok(())
    }
}

/// The value of one entry: whether there was room.
struct Value<'a, M, K> {
    map: &'a mut M,
    key: K,
}

impl<'de, M: Fill<'de>> DeserializeSeed<'de> for Value<'_, M, M::Key> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<bool, D::Error> {
        self.map.insert(self.key, value)
    }
}

macro_rules! maps {
    ($($Map:ident: $($Key:path),*;)*) => {$(
        /// As a map, in the order of `iter`.
        impl<K: SharedLayout + Serialize $(+ $Key)*, V: SharedLayout + Serialize, const N: usize> Serialize
            for $Map<K, V, N>
        {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.iter())
            }
        }

        impl<'de, K, V, const N: usize> Fill<'de> for $Map<K, V, N>
        where
            K: SharedLayout + Deserialize<'de> $(+ $Key)*,
            V: SharedLayout + Deserialize<'de>,
        {
            type Key = K;
            const CAPACITY: usize = N;

            fn insert<D: Deserializer<'de>>(&mut self, key: K, value: D) -> Result<bool, D::Error> {
                if self.is_full() && !self.contains_key(&key) {
                    return IgnoredAny::deserialize(value).map(|_| false);
                }
                read_into(value, |init| _ = self.insert_with(key, init)).map(|()| true)
            }
        }

        /// From a map of at most `N` entries. Of entries with the same key, the last one counts.
        impl<'de, K, V, const N: usize> Deserialize<'de> for $Map<K, V, N>
        where
            K: SharedLayout + Deserialize<'de> $(+ $Key)*,
            V: SharedLayout + Deserialize<'de>,
        {
            by_place!();

            fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
                place.clear();
                deserializer.deserialize_map(Entries(place))
            }
        }
    )*};
}

maps! {
    Map: Hash, Eq;
    SortedMap: Ord;
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::super::tests::{refused, there_and_back};
    use super::*;
    use crate::Text;

    #[test]
    fn maps_are_maps() {
        let name = |name: &str| Text::<8>::try_from(name).unwrap();
        there_and_back(&Map::<Text<8>, u32, 4>::from([(name("b"), 1), (name("a"), 2)]), r#"{"b":1,"a":2}"#);
        there_and_back(&SortedMap::<u32, bool, 4>::from([(7, true), (5, false)]), r#"{"5":false,"7":true}"#);
        let twice = serde_json::from_str::<Map<u32, u32, 1>>(r#"{"1":2,"1":3}"#).unwrap();
        assert_eq!(twice.get(&1), Some(&3));
        let full = refused::<SortedMap<u32, u32, 1>>(r#"{"1":2,"2":3,"3":4}"#);
        assert_eq!(full, "invalid length 3, expected a map of at most 1 entries");
        assert_eq!(refused::<Map<u32, u32, 1>>("[]"), "invalid type: sequence, expected a map of at most 1 entries");
    }
}
