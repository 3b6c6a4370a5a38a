//! The floor: a sequence lock over words in place. Readers race with the writer and begin anew if it was there, however long
//! that takes; there is no recovery from the death of a writer. The words are relaxed atomics, so that the race is defined, which
//! keeps sums from being vectorised.

use super::store::{Store, by_hand};
use super::{Peer, map};
use crate::counter_list::{Read, Write};
use anyhow::Result;
use memmap2::MmapRaw;
use std::hint::spin_loop;
use std::path::Path;
use std::slice;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, fence};

/// The words: sequence, counter, length, items.
pub struct Words(MmapRaw);

pub struct Seqlock(Words);

const HEAD: usize = 3;

pub fn open(dir: &Path, bytes: usize, create: bool) -> Result<Box<dyn Peer>> {
    let mut this = Seqlock(Words(map(&dir.join("seqlock"), 8 * HEAD + bytes, create)?));
    if create {
        this.update(|s| {
            while !s.is_full() {
                s.push(1);
            }
        })?;
    }
    Ok(Box::new(this))
}

impl Words {
    #[inline]
    fn all(&self) -> &[AtomicU64] {
        // SAFETY: that many bytes are mapped, aligned to a page, and all processes use them as atomics.
        unsafe { slice::from_raw_parts(self.0.as_ptr().cast::<AtomicU64>(), self.0.len() / 8) }
    }
    #[inline]
    fn items(&self) -> &[AtomicU64] {
        &self.all()[HEAD..]
    }
    fn set_len(&self, len: usize) {
        self.all()[2].store(len as u64, Relaxed);
    }
}

impl Store for Seqlock {
    type View = Words;
    type Edit = Words;

    #[inline]
    fn read<R>(&mut self, mut f: impl FnMut(&Words) -> R) -> Result<R> {
        let sequence = &self.0.all()[0];
        loop {
            let before = sequence.load(Acquire);
            if before.is_multiple_of(2) {
                let r = f(&self.0);
                fence(Acquire);
                if sequence.load(Relaxed) == before {
                    return Ok(r);
                }
            }
            spin_loop();
        }
    }

    #[inline]
    fn update(&mut self, f: impl FnOnce(&mut Words)) -> Result<()> {
        let take = |sequence: &AtomicU64| {
            loop {
                let now = sequence.load(Relaxed);
                if now.is_multiple_of(2) && sequence.compare_exchange_weak(now, now + 1, Acquire, Relaxed).is_ok() {
                    return now;
                }
                // The owner may want this core.
                std::thread::yield_now();
            }
        };
        let now = take(&self.0.all()[0]);
        fence(Release);
        f(&mut self.0);
        self.0.all()[0].store(now + 2, Release);
        Ok(())
    }

    #[inline]
    fn roll_back(&mut self, at: usize, value: u64) -> Result<()> {
        self.update(|s| by_hand(s, at, value))
    }
}

impl Read for Words {
    #[inline]
    fn counter(&self) -> u64 {
        self.all()[1].load(Relaxed)
    }
    #[inline]
    fn len(&self) -> usize {
        self.all()[2].load(Relaxed) as usize
    }
    #[inline]
    fn get(&self, at: usize) -> u64 {
        self.items()[at].load(Relaxed)
    }
    #[inline]
    fn sum(&self) -> u64 {
        self.items()[..self.len()].iter().fold(0, |sum, item| sum.wrapping_add(item.load(Relaxed)))
    }
    fn to_vec(&self) -> Vec<u64> {
        self.items()[..self.len()].iter().map(|item| item.load(Relaxed)).collect()
    }
}

impl Write for Words {
    #[inline]
    fn set_counter(&mut self, value: u64) {
        self.all()[1].store(value, Relaxed);
    }
    #[inline]
    fn add(&mut self, at: usize, by: u64) {
        self.set(at, self.get(at).wrapping_add(by));
    }
    #[inline]
    fn set(&mut self, at: usize, value: u64) {
        self.items()[at].store(value, Relaxed);
    }
    #[inline]
    fn push(&mut self, value: u64) {
        let len = self.len();
        self.set(len, value);
        self.set_len(len + 1);
    }
    fn pop(&mut self) {
        self.set_len(self.len() - 1);
    }
    fn clear(&mut self) {
        self.set_len(0);
    }
    #[inline]
    fn is_full(&self) -> bool {
        self.len() == self.items().len()
    }
    fn insert_front(&mut self, value: u64) {
        let len = self.len();
        for at in (0..len).rev() {
            self.set(at + 1, self.get(at));
        }
        self.set(0, value);
        self.set_len(len + 1);
    }
}
