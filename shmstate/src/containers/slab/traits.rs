//! What a slab has in common with other collections.

use super::Slab;
use crate::layout::SharedLayout;
use std::fmt;

impl<T: SharedLayout, const N: usize> Default for Slab<T, N> {
    /// An empty slab, as [`Slab::new`].
    fn default() -> Self {
        Self::new()
    }
}

/// A map of keys to values.
impl<T: SharedLayout + fmt::Debug, const N: usize> fmt::Debug for Slab<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// Clones the values that there are; they keep their keys.
impl<T: SharedLayout + Clone, const N: usize> Clone for Slab<T, N> {
    fn clone(&self) -> Self {
        let mut clone = Self::new();
        for (place, value) in self.places.iter().zip(&self.values) {
            let value = if place.is_vacant() { T::zeroed() } else { value.clone() };
            // There is room for as many.
            let _ = clone.values.push(value);
            let _ = clone.places.push(*place);
        }
        (clone.count, clone.vacant) = (self.count, self.vacant);
        clone
    }
}

/// The same values under the same keys.
impl<T: SharedLayout + PartialEq, const N: usize> PartialEq for Slab<T, N> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

impl<T: SharedLayout + Eq, const N: usize> Eq for Slab<T, N> {}
