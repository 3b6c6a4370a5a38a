//! What single methods mark, on a list of ten numbers, on a list of lists, and on the other containers.

use crate::layout::SharedLayout;
use crate::track::{DirtyRanges, Frame, Granule, Running, Stamp};
use crate::{Array, List, Map, Maybe, Queue, Ring, Set, Slab, SortedMap, Tracked};
use std::ops::Range;

const HEAD: u64 = 64;

/// The bytes that a commit copies after `f`, besides what `copy_plain` copies.
fn touched<T: SharedLayout>(value: &mut T, f: impl FnOnce(&mut T)) -> Vec<Range<u64>> {
    let (size, root) = (size_of::<T>() as u64, Stamp::root(7));
    // SAFETY: a value of the caller's.
    unsafe { T::stamp(value, root) }
    f(value);
    let mut touched = DirtyRanges::new(size);
    let value = (&raw mut *value).cast_const();
    // SAFETY: the same value twice, which does not change.
    unsafe { T::collect_dirty::<false>(value, value, root, &mut touched) }
    assert!(!touched.spilled());
    touched.ranges().map(|word| Granule::of(size).unpack(word)).collect()
}

/// The items that a commit copies after `f`, on a list of ten.
fn items(f: impl FnOnce(&mut List<u64, 16>)) -> Vec<Range<u64>> {
    let mut list = List::from([9, 1, 1, 2, 3, 4, 5, 6, 7, 8]);
    let mut bytes = touched(&mut list, f);
    bytes.iter_mut().for_each(|r| *r = (r.start - HEAD) / 8..(r.end - HEAD) / 8);
    bytes
}

/// Ranges of items, in the form in which [`items`] gives them.
macro_rules! is {
    ($($range:expr),*) => {{
        let ranges: Vec<Range<u64>> = vec![$($range),*];
        ranges
    }};
}

#[test]
fn as_little_as_is_right() {
    assert_eq!(items(|l| l.push(1).unwrap()), is![10..11]);
    assert_eq!(items(|l| l.extend_from_slice(&[1, 2]).unwrap()), is![10..12]);
    assert_eq!(items(|l| assert_eq!(l.try_extend(0..).unwrap_err().into_inner(), 6)), is![10..16]);
    assert_eq!(items(|l| l.resize(12, 0).unwrap()), is![10..12]);
    assert_eq!(items(|l| l.insert(8, 1).unwrap()), is![8..11]);
    assert_eq!(items(|l| _ = l.remove(8)), is![8..9]);
    assert_eq!(items(|l| _ = l.swap_remove(2)), is![2..3]);
    assert_eq!(items(|l| l.swap(1, 4)), is![1..2, 4..5]);
    assert_eq!(items(|l| l[2] = 5), is![2..3]);
    assert_eq!(items(|l| l[2..4].fill(5)), is![2..4]);
    assert_eq!(items(|l| l[..=4].fill(5)), is![0..5]);
    assert_eq!(items(|l| *l.first_mut().unwrap() = 1), is![0..1]);
    assert_eq!(items(|l| *l.last_mut().unwrap() = 1), is![9..10]);
    assert_eq!(items(|l| l.copy_within(0..2, 5)), is![5..7]);
    assert_eq!(items(|l| l.retain(|item| *item != 6)), is![7..9]);
    assert_eq!(items(List::dedup), is![2..9]);
    assert_eq!(items(|l| l.clone_from(&List::from([1, 2]))), is![0..2]);
    for all in [List::sort, List::sort_unstable, List::reverse] {
        assert_eq!(items(all), is![0..10]);
    }
    assert_eq!(items(|l| l.rotate_left(1)), is![0..10]);
    assert_eq!(items(|l| l.fill(0)), is![0..10]);
    assert_eq!(items(|l| _ = l.iter_mut().next()), is![0..10]);
}

