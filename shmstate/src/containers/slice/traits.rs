//! A tracked slice compares, hashes, orders and prints as the slice of its items, whatever its capacity.

macro_rules! slice_traits {
    ($List:ident) => {
        #[doc = concat!("To a shared slice only: see the documentation of [`", stringify!($List), "`].")]
        impl<T: $crate::layout::SharedLayout, const N: usize> std::ops::Deref for $List<T, N> {
            type Target = [T];

            #[inline]
            fn deref(&self) -> &[T] {
                self.as_slice()
            }
        }

        impl<T: $crate::layout::SharedLayout + std::fmt::Debug, const N: usize> std::fmt::Debug for $List<T, N> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.as_slice().fmt(f)
            }
        }

        impl<T: $crate::layout::SharedLayout, const N: usize> AsRef<[T]> for $List<T, N> {
            fn as_ref(&self) -> &[T] {
                self
            }
        }

        /// Equality, order and hash are those of the slice.
        impl<T: $crate::layout::SharedLayout, const N: usize> std::borrow::Borrow<[T]> for $List<T, N> {
            fn borrow(&self) -> &[T] {
                self
            }
        }

        impl<T, U, const N: usize, const M: usize> PartialEq<$List<U, M>> for $List<T, N>
        where
            T: $crate::layout::SharedLayout + PartialEq<U>,
            U: $crate::layout::SharedLayout,
        {
            fn eq(&self, other: &$List<U, M>) -> bool {
                self.as_slice() == other.as_slice()
            }
        }

        $crate::containers::slice::slice_eq! {
            $List;
            [] [U];
            [] &[U];
            [] &mut [U];
            [] Vec<U>;
            [const M: usize] [U; M];
            [const M: usize] &[U; M];
        }

        impl<T: $crate::layout::SharedLayout + Eq, const N: usize> Eq for $List<T, N> {}

        impl<T, const N: usize, const M: usize> PartialOrd<$List<T, M>> for $List<T, N>
        where
            T: $crate::layout::SharedLayout + PartialOrd,
        {
            fn partial_cmp(&self, other: &$List<T, M>) -> Option<std::cmp::Ordering> {
                self.as_slice().partial_cmp(other.as_slice())
            }
        }

        impl<T: $crate::layout::SharedLayout + Ord, const N: usize> Ord for $List<T, N> {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.as_slice().cmp(other.as_slice())
            }
        }

        impl<T: $crate::layout::SharedLayout + std::hash::Hash, const N: usize> std::hash::Hash for $List<T, N> {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.as_slice().hash(state);
            }
        }
    };
}

/// Equality with what is no container, both ways.
macro_rules! slice_eq {
    ($List:ident; $([$($param:tt)*] $other:ty;)*) => {$(
        impl<T, U, const N: usize, $($param)*> PartialEq<$other> for $List<T, N>
        where
            T: $crate::layout::SharedLayout + PartialEq<U>,
        {
            fn eq(&self, other: &$other) -> bool {
                self.as_slice() == &other[..]
            }
        }

        impl<T, U: PartialEq<T>, const N: usize, $($param)*> PartialEq<$List<T, N>> for $other
        where
            T: $crate::layout::SharedLayout,
        {
            fn eq(&self, other: &$List<T, N>) -> bool {
                &self[..] == other.as_slice()
            }
        }
    )*};
}

pub(in crate::containers) use {slice_eq, slice_traits};
