//! Maps and sets that a migration has filled, without this program's `Hash` and `Ord`.
//!
//! Each function is [`Hooks::rebuild`](crate::layout::Hooks::rebuild) of its type. It copies all entries to the heap and inserts
//! them one by one, so that what it leaves is what the type's own methods make.

use super::{Map, Set, SortedMap};
use crate::containers::CapacityError;
use crate::layout::SharedLayout;
use std::hash::Hash;

/// Copies of values, apart from the container that they were in. They have no drop glue.
struct Copies<T>(Vec<T>);

impl<T: SharedLayout> Copies<T> {
    fn of(values: &[&T]) -> Self {
        let mut copies: Vec<T> = Vec::with_capacity(values.len());
        for (value, copy) in values.iter().zip(copies.spare_capacity_mut()) {
            // SAFETY: a value is its bytes; the copy is on the heap, apart from it.
            unsafe { std::ptr::copy_nonoverlapping(*value, copy.as_mut_ptr(), 1) }
        }
        // SAFETY: there is room for all of them, and each was written.
        unsafe { copies.set_len(values.len()) }
        Copies(copies)
    }

    /// Copies the value at `index` to `to`; it never passes over the stack.
    fn put(&self, index: usize, to: &mut T) {
        // SAFETY: two values, of which one is on the heap; a value is its bytes, and the copy is not used again.
        unsafe { std::ptr::copy_nonoverlapping(&raw const self.0[index], to, 1) }
    }

    /// The value at `index`, which is not used again.
    fn take(&self, index: usize) -> T {
        // SAFETY: a value, without drop glue.
        unsafe { (&raw const self.0[index]).read() }
    }
}

/// How many of `count` insertions found the key there already.
fn lost<E>(count: usize, mut insert: impl FnMut(usize) -> Result<bool, CapacityError<E>>) -> usize {
    // There is room for as many as there were.
    (0..count).filter(|index| !insert(*index).unwrap_or(false)).count()
}

impl<K: SharedLayout + Hash + Eq, const N: usize> Set<K, N> {
    /// # Safety
    /// As for the hook.
    pub(super) unsafe fn rebuild(place: *mut u8) -> usize {
        // SAFETY: the caller's promise.
        let set = unsafe { &mut *place.cast::<Self>() };
        let keys = Copies::of(&Vec::from_iter(set.iter()));
        set.clear();
        lost(keys.0.len(), |index| set.insert(keys.take(index)))
    }
}

impl<K: SharedLayout + Hash + Eq, V: SharedLayout, const N: usize> Map<K, V, N> {
    fn copies(&self) -> (Copies<K>, Copies<V>) {
        (Copies::of(&Vec::from_iter(self.keys())), Copies::of(&Vec::from_iter(self.values())))
    }

    /// # Safety
    /// As for the hook.
    pub(super) unsafe fn rebuild(place: *mut u8) -> usize {
        // SAFETY: the caller's promise.
        let map = unsafe { &mut *place.cast::<Self>() };
        let (keys, values) = map.copies();
        map.clear();
        lost(keys.0.len().min(values.0.len()), |index| {
            let key = keys.take(index);
            if map.contains_key(&key) {
                return Ok(false);
            }
            map.insert_with(key, |value| values.put(index, value)).map(|_| true)
        })
    }
}

impl<K: SharedLayout + Ord, V: SharedLayout, const N: usize> SortedMap<K, V, N> {
    fn copies(&self) -> (Copies<K>, Copies<V>) {
        (Copies::of(&Vec::from_iter(self.keys())), Copies::of(&Vec::from_iter(self.values())))
    }

    /// # Safety
    /// As for the hook.
    pub(super) unsafe fn rebuild(place: *mut u8) -> usize {
        // SAFETY: the caller's promise.
        let map = unsafe { &mut *place.cast::<Self>() };
        let (keys, values) = map.copies();
        let mut order = Vec::from_iter(0..keys.0.len().min(values.0.len()));
        order.sort_by(|a, b| keys.0[*a].cmp(&keys.0[*b]));
        map.clear();
        lost(order.len(), |position| {
            let index = order[position];
            let key = keys.take(index);
            if map.contains_key(&key) {
                return Ok(false);
            }
            map.insert_with(key, |value| values.put(index, value)).map(|_| true)
        })
    }
}
