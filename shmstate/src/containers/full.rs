//! The errors of a container that has no room: with the value, and without.

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
///
/// Containers of different items give different types of this error. `?` makes one type of them: [`CapacityError`], or
/// [`Error`](crate::Error).
#[derive(Clone, PartialEq, Eq)]
pub struct Full<T = ()> {
    value: T,
    error: CapacityError,
}

/// A container has no room: [`Full`] without the value, and so one type for all containers.
///
/// `?` makes it of a [`Full`] of any value, and an [`Error`](crate::Error) of it.
///
/// ```
/// use shmstate::{CapacityError, List, Text};
///
/// fn fill(list: &mut List<u64, 2>, text: &mut Text<8>) -> Result<(), CapacityError> {
///     list.push(1)?; // `Full<u64>`
///     text.push_str("a long text")?; // `Full<()>`
///     Ok(())
/// }
///
/// let full = fill(&mut List::new(), &mut Text::new()).unwrap_err();
/// assert_eq!((full.capacity(), full.needed()), (8, 11));
/// assert_eq!(full.to_string(), "the text is full: it holds at most 8, and 11 were needed");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CapacityError {
    container: &'static str,
    capacity: usize,
    needed: usize,
}

impl CapacityError {
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
}

impl fmt::Display for CapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CapacityError { container, capacity, needed } = self;
        write!(f, "the {container} is full: it holds at most {capacity}, and {needed} were needed")
    }
}

impl std::error::Error for CapacityError {}

impl<T> From<Full<T>> for CapacityError {
    fn from(full: Full<T>) -> Self {
        full.error
    }
}

impl<T> Full<T> {
    #[cold]
    pub(crate) fn new(value: T, container: &'static str, capacity: usize, needed: usize) -> Self {
        Full { value, error: CapacityError { container, capacity, needed } }
    }

    /// The value that found no room.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }

    /// How much the container holds at most: items of a list, entries of a map, bytes of a text.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.error.capacity
    }

    /// How much it would have had to hold, in the same unit.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.error.needed
    }

    /// The same error without the value.
    #[must_use]
    pub fn without_value(&self) -> Full {
        self.with_value(())
    }

    /// The same error with what `f` makes of the value.
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Full<U> {
        Full { value: f(self.value), error: self.error }
    }

    /// The same error with another value.
    pub(crate) fn with_value<U>(&self, value: U) -> Full<U> {
        Full { value, error: self.error }
    }
}

impl<T> fmt::Display for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

/// Without the value, so that errors of any item type can be reported.
impl<T> fmt::Debug for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CapacityError { container, capacity, needed } = &self.error;
        f.debug_struct("Full")
            .field("container", container)
            .field("capacity", capacity)
            .field("needed", needed)
            .finish_non_exhaustive()
    }
}

impl<T> std::error::Error for Full<T> {}
