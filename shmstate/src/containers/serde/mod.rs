//! The containers for the crate `serde`: as the sequence, the string or the value that they hold.
//!
//! A container that is a sequence of items and can take one after the other needs a line of [`sequences`]; `keyed` has the
//! maps, `others` what is no sequence.

mod keyed;
mod others;

use super::{Archivable, Archived, Array, Full, List, Queue, Ring, Set, Text};
use crate::layout::SharedLayout;
use rkyv::api::high::HighDeserializer;
use rkyv::rancor::BoxedError;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

/// Takes items of a sequence one by one. `C` is what is filled, `T` its items.
struct Fill<C, T> {
    container: C,
    capacity: usize,
    push: fn(&mut C, T) -> Result<(), Full<T>>,
}

impl<'de, C, T: Deserialize<'de>> Visitor<'de> for Fill<C, T> {
    type Value = C;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a sequence of at most {} items", self.capacity)
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut items: S) -> Result<C, S::Error> {
        let mut taken = 0;
        while let Some(item) = items.next_element()? {
            if (self.push)(&mut self.container, item).is_err() {
                return Err(S::Error::invalid_length(taken + 1 + rest(items)?, &self));
            }
            taken += 1;
        }
        Ok(self.container)
    }
}

/// How many items are left.
fn rest<'de, S: SeqAccess<'de>>(mut items: S) -> Result<usize, S::Error> {
    let mut rest = 0;
    while items.next_element::<IgnoredAny>()?.is_some() {
        rest += 1;
    }
    Ok(rest)
}

/// What an item of a set has to be.
trait Key: SharedLayout + Hash + Eq {}

impl<T: SharedLayout + Hash + Eq> Key for T {}

/// Containers of items of type `T`: how to make an empty one, and how to add an item to it.
macro_rules! sequences {
    ($($(#[$doc:meta])* $Container:ident<T: $Item:path, N>: $new:path, $push:path;)*) => {$(
        /// As the sequence of its items.
        impl<T: $Item + Serialize, const N: usize> Serialize for $Container<T, N> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.iter())
            }
        }

        /// From a sequence of at most `N` items.
        $(#[$doc])*
        impl<'de, T: $Item + Deserialize<'de>, const N: usize> Deserialize<'de> for $Container<T, N> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_seq(Fill { container: $new(), capacity: N, push: $push })
            }
        }
    )*};
}

sequences! {
    List<T: SharedLayout, N>: List::new, List::push;
    Queue<T: SharedLayout, N>: Queue::new, Queue::push_back;
    Ring<T: SharedLayout, N>: Ring::new, push_without_loss;
    /// Values that are there already are passed over.
    Set<T: Key, N>: Set::new, insert;
}

fn push_without_loss<T: SharedLayout, const N: usize>(ring: &mut Ring<T, N>, item: T) -> Result<(), Full<T>> {
    if ring.is_full() {
        return Err(Full::new(item, "ring", N, N + 1));
    }
    ring.push(item);
    Ok(())
}

fn insert<T: Key, const N: usize>(set: &mut Set<T, N>, item: T) -> Result<(), Full<T>> {
    set.insert(item).map(drop)
}

/// As the sequence of its items.
impl<T: SharedLayout + Serialize, const N: usize> Serialize for Array<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// From a sequence of exactly `N` items.
impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> Deserialize<'de> for Array<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All<T, const N: usize>(PhantomData<T>);

        impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> Visitor<'de> for All<T, N> {
            type Value = Array<T, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a sequence of {N} items")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Self::Value, S::Error> {
                let mut array = Array::zeroed();
                for (index, place) in array.as_mut_slice().iter_mut().enumerate() {
                    *place = items.next_element()?.ok_or_else(|| S::Error::invalid_length(index, &self))?;
                }
                match rest(items)? {
                    0 => Ok(array),
                    more => Err(S::Error::invalid_length(N + more, &self)),
                }
            }
        }

        deserializer.deserialize_seq(All(PhantomData))
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
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes<const N: usize>;

        impl<const N: usize> Visitor<'_> for Bytes<N> {
            type Value = Text<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a string of at most {N} bytes")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<N>, E> {
                Text::try_from(text).map_err(|_| E::invalid_length(text.len(), &self))
            }
        }

        deserializer.deserialize_str(Bytes)
    }
}

