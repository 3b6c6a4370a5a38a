//! A small model of the transactions: three copies, of which one is written at a time, and what each of the others still
//! has to take over. Whatever is done to the lists, the marks must suffice to make the copies equal.

use super::workload::{Script, Workload};
use crate::SharedLayout;
use crate::track::{Frame, Granule, Running, Stamp};
use proptest::prelude::*;
use std::fmt::Debug;
use std::mem::MaybeUninit;
use std::num::Saturating;
use std::ops::Range;

pub(super) struct Copies<T> {
    copies: [Box<T>; 3],
    todo: [Vec<Range<u64>>; 3],
    active: usize,
    running: Running,
}

impl<T: SharedLayout + Clone + PartialEq + Debug> Copies<T> {
    /// All zeroes.
    pub(super) fn empty() -> Self {
        Self::of(|_| ())
    }

    fn of(fill_up: impl FnOnce(&mut T)) -> Self {
        let mut copies = [T::new_box_zeroed(), T::new_box_zeroed(), T::new_box_zeroed()];
        fill_up(&mut copies[0]);
        let mut all =
            Copies { copies, todo: [const { vec![] }; 3], active: 0, running: Running::new(size_of::<T>(), 1001) };
        for k in 1..3 {
            all.todo[k].push(0..size_of::<T>() as u64);
            all.catch_up(k);
        }
        all
    }

    /// Calls `f` with each copy and its number, once it has taken over what it had missed.
    pub(super) fn each_caught_up(&mut self, mut f: impl FnMut(usize, &T)) {
        for k in 0..3 {
            self.catch_up(k);
            f(k, &self.copies[k]);
        }
    }

    /// Takes over what copy `k` has missed.
    fn catch_up(&mut self, k: usize) {
        if k == self.active {
            return;
        }
        let from: *const T = &*self.copies[self.active];
        let to: *mut T = &mut *self.copies[k];
        // SAFETY: two boxes.
        unsafe { T::copy_plain(to, from) }
        for range in self.todo[k].drain(..) {
            let (start, end) = (range.start as usize, (range.end as usize).min(size_of::<T>()));
            let from = from.cast::<MaybeUninit<u8>>().wrapping_add(start);
            let to = to.cast::<MaybeUninit<u8>>().wrapping_add(start);
            // SAFETY: two boxes; the range lies inside both.
            unsafe { std::ptr::copy_nonoverlapping(from, to, end.saturating_sub(start)) }
        }
        assert_eq!(self.copies[k], self.copies[self.active], "copy {k} has missed something");
        // SAFETY: a box, which holds a value, at worst one of bytes that this refuses.
        let sound = unsafe { T::validate(&*self.copies[k]) };
        assert!(sound.is_ok(), "copy {k}: {}", sound.unwrap_err());
    }

