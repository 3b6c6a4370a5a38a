//! How many items a container has, and how many more fit: the same methods on each.

/// Writes them for a container: `$len` is the number of `$items` in `$it`; the statements `$one` make an example of it that has one
/// and room for two. With `all`, also `new`, of which `$new` names the type in an example, `Default`, `len` and `is_empty`; or all but the length
/// of what derefs.
macro_rules! capacity {
    (
        all_but_len [$($generics:tt)*] $Container:ty, $new:literal, $items:literal, |$it:ident| $len:expr, $one:literal
    ) => {
        impl<$($generics)*> $Container {
            #[doc = concat!("An empty ", stringify!($it), ".")]
            ///
            /// It has the size of a full one. A small one may be on the stack; for a large one, use
            /// [`new_box_zeroed`](crate::SharedLayout::new_box_zeroed).
            ///
            /// ```
            #[doc = concat!("assert!(shmstate::", $new, "::new().is_empty());")]
            /// ```
            #[must_use]
            pub fn new() -> Self {
                let () = Self::PROVED;
                Self::zeroed()
            }
        }

        $crate::containers::capacity::capacity! { default [$($generics)*] $Container, $it }
        $crate::containers::capacity::capacity! { room [$($generics)*] $Container, $items, |$it| $len, $one }
    };
    (
        all [$($generics:tt)*] $Container:ty, $new:literal, $items:literal, |$it:ident| $len:expr, $one:literal
    ) => {
        $crate::containers::capacity::capacity! {
            all_but_len [$($generics)*] $Container, $new, $items, |$it| $len, $one
        }

        impl<$($generics)*> $Container {
            #[doc = concat!("How many ", $items, " there are.")]
            ///
            /// ```
            #[doc = $one]
            #[doc = concat!("assert_eq!(", stringify!($it), ".len(), 1);")]
            /// ```
            #[inline]
            #[must_use]
            pub const fn len(&self) -> usize {
                let $it = self;
                $len
            }

            #[doc = concat!("Whether there are no ", $items, ".")]
            ///
            /// ```
            #[doc = $one]
            #[doc = concat!("assert!(!", stringify!($it), ".is_empty());")]
            /// ```
            #[inline]
            #[must_use]
            pub const fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }
    };
    (default [$($generics:tt)*] $Container:ty, $it:ident) => {
        impl<$($generics)*> Default for $Container {
            #[doc = concat!("An empty ", stringify!($it), ".")]
            fn default() -> Self {
                Self::new()
            }
        }
    };
    (room [$($generics:tt)*] $Container:ty, $items:literal, |$it:ident| $len:expr, $one:literal) => {
        impl<$($generics)*> $Container {
            #[doc = concat!("How many ", $items, " fit: `N`.")]
            ///
            /// ```
            #[doc = $one]
            #[doc = concat!("assert_eq!(", stringify!($it), ".capacity(), 2);")]
            /// ```
            #[inline]
            #[must_use]
            pub const fn capacity(&self) -> usize {
                N
            }

            #[doc = concat!("How many more ", $items, " fit.")]
            ///
            /// ```
            #[doc = $one]
            #[doc = concat!("assert_eq!(", stringify!($it), ".remaining(), 1);")]
            /// ```
            #[inline]
            #[must_use]
            pub const fn remaining(&self) -> usize {
                let $it = self;
                N - $len
            }

            #[doc = concat!("Whether no more ", $items, " fit.")]
            ///
            /// ```
            #[doc = $one]
            #[doc = concat!("assert!(!", stringify!($it), ".is_full());")]
            /// ```
            #[inline]
            #[must_use]
            pub const fn is_full(&self) -> bool {
                self.remaining() == 0
            }
        }
    };
}

pub(super) use capacity;
