//! [`SortedMap`]: values that are found by the order of their keys.
//!
//! This file: the type and its methods; `ends`: both ends of it, and all entries at once.

mod ends;

use super::{Entry, Keyed, Lookup, map_methods};
use crate::containers::composed::composed;
use crate::containers::{Full, List};
use crate::layout::{Invalid, Kind, Rule, SharedLayout};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::iter::Zip;
use std::ops::{Bound, Range, RangeBounds};
use std::slice;

/// A `BTreeMap` that cannot grow past `N`: its entries lie in the order of their keys.
///
/// ```
/// use shmstate::SortedMap;
///
/// let mut bids = SortedMap::<u64, u32, 100>::new();
/// bids.insert(1020, 5)?;
/// bids.insert(1010, 7)?;
/// *bids.entry(1015).or_insert(0)? += 2;
/// assert!(bids.keys().eq(&[1010, 1015, 1020]));
/// assert_eq!(bids.range(1015..).next(), Some((&1015, &2)));
/// assert_eq!(bids.pop_first(), Some((1010, 7)));
/// # Ok::<_, shmstate::Full<(u64, u32)>>(())
/// ```
///
/// # How large
/// A search halves the keys at each step, and an entry in the midst moves all entries behind it, which the other copies
/// of the state take over as well: on a machine of 2026, an update that inserts one entry of 16 bytes in a random place
/// and removes it again takes 0.1 µs among 64, 0.3 µs among 1024 and 3 µs among 16384 (`cargo bench -p shmstate` prints
/// yours). So it is for hundreds of entries, or some thousands; for more, use a [`Map`](crate::Map), unless nearly all
/// entries are inserted and removed at the end.
///
/// # Beside `BTreeMap`
///
/// | method | here |
/// |---|---|
/// | `new`, `len`, `is_empty`, `iter`, `iter_mut`, `keys`, `values`, `values_mut`, `range`, `range_mut`, `get`, `get_mut`, `get_key_value`, `contains_key`, `first_key_value`, `last_key_value`, `first_entry`, `last_entry`, `pop_first`, `pop_last`, `remove`, `remove_entry`, `clear`, `map[&key]` | the same |
/// | `append` | the same, and an error when there is no room |
/// | `try_from` a `BTreeMap`, `BTreeMap::from` a map | the same |
/// | `insert`, `entry(…).or_insert(…)` and the like | the same in `Ok`; a [`Full`] error gives key and value back |
/// | `insert_with`, `insert_default`, `entry(…).or_init(…)`, `discard` | new: no value passes over the stack, which large ones have no room on; `entry(…).or_default()` makes containers and numbers where they lie |
/// | `try_entry` | new: `entry` by what the key is made of, as in `map.try_entry("name")?` |
/// | `retain` | gets the value as `&V`, so that nothing is marked for it; to change values, `iter_mut` |
/// | `extend`, `collect`, `from` an array | the same; [`try_extend`](SortedMap::try_extend) and [`try_from_iter`](SortedMap::try_from_iter) return an error where those panic |
/// | `capacity`, `is_full`, `remaining` | new: how much room there is |
/// | `into_iter` by value, `into_keys`, `into_values`, `extract_if` | not there: a map of a state is borrowed; `retain` or `clear` |
/// | `split_off` | not there: it returns a whole map by value; `try_extend`, then `retain` |
/// | `discard_first`, `discard_last` | new: as `pop_first` and `pop_last`, and no value passes over the stack |
///
/// # Cost
///
/// | method | marks |
/// |---|---|
/// | `get_mut`, `insert`, `insert_with` or `entry` where the key is there | the value |
/// | `insert`, `insert_with`, `entry` where it is not; `remove`, `remove_entry`, `discard`, `pop_first`, `discard_first` | the keys and values from its place to the end |
/// | `pop_last`, `discard_last`, `clear` | nothing |
/// | `range_mut` | the values that it yields |
/// | `retain` | the keys and values from the first entry that goes to the end; nothing if none goes |
/// | `iter_mut`, `values_mut` | all values |
/// | everything that takes `&self` | nothing |
///
/// Borrowing a value that holds containers itself marks no more than what is then done to those.
///
/// # Layout
/// A [`List<K, N>`] of the keys, then a [`List<V, N>`] of the values at the same indices. When the first handle
/// attaches, there must be as many values as keys, and each key must be larger than the one before it. What a stranger
/// writes later can make entries be missed, and nothing worse. All programs that share a state must order the keys
/// alike: [`SharedLayout`] checks the layout of a type, and not its `Ord`. (The first process that opens a state gets
/// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) if the keys lie in another order.)
///
/// # Capacity
/// It is from 1 to `u32::MAX`, and keys and values are at least one byte large; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::SortedMap::<u8, u8, 0>::new();
/// ```
#[repr(C)]
pub struct SortedMap<K, V, const N: usize> {
    keys: List<K, N>,
    values: List<V, N>,
}

