//! Overwriting items, and changing their order.

macro_rules! slice_order {
    ($List:ident) => {
        impl<T: $crate::layout::SharedLayout, const N: usize> $List<T, N> {
            /// Swaps two items; marks those two.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([1, 2, 3]);")]
            /// list.swap(0, 2);
            /// assert_eq!(list, [3, 2, 1]);
            /// ```
            ///
            /// # Panics
            /// If one of them is not there.
            #[inline]
            #[track_caller]
            pub fn swap(&mut self, a: usize, b: usize) {
                let len = self.live();
                if a < len && b < len {
                    if a == b {
                        return;
                    }
                    self.mark_written(a..a + 1);
                    self.mark_written(b..b + 1);
                }
                $crate::containers::place::swap(self.unmarked_mut(len), a, b);
            }

            /// Reverses the order of the items; marks all.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([1, 2, 3]);")]
            /// list.reverse();
            /// assert_eq!(list, [3, 2, 1]);
            /// ```
            pub fn reverse(&mut self) {
                $crate::containers::place::reverse(self.reordered(self.live()));
            }

            /// Moves the first `count` items after the others; marks all.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([1, 2, 3]);")]
            /// list.rotate_left(1);
            /// assert_eq!(list, [2, 3, 1]);
            /// ```
            ///
            /// # Panics
            /// If there are fewer than `count`.
            #[track_caller]
            pub fn rotate_left(&mut self, count: usize) {
                let len = self.live();
                assert!(count <= len, "rotation by (is {count}) should be <= len (is {len})");
                if count != 0 && count != len {
                    $crate::containers::place::rotate_left(self.reordered(len), count);
                }
            }

            /// Moves the last `count` items before the others; marks all.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([1, 2, 3]);")]
            /// list.rotate_right(1);
            /// assert_eq!(list, [3, 1, 2]);
            /// ```
            ///
            /// # Panics
            /// If there are fewer than `count`.
            #[track_caller]
            pub fn rotate_right(&mut self, count: usize) {
                let len = self.live();
                assert!(count <= len, "rotation by (is {count}) should be <= len (is {len})");
                if count != 0 && count != len {
                    $crate::containers::place::rotate_left(self.reordered(len), len - count);
                }
            }

            /// Makes every item a clone of `value`; marks all.
            ///
            /// If a clone panics, the items before it are new and the others old.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([1, 2, 3]);")]
            /// list.fill(0);
            /// assert_eq!(list, [0, 0, 0]);
            /// ```
            pub fn fill(&mut self, value: T)
            where
                T: Clone,
            {
                let len = self.live();
                self.mark_written(0..len);
                self.unmarked_mut(len).fill(value);
            }

            /// Copies the items in `from` over the items from index `to` on; marks those that it overwrites.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 4>::from([1, 2, 3, 4]);")]
            /// list.copy_within(..2, 1);
            /// assert_eq!(list, [1, 1, 2, 4]);
            /// ```
            ///
            /// # Panics
            /// If any item of the source or of the destination is not there.
            #[track_caller]
            pub fn copy_within(&mut self, from: impl $crate::containers::ItemIndex<T, Output = [T]>, to: usize)
            where
                T: Copy,
            {
                let len = self.live();
                let Some(from) = from.bounds(len) else {
                    panic!("the range to be copied does not lie in the {len} items")
                };
                assert!(to <= len - from.len(), "{} items from {to} on do not lie in the {len} items", from.len());
                self.mark_written(to..to + from.len());
                self.unmarked_mut(len).copy_within(from, to);
            }

            /// Sorts the items and keeps the order of equal ones; marks all.
            ///
            /// It allocates what the `sort` of a slice allocates; [`sort_unstable`](Self::sort_unstable) allocates nothing.
            /// Items of more than 1 KiB are sorted through their indices: both methods allocate these, and pass no item over the
            /// stack. If a comparison panics, all items are there, in some order; that holds for every method that sorts.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([3, 1, 2]);")]
            /// list.sort();
            /// assert_eq!(list, [1, 2, 3]);
            /// ```
            pub fn sort(&mut self)
            where
                T: Ord,
            {
                self.sort_marked(T::cmp, |items, _| items.sort());
            }

            /// Sorts the items by `compare` and keeps the order of equal ones; marks all.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<f64, 3>::from([3.0, 1.0, 2.0]);")]
            /// list.sort_by(|a, b| b.total_cmp(a));
            /// assert_eq!(list, [3.0, 2.0, 1.0]);
            /// ```
            pub fn sort_by(&mut self, compare: impl FnMut(&T, &T) -> std::cmp::Ordering) {
                self.sort_marked(compare, <[T]>::sort_by);
            }

            /// Sorts the items by `key` and keeps the order of equal ones; marks all.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<i64, 3>::from([3, -1, 2]);")]
            /// list.sort_by_key(|item| item.abs());
            /// assert_eq!(list, [-1, 2, 3]);
            /// ```
            pub fn sort_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
                self.sort_marked(|a, b| key(a).cmp(&key(b)), <[T]>::sort_by);
            }

            /// Sorts the items, equal ones in any order; marks all.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([3, 1, 2]);")]
            /// list.sort_unstable();
            /// assert_eq!(list, [1, 2, 3]);
            /// ```
            pub fn sort_unstable(&mut self)
            where
                T: Ord,
            {
                self.sort_marked(T::cmp, |items, _| items.sort_unstable());
            }

            /// Sorts the items by `compare`, equal ones in any order; marks all.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<u64, 3>::from([3, 1, 2]);")]
            /// list.sort_unstable_by(|a, b| b.cmp(a));
            /// assert_eq!(list, [3, 2, 1]);
            /// ```
            pub fn sort_unstable_by(&mut self, compare: impl FnMut(&T, &T) -> std::cmp::Ordering) {
                self.sort_marked(compare, <[T]>::sort_unstable_by);
            }

            /// Sorts the items by `key`, equal ones in any order; marks all.
            ///
            /// ```
            #[doc = concat!("let mut list = shmstate::", stringify!($List), "::<i64, 3>::from([3, -1, 2]);")]
            /// list.sort_unstable_by_key(|item| -item);
            /// assert_eq!(list, [3, 2, -1]);
            /// ```
            pub fn sort_unstable_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
                self.sort_marked(|a, b| key(a).cmp(&key(b)), <[T]>::sort_unstable_by);
            }

            /// Sorts the items by `compare`, with `sort` if they are small; marks all.
            fn sort_marked<C: FnMut(&T, &T) -> std::cmp::Ordering>(&mut self, compare: C, sort: fn(&mut [T], C)) {
                $crate::containers::place::sort_by(self.reordered(self.live()), compare, sort);
            }

            /// All `len` items, marked as about to be moved, unless there are fewer than two, which stay where they are.
            fn reordered(&mut self, len: usize) -> &mut [T] {
                if len > 1 {
                    self.mark_written(0..len);
                }
                self.unmarked_mut(len)
            }
        }
    };
}

pub(in crate::containers) use slice_order;
