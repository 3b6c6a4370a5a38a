//! Processes that use a region, and others that move it to a new one meanwhile.

use crate::fork::{child, succeeds};
use crate::limits::mount;
use crate::{open_as, say};
use shmstate::{Error, ErrorKind, State};
use shmstate_tests::{Kind, Ledger, Log, PATIENCE, Rng};
use std::ffi::CString;
use std::path::Path;
use std::time::Duration;

/// Does what the arguments say. `number` is the writer's, a seed, or a user.
pub fn run(what: &str, path: &str, log: &str, number: u64) {
    match what {
        "fork" => return fork(path),
        "no-room" => return no_room(path),
        "read-only" => return read_only(path),
        "other-user" | "owner" => return user(path, number as libc::uid_t, what == "owner"),
        _ => {}
    }
    let state = open_as::<Ledger>(path);
    match what {
        "write" => write(state, Log::create(log), number as usize),
        "read" => read(state, Log::create(log)),
        "view" => view(path, Log::create(log)),
        "move" => go_on_moving(state, Log::create(log), &mut Rng::new(number)),
        _ => panic!("no such part: {what}"),
    }
}

/// What `f` does through the handle, or through one on the region that has replaced this one.
fn follow<R>(state: &mut State<Ledger>, f: impl Fn(&State<Ledger>) -> Result<R, Error>) -> R {
    loop {
        match f(state) {
            Ok(done) => return done,
            Err(e) if e.kind() == ErrorKind::Retired => drop(state.reopen().expect("another region")),
            Err(e) => panic!("{e}"),
        }
    }
}

/// Updates until the log is full. Each one is counted, once.
fn write(mut state: State<Ledger>, mut log: Log, me: usize) {
    let mut mine = follow(&mut state, |state| state.read(|ledger| ledger.done[me]));
    say("go");
    while !log.has_no_room_for(1) {
        let at = log.begin(Kind::Update);
        let (number, counted) = follow(&mut state, |state| state.update(|ledger| (ledger.post(me), ledger.done[me])));
        log.end(at, number, 0);
        mine += 1;
        assert_eq!(counted, mine, "an update that was acknowledged is lost, or made twice");
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// Reads until the log is full.
fn read(mut state: State<Ledger>, mut log: Log) {
    say("go");
    while !log.has_no_room_for(1) {
        let at = log.begin(Kind::Read);
        let (number, whole) = follow(&mut state, |state| state.read(|ledger| (ledger.total, ledger.is_whole())));
        log.end(at, number, 0);
        assert!(whole, "a reader sees parts of two versions");
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// The same through a view.
fn view(path: &str, mut log: Log) {
    let mut view = State::<Ledger>::open_read_only(path).expect("a view");
    say("go");
    while !log.has_no_room_for(1) {
        let at = log.begin(Kind::Snapshot);
        let seen = loop {
            match view.snapshot() {
                Ok(seen) => break seen,
                Err(e) if e.kind() == ErrorKind::Retired => drop(view.reopen().expect("another region")),
                Err(e) => panic!("{e}"),
            }
        };
        log.end(at, seen.total, 0);
        assert!(seen.is_whole(), "a view sees parts of two versions");
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// Moves the state until it is killed.
fn go_on_moving(mut state: State<Ledger>, mut log: Log, rng: &mut Rng) {
    say("go");
    while !log.has_no_room_for(1) {
        let copies = 2 + rng.below(3);
        let options = State::options().copies(copies).max_copies(copies + rng.below(3)).handles(20 + rng.below(100));
        match state.recreate(options.timeout(PATIENCE)) {
            Ok(()) => log.mark(Kind::Create),
            Err(e) if e.kind() == ErrorKind::Retired => drop(state.reopen().expect("another region")),
            Err(e) => panic!("{e}"),
        }
        if rng.below(4) == 0 {
            say("tried");
        }
    }
}

/// A child follows the name with its parent's handle, before the state is moved and after.
fn fork(path: &str) {
    let mut state = State::<Ledger>::options().mode(0o640).open(path).expect("a state");
    let post = |state: &mut State<Ledger>| {
        assert_eq!(state.update(|ledger| ledger.post(0)).map_err(|e| e.kind()), Err(ErrorKind::Forked));
        assert_eq!(state.recreate(State::options()).map_err(|e| e.kind()), Err(ErrorKind::Forked));
        let other = state.reopen().expect("a handle of the child's own");
        state.update(|ledger| ledger.post(0)).expect("an update");
        other
    };
    succeeds(child(|| assert!(!post(&mut state))));
    succeeds(child(|| assert!(!post(&mut state))));
    state.read(|ledger| assert_eq!(ledger.done[0], 2)).expect("the parent's handle");
}

/// The error of a move, after which the state is what and where it was.
fn refused(state: &mut State<Ledger>, path: &str, kind: ErrorKind, parts: &[&str]) {
    let (dir, version) = (Path::new(path).parent().expect("a directory"), state.version().expect("a version"));
    let names = || std::fs::read_dir(dir).expect("a directory").count();
    let before = names();
    let error = state.recreate(State::options().copies(8)).expect_err("it cannot be moved");
    assert_eq!(error.kind(), kind, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
    }
    assert_eq!((names(), state.version().expect("a version")), (before, version));
    assert!(state.is_current().expect("a name"));
    state.update(|ledger| ledger.post(0)).expect("an update");
}

/// The file system has room for the old region, and not for the new one beside it.
fn no_room(path: &str) {
    mount(Path::new(path).parent().and_then(Path::to_str).expect("a directory"), 48 << 10);
    let mut state = State::<Ledger>::options().copies(2).create(path).expect("a small region");
    refused(&mut state, path, ErrorKind::NoSpace, &["are left"]);
    state.recreate(State::options()).expect("there is room for two small ones");
    say("done");
}

/// The directory has become read-only for this process, which has a handle that it got before.
fn read_only(path: &str) {
    let dir = Path::new(path).parent().and_then(Path::to_str).expect("a directory");
    mount(dir, 1 << 20);
    let mut state = State::<Ledger>::create(path).expect("a region");
    let dir = CString::new(dir).expect("a path");
    let null = std::ptr::null();
    let mount = |flags| {
        // SAFETY: strings that end in a zero; the rest is not looked at.
        let done = unsafe { libc::mount(dir.as_ptr(), dir.as_ptr(), null, flags, null.cast()) };
        assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    };
    mount(libc::MS_BIND);
    mount(libc::MS_BIND | libc::MS_REMOUNT | libc::MS_RDONLY);
    refused(&mut state, path, ErrorKind::Permission, &["read-only"]);
    say("done");
}

/// Another user, or the owner, which is in the group of that number alone.
fn user(path: &str, user: libc::uid_t, may: bool) {
    // SAFETY: no pointers that are used.
    assert_eq!(unsafe { libc::setgroups(0, std::ptr::null()) }, 0);
    // SAFETY: no pointers.
    assert_eq!(unsafe { libc::setgid(user) }, 0);
    // SAFETY: no pointers.
    assert_eq!(unsafe { libc::setuid(user) }, 0);
    let mut state = State::<Ledger>::options().mode(0o666).open(path).expect("a region of all users");
    if may {
        state.recreate(State::options()).expect("its owner may move it");
    } else {
        refused(&mut state, path, ErrorKind::Permission, &["it belongs to user 12345 and group 12346", "root"]);
    }
    say("done");
}
