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
//! A scan looks at the slots that are [listed](super::readers). A reader whose slot is not lists it before its second look.
//!
//! The version may have moved on in between: only the copy is compared. What the reader then sees is the newest version
//! of that copy, which R2 has made visible.

use super::shared::Shared;
use super::words::{PINNED, SlotLine};
use crate::sync::Ordering::{Acquire, Relaxed, Release, SeqCst};

/// Which thread reads through a handle.
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

impl Pin<'_> {
    /// The copy that is held.
    #[inline]
    pub(crate) fn copy(&self) -> usize {
        self.copy
    }
}

#[cfg(any(shmstate_loom, feature = "dynamic"))]
impl Pin<'_> {
    /// The copy that is held. The pin, which is a guest's, stays until [`SlotLine::leave`].
    pub(crate) fn keep(self) -> usize {
        debug_assert_eq!(self.reader, Reader::Guest);
        let copy = self.copy;
        std::mem::forget(self);
        copy
    }
}

#[cfg(any(shmstate_loom, feature = "dynamic"))]
impl SlotLine {
    /// Ends a pin that was [kept](Pin::keep).
    pub(crate) fn leave(&self, copy: usize) {
        self.pins[copy].fetch_sub(1, Release); // [R3]
    }
}

impl Drop for Pin<'_> {
    #[inline]
    fn drop(&mut self) {
        match self.reader {
            Reader::Owner => self.slot.owner.store(0, Release), // [R3]
            Reader::Guest => _ = self.slot.pins[self.copy].fetch_sub(1, Release), // [R3]
        }
    }
}

impl Shared<'_> {
    /// Enters the active copy through slot `me`, which has the line `slot`. The error is the copy that the region names and does not
    /// have.
    #[inline]
    pub(crate) fn enter<'s>(&self, me: usize, slot: &'s SlotLine, reader: Reader) -> Result<Pin<'s>, usize> {
        let copy = self.active_copy(Relaxed);
        let owner = reader == Reader::Owner && slot.owner.load(Relaxed) & PINNED == 0;
        let reader = if owner { Reader::Owner } else { Reader::Guest };
        if copy < self.copies.len() {
            slot.pin(copy, reader); // [R1]
            let listed = slot.is_listed();
            let now = self.active_copy(SeqCst); // [R2]
            if listed && now == copy {
                return Ok(Pin { slot, copy, reader });
            }
        }
        self.enter_again(me, slot, copy, reader).map(|copy| Pin { slot, copy, reader })
    }

    /// [`Self::enter`] from where `copy` is pinned, if there is such a copy: lists the slot, and follows the active copy.
    #[cold]
    #[inline(never)]
    fn enter_again(&self, me: usize, slot: &SlotLine, mut copy: usize, reader: Reader) -> Result<usize, usize> {
        while copy < self.copies.len() {
            if !slot.is_listed() {
                self.list(me);
            }
            let now = self.active_copy(SeqCst); // [R2]
            if now == copy {
                return Ok(copy);
            }
            // Nothing was read. Release, for a sweep that finds the pin gone.
            if reader == Reader::Guest {
                slot.pins[copy].fetch_sub(1, Release); // [R3]
            }
            copy = now;
            if copy < self.copies.len() {
                slot.pin(copy, reader); // [R1]
            }
        }
        if reader == Reader::Owner {
            slot.owner.store(0, Release);
        }
        Err(copy)
    }

    /// [`Self::enter`] as a guest, where the copy's number may have these flags beside it. The error is the named copy, if it is out
    /// of range without the flags.
    #[cold]
    pub(super) fn enter_flagged<'s>(&self, me: usize, slot: &'s SlotLine, flags: usize) -> Result<Pin<'s>, usize> {
        let mut named = self.active_copy(Relaxed);
        loop {
            let copy = named & !flags;
            if copy >= self.copies.len() {
                return Err(named);
            }
            slot.pin(copy, Reader::Guest); // [R1]
            if !slot.is_listed() {
                self.list(me);
            }
            let now = self.active_copy(SeqCst); // [R2]
            if now & !flags == copy {
                return Ok(Pin { slot, copy, reader: Reader::Guest });
            }
            slot.pins[copy].fetch_sub(1, Release); // [R3]: nothing was read
            named = now;
        }
    }

    /// Pins copy `copy`, which the running update of slot `me` writes, as a guest that [leaves](SlotLine::leave) later: so that no
    /// update after this one writes it. The caller holds the lock, whose release makes the pin known to the next writer.
    #[cfg(any(shmstate_loom, feature = "dynamic"))]
    pub(crate) fn pin_written(&self, me: usize, slot: &SlotLine, copy: usize) {
        slot.pin(copy, Reader::Guest);
        let listed = slot.is_listed();
        if !listed {
            self.list(me);
        }
    }

    /// Whether no reader pins copy `k`.
    pub(super) fn is_free(&self, k: usize) -> bool {
        self.listed.is_empty() || !self.listed.any(|slot| self.is_pinned(slot, k))
    }

    /// [`Self::is_free`], of an update of `version` that may have to sweep.
    #[inline(never)]
    pub(super) fn scan(&self, k: usize, version: u64) -> bool {
        let mut looked_at = 0;
        let pinned = self.listed.any(|slot| {
            looked_at += 1;
            self.is_pinned(slot, k)
        });
        if self.is_time_to_sweep(version, looked_at) {
            self.sweep();
        }
        !pinned
    }

    /// Whether a reader of that slot is in copy `k`.
    #[inline]
    pub(super) fn is_pinned(&self, slot: usize, k: usize) -> bool {
        self.slots.get(slot).is_some_and(|line| line.pins_copy(k))
    }

    /// The slots that pin copy `k`, one bit each; slots past the first 64 share the last bit.
    fn pinning(&self, k: usize) -> u64 {
        let mut pinning = 0;
        self.listed.any(|slot| {
            if self.is_pinned(slot, k) {
                pinning |= 1 << slot.min(63);
            }
            false
        });
        pinning
    }

    /// The slots that pin a copy besides the active one, as [`Self::pinning`] says it.
    pub(super) fn pinning_others(&self, active: usize) -> u64 {
        (0..self.in_use()).filter(|&k| k != active).fold(0, |slots, k| slots | self.pinning(k))
    }

    /// Takes away the pins of a slot whose holder is dead or leaves; the caller holds its byte.
    pub(crate) fn clear_pins(&self, slot: usize) {
        self.slots[slot].clear_pins();
    }
}

impl SlotLine {
    /// Counts a reader into copy `k`. Another pin of the owner's ends with it.
    #[inline]
    fn pin(&self, k: usize, reader: Reader) {
        match reader {
            Reader::Owner => self.owner.swap(k as u32 | PINNED, SeqCst), // [R1]
            Reader::Guest => self.pins[k].fetch_add(1, SeqCst),          // [R1]
        };
    }

    /// Whether the slot is on the list of readers, asked after a pin was set.
    #[inline]
    fn is_listed(&self) -> bool {
        self.listed.load(SeqCst) != 0 // [N2]
    }

    /// Whether a reader of this handle is in copy `k`.
    #[inline]
    pub(crate) fn pins_copy(&self, k: usize) -> bool {
        let (guests, owner) = (self.pins[k].load(Acquire), self.owner.load(Acquire)); // [W3]
        guests != 0 || owner == k as u32 | PINNED
    }

    /// Takes away the pins of a handle whose process is dead, or that is being dropped.
    fn clear_pins(&self) {
        for pin in &self.pins {
            pin.store(0, Release); // [R3]
        }
        self.owner.store(0, Release); // [R3]
    }
}
