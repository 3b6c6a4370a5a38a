//! Adding many items at once.

use super::List;
use crate::containers::CapacityError;
use crate::containers::collect::collect;
use crate::containers::drain::{Drain, Drained};
use crate::containers::edits::edits;
use crate::containers::moved_out::refused;
use crate::containers::place::{clone_into, set_default};
use crate::containers::slice::ItemIndex;
use crate::layout::SharedLayout;
use std::ops::Range;

impl<T: SharedLayout, const N: usize> List<T, N> {
    /// A list of clones of `items`.
    ///
    /// ```
    /// use shmstate::List;
    ///
    /// assert_eq!(List::<u64, 4>::from_slice(&[1, 2])?, [1, 2]);
    /// assert!(List::<u64, 4>::from_slice(&[0; 5]).is_err());
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If there are more than `N`.
    pub fn from_slice(items: &[T]) -> Result<Self, CapacityError>
    where
        T: Clone,
    {
        let mut list = Self::new();
        list.extend_from_slice(items)?;
        Ok(list)
    }

    /// Appends clones of `items`, all or none.
    ///
    /// If a clone panics, none is appended.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 4>::from([1]);
    /// list.extend_from_slice(&[2, 3])?;
    /// assert_eq!(list.extend_from_slice(&[4, 5]).unwrap_err().needed(), 5);
    /// assert_eq!(list, [1, 2, 3]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If there is not room for all of them; then nothing has changed.
    pub fn extend_from_slice(&mut self, items: &[T]) -> Result<(), CapacityError>
    where
        T: Clone,
    {
        let len = self.live();
        if items.len() > N - len {
            return Err(CapacityError::new((), "list", N, len.saturating_add(items.len())));
        }
        // SAFETY: there are as many items as slots.
        unsafe { self.slots.fill(len..len + items.len(), items, clone_into) }
        Ok(())
    }
}

impl<T: SharedLayout, const N: usize> Drained for List<T, N> {
    type Item = T;

    #[inline]
    unsafe fn spend(&mut self, index: usize) -> T {
        // SAFETY: the caller's promise: it was a value, and is not read twice.
        unsafe { self.slots.take(index) }
    }

    fn close(&mut self, gap: Range<usize>, len: usize) {
        let end = len - gap.len();
        self.slots.carry(gap.end..len, gap.start);
        // SAFETY: the items after the gap were values, and lie from its start on now.
        unsafe { self.slots.set_len(end) }
    }
}

/// The same as [`List::from_slice`].
impl<T: SharedLayout + Clone, const N: usize> TryFrom<&[T]> for List<T, N> {
    type Error = CapacityError;

    fn try_from(items: &[T]) -> Result<Self, CapacityError> {
        Self::from_slice(items)
    }
}

edits!(List, "list", "none is");

collect! {
    (T) [T: SharedLayout, const N: usize] List<T, N> of T,
    "items" ("item"), |list, item| list.push(item), "List::<u64, 2>", "[1, 2, 3]", "3"
}
