//! What the machine may do to processes: too few descriptors, no `/proc`, another root, lost privileges, deaths without
//! unwinding, files that are replaced, cut off, and copied.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Child, Counters, Fixture, PATIENCE, child, disk_dir, has_proc, scratch_dir};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

fn fixture() -> (TempDir, PathBuf, State<Fixture>) {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::options().timeout(PATIENCE).create(&path).unwrap();
    (dir, path, fixture)
}

/// Waits for the child's line; false, with the reason printed, if the machine does not let it do its part.
fn begins(child: &Child, line: &str) -> bool {
    let said = child.line().unwrap_or_default();
    if said == "skip" {
        println!("skipped: {}", child.line().unwrap_or_default());
        return false;
    }
    assert_eq!(said, line);
    true
}

/// The child is in an update: it is named while it lives, and when it is killed, what it did is gone, and its handle free.
fn holds_and_dies(mut child: Child, path: &Path, fixture: &State<Fixture>) {
    let version = fixture.version().unwrap();
    let hasty = State::<Fixture>::options().timeout(Duration::from_millis(20)).open(path).unwrap();
    let busy = hasty.update(|_| panic!("it does not run")).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
    assert!(busy.to_string().contains(&format!("process {} (\"child\")", child.pid())), "{busy}");
    drop(hasty);
    child.kill();
    fixture.update(Fixture::step).unwrap();
    assert_eq!(fixture.version().unwrap(), version + 1);
    assert!(fixture.read(|s| *s == *Fixture::at(version + 1)).unwrap());
    let handles: Vec<_> = (1..64).map(|_| State::<Fixture>::open(path).unwrap()).collect();
    drop(handles);
}

#[test]
fn descriptors_run_out() {
    if !has_proc() {
        return;
    }
    let dir = scratch_dir();
    let Some(disk) = disk_dir() else { return };
    let (path, old) = (dir.path().join("fixture"), disk.path().join("old"));
    drop(State::<Fixture>::options().handles(3).create(&path).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    bytes[48] ^= 1; // another run of the machine
    let sum = xxhash_rust::xxh3::xxh3_64(&bytes[24..256]);
    bytes[16..24].copy_from_slice(&sum.to_ne_bytes());
    fs::write(&old, bytes).unwrap();
    let mut child = child!["machine", "descriptors", format!("{},{}", path.display(), old.display())];
    child.expect("full");
    // None of its failures keeps a slot: it has one handle of three.
    let hasty = || State::<Fixture>::options().timeout(Duration::from_millis(20)).open(&path);
    let others = [hasty().unwrap(), hasty().unwrap()];
    assert_eq!(hasty().unwrap_err().kind(), ErrorKind::Busy);
    drop(others);
    child.go();
    child.succeed();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "something was left behind");
}

#[test]
fn without_proc() {
    let (dir, path, fixture) = fixture();
    let child = child!["machine", "no-proc", path];
    if !begins(&child, "in") {
        return;
    }
    assert_eq!(fixture.version().unwrap(), 3);
    holds_and_dies(child, &path, &fixture);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "something was left behind");
    // One without `/proc` notices the death of another.
    child!["die", "in-update", path].die(libc::SIGKILL);
    let child = child!["machine", "no-proc", path];
    assert!(begins(&child, "in"));
    assert_eq!(fixture.version().unwrap(), 7);
}

#[test]
fn in_another_root() {
    let (_dir, path, fixture) = fixture();
    let child = child!["machine", "new-root", path];
    if begins(&child, "in") {
        assert_eq!(fixture.version().unwrap(), 2);
        holds_and_dies(child, &path, &fixture);
    }
}

#[test]
fn in_a_working_directory_that_was_removed() {
    let (_dir, path, _world) = fixture();
    child!["machine", "removed-directory", path].succeed();
}

/// Its name leads nowhere, and so not to it.
#[test]
fn a_region_whose_directory_was_renamed_is_not_removed() {
    let dir = shmstate_tests::scratch_dir();
    for by_file in [false, true] {
        let [old, new] = ["old", "new"].map(|name| dir.path().join(format!("{name}-{by_file}")));
        std::fs::create_dir(&old).unwrap();
        let fixture = State::<Fixture>::create(old.join("fixture")).unwrap();
        std::fs::rename(&old, &new).unwrap();
        if by_file {
            std::fs::write(&old, "").unwrap();
        }
        assert!(!fixture.remove().unwrap());
        assert!(State::<Fixture>::open(new.join("fixture")).is_ok());
    }
}

