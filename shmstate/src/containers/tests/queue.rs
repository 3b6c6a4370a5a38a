//! Queues against `VecDeque`.

#![expect(clippy::op_ref, reason = "comparing with references is what is tested")]

use super::workload::Script;
use super::{give_up, survives};
use crate::{List, Queue, SharedLayout};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn step<T: SharedLayout + Clone + Ord + Hash + Debug, const N: usize>(
    queue: &mut Queue<T, N>,
    model: &mut VecDeque<T>,
    s: &mut Script<'_>,
    new: &mut impl FnMut(&mut Script<'_>) -> T,
) {
    let (len, item) = (model.len(), new(s));
    match s.below(24) {
        0..3 => match queue.push_back(item.clone()) {
            Ok(()) => model.push_back(item),
            Err(full) => {
                assert_eq!((len, full.capacity(), full.needed()), (N, N, N + 1));
                assert_eq!(full.into_inner(), item);
            }
        },
        3..6 => match queue.push_front(item.clone()) {
            Ok(()) => model.push_front(item),
            Err(full) => assert_eq!((len, full.into_inner()), (N, item)),
        },
        6 | 7 => assert_eq!(queue.pop_front(), model.pop_front()),
        8 | 9 => assert_eq!(queue.pop_back(), model.pop_back()),
        10 => {
            let at = s.below(len + 1);
            match queue.insert(at, item.clone()) {
                Ok(()) => model.insert(at, item),
                Err(full) => assert_eq!((len, full.into_inner()), (N, item)),
            }
        }
        11 => {
            let at = s.below(len + 2);
            assert_eq!(queue.remove(at), model.remove(at));
        }
        12 => {
            let (a, b) = (s.below(len + 1), s.below(len + 1));
            let swapped = catch_unwind(AssertUnwindSafe(|| queue.swap(a, b))).is_ok();
            assert_eq!(swapped, a < len && b < len);
            if swapped {
                model.swap(a, b);
            }
        }
        13 => {
            let to = s.below(N + 1);
            queue.truncate(to);
            model.truncate(to);
        }
        14 => {
            let odd = hash(&item) % 3;
            queue.retain(|item| hash(item) % 3 != odd);
            model.retain(|item| hash(item) % 3 != odd);
        }
        15 => {
            let (odd, by) = (hash(&item) % 3, |old: &mut T| {
                let keep = hash(&*old) % 3;
                *old = item.clone();
                keep
            });
            queue.retain_mut(|item| by(item) != odd);
            model.retain_mut(|item| by(item) != odd);
        }
        16 => {
            let more: Vec<T> = (0..s.below(N + 2)).map(|_| new(s)).collect();
            let room = N - len;
            match queue.try_extend(more.clone()) {
                Ok(()) => assert!(more.len() <= room),
                Err(full) => assert_eq!(full.into_inner(), more[room]),
            }
            model.extend(more.into_iter().take(room));
        }
        17 => {
            let at = s.below(len + 2);
            match (queue.get_mut(at), model.get_mut(at)) {
                (Some(a), Some(b)) => (*a, *b) = (item.clone(), item),
                (a, b) => assert_eq!(a, b),
            }
        }
        18 => {
            if let (Some(a), Some(b)) = (queue.front_mut(), model.front_mut()) {
                (*a, *b) = (item.clone(), item.clone());
            }
            if let (Some(a), Some(b)) = (queue.back_mut(), model.back_mut()) {
                (*a, *b) = (item.clone(), item);
            }
        }
        19 => {
            queue.iter_mut().rev().step_by(2).for_each(|old| *old = item.clone());
            model.iter_mut().rev().step_by(2).for_each(|old| *old = item.clone());
        }
        20 => {
            let (first, second) = queue.as_mut_slices();
            first.iter_mut().chain(second).step_by(2).for_each(|old| *old = item.clone());
            model.iter_mut().step_by(2).for_each(|old| *old = item.clone());
        }
        21 => {
            queue.make_contiguous().sort();
            model.make_contiguous().sort();
            assert!(queue.as_slices().1.is_empty());
        }
        22 if s.below(3) == 0 => {
            queue.clear();
            model.clear();
        }
        22 => {
            // A closure that gives up: all are there.
            let mut left = s.below(len + 1);
            let mut before = Vec::from_iter(queue.iter().cloned());
            survives(|| {
                queue.retain(|item| {
                    give_up(&mut left);
                    hash(item) % 2 == 0
                });
            });
            if queue.len() == before.len() {
                let mut after = Vec::from_iter(queue.iter().cloned());
                before.sort();
                after.sort();
                assert_eq!(before, after);
            }
            *model = queue.iter().cloned().collect();
        }
        _ => {
            let mut clone = Queue::<T, N>::from([item]);
            clone.clone_from(queue);
            *queue = if s.below(2) == 0 { clone } else { queue.clone() };
        }
    }
}

fn run<T: SharedLayout + Clone + Ord + Hash + Debug, const N: usize>(
    numbers: &[u16],
    mut new: impl FnMut(&mut Script<'_>) -> T,
) {
    let mut s = Script::new(numbers);
    let (mut queue, mut model) = (Queue::<T, N>::new_box_zeroed(), VecDeque::new());
    while !s.is_over() {
        step(&mut queue, &mut model, &mut s, &mut new);
        assert_eq!(*queue, model);
        assert_eq!(model, *queue);
        assert_eq!(
            (queue.len(), queue.is_empty(), queue.remaining()),
            (model.len(), model.is_empty(), N - model.len())
        );
        assert_eq!((queue.front(), queue.back(), queue.is_full()), (model.front(), model.back(), model.len() == N));
        assert!(queue.iter().rev().eq(model.iter().rev()));
        let (first, second) = queue.as_slices();
        assert_eq!([first, second].concat(), Vec::from(model.clone()));
        let n = s.below(N + 2);
        assert_eq!((queue.iter().nth(n), queue.iter().nth_back(n)), (model.get(n), model.iter().nth_back(n)));
        assert_eq!((queue.get(n), queue.iter().skip(n).len()), (model.get(n), model.iter().skip(n).len()));
        assert_eq!(hash(&*queue), hash(&model));
        assert_eq!(format!("{queue:?}"), format!("{model:?}"));
        // SAFETY: a value.
        assert!(unsafe { Queue::validate(&*queue) }.is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_as_in_a_deque(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<u32, 6>(&numbers, |s| s.below(9) as u32);
    }

    #[test]
    fn one_item(numbers in prop::collection::vec(any::<u16>(), 1..60)) {
        run::<u8, 1>(&numbers, |s| s.below(9) as u8);
    }

    #[test]
    fn lists_as_in_a_deque(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<List<u16, 3>, 5>(&numbers, |s| (0..s.below(4)).map(|_| s.below(5) as u16).collect());
    }

    /// A queue compares as its items, wherever they lie.
    #[test]
    fn compares_as_a_deque(a in prop::collection::vec(0u8..3, 0..5), b in prop::collection::vec(0u8..3, 0..5)) {
        let x = Queue::<u8, 5>::try_from_iter(a.clone())?;
        let mut y = Queue::<u8, 9>::new();
        for item in b.iter().rev() {
            y.push_front(*item)?;
        }
        prop_assert_eq!(x == y, a == b);
        prop_assert_eq!([x == b, b == x, x == b[..], b[..] == x, x == &b[..], &b[..] == x], [a == b; 6]);
        prop_assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
        let contained = |n| (x.contains(&n), y.contains(&n)) == (a.contains(&n), b.contains(&n));
        prop_assert!((0..3).all(contained));
    }
}

#[test]
fn adding_what_does_not_fit_panics_where_no_error_can_be_returned() {
    let message = |f: fn()| *catch_unwind(f).unwrap_err().downcast::<String>().unwrap();
    let expected = "the queue is full: it holds at most 2, and 3 were needed: `try_extend` and `try_from_iter` return an \
                    error instead";
    assert_eq!(message(|| drop((0..3).collect::<Queue<u8, 2>>())), expected);
    assert_eq!(message(|| Queue::<u8, 2>::new().extend(&[1, 2, 3])), expected);
    assert_eq!(
        message(|| drop(Queue::<u8, 2>::from([1, 2]).insert(3, 0))),
        "insertion index (is 3) should be <= len (is 2)"
    );
    assert_eq!(
        message(|| assert_eq!(Queue::<u8, 2>::from([1])[1], 0)),
        "index out of bounds: the len is 1 but the index is 1"
    );
}
