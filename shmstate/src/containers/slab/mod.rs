//! [`Slab`]: values that keep their keys.
//!
//! This file: the type and its methods; `in_place`: methods that pass no value over the stack; `places`: which places are taken;
//! `key`: the keys; `iter`: iterators over keys and values; `traits`: the rest.

mod in_place;
mod iter;
mod key;
mod places;
mod traits;

pub use iter::{Iter, IterMut};
pub use key::{Key, ParseKeyError};
use places::Place;

use super::capacity::capacity;
use super::derived::derived;
use super::len::Len;
use super::moved_out::{move_out, move_over, refused};
use super::{CapacityError, List};
use crate::layout::{SharedLayout, ValidityError};
use std::ops::{Index, IndexMut};

/// A slot map of fixed capacity, which returns a key for each value: for graphs, sessions, connections, orders.
///
/// Inserting, looking up and removing take the same short time whatever the slab holds. A [`Key`] leads to the same value while
/// other values come and go, and leads nowhere once its value is removed.
///
/// ```
/// use shmstate::Slab;
///
/// let mut sessions = Slab::<u32, 2>::new();
/// let a = sessions.insert(10)?;
/// let b = sessions.insert(20)?;
/// assert_eq!(sessions.insert(30).unwrap_err().into_inner(), 30);
/// assert_eq!(sessions.remove(a), Some(10));
/// let c = sessions.insert(30)?; // instead of the first one
/// assert_eq!((sessions.get(a), sessions[b], sessions[c]), (None, 20, 30));
/// # Ok::<_, shmstate::CapacityError<u32>>(())
/// ```
///
/// # Cost
/// | method | marks |
/// |---|---|
/// | `insert`, `insert_with`, `insert_default` | the value, and 8 bytes that describe its place |
/// | `remove`, `discard` | those 8 bytes |
/// | `slab[key] = …`, `get_mut` | the value |
/// | `retain`, `clear`, `drain` | the 8 bytes of each removed value |
/// | `iter_mut`, `values_mut` | all places that were ever in use |
/// | everything that takes `&self` | nothing |
///
/// # Beside the crates `slotmap` and `slab`
/// | `slotmap::SlotMap` | here |
/// |---|---|
/// | `insert`, which grows | the same, and an error when there is no room |
/// | `new`, `remove`, `get`, `get_mut`, `[]`, `contains_key`, `len`, `is_empty`, `capacity`, `clear`, `iter`, `iter_mut`, `keys`, `values`, `values_mut`, `drain` | the same |
/// | `retain` | the same, with a shared reference to the value, so that it marks nothing that stays |
/// | `insert_with`, `insert_default`, `discard` | new: no value passes over the stack, which may be too small for it; see [`List`](crate::List#large-items) |
/// | `insert_with_key`, `try_insert_with_key` | not there: insert, then set |
/// | `extend`, `collect` | not there, as in a `SlotMap`: the keys would be lost |
/// | `detach`, `into_iter` by value | not there: a slab of a state is borrowed; `drain`, `retain` or `clear` |
/// | `get_disjoint_mut`, `get_disjoint_unchecked_mut` | not there: `get_mut` one after the other |
/// | `get_unchecked*` | not there: a peer may have removed the value |
/// | `reserve`, `try_reserve`, `with_capacity`, `with_key`, `with_capacity_and_key` | not there: the capacity is fixed, and a [`Key`] carries the type of the value |
///
/// # Generations
/// Each place counts how often it was filled and emptied. The count wraps around after 2³² steps: a key that was kept while
/// its own place was filled and emptied 2³¹ times leads to the value that lies there then.
///
/// # Layout
/// A `u32` with the number of values; a `u32` with 1 + the first vacant place, or 0; a [`List`] of the places that were ever
/// in use; a [`List<T, N>`](List) of as many values. Each begins at the next multiple of its alignment. A place has a `u32`
/// with its generation, which is odd while there is a value, and a `u32` with 1 + the next vacant place, or 0. The value of
/// a vacant place is some `T`.
///
/// # Capacity
/// It is from 1 to `u32::MAX - 1`, and the values are at least one byte large; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Slab::<u8, 0>::new();
/// ```
#[repr(C)]
pub struct Slab<T, const N: usize> {
    count: Len<N>,
    /// 1 + the first vacant place, or 0. It may be any number: it is followed one step at a time, and only to vacant places.
    vacant: u32,
    places: List<Place, N>,
    /// As long as `places`. The value of a vacant place is some `T` that is never looked at.
    values: List<T, N>,
}

derived! {
    [T: SharedLayout, const N: usize] Slab<T, N> {
        count: Len<N>,
        vacant: u32,
        places: List<Place, N>,
        values: List<T, N>,
    }
    check: Self::check,
}