#[test]
fn nothing_of_what_is_given_up() {
    let change_and_cut = |changed: &[Range<usize>]| {
        items(|l| {
            changed.iter().for_each(|range| l[range.clone()].fill(1));
            l.truncate(5);
        })
    };
    assert_eq!(change_and_cut(&[8..9]), is![]);
    assert_eq!(change_and_cut(&[5..6]), is![]);
    assert_eq!(change_and_cut(&[4..5]), is![4..5]);
    assert_eq!(change_and_cut(&[2..8]), is![2..5]);
    assert_eq!(change_and_cut(&[8..9, 1..2]), is![1..2]);
    assert_eq!(change_and_cut(&[3..9, 1..2]), is![3..5, 1..2]);
    assert_eq!(change_and_cut(&[0..1, 2..3, 4..5, 6..9]), is![0..1, 2..3, 4..5]);
}

#[test]
fn nothing_where_nothing_changes() {
    assert_eq!(items(|l| _ = l.pop()), is![]);
    assert_eq!(items(|l| l.truncate(3)), is![]);
    assert_eq!(items(List::clear), is![]);
    assert_eq!(items(|l| l.resize(3, 0).unwrap()), is![]);
    assert_eq!(items(|l| _ = l.remove(9)), is![]);
    assert_eq!(items(|l| _ = l.swap_remove(9)), is![]);
    assert_eq!(items(|l| l.retain(|_| true)), is![]);
    assert_eq!(items(|l| l.retain(|item| *item != 8)), is![]);
    assert_eq!(items(|l| l.dedup_by_key(|item| std::ptr::from_ref(item).addr())), is![]);
    assert_eq!(items(|l| l.swap(3, 3)), is![]);
    assert_eq!(items(|l| l.rotate_right(10)), is![]);
    assert_eq!(items(|l| l.extend_from_slice(&[]).unwrap()), is![]);
    assert_eq!(items(|l| _ = l.get_mut(3..3)), is![]);
    assert_eq!(items(|l| assert_eq!(l.get_mut(10), None)), is![]);
    assert_eq!(items(|l| assert!(l.extend_from_slice(&[0; 7]).is_err())), is![]);
    assert_eq!(items(|l| assert!(l.resize(17, 0).is_err())), is![]);
    assert_eq!(items(|l| assert_eq!(l.iter().max(), Some(&9))), is![]);
}

/// The items that a commit copies after the items `changed` have changed one by one, in an update.
fn one_by_one<const N: usize>(changed: impl Iterator<Item = usize>) -> Vec<Range<u64>> {
    let mut list = List::<u64, N>::from([1; N]);
    let (frame, size) = (Frame::new([1, 1]), size_of_val(&list) as u64);
    let mut running = Running::new(size as usize, 5);
    let list: *mut List<u64, N> = &mut list;
    let root = Stamp::root(running.begin(list.addr()));
    // SAFETY: a value of this function's.
    unsafe { SharedLayout::stamp(list, root) }
    // SAFETY: as above.
    let change = || changed.for_each(|item| unsafe { &mut *list }[item] = 2);
    // SAFETY: the update lives while the frame is open.
    unsafe { frame.enter_update(&raw const running, change) };
    let value = list.cast_const();
    // SAFETY: the same value twice, which does not change.
    unsafe { SharedLayout::collect_dirty::<false>(value, value, root, &mut running.touched) }
    let ranges = running.touched.ranges().map(|word| Granule::of(size).unpack(word));
    let mut items: Vec<_> = ranges.map(|r| (r.start - HEAD) / 8..(r.end - HEAD) / 8).collect();
    items.sort_by_key(|range| range.start);
    items
}

/// How much a list notes beyond the four places that it knows depends on its length; the boundaries are those of a build for tests.
#[test]
fn of_many_places_as_little_as_pays() {
    let far = |items: usize| (0..items).map(|k| k * 10);
    let exact = |items: usize| far(items).map(|k| k as u64..k as u64 + 1).collect::<Vec<_>>();
    // Of a short one, blocks of one item.
    assert_eq!(one_by_one::<32>((0..32).step_by(2)), (0..32).step_by(2).map(|k| k..k + 1).collect::<Vec<_>>());
    // Of a longer one as many as an update has ranges before blocks take over, of four items here.
    assert_eq!(one_by_one::<200>(far(12)), exact(12));
    let blocks = one_by_one::<200>(far(20));
    assert_eq!(blocks.iter().filter(|range| range.end - range.start == 4).count(), 8, "{blocks:?}");
    // Of a long one all of them. What changes again and again counts once, or twice if it is among the four.
    assert_eq!(one_by_one::<800>(far(30)), exact(30));
    let mut again = one_by_one::<800>((0..10).flat_map(|_| far(24)));
    assert!(again.len() <= 24 + 4, "{again:?}");
    again.dedup();
    assert_eq!(again, exact(24));
}

