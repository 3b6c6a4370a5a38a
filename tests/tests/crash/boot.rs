//! Regions that are there after the machine was restarted, and those that only seem to be from before it.

use shmstate::{Error, ErrorKind, State};
use shmstate_tests::{Fixture, child, disk_dir, has_proc, scratch_dir};
use std::fs;
use std::path::Path;

/// The region is refused as one from before a restart, and the message has all these parts.
#[track_caller]
fn refused<T>(result: Result<T, Error>, parts: &[&str]) {
    let Err(error) = result else { panic!("no error, but `Rebooted` was due") };
    assert_eq!(error.kind(), ErrorKind::Rebooted, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
    }
}

/// Makes the file one of another boot id, in place.
fn of_another_boot(path: &Path) {
    use std::os::unix::fs::FileExt;
    let file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut header = [0; 256];
    file.read_exact_at(&mut header, 0).unwrap();
    // The boot's id, and the checksum of all that follows it in the header.
    header[48] ^= 1;
    let sum = xxhash_rust::xxh3::xxh3_64(&header[24..]);
    header[16..24].copy_from_slice(&sum.to_ne_bytes());
    file.write_all_at(&header, 0).unwrap();
}

#[test]
fn rebooted() {
    if !has_proc() {
        return;
    }
    let Some(dir) = disk_dir() else { return };
    let path = dir.path().join("fixture");
    drop(State::<Fixture>::create(&path).unwrap());
    of_another_boot(&path);
    let before = fs::read(&path).unwrap();
    refused(State::<Fixture>::open(&path), &["before the machine was restarted"]);
    refused(State::<Fixture>::open_or_create(&path), &["a container", "no process has it open"]);
    refused(State::<Fixture>::open_read_only(&path), &["before the machine was restarted"]);
    assert!(fs::read(&path).unwrap() == before, "refused without a trace");
}

/// It would be gone. Containers that share a tmpfs can see several boot ids.
#[test]
fn a_region_in_memory_is_never_from_before_a_restart() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::create(&path).unwrap();
    fixture.update(Fixture::step).unwrap();
    of_another_boot(&path);
    assert_eq!(State::<Fixture>::open(&path).unwrap().version().unwrap(), 1);
    drop(fixture);
    assert_eq!(State::<Fixture>::open_read_only(&path).unwrap().version(), 1);
    assert_eq!(State::<Fixture>::open(&path).unwrap().version().unwrap(), 1);
}

/// Whatever its header says, what a process has open is of this run of the machine.
#[test]
fn a_live_region_under_another_boot_id_is_opened() {
    if !has_proc() {
        return;
    }
    let Some(dir) = disk_dir() else { return };
    let path = dir.path().join("fixture");
    drop(State::<Fixture>::create(&path).unwrap());
    let mut holder = child!["hold", path, "1"];
    holder.expect("in");
    of_another_boot(&path);
    let fixture = State::<Fixture>::open(&path).unwrap();
    fixture.update(Fixture::step).unwrap();
    assert_eq!(State::<Fixture>::open_read_only(&path).unwrap().snapshot().unwrap().steps, 1);
    holder.go();
    let _ = holder.succeed();
    assert_eq!(fixture.try_clone().unwrap().version().unwrap(), 1);
    drop(fixture);
    refused(State::<Fixture>::open(&path), &["before the machine was restarted"]);
}
