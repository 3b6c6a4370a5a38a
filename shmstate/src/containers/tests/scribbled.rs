//! Containers whose words may be anything at all: every method, and the walks, do no harm.
//!
//! Which entries there are then is open; but nothing panics, runs on without end, or leaves the container.

use super::kit::{Dice, Kit, Small};
use crate::layout::SharedLayout;
use crate::track::{DirtyRanges, Granule, Stamp};
use crate::{Map, Set};
use std::hint::black_box;

/// Xorshift.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Words that do harm: small ones, indices, tags, all ones, anything.
    fn word(&mut self) -> u64 {
        let n = self.next();
        match n % 8 {
            0 => 0,
            1 => u64::MAX,
            2 | 3 => n >> 61,
            4 => (n >> 61) << 32 | (n >> 20) & 15,
            5 => n << 32 | (n >> 40) & 7,
            _ => n,
        }
    }
}

impl Dice<Small> for Rng {
    fn roll(&mut self, end: usize) -> usize {
        ((self.next() >> 20) % end as u64) as usize
    }

    fn value(&mut self) -> Small {
        (0..self.roll(7) as u64).collect()
    }

    fn poke(&mut self, value: &mut Small) {
        let n = self.next();
        match value.first_mut() {
            Some(first) if n & 3 > 0 => *first = n,
            _ => drop(value.push(n)),
        }
    }

    fn keep(&mut self, value: Small) {
        black_box(value.iter().fold(0u64, |sum, n| sum.wrapping_add(*n)));
    }
}

/// Writes `count` words anywhere; in a type for which every byte pattern will do.
fn scribble<T: SharedLayout>(value: &mut T, count: usize, rng: &mut Rng) {
    let words = size_of::<T>() / 8;
    for _ in 0..count {
        let (at, word) = (rng.roll(words), rng.word());
        // SAFETY: inside of the value, and aligned, as all that is written here is.
        unsafe { std::ptr::from_mut(value).cast::<u64>().wrapping_add(at).write(word) }
    }
}

/// Looks at everything.
fn look(kit: &Kit) {
    // SAFETY: initialised, private; what it says is of no interest.
    let verdict = unsafe { Kit::validate(kit) };
    let same = kit;
    black_box((verdict.is_ok(), format!("{kit:?}"), kit.map == same.map, kit.set == same.set));
    for key in 0..10 {
        black_box((kit.map.get(&key), kit.sorted.get_key_value(&key), kit.set.get(&key)));
        black_box((kit.sorted.range(key..).count(), kit.sorted.range(..=key).count()));
    }
    black_box((kit.map.iter().count(), kit.map.keys().max(), kit.map.values().map(|v| v.len()).sum::<usize>()));
    black_box((kit.sorted.first_key_value(), kit.sorted.last_key_value(), kit.sorted.cmp(&kit.sorted)));
    let other = Set::<u16, 3>::from([1, 2, 3]);
    black_box((kit.set.union(&other).count(), kit.set.symmetric_difference(&other).count()));
    black_box((kit.set.is_subset(&other), kit.set.is_superset(&other), kit.set.is_disjoint(&other)));
}

#[test]
fn scribbled_maps_do_no_harm() {
    let mut touched = DirtyRanges::new(size_of::<Kit>() as u64);
    for seed in 1..4000u64 {
        let mut rng = Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut kit = Box::new(Kit::fresh(&mut rng));
        for _ in 0..4 {
            let stamp = Stamp::root(seed);
            if rng.roll(2) == 0 {
                // SAFETY: a value of this test's own.
                unsafe { Kit::stamp(&mut *kit, stamp) }
            }
            let count = [1, 5, 50, 1000][rng.roll(4)];
            scribble(&mut *kit, count, &mut rng);
            look(&kit);
            (0..rng.roll(20)).for_each(|_| kit.step(&mut rng));
            let mut other = Kit::fresh(&mut rng);
            Kit::exchange(&mut kit, &mut other, &mut rng);
            look(&kit);
            touched.clear_ranges();
            touched.clear_pages();
            let (kit, size) = ((&raw mut *kit).cast_const(), size_of::<Kit>() as u64);
            // SAFETY: the same value twice, which does not change.
            unsafe { Kit::collect_dirty::<true>(kit, kit, stamp, &mut touched) }
            let granule = Granule::of(size);
            let ends = touched.ranges().map(|word| granule.unpack(word).end);
            assert!(ends.max() <= Some(size));
            // As an update's own value; what makes no sense is left to those that follow it.
            // SAFETY: as above.
            unsafe { Kit::collect_dirty::<false>(kit, kit, stamp, &mut touched) }
            assert!(touched.ranges().filter_map(|word| granule.checked(word, size)).all(|bytes| bytes.end <= size));
        }
    }
}

