//! What a list has in common with other values; what it has in common with a slice is in [`slice`](super::super::slice).

use super::List;
use crate::containers::place::clone_into;
use crate::layout::SharedLayout;

/// Clones the live items only.
impl<T: SharedLayout + Clone, const N: usize> Clone for List<T, N> {
    fn clone(&self) -> Self {
        let mut clone = Self::new();
        let items = self.as_slice();
        // SAFETY: there are as many items as slots.
        unsafe { clone.slots.fill(0..items.len(), items, clone_into) }
        clone
    }

    /// Clones item by item into this list, which needs no room on the stack; marks as many items as `source` has.
    ///
    /// If a clone panics, the items before it are new and the others old.
    fn clone_from(&mut self, source: &Self) {
        let items = source.as_slice();
        // SAFETY: there are as many items as slots.
        unsafe { self.slots.fill(0..items.len(), items, clone_into) }
    }
}
