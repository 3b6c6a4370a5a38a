//! A set of slots: a bit per slot, and a bit per word of these bits, so that an empty set is found out by a word or two.
//!
//! What the set means is said in [`super::readers`].

use crate::sync::{
    AtomicU64,
    Ordering::{AcqRel, Relaxed, SeqCst},
};

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
        // Of up to 4096 slots there is one word, and no loop.
        match self.summary {
            [only] => only.load(Relaxed) == 0,
            _ => self.are_empty(),
        }
    }

    /// [`Self::is_empty`], of more slots.
    #[cold]
    #[inline(never)]
    fn are_empty(&self) -> bool {
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
    pub(super) fn add(&self, slot: usize) {
        let (word, bit) = (slot / 64, slot % 64);
        self.bits[word].fetch_or(1 << bit, SeqCst); // [N1]
        self.summary[word / 64].fetch_or(1 << (word % 64), SeqCst); // [N1]
    }

    /// Takes `slot` off the list.
    pub(super) fn remove(&self, slot: usize) {
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
    pub(super) fn clear(&self) {
        self.summary.iter().chain(self.bits).for_each(|word| word.store(0, Relaxed));
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
