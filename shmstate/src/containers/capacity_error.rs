//! [`CapacityError`]: the error of a container that has no room.

use std::fmt;

/// A container has no room for a value. The error gives the value back.
///
/// ```
/// use shmstate::List;
///
/// let mut list = List::<u8, 1>::new();
/// list.push(1)?;
/// let error = list.push(2).unwrap_err();
/// assert_eq!(error.to_string(), "the list is full: it holds at most 1, and 2 were needed");
/// assert_eq!(error.into_inner(), 2);
/// # Ok::<_, shmstate::CapacityError<u8>>(())
/// ```
///
/// Each method that could grow a container returns this error, and documents what the container holds in that case. Only the
/// traits `Extend` and `FromIterator` have no place for an error: `extend` and `collect` panic when there is no room,
/// which rolls an update back; `try_extend` and `try_from_iter` do the same with an error. Only a
/// [`Ring`](crate::Ring) always has room.
///
/// Containers of different items give different types of this error. `?` turns each of them into [`Error`](crate::Error), and
/// [`without_value`](Self::without_value) into `CapacityError<()>`:
///
/// ```
/// use shmstate::{Error, List, Text};
///
/// fn fill(list: &mut List<u64, 2>, text: &mut Text<8>) -> Result<(), Error> {
///     list.push(1)?; // `CapacityError<u64>`
///     text.push_str("a long text")?; // `CapacityError<()>`
///     Ok(())
/// }
///
/// let error = fill(&mut List::new(), &mut Text::new()).unwrap_err();
/// assert_eq!(error.to_string(), "the text is full: it holds at most 8, and 11 were needed");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CapacityError<T = ()> {
    value: T,
    container: &'static str,
    capacity: usize,
    needed: usize,
}

impl<T> CapacityError<T> {
    #[cold]
    pub(crate) fn new(value: T, container: &'static str, capacity: usize, needed: usize) -> Self {
        CapacityError { value, container, capacity, needed }
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

    /// The same error without the value: one type for the containers of all items.
    ///
    /// ```
    /// use shmstate::{CapacityError, List, Text};
    ///
    /// fn fill(list: &mut List<u64, 1>, text: &mut Text<8>) -> Result<(), CapacityError> {
    ///     list.push(1).map_err(|e| e.without_value())?;
    ///     text.push_str("a long text")
    /// }
    ///
    /// let error = fill(&mut List::new(), &mut Text::new()).unwrap_err();
    /// assert_eq!((error.capacity(), error.needed()), (8, 11));
    /// ```
    #[must_use]
    pub fn without_value(&self) -> CapacityError {
        self.with_value(())
    }

    /// The same error with what `f` makes of the value.
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> CapacityError<U> {
        let CapacityError { value, container, capacity, needed } = self;
        CapacityError { value: f(value), container, capacity, needed }
    }

    /// The same error with another value.
    pub(crate) fn with_value<U>(&self, value: U) -> CapacityError<U> {
        CapacityError { value, container: self.container, capacity: self.capacity, needed: self.needed }
    }
}

impl<T> fmt::Display for CapacityError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CapacityError { container, capacity, needed, .. } = self;
        write!(f, "the {container} is full: it holds at most {capacity}, and {needed} were needed")
    }
}

/// Without the value, so that errors of any item type can be reported.
impl<T> fmt::Debug for CapacityError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapacityError")
            .field("container", &self.container)
            .field("capacity", &self.capacity)
            .field("needed", &self.needed)
            .finish_non_exhaustive()
    }
}

impl<T> std::error::Error for CapacityError<T> {}
