//! To and from the collections of the standard library.

use super::{Array, Blob, CapacityError, List, Map, Queue, Ring, Set, SortedMap, Text};
use crate::layout::SharedLayout;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

/// A container of a collection whose items are as many at most.
macro_rules! try_from_std {
    ($($name:literal, [$($generics:tt)*] $Container:ty: $Std:ty;)*) => {$(
        /// Fails if they are more than `N`, and gives all of them back.
        impl<$($generics)*> TryFrom<$Std> for $Container {
            type Error = CapacityError<$Std>;

            fn try_from(items: $Std) -> Result<Self, CapacityError<$Std>> {
                let len = items.len();
                if len > N { Err(CapacityError::new(items, $name, N, len)) } else { Ok(items.into_iter().collect()) }
            }
        }
    )*};
}

try_from_std! {
    "list", [T: SharedLayout, const N: usize] List<T, N>: Vec<T>;
    "queue", [T: SharedLayout, const N: usize] Queue<T, N>: VecDeque<T>;
    "queue", [T: SharedLayout, const N: usize] Queue<T, N>: Vec<T>;
    "blob", [const N: usize] Blob<N>: Vec<u8>;
    "set", [K: SharedLayout + Hash + Eq, S, const N: usize] Set<K, N>: HashSet<K, S>;
    "map", [K: SharedLayout + Hash + Eq, V: SharedLayout, S, const N: usize] Map<K, V, N>: HashMap<K, V, S>;
    "sorted map", [K: SharedLayout + Ord, V: SharedLayout, const N: usize] SortedMap<K, V, N>: BTreeMap<K, V>;
}

/// A collection of what a container holds: `drain` takes it out, `cloned` clones it.
macro_rules! into_std {
    ($([$($generics:tt)*] $Container:ty: $Std:ty, [$($Cloned:ident),*] $drain:ident $cloned:ident;)*) => {$(
        impl<$($generics)*> From<$Container> for $Std {
            fn from(mut container: $Container) -> Self {
                container.$drain().collect()
            }
        }

        /// Clones what is in it.
        impl<$($generics)*> From<&$Container> for $Std
        where
            $($Cloned: Clone,)*
        {
            fn from(container: &$Container) -> Self {
                container.iter().map($cloned).collect()
            }
        }
    )*};
}

into_std! {
    [T: SharedLayout, const N: usize] List<T, N>: Vec<T>, [T] take_all item;
    [T: SharedLayout, const N: usize] Queue<T, N>: VecDeque<T>, [T] take_all item;
    [T: SharedLayout, const N: usize] Queue<T, N>: Vec<T>, [T] take_all item;
    [T: SharedLayout, const N: usize] Ring<T, N>: VecDeque<T>, [T] take_all item;
    [T: SharedLayout, const N: usize] Ring<T, N>: Vec<T>, [T] take_all item;
    [K: SharedLayout + Hash + Eq, S: BuildHasher + Default, const N: usize] Set<K, N>: HashSet<K, S>, [K] drain item;
    [K: SharedLayout + Hash + Eq, V: SharedLayout, S: BuildHasher + Default, const N: usize]
        Map<K, V, N>: HashMap<K, V, S>, [K, V] drain entry;
    [K: SharedLayout + Ord, V: SharedLayout, const N: usize]
        SortedMap<K, V, N>: BTreeMap<K, V>, [K, V] take_all entry;
}

fn item<T: Clone>(item: &T) -> T {
    item.clone()
}

fn entry<K: Clone, V: Clone>((key, value): (&K, &V)) -> (K, V) {
    (key.clone(), value.clone())
}

/// The last `N` of them.
impl<T: SharedLayout, const N: usize> From<Vec<T>> for Ring<T, N> {
    fn from(items: Vec<T>) -> Self {
        items.into_iter().collect()
    }
}

/// The last `N` of them.
impl<T: SharedLayout, const N: usize> From<VecDeque<T>> for Ring<T, N> {
    fn from(items: VecDeque<T>) -> Self {
        items.into_iter().collect()
    }
}

/// Fails if they are not exactly `N`, and gives them back.
impl<T: SharedLayout, const N: usize> TryFrom<Vec<T>> for Array<T, N> {
    type Error = Vec<T>;

    fn try_from(items: Vec<T>) -> Result<Self, Vec<T>> {
        <[T; N]>::try_from(items).map(Self::from)
    }
}

impl<T: SharedLayout, const N: usize> From<Array<T, N>> for [T; N] {
    fn from(array: Array<T, N>) -> Self {
        array.into_array()
    }
}

