//! Which slots a writer looks at when it scans the pins.
//!
//! A region may have thousands of handles, most of which never read. So a scan goes through those that are *listed*: a bit
//! per slot, and a bit per word of these bits. The first reader of a handle lists its slot, between its pin and its second
//! look at `active`. Every reader asks its own slot's line whether that has been done, so that a read touches no line that
//! it did not touch before.
//!
//! What the list promises to a writer that holds the lock: a slot without a bit has no pin that counts. Such a pin was
//! either taken before the bit was set, by a reader that still has to look again (W2 and R2 see to the rest, as for the pin
//! itself), or by one that has died.
//!
//! Now and then a writer takes slots off the list that have been idle for long. It takes the promise back first
//! (`listed` = 0), then the bit away, and then looks again. A reader may have come meanwhile:
//!
//! * It saw the old `listed`: its pin came before that look, so that the writer, after a full fence, sees the pin (N2, N3).
//! * It saw 0 and listed itself: if its bit was set after the writer's step, the bit is there. If the bit was set before, the writer
//!   has acquired it (N1), and with it the pin, or the new `listed`, which followed the end of the pin.
//!
//! In both cases the writer puts the bit back. Should the writer die in between, the next one lists every slot
//! ([`Shared::list_all`]): a bit too many costs a look.

use super::shared::Shared;
use super::words::{AGED, PINNED, SlotLine};
use crate::sync::{
    Ordering::{Acquire, Relaxed, Release},
    fence_after_lock,
};

/// An update that looked at `n` listed slots sweeps them with a chance of `n` to this, so that a sweep costs no more than
/// the looks since the last one. The model checkers sweep when a scene says so; shuttle now and then.
const SWEEP_EVERY: u64 = if cfg!(shmstate_shuttle) { 8 } else { 4096 };

/// Spreads the versions of sweeps evenly: `SWEEP_EVERY` times the golden ratio, and odd.
const SPREAD: u64 = if cfg!(shmstate_shuttle) { 5 } else { 2531 };

impl Shared<'_> {
    /// Lists slot `me`, of which the caller holds a pin.
    pub(super) fn list(&self, me: usize) {
        self.listed.add(me);
        self.slots[me].listed.store(1, Release); // [N2]
    }

    /// Whether it is time to [sweep](Self::sweep), for an update of `version` that has looked at so many listed slots.
    #[inline]
    pub(super) fn is_time_to_sweep(&self, version: u64, looked_at: u64) -> bool {
        version.wrapping_mul(SPREAD) % SWEEP_EVERY < looked_at && !cfg!(shmstate_loom)
    }

    /// Takes off the list whatever has been idle since the last sweep. The caller holds the lock.
    #[cold]
    #[inline(never)]
    pub(super) fn sweep(&self) {
        self.listed.any(|slot| {
            if let Some(line) = self.slots.get(slot).filter(|line| line.grows_old()) {
                self.take_off(slot, line);
            }
            false
        });
    }

    /// Takes an idle slot off the list, unless it comes back to life meanwhile.
    fn take_off(&self, slot: usize, line: &SlotLine) {
        line.listed.store(0, Relaxed);
        self.listed.remove(slot);
        fence_after_lock(); // [N3]
        // In this order: a pin that is gone says that `listed` is what its reader has made of it.
        if line.is_pinned() || line.listed.load(Relaxed) != 0 {
            self.listed.add(slot);
            line.listed.store(1, Release); // [N2]
        }
    }

    /// Lists every slot that was ever used: a dead writer may have been taking one off.
    pub(super) fn list_all(&self) {
        let used = (self.control.counters.used.load(Relaxed) as usize).min(self.slots.len());
        (0..used).for_each(|slot| self.listed.add(slot));
    }

    /// No slot is listed: for a first handle.
    pub(super) fn reset_listed(&self) {
        self.listed.clear();
        self.slots.iter().for_each(|slot| slot.listed.store(0, Relaxed));
    }
}

impl SlotLine {
    /// Whether no thread has read through this handle since the last time that this was asked. What its guests did meanwhile is
    /// not noticed: at worst they list it again.
    fn grows_old(&self) -> bool {
        self.owner.compare_exchange(0, AGED, Relaxed, Relaxed) == Err(AGED) && !self.is_pinned()
    }

    /// Whether a reader of this handle is in any copy.
    fn is_pinned(&self) -> bool {
        self.owner.load(Acquire) & PINNED != 0 || self.pins.iter().any(|pin| pin.load(Acquire) != 0) // [W3]
    }
}
