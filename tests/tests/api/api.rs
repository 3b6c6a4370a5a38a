//! What the methods do, in one process, and where states live.

use shmstate::{ErrorKind, List, SharedLayout, State};
use shmstate_tests::{Fixture, Rng, child, has_proc, scratch_dir, tmpfs};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;
use tempfile::TempDir;

fn fixture() -> (TempDir, PathBuf, State<Fixture>) {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::create(&path).unwrap();
    (dir, path, fixture)
}

/// Runs `f`, which unwinds, without a message.
fn unwinds<R>(f: impl FnOnce() -> R) -> &'static str {
    catch_unwind(AssertUnwindSafe(f)).err().and_then(|out| out.downcast_ref::<&str>().copied()).expect("a panic")
}

fn unwind() -> ! {
    resume_unwind(Box::new("out"))
}

fn is(fixture: &State<Fixture>, version: u64) {
    assert_eq!(fixture.version().unwrap(), version);
    assert!(fixture.read(|s| *s == *Fixture::at(version)).unwrap(), "version {version}");
    assert!(*fixture.snapshot().unwrap() == *Fixture::at(version), "version {version}");
}

#[test]
fn create_open_and_open_or_create() {
    let (_dir, path, fixture) = fixture();
    is(&fixture, 0);
    assert_eq!(fixture.path(), Some(&*path));
    assert!(format!("{fixture:?}").contains("fixture"));
    fixture.update(Fixture::step).unwrap();
    let opened = State::<Fixture>::open(&path).unwrap();
    let either = State::<Fixture>::open_or_create(&path).unwrap();
    either.update(Fixture::step).unwrap();
    [&fixture, &opened, &either].into_iter().for_each(|fixture| is(fixture, 2));
    drop((fixture, opened, either));
    // No process has it open, and it is still there.
    is(&State::<Fixture>::open(&path).unwrap(), 2);
    shmstate::remove(&path).unwrap();
    assert!(!path.exists());
    is(&State::<Fixture>::open_or_create(&path).unwrap(), 0);
}

#[test]
fn update_returns_what_the_closure_does() {
    let (_dir, _, fixture) = fixture();
    assert_eq!(fixture.update(|s| (s.step(), s.steps).1).unwrap(), 1);
    assert_eq!(fixture.try_update(|s| Ok::<_, ()>((s.step(), s.steps).1)).unwrap(), Ok(2));
    assert_eq!(fixture.read(|s| s.steps).unwrap(), 2);
    // An update that does nothing is a version all the same.
    fixture.update(|_| ()).unwrap();
    assert_eq!(fixture.version().unwrap(), 3);
}

#[test]
fn what_fails_leaves_nothing() {
    let (_dir, _, fixture) = fixture();
    let mut rng = Rng::new(1);
    for version in 0..300 {
        for _ in 0..rng.below(4) {
            if rng.below(2) == 0 {
                let verdict = fixture.try_update(|s| {
                    s.damage(&mut rng);
                    Err::<(), _>(s.steps)
                });
                assert_eq!(verdict.unwrap(), Err(version));
            } else {
                let out = unwinds(|| {
                    fixture.update(|s| {
                        s.damage(&mut rng);
                        unwind()
                    })
                });
                assert_eq!(out, "out", "the panic is the closure's");
            }
            assert_eq!(fixture.version().unwrap(), version);
        }
        is(&fixture, version);
        fixture.update(Fixture::step).unwrap();
    }
}

#[test]
fn reads_nest() {
    let (dir, _, fixture) = fixture();
    let other = State::<Fixture>::create(dir.path().join("other")).unwrap();
    fixture.update(Fixture::step).unwrap();
    fixture
        .read(|a| {
            fixture.read(|b| assert!(std::ptr::eq(a, b))).unwrap();
            // A version that is held stays, though others go on.
            std::thread::scope(|scope| {
                scope.spawn(|| (0..100).for_each(|_| fixture.update(Fixture::step).unwrap()));
            });
            assert!(*a == *Fixture::at(1));
            fixture.read(|b| assert!(*b == *Fixture::at(101))).unwrap();
            // A state within another.
            other.update(|o| o.counts[0] = a.steps).unwrap();
            assert_eq!(unwinds(|| fixture.read(|_| unwind())), "out");
            assert!(*a == *Fixture::at(1));
        })
        .unwrap();
    is(&fixture, 101);
}

