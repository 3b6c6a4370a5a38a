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
//! * It saw 0 and listed itself: if its bit was set after the writer's step, the bit is there. If before, the writer has
//!   acquired it (N1), and with it the pin, or what followed the pin's end: the new `listed`.
//!
//! In both cases the writer puts the bit back. Should the writer die in between, the next one lists every slot
//! ([`Shared::list_all`]): a bit too many costs a look.

use super::copies::Shared;
use super::pins::{AGED, PINNED};
use super::words::SlotLine;
use crate::sync::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    fence_after_lock,
};

/// An update that looked at `n` listed slots sweeps them with a chance of `n` to this, so that a sweep costs no more than
/// the looks since the last one. The model checkers sweep when a scene says so; shuttle now and then.
const SWEEP_EVERY: u64 = if cfg!(shmstate_shuttle) { 8 } else { 4096 };

/// Spreads the versions of sweeps evenly: `SWEEP_EVERY` times the golden ratio, and odd.
const SPREAD: u64 = if cfg!(shmstate_shuttle) { 5 } else { 2531 };

/// The list: one bit per slot, and before these bits one bit per word of them.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'a> {
    summary: &'a [AtomicU64],
    bits: &'a [AtomicU64],
}

impl<'a> Listed<'a> {
    /// Words that the list of so many slots takes: whole cache lines.
    pub(crate) const fn words(slots: usize) -> usize {
        (Self::bit_words(slots) + Self::bit_words(slots).div_ceil(64)).next_multiple_of(8)
    }

    const fn bit_words(slots: usize) -> usize {
        slots.div_ceil(64)
    }

    /// The list of so many slots that lies in `words`.
    ///
    /// # Panics
    /// If there are fewer than [`Self::words`].
    pub(crate) fn new(words: &'a [AtomicU64], slots: usize) -> Self {
        let (summary, bits) = words.split_at(Self::bit_words(slots).div_ceil(64));
        Listed { summary, bits: &bits[..Self::bit_words(slots)] }
    }

    /// Whether no slot is listed.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.summary.iter().all(|summary| summary.load(Relaxed) == 0)
    }

    /// Whether one of the listed slots `is` so.
    #[inline]
    pub(super) fn any(&self, mut is: impl FnMut(usize) -> bool) -> bool {
        for (s, summary) in self.summary.iter().enumerate() {
            let mut words = summary.load(Relaxed);
            while words != 0 {
                let word = s * 64 + words.trailing_zeros() as usize;
                words &= words - 1;
                let mut slots = self.bits.get(word).map_or(0, |bits| bits.load(Relaxed));
                while slots != 0 {
                    if is(word * 64 + slots.trailing_zeros() as usize) {
                        return true;
                    }
                    slots &= slots - 1;
                }
            }
        }
        false
    }

    /// Puts `slot` on the list.
    fn add(&self, slot: usize) {
        let (word, bit) = (slot / 64, slot % 64);
        self.bits[word].fetch_or(1 << bit, SeqCst); // [N1]
        self.summary[word / 64].fetch_or(1 << (word % 64), SeqCst); // [N1]
    }

    /// Takes `slot` off the list.
    fn remove(&self, slot: usize) {
        let (word, bit) = (slot / 64, slot % 64);
        // What a reader of this slot did before it set the bit is visible after [N3].
        if self.bits[word].fetch_and(!(1 << bit), Relaxed) == 1 << bit {
            let summary = &self.summary[word / 64];
            summary.fetch_and(!(1 << (word % 64)), AcqRel); // [N4]
            // Another slot's reader may have set its bit, and the summary's, in between.
            if self.bits[word].load(Relaxed) != 0 {
                summary.fetch_or(1 << (word % 64), Relaxed);
            }
        }
    }

    /// Nothing is listed: for a first handle.
    fn clear(&self) {
        self.summary.iter().chain(self.bits).for_each(|word| word.store(0, Relaxed));
    }
}

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
    pub(super) fn forget_readers(&self) {
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

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use crate::commit::MAX_SLOTS;

    #[test]
    fn what_is_listed_is_found() {
        for slots in [1, 64, 65, 4096, 4097, MAX_SLOTS] {
            let words: Vec<_> = (0..Listed::words(slots)).map(|_| AtomicU64::new(0)).collect();
            let list = Listed::new(&words, slots);
            let found = || {
                let mut found = vec![];
                list.any(|slot| {
                    found.push(slot);
                    false
                });
                found
            };
            let some: Vec<usize> = [0, 1, 63, 64, 4095, 4096, slots - 1].into_iter().filter(|s| *s < slots).collect();
            let mut some: Vec<usize> =
                some.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
            some.iter().for_each(|&slot| list.add(slot));
            while let Some(last) = some.last().copied() {
                assert_eq!(found(), some, "of {slots}");
                assert!(list.any(|slot| slot == last) && !list.any(|slot| slot == slots));
                list.remove(last);
                some.pop();
            }
            assert!(words.iter().all(|word| word.load(Relaxed) == 0), "of {slots}: an empty list has no summary");
        }
    }
}
