//! What a list has in common with a slice: a list behaves as the slice of its items, whatever its capacity.

use super::List;
use crate::layout::SharedLayout;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

impl<T: SharedLayout, const N: usize> Default for List<T, N> {
    /// An empty list, as [`List::new`].
    fn default() -> Self {
        Self::new()
    }
}

/// To a shared slice only: see the documentation of [`List`].
impl<T: SharedLayout, const N: usize> Deref for List<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

/// Clones the items that there are.
impl<T: SharedLayout + Clone, const N: usize> Clone for List<T, N> {
    fn clone(&self) -> Self {
        let mut clone = Self::new();
        let items = self.as_slice();
        for (to, from) in clone.items.iter_mut().zip(items) {
            to.write(from.clone());
        }
        clone.head = self.head.cloned(items.len());
        clone
    }

    /// Clones item by item into this list, which needs no room on the stack; marks the items of `source`.
    ///
    /// If a clone panics, the items before it are new and the others old.
    fn clone_from(&mut self, source: &Self) {
        let items = source.as_slice();
        let len = items.len();
        self.overwrite(0..len);
        for (to, from) in self.items.iter_mut().zip(items) {
            to.write(from.clone());
        }
        self.head.len = len as u32;
    }
}

impl<T: SharedLayout + fmt::Debug, const N: usize> fmt::Debug for List<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T: SharedLayout, const N: usize> AsRef<[T]> for List<T, N> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

/// Equality, order and hash of a list are those of the slice.
impl<T: SharedLayout, const N: usize> Borrow<[T]> for List<T, N> {
    fn borrow(&self) -> &[T] {
        self
    }
}

impl<T: SharedLayout + PartialEq<U>, U: SharedLayout, const N: usize, const M: usize> PartialEq<List<U, M>>
    for List<T, N>
{
    fn eq(&self, other: &List<U, M>) -> bool {
        self.as_slice() == other.as_slice()
    }
}

/// Equality with what is no list, both ways.
macro_rules! eq {
    ($([$($param:tt)*] $other:ty;)*) => {$(
        impl<T: SharedLayout + PartialEq<U>, U, const N: usize, $($param)*> PartialEq<$other> for List<T, N> {
            fn eq(&self, other: &$other) -> bool {
                self.as_slice() == &other[..]
            }
        }

        impl<T: SharedLayout, U: PartialEq<T>, const N: usize, $($param)*> PartialEq<List<T, N>> for $other {
            fn eq(&self, other: &List<T, N>) -> bool {
                &self[..] == other.as_slice()
            }
        }
    )*};
}

eq! {
    [] [U];
    [] &[U];
    [] &mut [U];
    [] Vec<U>;
    [const M: usize] [U; M];
    [const M: usize] &[U; M];
}

impl<T: SharedLayout + Eq, const N: usize> Eq for List<T, N> {}

impl<T: SharedLayout + PartialOrd, const N: usize, const M: usize> PartialOrd<List<T, M>> for List<T, N> {
    fn partial_cmp(&self, other: &List<T, M>) -> Option<Ordering> {
        self.as_slice().partial_cmp(other.as_slice())
    }
}

impl<T: SharedLayout + Ord, const N: usize> Ord for List<T, N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl<T: SharedLayout + Hash, const N: usize> Hash for List<T, N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}
