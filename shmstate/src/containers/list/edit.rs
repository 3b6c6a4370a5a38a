//! Adding and removing items.

use super::List;
use crate::layout::SharedLayout;

impl<T: SharedLayout, const N: usize> List<T, N> {
    /// Keeps the first `len` items; there are at least as many.
    #[inline]
    pub(super) fn shorten(&mut self, len: usize) {
        self.slots.truncate(len);
    }

    /// Inserts into a list of `len` items; `index` is at most `len`. Returns whether there was room.
    ///
    /// # Safety
    /// If there was room, the caller does not use `value` any more.
    pub(super) unsafe fn insert_among(&mut self, len: usize, index: usize, value: &T) -> bool {
        if len == N {
            return false;
        }
        // SAFETY: the caller's promise.
        unsafe { self.slots.insert(index, len, value) }
        // SAFETY: there is one more.
        unsafe { self.slots.set_len(len + 1) }
        true
    }

    /// Removes item `index` and returns it; marks all items from there on.
    ///
    /// If the order does not matter, [`swap_remove`](Self::swap_remove) marks only one item.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 3>::from([1, 2, 3]);
    /// assert_eq!(list.remove(0), 1);
    /// assert_eq!(list, [2, 3]);
    /// ```
    ///
    /// # Panics
    /// If there is no such item.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        let len = self.live();
        assert!(index < len, "removal index (is {index}) should be < len (is {len})");
        // SAFETY: a live item; it is overwritten below, or not live any more, so that it is not read twice.
        let removed = unsafe { self.slots.take(index) };
        self.discard_from(len, index);
        removed
    }

    /// Removes item `index`, puts the last one in its place, and returns the removed one.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 3>::from([1, 2, 3]);
    /// assert_eq!(list.swap_remove(0), 1);
    /// assert_eq!(list, [3, 2]);
    /// ```
    ///
    /// # Panics
    /// If there is no such item.
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> T {
        let len = self.live();
        assert!(index < len, "swap_remove index (is {index}) should be < len (is {len})");
        // SAFETY: a live item; it is overwritten below, or not live any more, so that it is not read twice.
        let removed = unsafe { self.slots.take(index) };
        self.swap_discard_from(len, index);
        removed
    }

    /// Keeps the items for which `keep` returns true, in their order.
    ///
    /// If `keep` panics, the items that it has refused are gone, and the others are there.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 4>::from([1, 2, 3, 4]);
    /// list.retain(|item| item % 2 == 0);
    /// assert_eq!(list, [2, 4]);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let items = self.as_slice();
        let len = items.len();
        let Some(first) = items.iter().position(|item| !keep(item)) else { return };
        self.mark_written(first..len - 1);
        self.sift(first, first + 1, len, |item, _| keep(item));
    }

    /// Keeps the items for which `keep` returns true, in their order; `keep` may change them. Marks all items.
    ///
    /// If `keep` panics, the items that it has refused are gone, and the others are there.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 4>::from([1, 2, 3]);
    /// list.retain_mut(|item| {
    ///     *item -= 1;
    ///     *item > 0
    /// });
    /// assert_eq!(list, [1, 2]);
    /// ```
    pub fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let len = self.live();
        self.mark_borrowed(0..len);
        self.sift(0, 0, len, |item, _| keep(item));
    }

    /// Removes each item that equals the one before it.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 5>::from([1, 1, 2, 1, 1]);
    /// list.dedup();
    /// assert_eq!(list, [1, 2, 1]);
    /// ```
    pub fn dedup(&mut self)
    where
        T: PartialEq,
    {
        self.dedup_where(|item, before| item == before);
    }

    /// Removes each item whose key equals that of the one before it.
    ///
    /// Unlike in `Vec`, `key` gets a shared reference, so that nothing is marked for it.
    ///
    /// ```
    /// let mut list = shmstate::List::<u64, 4>::from([10, 11, 20, 12]);
    /// list.dedup_by_key(|item| *item / 10);
    /// assert_eq!(list, [10, 20, 12]);
    /// ```
    pub fn dedup_by_key<K: PartialEq>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.dedup_where(|item, before| key(item) == key(before));
    }

    /// Removes each item for which `same` returns true; its second argument is the last item that was kept.
    fn dedup_where(&mut self, mut same: impl FnMut(&T, &T) -> bool) {
        let items = self.as_slice();
        let len = items.len();
        let Some(first) = (1..len).find(|&i| same(&items[i], &items[i - 1])) else { return };
        self.mark_written(first..len - 1);
        self.sift(first, first + 1, len, |item, before| before.is_none_or(|before| !same(item, before)));
    }

    /// Keeps the first `kept` of `len` items, and drops those up to `seen`. From there on, `keep` decides which items stay: it gets
    /// the item and the last one that was kept. The caller marks the items.
    fn sift(&mut self, kept: usize, seen: usize, len: usize, mut keep: impl FnMut(&mut T, Option<&T>) -> bool) {
        let mut gap = Gap { list: self, kept, seen, len };
        while gap.seen < len {
            let (before, next) = gap.list.slots.slots().split_at_mut(gap.seen);
            // SAFETY: the invariant of `seen`.
            let before = before[..gap.kept].last().map(|item| unsafe { item.assume_init_ref() });
            // SAFETY: the same.
            let keep = keep(unsafe { next[0].assume_init_mut() }, before);
            gap.decide(keep);
        }
    }
}

/// A list in which some items have been refused. When this is dropped, also by a panic, it closes the gap.
struct Gap<'a, T: SharedLayout, const N: usize> {
    list: &'a mut List<T, N>,
    /// Items kept so far, at the list's start.
    kept: usize,
    /// Items decided on so far. Invariant: `kept <= seen <= len`, and the items `..kept` and `seen..len` are values.
    seen: usize,
    /// The original length of the list, at most `N`.
    len: usize,
}

impl<T: SharedLayout, const N: usize> Gap<'_, T, N> {
    /// Keeps or drops item `seen`, and goes on to the next one.
    fn decide(&mut self, keep: bool) {
        if keep {
            if self.kept < self.seen {
                self.list.slots.shift(self.seen..self.seen + 1, self.kept);
            }
            self.kept += 1;
        }
        self.seen += 1;
    }
}

impl<T: SharedLayout, const N: usize> Drop for Gap<'_, T, N> {
    fn drop(&mut self) {
        if self.kept < self.seen {
            self.list.slots.shift(self.seen..self.len, self.kept);
        }
        // SAFETY: the invariant of `seen`; the items after the gap were moved to its start.
        unsafe { self.list.slots.set_len(self.kept + self.len - self.seen) }
    }
}