#[test]
fn an_inner_list_adds_its_own_marks() {
    type Inner = List<u64, 4>;
    let inner = size_of::<Inner>() as u64;
    let mut outer = List::<Inner, 4>::from([[1, 2, 3]; 3].map(Inner::from));
    let at = HEAD + 2 * inner;
    let head = at..at + HEAD;
    assert_eq!(touched(&mut outer, |l| l[2][1] = 5), [head.clone(), at + HEAD + 8..at + HEAD + 16]);
    assert_eq!(touched(&mut outer, |l| _ = l[2].pop()), [head]);
    // Moved: whole, and that is the items that there are.
    let whole = at..at + HEAD + 8;
    assert_eq!(touched(&mut outer, |l| l[2] = List::from([7])), [whole]);
}

/// An item may lie on two pages. When all ranges are taken, one that is marked by its pages must not bring its neighbours'
/// neighbours along, and so on to the end of the list.
#[test]
fn a_marked_page_stays_one() {
    type Outer = List<List<u64, 5>, 2000>;
    let (size, root) = (size_of::<Outer>() as u64, Stamp::root(7));
    let mut outer = Outer::new_box_zeroed();
    outer.resize(2000, List::from([1, 2])).unwrap();
    let value: *mut Outer = &mut *outer;
    // SAFETY: a box.
    unsafe { Outer::stamp(value, root) }
    let mut touched = DirtyRanges::new(size);
    while !touched.spilled() {
        touched.add(touched.count() as u64 * 16, 8);
    }
    touched.add_pages(40_000..40_008);
    // SAFETY: the same value twice, which does not change.
    unsafe { Outer::collect_dirty::<false>(value, value, root, &mut touched) }
    let (mut pages, mut runs) = (0, vec![]);
    touched.pages().for_each_run(|run| {
        pages += (run.end - run.start) / 4096;
        runs.push(run);
    });
    assert!(pages <= 6, "{runs:?}");
}

#[test]
fn of_an_array_what_is_touched() {
    type Inner = List<u64, 4>;
    let mut array = Array::<u64, 16>::from([3; 16]);
    let of = |item: Range<u64>| HEAD + item.start * 8..HEAD + item.end * 8;
    assert_eq!(touched(&mut array, |a| assert_eq!(a.iter().sum::<u64>(), 48)), is![]);
    assert_eq!(touched(&mut array, |a| a[15] = 1), [of(15..16)]);
    assert_eq!(touched(&mut array, |a| a[2..5].fill_with(|| 7)), [of(2..5)]);
    assert_eq!(touched(&mut array, |a| a.swap(1, 9)), [of(1..2), of(9..10)]);
    assert_eq!(touched(&mut array, Array::sort), [of(0..16)]);
    assert_eq!(touched(&mut array, |a| a.clone_from(&Array::zeroed())), [of(0..16)]);
    assert_eq!(touched(&mut array, |a| *a = a.clone()), [of(0..16)]);
    let mut outer = Array::<Inner, 4>::default();
    let at = HEAD + 2 * size_of::<Inner>() as u64;
    assert_eq!(touched(&mut outer, |a| a[2].push(5).unwrap()), [at..at + HEAD + 8]);
    // One inside the other.
    let mut outer = List::<Array<u64, 16>, 4>::from([1, 2].map(|n| Array::from([n; 16])));
    let at = HEAD + size_of::<Array<u64, 16>>() as u64;
    assert_eq!(touched(&mut outer, |l| l[1][3] = 5), [at..at + HEAD, at + HEAD + 24..at + HEAD + 32]);
}

/// In what is made of lists and arrays: their items begin after two words and a head.
const ITEMS: u64 = 8 + HEAD;

