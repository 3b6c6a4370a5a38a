//! Maps, as maps.

use crate::containers::{Map, SortedMap};
use crate::layout::SharedLayout;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::hash::Hash;

/// Takes entries of a map one by one. `M` is what is filled.
struct Fill<M, K, V> {
    map: M,
    capacity: usize,
    /// Whether there was room.
    insert: fn(&mut M, K, V) -> bool,
}

impl<'de, M, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Fill<M, K, V> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map of at most {} entries", self.capacity)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<M, A::Error> {
        let mut taken = 0;
        while let Some((key, value)) = entries.next_entry()? {
            if !(self.insert)(&mut self.map, key, value) {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    taken += 1;
                }
                return Err(A::Error::invalid_length(taken + 1, &self));
            }
            taken += 1;
        }
        Ok(self.map)
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

        /// From a map of at most `N` entries. Of entries with the same key, the last one counts.
        impl<'de, K, V, const N: usize> Deserialize<'de> for $Map<K, V, N>
        where
            K: SharedLayout + Deserialize<'de> $(+ $Key)*,
            V: SharedLayout + Deserialize<'de>,
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(Fill { map: $Map::new(), capacity: N, insert: |map, key, value| map.insert(key, value).is_ok() })
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