/// A table that is full: a search ends, and what is inserted next is found.
#[test]
fn a_full_table_is_made_anew() {
    for word in [u64::MAX, 1, 1 << 32 | 1, 7 << 32] {
        let mut map = Map::<u64, u64, 4>::from([(1, 10), (2, 20)]);
        let buckets = std::ptr::from_mut(&mut map).cast::<u64>().wrapping_add(10).cast::<[u64; 8]>();
        // SAFETY: after the seed and a head of 64 bytes lie eight buckets.
        unsafe { buckets.write([word; 8]) }
        assert_eq!((map.get(&3).copied(), map.remove(&3)), (None, None));
        map.insert(3, 30).unwrap();
        assert_eq!((map[&3], map.get(&1), map.get(&2)), (30, Some(&10), Some(&20)));
        super::keyed::is_valid(&map);
    }
}

/// More keys than values, and the other way round.
#[test]
fn keys_and_values_that_differ_in_number() {
    let mut map = Map::<u64, u64, 4>::from([(1, 10), (2, 20), (3, 30)]);
    let of_map = size_of_val(&map) - 64 - 32;
    // SAFETY: the values' list is the last part of a map, and its length lies at its start.
    unsafe { std::ptr::from_mut(&mut map).wrapping_byte_add(of_map).cast::<u32>().write(1) }
    assert_eq!((map.len(), map.get(&1), map.get(&2)), (1, Some(&10), None));
    assert_eq!(map.get_mut(&3), None);
    // SAFETY: initialised, private.
    let of_map = unsafe { Map::validate(&map) }.unwrap_err().to_string();
    assert_eq!(of_map, "3 keys and 1 values");
    assert_eq!((map.insert(2, 21), map.insert(4, 40), map.remove(&1)), (Ok(None), Ok(None), Some(10)));
    assert!(map.iter().eq([(&4, &40), (&2, &21)]));
    super::keyed::is_valid(&map);
}

/// What a file may be refused for.
#[test]
fn tables_that_do_not_fit_their_keys_are_refused() {
    type M = Map<u64, u64, 4>;
    let refused = |f: &dyn Fn(&mut [u64; 8])| {
        let mut map = M::from([(1, 10), (2, 20), (3, 30)]);
        let buckets = std::ptr::from_mut(&mut map).cast::<u64>().wrapping_add(10).cast::<[u64; 8]>();
        // SAFETY: after the seed and a head of 64 bytes lie eight buckets, which are not looked at meanwhile.
        f(unsafe { &mut *buckets });
        // SAFETY: initialised, private.
        unsafe { M::validate(&map) }.unwrap_err().to_string()
    };
    // The last of a run, so that those after it do not depend on it.
    let used = |b: &[u64; 8]| (0..8).find(|&at| b[at] != 0 && b[(at + 1) % 8] == 0).unwrap();
    // Each has a seed of its own.
    for _ in 0..200 {
        assert_eq!(refused(&|b| *b = [1; 8]), "`keys`: no bucket of the index is empty");
        assert!(refused(&|b| b[used(b)] = 0).ends_with("is not in the index"));
        assert!(refused(&|b| b[used(b)] ^= 1 << 40).ends_with("does not belong to a key"));
        assert!(refused(&|b| b[used(b)] |= 7).ends_with("does not belong to a key"));
        assert!(refused(&|b| b.rotate_right(4)).starts_with("`keys`: bucket"));
    }
    // No program has another `Hash` of numbers, unless the standard library's has changed, and then that of all.
    let mut map = M::from([(1, 10), (2, 20), (3, 30)]);
    // SAFETY: the seed is the first word.
    unsafe { *std::ptr::from_mut(&mut map).cast::<u64>() ^= 1 };
    // SAFETY: initialised, private.
    let refused = unsafe { M::validate(&map) }.unwrap_err();
    assert!(refused.to_string().ends_with("was put in under another `Hash` than this program's"), "{refused}");
}
