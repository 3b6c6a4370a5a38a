//! The entries of a sorted map one by one, leaf by leaf.

use super::leaves::unpack;
use std::fmt;
use std::iter::{FusedIterator, Zip};
use std::marker::PhantomData;
use std::{iter, slice};

/// Entries of a [`SortedMap`](crate::SortedMap), in the order of their keys.
pub struct Iter<'a, K, V> {
    front: Zip<slice::Iter<'a, K>, slice::Iter<'a, V>>,
    /// The leaves between `front` and `back`.
    leaves: slice::Iter<'a, u32>,
    back: Zip<slice::Iter<'a, K>, slice::Iter<'a, V>>,
    slots: (&'a [K], &'a [V]),
    /// Slots of a leaf.
    leaf: usize,
    /// Entries that are still to come: only an upper bound if the map is damaged.
    left: usize,
}

/// Entries of a [`SortedMap`](crate::SortedMap), in the order of their keys, with values that can be changed.
pub struct IterMut<'a, K, V> {
    front: Zip<slice::Iter<'a, K>, slice::IterMut<'a, V>>,
    /// The leaves between `front` and `back`. Invariant: no two of them are the same, and none has a slot in those.
    leaves: slice::Iter<'a, u32>,
    back: Zip<slice::Iter<'a, K>, slice::IterMut<'a, V>>,
    keys: &'a [K],
    /// Slots of values, as many as `keys`, which are borrowed for this iterator.
    values: *mut V,
    leaf: usize,
    left: usize,
    borrowed: PhantomData<&'a mut [V]>,
}

/// The keys of a [`SortedMap`](crate::SortedMap).
pub type Keys<'a, K, V> = iter::Map<Iter<'a, K, V>, fn((&'a K, &'a V)) -> &'a K>;
/// The values of a [`SortedMap`](crate::SortedMap).
pub type Values<'a, K, V> = iter::Map<Iter<'a, K, V>, fn((&'a K, &'a V)) -> &'a V>;
/// Mutable references to the values of a [`SortedMap`](crate::SortedMap).
pub type ValuesMut<'a, K, V> = iter::Map<IterMut<'a, K, V>, fn((&'a K, &'a mut V)) -> &'a mut V>;

// SAFETY: it is used as the `&[K]` and `&mut [V]` that it was made from.
unsafe impl<K: Sync, V: Send> Send for IterMut<'_, K, V> {}
// SAFETY: the same.
unsafe impl<K: Sync, V: Sync> Sync for IterMut<'_, K, V> {}

/// What lies between two entries: slots of the first leaf, whole leaves, and slots of the last leaf.
pub(super) struct Between<'a> {
    pub(super) front: std::ops::Range<usize>,
    pub(super) leaves: &'a [u32],
    pub(super) back: std::ops::Range<usize>,
    /// Entries.
    pub(super) count: usize,
}

impl<'a, K, V> Iter<'a, K, V> {
    /// The entries in `slots`, which has as many keys as values, in leaves of `leaf` slots.
    #[inline]
    pub(super) fn new(slots: (&'a [K], &'a [V]), leaf: usize, between: Between<'a>) -> Self {
        let [front, back] = [between.front, between.back].map(|range| {
            let keys = slots.0.get(range.clone()).unwrap_or_default();
            keys.iter().zip(slots.1.get(range).unwrap_or_default())
        });
        Iter { front, leaves: between.leaves.iter(), back, slots, leaf, left: between.count }
    }

    #[inline]
    fn entries(slots: (&'a [K], &'a [V]), leaf: usize, word: u32) -> Zip<slice::Iter<'a, K>, slice::Iter<'a, V>> {
        let (start, len) = unpack(word, leaf, slots.0.len());
        let keys = slots.0.get(start..start + len).unwrap_or_default();
        keys.iter().zip(slots.1.get(start..start + len).unwrap_or_default())
    }
}