composed! {
    [K: SharedLayout + Ord, V: SharedLayout, const N: usize] SortedMap<K, V, N> {
        keys: List<K, N>,
        values: List<V, N>,
    }
}

map_methods!(SortedMap, [Ord]);

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> SortedMap<K, V, N> {
    /// What every map type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        // The parts' own proofs come first: their messages point at the culprit.
        let _ = (K::LAYOUT, V::LAYOUT);
        assert!(N > 0, "a SortedMap of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= u32::MAX as usize, "a SortedMap holds at most u32::MAX entries: give it a smaller capacity");
        assert!(size_of::<V>() > 0, "a SortedMap to zero-sized values holds nothing: use a sorted `List`");
    };

    /// The place of `key`, where there may be an entry.
    ///
    /// ```
    /// use shmstate::{SortedMap, map::Entry};
    ///
    /// let mut map = SortedMap::<u64, u64, 4>::from([(1, 10)]);
    /// match map.entry(1) {
    ///     Entry::Occupied(entry) => assert_eq!(entry.remove(), 10),
    ///     Entry::Vacant(_) => unreachable!(),
    /// }
    /// *map.entry(2).or_insert(20)? += 1;
    /// assert_eq!(map[&2], 21);
    /// # Ok::<_, shmstate::Full<(u64, u64)>>(())
    /// ```
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, Self> {
        match self.search(&key) {
            Ok(index) => Entry::of(self, key, Some(index), index),
            Err(place) => Entry::of(self, key, None, place),
        }
    }

    /// The entries whose keys lie in `range`.
    ///
    /// ```
    /// let map = shmstate::SortedMap::<u64, u64, 4>::from([(1, 10), (2, 20), (5, 50)]);
    /// assert!(map.range(2..).eq([(&2, &20), (&5, &50)]));
    /// ```
    ///
    /// # Panics
    /// As that of `BTreeMap`: if the range ends before it starts, or excludes one key on both sides.
    #[track_caller]
    pub fn range<Q: Ord + ?Sized, R: RangeBounds<Q>>(&self, range: R) -> Zip<slice::Iter<'_, K>, slice::Iter<'_, V>>
    where
        K: Borrow<Q>,
    {
        let range = self.indices(&range);
        let keys = self.keys.get(range.clone()).unwrap_or_default();
        keys.iter().zip(self.values.get(range).unwrap_or_default())
    }

    /// The entries whose keys lie in `range`, their values to be changed; marks those.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(1, 10), (2, 20), (5, 50)]);
    /// map.range_mut(..=2).for_each(|(_, value)| *value += 1);
    /// assert!(map.values().eq(&[11, 21, 50]));
    /// ```
    ///
    /// # Panics
    /// As that of `BTreeMap`: if the range ends before it starts, or excludes one key on both sides.
    #[track_caller]
    pub fn range_mut<Q: Ord + ?Sized, R: RangeBounds<Q>>(
        &mut self,
        range: R,
    ) -> Zip<slice::Iter<'_, K>, slice::IterMut<'_, V>>
    where
        K: Borrow<Q>,
    {
        let range = self.indices(&range);
        let keys = self.keys.get(range.clone()).unwrap_or_default();
        keys.iter().zip(self.values.get_mut(range).unwrap_or_default())
    }

    /// Keeps the entries for which `keep` returns true.
    ///
    /// It visits them in order. Unlike that of `BTreeMap`, `keep` gets a shared reference to the value, so that nothing
    /// is marked for it. If `keep` panics, the entries that it has refused are gone, and the others are there.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(1, 10), (2, 20), (3, 30)]);
    /// map.retain(|key, value| key + value != 22);
    /// assert!(map.keys().eq(&[1, 3]));
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let len = self.len();
        let Some(first) = self.iter().position(|(key, value)| !keep(key, value)) else { return };
        let mut gap = Gap { map: self, kept: first, seen: first + 1, len };
        while gap.seen < len {
            let (Some(key), Some(value)) = (gap.map.keys.get(gap.seen), gap.map.values.get(gap.seen)) else { return };
            let keep = keep(key, value);
            gap.decide(keep);
        }
    }

    /// Removes all entries.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(1, 10)]);
    /// map.clear();
    /// assert!(map.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
    }

    /// The keys that have a value.
    #[inline]
    fn keys_of_entries(&self) -> &[K] {
        let keys = self.keys.as_slice();
        // A stranger may have changed either length.
        keys.get(..self.values.len()).unwrap_or(keys)
    }

    /// The number of the entry with that key, or else the number that it would have.
    #[inline]
    fn search<Q: ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Lookup<Q, As: Ord>,
    {
        let sought = K::sought(key);
        self.keys_of_entries().binary_search_by(|it| it.key().cmp(sought))
    }

    /// The number of the entry with that key.
    #[inline]
    fn find<Q: ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Lookup<Q, As: Ord>,
    {
        self.search(key).ok()
    }

    /// The numbers of the entries whose keys lie in `range`.
    #[track_caller]
    fn indices<Q: Ord + ?Sized>(&self, range: &impl RangeBounds<Q>) -> Range<usize>
    where
        K: Borrow<Q>,
    {
        use Bound::{Excluded, Included, Unbounded};
        match (range.start_bound(), range.end_bound()) {
            (Excluded(start), Excluded(end)) if start == end => {
                panic!("range start and end are equal and excluded in SortedMap")
            }
            (Included(start) | Excluded(start), Included(end) | Excluded(end)) if start > end => {
                panic!("range start is greater than range end in SortedMap")
            }
            _ => {}
        }
        let keys = self.keys_of_entries();
        let start = match range.start_bound() {
            Included(start) => keys.partition_point(|key| key.borrow() < start),
            Excluded(start) => keys.partition_point(|key| key.borrow() <= start),
            Unbounded => 0,
        };
        let end = match range.end_bound() {
            Included(end) => keys.partition_point(|key| key.borrow() <= end),
            Excluded(end) => keys.partition_point(|key| key.borrow() < end),
            Unbounded => keys.len(),
        };
        // They may be the wrong way round if a stranger has written the keys.
        start..end.max(start)
    }

    /// Makes as many keys as values, when a stranger has made them differ.
    #[cold]
    fn even_out(&mut self) {
        let len = self.len();
        self.keys.truncate(len);
        self.values.truncate(len);
    }

    fn check(&self) -> Result<(), Invalid> {
        self.check_number()?;
        match self.keys.windows(2).position(|pair| pair[0] >= pair[1]) {
            None => Ok(()),
            // The order of numbers is the same in every program.
            Some(index) if matches!(K::LAYOUT.kind, Kind::Scalar(_)) => {
                Err(Invalid::new(format!("key {} is not larger than the one before it", index + 1)))
            }
            Some(index) => {
                let why = format!("key {} was put in under another `Ord` than this program's", index + 1);
                Err(Invalid::under(Rule::Order, why))
            }
        }
    }
}

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> Keyed for SortedMap<K, V, N> {
    type Key = K;
    type Value = V;

    fn is_full(&self) -> bool {
        SortedMap::is_full(self)
    }

    fn full<R>(&self, value: R) -> Full<R> {
        Full::new(value, "sorted map", N, N + 1)
    }

    #[inline]
    fn entry_at(&self, index: usize) -> Option<(&K, &V)> {
        self.keys.get(index).zip(self.values.get(index))
    }

    #[inline]
    fn key_at(&self, index: usize) -> &K {
        &self.keys[index]
    }

    #[inline]
    fn value_at(&self, index: usize) -> &V {
        &self.values[index]
    }

    #[inline]
    fn value_at_mut(&mut self, index: usize) -> &mut V {
        &mut self.values[index]
    }

    unsafe fn put(&mut self, place: usize, key: K, value: &V) -> Result<usize, K> {
        if self.keys.len() != self.values.len() {
            self.even_out();
        }
        let index = place.min(self.len());
        // SAFETY: it is the map's from here on, unless it is returned.
        if !unsafe { self.keys.insert_if_there(index, &key) } {
            return Err(key);
        }
        // SAFETY: the caller's promise. There is room, unless another process writes without the lock meanwhile.
        let _ = unsafe { self.values.insert_if_there(index, value) };
        Ok(index)
    }

    fn put_with(&mut self, place: usize, key: K, init: impl FnOnce(&mut V)) -> Result<usize, K> {
        if self.keys.len() != self.values.len() {
            self.even_out();
        }
        let index = place.min(self.len());
        // First, for `init` may panic.
        if self.values.insert_with_if_there(index, init).is_err() {
            return Err(key);
        }
        // SAFETY: it is the map's from here on, unless it is returned.
        if unsafe { self.keys.insert_if_there(index, &key) } { Ok(index) } else { Err(key) }
    }

    fn discard(&mut self, index: usize) -> bool {
        if self.keys.len() != self.values.len() {
            self.even_out();
        }
        self.keys.discard_if_there(index) && self.values.discard_if_there(index)
    }
}

