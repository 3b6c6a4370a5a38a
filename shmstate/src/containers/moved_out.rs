//! Moving values, by their bytes: out of slots, which keep their bytes, and into slots.

use super::CapacityError;
use crate::layout::SharedLayout;
use std::mem::MaybeUninit;

/// Moves the value out of its slot, whose bytes stay: nothing changes there, so that nothing has to be marked.
///
/// The walks still see a value in the slot, and correctly say what was changed in it before: the marks inside of it were
/// copied along, and no more bytes change there until the slot is overwritten, which marks it like any other item. The value
/// that was moved out notes changes in its own marks, so that it can come back to the slot, as from any other place.
///
/// # Safety
/// The value in the slot is not looked at any more before it is overwritten, except to check that it is a value.
#[inline]
pub(super) unsafe fn move_out<T: SharedLayout>(slot: &T) -> T {
    // SAFETY: a value, which by the caller's promise is not used twice; it has no drop glue.
    unsafe { std::ptr::read(slot) }
}

/// Moves a value into a slot, whatever is in it.
///
/// A method that takes a value passes it on by reference and moves it once, here. If it passed the value on by value, a debug
/// build would have another copy in the frame of each function on the way.
///
/// # Safety
/// The caller does not use `value` any more.
#[inline]
pub(super) unsafe fn move_in<T: SharedLayout>(slot: &mut MaybeUninit<T>, value: &T) {
    // SAFETY: one value, which by the caller's promise is not used twice, and has no drop glue; the slot is borrowed, so that
    // it lies elsewhere.
    unsafe { std::ptr::copy_nonoverlapping(value, slot.as_mut_ptr(), 1) }
}

/// The same for a slot that holds a value.
///
/// # Safety
/// The caller does not use `value` any more.
#[inline]
pub(super) unsafe fn move_over<T: SharedLayout>(slot: &mut T, value: &T) {
    // SAFETY: as above; what is overwritten has no drop glue.
    unsafe { std::ptr::copy_nonoverlapping(value, slot, 1) }
}

/// The error for a value that does not fit.
///
/// # Safety
/// The caller does not use `value` any more.
#[cold]
#[inline(never)]
pub(super) unsafe fn refused<T: SharedLayout>(value: &T, container: &'static str, capacity: usize) -> CapacityError<T> {
    // SAFETY: the caller's promise.
    CapacityError::new(unsafe { move_out(value) }, container, capacity, capacity + 1)
}
