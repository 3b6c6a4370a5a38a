//! A region that is put instead of another one, by several at once, and what becomes of the handles on the old one; and regions
//! that are removed. The test `replacers` has processes that die at it.

use shmstate::{ErrorKind, State, remove};
use shmstate_tests::replacement::{in_service, inode, names, newer, old};
use shmstate_tests::{PATIENCE, Release, Release1, Release2, eventually, has_proc, scratch_dir};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Both of them do what the message of the mismatch says, the second one not knowing that the first one was faster.
#[test]
fn two_workers_of_a_new_release_end_in_one_region() {
    let (dir, path, old) = old();
    let refused = || State::<Release2>::open_or_create(&path).unwrap_err();
    assert_eq!([refused().kind(), refused().kind()], [ErrorKind::LayoutMismatch; 2]);
    assert!(refused().to_string().contains("`open_or_replace`"), "{}", refused());
    assert_eq!(refused().path(), Some(&*path));
    let (a, b) = (newer(&path).unwrap(), newer(&path).unwrap());
    a.update(Release::step).unwrap();
    assert_eq!(b.read(|s| s.ticks).unwrap(), 2);
    assert!(a.is_current().unwrap() && b.is_current().unwrap() && !old.is_current().unwrap());
    assert_eq!(names(&dir), 1);
    // The one that fits is opened.
    let again = State::<Release2>::options().init(|_| panic!("it is there")).open_or_replace(&path);
    assert_eq!(again.unwrap().version().unwrap(), 1);
    // And one that is not there is created.
    let elsewhere = newer(&dir.path().join("elsewhere")).unwrap();
    assert_eq!(elsewhere.read(|s| s.ticks).unwrap(), 1);
}

#[test]
fn every_handle_on_the_old_region_is_out_of_service() {
    let (_dir, path, old) = old();
    let view = State::<Release1>::open_read_only(&path).unwrap();
    let clone = old.try_clone().unwrap();
    assert!(in_service(&old, Some(&view), 0));
    let (version, ticks) = (old.version().unwrap(), old.project(|s| &s.ticks).unwrap());
    let view_ticks = view.project(|s| &s.ticks).unwrap();
    old.read(|s| {
        let before = s.ticks;
        let new = newer(&path).unwrap();
        new.update(Release::step).unwrap();
        // A reader that is inside keeps its version.
        assert!(s.is_whole() && s.ticks == before);
        let refused = old.read(|_| ()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Retired);
        let text = refused.to_string();
        assert!(text.contains("was replaced by another one") && text.contains("open the name again"), "{text}");
        assert_eq!(refused.path(), Some(&*path));
    })
    .unwrap();
    for first in 0..8 {
        assert!(!in_service(&old, Some(&view), first) && !in_service(&clone, None, first));
    }
    assert_eq!(old.load(&ticks).unwrap_err().kind(), ErrorKind::Retired);
    assert_eq!(view.load(&view_ticks).unwrap_err().kind(), ErrorKind::Retired);
    assert_eq!((old.version().unwrap(), old.stats().unwrap().commits), (version, version));
    assert!(format!("{old:?}").contains("in_service: false"), "{old:?}");
    assert_eq!(State::<Release1>::open(&path).unwrap_err().kind(), ErrorKind::LayoutMismatch);
    // Removing by a handle removes that very region's name.
    assert!(!clone.remove().unwrap());
    assert!(newer(&path).unwrap().remove().unwrap());
    assert!(!path.exists());
}

/// Threads of two releases, and writers on the old handles meanwhile.
#[test]
fn of_several_at_once_one_replaces_it() {
    for round in 0..20 {
        let (dir, path, old) = old();
        let (party, made) = (6, AtomicU64::new(0));
        let barrier = Barrier::new(party + 1);
        let regions: Vec<State<Release2>> = std::thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                // Nothing but success, and then that error.
                let failed = std::iter::repeat_with(|| old.update(Release::step)).find_map(Result::err);
                assert_eq!(failed.unwrap().kind(), ErrorKind::Retired);
            });
            let replace = || {
                barrier.wait();
                let init = |s: &mut Release2| {
                    made.fetch_add(1, SeqCst);
                    s.begin();
                };
                let new = State::<Release2>::options().timeout(PATIENCE).init(init).open_or_replace(&path).unwrap();
                new.update(Release::step).unwrap();
                new
            };
            let threads: Vec<_> = (0..party).map(|_| scope.spawn(replace)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(made.load(SeqCst), 1, "one fills a region, the others find it");
        for region in &regions {
            assert!(region.is_current().unwrap());
            assert_eq!(region.read(|s| (s.ticks, s.is_whole())).unwrap(), (party as u64 + 1, true));
        }
        assert!(!in_service(&old, None, round));
        assert_eq!(names(&dir), 1);
    }
}

