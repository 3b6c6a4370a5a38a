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

        $crate::containers::compare::compare! {
            [T: $crate::layout::SharedLayout, const N: usize] $List<T, N>, of [T], [const M: usize] $List<T, M>,
            [U: $crate::layout::SharedLayout, const M: usize] $List<U, M> where [T: PartialEq<U>], |list| list.as_slice()
        }

        $crate::containers::compare::compare! {
            std [T: $crate::layout::SharedLayout, U, const N: usize] $List<T, N>, [T: PartialEq<U>] [U: PartialEq<T>], as_slice;
            [] [U];
            [] &[U];
            [] &mut [U];
            [] Vec<U>;
            [const M: usize] [U; M];
            [const M: usize] &[U; M];
        }

        $crate::containers::compare::iterate! {
            [T: $crate::layout::SharedLayout, const N: usize] $List<T, N>,
            std::slice::Iter<'a, T> = &'a T, std::slice::IterMut<'a, T> = &'a mut T
        }
    };
}

pub(in crate::containers) use slice_traits;