/// A map of which some entries have been refused; closes the gap when it goes, unwinding included.
struct Gap<'a, K: SharedLayout + Ord, V: SharedLayout, const N: usize> {
    map: &'a mut SortedMap<K, V, N>,
    /// Entries kept so far, at the map's start.
    kept: usize,
    /// Entries decided on so far.
    seen: usize,
    /// Entries before.
    len: usize,
}

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> Gap<'_, K, V, N> {
    /// Keeps or drops the entry that was to be decided on.
    fn decide(&mut self, keep: bool) {
        if keep && self.seen < self.map.len() {
            self.map.keys.swap(self.kept, self.seen);
            self.map.values.swap(self.kept, self.seen);
            self.kept += 1;
        }
        self.seen += 1;
    }
}

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> Drop for Gap<'_, K, V, N> {
    fn drop(&mut self) {
        while self.seen < self.len {
            self.decide(true);
        }
        self.map.keys.truncate(self.kept);
        self.map.values.truncate(self.kept);
    }
}

/// Whatever the capacities.
impl<K, V, const N: usize, const M: usize> PartialEq<SortedMap<K, V, M>> for SortedMap<K, V, N>
where
    K: SharedLayout + Ord,
    V: SharedLayout + PartialEq,
{
    fn eq(&self, other: &SortedMap<K, V, M>) -> bool {
        self.keys == other.keys && self.values == other.values
    }
}

/// As that of a sequence of entries.
impl<K, V, const N: usize, const M: usize> PartialOrd<SortedMap<K, V, M>> for SortedMap<K, V, N>
where
    K: SharedLayout + Ord,
    V: SharedLayout + PartialOrd,
{
    fn partial_cmp(&self, other: &SortedMap<K, V, M>) -> Option<Ordering> {
        self.iter().partial_cmp(other)
    }
}

impl<K: SharedLayout + Ord, V: SharedLayout + Ord, const N: usize> Ord for SortedMap<K, V, N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other)
    }
}

impl<K: SharedLayout + Ord + Hash, V: SharedLayout + Hash, const N: usize> Hash for SortedMap<K, V, N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|entry| entry.hash(state));
    }
}
