//! Rings against `VecDeque`.

#![expect(clippy::op_ref, reason = "comparing with references is what is tested")]

use super::workload::Script;
use crate::{List, Ring, SharedLayout};
use proptest::prelude::*;
use std::collections::{HashSet, VecDeque};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn run<T: SharedLayout + Clone + Ord + Hash + Debug, const N: usize>(
    numbers: &[u16],
    mut new: impl FnMut(&mut Script<'_>) -> T,
) {
    let mut s = Script::new(numbers);
    let (mut ring, mut model) = (Ring::<T, N>::new_box_zeroed(), VecDeque::new());
    while !s.is_over() {
        let (len, item) = (model.len(), new(&mut s));
        match s.below(12) {
            0..5 => {
                model.push_back(item.clone());
                assert_eq!(ring.push(item), if len == N { model.pop_front() } else { None });
            }
            5 => {
                let more: Vec<T> = (0..s.below(N + 3)).map(|_| new(&mut s)).collect();
                ring.extend(more.clone());
                model.extend(more);
                model.drain(..model.len().saturating_sub(N));
            }
            6 => {
                if let (Some(a), Some(b)) = (ring.latest_mut(), model.back_mut()) {
                    (*a, *b) = (item.clone(), item.clone());
                }
                assert_eq!(ring.latest(), model.back());
            }
            7 => {
                if let (Some(a), Some(b)) = (ring.oldest_mut(), model.front_mut()) {
                    (*a, *b) = (item.clone(), item.clone());
                }
                assert_eq!(ring.oldest(), model.front());
            }
            8 => {
                let at = s.below(len + 2);
                assert_eq!(ring.get(at), model.get(at));
                match (ring.get_mut(at), model.get_mut(at)) {
                    (Some(a), Some(b)) => (*a, *b) = (item.clone(), item),
                    (a, b) => assert_eq!(a, b),
                }
            }
            9 => {
                ring.iter_mut().rev().step_by(2).for_each(|old| *old = item.clone());
                model.iter_mut().rev().step_by(2).for_each(|old| *old = item.clone());
            }
            10 => {
                ring.make_contiguous().sort();
                model.make_contiguous().sort();
                assert!(ring.as_slices().1.is_empty());
            }
            _ if s.below(3) == 0 => {
                ring.clear();
                model.clear();
            }
            _ => {
                let mut clone = Ring::<T, N>::from_iter([item]);
                clone.clone_from(&ring);
                *ring = if s.below(2) == 0 { clone } else { (*ring).clone() };
            }
        }
        assert_eq!(*ring, model);
        assert_eq!(model, *ring);
        assert_eq!((ring.len(), ring.is_empty(), ring.is_full()), (model.len(), model.is_empty(), model.len() == N));
        assert!(ring.iter().rev().eq(model.iter().rev()));
        let (old, new) = ring.as_slices();
        assert_eq!([old, new].concat(), Vec::from(model.clone()));
        let n = s.below(N + 2);
        assert_eq!((ring.iter().nth(n), ring.iter().nth_back(n)), (model.get(n), model.iter().nth_back(n)));
        assert_eq!(ring.iter().skip(n).len(), model.iter().skip(n).len());
        assert_eq!(hash(&*ring), hash(&model));
        assert_eq!(format!("{ring:?}"), format!("{model:?}"));
        // SAFETY: a value.
        assert!(unsafe { Ring::validate(&*ring) }.is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_as_in_a_deque(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<u32, 5>(&numbers, |s| s.below(9) as u32);
    }

    #[test]
    fn one_item(numbers in prop::collection::vec(any::<u16>(), 1..60)) {
        run::<u8, 1>(&numbers, |s| s.below(9) as u8);
    }

    #[test]
    fn lists_as_in_a_deque(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<List<u16, 3>, 4>(&numbers, |s| (0..s.below(4)).map(|_| s.below(5) as u16).collect());
    }

    /// A ring compares and hashes as its items, wherever they lie.
    #[test]
    fn compares_as_a_deque(a in prop::collection::vec(0u8..3, 0..5), b in prop::collection::vec(0u8..3, 0..5)) {
        let x = Ring::<u8, 5>::from_iter([7; 3].iter().chain(&a).copied().collect::<Vec<_>>().split_off(3));
        let mut y = Ring::<u8, 9>::from_iter([7; 9]);
        y.clear();
        y.extend(&b);
        prop_assert_eq!(x == y, a == b);
        prop_assert_eq!([x == b, b == x, x == b[..], b[..] == x, x == &b[..], &b[..] == x], [a == b; 6]);
        prop_assert_eq!(x.partial_cmp(&y), a.partial_cmp(&b));
        prop_assert_eq!(HashSet::from([x.clone()]).contains(&Ring::from_iter(b.clone())), a == b);
        prop_assert_eq!((0..3).map(|n| x.contains(&n)).collect::<Vec<_>>(), (0..3).map(|n| a.contains(&n)).collect::<Vec<_>>());
    }
}

#[test]
#[should_panic(expected = "index out of bounds: the len is 2 but the index is 2")]
fn an_index_out_of_bounds_panics() {
    let mut ring = Ring::<u8, 2>::from_iter([1, 2, 3]);
    assert_eq!((ring[0], ring[1]), (2, 3));
    ring[2] = 4;
}
