//! One bit per 4 KiB page of `T`, with a summary: where ranges go when there are too many of them.
//!
//! The same code serves the transaction's own bits (private memory) and what a copy still has to take over (in the region). All
//! accesses are relaxed: the writer's lock orders them, and an extra bit only costs a copied page.

use crate::sync::{AtomicU32, AtomicU64, Ordering::Relaxed, crash_order};
use std::ops::Range;

/// Bytes per bit. One word where a model checker runs, whose states are of a few words.
pub(crate) const PAGE: u64 = if cfg!(any(shmstate_loom, shmstate_shuttle)) { 8 } else { 4096 };

/// The bits, borrowed from wherever they lie.
#[derive(Clone, Copy)]
pub(crate) struct Pages<'a> {
    /// Not 0 if any bit may be set: written after the bits, cleared before them, so that no death hides a bit.
    flag: &'a AtomicU32,
    /// One bit per word of `bits`.
    summary: &'a [AtomicU64],
    bits: &'a [AtomicU64],
}

/// Words of the bit array for a `T` of `size` bytes.
const fn bit_words(size: u64) -> usize {
    size.div_ceil(PAGE).div_ceil(64) as usize
}

impl<'a> Pages<'a> {
    /// Words that a `T` of `size` bytes needs: the summary first, then the bits.
    pub(crate) const fn words(size: u64) -> usize {
        bit_words(size).div_ceil(64) + bit_words(size)
    }

    /// The bits for a `T` of `size` bytes that lie in `words`, with the flag that says whether any is set.
    ///
    /// # Panics
    /// If `words` is not [`Pages::words`] long.
    pub(crate) fn new(flag: &'a AtomicU32, words: &'a [AtomicU64], size: u64) -> Self {
        assert_eq!(words.len(), Self::words(size), "page bits of the wrong length");
        let (summary, bits) = words.split_at(bit_words(size).div_ceil(64));
        Pages { flag, summary, bits }
    }

    /// Marks every page that `bytes` touches; what lies past the end of `T` is left out.
    pub(crate) fn set(&self, bytes: Range<u64>) {
        if bytes.is_empty() {
            return;
        }
        let last = ((bytes.end - 1) / PAGE).min((self.bits.len() as u64 * 64).saturating_sub(1));
        let mut page = bytes.start / PAGE;
        while page <= last {
            let word = page / 64;
            let in_word = last.min(word * 64 + 63) - page;
            let ones = if in_word == 63 { u64::MAX } else { (1 << (in_word + 1)) - 1 } << (page % 64);
            self.or_word(word as usize, ones);
            page = (word + 1) * 64;
        }
        self.raise();
    }

    fn raise(&self) {
        crash_order();
        self.flag.store(1, Relaxed);
    }

    /// Adds `ones` to word `word` of the bits.
    fn or_word(&self, word: usize, ones: u64) {
        or(&self.bits[word], ones);
        or(&self.summary[word / 64], 1 << (word % 64));
    }

    /// Adds all bits of `other`, which belongs to a `T` of the same size.
    pub(crate) fn add(&self, other: &Pages<'_>) {
        other.for_each_word(|word, ones| self.or_word(word, ones));
        self.raise();
    }

    /// Calls `f` with the bytes of each run of marked pages; the last one may end past the end of `T`.
    #[cfg(test)]
    pub(crate) fn for_each_run(&self, mut f: impl FnMut(Range<u64>)) {
        let mut run: Range<u64> = 0..0;
        self.for_each_word(|word, mut ones| {
            while ones != 0 {
                let first = ones.trailing_zeros();
                let count = (ones >> first).trailing_ones();
                ones &= !(if count == 64 { u64::MAX } else { ((1 << count) - 1) << first });
                let start = (word as u64 * 64 + u64::from(first)) * PAGE;
                let end = start + u64::from(count) * PAGE;
                if run.end == start {
                    run.end = end;
                } else {
                    if !run.is_empty() {
                        f(run.clone());
                    }
                    run = start..end;
                }
            }
        });
        if !run.is_empty() {
            f(run);
        }
    }

    /// The bytes of the first run of marked pages that ends past `from`.
    pub(crate) fn next_run(&self, from: u64) -> Option<Range<u64>> {
        let mut page = from / PAGE;
        let first = loop {
            let word = (page / 64) as usize;
            let ones = self.bits.get(word)?.load(Relaxed) >> (page % 64);
            if ones != 0 {
                break page + u64::from(ones.trailing_zeros());
            }
            // Nothing in the rest of this word; nor in those that the summary has no bit for.
            let mut next = word + 1;
            while next < self.bits.len() {
                let ahead = self.summary[next / 64].load(Relaxed) >> (next % 64);
                if ahead != 0 {
                    next += ahead.trailing_zeros() as usize;
                    break;
                }
                next = (next / 64 + 1) * 64;
            }
            page = next as u64 * 64;
        };
        let mut end = first;
        while let Some(word) = self.bits.get((end / 64) as usize) {
            let (ones, rest) = (u64::from((word.load(Relaxed) >> (end % 64)).trailing_ones()), 64 - end % 64);
            end += ones;
            if ones < rest {
                break;
            }
        }
        Some(first * PAGE..end * PAGE)
    }

