//! Moving values out of slots that stay what they are.

use crate::layout::SharedLayout;

/// Moves the value out of its slot, whose bytes stay: nothing changes there, so that nothing has to be marked.
///
/// The walks go on seeing a value in the slot, and truly say what was changed in it before: the marks inside of it were
/// copied along, and no more bytes change there until it is overwritten, marked like any other item. What is done to the
/// value that was moved out is noted in its own marks, so that it can come back to the slot, as out of any other place.
///
/// # Safety
/// Nobody looks at the value in the slot any more before it is overwritten, but to find that it is one.
#[inline]
pub(super) unsafe fn move_out<T: SharedLayout>(slot: &T) -> T {
    // SAFETY: a value, which by the caller's promise is not used twice; it has no drop glue.
    unsafe { std::ptr::read(slot) }
}
