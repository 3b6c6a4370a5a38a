//! What a set has in common with other sets, and with collections at large.

use super::Set;
use crate::containers::{CapacityError, List};
use crate::layout::SharedLayout;
use std::fmt;
use std::hash::Hash;

impl<K: SharedLayout + Hash + Eq, const N: usize> Set<K, N> {
    /// Whether all its values are in `other`.
    ///
    /// ```
    /// use shmstate::Set;
    ///
    /// let set = Set::<u64, 2>::from([1, 2]);
    /// assert!(set.is_subset(&Set::<u64, 4>::from([3, 2, 1])));
    /// ```
    #[must_use]
    pub fn is_subset<const M: usize>(&self, other: &Set<K, M>) -> bool {
        self.len() <= other.len() && self.iter().all(|value| other.contains(value))
    }

    /// Whether all values of `other` are in it.
    ///
    /// ```
    /// use shmstate::Set;
    ///
    /// let set = Set::<u64, 2>::from([1, 2]);
    /// assert!(set.is_superset(&Set::<u64, 1>::from([2])));
    /// ```
    #[must_use]
    pub fn is_superset<const M: usize>(&self, other: &Set<K, M>) -> bool {
        other.is_subset(self)
    }

    /// Whether no value is in both.
    ///
    /// ```
    /// use shmstate::Set;
    ///
    /// let set = Set::<u64, 2>::from([1, 2]);
    /// assert!(set.is_disjoint(&Set::<u64, 1>::from([3])));
    /// ```
    #[must_use]
    pub fn is_disjoint<const M: usize>(&self, other: &Set<K, M>) -> bool {
        self.intersection(other).next().is_none()
    }

    /// The values that are in both, in the order of this set.
    ///
    /// ```
    /// use shmstate::Set;
    ///
    /// let (a, b) = (Set::<u64, 4>::from([1, 2, 3]), Set::<u64, 4>::from([3, 4, 1]));
    /// assert!(a.intersection(&b).eq(&[1, 3]));
    /// ```
    pub fn intersection<'a, const M: usize>(&'a self, other: &'a Set<K, M>) -> impl Iterator<Item = &'a K> + Clone {
        self.iter().filter(|value| other.contains(*value))
    }

    /// The values that are in this set and not in `other`.
    ///
    /// ```
    /// use shmstate::Set;
    ///
    /// let (a, b) = (Set::<u64, 4>::from([1, 2, 3]), Set::<u64, 4>::from([3, 4, 1]));
    /// assert!(a.difference(&b).eq(&[2]));
    /// ```
    pub fn difference<'a, const M: usize>(&'a self, other: &'a Set<K, M>) -> impl Iterator<Item = &'a K> + Clone {
        self.iter().filter(|value| !other.contains(*value))
    }

    /// The values that are in one of the two and not in both: first those of this set.
    ///
    /// ```
    /// use shmstate::Set;
    ///
    /// let (a, b) = (Set::<u64, 4>::from([1, 2, 3]), Set::<u64, 4>::from([3, 4, 1]));
    /// assert!(a.symmetric_difference(&b).eq(&[2, 4]));
    /// ```
    pub fn symmetric_difference<'a, const M: usize>(
        &'a self,
        other: &'a Set<K, M>,
    ) -> impl Iterator<Item = &'a K> + Clone {
        self.difference(other).chain(other.difference(self))
    }

    /// The values that are in any of the two: first all of this set.
    ///
    /// ```
    /// use shmstate::Set;
    ///
    /// let (a, b) = (Set::<u64, 4>::from([1, 2, 3]), Set::<u64, 4>::from([3, 4, 1]));
    /// assert!(a.union(&b).eq(&[1, 2, 3, 4]));
    /// ```
    pub fn union<'a, const M: usize>(&'a self, other: &'a Set<K, M>) -> impl Iterator<Item = &'a K> + Clone {
        self.iter().chain(other.difference(self))
    }

    /// A set of what `values` yields.
    ///
    /// ```
    /// use shmstate::Set;
    ///
    /// assert_eq!(Set::<u64, 2>::try_from_iter([1, 2, 1])?.len(), 2);
    /// assert_eq!(Set::<u64, 2>::try_from_iter(0..).unwrap_err().into_inner(), 2);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the first value back that finds no room.
    pub fn try_from_iter(values: impl IntoIterator<Item = K>) -> Result<Self, CapacityError<K>> {
        let mut set = Self::new();
        set.try_extend(values)?;
        Ok(set)
    }

    /// Adds what `values` yields, up to the first value that finds no room.
    ///
    /// What was added before an error, or before `values` panics, stays. Inside an update, returning the error undoes
    /// it.
    ///
    /// ```
    /// let mut set = shmstate::Set::<u64, 3>::from([1]);
    /// assert_eq!(set.try_extend([1, 2, 3, 4, 5]).unwrap_err().into_inner(), 4);
    /// assert!(set.iter().eq(&[1, 2, 3]));
    /// ```
    ///
    /// # Errors
    /// Gives the first value back that finds no room; later ones are not asked for.
    pub fn try_extend(&mut self, values: impl IntoIterator<Item = K>) -> Result<(), CapacityError<K>> {
        values.into_iter().try_for_each(|value| self.insert(value).map(|_| ()))
    }
}

