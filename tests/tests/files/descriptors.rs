//! What a program does with its descriptors is no business of its states.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Fixture, PATIENCE, child, has_proc, scratch_dir};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

fn fixture() -> (TempDir, PathBuf, State<Fixture>) {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::options().handles(2000).timeout(PATIENCE).create(&path).unwrap();
    (dir, path, fixture)
}

/// A daemon that has closed its standard descriptors opens states, and then something in it prints.
#[test]
fn what_a_daemon_prints_goes_nowhere() {
    if !has_proc() {
        return;
    }
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::create(&path).unwrap();
    child!["descriptors", "standard", path].succeed();
    let version = fixture.version().unwrap();
    fixture.update(Fixture::step).unwrap();
    assert!(fixture.read(|s| *s == *Fixture::at(version + 1)).unwrap());
    assert_eq!(State::<Fixture>::open(&path).unwrap().version().unwrap(), version + 1);
}

#[test]
fn what_has_the_numbers_after_init_is_the_programs() {
    let (_dir, path, _world) = fixture();
    child!["descriptors", "closed-in-init", path].succeed();
}

/// A daemon library closes everything in the midst of an update: the writer lives, and the others know.
#[test]
fn a_writer_that_has_closed_all_descriptors_is_alive() {
    let (_dir, path, fixture) = fixture();
    let mut writer = child!["descriptors", "closed-in-update", path];
    writer.expect("in");
    let hasty = State::<Fixture>::options().timeout(Duration::from_millis(20)).open(&path).unwrap();
    assert_eq!(hasty.update(Fixture::step).unwrap_err().kind(), ErrorKind::Busy);
    writer.go();
    writer.expect("out");
    fixture.update(Fixture::step).unwrap();
    writer.go();
    writer.succeed();
    assert_eq!((fixture.version().unwrap(), fixture.stats().unwrap().recoveries), (4, 0));
    assert!(fixture.read(|s| *s == *Fixture::at(4)).unwrap());
}

#[test]
fn the_death_of_a_writer_that_has_closed_all_descriptors_is_noticed() {
    let (_dir, path, fixture) = fixture();
    let mut writer = child!["descriptors", "closed-in-update", path];
    writer.expect("in");
    writer.kill();
    fixture.update(Fixture::step).unwrap();
    assert_eq!((fixture.version().unwrap(), fixture.stats().unwrap().recoveries), (1, 1));
}

#[test]
fn descriptors_that_the_program_has_replaced_are_its_own() {
    let (_dir, path, fixture) = fixture();
    child!["descriptors", "replaced", path].succeed();
    assert!(fixture.read(|s| *s == *Fixture::at(6)).unwrap());
}

#[test]
fn a_process_has_one_descriptor_of_a_region() {
    if !has_proc() {
        return;
    }
    let (_dir, path, fixture) = fixture();
    child!["descriptors", "many", path].succeed();
    assert_eq!(fixture.version().unwrap(), 1000);
}

#[test]
fn an_anonymous_state_works_without_descriptors() {
    if !has_proc() {
        return;
    }
    child!["descriptors", "anonymous", ""].succeed();
}

#[test]
fn a_process_without_descriptors_finds_the_dead() {
    if !has_proc() {
        return;
    }
    let (_dir, path, fixture) = fixture();
    let mut daemon = child!["descriptors", "recover", path];
    daemon.expect("closed");
    child!["die", "in-update", path].die(libc::SIGKILL);
    daemon.go();
    daemon.expect("out");
    daemon.succeed();
    assert!(fixture.read(|s| *s == *Fixture::at(1)).unwrap());
}

#[test]
fn a_process_that_cannot_open_the_region_again_says_so() {
    let (_dir, path, fixture) = fixture();
    let mut writer = child!["hold-update", path];
    writer.expect("in");
    let mut daemon = child!["descriptors", "removed", path];
    daemon.expect("closed");
    writer.kill();
    daemon.go();
    daemon.expect("out");
    daemon.succeed();
    // A process that has its descriptor is in no doubt.
    fixture.update(Fixture::step).unwrap();
    assert_eq!(fixture.stats().unwrap().recoveries, 1);
}
