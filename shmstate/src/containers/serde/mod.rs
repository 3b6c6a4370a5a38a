//! The containers for the crate `serde`: as the sequence, the string or the value that they hold.
//!
//! Everything is read where it lies, by `deserialize_in_place`: `deserialize` does that with a value that it makes first. So
//! nothing that is inside of another value passes over the stack. [`de`] makes it available.
//!
//! A container that is a sequence of items and can take one after the other needs a line of [`sequences`]; `keyed` has the
//! maps, `others` what is no sequence; `fields`: structs.

#[cfg(feature = "archived")]
mod archived;
pub mod de;
pub mod fields;
mod keyed;
mod others;

use super::{Array, List, Queue, Ring, Set};
use crate::layout::SharedLayout;
use de::InPlace;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::hash::Hash;

/// `deserialize` of what has `deserialize_in_place`.
macro_rules! by_place {
    () => {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let mut value = <Self as $crate::layout::SharedLayout>::zeroed();
            Self::deserialize_in_place(deserializer, &mut value)?;
            Ok(value)
        }
    };
}

use by_place;

/// A container that takes one item after the other.
trait Fill<'de> {
    /// What it takes, and how many at most.
    const ITEMS: &'static str = "items";
    const CAPACITY: usize;

    /// Reads an item where it is to lie; whether there was room.
    fn push<D: Deserializer<'de>>(&mut self, item: D) -> Result<bool, D::Error>;
}

/// Takes the items of a sequence one by one.
struct Items<'a, C>(&'a mut C);

impl<'de, C: Fill<'de>> Visitor<'de> for Items<'_, C> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a sequence of at most {} {}", C::CAPACITY, C::ITEMS)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        let mut taken = 0;
        while let Some(has_room) = items.next_element_seed(Item(&mut *self.0))? {
            taken += 1;
            if !has_room {
                return Err(S::Error::invalid_length(taken + rest(items)?, &self));
            }
        }
        Ok(())
    }
}

/// One item of a sequence: whether there was room.
struct Item<'a, C>(&'a mut C);

impl<'de, C: Fill<'de>> DeserializeSeed<'de> for Item<'_, C> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, item: D) -> Result<bool, D::Error> {
        self.0.push(item)
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

/// Reads a value into the slot that `put` lends.
fn read_into<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    value: D,
    put: impl FnOnce(&mut dyn FnMut(&mut T)),
) -> Result<(), D::Error> {
    let (mut value, mut read) = (Some(value), Ok(()));
    put(&mut |slot| {
        if let Some(value) = value.take() {
            read = T::deserialize_in_place(value, slot);
        }
    });
    read
}

/// What an item of a set has to be.
trait Key: SharedLayout + Hash + Eq {}

impl<T: SharedLayout + Hash + Eq> Key for T {}

/// Containers of items of type `T`: how to add one that is filled where it lies, and what to do with one more than fit.
macro_rules! sequences {
    ($($(#[$doc:meta])* $Container:ident<T: $Item:path, N>: $push:path, $more:path;)*) => {$(
        /// As the sequence of its items.
        impl<T: $Item + Serialize, const N: usize> Serialize for $Container<T, N> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.iter())
            }
        }

        impl<'de, T: $Item + Deserialize<'de>, const N: usize> Fill<'de> for $Container<T, N> {
            const CAPACITY: usize = N;

            fn push<D: Deserializer<'de>>(&mut self, item: D) -> Result<bool, D::Error> {
                if self.len() == N {
                    return $more(self, item);
                }
                read_into(item, |init| _ = $push(self, init)).map(|()| true)
            }
        }

        /// From a sequence of at most `N` items.
        $(#[$doc])*
        impl<'de, T: $Item + Deserialize<'de>, const N: usize> Deserialize<'de> for $Container<T, N> {
            by_place!();

            fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
                place.clear();
                deserializer.deserialize_seq(Items(place))
            }
        }
    )*};
}

sequences! {
    List<T: SharedLayout, N>: List::push_with, refuse;
    Queue<T: SharedLayout, N>: Queue::push_back_with, refuse;
    Ring<T: SharedLayout, N>: Ring::push_with, refuse;
    /// Values that are there already are passed over.
    Set<T: Key, N>: Set::insert_with, refuse_new;
}

fn refuse<'de, C, D: Deserializer<'de>>(_full: &C, item: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(item).map(|_| false)
}

/// A set has room for what it has.
fn refuse_new<'de, T: Key + Deserialize<'de>, D: Deserializer<'de>, const N: usize>(
    full: &Set<T, N>,
    item: D,
) -> Result<bool, D::Error> {
    T::deserialize(item).map(|item| full.contains(&item))
}

/// As the sequence of its items.
impl<T: SharedLayout + Serialize, const N: usize> Serialize for Array<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// From a sequence of exactly `N` items.
impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> Deserialize<'de> for Array<T, N> {
    by_place!();

    fn deserialize_in_place<D: Deserializer<'de>>(deserializer: D, place: &mut Self) -> Result<(), D::Error> {
        struct All<'a, T, const N: usize>(&'a mut Array<T, N>);

        impl<'de, T: SharedLayout + Deserialize<'de>, const N: usize> Visitor<'de> for All<'_, T, N> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a sequence of {N} items")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
                for index in 0..N {
                    if items.next_element_seed(InPlace(&mut self.0[index]))?.is_none() {
                        return Err(S::Error::invalid_length(index, &self));
                    }
                }
                match rest(items)? {
                    0 => Ok(()),
                    more => Err(S::Error::invalid_length(N + more, &self)),
                }
            }
        }

        deserializer.deserialize_seq(All(place))
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use crate::Text;
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
    }
}
