//! Maps and sets against std's, and what they promise beyond that.

use super::play::Script;
use super::{give_up, survives};
use crate::containers::entry::Entry;
use crate::{Array, List, Map, Set, SharedLayout, SortedMap, Text};
use proptest::prelude::*;
use std::collections::hash_map::Entry as StdEntry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
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
    let (map, mut model) = (&mut *Map::<K, u64, N>::boxed(), HashMap::<K, u64>::new());
    while !s.is_over() {
        let (model, s) = (&mut model, &mut s);
        same_on_both!(map, model, s, N);
        assert!(map.iter().all(|(key, value)| model[key] == *value));
        assert_eq!(map.keys().collect::<HashSet<_>>().len(), model.len());
    }
}

/// Whether a range is one that `BTreeMap` refuses.
fn panics<K: Ord>(range: &(Bound<K>, Bound<K>)) -> bool {
    use Bound::{Excluded, Included};
    match range {
        (Excluded(a), Excluded(b)) => a >= b,
        (Included(a) | Excluded(a), Included(b) | Excluded(b)) => a > b,
        _ => false,
    }
}

fn sorted_map<K: Key, const N: usize>(numbers: &[u16]) {
    let mut s = Script::new(numbers);
    let (map, mut model) = (&mut *SortedMap::<K, u64, N>::boxed(), BTreeMap::<K, u64>::new());
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
    let (set, mut model) = (&mut *Set::<K, N>::boxed(), HashSet::<K>::new());
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
    numbers_as_in_a_hash_set: hash_set<u16, 12>;
    texts_as_in_a_hash_set: hash_set<Text<4>, 3>;
}

/// A key whose `Hash` says what the test wants, or panics.
#[derive(Clone, PartialEq, Eq, Debug)]
#[repr(transparent)]
struct Same(u32);

impl Hash for Same {
    fn hash<H: Hasher>(&self, state: &mut H) {
        give_up(&mut usize::from(self.0 != 13));
        7u8.hash(state);
    }
}

// SAFETY: a number.
unsafe impl SharedLayout for Same {
    const LAYOUT: &'static crate::Layout = u32::LAYOUT;
    const TRACKED: bool = false;
    const CHECKED: bool = false;
}

/// All keys in one place: searches and removals go over the whole cluster, and around the end of the table.
#[test]
fn keys_that_collide() {
    let mut map = Map::<Same, u32, 40>::new();
    let mut model = HashMap::new();
    for n in (100..140).chain([100, 120]) {
        assert_eq!(map.insert(Same(n), n), Ok(model.insert(n, n)));
    }
    for n in (0..200).map(|n| 100 + n * 7 % 60) {
        assert_eq!(map.remove(&Same(n)), model.remove(&n));
        assert!((100..160).all(|n| map.get(&Same(n)) == model.get(&n)));
        is_valid(&map);
        if n % 3 == 0 {
            assert_eq!(map.insert(Same(n), n), Ok(model.insert(n, n)));
        }
    }
    assert!(!model.is_empty());
}

#[test]
fn a_hash_that_panics_leaves_a_map() {
    let mut map = Map::<Same, u32, 4>::from([(Same(1), 1), (Same(2), 2)]);
    assert!(!survives(|| drop(map.insert(Same(13), 3))));
    assert!(!survives(|| _ = map.remove(&Same(13))));
    assert!(map.iter().eq([(&Same(1), &1), (&Same(2), &2)]));
    is_valid(&map);
}