/// As the value, or none: it is taken out of its archive for this.
impl<A, const N: usize> Serialize for Archived<A, N>
where
    A: Archivable<Archived: rkyv::Deserialize<A, HighDeserializer<BoxedError>>> + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.deserialize().map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// From the value, or none. It is archived, in at most `N` bytes.
impl<'de, A: Archivable + Deserialize<'de>, const N: usize> Deserialize<'de> for Archived<A, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut archived = Archived::new();
        if let Some(value) = Option::<A>::deserialize(deserializer)? {
            archived.set(&value).map_err(D::Error::custom)?;
        }
        Ok(archived)
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::{from_str, to_string};

    /// Whether `value` is written as `json`, and read from it.
    pub(super) fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: &T, json: &str) {
        assert_eq!(to_string(value).unwrap(), json);
        assert_eq!(from_str::<T>(json).unwrap(), *value);
    }

    pub(super) fn refused<T: DeserializeOwned>(json: &str) -> String {
        let error = from_str::<T>(json).map(drop).unwrap_err().to_string();
        error.split(" at line").next().unwrap().to_owned()
    }

    #[test]
    fn there_and_back_again() {
        there_and_back(&List::<u32, 4>::from([1, 2]), "[1,2]");
        there_and_back(&List::<u32, 2>::from([1, 2]), "[1,2]");
        there_and_back(&List::<List<bool, 2>, 2>::from([List::from([true]), List::new()]), "[[true],[]]");
        there_and_back(&Array::<u32, 2>::from([1, 2]), "[1,2]");
        there_and_back(&Text::<4>::try_from("Zoë").unwrap(), "\"Zoë\"");
        there_and_back(&List::<Text<8>, 4>::from([Text::try_from("a\"b").unwrap()]), r#"["a\"b"]"#);
        there_and_back(&Queue::<u32, 4>::from([1, 2]), "[1,2]");
        there_and_back(&Ring::<u32, 2>::from_iter([1, 2, 3]), "[2,3]");
        there_and_back(&Set::<u32, 4>::from([7, 5]), "[7,5]");
        let mut names = Archived::<Vec<String>, 64>::new();
        there_and_back(&names, "null");
        names.set(&vec!["Zoë".to_owned()]).unwrap();
        there_and_back(&names, r#"["Zoë"]"#);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_length() {
        assert_eq!(refused::<List<u8, 2>>("[1,2,3,4]"), "invalid length 4, expected a sequence of at most 2 items");
        assert_eq!(refused::<List<u8, 2>>("7"), "invalid type: integer `7`, expected a sequence of at most 2 items");
        assert_eq!(refused::<Ring<u8, 2>>("[1,2,3]"), "invalid length 3, expected a sequence of at most 2 items");
        assert_eq!(refused::<Queue<u8, 2>>("[1,2,3]"), "invalid length 3, expected a sequence of at most 2 items");
        assert_eq!(refused::<Set<u8, 2>>("[1,1,2,3]"), "invalid length 4, expected a sequence of at most 2 items");
        assert_eq!(refused::<Array<u8, 2>>("[1]"), "invalid length 1, expected a sequence of 2 items");
        assert_eq!(refused::<Array<u8, 2>>("[1,2,3]"), "invalid length 3, expected a sequence of 2 items");
        assert_eq!(refused::<Text<2>>("\"Zoë\""), "invalid length 4, expected a string of at most 2 bytes");
        let full = refused::<Archived<String, 16>>("\"a string that is too long\"");
        assert_eq!(full, "the archive is full: it holds at most 16, and 36 were needed");
    }
}
