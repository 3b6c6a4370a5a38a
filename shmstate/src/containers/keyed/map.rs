//! [`Map`]: values that are found by the hash of their keys.

use super::table::Found;
use super::{Entry, Keyed, Lookup, Set, map_methods};
use crate::containers::derived::derived;
use crate::containers::{CapacityError, Drain, List};
use crate::layout::{SharedLayout, ValidityError};
use std::hash::Hash;
use std::iter::Zip;
use std::slice;

/// A `HashMap` that cannot grow past `N`, and whose entries stay in the order in which they came.
///
/// ```
/// use shmstate::{Map, Text};
///
/// let mut prices = Map::<Text<8>, u64, 2>::new();
/// prices.insert("apple".parse()?, 30)?;
/// *prices.entry("pear".parse()?).or_insert(0)? += 40;
/// assert_eq!(prices["apple"], 30); // whatever the keys can be borrowed as
/// let full = prices.insert("plum".parse()?, 50).unwrap_err();
/// assert_eq!(full.into_inner().1, 50);
/// assert_eq!(prices.remove("apple"), Some(30));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// The order is that of insertion until something is removed: then the last entry takes the place of the removed one.
///
/// # Beside `HashMap`
///
/// | method | here |
/// |---|---|
/// | `new`, `capacity`, `len`, `is_empty`, `iter`, `iter_mut`, `keys`, `values`, `values_mut`, `get`, `get_mut`, `get_key_value`, `contains_key`, `remove`, `remove_entry`, `clear`, `drain`, `map[&key]` | the same |
/// | `try_from` a `HashMap`, `HashMap::from` a map | the same |
/// | `insert`, `entry(…).or_insert(…)` and the like | the same in `Ok`; a [`CapacityError`] gives key and value back |
/// | `insert_with`, `insert_default`, `entry(…).or_init(…)`, `discard` | new: no value passes over the stack, which may be too small for it; `entry(…).or_default()` makes containers and numbers in place |
/// | `try_entry` | new: `entry` by what the key can be made from, as in `map.try_entry("name")?` |
/// | `retain` | gets the value as `&V`, so that nothing is marked for it; use `iter_mut` to change values |
/// | `extend`, `collect`, `from` an array | the same; [`try_extend`](Map::try_extend) and [`try_from_iter`](Map::try_from_iter) return an error where those panic |
/// | `is_full`, `remaining` | new: how much room there is |
/// | `reserve*`, `try_reserve*`, `shrink_*`, `with_capacity` | not there: the capacity is `N` |
/// | `hasher`, `with_hasher`, `with_capacity_and_hasher` | not there: all programs must hash alike |
/// | `into_iter` by value, `into_keys`, `into_values`, `extract_if` | not there: a map of a state is borrowed; `drain`, `retain` |
/// | `get_disjoint_mut` | not there: `get_mut` one after the other |
///
/// # Cost
///
/// | method | marks |
/// |---|---|
/// | `get_mut`, `insert`, `insert_with` or `entry` where the key is there | the value |
/// | `insert`, `insert_with`, `entry` where it is not | the key, the value, and one pair of buckets |
/// | `remove`, `remove_entry`, `discard` | the places of the key and the value, the buckets after its own up to the next empty one, and one pair of buckets of the entry that takes its place |
/// | `retain` | what `remove` marks, for each removed entry |
/// | `iter_mut`, `values_mut` | all values |
/// | `clear`, `drain` | the buckets in use |
/// | everything that takes `&self` | nothing |
///
/// In a value that itself holds containers, a borrow marks only what is then changed in those containers.
///
/// # Hash
/// Keys are found by SipHash-1-3 under a random key, as in `HashMap`, so that colliding keys cannot be chosen. The random
/// key is drawn when the first entry is added, from std's generator, which asks the kernel once per thread.
///
/// All programs that share a state must feed the hash the same bytes: those of the keys' `Hash` implementation. [`SharedLayout`]
/// checks the layout of a type, but not its `Hash`. Change the `Hash` of a type of your own only together with its layout or
/// `#[shared(version = N)]`. For numbers, `Text`, and structs that derive it, the bytes follow from the type; std has not changed
/// them in years, but does not promise never to, so build such programs with compilers of about the same age. (The first process that
/// opens a state gets [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) if it was filled under another `Hash`.)
///
/// # Layout
/// A [`Set<K, N>`](crate::Set) of the keys, then a [`List<V, N>`] of the values at the same indices. The format chapter
/// has the bytes. When the first handle attaches, there must be as many values as keys, and each key must be where its
/// hash says. What another process writes later can make lookups miss entries, but nothing worse.
///
/// # Capacity
/// It is from 1 to 2³¹, and keys and values are at least one byte large; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Map::<u8, u8, 0>::new();
/// ```
/// ```compile_fail
/// let nothing = shmstate::Map::<u8, [u8; 0], 1>::new(); // a `Set` has no values
/// ```
#[repr(C)]
pub struct Map<K, V, const N: usize> {
    keys: Set<K, N>,
    values: List<V, N>,
}

