//! What a region is at its edges: clones that outlive their original, files with holes, versions without end, removal in a
//! closure.

use shmstate::{ErrorKind, List, State, remove};
use shmstate_tests::{World, scratch_dir};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::time::Duration;

#[test]
fn a_clone_does_not_hold_the_handle_that_it_was_made_from() {
    let dir = scratch_dir();
    let path = dir.path().join("world");
    let open = || State::<World>::options().timeout(Duration::from_millis(1)).open(&path);
    let first = State::<World>::options().handles(2).create(&path).unwrap();
    let clone = first.try_clone().unwrap();
    assert_eq!(open().unwrap_err().kind(), ErrorKind::Busy);
    drop(first);
    let other = open().expect("the first one's handle is free");
    clone.update(World::step).unwrap();
    assert_eq!(other.version(), 1);
}

#[test]
fn holes_are_filled_before_they_can_hurt() {
    let dir = scratch_dir();
    let (path, sparse) = (dir.path().join("world"), dir.path().join("sparse"));
    let state = State::<List<u64, 100_000>>::create(&path).unwrap();
    state.update(|list| list.push(7).unwrap()).unwrap();
    drop(state);
    let bytes = fs::read(&path).unwrap();
    let file = File::create(&sparse).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
    for (page, content) in bytes.chunks(4096).enumerate().filter(|(_, page)| page.iter().any(|&b| b != 0)) {
        file.write_all_at(content, page as u64 * 4096).unwrap();
    }
    file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
    let room = || fs::metadata(&sparse).unwrap().blocks() * 512;
    assert!(room() < bytes.len() as u64, "this file system keeps no holes");
    let state = State::<List<u64, 100_000>>::open(&sparse).unwrap();
    assert_eq!(state.read(|list| list.to_vec()).unwrap(), [7]);
    assert!(room() >= bytes.len() as u64);
}

#[test]
fn a_version_that_no_region_reaches_is_refused() {
    let dir = scratch_dir();
    let path = dir.path().join("number");
    drop(State::<u64>::options().handles(1).create(&path).unwrap());
    let file = File::options().write(true).open(&path).unwrap();
    for (version, sound) in [((1_u64 << 55) - 1, true), (1 << 55, false), ((1 << 56) - 1, false)] {
        file.write_all_at(&(version << 8).to_ne_bytes(), 320).unwrap(); // in copy 0
        file.write_all_at(&version.to_ne_bytes(), 512 + 64 + 8).unwrap();
        let opened = State::<u64>::open(&path);
        assert_eq!(opened.as_ref().err().map(|e| e.kind()), (!sound).then_some(ErrorKind::Corrupt), "{version:#x}");
    }
}

#[test]
fn removal_in_an_update_is_refused_at_once() {
    let dir = scratch_dir();
    let path = dir.path().join("world");
    let world = State::<World>::create(&path).unwrap();
    let refused = world.update(|_| remove(&path).unwrap_err()).unwrap();
    assert_eq!(refused.kind(), ErrorKind::Reentrant);
    world.read(|_| remove(&path)).unwrap().expect("a reader has no lock");
    assert!(!world.is_current().unwrap());
}