#[test]
fn an_update_sees_the_committed_version_of_its_own_region() {
    let (dir, path, fixture) = fixture();
    let again = State::<Fixture>::open(&path).unwrap();
    let other = State::<Fixture>::create(dir.path().join("other")).unwrap();
    for version in 0..50 {
        fixture
            .update(|s| {
                s.step();
                for fixture in [&fixture, &again] {
                    is(fixture, version);
                }
                // What a snapshot holds may go back in, too.
                let snapshot = fixture.snapshot().unwrap();
                s.left.clone_from(&snapshot.left);
                s.clone_from(&snapshot);
                s.step();
                // Two states at once; the inner one is done first.
                other.update(Fixture::step).unwrap();
                is(&other, version + 1);
            })
            .unwrap();
        is(&fixture, version + 1);
    }
}

#[test]
fn an_update_of_another_state_inside_of_one_stays_when_the_outer_one_fails() {
    let (dir, _, fixture) = fixture();
    let other = State::<Fixture>::create(dir.path().join("other")).unwrap();
    let out = unwinds(|| {
        fixture.update(|s| {
            s.step();
            other.update(Fixture::step).unwrap();
            unwind()
        })
    });
    assert_eq!(out, "out");
    is(&fixture, 0);
    is(&other, 1);
    // Lists that change places between two states, one of which fails.
    fixture.update(Fixture::step).unwrap();
    let before = fixture.snapshot().unwrap();
    let verdict = fixture.try_update(|s| {
        other.update(|o| std::mem::swap(&mut s.spots, &mut o.spots)).unwrap();
        Err::<(), _>("no")
    });
    assert_eq!(verdict.unwrap(), Err("no"));
    assert!(fixture.read(|s| *s == *before).unwrap());
    assert!(other.read(|o| o.spots == before.spots).unwrap());
}

#[test]
fn several_handles() {
    let (_dir, path, fixture) = fixture();
    let mut handles = vec![fixture];
    for i in 0..20 {
        handles.push(if i % 2 == 0 { handles[i].try_clone().unwrap() } else { State::open(&path).unwrap() });
    }
    for (i, handle) in handles.iter().enumerate() {
        handle.update(Fixture::step).unwrap();
        assert_eq!(handles[handles.len() - 1 - i].version().unwrap(), i as u64 + 1);
    }
    // The first goes, the others stay.
    handles.swap_remove(0);
    handles.iter().for_each(|handle| is(handle, 21));
}

#[test]
fn threads() {
    let (_dir, _, fixture) = fixture();
    let (sender, receiver) = channel();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let sender = sender.clone();
            let fixture = &fixture;
            scope.spawn(move || {
                for _ in 0..250 {
                    sender.send(fixture.update(|s| (s.step(), s.steps).1).unwrap()).unwrap();
                }
            });
        }
    });
    drop(sender);
    let mut versions: Vec<u64> = receiver.iter().collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=1000).collect::<Vec<_>>(), "each version was made once");
    is(&fixture, 1000);
    // A handle may end on another thread than it began on.
    std::thread::spawn(move || is(&fixture, 1000)).join().unwrap();
}

