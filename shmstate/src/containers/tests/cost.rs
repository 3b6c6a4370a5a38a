//! What single methods mark, on a list of ten numbers and on a list of lists.

use crate::layout::SharedLayout;
use crate::track::{Granule, Stamp, Touched};
use crate::{Archived, Array, List};
use std::ops::Range;

const HEAD: u64 = 64;

/// The bytes that a commit copies after `f`, besides what `copy_plain` copies.
fn touched<T: SharedLayout>(value: &mut T, f: impl FnOnce(&mut T)) -> Vec<Range<u64>> {
    let (size, root) = (size_of::<T>() as u64, Stamp::root(7));
    // SAFETY: a value of the caller's.
    unsafe { T::stamp(value, root) }
    f(value);
    let mut touched = Touched::new(size);
    let value = (&raw mut *value).cast_const();
    // SAFETY: the same value twice, which nobody changes.
    unsafe { T::flatten::<false>(value, value, root, &mut touched) }
    assert!(!touched.spilled());
    touched.ranges().iter().map(|&word| Granule::of(size).unpack(word)).collect()
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

#[test]
fn of_an_archive_what_is_written() {
    type Name = Archived<String, 1000>;
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
