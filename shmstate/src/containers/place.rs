//! Values that are made, moved and swapped in place: no large value passes over the stack.

use crate::layout::SharedLayout;
use std::cmp::Ordering;
use std::mem::MaybeUninit;

/// Items of more bytes than this are moved as bytes, because the algorithms of std put an item on the stack meanwhile.
const LARGE: usize = 1024;

/// Fills a slot, whatever is in it, with what a new state starts with.
#[inline]
pub(super) fn fresh<T: SharedLayout>(slot: &mut MaybeUninit<T>) -> &mut T {
    const { T::ASSERTIONS }
    // SAFETY: memory of a `T` that is borrowed here; all-zero bytes are a value, by the contract of the trait.
    unsafe { slot.as_mut_ptr().write_bytes(0, 1) }
    // SAFETY: it was written above.
    let value = unsafe { slot.assume_init_mut() };
    T::initialize(value);
    value
}

/// Makes a fresh value the default one.
#[inline]
pub(super) fn set_default<T: SharedLayout + Default>(value: &mut T) {
    // If the default is all zeroes, the type has no fields that start otherwise: the fresh value is the default one.
    if !T::DEFAULT_IS_ZERO {
        assign(value, T::default);
    }
}

/// Clones into a slot, whatever is in it.
#[inline]
pub(super) fn clone_into<T: SharedLayout + Clone>(slot: &mut MaybeUninit<T>, from: &T) {
    if size_of::<T>() > LARGE {
        fresh(slot).clone_from(from);
    } else {
        clone_small_into(slot, from);
    }
}

/// A function of its own, so that no caller's frame has room for a large item in a debug build.
#[inline]
fn clone_small_into<T: Clone>(slot: &mut MaybeUninit<T>, from: &T) {
    slot.write(from.clone());
}

/// Writes what `value` returns. The frame of this function has room for a value; no caller's has.
#[inline(never)]
fn assign<T>(to: &mut T, value: impl FnOnce() -> T) {
    *to = value();
}

/// Swaps two items.
///
/// # Panics
/// If one of them is not there.
#[inline]
#[track_caller]
pub(super) fn swap<T>(items: &mut [T], a: usize, b: usize) {
    if size_of::<T>() <= LARGE {
        return items.swap(a, b);
    }
    let (first, second) = (a.min(b), a.max(b));
    assert!(second < items.len(), "index out of bounds: the len is {} but the index is {second}", items.len());
    if let Some((low, high)) = items.split_at_mut_checked(second)
        && let (Some(low), Some(high)) = (low.get_mut(first), high.first_mut())
    {
        // SAFETY: two slots, each of as many bytes, which do not overlap.
        unsafe { std::ptr::swap_nonoverlapping(bytes_of(low), bytes_of(high), size_of::<T>()) }
    }
}

fn bytes_of<T>(item: &mut T) -> *mut MaybeUninit<u8> {
    std::ptr::from_mut(item).cast()
}

/// Reverses the order of the items.
#[inline]
pub(super) fn reverse<T>(items: &mut [T]) {
    if size_of::<T>() <= LARGE {
        return items.reverse();
    }
    for index in 0..items.len() / 2 {
        swap(items, index, items.len() - 1 - index);
    }
}

/// Moves the first `count` items to the end; there are at least `count`.
#[inline]
pub(super) fn rotate_left<T>(items: &mut [T], count: usize) {
    if size_of::<T>() <= LARGE {
        return items.rotate_left(count);
    }
    let (start, len) = (items.as_mut_ptr().cast::<MaybeUninit<u8>>(), size_of_val(items));
    // SAFETY: the bytes of the slice that is borrowed here; they are moved by whole items, so that each stays one.
    let bytes = unsafe { std::slice::from_raw_parts_mut(start, len) };
    bytes.rotate_left(count * size_of::<T>());
}

/// Sorts items by `compare`: by `sort` if they are small, else by their indices, which are sorted on the heap first. Equal
/// items keep their order if that of `sort` does.
///
/// If a comparison panics, all items are there.
#[inline]
pub(super) fn sort_by<T, C: FnMut(&T, &T) -> Ordering>(items: &mut [T], mut compare: C, sort: fn(&mut [T], C)) {
    if size_of::<T>() <= LARGE {
        return sort(items, compare);
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| compare(&items[*a], &items[*b]));
    for to in 0..order.len() {
        // The item that was there has been swapped along this chain.
        let mut from = order[to];
        while from < to {
            from = order[from];
        }
        order[to] = from;
        swap(items, to, from);
    }
}
