//! [`Set`]: a set of values, and the keys of a [`Map`](super::Map).

mod traits;

use super::Lookup;
use super::table::{Found, Table};
use crate::containers::capacity::capacity;
use crate::containers::derived::derived;
use crate::containers::moved_out::move_out;
use crate::containers::{CapacityError, Drain, List};
use crate::layout::{Kind, SharedLayout, ValidityError};
use std::hash::Hash;

/// A `HashSet` that cannot grow past `N`, and whose values stay in the order in which they came.
///
/// ```
/// use shmstate::{Set, Text};
///
/// let mut names = Set::<Text<16>, 2>::new();
/// assert!(names.insert("pump".parse()?)?);
/// assert!(!names.insert("pump".parse()?)?); // is there already
/// assert!(names.contains("pump")); // whatever the values can be borrowed as
/// names.insert("valve".parse()?)?;
/// assert_eq!(names.insert("tank".parse()?).unwrap_err().into_inner(), "tank");
/// assert!(names.remove("pump"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// The order is that of insertion until something is removed: then the last value takes the place of the removed one.
///
/// # Beside `HashSet`
///
/// | method | here |
/// |---|---|
/// | `new`, `capacity`, `len`, `is_empty`, `iter`, `contains`, `get`, `remove`, `take`, `clear`, `drain`, `is_subset`, `is_superset`, `is_disjoint`, `union`, `intersection`, `difference`, `symmetric_difference` | the same; of two sets, the capacities may differ |
/// | `insert`, `replace` | the same in `Ok`; a [`CapacityError`] gives the value back |
/// | `retain` | the same; it visits the values in order, except those that take the place of a removed one |
/// | `try_from` a `HashSet`, `HashSet::from` a set | the same |
/// | `insert_with` | new: no value passes over the stack, which may be too small for it |
/// | `extend`, `collect`, `from` an array | the same; [`try_extend`](Set::try_extend) and [`try_from_iter`](Set::try_from_iter) return an error where those panic |
/// | `is_full`, `remaining` | new: how much room there is |
/// | `reserve*`, `try_reserve*`, `shrink_*`, `with_capacity` | not there: the capacity is `N` |
/// | `hasher`, `with_hasher`, `with_capacity_and_hasher` | not there: all programs must hash alike |
/// | `into_iter` by value, `extract_if` | not there: a set of a state is borrowed; `drain`, `retain` |
/// | `&a \| &b` and the like | not there: it is unknown how large the result may be; `extend` by `union` |
///
/// # Cost
///
/// | method | marks |
/// |---|---|
/// | `insert`, `insert_with` | the value, and one pair of buckets; nothing if the value is there |
/// | `replace` | the value |
/// | `remove`, `take` | the place of the value, the buckets after its own up to the next empty one, and one pair of buckets of the value that takes its place |
/// | `retain` | what `remove` marks, for each removed value |
/// | `clear`, `drain` | the buckets in use |
/// | everything that takes `&self` | nothing |
///
/// # Hash
/// Values are found by SipHash-1-3 under a random key, as in `HashSet`, so that colliding values cannot be chosen. The
/// random key is drawn when the first value is added, from std's generator, which asks the kernel once per thread.
///
/// All programs that share a state must feed the hash the same bytes: those of the values' `Hash` implementation. [`SharedLayout`]
/// checks the layout of a type, but not its `Hash`. Change the `Hash` of a type of your own only together with its layout or
/// `#[shared(version = N)]`. For numbers, `Text`, and structs that derive it, the bytes follow from the type; std has not changed
/// them in years, but does not promise never to, so build such programs with compilers of about the same age. (The first process that
/// opens a state gets [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch) if it was filled under another `Hash`.)
///
/// # Layout
/// The hash key, `2 N` buckets of 8 bytes, and a [`List<K, N>`] of the values: a head of 64 bytes for the buckets and
/// one for the list. The format chapter has the bytes. When the first handle attaches, each value must be in its
/// bucket, and the other buckets must be empty. What another process writes later can make lookups miss values, but nothing worse.
///
/// # Capacity
/// It is from 1 to 2³¹; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Set::<u8, 0>::new();
/// ```
#[repr(C)]
pub struct Set<K, const N: usize> {
    table: Table<N>,
    keys: List<K, N>,
}

