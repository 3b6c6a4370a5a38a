//! What is neither a sequence nor a map: options, boxes, bytes, strings, slabs.

use super::{Fill, Items, by_place, read_into, refuse};
use crate::containers::{Blob, Key, Maybe, Slab, Text, Tracked};
use crate::layout::SharedLayout;
use serde::de::value::UnitDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;

/// As an `Option`.
impl<T: SharedLayout + Serialize> Serialize for Maybe<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().serialize(serializer)
    }
}

/// From an `Option`.
impl<'de, T: SharedLayout + Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    by_place!();

    fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
        struct Value<'a, T>(&'a mut Maybe<T>);

        impl<'de, T: SharedLayout + Deserialize<'de>> Visitor<'de> for Value<'_, T> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("option")
            }

            fn visit_none<E>(self) -> Result<(), E> {
                Ok(())
            }

            fn visit_unit<E>(self) -> Result<(), E> {
                Ok(())
            }

            fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
                read_into(value, |init| _ = self.0.insert_with(init))
            }
        }

        place.discard();
        deserializer.deserialize_option(Value(place))
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
    by_place!();

    fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
        T::deserialize_in_place(deserializer, place)
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
    by_place!();

    fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
        struct Bytes<'a, const N: usize>(&'a mut Blob<N>);

        impl<'de, const N: usize> Visitor<'de> for Bytes<'_, N> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {N} bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
                self.0.set(bytes).map_err(|_| E::invalid_length(bytes.len(), &self))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
                while let Some(byte) = items.next_element()? {
                    if self.0.push(byte).is_err() {
                        return Err(S::Error::invalid_length(N + 1 + super::rest(items)?, &self));
                    }
                }
                Ok(())
            }
        }

        place.clear();
        deserializer.deserialize_bytes(Bytes(place))
    }
}

/// As a string.
impl<const N: usize> Serialize for Text<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// From a string of at most `N` bytes.
impl<'de, const N: usize> Deserialize<'de> for Text<N> {
    by_place!();

    fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
        struct Letters<'a, const N: usize>(&'a mut Text<N>);

        impl<const N: usize> Visitor<'_> for Letters<'_, N> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a string of at most {N} bytes")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
                self.0.set(text).map_err(|_| E::invalid_length(text.len(), &self))
            }
        }

        deserializer.deserialize_str(Letters(place))
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
    by_place!();

    fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
        place.forget_places();
        deserializer.deserialize_seq(Items(place))
    }
}

impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> Fill<'de> for Slab<T, N> {
    const ITEMS: &'static str = "places";
    const CAPACITY: usize = N;

    fn push<D: Deserializer<'de>>(&mut self, place: D) -> Result<bool, D::Error> {
        if self.has_all_places() {
            return refuse(self, place);
        }
        place.deserialize_tuple(2, Place(self)).map(|()| true)
    }
}

/// One place of a slab, a pair of its generation and its value or none.
struct Place<'a, T, const N: usize>(&'a mut Slab<T, N>);

impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> Visitor<'de> for Place<'_, T, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pair of a generation and a value or none")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut pair: S) -> Result<(), S::Error> {
        let generation: u32 = pair.next_element()?.ok_or_else(|| S::Error::invalid_length(0, &self))?;
        match pair.next_element_seed(PlacedValue { slab: &mut *self.0, generation })? {
            Some(()) => Ok(()),
            None => Err(S::Error::invalid_length(1, &self)),
        }
    }
}

/// The value in a place of that generation, or none.
struct PlacedValue<'a, T, const N: usize> {
    slab: &'a mut Slab<T, N>,
    generation: u32,
}

/// The error of a place whose generation is that of another one.
fn misplaced<E: Error>() -> E {
    E::custom("the generation of a place is odd if there is a value, and even if there is none")
}

impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> DeserializeSeed<'de> for PlacedValue<'_, T, N> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_option(self)
    }
}

impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> Visitor<'de> for PlacedValue<'_, T, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("option")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        if self.generation.is_multiple_of(2) {
            self.slab.push_place(self.generation, |_| ());
            return Ok(());
        }
        // A value that is written as none, such as a `Maybe` without one.
        let none = UnitDeserializer::<E>::new();
        read_into(none, |init| self.slab.push_place(self.generation, init)).map_err(|_| misplaced())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        if self.generation.is_multiple_of(2) {
            return Err(misplaced());
        }
        read_into(value, |init| self.slab.push_place(self.generation, init))
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
        assert!(refused::<Slab<u32, 1>>("[[1,null]]").contains("odd if there is a value"));
        let maybe: Slab<Maybe<u32>, 2> = from_str("[[1,null],[3,7]]").unwrap();
        assert!(maybe.values().map(|value| value.as_ref().copied()).eq([None, Some(7)]));
    }
}
