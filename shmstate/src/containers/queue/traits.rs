//! What a queue has in common with a `VecDeque`: it behaves as the sequence of its items, whatever its capacity.

use super::Queue;
use crate::containers::deque_iter::{Iter, IterMut, out_of_bounds, sequence};
use crate::layout::SharedLayout;

sequence! { Queue, slots, "queue", "first": fn front() fn front_mut(), "last": fn back() fn back_mut() }

/// Clones the items that there are.
impl<T: SharedLayout + Clone, const N: usize> Clone for Queue<T, N> {
    fn clone(&self) -> Self {
        let mut clone = Self::new();
        clone.clone_from(self);
        clone
    }

    /// Clones item by item into this queue, which needs no room on the stack; marks them.
    ///
    /// If a clone panics, the items before it are there.
    fn clone_from(&mut self, source: &Self) {
        self.clear();
        for item in source {
            // There is room for as many.
            let _ = self.push_back_with(|to| to.clone_from(item));
        }
    }
}
