//! The error of a container that has no room.

use std::fmt;

/// A container has no room for a value; the value comes back in the error.
///
/// ```
/// use shmstate::List;
///
/// let mut list = List::<u8, 1>::new();
/// list.push(1)?;
/// let full = list.push(2).unwrap_err();
/// assert_eq!(full.to_string(), "the list is full: it holds at most 1, and 2 were needed");
/// assert_eq!(full.into_inner(), 2);
/// # Ok::<_, shmstate::Full<u8>>(())
/// ```
///
/// Whatever could grow a container returns this error, and what it says of the container in that case holds. Only the
/// traits `Extend` and `FromIterator` have no place for an error: `extend` and `collect` panic when there is no room,
/// which rolls an update back; `try_extend` and `try_from_iter` do the same with an error. Only a
/// [`Ring`](crate::Ring) always has room.
#[derive(Clone, PartialEq, Eq)]
pub struct Full<T = ()> {
    value: T,
    container: &'static str,
    capacity: usize,
    needed: usize,
}

impl<T> Full<T> {
    #[cold]
    pub(crate) fn new(value: T, container: &'static str, capacity: usize, needed: usize) -> Self {
        Full { value, container, capacity, needed }
    }

    /// The value that found no room.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }

    /// How much the container holds at most: items of a list, entries of a map, bytes of a text.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How much it would have had to hold, in the same unit.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.needed
    }

    /// The same error without the value.
    #[must_use]
    pub fn without_value(&self) -> Full {
        self.with_value(())
    }

    /// The same error with what `f` makes of the value.
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Full<U> {
        Full { value: f(self.value), container: self.container, capacity: self.capacity, needed: self.needed }
    }

    /// The same error with another value.
    pub(crate) fn with_value<U>(&self, value: U) -> Full<U> {
        Full { value, container: self.container, capacity: self.capacity, needed: self.needed }
    }
}

impl<T> fmt::Display for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Full { container, capacity, needed, .. } = self;
        write!(f, "the {container} is full: it holds at most {capacity}, and {needed} were needed")
    }
}

/// Without the value, so that errors of any item type can be reported.
impl<T> fmt::Debug for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Full")
            .field("container", &self.container)
            .field("capacity", &self.capacity)
            .field("needed", &self.needed)
            .finish_non_exhaustive()
    }
}

impl<T> std::error::Error for Full<T> {}
