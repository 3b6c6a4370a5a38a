//! What a region is at its edges: clones that outlive their original, files with holes, versions without end, removal in a
//! closure.

use shmstate::{ErrorKind, List, State, remove};
use shmstate_tests::{Fixture, PATIENCE, child, has_proc, scratch_dir};
use std::cell::RefCell;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

#[test]
fn a_clone_does_not_hold_the_handle_that_it_was_made_from() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let open = || State::<Fixture>::options().timeout(Duration::from_millis(1)).open(&path);
    let first = State::<Fixture>::options().handles(2).create(&path).unwrap();
    let clone = first.try_clone().unwrap();
    assert_eq!(open().unwrap_err().kind(), ErrorKind::Busy);
    drop(first);
    let other = open().expect("the first one's handle is free");
    clone.update(Fixture::step).unwrap();
    assert_eq!(other.version().unwrap(), 1);
}

/// Beside many handles, a new one tries few of the slots that others have; it finds those of the dead all the same.
#[test]
fn slots_of_the_dead_come_back_into_use() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let open = || State::<Fixture>::options().timeout(PATIENCE).open(&path).unwrap();
    let fixture = State::<Fixture>::options().handles(200).create(&path).unwrap();
    for _ in 0..3 {
        let mut holder = child!["hold", path, "190"];
        holder.expect("in");
        holder.kill();
        let handles: Vec<_> = (1..200).map(|_| open()).collect();
        handles.iter().for_each(|handle| handle.update(Fixture::step).unwrap());
    }
    assert_eq!(fixture.version().unwrap(), 3 * 199);
}

#[test]
fn holes_are_filled_before_they_can_hurt() {
    let dir = scratch_dir();
    let (path, sparse) = (dir.path().join("fixture"), dir.path().join("sparse"));
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
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let mut lines = [0; 8];
    file.read_exact_at(&mut lines, 136).unwrap();
    for (version, sound) in [((1_u64 << 55) - 1, true), (1 << 55, false), ((1 << 56) - 1, false)] {
        file.write_all_at(&(version << 8).to_ne_bytes(), 320).unwrap(); // in copy 0
        file.write_all_at(&version.to_ne_bytes(), u64::from_ne_bytes(lines) + 8).unwrap();
        // A child that another test starts in this moment seems attached until it executes its program: once more then.
        let mut tries = std::iter::repeat_with(|| State::<u64>::open(&path)).take(100);
        let opened = tries.find(|opened| {
            let as_expected = opened.is_ok() == sound;
            (!as_expected).then(|| std::thread::sleep(std::time::Duration::from_millis(10)));
            as_expected
        });
        let opened = opened.unwrap_or_else(|| State::<u64>::open(&path));
        assert_eq!(opened.as_ref().err().map(|e| e.kind()), (!sound).then_some(ErrorKind::Corrupt), "{version:#x}");
    }
}

#[test]
fn a_region_can_be_removed_in_closures_over_it() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::create(&path).unwrap();
    fixture.update(|s| (remove(&path).unwrap(), s.step()).1).unwrap();
    assert!(!fixture.is_current().unwrap() && fixture.version().unwrap() == 1);
    let fixture = State::<Fixture>::create(&path).unwrap();
    fixture.read(|_| remove(&path)).unwrap().unwrap();
    assert!(!fixture.is_current().unwrap());
}

/// A name is given when nothing else can fail any more.
#[test]
fn a_creator_that_cannot_attach_leaves_no_name() {
    if !has_proc() {
        return;
    }
    let (mut failed, mut made) = (0, 0);
    for files in 3..16_u64 {
        let dir = scratch_dir();
        let path = dir.path().join("fixture");
        let said = child!["limit", "files", files.to_string(), path].succeed();
        let is_there = path.exists();
        assert_eq!(said[0] == "Ok", is_there, "{files} descriptors: {said:?}");
        failed += usize::from(!is_there);
        made += usize::from(is_there);
    }
    assert!(failed >= 3 && made >= 3, "{failed} failed, {made} made");
}

/// A handle that has not looked at the state, as that of a removal, is no reason to trust it.
#[test]
fn no_process_attaches_before_the_state_is_validated() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    drop(State::<Fixture>::create(&path).unwrap());
    let file = File::options().read(true).write(true).open(&path).unwrap();
    file.write_all_at(&[0; 4], 388).unwrap(); // `ready`
    // SAFETY: a struct of integers.
    let mut flock: libc::flock = unsafe { std::mem::zeroed() };
    (flock.l_type, flock.l_start, flock.l_len) = (libc::F_RDLCK as libc::c_short, 0x4000_0000_0000_0000, 1);
    // SAFETY: an open file and an initialised struct.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const flock) }, 0);
    let hasty = || State::<Fixture>::options().timeout(Duration::from_millis(20)).open(&path);
    assert_eq!(hasty().unwrap_err().kind(), ErrorKind::Busy);
    drop(file);
    hasty().expect("no process is attached any more, so that it is validated");
}