    /// How many pages are marked.
    pub(crate) fn count(&self) -> u64 {
        let mut count = 0;
        self.for_each_word(|_, ones| count += u64::from(ones.count_ones()));
        count
    }

    /// Takes the marks of whole pages away, and leaves the flag.
    pub(crate) fn unset(&self, run: Range<u64>) {
        let (mut page, end) = (run.start / PAGE, (run.end / PAGE).min(self.bits.len() as u64 * 64));
        while page < end {
            let word = (page / 64) as usize;
            let in_word = (end - page).min(64 - page % 64);
            let ones = if in_word == 64 { u64::MAX } else { ((1 << in_word) - 1) << (page % 64) };
            let left = self.bits[word].load(Relaxed) & !ones;
            self.bits[word].store(left, Relaxed);
            if left == 0 {
                let summary = &self.summary[word / 64];
                summary.store(summary.load(Relaxed) & !(1 << (word % 64)), Relaxed);
            }
            page += in_word;
        }
    }

    /// Takes all marks away.
    pub(crate) fn clear(&self) {
        self.flag.store(0, Relaxed);
        crash_order();
        for (s, summary) in self.summary.iter().enumerate() {
            let mut left = summary.load(Relaxed);
            while left != 0 {
                let word = s * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                if let Some(bits) = self.bits.get(word) {
                    bits.store(0, Relaxed);
                }
            }
            summary.store(0, Relaxed);
        }
    }

    fn for_each_word(&self, mut f: impl FnMut(usize, u64)) {
        for (s, summary) in self.summary.iter().enumerate() {
            let mut left = summary.load(Relaxed);
            while left != 0 {
                let word = s * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                if let Some(bits) = self.bits.get(word) {
                    f(word, bits.load(Relaxed));
                }
            }
        }
    }
}

/// One writer at a time: a load and a store, no locked instruction.
fn or(word: &AtomicU64, ones: u64) {
    word.store(word.load(Relaxed) | ones, Relaxed);
}

/// Page bits in memory of their own.
pub(crate) struct PagesBuf {
    flag: AtomicU32,
    words: Box<[AtomicU64]>,
    size: u64,
}

impl PagesBuf {
    /// No page of a `T` of `size` bytes is marked.
    pub(crate) fn new(size: u64) -> Self {
        let words = (0..Pages::words(size)).map(|_| AtomicU64::new(0)).collect();
        PagesBuf { flag: AtomicU32::new(0), words, size }
    }

    pub(crate) fn as_pages(&self) -> Pages<'_> {
        Pages::new(&self.flag, &self.words, self.size)
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The runs are exactly the pages that the ranges touch, in order and without overlap.
        #[test]
        fn runs_are_the_touched_pages(size in 1u64..4_000_000, ranges in prop::collection::vec((0u64..4_000_000, 0u64..700_000), 0..12)) {
            let buf = PagesBuf::new(size);
            let mut model = vec![false; size.div_ceil(PAGE) as usize];
            for (start, len) in ranges {
                let (start, end) = (start.min(size), (start + len).min(size));
                buf.as_pages().set(start..end);
                for page in start / PAGE..end.div_ceil(PAGE) {
                    if start < end { model[page as usize] = true; }
                }
            }
            let mut seen = vec![false; model.len()];
            let mut before = None;
            buf.as_pages().for_each_run(|run| {
                assert!(before.is_none_or(|b| b < run.start), "runs touch or overlap");
                before = Some(run.end);
                for page in run.start / PAGE..run.end / PAGE { seen[page as usize] = true; }
            });
            prop_assert_eq!(&seen, &model);
            prop_assert_eq!(buf.flag.load(Relaxed) != 0, model.contains(&true));
            let (mut from, mut one_by_one) = (0, vec![false; model.len()]);
            while let Some(run) = buf.as_pages().next_run(from) {
                for page in run.start / PAGE..run.end / PAGE { one_by_one[page as usize] = true; }
                from = run.end;
            }
            prop_assert_eq!(&one_by_one, &model);
            prop_assert_eq!(buf.as_pages().count(), model.iter().filter(|marked| **marked).count() as u64);
            let (mut taken, parts) = (vec![false; model.len()], PagesBuf::new(size));
            parts.as_pages().add(&buf.as_pages());
            while let Some(run) = parts.as_pages().next_run(0) {
                let run = run.start..run.end.min(run.start + 100 * PAGE);
                for page in run.start / PAGE..run.end / PAGE { taken[page as usize] = true; }
                parts.as_pages().unset(run);
            }
            prop_assert_eq!(&taken, &model);
            parts.as_pages().for_each_run(|_| panic!("a run that was taken"));
            let other = PagesBuf::new(size);
            other.as_pages().add(&buf.as_pages());
            let mut copied = vec![false; model.len()];
            other.as_pages().for_each_run(|run| for page in run.start / PAGE..run.end / PAGE { copied[page as usize] = true; });
            prop_assert_eq!(&copied, &model);
            buf.as_pages().clear();
            prop_assert_eq!(buf.flag.load(Relaxed), 0);
            buf.as_pages().for_each_run(|_| panic!("a run after clearing"));
        }
    }
}
