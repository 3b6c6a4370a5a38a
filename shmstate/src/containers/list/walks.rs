//! The walks of a transaction over a list: stamping, catching up, flattening marks into byte ranges.

use super::List;
use crate::containers::marks::Head;
use crate::layout::{Invalid, Kind, Layout, SharedLayout};
use crate::mutant;
use crate::track::{Stamp, Touched};
use std::ops::Range;

// SAFETY: a head of plain integers and `N` items of a shareable type without drop glue; zeroes are an empty list. The
// bytes behind the last item that alignment may add belong to the list and are never looked at. The walks are those of
// the contract; the fields of the head behind `len` are scratch whose value does not matter.
unsafe impl<T: SharedLayout, const N: usize> SharedLayout for List<T, N> {
    const LAYOUT: &'static Layout =
        &Layout::of::<Self>("List", Kind::List { item: T::LAYOUT, capacity: N, items: Self::ITEMS.offset });
    const TRACKED: bool = true;
    const CHECKED: bool = true;

    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        // SAFETY: the caller's promise: valid, and nobody else's.
        unsafe { (*this).head.put_stamp(stamp) }
    }

    #[inline]
    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        // SAFETY: the caller's promise; `from` is a value.
        let len = unsafe { (*from).head.len };
        if mutant::planted("length_stays") {
            return;
        }
        // SAFETY: the caller's promise: `to` is memory of a list's size; nothing is read from it.
        let to = unsafe { &raw mut (*to).head.len };
        // SAFETY: the same; it is writable.
        unsafe { to.write(len) }
    }

    #[inline]
    unsafe fn flatten<const NESTED: bool>(
        written: *const Self,
        source: *const Self,
        stamp: Stamp,
        touched: &mut Touched,
    ) {
        let at_commit = std::ptr::eq(written, source);
        // SAFETY: the caller's promise: a valid value. The head is its first field; items are left out, for stamps inside
        // them may be voided below.
        let head = unsafe { &*written.cast::<Head>() };
        let len = (head.len as usize).min(N);
        // SAFETY: the caller's promise: a valid value.
        let live = if mutant::planted("live_of_the_written") { len } else { unsafe { (*source).live() } };
        let place = stamp.place();
        if NESTED {
            // Rule 4: with its stamp.
            if mutant::planted("head_stays") {
                touched.add(place, size_of::<u32>());
            } else if !mutant::planted("inner_length_stays") {
                touched.add(place, size_of::<Head>());
            }
        }
        let whole = |range: Range<usize>, touched: &mut Touched| {
            let (start, end) = (range.start.min(live), range.end.min(live));
            let at = place + (Self::ITEMS.offset + start * size_of::<T>()) as u64;
            touched.add(at, end.saturating_sub(start) * size_of::<T>());
            if T::TRACKED && at_commit {
                // Rule 4: what was moved in with these items loses its stamp. The notes are not new.
                for index in start..end {
                    let (item, at) =
                        (Self::item(written, index), stamp.at(Self::ITEMS.offset + index * size_of::<T>()));
                    // SAFETY: a live item of the list, under the caller's promise.
                    unsafe { T::flatten::<true>(item, item, at, touched) }
                }
            }
        };
        if !head.at_home(stamp, !at_commit) {
            if at_commit {
                // SAFETY: the caller's promise: at a commit, the value may be written. The head is its first field.
                unsafe { Head::leave(written.cast_mut().cast()) }
            }
            return whole(0..live, touched);
        }
        if T::TRACKED && at_commit && touched.spilled() {
            let mut from = place + Self::ITEMS.offset as u64;
            let end = from + (live * size_of::<T>()) as u64;
            while let Some(run) = touched.pages().next_run(from).filter(|run| run.start < end) {
                let first = run.start.max(from) - place - Self::ITEMS.offset as u64;
                let last = run.end.min(end) - place - Self::ITEMS.offset as u64;
                let size = size_of::<T>() as u64;
                whole((first / size) as usize..last.div_ceil(size) as usize, touched);
                from = run.end;
            }
        }
        if head.is_clear() {
            return;
        }
        head.for_each_block(Self::ITEMS, |range| whole(range, touched));
        for range in head.exact() {
            let range = range.start..range.end.min(live);
            if !T::TRACKED {
                whole(range, touched);
                continue;
            }
            // An item that is not live in the copy that was written says nothing about itself.
            let believed = if mutant::planted("dead_memory_trusted") { live } else { len };
            for index in range {
                let at = stamp.at(Self::ITEMS.offset + index * size_of::<T>());
                if index < believed {
                    // SAFETY: live items of both lists (`index < live`), under the caller's promise.
                    unsafe { T::flatten::<true>(Self::item(written, index), Self::item(source, index), at, touched) }
                } else {
                    touched.add(at.place(), size_of::<T>());
                }
            }
        }
    }

    unsafe fn validate(this: *const Self) -> Result<(), Invalid> {
        // SAFETY: the caller's promise: initialised bytes; the length is a plain number.
        let len = unsafe { (*this).head.len } as usize;
        if len > N {
            return Err(Invalid::new(format!("a length of {len} in a list of capacity {N}")));
        }
        if T::CHECKED {
            // SAFETY: the caller's promise; items may be no values yet, so that no reference is made.
            let items = unsafe { &raw const (*this).items }.cast::<T>();
            for index in 0..len {
                // SAFETY: item `index` lies inside the list; its bytes are initialised.
                unsafe { T::validate(items.wrapping_add(index)) }.map_err(|e| e.in_item(index))?;
            }
        }
        Ok(())
    }
}

impl<T: SharedLayout, const N: usize> List<T, N> {
    /// Item `index` of the list at `list`.
    #[inline]
    fn item(list: *const Self, index: usize) -> *const T {
        list.wrapping_byte_add(Self::ITEMS.offset).cast::<T>().wrapping_add(index)
    }
}