derived! {
    [K: SharedLayout + Hash + Eq, V: SharedLayout, const N: usize] Map<K, V, N> {
        keys: Set<K, N>,
        values: List<V, N>,
    }
    check: Self::check,
    rebuild: Self::rebuild,
}

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

type Iter<'a, K, V> = Zip<slice::Iter<'a, K>, slice::Iter<'a, V>>;
type IterMut<'a, K, V> = Zip<slice::Iter<'a, K>, slice::IterMut<'a, V>>;

map_methods! {
    Map, [Hash + Eq], |map|
    "Map::<u64, u64, 2>", "let map = shmstate::Map::<u64, u64, 2>::from([(1, 10)]);",
    // The lengths differ if another process has overwritten one of them.
    len: min(map.keys.len(), map.values.live()),
    iter: map.keys.iter().zip(map.values.iter()),
    iter_mut: map.keys.iter().zip(map.values.iter_mut()),
    keys: slice::Iter<'_, K> = map.keys.iter(),
    values: slice::Iter<'_, V> = map.values.iter(),
    values_mut: slice::IterMut<'_, V> = map.values.iter_mut(),
}

impl<K: SharedLayout + Hash + Eq, V: SharedLayout, const N: usize> Map<K, V, N> {
    /// What every map type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        // The parts' own proofs come first: their messages point at the culprit.
        let _ = (K::LAYOUT, V::LAYOUT);
        assert!(N > 0, "a Map of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= 1 << 31, "a Set or Map holds at most 2^31 entries: give it a smaller capacity");
        assert!(size_of::<V>() > 0, "a Map to zero-sized values is a Set");
    };

    /// The entry of `key`, which may be vacant.
    ///
    /// ```
    /// use shmstate::{Map, map::Entry};
    ///
    /// let mut map = Map::<u64, u64, 4>::from([(1, 10)]);
    /// match map.entry(1) {
    ///     Entry::Occupied(entry) => assert_eq!(entry.remove(), 10),
    ///     Entry::Vacant(_) => unreachable!(),
    /// }
    /// *map.entry(2).or_insert(20)? += 1;
    /// assert_eq!(map[&2], 21);
    /// # Ok::<_, shmstate::CapacityError<(u64, u64)>>(())
    /// ```
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, Self> {
        let tag = self.keys.tag_to_add(&key);
        let found = self.keys.find_tagged(tag, |it| *it == key);
        let at = found.filter(|found| found.index() < self.values.len()).ok_or(tag);
        Entry::of(self, key, at)
    }