derived! {
    [K: SharedLayout + Hash + Eq, const N: usize] Set<K, N> {
        table: Table<N>,
        keys: List<K, N>,
    }
    check: Self::check,
    rebuild: Self::rebuild,
}

impl<K: SharedLayout + Hash + Eq, const N: usize> Set<K, N> {
    /// What every set type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        // The value's own proofs come first: their messages point at the culprit.
        let _ = K::LAYOUT;
        assert!(N > 0, "a Set of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= 1 << 31, "a Set or Map holds at most 2^31 entries: give it a smaller capacity");
        assert!(size_of::<K>() > 0, "a Set of zero-sized values holds nothing: use a `bool`");
    };

    /// The values, in the order in which they came; see the documentation of [`Set`].
    ///
    /// ```
    /// let set = shmstate::Set::<u64, 4>::from([30, 10, 20]);
    /// assert!(set.iter().eq(&[30, 10, 20]));
    /// ```
    #[inline]
    pub fn iter(&self) -> std::slice::Iter<'_, K> {
        self.keys.iter()
    }

    /// Whether `value` is there.
    ///
    /// ```
    /// let set = shmstate::Set::<u64, 4>::from([1, 2]);
    /// assert!(set.contains(&1) && !set.contains(&3));
    /// ```
    #[inline]
    #[must_use]
    pub fn contains<Q: ?Sized>(&self, value: &Q) -> bool
    where
        K: Lookup<Q, As: Hash + Eq>,
    {
        self.index_of(value).is_some()
    }

    /// The value that is equal to `value`.
    ///
    /// ```
    /// let set = shmstate::Set::<shmstate::Text<8>, 4>::from(["a", "b"].map(|s| s.parse().unwrap()));
    /// assert_eq!(set.get("b").unwrap().capacity(), 8);
    /// ```
    #[inline]
    #[must_use]
    pub fn get<Q: ?Sized>(&self, value: &Q) -> Option<&K>
    where
        K: Lookup<Q, As: Hash + Eq>,
    {
        self.keys.get(self.index_of(value)?)
    }

    /// Adds `value`. The result is false if it is there already; then the old one stays.
    ///
    /// ```
    /// let mut set = shmstate::Set::<u64, 1>::new();
    /// assert_eq!(set.insert(1)?, true);
    /// assert_eq!(set.insert(1)?, false);
    /// assert_eq!(set.insert(2).unwrap_err().into_inner(), 2);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the value back when it is not there and the set is full.
    #[inline]
    pub fn insert(&mut self, value: K) -> Result<bool, CapacityError<K>> {
        let tag = self.tag_to_add(&value);
        match self.find_tagged(tag, |it| *it == value) {
            Some(_) => Ok(false),
            None => self.push(tag, value).map(|_| true).map_err(|value| CapacityError::new(value, "set", N, N + 1)),
        }
    }

    /// Adds a value that `init` fills in place. The result is false if it is there already; then the old one stays.
    ///
    /// No value passes over the stack, which may be too small for it. `init` finds what a new state starts with: zeroes, except
    /// the fields with `#[shared(init = …)]`. If it panics, the set has the values that it had.
    ///
    /// ```
    /// let mut set = shmstate::Set::<u64, 2>::from([1]);
    /// assert_eq!(set.insert_with(|value| *value = 1)?, false);
    /// assert_eq!(set.insert_with(|value| *value = 2)?, true);
    /// assert!(set.insert_with(|value| *value = 2).is_err()); // there is no room to fill it in
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If the set is full, even if it has the value; `init` is not called then.
    pub fn insert_with(&mut self, init: impl FnOnce(&mut K)) -> Result<bool, CapacityError> {
        if self.keys.is_empty() {
            self.table.draw_seed();
        }
        let (index, mut tag) = (self.keys.len(), 0);
        if index == N {
            return Err(CapacityError::new((), "set", N, N + 1));
        }
        let new = self.keys.push_if(init, |keys, key| {
            tag = self.table.tag(key);
            self.table.find(tag, |index| keys.get(index) == Some(key)).is_none()
        })?;
        if new && self.table.add(tag, index).is_none() {
            self.rebuild_index();
        }
        Ok(new)
    }

    /// Removes all values, and yields them, in the order of [`iter`](Self::iter).
    ///
    /// When the iterator is dropped, values that it has not yielded are removed as well.
    ///
    /// ```
    /// let mut set = shmstate::Set::<u64, 4>::from([1, 2]);
    /// assert!(set.drain().eq([1, 2]));
    /// assert!(set.is_empty());
    /// ```
    pub fn drain(&mut self) -> Drain<'_, List<K, N>> {
        self.table.clear();
        self.keys.drain(..)
    }

    /// Adds `value`. If an equal value is there already, replaces it, and returns the old one.
    ///
    /// ```
    /// let mut set = shmstate::Set::<u64, 4>::from([1]);
    /// assert_eq!(set.replace(1)?, Some(1));
    /// assert_eq!(set.replace(2)?, None);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the value back when none equals it and the set is full.
    pub fn replace(&mut self, value: K) -> Result<Option<K>, CapacityError<K>> {
        let tag = self.tag_to_add(&value);
        let found = self.find_tagged(tag, |it| *it == value);
        match found.and_then(|found| self.keys.get_mut(found.index())) {
            Some(old) => Ok(Some(std::mem::replace(old, value))),
            None => self.push(tag, value).map(|_| None).map_err(|value| CapacityError::new(value, "set", N, N + 1)),
        }
    }

    /// Removes `value`, and says whether it was there.
    ///
    /// ```
    /// let mut set = shmstate::Set::<u64, 4>::from([1, 2, 3]);
    /// assert!(set.remove(&1) && !set.remove(&1));
    /// assert!(set.iter().eq(&[3, 2])); // the last one takes its place
    /// ```
    #[inline]
    pub fn remove<Q: ?Sized>(&mut self, value: &Q) -> bool
    where
        K: Lookup<Q, As: Hash + Eq>,
    {
        self.find(value).is_some_and(|found| self.swap_discard(found))
    }

    /// Removes the value that is equal to `value`, and returns it.
    ///
    /// ```
    /// let mut set = shmstate::Set::<u64, 4>::from([1, 2]);
    /// assert_eq!(set.take(&2), Some(2));
    /// assert_eq!(set.take(&2), None);
    /// ```
    pub fn take<Q: ?Sized>(&mut self, value: &Q) -> Option<K>
    where
        K: Lookup<Q, As: Hash + Eq>,
    {
        let found = self.find(value)?;
        // SAFETY: it is used only if the value is removed.
        let value = unsafe { move_out(self.keys.get(found.index())?) };
        if self.swap_discard(found) { Some(value) } else { None }
    }

    /// Keeps the values for which `keep` returns true.
    ///
    /// If `keep` panics, the values that it has refused are gone, and the others are there.
    ///
    /// ```
    /// let mut set = shmstate::Set::<u64, 4>::from([1, 2, 3, 4]);
    /// set.retain(|value| value % 2 == 0);
    /// assert_eq!(set, shmstate::Set::<u64, 2>::from([2, 4]));
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        let mut index = 0;
        while let Some(value) = self.keys.get(index) {
            if keep(value) {
                index += 1;
            } else if !self.found(index).is_some_and(|found| self.swap_discard(found)) {
                return;
            }
        }
    }

    /// Removes all values.
    ///
    /// ```
    /// let mut set = shmstate::Set::<u64, 4>::from([1, 2]);
    /// set.clear();
    /// assert!(set.is_empty() && !set.contains(&1));
    /// ```
    pub fn clear(&mut self) {
        if !self.is_empty() {
            self.table.clear();
            self.keys.clear();
        }
    }

    /// The tag of a key that may be added.
    #[inline]
    pub(super) fn tag_to_add(&mut self, key: &K) -> u32 {
        if self.keys.is_empty() {
            self.table.draw_seed();
        }
        self.table.tag(key)
    }

    /// Where the key is that is equal to `key`.
    #[inline]
    pub(super) fn find<Q: ?Sized>(&self, key: &Q) -> Option<Found>
    where
        K: Lookup<Q, As: Hash + Eq>,
    {
        let sought = K::sought(key);
        self.find_tagged(self.table.tag(sought), |key| key.key() == sought)
    }

    /// The index of the key that is equal to `key`.
    #[inline]
    pub(super) fn index_of<Q: ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Lookup<Q, As: Hash + Eq>,
    {
        let sought = K::sought(key);
        self.find_tagged(self.table.tag(sought), |key| key.key() == sought).map(Found::index)
    }

    /// Where key `index` is, if there is one.
    pub(super) fn found(&self, index: usize) -> Option<Found> {
        self.keys.get(index).map(|key| Found::of(index, self.table.tag(key)))
    }

    /// Where the key is that has that tag, and for which `is` returns true.
    #[inline]
    pub(super) fn find_tagged(&self, tag: u32, is: impl Fn(&K) -> bool) -> Option<Found> {
        let keys = self.keys.as_slice();
        self.table.find(tag, |index| keys.get(index).is_some_and(&is))
    }

    /// The keys.
    #[inline]
    pub(super) fn as_slice(&self) -> &[K] {
        self.keys.as_slice()
    }

    /// Adds a key that is not there. Returns where it is, or the key if there is no room.
    #[inline]
    pub(super) fn push(&mut self, tag: u32, key: K) -> Result<Found, K> {
        let index = self.keys.len();
        self.keys.push(key).map_err(CapacityError::into_inner)?;
        Ok(self.table.add(tag, index).unwrap_or_else(|| {
            self.rebuild_index();
            Found::of(index, tag)
        }))
    }

    /// Removes a key, and puts the last one in its place. Returns whether the key was there.
    #[inline]
    pub(super) fn swap_discard(&mut self, found: Found) -> bool {
        let keys = self.keys.as_slice();
        let Some(last) = keys.len().checked_sub(1).filter(|last| found.index() <= *last) else { return false };
        // This comes first, because of these steps only a key's `Hash` can panic.
        let moved = (found.index() < last).then(|| self.table.tag(&keys[last]));
        self.table.remove(found);
        if let Some(tag) = moved {
            self.table.redirect(tag, last, found.index());
        }
        self.keys.swap_discard_if_there(found.index())
    }

    /// Rebuilds the table, when it is damaged or does not fit the keys.
    #[cold]
    fn rebuild_index(&mut self) {
        self.table.clear();
        for (index, key) in self.keys.iter().enumerate() {
            let _ = self.table.add(self.table.tag(key), index);
        }
    }

    /// Keeps the first `len` keys, when a map's keys and values differ in number.
    #[cold]
    pub(super) fn truncate(&mut self, len: usize) {
        self.keys.truncate(len);
        self.rebuild_index();
    }

    fn check(&self) -> Result<(), ValidityError> {
        let keys = self.keys.as_slice();
        let numbers = matches!(K::LAYOUT.kind, Kind::Scalar(_));
        self.table.check_keys(keys.len(), numbers, |index| self.table.tag(&keys[index]))
    }
}

capacity! {
    all [K: SharedLayout + Hash + Eq, const N: usize] Set<K, N>, "Set::<u64, 2>", "values", |set| set.keys.live(),
    "let set = shmstate::Set::<u64, 2>::from([1]);"
}
