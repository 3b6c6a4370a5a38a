//! Random types, random values in them, and random changes of the types: what a migration makes of each, compared as JSON.

use serde_json::Value as Json;
use shmstate::dynamic::DynState;
use shmstate_tests::types::{Change, Ty};
use shmstate_tests::{Rng, scratch_dir};
use std::hash::{BuildHasher, RandomState};

/// Random numbers; a failure prints where they began.
fn rng() -> Rng {
    let seed = std::env::var("SHMSTATE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(1));
    println!("SHMSTATE_SEED={seed}");
    Rng::new(seed)
}

fn json(state: &DynState) -> Json {
    serde_json::from_str(&state.to_json("").unwrap()).unwrap()
}

/// What widens, grows, is added or changes places keeps its values, and nothing is lost.
#[test]
fn what_grows_keeps_its_values() {
    let (mut rng, dir) = (rng(), scratch_dir());
    for round in 0..150 {
        let name = dir.path().join(round.to_string());
        let old = Ty::random_struct(&mut rng, 3);
        let value = old.value(&mut rng);
        let mut state = DynState::create_from_schema(&name, &old.schema()).unwrap();
        state.from_json("", &value.to_string()).unwrap();
        assert_eq!(json(&state), value, "{old:?}");
        let new = old.changed(&mut rng, Change::Grow);
        let migration = state.migration(&new.schema()).unwrap();
        assert_eq!(migration.losses(), [""; 0], "{migration}\n{old:?}\n{new:?}");
        state.migrate(&new.schema(), &[]).unwrap_or_else(|e| panic!("{e}\n{migration}\n{old:?}\n{new:?}"));
        assert_eq!(json(&state), new.expected(&old, &value), "{migration}\n{old:?}\n{new:?}");
        assert!(state.snapshot().is_ok());
    }
}

/// What has more room for a while, and stands at other places, is at last what it was.
#[test]
fn there_and_back_is_the_same() {
    let (mut rng, dir) = (rng(), scratch_dir());
    for round in 0..100 {
        let name = dir.path().join(round.to_string());
        let old = Ty::random_struct(&mut rng, 3);
        let value = old.value(&mut rng);
        let mut state = DynState::create_from_schema(&name, &old.schema()).unwrap();
        state.from_json("", &value.to_string()).unwrap();
        let new = old.changed(&mut rng, Change::Room);
        state.migrate(&new.schema(), &[]).unwrap();
        assert_eq!(json(&state), value, "{old:?}\n{new:?}");
        state.migrate(&old.schema(), &[]).unwrap();
        assert_eq!(json(&state), value, "{old:?}\n{new:?}");
    }
}

/// Any two types: either every loss is listed, and what is allowed is done; or nothing has happened.
#[test]
fn any_type_becomes_any_other_one_if_losses_are_allowed() {
    let (mut rng, dir) = (rng(), scratch_dir());
    for round in 0..100 {
        let name = dir.path().join(round.to_string());
        let (old, new) = (Ty::random_struct(&mut rng, 3), Ty::random_struct(&mut rng, 3));
        let value = old.value(&mut rng);
        let mut state = DynState::create_from_schema(&name, &old.schema()).unwrap();
        state.from_json("", &value.to_string()).unwrap();
        if state.migrate(&new.schema(), &[]).is_err() {
            assert_eq!(json(&state), value, "nothing has happened");
            state.migrate(&new.schema(), &[""]).unwrap_or_else(|e| panic!("{e}\n{old:?}\n{new:?}"));
        }
        assert!(state.snapshot().is_ok(), "{old:?}\n{new:?}");
        // It is a value like any other one.
        let value = new.value(&mut rng);
        state.from_json("", &value.to_string()).unwrap();
        assert_eq!(json(&state), value);
    }
}
