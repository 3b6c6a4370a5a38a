//! Items that lie in two slices of one piece of memory: what a ring and a queue have in common.

use std::iter::FusedIterator;
use std::slice;

macro_rules! iterator {
    ($(#[$doc:meta])* $name:ident over $slice:ident of $item:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<'a, T> {
            first: slice::$slice<'a, T>,
            second: slice::$slice<'a, T>,
        }

        impl<'a, T> Iterator for $name<'a, T> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                self.first.next().or_else(|| self.second.next())
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                let left = self.first.len() + self.second.len();
                (left, Some(left))
            }

            #[inline]
            fn nth(&mut self, n: usize) -> Option<$item> {
                let beyond = n.checked_sub(self.first.len());
                // Past its end, that leaves nothing of the first slice.
                self.first.nth(n).or_else(|| self.second.nth(beyond?))
            }

            #[inline]
            fn fold<A, F: FnMut(A, $item) -> A>(self, start: A, mut f: F) -> A {
                let between = self.first.fold(start, &mut f);
                self.second.fold(between, f)
            }
        }

        impl<T> DoubleEndedIterator for $name<'_, T> {
            #[inline]
            fn next_back(&mut self) -> Option<Self::Item> {
                self.second.next_back().or_else(|| self.first.next_back())
            }

            #[inline]
            fn rfold<A, F: FnMut(A, Self::Item) -> A>(self, start: A, mut f: F) -> A {
                let between = self.second.rfold(start, &mut f);
                self.first.rfold(between, f)
            }
        }

        impl<T> ExactSizeIterator for $name<'_, T> {}
        impl<T> FusedIterator for $name<'_, T> {}
    };
}

iterator! {
    /// The items of a [`Ring`](crate::Ring) or a [`Queue`](crate::Queue), in their order.
    Iter over Iter of &'a T
}

iterator! {
    /// The items of a [`Ring`](crate::Ring) or a [`Queue`](crate::Queue), in their order, to be changed.
    IterMut over IterMut of &'a mut T
}

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter { first: self.first.clone(), second: self.second.clone() }
    }
}

impl<'a, T> Iter<'a, T> {
    pub(super) fn new((first, second): (&'a [T], &'a [T])) -> Self {
        Iter { first: first.iter(), second: second.iter() }
    }
}

impl<'a, T> IterMut<'a, T> {
    pub(super) fn new((first, second): (&'a mut [T], &'a mut [T])) -> Self {
        IterMut { first: first.iter_mut(), second: second.iter_mut() }
    }
}

