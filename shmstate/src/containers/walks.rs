//! The walk at the end of a transaction over a head and the items after it.

use super::marks::{Head, Items};
use crate::layout::SharedLayout;
use crate::track::{DirtyRanges, Stamp};
use std::ops::Range;

/// A container as the walk sees it: a head, `live` items, and bytes that mean nothing.
pub(super) struct Tracked {
    pub(super) head: *const Head,
    pub(super) live: usize,
}

impl Tracked {
    /// Item `index`.
    #[inline]
    fn item<T>(&self, items: Items, index: usize) -> *const T {
        self.head.wrapping_byte_add(items.offset).cast::<T>().wrapping_add(index)
    }
}

/// What [`SharedLayout::collect_dirty`] is for a head with items of type `T` after it.
///
/// # Safety
/// As for `collect_dirty`, of containers that start at the two heads, have the items that `items` describes, and as many values
/// as is said.
#[inline(always)]
pub(super) unsafe fn collect_dirty<T: SharedLayout, const NESTED: bool>(
    written: Tracked,
    source: Tracked,
    items: Items,
    stamp: Stamp,
    touched: &mut DirtyRanges,
) {
    // What an update of one place has left is collected here, without a call.
    if !NESTED && !T::TRACKED {
        // SAFETY: the caller's promise: a valid value.
        let head = unsafe { &*written.head };
        if let Some(range) = head.at_most_one()
            && head.is_current(stamp)
        {
            let (start, end) = (range.start, range.end.min(source.live));
            if start < end {
                let at = stamp.place() + items.offset as u64;
                touched.add_bytes(at + (start * size_of::<T>()) as u64..at + (end * size_of::<T>()) as u64);
            }
            return;
        }
    }
    // SAFETY: the caller's promise.
    unsafe {
        collect_dirty_of::<T, NESTED>(written.head, written.live, source.head, source.live, items, stamp, touched)
    }
}

/// [`collect_dirty`], of any number of places. Numbers and pointers, because a struct would be written to memory before it is known
/// whether it is needed.
///
/// # Safety
/// As for `collect_dirty`.
#[inline(never)]
unsafe fn collect_dirty_of<T: SharedLayout, const NESTED: bool>(
    written: *const Head,
    written_live: usize,
    source: *const Head,
    source_live: usize,
    items: Items,
    stamp: Stamp,
    touched: &mut DirtyRanges,
) {
    let written = Tracked { head: written, live: written_live };
    let source = Tracked { head: source, live: source_live };
    let at_commit = std::ptr::eq(written.head, source.head);
    // SAFETY: the caller's promise: a valid value. Items are left out, for stamps inside them may be voided below.
    let head = unsafe { &*written.head };
    let live = source.live;
    let place = stamp.place();
    if NESTED {
        // Rule 4: with its stamp.
        touched.add(place, size_of::<Head>());
    }
    let whole = |range: Range<usize>, touched: &mut DirtyRanges| {
        let (start, end) = (range.start.min(live), range.end.min(live));
        let at = place + (items.offset + start * size_of::<T>()) as u64;
        touched.add(at, end.saturating_sub(start) * size_of::<T>());
        if T::TRACKED && at_commit {
            // Rule 4: what was moved in with these items loses its stamp. The notes are not new.
            for index in start..end {
                let (item, at) = (written.item::<T>(items, index), stamp.at(items.offset + index * size_of::<T>()));
                // SAFETY: a live item, under the caller's promise.
                unsafe { T::collect_dirty::<true>(item, item, at, touched) }
            }
        }
    };
    if !head.is_current(stamp) {
        if at_commit {
            // SAFETY: the caller's promise: at a commit, the value may be written.
            unsafe { Head::invalidate(written.head.cast_mut()) }
        }
        return whole(0..live, touched);
    }
    if T::TRACKED && at_commit && touched.spilled() {
        let start = place + items.offset as u64;
        let end = start + (live * size_of::<T>()) as u64;
        let mut next = touched.pages().next_run(start);
        while let Some(run) = next.filter(|run| run.start < end) {
            // Looked for before this run's items are added: the last of them may reach into a page that is not marked,
            // from which the walk would go on from item to item, to the end of the list.
            next = touched.pages().next_run(run.end);
            let first = run.start.max(start) - start;
            let last = run.end.min(end) - start;
            let size = size_of::<T>() as u64;
            whole((first / size) as usize..last.div_ceil(size) as usize, touched);
        }
    }
    if head.is_clear() {
        return;
    }
    head.for_each_block(items, |range| whole(range, touched));
    for range in head.exact() {
        let range = range.start..range.end.min(live);
        if !T::TRACKED {
            whole(range, touched);
            continue;
        }
        // An item that is not live in the copy that was written says nothing about itself.
        for index in range {
            let at = stamp.at(items.offset + index * size_of::<T>());
            if index < written.live {
                // SAFETY: live items of both containers (`index < live`), under the caller's promise.
                unsafe { T::collect_dirty::<true>(written.item(items, index), source.item(items, index), at, touched) }
            } else {
                touched.add(at.place(), size_of::<T>());
            }
        }
    }
}
