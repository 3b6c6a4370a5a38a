//! Which parts of a value have changed since it was a valid one.

use std::ops::Range;

/// The bytes of a value that have changed, for [`SharedLayout::validate_touched`](super::SharedLayout::validate_touched).
pub struct Touched<'a> {
    /// Where the value begins.
    base: usize,
    /// In order, apart from each other.
    ranges: &'a [Range<usize>],
    /// What the word of 4 bytes at an offset held before, if that is known.
    before: &'a dyn Fn(usize) -> Option<u32>,
}

impl<'a> Touched<'a> {
    /// Of the value at `base`.
    pub(crate) fn new(
        base: *const u8,
        ranges: &'a [Range<usize>],
        before: &'a dyn Fn(usize) -> Option<u32>,
    ) -> Touched<'a> {
        Touched { base: base.addr(), ranges, before }
    }

    /// The ranges that end after the start of the `len` bytes at `at`, and begin before the end of these bytes.
    fn within<T>(&self, at: *const T, len: usize) -> &'a [Range<usize>] {
        let start = at.addr().wrapping_sub(self.base);
        let rest = &self.ranges[self.ranges.partition_point(|range| range.end <= start)..];
        &rest[..rest.partition_point(|range| range.start < start.saturating_add(len))]
    }

    /// Whether any byte of the part at `at` has changed.
    pub(crate) fn meets<T>(&self, at: *const T) -> bool {
        !self.within(at, size_of::<T>()).is_empty()
    }

    /// The indices, in order, of the first `len` items at `at` of which any byte has changed.
    pub(crate) fn items<T>(&self, at: *const T, len: usize) -> impl Iterator<Item = usize> + use<'a, T> {
        let (start, size) = (at.addr().wrapping_sub(self.base), size_of::<T>().max(1));
        let mut next = 0;
        self.within(at, len.saturating_mul(size)).iter().flat_map(move |range| {
            let first = (range.start.saturating_sub(start) / size).max(next);
            let end = (range.end - start).div_ceil(size).min(len);
            next = end.max(next);
            first..end
        })
    }

    /// What the number at `at` was before; `None` if that is not known.
    pub(crate) fn before(&self, at: *const u32) -> Option<u32> {
        (self.before)(at.addr().wrapping_sub(self.base))
    }
}

/// The same bytes, as ranges in order and apart from each other.
pub(crate) fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|range, last| {
        let meets = range.start <= last.end;
        if meets {
            last.end = last.end.max(range.end);
        }
        meets
    });
    ranges
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use crate::{Array, List, Map, Maybe, SharedLayout, Text};
    use proptest::prelude::*;

    #[derive(SharedLayout, Clone, Copy)]
    #[repr(u8)]
    #[shared(crate = "crate")]
    enum Color {
        Red,
        Green,
    }

    #[derive(SharedLayout, Clone)]
    #[repr(C, u64)]
    #[shared(crate = "crate")]
    enum Job {
        Idle,
        Run(u64),
        Stop([bool; 8]),
    }

    #[derive(SharedLayout, Clone)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct Part {
        flags: [bool; 8],
        colors: [Color; 8],
        job: Job,
        name: Text<12>,
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(crate = "crate")]
    struct All {
        number: u64,
        part: Part,
        list: List<bool, 24>,
        parts: List<Part, 3>,
        array: Array<Color, 16>,
        maybe: Maybe<Part>,
        map: Map<u64, bool, 8>,
        lists: [List<Color, 8>; 2],
    }

    fn bytes(all: &mut All) -> &mut [u8] {
        // SAFETY: a `T` is its bytes, which are initialised; the tests look at no part of one that is no value.
        unsafe { std::slice::from_raw_parts_mut((&raw mut *all).cast(), size_of::<All>()) }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// Validating what has changed refuses a value if and only if validating all of it does.
        #[test]
        fn what_has_not_changed_is_as_valid_as_before(
            lens in prop::array::uniform5(0..3_usize),
            dead in any::<[u8; 24]>(),
            len in prop::option::of(0..25_u8),
            changes in prop::collection::vec((any::<prop::sample::Index>(), 1..4_usize, prop_oneof![0..4_u8, any::<u8>()]), 1..6),
        ) {
            let mut all = All::new_box_zeroed();
            // Dead bytes may be anything.
            bytes(&mut all)[std::mem::offset_of!(All, list) + 64..][..24].copy_from_slice(&dead);
            let part = Part {
                flags: [true; 8],
                colors: [Color::Green; 8],
                job: [Job::Idle, Job::Run(u64::MAX), Job::Stop([true; 8])][lens[0]].clone(),
                name: "name".try_into().unwrap(),
            };
            (0..lens[1]).for_each(|_| all.list.push(true).unwrap());
            (0..lens[2]).for_each(|_| all.parts.push(part.clone()).unwrap());
            (0..lens[3]).for_each(|n| _ = all.map.insert(n as u64, true).unwrap());
            (0..lens[4]).for_each(|_| all.lists[1].push(Color::Green).unwrap());
            all.maybe = Maybe::from((lens[0] > 0).then(|| part.clone()));
            all.part = part;
            let before = bytes(&mut all).to_vec();
            let mut ranges = Vec::new();
            for (place, len, value) in changes {
                let start = place.index(before.len());
                let changed = start..(start + len).min(before.len());
                bytes(&mut all)[changed.clone()].fill(value);
                ranges.push(changed);
            }
            if let Some(len) = len {
                let changed = std::mem::offset_of!(All, list)..std::mem::offset_of!(All, list) + 1;
                bytes(&mut all)[changed.clone()].fill(len);
                ranges.push(changed);
            }
            ranges.sort_by_key(|range: &Range<usize>| range.start);
            ranges.dedup_by(|range, last| {
                let meets = range.start <= last.end;
                last.end = if meets { last.end.max(range.end) } else { last.end };
                meets
            });
            let word = |offset: usize| Some(u32::from_ne_bytes(before.get(offset..offset + 4)?.try_into().unwrap()));
            let this = &raw const *all;
            let touched = Touched::new(this.cast(), &ranges, &word);
            // SAFETY: aligned and initialised.
            let whole = unsafe { All::validate(this) };
            // SAFETY: the same; it was a value before.
            let part = unsafe { All::validate_touched(this, &touched) };
            prop_assert_eq!(whole.is_ok(), part.is_ok(), "{:?} {:?}", whole, part);
        }
    }
}
