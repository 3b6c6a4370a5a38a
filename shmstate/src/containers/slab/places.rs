//! The places of a slab, and which are taken.

use super::{Key, Slab};
use crate::containers::len::Len;
use crate::layout::SharedLayout;

/// What a slab knows of a place.
#[derive(Clone, Copy, shmstate_derive::SharedLayout)]
#[repr(C)]
#[shared(crate = "crate")]
pub(super) struct Place {
    /// How often it was filled and emptied: odd while there is a value.
    pub(super) generation: u32,
    // The schema of a slab has these docs: `tests/golden/export-1.json` compares them.
    /// 1 + the next vacant place, or 0; of a vacant place.
    pub(super) next: u32,
}

impl Place {
    #[inline]
    pub(super) const fn is_vacant(self) -> bool {
        self.generation.is_multiple_of(2)
    }
}

impl<T: SharedLayout, const N: usize> Slab<T, N> {
    /// Where the value of `key` lies.
    #[inline]
    pub(super) fn index_of(&self, key: Key<T>) -> Option<usize> {
        let place = self.places.get(key.index())?;
        (place.generation == key.generation() && !place.is_vacant()).then_some(key.index())
    }

    /// The index of the first vacant place, and its content.
    #[inline]
    pub(super) fn first_vacant(&self) -> Option<(usize, Place)> {
        let index = (self.vacant as usize).checked_sub(1)?;
        let place = *self.places.get(index)?;
        place.is_vacant().then_some((index, place))
    }

    /// Makes a place that has a value vacant.
    #[inline]
    pub(super) fn vacate(&mut self, index: usize) {
        if let Some(place) = self.places.get_mut(index) {
            *place = Place { generation: place.generation.wrapping_add(1), next: self.vacant };
            self.vacant = index as u32 + 1;
            self.count = Len::new(self.count.get().saturating_sub(1));
        }
    }

    /// Counts the value in a place that was vacant and had this content. Returns its key.
    #[inline]
    pub(super) fn fill(&mut self, index: usize, Place { generation, next }: Place) -> Key<T> {
        let generation = generation.wrapping_add(1);
        if let Some(taken) = self.places.get_mut(index) {
            *taken = Place { generation, next: 0 };
        }
        self.vacant = next;
        self.count_one();
        Key::new(index as u32, generation)
    }

    /// Counts the value that was pushed, in a place that was never in use. Returns its key.
    #[inline]
    pub(super) fn push_filled(&mut self) -> Key<T> {
        let index = self.places.len();
        // There is room, unless another process writes without the lock meanwhile; then the key leads nowhere.
        let _ = self.places.push(Place { generation: 1, next: 0 });
        self.count_one();
        Key::new(index as u32, 1)
    }

    /// Counts one value more.
    #[inline]
    pub(super) fn count_one(&mut self) {
        self.count = Len::new(self.count.get().min(N - 1) + 1);
    }

    /// For each place, its generation, and its value if there is one.
    #[cfg(feature = "serde")]
    pub(in crate::containers) fn places(&self) -> impl Iterator<Item = (u32, Option<&T>)> {
        let value = |(place, value): (&Place, _)| (place.generation, (!place.is_vacant()).then_some(value));
        self.places.iter().zip(&self.values).map(value)
    }

    /// Empties the slab, as if no place had ever been in use.
    pub(in crate::containers) fn forget_places(&mut self) {
        self.places.clear();
        self.values.clear();
        (self.count, self.vacant) = (Len::ZERO, 0);
    }

    /// Whether every place has been in use.
    #[cfg(feature = "serde")]
    pub(in crate::containers) fn has_all_places(&self) -> bool {
        self.places.is_full() || self.values.is_full()
    }

    /// Adds a place that [`Self::places`] has yielded, if there is room. `init` fills the value, which counts if the generation is odd.
    #[cfg(feature = "serde")]
    pub(in crate::containers) fn push_place(&mut self, generation: u32, init: impl FnOnce(&mut T)) {
        let (place, vacant) = (self.places.len(), generation.is_multiple_of(2));
        let next = if vacant { self.vacant } else { 0 };
        if self.values.push_with(init).is_ok() {
            let _ = self.places.push(Place { generation, next });
            match vacant {
                true => self.vacant = place as u32 + 1,
                false => self.count_one(),
            }
        }
    }
}
