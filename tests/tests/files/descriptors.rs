//! What a program does with its descriptors is no business of its states.

use shmstate::{ErrorKind, State};
use shmstate_tests::{PATIENCE, World, actor, has_proc, scratch_dir};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

fn world() -> (TempDir, PathBuf, State<World>) {
    let dir = scratch_dir();
    let path = dir.path().join("world");
    let world = State::<World>::options().handles(2000).timeout(PATIENCE).create(&path).unwrap();
    (dir, path, world)
}

/// A daemon that has closed its standard descriptors opens states, and then something in it prints.
#[test]
fn what_a_daemon_prints_goes_nowhere() {
    if !has_proc() {
        return;
    }
    let dir = scratch_dir();
    let path = dir.path().join("world");
    let world = State::<World>::create(&path).unwrap();
    actor!["descriptors", "standard", path].succeed();
    let version = world.version().unwrap();
    world.update(World::step).unwrap();
    assert!(world.read(|s| *s == *World::at(version + 1)).unwrap());
    assert_eq!(State::<World>::open(&path).unwrap().version().unwrap(), version + 1);
}

#[test]
fn what_has_the_numbers_after_init_is_the_programs() {
    let (_dir, path, _world) = world();
    actor!["descriptors", "closed-in-init", path].succeed();
}

/// A daemon library closes everything in the midst of an update: the writer lives, and the others know.
#[test]
fn a_writer_that_has_closed_all_descriptors_is_alive() {
    let (_dir, path, world) = world();
    let mut writer = actor!["descriptors", "closed-in-update", path];
    writer.expect("in");
    let hasty = State::<World>::options().timeout(Duration::from_millis(20)).open(&path).unwrap();
    assert_eq!(hasty.update(World::step).unwrap_err().kind(), ErrorKind::Busy);
    writer.go();
    writer.expect("out");
    world.update(World::step).unwrap();
    writer.go();
    writer.succeed();
    assert_eq!((world.version().unwrap(), world.stats().unwrap().recoveries), (4, 0));
    assert!(world.read(|s| *s == *World::at(4)).unwrap());
}

#[test]
fn the_death_of_a_writer_that_has_closed_all_descriptors_is_noticed() {
    let (_dir, path, world) = world();
    let mut writer = actor!["descriptors", "closed-in-update", path];
    writer.expect("in");
    writer.kill();
    world.update(World::step).unwrap();
    assert_eq!((world.version().unwrap(), world.stats().unwrap().recoveries), (1, 1));
}

#[test]
fn descriptors_that_the_program_has_replaced_are_its_own() {
    let (_dir, path, world) = world();
    actor!["descriptors", "replaced", path].succeed();
    assert!(world.read(|s| *s == *World::at(6)).unwrap());
}

#[test]
fn a_process_has_one_descriptor_of_a_region() {
    if !has_proc() {
        return;
    }
    let (_dir, path, world) = world();
    actor!["descriptors", "many", path].succeed();
    assert_eq!(world.version().unwrap(), 1000);
}

#[test]
fn an_anonymous_state_works_without_descriptors() {
    if !has_proc() {
        return;
    }
    actor!["descriptors", "anonymous", ""].succeed();
}

#[test]
fn a_process_without_descriptors_finds_the_dead() {
    if !has_proc() {
        return;
    }
    let (_dir, path, world) = world();
    let mut daemon = actor!["descriptors", "recover", path];
    daemon.expect("closed");
    actor!["die", "in-update", path].die(libc::SIGKILL);
    daemon.go();
    daemon.expect("out");
    daemon.succeed();
    assert!(world.read(|s| *s == *World::at(1)).unwrap());
}

#[test]
fn a_process_that_cannot_open_the_region_again_says_so() {
    let (_dir, path, world) = world();
    let mut writer = actor!["hold-update", path];
    writer.expect("in");
    let mut daemon = actor!["descriptors", "removed", path];
    daemon.expect("closed");
    writer.kill();
    daemon.go();
    daemon.expect("out");
    daemon.succeed();
    // A process that has its descriptor is in no doubt.
    world.update(World::step).unwrap();
    assert_eq!(world.stats().unwrap().recoveries, 1);
}
