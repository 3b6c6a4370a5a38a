//! [`Tracked`]: a plain value that is copied only when it was changed.

use super::Array;
use super::compare::compare;
use super::derived::derived;
use crate::layout::SharedLayout;
use std::borrow::{Borrow, BorrowMut};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// A value that an update copies only if it was borrowed for writing: for a large plain part that seldom changes.
///
/// Plain fields are copied before each update, whether they change or not. A configuration of some kilobytes in a `Tracked` is
/// not copied until it is written to. Use a `Tracked` like a `Box`.
///
/// ```
/// use shmstate::{SharedLayout, Tracked};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Config { limits: [u64; 500], retries: u64 }
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Server { requests: u64, config: Tracked<Config> }
///
/// let mut server = Server::new_box_zeroed();
/// server.requests += 1; // the config is not looked at
/// server.config.retries = 3; // the config is copied
/// assert_eq!(server.config.retries, 3);
/// ```
///
/// # Cost
/// Each mutable borrow of the value marks all of it, even a call of a method with `&mut self`; reading marks nothing.
/// Containers inside of it still note what is touched in them, so that such a borrow costs only the plain fields around
/// them. Below about 500 bytes, plain fields are cheaper, because the marks take room and time themselves.
///
/// # Beside `Box`
/// | `Box<T>` | here |
/// |---|---|
/// | `new`, `*boxed`, `boxed.method()`, `From<T>`, comparisons, `Hash`, `Debug`, `Display` | the same |
/// | `*boxed` by value | [`into_inner`](Tracked::into_inner) |
/// | `pin`, `into_pin`, `leak`, `into_raw`, `from_raw`, `new_uninit`, `downcast`, unsized values | not there: the value lies in the state itself |
///
/// # Layout
/// That of an [`Array<T, 1>`](Array).
///
/// # Sizes
/// The value is at least one byte large; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Tracked::new([0u8; 0]);
/// ```
#[repr(C)]
pub struct Tracked<T> {
    value: Array<T, 1>,
}

derived! {
    [T: SharedLayout] Tracked<T> { value: Array<T, 1>, }
    default_is_zero: T::DEFAULT_IS_ZERO,
}

impl<T: SharedLayout> Tracked<T> {
    /// What every such type has to fulfil beyond its array; evaluated while the program compiles.
    const PROVED: () = {
        let _ = T::LAYOUT;
        assert!(size_of::<T>() > 0, "a Tracked zero-sized value holds nothing");
    };

    /// A tracked `value`.
    ///
    /// ```
    /// assert_eq!(*shmstate::Tracked::new(7), 7);
    /// ```
    #[must_use]
    pub fn new(value: T) -> Self {
        let () = Self::PROVED;
        Tracked { value: [value].into() }
    }

    /// The value itself.
    ///
    /// ```
    /// assert_eq!(shmstate::Tracked::new(7).into_inner(), 7);
    /// ```
    #[must_use]
    pub fn into_inner(self) -> T {
        let [value] = self.value.into_array();
        value
    }
}

impl<T: SharedLayout> Deref for Tracked<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        let [value] = self.value.as_array();
        value
    }
}

/// Marks the value.
impl<T: SharedLayout> DerefMut for Tracked<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value[0]
    }
}

impl<T: SharedLayout> From<T> for Tracked<T> {
    fn from(value: T) -> Self {
        Tracked::new(value)
    }
}

impl<T: SharedLayout + Default> Default for Tracked<T> {
    fn default() -> Self {
        Tracked::new(T::default())
    }
}

impl<T: SharedLayout + Clone> Clone for Tracked<T> {
    fn clone(&self) -> Self {
        Tracked::new(T::clone(self))
    }

    /// Clones into the value; marks it.
    fn clone_from(&mut self, source: &Self) {
        T::clone_from(self, source);
    }
}

impl<T: SharedLayout> AsRef<T> for Tracked<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

/// Marks the value.
impl<T: SharedLayout> AsMut<T> for Tracked<T> {
    fn as_mut(&mut self) -> &mut T {
        self
    }
}

/// Equality, order and hash are those of the value.
impl<T: SharedLayout> Borrow<T> for Tracked<T> {
    fn borrow(&self) -> &T {
        self
    }
}

/// Marks the value.
impl<T: SharedLayout> BorrowMut<T> for Tracked<T> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: SharedLayout + fmt::Display> fmt::Display for Tracked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

compare! { [T: SharedLayout] Tracked<T>, of [T], [] Self, [] Self where [T: PartialEq], |tracked| &**tracked }