#[test]
fn texts_are_found_by_str() {
    let name = |s: &str| s.parse::<Text<8>>().unwrap();
    let map = Map::<Text<8>, u8, 4>::from([(name("a"), 1), (name("ëb"), 2)]);
    assert_eq!((map["ëb"], map.get("c"), map.contains_key("a")), (2, None, true));
    let sorted = SortedMap::<Text<8>, u8, 4>::from([(name("b"), 1), (name("a"), 2)]);
    assert_eq!((sorted["a"], sorted.range::<str, _>((Bound::Excluded("a"), Bound::Unbounded)).count()), (2, 1));
    let lists = Set::<List<u8, 4>, 3>::from([List::from([1, 2])]);
    assert!(lists.contains(&[1, 2][..]));
    let arrays = Set::<Array<u8, 2>, 3>::from([Array::from([1, 2])]);
    assert!(arrays.contains(&[1, 2][..]));
}

/// What the format chapter says about the hash, and that no two maps draw the same seed.
#[test]
fn the_hash_is_the_one_that_is_written_down() {
    use siphasher::sip::SipHasher13;
    let seed_of = |map: &Map<Text<8>, u64, 4>| {
        // SAFETY: the seed lies at the start.
        let [a, b] = unsafe { std::ptr::from_ref(map).cast::<[u64; 2]>().read() };
        (a, b)
    };
    let empty = Map::<Text<8>, u64, 4>::new();
    assert_eq!((seed_of(&empty), empty.get("pump")), ((0, 0), None));
    let map = Map::<Text<8>, u64, 4>::from([("pump".parse().unwrap(), 1)]);
    let (a, b) = seed_of(&map);
    assert!(a != 0 && b != 0 && (a, b) != seed_of(&Map::from([("pump".parse().unwrap(), 1)])));
    let tag = SipHasher13::new_with_keys(a, b).hash(b"pump\xff") >> 32;
    // SAFETY: behind the seed a head of 64 bytes, then eight buckets.
    let buckets = unsafe { std::ptr::from_ref(&map).cast::<u64>().wrapping_add(10).cast::<[u64; 8]>().read() };
    let mut expected = [0; 8];
    expected[((tag * 8) >> 32) as usize] = tag << 32 | 1;
    assert_eq!(buckets, expected);
    for (hashed, bytes) in [
        (SipHasher13::new_with_keys(1, 2), &[7, 0, 0, 0][..]),
        (SipHasher13::new_with_keys(3, 4), &[0xfe, 0xff, 0xff, 0xff]),
    ] {
        let mut hasher = hashed;
        if bytes[0] == 7 {
            7u32.hash(&mut hasher)
        } else {
            (-2i32).hash(&mut hasher)
        }
        assert_eq!(hasher.finish(), hashed.hash(bytes));
    }
}

#[test]
fn what_it_is_printed_as() {
    let map = Map::<u8, u8, 4>::from([(2, 20), (1, 10)]);
    assert_eq!(format!("{map:?}"), "{2: 20, 1: 10}");
    assert_eq!(format!("{:?}", SortedMap::<u8, u8, 4>::from([(2, 20), (1, 10)])), "{1: 10, 2: 20}");
    assert_eq!(format!("{:?}", Set::<u8, 4>::from([3, 1])), "{3, 1}");
    let mut map = Map::<u8, u8, 1>::from([(1, 1)]);
    assert_eq!(format!("{:?}", map.entry(1)), "OccupiedEntry { key: 1, value: 1, .. }");
    assert_eq!(format!("{:?}", map.entry(2)), "VacantEntry(2)");
    let full = map.insert(2, 2).unwrap_err();
    assert_eq!(full.to_string(), "the map is full: it holds at most 1, and 2 were needed");
}

#[test]
fn sorted_maps_compare_as_sequences() {
    let of = |entries: &[(u8, u8)]| SortedMap::<u8, u8, 4>::try_from_iter(entries.iter().copied()).unwrap();
    let std_of = |entries: &[(u8, u8)]| entries.iter().copied().collect::<BTreeMap<_, _>>();
    let hash = |value: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        value(&mut hasher);
        hasher.finish()
    };
    let all: [&[(u8, u8)]; 5] = [&[], &[(1, 1)], &[(1, 2)], &[(1, 1), (2, 0)], &[(2, 0)]];
    for a in all {
        assert_eq!(hash(&|h| of(a).hash(h)), hash(&|h| std_of(a).hash(h)));
        for b in all {
            assert_eq!(of(a).cmp(&of(b)), std_of(a).cmp(&std_of(b)));
            assert_eq!(of(a).partial_cmp(&of(b)), std_of(a).partial_cmp(&std_of(b)));
            assert_eq!(of(a) == of(b), a == b);
        }
    }
}

