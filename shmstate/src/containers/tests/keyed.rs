//! Maps and sets against std's.

use super::workload::Script;
use super::{give_up, survives};
use crate::containers::entry::Entry;
use crate::{Map, Set, SharedLayout, SortedMap, Text};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::ops::Bound;

/// The bytes are a value, and its parts fit together.
pub(crate) fn is_valid<T: SharedLayout>(value: &T) {
    // SAFETY: a value.
    unsafe { T::validate(value) }.unwrap();
}

/// Keys that can be made of small numbers.
trait Key: SharedLayout + Hash + Ord + Clone + Debug {
    fn key(n: usize) -> Self;
}

impl Key for u16 {
    fn key(n: usize) -> Self {
        n as u16
    }
}

impl Key for Text<4> {
    fn key(n: usize) -> Self {
        n.to_string().parse().unwrap()
    }
}

impl Key for [u8; 3] {
    fn key(n: usize) -> Self {
        [n as u8, 0, 1]
    }
}

/// So large that leaves of a sorted map have 16 of them.
impl Key for [u16; 70] {
    fn key(n: usize) -> Self {
        let mut key = [7; 70];
        key[3] = n as u16;
        key
    }
}

/// One operation on a map and its model, both of which have it under the same name. A full map refuses what is new.
macro_rules! same_on_both {
    ($map:ident, $model:ident, $s:ident, $n:expr) => {{
        let any = |s: &mut Script<'_>| K::key(s.below($n * 3 / 2 + 1));
        let (key, value) = (any($s), $s.below(100) as u64);
        let fits = $model.len() < $n || $model.contains_key(&key);
        match $s.below(19) {
            0..4 => match $map.insert(key.clone(), value) {
                Ok(old) => assert!(fits && old == $model.insert(key, value)),
                Err(full) => {
                    assert_eq!((full.capacity(), full.needed(), fits), ($n, $n + 1, false));
                    assert_eq!(full.into_inner(), (key, value));
                }
            },
            4 => match $map.entry(key.clone()).or_insert(value) {
                Ok(it) => {
                    *it += 1;
                    *$model.entry(key).or_insert(value) += 1;
                    assert!(fits);
                }
                Err(full) => assert!(!fits && full.into_inner() == (key, value)),
            },
            5 => {
                let it = $map.entry(key.clone());
                assert_eq!(it.key(), &key);
                match it.and_modify(|it| *it += 1).or_insert_with(|| if fits { value } else { unreachable!() }) {
                    Ok(_) => {
                        assert!(fits);
                        $model.entry(key).and_modify(|it| *it += 1).or_insert(value);
                    }
                    Err(full) => assert!(!fits && full.into_inner() == key),
                }
            }
            6 => match $map.entry(key.clone()).or_default() {
                Ok(it) => assert_eq!(*it, *$model.entry(key).or_default()),
                Err(full) => assert!(!fits && full.into_inner() == key),
            },
            7 => match $map.entry(key.clone()).insert_entry(value) {
                Ok(entry) => {
                    assert_eq!((entry.key(), *entry.get()), (&key, value));
                    $model.insert(key, value);
                }
                Err(full) => assert!(!fits && full.into_inner() == (key, value)),
            },
            8 => match $map.entry(key.clone()) {
                Entry::Occupied(mut it) => {
                    assert_eq!(Some(it.insert(value)), $model.insert(key.clone(), value));
                    if value % 2 == 0 {
                        assert_eq!(Some(it.remove_entry()), $model.remove_entry(&key));
                    }
                }
                Entry::Vacant(it) => assert!(!$model.contains_key(&key) && it.into_key() == key),
            },
            9 | 10 => assert_eq!($map.remove(&key), $model.remove(&key)),
            11 => assert_eq!($map.remove_entry(&key), $model.remove_entry(&key)),
            12 => match ($map.get_mut(&key), $model.get_mut(&key)) {
                (Some(a), Some(b)) => (*a, *b) = (value, value),
                (a, b) => assert_eq!(a, b),
            },
            13 => {
                $map.iter_mut().for_each(|(key, it)| *it += u64::from(*key > any($s)));
                $model.clear();
                $model.extend($map.iter().map(|(key, it)| (key.clone(), *it)));
            }
            14 => {
                let odd = $s.below(4) as u64;
                $map.retain(|_, it| *it % 4 != odd);
                $model.retain(|_, it| *it % 4 != odd);
            }
            15 => {
                // A closure that gives up: what it has refused is gone, the rest is there.
                let mut left = $s.below($n + 1);
                let mut refused = vec![];
                survives(|| {
                    $map.retain(|key, it| {
                        give_up(&mut left);
                        if it % 3 == 0 {
                            refused.push(key.clone());
                        }
                        it % 3 != 0
                    });
                });
                refused.iter().for_each(|key| assert!($model.remove(key).is_some()));
            }
            16 => {
                let more: Vec<(K, u64)> = (0..$s.below(5)).map(|n| (any($s), n as u64)).collect();
                let result = $map.try_extend(more.clone());
                for (n, (key, value)) in more.iter().enumerate() {
                    if $model.len() == $n && !$model.contains_key(key) {
                        assert_eq!(result.as_ref().unwrap_err().clone().into_inner(), (key.clone(), n as u64));
                        break;
                    }
                    $model.insert(key.clone(), *value);
                }
            }
            17 => {
                if $s.below(3) == 0 {
                    $map.clear();
                    $model.clear();
                }
            }
            _ => {
                let mut other = Box::new($map.clone());
                *other.entry(K::key(0)).or_insert(0).unwrap_or(&mut 0) += 1;
                (*other).clone_from($map);
                assert_eq!(*other, *$map);
                *$map = *other;
            }
        }
        assert_eq!(
            ($map.len(), $map.is_empty(), $map.is_full()),
            ($model.len(), $model.is_empty(), $model.len() == $n)
        );
        assert_eq!($map.remaining(), $n - $model.len());
        for n in 0..=$n * 3 / 2 {
            let key = K::key(n);
            assert_eq!($map.get(&key), $model.get(&key), "{key:?}");
            assert_eq!($map.get_key_value(&key), $model.get_key_value(&key));
            assert_eq!($map.contains_key(&key), $model.contains_key(&key));
        }
        is_valid($map);
    }};
}

