//! Sorted maps of many leaves: against `BTreeMap` at every degree of fullness, and with words that are damaged.

use super::keyed::is_valid;
use crate::track::{DirtyRanges, Stamp};
use crate::{SharedLayout, SortedMap};
use std::collections::BTreeMap;
use std::hint::black_box;

/// So large that a leaf has 16.
type Large = [u64; 18];

fn large(n: u64) -> Large {
    [n; 18]
}

/// Xorshift.
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 20) % end as u64) as usize
    }
}

/// A map beside its model.
struct Both<const N: usize> {
    map: Box<SortedMap<u32, Large, N>>,
    model: BTreeMap<u32, Large>,
    steps: u64,
}

impl<const N: usize> Both<N> {
    fn new() -> Self {
        Both { map: SortedMap::new_box_zeroed(), model: BTreeMap::new(), steps: 0 }
    }

    /// Adds an entry; there is room as long as there are not `N`.
    fn insert(&mut self, key: u32) {
        self.steps += 1;
        let fits = self.model.len() < N || self.model.contains_key(&key);
        let value = large(self.steps);
        match self.map.insert(key, value) {
            Ok(old) => assert!(fits && old == self.model.insert(key, value)),
            Err(full) => assert!(!fits && full.into_inner() == (key, value)),
        }
    }

    fn remove(&mut self, key: u32) {
        self.steps += 1;
        assert_eq!(self.map.remove(&key), self.model.remove(&key));
    }

    fn check(&mut self) {
        is_valid(&*self.map);
        assert!(self.map.iter().eq(&self.model) && self.map.iter().rev().eq(self.model.iter().rev()));
        assert_eq!((self.map.iter().len(), self.map.len()), (self.model.len(), self.model.len()));
    }

    /// The key of the entry of that rank, or any.
    fn at(&self, rank: usize) -> u32 {
        self.model.keys().nth(rank % self.model.len().max(1)).copied().unwrap_or(7)
    }

    /// Phases in which entries come and go in an order of their own, most of them with the map full or nearly.
    fn phase(&mut self, rng: &mut Rng) {
        let count = 1 + rng.below(2 * N);
        let (center, bits) = (rng.below(1 << 20) as u32, [4, 8, 20][rng.below(3)]);
        let spread = 1 + rng.below(1 << bits);
        match rng.below(9) {
            0 => (0..count as u32).for_each(|n| self.insert(center + n)),
            1 => (0..count as u32).for_each(|n| self.insert((1 << 22) - center - n)),
            2 | 3 => (0..count).for_each(|_| self.insert(center + rng.below(spread) as u32)),
            // Between two neighbours, so that one leaf takes all.
            4 => {
                let low = self.at(rng.below(N));
                (0..count as u32).for_each(|n| self.insert(low.saturating_add(1 + n % 9)));
            }
            // Every second entry, or the others of each dozen: thin leaves beside full ones.
            5 => {
                let keys: Vec<u32> = self.model.keys().copied().collect();
                let (of, left) = (1 + rng.below(24), rng.below(12));
                keys.iter().enumerate().filter(|(n, _)| n % of > left).for_each(|(_, key)| self.remove(*key));
            }
            6 => {
                let first = rng.below(N);
                (0..count / 4).for_each(|_| self.remove(self.at(first)));
            }
            // A queue of keys that is always full.
            7 => {
                for n in 0..count as u32 {
                    if self.model.len() == N {
                        assert_eq!(self.map.pop_first(), self.model.pop_first());
                    }
                    self.insert((1 << 21) + center + n);
                }
            }
            _ => {
                let keep = rng.below(7) as u64;
                self.map.retain(|_, value| value[5] % 7 != keep);
                self.model.retain(|_, value| value[5] % 7 != keep);
            }
        }
        self.check();
    }

