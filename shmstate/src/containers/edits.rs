//! Inserting and removing items, in the middle of a sequence and many at once: what a list and a queue have in common.

/// Defines these methods for a container with `len` and the following methods of its own:
/// * `shorten(len)`: keeps the first `len` items; there are at least as many
/// * `insert_among(len, index, value)`, `insert_with_among(len, index, init)`: insert among `len` items, if there is room
/// * `grow(from, to, fill)`: appends items `from..to`, for which there is room; if `fill` panics, `$panics` appended
/// * `move_all(other, len, more)`: appends the `more` items of `other`, for which there is room
macro_rules! edits {
    ($Container:ident, $it:literal, $panics:literal) => {
        impl<T: SharedLayout, const N: usize> $Container<T, N> {
            /// Inserts `value` before item `index`, or at the end; marks what is moved.
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($Container), "::<u64, 3>::from([1, 3]);")]
            #[doc = concat!($it, ".insert(1, 2)?;")]
            #[doc = concat!("assert_eq!(", $it, ", [1, 2, 3]);")]
            #[doc = concat!("assert_eq!(", $it, ".insert(0, 0).unwrap_err().into_inner(), 0);")]
            /// # Ok::<_, shmstate::CapacityError<u64>>(())
            /// ```
            ///
            /// # Errors
            /// Gives the value back when there is no room.
            ///
            /// # Panics
            /// If `index` is larger than the length, whether or not there is room.
            #[track_caller]
            pub fn insert(&mut self, index: usize, value: T) -> Result<(), CapacityError<T>> {
                let len = self.len_for_insertion(index);
                // SAFETY: it is the container's from here on, unless it is returned.
                match unsafe { self.insert_among(len, index, &value) } {
                    true => Ok(()),
                    // SAFETY: it is returned.
                    false => Err(unsafe { refused(&value, $it, N) }),
                }
            }

            /// Inserts an item that `init` fills in place, before item `index` or at the end, and returns a reference to it; marks
            /// what is moved.
            ///
            /// `init` finds what a new state starts with: zeroes, except the fields with `#[shared(init = …)]`. If it panics, the
            /// items are the same as before.
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($Container), "::<u64, 3>::from([1, 3]);")]
            #[doc = concat!($it, ".insert_with(1, |item| *item = 2)?;")]
            #[doc = concat!("assert_eq!(", $it, ", [1, 2, 3]);")]
            /// # Ok::<_, shmstate::CapacityError>(())
            /// ```
            ///
            /// # Errors
            /// If there is no room; `init` is not called then.
            ///
            /// # Panics
            /// If `index` is larger than the length, whether or not there is room.
            #[track_caller]
            pub fn insert_with(&mut self, index: usize, init: impl FnOnce(&mut T)) -> Result<&mut T, CapacityError> {
                let len = self.len_for_insertion(index);
                self.insert_with_among(len, index, init)
            }

            /// Inserts a default item before item `index`, or at the end, and returns a reference to it; marks what is moved.
            ///
            /// Containers, numbers and arrays of them are made in place. The default value of a type of your own passes
            /// over the stack; `insert_with(index, |_| ())` inserts the value that it has in a new state.
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($Container), "::<u64, 3>::from([1, 3]);")]
            #[doc = concat!("*", $it, ".insert_default(1)? += 2;")]
            #[doc = concat!("assert_eq!(", $it, ", [1, 2, 3]);")]
            /// # Ok::<_, shmstate::CapacityError>(())
            /// ```
            ///
            /// # Errors
            /// If there is no room.
            ///
            /// # Panics
            /// If `index` is larger than the length, whether or not there is room.
            #[track_caller]
            pub fn insert_default(&mut self, index: usize) -> Result<&mut T, CapacityError>
            where
                T: Default,
            {
                self.insert_with(index, set_default)
            }

            /// Makes it `len` items long: removes the last ones, or appends clones of `value`.
            ///
            #[doc = concat!("If a clone panics, ", $panics, " appended.")]
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($Container), "::<u64, 4>::from([1]);")]
            #[doc = concat!($it, ".resize(3, 7)?;")]
            #[doc = concat!("assert_eq!(", $it, ", [1, 7, 7]);")]
            #[doc = concat!("assert_eq!(", $it, ".resize(5, 8).unwrap_err().into_inner(), 8);")]
            /// # Ok::<_, shmstate::CapacityError<u64>>(())
            /// ```
            ///
            /// # Errors
            /// Gives the value back if `len` is larger than `N`; then nothing has changed.
            pub fn resize(&mut self, len: usize, value: T) -> Result<(), CapacityError<T>>
            where
                T: Clone,
            {
                match self.shorten_to(len) {
                    Ok(before) => {
                        self.grow(before, len, |to| to.clone_from(&value));
                        Ok(())
                    }
                    Err(full) => Err(full.with_value(value)),
                }
            }

            /// Makes it `len` items long: removes the last ones, or appends what `item` returns.
            ///
            #[doc = concat!("If `item` panics, ", $panics, " appended.")]
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($Container), "::<u64, 4>::from([1]);")]
            #[doc = concat!("let mut next = 5..;\n", $it, ".resize_with(3, || next.next().unwrap())?;")]
            #[doc = concat!("assert_eq!(", $it, ", [1, 5, 6]);")]
            /// # Ok::<_, shmstate::CapacityError>(())
            /// ```
            ///
            /// # Errors
            /// If `len` is larger than `N`; then nothing has changed.
            pub fn resize_with(&mut self, len: usize, mut item: impl FnMut() -> T) -> Result<(), CapacityError> {
                let before = self.shorten_to(len)?;
                self.grow(before, len, |to| *to = item());
                Ok(())
            }

            /// Makes it `len` items long: removes the last ones, or appends default items, as
            /// [`insert_default`](Self::insert_default) makes them.
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($Container), "::<u64, 4>::from([1]);")]
            #[doc = concat!($it, ".resize_default(3)?;")]
            #[doc = concat!("assert_eq!(", $it, ", [1, 0, 0]);")]
            /// # Ok::<_, shmstate::CapacityError>(())
            /// ```
            ///
            /// # Errors
            /// If `len` is larger than `N`; then nothing has changed.
            pub fn resize_default(&mut self, len: usize) -> Result<(), CapacityError>
            where
                T: Default,
            {
                let before = self.shorten_to(len)?;
                self.grow(before, len, set_default);
                Ok(())
            }

            /// Moves all items of `other` to the end, all or none. `other` is empty afterwards.
            ///
            /// ```
            #[doc = concat!("use shmstate::", stringify!($Container), ";\n")]
            #[doc = concat!("let mut ", $it, " = ", stringify!($Container), "::<u64, 4>::from([1]);")]
            #[doc = concat!("let mut other = ", stringify!($Container), "::<u64, 8>::from([2, 3]);")]
            #[doc = concat!($it, ".append(&mut other)?;")]
            #[doc = concat!("assert!(", $it, " == [1, 2, 3] && other.is_empty());")]
            /// other.extend([4, 5]);
            #[doc = concat!("assert_eq!(", $it, ".append(&mut other).unwrap_err().needed(), 5);")]
            /// assert_eq!(other, [4, 5]);
            /// # Ok::<_, shmstate::CapacityError>(())
            /// ```
            ///
            /// # Errors
            /// If there is not room for all of them; then nothing has changed.
            pub fn append<const M: usize>(&mut self, other: &mut $Container<T, M>) -> Result<(), CapacityError> {
                let (len, more) = (self.live(), other.live());
                if more > N - len {
                    return Err(CapacityError::new((), $it, N, len.saturating_add(more)));
                }
                self.move_all(other, len, more);
                other.clear();
                Ok(())
            }

            /// Removes the items in `range`, and yields them; marks the items after the range.
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($Container), "::<u64, 8>::from([1, 2, 3, 4, 5]);")]
            #[doc = concat!("assert!(", $it, ".drain(1..3).eq([2, 3]));")]
            #[doc = concat!("assert_eq!(", $it, ", [1, 4, 5]);")]
            /// ```
            ///
            /// # Panics
            /// If any of them is not there.
            #[track_caller]
            pub fn drain(&mut self, range: impl ItemIndex<T, Output = [T]>) -> Drain<'_, Self> {
                let len = self.live();
                let Some(gap) = range.bounds(len) else { panic!("the range to be drained does not lie in the {len} items") };
                self.shorten(gap.start);
                // SAFETY: these items were there, and only the length has changed.
                unsafe { Drain::new(self, gap, len) }
            }

            /// Takes all items out, in order.
            pub(in crate::containers) fn take_all(&mut self) -> Drain<'_, Self> {
                self.drain(..)
            }

            /// Keeps the first `len` items; does nothing if there are not more.
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($Container), "::<u64, 3>::from([1, 2, 3]);")]
            #[doc = concat!($it, ".truncate(1);")]
            #[doc = concat!("assert_eq!(", $it, ", [1]);")]
            /// ```
            #[inline]
            pub fn truncate(&mut self, len: usize) {
                self.shorten(len.min(self.live()));
            }

            /// Removes all items.
            ///
            /// ```
            #[doc = concat!("let mut ", $it, " = shmstate::", stringify!($Container), "::<u64, 3>::from([1, 2, 3]);")]
            #[doc = concat!($it, ".clear();")]
            #[doc = concat!("assert!(", $it, ".is_empty());")]
            /// ```
            #[inline]
            pub fn clear(&mut self) {
                self.shorten(0);
            }

            #[track_caller]
            fn len_for_insertion(&self, index: usize) -> usize {
                let len = self.live();
                assert!(index <= len, "insertion index (is {index}) should be <= len (is {len})");
                len
            }

            /// Keeps at most `len` items, if the capacity is that large. Returns how many there are.
            fn shorten_to(&mut self, len: usize) -> Result<usize, CapacityError> {
                if len > N {
                    return Err(CapacityError::new((), $it, N, len));
                }
                self.truncate(len);
                Ok(self.live().min(len))
            }
        }
    };
}

pub(super) use edits;