    /// Keeps the entries for which `keep` returns true.
    ///
    /// It visits them in order, except those that take the place of a removed one. Unlike in `HashMap`, `keep` gets a shared
    /// reference to the value, so that nothing is marked for it. If `keep` panics, the entries that it has refused are gone, and
    /// the others are there.
    ///
    /// ```
    /// let mut map = shmstate::Map::<u64, u64, 4>::from([(1, 10), (2, 20), (3, 30)]);
    /// map.retain(|key, value| key + value != 22);
    /// assert!(map.keys().eq(&[1, 3]));
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let mut index = 0;
        while let (Some(key), Some(value)) = (self.keys.as_slice().get(index), self.values.get(index)) {
            if keep(key, value) {
                index += 1;
            } else if !self.keys.found(index).is_some_and(|found| Keyed::discard(self, found)) {
                return;
            }
        }
    }

    /// Removes all entries.
    ///
    /// ```
    /// let mut map = shmstate::Map::<u64, u64, 4>::from([(1, 10)]);
    /// map.clear();
    /// assert!(map.is_empty() && map.get(&1).is_none());
    /// ```
    pub fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
    }

    /// Removes all entries, and yields them, in the order of [`iter`](Self::iter).
    ///
    /// When the iterator is dropped, entries that it has not yielded are removed as well.
    ///
    /// ```
    /// let mut map = shmstate::Map::<u64, u64, 4>::from([(1, 10), (2, 20)]);
    /// assert!(map.drain().eq([(1, 10), (2, 20)]));
    /// assert!(map.is_empty());
    /// ```
    pub fn drain(&mut self) -> Zip<Drain<'_, List<K, N>>, Drain<'_, List<V, N>>> {
        self.keys.drain().zip(self.values.drain(..))
    }

    /// Where the entry with that key is.
    #[inline]
    fn find<Q: ?Sized>(&self, key: &Q) -> Option<Found>
    where
        K: Lookup<Q, As: Hash + Eq>,
    {
        self.keys.find(key).filter(|found| found.index() < self.values.len())
    }

    /// Makes as many keys as values, when another process has made them differ.
    #[cold]
    fn equalize_len(&mut self) {
        let len = self.len();
        self.keys.truncate(len);
        self.values.truncate(len);
    }

    /// The index of the entry with that key.
    #[inline]
    fn lookup<Q: ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Lookup<Q, As: Hash + Eq>,
    {
        // Not through `find`: a caller that needs only the index gets it in a register.
        self.keys.index_of(key).filter(|index| *index < self.values.len())
    }

    #[inline]
    fn value(&self, index: usize) -> Option<&V> {
        self.values.get(index)
    }

    #[inline]
    fn value_mut(&mut self, index: usize) -> Option<&mut V> {
        self.values.get_mut(index)
    }

    fn cloned(&self) -> Self
    where
        K: Clone,
        V: Clone,
    {
        Map { keys: self.keys.clone(), values: self.values.clone() }
    }

    /// Adds an entry of another map, after the entries that are there.
    fn add_last(&mut self, key: K, init: impl FnOnce(&mut V)) -> Result<&mut V, CapacityError<K>> {
        self.insert_with(key, init)
    }

    /// Checks that there are as many values as keys.
    fn check(&self) -> Result<(), ValidityError> {
        let (keys, values) = (self.keys.len(), self.values.len());
        if keys == values { Ok(()) } else { Err(ValidityError::new(format!("{keys} keys and {values} values"))) }
    }
}

impl<K: SharedLayout + Hash + Eq, V: SharedLayout, const N: usize> Keyed for Map<K, V, N> {
    type Key = K;
    type Value = V;
    type At = Found;
    type Vacancy = u32;

    fn is_full(&self) -> bool {
        Map::is_full(self)
    }

    fn full<R>(&self, value: R) -> CapacityError<R> {
        CapacityError::new(value, "map", N, N + 1)
    }

    #[inline]
    fn entry_at(&self, at: Found) -> Option<(&K, &V)> {
        self.keys.as_slice().get(at.index()).zip(self.values.get(at.index()))
    }

    #[inline]
    fn key_at(&self, at: Found) -> &K {
        &self.keys.as_slice()[at.index()]
    }

    #[inline]
    fn value_at(&self, at: Found) -> &V {
        &self.values[at.index()]
    }

    #[inline]
    fn value_at_mut(&mut self, at: Found) -> &mut V {
        &mut self.values[at.index()]
    }

    #[inline]
    unsafe fn put(&mut self, vacancy: u32, key: K, value: &V) -> Result<Found, K> {
        if self.keys.len() != self.values.len() {
            self.equalize_len();
        }
        let at = self.keys.push(vacancy, key)?;
        // SAFETY: the caller's promise. There is room, unless another process writes without the lock meanwhile.
        let _ = unsafe { self.values.push_if_room(value) };
        Ok(at)
    }

    fn put_with(&mut self, vacancy: u32, key: K, init: impl FnOnce(&mut V)) -> Result<Found, K> {
        if self.keys.len() != self.values.len() {
            self.equalize_len();
        }
        // First, because `init` may panic.
        if self.values.push_with(init).is_err() {
            return Err(key);
        }
        self.keys.push(vacancy, key)
    }

    #[inline]
    fn discard(&mut self, at: Found) -> bool {
        if self.keys.len() != self.values.len() {
            self.equalize_len();
        }
        self.keys.swap_discard(at) && self.values.swap_discard_if_there(at.index())
    }
}

/// Equal if the entries are, whatever their order and the capacities.
impl<K, V, const N: usize, const M: usize> PartialEq<Map<K, V, M>> for Map<K, V, N>
where
    K: SharedLayout + Hash + Eq,
    V: SharedLayout + PartialEq,
{
    fn eq(&self, other: &Map<K, V, M>) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}
