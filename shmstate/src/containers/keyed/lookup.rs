//! [`Lookup`]: what a key is looked up by.

use crate::containers::{Blob, List, Text};
use crate::layout::SharedLayout;
use std::borrow::Borrow;

/// What the keys of a map or a set can be looked up by: any type that they can be borrowed as. As in std, a [`Text`] can
/// also be looked up by a `String`, and a [`Blob`] or a [`List`] by a `Vec`.
///
/// ```
/// use shmstate::{Map, Text};
///
/// let name = String::from("apple");
/// let prices = Map::<Text<8>, u64, 4>::from([(Text::from_static("apple"), 30)]);
/// assert_eq!((prices.get(&name), prices.get("apple"), prices[&name]), (Some(&30), Some(&30), 30));
/// ```
#[diagnostic::on_unimplemented(
    message = "a key of type `{Self}` cannot be looked up by a `{Q}`",
    label = "`{Self}` does not implement `Borrow<{Q}>`"
)]
pub trait Lookup<Q: ?Sized> {
    /// The type as which both are compared, hashed and ordered.
    #[doc(hidden)]
    type As: ?Sized;

    /// The key.
    #[doc(hidden)]
    fn key(&self) -> &Self::As;

    /// What is looked for.
    #[doc(hidden)]
    fn sought(by: &Q) -> &Self::As;
}

impl<K: Borrow<Q>, Q: ?Sized> Lookup<Q> for K {
    type As = Q;

    #[inline]
    fn key(&self) -> &Q {
        self.borrow()
    }

    #[inline]
    fn sought(by: &Q) -> &Q {
        by
    }
}

/// Lets a container be looked up by its counterpart in std: both are compared as a slice or `str`.
macro_rules! lookup {
    ($([$($generics:tt)*] $Container:ty, $Std:ty, $As:ty;)*) => {$(
        impl<$($generics)*> Lookup<$Std> for $Container {
            type As = $As;

            #[inline]
            fn key(&self) -> &$As {
                self
            }

            #[inline]
            fn sought(by: &$Std) -> &$As {
                by
            }
        }
    )*};
}

lookup! {
    [const N: usize] Text<N>, String, str;
    [const N: usize] Blob<N>, Vec<u8>, [u8];
    [T: SharedLayout, const N: usize] List<T, N>, Vec<T>, [T];
}
