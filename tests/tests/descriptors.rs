//! What a program does with its descriptors is no business of its states.

use shmstate::State;
use shmstate_tests::{World, actor, scratch_dir};

/// A daemon that has closed its standard descriptors opens states, and then something in it prints.
#[test]
fn what_a_daemon_prints_goes_nowhere() {
    let dir = scratch_dir();
    let path = dir.path().join("world");
    let world = State::<World>::create(&path).unwrap();
    actor!["descriptors", "standard", path].succeed();
    let version = world.version();
    world.update(World::step).unwrap();
    assert!(world.read(|s| *s == *World::at(version + 1)).unwrap());
    assert_eq!(State::<World>::open(&path).unwrap().version(), version + 1);
}
