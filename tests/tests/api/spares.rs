//! Spare copies: readers that stay cost memory up to the limit that was given, and no time.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Child, Fixture, child, scratch_dir};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// A reader that is in its closure, and stopped there.
fn stopped_reader(path: &Path) -> Child {
    let reader = child!["hold-read", path];
    reader.expect("in");
    reader.stop();
    reader
}

#[test]
fn stopped_readers_cost_spare_copies_and_then_time() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let options = || State::<Fixture>::options().timeout(Duration::from_millis(50));
    let fixture = options().copies(3).max_copies(5).create(&path).unwrap();
    let room = || fs::metadata(&path).unwrap().blocks() * 512;
    let (len, image) = (fs::metadata(&path).unwrap().len(), size_of::<Fixture>() as u64);
    assert!(room() < len - image, "spare copies have no memory before they are needed");
    let mut model = Fixture::first();
    let mut update = || {
        let updated = fixture.update(Fixture::step);
        if updated.is_ok() {
            model.step();
            assert!(fixture.read(|s| *s == *model).unwrap(), "version {} is not what it has to be", model.steps);
        }
        updated
    };
    // Each stays in a version of its own. Three copies bear one, each spare copy one more.
    let mut readers = Vec::new();
    for copies in [3, 4, 5] {
        readers.push(stopped_reader(&path));
        for _ in 0..10 {
            update().unwrap();
        }
        assert_eq!(fixture.stats().unwrap().copies, copies);
    }
    assert!(room() > len - image);
    readers.push(stopped_reader(&path));
    update().unwrap(); // the last copy that is free
    let busy = update().unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
    for reader in &readers {
        assert!(busy.to_string().contains(&format!("process {} ", reader.pid())), "{busy}");
    }
    assert!(busy.to_string().contains("max_copies"), "{busy}");
    // Any one of them will do: here one that dies.
    readers.remove(1).kill();
    for _ in 0..10 {
        update().unwrap();
    }
    // What the others hold has stayed as it was: they look themselves.
    for (mut reader, steps) in readers.into_iter().zip(["0", "20", "30"]) {
        reader.signal(libc::SIGCONT);
        reader.go();
        reader.expect(steps);
    }
    assert_eq!(fixture.stats().unwrap().copies, 5);
    // The copies outlive the population.
    drop(fixture);
    let fixture = State::<Fixture>::open(&path).unwrap();
    assert_eq!(fixture.stats().unwrap().copies, 5);
    for _ in 0..10 {
        fixture.update(Fixture::step).unwrap();
        model.step();
        assert!(fixture.read(|s| *s == *model).unwrap());
    }
}

#[test]
fn readers_that_pass_cost_no_spare_copy() {
    let dir = scratch_dir();
    let fixture = State::<Fixture>::options().copies(2).max_copies(3).create(dir.path().join("fixture")).unwrap();
    for _ in 0..100 {
        fixture.update(Fixture::step).unwrap();
        fixture.read(|s| assert_eq!(s.steps, s.steps_again)).unwrap();
    }
    assert_eq!(fixture.stats().unwrap().copies, 2);
}

/// No SIGBUS: room is made before the copy is counted.
#[test]
fn a_full_file_system_has_no_spare_copy() {
    let dir = scratch_dir();
    let said = child!["machine", "no-spare-room", dir.path()].succeed();
    match &said[..] {
        [skip, why] if skip == "skip" => println!("skipped: {why}"),
        _ => assert_eq!(said, ["done"]),
    }
}

/// A program that asks for more copies than the region can have learns of it when they are missing.
#[test]
fn copies_that_were_asked_for_in_vain_are_told() {
    let dir = scratch_dir();
    let path = dir.path().join("number");
    let creator = State::<u64>::options().copies(2).create(&path).unwrap();
    let options = || State::<u64>::options().timeout(Duration::from_millis(10));
    let busy = |state: &State<u64>| {
        let updates = || {
            state.update(|n| *n += 1).unwrap();
            state.update(|_| panic!("it does not run")).unwrap_err()
        };
        let error = creator.read(|_| std::thread::scope(|scope| scope.spawn(updates).join().unwrap()));
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        error.to_string()
    };
    let asked = options().max_copies(5).open(&path).unwrap();
    for state in [&asked, &asked.try_clone().unwrap(), &options().max_copies(5).open_or_create(&path).unwrap()] {
        let text = busy(state);
        assert!(text.contains("this process asked for 5 copies, but the region was there already"), "{text}");
        assert!(!text.contains("no room"), "{text}");
    }
    for state in [options().open(&path), options().copies(2).open_or_create(&path)] {
        let text = busy(&state.unwrap());
        assert!(!text.contains("asked for"), "{text}");
    }
}

#[test]
fn a_limit_below_the_copies_is_refused() {
    let dir = scratch_dir();
    for (copies, max, sound) in [(3, 3, true), (2, 8, true), (3, 2, false), (3, 9, false)] {
        let made =
            State::<u64>::options().copies(copies).max_copies(max).create(dir.path().join(format!("{copies}-{max}")));
        assert_eq!(made.err().map(|e| e.kind()), (!sound).then_some(ErrorKind::InvalidOption), "{copies} {max}");
    }
}

#[test]
fn a_file_with_fewer_copies_than_it_was_made_with_is_refused() {
    use std::os::unix::fs::FileExt;
    let dir = scratch_dir();
    let path = dir.path().join("number");
    drop(State::<u64>::options().max_copies(5).create(&path).unwrap());
    let file = fs::File::options().write(true).open(&path).unwrap();
    for (copies, sound) in [(2_u32, false), (0, false), (3, true), (5, true)] {
        file.write_all_at(&copies.to_ne_bytes(), 424).unwrap();
        let opened = State::<u64>::open(&path);
        assert_eq!(opened.err().map(|e| e.kind()), (!sound).then_some(ErrorKind::Corrupt), "{copies}");
    }
}