impl<T: SharedLayout, const N: usize> Slab<T, N> {
    /// What every slab type has to fulfil beyond its lists; evaluated while the program compiles.
    const PROVED: () = {
        let _ = T::LAYOUT;
        assert!(N > 0, "a Slab of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N < u32::MAX as usize, "a Slab holds less than u32::MAX values: give it a smaller capacity");
        assert!(size_of::<T>() > 0, "a Slab of zero-sized values holds nothing: use a counter");
    };

    /// Inserts `value`, and returns its key.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 1>::new();
    /// let key = slab.insert(7)?;
    /// assert_eq!(slab[key], 7);
    /// assert_eq!(slab.insert(8).unwrap_err().into_inner(), 8);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the value back when the slab is full.
    pub fn insert(&mut self, value: T) -> Result<Key<T>, CapacityError<T>> {
        if let Some((index, place)) = self.first_vacant()
            && let Some(slot) = self.values.get_mut(index)
        {
            // SAFETY: it is the slab's from here on.
            unsafe { move_over(slot, &value) }
            return Ok(self.fill(index, place));
        }
        // SAFETY: it is the slab's from here on, unless it is returned.
        if self.places.is_full() || !unsafe { self.values.push_if_room(&value) } {
            // SAFETY: it is returned.
            return Err(unsafe { refused(&value, "slab", N) });
        }
        Ok(self.push_filled())
    }

    /// Removes the value of `key` and returns it; `None` if it is not there any more.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 1>::new();
    /// let key = slab.insert(7)?;
    /// assert_eq!((slab.remove(key), slab.remove(key)), (Some(7), None));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    pub fn remove(&mut self, key: Key<T>) -> Option<T> {
        let place = self.index_of(key)?;
        self.values.get(place)?;
        self.vacate(place);
        // SAFETY: the place is vacant now.
        Some(unsafe { move_out(self.values.get(place)?) })
    }

    /// The value of `key`, if it is still there.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 1>::new();
    /// let key = slab.insert(7)?;
    /// assert_eq!(slab.get(key), Some(&7));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn get(&self, key: Key<T>) -> Option<&T> {
        self.values.get(self.index_of(key)?)
    }

    /// A mutable reference to the value of `key`, if it is still there; marks the value.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 1>::new();
    /// let key = slab.insert(7)?;
    /// *slab.get_mut(key).unwrap() += 1;
    /// assert_eq!(slab[key], 8);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn get_mut(&mut self, key: Key<T>) -> Option<&mut T> {
        self.values.get_mut(self.index_of(key)?)
    }

    /// Whether the value of `key` is still there.
    ///
    /// ```
    /// assert!(!shmstate::Slab::<u64, 1>::new().contains_key(shmstate::Key::NULL));
    /// ```
    #[inline]
    #[must_use]
    pub fn contains_key(&self, key: Key<T>) -> bool {
        self.index_of(key).is_some()
    }

    /// Keeps the values for which `keep` returns true.
    ///
    /// If `keep` panics, the values that it has refused are gone, and the others are there.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 4>::new();
    /// for n in 0..4 {
    ///     slab.insert(n)?;
    /// }
    /// slab.retain(|_, value| value % 2 == 0);
    /// assert!(slab.values().eq(&[0, 2]));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(Key<T>, &T) -> bool) {
        for place in 0..self.places.len() {
            if let (Some(&at), Some(value)) = (self.places.get(place), self.values.get(place))
                && !at.is_vacant()
                && !keep(Key::new(place as u32, at.generation), value)
            {
                self.vacate(place);
            }
        }
    }

    /// Removes all values.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 4>::new();
    /// let key = slab.insert(7)?;
    /// slab.clear();
    /// assert_eq!((slab.len(), slab.get(key)), (0, None));
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    pub fn clear(&mut self) {
        self.retain(|_, _| false);
    }

    /// Checks that the free list has exactly the vacant places, and that the count is that of the others.
    fn check(&self) -> Result<(), ValidityError> {
        let (places, values, count) = (self.places.as_slice(), self.values.len(), self.count.unchecked());
        let taken = places.iter().filter(|place| !place.is_vacant()).count();
        if places.len() != values || taken != count {
            let what = format!("{values} values for {} places, {taken} taken of {count}, in a slab", places.len());
            return Err(ValidityError::new(what));
        }
        // If the free list ends after exactly as many steps as there are vacant places, it has no cycle.
        let mut next = self.vacant as usize;
        for _ in taken..places.len() {
            let place = next.checked_sub(1).and_then(|index| places.get(index)).filter(|place| place.is_vacant());
            let Some(place) = place else {
                return Err(ValidityError::new(format!("{next} leads to no vacant place of a slab")));
            };
            next = place.next as usize;
        }
        if next != 0 {
            return Err(ValidityError::new(format!("{next} follows on the last vacant place of a slab")));
        }
        Ok(())
    }
}