#[test]
fn of_a_ring_the_new_item() {
    let mut ring = Ring::<u64, 4>::from_iter([1, 2, 3]);
    let of = |item: u64| ITEMS + item * 8..ITEMS + item * 8 + 8;
    assert_eq!(touched(&mut ring, |r| _ = r.push(4)), [of(3)]);
    assert_eq!(touched(&mut ring, |r| _ = r.push(5)), [of(0)]);
    assert_eq!(touched(&mut ring, |r| *r.latest_mut().unwrap() = 6), [of(0)]);
    assert_eq!(touched(&mut ring, |r| r[0] = 6), [of(1)]);
    assert_eq!(touched(&mut ring, |r| _ = r.iter_mut()), [ITEMS..ITEMS + 32]);
    assert_eq!(touched(&mut ring, |r| assert!(r.iter().rev().nth(3).is_some())), is![]);
    assert_eq!(touched(&mut ring, Ring::clear), is![]);
}

#[test]
fn of_a_queue_what_comes_in() {
    let mut queue = Queue::<u64, 4>::from([1, 2, 3]);
    let of = |slot: u64| ITEMS + slot * 8..ITEMS + slot * 8 + 8;
    assert_eq!(touched(&mut queue, |q| _ = q.pop_front()), is![]);
    assert_eq!(touched(&mut queue, |q| _ = q.pop_back()), is![]);
    assert_eq!(touched(&mut queue, |q| q.push_front(1).unwrap()), [of(0)]);
    assert_eq!(touched(&mut queue, |q| q.push_front(0).unwrap()), [of(3)]);
    assert_eq!(touched(&mut queue, |q| q[1] = 7), [of(0)]);
    assert_eq!(touched(&mut queue, |q| q.swap(0, 2)), [of(3), of(1)]);
    assert_eq!(touched(&mut queue, |q| _ = q.as_mut_slices()), [of(3), ITEMS..ITEMS + 16]);
    assert_eq!(touched(&mut queue, |q| q.retain(|_| true)), is![]);
    assert_eq!(touched(&mut queue, |q| q.truncate(2)), is![]);
    assert_eq!(touched(&mut queue, |q| _ = q.make_contiguous()), [ITEMS..ITEMS + 32]);
    assert_eq!(touched(&mut queue, |q| _ = q.make_contiguous()), [ITEMS..ITEMS + 16]);
    assert_eq!(touched(&mut queue, Queue::clear), is![]);
}

#[test]
fn of_a_slab_the_value_and_its_place() {
    let mut slab = Slab::<u64, 4>::new();
    let place = |at: u64| ITEMS + at * 8..ITEMS + at * 8 + 8;
    let value = |at: u64| place(4).start + HEAD + at * 8..place(4).start + HEAD + at * 8 + 8;
    let mut keys = vec![];
    for at in 0..3 {
        assert_eq!(touched(&mut slab, |s| keys.push(s.insert(7).unwrap())), [place(at), value(at)]);
    }
    assert_eq!(touched(&mut slab, |s| _ = s.remove(keys[1])), [place(1)]);
    assert_eq!(touched(&mut slab, |s| _ = s.remove(keys[1])), is![]);
    assert_eq!(touched(&mut slab, |s| _ = s.insert(8)), [place(1), value(1)]);
    assert_eq!(touched(&mut slab, |s| s[keys[0]] += 1), [value(0)]);
    assert_eq!(touched(&mut slab, |s| s.retain(|_, value| *value != 7)), [place(2)]);
    assert_eq!(touched(&mut slab, |s| assert_eq!(s.values().sum::<u64>(), 16)), is![]);
    assert_eq!(touched(&mut slab, Slab::clear), [place(0).start..place(1).end]);
}

