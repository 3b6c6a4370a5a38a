//! What maps and sets promise beyond being like std's, or where a random script does not get.

use super::keyed::{is_valid, panics};
use super::{give_up, survives};
use crate::containers::entry::Entry;
use crate::{Array, List, Map, Set, SharedLayout, SortedMap, Text};
use std::collections::hash_map::Entry as StdEntry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;

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
    // SAFETY: after the seed a head of 64 bytes, then eight buckets.
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
        let mut map = Map::<u64, u64, 100_000>::new_box_zeroed();
        map.try_extend((0..50_000).map(|n| (n, n))).unwrap();
        map.retain(|key, _| key % 3 == 0);
        assert_eq!(map.remove(&3), Some(3));
        let mut other = Map::<u64, u64, 100_000>::new_box_zeroed();
        other.clone_from(&map);
        assert!(*other == *map);
        map.clear();
        let mut sorted = SortedMap::<u64, u64, 100_000>::new_box_zeroed();
        sorted.try_extend((0..50_000).map(|n| (n, n))).unwrap();
        sorted.retain(|key, _| key % 3 == 0);
        assert_eq!(sorted.pop_first(), Some((0, 0)));
        let mut array = Array::<u64, 1_000_000>::new_box_zeroed();
        array.fill(7);
        array.clone_from(&Array::new_box_zeroed());
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