capacity! {
    all [T: SharedLayout, const N: usize] Slab<T, N>, "Slab::<u64, 2>", "values", |slab| slab.count.get(),
    "let mut slab = shmstate::Slab::<u64, 2>::new();\nslab.insert(7).unwrap();"
}

impl<T: SharedLayout, const N: usize> Index<Key<T>> for Slab<T, N> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, key: Key<T>) -> &T {
        let Some(value) = self.get(key) else { no_value(key) };
        value
    }
}

/// Marks the value.
impl<T: SharedLayout, const N: usize> IndexMut<Key<T>> for Slab<T, N> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, key: Key<T>) -> &mut T {
        let Some(value) = self.get_mut(key) else { no_value(key) };
        value
    }
}

#[cold]
#[track_caller]
fn no_value<T>(key: Key<T>) -> ! {
    panic!("the slab has no value of the key {key:?}")
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    /// Two values, in places 0 and 3, and two vacant places between them: 2 leads to 1.
    fn slab() -> Slab<u64, 4> {
        let mut slab = Slab::new();
        let keys = [10, 11, 12, 13].map(|value| slab.insert(value).unwrap());
        assert_eq!((slab.remove(keys[1]), slab.remove(keys[2])), (Some(11), Some(12)));
        slab
    }

    fn refusal<const N: usize>(slab: &Slab<u64, N>) -> String {
        // SAFETY: a value of the caller's.
        unsafe { Slab::validate(slab) }.map_or_else(|e| e.to_string(), |()| "sound".into())
    }

    #[test]
    fn the_vacant_places_are_checked() {
        assert_eq!(refusal(&slab()), "sound");
        let scribbled = |scribble: &dyn Fn(&mut Slab<u64, 4>)| {
            let mut slab = slab();
            scribble(&mut slab);
            refusal(&slab)
        };
        assert_eq!(scribbled(&|s| s.vacant = 1), "1 leads to no vacant place of a slab");
        assert_eq!(scribbled(&|s| s.vacant = 0), "0 leads to no vacant place of a slab");
        assert_eq!(scribbled(&|s| s.vacant = u32::MAX), "4294967295 leads to no vacant place of a slab");
        assert_eq!(scribbled(&|s| s.places[1].next = 3), "3 follows on the last vacant place of a slab");
        assert_eq!(scribbled(&|s| s.places[2].next = 3), "3 follows on the last vacant place of a slab");
        assert_eq!(scribbled(&|s| s.count = Len::new(3)), "4 values for 4 places, 2 taken of 3, in a slab");
        assert_eq!(scribbled(&|s| s.values.truncate(3)), "3 values for 4 places, 2 taken of 2, in a slab");
    }

    #[test]
    fn scribbled_words_do_no_harm() {
        for vacant in [0, 1, 2, 4, 5, u32::MAX] {
            for next in [0, 1, 2, 3, u32::MAX] {
                for (count, values, generation) in [(2, 4, 2), (0, 0, 2), (u32::MAX, 2, 3), (4, 3, u32::MAX)] {
                    let mut slab = slab();
                    (slab.vacant, slab.count) = (vacant, Len::of_word(count));
                    slab.places[1] = Place { generation, next };
                    slab.places[2].next = next;
                    slab.values.truncate(values);
                    let mut keys = vec![];
                    for value in 0..9 {
                        keys.extend(slab.insert(value).ok());
                    }
                    assert!(slab.len() <= 4 && slab.iter().count() <= 4 && slab.iter_mut().count() <= 4);
                    for key in keys {
                        if let Some(value) = slab.get_mut(key) {
                            *value += 1;
                        }
                        slab.remove(key);
                    }
                    slab.retain(|_, value| value % 2 == 0);
                    slab.clear();
                    assert_eq!(slab.values().count(), 0);
                }
            }
        }
    }

    #[test]
    fn generations_go_round() {
        let mut slab = Slab::<u64, 1>::new();
        let first = slab.insert(1).unwrap();
        slab.places[0].generation = u32::MAX;
        let last = Key::new(0, u32::MAX);
        assert_eq!((slab.remove(last), slab.places[0].generation), (Some(1), 0));
        assert_eq!(refusal(&slab), "sound");
        assert_eq!((slab.get(Key::NULL), slab.get(last), slab.get(first)), (None, None, None));
        assert_eq!(slab.insert(2).unwrap(), first);
    }
}
