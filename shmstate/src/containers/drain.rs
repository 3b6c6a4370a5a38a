//! [`Drain`]: taking many items out of a container by value.

use std::fmt;
use std::iter::FusedIterator;
use std::ops::Range;

/// A container whose items lie in a row, some of which are taken out.
pub trait Drained {
    /// Its items.
    type Item;

    /// Takes out item `index`.
    ///
    /// # Safety
    /// There was such an item when draining began, it has not been taken out since, and nothing else was done to the
    /// container.
    #[doc(hidden)]
    unsafe fn spend(&mut self, index: usize) -> Self::Item;

    /// Removes the items in `gap` from what were `len` items.
    #[doc(hidden)]
    fn close(&mut self, gap: Range<usize>, len: usize);
}

/// Takes the items of a range out of a container: what [`List::drain`](crate::List::drain) and
/// [`Queue::drain`](crate::Queue::drain) return.
///
/// When it is dropped, it also removes the items that it has not yielded. If it is leaked (`mem::forget`), all items from the start
/// of the range on are gone.
pub struct Drain<'a, C: Drained> {
    container: &'a mut C,
    /// Items that are still to be yielded. Invariant: the container had them when draining began, and they are there.
    left: Range<usize>,
    /// All items that are removed.
    gap: Range<usize>,
    /// How many items there were.
    len: usize,
}

impl<'a, C: Drained> Drain<'a, C> {
    /// Takes the items in `gap` out of a container that had `len` items, and whose length is now that before the gap.
    ///
    /// # Safety
    /// The container had these items, and nothing has been changed in it since except its length.
    pub(super) unsafe fn new(container: &'a mut C, gap: Range<usize>, len: usize) -> Self {
        Drain { container, left: gap.clone(), gap, len }
    }
}

impl<C: Drained> Iterator for Drain<'_, C> {
    type Item = C::Item;

    #[inline]
    fn next(&mut self) -> Option<C::Item> {
        let index = self.left.next()?;
        // SAFETY: the invariant of `left`, which no longer has this index.
        Some(unsafe { self.container.spend(index) })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<C: Drained> DoubleEndedIterator for Drain<'_, C> {
    #[inline]
    fn next_back(&mut self) -> Option<C::Item> {
        let index = self.left.next_back()?;
        // SAFETY: the invariant of `left`, which no longer has this index.
        Some(unsafe { self.container.spend(index) })
    }
}

impl<C: Drained> ExactSizeIterator for Drain<'_, C> {}
impl<C: Drained> FusedIterator for Drain<'_, C> {}

impl<C: Drained> Drop for Drain<'_, C> {
    fn drop(&mut self) {
        self.container.close(self.gap.clone(), self.len);
    }
}

impl<C: Drained> fmt::Debug for Drain<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("left", &self.left.len()).finish_non_exhaustive()
    }
}