    /// Ranges, of entries to be looked at and to be changed.
    fn ranges(&mut self, rng: &mut Rng) {
        for _ in 0..8 {
            let (a, b) = (self.at(rng.below(N)), self.at(rng.below(N)));
            let range = a.min(b)..a.max(b);
            let entries = self.map.range(range.clone());
            assert_eq!(entries.len(), self.model.range(range.clone()).count());
            assert!(entries.clone().eq(self.model.range(range.clone())));
            assert!(entries.rev().eq(self.model.range(range.clone()).rev()));
            self.map.range_mut(range.clone()).for_each(|(_, value)| value[0] += 1);
            self.model.range_mut(range.clone()).for_each(|(_, value)| value[0] += 1);
            let (mut ours, mut theirs) = (self.map.range_mut(range.clone()), self.model.range_mut(range));
            for step in 0..40 {
                let pair = if (step + a) % 3 == 0 {
                    (ours.next(), theirs.next())
                } else {
                    (ours.next_back(), theirs.next_back())
                };
                match pair {
                    (Some(ours), Some(theirs)) => {
                        assert_eq!((ours.0, &*ours.1), (theirs.0, &*theirs.1));
                        (ours.1[3], theirs.1[3]) = (9, 9);
                    }
                    pair => assert!(pair.0.is_none() && pair.1.is_none()),
                }
            }
        }
        self.map.values_mut().for_each(|value| value[1] += 1);
        self.model.values_mut().for_each(|value| value[1] += 1);
        self.check();
    }
}

fn any_order<const N: usize>() {
    for seed in 1..60 {
        let (mut rng, mut both) = (Rng(u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15)), Both::<N>::new());
        for _ in 0..40 {
            both.phase(&mut rng);
        }
        both.ranges(&mut rng);
    }
}

#[test]
fn as_many_as_fit_in_any_order() {
    any_order::<1>();
    any_order::<2>();
    any_order::<3>();
    any_order::<15>();
    any_order::<16>();
    any_order::<17>();
    any_order::<31>();
    any_order::<32>();
    any_order::<47>();
    any_order::<63>();
    any_order::<79>();
    any_order::<200>();
}

/// Leaves that are full beside such that are nearly empty, in every order: there is room as long as `N` are not there.
#[test]
fn full_leaves_beside_thin_ones() {
    const N: usize = 79;
    for pattern in 0..1u32 << 8 {
        let mut both = Both::<N>::new();
        // Keys that come in order fill leaves of 16, of which there are 9.
        for leaf in 0..8u32 {
            let keep = if pattern >> leaf & 1 == 1 { 16 } else { 1 };
            (0..16).for_each(|n| both.insert(leaf * 1000 + 10 * n));
            (keep..16).for_each(|n| both.remove(leaf * 1000 + 10 * n));
        }
        for n in 0..N as u32 {
            let leaf = pattern.trailing_zeros() & 7;
            both.insert(leaf * 1000 + 10 * (n % 16) + 1 + n / 16);
        }
        both.check();
        assert!(both.map.is_full() || both.model.len() < N);
    }
}

/// Entries that come in order fill leaves, and so does a clone of thin ones.
#[test]
fn what_comes_in_order_fills_leaves() {
    type M = SortedMap<u64, Large, 100>;
    // SAFETY: the second word is the number of leaves in use.
    let leaves = |map: &M| unsafe { *std::ptr::from_ref(map).cast::<u32>().wrapping_add(1) };
    let mut map = M::new_box_zeroed();
    map.extend((0..100).map(|n| (n, large(n))));
    assert_eq!(leaves(&map), 7);
    (0..100).filter(|n| n % 16 > 12).for_each(|n| assert!(map.discard(&n)));
    assert_eq!(leaves(&map), 7);
    let mut other = M::new_box_zeroed();
    other.clone_from(&map);
    assert!(*other == *map && leaves(&other) == 6, "{}", leaves(&other));
}

