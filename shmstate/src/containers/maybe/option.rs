//! The methods of an `Option` that take it by value.

use super::Maybe;
use crate::layout::SharedLayout;

/// Methods that are those of [`Maybe::into_option`].
macro_rules! of_option {
    ($($(#[$meta:meta])* fn $method:ident $(<$Generic:ident>)? ($($argument:ident: $Argument:ty),*) -> $Returned:ty
        $(where $Bound:ty: $bound:ident)?;)*) => {
        impl<T: SharedLayout> Maybe<T> {$(
            $(#[$meta])*
            #[inline]
            #[track_caller]
            pub fn $method$(<$Generic>)?(self, $($argument: $Argument),*) -> $Returned
            $(where $Bound: $bound)?
            {
                self.into_option().$method($($argument),*)
            }
        )*}
    };
}

of_option! {
    /// The value.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).unwrap(), 7);
    /// ```
    ///
    /// # Panics
    /// If there is none.
    fn unwrap() -> T;

    /// The value.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).expect("a limit"), 7);
    /// ```
    ///
    /// # Panics
    /// If there is none, with `message`.
    fn expect(message: &str) -> T;

    /// The value, or `default`.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::none().unwrap_or(7), 7);
    /// ```
    fn unwrap_or(default: T) -> T;

    /// The value, or what `default` returns.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::none().unwrap_or_else(|| 7), 7);
    /// ```
    fn unwrap_or_else(default: impl FnOnce() -> T) -> T;

    /// The value, or the default one.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::<u64>::none().unwrap_or_default(), 0);
    /// ```
    fn unwrap_or_default() -> T where T: Default;

    /// What `f` makes of the value.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).map(|n| n + 1), Some(8));
    /// ```
    fn map<U>(f: impl FnOnce(T) -> U) -> Option<U>;

    /// What `f` makes of the value, or `default`.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).map_or(0, |n| n + 1), 8);
    /// ```
    fn map_or<U>(default: U, f: impl FnOnce(T) -> U) -> U;

    /// What `f` makes of the value, or what `default` returns.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::<u64>::none().map_or_else(|| 0, |n| n + 1), 0);
    /// ```
    fn map_or_else<U>(default: impl FnOnce() -> U, f: impl FnOnce(T) -> U) -> U;

    /// What `f` makes of the value, if that is something.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7u64).and_then(|n| n.checked_sub(8)), None);
    /// ```
    fn and_then<U>(f: impl FnOnce(T) -> Option<U>) -> Option<U>;

    /// The value, if `keep` returns true.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).filter(|n| *n > 7), None);
    /// ```
    fn filter(keep: impl FnOnce(&T) -> bool) -> Option<T>;

    /// The value, or what is in `other`.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::none().or(Some(7)), Some(7));
    /// ```
    fn or(other: Option<T>) -> Option<T>;

    /// The value, or what `other` returns.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::none().or_else(|| Some(7)), Some(7));
    /// ```
    fn or_else(other: impl FnOnce() -> Option<T>) -> Option<T>;

    /// The value.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).ok_or("no limit"), Ok(7));
    /// ```
    ///
    /// # Errors
    /// If there is none, `error`.
    fn ok_or<E>(error: E) -> Result<T, E>;

    /// The value.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::<u64>::none().ok_or_else(|| "no limit"), Err("no limit"));
    /// ```
    ///
    /// # Errors
    /// If there is none, what `error` returns.
    fn ok_or_else<E>(error: impl FnOnce() -> E) -> Result<T, E>;

    /// Whether there is a value of which `is` returns true.
    ///
    /// ```
    /// assert!(shmstate::Maybe::some(7).is_some_and(|n| n > 6));
    /// ```
    #[must_use]
    fn is_some_and(is: impl FnOnce(T) -> bool) -> bool;

    /// Whether there is none, or one of which `is` returns true.
    ///
    /// ```
    /// assert!(shmstate::Maybe::<u64>::none().is_none_or(|n| n > 6));
    /// ```
    #[must_use]
    fn is_none_or(is: impl FnOnce(T) -> bool) -> bool;
}
