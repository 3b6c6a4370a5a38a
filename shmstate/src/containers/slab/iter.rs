//! Iterators over the keys and values of a slab, in the order of their places.

use super::{Key, Place, Slab};
use crate::containers::compare::iterate;
use crate::layout::SharedLayout;
use std::fmt;
use std::iter::{Enumerate, FusedIterator, Zip};
use std::slice;

macro_rules! iterator {
    ($(#[$doc:meta])* $name:ident over $slice:ident of $item:ty) => {
        $(#[$doc])*
        pub struct $name<'a, T> {
            places: Enumerate<Zip<slice::Iter<'a, Place>, slice::$slice<'a, T>>>,
            /// Values that are still to come.
            left: usize,
        }

        impl<'a, T> Iterator for $name<'a, T> {
            type Item = (Key<T>, $item);

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                let (index, (place, value)) = self.places.find(|(_, (place, _))| !place.is_vacant())?;
                self.left = self.left.saturating_sub(1);
                Some((Key::new(index as u32, place.generation), value))
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                let left = self.left.min(self.places.len());
                (left, Some(left))
            }
        }

        impl<T> DoubleEndedIterator for $name<'_, T> {
            #[inline]
            fn next_back(&mut self) -> Option<Self::Item> {
                let (index, (place, value)) = self.places.rfind(|(_, (place, _))| !place.is_vacant())?;
                self.left = self.left.saturating_sub(1);
                Some((Key::new(index as u32, place.generation), value))
            }
        }

        impl<T> fmt::Debug for $name<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("left", &self.left).finish_non_exhaustive()
            }
        }

        impl<T> ExactSizeIterator for $name<'_, T> {}
        impl<T> FusedIterator for $name<'_, T> {}
    };
}

iterator! {
    /// The keys and values of a [`Slab`], in the order of their places.
    Iter over Iter of &'a T
}

iterator! {
    /// The keys of a [`Slab`], and mutable references to its values, in the order of their places.
    IterMut over IterMut of &'a mut T
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter { places: self.places.clone(), left: self.left }
    }
}

impl<T: SharedLayout, const N: usize> Slab<T, N> {
    /// The keys and values, in the order of their places.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 4>::new();
    /// let key = slab.insert(7)?;
    /// assert!(slab.iter().eq([(key, &7)]));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[inline]
    pub fn iter(&self) -> Iter<'_, T> {
        let (places, values) = (self.places.as_slice(), self.values.as_slice());
        Iter { places: places.iter().zip(values).enumerate(), left: self.len() }
    }

    /// The keys, and mutable references to the values, in the order of their places; marks all places that were ever in use,
    /// whether the iterator reaches them or not.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 4>::new();
    /// let key = slab.insert(7)?;
    /// slab.iter_mut().for_each(|(_, value)| *value += 1);
    /// assert_eq!(slab[key], 8);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[inline]
    pub fn iter_mut(&mut self) -> IterMut<'_, T> {
        let left = self.len();
        IterMut { places: self.places.as_slice().iter().zip(self.values.as_mut_slice()).enumerate(), left }
    }

    /// The keys, in the order of their places.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 4>::new();
    /// let key = slab.insert(7)?;
    /// assert!(slab.keys().eq([key]));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[inline]
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = Key<T>> + ExactSizeIterator + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their places.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 4>::new();
    /// slab.insert(7)?;
    /// assert!(slab.values().eq(&[7]));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[inline]
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// Mutable references to the values, in the order of their places; marks all places that were ever in use.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 4>::new();
    /// let key = slab.insert(7)?;
    /// slab.values_mut().for_each(|value| *value += 1);
    /// assert_eq!(slab[key], 8);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[inline]
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> + ExactSizeIterator {
        self.iter_mut().map(|(_, value)| value)
    }
}

iterate! {
    [T: SharedLayout, const N: usize] Slab<T, N>, Iter<'a, T> = (Key<T>, &'a T), IterMut<'a, T> = (Key<T>, &'a mut T)
}
