//! Moving values out of slots that stay what they are, and into slots, by their bytes.

use super::CapacityError;
use crate::layout::SharedLayout;
use std::mem::MaybeUninit;

/// Moves the value out of its slot, whose bytes stay: nothing changes there, so that nothing has to be marked.
///
/// The walks go on seeing a value in the slot, and truly say what was changed in it before: the marks inside of it were
/// copied along, and no more bytes change there until it is overwritten, marked like any other item. What is done to the
/// value that was moved out is noted in its own marks, so that it can come back to the slot, as out of any other place.
///
/// # Safety
/// The value in the slot is not looked at any more before it is overwritten, but to find that it is one.
#[inline]
pub(super) unsafe fn move_out<T: SharedLayout>(slot: &T) -> T {
    // SAFETY: a value, which by the caller's promise is not used twice; it has no drop glue.
    unsafe { std::ptr::read(slot) }
}

/// Moves a value into a slot, whatever is in it.
///
/// A method that was given a value passes it on by reference and moves it once, here: passed on by value it would lie once
/// more in the frame of each function on its way, in a debug build.
///
/// # Safety
/// `value` is not used any more.
#[inline]
pub(super) unsafe fn move_in<T: SharedLayout>(slot: &mut MaybeUninit<T>, value: &T) {
    // SAFETY: one value, which by the caller's promise is not used twice, and has no drop glue; the slot is borrowed, so that
    // it lies elsewhere.
    unsafe { std::ptr::copy_nonoverlapping(value, slot.as_mut_ptr(), 1) }
}

/// The same for a slot that holds a value.
///
/// # Safety
/// `value` is not used any more.
#[inline]
pub(super) unsafe fn move_over<T: SharedLayout>(slot: &mut T, value: &T) {
    // SAFETY: as above; what is overwritten has no drop glue.
    unsafe { std::ptr::copy_nonoverlapping(value, slot, 1) }
}

/// The error for a value that finds no room.
///
/// # Safety
/// `value` is not used any more.
#[cold]
#[inline(never)]
pub(super) unsafe fn refused<T: SharedLayout>(value: &T, container: &'static str, capacity: usize) -> CapacityError<T> {
    // SAFETY: the caller's promise.
    CapacityError::new(unsafe { move_out(value) }, container, capacity, capacity + 1)
}
