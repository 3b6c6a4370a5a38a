//! What a slab has in common with other collections.

use super::{Place, Slab};
use crate::layout::SharedLayout;
use std::fmt;

/// As a map of keys to values.
impl<T: SharedLayout + fmt::Debug, const N: usize> fmt::Debug for Slab<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// Clones the values; they keep their keys.
impl<T: SharedLayout + Clone, const N: usize> Clone for Slab<T, N> {
    fn clone(&self) -> Self {
        let mut clone = Self::new();
        clone.clone_from(self);
        clone
    }

    /// Clones value by value into this slab, which needs no room on the stack; marks all places that are in use then.
    ///
    /// If a clone panics, the values before it are there.
    fn clone_from(&mut self, source: &Self) {
        self.forget_places();
        let places = source.places.as_slice();
        for (index, (place, value)) in places.iter().zip(&source.values).enumerate() {
            // There is room for as many. Until all are there, a vacant place leads to the vacant one before it.
            if place.is_vacant() {
                let _ = self.values.push_with(|_| ());
                let _ = self.places.push(Place { next: self.vacant, ..*place });
                self.vacant = index as u32 + 1;
            } else {
                let _ = self.values.push_with(|to| to.clone_from(value));
                let _ = self.places.push(*place);
                self.count_one();
            }
        }
        for (index, place) in places.iter().enumerate().filter(|(_, place)| place.is_vacant()) {
            if let Some(to) = self.places.get_mut(index) {
                *to = *place;
            }
        }
        self.vacant = source.vacant;
    }
}

/// Equal if the same keys have the same values.
impl<T: SharedLayout + PartialEq, const N: usize> PartialEq for Slab<T, N> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other)
    }
}

impl<T: SharedLayout + Eq, const N: usize> Eq for Slab<T, N> {}
