//! Lists against `Vec`, and what lists promise beyond that.

#![expect(clippy::op_ref, reason = "comparing with references is what is tested")]

use super::workload::Script;
use super::{Unlucky, give_up, survives};
use crate::{List, SharedLayout};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does the same to both, in a closure that may panic; both must agree in what comes out, panics included.
macro_rules! both {
    ($list:ident, $vec:ident, |$l:ident| $f:expr) => {{
        let of_list = catch_unwind(AssertUnwindSafe(|| {
            let $l = &mut *$list;
            $f
        }));
        let of_vec = catch_unwind(AssertUnwindSafe(|| {
            let $l = &mut *$vec;
            $f
        }));
        assert_eq!(of_list.is_err(), of_vec.is_err(), "one panics, the other does not");
        if let (Ok(of_list), Ok(of_vec)) = (of_list, of_vec) {
            assert_eq!(of_list, of_vec);
        }
    }};
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// One operation on both; `new` makes an item.
fn step<T: SharedLayout + Clone + Ord + Hash + Debug, const N: usize>(
    list: &mut List<T, N>,
    vec: &mut Vec<T>,
    s: &mut Script<'_>,
    new: &mut impl FnMut(&mut Script<'_>) -> T,
) {
    let len = vec.len();
    let in_len = |s: &mut Script<'_>| s.below(len.max(1));
    match s.below(30) {
        0..4 => {
            let item = new(s);
            match list.push(item.clone()) {
                Ok(()) => vec.push(item),
                Err(full) => {
                    assert_eq!((len, full.capacity(), full.needed()), (N, N, N + 1));
                    assert_eq!(full.into_inner(), item);
                }
            }
        }
        4..6 => {
            let (at, item) = (s.below(len + 1), new(s));
            match list.insert(at, item.clone()) {
                Ok(()) => vec.insert(at, item),
                Err(full) => assert_eq!((len, full.into_inner()), (N, item)),
            }
        }
        6 => {
            let more: Vec<T> = (0..s.below(6)).map(|_| new(s)).collect();
            match list.extend_from_slice(&more) {
                Ok(()) => vec.extend_from_slice(&more),
                Err(full) => assert!(len + more.len() > N && full.needed() == len + more.len()),
            }
        }
        7 => {
            let more: Vec<T> = (0..s.below(6)).map(|_| new(s)).collect();
            let room = N - len;
            match list.try_extend(more.clone()) {
                Ok(()) => assert!(more.len() <= room),
                Err(full) => assert_eq!(full.into_inner(), more[room]),
            }
            vec.extend(more.into_iter().take(room));
        }
        8 => {
            let (to, item) = (s.below(N + 2), new(s));
            match list.resize(to, item.clone()) {
                Ok(()) => vec.resize(to, item),
                Err(full) => assert_eq!((to, full.into_inner()), (N + 1, item)),
            }
        }
        9 => both!(list, vec, |l| l.pop()),
        10 => {
            let at = in_len(s);
            if len > 0 {
                both!(list, vec, |l| l.remove(at));
            }
        }
        11 => {
            let at = in_len(s);
            if len > 0 {
                both!(list, vec, |l| l.swap_remove(at));
            }
        }
        12 => {
            let to = s.below(N + 1);
            both!(list, vec, |l| l.truncate(to));
        }
        13 => {
            if s.below(3) == 0 {
                both!(list, vec, |l| l.clear());
            }
        }
        14 => {
            let odd = hash(new(s)) % 5;
            both!(list, vec, |l| l.retain(|item| hash(item) % 5 != odd));
        }
        15 => {
            let (odd, other) = (hash(new(s)) % 5, new(s));
            both!(list, vec, |l| l.retain_mut(|item| {
                let keep = hash(&*item) % 5 != odd;
                if hash(&*item) % 3 == 0 {
                    *item = other.clone();
                }
                keep
            }));
        }
        16 => both!(list, vec, |l| l.dedup()),
        17 => {
            list.dedup_by_key(|item| hash(item) % 3);
            vec.dedup_by_key(|item| hash(item) % 3);
        }
        18 => {
            let (a, b) = (in_len(s), in_len(s));
            if len > 0 {
                both!(list, vec, |l| l.swap(a, b));
            }
        }
        19 => both!(list, vec, |l| l.reverse()),
        20 => {
            let by = s.below(len + 1);
            both!(list, vec, |l| l.rotate_left(by));
        }
        21 => {
            let by = s.below(len + 1);
            both!(list, vec, |l| l.rotate_right(by));
        }
        22 => {
            let item = new(s);
            both!(list, vec, |l| l.fill(item.clone()));
        }
        23 => match s.below(6) {
            0 => both!(list, vec, |l| l.sort()),
            1 => both!(list, vec, |l| l.sort_by(|a, b| hash(b).cmp(&hash(a)).then(b.cmp(a)))),
            2 => both!(list, vec, |l| l.sort_by_key(|item| hash(item))),
            3 => both!(list, vec, |l| l.sort_unstable()),
            4 => both!(list, vec, |l| l.sort_unstable_by(|a, b| hash(b).cmp(&hash(a)).then(b.cmp(a)))),
            _ => both!(list, vec, |l| l.sort_unstable_by_key(|item| hash(item))),
        },
        24 => {
            let (at, item) = (s.below(len + 2), new(s));
            both!(list, vec, |l| l.get_mut(at).map(|old| std::mem::replace(old, item.clone())));
        }
        25 => {
            // Also ranges that are empty, reversed, or reach past the end.
            let (a, b, item) = (s.below(len + 3), s.below(len + 3), new(s));
            match s.below(6) {
                0 => both!(list, vec, |l| l.get_mut(a..b).map(|items| items.fill(item.clone()))),
                1 => both!(list, vec, |l| l.get_mut(a..).map(|items| items.fill(item.clone()))),
                2 => both!(list, vec, |l| l.get_mut(..b).map(|items| items.fill(item.clone()))),
                3 => both!(list, vec, |l| l.get_mut(a..=b).map(|items| items.fill(item.clone()))),
                4 => both!(list, vec, |l| l.get_mut(..=b).map(|items| items.fill(item.clone()))),
                _ => both!(list, vec, |l| l.get_mut(..).map(|items| items.fill(item.clone()))),
            }
        }
        26 => {
            let item = new(s);
            both!(list, vec, |l| l.first_mut().map(|old| std::mem::replace(old, item.clone())));
            both!(list, vec, |l| l.last_mut().map(|old| std::mem::replace(old, item.clone())));
        }
        27 => {
            let item = new(s);
            both!(list, vec, |l| l.iter_mut().step_by(2).for_each(|old| *old = item.clone()));
        }
        28 => {
            // A closure that gives up: what it has refused is gone, the rest is there.
            let stop = s.below(len + 1);
            let refuse = s.below(4);
            let (mut left, mut seen) = (stop, 0);
            survives(|| {
                list.retain(|_| {
                    give_up(&mut left);
                    seen += 1;
                    (seen - 1) % 4 != refuse
                });
            });
            let mut seen = 0;
            vec.retain(|_| {
                seen += 1;
                seen > stop || (seen - 1) % 4 != refuse
            });
        }
        _ => {
            // A comparison that gives up: all are there, in some order.
            let mut left = s.below(len + 1);
            survives(|| {
                list.sort_by(|a, b| {
                    give_up(&mut left);
                    a.cmp(b)
                });
            });
            let mut sorted = (list.to_vec(), vec.clone());
            sorted.0.sort();
            sorted.1.sort();
            assert_eq!(sorted.0, sorted.1);
            *vec = list.to_vec();
        }
    }
    assert_eq!(list.as_slice(), vec.as_slice());
    assert_eq!((list.len(), list.remaining(), list.is_full()), (vec.len(), N - vec.len(), vec.len() == N));
}

fn run<T: SharedLayout + Clone + Ord + Hash + Debug, const N: usize>(
    numbers: &[u16],
    mut new: impl FnMut(&mut Script<'_>) -> T,
) {
    let mut s = Script::new(numbers);
    let (mut list, mut vec) = (List::<T, N>::new_box_zeroed(), vec![]);
    while !s.is_over() {
        step(&mut list, &mut vec, &mut s, &mut new);
        assert_eq!(*list.clone(), vec);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_as_in_a_vec(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<u32, 8>(&numbers, |s| s.below(9) as u32);
    }

    #[test]
    fn bytes_as_in_a_vec(numbers in prop::collection::vec(any::<u16>(), 1..600)) {
        run::<u8, 300>(&numbers, |s| s.below(9) as u8);
    }

    #[test]
    fn lists_as_in_a_vec(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<List<u16, 3>, 5>(&numbers, |s| (0..s.below(4)).map(|_| s.below(5) as u16).collect());
    }

    /// A list compares, hashes and prints as its slice.
    #[test]
    fn traits_as_of_a_slice(a in prop::collection::vec(0u8..3, 0..5), b in prop::collection::vec(0u8..3, 0..5)) {
        let x = List::<u8, 5>::from_slice(&a)?;
        let (y, z) = (List::<u8, 9>::from_slice(&b)?, List::<u8, 5>::from_slice(&b)?);
        prop_assert_eq!(x == y, a == b);
        prop_assert_eq!([x == b, b == x, x == b[..], b[..] == x, x == &b[..], &b[..] == x], [a == b; 6]);
        prop_assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
        prop_assert_eq!(x.cmp(&z), a.cmp(&b));
        prop_assert_eq!(hash(&x), hash(&a[..]));
        prop_assert_eq!(format!("{x:?}"), format!("{a:?}"));
        prop_assert_eq!(HashSet::from([x.clone()]).contains(&b[..]), a == b);
        prop_assert_eq!((&x).into_iter().collect::<Vec<_>>(), a.iter().collect::<Vec<_>>());
        prop_assert_eq!(x.as_ref(), &a[..]);
    }
}

proptest! {
    // Few, because they panic often.
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn indexing_as_in_a_vec(len in 0usize..9, a in 0usize..11, b in 0usize..11) {
        let list = &mut List::<u64, 8>::try_from_iter(0..len as u64).unwrap();
        let vec = &mut (0..len as u64).collect::<Vec<_>>();
        both!(list, vec, |l| l[a]);
        both!(list, vec, |l| l[a..b].to_vec());
        both!(list, vec, |l| l[a..].to_vec());
        both!(list, vec, |l| l[..b].to_vec());
        both!(list, vec, |l| l[a..=b].to_vec());
        both!(list, vec, |l| l[..=b].to_vec());
        both!(list, vec, |l| l[..].to_vec());
        both!(list, vec, |l| l[a..b].reverse());
        both!(list, vec, |l| l[a..=b].reverse());
        both!(list, vec, |l| { l[a] += 1; });
        both!(list, vec, |l| l.copy_within(a..b, 1));
        both!(list, vec, |l| l.copy_within(..b, a));
        both!(list, vec, |l| l.swap(a, b));
        both!(list, vec, |l| l.rotate_left(a));
        both!(list, vec, |l| l.rotate_right(b));
        prop_assert_eq!(&*list, &*vec);
        both!(list, vec, |l| l.remove(a));
        both!(list, vec, |l| l.swap_remove(b));
        prop_assert_eq!(&*list, &*vec);
        both!(list, vec, |l| l[usize::MAX]);
        both!(list, vec, |l| l[0..=usize::MAX].len());
        both!(list, vec, |l| l[..=usize::MAX].len());
        both!(list, vec, |l| l.get_mut(0..=usize::MAX).is_none());
        prop_assert_eq!(&*list, &*vec);
    }
}

#[test]
fn comparisons_of_every_kind() {
    let mut list = List::<f64, 4>::from([1.0, 2.0]);
    let slice: &mut [f64] = &mut [1.0, 2.0];
    let vec = vec![1.0, 2.0];
    assert_eq!([list == [1.0, 2.0], [1.0, 2.0] == list, list == &[1.0, 2.0], &[1.0, 2.0] == list], [true; 4]);
    assert_eq!([list == vec, vec == list, list == *slice, list == slice, slice == list], [true; 5]);
    assert!(list != [1.0] && [2.0, 1.0] != list);
    list[0] = f64::NAN;
    assert!(list != list.clone());
    assert_eq!(list.partial_cmp(&list.clone()), None);
    assert_eq!(list.partial_cmp(&List::<f64, 1>::new()), Some(Ordering::Greater));
    assert_eq!(List::<f64, 4>::default(), List::<f64, 1>::new());
}

#[test]
fn adding_what_does_not_fit_panics_where_no_error_can_be_returned() {
    let message = |f: fn()| *catch_unwind(f).unwrap_err().downcast::<String>().unwrap();
    let from_iter = message(|| drop((0..3).collect::<List<u8, 2>>()));
    let expected = "the list is full: it holds at most 2, and 3 were needed: `try_extend` and `try_from_iter` return an \
                    error instead";
    assert_eq!(from_iter, expected);
    assert_eq!(message(|| List::<u8, 2>::new().extend([1, 2, 3])), expected);
    assert_eq!(message(|| List::<u8, 2>::new().extend(&[1, 2, 3])), expected);
    assert_eq!(
        message(|| drop(List::<u8, 2>::from([1, 2]).insert(3, 0))),
        "insertion index (is 3) should be <= len (is 2)"
    );
    let mut list = List::<u8, 4>::new();
    list.extend([1, 2]);
    list.extend(&[3]);
    assert_eq!(list, [1, 2, 3]);
}

#[test]
fn a_clone_that_panics_leaves_a_list() {
    let unlucky = || [Unlucky(5), Unlucky(13), Unlucky(6)];
    let mut list = List::<Unlucky, 6>::from([Unlucky(1), Unlucky(2)]);
    assert!(!survives(|| drop(list.extend_from_slice(&unlucky()))));
    assert_eq!(list, [Unlucky(1), Unlucky(2)]);
    assert!(!survives(|| drop(list.resize(5, Unlucky(13)))));
    assert_eq!(list, [Unlucky(1), Unlucky(2)]);
    assert!(!survives(|| list.clone_from(&List::from(unlucky()))));
    assert_eq!(list, [Unlucky(5), Unlucky(2)]);
    assert!(!survives(|| list.fill(Unlucky(13))));
    assert_eq!(list, [Unlucky(5), Unlucky(2)]);
    assert!(!survives(|| drop(List::<_, 6>::from(unlucky()).clone())));
}

/// The head of a list from a file that may be anything: `len` is checked when the file is opened, the rest is not.
#[test]
fn a_scribbled_head_does_no_harm() {
    type Inner = List<u16, 3>;
    for fill in [0, 1, 0x7f, 0xff] {
        let mut outer = List::<Inner, 5>::from([[1, 2]; 4].map(Inner::from));
        for inner in outer.iter_mut() {
            let head = std::ptr::from_mut(inner).cast::<u8>();
            let scratch = head.wrapping_add(4);
            // SAFETY: the 60 bytes after the length of 4 bytes.
            unsafe { scratch.write_bytes(fill, 60) }
            // SAFETY: the first of them, which are the count, aligned as it is.
            unsafe { scratch.cast::<u32>().write(u32::MAX) }
        }
        outer.swap(0, 1); // not handed out, so that the heads are as they were
        outer[0].push(3).unwrap();
        outer[0][0] = 7;
        outer[1].insert(0, 9).unwrap();
        outer[1].as_mut_slice().reverse();
        assert_eq!(outer, [[7, 2, 3].into(), [2, 1, 9].into(), Inner::from([1, 2]), Inner::from([1, 2])]);
    }
    let mut list = List::<u8, 4>::from([1, 2, 3, 4]);
    let len = std::ptr::from_mut(&mut list).cast::<u32>();
    // SAFETY: the length lies at the start.
    unsafe { len.write(u32::MAX) }
    assert_eq!((list.len(), list.remaining(), list.is_full()), (4, 0, true));
    assert_eq!(list.push(5).unwrap_err().into_inner(), 5);
    assert!(list.insert(0, 5).is_err() && list.extend_from_slice(&[5]).is_err());
    list.sort_by(|a, b| b.cmp(a));
    list.retain(|item| *item != 3);
    assert_eq!(list, [4, 2, 1]);
}

/// No method needs room for a whole list, in an unoptimised build either.
#[test]
fn a_large_list_never_is_on_the_stack() {
    let small_stack = std::thread::Builder::new().stack_size(512 * 1024);
    let work = || {
        let mut list = List::<u64, 1_000_000>::new_box_zeroed();
        list.try_extend(0..900_000).unwrap();
        list.extend_from_slice(&[7; 10]).unwrap();
        list.resize(900_005, 0).unwrap();
        list.push(1).unwrap();
        list.insert(5, 1).unwrap();
        list.remove(0);
        list.swap_remove(0);
        list.retain(|item| item % 3 != 0);
        list.retain_mut(|item| *item % 5 != 0);
        list.dedup();
        list.dedup_by_key(|item| *item / 2);
        list.sort();
        list.sort_unstable_by(|a, b| b.cmp(a));
        list.reverse();
        list.rotate_left(3);
        list.copy_within(..3, 5);
        list.swap(0, 1);
        list.iter_mut().for_each(|item| *item += 1);
        list[5..9].fill(0);
        list.extend([1, 2]);
        let mut other = List::<u64, 1_000_000>::new_box_zeroed();
        other.clone_from(&list);
        assert!(other == list && other.cmp(&list) == Ordering::Equal);
        list.fill(0);
    };
    small_stack.spawn(work).unwrap().join().unwrap();
}
