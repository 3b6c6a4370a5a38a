//! The images of the state, in cells that report data races.

use super::super::Images;
use super::cell::UnsafeCell;
use crate::sync::model::writes;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub(super) const FIELDS: usize = 3;
pub(super) const SIZE: u64 = (FIELDS * size_of::<u64>()) as u64;

/// The state: three counters.
pub(super) type Image = [u64; FIELDS];

/// The version that has this content.
pub(super) fn check(image: Image) -> usize {
    let commits = image.iter().fold(0u64, |sum, n| sum.wrapping_add(*n)) as usize;
    for (field, &n) in image.iter().enumerate() {
        assert_eq!(n as usize, (commits.wrapping_add(FIELDS - 1 - field)) / FIELDS, "no version has this content");
    }
    commits
}

/// The images, and which of them have memory.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a>(pub(super) &'a [UnsafeCell<Image>], pub(super) &'a [AtomicBool]);

impl Cells<'_> {
    pub(super) fn get(&self, copy: usize) -> Image {
        assert!(self.1[copy].load(Relaxed), "a copy is read that has no memory");
        // SAFETY: initialised; loom reports a race.
        self.0[copy].with(|image| unsafe { *image })
    }

    pub(super) fn put(&self, copy: usize, field: usize, value: u64) {
        if writes() {
            assert!(self.1[copy].load(Relaxed), "a copy is written that has no memory");
            // SAFETY: as for `get`.
            self.0[copy].with_mut(|image| unsafe { (*image)[field] = value });
        }
    }
}

impl Images for Cells<'_> {
    type Pair = (usize, usize);

    fn size(&self) -> u64 {
        SIZE
    }

    fn pair(&self, to: usize, from: usize) -> (usize, usize) {
        (to, from)
    }

    unsafe fn copy_all(&self, pair: (usize, usize)) {
        // SAFETY: the caller's promise.
        unsafe { self.copy_range(pair, 0..SIZE) }
    }

    unsafe fn copy_plain(&self, _: (usize, usize)) {} // everything is tracked

    unsafe fn copy_range(&self, (to, from): (usize, usize), range: Range<u64>) {
        assert!(range.end <= SIZE, "a range past the end");
        for field in range.start as usize / 8..range.end as usize / 8 {
            self.put(to, field, self.get(from)[field]);
        }
    }
}
