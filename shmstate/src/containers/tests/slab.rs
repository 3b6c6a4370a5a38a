//! Slabs against a map of keys to values, with every key that ever was.

use super::workload::Script;
use super::{Unlucky, give_up, survives};
use crate::{Key, List, SharedLayout, Slab};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Debug;

fn run<T: SharedLayout + Clone + Eq + Debug, const N: usize>(
    numbers: &[u16],
    mut new: impl FnMut(&mut Script<'_>) -> T,
) {
    let mut s = Script::new(numbers);
    let (mut slab, mut model) = (Slab::<T, N>::new_box_zeroed(), BTreeMap::new());
    let mut keys = vec![Key::NULL];
    while !s.is_over() {
        let (key, value) = (keys[s.below(keys.len())], new(&mut s));
        match s.below(14) {
            0..5 => match slab.insert(value.clone()) {
                Ok(key) => {
                    assert!(!keys.contains(&key), "{key:?} was given before");
                    keys.push(key);
                    model.insert(key, value);
                }
                Err(full) => {
                    assert_eq!((model.len(), full.capacity(), full.needed()), (N, N, N + 1));
                    assert_eq!(full.into_inner(), value);
                }
            },
            5..8 => assert_eq!(slab.remove(key), model.remove(&key)),
            8 => match (slab.get_mut(key), model.get_mut(&key)) {
                (Some(a), Some(b)) => (*a, *b) = (value.clone(), value),
                (a, b) => assert_eq!(a, b),
            },
            9 => {
                let odd = s.below(3) as u64;
                slab.retain(|key, _| key.to_bits() % 3 != odd);
                model.retain(|key, _| key.to_bits() % 3 != odd);
            }
            10 => {
                slab.values_mut().step_by(2).for_each(|old| *old = value.clone());
                model.values_mut().step_by(2).for_each(|old| *old = value.clone());
            }
            11 if s.below(3) == 0 => {
                slab.clear();
                model.clear();
            }
            11 => {
                // A closure that gives up: what it has refused is gone, the rest is there.
                let stop = s.below(N + 1);
                let mut left = stop;
                survives(|| {
                    slab.retain(|_, _| {
                        give_up(&mut left);
                        false
                    });
                });
                let gone: Vec<_> = model.keys().copied().take(stop).collect();
                gone.iter().for_each(|key| drop(model.remove(key)));
            }
            12 => slab.iter_mut().rev().for_each(|(key, value)| assert_eq!(model[&key], *value)),
            _ => {
                let mut clone = Slab::<T, N>::new();
                _ = clone.insert(value);
                clone.clone_from(&slab);
                // The same places are filled next.
                let (mut a, mut b) = ((*slab).clone(), clone.clone());
                for value in slab.values() {
                    assert_eq!(a.insert(value.clone()), b.insert(value.clone()));
                }
                *slab = clone;
            }
        }
        assert_eq!((slab.len(), slab.is_full(), slab.remaining()), (model.len(), model.len() == N, N - model.len()));
        assert!(slab.iter().eq(model.iter().map(|(key, value)| (*key, value))));
        assert!(slab.iter().rev().eq(model.iter().rev().map(|(key, value)| (*key, value))));
        assert_eq!((slab.iter().len(), slab.keys().len()), (model.len(), model.len()));
        for key in &keys {
            assert_eq!((slab.get(*key), slab.contains_key(*key)), (model.get(key), model.contains_key(key)));
        }
        assert_eq!(format!("{slab:?}"), format!("{model:?}"));
        // SAFETY: a value.
        assert!(unsafe { Slab::validate(&*slab) }.is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_as_in_a_map(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<u32, 6>(&numbers, |s| s.below(9) as u32);
    }

    #[test]
    fn one_value(numbers in prop::collection::vec(any::<u16>(), 1..100)) {
        run::<u8, 1>(&numbers, |s| s.below(9) as u8);
    }

    #[test]
    fn lists_as_in_a_map(numbers in prop::collection::vec(any::<u16>(), 1..300)) {
        run::<List<u16, 3>, 5>(&numbers, |s| (0..s.below(4)).map(|_| s.below(5) as u16).collect());
    }

    #[test]
    fn a_key_is_its_number(bits in any::<u64>()) {
        let key = Key::<u8>::from_bits(bits);
        prop_assert_eq!((key.to_bits(), key.is_null(), key == Key::default()), (bits, bits == 0, bits == 0));
        prop_assert!(!Slab::<u8, 3>::new().contains_key(key));
    }
}

#[test]
fn a_clone_that_panics_leaves_a_slab() {
    let mut source = Slab::<Unlucky, 5>::new();
    let keys = [1, 2, 3, 13, 4].map(|n| source.insert(Unlucky(n)).unwrap());
    assert_eq!([source.remove(keys[0]), source.remove(keys[2])], [Some(Unlucky(1)), Some(Unlucky(3))]);
    let mut slab = Slab::<Unlucky, 5>::new();
    slab.insert(Unlucky(7)).unwrap();
    assert!(!survives(|| slab.clone_from(&source)));
    assert!(slab.iter().eq([(keys[1], &Unlucky(2))]));
    // SAFETY: a value.
    assert!(unsafe { Slab::validate(&slab) }.is_ok());
    assert!((0..4).all(|n| slab.insert(Unlucky(n)).is_ok()) && slab.is_full());
}

#[test]
#[should_panic(expected = "the slab has no value of the key 0v1")]
fn an_index_that_leads_nowhere_panics() {
    let mut slab = Slab::<u8, 2>::new();
    let key = slab.insert(1).unwrap();
    slab[key] += 1;
    assert_eq!(slab.remove(key), Some(2));
    slab[key] += 1;
}
