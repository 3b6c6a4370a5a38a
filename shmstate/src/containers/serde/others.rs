//! What is neither a sequence nor a map: options, boxes, bytes, slabs.

use crate::containers::{Blob, Key, Maybe, Slab, Tracked};
use crate::layout::SharedLayout;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// As an `Option`.
impl<T: SharedLayout + Serialize> Serialize for Maybe<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().serialize(serializer)
    }
}

/// From an `Option`.
impl<'de, T: SharedLayout + Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

/// As the value.
impl<T: SharedLayout + Serialize> Serialize for Tracked<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

/// From the value.
impl<'de, T: SharedLayout + Deserialize<'de>> Deserialize<'de> for Tracked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}

/// As bytes; in JSON a sequence of numbers.
impl<const N: usize> Serialize for Blob<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self)
    }
}

/// From at most `N` bytes, or a sequence of as many numbers.
impl<'de, const N: usize> Deserialize<'de> for Blob<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes<const N: usize>;

        impl<'de, const N: usize> Visitor<'de> for Bytes<N> {
            type Value = Blob<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {N} bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Blob<N>, E> {
                Blob::try_from(bytes).map_err(|_| E::invalid_length(bytes.len(), &self))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Blob<N>, S::Error> {
                let mut blob = Blob::new();
                while let Some(byte) = items.next_element()? {
                    if blob.push(byte).is_err() {
                        return Err(S::Error::invalid_length(N + 1 + super::rest(items)?, &self));
                    }
                }
                Ok(blob)
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

/// As the number of [`Key::to_bits`].
impl<T> Serialize for Key<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.to_bits())
    }
}

/// From the number of [`Key::to_bits`].
impl<'de, T> Deserialize<'de> for Key<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Self::from_bits)
    }
}

/// As the sequence of its places: the generation of each, and its value or none. So keys that are kept elsewhere lead to
/// the same values afterwards, and those of removed values nowhere.
impl<T: SharedLayout + Serialize, const N: usize> Serialize for Slab<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.places())
    }
}

/// From the sequence of its places, at most `N`.
impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> Deserialize<'de> for Slab<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Places<T, const N: usize>(PhantomData<T>);

        impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> Visitor<'de> for Places<T, N> {
            type Value = Slab<T, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a sequence of at most {N} places")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut places: S) -> Result<Self::Value, S::Error> {
                let mut slab = Slab::new();
                let mut taken = 0;
                while let Some((generation, value)) = places.next_element::<(u32, Option<T>)>()? {
                    if value.is_some() == generation.is_multiple_of(2) {
                        let why = "the generation of a place is odd if there is a value, and even if there is none";
                        return Err(S::Error::custom(why));
                    }
                    if slab.push_place(generation, value).is_err() {
                        return Err(S::Error::invalid_length(taken + 1 + super::rest(places)?, &self));
                    }
                    taken += 1;
                }
                Ok(slab)
            }
        }

        deserializer.deserialize_seq(Places(PhantomData))
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::super::tests::{refused, there_and_back};
    use super::*;
    use serde_json::{from_str, to_string};

    #[test]
    fn options_boxes_and_bytes() {
        there_and_back(&Maybe::<u32>::none(), "null");
        there_and_back(&Maybe::some(7u32), "7");
        there_and_back(&Tracked::new([1u8, 2]), "[1,2]");
        there_and_back(&Blob::<4>::from(*b"ab"), "[97,98]");
        assert_eq!(refused::<Blob<1>>("[1,2,3]"), "invalid length 3, expected at most 1 bytes");
    }

    #[test]
    fn keys_lead_to_the_same_values() {
        let mut slab = Slab::<u32, 4>::new();
        let keys = [7, 8, 9].map(|value| slab.insert(value).unwrap());
        slab.remove(keys[1]);
        let json = to_string(&slab).unwrap();
        assert_eq!(json, "[[1,7],[2,null],[1,9]]");
        let mut again: Slab<u32, 4> = from_str(&json).unwrap();
        assert_eq!(keys.map(|key| again.get(key).copied()), [Some(7), None, Some(9)]);
        let kept: Key<u32> = from_str(&to_string(&keys[2]).unwrap()).unwrap();
        assert_eq!((kept, again.len()), (keys[2], 2));
        // The vacant place is the first to be filled, and its old key still leads nowhere.
        let new = [again.insert(1).unwrap(), again.insert(2).unwrap()];
        assert!(again.is_full() && again.get(keys[1]).is_none());
        assert_eq!(new.map(|key| again[key]), [1, 2]);
        assert_eq!(
            refused::<Slab<u32, 1>>("[[1,7],[1,8],[2,null]]"),
            "invalid length 3, expected a sequence of at most 1 places"
        );
        assert!(refused::<Slab<u32, 1>>("[[2,7]]").contains("odd if there is a value"));
    }
}
