//! Archived values in a real state: set, taken, swapped and moved, committed and rolled back, in every copy.

use crate::{Archived, ErrorKind, List, SharedLayout, State};
use proptest::prelude::*;
use std::collections::HashMap;
use std::mem;

type Value = HashMap<String, Vec<u16>>;
type Kept = Archived<Value, 200>;

#[derive(SharedLayout)]
#[repr(C)]
struct Fixture {
    updates: u64,
    _pad: u64,
    places: [Kept; 3],
    list: List<Kept, 3>,
}

/// The same as plain values.
#[derive(Clone, Default, PartialEq, Debug)]
struct Model {
    places: [Option<Value>; 3],
    list: Vec<Option<Value>>,
}

#[derive(Clone, Debug)]
enum Op {
    Set(usize, Value),
    Clear(usize),
    Swap(usize, usize),
    /// Into the pocket, which outlives updates, and out of it.
    Take(usize),
    Put(usize),
    Push,
    Pop,
    Remove(usize),
    SetItem(usize, Value),
    SwapItem(usize, usize),
}

fn values() -> impl Strategy<Value = Value> {
    prop::collection::hash_map("[a-z]{0,14}", prop::collection::vec(any::<u16>(), 0..8), 0..4)
}

fn ops() -> impl Strategy<Value = Op> {
    let place = || 0usize..3;
    prop_oneof![
        4 => (place(), values()).prop_map(|(place, value)| Op::Set(place, value)),
        1 => place().prop_map(Op::Clear),
        2 => (place(), place()).prop_map(|(a, b)| Op::Swap(a, b)),
        2 => place().prop_map(Op::Take),
        2 => place().prop_map(Op::Put),
        2 => Just(Op::Push),
        1 => Just(Op::Pop),
        1 => place().prop_map(Op::Remove),
        2 => (place(), values()).prop_map(|(item, value)| Op::SetItem(item, value)),
        2 => (place(), place()).prop_map(|(item, place)| Op::SwapItem(item, place)),
    ]
}

fn set(kept: &mut Kept, model: &mut Option<Value>, value: &Value) {
    if kept.set(value).is_ok() {
        *model = Some(value.clone());
    } else {
        assert!(Kept::needed(value).unwrap() > 200);
    }
}

fn apply(op: &Op, fixture: &mut Fixture, model: &mut Model, pocket: &mut Vec<(Kept, Option<Value>)>) {
    let items = model.list.len();
    match op {
        Op::Set(at, value) => set(&mut fixture.places[*at], &mut model.places[*at], value),
        Op::Clear(at) => {
            fixture.places[*at].clear();
            model.places[*at] = None;
        }
        Op::Swap(a, b) => {
            fixture.places.swap(*a, *b);
            model.places.swap(*a, *b);
        }
        Op::Take(at) => pocket.push((mem::take(&mut fixture.places[*at]), model.places[*at].take())),
        Op::Put(at) => {
            if let Some((kept, value)) = pocket.pop() {
                (fixture.places[*at], model.places[*at]) = (kept, value);
            }
        }
        Op::Push => {
            let room = !fixture.list.is_full();
            assert_eq!(fixture.list.push(fixture.places[0].clone()).is_ok(), room);
            model.list.extend(room.then(|| model.places[0].clone()));
        }
        Op::Pop => assert_eq!(fixture.list.pop().map(|kept| kept.deserialize().unwrap()), model.list.pop()),
        Op::Remove(item) if *item < items => {
            assert_eq!(fixture.list.remove(*item).deserialize().unwrap(), model.list.remove(*item));
        }
        Op::SetItem(item, value) if *item < items => set(&mut fixture.list[*item], &mut model.list[*item], value),
        Op::SwapItem(item, at) if *item < items => {
            mem::swap(&mut fixture.list[*item], &mut fixture.places[*at]);
            mem::swap(&mut model.list[*item], &mut model.places[*at]);
        }
        _ => {}
    }
}

/// What is in a fixture; every archive has to be valid, and to be known by what it holds.
fn look(fixture: &Fixture) -> Model {
    let value = |kept: &Kept| {
        assert!(kept.has_its_hash(), "another archive would be believed");
        kept.try_get().unwrap().map(|_| kept.deserialize().unwrap().unwrap())
    };
    Model { places: [0, 1, 2].map(|at| value(&fixture.places[at])), list: fixture.list.iter().map(value).collect() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_copy_has_what_was_committed(
        updates in prop::collection::vec((prop::collection::vec(ops(), 1..6), 0u8..4), 1..30)
    ) {
        let state = State::<Fixture>::anonymous().unwrap();
        let (mut model, mut pocket) = (Model::default(), Vec::new());
        for (ops, how) in updates {
            let mut new = model.clone();
            let result = state.try_update(|fixture| {
                assert_eq!(look(fixture), model, "a copy that was caught up");
                ops.iter().for_each(|op| apply(op, fixture, &mut new, &mut pocket));
                if how == 0 { Err(()) } else { Ok(()) }
            });
            if result.unwrap().is_ok() {
                model = new;
            }
            prop_assert_eq!(&state.read(look).unwrap(), &model);
            let seen = std::thread::scope(|scope| scope.spawn(|| state.read(look).unwrap()).join());
            prop_assert_eq!(seen.ok(), Some(model.clone()), "a thread that has seen nothing before");
        }
        for _ in 0..4 {
            state.update(|fixture| {
                fixture.updates += 1;
                assert_eq!(look(fixture), model, "a copy that was caught up at the end");
            }).unwrap();
        }
        prop_assert_eq!(look(&state.snapshot().unwrap()), model);
    }
}

#[test]
fn a_damaged_archive_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fixture");
    let state = State::<Fixture>::create(&path).unwrap();
    state.update(|fixture| fixture.places[1].set(&Value::from([("a-long-marker".into(), vec![7])])).unwrap()).unwrap();
    drop(state);
    let mut bytes = std::fs::read(&path).unwrap();
    let places: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(b"a-long-marker")).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] = 0xff; // no UTF-8
    }
    std::fs::write(&path, bytes).unwrap();
    let error = State::<Fixture>::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("`places[1]`: no archive of its type: "), "{error}");
}

/// Programs with another archived type get an error that says so.
#[test]
fn the_archived_type_is_in_the_schema() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct One {
        kept: Archived<String, 64>,
    }
    mod other {
        use crate::{Archived, SharedLayout};

        #[derive(SharedLayout)]
        #[repr(C)]
        pub(super) struct One {
            kept: Archived<(String, u64), 64>,
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one");
    let state = State::<One>::create(&path).unwrap();
    drop(state);
    let error = State::<other::One>::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LayoutMismatch);
    let row = "  kept   Archived<String, 64>  Archived<(String, u64), 64>  lost: another type\n";
    assert!(error.to_string().contains(row), "{error}");
}