/// What is called in `init` for the same name would wait until its time is up.
#[test]
fn init_does_not_wait_for_itself() {
    let dir = scratch_dir();
    let (path, link) = (dir.path().join("number"), dir.path().join("link"));
    std::os::unix::fs::symlink(dir.path(), &link).unwrap();
    let same = link.join("number");
    // A wait would be longer than any test's patience.
    let options = || State::<u64>::options().timeout(PATIENCE * 100);
    let inside = |of_another: bool| {
        let refused = |error: shmstate::Error| {
            assert_eq!((error.kind(), error.path()), (ErrorKind::Reentrant, Some(&*same)), "{error}");
            assert!(error.to_string().contains("whose `init` or migration"), "{error}");
        };
        refused(options().create(&same).unwrap_err());
        refused(options().open_or_create(&same).unwrap_err());
        refused(options().open_or_replace(&same).unwrap_err());
        refused(remove(&same).unwrap_err());
        // Another name is another matter, and so is to look at what is replaced.
        let inner = options().init(|n| *n = 7).open_or_replace(dir.path().join("inner")).unwrap();
        assert_eq!(inner.read(|n| *n).unwrap(), 7);
        assert_eq!(State::<i8>::open(&same).map(|old| old.read(|n| *n).unwrap()).ok(), of_another.then_some(-3));
    };
    let fill = |n: &mut u64, of_another| (inside(of_another), *n = 1).1;
    drop(options().init(|n| fill(n, false)).create(&path).unwrap());
    remove(&path).unwrap();
    drop(options().init(|n| fill(n, false)).open_or_create(&path).unwrap());
    remove(&path).unwrap();
    drop(options().init(|n| fill(n, false)).open_or_replace(&path).unwrap());
    remove(&path).unwrap();
    drop(State::<i8>::options().init(|n| *n = -3).create(&path).unwrap());
    let new = options().init(|n| fill(n, true)).open_or_replace(&path).unwrap();
    assert_eq!(new.read(|n| *n).unwrap(), 1);
    // Afterwards the name is free, whatever came of `init`.
    let panics = || options().init(|_| panic!("as it is meant to")).create(dir.path().join("panic"));
    std::panic::catch_unwind(panics).unwrap_err();
    drop(options().create(dir.path().join("panic")).unwrap());
}

/// What was made first on a thread ends last: after whatever the library has there.
#[test]
fn a_thread_that_ends_makes_states() {
    struct AtTheEnd(PathBuf, Sender<Result<u64, ErrorKind>>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let make = || {
                let number = State::<u64>::create(&self.0)?;
                number.update(|n| *n = 7)?;
                let same = State::<u64>::open_or_create(&self.0)?.read(|n| *n)?;
                drop(State::<u64>::open_or_replace(&self.0)?);
                remove(&self.0).map(|()| same)
            };
            // A panic would end the process here.
            if let Ok(made) = std::panic::catch_unwind(make) {
                self.1.send(made.map_err(|e| e.kind())).unwrap();
            }
        }
    }
    thread_local!(static END: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) });
    let (dir, (sender, made)) = (scratch_dir(), channel());
    let (last, before) = (dir.path().join("last"), dir.path().join("before"));
    let lives = move || {
        END.with_borrow_mut(|end| *end = Some(AtTheEnd(last, sender)));
        drop(State::<u64>::create(before).unwrap());
    };
    std::thread::spawn(lives).join().unwrap();
    assert_eq!(made.recv().expect("it has panicked"), Ok(7));
}

/// Whatever has the path by now, it is not this region.
#[test]
fn a_path_that_leads_elsewhere_is_left_alone() {
    let dir = scratch_dir();
    let (home, moved) = (dir.path().join("home"), dir.path().join("moved"));
    let path = home.join("number");
    let begin = || {
        fs::create_dir(&home).unwrap();
        State::<u64>::create(&path).unwrap()
    };
    let state = begin();
    fs::rename(&path, home.join("aside")).unwrap();
    fs::write(&path, "the program's").unwrap();
    assert!(!state.remove().unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "the program's");
    assert!(home.join("aside").exists());
    fs::remove_dir_all(&home).unwrap();
    // A directory, a region of another one, nothing at all.
    let state = begin();
    fs::rename(&path, home.join("aside")).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(!state.remove().unwrap() && path.is_dir());
    fs::remove_dir_all(&home).unwrap();
    let state = begin();
    fs::rename(&home, &moved).unwrap();
    let other = begin();
    assert!(!state.remove().unwrap() && other.is_current().unwrap() && moved.join("number").exists());
    fs::remove_dir_all(&home).unwrap();
    assert!(!other.remove().unwrap());
}
