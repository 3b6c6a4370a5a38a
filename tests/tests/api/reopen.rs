//! A state that goes on in another region, and handles that follow it.

use shmstate::dynamic::DynState;
use shmstate::{ErrorKind, State};
use shmstate_tests::{Child, Ledger, PATIENCE, Release, Release1, Release2, child, has_proc, scratch_dir};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn ledger() -> (TempDir, PathBuf, State<Ledger>) {
    let dir = scratch_dir();
    let path = dir.path().join("ledger");
    let options = State::<Ledger>::options().copies(2).max_copies(4).handles(9).mode(0o640).timeout(PATIENCE);
    let state = options.create(&path).unwrap();
    (0..300).for_each(|_| assert!(state.update(|ledger| ledger.post(1)).is_ok()));
    (dir, path, state)
}

fn names(dir: &TempDir) -> usize {
    fs::read_dir(dir.path()).unwrap().count()
}

/// Copies, spare ones included; handles; the file's mode.
fn sizes(state: &State<Ledger>) -> (usize, usize, usize, u32) {
    let stats = state.stats().unwrap();
    let mode = fs::metadata(state.path().unwrap()).unwrap().mode() & 0o7777;
    (stats.copies, stats.max_copies, stats.handles, mode)
}

#[test]
fn what_is_said_changes_and_what_is_not_said_stays() {
    let (dir, path, mut state) = ledger();
    assert_eq!(sizes(&state), (2, 4, 9, 0o640));
    let total = state.project(|ledger| &ledger.total).unwrap();
    for (options, sizes_then) in [
        (State::options(), (2, 4, 9, 0o640)),
        (State::options().handles(70), (2, 4, 70, 0o640)),
        (State::options().copies(3), (3, 4, 70, 0o640)),
        (State::options().copies(5), (5, 5, 70, 0o640)),
        (State::options().max_copies(8).mode(0o600), (5, 8, 70, 0o600)),
    ] {
        let (version, inode) = (state.version().unwrap(), fs::metadata(&path).unwrap().ino());
        state.recreate(options).unwrap();
        assert_eq!(sizes(&state), sizes_then);
        assert_eq!(state.version().unwrap(), version + 1, "a version names one content");
        assert_ne!(fs::metadata(&path).unwrap().ino(), inode);
        assert!(state.is_current().unwrap() && state.read(Ledger::is_whole).unwrap());
        state.update(|ledger| ledger.post(2)).unwrap();
        // A projection is a number.
        assert_eq!(state.load(&total).unwrap(), state.read(|ledger| ledger.total).unwrap());
    }
    assert_eq!(state.read(|ledger| (ledger.done[1], ledger.done[2])).unwrap(), (300, 5));
    assert_eq!(names(&dir), 1);
    // The terms on which the handle trusts the file are those of the last options that said a mode.
    assert!(!state.reopen().unwrap());
    drop(state);
    assert_eq!(State::<Ledger>::open(&path).unwrap().version().unwrap(), 310);
}

#[test]
fn every_kind_of_handle_follows() {
    let (_dir, path, mut mover) = ledger();
    let open = || State::<Ledger>::options().mode(0o640);
    let (mut state, mut view) = (open().open(&path).unwrap(), State::<Ledger>::open_read_only(&path).unwrap());
    let mut looking = DynState::open(&path).unwrap();
    let mut writer = DynState::options().writable(true).mode(0o640).open(&path).unwrap();
    let total = looking.path("total").unwrap();
    for moves in 1..4 {
        // Nothing to follow yet.
        assert!(!state.reopen().unwrap() && !view.reopen().unwrap());
        assert!(!looking.reopen().unwrap() && !writer.reopen().unwrap());
        let clone = mover.try_clone().unwrap();
        mover.recreate(State::options().handles(20 + moves)).unwrap();
        let dynamic = |state: &DynState| state.read(|v| v.at(&total)?.as_u64());
        let refused = [
            state.read(|_| ()),
            state.update(|_| ()),
            clone.load(&state.project(|ledger| &ledger.total).unwrap()).map(drop),
            view.snapshot().map(drop),
            dynamic(&looking).and_then(|read| read.map(drop)),
            dynamic(&writer).and_then(|read| read.map(drop)),
            writer.update(|v| v.set("total", 1u64)),
        ];
        for (at, refused) in refused.into_iter().enumerate() {
            let error = refused.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Retired, "{at}: {error}");
            assert!(error.to_string().contains("as `reopen` does"), "{error}");
        }
        assert!(state.reopen().unwrap() && view.reopen().unwrap());
        assert!(looking.reopen().unwrap() && writer.reopen().unwrap());
        let expected = 300 + 2 * (moves as u64 - 1);
        assert_eq!(view.snapshot().unwrap().total, expected);
        state.update(|ledger| ledger.post(3)).unwrap();
        assert_eq!(dynamic(&writer).unwrap().unwrap(), expected + 1);
        mover.update(|ledger| ledger.post(4)).unwrap();
        assert_eq!(dynamic(&looking).unwrap().unwrap(), expected + 2);
        assert_eq!(state.stats().unwrap().handles, 20 + moves);
        assert!(clone.read(|_| ()).is_err() && !clone.is_current().unwrap());
    }
}