/// Words that are numbers of leaves, the same, too large, with lengths of any size: nothing panics, goes on without end, or
/// gives the same value out twice.
#[test]
fn scribbled_words_do_no_harm() {
    const N: usize = 70;
    type M = SortedMap<u32, Large, N>;
    for seed in 1..3000u64 {
        let mut rng = Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut map = M::new_box_zeroed();
        let count = rng.below(N + 1);
        (0..count as u32).for_each(|n| drop(map.insert(n * 37 % 71, large(u64::from(n)))));
        for _ in 0..1 + rng.below(12) {
            let number = [rng.below(9), rng.below(1 << 24), 0][rng.below(3)] as u32;
            let word = number | ([rng.below(18), rng.below(256), 16][rng.below(3)] as u32) << 24;
            // Counts, the length of the list of words, or a word.
            let at = [0, 1, 2, 18, 19, 20, 21, 22, 23, 24, 25][rng.below(11)];
            let word = if at < 3 && rng.below(4) > 0 { rng.below(12) as u32 } else { word };
            // SAFETY: two numbers, a head of 64 bytes, and the words, all of which may be anything.
            unsafe { std::ptr::from_mut(&mut *map).cast::<u32>().wrapping_add(at).write(word) }
        }
        // SAFETY: initialised, private.
        let verdict = unsafe { M::validate(&*map) };
        black_box((verdict.is_ok(), format!("{map:?}").len(), map.iter().rev().count(), map.clone().len()));
        for _ in 0..30 {
            let (a, b) = (rng.below(75) as u32, rng.below(75) as u32);
            match rng.below(10) {
                0..3 => drop(map.insert(a, large(1))),
                3 => drop(map.remove(&a)),
                4 => black_box(map.range(a.min(b)..a.max(b)).map(|(_, value)| value[17]).max().map(drop)).unwrap_or(()),
                5 => map.retain(|key, _| key % 5 != a % 5),
                6 => drop(map.pop_first().or(map.pop_last())),
                7 => drop(map.insert_with(a, |value| *value = large(3))),
                8 => {
                    let mut values: Vec<_> =
                        map.range_mut(a.min(b)..).map(|(_, value)| std::ptr::from_mut(value)).collect();
                    let all = values.len();
                    values.sort_unstable();
                    values.dedup();
                    assert_eq!(values.len(), all);
                }
                _ => {
                    let mut values: Vec<_> = map.values_mut().map(std::ptr::from_mut).collect();
                    let all = values.len();
                    values.sort_unstable();
                    values.dedup();
                    assert_eq!(values.len(), all);
                }
            }
            black_box((map.get(&a), map.first_key_value(), map.last_key_value(), map.remaining()));
        }
        let mut touched = DirtyRanges::new(size_of::<M>() as u64);
        let map = (&raw mut *map).cast_const();
        // SAFETY: the same value twice, which nothing changes meanwhile.
        unsafe { M::collect_dirty::<true>(map, map, Stamp::root(seed), &mut touched) }
    }
}

/// What a file may be refused for.
#[test]
fn words_that_are_no_leaves_in_order_are_refused() {
    type M = SortedMap<u64, Large, 64>;
    let refused = |at: usize, change: fn(u32) -> u32| {
        let mut map = M::new_box_zeroed();
        map.extend((0..40).map(|n| (n, large(n))));
        is_valid(&*map);
        // SAFETY: two numbers, a head of 64 bytes, and the words.
        let word = unsafe { &mut *std::ptr::from_mut(&mut *map).cast::<u32>().wrapping_add(at) };
        *word = change(*word);
        // SAFETY: initialised, private.
        unsafe { M::validate(&*map) }.unwrap_err().to_string()
    };
    assert_eq!(refused(0, |_| 41), "the leaves have 40 entries, 41 are counted, and 64 fit");
    assert_eq!(refused(1, |_| 4), "4 leaves in use of 3, and there are at most 7");
    assert_eq!(refused(1, |_| 2), "the leaves have 32 entries, 40 are counted, and 64 fit");
    assert_eq!(refused(2, |_| 9), "3 leaves in use of 9, and there are at most 7");
    assert_eq!(refused(19, |word| word - 1), "word 1 of the leaves is not the number of one of them");
    assert_eq!(refused(19, |word| word + 50), "word 1 of the leaves is not the number of one of them");
    assert_eq!(refused(18, |word| word & 0xff_ffff), "leaf 0 has 0 entries of at most 16");
    assert_eq!(refused(18, |word| word | 1 << 31), "leaf 0 has 144 entries of at most 16");
    assert_eq!(refused(18, |word| word - (1 << 24)), "the leaves have 39 entries, 40 are counted, and 64 fit");
    // The keys begin after the words and a head.
    let first_key = (8 + 64 + 64 * 4 + 64) / 4;
    assert_eq!(refused(first_key, |_| 5), "key 1 is not larger than the one before it");
    let of_leaf_1 = first_key + 2 * 16;
    assert_eq!(refused(of_leaf_1, |_| 15), "the bound of leaf 1 is not larger than the one before it");
    assert_eq!(refused(of_leaf_1 + 2, |_| 16), "key 17 is not larger than the one before it");
    let bounds = first_key + 2 * 7 * 16;
    is_valid(&M::from([(1, large(1))]));
    assert_eq!(refused(bounds + 2, |_| 15), "the bound of leaf 1 is not larger than the one before it");
    assert_eq!(refused(bounds + 2, |_| 17), "the bound of leaf 1 is not larger than the one before it");
}