fn hash_map<K: Key, const N: usize>(numbers: &[u16]) {
    let mut s = Script::new(numbers);
    let (map, mut model) = (&mut *Map::<K, u64, N>::new_box_zeroed(), HashMap::<K, u64>::new());
    while !s.is_over() {
        let (model, s) = (&mut model, &mut s);
        same_on_both!(map, model, s, N);
        assert!(map.iter().all(|(key, value)| model[key] == *value));
        assert_eq!(map.keys().collect::<HashSet<_>>().len(), model.len());
    }
}

/// Whether a range is one that `BTreeMap` refuses.
pub(super) fn panics<K: Ord>(range: &(Bound<K>, Bound<K>)) -> bool {
    use Bound::{Excluded, Included};
    match range {
        (Excluded(a), Excluded(b)) => a >= b,
        (Included(a) | Excluded(a), Included(b) | Excluded(b)) => a > b,
        _ => false,
    }
}

fn sorted_map<K: Key, const N: usize>(numbers: &[u16]) {
    let mut s = Script::new(numbers);
    let (map, mut model) = (&mut *SortedMap::<K, u64, N>::new_box_zeroed(), BTreeMap::<K, u64>::new());
    while !s.is_over() {
        let (model, s) = (&mut model, &mut s);
        if s.below(3) > 0 {
            same_on_both!(map, model, s, N);
        } else {
            match s.below(5) {
                0 => assert_eq!(map.pop_first(), model.pop_first()),
                1 => assert_eq!(map.pop_last(), model.pop_last()),
                2 | 3 => {
                    let (a, b) = (s.below(N * 3 / 2), s.below(N * 3 / 2));
                    let bound = |key: usize, s: &mut Script<'_>| match s.below(3) {
                        0 => Bound::Unbounded,
                        1 => Bound::Included(K::key(key)),
                        _ => Bound::Excluded(K::key(key + 1)),
                    };
                    let range = if K::key(a) <= K::key(b) { (a, b) } else { (b, a) };
                    let mut range = (bound(range.0, s), bound(range.1, s));
                    if panics(&range) {
                        range.0 = Bound::Unbounded;
                    }
                    map.range_mut(range.clone()).for_each(|(_, it)| *it += 1);
                    model.range_mut(range.clone()).for_each(|(_, it)| *it += 1);
                    assert!(map.range(range.clone()).eq(model.range(range.clone())));
                }
                _ => {
                    if let (Some(mut a), Some(mut b)) = (map.first_entry(), model.first_entry()) {
                        assert_eq!((*a.get(), a.key()), (*b.get(), b.key()));
                        assert_eq!(a.insert(7), b.insert(7));
                    }
                    if let (Some(mut a), Some(mut b)) = (map.last_entry(), model.last_entry()) {
                        assert_eq!((*a.get(), a.key()), (*b.get(), b.key()));
                        assert_eq!(a.insert(7), b.insert(7));
                    }
                }
            }
        }
        assert!(map.iter().eq(model.iter()));
        assert_eq!((map.first_key_value(), map.last_key_value()), (model.first_key_value(), model.last_key_value()));
        is_valid(map);
    }
}