#[test]
fn a_region_without_a_free_handle_gets_more() {
    let dir = scratch_dir();
    let path = dir.path().join("number");
    let mut state = State::<u64>::options().handles(1).create(&path).unwrap();
    state.update(|n| *n = 7).unwrap();
    let hasty = || State::<u64>::options().timeout(std::time::Duration::ZERO).open(&path);
    assert_eq!(hasty().unwrap_err().kind(), ErrorKind::Busy);
    state.recreate(State::options().handles(2)).unwrap();
    assert_eq!(hasty().unwrap().read(|n| *n).unwrap(), 7);
}

/// It waits for an update, and not for a reader, which keeps its version.
#[test]
fn a_closure_that_runs_is_left_alone() {
    let (dir, path, mut state) = ledger();
    let other = State::<Ledger>::options().mode(0o640).open(&path).unwrap();
    other
        .read(|ledger| {
            state.recreate(State::options()).unwrap();
            state.update(|ledger| ledger.post(1)).unwrap();
            assert_eq!((ledger.total, ledger.is_whole()), (300, true));
        })
        .unwrap();
    let other = state.try_clone().unwrap();
    other
        .update(|ledger| {
            let refused = state.recreate(State::options()).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Reentrant);
            assert!(refused.to_string().starts_with("a replacement of the region `"), "{refused}");
            let hasty = || State::options().timeout(std::time::Duration::from_millis(10));
            std::thread::scope(|scope| {
                let busy = scope.spawn(|| state.recreate(hasty())).join().unwrap().unwrap_err();
                assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
            });
            ledger.post(1)
        })
        .unwrap();
    assert_eq!(names(&dir), 1, "nothing is left of what was in vain");
    state.recreate(State::options()).unwrap();
    assert_eq!(state.read(|ledger| ledger.total).unwrap(), 302);
}

#[test]
fn what_cannot_be_followed_stays_as_it_is() {
    let (dir, path, mut state) = ledger();
    let refused = |state: &mut State<Ledger>, options, kind, part: &str| {
        let error = state.recreate(options).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
    };
    refused(&mut state, State::options().init(|_| ()), ErrorKind::InvalidOption, "has its content already");
    refused(&mut state, State::options().max_copies(1), ErrorKind::InvalidOption, "may come to have 2 to 8");
    refused(&mut state, State::options().handles(0), ErrorKind::InvalidOption, "1 to 65536 handles");
    // Renamed, and removed, by hand.
    let aside = dir.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    refused(&mut state, State::options(), ErrorKind::Unsupported, "its name leads elsewhere");
    assert_eq!(state.reopen().unwrap_err().kind(), ErrorKind::NotFound);
    state.update(|ledger| ledger.post(1)).unwrap();
    // Another region, which this program cannot use.
    fs::rename(&aside, &path).unwrap();
    drop(State::<Release2>::options().mode(0o640).open_or_replace(&path).unwrap());
    refused(&mut state, State::options(), ErrorKind::Retired, "was replaced by another one");
    let error = state.reopen().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LayoutMismatch, "{error}");
    assert_eq!((state.version().unwrap(), state.read(|_| ()).unwrap_err().kind()), (301, ErrorKind::Retired));
    assert_eq!(names(&dir), 1);
    // Once it can be used again, it is followed.
    fs::remove_file(&path).unwrap();
    let next = State::<Ledger>::create(&path).unwrap();
    assert!(state.reopen().unwrap());
    next.update(|ledger| ledger.post(1)).unwrap();
    assert_eq!(state.read(|ledger| ledger.total).unwrap(), 1);
    if has_proc() {
        let mut nameless = State::<Ledger>::anonymous().unwrap();
        refused(&mut nameless, State::options(), ErrorKind::Unsupported, "it has no name");
        assert!(!nameless.reopen().unwrap());
        let mut nameless = DynState::options().writable(true).from_fd(nameless.share().unwrap()).unwrap();
        assert!(!nameless.reopen().unwrap());
    }
}