#[test]
fn a_replacement_waits_for_the_update_that_runs() {
    let (dir, path, old) = old();
    let (done, replaced) = channel();
    let hasty = || State::<Release2>::options().timeout(Duration::from_millis(20));
    std::thread::scope(|scope| {
        old.update(|s| {
            let refused = State::<Release2>::open_or_replace(&path).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Reentrant);
            let busy = scope.spawn(|| hasty().open_or_replace(&path).unwrap_err()).join().unwrap();
            assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
            assert_eq!(names(&dir), 1, "nothing is left of what was in vain");
            scope.spawn(|| done.send(newer(&path).map(drop)).unwrap());
            assert_eq!(State::<Release1>::open(&path).unwrap().read(Release::is_whole).ok(), Some(true));
            assert!(replaced.try_recv().is_err());
            s.step();
        })
        .unwrap();
        replaced.recv_timeout(PATIENCE).unwrap().unwrap();
    });
    assert!(!in_service(&old, None, 0));
}

/// The words of the region as they lie in the file: `published` and the lock's.
fn poke(path: &Path, flags: u8, word: Option<u32>) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let mut published = [0; 1];
    file.read_exact_at(&mut published, 320).unwrap();
    file.write_all_at(&[published[0] & 0x3f | flags], 320).unwrap();
    if let Some(word) = word {
        file.write_all_at(&word.to_ne_bytes(), 256).unwrap();
    }
}

/// What a process leaves that dies in the midst of it, written by hand: with the lock that it held and without, and whatever
/// the others do first.
#[test]
fn what_a_dead_replacer_leaves_is_settled_by_the_name() {
    for (flags, moved) in [(0x80, false), (0x80, true), (0xc0, true)] {
        for (first, locked) in (0..8).flat_map(|first| [(first, false), (first, true)]) {
            let (_dir, path, state) = old();
            let view = State::<Release1>::open_read_only(&path).unwrap();
            let version = state.version().unwrap();
            // Slot 40 is free.
            poke(&path, flags, locked.then_some(41));
            if moved {
                let new = path.with_extension("new");
                drop(State::<Release2>::options().init(Release::begin).create(&new).unwrap());
                fs::rename(new, &path).unwrap();
            }
            let case = format!("{flags:#x}, moved: {moved}, first: {first}, locked: {locked}");
            assert_eq!(state.version().unwrap(), version, "{case}");
            assert_eq!(in_service(&state, Some(&view), first), !moved, "{case}");
            let new = newer(&path).unwrap();
            assert!(!in_service(&state, Some(&view), first), "{case}");
            assert!(in_service(&new, None, first), "{case}");
        }
    }
    // No handle is attached.
    for first in ["open", "replace", "remove"] {
        let (dir, path, state) = old();
        drop(state);
        poke(&path, 0x80, Some(41));
        match first {
            "open" => assert!(in_service(&State::<Release1>::open(&path).unwrap(), None, 1)),
            "replace" => assert!(in_service(&newer(&path).unwrap(), None, 1)),
            _ => remove(&path).unwrap(),
        }
        assert_eq!(names(&dir), usize::from(first != "remove"));
    }
}

/// A file that was retired and has a name again, as by `cp`, is out of service for good, and is recognized and replaced.
#[test]
fn a_retired_region_with_a_name_stays_retired() {
    let (dir, path, state) = old();
    let aside = dir.path().join("aside");
    fs::hard_link(&path, &aside).unwrap();
    let _new = newer(&path).unwrap();
    assert!(!in_service(&state, None, 0));
    assert_eq!(State::<Release1>::open(&aside).unwrap_err().kind(), ErrorKind::Retired);
    drop(state);
    assert_eq!(State::<Release1>::open(&aside).unwrap_err().kind(), ErrorKind::Retired);
    let old = State::<Release1>::options().init(Release::begin).open_or_replace(&aside).unwrap();
    assert!(in_service(&old, None, 0));
}

