//! Looking at a state without the right to write it.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Fixture, SetOnDrop, child, has_proc, scratch_dir};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn snapshots_are_whole_versions_while_others_write() {
    for copies in [2, 3] {
        let dir = scratch_dir();
        let path = dir.path().join("fixture");
        let fixture =
            State::<Fixture>::options().copies(copies).init(|s| *s = *Fixture::first()).create(&path).unwrap();
        let view = State::<Fixture>::open_read_only(&path).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _done = SetOnDrop(&done);
                (0..3_000).for_each(|_| fixture.update(Fixture::step).unwrap());
            });
            let (mut last, mut seen) = (0, 0);
            while !done.load(Ordering::Acquire) {
                let snapshot = view.snapshot().unwrap();
                assert!(snapshot.steps >= last, "went back from {last} to {}", snapshot.steps);
                seen += u32::from(snapshot.steps > last);
                last = snapshot.steps;
                if seen % 16 == 0 {
                    assert!(*snapshot == *Fixture::at(last), "version {last} is torn");
                }
            }
        });
        assert!(*view.snapshot().unwrap() == *Fixture::at(3_000));
        assert_eq!(view.version(), 3_000);
    }
}

#[test]
fn the_kernel_refuses_writes() {
    if !has_proc() {
        return;
    }
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::create(&path).unwrap();
    let view = State::<Fixture>::open_read_only(&path).unwrap();
    drop(fixture);
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let modes: Vec<_> = maps
        .lines()
        .filter(|line| line.ends_with(path.to_str().unwrap()))
        .map(|line| line.split_whitespace().nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(modes, ["r--s"]);
    // Which users may write the file is not asked, and neither is the right to write it.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    assert!(State::<Fixture>::open_read_only(&path).unwrap().snapshot().is_ok());
    assert_eq!(view.version(), 0);
}

/// Another user, if this process can be several: one that may read the file, and no more.
#[test]
fn who_may_not_write_the_file_looks_on_and_cannot_write_the_mapping() {
    if !has_proc() {
        return;
    }
    let dir = scratch_dir();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::create(&path).unwrap();
    fixture.update(Fixture::step).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let mut onlooker = child!["machine", "view", path];
    onlooker.expect("1");
    fixture.update(Fixture::step).unwrap();
    onlooker.go();
    onlooker.expect("2");
    onlooker.die(libc::SIGSEGV);
    fixture.update(Fixture::step).unwrap();
    assert!(fixture.read(|s| *s == *Fixture::at(3)).unwrap());
}

#[test]
fn an_onlooker_takes_nothing_and_is_in_nobodys_way() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::options().handles(1).create(&path).unwrap();
    let views: Vec<_> = (0..10).map(|_| State::<Fixture>::open_read_only(&path).unwrap()).collect();
    fixture.update(Fixture::step).unwrap();
    drop(fixture);
    let fixture = State::<Fixture>::open(&path).unwrap();
    shmstate::remove(&path).unwrap(); // its one handle is taken
    drop(fixture);
    for view in views {
        assert!(!view.is_current().unwrap());
        assert_eq!(view.snapshot().unwrap().steps, 1);
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let kind = |result: Result<shmstate::ReadOnly<Fixture>, shmstate::Error>| result.unwrap_err().kind();
    assert_eq!(kind(State::open_read_only(&path)), ErrorKind::NotFound);
    assert_eq!(kind(State::open_read_only(dir.path().join("fixture/"))), ErrorKind::InvalidName);
    assert_eq!(kind(State::open_read_only(dir.path())), ErrorKind::NotAFile);
    fs::write(&path, "a text").unwrap();
    assert_eq!(kind(State::open_read_only(&path)), ErrorKind::Corrupt);
    fs::remove_file(&path).unwrap();
    let _other = State::<u64>::create(&path).unwrap();
    assert_eq!(kind(State::open_read_only(&path)), ErrorKind::LayoutMismatch);
}

/// What a writer has left that died in its closure is not what an onlooker sees.
#[test]
fn a_state_that_is_no_value_is_refused_at_the_snapshot() {
    let dir = scratch_dir();
    let path = dir.path().join("flag");
    drop(State::<bool>::create(&path).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    let images = bytes.len() - 3 * 4096;
    bytes[images] = 7;
    fs::write(&path, bytes).unwrap();
    let view = State::<bool>::open_read_only(&path).unwrap();
    let error = view.snapshot().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("7 is no bool"), "{error}");
}

/// On a tmpfs, an access to a hole takes memory, and is a signal where none is left.
#[test]
fn a_sparse_copy_takes_no_memory_to_look_at() {
    let dir = scratch_dir();
    let lines = child!["file-system", "sparse", dir.path()].succeed();
    match lines[0].as_str() {
        "skip" => println!("skipped: {}", lines[1]),
        _ => assert_eq!(lines, ["done"]),
    }
}
