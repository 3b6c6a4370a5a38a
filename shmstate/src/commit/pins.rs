//! Pins: how a reader keeps a copy from being written while it looks at it.
//!
//! A reader counts itself into the active copy and then looks whether that copy is still the active one. A writer takes
//! the lock, passes a full fence, and scans the counts. If the writer's scan misses the count, the fence comes before the
//! count in the one total order, and then the reader's second look sees at least what was published before that fence:
//! another copy than the one the writer is about to take (it never takes the active one), so the reader counts itself
//! out again. If the scan sees the count, the writer takes another copy.
//!
//! Threads that share a handle count themselves with atomic additions. The first thread that reads through a handle is its
//! *owner* and has a word to itself, which names the copy that it is in: entering is one exchange, leaving a plain store.
//! A second closure inside of the owner's first one counts itself like a guest.
//!
//! The version may have moved on in between: only the copy is compared. What the reader then sees is the newest version
//! of that copy, which R2 has made visible.

use super::words::{Control, Published, SlotLine};
use crate::mutant::{order, planted};
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

/// Who reads through a handle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reader {
    /// The one thread that uses the handle's own word.
    Owner,
    /// Any other thread.
    Guest,
}

/// A reader in a copy. Dropping it is leaving.
pub(crate) struct Pin<'a> {
    slot: &'a SlotLine,
    copy: usize,
    reader: Reader,
}

impl<'a> Pin<'a> {
    /// Enters the active copy, or says which copy the region names that it does not have.
    #[inline]
    pub(crate) fn enter(control: &Control, slot: &'a SlotLine, copies: usize, reader: Reader) -> Result<Self, usize> {
        let copy = Published::unpack(control.active.published.load(Relaxed)).copy;
        if reader == Reader::Owner && slot.owner.load(Relaxed) == 0 {
            Self::enter_as_owner(control, slot, copies, copy)
        } else {
            Self::enter_as_guest(control, slot, copies, copy)
        }
    }

    #[inline]
    fn enter_as_owner(control: &Control, slot: &'a SlotLine, copies: usize, mut copy: usize) -> Result<Self, usize> {
        loop {
            if copy >= copies {
                slot.owner.store(0, Release);
                return Err(copy);
            }
            slot.owner.swap(copy as u32 + 1, order("R1", SeqCst, AcqRel)); // [R1]
            let now = Published::unpack(control.active.published.load(order("R2", SeqCst, Relaxed))).copy; // [R2]
            if now == copy || planted("second_look_left_out") {
                return Ok(Pin { slot, copy, reader: Reader::Owner });
            }
            copy = now; // nothing was read
        }
    }

    #[inline]
    fn enter_as_guest(control: &Control, slot: &'a SlotLine, copies: usize, mut copy: usize) -> Result<Self, usize> {
        loop {
            if copy >= copies {
                return Err(copy);
            }
            slot.pins[copy].fetch_add(1, order("R1", SeqCst, AcqRel)); // [R1]
            let now = Published::unpack(control.active.published.load(order("R2", SeqCst, Relaxed))).copy; // [R2]
            if now == copy || planted("second_look_left_out") {
                return Ok(Pin { slot, copy, reader: Reader::Guest });
            }
            if !planted("pin_of_a_miss_stays") {
                slot.pins[copy].fetch_sub(1, Relaxed); // nothing was read
            }
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
        let leave = order("R3", Release, Relaxed);
        match self.reader {
            Reader::Owner => self.slot.owner.store(0, leave), // [R3]
            Reader::Guest => _ = self.slot.pins[self.copy].fetch_sub(1, leave), // [R3]
        }
    }
}

impl SlotLine {
    /// Whether a reader of this handle is in copy `k`.
    #[inline]
    pub(super) fn pins_copy(&self, k: usize) -> bool {
        let scan = order("W3", Acquire, Relaxed);
        let (guests, owner) = (self.pins[k].load(scan), self.owner.load(scan)); // [W3]
        guests != 0 && !planted("guests_not_scanned") || owner == k as u32 + 1 && !planted("owner_not_scanned")
    }

    /// Takes away the pins of a handle whose process is dead, or that is being dropped.
    pub(crate) fn clear_pins(&self) {
        for pin in &self.pins {
            pin.store(0, Release); // [R3]
        }
        self.owner.store(0, Release); // [R3]
    }
}