/// Files that cannot be opened, and can all be replaced or removed, unless they are nothing like a region.
#[test]
fn what_cannot_be_opened_can_be_removed() {
    let region = || {
        let (dir, path, state) = old();
        drop(state);
        (dir, path)
    };
    let write = |path: &Path, at: u64, bytes: &[u8]| {
        File::options().write(true).open(path).unwrap().write_all_at(bytes, at).unwrap();
    };
    let seal = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        write(path, 16, &xxhash_rust::xxh3::xxh3_64(&bytes[24..256]).to_ne_bytes());
    };
    type Spoil<'a> = &'a dyn Fn(&Path);
    let damage: [(&str, ErrorKind, Spoil<'_>); 6] = [
        ("format", ErrorKind::UnknownFormat, &|path| write(path, 8, &[77])),
        ("boot", ErrorKind::Rebooted, &|path| {
            write(path, 48, &[0xaa; 8]);
            seal(path);
        }),
        ("checksum", ErrorKind::Corrupt, &|path| write(path, 72, &[1, 2, 3])),
        ("magic", ErrorKind::Corrupt, &|path| write(path, 0, b"printed over it")),
        ("cut off", ErrorKind::Corrupt, &|path| File::options().write(true).open(path).unwrap().set_len(300).unwrap()),
        ("nothing", ErrorKind::Corrupt, &|path| File::create(path).map(drop).unwrap()),
    ];
    for (what, kind, damage) in damage {
        let (dir, path) = region();
        damage(&path);
        let refused = match State::<Release1>::open(&path) {
            // What lies in memory cannot be from before a restart.
            Ok(_) if kind == ErrorKind::Rebooted => continue,
            opened => opened.unwrap_err(),
        };
        assert_eq!((refused.kind(), refused.path()), (kind, Some(&*path)), "{what}: {refused}");
        if kind == ErrorKind::Corrupt {
            // It may tell what went wrong.
            assert_eq!(newer(&path).unwrap_err().kind(), ErrorKind::Corrupt, "{what}");
        } else {
            assert!(refused.to_string().contains("`open_or_replace`"), "{refused}");
            assert!(in_service(&newer(&path).unwrap(), None, 0), "{what}");
            fs::remove_file(&path).unwrap();
            fs::rename(region().1, &path).unwrap_or_else(|_| drop(State::<Release1>::create(&path).unwrap()));
            damage(&path);
        }
        assert!(what == "nothing" || refused.to_string().contains("`remove`"), "{refused}");
        remove(&path).unwrap();
        assert_eq!(names(&dir), 0, "{what}");
    }
    // A text file is no region.
    let dir = scratch_dir();
    let path = dir.path().join("text");
    fs::write(&path, "Dear diary, ".repeat(100)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    for error in [remove(&path).unwrap_err(), newer(&path).map(drop).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        let text = error.to_string();
        assert!(text.contains("does not begin like a region") && text.contains("another name"), "{text}");
    }
    assert!(path.exists());
}

/// All handles are taken, one of them by a writer that is in its closure.
#[test]
fn a_region_in_use_can_be_removed() {
    let dir = scratch_dir();
    let path = dir.path().join("board");
    let state = State::<Release1>::options().handles(1).init(Release::begin).create(&path).unwrap();
    let asks = || State::<Release1>::options().handles(256).timeout(Duration::from_millis(10));
    let busy = asks().open_or_create(&path).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
    let text = busy.to_string();
    assert!(text.contains("all 1 handles") && text.contains("this process asked for 256"), "{text}");
    let unasked = State::<Release1>::options().timeout(Duration::from_millis(10)).open(&path).unwrap_err();
    assert!(!unasked.to_string().contains("asked for"), "{unasked}");
    state.update(|s| (s.step(), remove(&path).unwrap()).0).unwrap();
    assert!(!state.is_current().unwrap() && in_service_alone(&state));
    let new = asks().create(&path).unwrap();
    let stats = new.stats().unwrap();
    assert_eq!((stats.handles, stats.copies, stats.max_copies), (256, 3, 3));
    assert_eq!(state.stats().unwrap().handles, 1);
}

/// A removed region serves those that have it.
fn in_service_alone(state: &State<Release1>) -> bool {
    state.update(Release::step).is_ok() && state.read(Release::is_whole).ok() == Some(true)
}

/// The byte of a region's name, held as by another process.
fn hold_name(path: &Path) -> File {
    let file = File::options().read(true).write(true).open(path).unwrap();
    // SAFETY: a struct of integers.
    let mut flock: libc::flock = unsafe { std::mem::zeroed() };
    (flock.l_type, flock.l_start, flock.l_len) = (libc::F_WRLCK as libc::c_short, 0x4000_0000_0000_0000 - 1, 1);
    // SAFETY: an open file and an initialised struct.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const flock) }, 0);
    file
}

/// How many descriptors this process has of that file.
fn descriptors_of(inode: u64) -> usize {
    let entries = fs::read_dir("/proc/self/fd").unwrap().flatten();
    entries.filter(|entry| fs::metadata(entry.path()).is_ok_and(|file| file.ino() == inode)).count()
}

/// While another process holds the byte of the name, nothing moves it; and what has got the name meanwhile has a byte of its
/// own.
#[test]
fn one_process_at_a_time_changes_where_a_name_leads() {
    if !has_proc() {
        return println!("skipped: without /proc, descriptors cannot be counted");
    }
    let (dir, path, state) = old();
    let held = hold_name(&path);
    let hasty = State::<Release2>::options().timeout(Duration::from_millis(20));
    let busy = hasty.open_or_replace(&path).unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
    assert!(busy.to_string().contains("not finished replacing or removing"), "{busy}");
    let (inode, before) = (inode(&path), descriptors_of(inode(&path)));
    std::thread::scope(|scope| {
        let remover = scope.spawn(|| remove(&path));
        eventually("it waits", || {
            assert!(!remover.is_finished(), "it does not wait");
            descriptors_of(inode) >= before + 2
        });
        let aside = dir.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let other = State::<Release1>::create(&path).unwrap();
        let held_as_well = hold_name(&path);
        drop(held);
        // It has waited for the one, and waits for the other now, until its time is up.
        assert_eq!(remover.join().unwrap().unwrap_err().kind(), ErrorKind::Busy);
        assert!(other.is_current().unwrap() && aside.exists());
        drop(held_as_well);
        remove(&path).unwrap();
        assert!(!other.is_current().unwrap());
    });
    assert!(in_service(&state, None, 0), "moved by hand");
}
