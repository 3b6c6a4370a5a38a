//! Pins: how a reader keeps a copy from being written while it looks at it.
//!
//! A reader counts itself into the active copy and then looks whether that copy is still the active one. A writer takes
//! the lock, passes a full fence, and scans the counts. If the writer's scan misses the count, the fence comes before the
//! count in the one total order, and then the reader's second look sees at least what was published before that fence:
//! another copy than the one the writer is about to take (it never takes the active one), so the reader counts itself
//! out again. If the scan sees the count, the writer takes another copy.
//!
//! The version may have moved on in between: only the copy is compared. What the reader then sees is the newest version
//! of that copy, which R2 has made visible.

use super::words::{Control, Published, SlotLine};
use crate::mutant::order;
use crate::sync::Ordering::{AcqRel, Relaxed, Release, SeqCst};

/// A reader in a copy. Dropping it is leaving.
pub(crate) struct Pin<'a> {
    slot: &'a SlotLine,
    copy: usize,
}

impl<'a> Pin<'a> {
    /// Enters the active copy, or says which copy the region names that it does not have.
    #[inline]
    pub(crate) fn enter(control: &Control, slot: &'a SlotLine, copies: usize) -> Result<Self, usize> {
        let mut copy = Published::unpack(control.active.published.load(Relaxed)).copy;
        loop {
            if copy >= copies {
                return Err(copy);
            }
            slot.pins[copy].fetch_add(1, order("R1", SeqCst, AcqRel)); // [R1]
            let now = Published::unpack(control.active.published.load(order("R2", SeqCst, Relaxed))).copy; // [R2]
            if now == copy {
                return Ok(Pin { slot, copy });
            }
            slot.pins[copy].fetch_sub(1, Relaxed); // nothing was read
            copy = now;
        }
    }

    /// The copy that is held.
    #[inline]
    pub(crate) fn copy(&self) -> usize {
        self.copy
    }
}

impl Drop for Pin<'_> {
    #[inline]
    fn drop(&mut self) {
        self.slot.pins[self.copy].fetch_sub(1, order("R3", Release, Relaxed)); // [R3]
    }
}
