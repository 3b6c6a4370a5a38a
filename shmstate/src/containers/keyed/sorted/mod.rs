//! [`SortedMap`]: values that are found by the order of their keys.
//!
//! This file: the type and its methods; `leaves`: where its entries are; `room`: where one goes; `iter`: entries one by one;
//! `ends`: both ends of it, and all entries at once.

mod ends;
mod iter;
mod leaves;
mod room;

use super::{Entry, Keyed, Lookup, map_methods};
use crate::containers::derived::derived;
use crate::containers::len::Len;
use crate::containers::slots::Slots;
use crate::containers::{CapacityError, List};
use crate::layout::SharedLayout;
pub use iter::{Iter, IterMut, Keys, Values, ValuesMut};
use leaves::Spot;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::{Bound, RangeBounds};

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
/// # Ok::<_, shmstate::CapacityError<(u64, u32)>>(())
/// ```
///
/// # How large
/// Entries lie in leaves of 64, or fewer if they are large, as in a B-tree of two levels: an update that inserts an entry moves
/// those after it in its leaf, and sometimes splits the leaf. `cargo bench -p shmstate` compares the cost with that of a
/// `BTreeMap`. Splitting a leaf also moves the words of the leaves after it, one for each 32 entries at least.
/// If no order is needed, a [`Map`](crate::Map) is faster for millions of entries.
///
/// A map has room for `2 N` keys and values, so that leaves need not be full. If the values are large, keep them in a
/// [`Slab`](crate::Slab), and map to their [`Key`](crate::Key)s: then only keys are moved, and only keys take room twice.
///
/// # Beside `BTreeMap`
///
/// | method | here |
/// |---|---|
/// | `new`, `len`, `is_empty`, `iter`, `iter_mut`, `keys`, `values`, `values_mut`, `range`, `range_mut`, `get`, `get_mut`, `get_key_value`, `contains_key`, `first_key_value`, `last_key_value`, `first_entry`, `last_entry`, `pop_first`, `pop_last`, `remove`, `remove_entry`, `clear`, `map[&key]` | the same |
/// | `append` | the same, and an error when there is no room |
/// | `try_from` a `BTreeMap`, `BTreeMap::from` a map | the same |
/// | `insert`, `entry(…).or_insert(…)` and the like | the same in `Ok`; a [`CapacityError`] gives key and value back |
/// | `insert_with`, `insert_default`, `entry(…).or_init(…)`, `discard` | new: no value passes over the stack, which may be too small for it; `entry(…).or_default()` makes containers and numbers in place |
/// | `try_entry` | new: `entry` by what the key can be made from, as in `map.try_entry("name")?` |
/// | `retain` | gets the value as `&V`, so that nothing is marked for it; use `iter_mut` to change values |
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
/// | `insert`, `insert_with`, `entry` where it is not; `remove`, `remove_entry`, `discard`, `pop_first`, `discard_first` | the keys and values from its place to the end of its leaf, and a word |
/// | the same, where a leaf must be split or two be merged | half a leaf as well, and the words of the leaves after it |
/// | `pop_last`, `discard_last` | a word |
/// | `clear` | nothing |
/// | `range_mut` | the values that it yields |
/// | `retain` | what `remove` marks, for each removed entry |
/// | `iter_mut`, `values_mut` | all values, and the room between them |
/// | everything that takes `&self` | nothing |
///
/// In a value that itself holds containers, a borrow marks only what is then changed in those containers.
///
/// # Layout
/// The number of entries, that of leaves in use, a [`List<u32, N>`] with a word for each leaf, then `2 N` keys, and `2 N` values
/// in the same slots; the format chapter has the bytes. When the first handle attaches, each leaf must be there once, and
/// each key must be larger than the one before it. What another program writes later can make entries be missed or come twice, but
/// nothing worse. All programs that share a state must order the keys alike: [`SharedLayout`] checks the layout of a type, but not
/// its `Ord`. (If they lie in another order, the first process to open the state gets [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch).)
///
/// # Capacity
/// It is from 1 to 2²⁷, and keys and values are at least one byte large; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::SortedMap::<u8, u8, 0>::new();
/// ```
#[repr(C)]
pub struct SortedMap<K, V, const N: usize> {
    /// Entries.
    count: Len<N>,
    /// Leaves with entries.
    used: u32,
    /// A word for each leaf that was ever used; see [`leaves`].
    leaves: List<u32, N>,
    /// The keys, in the slots of their leaves.
    keys: Slots<K, N, 2, true>,
    /// The values, in the same slots.
    values: Slots<V, N, 2, true>,
}

