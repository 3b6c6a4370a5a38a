//! Maybes against `Option`, and what is tracked against what is not.

use super::survives;
use super::workload::Script;
use crate::{List, Maybe, SharedLayout, Tracked};
use proptest::prelude::*;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn run<T: SharedLayout + Clone + Ord + Hash + Debug + Default>(
    numbers: &[u16],
    mut new: impl FnMut(&mut Script<'_>) -> T,
) {
    let mut s = Script::new(numbers);
    let (mut maybe, mut model) = (Maybe::<T>::zeroed(), None);
    let mut other = (Maybe::<T>::zeroed(), None);
    while !s.is_over() {
        let value = new(&mut s);
        match s.below(14) {
            0 => assert_eq!(maybe.take(), model.take()),
            1 => assert_eq!(maybe.replace(value.clone()), model.replace(value)),
            2 => assert_eq!(maybe.insert(value.clone()), model.insert(value)),
            3 => assert_eq!(maybe.get_or_insert(value.clone()), model.get_or_insert(value)),
            4 => {
                let (mut a, mut b) = (0, 0);
                let of_maybe = maybe.get_or_insert_with(|| {
                    a += 1;
                    value.clone()
                });
                assert_eq!(
                    of_maybe,
                    model.get_or_insert_with(|| {
                        b += 1;
                        value
                    })
                );
                assert_eq!(a, b);
            }
            5 => {
                let whole = maybe.is_some();
                assert_eq!(
                    survives(|| drop(maybe.get_or_insert_with(|| std::panic::resume_unwind(Box::new(()))).clone())),
                    whole
                );
            }
            6 => (maybe, model) = (model.clone().into(), Option::from(maybe)),
            7 => {
                if let (Some(a), Some(b)) = (maybe.as_mut(), model.as_mut()) {
                    (*a, *b) = (value.clone(), value);
                }
            }
            8 => {
                maybe.iter_mut().for_each(|old| *old = value.clone());
                model.iter_mut().for_each(|old| *old = value.clone());
            }
            9 => (maybe, model) = (Maybe::some(value.clone()), Some(value)),
            10 => assert_eq!(maybe.get_or_insert_default(), model.get_or_insert_default()),
            11 => {
                let is = |old: &mut T| {
                    let before = std::mem::replace(old, value.clone());
                    before < value
                };
                assert_eq!(maybe.take_if(is), model.take_if(is));
            }
            12 => {
                std::mem::swap(&mut maybe, &mut other.0);
                std::mem::swap(&mut model, &mut other.1);
            }
            _ => {
                maybe.clone_from(&other.0);
                model.clone_from(&other.1);
            }
        }
        assert_eq!(maybe, model);
        assert_eq!(model, maybe.clone());
        assert_eq!(
            (maybe.is_some(), maybe.is_none(), maybe.as_ref(), maybe.as_option()),
            (model.is_some(), model.is_none(), model.as_ref(), model.as_ref())
        );
        assert_eq!((maybe == other.0, maybe.cmp(&other.0)), (model == other.1, model.cmp(&other.1)));
        assert_eq!(maybe.partial_cmp(&other.0), model.partial_cmp(&other.1));
        assert_eq!((hash(&maybe), format!("{maybe:?}")), (hash(&model), format!("{model:?}")));
        assert!(maybe.iter().eq(model.iter()) && maybe.clone().into_iter().eq(model.clone()));
        assert_eq!((maybe.cloned(), maybe.clone().into_option()), (model.clone(), model.clone()));
        // SAFETY: a value.
        assert!(unsafe { Maybe::validate(&maybe) }.is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_as_in_an_option(numbers in prop::collection::vec(any::<u16>(), 1..100)) {
        run::<u32>(&numbers, |s| s.below(9) as u32);
    }

    #[test]
    fn lists_as_in_an_option(numbers in prop::collection::vec(any::<u16>(), 1..100)) {
        run::<List<u16, 3>>(&numbers, |s| (0..s.below(4)).map(|_| s.below(5) as u16).collect());
    }

    /// A tracked value compares, hashes and prints as the value.
    #[test]
    fn tracked_as_the_value(a in 0u8..3, b in 0u8..3) {
        let (x, y) = (Tracked::new(a), Tracked::from(b));
        prop_assert_eq!((x == y, x.cmp(&y), x.partial_cmp(&y)), (a == b, a.cmp(&b), a.partial_cmp(&b)));
        prop_assert_eq!((hash(&x), format!("{x:?} {x}")), (hash(a), format!("{a:?} {a}")));
        let mut z = Tracked::<u8>::default();
        z.clone_from(&y);
        *z += 1;
        prop_assert_eq!((*z, *z.as_ref(), z.clone().into_inner(), *y), (b + 1, b + 1, b + 1, b));
    }
}

#[test]
fn the_value_lies_at_its_alignment() {
    assert_eq!((size_of::<Maybe<u8>>(), size_of::<Maybe<u64>>(), size_of::<Maybe<u128>>()), (2, 16, 32));
    assert_eq!(size_of::<Maybe<[u16; 5]>>(), 12);
    assert_eq!((size_of::<Tracked<u64>>(), size_of::<Tracked<u128>>()), (72, 80));
}
