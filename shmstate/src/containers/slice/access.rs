//! Mutable borrows of items.

macro_rules! slice_access {
    ($List:ident) => {
        impl<T: $crate::layout::SharedLayout, const N: usize> $List<T, N> {
            /// All items, as a mutable slice; marks all of them.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([1, 2, 3]);")]
            /// let (left, right) = list.as_mut_slice().split_at_mut(1);
            /// std::mem::swap(&mut left[0], &mut right[1]);
            /// assert_eq!(list, [3, 2, 1]);
            /// ```
            #[inline]
            #[must_use]
            pub fn as_mut_slice(&mut self) -> &mut [T] {
                let live = self.live();
                self.mark_borrowed(0..live);
                self.unmarked_mut(live)
            }

            /// A mutable reference to the item or items at `index`; `None` if any of them is not there.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([1, 2, 3]);")]
            /// list.get_mut(1..).unwrap().fill(9);
            /// assert_eq!(list, [1, 9, 9]);
            /// assert_eq!(list.get_mut(3), None);
            /// ```
            #[inline]
            #[must_use]
            pub fn get_mut<I: $crate::containers::ItemIndex<T>>(&mut self, index: I) -> Option<&mut I::Output> {
                let live = self.live();
                self.mark_borrowed(index.bounds(live)?);
                self.unmarked_mut(live).get_mut(index)
            }

            /// A mutable reference to the first item.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 2>::from([1, 2]);")]
            /// *list.first_mut().unwrap() = 5;
            /// assert_eq!(list, [5, 2]);
            /// ```
            #[inline]
            #[must_use]
            pub fn first_mut(&mut self) -> Option<&mut T> {
                self.get_mut(0)
            }

            /// A mutable reference to the last item.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 2>::from([1, 2]);")]
            /// *list.last_mut().unwrap() = 5;
            /// assert_eq!(list, [1, 5]);
            /// ```
            #[inline]
            #[must_use]
            pub fn last_mut(&mut self) -> Option<&mut T> {
                self.get_mut(self.live().checked_sub(1)?)
            }

            /// Mutable references to the items, one by one; marks all of them, whether the iterator reaches them or not.
            ///
            /// If few items change, find them with `iter` and change them through their indices.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 2>::from([1, 2]);")]
            /// list.iter_mut().for_each(|item| *item *= 10);
            /// assert_eq!(list, [10, 20]);
            /// ```
            #[inline]
            pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
                self.as_mut_slice().iter_mut()
            }
        }
    };
}

pub(in crate::containers) use slice_access;