derived! {
    [K: SharedLayout + Ord, V: SharedLayout, const N: usize] SortedMap<K, V, N> {
        count: Len<N>,
        used: u32,
        leaves: List<u32, N>,
        keys: Slots<K, N, 2, true>,
        values: Slots<V, N, 2, true>,
    }
    check: Self::check,
    rebuild: Self::rebuild,
}

map_methods! {
    SortedMap, [Ord], |map|
    "SortedMap::<u64, u64, 2>", "let map = shmstate::SortedMap::<u64, u64, 2>::from([(1, 10)]);",
    len: map.count.get(),
    iter: map.entries(0, map.behind()),
    iter_mut: {
        map.mark_all();
        map.entries_mut(0, map.behind())
    },
    keys: Keys<'_, K, V> = map.iter().map(|(key, _)| key),
    values: Values<'_, K, V> = map.iter().map(|(_, value)| value),
    values_mut: ValuesMut<'_, K, V> = map.iter_mut().map(|(_, value)| value),
}

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> SortedMap<K, V, N> {
    /// What every map type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        // The parts' own proofs come first: their messages point at the culprit.
        let _ = (K::LAYOUT, V::LAYOUT);
        assert!(N > 0, "a SortedMap of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= 1 << 27, "a SortedMap holds at most 2^27 entries: give it a smaller capacity");
        assert!(size_of::<K>() > 0, "a SortedMap of zero-sized keys holds one value: use a `Maybe`");
        assert!(size_of::<V>() > 0, "a SortedMap to zero-sized values holds nothing: use a sorted `List`");
    };

    /// The entry of `key`, which may be vacant.
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
    /// # Ok::<_, shmstate::CapacityError<(u64, u64)>>(())
    /// ```
    #[inline]
    pub fn entry(&mut self, key: K) -> Entry<'_, Self> {
        let at = self.search(&key);
        Entry::of(self, key, at)
    }

    /// The entries whose keys lie in `range`.
    ///
    /// ```
    /// let map = shmstate::SortedMap::<u64, u64, 4>::from([(1, 10), (2, 20), (5, 50)]);
    /// assert!(map.range(2..).eq([(&2, &20), (&5, &50)]));
    /// ```
    ///
    /// # Panics
    /// As in `BTreeMap`: if the range ends before it starts, or excludes one key on both sides.
    #[track_caller]
    pub fn range<Q: Ord + ?Sized, R: RangeBounds<Q>>(&self, range: R) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let (from, to) = self.numbers(&range);
        self.entries(from, to)
    }

    /// The entries whose keys lie in `range`, with mutable references to the values; marks those values.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(1, 10), (2, 20), (5, 50)]);
    /// map.range_mut(..=2).for_each(|(_, value)| *value += 1);
    /// assert!(map.values().eq(&[11, 21, 50]));
    /// ```
    ///
    /// # Panics
    /// As in `BTreeMap`: if the range ends before it starts, or excludes one key on both sides.
    #[track_caller]
    pub fn range_mut<Q: Ord + ?Sized, R: RangeBounds<Q>>(&mut self, range: R) -> IterMut<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let (from, to) = self.numbers(&range);
        self.mark(from, to);
        self.entries_mut(from, to)
    }

    /// Keeps the entries for which `keep` returns true.
    ///
    /// It visits them in order. Unlike in `BTreeMap`, `keep` gets a shared reference to the value, so that nothing
    /// is marked for it. If `keep` panics, the entries that it has refused are gone, and the others are there.
    ///
    /// ```
    /// let mut map = shmstate::SortedMap::<u64, u64, 4>::from([(1, 10), (2, 20), (3, 30)]);
    /// map.retain(|key, value| key + value != 22);
    /// assert!(map.keys().eq(&[1, 3]));
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let mut number = 0;
        while let Some(next) = self.entry_from(number)
            && let Some((key, value)) = self.entry_at(next)
        {
            let behind = Self::number(next) + 1;
            number = if keep(key, value) { behind } else { self.remove_at(next).unwrap_or(behind) };
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
        (self.count, self.used) = (Len::ZERO, 0);
    }

    /// The entries from one number to another.
    #[inline]
    fn entries(&self, from: usize, to: usize) -> Iter<'_, K, V> {
        let between = Self::between(Self::words(&self.leaves, self.used), self.count, from, to);
        Iter::new((self.keys.as_slice(), self.values.as_slice()), Self::LEAF, between)
    }

    /// The same, with mutable references to the values, which the caller marks.
    #[inline]
    fn entries_mut(&mut self, from: usize, to: usize) -> IterMut<'_, K, V> {
        let to = self.distinct(from, to);
        let between = Self::between(Self::words(&self.leaves, self.used), self.count, from, to);
        // SAFETY: `distinct` has found that no two of the leaves are the same; nothing else is done to them meanwhile.
        unsafe { IterMut::new(self.keys.as_slice(), self.values.unmarked_mut(), Self::LEAF, between) }
    }

    #[inline]
    fn value(&self, slot: usize) -> Option<&V> {
        self.values.as_slice().get(slot)
    }

    #[inline]
    fn value_mut(&mut self, slot: usize) -> Option<&mut V> {
        Some(self.values.get_mut(slot))
    }

    fn cloned(&self) -> Self
    where
        K: Clone,
        V: Clone,
    {
        let mut map = Self::new();
        map.clone_from(self);
        map
    }

    /// Adds an entry of another map, after the entries that are there.
    fn add_last(&mut self, key: K, init: impl FnOnce(&mut V)) -> Result<Spot, K> {
        self.put_with(self.end(), key, init)
    }

    /// The entry with that key.
    #[inline]
    fn find<Q: ?Sized>(&self, key: &Q) -> Option<Spot>
    where
        K: Lookup<Q, As: Ord>,
    {
        self.search(key).ok()
    }

    /// The slot of the entry with that key.
    #[inline]
    fn lookup<Q: ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Lookup<Q, As: Ord>,
    {
        self.find(key).map(Spot::slot)
    }

    /// The number of the first entry whose key lies in `range`, and of the one after the last.
    #[track_caller]
    fn numbers<Q: Ord + ?Sized>(&self, range: &impl RangeBounds<Q>) -> (usize, usize)
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
        let start = match range.start_bound() {
            Included(start) => self.bound(|key| key.borrow() < start),
            Excluded(start) => self.bound(|key| key.borrow() <= start),
            Unbounded => 0,
        };
        let end = match range.end_bound() {
            Included(end) => self.bound(|key| key.borrow() <= end),
            Excluded(end) => self.bound(|key| key.borrow() < end),
            Unbounded => self.behind(),
        };
        (start, end)
    }
}

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> Keyed for SortedMap<K, V, N> {
    type Key = K;
    type Value = V;
    type At = Spot;
    type Vacancy = Spot;

    fn is_full(&self) -> bool {
        SortedMap::is_full(self)
    }

    fn full<R>(&self, value: R) -> CapacityError<R> {
        CapacityError::new(value, "sorted map", N, N + 1)
    }

    #[inline]
    fn entry_at(&self, at: Spot) -> Option<(&K, &V)> {
        let slot = (at.index < at.leaf.len).then_some(at.slot())?;
        Some((&self.keys.as_slice()[slot], &self.values.as_slice()[slot]))
    }

    #[inline]
    fn key_at(&self, at: Spot) -> &K {
        &self.keys.as_slice()[at.slot()]
    }

    #[inline]
    fn value_at(&self, at: Spot) -> &V {
        &self.values.as_slice()[at.slot()]
    }

    #[inline]
    fn value_at_mut(&mut self, at: Spot) -> &mut V {
        self.values.get_mut(at.slot())
    }

    #[inline]
    unsafe fn put(&mut self, vacancy: Spot, key: K, value: &V) -> Result<Spot, K> {
        let Some(room) = self.room(vacancy) else { return Err(key) };
        // SAFETY: it is the map's from here on.
        unsafe { self.keys.insert(room.slot(), room.end(), &key) }
        // SAFETY: the caller's promise.
        unsafe { self.values.insert(room.slot(), room.end(), value) }
        Ok(self.occupy(room))
    }

    fn put_with(&mut self, vacancy: Spot, key: K, init: impl FnOnce(&mut V)) -> Result<Spot, K> {
        let Some(room) = self.room(vacancy) else { return Err(key) };
        // First, because `init` may panic.
        self.values.insert_with(room.slot(), room.end(), init);
        // SAFETY: it is the map's from here on.
        unsafe { self.keys.insert(room.slot(), room.end(), &key) }
        Ok(self.occupy(room))
    }

    #[inline]
    fn discard(&mut self, at: Spot) -> bool {
        self.remove_at(at).is_some()
    }
}

/// Equal if the entries are, whatever the capacities.
impl<K, V, const N: usize, const M: usize> PartialEq<SortedMap<K, V, M>> for SortedMap<K, V, N>
where
    K: SharedLayout + Ord,
    V: SharedLayout + PartialEq,
{
    fn eq(&self, other: &SortedMap<K, V, M>) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

/// The order of the entries as a sequence.
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