#[test]
fn of_what_is_tracked_all_or_nothing() {
    let mut tracked = Tracked::new([1u64; 100]);
    assert_eq!(touched(&mut tracked, |t| assert_eq!(t[99], 1)), is![]);
    assert_eq!(touched(&mut tracked, |t| t[99] = 2), [HEAD..HEAD + 800]);
    // With containers inside, those say for themselves.
    let mut tracked = Tracked::<List<u64, 4>>::new(List::from([1, 2, 3]));
    assert_eq!(touched(&mut tracked, |t| t[1] = 5), [HEAD..2 * HEAD, 2 * HEAD + 8..2 * HEAD + 16]);
    let mut maybe = Maybe::some(List::<u64, 4>::from([1, 2, 3]));
    let items = 8 + HEAD;
    assert_eq!(touched(&mut maybe, |m| m.as_mut().unwrap()[1] = 5), [items + 8..items + 16]);
    assert_eq!(touched(&mut maybe, |m| _ = m.take()), is![]);
    assert_eq!(touched(&mut maybe, |m| _ = m.insert(List::from([1, 2]))), [items..items + 16]);
}

/// The words of an inner one lie next to its head, so that both are one range.
#[test]
fn an_inner_one_adds_its_words() {
    let mut rings = List::<Ring<u64, 4>, 3>::from([[1, 2], [3, 4]].map(Ring::from_iter));
    let at = HEAD + size_of::<Ring<u64, 4>>() as u64;
    assert_eq!(touched(&mut rings, |r| _ = r[1].push(5)), [at..at + ITEMS, at + ITEMS + 16..at + ITEMS + 24]);
    let mut queues = List::<Queue<u64, 4>, 3>::from([[1, 2], [3, 4]].map(Queue::from));
    assert_eq!(touched(&mut queues, |q| _ = q[1].pop_front()), [at..at + ITEMS]);
}

/// What `f` touches in a value that is made anew: bytes in each of the parts that start at `parts`.
fn bytes_in<T: SharedLayout>(value: &mut T, parts: &[usize], f: impl FnOnce(&mut T)) -> Vec<u64> {
    let ranges = touched(value, f);
    let end = size_of::<T>();
    let ends = parts.iter().skip(1).chain([&end]);
    let in_part = |(&start, &end): (&usize, &usize)| {
        let inside = ranges.iter().filter(|r| (start as u64..end as u64).contains(&r.start));
        inside.map(|r| r.end - r.start).sum::<u64>()
    };
    parts.iter().zip(ends).map(in_part).collect()
}

#[test]
fn of_a_map_an_entry_and_its_buckets() {
    type M = Map<u64, u64, 8>;
    // The table after the seed, the keys after the table, the values.
    let parts = [16, 16 + 64 + 128, 16 + 64 + 128 + 128];
    let new = || M::from([(1, 10), (2, 20), (3, 30), (4, 40)]);
    let costs = |f: fn(&mut M)| bytes_in(&mut new(), &parts, f);
    assert_eq!(costs(|m| assert_eq!(m.get(&3), Some(&30))), [0, 0, 0]);
    assert_eq!(costs(|m| assert!(m.get_mut(&9).is_none() && m.remove(&9).is_none())), [0, 0, 0]);
    assert_eq!(costs(|m| *m.get_mut(&3).unwrap() += 1), [0, 0, 8]);
    assert_eq!(costs(|m| assert!(m.insert(3, 31).is_ok())), [0, 0, 8]);
    assert_eq!(costs(|m| *m.entry(3).or_insert(0).unwrap() += 1), [0, 0, 8]);
    assert_eq!(costs(|m| assert!(m.insert(9, 90).is_ok())), [16, 8, 8]);
    assert_eq!(costs(|m| *m.entry(9).or_default().unwrap() += 1), [16, 8, 8]);
    assert_eq!(costs(|m| m.iter_mut().for_each(|_| ())), [0, 0, 32]);
    assert_eq!(costs(|m| m.retain(|_, _| true)), [0, 0, 0]);
    // Each map has a seed of its own.
    for _ in 0..200 {
        // Of the last entry only the buckets, unless others move into the gap; of another one the last entry's, too.
        let [buckets, keys, values] = costs(|m| assert!(m.remove(&4).is_some()))[..] else { unreachable!() };
        assert!((16..=64).contains(&buckets) && (keys, values) == (0, 0));
        let [buckets, keys, values] = costs(|m| assert!(m.remove(&1).is_some()))[..] else { unreachable!() };
        assert!((16..=80).contains(&buckets) && (keys, values) == (8, 8));
        let [buckets, keys, values] = costs(Map::clear)[..] else { unreachable!() };
        assert!((16..=64).contains(&buckets) && (keys, values) == (0, 0));
    }
    let costs = bytes_in(&mut Set::<u64, 8>::from([1, 2]), &parts[..2], |s| assert!(s.insert(3).is_ok()));
    assert_eq!(costs, [16, 8]);
}

