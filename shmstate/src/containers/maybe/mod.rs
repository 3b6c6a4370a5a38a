//! [`Maybe`]: a value that may be absent.
//!
//! This file: the type and its methods; `option`, `traits`: what it has in common with an `Option`.

mod option;
mod traits;

use super::derived::derived;
use super::moved_out::move_out;
use super::place::set_default;
use crate::layout::{SharedLayout, ValidityError};
use std::mem;

/// An `Option` of fixed layout. All zeroes is none.
///
/// [`as_option`](Maybe::as_option) and [`as_mut`](Maybe::as_mut) give the `Option` with all its methods; `?` works on that.
///
/// ```
/// use shmstate::{Maybe, SharedLayout};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Order { price: u64, limit: Maybe<u64> }
///
/// let mut order = Order { price: 5, limit: Maybe::none() };
/// assert_eq!(order.limit, None);
/// order.limit = Some(7).into();
/// assert_eq!(order.limit.as_ref().map(|limit| limit - order.price), Some(2));
///
/// fn left(order: &mut Order) -> Option<u64> {
///     let limit = order.limit.as_mut()?;
///     *limit -= 1;
///     Some(*limit)
/// }
/// assert_eq!(left(&mut order), Some(6));
/// assert_eq!(order.limit.take(), Some(6));
/// order.limit = None.into();
/// assert!(order.limit.is_none());
/// ```
///
/// # Cost
/// It is a plain value like a struct of a flag and a `T`: everything in it that is not a container is copied wherever the item or
/// the fields around it are copied, whether or not there is a value. Containers in it note what is touched in them, as anywhere
/// else; one that was put in as a whole counts as touched from end to end. Taking a value out moves all its bytes. For large plain
/// values that seldom come or change there are `Maybe<Tracked<T>>` ([`Tracked`](crate::Tracked)) and `List<T, 1>`.
///
/// # Beside `Option`
/// | `Option` | here |
/// |---|---|
/// | `Some(value)`, `None` | `Maybe::some(value)`, `Maybe::none()`; `Some(value).into()`, `None.into()` |
/// | `match maybe`, `if let` | `match maybe.as_ref()`, `if let Some(x) = maybe.as_mut()` |
/// | `is_some`, `is_none`, `as_ref`, `as_mut`, `as_deref`, `as_deref_mut`, `iter`, `iter_mut`, `take`, `take_if`, `replace`, `insert`, `get_or_insert`, `get_or_insert_default`, `get_or_insert_with`, `copied`, `cloned` | the same; [`as_option`](Maybe::as_option) is `as_ref` |
/// | `unwrap`, `unwrap_or`, `unwrap_or_else`, `unwrap_or_default`, `expect`, `map`, `map_or`, `map_or_else`, `and_then`, `filter`, `or`, `or_else`, `ok_or`, `ok_or_else`, `is_some_and`, `is_none_or` | the same; what returns an `Option` there does here |
/// | `?`, and what else takes `self`: `and`, `xor`, `inspect`, `zip`, `unzip`, `flatten`, `transpose`, `unwrap_unchecked` | after `as_option()`, `as_mut()`, `take()`, or [`into_option`](Maybe::into_option) |
/// | `insert_with`, `get_or_init`, `insert_default`, `discard` | new: no value passes over the stack, which large ones have no room on |
/// | `as_slice`, `as_mut_slice`, `as_pin_ref`, `as_pin_mut` | not there: `as_ref`, `as_mut` |
///
/// # Layout
/// One byte, 1 if there is a value; then, at the next multiple of its alignment, the `T`. Without a value its bytes are
/// those of some other `T`, or zeroes.
///
/// # Sizes
/// The value is at least one byte large; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Maybe::<[u8; 0]>::none();
/// ```
#[repr(C)]
pub struct Maybe<T> {
    /// 1 with a value, 0 without; anything else counts as 1.
    some: u8,
    /// A `T` in either case, as zeroes are: so it walks like any other field.
    value: T,
}

derived! {
    [T: SharedLayout] Maybe<T> { some: u8, value: T, }
    check: Self::check,
}