impl<'a, K, V> IterMut<'a, K, V> {
    /// The entries in the slots of `keys` and `values`, as many of each, in leaves of `leaf` slots.
    ///
    /// # Safety
    /// No two of the leaves are the same, and none has a slot in the ranges before and after, which do not overlap.
    #[inline]
    pub(super) unsafe fn new(keys: &'a [K], values: &'a mut [V], leaf: usize, between: Between<'a>) -> Self {
        let len = keys.len().min(values.len());
        let (keys, values) = (&keys[..len], values.as_mut_ptr());
        let [front, back] = [between.front, between.back].map(|range| {
            let keys = keys.get(range.clone()).unwrap_or_default();
            // SAFETY: as many slots as there are keys in that range; nothing else refers to them, by the caller's promise.
            let values = unsafe { slice::from_raw_parts_mut(values.wrapping_add(range.start), keys.len()) };
            keys.iter().zip(values)
        });
        let (leaves, left) = (between.leaves.iter(), between.count);
        IterMut { front, leaves, back, keys, values, leaf, left, borrowed: PhantomData }
    }

    /// The entries of a leaf that `leaves` has yielded.
    #[inline]
    fn entries(&self, word: u32) -> Zip<slice::Iter<'a, K>, slice::IterMut<'a, V>> {
        let (start, len) = unpack(word, self.leaf, self.keys.len());
        let keys = self.keys.get(start..start + len).unwrap_or_default();
        // SAFETY: as many slots as there are keys there. Each leaf comes once, by the invariant of `leaves`.
        let values = unsafe { slice::from_raw_parts_mut(self.values.wrapping_add(start), keys.len()) };
        keys.iter().zip(values)
    }
}

macro_rules! leaf_by_leaf {
    ($Iter:ident, $Value:ty, |$this:ident, $word:ident| $entries:expr) => {
        impl<'a, K, V> Iterator for $Iter<'a, K, V> {
            type Item = (&'a K, $Value);

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                let $this = self;
                loop {
                    if let Some(entry) = $this.front.next() {
                        $this.left = $this.left.saturating_sub(1);
                        return Some(entry);
                    }
                    let Some(&$word) = $this.leaves.next() else { break };
                    $this.front = $entries;
                }
                let entry = $this.back.next()?;
                $this.left = $this.left.saturating_sub(1);
                Some(entry)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.left, Some(self.left))
            }

            #[inline]
            fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
                let mut $this = self;
                let mut all = init;
                for entry in $this.front.by_ref() {
                    all = f(all, entry);
                }
                while let Some(&$word) = $this.leaves.next() {
                    for entry in $entries {
                        all = f(all, entry);
                    }
                }
                for entry in $this.back.by_ref() {
                    all = f(all, entry);
                }
                all
            }
        }

        impl<K, V> DoubleEndedIterator for $Iter<'_, K, V> {
            #[inline]
            fn next_back(&mut self) -> Option<Self::Item> {
                let $this = self;
                loop {
                    if let Some(entry) = $this.back.next_back() {
                        $this.left = $this.left.saturating_sub(1);
                        return Some(entry);
                    }
                    let Some(&$word) = $this.leaves.next_back() else { break };
                    $this.back = $entries;
                }
                let entry = $this.front.next_back()?;
                $this.left = $this.left.saturating_sub(1);
                Some(entry)
            }
        }

        impl<K, V> ExactSizeIterator for $Iter<'_, K, V> {}
        impl<K, V> FusedIterator for $Iter<'_, K, V> {}
    };
}

leaf_by_leaf!(Iter, &'a V, |this, word| Self::entries(this.slots, this.leaf, word));
leaf_by_leaf!(IterMut, &'a mut V, |this, word| this.entries(word));

impl<K, V> Clone for Iter<'_, K, V> {
    #[inline]
    fn clone(&self) -> Self {
        Iter {
            front: self.front.clone(),
            leaves: self.leaves.clone(),
            back: self.back.clone(),
            slots: self.slots,
            leaf: self.leaf,
            left: self.left,
        }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Iter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<K, V> fmt::Debug for IterMut<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IterMut").field("left", &self.left).finish_non_exhaustive()
    }
}