/// Its number says nothing in this namespace.
#[test]
fn a_process_of_another_pid_namespace_is_named_as_such() {
    if !has_proc() {
        return println!("skipped: without /proc, no process knows its PID namespace");
    }
    let (_dir, path, fixture) = fixture();
    let mut child = child!["machine", "pid-namespace", path];
    let said = child.line().unwrap();
    if said == "skip" {
        println!("skipped: {}", child.line().unwrap_or_default());
        return;
    }
    child.expect("in");
    let hasty = State::<Fixture>::options().timeout(Duration::from_millis(20)).open(&path).unwrap();
    let busy = hasty.update(|_| panic!("it does not run")).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
    let name = format!("process 1 of another PID namespace ({said}) (\"child\"); `lsns -t pid` lists the namespaces");
    assert!(busy.to_string().contains(&name), "{busy}");
    child.go();
    child.expect("out");
    child.go();
    child.succeed();
    fixture.update(Fixture::step).unwrap();
    assert_eq!((fixture.version().unwrap(), fixture.stats().unwrap().recoveries), (2, 0));
}

/// `abort`, and a panic where the program is built with `panic = "abort"`. The latter by a hook that aborts, which is what
/// such a program does next.
#[test]
fn a_process_that_aborts_leaves_nothing_of_its_update() {
    let (_dir, path, fixture) = fixture();
    for (round, how) in ["abort", "panic-abort"].into_iter().cycle().take(10).enumerate() {
        let version = round as u64;
        child!["machine", how, path].die(libc::SIGABRT);
        assert!(fixture.read(|s| *s == *Fixture::at(version)).unwrap());
        fixture.update(Fixture::step).unwrap();
        assert!(fixture.read(|s| *s == *Fixture::at(version + 1)).unwrap());
        assert_eq!(fixture.stats().unwrap().recoveries, version + 1);
    }
}

/// Its waits last as long as their deadlines say, and the region that it made is like any other.
#[test]
fn a_process_whose_clock_jumps() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    assert_eq!(Child::start(env!("CARGO_BIN_EXE_clocks"), &[path.as_ref()]).succeed(), ["done"]);
    let fixture = State::<Fixture>::open(&path).unwrap();
    fixture.update(Fixture::step).unwrap();
    assert!(fixture.read(|s| *s == *Fixture::at(3)).unwrap());
}

/// A file under the name that is another one, by `rename`, and by removal and creation: old handles keep the old one.
#[test]
fn a_region_that_was_replaced_goes_on_without_its_name() {
    if !has_proc() {
        return;
    }
    for renamed in [true, false] {
        let (dir, path, old) = fixture();
        old.update(Fixture::step).unwrap();
        let view = State::<Fixture>::open_read_only(&path).unwrap();
        let mut holder = child!["hold-update", path];
        holder.expect("in");
        let other = dir.path().join("other");
        let new = State::<Fixture>::create(if renamed { &other } else { &path });
        let new = if renamed {
            fs::rename(&other, &path).unwrap();
            new.unwrap()
        } else {
            assert_eq!(new.unwrap_err().kind(), ErrorKind::AlreadyExists);
            fs::remove_file(&path).unwrap();
            State::<Fixture>::create(&path).unwrap()
        };
        assert!(!old.is_current().unwrap() && !view.is_current().unwrap());
        // By its first name, a region that was renamed is not found.
        assert_eq!(new.is_current().unwrap(), !renamed);
        // The old one's writer still has the old one's lock, and hinders no process here.
        new.update(Fixture::step).unwrap();
        new.update(Fixture::step).unwrap();
        assert_eq!(State::<Fixture>::open(&path).unwrap().version().unwrap(), 2);
        holder.go();
        holder.expect("out");
        let clone = old.try_clone().unwrap();
        clone.update(Fixture::step).unwrap();
        assert!(!clone.is_current().unwrap());
        assert_eq!((old.version().unwrap(), view.version(), new.version().unwrap()), (3, 3, 2));
        assert!(old.read(|s| *s == *Fixture::at(3)).unwrap() && new.read(|s| *s == *Fixture::at(2)).unwrap());
        assert!(*view.snapshot().unwrap() == *Fixture::at(3));
    }
}