#[test]
fn removed_while_it_is_open() {
    if !has_proc() {
        return;
    }
    let (dir, path, fixture) = fixture();
    let again = State::<Fixture>::open(&path).unwrap();
    assert!(fixture.is_current().unwrap());
    shmstate::remove(&path).unwrap();
    for fixture in [&fixture, &again] {
        assert!(!fixture.is_current().unwrap());
        fixture.update(Fixture::step).unwrap();
    }
    is(&fixture, 2);
    let clone = fixture.try_clone().unwrap();
    is(&clone, 2);
    // Another one under the same name.
    let new = State::<Fixture>::options().init(Fixture::step).create(&path).unwrap();
    assert!(new.is_current().unwrap() && !fixture.is_current().unwrap() && !clone.is_current().unwrap());
    assert_eq!(new.version().unwrap(), 0);
    clone.update(Fixture::step).unwrap();
    assert!(new.read(|s| *s == *Fixture::at(1)).unwrap());
    is(&again, 3);
    // They are two regions: no closure over one is in the way of the other.
    fixture.update(|s| (s.step(), new.update(Fixture::step).unwrap()).1).unwrap();
    assert!(new.read(|s| *s == *Fixture::at(2)).unwrap());
    // By others, without us.
    fs::remove_file(&path).unwrap();
    assert!(!new.is_current().unwrap());
    assert_eq!(shmstate::remove(&path).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn init_fills_a_new_region_and_no_other() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let options = || State::<Fixture>::options().init(|s| s.advance_to(7));
    let fixture = options().open_or_create(&path).unwrap();
    assert_eq!(fixture.version().unwrap(), 0);
    assert!(fixture.read(|s| *s == *Fixture::at(7)).unwrap());
    fixture.update(Fixture::step).unwrap();
    for again in [options().open(&path).unwrap(), options().open_or_create(&path).unwrap()] {
        assert!(again.read(|s| *s == *Fixture::at(8)).unwrap());
    }
    // It may borrow, and use other states.
    let mut seen = 0;
    let copy = State::<Fixture>::options()
        .init(|s| {
            fixture.read(|w| s.clone_from(w)).unwrap();
            seen = s.steps;
        })
        .create(dir.path().join("copy"))
        .unwrap();
    assert_eq!(seen, 8);
    (0..10).for_each(|_| copy.update(Fixture::step).unwrap());
    assert!(copy.read(|s| *s == *Fixture::at(18)).unwrap());
}

#[test]
fn init_that_panics_leaves_nothing() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    for _ in 0..3 {
        let init = |s: &mut Fixture| {
            s.step();
            unwind()
        };
        let out = unwinds(|| State::<Fixture>::options().init(init).create(&path));
        assert_eq!(out, "out");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
    is(&State::<Fixture>::create(&path).unwrap(), 0);
}

#[derive(SharedLayout)]
#[repr(C)]
struct Large {
    steps: u64,
    items: List<u64, { 8 << 20 }>,
}

/// 64 MiB, on a thread with 256 KiB of stack.
#[test]
fn a_large_state_needs_no_stack() {
    let dir = scratch_dir();
    let path = dir.path().join("large");
    let work = move || {
        let large = State::<Large>::options().init(|s| s.items.resize(8 << 20, 1).unwrap()).create(path).unwrap();
        large.update(|s| s.items[1 << 22] = 2).unwrap();
        let snapshot = large.snapshot().unwrap();
        assert_eq!((snapshot.items.len(), snapshot.items[1 << 22]), (8 << 20, 2));
        let verdict = large.try_update(|s| {
            s.items.clear();
            Err::<(), _>(())
        });
        assert_eq!(verdict.unwrap(), Err(()));
        for step in 0..10 {
            large.update(|s| s.items[step * 1000] = 3).unwrap();
        }
        assert_eq!(large.read(|s| s.items.iter().sum::<u64>()).unwrap(), (8 << 20) + 1 + 20);
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap();
}

#[test]
fn options_decide_sizes() {
    let dir = scratch_dir();
    let len = |copies, handles| {
        let path = dir.path().join(format!("{copies}-{handles}"));
        let fixture = State::<Fixture>::options().copies(copies).handles(handles).create(&path).unwrap();
        for _ in 0..40 {
            fixture.update(Fixture::step).unwrap();
        }
        is(&fixture, 40);
        let held: Vec<_> = (1..handles.min(100)).map(|_| fixture.try_clone().unwrap()).collect();
        assert_eq!(held.len() + 1, handles.min(100));
        let more = State::<Fixture>::options().timeout(std::time::Duration::ZERO).open(&path);
        assert_eq!(more.is_err(), handles <= 100);
        fs::metadata(&path).unwrap().len()
    };
    let images = size_of::<Fixture>().next_multiple_of(4096) as u64;
    for copies in [2, 3, 8] {
        for handles in [1, 2, 64, 65536] {
            let len = len(copies, handles);
            assert!(len >= copies as u64 * images + handles as u64 * 64 && len.is_multiple_of(4096));
        }
    }
}

#[test]
fn the_mode_is_the_one_that_was_asked_for() {
    let dir = scratch_dir();
    for mask in [0o000, 0o022, 0o077, 0o777] {
        for mode in [0o600, 0o640, 0o660, 0o666, 0o644] {
            let path = dir.path().join(format!("{mask:o}-{mode:o}"));
            child!["umask", mask.to_string(), mode.to_string(), path].succeed();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode, "umask {mask:o}");
        }
    }
}

/// What a process says that makes a state of that bare name.
fn bare(name: &str, dir: Option<&Path>, current: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_child"));
    command.args(["bare", name]).current_dir(current).env_remove("SHMSTATE_DIR");
    if let Some(dir) = dir {
        command.env("SHMSTATE_DIR", dir);
    }
    shmstate_tests::Child::start_command(&mut command).succeed().concat()
}

#[test]
fn bare_names_live_in_the_users_private_directory() {
    if tmpfs() != Path::new("/dev/shm") {
        return println!("skipped: no /dev/shm");
    }
    let dir = scratch_dir();
    // The only test that uses the real one, under a name that no program has.
    let name = format!("test-{}-{:x}", std::process::id(), fs::metadata(dir.path()).unwrap().ino());
    // SAFETY: no pointers.
    let user = unsafe { libc::geteuid() };
    let home = PathBuf::from(format!("/dev/shm/shmstate-{user}"));
    for no_dir in [None, Some(Path::new(""))] {
        assert_eq!(bare(&name, no_dir, dir.path()), home.join(&name).display().to_string());
    }
    assert_eq!(fs::metadata(&home).unwrap().permissions().mode() & 0o7777, 0o700);
    assert!(!home.join(&name).exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing in the current directory");
}

#[test]
fn bare_names_live_where_the_variable_says() {
    let dir = scratch_dir();
    let own = dir.path().join("own");
    assert_eq!(bare("name", Some(&own), dir.path()), own.join("name").display().to_string());
    assert_eq!(fs::metadata(&own).unwrap().permissions().mode() & 0o7777, 0o700, "made if need be");
    assert_eq!(bare("name", Some(&own), dir.path()), own.join("name").display().to_string());
    let said = bare("name", Some(&dir.path().join("no/such")), dir.path());
    assert!(said.starts_with("NotFound: there is no directory"), "{said}");
    // A path is taken as it is.
    assert_eq!(bare("./name", Some(&own), dir.path()), "./name");
    let path = dir.path().join("path").display().to_string();
    assert_eq!(bare(&path, Some(&own), dir.path()), path);
    assert_eq!(fs::read_dir(&own).unwrap().count(), 0);
}

#[test]
fn odd_names() {
    let dir = scratch_dir();
    let long = "x".repeat(255);
    for name in ["with space", "ümläut", "-", "...", ".hidden", "new\nline", &long] {
        let path = dir.path().join(name);
        let fixture = State::<Fixture>::create(&path).unwrap();
        fixture.update(Fixture::step).unwrap();
        is(&State::<Fixture>::open(&path).unwrap(), 1);
        shmstate::remove(&path).unwrap();
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