/// A retired region that has another name, as by `ln`, is neither put back into service nor moved again.
#[test]
fn a_retired_region_with_a_name_is_not_moved() {
    let dir = scratch_dir();
    let (path, aside) = (dir.path().join("board"), dir.path().join("aside"));
    let mut state = State::<Release1>::options().init(Release::begin).create(&path).unwrap();
    fs::hard_link(&path, &aside).unwrap();
    let mut linked = State::<Release1>::open(&aside).unwrap();
    let mut view = State::<Release1>::open_read_only(&aside).unwrap();
    let mut looking = DynState::open(&aside).unwrap();
    state.recreate(State::options()).unwrap();
    assert_eq!(linked.recreate(State::options()).unwrap_err().kind(), ErrorKind::Retired);
    for retired in [linked.reopen(), linked.update(Release::step).map(|()| false)] {
        assert_eq!(retired.unwrap_err().kind(), ErrorKind::Retired);
    }
    // A view is opened without a look at the service, and has a look then.
    assert!(!view.reopen().unwrap() && !looking.reopen().unwrap());
    assert_eq!(view.snapshot().map(drop).unwrap_err().kind(), ErrorKind::Retired);
    assert_eq!(looking.snapshot().map(drop).unwrap_err().kind(), ErrorKind::Retired);
    // Not even a read that looks at nothing goes through.
    assert_eq!(looking.read(|v| v.type_name().len()).unwrap_err().kind(), ErrorKind::Retired);
    assert!(state.update(Release::step).is_ok());
}

#[test]
fn a_child_gets_a_handle_of_its_own() {
    let (_dir, path, state) = ledger();
    child!["recreate", "fork", path, "", "0"].succeed();
    assert_eq!(state.read(|ledger| ledger.total).unwrap(), 302);
}

/// Whether the child did its part; otherwise the reason is printed.
fn done(child: Child) {
    match &child.succeed()[..] {
        [skip, why] if skip == "skip" => println!("skipped: {why}"),
        lines => assert_eq!(lines, ["done"]),
    }
}

#[test]
fn nothing_is_lost_where_there_is_no_room_or_no_right() {
    for what in ["no-room", "read-only"] {
        println!("{what}");
        let dir = scratch_dir();
        done(child!["recreate", what, dir.path().join("ledger"), "", "0"]);
    }
}

fn owner(path: &Path) -> (u32, u32, u32) {
    let file = fs::metadata(path).unwrap();
    (file.uid(), file.gid(), file.mode() & 0o777)
}

/// Root gives the new file to the owner of the old one; another user, which may write the region and the directory, cannot, and
/// moves nothing.
#[test]
fn the_new_file_belongs_to_the_same_user() {
    // SAFETY: no pointers.
    if unsafe { libc::geteuid() } != 0 {
        return println!("skipped: only root can become another user");
    }
    let (dir, path, mut state) = ledger();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    state.recreate(State::options().mode(0o666)).unwrap();
    chown(&path, Some(12_345), Some(12_346)).unwrap();
    state.recreate(State::options()).unwrap();
    assert_eq!(owner(&path), (12_345, 12_346, 0o666));
    let version = state.version().unwrap();
    done(child!["recreate", "other-user", path, "", "23456"]);
    assert!(state.is_current().unwrap() && state.version().unwrap() == version + 1);
    assert_eq!(names(&dir), 1);
    // The owner itself, which is not in the group of the file: that one has rights here, and none there.
    done(child!["recreate", "other-user", path, "", "12345"]);
    state.recreate(State::options().mode(0o600)).unwrap();
    done(child!["recreate", "owner", path, "", "12345"]);
    assert_eq!(owner(&path), (12_345, 12_345, 0o600));
    assert_eq!(names(&dir), 1);
}