fn hash_set<K: Key, const N: usize>(numbers: &[u16]) {
    let mut s = Script::new(numbers);
    let (set, mut model) = (&mut *Set::<K, N>::new_box_zeroed(), HashSet::<K>::new());
    let mut other = Set::<K, 5>::new();
    while !s.is_over() {
        let key = K::key(s.below(N * 3 / 2 + 1));
        let fits = model.len() < N || model.contains(&key);
        match s.below(10) {
            0..3 => match set.insert(key.clone()) {
                Ok(new) => assert_eq!(new, model.insert(key)),
                Err(full) => assert!(!fits && full.into_inner() == key),
            },
            3 => match set.replace(key.clone()) {
                Ok(old) => assert_eq!(old, model.replace(key)),
                Err(full) => assert!(!fits && full.into_inner() == key),
            },
            4 => assert_eq!(set.remove(&key), model.remove(&key)),
            5 => assert_eq!(set.take(&key), model.take(&key)),
            6 => {
                let mut left = s.below(2 * N);
                let mut refused = vec![];
                survives(|| {
                    set.retain(|it| {
                        give_up(&mut left);
                        if *it > key {
                            refused.push(it.clone());
                        }
                        *it <= key
                    });
                });
                refused.iter().for_each(|it| assert!(model.remove(it)));
            }
            7 => {
                if s.below(3) == 0 {
                    set.clear();
                    model.clear();
                }
            }
            8 => drop(other.insert(key)),
            _ => {
                let mut clone = set.clone();
                clone.clone_from(set);
                assert_eq!(clone, *set);
                *set = clone;
                _ = other.remove(&key);
            }
        }
        assert_eq!((set.len(), set.is_full(), set.remaining()), (model.len(), model.len() == N, N - model.len()));
        for n in 0..=N * 3 / 2 {
            assert_eq!(set.get(&K::key(n)), model.get(&K::key(n)));
        }
        is_valid(set);
        let (a, b): (BTreeSet<_>, BTreeSet<_>) = (set.iter().collect(), other.iter().collect());
        assert_eq!(a.len(), model.len());
        assert!(set.intersection(&other).collect::<BTreeSet<_>>().into_iter().eq(a.intersection(&b).copied()));
        assert!(set.union(&other).collect::<BTreeSet<_>>().into_iter().eq(a.union(&b).copied()));
        assert!(set.difference(&other).collect::<BTreeSet<_>>().into_iter().eq(a.difference(&b).copied()));
        let either = set.symmetric_difference(&other).collect::<BTreeSet<_>>();
        assert!(either.into_iter().eq(a.symmetric_difference(&b).copied()));
        assert_eq!(
            (set.is_subset(&other), set.is_superset(&other), set.is_disjoint(&other), *set == other),
            (a.is_subset(&b), a.is_superset(&b), a.is_disjoint(&b), a == b)
        );
    }
}

macro_rules! as_in_std {
    ($($name:ident: $run:ident<$key:ty, $capacity:literal>;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $name(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
                    $run::<$key, $capacity>(&numbers);
                }
            )*
        }
    };
}

as_in_std! {
    one_number_as_in_a_hash_map: hash_map<u16, 1>;
    numbers_as_in_a_hash_map: hash_map<u16, 12>;
    texts_as_in_a_hash_map: hash_map<Text<4>, 7>;
    bytes_as_in_a_hash_map: hash_map<[u8; 3], 70>;
    numbers_as_in_a_btree_map: sorted_map<u16, 12>;
    texts_as_in_a_btree_map: sorted_map<Text<4>, 7>;
    large_keys_as_in_a_btree_map: sorted_map<[u16; 70], 50>;
    numbers_as_in_a_hash_set: hash_set<u16, 12>;
    texts_as_in_a_hash_set: hash_set<Text<4>, 3>;
}
