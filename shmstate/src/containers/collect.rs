//! Filling a container from an iterator or an array: the same methods and traits on each that may have no room.

/// Writes them for a container: `$push` adds one of its `$items` and gives it back if there is no room. `$three` is an array of
/// three of them, of which `$third` is the last, for an example in which two fit. What is copied out of references comes first:
/// an item, or a key and a value.
macro_rules! collect {
    (
        $copied:tt [$($generics:tt)*] $Container:ident<$($argument:ident),*> of $Item:ty,
        $items:literal ($item:literal), |$it:ident, $one:ident| $push:expr, $type:literal, $three:literal, $third:literal
    ) => {
        impl<$($generics)*> $Container<$($argument),*> {
            #[doc = concat!("A ", stringify!($it), " of what `", $items, "` yields; as [`try_extend`](Self::try_extend).")]
            ///
            /// For one that is too large for the stack: [`new_box_zeroed`](crate::SharedLayout::new_box_zeroed), then `try_extend`.
            ///
            /// ```
            #[doc = concat!("let full = shmstate::", $type, "::try_from_iter(", $three, ").unwrap_err();")]
            #[doc = concat!("assert_eq!(full.into_inner(), ", $third, ");")]
            /// ```
            ///
            /// # Errors
            #[doc = concat!("Gives the first ", $item, " back that finds no room.")]
            pub fn try_from_iter(items: impl IntoIterator<Item = $Item>) -> Result<Self, CapacityError<$Item>> {
                let mut new = Self::new();
                new.try_extend(items)?;
                Ok(new)
            }

            #[doc = concat!("Adds what `", $items, "` yields, up to the first ", $item, " that finds no room.")]
            ///
            #[doc = concat!("What was added before an error, or before `", $items, "` panics, stays. Inside an update, returning the")]
            /// error undoes it.
            ///
            /// ```
            #[doc = concat!("let mut ", stringify!($it), " = shmstate::", $type, "::new();")]
            #[doc = concat!("let full = ", stringify!($it), ".try_extend(", $three, ").unwrap_err();")]
            #[doc = concat!("assert_eq!((full.into_inner(), ", stringify!($it), ".len()), (", $third, ", 2));")]
            /// ```
            ///
            /// # Errors
            #[doc = concat!("Gives the first ", $item, " back that finds no room; later ones are not asked for.")]
            pub fn try_extend(
                &mut self,
                items: impl IntoIterator<Item = $Item>,
            ) -> Result<(), CapacityError<$Item>> {
                let $it = self;
                items.into_iter().try_for_each(|$one| $push)
            }
        }

        #[doc = concat!("That the array fits in the ", stringify!($it), " is proved while the program compiles:")]
        ///
        /// ```compile_fail
        #[doc = concat!("let full = shmstate::", $type, "::from(", $three, ");")]
        /// ```
        impl<$($generics)*, const M: usize> From<[$Item; M]> for $Container<$($argument),*> {
            fn from(items: [$Item; M]) -> Self {
                const {
                    assert!(M <= N, concat!("the array has more ", $items, " than the ", stringify!($Container), " holds"));
                }
                Self::from_iter(items)
            }
        }

        /// # Panics
        /// If there is no room: `try_from_iter` returns an error then.
        impl<$($generics)*> FromIterator<$Item> for $Container<$($argument),*> {
            #[track_caller]
            fn from_iter<I: IntoIterator<Item = $Item>>(items: I) -> Self {
                let mut new = Self::new();
                new.extend(items);
                new
            }
        }

        /// # Panics
        #[doc = concat!("If there is no room, with the ", $items, " before added: `try_extend` returns an error then.")]
        impl<$($generics)*> Extend<$Item> for $Container<$($argument),*> {
            #[track_caller]
            fn extend<I: IntoIterator<Item = $Item>>(&mut self, items: I) {
                if let Err(full) = self.try_extend(items) {
                    panic!("{full}: `try_extend` and `try_from_iter` return an error instead");
                }
            }
        }

        $crate::containers::collect::collect! { copied $copied [$($generics)*] $Container<$($argument),*>, $items }
    };
    (copied ($T:ty) [$($generics:tt)*] $Container:ty, $items:literal) => {
        /// # Panics
        #[doc = concat!("If there is no room, with the ", $items, " before added: `try_extend` returns an error then.")]
        impl<'a, $($generics)*> Extend<&'a $T> for $Container
        where
            $T: Copy,
        {
            #[track_caller]
            fn extend<I: IntoIterator<Item = &'a $T>>(&mut self, items: I) {
                self.extend(items.into_iter().copied());
            }
        }
    };
    (copied ($K:ident, $V:ident) [$($generics:tt)*] $Container:ty, $items:literal) => {
        /// # Panics
        #[doc = concat!("If there is no room, with the ", $items, " before added: `try_extend` returns an error then.")]
        impl<'a, $($generics)*> Extend<(&'a $K, &'a $V)> for $Container
        where
            $K: Copy,
            $V: Copy,
        {
            #[track_caller]
            fn extend<I: IntoIterator<Item = (&'a $K, &'a $V)>>(&mut self, items: I) {
                self.extend(items.into_iter().map(|(key, value)| (*key, *value)));
            }
        }
    };
}

pub(super) use collect;
