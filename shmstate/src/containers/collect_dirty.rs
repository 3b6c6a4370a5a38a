//! The walk at the end of a transaction over a head and the items after it.

use super::marks::{Head, Items, unpack};
use crate::layout::SharedLayout;
use crate::track::{DirtyRanges, Stamp};
use std::ops::Range;

/// What [`SharedLayout::collect_dirty`] is for a head with items of type `T` after it.
///
/// # Safety
/// As for `collect_dirty`, of containers that start at the two heads and have the items that `items` describes.
#[inline(always)]
pub(super) unsafe fn collect_dirty<T: SharedLayout, const NESTED: bool>(
    written: *const Head,
    source: *const Head,
    items: &'static Items,
    stamp: Stamp,
    touched: &mut DirtyRanges,
) {
    if !NESTED && !T::TRACKED {
        // SAFETY: the caller's promise: a valid value.
        let head = unsafe { &*written };
        if head.is_current(stamp) {
            // What an update of one place has left, or of none, is collected here, without a call.
            if head.is_clear() {
                return;
            }
            // SAFETY: the caller's promise: a valid value.
            let live = items.live_at_most(unsafe { &*source });
            if let Some(range) = head.only()
                && touched.is_empty()
                && is_live(range, live)
            {
                return touched.add_first(bytes(range, size_of::<T>(), items.at(stamp)));
            }
            if let Some(ranges) = head.only_exact() {
                return collect_exact::<T>(ranges, live, items.at(stamp), touched);
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { collect_dirty_of::<T, NESTED>(written, source, items, stamp, touched) }
}

/// Whether an exact range lies in `live` items. Only what was given up in the same update does not.
#[inline(always)]
fn is_live(range: u64, live: usize) -> bool {
    range as u32 as usize <= live
}

/// The bytes of an exact range of items of `size` bytes, of which the first lies at `first`. Wrapping: if the head's bytes are not those
/// of a container, what it names may lie anywhere, and is refused where it is followed.
#[inline(always)]
fn bytes(range: u64, size: usize, first: u64) -> Range<u64> {
    let at = |index: usize| first.wrapping_add((index as u64).wrapping_mul(size as u64));
    let range = unpack(range);
    at(range.start)..at(range.end)
}

/// Adds some exact ranges of items of type `T`, of which the first lies at `first`, as far as they are `live`.
#[inline(never)]
fn collect_exact<T>(ranges: &[u64], live: usize, first: u64, touched: &DirtyRanges) {
    if align_of::<T>().is_multiple_of(8) {
        // Both ends at once: neither half runs over, because the words of `T` have numbers of 32 bits.
        let (per, word) = (size_of::<T>() as u64 / 8, first / 8);
        let first = (word << 32) | word;
        let word = |range: u64| is_live(range, live).then(|| range.wrapping_mul(per).wrapping_add(first));
        if touched.try_add_words(ranges.len(), ranges.iter().map(|range| word(*range))) {
            return;
        }
    }
    collect_live(ranges, live, size_of::<T>(), first, touched);
}

/// [`collect_exact`], of items of any size.
#[inline(never)]
fn collect_live(ranges: &[u64], live: usize, size: usize, first: u64, touched: &DirtyRanges) {
    let cut_off = |range: &u64| {
        let (start, end) = (range >> 32, (range & 0xffff_ffff).min(live as u64));
        (start < end).then(|| bytes(start << 32 | end, size, first))
    };
    touched.add_apart(ranges.iter().filter_map(cut_off));
}

/// [`collect_dirty`], of whatever there is.
///
/// # Safety
/// As for `collect_dirty`.
#[inline(never)]
unsafe fn collect_dirty_of<T: SharedLayout, const NESTED: bool>(
    written: *const Head,
    source: *const Head,
    items: &'static Items,
    stamp: Stamp,
    touched: &mut DirtyRanges,
) {
    let at_commit = std::ptr::eq(written, source);
    // SAFETY: the caller's promise: a valid value.
    let live = items.live(unsafe { &*source });
    // SAFETY: the caller's promise: a valid value. Items are left out, for stamps inside them may be voided below.
    let head = unsafe { &*written };
    let written_live = items.live(head);
    let item = |of: *const Head, index: usize| of.wrapping_byte_add(items.offset).cast::<T>().wrapping_add(index);
    let base = stamp.offset();
    if NESTED {
        // Rule 4: with its stamp.
        touched.add(base, size_of::<Head>());
    }
    let whole = |range: Range<usize>, touched: &mut DirtyRanges| {
        let (start, end) = (range.start.min(live), range.end.min(live));
        let at = base + (items.offset + start * size_of::<T>()) as u64;
        touched.add(at, end.saturating_sub(start) * size_of::<T>());
        if T::TRACKED && at_commit {
            // Rule 4: what was moved in with these items loses its stamp. The notes are not new.
            for index in start..end {
                let (item, at) = (item(written, index), stamp.at(items.offset + index * size_of::<T>()));
                // SAFETY: a live item, under the caller's promise.
                unsafe { T::collect_dirty::<true>(item, item, at, touched) }
            }
        }
    };
    if !head.is_current(stamp) {
        if at_commit {
            // SAFETY: the caller's promise: at a commit, the value may be written.
            unsafe { Head::invalidate(written.cast_mut()) }
        }
        return whole(0..live, touched);
    }
    if T::TRACKED && at_commit && touched.spilled() {
        let start = base + items.offset as u64;
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
            if index < written_live {
                // SAFETY: live items of both containers (`index < live`), under the caller's promise.
                unsafe { T::collect_dirty::<true>(item(written, index), item(source, index), at, touched) }
            } else {
                touched.add(at.offset(), size_of::<T>());
            }
        }
    }
}