impl<T: SharedLayout> Maybe<T> {
    /// What every such type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        assert!(size_of::<T>() > 0, "a Maybe of a zero-sized value is a flag: use a `bool`");
        assert!(!mem::needs_drop::<T>(), "the value of a Maybe has no drop glue");
        let _ = T::LAYOUT;
    };

    /// Without a value.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::<u64>::none(), None);
    /// ```
    #[must_use]
    pub fn none() -> Self {
        let () = Self::PROVED;
        Self::zeroed()
    }

    /// With a value.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7), Some(7));
    /// ```
    #[must_use]
    pub const fn some(value: T) -> Self {
        let () = Self::PROVED;
        Maybe { some: 1, value }
    }

    /// Whether there is a value.
    ///
    /// ```
    /// assert!(shmstate::Maybe::some(7).is_some());
    /// ```
    #[inline]
    #[must_use]
    pub const fn is_some(&self) -> bool {
        self.some != 0
    }

    /// Whether there is none.
    ///
    /// ```
    /// assert!(shmstate::Maybe::<u64>::none().is_none());
    /// ```
    #[inline]
    #[must_use]
    pub const fn is_none(&self) -> bool {
        !self.is_some()
    }

    /// The value, borrowed.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).as_ref(), Some(&7));
    /// ```
    #[inline]
    #[must_use]
    pub const fn as_ref(&self) -> Option<&T> {
        if self.is_some() { Some(&self.value) } else { None }
    }

    /// The value, borrowed, in an `Option`: [`as_ref`](Maybe::as_ref) by the name of what it gives.
    ///
    /// ```
    /// use shmstate::{Maybe, Text};
    ///
    /// fn initial(name: &Maybe<Text<16>>) -> Option<char> {
    ///     name.as_option()?.chars().next()
    /// }
    /// assert_eq!(initial(&Maybe::some("Zoë".parse()?)), Some('Z'));
    /// assert_eq!(initial(&Maybe::none()), None);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn as_option(&self) -> Option<&T> {
        self.as_ref()
    }

    /// The value, to be changed.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::some(7);
    /// maybe.as_mut().map(|value| *value += 1);
    /// assert_eq!(maybe, Some(8));
    /// ```
    #[inline]
    #[must_use]
    pub const fn as_mut(&mut self) -> Option<&mut T> {
        if self.is_some() { Some(&mut self.value) } else { None }
    }

    /// What the value derefs to.
    ///
    /// ```
    /// use shmstate::{Maybe, Text};
    ///
    /// let name = Maybe::some(Text::<8>::try_from("Zoë")?);
    /// assert_eq!(name.as_deref(), Some("Zoë"));
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn as_deref(&self) -> Option<&T::Target>
    where
        T: std::ops::Deref,
    {
        self.as_ref().map(|value| &**value)
    }

    /// What the value derefs to, to be changed.
    ///
    /// ```
    /// use shmstate::{Maybe, Pod};
    ///
    /// let mut maybe = Maybe::some(Pod([1u8, 2]));
    /// maybe.as_deref_mut().unwrap()[0] = 7;
    /// assert_eq!(maybe, Some(Pod([7, 2])));
    /// ```
    #[inline]
    #[must_use]
    pub fn as_deref_mut(&mut self) -> Option<&mut T::Target>
    where
        T: std::ops::DerefMut,
    {
        self.as_mut().map(|value| &mut **value)
    }

    /// The value itself, in an `Option`.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).into_option(), Some(7));
    /// ```
    #[inline]
    #[must_use]
    pub fn into_option(self) -> Option<T> {
        self.is_some().then_some(self.value)
    }

    /// A copy of the value.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).copied(), Some(7));
    /// ```
    #[inline]
    #[must_use]
    pub const fn copied(&self) -> Option<T>
    where
        T: Copy,
    {
        if self.is_some() { Some(self.value) } else { None }
    }

    /// A clone of the value.
    ///
    /// ```
    /// assert_eq!(shmstate::Maybe::some(7).cloned(), Some(7));
    /// ```
    #[must_use]
    pub fn cloned(&self) -> Option<T>
    where
        T: Clone,
    {
        self.as_ref().cloned()
    }

    /// Takes the value out; what stays is none.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::some(7);
    /// assert_eq!((maybe.take(), maybe.take()), (Some(7), None));
    /// ```
    #[inline]
    pub fn take(&mut self) -> Option<T> {
        if self.is_none() {
            return None;
        }
        self.some = 0;
        // SAFETY: there is none from here on.
        Some(unsafe { move_out(&self.value) })
    }

    /// Removes the value without returning it, so that it does not pass over the stack. Returns whether there was one.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::some(7);
    /// assert!(maybe.discard() && !maybe.discard());
    /// assert_eq!(maybe, None);
    /// ```
    #[inline]
    pub const fn discard(&mut self) -> bool {
        let was = self.is_some();
        self.some = 0;
        was
    }

    /// Takes the value out if there is one and `is` returns true for it; then none stays. `is` may change the value.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::some(7);
    /// assert_eq!((maybe.take_if(|n| *n > 7), maybe.take_if(|n| *n > 6)), (None, Some(7)));
    /// ```
    #[inline]
    pub fn take_if(&mut self, is: impl FnOnce(&mut T) -> bool) -> Option<T> {
        if self.as_mut().is_some_and(is) { self.take() } else { None }
    }

    /// Puts a value in, and returns the one that was there.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::none();
    /// assert_eq!((maybe.replace(7), maybe.replace(8)), (None, Some(7)));
    /// ```
    #[inline]
    pub fn replace(&mut self, value: T) -> Option<T> {
        let was = self.is_some();
        self.some = 1;
        let old = mem::replace(&mut self.value, value);
        if was { Some(old) } else { None }
    }

    /// Puts a value in, whatever was there, and lends it.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::none();
    /// *maybe.insert(7) += 1;
    /// assert_eq!(maybe, Some(8));
    /// ```
    #[inline]
    pub fn insert(&mut self, value: T) -> &mut T {
        self.some = 1;
        self.value = value;
        &mut self.value
    }

    /// Puts in a value that `init` fills where it lies, whatever was there, and lends it.
    ///
    /// No value passes over the stack, which has no room for large ones. `init` finds what a new state starts with: zeroes, except
    /// the fields with `#[shared(init = …)]`. If it panics, there is none.
    ///
    /// ```
    /// use shmstate::{List, Maybe};
    ///
    /// let mut maybe = Maybe::<List<u64, 4>>::none();
    /// maybe.insert_with(|list| list.extend([1, 2]));
    /// assert_eq!(maybe.as_deref(), Some(&[1, 2][..]));
    /// ```
    #[inline]
    pub fn insert_with(&mut self, init: impl FnOnce(&mut T)) -> &mut T {
        self.some = 0;
        T::reset(&mut self.value);
        init(&mut self.value);
        self.some = 1;
        &mut self.value
    }

    /// Puts in a default value, whatever was there, and lends it.
    ///
    /// Containers, numbers and arrays of them are made where they lie. The default value of a type of your own passes over
    /// the stack; `insert_with(|_| ())` puts in what such a type is in a new state.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::some(7);
    /// *maybe.insert_default() += 1;
    /// assert_eq!(maybe, Some(1));
    /// ```
    #[inline]
    pub fn insert_default(&mut self) -> &mut T
    where
        T: Default,
    {
        self.insert_with(set_default)
    }

    /// Lends the value; if there is none, puts in one that `init` fills where it lies, as
    /// [`insert_with`](Self::insert_with) does.
    ///
    /// ```
    /// use shmstate::{List, Maybe};
    ///
    /// let mut maybe = Maybe::<List<u64, 4>>::none();
    /// maybe.get_or_init(|list| list.extend([1])).extend([2]);
    /// assert_eq!(maybe.as_deref(), Some(&[1, 2][..]));
    /// ```
    #[inline]
    pub fn get_or_init(&mut self, init: impl FnOnce(&mut T)) -> &mut T {
        if self.is_none() {
            self.insert_with(init);
        }
        &mut self.value
    }

    /// Lends the value; if there is none, puts this one in first.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::none();
    /// assert_eq!((*maybe.get_or_insert(7), *maybe.get_or_insert(8)), (7, 7));
    /// ```
    #[inline]
    pub fn get_or_insert(&mut self, value: T) -> &mut T {
        self.get_or_insert_with(|| value)
    }

    /// Lends the value; if there is none, puts the default one in first.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::<u64>::none();
    /// *maybe.get_or_insert_default() += 1;
    /// assert_eq!(maybe, Some(1));
    /// ```
    #[inline]
    pub fn get_or_insert_default(&mut self) -> &mut T
    where
        T: Default,
    {
        self.get_or_init(set_default)
    }

    /// Lends the value; if there is none, puts what `make` returns in first.
    ///
    /// If `make` panics, there is none.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::none();
    /// *maybe.get_or_insert_with(|| 7) += 1;
    /// assert_eq!(maybe, Some(8));
    /// ```
    #[inline]
    pub fn get_or_insert_with(&mut self, make: impl FnOnce() -> T) -> &mut T {
        if self.is_none() {
            self.value = make();
            self.some = 1;
        }
        &mut self.value
    }

    /// The value as an iterator over one item or none.
    ///
    /// ```
    /// let maybes = [shmstate::Maybe::some(7), shmstate::Maybe::none(), shmstate::Maybe::some(8)];
    /// assert_eq!(maybes.iter().flatten().sum::<u64>(), 15);
    /// ```
    #[inline]
    pub fn iter(&self) -> std::option::IntoIter<&T> {
        self.as_ref().into_iter()
    }

    /// The value as an iterator over one item or none, to be changed.
    ///
    /// ```
    /// let mut maybe = shmstate::Maybe::some(7);
    /// maybe.iter_mut().for_each(|value| *value += 1);
    /// assert_eq!(maybe, Some(8));
    /// ```
    #[inline]
    pub fn iter_mut(&mut self) -> std::option::IntoIter<&mut T> {
        self.as_mut().into_iter()
    }

    /// Whether the flag is one.
    fn check(&self) -> Result<(), ValidityError> {
        match self.some {
            0 | 1 => Ok(()),
            other => Err(ValidityError::new(format!(
                "{other} says neither that there is a value (1) nor that there is none (0)"
            ))),
        }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn a_scribbled_flag_is_refused_and_does_no_harm() {
        let mut maybe = Maybe::some(true);
        maybe.some = 7;
        assert_eq!((maybe.is_some(), maybe.as_ref()), (true, Some(&true)));
        // SAFETY: a value of its own.
        let refused = unsafe { Maybe::validate(&maybe) }.unwrap_err();
        assert_eq!(refused.to_string(), "7 says neither that there is a value (1) nor that there is none (0)");
        assert_eq!((maybe.take(), maybe.some), (Some(true), 0));
        let bytes = [0u8, 2];
        // SAFETY: two initialised bytes, as large and aligned as that type; the walk makes no value of them.
        let refused = unsafe { Maybe::<bool>::validate(bytes.as_ptr().cast()) }.unwrap_err();
        assert_eq!(refused.to_string(), "`value`: 2 is no bool (0 or 1)", "after none as well");
    }
}
