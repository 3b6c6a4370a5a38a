//! What a set has in common with other sets, and with collections at large.

use super::Set;
use crate::containers::CapacityError;
use crate::containers::collect::collect;
use crate::containers::compare::iterate;
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

    /// The values that are in at least one of the two: first all of this set.
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

/// Equal if the values are, whatever their order and the capacities.
impl<K: SharedLayout + Hash + Eq, const N: usize, const M: usize> PartialEq<Set<K, M>> for Set<K, N> {
    fn eq(&self, other: &Set<K, M>) -> bool {
        self.len() == other.len() && self.is_subset(other)
    }
}

impl<K: SharedLayout + Hash + Eq, const N: usize> Eq for Set<K, N> {}

collect! {
    (K) [K: SharedLayout + Hash + Eq, const N: usize] Set<K, N> of K,
    "values" ("value"), |set, value| set.insert(value).map(drop), "Set::<u64, 2>", "[1, 2, 3]", "3"
}

iterate! { [K: SharedLayout + Hash + Eq, const N: usize] Set<K, N>, std::slice::Iter<'a, K> = &'a K }