#[test]
fn of_a_sorted_map_from_the_entry_to_the_end_of_its_leaf() {
    type M = SortedMap<u64, u64, 8>;
    // The words of the leaves, the keys, the values.
    let parts = [8, 104, 296];
    let new = || M::from([(1, 10), (2, 20), (3, 30), (4, 40)]);
    let costs = |f: fn(&mut M)| bytes_in(&mut new(), &parts, f);
    assert_eq!(costs(|m| assert!(m.get(&3).is_some() && m.range(2..).count() == 3)), [0, 0, 0]);
    assert_eq!(costs(|m| *m.get_mut(&3).unwrap() += 1), [0, 0, 8]);
    assert_eq!(costs(|m| assert!(m.insert(3, 1).is_ok())), [0, 0, 8]);
    assert_eq!(costs(|m| assert!(m.insert(9, 1).is_ok())), [0, 8, 8]);
    assert_eq!(costs(|m| assert!(m.insert(0, 1).is_ok())), [0, 40, 40]);
    assert_eq!(costs(|m| assert!(m.remove(&3).is_some())), [0, 8, 8]);
    assert_eq!(costs(|m| assert!(m.pop_first().is_some())), [0, 24, 24]);
    assert_eq!(costs(|m| assert!(m.pop_last().is_some())), [0, 0, 0]);
    assert_eq!(costs(|m| assert_eq!(m.range_mut(2..4).count(), 2)), [0, 0, 16]);
    assert_eq!(costs(|m| m.iter_mut().for_each(|_| ())), [0, 0, 32]);
    assert_eq!(costs(|m| m.retain(|key, _| *key != 3)), [0, 8, 8]);
    assert_eq!(costs(SortedMap::clear), [0, 0, 0]);
}

/// Of 16 384 entries: a leaf at most, and words when one is split.
#[test]
fn of_a_large_sorted_map_a_leaf() {
    type M = SortedMap<u64, u64, 16384>;
    let mut map = M::new_box_zeroed();
    let key = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    map.extend((0..12_000).map(|n| (key(n), n)));
    let (mut all, mut most, mut splits) = (0, 0, 0);
    for n in 12_000..16_000 {
        let bytes = touched(&mut *map, |m| {
            m.insert(key(n), n).unwrap();
            m.remove(&key(n - 12_000)).unwrap();
        });
        let bytes = bytes.iter().map(|range| range.end - range.start).sum();
        (all, most, splits) = (all + bytes, most.max(bytes), splits + u64::from(bytes > 2200));
    }
    assert!(all / 8000 < 512 && most < 8192 && splits < 400, "{} bytes each, {most} at most, {splits}", all / 8000);
}

#[cfg(feature = "archived")]
#[test]
fn of_an_archive_what_is_written() {
    type Name = crate::Archived<String, 1000>;
    const BYTES: u64 = 16 + HEAD;
    let mut name = Name::new();
    let long = "x".repeat(500);
    assert_eq!(touched(&mut name, |n| n.set(&long).unwrap()), [BYTES..BYTES + 512]);
    assert_eq!(touched(&mut name, |n| assert_eq!(n.get().unwrap().len(), 500)), is![]);
    assert_eq!(touched(&mut name, |n| assert!(n.set(&"x".repeat(1000)).is_err())), is![]);
    assert_eq!(touched(&mut name, Name::clear), is![]);

    let mut names = List::<Name, 3>::new();
    names.push(name.clone()).unwrap();
    let head = HEAD..HEAD + 16 + HEAD;
    assert_eq!(touched(&mut names, |n| n[0].set(&"y".into()).unwrap()), [head.start..head.end + 8]);
    assert_eq!(touched(&mut names, |n| n[0].clear()), [head]);
}