impl<K: SharedLayout + Hash + Eq, const N: usize> Default for Set<K, N> {
    /// An empty set, as [`Set::new`].
    fn default() -> Self {
        Self::new()
    }
}

impl<K: SharedLayout + Hash + Eq + Clone, const N: usize> Clone for Set<K, N> {
    fn clone(&self) -> Self {
        Set { table: self.table.clone(), keys: self.keys.clone() }
    }

    /// Clones value by value into this set, which needs no room on the stack.
    ///
    /// If a clone panics, the values before it are there.
    fn clone_from(&mut self, source: &Self) {
        self.clear();
        for value in source {
            // There is room for as many.
            let _ = self.insert_with(|to| to.clone_from(value));
        }
    }
}

impl<K: SharedLayout + Hash + Eq + fmt::Debug, const N: usize> fmt::Debug for Set<K, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

/// Whatever the order and the capacities.
impl<K: SharedLayout + Hash + Eq, const N: usize, const M: usize> PartialEq<Set<K, M>> for Set<K, N> {
    fn eq(&self, other: &Set<K, M>) -> bool {
        self.len() == other.len() && self.is_subset(other)
    }
}

impl<K: SharedLayout + Hash + Eq, const N: usize> Eq for Set<K, N> {}

impl<'a, K: SharedLayout + Hash + Eq, const N: usize> IntoIterator for &'a Set<K, N> {
    type Item = &'a K;
    type IntoIter = std::slice::Iter<'a, K>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// That the array fits is proved while the program compiles:
///
/// ```
/// let set = shmstate::Set::<u64, 4>::from([1, 2]);
/// assert_eq!(set.len(), 2);
/// ```
/// ```compile_fail
/// let set = shmstate::Set::<u64, 1>::from([1, 2]);
/// ```
impl<K: SharedLayout + Hash + Eq, const N: usize, const M: usize> From<[K; M]> for Set<K, N> {
    fn from(values: [K; M]) -> Self {
        List::<K, N>::fits::<M>();
        values.into_iter().collect()
    }
}

/// # Panics
/// If the values are more than `N`: [`Set::try_from_iter`] returns an error then.
impl<K: SharedLayout + Hash + Eq, const N: usize> FromIterator<K> for Set<K, N> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = K>>(values: I) -> Self {
        let mut set = Self::new();
        set.extend(values);
        set
    }
}

/// # Panics
/// If there is no room for a value, with those before it added: [`Set::try_extend`] returns an error then.
impl<K: SharedLayout + Hash + Eq, const N: usize> Extend<K> for Set<K, N> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = K>>(&mut self, values: I) {
        if let Err(full) = self.try_extend(values) {
            panic!("{full}: `try_extend` and `try_from_iter` return an error instead");
        }
    }
}

/// # Panics
/// If there is no room for a value, with those before it added: [`Set::try_extend`] returns an error then.
impl<'a, K: SharedLayout + Hash + Eq + Copy, const N: usize> Extend<&'a K> for Set<K, N> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a K>>(&mut self, values: I) {
        self.extend(values.into_iter().copied());
    }
}