impl<T: SharedLayout, const N: usize> From<Array<T, N>> for Vec<T> {
    fn from(array: Array<T, N>) -> Self {
        array.into_array().into()
    }
}

impl<const N: usize> From<Blob<N>> for Vec<u8> {
    fn from(blob: Blob<N>) -> Self {
        blob.to_vec()
    }
}

/// Fails if the string is longer than `N` bytes, and gives it back.
impl<const N: usize> TryFrom<String> for Text<N> {
    type Error = CapacityError<String>;

    fn try_from(text: String) -> Result<Self, CapacityError<String>> {
        Self::try_from(text.as_str()).map_err(|full| full.with_value(text))
    }
}

/// Fails if the string is longer than `N` bytes.
impl<const N: usize> TryFrom<&String> for Text<N> {
    type Error = CapacityError;

    fn try_from(text: &String) -> Result<Self, CapacityError> {
        Self::try_from(text.as_str())
    }
}

impl<const N: usize> From<Text<N>> for String {
    fn from(text: Text<N>) -> String {
        text.as_str().to_owned()
    }
}

impl<const N: usize> From<&Text<N>> for String {
    fn from(text: &Text<N>) -> String {
        text.as_str().to_owned()
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use std::fmt::Debug;

    /// Whether `from` becomes a container and comes back, by value and by reference.
    fn there_and_back<S, C>(from: S)
    where
        S: Clone + PartialEq + Debug + From<C> + for<'a> From<&'a C>,
        C: TryFrom<S, Error: Debug>,
    {
        let container = C::try_from(from.clone()).unwrap();
        assert_eq!(S::from(&container), from);
        assert_eq!(S::from(container), from);
    }

    /// Whether what is too much comes back as it was.
    fn refused<S: Clone + PartialEq + Debug, C: TryFrom<S, Error = CapacityError<S>>>(from: S, needed: usize) {
        let Err(full) = C::try_from(from.clone()) else { panic!("there is no room for {from:?}") };
        assert_eq!(full.needed(), needed);
        assert_eq!(full.into_inner(), from);
    }

    #[test]
    fn what_fits_goes_there_and_back() {
        there_and_back::<Vec<u32>, List<u32, 2>>(vec![1, 2]);
        there_and_back::<Vec<u32>, Queue<u32, 2>>(vec![1, 2]);
        there_and_back::<VecDeque<u32>, Queue<u32, 2>>(VecDeque::from([1, 2]));
        there_and_back::<VecDeque<u32>, Ring<u32, 2>>(VecDeque::from([1, 2]));
        there_and_back::<_, Set<u32, 2>>(HashSet::<u32>::from([1, 2]));
        there_and_back::<_, Map<u32, u32, 2>>(HashMap::<u32, u32>::from([(1, 2), (3, 4)]));
        there_and_back::<_, SortedMap<u32, u32, 2>>(BTreeMap::<u32, u32>::from([(1, 2), (3, 4)]));
        there_and_back::<_, Text<4>>("Zoë".to_owned());
        assert_eq!(Vec::from(Ring::<u32, 2>::from(vec![1, 2, 3])), [2, 3]);
        assert_eq!(Vec::from(Blob::<2>::try_from(vec![1, 2]).unwrap()), [1, 2]);
        assert_eq!(Vec::from(Array::<u32, 2>::try_from(vec![1, 2]).unwrap()), [1, 2]);
        assert_eq!(<[u32; 2]>::from(Array::from([1, 2])), [1, 2]);
        assert_eq!(Array::<u32, 2>::try_from(vec![1]).unwrap_err(), [1]);
    }

    #[test]
    fn what_does_not_fit_comes_back() {
        refused::<Vec<u32>, List<u32, 2>>(vec![1, 2, 3], 3);
        refused::<Vec<u32>, Queue<u32, 2>>(vec![1, 2, 3], 3);
        refused::<VecDeque<u32>, Queue<u32, 2>>(VecDeque::from([1, 2, 3]), 3);
        refused::<_, Set<u32, 1>>(HashSet::<u32>::from([1, 2]), 2);
        refused::<_, Map<u32, u32, 1>>(HashMap::<u32, u32>::from([(1, 2), (3, 4)]), 2);
        refused::<_, SortedMap<u32, u32, 1>>(BTreeMap::<u32, u32>::from([(1, 2), (3, 4)]), 2);
        refused::<_, Text<3>>("Zoë".to_owned(), 4);
        refused::<Vec<u8>, Blob<1>>(vec![1, 2], 2);
    }
}