/// Wherever a check can come first it is an error; at an access it is a SIGBUS, as documented.
#[test]
fn a_file_that_is_cut_off_while_it_is_mapped() {
    // Without anything, within the header's neighbourhood, and with all but the copies of the state.
    for len in [Some(0), Some(4096), None] {
        let (_dir, path, fixture) = fixture();
        let images = || u64::from_ne_bytes(fs::read(&path).unwrap()[160..168].try_into().unwrap());
        let len = len.unwrap_or_else(images);
        let mut child = child!["machine", "truncated", path];
        child.expect("in");
        drop(fixture);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_len(len).unwrap();
        child.go();
        child.expect("refused");
        child.die(libc::SIGBUS);
        assert_eq!(State::<Fixture>::open(&path).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

/// `cp` of a region.
fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_copy_of_the_file_that_is_made_under_the_lock_is_a_region_of_its_own() {
    let (dir, path, fixture) = fixture();
    for round in 0..20 {
        let copied = dir.path().join(format!("copy-{round}"));
        let counters = dir.path().join(format!("counters-{round}"));
        let writers: Vec<Child> =
            (0..2).map(|seed: u64| child!["write", path, counters, seed.to_string(), "50"]).collect();
        writers.iter().for_each(|writer| writer.expect("in"));
        // An update that comes to nothing keeps the other writers out.
        let verdict = fixture.try_update(|_| {
            copy(&path, &copied);
            Err::<(), _>(fixture.version().unwrap())
        });
        let version = verdict.unwrap().unwrap_err();
        let state = State::<Fixture>::open(&copied).unwrap();
        assert!(state.read(|s| *s == *Fixture::at(version)).unwrap());
        // Neither is seen by the other, whichever process writes them.
        let mut model = Fixture::at(version);
        let copier = child!["write", copied, counters, "7", "30"];
        copier.expect("in");
        copier.succeed();
        writers.into_iter().for_each(|writer| drop(writer.succeed()));
        assert!(state.read(|s| s.is_version(version + 30, &mut model)).unwrap());
        assert_eq!(fixture.version().unwrap(), 100 * (round + 1));
        drop(state);
        shmstate::remove(&copied).unwrap();
    }
    assert!(fixture.read(|s| *s == *Fixture::at(2000)).unwrap());
}

/// As of a `cp` that reads the first bytes, is interrupted, and reads the rest when the copy that was active has been
/// written anew.
#[test]
fn a_copy_of_the_file_with_words_of_two_versions_is_refused() {
    let (dir, path, fixture) = fixture();
    let copied = dir.path().join("copy");
    for control in [384, 512] {
        let before = fs::read(&path).unwrap();
        (0..7).for_each(|_| fixture.update(Fixture::step).unwrap());
        let mut bytes = fs::read(&path).unwrap();
        bytes[..control].copy_from_slice(&before[..control]);
        fs::write(&copied, &bytes).unwrap();
        fs::set_permissions(&copied, fs::Permissions::from_mode(0o600)).unwrap();
        let error = State::<Fixture>::open(&copied).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("not of the version that it says"), "{error}");
        assert!(fs::read(&copied).unwrap() == bytes, "refused without a trace");
    }
}

/// A copy that is made while a process writes is refused, if it can be recognized; whatever becomes of it, the region that it was
/// made from is as if it did not exist.
#[test]
fn a_copy_of_the_file_that_is_made_in_the_midst_of_updates_is_nobody_elses_business() {
    let (dir, path, fixture) = fixture();
    let counters = dir.path().join("counters");
    let writer = child!["write", path, counters, "1", "0"];
    writer.expect("in");
    let (mut opened, mut refused) = (0, 0);
    for round in 0..200 {
        let copied = dir.path().join(format!("copy-{round}"));
        copy(&path, &copied);
        match State::<Fixture>::options().timeout(PATIENCE).open(&copied) {
            Ok(state) => {
                let (before, there) = (state.version().unwrap(), fixture.version().unwrap());
                // The writer that held the lock of the original holds none here.
                state.update(|s| s.motto.set("a copy").unwrap()).unwrap();
                assert_eq!(state.version().unwrap(), before + 1);
                assert!(state.read(|s| s.motto == "a copy").unwrap() && fixture.version().unwrap() >= there);
                opened += 1;
            }
            Err(e) => {
                assert_eq!(e.kind(), ErrorKind::Corrupt, "{e}");
                refused += 1;
            }
        }
        fs::remove_file(&copied).unwrap();
    }
    println!("{opened} opened, {refused} refused");
    Counters::open(&counters).count(Counters::STOP);
    writer.succeed();
    let mut model = Fixture::first();
    assert!(fixture.read(|s| s.is_version(fixture.version().unwrap(), &mut model)).unwrap());
    assert_eq!(opened + refused, 200);
}