/// What follows from the items and their order: `name` has `len`, `as_slices`, `as_mut_slices`, a container `items`, and `place`, which
/// says where in that an item lies. Both ends have names of their own.
macro_rules! sequence {
    (
        $name:ident, $items:ident, $it:literal,
        $first_is:literal: fn $first:ident() fn $first_mut:ident(), $last_is:literal: fn $last:ident() fn $last_mut:ident()
    ) => {
        impl<T: SharedLayout, const N: usize> $name<T, N> {
            #[doc = concat!("The ", $first_is, " item.")]
            ///
            /// ```
            #[doc = concat!("assert_eq!(shmstate::", stringify!($name), "::<u64, 2>::from([1, 2]).", stringify!($first), "(), Some(&1));")]
            /// ```
            #[inline]
            #[must_use]
            pub fn $first(&self) -> Option<&T> {
                self.get(0)
            }

            #[doc = concat!("The ", $first_is, " item, to be changed; marks it.")]
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($name), "::<u64, 2>::from([1, 2]);")]
            #[doc = concat!("*", $it, ".", stringify!($first_mut), "().unwrap() = 7;")]
            #[doc = concat!("assert_eq!(", $it, ", [7, 2]);")]
            /// ```
            #[inline]
            #[must_use]
            pub fn $first_mut(&mut self) -> Option<&mut T> {
                self.get_mut(0)
            }

            #[doc = concat!("The ", $last_is, " item.")]
            ///
            /// ```
            #[doc = concat!("assert_eq!(shmstate::", stringify!($name), "::<u64, 2>::from([1, 2]).", stringify!($last), "(), Some(&2));")]
            /// ```
            #[inline]
            #[must_use]
            pub fn $last(&self) -> Option<&T> {
                self.get(self.len().checked_sub(1)?)
            }

            #[doc = concat!("The ", $last_is, " item, to be changed; marks it.")]
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($name), "::<u64, 2>::from([1, 2]);")]
            #[doc = concat!("*", $it, ".", stringify!($last_mut), "().unwrap() = 7;")]
            #[doc = concat!("assert_eq!(", $it, ", [1, 7]);")]
            /// ```
            #[inline]
            #[must_use]
            pub fn $last_mut(&mut self) -> Option<&mut T> {
                self.get_mut(self.len().checked_sub(1)?)
            }

            #[doc = concat!("Item `index`, counted from the ", $first_is, " one.")]
            ///
            /// ```
            #[doc = concat!("let ", $it, " = shmstate::", stringify!($name), "::<u64, 2>::from([1, 2]);")]
            #[doc = concat!("assert_eq!((", $it, ".get(1), ", $it, ".get(2)), (Some(&2), None));")]
            /// ```
            #[inline]
            #[must_use]
            pub fn get(&self, index: usize) -> Option<&T> {
                self.$items.get(self.slot_of(index)?)
            }

            #[doc = concat!("Item `index`, counted from the ", $first_is, " one, to be changed; marks it.")]
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($name), "::<u64, 2>::from([1, 2]);")]
            #[doc = concat!("*", $it, ".get_mut(1).unwrap() = 7;")]
            #[doc = concat!("assert_eq!(", $it, ", [1, 7]);")]
            /// ```
            #[inline]
            #[must_use]
            pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
                let at = self.slot_of(index)?;
                self.$items.get_mut(at)
            }

            /// Whether an item equals `value`.
            ///
            /// ```
            #[doc = concat!("assert!(shmstate::", stringify!($name), "::<u64, 2>::from([1, 2]).contains(&2));")]
            /// ```
            #[must_use]
            pub fn contains(&self, value: &T) -> bool
            where
                T: PartialEq,
            {
                let (first, second) = self.as_slices();
                first.contains(value) || second.contains(value)
            }

            #[doc = concat!("The items, from the ", $first_is, " to the ", $last_is, " one.")]
            ///
            /// ```
            #[doc = concat!("let ", $it, " = shmstate::", stringify!($name), "::<u64, 2>::from([1, 2]);")]
            #[doc = concat!("assert!(", $it, ".iter().eq(&[1, 2]) && ", $it, ".iter().rev().eq(&[2, 1]));")]
            /// ```
            #[inline]
            pub fn iter(&self) -> Iter<'_, T> {
                Iter::new(self.as_slices())
            }

            /// The items in that order, to be changed; marks all of them, whether the iterator gets to them or not.
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($name), "::<u64, 2>::from([1, 2]);")]
            #[doc = concat!($it, ".iter_mut().for_each(|item| *item *= 10);")]
            #[doc = concat!("assert_eq!(", $it, ", [10, 20]);")]
            /// ```
            #[inline]
            pub fn iter_mut(&mut self) -> IterMut<'_, T> {
                IterMut::new(self.as_mut_slices())
            }
        }

        impl<T: SharedLayout + std::fmt::Debug, const N: usize> std::fmt::Debug for $name<T, N> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_list().entries(self).finish()
            }
        }

        impl<T: SharedLayout, const N: usize> std::ops::Index<usize> for $name<T, N> {
            type Output = T;

            #[inline]
            #[track_caller]
            fn index(&self, index: usize) -> &T {
                let Some(item) = self.get(index) else { out_of_bounds(self.len(), index) };
                item
            }
        }

        /// Marks the item.
        impl<T: SharedLayout, const N: usize> std::ops::IndexMut<usize> for $name<T, N> {
            #[inline]
            #[track_caller]
            fn index_mut(&mut self, index: usize) -> &mut T {
                let len = self.len();
                let Some(item) = self.get_mut(index) else { out_of_bounds(len, index) };
                item
            }
        }

        $crate::containers::compare::iterate! {
            [T: SharedLayout, const N: usize] $name<T, N>, Iter<'a, T> = &'a T, IterMut<'a, T> = &'a mut T
        }

        impl<T: SharedLayout + PartialEq<U>, U: SharedLayout, const N: usize, const M: usize> PartialEq<$name<U, M>>
            for $name<T, N>
        {
            fn eq(&self, other: &$name<U, M>) -> bool {
                self.len() == other.len() && self.iter().eq(other)
            }
        }

        $crate::containers::deque_iter::sequence! { @eq $name
            [] [U];
            [] &[U];
            [] &mut [U];
            [] Vec<U>;
            [] std::collections::VecDeque<U>;
            [const M: usize] [U; M];
            [const M: usize] &[U; M];
        }

        impl<T: SharedLayout + Eq, const N: usize> Eq for $name<T, N> {}

        impl<T: SharedLayout + PartialOrd, const N: usize, const M: usize> PartialOrd<$name<T, M>> for $name<T, N> {
            fn partial_cmp(&self, other: &$name<T, M>) -> Option<std::cmp::Ordering> {
                self.iter().partial_cmp(other)
            }
        }

        impl<T: SharedLayout + Ord, const N: usize> Ord for $name<T, N> {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.iter().cmp(other)
            }
        }

        /// The same as that of a `VecDeque` with these items.
        impl<T: SharedLayout + std::hash::Hash, const N: usize> std::hash::Hash for $name<T, N> {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                let items = self.iter();
                items.len().hash(state);
                items.for_each(|item| item.hash(state));
            }
        }
    };
    (@eq $name:ident $([$($param:tt)*] $other:ty;)*) => {$(
        impl<T: SharedLayout + PartialEq<U>, U, const N: usize, $($param)*> PartialEq<$other> for $name<T, N> {
            fn eq(&self, other: &$other) -> bool {
                self.len() == other.len() && self.iter().eq(other.iter())
            }
        }

        impl<T: SharedLayout, U: PartialEq<T>, const N: usize, $($param)*> PartialEq<$name<T, N>> for $other {
            fn eq(&self, other: &$name<T, N>) -> bool {
                self.len() == other.len() && self.iter().eq(other)
            }
        }
    )*};
}

pub(super) use sequence;

#[cold]
#[track_caller]
pub(super) fn out_of_bounds(len: usize, index: usize) -> ! {
    panic!("index out of bounds: the len is {len} but the index is {index}")
}