    /// One transaction, in which `operate` is called some times; whether it was committed, if there was one.
    pub(super) fn update_by(
        &mut self,
        s: &mut Script<'_>,
        mut operate: impl FnMut(&mut T, &mut Script<'_>),
    ) -> Option<bool> {
        let j = s.below(3);
        self.catch_up(j);
        let before = self.copies[j].clone();
        if j == self.active {
            // The active copy is never written: the next one is.
            return None;
        }
        let written: *mut T = &mut *self.copies[j];
        let root = Stamp::root(self.running.begin(written.addr()));
        // SAFETY: a box.
        unsafe { T::stamp(written, root) }
        let ops = 1 + s.below(12);
        let mut all = || {
            for _ in 0..ops {
                // SAFETY: a box that nothing else uses meanwhile.
                operate(unsafe { &mut *written }, s);
            }
        };
        if ops.is_multiple_of(4) {
            all(); // as from a scoped thread: the pages are out of reach
        } else {
            let frame = Frame::new([0, 0]);
            // SAFETY: it lives, and is this thread's.
            unsafe { frame.enter_update(&raw const self.running, all) }
        }
        let commit = s.below(3) != 0;
        let source: *const T = if commit { written } else { &*self.copies[self.active] };
        // SAFETY: boxes that do not change.
        unsafe { T::collect_dirty::<false>(written, source, root, &mut self.running.touched) }
        let granule = Granule::of(size_of::<T>() as u64);
        let mut touched: Vec<_> = self.running.touched.ranges().map(|word| granule.unpack(word)).collect();
        self.running.touched.pages().for_each_run(|run| touched.push(run));
        if commit {
            self.active = j;
            for k in (0..3).filter(|&k| k != j) {
                self.todo[k].extend(touched.iter().cloned());
            }
        } else {
            self.todo[j].extend(touched);
            if s.below(2) == 0 {
                self.catch_up(j);
                assert_eq!(self.copies[j], before, "rolled back to something else");
            }
        }
        Some(commit)
    }
}

fn run<T: Workload>(numbers: &[u16]) {
    let mut s = Script::new(numbers);
    let mut copies = Copies::<T>::of(T::fill_up);
    let mut pocket = T::Pocket::default();
    while !s.is_over() {
        copies.update_by(&mut s, |state, s| state.operate(s, &mut pocket));
    }
    for k in 0..3 {
        copies.catch_up(k);
    }
}

macro_rules! copies_stay_equal {
    ($($(#[$doc:meta])* $name:ident: $ty:ty, $cases:expr;)*) => {
        $(
            $(#[$doc])*
            #[test]
            fn $name() {
                let config = ProptestConfig { cases: $cases, failure_persistence: None, ..ProptestConfig::default() };
                proptest!(config, |(numbers in prop::collection::vec(any::<u16>(), 1..400))| {
                    run::<$ty>(&numbers);
                });
            }
        )*
    };
}

copies_stay_equal! {
    numbers: crate::List<u32, 8>, 3000;
    /// Past 64 items a block is more than one.
    small_blocks: [crate::List<u8, 300>; 2], 1500;
    nested: [crate::List<crate::List<u16, 3>, 5>; 2], 4000;
    nested_twice: [crate::List<crate::List<crate::List<u8, 2>, 3>, 4>; 2], 4000;
    array: [crate::Array<u32, 8>; 2], 3000;
    arrays_of_lists: [crate::Array<crate::List<u16, 3>, 5>; 2], 4000;
    lists_of_arrays: [crate::List<crate::Array<u16, 3>, 5>; 2], 4000;
    rings: [crate::Ring<u32, 6>; 2], 3000;
    rings_of_lists: [crate::Ring<crate::List<u16, 3>, 4>; 2], 4000;
    lists_of_rings: [crate::List<crate::Ring<u16, 3>, 5>; 2], 3000;
    queues: [crate::Queue<u32, 6>; 2], 3000;
    queues_of_lists: [crate::Queue<crate::List<u16, 3>, 4>; 2], 6000;
    lists_of_queues: [crate::List<crate::Queue<u16, 3>, 5>; 2], 3000;
    slabs: [crate::Slab<u32, 6>; 2], 3000;
    slabs_of_lists: [crate::Slab<crate::List<u16, 3>, 4>; 2], 6000;
    lists_of_slabs: [crate::List<crate::Slab<u16, 3>, 5>; 2], 3000;
    maybes: [crate::Maybe<u32>; 2], 1000;
    maybes_of_lists: [crate::Maybe<crate::List<u16, 3>>; 2], 4000;
    lists_of_maybes: [crate::List<crate::Maybe<crate::List<u16, 3>>, 5>; 2], 4000;
    tracked: [crate::Tracked<[u32; 2]>; 2], 2000;
    tracked_lists: [crate::Tracked<crate::List<u16, 3>>; 2], 3000;
    lists_of_tracked: [crate::List<crate::Tracked<crate::List<u16, 3>>, 5>; 2], 3000;
    all_in_each_other: [crate::Queue<crate::Slab<crate::Maybe<crate::Ring<crate::Tracked<u8>, 2>>, 3>, 3>; 2], 3000;
    /// Gaps between the parts.
    aligned: [crate::Ring<crate::Maybe<crate::Queue<crate::Maybe<u128>, 3>>, 3>; 2], 2000;
    aligned_slabs: [crate::Slab<crate::List<u128, 2>, 4>; 2], 2000;
    /// Several pages.
    large_queue: [crate::Queue<u64, 1200>; 2], 200;
    large_slab: crate::Slab<crate::List<u64, 70>, 40>, 500;
    kits: [super::kit::Kit; 2], 2000;
    lists_of_kits: [crate::List<super::kit::Kit, 3>; 2], 2000;
    /// Several pages.
    large_array: [crate::Array<u64, 1200>; 2], 300;
    large_array_of_arrays: crate::Array<crate::Array<u64, 70>, 40>, 1000;
    #[cfg(feature = "archived")]
    archived: [crate::Archived<Vec<String>, 96>; 2], 3000;
    #[cfg(feature = "archived")]
    lists_of_archived: [crate::List<crate::Archived<Vec<String>, 96>, 5>; 2], 3000;
    wrapped: [Saturating<crate::List<Saturating<crate::List<u16, 3>>, 5>>; 2], 2000;
    /// Several pages.
    #[cfg(feature = "archived")]
    large_archived: [crate::Archived<Vec<String>, 20_000>; 2], 300;
    /// Several pages.
    large: [crate::List<u64, 1200>; 2], 300;
    /// Several pages of lists.
    large_nested: crate::List<crate::List<u64, 70>, 40>, 1000;
}