#[test]
fn a_full_map_panics_where_no_error_can_be_returned() {
    let says = |f: fn()| {
        let panic = std::panic::catch_unwind(f).unwrap_err();
        *panic.downcast::<String>().unwrap()
    };
    assert!(says(|| Map::<u8, u8, 1>::new().extend([(1, 1), (2, 2)])).contains("`try_extend`"));
    assert!(says(|| SortedMap::<u8, u8, 1>::new().extend([(&1, &1), (&2, &2)])).contains("`try_extend`"));
    assert!(says(|| drop([1, 2].into_iter().collect::<Set<u8, 1>>())).contains("`try_from_iter`"));
}

/// No method needs room for a whole map, in an unoptimised build either.
#[test]
fn a_large_map_never_is_on_the_stack() {
    let small_stack = std::thread::Builder::new().stack_size(512 * 1024);
    let work = || {
        let mut map = Map::<u64, u64, 100_000>::boxed();
        map.try_extend((0..50_000).map(|n| (n, n))).unwrap();
        map.retain(|key, _| key % 3 == 0);
        assert_eq!(map.remove(&3), Some(3));
        let mut other = Map::<u64, u64, 100_000>::boxed();
        other.clone_from(&map);
        assert!(*other == *map);
        map.clear();
        let mut sorted = SortedMap::<u64, u64, 100_000>::boxed();
        sorted.try_extend((0..50_000).map(|n| (n, n))).unwrap();
        sorted.retain(|key, _| key % 3 == 0);
        assert_eq!(sorted.pop_first(), Some((0, 0)));
        let mut array = Array::<u64, 1_000_000>::boxed();
        array.fill(7);
        array.clone_from(&Array::boxed());
        assert!(array.iter().all(|n| *n == 0));
    };
    small_stack.spawn(work).unwrap().join().unwrap();
}

/// A range that makes no sense panics, as that of a `BTreeMap`.
#[test]
fn ranges_as_in_std() {
    let (map, model) = (SortedMap::<u8, u8, 4>::from([(1, 1), (2, 2)]), BTreeMap::from([(1u8, 1u8), (2, 2)]));
    let bounds = || [1, 2].into_iter().flat_map(|n| [Bound::Included(n), Bound::Excluded(n), Bound::Unbounded]);
    for range in bounds().flat_map(|a| bounds().map(move |b| (a, b))) {
        let (mut ours, mut theirs) = (None, None);
        survives(|| ours = Some(map.range(range).count()));
        survives(|| theirs = Some(model.range(range).count()));
        assert_eq!((ours, panics(&range)), (theirs, theirs.is_none()), "{range:?}");
    }
}

/// The standard map agrees that an entry is what it is.
#[test]
fn entries_as_in_std() {
    let (mut map, mut model) = (Map::<u8, u8, 4>::new(), HashMap::new());
    for (key, value) in [(1, 1), (2, 2), (1, 3)] {
        match (map.entry(key), model.entry(key)) {
            (Entry::Occupied(mut a), StdEntry::Occupied(mut b)) => assert_eq!(a.insert(value), b.insert(value)),
            (Entry::Vacant(a), StdEntry::Vacant(b)) => assert_eq!(a.insert(value).unwrap(), b.insert(value)),
            _ => panic!("{key} is there in one of them"),
        }
        assert_eq!(map.entry(key).or_insert_with_key(|_| 0).unwrap(), model.entry(key).or_insert_with_key(|_| 0));
    }
}
