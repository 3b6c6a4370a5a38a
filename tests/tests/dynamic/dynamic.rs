//! The dynamic view beside the type: what the one writes, the other one reads, in a struct of every type that the derive
//! accepts.

mod steps;

use serde_json::Value as Json;
use shmstate::dynamic::DynState;
use shmstate::{Error, SharedLayout, State};
use shmstate_tests::all::{All, typed_step};
use shmstate_tests::{Rng, scratch_dir};
use std::hash::{BuildHasher, RandomState};
use steps::dynamic_step;

/// Random numbers; a failure prints where they began.
fn rng() -> Rng {
    let seed = std::env::var("SHMSTATE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(1));
    println!("SHMSTATE_SEED={seed}");
    Rng::new(seed)
}

/// A state of everything, with three kinds of handles on it.
struct Fixture {
    dir: tempfile::TempDir,
    typed: State<All>,
    writer: DynState,
    viewer: DynState,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = scratch_dir();
        let path = dir.path().join("all");
        let typed = State::<All>::create(&path).unwrap();
        let writer = DynState::options().writable(true).open(&path).unwrap();
        let viewer = DynState::open(&path).unwrap();
        Fixture { dir, typed, writer, viewer }
    }

    /// All handles see the same.
    #[track_caller]
    fn compare(&self) -> Json {
        let typed = self.typed.read(|all| serde_json::to_string(all).unwrap()).unwrap();
        let typed: Json = serde_json::from_str(&typed).unwrap();
        for view in [&self.writer, &self.viewer] {
            let mut seen: Json = serde_json::from_str(&view.to_json("").unwrap()).unwrap();
            // What only the type can write as it is.
            for opaque in ["archived", "pod", "raw"] {
                seen.as_object_mut().unwrap().remove(opaque);
            }
            for (name, value) in typed.as_object().unwrap() {
                assert_eq!(value, &seen[name], "{name}");
            }
            assert_eq!(typed, seen);
        }
        let snapshot = self.viewer.snapshot().unwrap();
        assert_eq!(snapshot.value().to_json().unwrap(), self.writer.to_json("").unwrap());
        let valid = self.typed.snapshot();
        assert!(valid.is_ok(), "{:?}", valid.err());
        typed
    }
}

#[test]
fn what_the_type_writes_is_seen() {
    let fixture = Fixture::new();
    let mut rng = rng();
    fixture.compare();
    for _ in 0..300 {
        fixture.typed.update(|all| typed_step(all, &mut rng)).unwrap();
        fixture.compare();
    }
}

#[test]
fn the_schema_is_the_types() {
    let fixture = Fixture::new();
    let document = fixture.viewer.schema();
    let schema: Json = serde_json::from_str(&document).unwrap();
    assert_eq!(schema["types"].as_array().unwrap().last().unwrap()["name"], "All");
    assert_eq!(schema["types"].as_array().unwrap().last().unwrap()["size"], size_of::<All>());
    assert_eq!(All::LAYOUT.size, size_of::<All>());
}

/// Both sides change the state in turn, and see the same after each step, in whichever copy they are; what is rolled back has
/// not happened.
#[test]
fn both_sides_write() {
    let fixture = Fixture::new();
    let mut rng = rng();
    let mut before = fixture.compare();
    for _ in 0..600 {
        if rng.below(2) == 0 {
            fixture.typed.update(|all| typed_step(all, &mut rng)).unwrap();
        } else {
            fixture.writer.update(|v| dynamic_step(v, &mut rng)).unwrap();
        }
        if rng.below(4) == 0 {
            before = fixture.compare();
            let refused = if rng.below(2) == 0 {
                fixture.typed.transact(|all| {
                    typed_step(all, &mut rng);
                    Err::<(), Error>("no UUID".parse::<shmstate::Uuid>().unwrap_err().into())
                })
            } else {
                fixture.writer.update(|v| {
                    dynamic_step(v, &mut rng)?;
                    v.set("no such field", 1u8)
                })
            };
            assert!(refused.is_err());
            assert_eq!(fixture.compare(), before);
        }
        fixture.compare();
    }
    assert_ne!(before, Json::Null);
    // A new population checks every byte by the type.
    let Fixture { dir, typed, writer, viewer } = fixture;
    drop((typed, writer, viewer));
    State::<All>::open(dir.path().join("all")).unwrap();
}
