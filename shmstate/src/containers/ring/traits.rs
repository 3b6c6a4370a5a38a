//! What a ring has in common with a `VecDeque`: it behaves as the sequence of its items, whatever its capacity.

use super::Ring;
use crate::containers::deque_iter::{Iter, IterMut, out_of_bounds, sequence};
use crate::layout::SharedLayout;

sequence! { Ring, list, "ring", "oldest": fn oldest() fn oldest_mut(), "latest": fn latest() fn latest_mut() }

/// Clones the items that there are.
impl<T: SharedLayout + Clone, const N: usize> Clone for Ring<T, N> {
    fn clone(&self) -> Self {
        Ring { start: self.start, reserved: 0, list: self.list.clone() }
    }

    /// Clones item by item into this ring, which needs no room on the stack.
    fn clone_from(&mut self, source: &Self) {
        self.clear();
        self.list.clone_from(&source.list);
        self.start = source.start;
    }
}

/// Pushes item after item; if they are more than `N`, the last `N` stay.
impl<T: SharedLayout, const N: usize> Extend<T> for Ring<T, N> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| drop(self.push(item)));
    }
}

/// Pushes item after item; if they are more than `N`, the last `N` stay.
impl<'a, T: SharedLayout + Copy, const N: usize> Extend<&'a T> for Ring<T, N> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, items: I) {
        self.extend(items.into_iter().copied());
    }
}

/// The last `N` of the items.
///
/// ```
/// assert_eq!(shmstate::Ring::<u64, 2>::from_iter([1, 2, 3]), [2, 3]);
/// ```
impl<T: SharedLayout, const N: usize> FromIterator<T> for Ring<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut ring = Self::new();
        ring.extend(items);
        ring
    }
}

/// The last `N` of the items.
///
/// ```
/// assert_eq!(shmstate::Ring::<u64, 2>::from([1, 2, 3]), [2, 3]);
/// ```
impl<T: SharedLayout, const N: usize, const M: usize> From<[T; M]> for Ring<T, N> {
    fn from(items: [T; M]) -> Self {
        items.into_iter().collect()
    }
}
